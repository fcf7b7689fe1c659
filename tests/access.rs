//! Who may do what: every route of the server × every role, and keys that are none.
//!
//! The expected matrix stands here, apart from the table the server is built from: a route that nobody has thought
//! about fails this test, and so does one whose permission changed.

use std::collections::{BTreeMap, BTreeSet};

use fenghuo::{
    flow::authorize::Role,
    http::routes::{self, RouteSpec},
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    gateway::{TestGateway, client},
    message::{following, warning},
};

/// Route, and the roles that may use it: `public` needs no key, `own screen` is the screen the path names.
const MATRIX: &[(&str, &str)] = &[
    ("GET /healthz", "public"),
    ("GET /readyz", "public"),
    ("GET /metrics", "operator auditor admin"),
    ("GET /openapi.json", "public"),
    ("GET /docs/", "public"),
    ("GET /docs/codes", "public"),
    ("GET /docs/errors/{code}", "public"),
    ("GET /docs/api", "public"),
    ("POST /v1/warnings", "issuer operator"),
    ("POST /v1/preflight", "issuer approver operator"),
    ("POST /v1/drills", "issuer operator"),
    ("GET /v1/drills", "issuer approver operator auditor"),
    ("DELETE /v1/drills/{id}", "issuer approver operator"),
    ("GET /v1/alarms", "approver operator auditor admin"),
    ("GET /v1/inbox", "approver operator auditor"),
    ("GET /v1/inbox/{id}", "approver operator auditor"),
    ("GET /v1/inbox/{id}/preflight", "approver operator"),
    ("POST /v1/inbox/{id}/relay", "approver operator"),
    ("POST /v1/inbox/{id}/dismiss", "approver operator"),
    ("GET /v1/partners", "approver operator auditor admin"),
    ("POST /v1/partners/{name}/test", "operator admin"),
    ("GET /v1/analysis", "issuer approver operator auditor admin"),
    ("GET /v1/warnings", "issuer approver operator auditor"),
    ("GET /v1/warnings/{id}", "issuer approver operator auditor"),
    ("GET /v1/warnings/{id}/cap", "issuer approver operator auditor"),
    ("GET /v1/warnings/{id}/national", "issuer approver operator auditor"),
    ("GET /v1/warnings/{id}/preflight", "issuer approver operator auditor"),
    ("POST /v1/warnings/{id}/lift", "issuer approver operator"),
    ("POST /v1/warnings/{id}/correct", "issuer approver operator"),
    ("GET /v1/warnings/{id}/status", "issuer approver operator auditor"),
    ("GET /v1/warnings/{id}/deliveries", "issuer approver operator auditor"),
    ("GET /v1/warnings/{id}/timeline", "issuer approver operator auditor"),
    ("GET /v1/warnings/{id}/sign-off", "issuer approver operator auditor"),
    ("POST /v1/warnings/{id}/sign-off", "approver"),
    ("GET /v1/warnings/{id}/notices", "issuer approver operator auditor"),
    ("GET /v1/warnings/{id}/plays", "issuer approver operator auditor"),
    ("GET /v1/warnings/{id}/calls", "issuer approver operator auditor"),
    ("POST /v1/warnings/{id}/calls/take", "operator"),
    ("POST /v1/warnings/{id}/calls/{external_id}/confirm", "approver operator"),
    ("GET /v1/warnings/{id}/measures", "issuer approver operator auditor"),
    ("POST /v1/warnings/{id}/measures/{n}", "issuer approver operator"),
    ("GET /v1/tasks", "issuer approver operator auditor"),
    ("POST /v1/warnings/{id}/retry", "operator approver"),
    ("GET /v1/roster", "issuer approver operator auditor security"),
    ("PUT /v1/roster/{office}", "operator security"),
    ("GET /v1/receipts", "issuer operator auditor"),
    ("GET /c/{token}", "public"),
    ("POST /c/{token}", "public"),
    ("GET /unsubscribe/{token}", "public"),
    ("POST /unsubscribe/{token}", "public"),
    ("GET /callbacks/{route}/{secret}", "public"),
    ("POST /callbacks/{route}/{secret}", "public"),
    ("GET /v1/events", "issuer approver operator auditor"),
    ("GET /v1/recipients", "operator auditor"),
    ("POST /v1/recipients/import", "operator"),
    ("DELETE /v1/recipients/{external_id}", "operator"),
    ("GET /v1/screens", "operator auditor admin"),
    ("POST /v1/screens/import", "operator admin"),
    ("PUT /v1/screens/{id}", "operator admin"),
    ("DELETE /v1/screens/{id}", "operator admin"),
    ("GET /v1/education", "operator auditor admin"),
    ("PUT /v1/education/{id}", "operator admin"),
    ("DELETE /v1/education/{id}", "operator admin"),
    ("GET /v1/routes", "operator auditor admin"),
    ("POST /v1/routes/{name}/pause", "operator admin"),
    ("POST /v1/routes/{name}/resume", "operator admin"),
    ("POST /v1/routes/{name}/limits", "admin"),
    ("POST /v1/routes/{name}/probe", "operator admin"),
    ("GET /v1/keys", "security"),
    ("POST /v1/keys", "security"),
    ("POST /v1/keys/{id}/revoke", "security"),
    ("GET /screens/{id}", "own screen operator auditor"),
    ("GET /screens/{id}/about.json", "own screen operator auditor"),
    ("GET /screens/{id}/feed.json", "own screen operator auditor"),
    ("GET /screens/keys.json", "public"),
    ("GET /screens/{id}/events", "own screen operator auditor"),
    ("GET /screens/{id}/current.cap", "own screen operator auditor"),
    ("GET /screens/{id}/feed.txt", "own screen operator auditor"),
    ("POST /screens/{id}/ack", "own screen"),
    ("POST /screens/{id}/heartbeat", "own screen"),
    ("POST /screens/{id}/screenshot", "own screen"),
    ("GET /screens/{id}/screenshot", "own screen operator auditor"),
    ("GET /feeds/warnings.atom", "public"),
    ("GET /feeds/warnings.rss", "public"),
    ("GET /feeds/active.geojson", "public"),
    ("GET /feeds/cap/{file}", "public"),
    ("GET /cap/{file}", "public"),
    ("GET /assets/{name}", "public"),
    ("GET /", "public"),
    ("GET /history", "public"),
    ("GET /warnings/{id}", "public"),
    ("GET /verify", "public"),
    ("GET /subscribe", "public"),
    ("GET /push-worker.js", "public"),
    ("POST /subscribe/push", "public"),
    ("DELETE /subscribe/push", "public"),
    ("POST /subscribe/email", "public"),
    ("GET /subscribe/confirm/{token}", "public"),
    ("POST /subscribe/confirm/{token}", "public"),
    ("GET /console", "public"),
    ("GET /console/login", "public"),
    ("POST /console/login", "public"),
    ("POST /console/sign-out", "issuer approver operator auditor admin"),
    ("GET /console/", "issuer approver operator auditor admin"),
    ("GET /console/analysis", "issuer approver operator auditor admin"),
    ("GET /console/warnings/{id}", "issuer approver operator auditor admin"),
    ("GET /console/warnings/{id}/deliveries", "issuer approver operator auditor"),
    ("GET /console/warnings/{id}/lift", "issuer approver operator"),
    ("POST /console/warnings/{id}/lift", "issuer approver operator"),
    ("GET /console/warnings/{id}/correct", "issuer approver operator"),
    ("POST /console/warnings/{id}/correct", "issuer approver operator"),
    ("GET /console/warnings/{id}/sign-off", "issuer approver operator auditor admin"),
    ("POST /console/warnings/{id}/sign-off", "approver"),
    ("GET /console/warnings/{id}/calls", "issuer approver operator auditor"),
    ("POST /console/warnings/{id}/calls/take", "operator"),
    ("POST /console/warnings/{id}/calls/confirm", "approver operator"),
    ("GET /console/warnings/{id}/measures", "issuer approver operator auditor admin"),
    ("POST /console/warnings/{id}/measures", "issuer approver operator"),
    ("GET /console/warnings/{id}/notices", "issuer approver operator auditor"),
    ("GET /console/inbox", "approver operator auditor"),
    ("GET /console/inbox/{id}", "approver operator auditor"),
    ("POST /console/inbox/{id}/relay", "approver operator"),
    ("POST /console/inbox/{id}/dismiss", "approver operator"),
    ("GET /console/roster", "issuer approver operator auditor"),
    ("GET /console/partners", "approver operator auditor admin"),
    ("POST /console/partners/test", "operator admin"),
    ("GET /console/warnings/{id}/retry", "operator approver"),
    ("POST /console/warnings/{id}/retry", "operator approver"),
    ("GET /console/routes", "approver operator auditor admin"),
    ("POST /console/routes/pause", "operator admin"),
    ("POST /console/routes/resume", "operator admin"),
    ("GET /console/screens", "approver operator auditor admin"),
    ("POST /console/screens/revoke", "operator admin"),
    ("GET /console/education", "approver operator auditor admin"),
    ("POST /console/education", "operator admin"),
    ("POST /console/education/remove", "operator admin"),
    ("GET /console/suppressions", "operator admin"),
    ("POST /console/suppressions/clear", "operator admin"),
    ("GET /v1/suppressions", "operator admin"),
    ("DELETE /v1/suppressions/{id}", "operator admin"),
];

