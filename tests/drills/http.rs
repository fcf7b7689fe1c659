//! Drills that come in by HTTP and by the command line, in every form, and what the public can see of them.

use std::process::Command;

use fenghuo_contract::Channel;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    gateway::{TestGateway, route},
    message::{STREET, warning},
};

/// A gateway whose sms has a route for drills and one for the public, with five people of each kind.
async fn world() -> TestGateway {
    let world = TestGateway::with(|config| {
        let mut drill = route("sms", "simulator", "");
        drill.actual = false;
        let mut public = drill.clone();
        (public.drill, public.actual) = (false, true);
        config.routes = [("sms.drill".to_owned(), drill), ("sms.public".to_owned(), public)].into();
        config.routes.insert("display.screens".to_owned(), route("display", "display", ""));
        config.receipts.confirm_links = vec![Channel::Sms];
    })
    .await;
    world.recipients(STREET, Channel::Sms, (0..5).map(|n| format!("138{n:08}"))).await;
    let public = (5..10).map(|n| fenghuo::flow::target::directory::Recipient {
        external_id: format!("public-{n}"),
        areas: vec![STREET.parse().expect("an area code")],
        language: "zh-CN".to_owned(),
        endpoints: [(Channel::Sms, format!("138{n:08}"))].into(),
        ..Default::default()
    });
    world.gateway().directory().put(public.collect()).await.expect("stored");
    for (id, drill) in [("public", false), ("drill", true)] {
        let body = json!({"name": "东屏", "area": STREET, "drill": drill}).to_string();
        let headers = [("content-type", "application/json")];
        let answer = world.ask(Method::PUT, &format!("/v1/screens/{id}"), &world.operator, &headers, body.into()).await;
        assert!(answer.status.is_success(), "{}", answer.text);
    }
    world
}

