//! Channels one after the other.

use std::time::Duration;

use fenghuo::{
    config::{Ladder, Until},
    domain::level::Level,
    flow::status::StatusView,
};
use fenghuo_contract::{Address, Channel};

use crate::support::{
    engine::{Engine, Plan},
    message::{STREET, following, warning},
};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// Push, then sms, a minute each.
fn world(seed: u64, until: Until) -> Plan {
    let ladder = Ladder { channels: vec![Channel::Push, Channel::Wechat, Channel::Sms], wait_s: MINUTE, until };
    Plan::new(seed)
        .configured(|config| drop(config.ladder.insert(Level::Blue, ladder)))
        .route("push.a", Channel::Push, |_, _| {})
        .route("sms.a", Channel::Sms, |_, _| {})
        .route("display.a", Channel::Display, |_, settings| settings.receipts = 0.0)
}

fn person(n: u32, push: &str, sms: &str) -> Vec<(Channel, String)> {
    let push = if push.is_empty() { format!("token-{n}") } else { format!("{push}-{n}") };
    let sms = if sms.is_empty() { format!("138{n:08}") } else { sms.to_owned() };
    vec![(Channel::Push, push), (Channel::Sms, sms)]
}

fn sent_to(engine: &Engine, route: &str, address: &str) -> u32 {
    engine.ledgers[route].line(&Address::new(address)).map_or(0, |line| line.seen)
}

