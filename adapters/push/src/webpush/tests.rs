//! Against a push service of this machine; what it got is opened by libraries that others wrote.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use fenghuo_contract::{
    Address,
    conformance::{self, Samples},
};
use p256::{SecretKey, elliptic_curve::sec1::ToSec1Point};
use proptest::prelude::*;
use tempfile::TempDir;

use super::*;
use crate::peer::{self, Seen, Server, kind, python};

const BUDGET: Duration = Duration::from_secs(10);
const NOW: i64 = 1_795_478_400;

/// What browsers keep to themselves.
const AUTH: [u8; 16] = *b"sixteen octets!!";
const BROWSER: [u8; 32] = [9; 32];

/// Answers by the path: `/201/…`.
fn service(request: &Seen) -> peer::Reply {
    let status = request.path.split('/').nth(1).and_then(|status| status.parse().ok()).unwrap_or(500);
    let headers = if status == 429 { vec![("retry-after", "7".to_owned())] } else { Vec::new() };
    (status, headers, String::new())
}

struct Ours {
    folder: TempDir,
}

impl Ours {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).unwrap();
        std::fs::write(folder.path().join("vapid.pem"), key.serialize_pem()).unwrap();
        Self { folder }
    }

    fn settings(&self, server: &Server) -> Settings {
        let file = self.folder.path().join("vapid.pem").display().to_string();
        let text = "contact = 'mailto:warning@songbei.example'\npage = 'https://songbei.example/'\nallow_plain = true";
        let mut settings: Settings = toml::from_str(&format!("key_file = {file:?}\n{text}")).unwrap();
        settings.services = vec!["*".to_owned()];
        settings.ports = vec![server.address.port()];
        settings.network = peer::local();
        settings
    }

    fn adapter(&self, server: &Server) -> WebPush {
        WebPush::new(&self.settings(server), Arc::new(|| NOW)).unwrap()
    }
}

