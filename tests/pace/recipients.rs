//! How often one person may be reached.

use std::time::Duration;

use fenghuo::{config::RecipientLimit, domain::level::Level};
use fenghuo_contract::{Channel, RateUnit};
use serde_json::Value;

use super::{MINUTE, SECOND, arrived, limit, limited, long, numbers};
use crate::support::{
    arrivals::Arrival,
    engine::{Engine, Plan},
    message::{STREET, following},
};

const PEOPLE: u32 = 30;

async fn world(seed: u64, per_hour: Option<u16>, per_day: Option<u16>) -> Engine {
    let often = RecipientLimit { per_hour, per_day, up_to: Level::Orange };
    Plan::new(seed)
        .route("sms.a", Channel::Sms, limited(limit(RateUnit::Recipients)))
        .recipients(STREET, Channel::Sms, numbers(PEOPLE))
        .configured(|config| {
            config.limits.recipient.insert("sms".to_owned(), often);
        })
        .start()
        .await
}

/// A warning whose text is its own.
fn told(identifier: &str, level: &str) -> Value {
    let mut message = long(identifier, level);
    message["infos"][0]["description"] = format!("这是 {identifier} 号。").into();
    message
}

fn of<'a>(arrived: &'a [Arrival], identifier: &str) -> impl Iterator<Item = &'a Arrival> {
    let mark = format!("这是 {identifier} 号。");
    arrived.iter().filter(move |arrival| arrival.text.contains(&mark))
}

fn count(engine: &Engine, identifier: &str) -> u64 {
    of(&arrived(engine), identifier).map(|arrival| arrival.deliveries).sum()
}

#[tokio::test(start_paused = true)]
async fn nobody_is_reached_more_often_than_allowed_and_everybody_as_soon_as_allowed() {
    let engine = world(50, Some(2), None).await;
    let all = u64::from(PEOPLE);
    for identifier in ["W1", "W2", "W3"] {
        engine.post(&told(identifier, "blue")).await;
        engine.clock.sleep(5 * MINUTE).await;
    }
    assert_eq!((count(&engine, "W1"), count(&engine, "W2"), count(&engine, "W3")), (all, all, 0));
    // Red is never held back, nor does it count; who was told is told of the end.
    engine.post(&told("W4", "red")).await;
    engine.post(&following(&told("W1", "blue"), "W5", "cancel")).await;
    engine.clock.sleep(SECOND).await;
    assert_eq!((count(&engine, "W4"), arrived(&engine).last().map(|last| last.deliveries > 0)), (all, Some(true)));
    assert_eq!(engine.ledgers["sms.a"].seen(), 4 * all);

    engine.clock.sleep(50 * MINUTE).await;
    assert_eq!(count(&engine, "W3"), all, "an hour after the first");
    let arrived = arrived(&engine);
    let first = of(&arrived, "W1").map(|arrival| arrival.at).min().expect("sent");
    let third = of(&arrived, "W3").map(|arrival| arrival.at).min().expect("sent");
    let after = third - first;
    assert!((60 * MINUTE..62 * MINUTE).contains(&after), "{after:?}");
}

#[tokio::test(start_paused = true)]
async fn what_could_only_go_after_its_end_fails_at_once_with_its_reason() {
    let engine = world(51, Some(1), None).await;
    engine.post(&told("W1", "orange")).await;
    engine.clock.sleep(MINUTE).await;
    let mut short = told("W2", "orange");
    short["infos"][0]["expires"] = "2026-11-24T08:30:00+08:00".into();
    let id = engine.post(&short).await;
    let status = engine.until(&id, SECOND, |status| status.done).await;
    assert_eq!(status.channels["sms"].failed_by_reason["recipient_limit"], u64::from(PEOPLE));
    assert_eq!(count(&engine, "W2"), 0);
}

#[tokio::test(start_paused = true)]
async fn a_restart_remembers_who_was_reached() {
    let mut engine = world(52, None, Some(2)).await;
    for identifier in ["W1", "W2"] {
        engine.post(&told(identifier, "yellow")).await;
        engine.clock.sleep(3 * MINUTE).await;
        assert_eq!(count(&engine, identifier), u64::from(PEOPLE));
        engine = engine.restart().await;
    }
    engine.post(&told("W3", "yellow")).await;
    engine.clock.sleep(Duration::from_secs(1_800)).await;
    assert_eq!(engine.ledgers["sms.a"].seen(), 0, "twice a day is all");
    engine = engine.restart().await;
    engine.clock.sleep(MINUTE).await;
    assert_eq!(engine.ledgers["sms.a"].seen(), 0, "what waits goes on waiting");
}
