//! Receipts, confirmations and orders as the outside gives them.

use fenghuo::flow::authorize::Role;
use fenghuo_contract::{Channel, SignatureCheck};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    gateway::{Answer, TestGateway, client},
    message::{STREET, following, warning},
    peers::SmtpSink,
};

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];

impl TestGateway {
    async fn order(&self, id: &str, key: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let headers: Vec<(&str, &str)> = headers.iter().chain(&JSON).copied().collect();
        self.ask(Method::POST, &format!("/v1/warnings/{id}/retry"), key, &headers, body.to_string().into()).await
    }

    async fn lines(&self, query: &str, key: &str) -> Vec<Value> {
        let answer = self.get(&format!("/v1/receipts{query}"), key).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        assert_eq!(answer.header("content-type"), "application/x-ndjson; charset=utf-8");
        answer.text.lines().map(|line| serde_json::from_str(line).expect("a JSON object")).collect()
    }

    /// Posts a warning and waits for everything that will come of it.
    async fn sent(&self, message: &Value) -> String {
        let id = self.post(message).await.json()["id"].as_str().expect("an id").to_owned();
        self.until_done(&id).await;
        id
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_to_send_again_is_answered_with_what_was_put_back() {
    let world = TestGateway::start().await;
    let addresses = ["13800000001", "19900009001", "19900009010"];
    world.recipients(STREET, Channel::Sms, addresses.map(str::to_owned)).await;
    let first = warning("W1", "red");
    let id = world.sent(&first).await;
    let approver = world.key(Role::Approver, None).await;

    let answer = world.order(&id, &world.operator, &[], &json!({"channel": "fax", "reasons": ["none"]})).await;
    assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::BAD_REQUEST, "fields-wrong"));
    let pointers: Vec<String> =
        answer.json()["errors"].as_array().expect("a list").iter().map(|e| e["pointer"].to_string()).collect();
    assert_eq!(pointers.len(), 3, "every field at once: {pointers:?}");

    let order = json!({"nonce": "n1", "channel": "sms", "reason": "运营商已恢复"});
    let answer = world.order(&id, &world.operator, &[], &order).await;
    let retried = answer.json();
    assert_eq!(
        (&retried["put_back"], &retried["channels"]["sms"]["left"]),
        (&json!(1), &json!({"recipient_refused": 1}))
    );
    let again = world.order(&id, &approver, &[("idempotency-key", "\"other\"")], &order).await;
    assert_eq!((again.header("idempotent-replayed"), again.json()), ("true", retried), "the nonce of the body counts");
    let named = json!({"reasons": ["recipient_refused"], "channel": "sms"});
    let answer = world.order(&id, &approver, &[("idempotency-key", "n2")], &named).await;
    assert_eq!(answer.json()["put_back"], 1, "{}", answer.text);
    let reused = world.order(&id, &approver, &[("idempotency-key", "n2")], &json!({})).await;
    assert_eq!(
        (reused.status, reused.problem().as_str()),
        (StatusCode::UNPROCESSABLE_ENTITY, "idempotency-key-reused")
    );
    world.until_done(&id).await;
    let timeline = world.get(&format!("/v1/warnings/{id}/timeline"), &world.operator).await.json();
    let retried: Vec<&Value> =
        timeline["items"].as_array().expect("a list").iter().filter(|one| one["what"] == "retried").collect();
    assert_eq!((retried.len(), &retried[0]["detail"]), (2, &json!("sms=1: 运营商已恢复")));
    assert!(retried[0]["by"].as_str().is_some_and(|by| !by.is_empty()));

