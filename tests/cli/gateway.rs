//! The program against a gateway it runs itself: the way of an operator, by command line alone.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Stdio},
};

use serde_json::Value;

use super::{
    program::{Ended, command, fenghuo, run},
    repository,
};

/// A gateway in a process of its own, with the sample configuration and a key for each role.
struct Serving {
    folder: tempfile::TempDir,
    process: Child,
    server: String,
}

impl Drop for Serving {
    fn drop(&mut self) {
        // It has ended by itself when it was told to; after a failed test it must not stay behind.
        let _ended = self.process.kill();
        let _waited = self.process.wait();
    }
}

impl Serving {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("data").display().to_string();
        let keys: [(&str, &[&str]); 3] = [
            ("relay", &["--role", "issuer", "--issuer", "relay"]),
            ("operator", &["--role", "operator"]),
            ("security", &["--role", "security"]),
        ];
        for (name, arguments) in keys {
            let made = fenghuo(&[&["keys", "create", "--data", &data], arguments].concat());
            assert_eq!(made.code, 0, "{}", made.err);
            // The key alone, so that it can go straight into a file.
            assert!(made.out.starts_with("fh_") && made.out.lines().count() == 1, "{}", made.out);
            fs::write(folder.path().join(name), made.out).expect("written");
        }
        let config = repository("config/fenghuo.toml");
        let mut process = command("zh_CN.UTF-8")
            .args(["serve", "--config", &config, "--data", &data, "--listen", "127.0.0.1:0"])
            .env("FENGHUO_LOG", "error")
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the gateway starts");
        let lines = BufReader::new(process.stderr.take().expect("piped"));
        let mut lines = lines.lines().map_while(Result::ok);
        let started = lines.find(|line| line.contains("http://")).expect("says where it listens");
        let server =
            started.split_whitespace().find(|word| word.starts_with("http://")).expect("an address").to_owned();
        // What it says later must be read, or it would wait for its reader.
        std::thread::spawn(move || lines.for_each(drop));
        Self { folder, process, server }
    }

    fn data(&self) -> String {
        self.folder.path().join("data").display().to_string()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A client command with the key of this name.
    fn call(&self, key: &str, arguments: &[&str]) -> Ended {
        let mut command = command("zh_CN.UTF-8");
        command.args(arguments).env("FENGHUO_SERVER", &self.server).env("FENGHUO_KEY_FILE", self.file(key));
        run(&mut command)
    }

    fn stop(mut self) -> i32 {
        let id = self.process.id().to_string();
        let killed = std::process::Command::new("kill").args(["-TERM", &id]).status().expect("kill");
        assert!(killed.success());
        self.process.wait().expect("ends").code().unwrap_or(-1)
    }
}

fn recipients(file: &Path, count: usize) {
    let line = |n: usize| {
        let recipient = serde_json::json!({
            "external_id": format!("p{n}"), "areas": ["230109002000"], "drill": true,
            "endpoints": {"sms": format!("+999138{n:08}")},
        });
        format!("{recipient}\n")
    };
    fs::write(file, (0..count).map(line).collect::<String>()).expect("written");
}

#[test]
fn an_operator_takes_a_drill_from_import_to_lift() {
    let serving = Serving::start();
    let people = serving.file("people.ndjson");
    recipients(&people, 40);
    let people = people.display().to_string();
    let imported = serving.call("operator", &["import", &people, "--json"]);
    assert_eq!((imported.code, &imported.json()["created"]), (0, &40.into()), "{}", imported.err);
    let again = serving.call("operator", &["import", &people, "--json"]).json();
    assert_eq!((&again["unchanged"], &again["created"]), (&40.into(), &0.into()));

    let drill = repository("config/demo/red-drill.xml");
    let dry = serving.call("relay", &["send", &drill, "--dry-run", "--json"]);
    assert_eq!((dry.code, &dry.json()["audience"]["sms"]), (0, &40.into()), "{}", dry.err);
    assert_eq!(serving.call("relay", &["status", "--json"]).json()["items"], Value::Array(Vec::new()));

    let sent = serving.call("relay", &["send", &drill, "--watch", "--json"]);
    assert_eq!(sent.code, 0, "{}", sent.err);
    let lines: Vec<Value> = sent.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!((lines.len(), &lines[0]["repeat"]), (2, &Value::Bool(false)));
    let id = lines[0]["id"].as_str().expect("an id").to_owned();
    assert_eq!((&lines[1]["warning"], &lines[1]["channels"]["sms"]["audience"]), (&id.as_str().into(), &40.into()));
    let repeat = serving.call("relay", &["send", &drill, "--json"]).json();
    assert_eq!((&repeat["id"], &repeat["repeat"]), (&id.as_str().into(), &Value::Bool(true)));

    // Nobody at a terminal and no --yes: nothing happens, and the flag is named.
    let asked = serving.call("operator", &["lift", &id]);
    assert_eq!(asked.code, 2);
    assert!(asked.err.contains("--yes"), "{}", asked.err);
    let wrong = serving.call("operator", &["lift", &id, "--yes", "--confirm", "blue"]);
    assert_eq!(wrong.code, 2, "{}", wrong.err);
    let stands = serving.call("operator", &["status", "--active", "--json"]).json();
    assert_eq!(stands["items"][0]["id"], id.as_str());
    let lifted = serving.call("operator", &["lift", &id, "--yes", "--json"]);
    assert_eq!((lifted.code, &lifted.json()["lifted"]), (0, &id.as_str().into()), "{}", lifted.err);
    let watched = serving.call("operator", &["watch", lifted.json()["id"].as_str().expect("an id")]);
    assert_eq!(watched.code, 0, "{}", watched.err);
    assert!(!watched.out.contains('\u{1b}') && watched.out.contains("40"), "{}", watched.out);
    assert_eq!(serving.stop(), 0);
}

