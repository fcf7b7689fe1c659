//! The program as people and scripts call it: what it prints where, how it ends.

mod gateway;
mod migrate;
mod program;

use std::{fs, path::Path};

use program::{Ended, fenghuo, fenghuo_in};
use serde_json::Value;

fn repository(path: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path).display().to_string()
}

#[test]
fn without_arguments_it_says_what_it_is_in_both_languages() {
    for (locale, words) in [("zh_CN.UTF-8", "预警"), ("en_US.UTF-8", "warning"), ("C", "预警")] {
        let said = fenghuo_in(locale, &[]);
        assert_eq!((said.code, said.err.as_str()), (0, ""));
        assert!(said.out.contains(words) && said.out.lines().count() <= 10, "{}", said.out);
    }
}

#[test]
fn wrong_arguments_end_with_two_and_say_what_was_meant() {
    let cases: [(&[&str], &str); 9] = [
        (&["sned", "x"], "send"),
        (&["send", "x", "--wach"], "--watch"),
        (&["send"], "<FILE>"),
        (&["keys"], "create"),
        (&["keys", "create", "--role", "isuer"], "issuer"),
        (&["keys", "create", "--role", "issuer", "--data", "nowhere"], "--issuer"),
        (&["keys", "create", "--role", "operator", "--issuer", "flood"], "--issuer"),
        (&["demo", "--recipients", "0"], "--recipients"),
        (&["send", "x", "--server", "ftp://host"], "ftp://host"),
    ];
    for (arguments, word) in cases {
        let ended = fenghuo(arguments);
        // The file is read before the server is looked at.
        let code = if arguments.contains(&"ftp://host") { 1 } else { 2 };
        assert_eq!(ended.code, code, "{arguments:?}: {}", ended.err);
        assert!(ended.out.is_empty(), "{}", ended.out);
        assert!(code == 1 || ended.err.contains(word), "{arguments:?}: {}", ended.err);
    }
}

#[test]
fn errors_are_json_lines_when_asked_for() {
    let ended = fenghuo(&["status", "--server", "http://127.0.0.1:1", "--json"]);
    assert_eq!((ended.code, ended.out.as_str()), (10, ""));
    let line: Value = serde_json::from_str(ended.err.trim()).expect("one line of JSON");
    assert_eq!((&line["type"], &line["code"], &line["exit"]), (&"error".into(), &"cli-unreachable".into(), &10.into()));
}

#[test]
fn completions_are_scripts_that_know_the_commands() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = fenghuo(&["completions", shell]);
        assert_eq!(script.code, 0);
        assert!(script.out.contains("explain") && script.out.contains("deny-warnings"), "{shell}");
    }
    let script = fenghuo(&["completions", "bash"]).out;
    let file = tempfile::NamedTempFile::new().expect("a file");
    fs::write(file.path(), script).expect("written");
    let read = std::process::Command::new("bash").arg("-n").arg(file.path()).output().expect("bash");
    assert!(read.status.success(), "{}", String::from_utf8_lossy(&read.stderr));
}

#[test]
fn manual_pages_are_written_for_every_command() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().display().to_string();
    assert_eq!(fenghuo_in("en_US.UTF-8", &["man", &path]).code, 0);
    for page in ["fenghuo.1", "fenghuo-send.1", "fenghuo-keys-create.1", "fenghuo-verify.1"] {
        let text = fs::read_to_string(folder.path().join(page)).expect(page);
        assert!(text.starts_with(".ie") && text.contains(".SH NAME"), "{page}: {text}");
    }
}

#[test]
fn the_version_names_its_commit() {
    let version = fenghuo(&["version", "--json"]).json();
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    assert!(version["commit"].as_str().is_some_and(|commit| !commit.is_empty()));
    assert!(fenghuo(&["--version"]).out.starts_with("fenghuo "));
}

#[test]
fn a_code_is_explained_in_the_callers_language_and_a_slip_is_corrected() {
    let chinese = fenghuo_in("zh_CN.UTF-8", &["explain", "recipient_refused"]);
    let english = fenghuo_in("en_US.UTF-8", &["explain", "recipient_refused"]);
    assert_eq!((chinese.code, english.code), (0, 0));
    assert!(chinese.out.contains("怎么办") && english.out.contains("What to do"));
    let both = fenghuo(&["explain", "3", "--json"]).json();
    assert!(both["texts"]["zh-CN"]["title"].is_string() && both["texts"]["en"]["title"].is_string());
    let slip = fenghuo(&["explain", "area-unknwn"]);
    assert_eq!(slip.code, 1);
    assert!(slip.err.contains("area-unknown"), "{}", slip.err);
    assert!(fenghuo(&["explain", "--json"]).json()["codes"].as_array().is_some_and(|codes| codes.len() > 100));
}