    let lift = world.post(&following(&first, "W2", "cancel")).await.json()["id"].as_str().expect("an id").to_owned();
    world.until(&lift, |status| status["stage"] != "received").await;
    let answer = world.order(&id, &world.operator, &[], &json!({"nonce": "n3"})).await;
    assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::CONFLICT, "warning-over"), "{}", answer.text);
    let answer = world.order("absent", &world.operator, &[], &json!({"nonce": "n4"})).await;
    assert_eq!(answer.problem(), "warning-not-found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_stream_has_no_gaps_however_it_is_read() {
    let world = TestGateway::start().await;
    world.recipients(STREET, Channel::Sms, (0..20).map(|n| format!("138000000{n:02}"))).await;
    world.recipients(STREET, Channel::Sms, ["19900009001".to_owned()]).await;
    let id = world.sent(&warning("W1", "red")).await;
    let whole = world.lines("", &world.operator).await;
    assert_eq!(whole.len(), 41, "21 outcomes, 20 receipts");
    assert!(whole.iter().all(|line| line["warning"] == id.as_str() && line["channel"] == "sms"));
    let kinds =
        |kind: &str, state: &str| whole.iter().filter(|line| line["kind"] == kind && line["state"] == state).count();
    assert_eq!((kinds("outcome", "accepted"), kinds("outcome", "failed"), kinds("receipt", "delivered")), (20, 1, 20));
    let refused = whole.iter().find(|line| line["state"] == "failed").expect("one");
    assert_eq!(
        (&refused["recipient"], &refused["provider"], &refused["route"]),
        (&json!("sms-19900009001"), &json!("SIM-REFUSE"), &json!("sms.sim"))
    );
    assert!(whole.iter().all(|line| line.get("address").is_none()));

    // In any pages, and after a restart, the same.
    for page in [1, 7, 40] {
        let (mut paged, mut since) = (Vec::new(), "0".to_owned());
        loop {
            let lines = world.lines(&format!("?limit={page}&since={since}"), &world.operator).await;
            let Some(last) = lines.last() else { break };
            since = last["cursor"].as_str().expect("a cursor").to_owned();
            paged.extend(lines);
        }
        assert_eq!(paged, whole, "{page} at a time");
    }
    let flood = world.key(Role::Issuer, Some("flood")).await;
    assert!(world.lines("", &flood).await.is_empty(), "another issuer's");
    assert_eq!(world.lines("", &world.issuer).await, whole);
    let answer = world.get("/v1/receipts?since=yesterday&limit=-1", &world.operator).await;
    assert_eq!(
        (answer.problem().as_str(), &answer.json()["errors"][1]["pointer"]),
        ("parameter-wrong", &json!("limit"))
    );
    let world = world.restart().await;
    assert_eq!(world.lines("", &world.operator).await, whole);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_follows_is_told_what_becomes_durable() {
    let mut world = TestGateway::start().await;
    world.recipients(STREET, Channel::Sms, (0..10).map(|n| format!("138000000{n:02}"))).await;
    world.sent(&warning("W1", "red")).await;
    let past = world.lines("", &world.operator).await;
    let since = past[4]["cursor"].as_str().expect("a cursor");
    let request = client().get(format!("{}/v1/receipts?follow=true&since={since}", world.base));
    let mut response = request.bearer_auth(&world.operator).send().await.expect("an answer");
    let mut text = String::new();
    let wait = async |response: &mut reqwest::Response, text: &mut String, lines: usize| {
        while text.lines().filter(|line| !line.is_empty()).count() < lines {
            let part = tokio::time::timeout(std::time::Duration::from_secs(20), response.chunk()).await;
            let part = part.expect("soon").expect("a stream").expect("no end");
            text.push_str(std::str::from_utf8(&part).expect("text"));
        }
    };
    wait(&mut response, &mut text, past.len() - 5).await;
    world.sent(&warning("W2", "red")).await;
    wait(&mut response, &mut text, past.len() - 5 + 20).await;
    let told: Vec<Value> = text
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_str(line).expect("whole lines"))
        .collect();
    assert_eq!(told, world.lines("", &world.operator).await[5..]);
    assert!(world.stop().await, "a reader does not hold up the end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_provider_calls_with_its_secret_and_is_answered_after_the_commit() {
    let files = tempfile::tempdir().expect("a directory");
    let secrets = files.path().join("secrets");
    std::fs::write(&secrets, "old-secret-of-the-route\nnew-secret-of-the-route\n").expect("written");
    let enforce = |config: &mut fenghuo::config::Config, signatures: SignatureCheck| {
        let route = config.routes.get_mut("sms.sim").expect("a route");
        route.callback_secret_file = Some(secrets.clone());
        route.callback_signatures = signatures;
        route.settings.insert("callback_word".to_owned(), "sesame".into());
    };
    for signatures in [SignatureCheck::Enforce, SignatureCheck::Observe] {
        let world = TestGateway::with(|config| enforce(config, signatures)).await;
        world.recipients(STREET, Channel::Sms, ["19900009006", "19900019006"].map(str::to_owned)).await;
        let id = world.post(&warning("W1", "red")).await.json()["id"].as_str().expect("an id").to_owned();
        world.until(&id, |status| status["channels"]["sms"]["accepted"] == 2).await;
        let list = world.get(&format!("/v1/warnings/{id}/deliveries?channel=sms"), &world.operator).await.json();
        let names: Vec<String> = list["items"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|one| {
                let token = one["token"].as_str().expect("a token");
                let (plan, index) = token.split_once('-').expect("two parts");
                format!(
                    "{}.{}",
                    plan.trim_start_matches('0'),
                    index.trim_start_matches('0').chars().next().unwrap_or('0')
                )
            })
            .collect();
        let call = async |route: &str, secret: &str, word: &str, body: String| {
            let path = format!("/callbacks/{route}/{secret}");
            world.ask(Method::POST, &path, "", &[("x-simulator-signature", word)], body.into()).await
        };
        let body = || format!("{} confirmed\nstranger delivered\n", names[0]);
        for (route, secret) in [
            ("sms.sim", "wrong-secret-of-the-route"),
            ("sms.sim", "old-secret-of-the-rout"),
            ("email.sim", "old-secret-of-the-route"),
            ("absent", "old-secret-of-the-route"),
        ] {
            let answer = call(route, secret, "sesame", body()).await;
            assert_eq!(
                (answer.status, answer.problem().as_str()),
                (StatusCode::NOT_FOUND, "callback-unknown"),
                "{route}"
            );
            assert!(!answer.text.contains(secret), "the secret is not repeated");
        }
        let answer = call("sms.sim", "old-secret-of-the-route", "sesame", body()).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let answer = call("sms.sim", "new-secret-of-the-route", "sesame", "no such line\n".to_owned()).await;
        assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::BAD_REQUEST, "callback-unreadable"));
        let answer = call("sms.sim", "new-secret-of-the-route", "sesame", "x".repeat(1024 * 1024 + 1)).await;
        assert_eq!(answer.problem(), "body-too-large");
        let answer = call("sms.sim", "new-secret-of-the-route", "wrong", format!("{} confirmed", names[1])).await;
        if signatures == SignatureCheck::Enforce {
            assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::FORBIDDEN, "callback-forged"));
        } else {
            assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        }
        let status = world.get(&format!("/v1/warnings/{id}/status"), &world.operator).await.json();
        let sms = &status["channels"]["sms"];
        let delivered = u64::from(signatures == SignatureCheck::Observe);
        assert_eq!((&sms["confirmed"], &sms["delivered"]), (&json!(1), &json!(delivered)), "unsigned confirms nothing");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_confirms_by_the_link_in_the_mail() {
    let sink = SmtpSink::start();
    let world = TestGateway::with(|config| {
        config.routes.retain(|name, _| !name.starts_with("email"));
        let settings =
            format!("host = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nfrom = \"w@songbei.example\"", sink.port);
        config.routes.insert("email.relay".to_owned(), crate::support::gateway::route("email", "email", &settings));
        config.receipts.confirm_links = vec![Channel::Email];
    })
    .await;
    world.recipients(STREET, Channel::Email, ["wang@example.org", "li@example.org"].map(str::to_owned)).await;
    let first = warning("W1", "red");
    let id = world.sent(&first).await;
    let mut links: Vec<String> = (0..2).map(|_| link(&sink.next())).collect();
    links.sort();
    links.dedup();
    assert_eq!(links.len(), 2, "each has its own");
    let path = |link: &str| link.strip_prefix(&world.base).expect("on this server").to_owned();
    let paths: Vec<String> = links.iter().map(|link| path(link)).collect();
    let counts = async || {
        let status = world.get(&format!("/v1/warnings/{id}/status"), &world.operator).await.json();
        let email = &status["channels"]["email"];
        (
            email["accepted"].as_u64().expect("a count"),
            email["delivered"].as_u64().expect("a count"),
            email["confirmed"].as_u64().expect("a count"),
        )
    };

    // Whoever only looks changes nothing.
    let html = [("accept", "text/html"), ("accept-language", "en")];
    for method in [Method::GET, Method::HEAD] {
        let page = world.ask(method, &paths[0], "", &html, Vec::new()).await;
        assert_eq!((page.status, page.header("content-type")), (StatusCode::OK, "text/html; charset=utf-8"));
        assert!(page.header("content-security-policy").starts_with("default-src 'none'"));
    }
    let page = world.ask(Method::GET, &paths[0], "", &html, Vec::new()).await;
    for word in [
        "Drill: I have received the drill message",
        "Nothing has happened",
        "松北区防汛抗旱指挥部发布暴雨预警",
        "松北区防汛抗旱指挥部",
        "DRILL",
    ] {
        assert!(page.text.contains(word), "{word}: {}", page.text);
    }
    let page = world.ask(Method::GET, &paths[0], "", &[("accept", "text/html")], Vec::new()).await;
    assert!(page.text.contains("演练：我已收到演练消息") && !page.text.contains("wang"), "{}", page.text);
    assert_eq!(counts().await, (2, 0, 0));

    // An app shows it, then its reader confirms, twice.
    let say = async |path: &str, body: &str| world.ask(Method::POST, path, "", &JSON, body.to_owned().into()).await;
    assert_eq!(say(&paths[0], r#"{"state":"delivered"}"#).await.json(), json!({"state": "delivered"}));
    assert_eq!(counts().await, (1, 1, 0));
    let form = [("accept", "text/html"), ("content-type", "application/x-www-form-urlencoded")];
    for _ in 0..2 {
        let done = world.ask(Method::POST, &paths[0], "", &form, Vec::new()).await;
        assert_eq!(done.status, StatusCode::OK);
        assert!(done.text.contains("值班室已知道演练消息") && !done.text.contains("<form"), "{}", done.text);
    }
    assert_eq!(counts().await, (1, 0, 1));
    assert_eq!(say(&paths[1], r#"{"state":"read"}"#).await.problem(), "fields-wrong");

    // Nothing that is not ours is told from anything else that is not.
    let mut wrong = vec!["/c/1".to_owned(), "/c/absent".to_owned(), format!("{}A", paths[0])];
    let (start, end) = paths[0].split_at(paths[0].len() - 1);
    wrong.push(format!("{start}{}", if end == "A" { "B" } else { "A" }));
    for path in wrong {
        let (looked, said) = (world.get(&path, "").await, say(&path, "{}").await);
        for answer in [looked, said] {
            assert_eq!(
                (answer.status, answer.problem().as_str()),
                (StatusCode::NOT_FOUND, "confirm-link-unknown"),
                "{path}"
            );
            assert_eq!(answer.json()["detail"], say("/c/x", "{}").await.json()["detail"]);
        }
    }

    // It is over, and somebody still says so after a restart.
    world.post(&following(&first, "W2", "cancel")).await;
    world.until(&id, |status| status["done"] == true).await;
    let base = world.base.clone();
    let world = world.restart().await;
    let path = links[1].strip_prefix(&base).expect("the old address");
    let page = world.ask(Method::GET, path, "", &html, Vec::new()).await;
    assert!(page.text.contains("has been lifted") && page.text.contains("<form"), "{}", page.text);
    let said = world.ask(Method::POST, path, "", &[], Vec::new()).await;
    assert_eq!((said.status, said.json()), (StatusCode::OK, json!({"state": "confirmed"})));
    let status = world.get(&format!("/v1/warnings/{id}/status"), &world.operator).await.json();
    assert_eq!(status["channels"]["email"]["confirmed"], 2, "{status:#}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_operator_orders_it_on_a_page() {
    let world = TestGateway::start().await;
    world.recipients(STREET, Channel::Sms, ["19900009001", "19900009010"].map(str::to_owned)).await;
    let first = warning("W1", "red");
    let id = world.sent(&first).await;
    let list = format!("/console/warnings/{id}/deliveries");
    let page = format!("/console/warnings/{id}/retry");
    assert!(world.get(&list, &world.operator).await.text.contains(&page));
    assert!(!world.get(&list, &world.issuer).await.text.contains(&page), "only for those who may");
    let asked = world.get(&page, &world.operator).await;
    assert!(asked.text.contains("重发 1 条") && asked.text.contains("留下 1 条"), "{}", asked.text);
    let nonce =
        asked.text.split("name=\"nonce\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a nonce");
    assert_eq!(nonce.len(), 32);
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let body = format!("nonce={nonce}&channel=sms&reason=again");
    for _ in 0..2 {
        let done = world.ask(Method::POST, &page, &world.operator, &form, body.clone().into()).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
        assert_eq!(done.header("location"), format!("{list}?retried=1"), "pressed twice it is one order");
    }
    let after = world.get(&format!("{list}?retried=1"), &world.operator).await;
    assert!(after.text.contains("1 条已放回"), "{}", after.text);
    let timeline = world.get(&format!("/v1/warnings/{id}/timeline"), &world.operator).await.json();
    let orders = timeline["items"].as_array().expect("a list").iter().filter(|one| one["what"] == "retried").count();
    assert_eq!(orders, 1);
    let lift = world.post(&following(&first, "W2", "cancel")).await.json()["id"].as_str().expect("an id").to_owned();
    world.until(&lift, |status| status["stage"] != "received").await;
    let refused = world.ask(Method::POST, &page, &world.operator, &form, "nonce=other".into()).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.text.contains("已经解除"), "{}", refused.text);
}

/// The link in a message's text.
fn link(message: &Value) -> String {
    let text = message.to_string();
    let at = text.find("/c/1").unwrap_or_else(|| panic!("no link: {message:#}"));
    let start = text[..at].rfind("http://").expect("an address");
    let end = text[at..].find(|c: char| !(c.is_ascii_alphanumeric() || "/_-".contains(c))).expect("an end");
    text[start..at + end].to_owned()
}