#[test]
fn an_operator_corrects_a_drill_that_was_a_mistake() {
    let serving = Serving::start();
    let people = serving.file("people.ndjson");
    recipients(&people, 8);
    assert_eq!(serving.call("operator", &["import", &people.display().to_string()]).code, 0);
    let sent = serving.call("relay", &["send", &repository("config/demo/red-drill.xml"), "--watch", "--json"]);
    let first: Value = serde_json::from_str(sent.out.lines().next().expect("a line")).expect("JSON");
    let id = first["id"].as_str().expect("an id");

    let asked = serving.call("operator", &["correct", id]);
    assert_eq!(asked.code, 2);
    assert!(asked.err.contains("--yes"), "{}", asked.err);
    let wrong = serving.call("operator", &["correct", id, "--yes", "--confirm", "lift"]);
    assert_eq!(wrong.code, 2, "{}", wrong.err);
    let stands = serving.call("operator", &["status", "--active", "--json"]).json();
    assert_eq!(stands["items"][0]["id"], id, "nothing happened yet");
    let corrected = serving.call("operator", &["correct", id, "--yes", "--reason", "误发", "--json"]);
    assert_eq!(
        (corrected.code, &corrected.json()["corrected"]),
        (0, &id.into()),
        "{} {}",
        corrected.out,
        corrected.err
    );
    let correction = corrected.json()["id"].as_str().expect("an id").to_owned();
    let watched = serving.call("operator", &["watch", &correction]);
    assert_eq!(watched.code, 0, "{}", watched.err);
    let again = serving.call("operator", &["correct", id, "--yes", "--json"]);
    assert_eq!((again.code, again.json()["id"].as_str()), (0, Some(correction.as_str())), "{}", again.err);
    assert_eq!(serving.stop(), 0);
}

#[test]
fn an_operator_sends_failed_ones_again() {
    let serving = Serving::start();
    let people = serving.file("people.ndjson");
    let line = |number: &str| {
        let recipient = serde_json::json!({
            "external_id": number, "areas": ["230109002000"], "drill": true, "endpoints": {"sms": number},
        });
        format!("{recipient}\n")
    };
    fs::write(&people, ["19900009010", "19900009001", "13800000001"].map(line).concat()).expect("written");
    let imported = serving.call("operator", &["import", &people.display().to_string(), "--json"]);
    assert_eq!((imported.code, &imported.json()["created"]), (0, &3.into()), "{}", imported.err);
    let sent = serving.call("relay", &["send", &repository("config/demo/red-drill.xml"), "--watch", "--json"]);
    let first: Value = serde_json::from_str(sent.out.lines().next().expect("a line")).expect("JSON");
    let id = first["id"].as_str().expect("an id");

    let asked = serving.call("operator", &["retry", id]);
    assert_eq!(asked.code, 2);
    assert!(asked.err.contains("--yes"), "{}", asked.err);
    let retried = serving.call("operator", &["retry", id, "--yes", "--nonce", "n1", "--json"]);
    assert_eq!((retried.code, &retried.json()["retried"]["put_back"]), (0, &1.into()), "{}", retried.err);
    assert!(retried.err.contains('1'), "what failed was shown first: {}", retried.err);
    let again = serving.call("operator", &["retry", id, "--yes", "--nonce", "n1", "--json"]);
    assert_eq!(again.json()["retried"], retried.json()["retried"], "the same order");
    let named = ["retry", id, "--yes", "--channel", "sms", "--failed-by", "recipient_refused", "--reason", "r"];
    let named = serving.call("operator", &named);
    assert_eq!(named.code, 0, "{}", named.err);
    assert!(named.out.contains('1'), "{}", named.out);
    let wrong = serving.call("operator", &["retry", id, "--yes", "--channel", "fax"]);
    assert_eq!(wrong.code, 2, "{}", wrong.err);
    let refused = serving.call("relay", &["retry", id, "--yes"]);
    assert_eq!(refused.code, 4, "an issuer may not: {}", refused.err);
}

