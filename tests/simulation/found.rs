//! What the worlds and the torture found, each as small as it gets.

use std::time::Duration;

use fenghuo_contract::Channel;

use crate::support::{
    engine::Plan,
    message::{STREET, following, warning},
};

const MINUTE: Duration = Duration::from_secs(60);

fn numbers(count: u32) -> impl Iterator<Item = String> {
    (0..count).map(|n| format!("138{n:08}"))
}

#[tokio::test(start_paused = true)]
async fn a_route_with_one_place_loses_nothing_of_two_plans() {
    let world = Plan::new(1).route("sms.a", Channel::Sms, |route, settings| {
        route.window = Some(1);
        settings.latency_ms = 50;
    });
    let engine = world.recipients(STREET, Channel::Sms, numbers(10)).start().await;
    let first = engine.post(&warning("W1", "blue")).await;
    engine.clock.sleep(Duration::from_millis(20)).await;
    let second = engine.post(&warning("W2", "yellow")).await;
    for id in [first, second] {
        engine.until_done(&id, MINUTE).await;
    }
    assert_eq!((engine.ledgers["sms.a"].seen(), engine.ledgers["sms.a"].doubled()), (20, Some(0)));
}

#[tokio::test(start_paused = true)]
async fn what_was_on_the_wire_when_its_plan_ended_keeps_its_mark_over_restarts() {
    let world = Plan::new(2).route("sms.a", Channel::Sms, |_, settings| settings.latency_ms = 5_000);
    let engine = world.recipients(STREET, Channel::Sms, numbers(10)).start().await;
    let first = warning("W1", "yellow");
    let id = engine.post(&first).await;
    engine.clock.sleep(Duration::from_millis(500)).await;
    engine.post(&following(&first, "W2", "cancel")).await;
    engine.clock.sleep(Duration::from_millis(500)).await;
    let mut engine = engine;
    for _ in 0..2 {
        engine = engine.restart().await;
        let sms = engine.status(&id).await.channels["sms"].clone();
        assert_eq!((sms.withdrawn, sms.maybe_doubled), (10, 10), "they may have got it, and nobody heard");
    }
}
