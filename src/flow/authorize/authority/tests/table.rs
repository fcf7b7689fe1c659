//! Issuer × hazard × level × area, under the powers of the sample configuration.

use super::*;
use crate::config::Environment;

fn sample() -> Config {
    let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("config/fenghuo.toml");
    crate::config::load(Some(&file), &Environment::default()).expect("the sample loads").config
}

/// What the findings come to.
fn ruling(findings: &[Finding]) -> &'static str {
    let has = |code: &str| findings.iter().any(|finding| finding.code == code);
    match findings {
        [] => "allowed",
        _ if has("hazard-relay-only") => "relay only",
        _ if has("level-forward-up") => "forward up",
        _ => "refused",
    }
}

/// An actual warning of an issuer's own, or with another's sender.
fn actual(issuer: &str, sender: &str, hazard: &str, level: &str, area: &str) -> Vec<Finding> {
    let severity = match level {
        "red" => "extreme",
        "orange" => "severe",
        "yellow" => "moderate",
        "blue" => "minor",
        other => other,
    };
    let mut message = message(&[
        ("/status", json!("actual")),
        ("/sender", json!(sender)),
        ("/infos/0/severity", json!(severity)),
        ("/infos/0/event_codes/0/value", json!(hazard)),
        ("/infos/0/areas/0/geocodes/0/value", json!(area)),
    ]);
    message.infos[0].sender_name = Some("发布单位".to_owned());
    let warning = Warning::new(message).expect("it keeps the rules");
    authority(&sample(), &actor(Role::Issuer, Some(issuer)), &warning)
}

const DISTRICT: &str = "230109000000";
const RIVERSIDE: &str = "230109002000";
const INLAND: &str = "230109101000";
/// Weather station of the city.
const STATION: &str = "23010041600000";

#[test]
fn who_may_say_which_hazard_at_which_level_where() {
    for (issuer, hazard, level, area, expected) in [
        // Of one's own, within the district's power.
        ("flood", "11A01", "blue", DISTRICT, "allowed"),
        ("flood", "11A01", "yellow", INLAND, "allowed"),
        ("flood", "11A77", "yellow", DISTRICT, "allowed"), // a code nobody has heard of
        ("air", "11B29", "yellow", DISTRICT, "allowed"),
        ("gas", "SB-208", "yellow", DISTRICT, "allowed"),
        ("ice", "SB-102", "unknown", RIVERSIDE, "allowed"),
        ("office", "11A01", "unknown", DISTRICT, "allowed"),
        // Above the district.
        ("flood", "11A01", "orange", DISTRICT, "forward up"),
        ("flood", "11A01", "red", DISTRICT, "forward up"),
        ("forest-fire", "11B25", "orange", INLAND, "forward up"),
        ("office", "11A01", "red", DISTRICT, "forward up"),
        ("public-security", "14000", "blue", DISTRICT, "forward up"),
        ("gas", "SB-208", "orange", DISTRICT, "forward up"),
        // Others' hazards.
        ("weather", "11B03", "yellow", DISTRICT, "relay only"),
        ("office", "11B03", "blue", DISTRICT, "relay only"),
        ("earthquake", "11C00", "red", DISTRICT, "relay only"),
        ("health", "13000", "yellow", DISTRICT, "relay only"),
        // Not theirs.
        ("flood", "11B03", "blue", DISTRICT, "refused"),
        ("flood", "SB-208", "red", DISTRICT, "refused"),
        ("gas", "11A01", "blue", DISTRICT, "refused"),
        ("forest-fire", "11G00", "yellow", DISTRICT, "refused"),
        ("flood", "11A01", "blue", "230108000000", "refused"),
        ("flood", "11A01", "unknown", DISTRICT, "refused"),
        // An exception: ice floods along the river only.
        ("flood", "11A05", "yellow", RIVERSIDE, "allowed"),
        ("flood", "11A05", "yellow", INLAND, "refused"),
        ("flood", "11A05", "orange", RIVERSIDE, "forward up"),
        // No code at all, and one of neither form.
        ("flood", "XYZ", "blue", DISTRICT, "refused"),
        ("nobody", "11A01", "blue", DISTRICT, "refused"),
    ] {
        let findings = actual(issuer, &format!("{issuer}@songbei.example"), hazard, level, area);
        // Those who only pass on are asked with a sender of ours.
        let findings = match issuer {
            "weather" | "earthquake" | "health" => actual(issuer, "flood@songbei.example", hazard, level, area),
            _ => findings,
        };
        assert_eq!(ruling(&findings), expected, "{issuer} {hazard} {level} {area}: {findings:#?}");
        assert!(findings.iter().all(|finding| finding.weight == Weight::Refuse), "{issuer} {hazard}: {findings:#?}");
    }
}

