//! The console's pages of the inbox and of partners: what stands there, who may press what, and what comes of it.

use std::time::Duration;

use fenghuo::{
    config::{Config, Partner},
    flow::authorize::Role,
};
use reqwest::{Method, StatusCode};

use super::{
    above::{above, document, feed, inbox, items, serving, until, world},
    web::{Web, ok, status},
};
use crate::support::gateway::{Answer, TestGateway};

async fn press(world: &TestGateway, key: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    let url = reqwest::Url::parse_with_params("http://form.example/", fields).expect("a form");
    let body = url.query().unwrap_or_default().as_bytes().to_vec();
    world.ask(Method::POST, path, key, &[("content-type", "application/x-www-form-urlencoded")], body).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_inbox_is_read_proposed_put_away_and_passed_on_with_the_word_of_signing() {
    let mut first = above("P1", "red");
    first["infos"][0]["headline"] = "省气象台<b>发布</b>暴雨红色预警".into();
    let web = serving(vec![document(&first), document(&above("P2", "blue"))]).await;
    let world = world(vec![("province", feed(&web, "atom", "wait", ""))]).await;
    let found = until(&world, |inbox| items(inbox, "waiting").len() == 2).await;
    let red = items(&found, "waiting").into_iter().find(|item| item["level"] == "red").expect("the red one");
    let id = red["id"].as_str().expect("an id").to_owned();
    let path = format!("/console/inbox/{id}");
    let (approver, auditor) = (world.key(Role::Approver, None).await, world.key(Role::Auditor, None).await);

    let list = world.get("/console/inbox", &approver).await;
    for told in ["上级来件", &path, "这个来源的规则是等人决定", "province", "有答复", "data-live"] {
        assert!(list.text.contains(told), "{told}: {}", list.text);
    }
    assert!(!list.text.contains("<b>发布"), "no text becomes markup");
    let (high, low) = (list.text.find("红色").expect("told"), list.text.find("蓝色").expect("told"));
    assert!(high < low, "the highest level first");
    let page = world.get(&path, &approver).await;
    for told in ["正式发布", "原样转发红色预警（实战）", "现在转发会怎样", "将要发出的文字", "搁置"]
    {
        assert!(page.text.contains(told), "{told}: {}", page.text);
    }
    let read = world.get(&path, &auditor).await;
    assert!(read.status.is_success() && !read.text.contains("<button>搁置"), "{}", read.text);
    assert_eq!(world.get("/console/inbox/none", &approver).await.status, StatusCode::NOT_FOUND);

    // An operator proposes; an approver types the word.
    let proposed = press(&world, &world.operator, &format!("{path}/relay"), &[]).await;
    assert_eq!(proposed.header("location"), "/console/inbox?done=propose", "{}", proposed.text);
    let list = world.get("/console/inbox?done=propose", &approver).await;
    assert!(list.text.contains("已提议转发") && list.text.contains("提议转发，等签发人决定"), "{}", list.text);
    let wrong = press(&world, &approver, &format!("{path}/relay"), &[("word", "好")]).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(wrong.text.contains("一字不差") && wrong.text.contains("role=\"alert\""), "{}", wrong.text);
    assert_eq!(items(&inbox(&world).await, "waiting").len(), 2, "nothing went out");
    let relayed = press(&world, &approver, &format!("{path}/relay"), &[("word", "正式发布")]).await;
    assert_eq!(relayed.header("location"), "/console/inbox?done=relay", "{}", relayed.text);
    assert_eq!(items(&inbox(&world).await, "relayed").len(), 1);
    let page = world.get(&path, &approver).await;
    assert!(page.text.contains("/console/warnings/") && !page.text.contains("name=\"word\""), "{}", page.text);

    // What is put away needs a reason, and can still be passed on.
    let blue = items(&inbox(&world).await, "waiting")[0]["id"].as_str().expect("an id").to_owned();
    let path = format!("/console/inbox/{blue}");
    let bare = press(&world, &world.operator, &format!("{path}/dismiss"), &[("reason", "  ")]).await;
    assert_eq!(bare.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(bare.text.contains("须写明原因"), "{}", bare.text);
    let away = press(&world, &world.operator, &format!("{path}/dismiss"), &[("reason", "不涉及本区")]).await;
    assert_eq!(away.header("location"), "/console/inbox?done=dismiss", "{}", away.text);
    let page = world.get(&path, &approver).await;
    assert!(page.text.contains("不涉及本区") && page.text.contains("name=\"word\""), "{}", page.text);
    let list = world.get("/console/inbox", &approver).await;
    assert!(list.text.contains("没有等待决定的上级预警") && list.text.contains("已搁置"), "{}", list.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn partners_are_shown_with_their_state_and_tested_by_a_button() {
    let web = Web::start(|_| status("401 Unauthorized")).await;
    let secrets = tempfile::tempdir().expect("a folder");
    let file = secrets.path().join("city.whsec");
    std::fs::write(&file, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").expect("written");
    let text = format!(
        "url = \"{}\"\nsecret_files = [{:?}]\nallow_private = [\"127.0.0.0/8\"]",
        web.url("/hook/hidden"),
        file.display().to_string()
    );
    let city: Partner = toml::from_str(&text).expect("a partner");
    let world = TestGateway::with(|config: &mut Config| drop(config.partners.insert("city".to_owned(), city))).await;
    let path = "/console/partners";
    let page = world.get(path, &world.operator).await;
    for told in ["city", "127.0.0.1", "密钥编号", "测试 city", "从未"] {
        assert!(page.text.contains(told), "{told}: {}", page.text);
    }
    assert!(!page.text.contains("/hook") && !page.text.contains("whsec"), "neither the path nor the secret");
    let auditor = world.key(Role::Auditor, None).await;
    assert!(!world.get(path, &auditor).await.text.contains("<button>测试"));
    let failed = press(&world, &world.operator, "/console/partners/test", &[("partner", "city")]).await;
    assert_eq!(failed.header("location"), "/console/partners?tested=city", "{}", failed.text);
    let page = world.get(failed.header("location"), &world.operator).await;
    assert!(page.text.contains("city 没有通过测试"), "{}", page.text);
    web.script(|_| ok(""));
    tokio::time::sleep(Duration::from_millis(10)).await;
    let tested = press(&world, &world.operator, "/console/partners/test", &[("partner", "city")]).await;
    let page = world.get(tested.header("location"), &world.operator).await;
    assert!(page.text.contains("city 已答复测试"), "{}", page.text);
    let none = press(&world, &world.operator, "/console/partners/test", &[("partner", "nowhere")]).await;
    assert_eq!(none.status, StatusCode::NOT_FOUND);
}
