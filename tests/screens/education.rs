//! What screens teach in peace, and that a warning takes its place at once.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{JSON, actual, registered, showing};
use crate::support::gateway::{Answer, TestGateway};

async fn put(world: &TestGateway, id: &str, lesson: Value) -> Answer {
    let path = format!("/v1/education/{id}");
    world.ask(Method::PUT, &path, &world.operator, &JSON, lesson.to_string().into_bytes()).await
}

fn lesson() -> Value {
    json!({"title": "暴雨天怎么办", "text": "远离河道和低洼地带。"})
}

/// Ids of what a screen teaches.
async fn taught(world: &TestGateway, path: &str) -> Vec<String> {
    let document = world.get(path, "").await.json();
    let slides = document["education"].as_array().expect("a list").iter();
    slides.map(|slide| slide["id"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lessons_are_shown_in_peace_and_no_longer_when_something_stands() {
    let world = TestGateway::start().await;
    let hall = registered(&world, "hall", json!({"groups": ["east"]})).await;
    let bus = registered(&world, "bus-9", json!({"class": "vehicle"})).await;
    let calm = world.get(&hall, "").await;
    assert_eq!(calm.json()["education"], json!([]));
    for (id, more) in [
        ("all", json!({})),
        ("buses", json!({"classes": ["vehicle"], "seconds": 9})),
        ("east", json!({"groups": ["east"]})),
        ("over", json!({"until": "2020-01-01T00:00:00+08:00"})),
        ("russian", json!({"language": "ru"})),
    ] {
        let mut whole = lesson();
        whole.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_eq!(put(&world, id, whole).await.status, StatusCode::OK);
    }
    assert_eq!(taught(&world, &hall).await, ["all", "east"]);
    assert_eq!(taught(&world, &bus).await, ["all", "buses"]);
    let taught_now = world.get(&hall, "").await;
    assert_ne!(taught_now.header("etag"), calm.header("etag"));
    let slides = world.get(&bus, "").await.json()["education"].clone();
    assert_eq!((&slides[0]["seconds"], &slides[1]["seconds"]), (&json!(6), &json!(9)));
    let page = world.get(&hall.replace("/feed.json", ""), "").await.text;
    assert!(page.contains("class=\"plain calm teach\"") && page.contains("暴雨天怎么办</h2>"), "{page}");

    world.post(&actual("A1")).await;
    showing(&world, &hall, 1).await;
    assert_eq!(taught(&world, &hall).await, Vec::<String>::new());
    assert_eq!(taught(&world, &bus).await, ["all", "buses"], "a bus shows no warnings");

    // What was entered outlives a restart; who entered it is in the journal.
    let world = world.restart().await;
    assert_eq!(world.get("/v1/education", &world.operator).await.json()["items"].as_array().map(Vec::len), Some(5));
    let gone = world.ask(Method::DELETE, "/v1/education/all", &world.operator, &[], Vec::new()).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    let again = world.ask(Method::DELETE, "/v1/education/all", &world.operator, &[], Vec::new()).await;
    assert_eq!((again.status, again.problem().as_str()), (StatusCode::NOT_FOUND, "lesson-not-found"));
    let bus = registered(&world, "bus-9", json!({"class": "vehicle"})).await;
    assert_eq!(taught(&world, &bus).await, ["buses"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_broken_field_of_a_lesson_is_told_at_once() {
    let world = TestGateway::start().await;
    let broken = json!({
        "title": "", "text": "水", "hours": "8-20", "seconds": 4000, "classes": ["moon"],
        "from": "2026-07-15T08:00:00+08:00", "until": "2026-07-15T07:00:00+08:00", "colour": "red"
    });
    let answer = put(&world, "flood", broken).await;
    assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::BAD_REQUEST, "fields-wrong"));
    let errors = answer.json()["errors"].as_array().expect("a list").clone();
    let mut pointers: Vec<_> = errors.iter().map(|error| error["pointer"].as_str().expect("a pointer")).collect();
    pointers.sort_unstable();
    assert_eq!(pointers, ["/classes", "/colour", "/hours", "/seconds", "/title", "/until"]);
}
