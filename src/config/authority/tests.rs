use super::*;

fn config() -> Config {
    let text = r#"
        [issuers.flood]
        name = "防指"
        senders = ["flood@songbei.example"]
        hazards = ["11A*", "SB-ICE"]
        levels = ["blue", "yellow"]
        areas = ["230109000000"]
        [issuers.centre]
        name = "转发"
        senders = ["centre@songbei.example"]
        hazards = ["*"]
        levels = ["red"]
        areas = ["*"]
        relay = true
        [authority]
        private_hazards = ["SB-*"]
        [authority.hazards."*"]
        levels = ["yellow", "blue"]
        [authority.hazards."11B*"]
        relay_only = true
        originators = ["230100416*"]
        [authority.hazards."11B25"]
        levels = ["blue"]
        [authority.issuers.flood."11A0*"]
        levels = ["blue"]
        [authority.issuers.flood."11A05"]
        areas = ["230109002000"]
    "#;
    toml::from_str(text).expect("settings")
}

#[test]
fn the_most_specific_pattern_says_alone() {
    let config = config();
    let levels = |hazard| config.power(hazard).levels.len();
    assert_eq!((levels(Some("11A01")), levels(None), levels(Some("SB-ICE"))), (2, 2, 2));
    assert!(config.power(Some("11B03")).relay_only && levels(Some("11B03")) == 5);
    assert!(!config.power(Some("11B25")).relay_only && levels(Some("11B25")) == 1);
    let nothing = Config::default();
    assert_eq!(nothing.power(Some("11B03")), &Power::default(), "without a rule anything may be said");
}

#[test]
fn an_exception_takes_the_place_of_what_it_names() {
    let config = config();
    let flood = &config.issuers["flood"];
    let permit =
        |hazard| config.permit("flood", flood, hazard).map(|permit| (permit.levels.len(), permit.areas[0].as_str()));
    assert_eq!(permit("11A51"), Some((2, "230109000000")));
    assert_eq!(permit("11A01"), Some((1, "230109000000")));
    assert_eq!(permit("11A05"), Some((2, "230109002000")), "the wider exception says nothing here");
    assert_eq!(permit("11B03"), None);
}

#[test]
fn codes_pass_when_national_or_configured() {
    let config = config();
    for (code, known) in [("11Z99", true), ("11B03", true), ("SB-ICE", true), ("SB", false), ("TOR", false)] {
        assert_eq!(config.is_hazard(code), known, "{code}");
    }
}

#[test]
fn passing_on_takes_somebody_elses_sender_and_the_right_to() {
    let config = config();
    for (issuer, sender, relayed) in [
        (Some("centre"), "23010041600000", true),
        (Some("centre"), "flood@songbei.example", false),
        (Some("centre"), "centre@fenghuo.local", false),
        (Some("flood"), "23010041600000", false),
        (Some("nobody"), "23010041600000", false),
        (None, "23010041600000", true),
        (None, "flood@songbei.example", false),
    ] {
        assert_eq!(config.is_relayed(issuer, sender), relayed, "{issuer:?} {sender}");
    }
    let power = config.power(Some("11B03"));
    assert!(power.passes_on("23010041600000") && !power.passes_on("23010033200000"));
}

#[test]
fn patterns_overlap_when_a_code_fits_both() {
    for (one, other, overlapping) in [
        ("11A*", "11A05", true),
        ("11A05", "11A*", true),
        ("1*", "11A*", true),
        ("11A*", "11B*", false),
        ("11A05", "11A05", true),
        ("11A05", "11A04", false),
        ("*", "SB-ICE", true),
    ] {
        assert_eq!(overlap(one, other), overlapping, "{one} {other}");
        assert_eq!(overlap(other, one), overlapping, "{other} {one}");
    }
}
