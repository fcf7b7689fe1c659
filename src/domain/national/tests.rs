use proptest::{collection::vec, option, prelude::*, sample::select};

use super::{NAMESPACE, file_name, outward, parameter, read, unsaid, write};
use crate::domain::{
    cap,
    finding::{MOST, Weight},
    json,
    lift::{self, Ending, Times},
    message::{
        Area, Category, Certainty, Info, Kind, Message, MessageRef, NamedValue, Polygon, Scope, Status, arbitrary,
    },
    moment::Moment,
    rules, xml,
};

fn named(name: &str, value: &str) -> NamedValue {
    NamedValue { name: name.to_owned(), value: value.to_owned() }
}

/// The codes of what keeps a message out of the form, with their paths.
fn refusals(message: &Message) -> Vec<(&'static str, String)> {
    let findings = write(message).expect_err("refused");
    findings.into_iter().map(|finding| (finding.code, finding.at.path)).collect()
}

/// A document around a piece of the info, and a piece of the alert.
fn form(alert: &str, info: &str) -> String {
    format!(
        "<alert xmlns=\"{NAMESPACE}\"><identifier>23010900000000_20260715143500</identifier><sender>区防汛办</sender>\
         <senderCode>23010900000000</senderCode><sendTime>2026-07-15 14:40:00+08:00</sendTime><status>Test</status>\
         <msgType>Alert</msgType><scope>Public</scope><code><method><methodName>SMS</methodName></method></code>{alert}\
         <info><eventType>11B03</eventType><urgency>Unknown</urgency><severity>Red</severity>\
         <certainty>VeryLikely</certainty><effective>2026-07-15 14:41:02+08:00</effective><senderName>李明</senderName>\
         <headline>区防汛办发布暴雨红色预警</headline><description>雨</description>{info}</info></alert>"
    )
}

const AREA: &str = "<area><areaDesc>松北区</areaDesc><geocode>230109000000</geocode></area>";

fn taken(text: &str) -> Message {
    let reading = read(text.as_bytes());
    reading.message.unwrap_or_else(|| panic!("{:#?}\n{text}", reading.findings))
}

fn found(text: &str) -> Vec<(&'static str, String)> {
    let refusing = |finding: &crate::domain::finding::Finding| finding.weight == Weight::Refuse;
    let findings = read(text.as_bytes()).findings.into_iter().filter(refusing);
    findings.map(|finding| (finding.code, finding.at.path)).collect()
}

fn unit() -> impl Strategy<Value = String> {
    "[1-9][0-9]{13}"
}

fn time() -> impl Strategy<Value = Moment> {
    (946_684_800_i64..4_102_444_800).prop_map(Moment::china)
}

fn code() -> impl Strategy<Value = String> {
    prop_oneof!["1[1-4][A-G][0-9]{2}", Just("10000".to_owned()), Just("X7".to_owned())]
}

fn area_codes() -> impl Strategy<Value = Vec<NamedValue>> {
    vec("[1-9][0-9]{11}".prop_map(|code| named("CN-STAT-CODE", &code)), 1..4)
}

fn methods() -> impl Strategy<Value = Vec<NamedValue>> {
    let part = (select(vec!["message", "audienceGrp", "audiencePrt", "audenceprt"]), "[a-z暴雨,<&\r\n ]{0,9}x");
    let method = ("[A-Z]{2,9}", vec(part, 0..3)).prop_map(|(method, mut parts)| {
        parts.dedup_by_key(|(part, _)| *part);
        let parts = parts.into_iter().map(|(part, text)| named(&format!("{}.{part}", parameter::METHOD), &text));
        std::iter::once(named(parameter::METHOD, &method)).chain(parts).collect::<Vec<_>>()
    });
    vec(method, 1..4).prop_map(|methods| methods.concat())
}

