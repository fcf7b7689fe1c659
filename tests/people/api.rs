//! The shapes outside: preflight, alarms, status.

use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::support::{
    gateway::TestGateway,
    message::warning,
};

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_approves_may_look_at_what_he_may_not_issue_and_nothing_is_stored() {
    use fenghuo::flow::authorize::Role;
    let world = TestGateway::start().await;
    let approver = world.key(Role::Approver, None).await;
    let issuer = world.key(Role::Issuer, Some("relay")).await;
    let mut actual = warning("W1", "red");
    actual["status"] = "actual".into();
    for key in [&approver, &world.operator, &issuer] {
        let answer = world.ask(Method::POST, "/v1/preflight", key, &JSON, actual.to_string().into()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let found = answer.json();
        for field in ["as_of", "people", "deliveries", "channels", "finish_at", "will_miss", "cost", "usual"] {
            assert!(found["forecast"].get(field).is_some(), "{field}: {found}");
        }
        assert!(found["advice"].is_array() && found["audience"].is_object() && found["texts"].is_array());
    }
    // The same of a dry run, for those who may issue.
    let path = "/v1/warnings?dry_run=true";
    let answer = world.ask(Method::POST, path, &issuer, &JSON, actual.to_string().into()).await;
    assert!(answer.json()["forecast"].is_object(), "{}", answer.text);
    assert_eq!(
        world.ask(Method::POST, path, &world.operator, &JSON, actual.to_string().into()).await.status,
        StatusCode::FORBIDDEN
    );
    let broken = world.ask(Method::POST, "/v1/preflight", &approver, &JSON, "{}".into()).await;
    assert_eq!(broken.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", broken.text);
    let list = world.get("/v1/warnings", &world.operator).await.json();
    assert_eq!(list["items"].as_array().map(Vec::len), Some(0), "{list}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alarms_are_told_in_the_language_of_the_reader() {
    let world = TestGateway::start().await;
    let alarms = world.get("/v1/alarms", &world.operator).await.json();
    assert!(alarms["as_of"].is_string());
    assert_eq!(alarms["items"], Value::Array(Vec::new()));
    for code in fenghuo::flow::alarms::AlarmCode::ALL {
        let page = world.get(&format!("/docs/errors/alarm-{}", code.name()), "").await;
        assert_eq!(page.status, StatusCode::OK, "{}", code.name());
    }
}
