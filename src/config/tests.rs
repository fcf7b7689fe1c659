use std::{fs, path::Path};

use fenghuo_contract::Channel;

use super::{Config, ConfigFinding, Environment, Loaded, finding::Weight, load, schema};
use crate::{domain::level::Level, messages::Lang};

fn sample(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(name)
}

fn read(text: &str) -> Result<Loaded, Vec<ConfigFinding>> {
    read_with(text, &[])
}

fn read_with(text: &str, environment: &[(&str, &str)]) -> Result<Loaded, Vec<ConfigFinding>> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("fenghuo.toml");
    fs::write(&file, text).expect("written");
    load(Some(&file), &environment.iter().copied().collect()).map_err(|fault| fault.findings)
}

fn refused(text: &str) -> Vec<(&'static str, String)> {
    let findings = read(text).expect_err("refused");
    let refusing = findings.into_iter().filter(|finding| finding.weight == Weight::Refuse);
    refusing.map(|finding| (finding.code, finding.key)).collect()
}

fn advised(text: &str) -> Vec<&'static str> {
    read(text).unwrap().advice.iter().map(|finding| finding.code).collect()
}

mod bad_files;
mod sample_files;

#[test]
fn layers_lie_over_each_other() {
    let file = "[server]\nlisten = \"127.0.0.1:1\"\n[retry.sms]\nattempts_max = 3\n";
    let variables = [
        ("FENGHUO_SERVER__LISTEN", "127.0.0.1:2"),
        ("FENGHUO_TEXTS__LANGUAGES", "en,zh-CN"),
        ("FENGHUO_RETRY__SMS__FIRST_S", "1.5"),
        ("FENGHUO_SERVER", "http://elsewhere"),
        ("PATH", "/bin"),
    ];
    let config = read_with(file, &variables).unwrap().config;
    assert_eq!(config.server.listen.port(), 2);
    assert_eq!(config.texts.languages, ["en", "zh-CN"]);
    let (yellow, red) = (config.retry_times(Channel::Sms, Level::Yellow), config.retry_times(Channel::Sms, Level::Red));
    assert_eq!((yellow.first_s.as_millis(), yellow.longest_s.as_secs(), yellow.attempts_max), (1500, 60, 3));
    assert_eq!(
        (red.first_s.as_secs(), red.longest_s.as_secs(), red.attempts_max),
        (1, 15, 0),
        "a level says before a channel"
    );
}

#[test]
fn a_variable_reaches_into_a_named_route_and_its_settings() {
    let file = "[routes.\"sms.cm-cc\"]\nchannel = \"sms\"\nadapter = \"simulator\"\nactual = true\n";
    let variables = [
        ("FENGHUO_ROUTES__SMS_CM_CC__RATE_PER_S", "200"),
        ("FENGHUO_ROUTES__SMS_CM_CC__SETTINGS__HOST", "smsc.example"),
    ];
    let config = read_with(file, &variables).unwrap().config;
    let route = &config.routes["sms.cm-cc"];
    assert_eq!(route.rate_per_s, Some(200));
    assert_eq!(route.settings["host"].as_str(), Some("smsc.example"));
}

#[test]
fn a_variable_that_means_nothing_is_refused_with_a_suggestion() {
    let findings = read_with("", &[("FENGHUO_SERVER__LISTN", "127.0.0.1:2")]).unwrap_err();
    assert_eq!(findings[0].code, "config-env-unknown");
    assert_eq!(findings[0].suggestion(), Some("FENGHUO_SERVER__LISTEN"));
    let spot = findings[0].spot.as_ref().unwrap();
    assert_eq!((spot.source.as_str(), spot.column), ("FENGHUO_SERVER__LISTN", 1));
}

#[test]
fn a_wrong_value_in_a_variable_points_at_the_value() {
    let findings = read_with("", &[("FENGHUO_DELIVERY__LIFT_VALIDITY_S", "many")]).unwrap_err();
    assert_eq!(findings[0].code, "config-wrong-form");
    assert_eq!(findings[0].spot.as_ref().unwrap().column, "FENGHUO_DELIVERY__LIFT_VALIDITY_S=".len() + 1);
}

