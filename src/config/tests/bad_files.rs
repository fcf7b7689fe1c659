//! Every mistake, with its code and its key.

use super::*;

const ROUTE: &str = "[routes.\"sms.a\"]\nchannel = \"sms\"\nadapter = \"simulator\"\nactual = true\n";
const ISSUER: &str = "[areas]\n230109000000 = \"松北区\"\n230109002000 = \"太阳岛街道\"\n\
                      [issuers.flood]\nname = \"防指\"\nlevels = [\"red\"]\n";

#[test]
fn each_mistake_has_its_code_and_its_key() {
    let route = |line: &str| format!("{ROUTE}{line}\n");
    let issuer = |lines: &str| format!("{ISSUER}{lines}\n");
    let cases: Vec<(String, &str, &str)> = vec![
        ("[server]\nlisten = \n".into(), "config-syntax", ""),
        ("[sever]\n".into(), "config-unknown-key", "sever"),
        ("[server]\nlisten = \"localhost\"\n".into(), "config-wrong-form", "server.listen"),
        ("[server]\nbody_max = \"1 XB\"\n".into(), "config-wrong-form", "server.body_max"),
        ("[server]\nbody_max = 10\n".into(), "config-body-max", "server.body_max"),
        ("[[roster.nobody]]\nperson = \"a\"\nrecipient = \"b\"\nroles = [\"duty\"]\ndays = [\"mon\"]\nhours = \"08:00-20:00\"\n".into(), "config-roster-office", "roster.nobody"),
        ("[[roster.office]]\nperson = \"a\"\nrecipient = \"b\"\nroles = [\"duty\"]\ndays = [\"mon\"]\nhours = \"8-20\"\n".into(), "config-roster-shift", "roster.office"),
        ("[[roster.office]]\nperson = \"a\"\nrecipient = \"b\"\nroles = [\"cook\"]\n".into(), "config-not-a-word", "roster.office.0.roles"),
        ("[[roster.office]]\nperson = \"a\"\nrecipient = \"b\"\nroles = [\"duty\"]\nwhen = 1\n".into(), "config-unknown-key", "roster.office.0.when"),
        ("[roster]\noffice = 1\n".into(), "config-wrong-form", "roster.office"),
        ("[[measures]]\nhazards = [\"*\"]\nlevels = [\"red\"]\nitems = [{ office = \"nobody\", text_zh = \"a\", text_en = \"b\", due_s = 60 }]\n".into(), "config-measures-office", "measures"),
        ("[[measures]]\nhazards = [\"*\"]\nlevels = [\"red\"]\nitems = [{ office = \"office\", text_zh = \"a\", text_en = \"b\", due_s = 0 }]\n".into(), "config-measures-due", "measures"),
        ("[[measures]]\nhazards = [\"*\"]\nlevels = [\"red\"]\nitems = [{ office = \"office\", text_zh = \"a\", text_en = \"b\" }]\n".into(), "config-missing-key", "measures.0.items.0"),
        ("[[measures]]\nhazards = [\"*\"]\nlevels = [\"red\"]\nitems = [{ office = \"office\", text_zh = \"\", text_en = \"b\", due_s = 60 }]\n".into(), "config-measures-text", "measures"),
        ("[[measures]]\nhazards = [\"*\"]\nlevels = [\"red\"]\nitems = []\n".into(), "config-measures-empty", "measures"),
        ("[tasks]\nchannels = [\"display\"]\n".into(), "config-notice-channel", "tasks.channels"),
        ("[witnesses]\nchannels = [\"display\"]\n".into(), "config-notice-channel", "witnesses.channels"),
        ("[witnesses]\nvalid_s = 5\n".into(), "config-witness-valid", "witnesses.valid_s"),
        ("[store]\nreserve = true\n".into(), "config-wrong-form", "store.reserve"),
        ("[store]\nurl = \"redis://:secret@a\"\n".into(), "config-store-url", "store.url"),
        ("[store]\nurl = \"redis://a\"\nprefix = \"{a}\"\n".into(), "config-store-prefix", "store.prefix"),
        ("[store]\nurl = \"redis://a\"\nwait_s = 0\n".into(), "config-store-wait", "store.wait_s"),
        ("[store]\nurl = \"redis://a\"\nlease_s = 0.5\n".into(), "config-store-lease", "store.lease_s"),
        ("[server]\npublic_url = \"warn.example\"\n".into(), "config-public-url", "server.public_url"),
        ("[server]\npublic_url = \"https://warn.example/\"\n".into(), "config-public-url", "server.public_url"),
        ("[texts]\nsignature = \"【松北】\"\n".into(), "config-signature", "texts.signature"),
        ("[texts]\nsignature = \"松\"\n".into(), "config-signature", "texts.signature"),
        ("[texts]\nlanguages = []\n".into(), "config-languages-none", "texts.languages"),
        ("[texts]\nlanguages = [\"中文\"]\n".into(), "config-language-tag", "texts.languages"),
        ("[texts]\ntemplates = \"nowhere\"\n".into(), "config-templates-missing", "texts.templates"),
        ("[retry.reds]\nattempts_max = 1\n".into(), "config-retry-name", "retry.reds"),
        ("[retry.\"sms.reds\"]\nattempts_max = 1\n".into(), "config-retry-name", "retry.\"sms.reds\""),
        ("[retry.red]\nattempts_max = -1\n".into(), "config-wrong-form", "retry.red.attempts_max"),
        ("[retry.red]\nfactor = 0.5\n".into(), "config-retry-factor", "retry.red.factor"),
        ("[retry.red]\nfirst_s = 100\nlongest_s = 10\n".into(), "config-retry-order", "retry.red.first_s"),
        ("[retry.red]\nfirst_s = -1\n".into(), "config-wrong-form", "retry.red.first_s"),
        ("[retry.red]\nlongest_s = nan\n".into(), "config-wrong-form", "retry.red.longest_s"),
        ("[limits.channel.smoke]\nper_day = 5\n".into(), "config-limit-channel", "limits.channel.smoke"),
        ("[limits.channel.sms]\nper_day = 0\n".into(), "config-limit-zero", "limits.channel.sms.per_day"),
        ("[limits.issuer.default]\nrate_per_s = 0\n".into(), "config-limit-zero", "limits.issuer.default.rate_per_s"),
        ("[limits.recipient.fax]\nper_hour = 1\n".into(), "config-limit-channel", "limits.recipient.fax"),
        ("[drills]\nlate_s = 0\n".into(), "config-drills-late", "drills.late_s"),
        ("[drills]\nlate_s = 7200\n".into(), "config-drills-late", "drills.late_s"),
        (
            "[receipts]\ndrill_confirm_words = [\"收到！\"]\n".into(),
            "config-confirm-words-same",
            "receipts.drill_confirm_words",
        ),
        ("[receipts]\nopt_in_words = [\"ｔｄ\"]\n".into(), "config-reply-words-same", "receipts.opt_in_words"),
        ("[receipts]\nopt_out_words = [\"收到\"]\n".into(), "config-reply-words-same", "receipts.opt_out_words"),
        ("[receipts]\nconfirm_words = [\"。\"]\n".into(), "config-confirm-word-empty", "receipts.confirm_words"),
        ("[delivery]\nlift_validity_s = 0\n".into(), "config-validity-zero", "delivery.lift_validity_s"),
        ("[delivery]\nrepeat_in_doubt = [\"rad\"]\n".into(), "config-not-a-word", "delivery.repeat_in_doubt"),
        (route("rate_per_s = 0"), "config-rate-zero", "routes.\"sms.a\".rate_per_s"),
        (route("rate_per_s = \"fast\""), "config-wrong-form", "routes.\"sms.a\".rate_per_s"),
        (route("red_share = 1"), "config-red-share", "routes.\"sms.a\".red_share"),
        (route("red_share = -0.1"), "config-red-share", "routes.\"sms.a\".red_share"),
        (route("batch = 0"), "config-batch-zero", "routes.\"sms.a\".batch"),
        (route("window = 0"), "config-window-zero", "routes.\"sms.a\".window"),
        (route("timeout_s = 0"), "config-timeout-zero", "routes.\"sms.a\".timeout_s"),
        (route("rate_unit = \"people\""), "config-not-a-word", "routes.\"sms.a\".rate_unit"),
        (route("drill = 1"), "config-wrong-form", "routes.\"sms.a\".drill"),
        (route("breaker = { share = 0 }"), "config-breaker", "routes.\"sms.a\".breaker.share"),
        (route("breaker = { faults = 0 }"), "config-breaker", "routes.\"sms.a\".breaker.faults"),
        (route("breaker = { faulds = 1 }"), "config-unknown-key", "routes.\"sms.a\".breaker.faulds"),
        (route("settings = { token = \"x\" }"), "config-secret-inline", "routes.\"sms.a\".settings.token"),
        (route("settings = { key_file = \"no\" }"), "config-file-missing", "routes.\"sms.a\".settings.key_file"),
        (
            route("settings = { relays = [{ password = \"x\" }] }"),
            "config-secret-inline",
            "routes.\"sms.a\".settings.relays.password",
        ),
        (
            route("settings = { relays = [{ key_file = \"no\" }] }"),
            "config-file-missing",
            "routes.\"sms.a\".settings.relays.key_file",
        ),
        ("[routes.\"sms.a\"]\nchannel = \"sms\"\n".into(), "config-missing-key", "routes.\"sms.a\""),
        (
            "[routes.\"sms.a\"]\nchannel = \"smss\"\nadapter = \"x\"\n".into(),
            "config-not-a-word",
            "routes.\"sms.a\".channel",
        ),
        ("[routes.\"sms/a\"]\nchannel = \"sms\"\nadapter = \"x\"\n".into(), "config-route-name", "routes.\"sms/a\""),
        (issuer("hazards = [\"11A*\"]\nareas = [\"230109001000\"]"), "config-issuer-area", "issuers.flood.areas"),
        (issuer("hazards = [\"11A*\"]\nareas = [\"220109000000\"]"), "config-issuer-area", "issuers.flood.areas"),
        (issuer("hazards = [\"11A*\"]\nareas = [\"太阳岛街道\"]"), "config-issuer-area", "issuers.flood.areas"),
        (issuer("hazards = [\"*11\"]\nareas = [\"*\"]"), "config-hazard-pattern", "issuers.flood.hazards"),
        (issuer("hazards = [\"\"]\nareas = [\"*\"]"), "config-hazard-pattern", "issuers.flood.hazards"),
        (issuer("hazards = []\nareas = [\"*\"]"), "config-issuer-silent", "issuers.flood.hazards"),
        (issuer("hazards = [\"*\"]\nareas = []"), "config-issuer-silent", "issuers.flood.areas"),
        (
            issuer("hazards = [\"*\"]\nareas = [\"*\"]\nsenders = [\"a b\"]"),
            "config-issuer-sender",
            "issuers.flood.senders",
        ),
        ("[areas]\n2301 = \"哈尔滨\"\n".into(), "config-area-code", "areas.2301"),
        (
            "[hazards]\n11b03 = { zh = \"a\", en = \"b\", class = \"natural\" }\n".into(),
            "config-hazard-code",
            "hazards.11b03",
        ),
        ("include = [\"no.toml\"]\n".into(), "config-unreadable", ""),
        ("include = 1\n".into(), "config-wrong-form", "include"),
    ];
    for (text, code, key) in cases {
        let found = refused(&text);
        assert_eq!(found, [(code, key.to_owned())], "{text}");
    }
}