#[test]
fn the_json_of_the_readme_is_taken() {
    let serving = Serving::start();
    let dry = serving.call("relay", &["send", &repository("config/demo/warning.json"), "--dry-run", "--json"]);
    assert_eq!((dry.code, &dry.json()["level"]), (0, &"yellow".into()), "{}", dry.err);
}

#[test]
fn the_national_form_is_sent_like_any_other_file() {
    let serving = Serving::start();
    let form = repository("tests/fixtures/national/valid-national-county.xml");
    let sent = serving.call("relay", &["send", &form, "--json"]);
    assert_eq!((sent.code, &sent.json()["warning"]["hazard"]), (0, &"11B03".into()), "{}", sent.err);
    let wrong = serving.call("relay", &["send", &repository("tests/fixtures/national/national-status.xml")]);
    assert_eq!(wrong.code, 6, "{}", wrong.err);
    assert!(wrong.err.contains("/alert/status") && wrong.err.contains("Exercise"), "{}", wrong.err);
}

#[test]
fn what_goes_wrong_has_its_exit_code() {
    let serving = Serving::start();
    let drill = repository("config/demo/red-drill.xml");
    let broken = serving.file("broken.json");
    fs::write(&broken, "{\"a\":1}").expect("written");
    let refused = serving.call("relay", &["send", &broken.display().to_string()]);
    assert_eq!(refused.code, 6, "{}", refused.err);
    assert!(refused.err.contains("/a") && refused.err.contains("fenghuo explain"), "{}", refused.err);
    assert_eq!(serving.call("operator", &["keys", "list"]).code, 4);
    let keyless = fenghuo(&["send", &drill, "--server", &serving.server]);
    assert_eq!(keyless.code, 4);
    assert!(keyless.err.contains("--key-file"), "{}", keyless.err);
    assert_eq!(serving.call("operator", &["watch", "no-such-warning"]).code, 1);
    assert_eq!(serving.call("operator", &["send", "/no/such/file"]).code, 1);

    let bad = serving.file("bad.csv");
    fs::write(&bad, "编号,手机,区划,演练\np1,+99913800000001,230109002000,是\np2,abc,230109002000,是\n")
        .expect("written");
    let partly = serving.call("operator", &["import", &bad.display().to_string()]);
    assert_eq!(partly.code, 3, "{} {}", partly.out, partly.err);
}

#[test]
fn keys_are_made_listed_and_revoked_on_both_ways() {
    let serving = Serving::start();
    // A gateway holds the directory: the other way is named.
    let held = fenghuo(&["keys", "list", "--data", &serving.data()]);
    assert_eq!(held.code, 5);
    assert!(held.err.contains("--server"), "{}", held.err);
    let made = serving.call("security", &["keys", "create", "--role", "auditor", "--note", "n", "--json"]).json();
    assert!(made["secret"].as_str().is_some_and(|secret| secret.starts_with("fh_")));
    let id = made["id"].as_str().expect("an id").to_owned();
    assert_eq!(serving.call("security", &["keys", "revoke", &id]).code, 0);
    let listed = serving.call("security", &["keys", "list", "--json"]).json();
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(4));
    let data = serving.data();
    let folder = serving.folder.path().to_owned();
    // Proving the directory needs no gateway to stop.
    let proved = fenghuo(&["verify", "--data", &data, "--json"]);
    assert_eq!((proved.code, &proved.json()["sound"]), (0, &Value::Bool(true)), "{}", proved.err);
    let mut serving = serving;
    let keep = std::mem::replace(&mut serving.folder, tempfile::tempdir().expect("a folder"));
    assert_eq!(serving.stop(), 0);

    let offline = fenghuo(&["keys", "list", "--data", &data, "--json"]).json();
    let revoked = offline["items"].as_array().expect("a list").iter().find(|key| key["id"] == id.as_str()).cloned();
    assert!(revoked.expect("listed")["revoked_at"].is_string());
    assert_eq!(fenghuo(&["keys", "revoke", &id, "--data", &data]).code, 0);
    assert_eq!(fenghuo(&["keys", "revoke", "key-0", "--data", &data]).code, 1);
    assert_eq!(fenghuo(&["verify", "--data", &folder.join("none").display().to_string()]).code, 1);
    drop(keep);
}
