//! The question that thousands of screens ask every few seconds has a short way of its own: it is answered as on the long one.

use std::collections::BTreeMap;

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{actual, registered, showing};
use crate::support::gateway::{Answer, TestGateway};

/// What may differ between two answers that say the same.
fn comparable(answer: &Answer) -> (StatusCode, BTreeMap<String, String>) {
    let differs = ["date", "x-request-id", "signature", "signature-input"];
    let text = |value: &reqwest::header::HeaderValue| value.to_str().expect("text").to_owned();
    let headers = answer.headers.iter().filter(|(name, _)| !differs.contains(&name.as_str()));
    (answer.status, headers.map(|(name, value)| (name.as_str().to_owned(), text(value))).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_short_way_and_the_long_one_give_the_same_answer() {
    let world = TestGateway::start().await;
    let feed = registered(&world, "hall", json!({})).await;
    world.post(&actual("A1")).await;
    let shown = showing(&world, &feed, 1).await;
    let key = world.key(fenghuo::flow::authorize::Role::Screen, Some("hall")).await;
    let bare = feed.split('?').next().expect("a path");
    for (path, key) in [(feed.as_str(), ""), (bare, key.as_str())] {
        for encoding in ["identity", "gzip"] {
            let etag = shown.header("etag").replace("-gz", "");
            let hold = [("if-none-match", etag.as_str()), ("accept-encoding", encoding), ("x-request-id", "r-1")];
            let quick = world.ask(Method::GET, path, key, &hold, Vec::new()).await;
            // Whoever would wait goes the long way; 0 seconds are no time.
            let long = if path.contains('?') { format!("{path}&wait=0") } else { format!("{path}?wait=0") };
            let long = world.ask(Method::GET, &long, key, &hold, Vec::new()).await;
            assert_eq!(quick.status, StatusCode::NOT_MODIFIED, "{}", quick.text);
            assert_eq!(comparable(&quick), comparable(&long));
            assert_eq!(quick.header("x-request-id"), "r-1");
            assert!(quick.headers.contains_key("signature") && quick.headers.contains_key("content-security-policy"));
        }
    }
    // It is a word of the screen, and counted like every request.
    let view = world.get("/v1/screens", &world.operator).await.json();
    assert_eq!(view["items"][0]["holds"], "current", "{view}");
    let metrics = world.get("/metrics", &world.operator).await.text;
    let counted = metrics.lines().find(|line| {
        line.starts_with("fenghuo_http_request_seconds_count")
            && line.contains("/screens/{id}/feed.json")
            && line.contains("304")
    });
    let counted = counted.unwrap_or_else(|| panic!("counted: {metrics}"));
    assert!(counted.ends_with(" 8"), "{counted}");

    // Whoever is not the screen, and whoever holds something else, is answered by the long way.
    let hold = [("if-none-match", shown.header("etag"))];
    for (path, key, status) in [
        (format!("{feed}x"), "", StatusCode::UNAUTHORIZED),
        (bare.replace("hall", "gate"), key.as_str(), StatusCode::NOT_FOUND),
        (bare.to_owned(), "", StatusCode::UNAUTHORIZED),
        (bare.to_owned(), world.operator.as_str(), StatusCode::NOT_MODIFIED),
    ] {
        assert_eq!(world.ask(Method::GET, &path, key, &hold, Vec::new()).await.status, status, "{path}");
    }
    let other = [("if-none-match", "\"0\"")];
    assert_eq!(world.ask(Method::GET, &feed, "", &other, Vec::new()).await.status, StatusCode::OK);
}