#[test]
fn what_is_probably_meant_is_said() {
    let suggestion = |text: &str| read(text).unwrap_err()[0].suggestion().map(ToOwned::to_owned);
    assert_eq!(suggestion("[server]\nlisen = \"127.0.0.1:1\"\n").as_deref(), Some("listen"));
    assert_eq!(suggestion("[delivery]\nrepeat_in_doubt = [\"ornage\"]\n").as_deref(), Some("orange"));
    assert_eq!(suggestion("[sotre]\n").as_deref(), Some("store"));
    let area = format!("{ISSUER}hazards = [\"*\"]\nareas = [\"太阳岛街道\"]\n");
    assert_eq!(suggestion(&area).as_deref(), Some("230109002000"));
    assert_eq!(suggestion("[server]\nxyzzy = 1\n"), None);
}

#[test]
fn every_mistake_is_found_at_once() {
    let text = "[sever]\n[delivery]\nlift_validity_s = 0\n[retry.sms]\nfirst_s = \"x\"\n\
                [routes.\"sms.a\"]\nchannel = \"sms\"\nadapter = \"simulator\"\nactual = true\nrate_per_s = 0\nred_shar = 1\n\
                [issuers.a]\nname = \"a\"\nhazards = [\"!\"]\nlevels = [\"rot\"]\nareas = [\"*\"]\n";
    let mut codes: Vec<&str> = refused(text).into_iter().map(|(code, _)| code).collect();
    codes.sort_unstable();
    let expected = [
        "config-hazard-pattern",
        "config-not-a-word",
        "config-rate-zero",
        "config-unknown-key",
        "config-unknown-key",
        "config-validity-zero",
        "config-wrong-form",
    ];
    assert_eq!(codes, expected);
}

