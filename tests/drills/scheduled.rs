//! Drills that wait for their time.

use std::time::Duration;

use fenghuo::{
    domain::message::Status,
    flow::{
        authorize::{Actor, Role},
        drills::{Cancelled, DrillView, ScheduleFault, Scheduled},
        intake::SubmitFault,
    },
};
use fenghuo_contract::Channel;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::support::{
    engine::{Engine, Plan, submission},
    gateway::{TestGateway, client},
    message::{STREET, following, warning},
    program::{RELAY, listening, prepare, serve},
};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

fn world(seed: u64) -> Plan {
    let numbers = (0..10).map(|n| format!("138{n:08}"));
    Plan::new(seed)
        .route("sms.drill", Channel::Sms, |_, _| {})
        .route("sms.public", Channel::Sms, |route, _| (route.drill, route.actual) = (false, true))
        .recipients(STREET, Channel::Sms, numbers)
}

/// A key that is in the store, as the drills of a real gateway have.
async fn actor(engine: &Engine) -> Actor {
    let key = engine.flow.create_key(Role::Issuer, Some("relay".to_owned()), String::new()).await.expect("stored");
    engine.flow.authenticate(&key.secret).await.expect("a key")
}

async fn schedule(engine: &Engine, message: &Value, actor: &Actor, after: Duration) -> DrillView {
    let starts = engine.clock.unix_ms() + i64::try_from(after.as_millis()).expect("short");
    match engine.flow.schedule_drill(submission(message, actor.clone()), starts).await.expect("taken") {
        Scheduled::Created(view) | Scheduled::Repeated(view) => view,
    }
}

async fn now(engine: &Engine, id: &str) -> DrillView {
    let auditor = Actor::new("k9", Role::Auditor, None);
    engine.flow.drills(&auditor).await.into_iter().find(|drill| drill.id == id).expect("listed")
}

fn alarms(engine: &Engine) -> Vec<String> {
    engine.flow.alarms().into_iter().map(|alarm| alarm.code).collect()
}

