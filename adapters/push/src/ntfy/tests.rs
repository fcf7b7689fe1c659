//! Against a stand-in written from ntfy's documentation ("Publish as JSON").

use std::sync::Arc;

use fenghuo_contract::{
    Address, Scope,
    conformance::{self, Samples},
};
use tempfile::TempDir;

use super::*;
use crate::peer::{self, Reply, Seen, Server, kind};

const BUDGET: Duration = Duration::from_secs(10);

fn ntfy(request: &Seen) -> Reply {
    if (request.method.as_str(), &*request.path) == ("GET", "/v1/health") {
        return (200, Vec::new(), r#"{"healthy":true}"#.to_owned());
    }
    if request.path != "/" || request.method != "POST" {
        return error(404, 40401);
    }
    if !["Bearer tk_secret", "Basic emhhbmc6c2VjcmV0"].contains(&request.header("authorization")) {
        return error(401, 40101);
    }
    let body = request.json();
    let known = ["topic", "message", "title", "tags", "priority", "click"];
    let fields = body.as_object().cloned().unwrap_or_default();
    let bad = fields.keys().any(|key| !known.contains(&&**key)) || !body["priority"].is_u64();
    if bad || body["message"].as_str().is_none_or(|message| message.len() > 4096) {
        return error(400, 40024);
    }
    match body["topic"].as_str().unwrap_or_default() {
        "closed" => error(403, 40301),
        "busy" => error(429, 42901),
        "full" => error(507, 50701),
        _ => (200, Vec::new(), json!({ "id": "hwQ2YpKdmg", "event": "message" }).to_string()),
    }
}

fn error(status: u16, code: u32) -> Reply {
    (
        status,
        vec![("retry-after", "5".to_owned())],
        json!({ "code": code, "http": status, "error": "words" }).to_string(),
    )
}

struct Site {
    folder: TempDir,
    server: Server,
}

impl Site {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("token"), "tk_secret\n").unwrap();
        std::fs::write(folder.path().join("password"), "secret\n").unwrap();
        Self { folder, server: Server::start(ntfy).await }
    }

    fn settings(&self) -> Settings {
        let mut settings: Settings = toml::from_str(&format!("url = {:?}", self.server.url("/"))).unwrap();
        settings.token_file = Some(self.folder.path().join("token"));
        settings.network = peer::local();
        settings
    }
}

fn content(urgency: Urgency) -> Content {
    let (title, text) = ("暴雨预警".to_owned(), "松北区未来三小时有暴雨。".to_owned());
    Content { title, text, urgency, ..Content::default() }
}

#[tokio::test]
async fn publishes_with_priority_colour_and_page() {
    let site = Site::start().await;
    let settings = Settings { page: Some("https://songbei.example/".to_owned()), ..site.settings() };
    let adapter = Ntfy::new(&settings).unwrap();
    let colours = [
        (Urgency::Highest, 5, json!(["red_circle"])),
        (Urgency::High, 4, json!(["orange_circle"])),
        (Urgency::Medium, 3, json!(["yellow_circle"])),
        (Urgency::Low, 2, json!(["large_blue_circle"])),
        (Urgency::Unknown, 2, Value::Null),
    ];
    for (urgency, priority, tags) in colours {
        let mut batch = peer::batch(content(urgency), &["songbei"]);
        batch.items[0].confirm = (priority == 4).then(|| "https://songbei.example/c/1".into());
        let verdicts = adapter.submit(&batch, BUDGET).await.unwrap();
        assert_eq!(verdicts, [Verdict::Accepted(Some(Reference::new("hwQ2YpKdmg")))]);
        let body = site.server.seen().last().unwrap().json();
        let page = if priority == 4 { "https://songbei.example/c/1" } else { "https://songbei.example/" };
        assert_eq!((&body["priority"], &body["tags"], &body["click"]), (&json!(priority), &tags, &json!(page)));
        assert_eq!((&body["message"], &body["title"]), (&json!("松北区未来三小时有暴雨。"), &json!("暴雨预警")));
    }
}

#[tokio::test]
async fn answers_are_read_by_the_table() {
    let site = Site::start().await;
    let adapter = Ntfy::new(&site.settings()).unwrap();
    for (topic, expected) in [
        ("songbei", "accepted"),
        ("a/b", "recipient"),
        ("", "recipient"),
        ("closed", "transient"),
        ("busy", "throttled"),
        ("full", "transient"),
    ] {
        let verdicts = adapter.submit(&peer::batch(content(Urgency::Low), &[topic]), BUDGET).await.unwrap();
        assert_eq!(kind(&verdicts[0]), expected, "{topic}: {verdicts:?}");
        if let Verdict::Throttled { scope, after, .. } = verdicts[0] {
            assert_eq!((scope, after), (Scope::Account, Some(Duration::from_secs(5))));
        }
    }
    let verdicts = adapter.submit(&peer::batch(content(Urgency::Low), &["closed"; 20]), BUDGET).await.unwrap();
    assert!(verdicts.iter().all(|verdict| kind(verdict) == "misconfigured"), "{verdicts:?}");
    let nobody = Ntfy::new(&Settings { token_file: None, ..site.settings() }).unwrap();
    let verdicts = nobody.submit(&peer::batch(content(Urgency::Low), &["songbei"]), BUDGET).await.unwrap();
    assert_eq!(kind(&verdicts[0]), "misconfigured");
}

#[tokio::test]
async fn logs_in_with_a_password_too() {
    let site = Site::start().await;
    let (username, password_file) = (Some("zhang".to_owned()), Some(site.folder.path().join("password")));
    let settings = Settings { token_file: None, username, password_file, ..site.settings() };
    let verdicts =
        Ntfy::new(&settings).unwrap().submit(&peer::batch(content(Urgency::Low), &["songbei"]), BUDGET).await;
    assert_eq!(kind(&verdicts.unwrap()[0]), "accepted");
}

#[tokio::test]
async fn keeps_the_contract() {
    let site = Site::start().await;
    let samples = Samples { content: content(Urgency::High), addresses: ["songbei", "daoli"].map(Address::new).into() };
    let site = &site;
    let make = || async move { Arc::new(Ntfy::new(&site.settings()).unwrap()) as Arc<dyn Adapter> };
    conformance::run(make, &samples).await.assert();
}

#[tokio::test]
async fn too_long_becomes_short_and_then_refused() {
    let site = Site::start().await;
    let adapter = Ntfy::new(&site.settings()).unwrap();
    let of = |text: usize, short: usize| {
        let content = Content { text: "a".repeat(text), short: "b".repeat(short), ..Content::default() };
        adapter.fit(&content).map(|fit| fit.text.len())
    };
    assert_eq!([of(4096, 7), of(4097, 7)], [Ok(4096), Ok(7)]);
    assert!(of(4097, 0).is_err() && of(4097, 4097).is_err());
}

#[test]
fn settings_tell_everything_that_is_wrong_at_once() {
    let text = "url = 'ftp://x'\ntoken_file = '/none'\nusername = 'zhang'\nmessage_max = 0\ncodes_file = '/none'";
    let SettingsFault(problems) = Ntfy::new(&toml::from_str(text).unwrap()).err().unwrap();
    for key in ["url", "token_file", "message_max", "codes_file"] {
        assert!(problems.iter().any(|problem| problem.starts_with(&format!("{key}: "))), "{key} in {problems:?}");
    }
}