#[test]
fn line_and_column_are_those_of_the_mistake() {
    let findings = read("# 注释\n[server]\n  listn = 1\n").unwrap_err();
    let spot = findings[0].spot.as_ref().unwrap();
    assert_eq!((spot.line, spot.column, spot.length), (3, 3, 5));
    assert_eq!(spot.text, "  listn = 1");
}

#[test]
fn syntax_mistakes_do_not_hide_the_rest() {
    let found = refused("[server]\nlisten = \n[delivery]\nlift_validity_s = 0\n");
    let codes: Vec<&str> = found.iter().map(|(code, _)| *code).collect();
    assert_eq!(codes, ["config-syntax", "config-validity-zero"]);
}

#[test]
fn the_same_key_in_two_files_is_a_slip() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("fenghuo.toml"), "include = [\"b.toml\"]\n[areas]\n230109000000 = \"松北区\"\n")
        .unwrap();
    fs::write(folder.path().join("b.toml"), "include = []\n[areas]\n230109000000 = \"松北\"\n").unwrap();
    let fault = load(Some(&folder.path().join("fenghuo.toml")), &Environment::default()).unwrap_err();
    let codes: Vec<&str> =
        fault.findings.iter().filter(|finding| finding.weight == Weight::Refuse).map(|finding| finding.code).collect();
    assert_eq!(codes, ["config-include-nested", "config-twice"]);
}

