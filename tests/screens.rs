//! Public screens: what they are told, that it is signed, and what becomes of one that falls silent.

mod custody;
mod education;
mod follow;
mod hard;
mod health;
mod import;
mod later;
mod panels;
mod quick;

use reqwest::{Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::support::{
    gateway::{Answer, TestGateway, client},
    message::{STREET, warning},
    peers::judged,
};

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

/// Registers a screen; path and query of its feed.
async fn registered(world: &TestGateway, id: &str, more: Value) -> String {
    let mut body = json!({"id": id, "name": "市民广场东屏", "area": STREET});
    if let (Value::Object(body), Value::Object(more)) = (&mut body, more) {
        body.extend(more);
    }
    let path = format!("/v1/screens/{id}");
    let answer = world.ask(Method::PUT, &path, &world.operator, &JSON, body.to_string().into_bytes()).await;
    assert!(answer.status.is_success(), "{}", answer.text);
    let url = answer.json()["kiosk_url"].as_str().expect("an address").to_owned();
    let (page, query) = url[url.find("/screens/").expect("a page")..].split_once('?').expect("a token");
    format!("{page}/feed.json?{query}")
}

/// A screen's feed once it shows so many warnings.
async fn showing(world: &TestGateway, path: &str, count: usize) -> Answer {
    for _ in 0..200 {
        let answer = world.get(path, "").await;
        if answer.json()["notices"].as_array().map(Vec::len) == Some(count) {
            return answer;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{path} never showed {count}: {}", world.get(path, "").await.text);
}

fn actual(identifier: &str) -> Value {
    let mut message = warning(identifier, "red");
    message["status"] = "actual".into();
    message
}

/// What a foreign reader of RFC 9421 says of an answer.
async fn checked(world: &TestGateway, path: &str, answer: &Answer) -> Result<String, String> {
    checked_at(world, &format!("{}{path}", world.base), answer.status, &answer.headers).await
}

/// The same of an answer from another place.
async fn checked_at(
    world: &TestGateway,
    url: &str,
    status: StatusCode,
    headers: &reqwest::header::HeaderMap,
) -> Result<String, String> {
    let keys = world.get("/screens/keys.json", "").await;
    assert_eq!((keys.status, keys.header("content-type")), (StatusCode::OK, "application/jwk-set+json"));
    let headers = headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap().into()));
    let headers: Map<String, Value> = headers.collect();
    let given = json!({"url": url, "status": status.as_u16(), "headers": headers, "keys": keys.json()});
    judged("message_signature.py", &given.to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_answer_is_signed_also_that_nothing_stands_and_that_nothing_changed() {
    let world = TestGateway::start().await;
    let path = registered(&world, "hall", json!({})).await;
    let calm = world.get(&path, "").await;
    assert_eq!(calm.json()["notices"], json!([]));
    let covered = checked(&world, &path, &calm).await.expect("a valid signature");
    assert!(covered.contains("etag"), "{covered}");
    let held = calm.header("etag").to_owned();
    let same = world.ask(Method::GET, &path, "", &[("if-none-match", &held)], Vec::new()).await;
    assert_eq!(same.status, StatusCode::NOT_MODIFIED);
    checked(&world, &path, &same).await.expect("a 304 says that it still stands");
    world.post(&actual("A1")).await;
    let mut shown = showing(&world, &path, 1).await;
    checked(&world, &path, &shown).await.expect("a valid signature");
    shown.headers.insert("etag", calm.headers["etag"].clone());
    let forged = checked(&world, &path, &shown).await.expect_err("another document under the same signature");
    assert!(forged.contains("InvalidSignature"), "{forged}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_screen_in_a_bus_shows_warnings_only_where_that_is_said() {
    let world = TestGateway::start().await;
    let bus = registered(&world, "bus-9", json!({"class": "vehicle"})).await;
    let taxi = registered(&world, "taxi-1", json!({"class": "vehicle", "warnings": true})).await;
    world.post(&actual("A1")).await;
    showing(&world, &taxi, 1).await;
    assert_eq!(world.get(&bus, "").await.json()["notices"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_broken_field_of_a_screen_is_told_at_once() {
    let world = TestGateway::start().await;
    let body = json!({
        "name": "东屏", "area": STREET, "class": "moon", "position": {"latitude": 126.5, "longitude": 45.8},
        "panel": {"width_cm": 0, "height_cm": 216, "distance_m": 12}, "custodian": {"name": "张建国"}, "warnings": 7
    });
    let body = body.to_string().into_bytes();
    let answer = world.ask(Method::PUT, "/v1/screens/east", &world.operator, &JSON, body).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST, "{}", answer.text);
    let errors = answer.json()["errors"].as_array().expect("a list").clone();
    let mut pointers: Vec<_> = errors.iter().map(|error| error["pointer"].as_str().expect("a pointer")).collect();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/class", "/custodian", "/panel", "/position", "/warnings"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_packed_answer_is_the_same_document_and_signed_as_well() {
    let world = TestGateway::start().await;
    let path = registered(&world, "hall", json!({})).await;
    world.post(&actual("A1")).await;
    showing(&world, &path, 1).await;
    let plain = world.ask(Method::GET, &path, "", &[("accept-encoding", "identity")], Vec::new()).await;
    // The client of the tests unpacks it, and then says nothing of that.
    let packed = world.ask(Method::GET, &path, "", &[("accept-encoding", "gzip")], Vec::new()).await;
    assert_eq!((packed.status, &packed.text), (StatusCode::OK, &plain.text));
    assert_eq!(packed.header("etag"), plain.header("etag").trim_end_matches('"').to_owned() + "-gz\"");
    checked(&world, &path, &packed).await.expect("a valid signature");
    let headers = [("accept-encoding", "gzip"), ("if-none-match", packed.header("etag"))];
    let same = world.ask(Method::GET, &path, "", &headers, Vec::new()).await;
    assert_eq!((same.status, same.header("etag")), (StatusCode::NOT_MODIFIED, packed.header("etag")));
    let view = world.get("/v1/screens", &world.operator).await.json();
    assert_eq!(view["items"][0]["holds"], "current", "{view}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn players_of_others_get_one_cap_document_or_lines_of_text_and_nothing_when_it_is_calm() {
    let world = TestGateway::start().await;
    let path = registered(&world, "hall", json!({"characters": 12})).await;
    let (cap, text) = (path.replace("feed.json", "current.cap"), path.replace("feed.json", "feed.txt"));
    for calm in [&cap, &text] {
        let answer = world.get(calm, "").await;
        assert_eq!((answer.status, answer.text.as_str()), (StatusCode::OK, ""));
    }
    for identifier in ["A1", "A2"] {
        world.post(&actual(identifier)).await;
    }
    let shown = showing(&world, &path, 2).await.json();
    let merged = world.get(&cap, "").await;
    assert_eq!(merged.header("content-type"), "application/cap+xml; charset=utf-8");
    assert_eq!(merged.text.matches("<info>").count(), 2, "{}", merged.text);
    assert!(merged.text.contains("<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\">"));
    let read = fenghuo::domain::cap::read(merged.text.as_bytes());
    assert!(read.message.is_some(), "{:?}", read.findings);
    let title = shown["notices"][0]["title"].as_str().expect("a title");
    assert_eq!(world.get(&text, "").await.text, format!("{title}\n{title}\n"), "the text has no room");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_public_feeds_tell_the_same_warnings_in_every_form() {
    let world = TestGateway::start().await;
    registered(&world, "hall", json!({})).await;
    let mut message = actual("A1");
    message["infos"][0]["areas"][0]["circles"] = json!([{"centre": [45.8, 126.5], "radius_km": 2.0}]);
    assert_eq!(world.post(&message).await.status, StatusCode::CREATED);
    for _ in 0..200 {
        let feed = world.get("/feeds/active.geojson", "").await;
        if feed.json()["features"].as_array().is_some_and(|features| !features.is_empty()) {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    let map = world.get("/feeds/active.geojson", "").await;
    assert_eq!(map.header("content-type"), "application/geo+json");
    let feature = &map.json()["features"][0];
    let ring = feature["geometry"]["coordinates"][0].as_array().expect("a ring").clone();
    assert_eq!((ring.len(), ring.first()), (37, ring.last()));
    let (longitude, latitude) = (ring[0][0].as_f64().unwrap(), ring[0][1].as_f64().unwrap());
    assert!((126.5..126.53).contains(&longitude) && (latitude - 45.8).abs() < 1e-6, "{longitude} {latitude}");
    let read = judged("feed_reader.py", &world.get("/feeds/warnings.rss", "").await.text).expect("a feed");
    let entries: Value = serde_json::from_str(&read).expect("JSON");
    assert_eq!(entries[0]["link"], feature["properties"]["cap"], "{entries}");
    assert!(entries[0]["published"].as_str().is_some_and(|at| at.ends_with("+0000")), "{entries}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_listens_is_told_all_of_it_at_once_and_when_it_changes() {
    let world = TestGateway::start().await;
    let path = registered(&world, "hall", json!({})).await.replace("feed.json", "events");
    let listen = |held: Option<String>| {
        let request = client().get(format!("{}{path}", world.base));
        let request = held.iter().fold(request, |request, id| request.header("last-event-id", id));
        async move { request.send().await.expect("an answer") }
    };
    let mut stream = listen(None).await;
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut told = String::new();
    async fn until(stream: &mut reqwest::Response, told: &mut String, count: usize) {
        while told.matches("event: document").count() < count || !told.ends_with("\n\n") {
            let chunk = stream.chunk().await.expect("it goes on").expect("an event");
            told.push_str(std::str::from_utf8(&chunk).expect("text"));
        }
    }
    until(&mut stream, &mut told, 1).await;
    assert!(told.starts_with("retry: ") && told.contains("event: signed\ndata: {"), "{told}");
    assert!(told.contains("\"notices\":[]"), "nothing stands, and that is said: {told}");
    world.post(&actual("A1")).await;
    until(&mut stream, &mut told, 2).await;
    let last = told.rsplit("event: document\ndata: ").next().expect("an event").trim();
    let document: Value = serde_json::from_str(last).expect("JSON");
    assert_eq!(document["notices"][0]["level"], "red");
    let id = told.rsplit("id: ").next().and_then(|rest| rest.lines().next()).expect("an id").to_owned();
    let mut again = listen(Some(id)).await;
    let mut resumed = String::new();
    while !resumed.contains("event: stands") {
        let chunk = again.chunk().await.expect("it goes on").expect("an event");
        resumed.push_str(std::str::from_utf8(&chunk).expect("text"));
    }
    assert!(!resumed.contains("event: document"), "what it holds is not sent again: {resumed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_signs_is_told_on_which_screens_it_cannot_be_read() {
    let world = TestGateway::start().await;
    let at = |distance_m: u32| json!({"panel": {"width_cm": 122, "height_cm": 69, "distance_m": distance_m}});
    for (id, more) in [("near", at(3)), ("square", at(16)), ("bridge", at(200)), ("unknown", json!({}))] {
        registered(&world, id, more).await;
    }
    let answer = world.ask(
        Method::POST,
        "/v1/warnings?dry_run=true",
        &world.issuer,
        &JSON,
        actual("A1").to_string().into_bytes(),
    );
    let answer = answer.await;
    let advice = answer.json()["advice"].as_array().expect("a list").clone();
    let of = |code: &str| advice.iter().filter(|one| one["code"] == code).count();
    assert_eq!(
        (of("screens-headline-only"), of("screens-too-small"), of("screens-size-unknown")),
        (1, 1, 1),
        "{}",
        answer.text
    );
}