/// Over which routes a warning went, and to whom.
async fn went(world: &TestGateway, id: &str) -> (Vec<String>, Vec<String>) {
    world
        .until(id, |status| status["channels"]["sms"]["pending"] == 0 && status["channels"]["sms"]["in_flight"] == 0)
        .await;
    let page = world.get(&format!("/v1/warnings/{id}/deliveries?channel=sms"), &world.operator).await.json();
    let of = |name: &str| {
        let items = page["items"].as_array().expect("a list").iter();
        let mut found: Vec<String> = items.filter_map(|item| item[name].as_str().map(str::to_owned)).collect();
        found.sort_unstable();
        found.dedup();
        found
    };
    (of("route"), of("recipient"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_the_form_a_drill_stays_off_what_is_public() {
    let world = world().await;
    let message = |name: &str| fenghuo::domain::json::read(warning(name, "red").to_string().as_bytes()).message;
    let cap = fenghuo::domain::cap::write(&message("BY-CAP").expect("a message"));
    let national = include_str!("../fixtures/national/valid-national-form.xml");
    let mut forms = Vec::new();
    for (media_type, body) in [
        ("application/json", warning("BY-JSON", "red").to_string()),
        ("application/cap+xml", cap),
        ("application/xml", national.to_owned()),
    ] {
        let answer = world.post_as(&world.issuer, media_type, body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{media_type}: {}", answer.text);
        forms.push((media_type, answer.json()["id"].as_str().expect("an id").to_owned()));
    }
    // And by the command line.
    let folder = tempfile::tempdir().expect("a folder");
    let (key, file) = (folder.path().join("key"), folder.path().join("w.json"));
    std::fs::write(&key, &world.issuer).expect("written");
    std::fs::write(&file, warning("BY-SEND", "red").to_string()).expect("written");
    let mut send = Command::new(env!("CARGO_BIN_EXE_fenghuo"));
    send.args(["send", "--json", "--server", &world.base, "--key-file"]).arg(&key).arg(&file);
    let sent = tokio::task::spawn_blocking(move || send.output().expect("the program runs")).await.expect("ended");
    assert!(sent.status.success(), "{}", String::from_utf8_lossy(&sent.stderr));
    let listed = world.get("/v1/warnings", &world.operator).await.json();
    let by_send =
        listed["items"].as_array().expect("a list").iter().find(|item| item["message"]["identifier"] == "BY-SEND");
    forms.push(("send", by_send.expect("sent")["id"].as_str().expect("an id").to_owned()));

    for (form, id) in &forms {
        let (routes, people) = went(&world, id).await;
        if *form == "application/xml" {
            // The form's own message is over; it reaches nobody, least of all the public.
            assert!(!routes.contains(&"sms.public".to_owned()), "{form}");
            assert!(people.iter().all(|person| !person.starts_with("public")), "{form}: {people:?}");
            continue;
        }
        assert_eq!(routes, ["sms.drill"], "{form}");
        assert_eq!(people.len(), 5, "{form}: {people:?}");
        assert!(people.iter().all(|person| !person.starts_with("public")), "{form}: {people:?}");
    }

    // What the public can see: screens, the kiosk page, the feeds.
    let screens = world.get("/v1/screens", &world.operator).await.json();
    for (id, showing) in [("public", false), ("drill", true)] {
        let found = screens["items"].as_array().expect("a list").iter().find(|screen| screen["id"] == id).expect("one");
        let url = found["kiosk_url"].as_str().expect("an address");
        let page = &url[url.find("/screens/").expect("a page")..];
        let (page, query) = page.split_once('?').expect("a token");
        let feed = world.get(&format!("{page}/feed.json?{query}"), "").await.json();
        assert_eq!(feed["notices"].as_array().is_some_and(|notices| !notices.is_empty()), showing, "{id}: {feed:#}");
        let html = world.get(&format!("{page}?{query}"), "").await;
        assert_eq!(html.text.contains("发布暴雨预警"), showing, "{id}");
    }
    let atom = world.get("/feeds/warnings.atom", "").await;
    assert!(atom.status.is_success() && !atom.text.contains("<entry>"), "{}", atom.text);
    for name in ["BY-JSON", "BY-CAP", "BY-SEND"] {
        for path in [format!("/feeds/cap/{name}.xml"), format!("/cap/{name}.xml")] {
            assert_ne!(world.get(&path, "").await.status, StatusCode::OK, "{path}");
        }
    }

    // Lifted, it stays where it was.
    let path = format!("/v1/warnings/{}/lift", forms[0].1);
    let lift = world.ask(Method::POST, &path, &world.operator, &[], Vec::new()).await;
    assert_eq!((lift.status, lift.json()["status"].clone()), (StatusCode::CREATED, json!("exercise")), "{}", lift.text);
    let (routes, people) = went(&world, lift.json()["id"].as_str().expect("an id")).await;
    assert_eq!((routes, people.len()), (vec!["sms.drill".to_owned()], 5));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callback_makes_no_drill_public() {
    let folder = tempfile::tempdir().expect("a folder");
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "a-secret-that-is-long-enough-for-a-test\n").expect("written");
    let world = TestGateway::with(|config| {
        let mut drill = route("sms", "simulator", "receipts = 0.0");
        drill.actual = false;
        let mut public = drill.clone();
        (public.drill, public.actual) = (false, true);
        public.callback_secret_file = Some(secret.clone());
        config.routes = [("sms.drill".to_owned(), drill), ("sms.public".to_owned(), public)].into();
    })
    .await;
    world.recipients(STREET, Channel::Sms, ["13800000000".to_owned()]).await;
    let id = world.post(&warning("W1", "red")).await.json()["id"].as_str().expect("an id").to_owned();
    let status = world.until(&id, |status| status["done"] == true).await;
    assert_eq!(status["channels"]["sms"]["accepted"], 1);
    // A provider of the public route claims every reference a drill's delivery could have.
    let token = world.get(&format!("/v1/warnings/{id}/deliveries"), &world.operator).await.json()["items"][0]["token"]
        .as_str()
        .expect("a token")
        .replace('-', ".");
    let path = "/callbacks/sms.public/a-secret-that-is-long-enough-for-a-test";
    let answer = world.ask(Method::POST, path, "", &[], format!("{token} confirmed\n").into_bytes()).await;
    assert!(answer.status.is_success(), "{} {}", answer.status, answer.text);
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    let status: Value = world.get(&format!("/v1/warnings/{id}/status"), &world.operator).await.json();
    assert_eq!(status["channels"]["sms"]["accepted"], 1, "a word by another route is not about this delivery");
}
