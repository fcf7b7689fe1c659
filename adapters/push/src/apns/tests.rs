//! Against a stand-in for Apple's service (`tests/peers/apns.mjs`), which a foreign client proves.

mod foreign;

use std::path::{Path, PathBuf};

use fenghuo_contract::{
    Address, Class, CodeTable, Reference, Scope, Token, Urgency,
    conformance::{self, Samples},
};
use serde_json::Value;
use tempfile::TempDir;

use super::*;
use crate::peer::{self, Program, kind};

const BUDGET: Duration = Duration::from_secs(10);

/// The test's clock: inside a period of the provider token.
const NOW: i64 = 1_795_478_400;

const KEY_ID: &str = "KEY1234567";
const TEAM_ID: &str = "TEAM123456";
const TOPIC: &str = "cn.gov.songbei.warning";

/// The stand-in with its certificate and the key it knows.
struct Apple {
    folder: TempDir,
    program: Program,
}

impl Apple {
    async fn start(streams: u32) -> Self {
        Self::start_and_grow(streams, streams).await
    }

    /// One that allows other many streams after the first request.
    async fn start_and_grow(streams: u32, then: u32) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        let tls = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        write("cert.pem", &tls.cert.pem());
        write("key.pem", &tls.signing_key.serialize_pem());
        let signing = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        write("apns.p8", &signing.serialize_pem());
        write("public.pem", &signing.public_key_pem());
        let file = |name| folder.path().join(name).display().to_string();
        let [now, streams, then] = [NOW.to_string(), streams.to_string(), then.to_string()];
        let [cert, key, public] = ["cert.pem", "key.pem", "public.pem"].map(file);
        let arguments = ["--cert", &cert, "--key", &key, "--public", &public, "--kid", KEY_ID, "--team", TEAM_ID];
        let more = ["--topic", TOPIC, "--now", &now, "--streams", &streams, "--then", &then];
        let program = Program::node("apns.mjs", &[&arguments[..], &more].concat()).await;
        Self { folder, program }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn settings(&self) -> Settings {
        settings(&self.file("apns.p8"), &self.file("cert.pem"), self.program.port)
    }

    fn adapter(&self) -> Apns {
        Apns::new(&self.settings(), Arc::new(|| NOW)).unwrap()
    }

    async fn counts(&self) -> Value {
        let settings = self.settings();
        let url = settings.url.clone().unwrap();
        let links = fenghuo_http::Links::new(&settings.network.to(&url), &url, 1, 1).unwrap();
        let path = PathAndQuery::from_static("/counts");
        let exchange = Exchange { method: Method::GET, path, headers: Arc::default(), own: None, body: Bytes::new() };
        let answer = links.call(exchange, false, tokio::time::sleep(BUDGET).deadline()).await.unwrap();
        serde_json::from_slice(&answer.body).unwrap()
    }
}

fn settings(key: &Path, certificate: &Path, port: u16) -> Settings {
    let key = format!("{:?}", key.display().to_string());
    let text = format!("key_file = {key}\nkey_id = '{KEY_ID}'\nteam_id = '{TEAM_ID}'\ntopic = '{TOPIC}'\n");
    let mut settings: Settings = toml::from_str(&text).unwrap();
    settings.url = Some(format!("https://localhost:{port}/"));
    settings.connections = 2;
    settings.network.ca_file = Some(certificate.to_owned());
    settings.network.allow_private = vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
    settings
}

fn content() -> Content {
    Content {
        title: "暴雨红色预警".to_owned(),
        text: "松北区未来三小时有特大暴雨。".to_owned(),
        urgency: Urgency::Highest,
        thread: "event-7".to_owned(),
        expires_at: NOW + 3600,
        ..Content::default()
    }
}

fn batch<S: AsRef<str>>(devices: &[S]) -> Batch {
    peer::batch(content(), devices)
}

