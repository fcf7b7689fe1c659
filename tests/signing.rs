//! The page on which a warning is signed: what it shows, who may press its buttons, and what leaves then.

use std::time::Duration;

use fenghuo::{
    config::SignOffRule,
    domain::{level::Level, signoff::Step},
    flow::authorize::Role,
};
use fenghuo_contract::Channel;
use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::support::{
    gateway::{Answer, TestGateway},
    message::{STREET, warning},
};

const FORM: &str = "application/x-www-form-urlencoded";

async fn world() -> TestGateway {
    let world = TestGateway::with(|config| {
        let rule = SignOffRule {
            hazards: vec!["*".to_owned()],
            levels: Level::ALL.to_vec(),
            issuers: vec!["*".to_owned()],
            drills: true,
            steps: vec![Step::Review, Step::Sign],
            expires_s: Duration::from_secs(600),
            second_within_s: Duration::from_secs(300),
        };
        config.sign_off.insert("all".to_owned(), rule);
    })
    .await;
    world.recipients(STREET, Channel::Sms, (0..12).map(|n| format!("138{n:08}"))).await;
    world
}

/// A warning that waits for its first signature.
async fn waiting(world: &TestGateway, message: &Value) -> String {
    let id = world.post(message).await.json()["id"].as_str().expect("an id").to_owned();
    for _ in 0..200 {
        if world.get(&format!("/v1/warnings/{id}/sign-off"), &world.operator).await.status.is_success() {
            return id;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("no sign-off began");
}

async fn press(world: &TestGateway, key: &str, path: &str, page: &Answer, rest: &[(&str, &str)]) -> Answer {
    let hidden = |name: &str| {
        let rest = page.text.split(&format!("name=\"{name}\" value=\"")).nth(1).unwrap_or_default();
        rest.split('"').next().unwrap_or_default().to_owned()
    };
    let mut form = vec![("form", hidden("form")), ("step", hidden("step")), ("digest", hidden("digest"))];
    form.extend(rest.iter().map(|(name, value)| (*name, (*value).to_owned())));
    let url = reqwest::Url::parse_with_params("http://form.example/", &form).expect("a form");
    let body = url.query().unwrap_or_default().as_bytes().to_vec();
    world.ask(Method::POST, path, key, &[("content-type", FORM)], body).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warning_is_read_and_signed_on_its_page() {
    let world = world().await;
    let id = waiting(&world, &warning("W1", "red")).await;
    let path = format!("/console/warnings/{id}/sign-off");
    let (li, wang) = (world.key(Role::Approver, None).await, world.key(Role::Approver, None).await);
    let board = world.get("/console/", &li).await;
    assert!(board.text.contains("等待签发") && board.text.contains(&path), "{}", board.text);
    let page = world.get(&path, &li).await;
    for told in [
        "签发红色预警（演练）",
        "松北街道",
        "12",
        "预计发完时间",
        "将要发出的文字",
        "【演练】",
        "演练发布",
        "审核",
        "sha256:",
        "与它一起签：解除时发出的文字",
        "与它一起签：误发时发出的更正",
    ] {
        assert!(page.text.contains(told), "{told}: {}", page.text);
    }
    // An operator reads the same page without a form.
    let read = world.get(&path, &world.operator).await;
    assert!(read.text.contains("松北街道") && !read.text.contains("name=\"digest\""), "{}", read.text);
    // Nobody approves without the word, and the word for what is meant does not do for a drill.
    for word in ["", "正式发布", "演练"] {
        let wrong = press(&world, &li, &path, &page, &[("decision", "approve"), ("word", word)]).await;
        assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY, "{word}");
        assert!(wrong.text.contains("演练发布"), "{}", wrong.text);
    }
    let taken = press(&world, &li, &path, &page, &[("decision", "approve"), ("word", "演练发布")]).await;
    assert_eq!(
        (taken.status, taken.header("location")),
        (StatusCode::SEE_OTHER, format!("/console/warnings/{id}?done=sign").as_str())
    );
    // The same person again, then somebody else.
    let page = world.get(&path, &li).await;
    let again = press(&world, &li, &path, &page, &[("decision", "approve"), ("word", "演练发布")]).await;
    assert!(again.status == StatusCode::FORBIDDEN || again.status == StatusCode::CONFLICT, "{}", again.status);
    let page = world.get(&path, &wang).await;
    let taken = press(&world, &wang, &path, &page, &[("decision", "approve"), ("word", "演练发布")]).await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.text);
    let status = world.until_done(&id).await;
    assert_eq!(status["channels"]["sms"]["audience"], 12);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_sent_back_only_with_a_reason_and_nothing_leaves() {
    let world = world().await;
    let id = waiting(&world, &warning("W1", "red")).await;
    let path = format!("/console/warnings/{id}/sign-off");
    let li = world.key(Role::Approver, None).await;
    let page = world.get(&path, &li).await;
    let bare = press(&world, &li, &path, &page, &[("decision", "return"), ("reason", " ")]).await;
    assert!(bare.status.is_client_error() && bare.text.contains("没有收下"), "{}", bare.text);
    let returned = press(&world, &li, &path, &page, &[("decision", "return"), ("reason", "错别字")]).await;
    assert_eq!(returned.status, StatusCode::SEE_OTHER, "{}", returned.text);
    let ended = async || world.get(&format!("/v1/warnings/{id}"), &world.operator).await.json()["ended"].clone();
    for _ in 0..200 {
        if ended().await == "returned" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(ended().await, "returned");
    let page = world.get(&path, &li).await;
    assert!(page.text.contains("已退回") && page.text.contains("错别字") && !page.text.contains("name=\"digest\""));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_release_would_do_is_told_to_whoever_may_see_the_warning() {
    let world = world().await;
    let id = waiting(&world, &warning("W1", "red")).await;
    let path = format!("/v1/warnings/{id}/preflight");
    let other = world.key(Role::Issuer, Some("flood")).await;
    assert_eq!(world.get(&path, &other).await.status, StatusCode::NOT_FOUND, "a draft of others");
    for key in [&world.issuer, &world.operator] {
        let told = world.get(&path, key).await.json();
        assert_eq!(
            (&told["audience"]["sms"], &told["forecast"]["streets"][0]["name"]),
            (&12.into(), &"松北街道".into())
        );
        assert_eq!(told["beyond"], Value::Null);
    }
    let unknown = world.get("/v1/warnings/0198a4c2-7f00-7000-8000-5f1c0c5a9e01/preflight", &world.operator).await;
    assert_eq!(unknown.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_signs_afterwards_reads_what_went_out() {
    let world = world().await;
    let id = waiting(&world, &warning("W1", "red")).await;
    let path = format!("/console/warnings/{id}/sign-off");
    let (li, wang) = (world.key(Role::Approver, None).await, world.key(Role::Approver, None).await);
    let page = world.get(&path, &li).await;
    let alone = [("decision", "approve"), ("word", "演练发布"), ("emergency", "sign")];
    let released = press(&world, &li, &path, &page, &alone).await;
    assert_eq!(released.status, StatusCode::SEE_OTHER, "{}", released.text);
    world.until_done(&id).await;
    let page = world.get(&path, &wang).await;
    for told in ["待补签", "将要发出的文字", "【松北预警】【演练】", "条短信"] {
        assert!(page.text.contains(told), "{told}: {}", page.text);
    }
    let signed = press(&world, &wang, &path, &page, &[("decision", "approve"), ("word", "演练发布")]).await;
    assert_eq!(signed.status, StatusCode::SEE_OTHER, "{}", signed.text);
}