/// The screen that is registered, and one that has a key but is not the one asked for.
const SCREEN: &str = "plaza-01";
const OTHER_SCREEN: &str = "plaza-02";

fn named(route: &RouteSpec) -> String {
    format!("{} {}", route.method, route.path)
}

/// An address of the route at which nothing is, except for screens.
fn address(path: &str) -> String {
    let screen = if path.starts_with("/screens/") { SCREEN } else { "absent" };
    path.replace("{id}", screen)
        .replace("{name}", "absent")
        .replace("{external_id}", "absent")
        .replace("{token}", "absent")
        .replace("{office}", "absent")
        .replace("{route}", "absent")
        .replace("{secret}", "absent")
        .replace("{code}", "not-found")
        .replace("{file}", "absent.xml")
}

/// A request whose answer is judged by its head alone: streams never end.
async fn head(world: &TestGateway, route: &RouteSpec, key: Option<&str>) -> (StatusCode, Value) {
    let mut request = client().request(route.method.clone(), format!("{}{}", world.base, address(route.path)));
    if let Some(key) = key {
        request = request.bearer_auth(key);
    }
    let response = request.send().await.expect("an answer");
    let status = response.status();
    let refused = status.is_client_error();
    let document = if refused { response.json().await.unwrap_or_default() } else { Value::Null };
    (status, document)
}