#[tokio::test]
async fn sends_what_apple_wants_to_read() {
    let apple = Apple::start(100).await;
    let mut batch = batch(&["00aa"]);
    batch.items[0].confirm = Some("https://songbei.example/c/1".into());
    let verdicts = apple.adapter().submit(&batch, BUDGET).await.unwrap();
    let id = form::uuid(Token::new(1, 0));
    assert_eq!(verdicts, [Verdict::Accepted(Some(Reference::new(&id)))]);
    let last = apple.counts().await["last"].take();
    let header = |name: &str| last["headers"][name].as_str().unwrap_or_default().to_owned();
    assert_eq!((header(":path"), header("apns-topic")), ("/3/device/00aa".to_owned(), TOPIC.to_owned()));
    assert_eq!(
        (header("apns-id"), header("apns-priority"), header("apns-push-type")),
        (id, "10".into(), "alert".into())
    );
    assert_eq!((header("apns-expiration"), header("apns-collapse-id").len()), ((NOW + 3600).to_string(), 43));
    let payload = &last["payload"];
    assert_eq!(payload["aps"]["alert"]["body"], "松北区未来三小时有特大暴雨。");
    assert_eq!(payload["aps"]["alert"]["title"], "暴雨红色预警");
    assert_eq!(payload["confirm"], "https://songbei.example/c/1");
}

#[tokio::test]
async fn reasons_are_read_by_the_table() {
    let apple = Apple::start(100).await;
    let adapter = apple.adapter();
    let devices: Vec<String> = [
        "00aa",
        "s410xUnregisteredx1",
        "s400xBadDeviceTokenx1",
        "s400xDeviceTokenNotForTopicx1",
        "s413xPayloadTooLargex1",
        "s403xInvalidProviderTokenx1",
        "s400xTopicDisallowedx1",
        "s429xTooManyRequestsx1",
        "s429xTooManyProviderTokenUpdatesx1",
        "s500xInternalServerErrorx1",
        "s503xShutdownx1",
        "s400xSomethingNewx1",
        "s404xSomethingNewx1",
        "not a token",
    ]
    .map(str::to_owned)
    .into();
    let verdicts = adapter.submit(&batch(&devices), BUDGET).await.unwrap();
    let kinds: Vec<&str> = verdicts.iter().map(kind).collect();
    let expected = [
        "accepted",
        "recipient",
        "recipient",
        "recipient",
        "content",
        "misconfigured",
        "misconfigured",
        "throttled",
        "throttled",
        "transient",
        "transient",
        "transient",
        "misconfigured",
        "recipient",
    ];
    assert_eq!(kinds, expected, "{verdicts:?}");
    assert!(matches!(&verdicts[1], Verdict::RefusedRecipient(cause) if cause.text.contains("1795478400000")));
    assert!(matches!(&verdicts[7], Verdict::Throttled { scope: Scope::Recipient, .. }));
    let account = Verdict::Throttled {
        scope: Scope::Account,
        after: Some(Duration::from_secs(1200)),
        cause: Cause::new("TooManyProviderTokenUpdates", "HTTP 429"),
    };
    assert_eq!(verdicts[8], account);
}

/// Tokens of the sandbox sent to production: nobody is struck from the directory, and somebody is told.
#[tokio::test]
async fn when_nearly_every_token_is_bad_the_settings_are() {
    let apple = Apple::start(100).await;
    let adapter = apple.adapter();
    let mut devices = vec!["s400xBadDeviceTokenx1"; 30];
    devices[0] = "00aa";
    let verdicts = adapter.submit(&batch(&devices), BUDGET).await.unwrap();
    assert_eq!(verdicts.iter().filter(|verdict| kind(verdict) == "misconfigured").count(), 29, "{verdicts:?}");
    for few in [&devices[..15], &[vec!["00aa"; 10], devices.clone()].concat()] {
        let verdicts = adapter.submit(&batch(few), BUDGET).await.unwrap();
        assert!(verdicts.iter().all(|verdict| kind(verdict) != "misconfigured"), "{verdicts:?}");
    }
}

/// 64 submits learn at once that the provider token has expired: one new token is seen, and everything is taken.
#[tokio::test]
async fn an_expired_provider_token_is_renewed_once_for_all() {
    let apple = Apple::start(1000).await;
    let adapter = Arc::new(apple.adapter());
    let mut submits = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let adapter = Arc::clone(&adapter);
        submits.spawn(async move { adapter.submit(&batch(&["expired1", "expired2"]), BUDGET).await.unwrap() });
    }
    let verdicts = submits.join_all().await.concat();
    assert!(verdicts.iter().all(|verdict| kind(verdict) == "accepted"), "{verdicts:?}");
    let counts = apple.counts().await;
    assert_eq!((counts["tokens"].as_u64(), counts["taken"].as_u64()), (Some(2), Some(128)));
}

