//! What a program meets at the API: clear refusals, bounds, pages that explain, streams that end.

use std::{collections::BTreeSet, time::Duration};

use fenghuo::flow::authorize::Role;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::support::{
    gateway::{Answer, TestGateway, client},
    message::warning,
};

const JSON: (&str, &str) = ("content-type", "application/json");

/// Status, problem code, and the codes of its errors.
fn refusal(answer: &Answer) -> (u16, String, BTreeSet<String>) {
    let code = answer.problem();
    let errors = answer.json()["errors"].as_array().cloned().unwrap_or_default();
    (
        answer.status.as_u16(),
        code,
        errors.iter().filter_map(|error| error["code"].as_str().map(str::to_owned)).collect(),
    )
}

/// What is wrong, media type, body; status, problem code, and the code of one of its errors.
type Case<'a> = (&'a str, &'a str, &'a str, u16, &'a str, Option<&'a str>);

fn codes(codes: &[&str]) -> BTreeSet<String> {
    codes.iter().map(|code| (*code).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_kind_of_bad_warning_has_its_answer_and_stores_nothing() {
    let world = TestGateway::start().await;
    let cap = include_str!("../config/demo/red-drill.xml");
    let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbbbbbb\"><!ENTITY c \"&b;&b;&b;&b;\">]><alert>&c;</alert>";
    let outside = "<!DOCTYPE a [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><alert>&x;</alert>";
    let cases: [Case<'_>; 9] = [
        ("not XML", "application/cap+xml", "hello", 400, "warning-unreadable", None),
        ("not JSON", "application/json", "{\"a\":", 400, "warning-unreadable", Some("json-syntax")),
        ("entity bomb", "application/xml", bomb, 400, "warning-unreadable", Some("xml-doctype")),
        ("external entity", "text/xml", outside, 400, "warning-unreadable", Some("xml-doctype")),
        (
            "wrong root",
            "application/cap+xml",
            "<feed xmlns=\"http://www.w3.org/2005/Atom\"/>",
            422,
            "warning-rejected",
            None,
        ),
        ("wrong media type", "text/plain", cap, 415, "media-type-unsupported", None),
        ("no media type", "", cap, 415, "media-type-unsupported", None),
        (
            "wrong fields",
            "application/json",
            "{\"identifier\":7,\"extra\":1}",
            422,
            "warning-rejected",
            Some("json-field-unknown"),
        ),
        ("empty", "application/json", "", 400, "warning-unreadable", None),
    ];
    for (what, media_type, body, status, code, error) in cases {
        let answer = world.post_as(&world.issuer, media_type, body).await;
        let (found_status, found_code, errors) = refusal(&answer);
        assert_eq!((found_status, found_code.as_str()), (status, code), "{what}: {}", answer.text);
        if let Some(error) = error {
            assert!(errors.contains(error), "{what}: {errors:?}");
        }
        assert!(!answer.text.contains("root:"), "{what}");
    }
    let listed = world.get("/v1/warnings", &world.operator).await.json();
    assert_eq!(listed["items"], json!([]), "nothing was stored");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_issuer_is_told_everything_that_is_beyond_it_at_once() {
    let world = TestGateway::start().await;
    let flood = world.key(Role::Issuer, Some("flood")).await;
    let mut message = warning("W1", "red");
    message["infos"][0]["hazard"] = "11A01".into();
    let answer = world.post_as(&flood, "application/json", message.to_string()).await;
    let expected = codes(&["hazard-not-allowed", "level-not-allowed", "area-not-allowed"]);
    assert_eq!(refusal(&answer), (403, "authority-exceeded".to_owned(), expected), "{}", answer.text);
    for error in answer.json()["errors"].as_array().expect("a list") {
        assert!(error["pointer"].as_str().is_some_and(|pointer| pointer.starts_with("/infos/0")), "{error}");
        assert!(error["allowed"].as_array().is_some_and(|list| !list.is_empty()), "{error}");
        assert!(error["messages"]["en"].as_str().is_some() && error["messages"]["zh-CN"].as_str().is_some(), "{error}");
    }
    message["infos"][0]["areas"][0]["geocodes"][0]["value"] = "230109099000".into();
    let answer = world.post_as(&flood, "application/json", message.to_string()).await;
    assert!(refusal(&answer).2.contains("area-unknown"), "{}", answer.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_checks_the_same_and_stores_nothing() {
    let world = TestGateway::start().await;
    let flood = world.key(Role::Issuer, Some("flood")).await;
    let post = |key: String, body: Value, query: &'static str| {
        let world = &world;
        async move { world.ask(Method::POST, &format!("/v1/warnings{query}"), &key, &[JSON], body.to_string().into()).await }
    };
    let answer = post(world.issuer.clone(), warning("W1", "red"), "?dry_run=true").await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let document = answer.json();
    assert!(document["texts"].as_array().is_some_and(|texts| !texts.is_empty()) && document["advice"].is_array());
    let refused = post(flood, warning("W1", "red"), "?dry_run=true").await;
    assert_eq!(refused.problem(), "authority-exceeded");
    for query in ["?dryrun=true", "?dry_run=maybe"] {
        let answer = post(world.issuer.clone(), warning("W1", "red"), query).await;
        assert_eq!(refusal(&answer).1, "parameter-wrong", "{query}");
    }
    assert_eq!(world.get("/v1/warnings", &world.operator).await.json()["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bodies_have_bounds_and_resources_have_more_room() {
    let world = TestGateway::start().await;
    let mut large = warning("W1", "red");
    large["infos"][0]["description"] = "雨".repeat(400_000).into();
    let answer = world.post(&large).await;
    assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (413, "body-too-large"));
    let huge = vec![b' '; 10 * 1024 * 1024];
    let answer = world.post_as(&world.issuer, "application/json", huge).await;
    assert_eq!((answer.status.as_u16(), answer.problem().as_str()), (413, "body-too-large"));
    let mut picture = warning("W2", "red");
    let content = "AAAA".repeat(300_000);
    picture["infos"][0]["resources"] = json!([{"description": "雷达图", "mime_type": "image/png", "content": content}]);
    let answer = world.post(&picture).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{:.300}", answer.text);
    let packed = [JSON, ("content-encoding", "gzip")];
    let answer = world.ask(Method::POST, "/v1/warnings", &world.issuer, &packed, vec![0x1f, 0x8b]).await;
    assert_eq!(answer.problem(), "media-type-unsupported");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idempotency_keys_have_a_form() {
    let world = TestGateway::start().await;
    let long = "k".repeat(256);
    for (key, code) in [("\"\"", "value-missing"), (long.as_str(), "value-too-long"), ("\u{e9}", "field-wrong")] {
        let headers = [JSON, ("idempotency-key", key)];
        let body = warning("W1", "red").to_string().into();
        let answer = world.ask(Method::POST, "/v1/warnings", &world.issuer, &headers, body).await;
        assert_eq!(refusal(&answer), (400, "header-wrong".to_owned(), codes(&[code])), "{key}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_not_there_is_said_in_both_languages_and_explained_here() {
    let world = TestGateway::start().await;
    let cases = [
        (Method::GET, "/nowhere", "not-found"),
        (Method::PATCH, "/v1/warnings", "method-not-allowed"),
        (Method::GET, "/v1/warnings/absent", "warning-not-found"),
        (Method::DELETE, "/v1/recipients/absent", "recipient-not-found"),
        (Method::DELETE, "/v1/screens/absent", "screen-not-found"),
        (Method::POST, "/v1/routes/absent/probe", "route-not-found"),
        (Method::GET, "/v1/warnings?limit=-1", "parameter-wrong"),
        (Method::GET, "/v1/warnings?level=purple", "parameter-wrong"),
        (Method::GET, "/docs/errors/absent", "explanation-not-found"),
    ];
    for (method, path, code) in cases {
        let answer = world.ask(method, path, &world.operator, &[("accept-language", "en")], Vec::new()).await;
        assert_eq!(answer.problem(), code, "{path}");
        assert_eq!(answer.header("content-language"), "en");
        let document = answer.json();
        assert_eq!(document["instance"], answer.header("x-request-id"), "{path}");
        let page = world.get(document["type"].as_str().expect("an address"), "").await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(page.text.contains(code) && page.header("content-type").starts_with("text/html"), "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_code_opens_and_every_page_of_the_handbook_leads_somewhere() {
    let world = TestGateway::start().await;
    for code in fenghuo::http::problem::ProblemCode::ALL {
        let page = world.get(&format!("/docs/errors/{}", code.name()), "").await;
        assert_eq!(page.status, StatusCode::OK, "{}", code.name());
        assert!(page.text.contains(code.status().as_str()), "{}", code.name());
    }
    let mut seen = BTreeSet::new();
    let mut open = vec!["/docs/".to_owned()];
    while let Some(path) = open.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let page = world.get(&path, "").await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        if page.header("content-type").starts_with("text/html") {
            let outside = ["href=\"http", "src=\"http", "url(", "@import"];
            assert!(!outside.iter().any(|word| page.text.contains(word)), "{path} leads outside");
            let links = page.text.split("href=\"").skip(1).filter_map(|rest| rest.split('"').next());
            let local = links.filter(|link| !link.starts_with("/console") && !link.starts_with('#'));
            open.extend(local.map(|link| match link.strip_prefix('?') {
                Some(query) => format!("{}?{query}", path.split('?').next().unwrap_or_default()),
                None => link.split('#').next().unwrap_or_default().to_owned(),
            }));
        }
    }
    assert!(seen.len() > 100, "{seen:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_handbook_speaks_the_language_asked_for() {
    let world = TestGateway::start().await;
    for (path, lang) in [("/docs/", "zh-CN"), ("/docs/?lang=en", "en"), ("/docs/api?lang=en", "en")] {
        let page = world.get(path, "").await;
        assert!(page.text.contains(&format!("<html lang=\"{lang}\"")), "{path}: {:.200}", page.text);
        assert_eq!(page.header("content-language"), lang, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_carries_the_common_headers() {
    let world = TestGateway::start().await;
    for path in ["/healthz", "/nowhere", "/docs/", "/openapi.json", "/v1/warnings"] {
        let answer = world.get(path, "").await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'self'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert_eq!(answer.header("access-control-allow-origin"), "", "{path}");
    }
    let given = world.ask(Method::GET, "/healthz", "", &[("x-request-id", "desk-7.42")], Vec::new()).await;
    assert_eq!(given.header("x-request-id"), "desk-7.42");
    for bad in ["a b", "<script>", &"x".repeat(65)] {
        let made = world.ask(Method::GET, "/healthz", "", &[("x-request-id", bad)], Vec::new()).await;
        assert_ne!(made.header("x-request-id"), bad);
        assert_eq!(made.header("x-request-id").len(), 32);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_made_listed_and_revoked_over_http() {
    let world = TestGateway::start().await;
    let security = world.key(Role::Security, None).await;
    let post = |body: Value| world.ask(Method::POST, "/v1/keys", &security, &[JSON], body.to_string().into());
    let bad = post(json!({"role": "king", "note": 7, "extra": true})).await;
    let expected = codes(&["value-not-allowed", "field-wrong", "field-unknown"]);
    assert_eq!(refusal(&bad), (400, "fields-wrong".to_owned(), expected), "{}", bad.text);
    for (body, code) in [
        (json!({}), "field-missing"),
        (json!({"role": "issuer"}), "field-missing"),
        (json!({"role": "issuer", "subject": "nobody"}), "subject-unknown"),
    ] {
        let answer = post(body).await;
        assert_eq!(refusal(&answer).2, codes(&[code]), "{}", answer.text);
    }
    let made = post(json!({"role": "issuer", "subject": "flood", "note": "值班系统"})).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.text);
    let made = made.json();
    let secret = made["secret"].as_str().expect("a secret");
    let listed = world.get("/v1/keys", &security).await;
    assert!(listed.text.contains(made["id"].as_str().expect("an id")) && !listed.text.contains(secret));
    assert_eq!(world.get("/v1/warnings", secret).await.status, StatusCode::OK);
    let none = world.ask(Method::POST, "/v1/keys/key-none/revoke", &security, &[], Vec::new()).await;
    assert_eq!(none.problem(), "key-not-found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_resume_without_gaps_and_end_with_the_server() {
    let mut world = TestGateway::start().await;
    let first = world.post(&warning("W1", "red")).await.json();
    let id = first["id"].as_str().expect("an id").to_owned();
    world.until_done(&id).await;
    let events = |since: &'static str| {
        client()
            .get(format!("{}/v1/events", world.base))
            .bearer_auth(&world.operator)
            .header("last-event-id", since)
            .send()
    };
    let wrong = events("x").await.expect("an answer");
    assert_eq!(wrong.status(), StatusCode::BAD_REQUEST);
    let mut stream = events("0").await.expect("an answer");
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut text = String::new();
    while !text.contains("\"finished\"") {
        let part = tokio::time::timeout(Duration::from_secs(20), stream.chunk()).await.expect("in time").expect("open");
        text.push_str(&String::from_utf8_lossy(&part.expect("not ended")));
    }
    let ids: Vec<u64> = text.lines().filter_map(|line| line.strip_prefix("id: ")?.parse().ok()).collect();
    assert!(ids.is_sorted() && text.contains("event: warning") && text.contains("retry: "), "{text}");
    for what in ["received", "released", "finished"] {
        assert!(text.contains(&format!("\"{what}\"")), "{what}: {text}");
    }
    let to_its_end = async { while stream.chunk().await.expect("ends whole").is_some() {} };
    let both = async { tokio::join!(world.stop(), to_its_end) };
    let (by_itself, ()) = tokio::time::timeout(Duration::from_secs(20), both).await.expect("ends");
    assert!(by_itself, "no connection had to be broken");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn metrics_are_read_in_both_forms() {
    let world = TestGateway::start().await;
    let posted = world.post(&warning("W1", "red")).await.json();
    world.until_done(posted["id"].as_str().expect("an id")).await;
    let plain = world.get("/metrics", &world.operator).await;
    assert!(plain.header("content-type").starts_with("text/plain"));
    assert!(plain.text.contains("fenghuo_intake_warnings_total{result=\"created\"} 1"), "{}", plain.text);
    assert!(!plain.text.contains(posted["id"].as_str().expect("an id")), "no warning is a label");
    let accept = [("accept", "application/openmetrics-text; version=1.0.0")];
    let open = world.ask(Method::GET, "/metrics", &world.operator, &accept, Vec::new()).await;
    assert!(open.header("content-type").starts_with("application/openmetrics-text") && open.text.ends_with("# EOF\n"));
}

/// Sends bytes as they are and reads until the server closes or answers.
async fn raw(world: &TestGateway, bytes: &[u8]) -> String {
    let address = world.base.strip_prefix("http://").expect("a base");
    let mut stream = TcpStream::connect(address).await.expect("connected");
    stream.write_all(bytes).await.expect("written");
    let mut answer = vec![0; 4096];
    let read = tokio::time::timeout(Duration::from_secs(10), stream.read(&mut answer)).await.expect("in time");
    String::from_utf8_lossy(&answer[..read.unwrap_or(0)]).into_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn malformed_requests_are_refused_and_the_server_goes_on() {
    let world = TestGateway::start().await;
    let long = format!("GET /healthz HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "a".repeat(64 * 1024));
    let many = format!("GET /healthz HTTP/1.1\r\nhost: x\r\n{}\r\n", "a: b\r\n".repeat(200));
    let both =
        "POST /v1/warnings HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n";
    let two = "POST /v1/warnings HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\nhello";
    for bytes in [long.as_str(), many.as_str(), two, "NONSENSE\r\n\r\n", "\0\0\0\0\r\n\r\n", both] {
        let answer = raw(&world, bytes.as_bytes()).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{bytes:.80}: {answer}");
    }
    assert_eq!(world.get("/healthz", "").await.status, StatusCode::OK);
}
