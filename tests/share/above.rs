//! Warnings from upper levels: by rule, after a person's decision, once.

use std::time::Duration;

use fenghuo::{
    clock::Clock,
    config::{Config, Upstream},
    domain::{cap, json, moment::Moment},
    flow::authorize::Role,
};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json as object};
use sha2::{Digest, Sha256};

use super::web::{Web, ok};
use crate::support::{
    gateway::TestGateway,
    message::{following, warning},
};

/// A feed at a server of this machine, looked at all the time.
pub fn feed(web: &Web, format: &str, rule: &str, more: &str) -> Upstream {
    let text = format!(
        "url = \"{}\"\nformat = \"{format}\"\nissuer = \"relay\"\nrule = \"{rule}\"\nevery_s = 0.1\ntimeout_s = 2\n\
         allow_private = [\"127.0.0.1/32\"]\n{more}",
        web.url("/feed")
    );
    toml::from_str(&text).expect("a feed")
}

pub async fn world(feeds: Vec<(&str, Upstream)>) -> TestGateway {
    let add = |config: &mut Config| {
        config.alarms.clear_s = Duration::ZERO;
        config.upstreams.extend(feeds.into_iter().map(|(name, feed)| (name.to_owned(), feed)));
    };
    TestGateway::with(add).await
}

/// A warning of another authority, for real.
pub fn above(identifier: &str, level: &str) -> Value {
    let mut message = warning(identifier, level);
    (message["status"], message["sender"]) = ("actual".into(), "weather@province.example".into());
    message
}

/// The document of a message.
pub fn document(message: &Value) -> String {
    let reading = json::read(message.to_string().as_bytes());
    cap::write(&reading.message.unwrap_or_else(|| panic!("{:?}", reading.findings)))
}

/// An Atom feed that links to documents `/0.xml`, `/1.xml`, …; each changes with its words.
pub fn atom(documents: &[impl AsRef<[u8]>]) -> String {
    let entry = |(n, document): (usize, &[u8])| {
        let changed: String = Sha256::digest(document).iter().map(|byte| format!("{byte:02x}")).collect();
        format!(
            "<entry><id>urn:{n}</id><updated>{changed}</updated>\
             <link type=\"application/cap+xml\" href=\"/{n}.xml\"/></entry>"
        )
    };
    let entries: String = documents.iter().map(AsRef::as_ref).enumerate().map(entry).collect();
    format!("<feed xmlns=\"http://www.w3.org/2005/Atom\"><title>t</title><id>urn:f</id>{entries}</feed>")
}

/// Serves a feed and the documents it links to.
pub async fn serving(documents: Vec<String>) -> Web {
    let web = Web::start(|_| ok("")).await;
    show(&web, documents);
    web
}

pub fn show(web: &Web, documents: Vec<String>) {
    web.script(move |request| {
        let number = request.path.trim_start_matches('/').trim_end_matches(".xml").parse::<usize>();
        ok(number.map_or_else(|_| atom(&documents), |number| documents[number].clone()))
    });
}

pub async fn inbox(world: &TestGateway) -> Value {
    let answer = world.get("/v1/inbox", &world.operator).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
    answer.json()
}

