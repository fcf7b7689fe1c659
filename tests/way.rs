//! The whole way over HTTP: bytes in, deliveries out, numbers and pages that say so.

use fenghuo::flow::authorize::Role;
use fenghuo_contract::Channel;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    gateway::{TestGateway, route},
    message::{DISTRICT, STREET, warning},
    peers::SmtpSink,
};

fn numbers(count: u32) -> impl Iterator<Item = String> {
    (0..count).map(|n| format!("138{n:08}"))
}

const CAP: &str = include_str!("../config/demo/red-drill.xml");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warning_posted_twice_is_one_warning() {
    let world = TestGateway::start().await;
    let message = warning("W1", "red");
    let first = world.post(&message).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text);
    let id = first.json()["id"].as_str().expect("an id").to_owned();
    assert_eq!(first.header("location"), format!("/v1/warnings/{id}"));

    let again = world.post(&message).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (StatusCode::OK, "true"));
    assert_eq!(again.json()["id"], id.as_str());

    let mut other = message.clone();
    other["infos"][0]["description"] = "别的内容".into();
    let conflict = world.post(&other).await;
    assert_eq!((conflict.status, conflict.problem().as_str()), (StatusCode::CONFLICT, "identity-taken"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idempotency_key_names_one_request() {
    let world = TestGateway::start().await;
    let mut message = warning("unused", "red");
    for left_out in ["identifier", "sent"] {
        message.as_object_mut().expect("an object").remove(left_out);
    }
    let headers = [("content-type", "application/json"), ("idempotency-key", "\"k-17\"")];
    let post = |body: Value| world.ask(Method::POST, "/v1/warnings", &world.issuer, &headers, body.to_string().into());
    let first = post(message.clone()).await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.text);
    let again = post(message.clone()).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (StatusCode::OK, "true"));
    assert_eq!(again.json()["id"], first.json()["id"]);
    message["infos"][0]["event"] = "暴雪".into();
    let other = post(message).await;
    assert_eq!((other.status, other.problem().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "idempotency-key-reused"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cap_document_goes_all_the_way() {
    let world = TestGateway::start().await;
    world.recipients(STREET, Channel::Sms, numbers(700)).await;
    world.recipients(DISTRICT, Channel::Email, (0..300).map(|n| format!("p{n}@songbei.example"))).await;
    world.recipients(DISTRICT, Channel::Push, ["refuse-1".to_owned(), "token-2".to_owned()]).await;
    let posted = world.post_as(&world.issuer, "application/cap+xml", CAP).await;
    assert_eq!(posted.status, StatusCode::CREATED, "{}", posted.text);
    let id = posted.json()["id"].as_str().expect("an id").to_owned();
    let status = world.until_done(&id).await;
    assert_eq!(status["channels"]["sms"]["delivered"], 700, "{status:#}");
    assert_eq!(status["channels"]["email"]["delivered"], 300);
    assert_eq!(status["channels"]["push"]["failed_by_reason"]["recipient_refused"], 1);
    let people = &status["people"];
    assert_eq!(
        (&people["addressed"], &people["reached_by_one"], &people["reached_by_two"]),
        (&json!(1002), &json!(1001), &json!(0))
    );
    assert_eq!(people["first_channel"], json!({"sms": 700, "email": 300, "push": 1}));
    assert_eq!(people["unreached_by_reason"], json!({"recipient_refused": 1}));
    assert!(status["as_of"].as_str().is_some_and(|time| time.ends_with("+08:00")));

    let failed = world.get(&format!("/v1/warnings/{id}/deliveries?state=failed"), &world.operator).await.json();
    let failed = failed["items"].as_array().expect("a list");
    assert_eq!(failed.len(), 1);
    assert_eq!((&failed[0]["reason"], &failed[0]["channel"]), (&json!("recipient_refused"), &json!("push")));
    assert!(!failed[0]["address"].as_str().expect("masked").contains("refuse-1"), "{failed:#?}");

    let mut seen = 0;
    let mut path = format!("/v1/warnings/{id}/deliveries?channel=sms&limit=256");
    loop {
        let page = world.get(&path, &world.operator).await.json();
        seen += page["items"].as_array().expect("a list").len();
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/warnings/{id}/deliveries?channel=sms&limit=256&cursor={next}");
    }
    assert_eq!(seen, 700);

    let cap = world.get(&format!("/v1/warnings/{id}/cap"), &world.operator).await;
    let (ours, theirs) = (fenghuo::domain::cap::read(cap.text.as_bytes()), fenghuo::domain::cap::read(CAP.as_bytes()));
    assert_eq!(ours.message, theirs.message, "read, written and read again it is the same");

    // Its end is a decision of its own, made once the last delivery has ended.
    let mut timeline = String::new();
    for _ in 0..100 {
        timeline = world.get(&format!("/v1/warnings/{id}/timeline"), &world.operator).await.text;
        if timeline.contains("finished") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    for what in ["received", "released", "targeted", "rendered", "delivering", "finished"] {
        assert!(timeline.contains(what), "{what} is missing: {timeline}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_server_receives_what_was_signed_one_each() {
    let sink = SmtpSink::start();
    let settings = format!(
        "host = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nfrom = \"warning@songbei.example\"\nfrom_name = \"松北预警\"",
        sink.port
    );
    let world = TestGateway::with(|config| {
        config.routes.remove("email.sim");
        config.routes.insert("email.sink".to_owned(), route("email", "email", &settings));
    })
    .await;
    let addresses = ["anna@songbei.example", "refuse1@songbei.example", "boris@songbei.example"];
    world.recipients(DISTRICT, Channel::Email, addresses.map(str::to_owned)).await;
    let posted = world.post(&warning("W1", "red")).await.json();
    let id = posted["id"].as_str().expect("an id");
    let status = world.until(id, |status| status["done"] == true).await;
    let email = &status["channels"]["email"];
    assert_eq!(
        (&email["accepted"], &email["failed_by_reason"]["recipient_refused"]),
        (&json!(2), &json!(1)),
        "{email:#}"
    );

    let mut received = [sink.next(), sink.next()];
    received.sort_by_key(|mail| mail["to"].to_string());
    assert_eq!(sink.more(), 0);
    for (mail, address) in received.iter().zip(["anna@songbei.example", "boris@songbei.example"]) {
        assert_eq!(mail["to"], json!([address]), "one recipient each");
        let header = |name: &str| {
            let headers = mail["headers"].as_array().expect("a list").iter();
            let mut same =
                headers.filter(|header| header[0].as_str().is_some_and(|known| known.eq_ignore_ascii_case(name)));
            let value = same.next().unwrap_or_else(|| panic!("{name} is missing: {mail:#}"))[1]
                .as_str()
                .expect("text")
                .to_owned();
            assert!(same.next().is_none(), "{name} stands once");
            value
        };
        assert!(header("Subject").contains("【演练】") && header("Subject").contains("暴雨"), "{}", header("Subject"));
        assert!(header("To").contains(address));
        assert_eq!(header("Auto-Submitted"), "auto-generated");
        assert!(header("Message-ID").contains('@'));
        let parts = mail["parts"].as_array().expect("a list");
        let part =
            |kind: &str| parts.iter().find(|part| part["type"] == kind).unwrap_or_else(|| panic!("{kind}: {mail:#}"));
        for kind in ["text/plain", "text/html"] {
            let text = part(kind)["text"].as_str().expect("text");
            assert!(
                text.contains("预计未来 3 小时松北区降雨量将达 100 毫米以上。") && text.contains("【演练】"),
                "{text}"
            );
        }
        let attached = part("application/cap+xml")["text"].as_str().expect("text");
        assert!(fenghuo::domain::cap::read(attached.as_bytes()).message.is_some_and(|cap| cap.identifier == "W1"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_screen_shows_what_stands_and_proves_it() {
    let world = TestGateway::start().await;
    let admin = world.operator.clone();
    let screen = json!({"id": "square-1", "name": "人民广场", "area": STREET, "drill": true}).to_string();
    let json_type = [("content-type", "application/json")];
    let put = world.ask(Method::PUT, "/v1/screens/square-1", &admin, &json_type, screen.into_bytes()).await;
    assert!(put.status.is_success(), "{}", put.text);
    let key = world.key(Role::Screen, Some("square-1")).await;

    let calm = world.get("/screens/square-1/feed.json", &key).await;
    assert_eq!((calm.status, &calm.json()["notices"]), (StatusCode::OK, &json!([])));
    let etag = calm.header("etag").to_owned();
    let held = |etag: String| {
        let (world, key) = (&world, &key);
        async move {
            world.ask(Method::GET, "/screens/square-1/feed.json", key, &[("if-none-match", &etag)], Vec::new()).await
        }
    };
    assert_eq!(held(etag.clone()).await.status, StatusCode::NOT_MODIFIED);

    let holding = [("if-none-match", etag.as_str())];
    let waiting = world.ask(Method::GET, "/screens/square-1/feed.json?wait=20", &key, &holding, Vec::new());
    let posting = async {
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        world.post(&warning("W1", "red")).await.json()["id"].as_str().expect("an id").to_owned()
    };
    let (shown, id) = tokio::join!(waiting, posting);
    assert_eq!(shown.status, StatusCode::OK);
    let notices = shown.json()["notices"].clone();
    assert_eq!(
        (notices.as_array().map(Vec::len), &notices[0]["level"], &notices[0]["drill"]),
        (Some(1), &json!("red"), &json!(true))
    );
    let before = world.until(&id, |status| status["channels"]["display"]["accepted"] == 1).await;
    assert_eq!(before["channels"]["display"]["delivered"], 0);

    // Its next request proves what it holds: that is the receipt.
    assert_eq!(held(shown.header("etag").to_owned()).await.status, StatusCode::NOT_MODIFIED);
    world.until(&id, |status| status["channels"]["display"]["delivered"] == 1).await;

    let lift =
        world.ask(Method::POST, &format!("/v1/warnings/{id}/lift"), &world.issuer, &json_type, b"{}".to_vec()).await;
    assert_eq!(lift.status, StatusCode::CREATED, "{}", lift.text);
    for _ in 0..100 {
        let now = world.get("/screens/square-1/feed.json", &key).await.json();
        let titles = now["notices"].as_array().expect("a list").clone();
        if titles.iter().all(|notice| notice["warning"] != id.as_str())
            && titles.iter().any(|notice| notice["lift"] == true)
        {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("the lifted warning is still shown");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_public_feed_lists_actual_public_warnings_only() {
    let world = TestGateway::start().await;
    let mut actual = warning("ACTUAL-1", "yellow");
    actual["status"] = "actual".into();
    for message in [&actual, &warning("DRILL-1", "red")] {
        assert_eq!(world.post(message).await.status, StatusCode::CREATED);
    }
    let mut private = actual.clone();
    private["identifier"] = "PRIVATE-1".into();
    private["scope"] = "private".into();
    private["addresses"] = json!(["someone"]);
    assert_eq!(world.post(&private).await.status, StatusCode::CREATED);
    let mut feed = String::new();
    for _ in 0..100 {
        feed = world.get("/feeds/warnings.atom", "").await.text;
        if feed.contains("ACTUAL-1") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert!(feed.contains("ACTUAL-1") && !feed.contains("DRILL-1") && !feed.contains("PRIVATE-1"), "{feed}");
    let cap = world.get("/cap/ACTUAL-1.xml", "").await;
    assert_eq!((cap.status, cap.header("content-type")), (StatusCode::OK, "application/cap+xml; charset=utf-8"));
    for hidden in ["/cap/DRILL-1.xml", "/cap/PRIVATE-1.xml"] {
        assert_eq!(world.get(hidden, "").await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_is_there_after_a_restart() {
    let world = TestGateway::start().await;
    world.recipients(STREET, Channel::Sms, numbers(50)).await;
    let id = world.post(&warning("W1", "red")).await.json()["id"].as_str().expect("an id").to_owned();
    let before = world.until_done(&id).await;
    let world = world.restart().await;
    let after = world.get(&format!("/v1/warnings/{id}/status"), &world.operator).await.json();
    assert_eq!(before["channels"]["sms"]["delivered"], after["channels"]["sms"]["delivered"]);
    assert_eq!(after["done"], true);
    assert_eq!(world.post(&warning("W1", "red")).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dry_run_says_what_would_happen_and_stores_nothing() {
    let world = TestGateway::start().await;
    world.recipients(STREET, Channel::Sms, numbers(20)).await;
    let headers = [("content-type", "application/json")];
    let body = warning("W1", "red").to_string().into_bytes();
    let answer = world.ask(Method::POST, "/v1/warnings?dry_run=true", &world.issuer, &headers, body).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    let preflight = answer.json();
    assert_eq!(preflight["audience"]["sms"], 20, "{preflight:#}");
    let sms = preflight["texts"].as_array().expect("texts").iter().find(|text| text["channel"] == "sms").expect("sms");
    assert!(sms["text"].as_str().expect("a text").contains("【演练】") && sms["segments"].as_u64() >= Some(1));
    let listed = world.get("/v1/warnings", &world.operator).await.json();
    assert_eq!(listed["items"], json!([]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_import_keeps_good_lines_and_names_bad_ones() {
    let world = TestGateway::start().await;
    let csv = "编号,姓名,区划,分组,语言,演练,手机\n1,张三,230109005000,居民,zh-CN,是,13800000001\n2,李四,230109005000,居民,zh-CN,是,1.38E+10\n3,王五,230109005000,居民,zh-CN,是,13800000003\n";
    let (gb, _, _) = encoding_rs::GB18030.encode(csv);
    let headers = [("content-type", "text/csv")];
    let path = "/v1/recipients/import";
    let report = world.ask(Method::POST, path, &world.operator, &headers, gb.to_vec()).await;
    assert!(report.status.is_success(), "{}", report.text);
    let report = report.json();
    assert_eq!((&report["created"], &report["rejected"]), (&json!(2), &json!(1)), "{report:#}");
    assert_eq!(report["errors"][0]["line"], 3, "{report:#}");
    let again = world.ask(Method::POST, path, &world.operator, &headers, gb.to_vec()).await.json();
    assert_eq!((&again["created"], &again["unchanged"]), (&json!(0), &json!(2)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scope_is_a_gate_and_not_a_label() {
    let world = TestGateway::start().await;
    world.recipients(STREET, Channel::Sms, numbers(20)).await;
    let screen = json!({"id": "square-1", "name": "人民广场", "area": STREET, "drill": true}).to_string();
    let json_type = [("content-type", "application/json")];
    world.ask(Method::PUT, "/v1/screens/square-1", &world.operator, &json_type, screen.into_bytes()).await;
    let mut private = warning("PRIVATE", "red");
    private["scope"] = "private".into();
    private["addresses"] = json!(["sms-13800000003", "nobody"]);
    let mut restricted = warning("RESTRICTED", "red");
    restricted["scope"] = "restricted".into();
    restricted["restriction"] = "officials".into();
    for (message, reached) in [(private, 1), (restricted, 0)] {
        let posted = world.post(&message).await;
        assert_eq!(posted.status, StatusCode::CREATED, "{}", posted.text);
        let status = world.until_done(posted.json()["id"].as_str().expect("an id")).await;
        let sms = status["channels"]["sms"]["delivered"].as_u64().unwrap_or(0);
        assert_eq!((sms, status["channels"].get("display")), (reached, None), "{status:#}");
    }
}

/// Every document of the corpus, posted as a dry run by an issuer who may say everything, gets the verdict of its row.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_corpus_gets_its_verdicts_over_http() {
    let Some(files) = crate::cap_corpus::documents() else { return };
    let world = TestGateway::start().await;
    for (name, valid, bytes) in files {
        let headers = [("content-type", "application/cap+xml")];
        let answer = world.ask(Method::POST, "/v1/warnings?dry_run=true", &world.issuer, &headers, bytes).await;
        match (valid.as_str(), answer.status.as_u16()) {
            ("yes", 200) => {}
            ("no", 400 | 422) | ("policy", 422) => {
                assert!(!answer.json()["errors"].as_array().expect("a list").is_empty(), "{name}")
            }
            ("policy", 200) => {}
            (_, status) => panic!("{name} ({valid}) was answered {status}: {}", answer.text),
        }
    }
}
