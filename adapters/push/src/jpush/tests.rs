//! Against a stand-in written from the documentation of JPush's REST API v3.

use std::sync::Arc;

use fenghuo_contract::{
    Address, Reference, Scope,
    conformance::{self, Samples},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::peer::{self, Reply, Seen, Server, kind};

const BUDGET: Duration = Duration::from_secs(10);
const NOW: i64 = 1_795_478_400;

/// Everything it demands of a push; what it finds wrong is an error of its documentation.
fn jpush(request: &Seen) -> Reply {
    // base64("key:secret")
    if request.header("authorization") != "Basic a2V5OnNlY3JldA==" {
        return error(401, 1004, "Authen failed");
    }
    let body = request.json();
    let audience = body["audience"].as_object().cloned().unwrap_or_default();
    let (kind, names) = audience.iter().next().map(|(kind, names)| (kind.as_str(), names.clone())).unwrap_or_default();
    let names: Vec<&str> = names.as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let most = if kind == "tag" { 20 } else { 1000 };
    let known = ["tag", "alias", "registration_id"].contains(&kind) && (1..=most).contains(&names.len());
    let notification = &body["notification"];
    let shown = notification["android"]["alert"].is_string() && notification["ios"]["alert"]["body"].is_string();
    if body["platform"] != "all" || !known || !shown || !body["options"]["time_to_live"].is_u64() {
        return error(400, 1002, "Missing parameter");
    }
    if notification.to_string().len() > 3584 {
        return error(400, 1005, "The message is too large");
    }
    let first = names[0];
    if let Some(code) = first.strip_prefix("code-") {
        let code: u32 = code.parse().unwrap();
        let status = if code == 2002 {
            429
        } else if code == 1030 {
            503
        } else {
            400
        };
        return error(status, code, "words");
    }
    if let Some(bad) = names.iter().find(|name| name.contains('!')) {
        return error(400, 1003, &format!("Invalid registration_id: {bad}"));
    }
    if names.iter().all(|name| *name == "nobody" || *name == "fenghuo-link-test") {
        return error(400, 1011, "cannot find user by this audience");
    }
    (200, Vec::new(), json!({ "sendno": "0", "msg_id": "1828256757" }).to_string())
}

fn error(status: u16, code: u32, message: &str) -> Reply {
    let headers = vec![("X-Rate-Limit-Reset", "9".to_owned())];
    (status, headers, json!({ "error": { "code": code, "message": message } }).to_string())
}

struct App {
    folder: TempDir,
    server: Server,
}

impl App {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret"), "secret\n").unwrap();
        Self { folder, server: Server::start(jpush).await }
    }

    fn settings(&self) -> Settings {
        let file = self.folder.path().join("secret").display().to_string();
        let mut settings: Settings =
            toml::from_str(&format!("app_key = 'key'\nmaster_secret_file = {file:?}")).unwrap();
        (settings.url, settings.network) = (self.server.url(""), peer::local());
        settings
    }

    fn adapter(&self) -> JPush {
        JPush::new(&self.settings(), Arc::new(|| NOW)).unwrap()
    }
}

fn content() -> Content {
    Content {
        title: "暴雨橙色预警".to_owned(),
        text: "松北区未来三小时有暴雨。".to_owned(),
        urgency: fenghuo_contract::Urgency::High,
        thread: "event-7".to_owned(),
        expires_at: NOW + 3600,
        ..Content::default()
    }
}

