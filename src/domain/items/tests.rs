use super::*;
use crate::domain::json;

/// A warning with every item, changed.
fn message(change: impl FnOnce(&mut serde_json::Value)) -> Message {
    let mut document = serde_json::json!({
        "identifier": "w-1", "sender": "flood@songbei.example", "sent": "2026-07-15T14:40:00+08:00",
        "status": "actual", "kind": "alert", "scope": "public",
        "infos": [{
            "language": "zh-CN", "categories": ["met"], "event": "洪水", "urgency": "immediate",
            "severity": "moderate", "certainty": "likely", "onset": "2026-07-15T15:00:00+08:00",
            "expires": "2026-07-15T20:40:00+08:00", "sender_name": "松北区防汛抗旱指挥部",
            "headline": "洪水黄色预警", "description": "水位上涨", "instruction": "远离江边",
            "areas": [{"description": "松北区", "geocodes": [{"name": "CN-STAT-CODE", "value": "230109000000"}]}]
        }]
    });
    change(&mut document);
    json::read(document.to_string().as_bytes()).message.expect("it keeps the rules of CAP")
}

fn missing(change: impl FnOnce(&mut serde_json::Map<String, serde_json::Value>)) -> Vec<(&'static str, String)> {
    let message = message(|document| change(document["infos"][0].as_object_mut().expect("an object")));
    check(&message, Demand::ADVICE).into_iter().map(|finding| (finding.code, finding.at.path)).collect()
}

#[test]
fn each_item_is_missed_where_it_belongs() {
    assert_eq!(missing(|_| {}), []);
    for (fields, code, path) in [
        (&["severity"][..], "item-level-missing", "/infos/0/severity"),
        (&["onset"], "item-start-missing", "/infos/0/onset"),
        (&["areas"], "item-area-missing", "/infos/0/areas"),
        (&["description"], "item-cautions-missing", "/infos/0/description"),
        (&["instruction"], "item-measures-missing", "/infos/0/instruction"),
        (&["sender_name"], "item-issuer-missing", "/infos/0/sender_name"),
    ] {
        let found = missing(|info| {
            for field in fields {
                info.remove(*field);
            }
            if code == "item-level-missing" {
                info.insert("severity".to_owned(), "unknown".into());
            }
        });
        assert_eq!(found, [(code, path.to_owned())], "{code}");
    }
}

#[test]
fn all_of_them_are_named_at_once_and_for_every_language() {
    let bare = |info: &mut serde_json::Value| {
        let info = info.as_object_mut().expect("an object");
        for field in ["onset", "areas", "description", "instruction", "sender_name"] {
            info.remove(field);
        }
        info.insert("severity".to_owned(), "unknown".into());
    };
    let message = message(|document| {
        bare(&mut document["infos"][0]);
        let mut other = document["infos"][0].clone();
        other["language"] = "en".into();
        other["headline"] = "Flood".into();
        document["infos"].as_array_mut().expect("a list").push(other);
    });
    let found = check(&message, Demand { items: Weight::Refuse, level: Weight::Advise });
    assert_eq!(found.len(), 12, "{found:#?}");
    assert_eq!(found.iter().filter(|finding| finding.at.path.starts_with("/infos/1/")).count(), 6);
    let level = |finding: &&Finding| finding.code == "item-level-missing";
    assert!(found.iter().filter(level).all(|finding| finding.weight == Weight::Advise));
    assert!(found.iter().filter(|finding| !level(finding)).all(|finding| finding.weight == Weight::Refuse));
}

#[test]
fn effective_says_the_start_as_well_and_a_polygon_the_area() {
    let found = missing(|info| {
        info.remove("onset");
        info.insert("effective".to_owned(), "2026-07-15T14:40:00+08:00".into());
        let ring = serde_json::json!([[45.8, 126.5], [45.9, 126.5], [45.9, 126.6], [45.8, 126.5]]);
        info.insert("areas".to_owned(), serde_json::json!([{"description": "江边", "polygons": [ring]}]));
    });
    assert_eq!(found, []);
    let words_only = missing(|info| {
        info.insert("areas".to_owned(), serde_json::json!([{"description": "江边"}]));
    });
    assert_eq!(words_only, [("item-area-missing", "/infos/0/areas".to_owned())]);
}

#[test]
fn what_ends_an_event_or_goes_to_systems_needs_none() {
    let bare = |document: &mut serde_json::Value| {
        document["infos"][0].as_object_mut().expect("an object").remove("instruction");
    };
    let references = serde_json::json!([{"sender": "flood@songbei.example", "identifier": "w-0", "sent": "2026-07-15T14:00:00+08:00"}]);
    for (kind, status, expires, asked) in [
        ("alert", "actual", "2026-07-15T20:40:00+08:00", true),
        ("alert", "exercise", "2026-07-15T20:40:00+08:00", true),
        ("alert", "draft", "2026-07-15T20:40:00+08:00", true),
        ("alert", "system", "2026-07-15T20:40:00+08:00", false),
        ("update", "actual", "2026-07-15T20:40:00+08:00", true),
        ("update", "actual", "2026-07-15T14:40:00+08:00", false),
        ("cancel", "actual", "2026-07-15T20:40:00+08:00", false),
    ] {
        let message = message(|document| {
            bare(document);
            document["kind"] = kind.into();
            document["status"] = status.into();
            document["infos"][0]["expires"] = expires.into();
            if kind != "alert" {
                document["references"] = references.clone();
            }
        });
        assert_eq!(!check(&message, Demand::ADVICE).is_empty(), asked, "{kind} {status} {expires}");
    }
}
