use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Defaults, read, read_with};
use crate::domain::{
    cap,
    finding::{Finding, MOST, Weight},
    message::{Certainty, Message, Severity, Urgency, arbitrary},
};

fn good() -> Value {
    json!({
        "identifier": "A-1", "sender": "drill@example.org", "sent": "2026-07-15T14:40:00+08:00",
        "status": "exercise", "kind": "alert", "scope": "public",
        "infos": [{
            "language": "zh-CN", "categories": ["met"], "event": "暴雨", "urgency": "expected", "severity": "moderate",
            "certainty": "likely", "expires": "2026-07-15T20:40:00+08:00",
            "areas": [{
                "description": "松北区",
                "polygons": [[[45.8, 126.5], [45.8, 126.6], [45.9, 126.6], [45.8, 126.5]]],
                "circles": [{"centre": [45.8, 126.5], "radius_km": 5}],
                "geocodes": [{"name": "CN-STAT-CODE", "value": "230109000000"}]
            }]
        }]
    })
}

fn changed(change: impl FnOnce(&mut Value)) -> (Option<Message>, Vec<Finding>) {
    let mut document = good();
    change(&mut document);
    let reading = read(document.to_string().as_bytes());
    (reading.message, reading.findings)
}

fn places(findings: &[Finding]) -> Vec<(&str, &str)> {
    findings.iter().map(|finding| (finding.code, finding.at.path.as_str())).collect()
}

fn only(text: &str) -> Finding {
    let reading = read(text.as_bytes());
    assert!(reading.message.is_none());
    assert_eq!(reading.findings.len(), 1, "{:#?}", reading.findings);
    reading.findings.into_iter().next().expect("one")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_is_written_is_read_back_equal(message in arbitrary::message()) {
        let text = serde_json::to_string(&message).expect("a message");
        let reading = read(text.as_bytes());
        prop_assert_eq!(reading.message.as_ref(), Some(&message), "{:#?}\n{}", reading.findings, text);
        let plain: Message = serde_json::from_str(&text).expect("the form serde reads");
        prop_assert_eq!(&plain, &message);
    }

    #[test]
    fn nothing_is_lost_by_way_of_cap(message in arbitrary::message()) {
        let through = cap::read(cap::write(&message).as_bytes()).message.expect("a good message");
        prop_assert_eq!(serde_json::to_string(&through).expect("a message"), serde_json::to_string(&message).expect("a message"));
    }

    #[test]
    fn no_bytes_bring_the_reader_down(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        prop_assert!(read(&bytes).message.is_none());
    }
}

#[test]
fn a_good_document_has_no_findings() {
    let (message, findings) = changed(|_| {});
    assert!(message.is_some() && findings.is_empty(), "{findings:#?}");
}

#[test]
fn every_broken_field_is_reported_at_once() {
    let (message, findings) = changed(|d| {
        d["identifer"] = json!("x");
        d["status"] = json!("Exercise");
        d["sent"] = json!("2026-07-15");
        d["kind"] = json!(5);
        d.as_object_mut().expect("object").remove("scope");
        d["infos"][0]["severty"] = json!("red");
        d["infos"][0]["categories"] = json!(["met", "weather"]);
        d["infos"][0]["areas"][0]["polygons"] = json!([[[1, 2], [3]], "x", [[1, 2], [3, 4]]]);
        d["infos"][0]["areas"][0]["circles"] = json!([{"centre": [1, "2"]}]);
        d["infos"].as_array_mut().expect("array").push(json!("text"));
    });
    assert!(message.is_none());
    let mut found = places(&findings);
    found.sort_unstable();
    let mut expected = vec![
        ("json-field-unknown", "/identifer"),
        ("value-unknown", "/status"),
        ("time-form", "/sent"),
        ("json-type", "/kind"),
        ("json-field-missing", "/scope"),
        ("json-field-unknown", "/infos/0/severty"),
        ("value-unknown", "/infos/0/categories/1"),
        ("polygon-form", "/infos/0/areas/0/polygons/0"),
        ("json-type", "/infos/0/areas/0/polygons/1"),
        ("polygon-points", "/infos/0/areas/0/polygons/2"),
        ("polygon-open", "/infos/0/areas/0/polygons/2"),
        ("json-type", "/infos/0/areas/0/circles/0/centre"),
        ("json-field-missing", "/infos/0/areas/0/circles/0/radius_km"),
        ("json-type", "/infos/1"),
    ];
    expected.sort_unstable();
    assert_eq!(found, expected);
    let unknown = findings.iter().find(|finding| finding.code == "json-field-unknown").expect("found");
    assert!(unknown.args.contains(&("suggestion", "identifier".to_owned())), "{unknown:?}");
}

