//! Every headquarters sees what every other has released, and its history; not what nobody has signed.

use std::time::Duration;

use fenghuo::{
    config::SignOffRule,
    domain::{level::Level, signoff::Step},
    flow::authorize::Role,
};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::support::{
    gateway::TestGateway,
    message::{OTHER_STREET, STREET, following, warning},
};

async fn listed(world: &TestGateway, key: &str, query: &str) -> Vec<String> {
    let answer = world.get(&format!("/v1/warnings?{query}"), key).await;
    assert_eq!(answer.status, StatusCode::OK, "{query}: {}", answer.text);
    let items = answer.json()["items"].as_array().expect("items").clone();
    items.iter().map(|item| item["message"]["identifier"].as_str().expect("an identifier").to_owned()).collect()
}

async fn posted(world: &TestGateway, message: &Value) -> String {
    let answer = world.post(message).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    answer.json()["id"].as_str().expect("an id").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_headquarters_reads_what_others_released_and_its_history() {
    let world = TestGateway::start().await;
    let other = world.key(Role::Issuer, Some("flood")).await;
    let first = warning("W1", "red");
    let id = posted(&world, &first).await;
    world.until_done(&id).await;
    let update = posted(&world, &following(&first, "W2", "update")).await;
    world.until_done(&update).await;
    assert_eq!(listed(&world, &other, "active=true").await, ["W2"]);
    assert_eq!(listed(&world, &other, &format!("event={id}")).await, ["W2", "W1"], "the history of the event");
    for path in ["", "/cap", "/status", "/timeline"] {
        let answer = world.get(&format!("/v1/warnings/{id}{path}"), &other).await;
        assert_eq!(answer.status, StatusCode::OK, "{path}: {}", answer.text);
    }
    let hidden = world.get(&format!("/v1/warnings/{id}/deliveries"), &other).await;
    assert_eq!(hidden.problem(), "warning-not-found", "whom another tells is not its business");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_signed_is_not_shown_to_others() {
    let rule = SignOffRule {
        hazards: vec!["11B99".to_owned()],
        levels: Level::ALL.to_vec(),
        issuers: vec!["*".to_owned()],
        drills: true,
        steps: vec![Step::Sign],
        expires_s: Duration::from_secs(2),
        second_within_s: Duration::ZERO,
    };
    let world = TestGateway::with(|config| drop(config.sign_off.insert("all".to_owned(), rule))).await;
    let other = world.key(Role::Issuer, Some("flood")).await;
    let mut unsigned = warning("UNSIGNED", "red");
    unsigned["infos"][0]["hazard"] = "11B99".into();
    let mut draft = warning("DRAFT", "red");
    draft["status"] = "draft".into();
    let waits = posted(&world, &unsigned).await;
    let drafted = posted(&world, &draft).await;
    let see = async || {
        assert_eq!(listed(&world, &other, "").await, Vec::<String>::new());
        for id in [&waits, &drafted] {
            for path in ["", "/cap", "/status", "/timeline", "/sign-off"] {
                let answer = world.get(&format!("/v1/warnings/{id}{path}"), &other).await;
                assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}: {}", answer.text);
            }
        }
    };
    see().await;
    // Nor when it ended without a signature.
    for _ in 0..200 {
        let shown = world.get(&format!("/v1/warnings/{waits}"), &world.issuer).await.json();
        if shown["ended"] == json!("unsigned") {
            see().await;
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let shown = world.get(&format!("/v1/warnings/{waits}"), &world.issuer).await.json();
    assert_eq!(shown["ended"], "unsigned", "its own headquarters sees it: {shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn warnings_are_found_by_hazard_area_issuer_and_whether_they_stand() {
    let world = TestGateway::start().await;
    let place = |identifier: &str, hazard: &str, area: &str| {
        let mut message = warning(identifier, "blue");
        message["infos"][0]["hazard"] = hazard.into();
        message["infos"][0]["areas"][0]["geocodes"][0]["value"] = area.into();
        message
    };
    for message in
        [place("RAIN", "11B03", STREET), place("FLOOD", "11A03", OTHER_STREET), place("ALL", "11B06", "230109000000")]
    {
        posted(&world, &message).await;
    }
    let key = &world.operator;
    for (query, expected) in [
        ("hazard=11B03", vec!["RAIN"]),
        ("hazard=11B*", vec!["ALL", "RAIN"]),
        ("area=230109005000", vec!["ALL", "RAIN"]),
        ("area=230109", vec!["ALL", "FLOOD", "RAIN"]),
        ("area=230109002000&hazard=11A*&active=true&issuer=relay", vec!["FLOOD"]),
        ("issuer=flood", vec![]),
        ("event=absent", vec![]),
    ] {
        assert_eq!(listed(&world, key, query).await, expected, "{query}");
    }
    let wrong = world.get("/v1/warnings?area=here", key).await;
    assert_eq!((wrong.status, wrong.problem().as_str()), (StatusCode::BAD_REQUEST, "parameter-wrong"));
}
