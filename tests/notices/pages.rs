//! The console's pages of the roster and of notices.

use std::time::Duration;

use fenghuo::flow::authorize::Role;
use reqwest::{Method, StatusCode};
use serde_json::json;

use crate::support::{gateway::TestGateway, message::warning};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_show_who_is_on_duty_who_comes_next_and_who_was_told() {
    let world = TestGateway::with(|config| {
        let rule = toml::from_str("levels = [\"red\"]\nsteps = [\"review\"]\ndrills = true").expect("a rule");
        config.sign_off.insert("red".to_owned(), rule);
    })
    .await;
    let days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let shifts = json!({"shifts": [
        {"person": "秦守江<b>", "recipient": "duty-1", "roles": ["review", "duty"], "days": days, "hours": "00:00-00:00",
         "deputies": [{"person": "李四", "recipient": "duty-2"}]},
        {"person": "王五", "recipient": "duty-3", "roles": ["duty"], "from": "2036-01-01T08:00:00+08:00",
         "until": "2036-01-02T08:00:00+08:00"}
    ]});
    let json = [("content-type", "application/json")];
    for (office, body) in [("relay", shifts.clone()), ("flood", json!({"shifts": [shifts["shifts"][1]]}))] {
        let path = format!("/v1/roster/{office}");
        let put = world.ask(Method::PUT, &path, &world.operator, &json, body.to_string().into()).await;
        assert_eq!(put.status, StatusCode::OK, "{}", put.text);
    }
    let roster = world.get("/v1/roster", &world.operator).await.json();
    let offices = roster["offices"].as_array().expect("offices");
    let flood = offices.iter().find(|office| office["office"] == "flood").expect("there");
    assert_eq!((&flood["on_duty"], &flood["next"][0]["from"]), (&json!([]), &json!("2036-01-01T08:00:00+08:00")));
    let page = world.get("/console/roster", &world.issuer).await;
    for told in
        ["现在", "接班", "秦守江", "李四", "王五", "审核 · 值班", "由接口设定", "现在无人值班", "duty-2", "周一"]
    {
        assert!(page.text.contains(told), "{told}: {}", page.text);
    }
    assert!(!page.text.contains("秦守江<b>"), "no text becomes markup");
    let (empty, staffed) =
        (page.text.find("office-flood").expect("told"), page.text.find("office-relay").expect("told"));
    assert!(empty < staffed, "where nobody answers comes first");

    let id = world.post(&warning("W1", "red")).await.json()["id"].as_str().expect("an id").to_owned();
    let path = format!("/console/warnings/{id}/notices");
    let mut page = world.get(&path, &world.operator).await;
    for _ in 0..200 {
        if page.text.contains("名册里没有这个人") {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
        page = world.get(&path, &world.operator).await;
    }
    for told in ["值班通知", "请审核", "名册里没有这个人", "秦守江"] {
        assert!(page.text.contains(told), "{told}: {}", page.text);
    }
    let other = world.key(Role::Issuer, Some("flood")).await;
    assert_eq!(world.get(&path, &other).await.status, StatusCode::NOT_FOUND, "another's");
    let warning = world.get(&format!("/console/warnings/{id}"), &world.operator).await;
    assert!(warning.text.contains(&path), "the warning's page leads there");
}