#[test]
fn what_is_odd_but_works_is_advice() {
    assert!(advised("[server]\nlisten = \"0.0.0.0:12379\"\n").contains(&"config-listen-open"));
    assert!(advised("").contains(&"config-no-issuer"));
    assert!(advised(ROUTE).contains(&"config-no-drill-route"));
    assert!(advised(&ROUTE.replace("actual = true", "drill = true")).contains(&"config-no-actual-route"));
    assert!(advised(&ROUTE.replace("actual = true", "")).contains(&"config-route-idle"));
    assert!(advised(&format!("{ROUTE}standby = true\n")).contains(&"config-standby-alone"));
    assert!(advised(&format!("{ROUTE}drill = true\n")).contains(&"config-route-both"));
    assert!(advised(&ROUTE.replace("sms.a", "cmcc")).contains(&"config-route-prefix"));
    let issuer = format!("{ISSUER}hazards = [\"11Z*\"]\nareas = [\"*\"]\n");
    assert!(advised(&issuer).contains(&"config-hazard-unknown"));
    let village = format!("{ISSUER}hazards = [\"*\"]\nareas = [\"230109002001\"]\n");
    assert!(read(&village).is_ok());
}

#[cfg(unix)]
#[test]
fn a_secret_others_can_read_is_advice() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let secret = folder.path().join("p");
    fs::write(&secret, "x").unwrap();
    fs::write(folder.path().join("f.toml"), format!("{ROUTE}settings = {{ password_file = \"p\" }}\n")).unwrap();
    let codes = || {
        let loaded = load(Some(&folder.path().join("f.toml")), &Environment::default()).unwrap();
        loaded.advice.iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(codes().contains(&"config-file-open"));
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    assert!(!codes().contains(&"config-file-open"));
}

/// Two issuers, one of which passes on, and what stands below `[authority]`.
fn powers(lines: &str) -> String {
    format!(
        "[areas]\n230109000000 = \"松北区\"\n\
         [issuers.flood]\nname = \"防指\"\nhazards = [\"11A*\"]\nlevels = [\"yellow\"]\nareas = [\"230109000000\"]\n\
         [issuers.centre]\nname = \"中心\"\nhazards = [\"11B*\"]\nlevels = [\"red\"]\nareas = [\"*\"]\nrelay = true\n\
         {lines}\n"
    )
}