#[test]
fn a_document_that_is_no_object_has_one_finding() {
    for text in ["[]", "5", "null", "\"alert\""] {
        assert_eq!(only(text).code, "json-type", "{text}");
    }
}

#[test]
fn names_and_kinds_are_reported_and_never_the_value_of_an_address() {
    let (_, findings) = changed(|d| d["sender"] = json!("someone@example.org with blank"));
    assert_eq!(places(&findings), [("sender-characters", "/sender")]);
    assert_eq!(findings[0].got, None);
}

#[test]
fn three_fields_may_be_filled_in_and_what_is_given_stands() {
    let defaults = Defaults {
        identifier: Some("ours-1".to_owned()),
        sender: Some("ours".to_owned()),
        sent: Some("2026-07-15T14:00:00+08:00".parse().expect("a moment")),
    };
    let mut document = good();
    let fields = document.as_object_mut().expect("object");
    fields.remove("identifier");
    fields.insert("sender".to_owned(), Value::Null);
    fields.remove("sent");
    let message = read_with(document.to_string().as_bytes(), &defaults).message.expect("filled in");
    assert_eq!((message.identifier.as_str(), message.sender.as_str()), ("ours-1", "ours"));
    assert_eq!(Some(message.sent), defaults.sent);
    let given = read_with(good().to_string().as_bytes(), &defaults).message.expect("complete");
    assert_eq!(given.identifier, "A-1");
    let reading = read(document.to_string().as_bytes());
    let mut found = places(&reading.findings);
    found.sort_unstable();
    let missing = ["/identifier", "/sender", "/sent"].map(|path| ("json-field-missing", path));
    assert_eq!(found, missing);
    document["sent"] = json!("yesterday");
    let reading = read_with(document.to_string().as_bytes(), &defaults);
    assert_eq!(places(&reading.findings), [("time-form", "/sent")], "a broken field is not replaced");
}

#[test]
fn a_level_stands_for_a_severity() {
    let level = |level: Value, severity: Value| {
        changed(|d| {
            d["infos"][0]["level"] = level;
            d["infos"][0]["severity"] = severity;
        })
    };
    let (message, _) = level(json!("red"), Value::Null);
    assert_eq!(message.expect("taken").infos[0].severity, Severity::Extreme);
    let (message, _) = level(json!("blue"), json!("minor"));
    assert_eq!(message.expect("taken").infos[0].severity, Severity::Minor);
    let cases = [
        (json!("red"), json!("minor"), "level-conflict", "/infos/0/level"),
        (json!("rot"), Value::Null, "value-unknown", "/infos/0/level"),
        (json!(1), Value::Null, "json-type", "/infos/0/level"),
        (Value::Null, Value::Null, "json-field-missing", "/infos/0/severity"),
        (Value::Null, json!("red"), "value-unknown", "/infos/0/severity"),
    ];
    for (given, severity, code, path) in cases {
        let (message, findings) = level(given, severity);
        assert!(message.is_none());
        assert_eq!(places(&findings), [(code, path)]);
    }
}