fn adds_up(status: &StatusView) {
    for channel in status.channels.values() {
        let ended = channel.accepted + channel.delivered + channel.confirmed + channel.failed + channel.expired;
        let unsent = channel.withdrawn + channel.superseded;
        assert_eq!(ended + unsent + channel.pending + channel.in_flight, channel.audience, "{channel:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_answers_on_the_first_channel_is_not_bothered_on_the_next() {
    let world = world(51, Until::Delivered).people(STREET, (0..50).map(|n| person(n, "", "")));
    let engine = world.start().await;
    let id = engine.post(&warning("W1", "blue")).await;
    let status = engine.until_done(&id, MINUTE).await;
    adds_up(&status);
    assert_eq!((status.channels["push"].delivered, status.channels["sms"].withdrawn), (50, 50));
    assert_eq!((status.people.reached_by_one, status.people.reached_by_two), (50, 0));
    assert_eq!(engine.ledgers["sms.a"].seen(), 0);
    assert_eq!(status.people.unreached_by_reason.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_failed_goes_on_at_once_and_who_is_silent_when_the_wait_is_over() {
    let mut people: Vec<Vec<(Channel, String)>> = (0..20).map(|n| person(n, "", "")).collect();
    people.extend((20..30).map(|n| person(n, "refuse", "")));
    people.extend((30..40).map(|n| person(n, "silent", "")));
    // No address on the first channel: sms is his first.
    people.extend((40..50).map(|n| vec![(Channel::Sms, format!("138{n:08}"))]));
    let engine = world(52, Until::Delivered).people(STREET, people).start().await;
    let id = engine.post(&warning("W1", "blue")).await;
    engine.clock.sleep(10 * SECOND).await;
    let status = engine.status(&id).await;
    assert_eq!(status.channels["sms"].delivered, 20, "refused and without address: {status:?}");
    assert_eq!(status.channels["sms"].withdrawn, 20);
    assert_eq!(status.channels["sms"].pending, 10, "the silent have time left");
    engine.clock.sleep(45 * SECOND).await;
    assert_eq!(engine.status(&id).await.channels["sms"].pending, 10);
    engine.clock.sleep(10 * SECOND).await;
    let status = engine.status(&id).await;
    assert_eq!((status.channels["sms"].pending, status.channels["sms"].delivered), (0, 30));
    assert!(status.done, "{status:?}");
    adds_up(&status);
    for n in 0..50 {
        assert_eq!(sent_to(&engine, "sms.a", &format!("138{n:08}")), u32::from(n >= 20), "{n}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_confirmation_is_waited_for_when_that_is_what_is_wanted() {
    let mut people: Vec<Vec<(Channel, String)>> = (0..20).map(|n| person(n, "confirm", "")).collect();
    people.extend((20..30).map(|n| person(n, "", "19900009011")));
    let engine = world(53, Until::Confirmed).people(STREET, people).start().await;
    let id = engine.post(&warning("W1", "blue")).await;
    let status = engine.until_done(&id, 5 * MINUTE).await;
    adds_up(&status);
    assert_eq!((status.channels["push"].confirmed, status.channels["push"].delivered), (20, 10));
    assert_eq!(status.channels["sms"].withdrawn, 20);
    let status = engine.until(&id, MINUTE, |status| status.channels["sms"].confirmed == 10).await;
    assert_eq!(status.people.confirmed, 30);
}

#[tokio::test(start_paused = true)]
async fn a_restart_in_the_middle_changes_nothing() {
    let mut people: Vec<Vec<(Channel, String)>> = (0..100).map(|n| person(n, "", "")).collect();
    people.extend((100..150).map(|n| person(n, "refuse", "")));
    people.extend((150..200).map(|n| person(n, "silent", "")));
    let plan = world(54, Until::Delivered).people(STREET, people).route("sms.a", Channel::Sms, |route, _| {
        route.rate_per_s = Some(20);
        route.red_share = 0.0;
    });
    let mut engine = plan.start().await;
    let id = engine.post(&warning("W1", "blue")).await;
    let mut sms = 0;
    // While the refused go on, while the silent wait, and while these go on.
    for seconds in [1, 20, 42, 1] {
        engine.clock.sleep(seconds * SECOND).await;
        sms += engine.ledgers["sms.a"].taken();
        engine = engine.restart().await;
    }
    let status = engine.until(&id, 2 * MINUTE, |status| status.done).await;
    sms += engine.ledgers["sms.a"].taken();
    adds_up(&status);
    let channel = &status.channels["sms"];
    assert_eq!((channel.withdrawn, channel.accepted + channel.delivered), (100, 100), "{channel:?}");
    assert!(sms - 100 <= channel.maybe_doubled, "{sms} sent, {} marked", channel.maybe_doubled);
}

#[tokio::test(start_paused = true)]
async fn a_lift_ends_what_waits_and_goes_to_those_told_at_once() {
    let mut people: Vec<Vec<(Channel, String)>> = (0..20).map(|n| person(n, "", "")).collect();
    people.extend((20..30).map(|n| person(n, "silent", "")));
    people.extend((30..40).map(|n| person(n, "refuse", "")));
    let engine = world(55, Until::Delivered).people(STREET, people).start().await;
    let first = warning("W1", "blue");
    let id = engine.post(&first).await;
    engine.clock.sleep(20 * SECOND).await;
    let lift = engine.post(&following(&first, "W2", "cancel")).await;
    let lifted = engine.until(&lift, 10 * SECOND, |status| status.done).await;
    let status = engine.status(&id).await;
    adds_up(&status);
    assert!(status.done);
    assert_eq!(status.channels["sms"].withdrawn, 30, "answered, and lifted before their turn: {status:?}");
    // On the channels they were told on, without waiting.
    assert_eq!((lifted.channels["push"].audience, lifted.channels["sms"].audience), (30, 10));
    assert_eq!(lifted.channels["sms"].withdrawn, 0);
}

#[tokio::test(start_paused = true)]
async fn whoever_waits_for_his_turn_is_not_told_after_the_deadline() {
    let engine =
        world(56, Until::Delivered).people(STREET, (0..20).map(|n| person(n, "silent", ""))).start().await;
    let mut short = warning("W1", "blue");
    short["infos"][0]["expires"] = "2026-11-24T08:00:30+08:00".into();
    let id = engine.post(&short).await;
    let status = engine.until(&id, MINUTE, |status| status.done).await;
    assert_eq!(status.channels["sms"].expired, 20, "{status:?}");
    engine.clock.sleep(2 * MINUTE).await;
    assert_eq!(engine.ledgers["sms.a"].seen(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_level_without_a_ladder_uses_every_channel_at_once() {
    let engine = world(57, Until::Delivered).people(STREET, (0..20).map(|n| person(n, "", ""))).start().await;
    let id = engine.post(&warning("W1", "red")).await;
    let status = engine.until_done(&id, 10 * SECOND).await;
    assert_eq!((status.channels["push"].delivered, status.channels["sms"].delivered), (20, 20));
}

#[tokio::test(start_paused = true)]
async fn content_refused_on_the_first_channel_sends_everybody_to_the_next() {
    let mut people: Vec<Vec<(Channel, String)>> = vec![person(0, "content", "")];
    people.extend((1..200).map(|n| person(n, "", "")));
    let plan = world(58, Until::Delivered)
        .people(STREET, people)
        .route("push.a", Channel::Push, |route, _| route.rate_per_s = Some(10));
    let engine = plan.start().await;
    let id = engine.post(&warning("W1", "blue")).await;
    let status = engine.until(&id, 30 * SECOND, |status| status.done).await;
    adds_up(&status);
    assert!(status.channels["push"].failed_by_reason["content_refused"] > 150, "{status:?}");
    assert_eq!(status.people.reached_by_one, 200);
}