#[test]
fn powers_that_mean_nothing_are_refused() {
    for (lines, code, key) in [
        ("[authority.hazards.\"11b*\"]", "config-authority-pattern", "authority.hazards.\"11b*\""),
        ("[authority]\nprivate_hazards = [\"*\"]", "config-authority-pattern", "authority.private_hazards"),
        (
            "[authority.hazards.\"11B*\"]\noriginators = [\"a b\"]",
            "config-authority-originator",
            "authority.hazards.\"11B*\".originators",
        ),
        (
            "[authority.hazards.\"11B*\"]\noriginators = [\"*\"]",
            "config-authority-originator",
            "authority.hazards.\"11B*\".originators",
        ),
        ("[authority.issuers.flod.\"11A*\"]", "config-authority-issuer", "authority.issuers.flod"),
        (
            "[authority.issuers.flood.\"11A05\"]\nareas = [\"230108000000\"]",
            "config-issuer-area",
            "authority.issuers.flood.11A05.areas",
        ),
        ("[authority.hazards.\"11A*\"]\nlevels = [\"rot\"]", "config-not-a-word", "authority.hazards.\"11A*\".levels"),
        ("[authority.hazards.\"11A*\"]\nlevel = []", "config-unknown-key", "authority.hazards.\"11A*\".level"),
    ] {
        assert_eq!(refused(&powers(lines)), [(code, key.to_owned())], "{lines}");
    }
    let slip = read(&powers("[authority.issuers.flod.\"11A*\"]")).unwrap_err();
    let slip = slip.iter().find(|finding| finding.code == "config-authority-issuer").expect("found");
    assert_eq!(slip.suggestion(), Some("flood"));
}

#[test]
fn what_nobody_may_say_is_said_to_be_so() {
    let about = |lines: &str| -> Vec<(&'static str, String)> {
        let loaded = read(&powers(lines)).expect("it starts");
        let found = loaded
            .advice
            .into_iter()
            .filter(|finding| finding.code.starts_with("config-authority") || finding.code == "config-hazard-nobody");
        found.map(|finding| (finding.code, finding.key)).collect()
    };
    assert_eq!(about(""), [], "without powers nothing is asked");
    for (lines, code, key) in [
        ("[authority.hazards.\"11D*\"]", "config-authority-nobody", "authority.hazards.\"11D*\""),
        ("[authority.hazards.\"11A*\"]\nrelay_only = true", "config-authority-no-relay", "authority.hazards.\"11A*\""),
        (
            "[authority.hazards.\"11A*\"]\nlevels = [\"yellow\", \"blue\"]",
            "config-authority-level-nobody",
            "authority.hazards.\"11A*\".levels",
        ),
        ("[authority.hazards.\"11Z*\"]\nlevels = []", "config-authority-hazard-unknown", "authority.hazards.\"11Z*\""),
        ("[authority.issuers.flood.\"11B03\"]", "config-authority-not-own", "authority.issuers.flood.11B03"),
        (
            "[authority.issuers.flood.\"11A05\"]\nlevels = []",
            "config-authority-silent",
            "authority.issuers.flood.11A05.levels",
        ),
    ] {
        let found = about(lines);
        assert!(found.contains(&(code, key.to_owned())), "{lines}: {found:?}");
    }
    // 11C00 and others: the built-in list knows them, and neither issuer may say them.
    assert!(about("[authority.hazards.\"11A*\"]").contains(&("config-hazard-nobody", "issuers".to_owned())));
    let granted = "[authority.hazards.\"11A*\"]\nlevels = [\"yellow\", \"blue\"]\n\
                   [authority.issuers.flood.\"11A05\"]\nlevels = [\"blue\"]";
    assert!(
        !about(granted).iter().any(|(code, _)| *code == "config-authority-level-nobody"),
        "an exception signs, too"
    );
    let whole = "[issuers.office]\nname = \"办\"\nhazards = [\"1*\"]\nlevels = [\"yellow\", \"blue\"]\nareas = [\"*\"]\n\
                 [authority.hazards.\"11A*\"]\nlevels = [\"yellow\"]\n[authority.hazards.\"11B*\"]\nrelay_only = true";
    assert_eq!(about(whole), []);
}
