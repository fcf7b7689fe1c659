//! Failed deliveries sent again on order.

use std::time::Duration;

use fenghuo::{
    domain::delivery::{Reason, State},
    flow::{
        authorize::{Actor, Role},
        record::WarningId,
        retry::{Ordered, Retried, Retry, RetryFault},
    },
};
use fenghuo_contract::{Address, Channel, ReceiptState};

use super::{deliveries, only, reference, undelivered};
use crate::support::{
    engine::{Engine, Plan},
    message::{STREET, following, warning},
};

const MINUTE: Duration = Duration::from_secs(60);

fn again(nonce: &str) -> Retry {
    Retry { nonce: nonce.to_owned(), channel: None, reasons: Vec::new(), reason: None }
}

async fn order(engine: &Engine, id: &WarningId, retry: Retry) -> Result<Ordered, RetryFault> {
    let operator = Actor::new("operator-1", Role::Operator, None);
    engine.flow.retry(id, retry, &operator).await.map(|ordered| ordered.expect("a warning"))
}

async fn now(engine: &Engine, id: &WarningId, retry: Retry) -> Retried {
    match order(engine, id, retry).await {
        Ok(Ordered::Now(retried)) => retried,
        other => panic!("{other:?}"),
    }
}

async fn world(seed: u64, addresses: &[&str]) -> Engine {
    let world = Plan::new(seed).route("sms.a", Channel::Sms, |_, settings| settings.receipts_after_ms = 10);
    world.recipients(STREET, Channel::Sms, addresses.iter().map(|one| (*one).to_owned())).start().await
}

#[tokio::test(start_paused = true)]
async fn sends_what_may_succeed_once_for_each_nonce() {
    // Delivered, refused, in doubt, reported undelivered.
    let engine = world(1, &["13800000000", "19900009001", "19900009005", "19900009010"]).await;
    let id = engine.post(&warning("W1", "blue")).await;
    let settled = |status: &fenghuo::flow::status::StatusView| status.done && status.receipts_awaited == 0;
    engine.until(&id, MINUTE, settled).await;
    assert_eq!(engine.ledgers["sms.a"].seen(), 4);

    let retried = now(&engine, &id, again("n1")).await;
    assert_eq!(retried.put_back, 2);
    let sms = &retried.channels["sms"];
    assert_eq!((sms.put_back, sms.left["recipient_refused"], sms.left.len()), (2, 1, 1));
    engine.until(&id, MINUTE, settled).await;
    assert_eq!(engine.ledgers["sms.a"].seen(), 6);
    assert_eq!(engine.ledgers["sms.a"].doubled(), Some(0), "to the provider these are other deliveries");
    assert_eq!(engine.status(&id).await.channels["sms"].maybe_doubled, 1, "the one in doubt may have arrived");

    // The same order again: the same answer, nothing sent.
    let before = order(&engine, &id, again("n1")).await.expect("the same");
    assert_eq!(before, Ordered::Before(retried.clone()));
    let engine = engine.restart().await;
    assert_eq!(order(&engine, &id, again("n1")).await.expect("the same"), Ordered::Before(retried.clone()));
    engine.clock.sleep(MINUTE).await;
    assert_eq!(engine.ledgers["sms.a"].seen(), 0);
    let other = Retry { reasons: vec![Reason::RecipientRefused], ..again("n1") };
    assert!(matches!(order(&engine, &id, other).await, Err(RetryFault::NonceReused)));
    // Another nonce is another order; a refusal is tried again when it is named.
    let named = Retry { reasons: vec![Reason::RecipientRefused], ..again("n2") };
    let retried = now(&engine, &id, named).await;
    assert_eq!((retried.put_back, retried.channels["sms"].left["in_doubt"]), (1, 1));
    engine.until(&id, MINUTE, settled).await;
    let line = engine.ledgers["sms.a"].line(&Address::new("19900009001")).expect("written down");
    assert_eq!((engine.ledgers["sms.a"].seen(), line.seen), (1, 1));
    let other_channel = Retry { channel: Some(Channel::Email), ..again("n3") };
    assert_eq!(now(&engine, &id, other_channel).await.put_back, 0);
}

