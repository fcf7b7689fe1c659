//! What screens say of themselves: how they are, what they did with a warning, what they look like.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{JSON, actual, registered, showing};
use crate::support::gateway::{Answer, TestGateway};

async fn says(world: &TestGateway, feed: &str, what: &str, value: Value) -> Answer {
    let path = feed.replace("feed.json", what);
    world.ask(Method::POST, &path, "", &JSON, value.to_string().into_bytes()).await
}

async fn view(world: &TestGateway) -> Value {
    world.get("/v1/screens", &world.operator).await.json()["items"][0].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_heartbeat_says_how_the_screen_is_and_what_it_shows() {
    let world = TestGateway::start().await;
    let feed = registered(&world, "hall", json!({})).await;
    let etag = world.get(&feed, "").await.header("etag").to_owned();
    let beat = json!({"player": "led 2", "brightness": 0, "free_bytes": 1_048_576, "etag": etag});
    assert_eq!(says(&world, &feed, "heartbeat", beat).await.status, StatusCode::NO_CONTENT);
    let seen = view(&world).await;
    assert_eq!((&seen["brightness"], &seen["free_bytes"]), (&json!(0), &json!(1_048_576)));
    assert_eq!((&seen["shows_current"], seen["heartbeat_at"].is_string()), (&json!(true), true));
    says(&world, &feed, "heartbeat", json!({"etag": "\"old\""})).await;
    assert_eq!(view(&world).await["shows_current"], false);
    assert_eq!(says(&world, &feed, "heartbeat", json!({"brightness": 300})).await.status, 400);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_screen_did_with_a_warning_is_kept_with_its_time_and_a_failure_is_shown() {
    let world = TestGateway::start().await;
    let feed = registered(&world, "hall", json!({})).await;
    let id = world.post(&actual("A1")).await.json()["id"].as_str().expect("an id").to_owned();
    showing(&world, &feed, 1).await;
    let plays = async || {
        let listed = world.get(&format!("/v1/warnings/{id}/plays"), &world.operator).await;
        listed.json()["items"].clone()
    };
    assert_eq!(plays().await, json!([]));
    let ack = async |state: &str| says(&world, &feed, "ack", json!({"warning": id, "state": state})).await.status;
    assert_eq!(ack("failed").await, StatusCode::NO_CONTENT);
    assert_eq!(view(&world).await["trouble"], id.as_str());
    assert_eq!(ack("shown").await, StatusCode::NO_CONTENT);
    assert_eq!(view(&world).await["trouble"], Value::Null);
    let first = plays().await;
    assert_eq!((&first[0]["screen"], first[0]["shown_at"].is_string()), (&json!("hall"), true));
    assert!(first[0]["failed_at"].is_string() && first[0]["removed_at"].is_null(), "{first}");
    ack("shown").await;
    assert_eq!(plays().await, first, "the first time counts");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_picture_is_kept_looked_at_and_no_sign_of_life() {
    let world = TestGateway::start().await;
    let feed = registered(&world, "hall", json!({})).await;
    let path = feed.replace("feed.json", "screenshot");
    let send = async |bytes: Vec<u8>| world.ask(Method::POST, &path, "", &[("content-type", "image/png")], bytes).await;
    assert_eq!(world.get("/screens/hall/screenshot", &world.operator).await.status, StatusCode::NOT_FOUND);
    let picture = b"\x89PNG\r\n\x1a\nabc".to_vec();
    assert_eq!(send(picture.clone()).await.status, StatusCode::NO_CONTENT);
    let shown = world.get("/screens/hall/screenshot", &world.operator).await;
    assert_eq!((shown.header("content-type"), shown.header("x-content-type-options")), ("image/png", "nosniff"));
    let seen = view(&world).await;
    assert_eq!((&seen["last_seen_at"], &seen["holds"]), (&Value::Null, &json!("never")));
    assert!(seen["screenshot_at"].is_string());
    let script = send(b"<svg onload=alert(1)>".to_vec()).await;
    assert_eq!(script.problem(), "media-type-unsupported");
    let mut large = picture;
    large.resize(512 * 1024 + 1, 0);
    assert_eq!(send(large).await.problem(), "body-too-large");
    let page = world.get("/console/screens", &world.operator).await;
    assert_ne!(page.status, StatusCode::INTERNAL_SERVER_ERROR);
}
