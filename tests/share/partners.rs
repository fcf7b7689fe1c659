//! Partners' systems, by real servers.

use std::time::Duration;

use fenghuo::{
    config::{Config, Partner},
    domain::cap,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::web::{Reply, Request, Web, ok, status};
use crate::support::{
    gateway::TestGateway,
    message::{OTHER_STREET, STREET, following, warning},
};

const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// A partner at a server of this machine; `more` are further keys.
fn partner(web: &Web, secrets: &TempDir, more: &str) -> Partner {
    let file = secrets.path().join("city.whsec");
    std::fs::write(&file, SECRET).unwrap();
    let text = format!(
        "url = \"{}\"\nsecret_files = [{:?}]\nallow_private = [\"127.0.0.0/8\"]\n{more}",
        web.url("/hook/hidden"),
        file.display().to_string()
    );
    toml::from_str(&text).expect("a partner")
}

async fn world(partners: Vec<(&str, Partner)>) -> TestGateway {
    let add = |config: &mut Config| {
        config.partners.extend(partners.into_iter().map(|(name, partner)| (name.to_owned(), partner)));
    };
    TestGateway::with(add).await
}

/// The events that came, without pings.
fn events(seen: &[Request]) -> Vec<Value> {
    let bodies = seen.iter().map(|request| serde_json::from_str(&request.body).expect("JSON"));
    bodies.filter(|event: &Value| event["type"] != "ping").collect()
}

fn kinds(seen: &[Request]) -> Vec<String> {
    events(seen).iter().map(|event| event["type"].as_str().expect("a type").to_owned()).collect()
}

fn actual(identifier: &str, level: &str) -> Value {
    let mut message = warning(identifier, level);
    message["status"] = "actual".into();
    message
}

async fn posted(world: &TestGateway, message: &Value) -> String {
    let answer = world.post(message).await;
    assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
    answer.json()["id"].as_str().expect("an id").to_owned()
}

async fn view(world: &TestGateway, name: &str) -> Value {
    let partners = world.get("/v1/partners", &world.operator).await.json();
    let items = partners["items"].as_array().expect("items").clone();
    items.into_iter().find(|partner| partner["name"] == name).expect("a partner")
}

async fn alarms(world: &TestGateway) -> Vec<String> {
    let alarms = world.get("/v1/alarms", &world.operator).await.json();
    let items = alarms["items"].as_array().expect("items");
    items.iter().map(|alarm| alarm["code"].as_str().expect("a code").to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partner_gets_release_update_and_lift_and_stands_in_the_lists() {
    let (web, secrets) = (Web::start(|_| ok("")).await, TempDir::new().unwrap());
    let world = world(vec![("city", partner(&web, &secrets, "drills = true"))]).await;
    let first = warning("W1", "red");
    let id = posted(&world, &first).await;
    // The word "delivered" is written down right after the answer it belongs to.
    let done = world.until(&id, |status| status["channels"]["webhook"]["delivered"] == 1).await;
    assert_eq!(
        (&done["channels"]["webhook"]["audience"], &done["channels"]["webhook"]["delivered"]),
        (&json!(1), &json!(1)),
        "{done:#}"
    );
    assert_eq!(done["people"]["addressed"], 0, "a system is no person");
    let update = following(&first, "W2", "update");
    let updated = posted(&world, &update).await;
    world.until_done(&updated).await;
    let lift = format!("/v1/warnings/{updated}/lift");
    let lifted = world.ask(Method::POST, &lift, &world.operator, &[], Vec::new()).await.json();
    world.until_done(lifted["id"].as_str().expect("an id")).await;

    let seen = web.until(|seen| events(seen).len() == 3).await;
    assert_eq!(kinds(&seen), ["warning.released", "warning.updated", "warning.lifted"]);
    let event = &events(&seen)[0];
    let data = &event["data"];
    assert_eq!(
        (&data["id"], &data["event"], &data["drill"], &data["level"]),
        (&json!(id), &json!(id), &json!(true), &json!("red"))
    );
    assert!(data["headline"].as_str().is_some_and(|headline| headline.starts_with("【演练】")), "{data:#}");
    assert_eq!(data["message"]["identifier"], "W1");
    let read = cap::read(data["cap"].as_str().expect("CAP").as_bytes()).message.expect("a message");
    assert_eq!(read.identifier, "W1");
    assert_eq!(event["timestamp"], data["released_at"]);
    assert_eq!(events(&seen)[2]["data"]["event"], json!(id), "the lift is of the same event");

    let deliveries = world.get(&format!("/v1/warnings/{id}/deliveries?channel=webhook"), &world.operator).await.json();
    let delivery = &deliveries["items"][0];
    assert_eq!((&delivery["recipient"], &delivery["state"]), (&json!("partner:city"), &json!("delivered")));
    assert_eq!((&delivery["attempts"], &delivery["route"]), (&json!(1), &json!("webhook.city")));
    let shown = view(&world, "city").await;
    assert_eq!((&shown["state"], &shown["pending"]), (&json!("running"), &json!(0)));
    assert!(shown["last_success_at"].is_string() && shown["key_ids"][0].as_str().is_some_and(|id| id.len() == 8));
    for path in ["/v1/partners", "/v1/routes", "/v1/alarms"] {
        let text = world.get(path, &world.operator).await.text;
        assert!(!text.contains("whsec_") && !text.contains("hidden"), "{path}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repeats_carry_the_same_id_until_they_are_taken() {
    let (web, secrets) = (Web::start(|_| status("500 Internal Server Error")).await, TempDir::new().unwrap());
    let world = world(vec![("city", partner(&web, &secrets, "ping_s = 0"))]).await;
    let id = posted(&world, &actual("W1", "red")).await;
    web.until(|seen| seen.len() >= 2).await;
    web.script(|_| status("202 Accepted"));
    world.until(&id, |status| status["channels"]["webhook"]["delivered"] == 1).await;
    let seen = web.seen();
    let ids: Vec<&str> = seen.iter().map(|request| request.header("webhook-id")).collect();
    assert!(ids.len() >= 3 && ids.iter().all(|one| *one == ids[0] && one.starts_with("msg_")), "{ids:?}");
    assert!(seen.iter().all(|request| request.body == seen[0].body), "the same words every time");
    let deliveries = world.get(&format!("/v1/warnings/{id}/deliveries?channel=webhook"), &world.operator).await.json();
    assert_eq!(deliveries["items"][0]["attempts"], json!(ids.len()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_never_answers_holds_up_nobody() {
    let (dead, well) = (Web::start(|_| Reply::Silence).await, Web::start(|_| ok("")).await);
    let secrets = TempDir::new().unwrap();
    let slow = partner(&dead, &secrets, "ping_s = 0\ntimeout_s = 20");
    let world = world(vec![("dead", slow), ("well", partner(&well, &secrets, "ping_s = 0"))]).await;
    for number in 0..6 {
        posted(&world, &actual(&format!("W{number}"), "blue")).await;
    }
    well.until(|seen| events(seen).len() == 6).await;
    assert!(view(&world, "dead").await["pending"].as_u64() >= Some(6));
    assert_eq!(view(&world, "well").await["state"], "running");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_gone_gets_nothing_more_until_a_test_succeeds() {
    let (web, secrets) = (Web::start(|_| status("410 Gone")).await, TempDir::new().unwrap());
    let world = world(vec![("city", partner(&web, &secrets, "ping_s = 0"))]).await;
    let id = posted(&world, &actual("W1", "red")).await;
    let done = world.until_done(&id).await;
    assert_eq!(done["channels"]["webhook"]["failed_by_reason"]["recipient_refused"], 1, "{done:#}");
    assert_eq!(view(&world, "city").await["state"], "gone");

    let world = world.restart().await;
    assert_eq!(view(&world, "city").await["state"], "gone", "a restart keeps it");
    let second = posted(&world, &actual("W2", "red")).await;
    assert_eq!(world.until_done(&second).await["channels"]["webhook"], Value::Null);
    for _ in 0..100 {
        if alarms(&world).await.contains(&"partner-gone".to_owned()) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(alarms(&world).await.contains(&"partner-gone".to_owned()));
    assert_eq!(web.seen().len(), 1, "nothing more was posted");

    let path = "/v1/partners/city/test";
    let failed = world.ask(Method::POST, path, &world.operator, &[], Vec::new()).await.json();
    assert_eq!(failed["ok"], false);
    web.script(|_| ok(""));
    let tested = world.ask(Method::POST, path, &world.operator, &[], Vec::new()).await.json();
    assert_eq!((&tested["ok"], &tested["reason"]), (&json!(true), &Value::Null), "{tested}");
    assert_eq!(view(&world, "city").await["state"], "running");
    posted(&world, &actual("W3", "red")).await;
    let seen = web.until(|seen| events(seen).len() == 2).await;
    assert_eq!(events(&seen)[1]["data"]["message"]["identifier"], "W3");
    let absent = world.ask(Method::POST, "/v1/partners/absent/test", &world.operator, &[], Vec::new()).await;
    assert_eq!(absent.problem(), "partner-not-found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_gets_what_concerns_it_and_no_drill_unless_marked() {
    let (web, secrets) = (Web::start(|_| ok("")).await, TempDir::new().unwrap());
    let narrow = format!("ping_s = 0\nhazards = [\"11B*\"]\nlevels = [\"red\"]\nareas = [\"{STREET}\"]");
    let world = world(vec![("city", partner(&web, &secrets, &narrow))]).await;
    let mut elsewhere = actual("ELSEWHERE", "red");
    elsewhere["infos"][0]["areas"][0]["geocodes"][0]["value"] = OTHER_STREET.into();
    let mut other = actual("OTHER", "red");
    other["infos"][0]["hazard"] = "11A03".into();
    let mut private = actual("PRIVATE", "red");
    (private["scope"], private["addresses"]) = ("private".into(), json!(["partner:other"]));
    let drill = warning("DRILL", "red");
    let blue = actual("BLUE", "blue");
    for message in [&elsewhere, &other, &private, &drill, &blue] {
        let id = posted(&world, message).await;
        assert_eq!(world.until_done(&id).await["channels"]["webhook"], Value::Null, "{}", message["identifier"]);
    }
    // What it was never told of is not lifted for it.
    let mut cancel = following(&blue, "LIFT", "cancel");
    cancel["status"] = "actual".into();
    let lifted = posted(&world, &cancel).await;
    assert_eq!(world.until_done(&lifted).await["channels"]["webhook"], Value::Null);
    let mut named = actual("NAMED", "red");
    (named["scope"], named["addresses"]) = ("private".into(), json!(["partner:city"]));
    for message in [&actual("WIDE", "red"), &named] {
        let id = posted(&world, message).await;
        world.until_done(&id).await;
    }
    let seen = web.until(|seen| seen.len() >= 2).await;
    let said: Vec<Value> = events(&seen).iter().map(|event| event["data"]["message"]["identifier"].clone()).collect();
    assert_eq!(said, ["WIDE", "NAMED"]);
}

/// A warning that expires is not sent any more, and its lift outlives it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restart_loses_no_event_and_nothing_is_late() {
    let (web, secrets) = (Web::start(|_| status("503 Service Unavailable")).await, TempDir::new().unwrap());
    let world = world(vec![("city", partner(&web, &secrets, "ping_s = 0"))]).await;
    let id = posted(&world, &actual("W1", "red")).await;
    web.until(|seen| !seen.is_empty()).await;
    let world = world.restart().await;
    web.script(|_| ok(""));
    world.until(&id, |status| status["channels"]["webhook"]["delivered"] == 1).await;
    let seen = web.seen();
    let first = seen[0].header("webhook-id").to_owned();
    assert!(seen.iter().all(|request| request.header("webhook-id") == first), "also over a restart");
}