#[test]
fn who_passes_on_is_bound_by_hazard_and_area_and_not_by_the_districts_levels() {
    for (issuer, sender, hazard, level, area, codes) in [
        ("weather", STATION, "11B03", "red", DISTRICT, vec![]),
        ("weather", STATION, "11B03", "red", "230108000000", vec!["area-unknown"]),
        ("weather", STATION, "11A01", "red", DISTRICT, vec!["hazard-not-allowed"]),
        ("relay", STATION, "11B03", "red", "230108000000", vec![]),
        ("relay", "23000033200000", "11A01", "red", DISTRICT, vec![]),
        // Somebody of ours in the relay's clothes.
        ("relay", "flood@songbei.example", "11A01", "red", DISTRICT, vec!["level-forward-up"]),
        ("relay", "relay@fenghuo.local", "11B03", "red", DISTRICT, vec!["hazard-relay-only"]),
        // Nobody is told of riots, whoever wrote it.
        ("relay", STATION, "14000", "red", DISTRICT, vec!["hazard-not-public"]),
    ] {
        let findings = actual(issuer, sender, hazard, level, area);
        let found: Vec<&str> = findings.iter().map(|finding| finding.code).collect();
        assert_eq!(found, codes, "{issuer} {sender} {hazard}");
    }
}

#[test]
fn only_named_originators_are_passed_on_and_named_they_must_be() {
    let mut config = sample();
    config.authority.hazards.get_mut("11B*").expect("weather").originators = vec!["230100416*".to_owned()];
    let judged = |sender: &str, name: Option<&str>| {
        let mut message = message(&[("/status", json!("actual")), ("/sender", json!(sender))]);
        message.infos[0].sender_name = name.map(str::to_owned);
        message.infos[0].areas[0].geocodes[0].value = DISTRICT.to_owned();
        let warning = Warning::new(message).expect("it keeps the rules");
        let findings = authority(&config, &actor(Role::Issuer, Some("weather")), &warning);
        findings.into_iter().map(|finding| (finding.code, finding.at.path)).collect::<Vec<_>>()
    };
    assert_eq!(judged(STATION, Some("哈尔滨市气象台")), []);
    assert_eq!(judged("23010033200000", Some("水文站")), [("relay-originator", "/sender".to_owned())]);
    assert_eq!(judged(STATION, None), [("relay-source-missing", "/infos/0/sender_name".to_owned())]);
}

#[test]
fn a_drill_may_show_what_only_others_decide_and_is_told() {
    let flood = [("/sender", json!("flood@songbei.example")), ("/infos/0/event_codes/0/value", json!("11A01"))];
    for (severity, codes) in [("extreme", vec!["level-forward-up"]), ("moderate", vec![])] {
        let mut changes = flood.to_vec();
        changes.push(("/infos/0/severity", json!(severity)));
        changes.push(("/infos/0/areas/0/geocodes/0/value", json!(DISTRICT)));
        let findings = authority(&sample(), &actor(Role::Issuer, Some("flood")), &warning(&changes));
        assert_eq!(findings.iter().map(|finding| finding.code).collect::<Vec<_>>(), codes);
        assert!(findings.iter().all(|finding| finding.weight == Weight::Advise));
    }
}

#[test]
fn nothing_stops_a_lift() {
    let mut lift = message(&[
        ("/status", json!("actual")),
        ("/kind", json!("cancel")),
        ("/sender", json!("flood@songbei.example")),
        ("/infos/0/event_codes/0/value", json!("11A01")),
        ("/infos/0/areas/0/geocodes/0/value", json!(DISTRICT)),
    ]);
    lift.references = vec![crate::domain::message::MessageRef {
        sender: lift.sender.clone(),
        identifier: "w-0".to_owned(),
        sent: "2026-07-15T14:30:00+08:00".parse().unwrap(),
    }];
    let mut config = sample();
    config.authority.hazards.get_mut("*").expect("the general power").levels.clear();
    let found = |config: &Config, lift: &Message| {
        let warning = Warning::new(lift.clone()).expect("it keeps the rules");
        authority(config, &actor(Role::Issuer, Some("flood")), &warning)
    };
    assert_eq!(found(&config, &lift), []);
    config.authority.hazards.get_mut("*").expect("the general power").relay_only = true;
    assert_eq!(found(&config, &lift), []);
}

#[test]
fn going_up_says_to_whom() {
    use crate::messages::{Lang, sentence};
    let finding = actual("flood", "flood@songbei.example", "11A01", "red", DISTRICT).remove(0);
    let mut args = finding.args.clone();
    args.extend(finding.got.clone().map(|got| ("got", got)));
    let told = Lang::ALL.map(|lang| sentence(lang, finding.code, &args));
    assert!(told.iter().all(|text| text.contains("哈尔滨市")), "{told:?}");
    let nobody = [("got", "red".to_owned()), ("superior", "none".to_owned())];
    let told = Lang::ALL.map(|lang| sentence(lang, finding.code, &nobody));
    assert!(
        told.iter().all(|text| !text.contains("none") && !text.contains("()") && !text.contains("（）")),
        "{told:?}"
    );
}
