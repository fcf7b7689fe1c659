//! A correction ordered over HTTP and on the console: once, with the words that were signed, and only of what was told.

use std::time::Duration;

use fenghuo::flow::authorize::Role;
use fenghuo_contract::Channel;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    gateway::{Answer, TestGateway},
    message::{STREET, warning},
};

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];
const FORM: [(&str, &str); 1] = [("content-type", "application/x-www-form-urlencoded")];

async fn told(world: &TestGateway, message: &Value) -> String {
    let id = world.post(message).await.json()["id"].as_str().expect("an id").to_owned();
    world.until_done(&id).await;
    id
}

async fn correct(world: &TestGateway, key: &str, id: &str, reason: &str) -> Answer {
    let body = json!({"reason": reason}).to_string();
    world.ask(Method::POST, &format!("/v1/warnings/{id}/correct"), key, &JSON, body.into()).await
}

async fn timeline(world: &TestGateway, id: &str) -> String {
    world.get(&format!("/v1/warnings/{id}/timeline"), &world.operator).await.text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_correction_over_http_goes_once_to_those_who_were_told() {
    let world = TestGateway::start().await;
    world.recipients(STREET, Channel::Sms, (0..6).map(|n| format!("138{n:08}"))).await;
    let mut message = warning("W1", "red");
    message["infos"][0]["correction_text"] = "刚才的预警发错了，请忽略。".into();
    let id = told(&world, &message).await;
    let corrected = correct(&world, &world.operator, &id, "误发").await;
    assert_eq!(corrected.status, StatusCode::CREATED, "{}", corrected.text);
    let view = corrected.json();
    assert_eq!((&view["change"], &view["status"]), (&json!("correction"), &json!("exercise")));
    assert_eq!(view["message"]["infos"][0]["description"], "刚才的预警发错了，请忽略。", "{view:#}");
    let correction = view["id"].as_str().expect("an id").to_owned();
    let status = world.until_done(&correction).await;
    assert_eq!(status["channels"]["sms"]["audience"], 6, "{status:#}");
    let ended = world.get(&format!("/v1/warnings/{id}"), &world.operator).await.json();
    assert_eq!((&ended["ended"], &ended["ended_by"]), (&json!("corrected"), &json!(correction)));
    assert!(timeline(&world, &correction).await.contains("误发"));

    // Said again it is the same; of what was only a correction there is nothing to correct.
    let again = correct(&world, &world.operator, &id, "误发").await;
    assert_eq!((again.status, &again.json()["id"]), (StatusCode::OK, &json!(correction)));
    assert_eq!(again.header("idempotent-replayed"), "true");
    assert_eq!(correct(&world, &world.operator, "none", "x").await.problem(), "warning-not-found");
    let other = world.key(Role::Issuer, Some("flood")).await;
    assert_eq!(
        correct(&world, &other, &id, "x").await.problem(),
        "warning-not-found",
        "another's is not theirs to end"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_was_told_of_is_not_corrected() {
    let world = TestGateway::with(|config| {
        let rule = toml::from_str("levels = [\"red\"]\nsteps = [\"review\"]\ndrills = true").expect("a rule");
        config.sign_off.insert("red".to_owned(), rule);
    })
    .await;
    let posted = world.post(&warning("W1", "red")).await.json();
    let id = posted["id"].as_str().expect("an id");
    let refused = correct(&world, &world.operator, id, "x").await;
    assert_eq!((refused.status, refused.problem().as_str()), (StatusCode::CONFLICT, "warning-not-released"));
    let page = format!("/console/warnings/{id}/correct");
    let led = world.get(&page, &world.operator).await;
    assert_eq!((led.status, led.header("location")), (StatusCode::SEE_OTHER, &*format!("/console/warnings/{id}")));
    let pressed = world.ask(Method::POST, &page, &world.operator, &FORM, b"reason=x".to_vec()).await;
    assert_eq!(pressed.status, StatusCode::CONFLICT, "{}", pressed.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_correction_on_the_console_shows_its_words_before_it_sends_them() {
    let world = TestGateway::start().await;
    world.recipients(STREET, Channel::Sms, (0..4).map(|n| format!("138{n:08}"))).await;
    let mut message = warning("W1", "orange");
    message["infos"][0]["correction_text"] = "刚才的预警发错了，请忽略。".into();
    let id = told(&world, &message).await;
    let (warning, page) = (format!("/console/warnings/{id}"), format!("/console/warnings/{id}/correct"));
    let shown = world.get(&warning, &world.operator).await;
    assert!(shown.text.contains(&format!("href=\"{page}\"")), "{}", shown.text);
    let asked = world.get(&page, &world.operator).await;
    for told in ["更正", "演练", "刚才的预警发错了，请忽略。", "4 人"] {
        assert!(asked.text.contains(told), "{told}: {}", asked.text);
    }
    assert!(!asked.text.contains("name=\"text\""), "its words were signed and are not changed");
    let auditor = world.key(Role::Auditor, None).await;
    assert_eq!(world.get(&page, &auditor).await.status, StatusCode::FORBIDDEN);
    let pressed = world.ask(Method::POST, &page, &world.operator, &FORM, b"reason=%E8%AF%AF%E5%8F%91".to_vec()).await;
    assert_eq!(pressed.header("location"), format!("{warning}?done=correct"), "{}", pressed.text);
    let mut ended = Value::Null;
    for _ in 0..200 {
        ended = world.get(&format!("/v1/warnings/{id}"), &world.operator).await.json();
        if ended["ended"] == "corrected" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(ended["ended"], "corrected", "{ended:#}");
    let correction = ended["ended_by"].as_str().unwrap_or_default().to_owned();
    let done = world.get(&format!("{warning}?done=correct"), &world.operator).await;
    assert!(!done.text.contains(&format!("href=\"{page}\"")), "once: {}", done.text);
    assert!(timeline(&world, &correction).await.contains("误发"));
}