/// What a message needs that the form can say, beside what any message is.
fn needs() -> impl Strategy<Value = (String, Moment, MessageRef, String, Vec<NamedValue>, Vec<Vec<NamedValue>>)> {
    let reference = (unit(), time()).prop_map(|(unit, at)| {
        let identifier = super::identifier::made(&unit, at);
        MessageRef { sender: unit, identifier, sent: at }
    });
    (unit(), time(), reference, code(), methods(), vec(area_codes(), 3))
}

fn filled(text: Option<String>) -> Option<String> {
    Some(text.unwrap_or_else(|| "松北区发布暴雨红色预警".to_owned()))
}

/// Any message that the form can say; most say more than that.
pub(super) fn sayable() -> impl Strategy<Value = Message> {
    let kinds = [Kind::Alert, Kind::Update, Kind::Cancel];
    let any_info = arbitrary::message().prop_filter("says something", |message| !message.infos.is_empty());
    (any_info, needs(), select(vec![Status::Actual, Status::Test]), option::of("_[0-9]")).prop_map(
        move |(mut message, (unit, entered, reference, event_type, methods, codes), status, number)| {
            message.infos.truncate(1);
            let info = &mut message.infos[0];
            info.sender_name = filled(info.sender_name.take());
            info.headline = filled(info.headline.take());
            info.description = filled(info.description.take());
            info.event_codes.insert(0, named("CN-12379", &event_type));
            info.parameters.extend(methods);
            if info.areas.is_empty() {
                info.areas = vec![Area {
                    description: "松北区".to_owned(),
                    polygons: Vec::new(),
                    circles: Vec::new(),
                    geocodes: Vec::new(),
                    altitude_ft: None,
                    ceiling_ft: None,
                }];
            }
            for (area, codes) in info.areas.iter_mut().zip(codes) {
                (area.altitude_ft, area.ceiling_ft) = (None, None);
                area.geocodes.extend(codes);
            }
            message.identifier = super::identifier::made(&unit, entered) + &number.unwrap_or_default();
            message.sender = unit;
            message.status = status;
            message.kind = if kinds.contains(&message.kind) { message.kind } else { Kind::Cancel };
            message.scope = Scope::Public;
            (message.restriction, message.addresses) = (None, Vec::new());
            message.references = if message.kind == Kind::Alert { Vec::new() } else { vec![reference] };
            message
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn what_the_form_says_survives_every_form(message in sayable()) {
        let refused: Vec<_> = rules::check(&message).into_iter().filter(|found| found.weight == Weight::Refuse).collect();
        prop_assume!(refused.is_empty());
        let bytes = write(&message).map_err(|found| TestCaseError::fail(format!("{found:#?}")))?;
        let reading = read(&bytes);
        prop_assert!(reading.message.is_some(), "{:#?}\n{}", reading.findings, String::from_utf8_lossy(&bytes));
        let said = reading.message.expect("just seen");
        // Form, CAP and JSON hold the same from here on, and nothing is left out any more.
        prop_assert_eq!(unsaid(&said), Vec::new());
        prop_assert_eq!(write(&said), Ok(bytes.clone()));
        prop_assert_eq!(read(&bytes).message, Some(said.clone()));
        prop_assert_eq!(cap::read(cap::write(&said).as_bytes()).message, Some(said.clone()));
        let text = serde_json::to_string(&said).expect("a message");
        prop_assert_eq!(json::read(text.as_bytes()).message, Some(said));
    }

    #[test]
    fn what_is_not_named_as_left_out_is_there(message in sayable()) {
        prop_assume!(rules::check(&message).iter().all(|found| found.weight == Weight::Advise));
        let left_out: Vec<String> = unsaid(&message).into_iter().map(|finding| finding.at.path).collect();
        let said = read(&write(&message).expect("sayable")).message.expect("keeps the rules");
        let (ours, theirs) = (&message.infos[0], &said.infos[0]);
        let named = |path: &str| left_out.iter().any(|pointer| pointer == path || pointer.starts_with(&format!("{path}/")));
        prop_assert_eq!((&said.identifier, &said.sender, said.sent.unix()), (&message.identifier, &message.sender, message.sent.unix()));
        prop_assert_eq!((said.status, said.kind, &said.note), (message.status, message.kind, &message.note));
        prop_assert_eq!((&theirs.headline, &theirs.description, &theirs.instruction, &theirs.web, &theirs.sender_name, theirs.severity, theirs.urgency),
            (&ours.headline, &ours.description, &ours.instruction, &ours.web, &ours.sender_name, ours.severity, ours.urgency));
        prop_assert_eq!(ours.event == theirs.event, !named("/infos/0/event"));
        prop_assert_eq!(ours.response_types.is_empty(), !named("/infos/0/response_types"));
        prop_assert_eq!(ours.resources.is_empty(), !named("/infos/0/resources"));
        prop_assert_eq!(ours.audience.is_none(), !named("/infos/0/audience"));
        prop_assert_eq!(ours.contact.is_none(), !named("/infos/0/contact"));
        prop_assert_eq!(message.source.is_none(), !named("/source"));
        prop_assert_eq!(message.codes.is_empty(), !named("/codes"));
        prop_assert_eq!(message.incidents.is_empty(), !named("/incidents"));
        prop_assert_eq!(ours.certainty == Certainty::Possible, named("/infos/0/certainty"));
        for (area, other) in ours.areas.iter().zip(&theirs.areas) {
            prop_assert_eq!((&area.description, &area.polygons, &area.circles), (&other.description, &other.polygons, &other.circles));
        }
    }

    #[test]
    fn nothing_but_actual_and_test_reaches_the_form(message in sayable(), any in arbitrary::message()) {
        for status in [Status::Exercise, Status::System, Status::Draft] {
            for message in [&message, &any] {
                let drill = Message { status, ..message.clone() };
                prop_assert!(refusals(&drill).contains(&("national-status", "/status".to_owned())));
            }
        }
    }

    #[test]
    fn no_damage_brings_the_reader_down(message in sayable(), at in 0.0..1.0, cut in 0_usize..40, put in "[<>&;/!\\[\\]\"'a-z0-9暴 ]{0,6}") {
        prop_assume!(rules::check(&message).iter().all(|found| found.weight == Weight::Advise));
        let text = String::from_utf8(write(&message).expect("sayable")).expect("UTF-8");
        let mut at = (text.len() as f64 * at) as usize;
        while !text.is_char_boundary(at) { at -= 1 }
        let mut end = (at + cut).min(text.len());
        while !text.is_char_boundary(end) { end += 1 }
        let reading = read(format!("{}{put}{}", &text[..at], &text[end..]).as_bytes());
        prop_assert!(reading.message.is_some() || !reading.findings.is_empty());
    }
}

#[test]
fn every_field_has_its_place() {
    let alert = "<phone>045188888888</phone><secClassification>Inner</secClassification>";
    let resource = "<resource><resourceDesc>a_P_00.jpg</resourceDesc><size>84k</size><digest/></resource>";
    let area = "<area><areaDesc>松北区，对青山镇</areaDesc><polygon>45.8,126.5 45.9,126.6</polygon>\
                <polygon>45.8,126.5 45.8,126.6 45.9,126.6 45.8,126.5</polygon><circle>45.8,126.5 5000</circle>\
                <geocode>230109000000，230109101,</geocode></area>";
    let text = form(alert, &format!("<onset>2026-07-15T15:00:00+08:00</onset>{resource}{area}"));
    let message = taken(&text);
    let info = &message.infos[0];
    assert_eq!((message.sender.as_str(), info.sender_name.as_deref()), ("23010900000000", Some("区防汛办")));
    assert_eq!((info.event.as_str(), info.categories.as_slice()), ("暴雨", &[Category::Met][..]));
    assert_eq!((info.language.as_deref(), info.certainty), (Some("zh-CN"), Certainty::Likely));
    assert_eq!(info.onset.map(|at| at.to_string()).as_deref(), Some("2026-07-15T15:00:00+08:00"));
    let area = &info.areas[0];
    assert_eq!((area.circles[0].radius_km, area.polygons.len()), (5.0, 1));
    assert_eq!(area.geocodes, [named("CN-STAT-CODE", "230109000000"), named("CN-STAT-CODE", "230109101")]);
    let parameters: Vec<(&str, &str)> =
        info.parameters.iter().map(|parameter| (parameter.name.as_str(), parameter.value.as_str())).collect();
    let expected = [
        ("CN-12379.senderName", "李明"),
        ("CN-12379.phone", "045188888888"),
        ("CN-12379.secClassification", "Inner"),
        ("CN-12379.method", "SMS"),
        ("CN-12379.certainty", "VeryLikely"),
        ("CN-12379.resource", "a_P_00.jpg"),
        ("CN-12379.resource.size", "84k"),
        ("CN-12379.area.1.polygon", "45.8,126.5 45.9,126.6"),
    ];
    assert_eq!(parameters, expected);
    assert_eq!(outward(&message).infos[0].parameters, []);
    assert!(!cap::write_public(&message).contains("045188888888"));
    let again = String::from_utf8(write(&message).expect("said")).expect("UTF-8");
    for piece in [
        "<sendTime>2026-07-15 14:40:00+08:00</sendTime>",
        "<senderName>李明</senderName>",
        "<certainty>VeryLikely</certainty>",
        "<circle>45.8,126.5 5000</circle>",
        "<geocode>230109000000,230109101000</geocode>",
        "<polygon>45.8,126.5 45.9,126.6</polygon>",
        "<size>84k</size>\n<digest/>",
    ] {
        assert!(again.contains(piece), "{piece}\n{again}");
    }
    assert_eq!(file_name(&message).as_deref(), Ok("23010900000000_20260715144102_11B03_RED_ALERT.XML"));
}

#[test]
fn everything_wrong_comes_at_once_with_its_place() {
    let text = "<alert><identifier>a b</identifier><sender/><senderCode>1</senderCode><sendTime>now</sendTime>\
                <status>Exercise</status><msgType>Ack</msgType><scope>Private</scope><code><method/></code><other/>\
                <references>x</references><info><eventType>暴 雨</eventType><urgency>Soon</urgency>\
                <severity>Extreme</severity><certainty>Possible</certainty><effective>2026-02-30 00:00:00+08:00</effective>\
                <senderName>n</senderName><headline>h</headline><description>d</description><web>www</web>\
                <area><areaDesc>x</areaDesc><polygon>126.5,45.8 a</polygon><circle>45.8,126.5</circle>\
                <geocode>松北</geocode></area></info></alert>";
    let expected = [
        ("national-identifier-form", "/alert/identifier"),
        ("national-element-missing", "/alert/sender"),
        ("national-sender-code", "/alert/senderCode"),
        ("national-time-form", "/alert/sendTime"),
        ("national-status", "/alert/status"),
        ("value-unknown", "/alert/msgType"),
        ("value-unknown", "/alert/scope"),
        ("national-element-missing", "/alert/code/method[1]"),
        ("national-element-unknown", "/alert/other"),
        ("national-reference-form", "/alert/references"),
        ("national-event-type", "/alert/info/eventType"),
        ("value-unknown", "/alert/info/urgency"),
        ("value-unknown", "/alert/info/severity"),
        ("value-unknown", "/alert/info/certainty"),
        ("time-no-such", "/alert/info/effective"),
        ("web-form", "/alert/info/web"),
        ("polygon-form", "/alert/info/area[1]/polygon[1]"),
        ("circle-form", "/alert/info/area[1]/circle[1]"),
        ("national-geocode-form", "/alert/info/area[1]/geocode"),
    ];
    let found = found(text);
    let found: Vec<(&str, &str)> = found.iter().map(|(code, path)| (*code, path.as_str())).collect();
    assert_eq!(found, expected);
}

#[test]
fn the_rules_speak_of_the_elements_of_the_form() {
    let swapped = AREA.replace("<geocode>", "<circle>126.5,45.8 5</circle><geocode>");
    assert_eq!(found(&form("", &swapped)), [("coordinate-swapped", "/alert/info/area[1]/circle[1]".to_owned())]);
    let over = format!("<expires>2026-07-15 14:40:00+08:00</expires>{AREA}");
    assert_eq!(found(&form("", &over)), [("expires-not-after-sent", "/alert/info/expires".to_owned())]);
    let update = form("", AREA).replace("<msgType>Alert", "<msgType>Update");
    assert_eq!(found(&update), [("references-required", "/alert/references".to_owned())]);
    let marked = read(form("", AREA).replace("<sender>", "<sender>&lt;b&gt;").as_bytes());
    let marked: Vec<_> = marked.findings.iter().map(|finding| (finding.code, finding.at.path.as_str())).collect();
    assert!(marked.contains(&("text-markup", "/alert/sender")), "{marked:?}");
}

#[test]
fn the_form_is_told_from_cap_by_its_root() {
    let county = form("", AREA).replace(&format!(" xmlns=\"{NAMESPACE}\""), "");
    let prefixed = form("", AREA).replace('<', "<n:").replace("<n:/", "</n:").replace(" xmlns=", " xmlns:n=");
    for text in [form("", AREA), county, prefixed] {
        let reading = xml::read(text.as_bytes());
        assert!(reading.message.is_some(), "{:#?}\n{text}", reading.findings);
    }
    let message = taken(&form("", AREA));
    assert_eq!(xml::read(cap::write(&message).as_bytes()).message, Some(message));
    let cap = format!("<alert xmlns=\"{}\"/>", "urn:oasis:names:tc:emergency:cap:1.2");
    assert_eq!(read(cap.as_bytes()).findings[0].code, "national-wrong-root");
    assert_eq!(xml::read(b"<alert/>").findings[0].code, "cap-no-namespace");
}

#[test]
fn hostile_forms_are_refused_at_a_bound() {
    let (open, close) = (format!("<alert xmlns=\"{NAMESPACE}\">"), "</alert>");
    for (document, code) in [
        (format!("<!DOCTYPE a [<!ENTITY b \"b\">]>{open}&b;{close}"), "xml-doctype"),
        (format!("{open}{}", "<info>".repeat(100_000)), "xml-too-deep"),
        (format!("{open}{}{close}", "<info/>".repeat(100_000)), "xml-too-many-elements"),
        (" ".repeat(cap::MOST_BYTES + 1), "document-too-large"),
    ] {
        let reading = xml::read(document.as_bytes());
        assert_eq!((reading.findings.len(), reading.findings[0].code), (1, code));
    }
    let many = format!("{open}{}{close}", "<info><x/></info>".repeat(9_000));
    assert_eq!(read(many.as_bytes()).findings.len(), MOST);
}

fn ours() -> Message {
    serde_json::from_str(
        r#"{"identifier":"flood-1","sender":"flood@songbei.example","sent":"2026-07-15T14:40:00+08:00","status":"actual",
        "kind":"alert","scope":"public","infos":[
        {"language":"en","categories":["met"],"event":"Rainstorm","urgency":"immediate","severity":"extreme","certainty":"observed"},
        {"language":"zh-CN","categories":["met"],"event":"暴雨","urgency":"immediate","severity":"extreme","certainty":"observed",
        "response_types":["shelter"],"event_codes":[{"name":"CN-12379","value":"11B03"}],"sender_name":"松北区防汛抗旱指挥部",
        "headline":"松北区防汛抗旱指挥部发布暴雨红色预警","description":"雨","contact":"值班室",
        "parameters":[{"name":"CN-12379.senderCode","value":"23010900000000"},{"name":"CN-12379.method","value":"SMS"},
        {"name":"CN-12379.method.message","value":"红色预警"},{"name":"CN-12379.senderName","value":"李明"}],
        "areas":[{"description":"松北区","geocodes":[{"name":"CPEAS Geographic Code","value":"230109"}]}]}]}"#,
    )
    .expect("a message")
}

#[test]
fn a_message_of_ours_is_said_with_what_is_left_out_named() {
    let message = ours();
    let said = taken(&String::from_utf8(write(&message).expect("said")).expect("UTF-8"));
    assert_eq!((said.sender.as_str(), said.identifier.as_str()), ("23010900000000", "23010900000000_20260715144000"));
    let left_out: Vec<String> = unsaid(&message).into_iter().map(|finding| finding.at.path).collect();
    let expected =
        ["/identifier", "/infos/0", "/infos/1/contact", "/infos/1/parameters/0", "/infos/1/response_types", "/sender"];
    let mut sorted = left_out.clone();
    sorted.sort();
    assert_eq!(sorted, expected, "{left_out:?}");
}

#[test]
fn a_lift_names_the_first_and_keeps_no_text_of_it() {
    let first = ours();
    let earlier = |sent: &str| MessageRef {
        sender: first.sender.clone(),
        identifier: format!("flood-{sent}"),
        sent: sent.parse().expect("a time"),
    };
    let members = vec![earlier("2026-07-15T16:00:00+08:00"), earlier("2026-07-15T14:40:00+08:00")];
    let at: Moment = "2026-07-15T18:00:00+08:00".parse().expect("a time");
    let times = Times { sent: at, end: Moment::china(at.unix() + 3600) };
    let lifted = lift::send(&lift::form(&first, Ending::Lift), "lift-1".to_owned(), members, times);
    let text = String::from_utf8(write(&lifted).expect("said")).expect("UTF-8");
    for piece in [
        "<references>23010900000000_20260715144000</references>",
        "<message/>",
        "<senderName>松北区防汛抗旱指挥部</senderName>",
        "<msgType>Cancel</msgType>",
    ] {
        assert!(text.contains(piece), "{piece}\n{text}");
    }
    assert_eq!(file_name(&lifted).as_deref(), Ok("23010900000000_20260715180000_11B03_RED_CANCEL.XML"));
}

#[test]
fn what_cannot_be_said_is_named_all_at_once() {
    let mut message = ours();
    message.kind = Kind::Ack;
    message.scope = Scope::Private;
    message.addresses = vec!["a".to_owned()];
    message.references =
        vec![MessageRef { sender: "other".to_owned(), identifier: "x".to_owned(), sent: Moment::china(0) }];
    let info: &mut Info = &mut message.infos[1];
    (info.sender_name, info.event_codes) = (None, Vec::new());
    info.parameters.clear();
    info.areas[0].geocodes.clear();
    info.areas[0].polygons = vec![Polygon(vec![[45.0, 126.0], [45.0, 127.0], [46.0, 127.0], [45.0, 126.0]])];
    info.areas[0].altitude_ft = Some(100.0);
    let expected = [
        ("national-cannot-say", "/kind"),
        ("national-cannot-say", "/scope"),
        ("national-cannot-say", "/addresses"),
        ("national-field-missing", "/infos/1/sender_name"),
        ("national-field-missing", "/infos/1/parameters"),
        ("national-field-missing", "/infos/1/areas/0/geocodes"),
        ("national-cannot-say", "/infos/1/areas/0/altitude_ft"),
        ("national-sender-code", "/sender"),
        ("national-event-type", "/infos/1/event_codes"),
        ("national-reference-form", "/references/0"),
    ];
    let found = refusals(&message);
    let found: Vec<(&str, &str)> = found.iter().map(|(code, path)| (*code, path.as_str())).collect();
    assert_eq!(found, expected);
    message.infos[0].language = Some("zh-Hant".to_owned());
    assert!(refusals(&message).contains(&("national-cannot-say", "/infos".to_owned())));
    message.infos.clear();
    assert!(refusals(&message).contains(&("national-field-missing", "/infos".to_owned())));
}
