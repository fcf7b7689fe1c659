use super::*;

#[test]
fn every_problem_is_reported_at_once() {
    let settings = Settings {
        tls: Tls::None,
        username: Some("warning".to_owned()),
        auth: Vec::new(),
        hello_name: Some("a b".to_owned()),
        envelope_from: Some("nobody".to_owned()),
        connections: 0,
        messages_per_connection: 0,
        recipients_per_message: 101,
        connect_timeout_ms: 0,
        pass_over_ms: 0,
        relays: vec![RelaySettings { connections: 0, ..RelaySettings::of("relay-b.example") }],
        unsubscribe: Some(UnsubscribeSettings { url: "http://w.example".to_owned(), key_file: "/nowhere".into() }),
        bounces: Some(BounceSettings {
            connections: 0,
            peers: Vec::new(),
            ..BounceSettings::of("127.0.0.1:0".parse().unwrap(), "/nowhere".into())
        }),
        ..Settings::of("relay.example", "预警@songbei.example")
    };
    let SettingsFault(problems) = settings.setup().err().unwrap();
    for key in [
        "tls",
        "auth",
        "password_file",
        "hello_name",
        "from",
        "envelope_from",
        "connections",
        "messages_per_connection",
        "recipients_per_message",
        "connect_timeout_ms",
        "pass_over_ms",
        "relays[0].connections",
        "unsubscribe.url",
        "unsubscribe.key_file",
        "bounces.connections",
        "bounces.peers",
        "bounces.key_file",
    ] {
        assert!(problems.iter().any(|problem| problem.starts_with(&format!("{key}: "))), "{key} in {problems:?}");
    }
}

#[test]
fn plain_text_stays_on_this_machine_unless_allowed() {
    for (host, allow_plain, good) in [
        ("127.0.0.1", false, true),
        ("::1", false, true),
        ("localhost", false, true),
        ("10.0.0.1", false, false),
        ("10.0.0.1", true, true),
        ("localhost.example", false, false),
    ] {
        let settings = Settings { tls: Tls::None, allow_plain, ..Settings::of(host, "w@songbei.example") };
        assert_eq!(settings.setup().is_ok(), good, "{host} {allow_plain}");
    }
}

#[test]
fn a_sites_own_codes_count_before_the_built_in_ones() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("codes.toml");
    let own = |text: &str| {
        std::fs::write(&file, text).unwrap();
        Settings { codes_file: Some(file.clone()), ..Settings::of("relay.example", "w@songbei.example") }.setup()
    };
    let row = "{ is = [\"5.7.1\"], class = \"recipient\", zh = \"甲\", en = \"A\" }";
    let relay = own(&format!("source = \"relay.example\"\ncodes = [{row}]\n")).unwrap();
    let relay = &relay.relays[0];
    assert_eq!(relay.codes.class("5.7.1"), fenghuo_contract::Class::Recipient);
    assert_eq!(relay.codes.class("5.7.8"), fenghuo_contract::Class::Misconfigured);
    let SettingsFault(problems) = own("codes = [{ was = 1 }]\n").err().unwrap();
    assert!(problems[0].starts_with("codes_file: ") && problems[0].contains("was"), "{problems:?}");
    std::fs::remove_file(&file).unwrap();
    let missing = Settings { codes_file: Some(file), ..Settings::of("relay.example", "w@songbei.example") };
    assert!(missing.setup().is_err());
}

#[test]
fn the_documented_sample_is_read_and_unknown_keys_are_not() {
    let sample = "host = \"relay.songbei.example\"\nfrom = \"warning@songbei.example\"\nfrom_name = \"松北应急预警\"\n";
    let settings: Settings = toml::from_str(sample).unwrap();
    let setup = settings.setup().unwrap();
    let (first, sender) = (&setup.relays[0], &setup.sender);
    assert_eq!((first.port, &*first.hello_name, &*sender.domain), (587, "songbei.example", "songbei.example"));
    let unknown = toml::from_str::<Settings>(&format!("{sample}password = \"x\"\n")).unwrap_err();
    assert!(unknown.to_string().contains("unknown field `password`"), "{unknown}");
}

#[test]
fn return_paths_need_room_and_a_message_for_each() {
    let key = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(key.path(), "sixteen bytes it is").unwrap();
    let bounces = BounceSettings::of("127.0.0.1:0".parse().unwrap(), key.path().to_owned());
    let settings = |path: &str, recipients_per_message| Settings {
        envelope_from: Some(path.to_owned()),
        bounces: Some(bounces.clone()),
        recipients_per_message,
        ..Settings::of("relay.example", "w@songbei.example")
    };
    for (path, recipients, problem) in [
        ("bounce@b.songbei.example", 1, None),
        ("bounce@b.songbei.example", 2, Some("recipients_per_message: ")),
        ("far-too-long-a-name@b.songbei.example", 1, Some("envelope_from: ")),
        ("a+b@b.songbei.example", 1, Some("envelope_from: ")),
    ] {
        let problems = settings(path, recipients).setup().err().map(|SettingsFault(problems)| problems.join("; "));
        assert_eq!(problem.is_some(), problems.is_some(), "{path}: {problems:?}");
        assert!(problem.is_none_or(|problem| problems.is_some_and(|found| found.starts_with(problem))), "{path}");
    }
    std::fs::write(key.path(), "short").unwrap();
    assert!(settings("bounce@b.songbei.example", 1).setup().is_err());
}

#[test]
fn one_relay_at_least_is_named() {
    let none = Settings { host: None, ..Settings::of("", "w@songbei.example") };
    let SettingsFault(problems) = none.setup().err().unwrap();
    assert!(problems[0].starts_with("host: "), "{problems:?}");
    let table = "from = \"w@songbei.example\"\n[[relays]]\nhost = \"a.example\"\n[[relays]]\nhost = \"b.example\"\n";
    let two: Settings = toml::from_str(table).unwrap();
    let hosts: Vec<_> = two.setup().unwrap().relays.into_iter().map(|relay| relay.host).collect();
    assert_eq!(hosts, ["a.example", "b.example"]);
    assert!(toml::from_str::<Settings>(&format!("{table}password = \"x\"\n")).is_err());
}
