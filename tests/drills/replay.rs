//! `fenghuo drill replay`, from outside.

use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::support::message::{following, warning};

fn replay(folder: &std::path::Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fenghuo"));
    command.env_clear().env("LANG", "en_US.UTF-8").stdin(Stdio::null()).current_dir(folder);
    for name in ["PATH", "TMPDIR"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command.args(["drill", "replay", "--recipients", "2000", "--speed", "3600"]).args(arguments);
    command.output().expect("the program runs")
}

/// A story: an actual yellow one, raised to red after an hour, lifted after another; then a test of its own, which nothing
/// ends.
fn story(folder: &std::path::Path) -> [String; 4] {
    let mut first = warning("S1", "yellow");
    first["status"] = "actual".into();
    let mut second = following(&first, "S2", "update");
    second["infos"][0]["level"] = "red".into();
    let mut lift = following(&second, "S3", "cancel");
    lift["sent"] = "2026-11-24T10:00:00+08:00".into();
    let references = [&first, &second].map(
        |earlier| json!({"sender": earlier["sender"], "identifier": earlier["identifier"], "sent": earlier["sent"]}),
    );
    lift["references"] = json!(references);
    let mut last = warning("S4", "blue");
    last["status"] = "test".into();
    last["sent"] = "2026-11-24T11:00:00+08:00".into();
    // One of them as CAP: the forms may be mixed.
    let cap = fenghuo::domain::json::read(second.to_string().as_bytes()).message.expect("a message");
    let files = [
        ("a.json", first.to_string()),
        ("b.xml", fenghuo::domain::cap::write(&cap)),
        ("c.json", lift.to_string()),
        ("d.json", last.to_string()),
    ];
    files.map(|(name, text)| {
        std::fs::write(folder.join(name), text).expect("written");
        name.to_owned()
    })
}

const STATES: [&str; 9] =
    ["pending", "in_flight", "accepted", "delivered", "confirmed", "failed", "expired", "withdrawn", "superseded"];

#[test]
fn a_story_is_played_and_its_report_adds_up() {
    let folder = tempfile::tempdir().expect("a folder");
    let [a, b, c, d] = story(folder.path());
    // The order of the files is not that of the story.
    let ended = replay(folder.path(), &[&d, &c, &a, &b, "--json"]);
    let (out, err) = (String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr));
    assert_eq!(ended.status.code(), Some(0), "{out}{err}");
    assert_eq!(out.lines().count(), 1, "{out}");
    let report: Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((&report["adds_up"], &report["refused"], &report["screens"]), (&json!(true), &json!(0), &json!(12)));
    let warnings = report["warnings"].as_array().expect("a list");
    let order: Vec<&Value> = warnings.iter().map(|warning| &warning["identifier"]).collect();
    assert_eq!(order, ["S1", "S2", "S3", "S4"]);
    let (mut sums, mut audience) = ([0; 9], 0);
    for (warning, after) in warnings.iter().zip([0, 3_600, 7_200, 10_800]) {
        let was_actual = after < 10_800;
        let status = if was_actual { "exercise" } else { "test" };
        assert_eq!((&warning["status"], &warning["was_actual"]), (&json!(status), &json!(was_actual)));
        assert_eq!((&warning["after_in_story_s"], &warning["done"]), (&json!(after), &json!(true)));
        for (name, channel) in warning["channels"].as_object().expect("channels") {
            let count = |state: &str| channel[state].as_u64().expect("a count");
            let counts = STATES.map(count);
            assert_eq!(counts.iter().sum::<u64>(), count("audience"), "{name}: {channel:#}");
            let by_reason = channel["failed_by_reason"].as_object().expect("reasons");
            assert_eq!(by_reason.values().filter_map(Value::as_u64).sum::<u64>(), count("failed"), "{name}");
            for times in ["accepted_ms", "delivered_ms"] {
                let parts = ["50", "90", "99"].map(|part| channel[times][part].as_u64());
                let known: Vec<u64> = parts.into_iter().flatten().collect();
                assert!(known.is_sorted(), "{name} {times}: {known:?}");
                // A part that was not reached has no time, and neither has a larger one.
                assert!(parts.iter().skip_while(|part| part.is_some()).all(Option::is_none), "{name} {times}");
            }
            sums.iter_mut().zip(counts).for_each(|(sum, count)| *sum += count);
            audience += count("audience");
        }
    }
    for (state, sum) in STATES.iter().zip(sums) {
        assert_eq!(report["totals"][state], sum, "{state}");
    }
    assert_eq!(report["totals"]["deliveries"], audience);
    let whole = &warnings[3]["channels"];
    assert!(whole["sms"]["accepted_ms"]["99"].is_u64() && whole["sms"]["delivered_ms"]["50"].is_u64(), "{whole:#}");
    let dead = whole["sms"]["dead"].as_u64().expect("a count");
    let listed = whole["sms"]["dead_listed"].as_array().expect("a list");
    assert!(dead > 0 && !listed.is_empty() && listed.iter().all(|number| number.as_str().unwrap().contains("****")));
    assert_eq!(report["dead_screens"], json!(["leye-hall", "wanbao-school"]));
    assert_eq!(whole["display"]["dead_screens"].as_array().map(Vec::len), Some(2));
    for line in err.lines() {
        serde_json::from_str::<Value>(line).unwrap_or_else(|fault| panic!("{fault}: {line}"));
    }
}

#[test]
fn what_is_refused_is_reported_and_told_by_the_exit_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let [a, ..] = story(folder.path());
    // A stranger to the story: an exercise that ends an actual event of it would be one too, were it not played as one.
    let mut first: Value = serde_json::from_str(&std::fs::read_to_string(folder.path().join(&a)).unwrap()).unwrap();
    first["identifier"] = "S9".into();
    first["status"] = "test".into();
    let mut mixed = following(&first, "S10", "cancel");
    mixed["status"] = "exercise".into();
    std::fs::write(folder.path().join("h.json"), first.to_string()).unwrap();
    std::fs::write(folder.path().join("e.json"), mixed.to_string()).unwrap();
    let ended = replay(folder.path(), &["h.json", "e.json"]);
    let out = String::from_utf8_lossy(&ended.stdout);
    assert_eq!(ended.status.code(), Some(6), "{out}{}", String::from_utf8_lossy(&ended.stderr));
    assert!(out.contains("event-status-differs") && out.contains("2 warnings, 1 refused"), "{out}");
    assert!(out.contains("accepted 50%") && out.contains("delivered 99%"), "{out}");

    std::fs::write(folder.path().join("f.json"), "{}").unwrap();
    let ended = replay(folder.path(), &["f.json", "g.json"]);
    assert_eq!((ended.status.code(), ended.stdout.as_slice()), (Some(1), &b""[..]), "a file that is not there");
    let ended = replay(folder.path(), &["f.json"]);
    let err = String::from_utf8_lossy(&ended.stderr);
    assert!(ended.status.code() == Some(6) && err.contains("f.json"), "{err}");
    assert_eq!(replay(folder.path(), &[]).status.code(), Some(2), "no file");
    assert_eq!(replay(folder.path(), &["f.json", "--speed", "0"]).status.code(), Some(2));
}