#[test]
fn the_matrix_and_the_table_have_the_same_routes() {
    let table: BTreeSet<String> = routes::table().iter().map(named).collect();
    let matrix: BTreeSet<String> = MATRIX.iter().map(|(route, _)| (*route).to_owned()).collect();
    assert_eq!(table.difference(&matrix).collect::<Vec<_>>(), Vec::<&String>::new(), "routes nobody decided about");
    assert_eq!(matrix.difference(&table).collect::<Vec<_>>(), Vec::<&String>::new(), "routes that are gone");
    assert_eq!(MATRIX.len(), matrix.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_role_may_do_what_the_matrix_says_and_nothing_else() {
    let world = TestGateway::start().await;
    let screen = json!({"name": "东屏", "area": "230109005000"}).to_string();
    let put = [("content-type", "application/json")];
    for id in [SCREEN, OTHER_SCREEN] {
        let path = format!("/v1/screens/{id}");
        let answer = world.ask(Method::PUT, &path, &world.operator, &put, screen.clone().into()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    }
    let mut keys = BTreeMap::new();
    for role in Role::ALL {
        let subject = match role {
            Role::Issuer => Some("flood"),
            Role::Screen => Some(SCREEN),
            _ => None,
        };
        keys.insert(role.name(), world.key(role, subject).await);
    }
    let other_screen = world.key(Role::Screen, Some(OTHER_SCREEN)).await;

    let allowed: BTreeMap<&str, &str> = MATRIX.iter().copied().collect();
    for route in routes::table() {
        let name = named(&route);
        let allowed = allowed[name.as_str()];
        for role in Role::ALL {
            let (status, document) = head(&world, &route, Some(&keys[role.name()])).await;
            let may = allowed == "public" || allowed.split(' ').any(|word| word == role.name());
            let turned_away = status == StatusCode::UNAUTHORIZED || status == StatusCode::FORBIDDEN;
            assert_eq!(!turned_away, may, "{name} as {}: {status} {document}", role.name());
            if !may {
                assert_eq!(document["code"], "role-not-allowed", "{name} as {}: {document}", role.name());
            }
        }
        if allowed.starts_with("own screen") {
            let (status, document) = head(&world, &route, Some(&other_screen)).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{name}: another screen's does not exist");
            assert_eq!(document["code"], "screen-not-found");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_key_only_the_public_is_open() {
    let world = TestGateway::start().await;
    let revoked = world.key(Role::Operator, None).await;
    let id = world.gateway().flow().authenticate(&revoked).await.expect("a key").key;
    assert!(world.gateway().flow().revoke_key(&id).await.expect("stored"));
    let well_formed = format!("fh_{}", "A".repeat(43));
    let keys = [
        (None, "key-missing"),
        (Some("garbage"), "key-unknown"),
        (Some(well_formed.as_str()), "key-unknown"),
        (Some(revoked.as_str()), "key-revoked"),
    ];
    let allowed: BTreeMap<&str, &str> = MATRIX.iter().copied().collect();
    for route in routes::table() {
        let name = named(&route);
        for (key, code) in keys {
            let (status, document) = head(&world, &route, key).await;
            if allowed[name.as_str()] == "public" {
                assert!(status != StatusCode::UNAUTHORIZED && status != StatusCode::FORBIDDEN, "{name}: {status}");
            } else if route.path.starts_with("/console") {
                assert_eq!(status, StatusCode::SEE_OTHER, "{name}: people are led to the sign-in page");
            } else {
                assert_eq!((status, &document["code"]), (StatusCode::UNAUTHORIZED, &json!(code)), "{name}: {document}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kiosk_address_opens_its_own_screen_and_no_other() {
    let world = TestGateway::start().await;
    let put = [("content-type", "application/json")];
    let screen = json!({"name": "东屏", "area": "230109005000"}).to_string();
    let mut tokens = Vec::new();
    for id in [SCREEN, OTHER_SCREEN] {
        let path = format!("/v1/screens/{id}");
        let view = world.ask(Method::PUT, &path, &world.operator, &put, screen.clone().into()).await.json();
        let url = view["kiosk_url"].as_str().expect("an address").to_owned();
        tokens.push(url.split_once("k=").expect("a token").1.to_owned());
    }
    let feed = |token: &str| format!("/screens/{SCREEN}/feed.json?k={token}");
    assert_eq!(world.get(&feed(&tokens[0]), "").await.status, StatusCode::OK);
    for wrong in [tokens[1].as_str(), "", "x"] {
        let answer = world.get(&feed(wrong), "").await;
        assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::UNAUTHORIZED, "key-missing"), "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_does_nothing_after_its_revocation_was_answered() {
    let world = TestGateway::start().await;
    let security = world.key(Role::Security, None).await;
    let victim = world.key(Role::Issuer, Some("relay")).await;
    assert_eq!(world.get("/v1/warnings", &victim).await.status, StatusCode::OK);
    let id = world.gateway().flow().authenticate(&victim).await.expect("a key").key;
    let path = format!("/v1/keys/{id}/revoke");
    assert_eq!(world.ask(Method::POST, &path, &security, &[], Vec::new()).await.status, StatusCode::NO_CONTENT);
    let answer = world.post_as(&victim, "application/json", warning("W1", "red").to_string()).await;
    assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::UNAUTHORIZED, "key-revoked"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_reads_but_changes_nothing_for_another_site() {
    let world = TestGateway::start().await;
    let form = [("content-type", "application/x-www-form-urlencoded"), ("sec-fetch-site", "same-origin")];
    let body = format!("key={}", world.operator);
    let answer = world.ask(Method::POST, "/console/login", "", &form, body.into()).await;
    let cookie = answer.header("set-cookie").to_owned();
    for word in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(word), "{cookie}");
    }
    assert!(!cookie.contains(&world.operator), "the cookie is not the key");
    let pair = cookie.split(';').next().expect("a pair");
    let ask = |method, headers: Vec<(&'static str, String)>| {
        let world = &world;
        let cookie = ("cookie", pair.to_owned());
        async move {
            let headers: Vec<(&str, &str)> =
                headers.iter().chain([&cookie]).map(|(name, value)| (*name, value.as_str())).collect();
            world.ask(method, "/v1/routes/sms.sim/probe", "", &headers, Vec::new()).await
        }
    };
    let here = world.base.clone();
    for (name, value, may) in [
        ("sec-fetch-site", "same-origin".to_owned(), true),
        ("origin", here, true),
        ("sec-fetch-site", "cross-site".to_owned(), false),
        ("sec-fetch-site", "same-site".to_owned(), false),
        ("origin", "http://evil.example".to_owned(), false),
        ("origin", "null".to_owned(), false),
        ("x-nothing", String::new(), false),
    ] {
        let answer = ask(Method::POST, vec![(name, value.clone())]).await;
        if may {
            assert_eq!(answer.status, StatusCode::OK, "{name}: {value}: {}", answer.text);
        } else {
            assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::FORBIDDEN, "cross-site-request"));
        }
    }
    let id = world.gateway().flow().authenticate(&world.operator).await.expect("a key").key;
    world.gateway().flow().revoke_key(&id).await.expect("stored");
    let answer = ask(Method::POST, vec![("sec-fetch-site", "same-origin".to_owned())]).await;
    assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::UNAUTHORIZED, "key-revoked"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_issuer_sees_its_own_deliveries_and_ends_its_own_events() {
    let world = TestGateway::start().await;
    let flood = world.key(Role::Issuer, Some("flood")).await;
    let first = warning("W1", "red");
    let posted = world.post(&first).await.json();
    let id = posted["id"].as_str().expect("an id");
    world.until_done(id).await;
    assert_eq!(world.get(&format!("/v1/warnings/{id}"), &flood).await.status, StatusCode::OK, "released: all read it");
    for (method, path) in [(Method::GET, "deliveries"), (Method::POST, "lift"), (Method::POST, "correct")] {
        let answer = world.ask(method, &format!("/v1/warnings/{id}/{path}"), &flood, &[], Vec::new()).await;
        assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::NOT_FOUND, "warning-not-found"), "{path}");
    }

    // The same sender, so the reference would reach the event.
    let mut cancel = following(&first, "W2", "cancel");
    cancel["infos"][0]["level"] = "yellow".into();
    cancel["infos"][0]["areas"][0]["geocodes"][0]["value"] = "230109005000".into();
    let answer = world.post_as(&flood, "application/json", cancel.to_string()).await;
    assert_eq!(
        (answer.status, answer.problem().as_str()),
        (StatusCode::FORBIDDEN, "authority-exceeded"),
        "{}",
        answer.text
    );
    assert_eq!(answer.json()["errors"][0]["code"], "event-not-own");

    let mut actual = following(&first, "W3", "cancel");
    actual["status"] = "actual".into();
    let answer = world.post(&actual).await;
    assert_eq!(answer.json()["errors"][0]["code"], "event-status-differs", "a drill and a real one: {}", answer.text);

    let answer = world.post(&following(&first, "W4", "cancel")).await;
    assert_eq!(answer.status, StatusCode::CREATED, "its own: {}", answer.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_approver_lifts_and_an_operator_lifts_drills() {
    let world = TestGateway::start().await;
    let approver = world.key(Role::Approver, None).await;
    for (identifier, key) in [("W1", &approver), ("W2", &world.operator)] {
        let posted = world.post(&warning(identifier, "red")).await.json();
        let path = format!("/v1/warnings/{}/lift", posted["id"].as_str().expect("an id"));
        let answer = world.ask(Method::POST, &path, key, &[], Vec::new()).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        assert_eq!(answer.json()["kind"], "cancel");
    }
    let mut real = warning("W3", "red");
    real["status"] = "actual".into();
    // Of our own: what is passed on is lifted by its originator.
    real["sender"] = "relay@fenghuo.local".into();
    let posted = world.post(&real).await.json();
    let path = format!("/v1/warnings/{}/lift", posted["id"].as_str().expect("an id"));
    let answer = world.ask(Method::POST, &path, &world.operator, &[], Vec::new()).await;
    assert_eq!(answer.problem(), "authority-exceeded", "{}", answer.text);
    let answer = world.ask(Method::POST, &path, &approver, &[], Vec::new()).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
}