#[tokio::test(start_paused = true)]
async fn a_report_about_an_earlier_round_does_not_end_the_later_one() {
    let world = Plan::new(2).route("sms.a", Channel::Sms, |_, settings| settings.receipts = 0.0);
    let engine = world.recipients(STREET, Channel::Sms, ["13800000000".to_owned()]).start().await;
    let id = engine.post(&warning("W1", "red")).await;
    engine.until(&id, MINUTE, |status| status.done).await;
    let delivery = only(&engine, &id).await;
    let (first, second) = (reference(&delivery, 0), reference(&delivery, 1));
    engine.report([(first.clone(), undelivered("27"))]).await;
    assert_eq!(now(&engine, &id, again("n1")).await.put_back, 1);
    // Before anything is sent again, and after.
    engine.report([(first.clone(), undelivered("27"))]).await;
    let sent = engine.until(&id, MINUTE, |status| status.done).await;
    assert_eq!((sent.channels["sms"].accepted, engine.ledgers["sms.a"].seen()), (1, 2));
    engine.report([(first.clone(), undelivered("27"))]).await;
    assert_eq!(only(&engine, &id).await.state, State::Accepted);
    let engine = engine.restart().await;
    assert_eq!(only(&engine, &id).await.state, State::Accepted, "the journal says the same");
    engine.report([(first.clone(), undelivered("27"))]).await;
    assert_eq!(only(&engine, &id).await.state, State::Accepted);
    // The later round's own report counts, and so does it when the first one arrived after all.
    engine.report([(second, undelivered("28"))]).await;
    assert_eq!(only(&engine, &id).await.provider.as_deref(), Some("28"));
    assert_eq!(now(&engine, &id, again("n2")).await.put_back, 1);
    engine.report([(first, ReceiptState::Delivered)]).await;
    engine.until(&id, MINUTE, |status| status.done).await;
    assert_eq!(only(&engine, &id).await.state, State::Delivered);
}

#[tokio::test(start_paused = true)]
async fn a_report_that_came_too_early_is_not_heard_again_after_a_restart() {
    let world = Plan::new(10).route("sms.a", Channel::Sms, |_, settings| {
        settings.receipts = 0.0;
        settings.latency_ms = 2_000;
    });
    let engine = world.recipients(STREET, Channel::Sms, ["13800000000".to_owned()]).start().await;
    let id = engine.post(&warning("W1", "red")).await;
    engine.clock.sleep(Duration::from_secs(1)).await;
    let first = reference(&only(&engine, &id).await, 0);
    engine.report([(first, undelivered("27"))]).await;
    engine.until(&id, MINUTE, |status| status.done && status.channels["sms"].failed == 1).await;
    assert_eq!(now(&engine, &id, again("n1")).await.put_back, 1);
    engine.until(&id, MINUTE, |status| status.done).await;
    assert_eq!(only(&engine, &id).await.state, State::Accepted);
    let mut engine = engine;
    for _ in 0..2 {
        engine = engine.restart().await;
        engine.clock.sleep(Duration::from_secs(5)).await;
        assert_eq!(only(&engine, &id).await.state, State::Accepted, "it was about the round before");
    }
    let (rows, _) = engine.store.head().await.expect("a head");
    let engine = engine.restart().await;
    engine.clock.sleep(Duration::from_secs(5)).await;
    assert_eq!(engine.store.head().await.expect("a head").0, rows, "a start writes nothing down again");
}

#[tokio::test(start_paused = true)]
async fn a_restart_in_the_middle_of_an_order_carries_it_on() {
    let world = Plan::new(3).route("sms.a", Channel::Sms, |route, settings| {
        settings.receipts = 0.0;
        route.rate_per_s = Some(20);
        route.red_share = 0.0;
    });
    let numbers: Vec<String> = (0..200).map(|n| format!("138{n:08}")).collect();
    let engine = world.recipients(STREET, Channel::Sms, numbers).start().await;
    let id = engine.post(&warning("W1", "red")).await;
    engine.until(&id, MINUTE, |status| status.done).await;
    let all = deliveries(&engine, &id).await;
    engine.report(all.iter().map(|one| (reference(one, 0), undelivered("27")))).await;
    engine.clock.sleep(Duration::from_secs(1)).await;
    assert_eq!(now(&engine, &id, again("n1")).await.put_back, 200);
    engine.clock.sleep(Duration::from_secs(3)).await;
    let sent = engine.ledgers["sms.a"].seen() - 200;
    assert!((50..=70).contains(&sent), "{sent}: the ordinary limit is kept");
    let engine = engine.restart().await;
    let status = engine.until(&id, MINUTE, |status| status.done).await;
    let sms = &status.channels["sms"];
    assert_eq!((sms.accepted, sms.failed), (200, 0));
    let late = engine.ledgers["sms.a"].seen();
    assert!(sent + late >= 200 && sent + late - 200 <= sms.maybe_doubled, "{sent} + {late}: {sms:?}");
}