#[test]
fn relative_paths_are_relative_to_the_file_they_stand_in() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join("more/templates")).unwrap();
    fs::write(folder.path().join("more/secret.txt"), "s").unwrap();
    fs::write(folder.path().join("fenghuo.toml"), "include = [\"more/texts.toml\"]\n[store]\ndata = \"here\"\n")
        .unwrap();
    let more = "[texts]\ntemplates = \"templates\"\n[routes.\"email.a\"]\nchannel = \"email\"\nadapter = \"email\"\n\
                actual = true\nsettings = { password_file = \"secret.txt\" }\n";
    fs::write(folder.path().join("more/texts.toml"), more).unwrap();
    let loaded = load(Some(&folder.path().join("fenghuo.toml")), &Environment::default()).unwrap();
    assert_eq!(loaded.config.store.data, folder.path().join("here"));
    assert_eq!(loaded.config.texts.templates, Some(folder.path().join("more/templates")));
    let secret = loaded.config.routes["email.a"].settings["password_file"].as_str().unwrap().to_owned();
    assert_eq!(Path::new(&secret), folder.path().join("more/secret.txt"));
    assert_eq!(loaded.files.len(), 2);
}

#[test]
fn details_that_go_before_the_logs_may_are_advised_against() {
    assert!(advised("[retention]\ndetails_days = 30\n").contains(&"config-details-short"));
    assert!(advised("[store]\nuser = \"a\"\n").contains(&"config-store-unused"));
    assert!(!advised("[retention]\ndetails_days = 180\n").contains(&"config-details-short"));
}

#[test]
fn a_report_points_with_a_caret_under_wide_characters_too() {
    let findings = read("[routes.\"sms.a\"]\nchannel = \"sms\"\nadapter = \"甲\" # 名\nrate_per_s = 0\n").unwrap_err();
    let report = findings[0].report(Lang::English);
    assert!(report.contains("4 | rate_per_s = 0\n"), "{report}");
    let lines: Vec<&str> = report.lines().collect();
    let at = lines.iter().position(|line| line.contains("4 | ")).unwrap();
    assert_eq!(lines[at].find('0'), lines[at + 1].find('^'), "{report}");
    let findings = read("areas = { \"松北\" = 1, \"230109000000\" = \"松北区\" }\n").unwrap_err();
    let report = findings[0].report(Lang::Chinese);
    assert!(report.contains(":1:11"), "{report}");
}

#[test]
fn a_file_that_is_not_there_is_said_to_be() {
    let fault = load(Some(Path::new("/nowhere/fenghuo.toml")), &Environment::default()).unwrap_err();
    assert_eq!(fault.findings[0].code, "config-unreadable");
}

#[test]
fn a_secret_is_never_shown() {
    let file = "[routes.\"email.a\"]\nchannel = \"email\"\nadapter = \"email\"\nactual = true\n\
                settings = { password = \"hunter2\" }\n";
    let findings = read(file).unwrap_err();
    assert_eq!(findings[0].code, "config-secret-inline");
    assert_eq!(findings[0].suggestion(), Some("password_file"));
    assert!(!format!("{findings:?}{}", findings[0].report(Lang::English)).contains("hunter2"));
}

#[test]
fn every_finding_has_its_sentence_its_consequence_and_what_to_do() {
    let sources = [include_str!("layers.rs"), include_str!("structure.rs"), include_str!("consequences.rs")];
    let more = [
        include_str!("consequences/issuers.rs"),
        include_str!("consequences/routes.rs"),
        include_str!("consequences/authority.rs"),
        include_str!("consequences/roster.rs"),
    ];
    let sources = sources.into_iter().chain(more);
    let codes: Vec<&str> =
        sources.flat_map(|source| source.split('"').filter(|word| word.starts_with("config-"))).collect();
    assert!(codes.len() > 30);
    for code in codes {
        for lang in Lang::ALL {
            assert!(crate::messages::is_code(code), "{code}");
            assert!(crate::messages::attribute(lang, code, "so").is_some(), "{code}.so");
            assert!(crate::messages::action(lang, code).is_some(), "{code}.action");
        }
    }
}
