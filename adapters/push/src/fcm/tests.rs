//! Against a stand-in that validates nothing itself: every request it saw is validated against Google's own schema.

use std::sync::LazyLock;

use fenghuo_contract::{
    Address, CodeTable, Reference, Scope, Urgency,
    conformance::{self, Samples},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::peer::{self, Reply, Seen, Server, kind, python};

const BUDGET: Duration = Duration::from_secs(10);
const NOW: i64 = 1_795_478_400;

/// A private key for these tests, made by PyPI cryptography: what signs here makes none.
static RSA: LazyLock<String> = LazyLock::new(|| {
    let made = std::process::Command::new(peer::interpreter()).arg(peer::peers().join("rsa_key.py")).output().unwrap();
    assert!(made.status.success(), "cryptography is missing in the tests' Python environment: cargo xtask test");
    String::from_utf8(made.stdout).unwrap()
});

/// Gives tokens one after the other, and answers messages by their address: digits and letters are taken, `400 token`
/// and its like are status and error code.
fn google(request: &Seen) -> Reply {
    if request.path == "/token" {
        return (
            200,
            Vec::new(),
            json!({ "access_token": "first", "expires_in": 3599, "token_type": "Bearer" }).to_string(),
        );
    }
    let message = &request.json()["message"];
    let address = ["token", "fid", "topic", "condition"].iter().find_map(|kind| message[*kind].as_str());
    let (status, code) = address.and_then(|address| address.split_once(' ')).unwrap_or(("200", ""));
    let (status, code) = if status.starts_with('\'') { ("200", "") } else { (status, code) };
    if status == "200" {
        return (
            200,
            Vec::new(),
            json!({ "name": "projects/songbei/messages/0:1500415314455276%31bd1c96" }).to_string(),
        );
    }
    let headers = if code == "WAIT" { vec![("retry-after", "7".to_owned())] } else { Vec::new() };
    (status.parse().unwrap_or(500), headers, error(status, code).to_string())
}

fn error(status: &str, code: &str) -> Value {
    let violations = json!([{ "field": "message.token", "description": "Invalid registration token" }]);
    let details = match code {
        "token" => json!([
            { "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": "INVALID_ARGUMENT" },
            { "@type": "type.googleapis.com/google.rpc.BadRequest", "fieldViolations": violations },
        ]),
        code => json!([{ "@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": code }]),
    };
    json!({ "error": { "code": status, "status": "SOME_STATUS", "message": "words", "details": details } })
}

struct Project {
    folder: TempDir,
    server: Server,
}

impl Project {
    async fn start(manner: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(manner).await;
        let account = json!({
            "type": "service_account",
            "project_id": "songbei",
            "private_key_id": "key-1",
            "private_key": *RSA,
            "client_email": "warning@songbei.iam.gserviceaccount.com",
            "token_uri": server.url("/token"),
        });
        std::fs::write(folder.path().join("account.json"), account.to_string()).unwrap();
        Self { folder, server }
    }

    fn settings(&self) -> Settings {
        let file = self.folder.path().join("account.json").display().to_string();
        let mut settings: Settings = toml::from_str(&format!("account_file = {file:?}")).unwrap();
        settings.url = Some(self.server.url("/"));
        settings.network = peer::local();
        settings
    }

    fn adapter(&self) -> Fcm {
        Fcm::new(&self.settings(), Arc::new(|| NOW)).unwrap()
    }

    fn of_path(&self, path: &str) -> Vec<Seen> {
        self.server.seen().into_iter().filter(|seen| seen.path == path).collect()
    }
}

fn content() -> Content {
    Content {
        title: "暴雨橙色预警".to_owned(),
        text: "松北区未来三小时有暴雨。".to_owned(),
        urgency: Urgency::High,
        thread: "event-7".to_owned(),
        expires_at: NOW + 3600,
        ..Content::default()
    }
}

const SEND: &str = "/v1/projects/songbei/messages:send";

/// Every kind of address, every level, with and without a page, and the link test.
#[tokio::test]
async fn every_request_is_valid_by_googles_own_schema() {
    let project = Project::start(google).await;
    let settings = Settings { android_channel: Some("warnings".to_owned()), ..project.settings() };
    let adapter = Fcm::new(&settings, Arc::new(|| NOW)).unwrap();
    for urgency in [Urgency::Unknown, Urgency::Low, Urgency::Medium, Urgency::High, Urgency::Highest] {
        let addresses = ["abc:APA91", "token:abc", "fid:c7", "topic:songbei", "condition:'a' in topics"];
        let mut batch = peer::batch(Content { urgency, ..content() }, &addresses);
        batch.items[1].confirm = Some("https://songbei.example/c/\"1\"".into());
        let verdicts = adapter.submit(&batch, BUDGET).await.unwrap();
        let reference = Some(Reference::new("0:1500415314455276%31bd1c96"));
        assert_eq!(verdicts, vec![Verdict::Accepted(reference); 5]);
    }
    adapter
        .submit(&peer::batch(Content { text: "雨".to_owned(), ..Content::default() }, &["a"]), BUDGET)
        .await
        .unwrap();
    adapter.probe().await.unwrap();
    let seen = project.of_path(SEND);
    assert_eq!(seen.len(), 27);
    assert!(seen.iter().all(|seen| seen.method == Method::POST && seen.header("authorization") == "Bearer first"));
    let bodies: Vec<&str> = seen.iter().map(|seen| std::str::from_utf8(&seen.body).unwrap()).collect();
    assert_eq!(python("fcm_schema.py", "googleapiclient", &[], &bodies.join("\n")).await, "27 valid\n");
    // The validator bites.
    let wrong = bodies[0].replace("collapseKey", "collapse_id");
    assert_eq!(python("fcm_schema.py", "googleapiclient", &["--count-invalid"], &wrong).await, "1 invalid\n");
}

#[tokio::test]
async fn the_assertion_is_signed_by_the_account() {
    let project = Project::start(google).await;
    project.adapter().probe().await.unwrap();
    let seen = project.of_path("/token").remove(0);
    let body = String::from_utf8(seen.body.to_vec()).unwrap();
    let assertion = body.split_once("&assertion=").unwrap().1;
    let arguments = [&*project.server.url("/token"), &NOW.to_string()];
    let input = format!("{assertion}\n{}", *RSA);
    let claims: Value = serde_json::from_str(&python("jwt_rs256.py", "jwt", &arguments, &input).await).unwrap();
    assert_eq!(claims["iss"], "warning@songbei.iam.gserviceaccount.com");
    assert_eq!((claims["iat"].as_i64(), claims["exp"].as_i64()), (Some(NOW), Some(NOW + 3600)));
    assert_eq!(claims["scope"], "https://www.googleapis.com/auth/firebase.messaging");
}

#[tokio::test]
async fn answers_are_read_by_the_table() {
    let project = Project::start(google).await;
    let adapter = project.adapter();
    for (address, expected) in [
        ("200", "accepted"),
        ("404 UNREGISTERED", "recipient"),
        ("403 SENDER_ID_MISMATCH", "recipient"),
        ("400 token", "recipient"),
        ("400 INVALID_ARGUMENT", "content"),
        ("401 THIRD_PARTY_AUTH_ERROR", "misconfigured"),
        ("403 PERMISSION_DENIED", "misconfigured"),
        ("429 QUOTA_EXCEEDED", "throttled"),
        ("429 WAIT", "throttled"),
        ("500 INTERNAL", "transient"),
        ("503 UNAVAILABLE", "transient"),
        ("418 NEW", "transient"),
        ("", "recipient"),
    ] {
        let verdicts = adapter.submit(&peer::batch(content(), &[address]), BUDGET).await.unwrap();
        assert_eq!(kind(&verdicts[0]), expected, "{address}: {verdicts:?}");
        if let Verdict::Throttled { scope, after, .. } = verdicts[0] {
            let seconds = if address == "429 WAIT" { 7 } else { 60 };
            assert_eq!((scope, after), (Scope::Account, Some(Duration::from_secs(seconds))));
        }
    }
    let all = adapter.submit(&peer::batch(content(), &["403 SENDER_ID_MISMATCH"; 20]), BUDGET).await.unwrap();
    assert!(all.iter().all(|verdict| kind(verdict) == "misconfigured"), "nobody is struck: {all:?}");
    let mixed = adapter.submit(&peer::batch(content(), &["400 INVALID_ARGUMENT", "abc"]), BUDGET).await.unwrap();
    assert_eq!([kind(&mixed[0]), kind(&mixed[1])], ["transient", "accepted"], "what others get cannot be malformed");
}

/// 64 submits at once fetch one token; refused, they fetch one more.
#[tokio::test]
async fn one_access_token_serves_all_and_is_replaced_once() {
    let given = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let counted = Arc::clone(&given);
    let project = Project::start(move |request| {
        if request.path == "/token" {
            let number = counted.fetch_add(1, Ordering::AcqRel);
            return (200, Vec::new(), json!({ "access_token": format!("t{number}"), "expires_in": 3600 }).to_string());
        }
        match request.header("authorization") {
            "Bearer t0" => (401, Vec::new(), error("401", "UNAUTHENTICATED").to_string()),
            _ => google(request),
        }
    })
    .await;
    let clock = Arc::new(std::sync::atomic::AtomicI64::new(NOW));
    let read = Arc::clone(&clock);
    let adapter = Arc::new(Fcm::new(&project.settings(), Arc::new(move || read.load(Ordering::Acquire))).unwrap());
    let flood = || async {
        let mut submits = tokio::task::JoinSet::new();
        for _ in 0..64 {
            let adapter = Arc::clone(&adapter);
            submits.spawn(async move { adapter.submit(&peer::batch(content(), &["a", "b"]), BUDGET).await.unwrap() });
        }
        let verdicts = submits.join_all().await.concat();
        assert!(verdicts.iter().all(|verdict| kind(verdict) == "accepted"), "{verdicts:?}");
    };
    flood().await;
    assert_eq!(given.load(Ordering::Acquire), 2, "one, and one in its place");
    clock.store(NOW + 3299, Ordering::Release);
    flood().await;
    assert_eq!(given.load(Ordering::Acquire), 2);
    clock.store(NOW + 3300, Ordering::Release);
    flood().await;
    assert_eq!(given.load(Ordering::Acquire), 3, "one, five minutes before the end");
}

#[tokio::test]
async fn without_access_nothing_is_sent() {
    for (answer, expected) in [
        ((400, Vec::new(), r#"{"error":"invalid_grant"}"#.to_owned()), "misconfigured"),
        ((503, Vec::new(), String::new()), "transient"),
        ((200, Vec::new(), "{}".to_owned()), "transient"),
        ((0, Vec::new(), String::new()), "transient"),
    ] {
        let project = Project::start(move |_: &Seen| answer.clone()).await;
        let budget = Duration::from_millis(300);
        let fault = project.adapter().submit(&peer::batch(content(), &["a"]), budget).await.unwrap_err();
        assert_eq!(kind(&fault.verdict()), expected, "{fault:?}");
        assert!(project.of_path(SEND).is_empty());
    }
}

#[tokio::test]
async fn keeps_the_contract() {
    let project = Project::start(google).await;
    let samples = Samples { content: content(), addresses: ["abc", "topic:songbei"].map(Address::new).into() };
    let project = &project;
    let make = || async move { Arc::new(project.adapter()) as Arc<dyn Adapter> };
    conformance::run(make, &samples).await.assert();
}

#[test]
fn settings_tell_everything_that_is_wrong_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("account.json");
    std::fs::write(&file, r#"{"project_id":"a b","client_email":"e","private_key":"hidden"}"#).unwrap();
    let mut settings: Settings = toml::from_str(&format!("account_file = {:?}", file.display().to_string())).unwrap();
    (settings.connections, settings.streams, settings.payload_max) = (17, 0, 0);
    (settings.url, settings.token_uri) = (Some("http://10.0.0.1/".to_owned()), Some("nowhere".to_owned()));
    let SettingsFault(problems) = Fcm::new(&settings, Arc::new(|| NOW)).err().unwrap();
    for key in ["account_file", "connections", "streams", "payload_max", "url", "token_uri"] {
        assert!(problems.iter().any(|problem| problem.starts_with(&format!("{key}: "))), "{key} in {problems:?}");
    }
    assert!(!problems.concat().contains("hidden"));
    assert!(CodeTable::parse(include_str!("../../../../config/codes/fcm.toml")).is_ok());
}
