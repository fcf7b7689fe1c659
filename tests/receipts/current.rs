//! Whoever asks an account on WeChat what is in force reads it in the answer to that very call.

use reqwest::{Method, StatusCode};
use sha1::{Digest, Sha1};

use crate::support::{
    gateway::{Answer, TestGateway, route},
    message::warning,
};

const SECRET: &str = "current-0123456789abcdef";
const TOKEN: &str = "callback-token";

/// A gateway whose account gets its callbacks in plain.
async fn world(site: Option<&str>) -> (TestGateway, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).expect("written");
        path
    };
    let secret = file("secret", "kept-to-ourselves").display().to_string();
    let token = file("token", TOKEN).display().to_string();
    let settings = format!(
        "app_id = 'wx0123456789abcdef'\nsecret_file = '{secret}'\nway = 'customer'\ncallback_token_file = '{token}'"
    );
    let door = file("door", SECRET);
    let world = TestGateway::with(|config| {
        config.server.public_url = site.map(str::to_owned);
        let mut account = route("wechat", "wechat", &settings);
        account.callback_secret_file = Some(door);
        config.routes.retain(|_, route| !route.channel.reaches_persons());
        config.routes.insert("wechat.account".to_owned(), account);
    });
    (world.await, folder)
}

/// What WeChat is answered when somebody writes or presses a button.
async fn told(world: &TestGateway, inner: &str) -> Answer {
    let mut words = [TOKEN, "1795478400", "n1"];
    words.sort_unstable();
    let signature: String = Sha1::digest(words.concat()).iter().map(|byte| format!("{byte:02x}")).collect();
    let path = format!("/callbacks/wechat.account/{SECRET}?timestamp=1795478400&nonce=n1&signature={signature}");
    let body = format!(
        "<xml><ToUserName>gh_songbei</ToUserName><FromUserName>oA</FromUserName><CreateTime>1795478400</CreateTime>{inner}</xml>"
    );
    let answer = world.ask(Method::POST, &path, "", &[("content-type", "text/xml")], body.into_bytes()).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer
}

fn text(words: &str) -> String {
    format!("<MsgType>text</MsgType><Content>{words}</Content>")
}

const BUTTON: &str = "<MsgType>event</MsgType><Event>CLICK</Event><EventKey>current</EventKey>";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_asks_what_is_in_force_is_answered_at_once() {
    let (world, _files) = world(Some("https://songbei.example")).await;
    let calm = told(&world, &text(" 当前预警 ")).await;
    assert!(calm.header("content-type").starts_with("application/xml"), "{}", calm.text);
    assert!(
        calm.text.contains("没有生效中的预警") && calm.text.contains("<ToUserName><![CDATA[oA]]>"),
        "{}",
        calm.text
    );
    assert_eq!(told(&world, &text("你好")).await.text, "success", "nothing else is answered");

    for number in 0..40 {
        let mut message = warning(&format!("C{number}"), if number == 7 { "red" } else { "blue" });
        message["status"] = "actual".into();
        message["infos"][0]["headline"] = format!("第{number}号预警，请注意防范").into();
        let posted = world.post(&message).await;
        assert_eq!(posted.status, StatusCode::CREATED, "{}", posted.text);
        let id = posted.json()["id"].as_str().expect("an id").to_owned();
        world.until(&id, |status| status["released_at"].is_string() || status["stage"] != "received").await;
    }
    let mut answer = told(&world, BUTTON).await.text;
    for _ in 0..100 {
        if answer.contains("共 40 条") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        answer = told(&world, BUTTON).await.text;
    }
    assert!(answer.contains("共 40 条") && answer.contains("1. 第7号预警，请注意防范（核验码 "), "{answer}");
    let content = answer.split("<Content><![CDATA[").nth(1).and_then(|rest| rest.split("]]>").next()).expect("a text");
    assert!(content.len() <= 2_048 && content.ends_with("详情：https://songbei.example/"), "{content}");
    assert!(content.contains("\n另有 "), "what has no room is counted: {content}");
}