#[test]
fn check_passes_the_sample_and_names_every_mistake_of_a_bad_file() {
    let passed = fenghuo(&["check", "--config", &repository("config/fenghuo.toml"), "--json"]);
    assert_eq!((passed.code, &passed.json()["ok"]), (0, &Value::Bool(true)), "{}", passed.out);
    let denied = fenghuo(&["check", "--config", &repository("config/fenghuo.toml"), "--deny-warnings"]);
    assert_eq!(denied.code, 1);

    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("bad.toml");
    let text = "[server]\nlisten = \"nowhere\"\n[routes.\"sms.a\"]\nchannel = \"sms\"\nadapter = \"simulator\"\n\
                drill = true\nrate_per_s = 0\nred_shar = 0.1\n";
    fs::write(&file, text).expect("written");
    let path = file.display().to_string();
    let refused = fenghuo(&["check", "--config", &path, "--json"]);
    assert_eq!(refused.code, 1);
    let findings = refused.json()["findings"].as_array().cloned().expect("a list");
    let of = |code: &str| findings.iter().find(|finding| finding["code"] == code).cloned().unwrap_or_default();
    assert_eq!(of("config-wrong-form")["line"], 2);
    assert_eq!((&of("config-rate-zero")["line"], &of("config-rate-zero")["column"]), (&7.into(), &14.into()));
    assert_eq!(of("config-unknown-key")["suggestion"], "red_share");
    assert!(of("config-rate-zero")["messages"]["en"]["consequence"].is_string());
    let shown = fenghuo_in("en_US.UTF-8", &["check", "--config", &path]).out;
    assert!(shown.contains("bad.toml:7:14") && shown.contains("Did you mean red_share?"), "{shown}");
}

#[test]
fn check_names_an_adapter_that_does_not_exist_and_settings_it_does_not_take() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("f.toml");
    let route = |name: &str, rest: &str| format!("[routes.\"{name}\"]\nchannel = \"sms\"\ndrill = true\n{rest}\n");
    let text =
        route("sms.a", "adapter = \"simulater\"") + &route("sms.b", "adapter = \"simulator\"\nsettings = { no = 1 }");
    fs::write(&file, text).expect("written");
    let findings = fenghuo(&["check", "--config", &file.display().to_string(), "--json"]).json()["findings"].clone();
    let codes: Vec<&str> =
        findings.as_array().expect("a list").iter().filter_map(|finding| finding["code"].as_str()).collect();
    assert!(codes.contains(&"config-adapter-unknown") && codes.contains(&"config-adapter-settings"), "{codes:?}");
}

#[test]
fn check_asks_the_providers_when_told_to() {
    let live = fenghuo(&["check", "--config", &repository("config/fenghuo.toml"), "--live", "--json"]).json();
    let probes = live["probes"].as_array().expect("a list");
    assert!(probes.len() >= 5 && probes.iter().all(|probe| probe["ok"] == true), "{probes:?}");
}

#[test]
fn the_demonstration_ends_with_numbers_that_add_up() {
    let Ended { code, out, err } =
        fenghuo(&["demo", "--exit", "--json", "--recipients", "300", "--listen", "127.0.0.1:0"]);
    assert_eq!(code, 0, "{err}");
    assert_eq!(out.lines().count(), 1, "{out}");
    let summary: Value = serde_json::from_str(&out).expect("JSON");
    assert!(summary["warning"].is_string() && summary["done"] == true);
    let states =
        ["pending", "in_flight", "accepted", "delivered", "confirmed", "failed", "expired", "withdrawn", "superseded"];
    let channels = summary["channels"].as_object().expect("channels");
    assert_eq!(channels.keys().collect::<Vec<_>>(), ["display", "email", "push", "sms", "wechat"]);
    for (name, numbers) in channels {
        let sum: u64 = states.iter().map(|state| numbers[state].as_u64().expect(state)).sum();
        assert_eq!(Some(sum), numbers["audience"].as_u64(), "{name}");
    }
    assert_eq!(channels["display"]["audience"], 12);
    assert_eq!(channels["display"]["delivered"], 11);
    for line in err.lines() {
        serde_json::from_str::<Value>(line).unwrap_or_else(|fault| panic!("{fault}: {line}"));
    }
}