#[tokio::test(start_paused = true)]
async fn what_is_over_is_not_sent_again() {
    for (seed, kind, over) in [(4, "cancel", "lifted"), (5, "update", "superseded"), (6, "", "expired")] {
        let engine = world(seed, &["19900009010"]).await;
        let mut first = warning("W1", "red");
        if kind.is_empty() {
            first["infos"][0]["expires"] = "2026-11-24T08:00:30+08:00".into();
        }
        let id = engine.post(&first).await;
        engine.until(&id, MINUTE, |status| status.done && status.channels["sms"].failed == 1).await;
        if kind.is_empty() {
            engine.clock.sleep(MINUTE).await;
        } else {
            engine.post(&following(&first, "W2", kind)).await;
            engine.clock.sleep(Duration::from_secs(5)).await;
        }
        let seen = engine.ledgers["sms.a"].seen();
        match order(&engine, &id, again("n1")).await {
            Err(RetryFault::Over(said)) => assert_eq!(said, over),
            other => panic!("{kind}: {other:?}"),
        }
        engine.clock.sleep(MINUTE).await;
        assert_eq!(engine.ledgers["sms.a"].seen(), seen);
    }
}

#[tokio::test(start_paused = true)]
async fn an_order_never_outlives_the_warning() {
    let world = Plan::new(7).route("sms.a", Channel::Sms, |route, settings| {
        settings.receipts_after_ms = 10;
        route.rate_per_s = Some(10);
        route.red_share = 0.0;
    });
    let numbers = (0..100).map(|n| format!("199{n:04}9010"));
    let engine = world.recipients(STREET, Channel::Sms, numbers).start().await;
    let mut short = warning("W1", "blue");
    short["infos"][0]["expires"] = "2026-11-24T08:00:15+08:00".into();
    let id = engine.post(&short).await;
    engine.until(&id, MINUTE, |status| status.done && status.channels["sms"].failed == 100).await;
    let before = engine.ledgers["sms.a"].seen();
    assert_eq!(now(&engine, &id, again("n1")).await.put_back, 100);
    engine.clock.sleep(2 * MINUTE).await;
    let seen = engine.ledgers["sms.a"].seen() - before;
    let status = engine.status(&id).await;
    let sms = &status.channels["sms"];
    assert!(seen <= 60 && status.done, "{seen}: {status:?}");
    assert_eq!(sms.expired + sms.failed, 100);
    assert_eq!(sms.failed, seen, "sent before it expired, and reported undelivered again");
    assert!(sms.expired > 0);
    let engine = engine.restart().await;
    assert_eq!(engine.status(&id).await.channels["sms"].expired, sms.expired);
}

#[tokio::test(start_paused = true)]
async fn an_order_never_sends_what_the_provider_refuses_for_all() {
    let engine = world(8, &["13800000000", "19900009002"]).await;
    let id = engine.post(&warning("W1", "red")).await;
    engine.until(&id, MINUTE, |status| status.done).await;
    let failed = engine.status(&id).await.channels["sms"].failed;
    let seen = engine.ledgers["sms.a"].seen();
    let named = Retry { reasons: vec![Reason::ContentRefused], ..again("n1") };
    let retried = now(&engine, &id, named).await;
    assert_eq!((retried.put_back, retried.channels["sms"].left["content_refused"]), (0, failed));
    engine.clock.sleep(MINUTE).await;
    assert_eq!(engine.ledgers["sms.a"].seen(), seen);
}

#[tokio::test(start_paused = true)]
async fn an_order_passes_the_drill_gate_like_everything_else() {
    let engine = world(9, &["19900009010", "19900019010"]).await;
    let id = engine.post(&warning("W1", "red")).await;
    engine.until(&id, MINUTE, |status| status.done && status.channels["sms"].failed == 2).await;
    // One of them takes part in drills no more.
    let engine = engine.changed("r0", |recipient| recipient.drill = false).await;
    assert_eq!(now(&engine, &id, again("n1")).await.put_back, 2);
    engine.until(&id, MINUTE, |status| status.done && status.receipts_awaited == 0).await;
    let line = |address: &str| engine.ledgers["sms.a"].line(&Address::new(address)).expect("written down").seen;
    assert_eq!((line("19900009010"), line("19900019010")), (0, 1));
    assert_eq!(engine.status(&id).await.channels["sms"].failed_by_reason["drill_gate"], 1);
}
