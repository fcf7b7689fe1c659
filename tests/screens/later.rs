//! A screen that is hung up in the middle of an event shows what stands there, though it was in no audience.

use reqwest::Method;
use serde_json::json;

use super::{JSON, actual, registered, showing};
use crate::support::{
    gateway::TestGateway,
    message::{following, warning},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_stands_where_it_hangs_is_shown_also_where_nobody_hung_before() {
    let world = TestGateway::start().await;
    let first = actual("A1");
    let id = world.post(&first).await.json()["id"].as_str().expect("an id").to_owned();
    world.post(&warning("D1", "red")).await;
    world.until_done(&id).await;
    // Nobody was in the audience of the display: nothing was rendered for it.
    let hall = registered(&world, "hall", json!({})).await;
    let shown = showing(&world, &hall, 1).await.json();
    assert_eq!((&shown["notices"][0]["warning"], &shown["notices"][0]["level"]), (&json!(id), &json!("red")));
    assert!(shown["notices"][0]["text"].as_str().is_some_and(|text| !text.is_empty()), "{shown}");
    let status = world.get(&format!("/v1/warnings/{id}/status"), &world.operator).await.json();
    assert_eq!(
        status["channels"]["display"]["audience"].as_u64().unwrap_or_default(),
        0,
        "nothing was delivered to it"
    );

    // Elsewhere it does not stand; a screen that takes part in drills shows the drill too, and reads its own language.
    let elsewhere = registered(&world, "bridge", json!({"area": "230102001000"})).await;
    let drill = registered(&world, "gate", json!({"drill": true, "language": "en"})).await;
    let both = showing(&world, &drill, 2).await.json();
    assert_eq!(both["notices"][0]["language"], "en", "{both}");
    assert_eq!(world.get(&elsewhere, "").await.json()["notices"], json!([]));
    // Moved, it does.
    registered(&world, "bridge", json!({})).await;
    showing(&world, &elsewhere, 1).await;

    // After a restart the same, and its word is taken.
    let etag = world.get(&hall, "").await.header("etag").to_owned();
    let world = world.restart().await;
    assert_eq!(showing(&world, &hall, 1).await.header("etag"), etag);
    let ack = json!({"warning": id, "state": "shown"}).to_string().into_bytes();
    let taken = world.ask(Method::POST, &hall.replace("feed.json", "ack"), "", &JSON, ack).await;
    assert_eq!(taken.status, 204, "{}", taken.text);

    // What ends it takes it away; that it is over is for those who were told.
    world.post(&following(&first, "A2", "cancel")).await;
    showing(&world, &hall, 0).await;
    let late = registered(&world, "late", json!({})).await;
    let next = world.post(&actual("A3")).await.json()["id"].clone();
    assert_eq!(showing(&world, &late, 1).await.json()["notices"][0]["warning"], next);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_those_who_were_told_it_shows_the_same_and_is_not_told_of_the_end() {
    let world = TestGateway::start().await;
    let hall = registered(&world, "hall", json!({})).await;
    let first = actual("A1");
    let id = world.post(&first).await.json()["id"].as_str().expect("an id").to_owned();
    let told = showing(&world, &hall, 1).await;
    let gate = registered(&world, "gate", json!({})).await;
    assert_eq!(showing(&world, &gate, 1).await.text, told.text);
    let status = world.get(&format!("/v1/warnings/{id}/status"), &world.operator).await.json();
    assert_eq!(status["channels"]["display"]["audience"], 1, "{status}");
    world.post(&following(&first, "A2", "cancel")).await;
    let ended = showing(&world, &gate, 0).await;
    assert_eq!(ended.json()["education"], json!([]));
    assert_eq!(showing(&world, &hall, 1).await.json()["notices"][0]["lift"], true);
}