/// Until the inbox is as wanted.
pub async fn until(world: &TestGateway, wanted: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..600 {
        let inbox = inbox(world).await;
        if wanted(&inbox) {
            return inbox;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("not within half a minute: {:#}", inbox(world).await);
}

pub fn items(inbox: &Value, state: &str) -> Vec<Value> {
    let items = inbox["items"].as_array().expect("items").iter();
    items.filter(|item| item["state"] == state).cloned().collect()
}

/// Documents of the first feed of which this became.
pub fn count(inbox: &Value, what: &str) -> u64 {
    inbox["upstreams"][0]["documents"][what].as_u64().unwrap_or_default()
}

async fn warnings(world: &TestGateway) -> Vec<Value> {
    world.get("/v1/warnings?limit=1000", &world.operator).await.json()["items"].as_array().expect("items").clone()
}

async fn decide(
    world: &TestGateway,
    key: &str,
    id: &Value,
    what: &str,
    body: &Value,
) -> crate::support::gateway::Answer {
    let path = format!("/v1/inbox/{}/{what}", id.as_str().expect("an id"));
    let body = if body.is_null() { Vec::new() } else { body.to_string().into() };
    world.ask(Method::POST, &path, key, &[("content-type", "application/json")], body).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_shown_and_relayed_once_as_it_is() {
    let bytes = document(&above("A1", "orange"));
    let web = serving(vec![bytes.clone()]).await;
    let world = world(vec![("province", feed(&web, "atom", "wait", ""))]).await;
    let shown = until(&world, |inbox| items(inbox, "waiting").len() == 1).await;
    let item = items(&shown, "waiting").remove(0);
    assert_eq!(
        (&item["identifier"], &item["level"], &item["why"]),
        (&object!("A1"), &object!("orange"), &object!(["inbox-rule"]))
    );
    assert!(item["reasons"][0].as_str().is_some_and(|reason| !reason.is_empty() && reason != "inbox-rule"));
    let preflight = world.get(item["preflight"].as_str().expect("an address"), &world.operator).await;
    assert_eq!(preflight.json()["level"], "orange", "{}", preflight.text);
    assert!(warnings(&world).await.is_empty(), "nothing is passed on before somebody says so");

    let approver = world.key(Role::Approver, None).await;
    let proposed = decide(&world, &world.operator, &item["id"], "relay", &Value::Null).await.json();
    assert_eq!((&proposed["state"], proposed["proposed_by"].is_string()), (&object!("waiting"), true));
    assert!(warnings(&world).await.is_empty(), "an operator proposes");
    for _ in 0..2 {
        let relayed = decide(&world, &approver, &item["id"], "relay", &Value::Null).await;
        assert_eq!(
            (relayed.status, &relayed.json()["state"]),
            (StatusCode::OK, &object!("relayed")),
            "{}",
            relayed.text
        );
    }
    let known = warnings(&world).await;
    assert_eq!(known.len(), 1, "once");
    let digest: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(known[0]["digest"], format!("sha256:{digest}"), "byte for byte");
    assert_eq!(
        (&known[0]["issuer"], &known[0]["message"]["sender"]),
        (&object!("relay"), &object!("weather@province.example"))
    );

    let world = world.restart().await;
    let looks = web.seen().len();
    web.until(|seen| seen.len() > looks + 4).await;
    let after = inbox(&world).await;
    assert_eq!((items(&after, "relayed").len(), after["items"].as_array().map(Vec::len)), (1, Some(1)), "{after:#}");
    assert_eq!(warnings(&world).await.len(), 1, "also over a restart");
    let late = decide(&world, &world.operator, &item["id"], "dismiss", &object!({"reason": "late"})).await;
    assert_eq!((late.status, late.problem().as_str()), (StatusCode::CONFLICT, "inbox-item-over"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_relays_at_once_and_a_lift_never_waits() {
    let first = above("A1", "red");
    let web = serving(vec![document(&first)]).await;
    let world = world(vec![("province", feed(&web, "atom", "relay", ""))]).await;
    until(&world, |inbox| items(inbox, "relayed").len() == 1).await;
    let update = following(&first, "A2", "update");
    let mut cancel = following(&update, "A3", "cancel");
    cancel["sent"] = "2026-11-24T10:00:00+08:00".into();
    cancel["infos"] = object!([]);
    show(&web, vec![document(&cancel), document(&update), document(&first)]);
    // The feed has the newest first: the lift stands before the update it names.
    until(&world, |inbox| count(inbox, "followed") == 2).await;
    let ended = |known: &[Value], identifier: &str| {
        let one = known.iter().find(|warning| warning["message"]["identifier"] == identifier).expect("a warning");
        one["ended"].clone()
    };
    for _ in 0..200 {
        let known = warnings(&world).await;
        if ended(&known, "A2") == "lifted" {
            assert_eq!(ended(&known, "A1"), "superseded");
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("not lifted: {:#?}", warnings(&world).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_follows_a_relayed_warning_follows_whatever_the_rule() {
    let first = above("A1", "red");
    let web = serving(vec![document(&first)]).await;
    let world = world(vec![("province", feed(&web, "atom", "wait", "areas = [\"230109000000\"]"))]).await;
    let shown = until(&world, |inbox| items(inbox, "waiting").len() == 1).await;
    let approver = world.key(Role::Approver, None).await;
    decide(&world, &approver, &items(&shown, "waiting")[0]["id"], "relay", &Value::Null).await;
    let mut cancel = following(&first, "A2", "cancel");
    cancel["infos"] = object!([]);
    show(&web, vec![document(&cancel)]);
    until(&world, |inbox| count(inbox, "followed") == 1).await;
    for _ in 0..200 {
        let known = warnings(&world).await;
        if known.iter().any(|warning| warning["message"]["identifier"] == "A1" && warning["ended"] == "lifted") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("not lifted: {:#?}", warnings(&world).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_lifted_or_updated_above_waits_no_more() {
    let (one, two) = (above("A1", "red"), above("B1", "blue"));
    let web = serving(vec![document(&one), document(&two)]).await;
    let world = world(vec![("province", feed(&web, "atom", "wait", ""))]).await;
    let shown = until(&world, |inbox| items(inbox, "waiting").len() == 2).await;
    let id = items(&shown, "waiting").into_iter().find(|item| item["identifier"] == "A1").expect("one")["id"].clone();
    show(&web, vec![document(&following(&one, "A2", "cancel")), document(&following(&two, "B2", "update"))]);
    // Each of them is decided in a commit of its own.
    let decided = |inbox: &Value| {
        let ended = items(inbox, "ended").iter().any(|item| item["identifier"] == "A1");
        let waits = items(inbox, "waiting").iter().any(|item| item["identifier"] == "B2");
        items(inbox, "superseded").len() == 1 && ended && waits
    };
    let shown = until(&world, decided).await;
    let identifiers = |state| items(&shown, state).iter().map(|item| item["identifier"].clone()).collect::<Vec<_>>();
    assert_eq!(identifiers("waiting"), ["B2"]);
    assert!(identifiers("ended").contains(&object!("A1")));
    let approver = world.key(Role::Approver, None).await;
    let answer = decide(&world, &approver, &id, "relay", &Value::Null).await;
    assert_eq!((answer.status, answer.problem().as_str()), (StatusCode::CONFLICT, "inbox-item-over"));
    assert!(warnings(&world).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_warning_of_several_feeds_is_one() {
    let first = above("A1", "red");
    let (one, two) = (serving(vec![document(&first)]).await, serving(Vec::new()).await);
    let feeds = vec![("a-province", feed(&one, "atom", "relay", "")), ("b-nation", feed(&two, "atom", "relay", ""))];
    let world = world(feeds).await;
    until(&world, |inbox| count(inbox, "relayed") == 1).await;
    let mut copied = first.clone();
    copied["identifier"] = "COPY".into();
    let mut changed = first.clone();
    changed["infos"][0]["headline"] = "别的话".into();
    show(&two, vec![document(&first), document(&copied), document(&changed)]);
    let of_second = |inbox: &Value, what: &str| inbox["upstreams"][1]["documents"][what].as_u64().unwrap_or_default();
    let shown = until(&world, |inbox| of_second(inbox, "repeated") + of_second(inbox, "same_elsewhere") == 3).await;
    assert_eq!((of_second(&shown, "same_elsewhere"), of_second(&shown, "repeated")), (1, 2), "{shown:#}");
    assert_eq!(warnings(&world).await.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_does_not_concern_us_is_counted_and_dropped() {
    let change = |identifier: &str, change: &dyn Fn(&mut Value)| {
        let mut message = above(identifier, "red");
        change(&mut message);
        document(&message)
    };
    let area =
        |code: &'static str| move |m: &mut Value| m["infos"][0]["areas"][0]["geocodes"][0]["value"] = code.into();
    let documents = vec![
        change("ELSEWHERE", &area("440300000000")),
        change("PROVINCE", &area("230000000000")),
        change("HAZARD", &|m| m["infos"][0]["hazard"] = "12A01".into()),
        change("SENDER", &|m| m["sender"] = "somebody@else.example".into()),
        change("OVER", &|m| m["infos"][0]["expires"] = "2026-11-24T08:30:00+08:00".into()),
        change("TEST", &|m| m["status"] = "test".into()),
        change("DRILL", &|m| m["status"] = "exercise".into()),
        change("PRIVATE", &|m| (m["scope"], m["addresses"]) = ("private".into(), object!(["a"]))),
        change("LIFT", &|m| {
            m["kind"] = "cancel".into();
            m["references"] =
                object!([{"sender": m["sender"], "identifier": "X", "sent": "2026-11-24T07:00:00+08:00"}]);
        }),
        change("POLYGON", &|m| {
            m["infos"][0]["areas"][0] = object!({"description": "画的区域", "polygons": [[[45.8, 126.5], [45.8, 126.6], [45.9, 126.6], [45.8, 126.5]]]});
        }),
    ];
    let web = serving(documents).await;
    let narrow = "hazards = [\"11*\"]\nareas = [\"230109000000\"]\nsenders = [\"weather@*\"]";
    let world = world(vec![("province", feed(&web, "atom", "relay", narrow))]).await;
    let shown = until(&world, |inbox| {
        let documents = inbox["upstreams"][0]["documents"].as_object().expect("counts");
        documents.values().filter_map(Value::as_u64).sum::<u64>() == 10
    })
    .await;
    for (what, expected) in [
        ("elsewhere", 1),
        ("other_hazard", 1),
        ("other_sender", 1),
        ("expired", 1),
        ("ignored", 1),
        ("nothing_to_lift", 1),
        ("waiting", 2),
        ("relayed", 2),
    ] {
        assert_eq!(count(&shown, what), expected, "{what}: {shown:#}");
    }
    let why = |identifier: &str| {
        items(&shown, "waiting")
            .into_iter()
            .find(|item| item["identifier"] == identifier)
            .map(|item| item["why"].clone())
    };
    assert_eq!((why("DRILL"), why("PRIVATE")), (Some(object!(["inbox-drill"])), Some(object!(["inbox-scope"]))));
}

/// What authority refuses is not lost: it waits with the reasons.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_rule_may_not_relay_waits_with_its_reasons() {
    let mut nameless = above("A1", "red");
    nameless["infos"][0].as_object_mut().expect("an info").remove("sender_name");
    let web = serving(vec![document(&nameless)]).await;
    let world = world(vec![("province", feed(&web, "atom", "relay", ""))]).await;
    let shown = until(&world, |inbox| items(inbox, "waiting").len() == 1).await;
    assert_eq!(items(&shown, "waiting")[0]["why"], object!(["relay-source-missing"]));
    let approver = world.key(Role::Approver, None).await;
    let id = items(&shown, "waiting")[0]["id"].clone();
    let refused = decide(&world, &approver, &id, "relay", &Value::Null).await;
    assert_eq!((refused.status, refused.problem().as_str()), (StatusCode::FORBIDDEN, "authority-exceeded"));
    assert!(warnings(&world).await.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dismissal_has_a_reason_and_time_ends_what_nobody_decided() {
    let now = Clock::system().unix();
    let mut short = above("SHORT", "red");
    short["infos"][0]["expires"] = Moment::china(now + 4).to_string().into();
    let web = serving(vec![document(&above("A1", "red")), document(&short)]).await;
    let world = world(vec![("province", feed(&web, "atom", "wait", ""))]).await;
    let shown = until(&world, |inbox| items(inbox, "waiting").len() == 2).await;
    let id = items(&shown, "waiting").into_iter().find(|item| item["identifier"] == "A1").expect("one")["id"].clone();
    let missing = decide(&world, &world.operator, &id, "dismiss", &Value::Null).await;
    assert_eq!((missing.status, missing.problem().as_str()), (StatusCode::BAD_REQUEST, "fields-wrong"));
    let dismissed = decide(&world, &world.operator, &id, "dismiss", &object!({"reason": "不涉及本区"})).await.json();
    assert_eq!((&dismissed["state"], &dismissed["reason"]), (&object!("dismissed"), &object!("不涉及本区")));
    until(&world, |inbox| items(inbox, "expired").len() == 1).await;
    let approver = world.key(Role::Approver, None).await;
    let relayed = decide(&world, &approver, &id, "relay", &Value::Null).await.json();
    assert_eq!(relayed["state"], "relayed", "a dismissal is no end");
    let absent = decide(&world, &approver, &object!("absent"), "relay", &Value::Null).await;
    assert_eq!(absent.problem(), "inbox-item-not-found");
}