#[tokio::test]
async fn addresses_of_a_kind_go_out_together() {
    let app = App::start().await;
    let addresses = ["id1", "alias:zhang", "id2", "tag:songbei", "registration_id:id3", "", "alias:li"];
    let verdicts = app.adapter().submit(&peer::batch(content(), &addresses), BUDGET).await.unwrap();
    let expected = Verdict::Accepted(Some(Reference::new("1828256757")));
    for (place, verdict) in verdicts.iter().enumerate() {
        assert!(if place == 5 { kind(verdict) == "recipient" } else { *verdict == expected }, "{place}: {verdict:?}");
    }
    let mut audiences: Vec<String> = app.server.seen().iter().map(|seen| seen.json()["audience"].to_string()).collect();
    audiences.sort();
    let expected =
        [r#"{"alias":["zhang","li"]}"#, r#"{"registration_id":["id1","id2","id3"]}"#, r#"{"tag":["songbei"]}"#];
    assert_eq!(audiences, expected);
    let body = app.server.seen()[0].json();
    assert_eq!((&body["options"]["time_to_live"], &body["options"]["apns_production"]), (&json!(3600), &json!(true)));
    assert_eq!(body["notification"]["android"]["big_text"], "松北区未来三小时有暴雨。");
    assert_eq!((&body["notification"]["android"]["priority"], &body["cid"]), (&json!(2), &Value::Null));
}

#[tokio::test]
async fn alone_a_recipient_gets_a_page_and_a_repeat_is_known() {
    let app = App::start().await;
    let settings = Settings { recipients_per_call: 1, cid_of_our_own: true, ..app.settings() };
    let adapter = JPush::new(&settings, Arc::new(|| NOW)).unwrap();
    assert_eq!(adapter.profile().deduplication, Deduplication::ByToken);
    let mut batch = peer::batch(content(), &["id1"]);
    batch.items[0].confirm = Some("https://songbei.example/c/1".into());
    for round in [0, 0, 1] {
        batch.items[0].token.round = round;
        adapter.submit(&batch, BUDGET).await.unwrap();
    }
    let bodies: Vec<Value> = app.server.seen().iter().map(Seen::json).collect();
    assert_eq!(bodies[0]["notification"]["ios"]["extras"]["confirm"], "https://songbei.example/c/1");
    let cid = |place: usize| bodies[place]["cid"].as_str().unwrap().to_owned();
    assert!(cid(0).starts_with("key-") && cid(0) == cid(1) && cid(1) != cid(2));
    let tags: Vec<String> = (0..50).map(|number| format!("tag:{number}")).collect();
    app.adapter().submit(&peer::batch(content(), &tags), BUDGET).await.unwrap();
    assert_eq!(app.server.seen().len(), 3 + 3, "twenty tags a call");
}

#[tokio::test]
async fn answers_are_read_by_the_table() {
    let app = App::start().await;
    let adapter = app.adapter();
    for (addresses, expected) in [
        (&["nobody"][..], &["recipient"][..]),
        (&["nobody", "nobody"], &["recipient", "recipient"]),
        (&["good", "bad!", "good2"], &["transient", "recipient", "transient"]),
        (&["bad!"], &["recipient"]),
        (&["code-1003"], &["content"]),
        (&["code-1005"], &["content"]),
        (&["code-1004"], &["misconfigured"]),
        (&["code-2002"], &["throttled"]),
        (&["code-1030"], &["transient"]),
        (&["code-4711"], &["transient"]),
        (&["code-1003", "alias:zhang"], &["transient", "accepted"]),
    ] {
        let verdicts = adapter.submit(&peer::batch(content(), addresses), BUDGET).await.unwrap();
        assert_eq!(verdicts.iter().map(kind).collect::<Vec<_>>(), expected, "{addresses:?}: {verdicts:?}");
        if let Verdict::Throttled { scope, after, .. } = verdicts[0] {
            assert_eq!((scope, after), (Scope::Account, Some(Duration::from_secs(9))));
        }
    }
}

#[tokio::test]
async fn when_nearly_nobody_is_known_the_settings_are_wrong() {
    let app = App::start().await;
    let verdicts = app.adapter().submit(&peer::batch(content(), &["nobody"; 20]), BUDGET).await.unwrap();
    assert!(verdicts.iter().all(|verdict| kind(verdict) == "misconfigured"), "{verdicts:?}");
}

#[tokio::test]
async fn the_link_test_sends_nothing_and_tells_a_wrong_secret() {
    let app = App::start().await;
    app.adapter().probe().await.unwrap();
    assert!(app.server.seen().iter().all(|seen| seen.path == "/v3/push/validate"));
    let other = Settings { app_key: "other".to_owned(), ..app.settings() };
    let fault = JPush::new(&other, Arc::new(|| NOW)).unwrap().probe().await.unwrap_err();
    assert!(matches!(fault, Fault::Misconfigured(_)), "{fault:?}");
}

#[tokio::test]
async fn keeps_the_contract() {
    let app = App::start().await;
    let samples = Samples { content: content(), addresses: ["id1", "alias:a", "tag:b"].map(Address::new).into() };
    let app = &app;
    let make = || async move { Arc::new(app.adapter()) as Arc<dyn Adapter> };
    conformance::run(make, &samples).await.assert();
}

#[test]
fn too_long_becomes_short_and_then_refused() {
    let style = document::Style { apns_production: true, android_channel: None, payload_max: 3584 };
    let of = |text: usize, short: usize| {
        let content = Content { text: "警".repeat(text), short: "短".repeat(short), ..content() };
        document::fitting(&style, &content).map(|text| text.chars().count())
    };
    assert_eq!([of(200, 0), of(400, 100)], [Ok(200), Ok(100)]);
    assert!(of(400, 0).is_err() && of(400, 400).is_err());
}

#[test]
fn settings_tell_everything_that_is_wrong_at_once() {
    let text = "app_key = ''\nmaster_secret_file = '/none'\nrecipients_per_call = 0\npayload_max = 1\nurl = 'ftp://x'";
    let settings: Settings = toml::from_str(text).unwrap();
    let SettingsFault(problems) = JPush::new(&settings, Arc::new(|| NOW)).err().unwrap();
    for key in ["app_key", "master_secret_file", "recipients_per_call", "payload_max", "url"] {
        assert!(problems.iter().any(|problem| problem.starts_with(&format!("{key}: "))), "{key} in {problems:?}");
    }
}