#[tokio::test(start_paused = true)]
async fn it_enters_at_its_time_once_and_by_the_ordinary_way() {
    let engine = world(21).start().await;
    let actor = actor(&engine).await;
    let drill = schedule(&engine, &warning("W1", "red"), &actor, 10 * MINUTE).await;
    assert_eq!(
        (drill.state.as_str(), drill.status, drill.issuer.as_deref()),
        ("scheduled", Status::Exercise, Some("relay"))
    );
    let again = schedule(&engine, &warning("W1", "red"), &actor, 10 * MINUTE).await;
    assert_eq!(again.id, drill.id, "the same order again is the same drill");
    engine.clock.sleep(10 * MINUTE - SECOND).await;
    assert_eq!((engine.ledgers["sms.drill"].seen(), now(&engine, &drill.id).await.state.as_str()), (0, "scheduled"));
    engine.clock.sleep(3 * SECOND).await;
    let drill = now(&engine, &drill.id).await;
    assert_eq!(drill.state, "entered");
    let id = drill.warning.expect("a warning");
    engine.until_done(&id, MINUTE).await;
    assert_eq!((engine.ledgers["sms.drill"].seen(), engine.ledgers["sms.public"].seen()), (10, 0));
    let view = engine.flow.warning(&id).await.expect("read").expect("known");
    assert_eq!((view.issuer.as_deref(), view.status), (Some("relay"), Status::Exercise));
    let engine = engine.restart().await;
    engine.clock.sleep(MINUTE).await;
    assert_eq!(engine.ledgers["sms.drill"].seen(), 0, "and not again after a restart");
    assert_eq!(alarms(&engine), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn a_restart_changes_nothing_and_a_long_one_skips_it() {
    let engine = world(22).start().await;
    let actor = actor(&engine).await;
    let first = schedule(&engine, &warning("W1", "red"), &actor, MINUTE).await;
    let late = schedule(&engine, &warning("W2", "red"), &actor, 2 * MINUTE).await;
    let engine = engine.restart().await;
    engine.clock.sleep(MINUTE + 2 * SECOND).await;
    assert_eq!(now(&engine, &first.id).await.state, "entered");
    // The gateway is down at the time of the second, and for longer than one may be late.
    engine.clock.jump(3_600_000);
    let engine = engine.restart().await;
    engine.clock.sleep(MINUTE).await;
    let skipped = now(&engine, &late.id).await;
    assert_eq!((skipped.state.as_str(), skipped.why.as_deref(), skipped.warning), ("skipped", Some("late"), None));
    assert_eq!(engine.ledgers["sms.drill"].seen(), 0);
    assert_eq!(alarms(&engine), ["drill-skipped"]);
    // The alarm survives a restart, and ends when somebody takes note.
    let engine = engine.restart().await;
    engine.clock.sleep(2 * SECOND).await;
    assert_eq!(alarms(&engine), ["drill-skipped"]);
    let operator = Actor::new("k2", Role::Operator, None);
    assert_eq!(engine.flow.cancel_drill(&late.id, &operator).await.expect("stored"), Cancelled::Done);
    engine.clock.sleep(MINUTE).await;
    assert_eq!(alarms(&engine), [""; 0]);
    assert_eq!(now(&engine, &late.id).await.ended_by.as_deref(), Some("k2"));
}

#[tokio::test(start_paused = true)]
async fn a_little_late_is_not_too_late() {
    let engine = world(23).start().await;
    let actor = actor(&engine).await;
    let drill = schedule(&engine, &warning("W1", "red"), &actor, MINUTE).await;
    engine.clock.jump(5 * 60_000);
    let engine = engine.restart().await;
    engine.clock.sleep(2 * SECOND).await;
    assert_eq!(now(&engine, &drill.id).await.state, "entered");
}

#[tokio::test(start_paused = true)]
async fn a_revoked_key_does_not_begin_its_drills() {
    let engine = world(24).start().await;
    let actor = actor(&engine).await;
    let drill = schedule(&engine, &warning("W1", "red"), &actor, MINUTE).await;
    assert!(engine.flow.revoke_key(&actor.key).await.expect("stored"));
    engine.clock.sleep(MINUTE + 3 * SECOND).await;
    let drill = now(&engine, &drill.id).await;
    assert_eq!((drill.state.as_str(), drill.why.as_deref()), ("skipped", Some("key_revoked")));
    assert_eq!((engine.ledgers["sms.drill"].seen(), alarms(&engine)), (0, vec!["drill-skipped".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn one_taken_back_does_not_begin() {
    let engine = world(25).start().await;
    let actor = actor(&engine).await;
    let drill = schedule(&engine, &warning("W1", "red"), &actor, MINUTE).await;
    let stranger = Actor::new("k3", Role::Issuer, Some("flood".to_owned()));
    assert_eq!(engine.flow.cancel_drill(&drill.id, &stranger).await.expect("read"), Cancelled::Missing);
    assert!(engine.flow.drills(&stranger).await.is_empty(), "a headquarters sees its own");
    assert_eq!(engine.flow.cancel_drill(&drill.id, &actor).await.expect("stored"), Cancelled::Done);
    assert_eq!(engine.flow.cancel_drill(&drill.id, &actor).await.expect("read"), Cancelled::Over);
    let engine = engine.restart().await;
    engine.clock.sleep(10 * MINUTE).await;
    assert_eq!((engine.ledgers["sms.drill"].seen(), now(&engine, &drill.id).await.state.as_str()), (0, "cancelled"));
    assert_eq!(alarms(&engine), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn what_is_no_drill_is_not_scheduled() {
    let engine = world(26).configured(|config| config.drills.waiting_max = 1).start().await;
    let actor = actor(&engine).await;
    let starts = engine.clock.unix_ms() + 60_000;
    let schedule = async |message: &Value, starts: i64| {
        engine.flow.schedule_drill(submission(message, actor.clone()), starts).await
    };
    for status in ["actual", "draft", "system"] {
        let mut message = warning("W1", "red");
        message["status"] = status.into();
        let fault = schedule(&message, starts).await.expect_err("refused");
        assert!(matches!(fault, ScheduleFault::NotADrill(_)), "{status}: {fault:?}");
    }
    // The lift of a drill may be scheduled, that of the real thing may not.
    let mut real = warning("R1", "red");
    real["status"] = "actual".into();
    engine.post(&real).await;
    let lift = following(&real, "R2", "cancel");
    assert!(matches!(schedule(&lift, starts).await, Err(ScheduleFault::NotADrill(Status::Actual))));
    let mut mixed = lift;
    mixed["status"] = "exercise".into();
    assert!(matches!(schedule(&mixed, starts).await, Err(ScheduleFault::Submit(SubmitFault::Forbidden(_)))));
    // In the past, too far ahead, over before it begins, broken.
    let drill = warning("D1", "red");
    for starts in [engine.clock.unix_ms(), engine.clock.unix_ms() + 401 * 86_400_000] {
        assert!(matches!(schedule(&drill, starts).await, Err(ScheduleFault::Time)));
    }
    let mut over = warning("D2", "red");
    over["infos"][0]["expires"] = "2026-11-24T08:00:30+08:00".into();
    assert!(matches!(schedule(&over, starts).await, Err(ScheduleFault::Submit(SubmitFault::Rejected(_)))));
    let mut broken = warning("D3", "red");
    broken["infos"] = json!([]);
    assert!(matches!(schedule(&broken, starts).await, Err(ScheduleFault::Submit(SubmitFault::Rejected(_)))));
    schedule(&drill, starts).await.expect("taken");
    assert!(matches!(schedule(&warning("D4", "red"), starts).await, Err(ScheduleFault::TooMany(1))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_routes_say_what_is_wrong_and_take_every_form() {
    let world = TestGateway::start().await;
    let starts = fenghuo::domain::moment::Moment::china(fenghuo::clock::Clock::system().unix() + 3_600).to_string();
    let path = format!("/v1/drills?starts_at={}", starts.replace('+', "%2B"));
    let post = async |path: &str, media_type: &str, body: String| {
        world.ask(Method::POST, path, &world.issuer, &[("content-type", media_type)], body.into_bytes()).await
    };
    const JSON: &str = "application/json";
    let drill = warning("W1", "red");
    let created = post(&path, JSON, drill.to_string()).await;
    assert_eq!(created.status, StatusCode::CREATED, "{}", created.text);
    let id = created.json()["id"].as_str().expect("an id").to_owned();
    assert_eq!(created.header("location"), format!("/v1/drills/{id}"));
    let again = post(&path, JSON, drill.to_string()).await;
    assert_eq!((again.status, again.header("idempotent-replayed")), (StatusCode::OK, "true"));
    let message = fenghuo::domain::json::read(warning("W2", "red").to_string().as_bytes()).message.expect("a message");
    let cap = post(&path, "application/cap+xml", fenghuo::domain::cap::write(&message)).await;
    assert_eq!(cap.status, StatusCode::CREATED, "{}", cap.text);

    let mut actual = warning("W3", "red");
    actual["status"] = "actual".into();
    let refused = post(&path, JSON, actual.to_string()).await;
    assert_eq!((refused.status, refused.problem().as_str()), (StatusCode::UNPROCESSABLE_ENTITY, "not-a-drill"));
    for wrong in ["/v1/drills", "/v1/drills?starts_at=tomorrow", "/v1/drills?starts_at=2020-01-01T00:00:00%2B08:00"] {
        assert_eq!(post(wrong, JSON, warning("W4", "red").to_string()).await.problem(), "parameter-wrong", "{wrong}");
    }
    let listed = world.get("/v1/drills", &world.operator).await.json();
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(2), "{listed:#}");
    let delete =
        async |id: &str| world.ask(Method::DELETE, &format!("/v1/drills/{id}"), &world.operator, &[], Vec::new()).await;
    assert_eq!(delete(&id).await.status, StatusCode::NO_CONTENT);
    assert_eq!(delete(&id).await.problem(), "drill-over");
    assert_eq!(delete("absent").await.problem(), "drill-not-found");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drill_that_was_answered_survives_kill_9_and_begins_once() {
    let data = tempfile::tempdir().expect("a directory");
    let store = data.path().join("data");
    let (issuer, operator) = prepare(&store, Channel::Sms, (0..20).map(|n| format!("138{n:08}"))).await;
    let config = data.path().join("fenghuo.toml");
    let route = "[server]\nlisten = \"127.0.0.1:0\"\n[routes.\"sms.sim\"]\nchannel = \"sms\"\nadapter = \"simulator\"\n\
                 drill = true\n";
    std::fs::write(&config, format!("{route}{RELAY}")).expect("written");
    let http = client();
    let mut child = serve(&config, &store).spawn().expect("the program starts");
    let mut base = listening(&mut child);
    let starts = fenghuo::domain::moment::Moment::china(fenghuo::clock::Clock::system().unix() + 3).to_string();
    let posted = http
        .post(format!("{base}/v1/drills?starts_at={}", starts.replace('+', "%2B")))
        .bearer_auth(&issuer)
        .header("content-type", "application/json")
        .body(warning("W1", "red").to_string())
        .send()
        .await
        .expect("an answer");
    assert_eq!(posted.status(), 201);
    let mut seen = Vec::new();
    // Right after the answer, about its beginning, and after it.
    for wait in [0, 3_100, 1_500] {
        tokio::time::sleep(Duration::from_millis(wait)).await;
        child.kill().expect("killed");
        child.wait().expect("gone");
        child = serve(&config, &store).spawn().expect("the program starts");
        base = listening(&mut child);
    }
    for _ in 0..100 {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let get = async |path: &str| -> Value {
            let answer = http.get(format!("{base}{path}")).bearer_auth(&operator).send().await.expect("an answer");
            answer.json().await.expect("JSON")
        };
        let drill = get("/v1/drills").await["items"][0].clone();
        if drill["state"] == "entered" {
            let warnings = get("/v1/warnings").await["items"].as_array().expect("a list").clone();
            seen = warnings.iter().map(|warning| warning["id"].clone()).collect();
            assert_eq!(seen, [drill["warning"].clone()], "one warning, the one the drill names");
            break;
        }
        assert_eq!(drill["state"], "scheduled", "{drill:#}");
    }
    child.kill().expect("killed");
    child.wait().expect("gone");
    assert_eq!(seen.len(), 1, "it began");
}
