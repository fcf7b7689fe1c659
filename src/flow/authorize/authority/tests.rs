use serde_json::json;

use super::*;
use crate::domain::message::Message;

mod table;

fn config() -> Config {
    let mut config = Config::default();
    for (code, name) in [("230109000000", "松北区"), ("230109005000", "松北街道"), ("230109001000", "太阳岛街道")]
    {
        config.areas.insert(code.parse().unwrap(), name.to_owned());
    }
    let issuer = |text: &str| toml::from_str::<Issuer>(text).unwrap();
    config.issuers.insert(
        "flood".to_owned(),
        issuer(
            "name = \"防汛\"\nsenders = [\"flood@songbei.example\"]\nhazards = [\"11B*\", \"11A01\"]\n\
             levels = [\"blue\", \"yellow\"]\nareas = [\"230109005000\"]",
        ),
    );
    let any = "name = \"转发\"\nhazards = [\"*\"]\nlevels = [\"red\", \"orange\", \"yellow\", \"blue\", \"unknown\"]\nareas = [\"*\"]";
    config.issuers.insert("relay".to_owned(), issuer(any));
    config
}

fn actor(role: Role, subject: Option<&str>) -> Actor {
    Actor::new("key-1", role, subject.map(str::to_owned))
}

/// A warning that the issuer `flood` may give, changed at one pointer.
fn warning(changes: &[(&str, serde_json::Value)]) -> Warning {
    Warning::new(message(changes)).expect("it keeps the rules")
}

fn message(changes: &[(&str, serde_json::Value)]) -> Message {
    let mut json = json!({
        "identifier": "w-1", "sender": "flood@songbei.example", "sent": "2026-07-15T14:40:00+08:00",
        "status": "exercise", "kind": "alert", "scope": "public",
        "infos": [{
            "language": "zh-CN", "categories": ["met"], "event": "暴雨", "urgency": "immediate",
            "severity": "moderate", "certainty": "likely",
            "event_codes": [{"name": "CN-EVENT", "value": "11B03"}], "expires": "2026-07-15T20:40:00+08:00",
            "headline": "暴雨黄色预警", "description": "大雨", "instruction": "远离低洼处",
            "areas": [{"description": "松北街道", "geocodes": [{"name": "CN-STAT-CODE", "value": "230109005000"}]}]
        }]
    });
    for (pointer, value) in changes {
        *json.pointer_mut(pointer).expect("a pointer into it") = value.clone();
    }
    serde_json::from_value(json).unwrap()
}

fn found(actor: &Actor, warning: &Warning) -> Vec<(&'static str, String)> {
    authority(&config(), actor, warning).into_iter().map(|finding| (finding.code, finding.at.path)).collect()
}

fn flood(changes: &[(&str, serde_json::Value)]) -> Vec<(&'static str, String)> {
    found(&actor(Role::Issuer, Some("flood")), &warning(changes))
}

#[test]
fn an_issuer_says_what_its_lists_allow_and_nothing_else() {
    let at = |code, path: &str| vec![(code, path.to_owned())];
    assert_eq!(flood(&[]), []);
    assert_eq!(flood(&[("/infos/0/event_codes/0/value", json!("11A01"))]), []);
    assert_eq!(
        flood(&[("/infos/0/event_codes/0/value", json!("11A02"))]),
        at("hazard-not-allowed", "/infos/0/event_codes/0/value")
    );
    assert_eq!(flood(&[("/infos/0/event_codes", json!([]))]), at("hazard-missing", "/infos/0/event_codes"));
    assert_eq!(flood(&[("/infos/0/severity", json!("extreme"))]), at("level-not-allowed", "/infos/0/severity"));
    assert_eq!(flood(&[("/sender", json!("other@songbei.example"))]), at("sender-not-allowed", "/sender"));
}

