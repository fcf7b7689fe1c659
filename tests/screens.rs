//! Public screens: what they are told, that it is signed, and what becomes of one that falls silent.

use reqwest::{Method, StatusCode};
use serde_json::{Map, Value, json};

use crate::support::{
    gateway::{Answer, TestGateway},
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
    let keys = world.get("/screens/keys.json", "").await;
    assert_eq!((keys.status, keys.header("content-type")), (StatusCode::OK, "application/jwk-set+json"));
    let headers = answer.headers.iter().map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap().into()));
    let headers: Map<String, Value> = headers.collect();
    let url = format!("{}{path}", world.base);
    let given = json!({"url": url, "status": answer.status.as_u16(), "headers": headers, "keys": keys.json()});
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
