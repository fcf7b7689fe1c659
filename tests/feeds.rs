//! Screens, public feed and console over HTTP: what is shown, to whom, and that no text becomes markup.

use fenghuo::flow::authorize::Role;
use fenghuo_contract::Channel;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    gateway::{Answer, TestGateway},
    message::{STREET, warning},
};

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];
const FORM: &str = "application/x-www-form-urlencoded";
const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}";

async fn screen(world: &TestGateway, id: &str, name: &str, drill: bool) -> Answer {
    let body = json!({"id": id, "name": name, "area": STREET, "drill": drill}).to_string();
    let answer = world.ask(Method::PUT, &format!("/v1/screens/{id}"), &world.operator, &JSON, body.into_bytes()).await;
    assert!(answer.status.is_success(), "{}", answer.text);
    answer
}

/// Path and query of a screen's kiosk address.
fn kiosk(answer: &Answer) -> (String, String) {
    let url = answer.json()["kiosk_url"].as_str().expect("an address").to_owned();
    let path = &url[url.find("/screens/").expect("a page")..];
    let (page, query) = path.split_once('?').expect("a token");
    (page.to_owned(), query.to_owned())
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

/// A screen's feed once it shows so many warnings.
async fn showing(world: &TestGateway, path: &str, count: usize) -> Answer {
    for _ in 0..200 {
        let answer = world.get(path, "").await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        if answer.json()["notices"].as_array().map(Vec::len) == Some(count) {
            return answer;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("{path} never showed {count}: {}", world.get(path, "").await.text);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_feed_is_cheap_to_hold_and_the_same_after_a_restart() {
    let world = TestGateway::start().await;
    let (page, query) = kiosk(&screen(&world, "hall", "政务大厅", false).await);
    posted(&world, &actual("A1", "orange")).await;
    let path = format!("{page}/feed.json?{query}");
    let shown = showing(&world, &path, 1).await;
    assert_eq!((shown.header("cache-control"), shown.header("content-type")), ("no-cache", "application/json"));
    assert!(!shown.header("date").is_empty() && !shown.header("last-modified").is_empty());
    let etag = shown.header("etag").to_owned();
    assert!(etag.starts_with('"') && etag.ends_with("-gz\"") && etag.len() == 37, "{etag}");
    let head = world.ask(Method::HEAD, &path, "", &[], Vec::new()).await;
    assert_eq!((head.status, head.header("etag"), head.text.as_str()), (StatusCode::OK, etag.as_str(), ""));
    let held = world.ask(Method::GET, &path, "", &[("if-none-match", &etag)], Vec::new()).await;
    assert_eq!((held.status, held.header("etag"), held.text.as_str()), (StatusCode::NOT_MODIFIED, etag.as_str(), ""));
    let world = world.restart().await;
    assert_eq!(showing(&world, &path, 1).await.header("etag"), etag, "and the kiosk address still opens");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drill_reaches_only_screens_marked_for_drills() {
    let world = TestGateway::start().await;
    let (public, public_query) = kiosk(&screen(&world, "public", "广场", false).await);
    let (drill, drill_query) = kiosk(&screen(&world, "drill", "训练室", true).await);
    posted(&world, &warning("D1", "red")).await;
    posted(&world, &actual("A1", "blue")).await;
    let both = showing(&world, &format!("{drill}/feed.json?{drill_query}"), 2).await.json();
    let marks: Vec<_> =
        both["notices"].as_array().expect("a list").iter().map(|notice| notice["drill"].clone()).collect();
    assert_eq!(marks, [json!(false), json!(true)], "what is meant comes first");
    let one = showing(&world, &format!("{public}/feed.json?{public_query}"), 1).await.json();
    assert_eq!(one["notices"][0]["drill"], false);
    assert!(!one.to_string().contains("演练"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kiosk_address_opens_its_own_screen_until_it_is_revoked() {
    let world = TestGateway::start().await;
    let (hall, query) = kiosk(&screen(&world, "hall", HOSTILE, false).await);
    let (gate, _) = kiosk(&screen(&world, "gate", "大门", false).await);
    let page = world.get(&format!("{hall}?{query}"), "").await;
    assert_eq!((page.status, page.header("cache-control")), (StatusCode::OK, "no-store"));
    assert!(page.header("content-security-policy").contains("script-src 'self'"));
    assert!(!page.text.contains("<script>") && !page.text.contains("<img"), "{}", page.text);
    for (path, key) in [
        (format!("{gate}?{query}"), ""),
        (hall.clone(), ""),
        (format!("{hall}?k=x"), ""),
        (hall.clone(), &world.issuer),
    ] {
        assert!(world.get(&path, key).await.status.is_client_error(), "{path}");
    }
    for path in [format!("/v1/screens?{query}"), format!("/v1/warnings?{query}"), format!("/console/?{query}")] {
        assert_ne!(world.get(&path, "").await.status, StatusCode::OK, "{path}");
    }
    assert!(world.gateway().flow().revoke_kiosk("hall").await.expect("stored"));
    assert_eq!(world.get(&format!("{hall}/feed.json?{query}"), "").await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_screens_own_word_counts() {
    let world = TestGateway::start().await;
    let (page, query) = kiosk(&screen(&world, "hall", "大厅", false).await);
    let id = posted(&world, &actual("A1", "red")).await;
    let path = format!("{page}/feed.json");
    let etag = showing(&world, &format!("{path}?{query}"), 1).await.header("etag").to_owned();
    world.until(&id, |status| status["channels"]["display"]["accepted"] == 1).await;
    // An operator looks on, with the right ETag: that proves nothing.
    let looked = world.ask(Method::GET, &path, &world.operator, &[("if-none-match", &etag)], Vec::new()).await;
    assert_eq!(looked.status, StatusCode::NOT_MODIFIED);
    let status = world.get(&format!("/v1/warnings/{id}/status"), &world.operator).await.json();
    assert_eq!(status["channels"]["display"]["delivered"], 0);
    let ack = |body: Value| {
        let path = format!("{page}/ack?{query}");
        let world = &world;
        async move { world.ask(Method::POST, &path, "", &JSON, body.to_string().into_bytes()).await }
    };
    assert_eq!(ack(json!({"warning": "0198", "state": "shown"})).await.status, StatusCode::NOT_FOUND);
    assert!(ack(json!({"warning": id, "state": "lost"})).await.status.is_client_error());
    assert_eq!(ack(json!({"warning": id, "state": "shown"})).await.status, StatusCode::NO_CONTENT);
    world.until(&id, |status| status["channels"]["display"]["delivered"] == 1).await;
    let by_operator = world.ask(Method::POST, &format!("{page}/ack"), &world.operator, &JSON, b"{}".to_vec()).await;
    assert_eq!(by_operator.status, StatusCode::FORBIDDEN, "nobody speaks for a screen");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_feed_can_be_held_and_its_entries_fetched() {
    let world = TestGateway::start().await;
    posted(&world, &actual("A-1/ü", "orange")).await;
    let mut feed = world.get("/feeds/warnings.atom", "").await;
    for _ in 0..200 {
        if feed.text.contains("<entry>") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        feed = world.get("/feeds/warnings.atom", "").await;
    }
    assert_eq!(feed.header("content-type"), "application/atom+xml; charset=utf-8");
    let etag = feed.header("etag").to_owned();
    let held = world.ask(Method::GET, "/feeds/warnings.atom", "", &[("if-none-match", &etag)], Vec::new()).await;
    assert_eq!(held.status, StatusCode::NOT_MODIFIED);
    let id = feed.text.split("<entry><id>").nth(1).and_then(|rest| rest.split('<').next()).expect("an entry");
    let path = &id[id.find("/cap/").expect("a document")..];
    for path in [path.to_owned(), format!("/feeds{path}")] {
        let cap = world.get(&path, "").await;
        assert_eq!(
            (cap.status, cap.header("content-type")),
            (StatusCode::OK, "application/cap+xml; charset=utf-8"),
            "{path}"
        );
        let read = fenghuo::domain::cap::read(cap.text.as_bytes());
        assert_eq!(read.message.expect("a message").identifier, "A-1/ü");
    }
}

/// A browser's session: its cookie.
async fn sign_in(world: &TestGateway, key: &str) -> String {
    let body = format!("key={key}&then=%2Fconsole%2F");
    let headers = [("content-type", FORM), ("sec-fetch-site", "same-origin")];
    let answer = world.ask(Method::POST, "/console/login", "", &headers, body.into_bytes()).await;
    assert_eq!((answer.status, answer.header("location")), (StatusCode::SEE_OTHER, "/console/"), "{}", answer.text);
    let cookie = answer.header("set-cookie");
    assert!(cookie.contains("SameSite=Strict") && cookie.contains("HttpOnly"), "{cookie}");
    cookie.split(';').next().expect("a pair").to_owned()
}

async fn visit(world: &TestGateway, cookie: &str, path: &str) -> Answer {
    world.ask(Method::GET, path, "", &[("cookie", cookie)], Vec::new()).await
}

/// The token of the forms on a page.
fn token(page: &Answer) -> String {
    page.text.split("name=\"form\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a form").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_console_wants_a_key_and_gives_roles_their_pages() {
    let world = TestGateway::start().await;
    let led = world.get("/console/", "").await;
    assert_eq!(led.status, StatusCode::SEE_OTHER);
    let login = world.get(led.header("location"), "").await;
    assert!(login.text.contains("name=\"then\" value=\"/console/\""), "{}", login.text);
    let headers = [("content-type", FORM)];
    let wrong = world.ask(Method::POST, "/console/login", "", &headers, b"key=fh_wrong".to_vec()).await;
    assert_eq!(wrong.status, StatusCode::UNAUTHORIZED);
    assert!(wrong.text.contains("role=\"alert\"") && wrong.header("set-cookie").is_empty());
    let screen_key = world.key(Role::Screen, Some("hall")).await;
    let screen =
        world.ask(Method::POST, "/console/login", "", &headers, format!("key={screen_key}").into_bytes()).await;
    assert_eq!(screen.status, StatusCode::FORBIDDEN);

    let operator = sign_in(&world, &world.operator).await;
    for path in ["/console/", "/console/routes", "/console/screens"] {
        let page = visit(&world, &operator, path).await;
        assert_eq!((page.status, page.header("content-type")), (StatusCode::OK, "text/html; charset=utf-8"), "{path}");
        let policy = page.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    }
    let issuer = sign_in(&world, &world.issuer).await;
    assert_eq!(visit(&world, &issuer, "/console/routes").await.status, StatusCode::FORBIDDEN);
    let english = world
        .ask(Method::GET, "/console/", "", &[("cookie", &operator), ("accept-language", "en-GB,en;q=0.9")], Vec::new())
        .await;
    assert!(english.text.contains("lang=\"en\"") && english.text.contains("No warning is in force"));
    let chosen = visit(&world, &operator, "/console/?lang=en").await;
    assert!(chosen.header("set-cookie").contains("fh_lang=en") && chosen.text.contains("lang=\"en\""));
    let gone = world
        .ask(
            Method::POST,
            "/console/sign-out",
            "",
            &[("cookie", &operator), ("content-type", FORM), ("sec-fetch-site", "same-origin")],
            format!("form={}", token(&english)).into_bytes(),
        )
        .await;
    assert_eq!(gone.status, StatusCode::SEE_OTHER);
    assert_eq!(visit(&world, &operator, "/console/").await.status, StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warning_is_lifted_from_its_page_by_a_form_of_that_session_only() {
    let world = TestGateway::start().await;
    world.recipients(STREET, Channel::Sms, (0..20).map(|n| format!("138{n:08}"))).await;
    let id = posted(&world, &warning("W1", "red")).await;
    world.until_done(&id).await;
    let cookie = sign_in(&world, &world.issuer).await;
    let path = format!("/console/warnings/{id}");
    let detail = visit(&world, &cookie, &path).await;
    assert!(detail.text.contains("演练") && detail.text.contains(&format!("{path}/lift")), "{}", detail.text);
    let confirm = visit(&world, &cookie, &format!("{path}/lift")).await;
    assert!(
        confirm.text.contains("解除红色预警（演练）") && confirm.text.contains("通知 20 名参演者"),
        "{}",
        confirm.text
    );
    let send = |form: String, site: &'static str| {
        let (path, world, cookie) = (format!("{path}/lift"), &world, cookie.clone());
        async move {
            let headers = [("cookie", cookie.as_str()), ("content-type", FORM), ("sec-fetch-site", site)];
            world.ask(Method::POST, &path, "", &headers, format!("form={form}&text=&reason=test").into_bytes()).await
        }
    };
    assert_eq!(send(token(&confirm), "cross-site").await.status, StatusCode::FORBIDDEN);
    assert_eq!(send("0".repeat(32), "same-origin").await.status, StatusCode::FORBIDDEN);
    let still = world.get(&format!("/v1/warnings/{id}"), &world.operator).await.json();
    assert_eq!(still["ended"], Value::Null, "neither changed anything");
    let lifted = send(token(&confirm), "same-origin").await;
    assert_eq!(
        (lifted.status, lifted.header("location")),
        (StatusCode::SEE_OTHER, format!("{path}?done=lift").as_str()),
        "{}",
        lifted.text
    );
    for _ in 0..200 {
        if world.get(&format!("/v1/warnings/{id}"), &world.operator).await.json()["ended"] == "lifted" {
            let after = visit(&world, &cookie, &path).await;
            assert!(after.text.contains("已解除") && !after.text.contains(&format!("{path}/lift")));
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("not lifted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_issuer_sees_and_lifts_only_its_own() {
    let world = TestGateway::start().await;
    world.recipients(STREET, Channel::Sms, ["13800000001".to_owned()]).await;
    let id = posted(&world, &warning("W1", "red")).await;
    world.until_done(&id).await;
    let other = world.key(Role::Issuer, Some("flood")).await;
    let other = sign_in(&world, &other).await;
    let path = format!("/console/warnings/{id}");
    let detail = visit(&world, &other, &path).await;
    assert!(detail.status.is_success() && !detail.text.contains("/lift\""), "released ones are seen by all");
    for path in [format!("{path}/deliveries"), format!("{path}/lift")] {
        assert_eq!(visit(&world, &other, &path).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let own = sign_in(&world, &world.issuer).await;
    let list = visit(&world, &own, &format!("{path}/deliveries?channel=sms&state=delivered")).await;
    assert!(
        list.text.contains("<td class=\"code\">138****0001</td>") && !list.text.contains(">13800000001"),
        "{}",
        list.text
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_text_becomes_markup_of_a_page() {
    let world = TestGateway::start().await;
    screen(&world, "hall", HOSTILE, true).await;
    world.recipients(STREET, Channel::Push, [format!("refuse {HOSTILE}")]).await;
    let mut message = warning("W1", "red");
    let info = &mut message["infos"][0];
    for field in ["event", "headline", "description", "instruction", "sender_name", "contact"] {
        info[field] = HOSTILE.into();
    }
    info["areas"][0]["description"] = HOSTILE.into();
    let id = posted(&world, &message).await;
    world.until_done(&id).await;
    let pause = json!({"reason": HOSTILE}).to_string();
    world.ask(Method::POST, "/v1/routes/sms.sim/pause", &world.operator, &JSON, pause.into_bytes()).await;
    let cookie = sign_in(&world, &world.operator).await;
    let paths = [
        "/console/".to_owned(),
        format!("/console/?cursor={}", HOSTILE.replace(['<', '>', '"', ' ', '{', '}'], "%3c")),
        format!("/console/warnings/{id}"),
        format!("/console/warnings/{id}/lift"),
        format!("/console/warnings/{id}/deliveries?channel=%3Cscript%3E&reason=%22%3E%3Cimg"),
        "/console/routes?paused=%3Cscript%3E".to_owned(),
        "/console/screens?revoked=%3Cscript%3E".to_owned(),
        "/console/login?then=%22%3E%3Cscript%3E".to_owned(),
        "/console/warnings/%3Cscript%3E".to_owned(),
    ];
    for path in paths {
        let page = visit(&world, &cookie, &path).await;
        assert!(!page.text.contains("<script>") && !page.text.contains("<img"), "{path}: {}", page.text);
        let scripts = page.text.matches("<script").count();
        assert!(scripts <= 1, "{path}: {scripts} scripts");
    }
}