#[test]
fn a_hazard_stands_for_an_event_code() {
    let hazard = |hazard: &str, codes: Value| {
        changed(|d| {
            d["infos"][0]["hazard"] = json!(hazard);
            d["infos"][0]["event_codes"] = codes;
        })
    };
    let (message, _) = hazard("11B03", Value::Null);
    let codes = message.expect("taken").infos.remove(0).event_codes;
    assert_eq!((codes[0].name.as_str(), codes[0].value.as_str()), ("CN-12379", "11B03"));
    let (message, _) = hazard("11B03", json!([{"name": "CN-12379", "value": "11B03"}]));
    assert_eq!(message.expect("taken").infos[0].event_codes.len(), 1);
    let (_, findings) = hazard("11B03", json!([{"name": "CN-12379", "value": "11B04"}]));
    assert_eq!(places(&findings), [("hazard-conflict", "/infos/0/hazard")]);
    let (_, findings) = hazard("rain", Value::Null);
    assert_eq!(places(&findings), [("hazard-form", "/infos/0/hazard")]);
}

#[test]
fn urgency_and_certainty_may_stay_away() {
    let (message, findings) = changed(|d| {
        d["infos"][0].as_object_mut().expect("object").retain(|name, _| name != "urgency" && name != "certainty");
    });
    let message = message.unwrap_or_else(|| panic!("{findings:#?}"));
    assert_eq!((message.infos[0].urgency, message.infos[0].certainty), (Urgency::Unknown, Certainty::Unknown));
}

#[test]
fn a_field_given_twice_is_refused() {
    let text = good().to_string().replacen('{', "{\"status\":\"actual\",", 1);
    assert_eq!(places(&read(text.as_bytes()).findings), [("json-field-repeated", "/status")]);
}

#[test]
fn numbers_must_fit() {
    let size = |size: Value| {
        let resource =
            json!({"description": "图", "mime_type": "image/png", "uri": "https://example.org/a", "size": size});
        let (_, findings) = changed(|d| d["infos"][0]["resources"] = json!([resource]));
        findings.into_iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    assert!(size(json!(5)).is_empty() && size(Value::Null).is_empty());
    for wrong in [json!(-5), json!(5.5), json!(1e300)] {
        assert_eq!(size(wrong), ["number-form"]);
    }
    assert_eq!(size(json!("5")), ["json-type"]);
}

#[test]
fn what_is_no_json_has_a_line_and_a_column() {
    let finding = only("{\n  \"event\": \"暴雨\" x\n}");
    assert_eq!(finding.code, "json-syntax");
    assert_eq!((finding.at.line, finding.at.column), (Some(2), Some(17)));
    for text in ["", "{", "{\"a\":1}}", "{'a':1}", "\u{FEFF}{,}", "{\"a\":\"\\ud800\"}", "{\"a\":1e999}", "<alert/>"] {
        assert_eq!(only(text).code, "json-syntax", "{text}");
    }
    let reading = read("{\"event\":\"".as_bytes().iter().chain(&[0xB1, 0xA9]).copied().collect::<Vec<u8>>().as_slice());
    assert_eq!(reading.findings[0].code, "encoding-bytes");
}

#[test]
fn hostile_documents_are_refused_at_a_bound() {
    assert_eq!(only(&"[".repeat(100_000)).code, "json-too-many-values");
    assert_eq!(only(&"{\"a\":".repeat(100_000)).code, "json-too-many-values");
    assert_eq!(only(&format!("[{}0]", "0,".repeat(1 << 20))).code, "json-too-many-values");
    assert_eq!(only(&" ".repeat(5 << 20)).code, "document-too-large");
    let keys: String = (0..50_000).map(|n| format!("\"severities{n}\":0,")).collect();
    assert_eq!(read(format!("{{{keys}\"a\":0}}").as_bytes()).findings.len(), MOST);
    let terms = format!("{{\"infos\":[{{\"response_types\":[{}\"x\"]}}]}}", "\"preparation\",".repeat(200_000));
    let reading = read(terms.as_bytes());
    assert!(reading.findings.len() == MOST && reading.findings.iter().all(|finding| finding.weight == Weight::Refuse));
}