/// Nodes that know nothing of each other, with clocks two minutes apart, show Apple one token.
#[tokio::test]
async fn four_nodes_share_one_provider_token() {
    let apple = Apple::start(100).await;
    for apart in [-120, 0, 60, 120] {
        let node = Apns::new(&apple.settings(), Arc::new(move || NOW + apart)).unwrap();
        let verdicts = node.submit(&batch(&["00aa"]), BUDGET).await.unwrap();
        assert_eq!(kind(&verdicts[0]), "accepted", "{verdicts:?}");
    }
    assert_eq!(apple.counts().await["tokens"], 1);
}

#[tokio::test]
async fn keeps_to_few_streams_and_survives_goaway() {
    let apple = Apple::start(5).await;
    let adapter = apple.adapter();
    let devices: Vec<String> =
        (0..200).map(|number| format!("{}{number}", if number % 100 == 7 { "goaway" } else { "" })).collect();
    let verdicts = adapter.submit(&batch(&devices), BUDGET).await.unwrap();
    let lost: Vec<&Verdict> = verdicts.iter().filter(|verdict| kind(verdict) != "accepted").collect();
    assert!(lost.is_empty(), "{lost:?}");
    let counts = apple.counts().await;
    assert!(counts["mostOpen"].as_u64() <= Some(10), "{counts}");
    assert!(counts["connections"].as_u64() > Some(2), "{counts}");
    assert_eq!(counts["taken"], 200, "none was sent twice");
}

/// Apple allows one stream until it has seen a provider token.
#[tokio::test]
async fn uses_more_streams_as_soon_as_they_are_allowed() {
    let apple = Apple::start_and_grow(1, 100).await;
    let devices: Vec<String> = (0..60).map(|number| format!("00{number}")).collect();
    let verdicts = apple.adapter().submit(&batch(&devices), BUDGET).await.unwrap();
    assert!(verdicts.iter().all(|verdict| kind(verdict) == "accepted"), "{verdicts:?}");
    let counts = apple.counts().await;
    assert!(counts["mostOpen"].as_u64() > Some(1), "{counts}");
    assert_eq!(counts["taken"], 60);
}

#[tokio::test]
async fn the_link_test_checks_the_key_and_touches_no_device() {
    let apple = Apple::start(100).await;
    apple.adapter().probe().await.unwrap();
    assert_eq!(apple.counts().await["taken"], 0);
    let wrong = Settings { team_id: "SOMEBODY12".to_owned(), ..apple.settings() };
    let fault = Apns::new(&wrong, Arc::new(|| NOW)).unwrap().probe().await.unwrap_err();
    assert!(matches!(&fault, Fault::Misconfigured(cause) if &*cause.code == "InvalidProviderToken"), "{fault:?}");
    let late = Apns::new(&apple.settings(), Arc::new(|| NOW - 7200)).unwrap().probe().await.unwrap_err();
    assert!(matches!(&late, Fault::Misconfigured(cause) if &*cause.code == "ExpiredProviderToken"), "{late:?}");
}

#[tokio::test]
async fn keeps_the_contract() {
    let apple = Apple::start(100).await;
    let samples = Samples { content: content(), addresses: ["00aa", "00bb"].map(Address::new).into() };
    let apple = &apple;
    let make = || async move { Arc::new(apple.adapter()) as Arc<dyn Adapter> };
    conformance::run(make, &samples).await.assert();
}

#[test]
fn settings_tell_everything_that_is_wrong_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, "no key").unwrap();
    let mut settings = settings(&key, &folder.path().join("none.pem"), 1);
    (settings.connections, settings.streams) = (0, 0);
    (settings.key_id, settings.topic) = (String::new(), "\n".to_owned());
    settings.codes_file = Some(folder.path().join("codes.toml"));
    let SettingsFault(problems) = Apns::new(&settings, Arc::new(|| NOW)).err().unwrap();
    for key in ["key_file", "key_id", "topic", "connections", "streams", "codes_file", "url"] {
        assert!(problems.iter().any(|problem| problem.starts_with(&format!("{key}: "))), "{key} in {problems:?}");
    }
    assert!(!problems.concat().contains("no key"));
}

#[test]
fn the_table_knows_every_reason_that_matters() {
    let codes = CodeTable::parse(include_str!("../../../../config/codes/apns.toml")).unwrap();
    assert_eq!(codes.class("Unregistered"), Class::Recipient);
    assert!(codes.find("ExpiredProviderToken").unwrap().refresh);
}
