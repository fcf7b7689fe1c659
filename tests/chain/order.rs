//! What a message is to the messages before it, and what becomes of them.

use std::time::Duration;

use fenghuo::{
    domain::{chain::Change, finding::Weight, level::Level},
    flow::{
        intake::{Form, Submission, SubmitFault, WarningFilter, WarningView},
        record::WarningId,
    },
};
use fenghuo_contract::Channel;
use serde_json::{Value, json};

use crate::support::{
    engine::{Engine, Plan},
    message::{OTHER_STREET, STREET, following, warning},
};

const MINUTE: Duration = Duration::from_secs(60);

async fn world(seed: u64) -> Engine {
    Plan::new(seed)
        .route("sms.a", Channel::Sms, |_, _| {})
        .recipients(STREET, Channel::Sms, (0..10).map(|n| format!("138{n:08}")))
        .recipients(OTHER_STREET, Channel::Sms, (0..10).map(|n| format!("139{n:08}")))
        .start()
        .await
}

/// The same message of a sender of our own, sent at an hour of the day and at a level.
fn at(mut message: Value, hour: u32, level: &str) -> Value {
    message["sender"] = "relay@fenghuo.local".into();
    message["sent"] = format!("2026-11-24T{hour:02}:00:00+08:00").into();
    message["infos"][0]["level"] = level.into();
    message
}

fn naming(mut message: Value, named: &[&Value]) -> Value {
    let reference =
        |named: &&Value| json!({"sender": named["sender"], "identifier": named["identifier"], "sent": named["sent"]});
    message["references"] = named.iter().map(reference).collect();
    message
}

async fn seen(engine: &Engine, id: &WarningId) -> WarningView {
    engine.flow.warning(id).await.expect("read").expect("known")
}

/// The codes with which a message is refused.
async fn refused(engine: &Engine, message: &Value) -> Vec<&'static str> {
    let submission = Submission {
        form: Form::Json,
        media_type: "application/json".to_owned(),
        body: message.to_string().into(),
        actor: engine.actor(),
        idempotency_key: None,
    };
    match engine.flow.submit(submission).await {
        Err(SubmitFault::Rejected(findings)) => {
            findings.iter().filter(|finding| finding.weight == Weight::Refuse).map(|finding| finding.code).collect()
        }
        other => panic!("taken: {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_is_raised_lowered_and_lifted_and_every_member_is_named() {
    let engine = world(601).await;
    let first = at(warning("W1", "yellow"), 8, "yellow");
    let raise = at(following(&first, "W2", "update"), 9, "orange");
    let lower = at(following(&raise, "W3", "update"), 10, "blue");
    let mut lift = at(following(&lower, "W4", "cancel"), 11, "blue");
    // Those who end something need not say anything.
    lift["infos"] = json!([]);
    let mut ids = Vec::new();
    for message in [&first, &raise, &lower, &lift] {
        let id = engine.post(message).await;
        engine.until(&id, MINUTE, |status| status.done).await;
        ids.push(id);
    }
    let mut views = Vec::new();
    for id in &ids {
        views.push(seen(&engine, id).await);
    }
    let changes: Vec<Change> = views.iter().map(|view| view.change).collect();
    assert_eq!(changes, [Change::First, Change::Raise, Change::Lower, Change::Lift]);
    assert!(views.iter().all(|view| view.event == ids[0]));
    let ended: Vec<_> = views.iter().map(|view| view.ended.as_deref()).collect();
    assert_eq!(ended, [Some("superseded"), Some("superseded"), Some("lifted"), None]);
    assert_eq!(views[3].level, Level::Blue, "a lift without a level goes the way of what it ends");
    // It came in with one reference and is given out with all that have not expired.
    let named: Vec<&str> = views[3].message.references.iter().map(|named| named.identifier.as_str()).collect();
    assert_eq!(named, ["W3", "W1", "W2"]);
    // What is here already is not judged by what came after it.
    assert_eq!(engine.post(&raise).await, ids[1]);
}

#[tokio::test(start_paused = true)]
async fn what_is_out_of_date_when_it_comes_is_refused_and_says_why() {
    let engine = world(602).await;
    let first = at(warning("W1", "yellow"), 8, "yellow");
    let newer = at(following(&first, "W2", "update"), 10, "yellow");
    // The update came first.
    let unknown = engine.post(&newer).await;
    assert_eq!(seen(&engine, &unknown).await.change, Change::First);
    engine.until(&unknown, MINUTE, |status| status.done).await;
    assert_eq!(refused(&engine, &first).await, ["event-newer-stands"]);
    // What is sent later goes on from there.
    let third = engine.post(&at(following(&newer, "W3", "update"), 11, "red")).await;
    let third = seen(&engine, &third).await;
    assert_eq!((third.change, &third.event), (Change::Raise, &unknown));
}

#[tokio::test(start_paused = true)]
async fn an_update_older_than_what_stands_or_of_two_events_is_refused_and_a_lift_is_not() {
    let engine = world(603).await;
    let first = at(warning("W1", "yellow"), 8, "yellow");
    let newer = at(following(&first, "W2", "update"), 10, "yellow");
    let other = at(warning("X1", "yellow"), 8, "yellow");
    for message in [&first, &newer, &other] {
        let id = engine.post(message).await;
        engine.until(&id, MINUTE, |status| status.done).await;
    }
    let late = at(following(&first, "W3", "update"), 9, "red");
    assert_eq!(refused(&engine, &late).await, ["event-newer-stands"]);
    let both = naming(at(following(&first, "W4", "update"), 11, "red"), &[&newer, &other]);
    assert_eq!(refused(&engine, &both).await, ["event-several"]);
    // A lift that does not know of the newer one leaves that standing, and is taken all the same.
    let lift = engine.post(&at(following(&first, "W5", "cancel"), 9, "yellow")).await;
    engine.until(&lift, MINUTE, |status| status.done).await;
    let active = WarningFilter { active: true, ..WarningFilter::default() };
    let standing: Vec<String> = engine
        .flow
        .warnings(&active, None, 10)
        .await
        .expect("read")
        .items
        .into_iter()
        .map(|view| view.message.identifier)
        .collect();
    assert!(standing.contains(&"W2".to_owned()) && standing.contains(&"X1".to_owned()), "{standing:?}");
    // Once it is lifted, what was sent before is refused; what is sent later begins anew.
    let over = engine.post(&at(following(&newer, "W6", "cancel"), 12, "yellow")).await;
    engine.until(&over, MINUTE, |status| status.done).await;
    assert_eq!(refused(&engine, &at(following(&newer, "W7", "update"), 11, "red")).await, ["event-lifted-since"]);
    let again = engine.post(&at(following(&newer, "W8", "update"), 13, "red")).await;
    let again = seen(&engine, &again).await;
    assert_eq!((again.change, &again.event), (Change::First, &again.id));
}

#[tokio::test(start_paused = true)]
async fn a_part_of_the_areas_is_withdrawn_by_an_update_that_those_no_longer_named_get_too() {
    let engine = world(604).await;
    let first = at(warning("W1", "yellow"), 8, "yellow");
    let id = engine.post(&first).await;
    engine.until_done(&id, MINUTE).await;
    let mut less = at(following(&first, "W2", "update"), 9, "yellow");
    less["infos"][0]["areas"][0]["geocodes"][0]["value"] = STREET.into();
    let update = engine.post(&less).await;
    let status = engine.until_done(&update, MINUTE).await;
    assert_eq!(status.channels["sms"].audience, 20, "ten it names, and ten who were told before");
}