#[test]
fn every_area_must_be_inside_one_of_the_issuers() {
    let geocode = "/infos/0/areas/0/geocodes/0/value";
    let at = |code, path: &str| vec![(code, path.to_owned())];
    assert_eq!(flood(&[(geocode, json!("230109001000"))]), at("area-not-allowed", geocode), "a neighbour");
    assert_eq!(flood(&[(geocode, json!("230109000000"))]), at("area-not-allowed", geocode), "the whole district");
    assert_eq!(flood(&[(geocode, json!("230109005999"))]), at("area-unknown", geocode), "no such village");
    let polygon =
        json!([{"description": "江边", "polygons": [[[45.8, 126.5], [45.9, 126.5], [45.9, 126.6], [45.8, 126.5]]]}]);
    assert_eq!(flood(&[("/infos/0/areas", polygon.clone())]), at("area-not-coded", "/infos/0/areas/0"));
    let relay = actor(Role::Issuer, Some("relay"));
    assert_eq!(found(&relay, &warning(&[("/infos/0/areas", polygon)])), [], "anywhere is anywhere");
    assert_eq!(found(&relay, &warning(&[(geocode, json!("110000000000"))])), [], "also outside of the district");
}

#[test]
fn everything_is_told_at_once_with_what_would_be_allowed() {
    let changes = [
        ("/sender", json!("x@y.example")),
        ("/infos/0/severity", json!("extreme")),
        ("/infos/0/areas/0/geocodes/0/value", json!("230109001000")),
    ];
    let findings = authority(&config(), &actor(Role::Issuer, Some("flood")), &warning(&changes));
    assert_eq!(findings.len(), 3);
    let level = findings.iter().find(|finding| finding.code == "level-not-allowed").expect("the level");
    assert_eq!(level.got.as_deref(), Some("red"));
    assert!(level.args.contains(&("allowed", "blue, yellow".to_owned())), "{:?}", level.args);
    let area = findings.iter().find(|finding| finding.code == "area-not-allowed").expect("the area");
    assert!(area.args.contains(&("allowed", "松北街道 230109005000".to_owned())), "{:?}", area.args);
}

#[test]
fn an_operator_issues_exercises_and_tests() {
    let operator = actor(Role::Operator, None);
    assert_eq!(found(&operator, &warning(&[])), []);
    assert_eq!(found(&operator, &warning(&[("/status", json!("test"))])), []);
    for status in ["actual", "system", "draft"] {
        let expected = [("status-not-allowed", "/status".to_owned())];
        assert_eq!(found(&operator, &warning(&[("/status", json!(status))])), expected, "{status}");
    }
}

#[test]
fn an_approver_lifts_and_issues_nothing() {
    let approver = actor(Role::Approver, None);
    let mut lift = message(&[("/kind", json!("cancel"))]);
    lift.references = vec![crate::domain::message::MessageRef {
        sender: lift.sender.clone(),
        identifier: "w-0".to_owned(),
        sent: "2026-07-15T14:30:00+08:00".parse().unwrap(),
    }];
    assert_eq!(found(&approver, &Warning::new(lift).expect("it keeps the rules")), []);
    assert_eq!(found(&approver, &warning(&[])).len(), 1);
}

#[test]
fn nobody_else_issues() {
    for role in [Role::Approver, Role::Auditor, Role::Security, Role::Admin, Role::Screen] {
        let codes = found(&actor(role, None), &warning(&[]));
        assert_eq!(codes, [("role-may-not-issue", String::new())], "{role:?}");
    }
    for subject in [None, Some("nobody")] {
        let codes = found(&actor(Role::Issuer, subject), &warning(&[]));
        assert_eq!(codes, [("issuer-unknown", String::new())], "{subject:?}");
    }
}

#[test]
fn every_finding_has_its_texts() {
    for code in crate::flow::authorize::codes() {
        assert!(
            crate::messages::is_code(code) && crate::messages::action(crate::messages::Lang::English, code).is_some(),
            "{code}"
        );
    }
}