/// A subscription with this endpoint.
fn subscription(endpoint: &str) -> String {
    let key = SecretKey::from_slice(&BROWSER).unwrap().public_key().to_sec1_point(false);
    let [key, auth] = [key.as_bytes(), &AUTH].map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
    json!({ "endpoint": endpoint, "expirationTime": null, "keys": { "p256dh": key, "auth": auth } }).to_string()
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

/// Opens what a request carried with PyPI `http-ece`, and verifies who sent it with PyPI `py-vapid`.
async fn opened(seen: &Seen, origin: &str) -> Value {
    let keys = [BROWSER.as_slice(), &AUTH].map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
    let (body, now) = (URL_SAFE_NO_PAD.encode(&seen.body), NOW.to_string());
    let arguments = [&*keys[0], &keys[1], seen.header("authorization"), origin, &now];
    serde_json::from_str(&python("webpush_open.py", "http_ece, py_vapid", &arguments, &body).await).unwrap()
}

#[tokio::test]
async fn foreign_libraries_open_and_verify_what_we_send() {
    let (server, ours) = (Server::start(service).await, Ours::new());
    let adapter = ours.adapter(&server);
    let address = subscription(&server.url("/201/device"));
    let mut batch = peer::batch(content(), &[&address, &address]);
    batch.items[1].confirm = Some("https://songbei.example/c/1".into());
    let verdicts = adapter.submit(&batch, BUDGET).await.unwrap();
    assert!(verdicts.iter().all(|verdict| kind(verdict) == "accepted"), "{verdicts:?}");
    let mut seen = server.seen();
    seen.sort_by_key(|seen| seen.body.len());
    let origin = server.url("");
    let mut urls = Vec::new();
    for seen in &seen {
        assert_eq!((seen.header("ttl"), seen.header("urgency"), seen.header("topic").len()), ("3600", "high", 32));
        assert_eq!(seen.header("content-encoding"), "aes128gcm");
        assert!(seen.header("authorization").ends_with(&format!("k={}", adapter.public_key())));
        assert_eq!(seen.body.len(), 16 + 4 + 1 + 65 + 512 + 16, "the length says nothing");
        let read = opened(seen, &origin).await;
        assert_eq!((&read["title"], &read["body"]), (&json!("暴雨红色预警"), &json!("松北区未来三小时有特大暴雨。")));
        assert_eq!((&read["level"], &read["expires"]), (&json!("red"), &json!(NOW + 3600)));
        assert!(read["tag"].as_str().unwrap().starts_with(seen.header("topic")));
        urls.push(read["url"].as_str().unwrap().to_owned());
    }
    urls.sort();
    assert_eq!(urls, ["https://songbei.example/", "https://songbei.example/c/1"]);
    assert_ne!(seen[0].body[..86], seen[1].body[..86], "a salt and a key for every message");
    assert_eq!(public_key(&ours.folder.path().join("vapid.pem")).unwrap(), adapter.public_key());
}

#[tokio::test]
async fn what_one_endpoint_says_holds_for_it_alone() {
    let (server, ours) = (Server::start(service).await, Ours::new());
    let adapter = ours.adapter(&server);
    for (status, expected) in [
        (201, "accepted"),
        (404, "recipient"),
        (410, "recipient"),
        (400, "transient"),
        (401, "transient"),
        (403, "transient"),
        (413, "transient"),
        (429, "throttled"),
        (307, "transient"),
        (500, "transient"),
    ] {
        let address = subscription(&server.url(&format!("/{status}/device")));
        let verdicts = adapter.submit(&peer::batch(content(), &[&address]), BUDGET).await.unwrap();
        assert_eq!(kind(&verdicts[0]), expected, "{status}: {verdicts:?}");
        if let Verdict::Throttled { scope, after, .. } = verdicts[0] {
            assert_eq!((scope, after), (fenghuo_contract::Scope::Recipient, Some(Duration::from_secs(7))));
        }
    }
    let refused = vec![subscription(&server.url("/403/device")); 25];
    let verdicts = adapter.submit(&peer::batch(content(), &refused), BUDGET).await.unwrap();
    assert!(verdicts.iter().all(|verdict| kind(verdict) == "misconfigured"), "{verdicts:?}");
}

#[tokio::test]
async fn nothing_inside_is_called_and_nothing_malformed_is_tried() {
    let (server, ours) = (Server::start(service).await, Ours::new());
    let settings = Settings { network: crate::Network::default(), ..ours.settings(&server) };
    let adapter = WebPush::new(&settings, Arc::new(|| NOW)).unwrap();
    let port = server.address.port();
    let good = subscription(&server.url("/201/device"));
    let addresses = [
        good.clone(),
        subscription(&format!("http://localhost.localdomain:{port}/201/device")),
        subscription("https://169.254.169.254/latest"),
        subscription("https://user:word@push.example/"),
        subscription("file:///etc/passwd"),
        good.replace("p256dh", "key"),
        good.replace("\"auth\":\"", "\"auth\":\"AAAA"),
        "{}".to_owned(),
        String::new(),
    ];
    let verdicts = adapter.submit(&peer::batch(content(), &addresses), BUDGET).await.unwrap();
    let refused = |verdict: &Verdict| kind(verdict) == "recipient";
    assert!(verdicts.iter().enumerate().all(|(at, verdict)| at == 1 || refused(verdict)), "{verdicts:?}");
    assert!(
        matches!(kind(&verdicts[1]), "recipient" | "transient"),
        "a name is checked where it leads: {:?}",
        verdicts[1]
    );
    let off_curve = json!({ "endpoint": server.url("/201/device"), "keys": { "p256dh": URL_SAFE_NO_PAD.encode([4; 65]), "auth": URL_SAFE_NO_PAD.encode(AUTH) } });
    let verdicts =
        ours.adapter(&server).submit(&peer::batch(content(), &[off_curve.to_string()]), BUDGET).await.unwrap();
    assert!(refused(&verdicts[0]), "{verdicts:?}");
    assert!(server.seen().is_empty());
}

#[tokio::test]
async fn only_listed_push_services_are_called() {
    let (server, ours) = (Server::start(service).await, Ours::new());
    let text = "key_file = 'k'\ncontact = 'mailto:a@b'\npage = 'https://songbei.example/'";
    let usual: Settings = toml::from_str(text).unwrap();
    for (endpoint, taken) in [
        ("https://fcm.googleapis.com/fcm/send/1", true),
        ("https://wns2-by3p.notify.windows.com/w/?token=1", true),
        ("https://notify.windows.com/", false),
        ("https://evilnotify.windows.com.example/", false),
        ("https://fcm.googleapis.com.example/", false),
        ("https://ntfy.sh/up1", false),
    ] {
        assert_eq!(usual.takes(&subscription(endpoint)), taken, "{endpoint}");
    }
    assert!(!usual.takes("{}"));
    let settings = Settings { services: usual.services, ..ours.settings(&server) };
    let adapter = WebPush::new(&settings, Arc::new(|| NOW)).unwrap();
    let address = subscription(&server.url("/201/device"));
    let verdicts = adapter.submit(&peer::batch(content(), &[&address]), BUDGET).await.unwrap();
    assert_eq!((kind(&verdicts[0]), server.seen().len()), ("transient", 0), "{verdicts:?}");
}

#[tokio::test]
async fn keeps_the_contract() {
    let (server, ours) = (Server::start(service).await, Ours::new());
    let addresses = ["/201/a", "/201/b"].map(|path| Address::new(subscription(&server.url(path)))).into();
    let (server, ours) = (&server, &ours);
    let make = || async move { Arc::new(ours.adapter(server)) as Arc<dyn Adapter> };
    conformance::run(make, &Samples { content: content(), addresses }).await.assert();
}

#[test]
fn settings_tell_everything_that_is_wrong_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, "hidden!").unwrap();
    let text =
        format!("key_file = {:?}\ncontact = 'me'\npage = 'x'\nports = []\nservices = []", file.display().to_string());
    let settings: Settings = toml::from_str(&text).unwrap();
    let SettingsFault(problems) = WebPush::new(&settings, Arc::new(|| NOW)).err().unwrap();
    for key in ["key_file", "contact", "page", "ports", "services"] {
        assert!(problems.iter().any(|problem| problem.starts_with(&format!("{key}: "))), "{key} in {problems:?}");
    }
    assert!(!problems.concat().contains("hidden"));
    assert!(!public_key(&file).unwrap_err().to_string().contains("hidden"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// The whole text, or the whole short form, or a refusal; what is taken can be encrypted whatever page goes with it.
    #[test]
    fn nothing_is_cut_and_nothing_is_too_large(
        text in ("[\"\\\\\n\u{1}警a]{1,6}|\\PC{1,6}", 0_usize..900).prop_map(|(piece, times)| piece.repeat(times)),
        short in ("\\PC{1,4}", 0_usize..400).prop_map(|(piece, times)| piece.repeat(times)),
        confirm in proptest::option::of("https://[a-z/?=&\"]{0,400}"),
    ) {
        let content = Content { text, short, thread: "t".to_owned(), ..Content::default() };
        let of = |text: &str| open(&content, text).len();
        let most = encrypt::PLAIN_MAX - OWN_ROOM;
        let fitting = whole_or_short(&content, most, |text| open(&content, text));
        match fitting {
            Ok((plain, text)) => {
                prop_assert_eq!(text, if of(&content.text) <= most { &content.text } else { &content.short });
                let own = confirm.map(|url| Value::from(url).to_string()).filter(|url| url.len() <= PAGE_MAX);
                let whole = format!("{plain},\"url\":{}}}", own.unwrap_or_else(|| "\"\"".to_owned()));
                prop_assert!(whole.len() <= encrypt::PLAIN_MAX);
                prop_assert_eq!(&serde_json::from_str::<Value>(&whole).unwrap()["body"], text);
            }
            Err(_) => {
                prop_assert!(of(&content.text) > most);
                prop_assert!(content.short.is_empty() || of(&content.short) > most);
            }
        }
    }
}
