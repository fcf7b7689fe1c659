//! The same over HTTP, in the console, and with the program killed in the middle.

use std::time::Duration;

use fenghuo::{clock::Clock, config::CallRule, flow::authorize::Role};
use fenghuo_contract::Channel;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use super::{SMS, official, person};
use crate::support::{
    gateway::{TestGateway, client},
    message::warning,
    program::{RELAY, listening, prepare, serve},
};

const JSON: [(&str, &str); 1] = [("content-type", "application/json")];
const FORM: [(&str, &str); 1] = [("content-type", "application/x-www-form-urlencoded")];

async fn until_listed(world: &TestGateway, id: &str) -> Value {
    for _ in 0..200 {
        let list = world.get(&format!("/v1/warnings/{id}/calls"), &world.operator).await.json();
        if list["rule"] == "officials" {
            return list;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("no list began");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_list_is_read_confirmed_and_taken_by_those_who_may() {
    let rule: CallRule =
        toml::from_str("levels = [\"red\"]\ngroups = [\"officials\"]\nchannels = [\"sms\"]").expect("a rule");
    let world = TestGateway::with(|config| drop(config.call.insert("officials".to_owned(), rule))).await;
    let mut formula = official("o2", &[(Channel::Email, "b@example.org")], None);
    formula.name = "=1+1".to_owned();
    let people = vec![
        official("o1", &[(Channel::Sms, SMS)], Some("d1")),
        formula,
        person("d1", "110101001000", &[(Channel::Sms, "13900000001")]),
    ];
    world.gateway().directory().put(people).await.expect("stored");
    let posted = world.post(&warning("W1", "red")).await;
    let id = posted.json()["id"].as_str().expect("an id").to_owned();
    let list = until_listed(&world, &id).await;
    assert_eq!((&list["counts"]["officers"], &list["counts"]["telephone"]), (&json!(2), &json!(1)));
    assert_eq!((&list["items"][0]["external_id"], &list["items"][0]["reason"]), (&json!("o2"), &json!("no_address")));
    assert!(!list.to_string().contains(SMS), "masked: {list:#}");
    let path = format!("/v1/warnings/{id}/calls");
    let some = world.get(&format!("{path}?state=called"), &world.operator).await.json();
    assert_eq!((some["items"].as_array().expect("a list").len(), &some["items"][0]["external_id"]), (1, &json!("o1")));
    assert_eq!(world.get(&format!("{path}?state=lost"), &world.operator).await.problem(), "parameter-wrong");
    let table = world.get(&format!("{path}?format=csv"), &world.operator).await;
    assert!(table.header("content-type").starts_with("text/csv") && table.text.contains("'=1+1"), "{}", table.text);
    let stranger = world.key(Role::Issuer, Some("flood")).await;
    assert_eq!(world.get(&path, &stranger).await.status, StatusCode::NOT_FOUND);

    let taken = world.ask(Method::POST, &format!("{path}/take"), &world.operator, &JSON, Vec::new()).await;
    assert_eq!(taken.status, StatusCode::OK, "{}", taken.text);
    assert!(taken.text.contains(SMS), "whole: {}", taken.text);
    let confirm = |who: &str| format!("{path}/{who}/confirm");
    let say = async |who: &str, body: Value| {
        world.ask(Method::POST, &confirm(who), &world.operator, &JSON, body.to_string().into()).await
    };
    assert_eq!(say("o2", json!({})).await.problem(), "fields-wrong");
    assert_eq!(say("nobody", json!({"note": "x"})).await.problem(), "officer-not-listed");
    let said = say("o2", json!({"note": "电话，本人"})).await.json();
    assert_eq!((&said["counts"]["confirmed"], &said["counts"]["telephone"]), (&json!(1), &json!(0)));

    let page = format!("/console/warnings/{id}/calls");
    let shown = world.get(&page, &world.operator).await;
    for part in ["叫应", "电话，本人", "data-live", "name of o1", "取带完整号码的电话名单"] {
        assert!(shown.text.contains(part), "{part}: {}", shown.text);
    }
    assert!(!shown.text.contains(SMS));
    let auditor = world.key(Role::Auditor, None).await;
    let looked = world.get(&format!("{page}?lang=en"), &auditor).await;
    assert!(looked.text.contains("to be telephoned") && !looked.text.contains("/calls/take"), "{}", looked.text);
    let printed = world.ask(Method::POST, &format!("{page}/take"), &world.operator, &FORM, b"form=".to_vec()).await;
    assert!(
        printed.text.contains(SMS) && !printed.text.contains("id=\"calls\" class=\"card\" data-live"),
        "{}",
        printed.text
    );
    let body = "form=&officer=o1&note=by+telephone&deputy=yes";
    let done = world.ask(Method::POST, &format!("{page}/confirm"), &world.operator, &FORM, body.into()).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    let empty =
        world.ask(Method::POST, &format!("{page}/confirm"), &world.operator, &FORM, b"officer=o1".to_vec()).await;
    assert_eq!(empty.status, StatusCode::UNPROCESSABLE_ENTITY);
    let status = world.get(&format!("/v1/warnings/{id}/status"), &world.operator).await.json();
    assert_eq!((&status["calls"]["by_deputy"], &status["calls"]["called"]), (&json!(1), &json!(0)));
    let timeline = world.get(&format!("/v1/warnings/{id}/timeline"), &world.operator).await.json();
    let taken = timeline["items"].as_array().expect("a list").iter().filter(|one| one["what"] == "call_list_taken");
    assert!(taken.clone().all(|one| one["by"].is_string()));
    assert_eq!(taken.count(), 2, "who took it stands there: {timeline:#}");
    let warning = world.get(&format!("/console/warnings/{id}"), &world.operator).await;
    assert!(warning.text.contains(&format!("{page}\"")), "the warning's page leads there");
}

const CONFIG: &str = r#"
[server]
listen = "127.0.0.1:0"
[routes."sms.sim"]
channel = "sms"
adapter = "simulator"
drill = true
settings = { latency_ms = 20 }
[call.officials]
levels = ["red"]
groups = ["officials"]
channels = ["sms"]
confirm_within_s = 1
deputy_after_s = 2
telephone_after_s = 4
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_call_is_made_once_though_the_program_is_killed_again_and_again() {
    let folder = tempfile::tempdir().expect("a directory");
    let (config, data) = (folder.path().join("fenghuo.toml"), folder.path().join("data"));
    std::fs::write(&config, format!("{CONFIG}{RELAY}")).expect("written");
    let (issuer, operator) = prepare(&data, Channel::Sms, (0..5).map(|n| format!("1370000000{n}"))).await;
    let opened = fenghuo::app::open(&data, &Clock::system()).await.expect("a store");
    let deputy = person("d1", "110101001000", &[(Channel::Sms, "13900000001")]);
    opened.directory.put(vec![official("o1", &[(Channel::Sms, SMS)], Some("d1")), deputy]).await.expect("stored");
    opened.store.close().await;
    let http = client();
    let start = || {
        let mut child = serve(&config, &data).spawn().expect("the program starts");
        let base = listening(&mut child);
        (child, base)
    };
    let (mut child, mut base) = start();
    let posted =
        http.post(format!("{base}/v1/warnings")).bearer_auth(&issuer).header("content-type", "application/json");
    let posted: Value =
        posted.body(warning("W1", "red").to_string()).send().await.expect("an answer").json().await.expect("JSON");
    let id = posted["id"].as_str().expect("an id").to_owned();
    // Right after the answer, then around the first call, the deputy's and the telephone.
    for pause in [0, 1_100, 700, 700, 1_500] {
        tokio::time::sleep(Duration::from_millis(pause)).await;
        child.kill().expect("killed");
        child.wait().expect("gone");
        (child, base) = start();
    }
    let get = async |path: &str| -> Value {
        let answer = http.get(format!("{base}/v1/warnings/{id}/{path}")).bearer_auth(&operator).send().await;
        answer.expect("an answer").json().await.expect("JSON")
    };
    let mut list = Value::Null;
    for _ in 0..200 {
        list = get("calls").await;
        let told = get("timeline").await.to_string().contains("call_telephone");
        if told && list["counts"]["telephone"] == 1 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(list["counts"]["telephone"], 1, "{list:#}");
    let (notices, timeline) = (get("notices").await, get("timeline").await);
    child.kill().expect("killed");
    child.wait().expect("gone");
    let kinds: Vec<&str> =
        notices["items"].as_array().expect("a list").iter().filter_map(|one| one["kind"].as_str()).collect();
    assert_eq!(kinds, ["officer_call", "deputy_call"], "{notices:#}");
    let told = |what: &str| {
        let items = timeline["items"].as_array().expect("a list");
        items.iter().filter(|one| one["what"] == what).count()
    };
    assert_eq!((told("calls_began"), told("call_telephone"), told("notice")), (1, 1, 2), "{timeline:#}");
}
