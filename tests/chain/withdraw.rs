//! What a provider has taken and not delivered when its warning ends: it is asked to withdraw it, and believed.

use std::time::Duration;

use fenghuo::{
    domain::delivery::{Reason, State},
    flow::{intake::Lift, record::WarningId, status::DeliveryFilter},
};
use fenghuo_contract::Channel;
use fenghuo_simulator::{Condition, Settings};

use crate::support::{
    engine::{Engine, Plan},
    message::{STREET, following, warning},
};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR_MS: u64 = 3_600_000;

/// Ten people whose handsets are off for an hour, and two that are on.
async fn world(seed: u64, change: impl Fn(&mut Settings)) -> Engine {
    let off = (0..10).map(|n| format!("138{n:08}"));
    // Their receipt comes before the answer to the submit.
    let on = (0..2).map(|n| format!("199000{n}9009"));
    Plan::new(seed)
        .route("sms.a", Channel::Sms, |_, settings| {
            (settings.withdraws, settings.receipts_after_ms) = (true, HOUR_MS);
            change(settings);
        })
        .recipients(STREET, Channel::Sms, off.chain(on))
        .start()
        .await
}

async fn sent(engine: &Engine) -> WarningId {
    let id = engine.post(&warning("W1", "yellow")).await;
    engine.until(&id, MINUTE, |status| status.channels.get("sms").is_some_and(|sms| sms.accepted == 10)).await;
    id
}

async fn recalled(engine: &Engine, id: &WarningId) -> usize {
    let page = engine.flow.deliveries(id, &DeliveryFilter::default(), None, 100).await.expect("read").expect("known");
    page.items.iter().filter(|one| (one.state, one.reason) == (State::Withdrawn, Reason::Recalled)).count()
}

fn metric(engine: &Engine, result: &str) -> Option<u64> {
    let line = format!("fenghuo_withdrawals_total{{route=\"sms.a\",result=\"{result}\"}} ");
    let text = engine.telemetry.exposition(false);
    text.lines().find_map(|found| found.strip_prefix(&*line).and_then(|count| count.parse().ok()))
}

#[tokio::test(start_paused = true)]
async fn what_is_not_delivered_is_withdrawn_when_its_warning_is_lifted_or_replaced() {
    for (seed, replaced) in [(651, false), (652, true)] {
        let engine = world(seed, |_| {}).await;
        let id = sent(&engine).await;
        if replaced {
            engine.post(&following(&warning("W1", "yellow"), "W2", "update")).await;
        } else {
            engine.flow.lift(&id, Lift::default(), engine.actor()).await.expect("taken").expect("known");
        }
        let status = engine.until(&id, MINUTE, |status| status.channels["sms"].withdrawn == 10).await;
        let sms = &status.channels["sms"];
        assert_eq!((sms.accepted, sms.delivered, status.receipts_awaited), (0, 2, 0), "{sms:?}");
        assert_eq!((recalled(&engine, &id).await, engine.ledgers["sms.a"].recalled()), (10, 10));
        assert_eq!((metric(&engine, "gone"), metric(&engine, "kept")), (Some(10), None));
        // What was delivered all the same would win; nothing was, and a restart says the same.
        let engine = engine.restart().await;
        assert_eq!(engine.status(&id).await.channels["sms"].withdrawn, 10);
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_taken_while_its_warning_ends_is_withdrawn_too() {
    let engine = world(653, |settings| settings.latency_ms = 3_000).await;
    let id = engine.post(&warning("W1", "yellow")).await;
    engine.until(&id, MINUTE, |status| status.channels.get("sms").is_some_and(|sms| sms.in_flight == 12)).await;
    engine.flow.lift(&id, Lift::default(), engine.actor()).await.expect("taken").expect("known");
    let status = engine.until(&id, MINUTE, |status| status.channels["sms"].withdrawn == 10).await;
    assert_eq!(status.channels["sms"].delivered, 2);
}

#[tokio::test(start_paused = true)]
async fn what_the_provider_keeps_stays_accepted() {
    // Addresses that are never reported are never withdrawn either.
    let silent = (0..3).map(|n| format!("199000{n}9006"));
    let engine = Plan::new(654)
        .route("sms.a", Channel::Sms, |_, settings| settings.withdraws = true)
        .recipients(STREET, Channel::Sms, silent)
        .start()
        .await;
    let id = engine.post(&warning("W1", "yellow")).await;
    engine.until(&id, MINUTE, |status| status.channels.get("sms").is_some_and(|sms| sms.accepted == 3)).await;
    engine.flow.lift(&id, Lift::default(), engine.actor()).await.expect("taken").expect("known");
    engine.clock.sleep(MINUTE).await;
    let sms = engine.status(&id).await.channels["sms"].clone();
    assert_eq!((sms.accepted, sms.withdrawn, metric(&engine, "kept")), (3, 0, Some(3)));
}

#[tokio::test(start_paused = true)]
async fn a_provider_out_of_service_is_asked_when_it_is_back_and_a_restart_asks_again() {
    let engine = world(655, |_| {}).await;
    let id = sent(&engine).await;
    engine.flow.pause_route("sms.a", "k1", "maintenance").await.expect("stored");
    engine.flow.lift(&id, Lift::default(), engine.actor()).await.expect("taken").expect("known");
    engine.clock.sleep(MINUTE).await;
    assert_eq!(engine.ledgers["sms.a"].recalled(), 0, "a paused route is not asked");
    engine.weathers["sms.a"].set(Condition::Down);
    engine.flow.resume_route("sms.a", "k1").await.expect("stored");
    engine.clock.sleep(Duration::from_secs(2)).await;
    engine.weathers["sms.a"].set(Condition::Fine);
    let status = engine.until(&id, MINUTE * 5, |status| status.channels["sms"].withdrawn == 10).await;
    assert_eq!(status.channels["sms"].accepted, 0);
}

#[tokio::test(start_paused = true)]
async fn requests_pay_the_rate_of_their_route_and_one_that_withdraws_nothing_is_not_asked() {
    let engine = Plan::new(656)
        .route("sms.a", Channel::Sms, |route, settings| {
            (settings.withdraws, settings.receipts_after_ms) = (true, HOUR_MS);
            route.rate_per_s = Some(20);
        })
        .recipients(STREET, Channel::Sms, (0..200).map(|n| format!("138{n:08}")))
        .start()
        .await;
    let id = engine.post(&warning("W1", "yellow")).await;
    engine.until(&id, MINUTE, |status| status.channels.get("sms").is_some_and(|sms| sms.accepted == 200)).await;
    let before = engine.clock.unix_ms();
    // Nobody hears of it: the lift has no route, so only requests use the rate.
    let lift = Lift::default();
    let lifted = engine.flow.lift(&id, lift, engine.actor()).await;
    lifted.expect("taken").expect("known");
    engine.until(&id, MINUTE, |status| status.channels["sms"].withdrawn == 200).await;
    let took = engine.clock.unix_ms() - before;
    assert!((9_000..=60_000).contains(&took), "200 requests at 20 a second, beside a lift: {took} ms");

    let engine = world(657, |settings| settings.withdraws = false).await;
    let id = sent(&engine).await;
    engine.flow.lift(&id, Lift::default(), engine.actor()).await.expect("taken").expect("known");
    engine.clock.sleep(MINUTE).await;
    assert_eq!(engine.status(&id).await.channels["sms"].accepted, 10);
    assert_eq!(metric(&engine, "refused"), None);
}
