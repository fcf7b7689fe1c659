//! Receipts in every order a provider can think of.

use std::time::Duration;

use fenghuo::{
    domain::delivery::State,
    flow::{receipt::Confirmation, record::WarningId},
    store::Space,
};
use fenghuo_contract::{Address, Channel, Origin, ReceiptSink, ReceiptState};

use super::{deliveries, only, receipt, reference, undelivered};
use crate::support::{
    engine::{Engine, Plan},
    message::{STREET, following, warning},
};

const MINUTE: Duration = Duration::from_secs(60);

fn numbers(count: u32) -> impl Iterator<Item = String> {
    (0..count).map(|n| format!("138{n:08}"))
}

/// A provider that takes everything and reports nothing by itself.
async fn silent(seed: u64, count: u32) -> (Engine, WarningId) {
    let world = Plan::new(seed).route("sms.a", Channel::Sms, |_, settings| settings.receipts = 0.0);
    let engine = world.recipients(STREET, Channel::Sms, numbers(count)).start().await;
    let id = engine.post(&warning("W1", "red")).await;
    engine.until(&id, MINUTE, |status| status.done).await;
    (engine, id)
}

#[tokio::test(start_paused = true)]
async fn contradictions_end_the_same_whatever_comes_first() {
    let words = [ReceiptState::Delivered, undelivered("27"), ReceiptState::Confirmed];
    let orders: [&[usize]; 9] =
        [&[0], &[1], &[2], &[0, 1], &[1, 0], &[2, 1, 0], &[0, 2, 1], &[1, 1, 0, 0], &[1, 2, 1, 0, 2]];
    let (engine, id) = silent(1, u32::try_from(orders.len()).expect("few")).await;
    let all = deliveries(&engine, &id).await;
    for (delivery, order) in all.iter().zip(orders) {
        for word in order {
            assert!(engine.report([(reference(delivery, 0), words[*word].clone())]).await);
        }
    }
    let expected = orders.map(|order| match (order.contains(&2), order.contains(&0)) {
        (true, _) => State::Confirmed,
        (_, true) => State::Delivered,
        _ => State::Failed,
    });
    let states = async |engine: &Engine| deliveries(engine, &id).await.iter().map(|one| one.state).collect::<Vec<_>>();
    assert_eq!(states(&engine).await, expected);
    // The journal says the same.
    let engine = engine.restart().await;
    assert_eq!(states(&engine).await, expected);
    let sms = &engine.status(&id).await.channels["sms"];
    assert_eq!((sms.failed, sms.failed_by_reason["reported_undelivered"]), (1, 1));
    assert_eq!(deliveries(&engine, &id).await[1].provider.as_deref(), Some("27"));
}

#[tokio::test(start_paused = true)]
async fn many_receipts_of_one_call_are_one_commit() {
    let (engine, id) = silent(2, 500).await;
    let (before, _) = engine.store.head().await.expect("a head");
    let all = deliveries(&engine, &id).await;
    assert!(engine.report(all.iter().map(|one| (reference(one, 0), ReceiptState::Delivered))).await);
    let (after, _) = engine.store.head().await.expect("a head");
    assert_eq!(after - before, 1);
    assert_eq!(engine.status(&id).await.channels["sms"].delivered, 500);
}

#[tokio::test(start_paused = true)]
async fn receipts_before_the_answer_wait_for_it_even_over_a_restart() {
    let world = Plan::new(3).route("sms.a", Channel::Sms, |_, settings| {
        settings.receipts = 0.0;
        settings.latency_ms = 5_000;
    });
    let engine = world.recipients(STREET, Channel::Sms, numbers(3)).start().await;
    let id = engine.post(&warning("W1", "red")).await;
    engine.clock.sleep(Duration::from_secs(1)).await;
    let all = deliveries(&engine, &id).await;
    assert!(all.iter().all(|one| one.state == State::InFlight), "{all:?}");
    // The second contradicts itself; the third is not reported.
    let early = [
        (reference(&all[0], 0), ReceiptState::Delivered),
        (reference(&all[1], 0), ReceiptState::Delivered),
        (reference(&all[1], 0), undelivered("27")),
    ];
    assert!(engine.report(early).await);
    assert!(deliveries(&engine, &id).await.iter().all(|one| one.state == State::InFlight));
    // What was on the wire is sent again; its answer meets the receipts that were durable before.
    let engine = engine.restart().await;
    engine.until(&id, MINUTE, |status| status.done).await;
    engine.clock.sleep(Duration::from_secs(1)).await;
    let states: Vec<State> = deliveries(&engine, &id).await.iter().map(|one| one.state).collect();
    assert_eq!(states, [State::Delivered, State::Delivered, State::Accepted]);
    let engine = engine.restart().await;
    assert_eq!(engine.status(&id).await.channels["sms"].delivered, 2);
}

#[tokio::test(start_paused = true)]
async fn strangers_wait_a_while_and_the_oldest_give_way() {
    let world = Plan::new(4).configured(|config| {
        config.receipts.unknown_max = 10;
        config.receipts.unknown_keep_s = Duration::from_secs(60);
    });
    let world = world.route("sms.a", Channel::Sms, |_, _| {}).recipients(STREET, Channel::Sms, numbers(1));
    let engine = world.start().await;
    let metric = |name: &str| {
        let text = engine.telemetry.exposition(false);
        let line = text.lines().find(|line| line.starts_with(&format!("{name} "))).map(str::to_owned);
        line.and_then(|line| line.split(' ').next_back()?.parse::<f64>().ok()).expect("the metric") as u64
    };
    assert!(engine.report((0..25).map(|n| (format!("stranger-{n}"), ReceiptState::Delivered))).await, "acknowledged");
    engine.clock.sleep(Duration::from_secs(1)).await;
    assert_eq!((metric("fenghuo_receipts_unknown"), metric("fenghuo_receipts_unmatched")), (10, 15));
    engine.clock.sleep(Duration::from_secs(61)).await;
    assert_eq!((metric("fenghuo_receipts_unknown"), metric("fenghuo_receipts_unmatched")), (0, 25));
}

#[tokio::test(start_paused = true)]
async fn word_about_what_is_over_still_counts() {
    let world = Plan::new(5).route("sms.a", Channel::Sms, |route, settings| {
        settings.receipts = 0.0;
        route.rate_per_s = Some(10);
        route.red_share = 0.0;
    });
    let engine = world.recipients(STREET, Channel::Sms, numbers(200)).start().await;
    let first = warning("W1", "blue");
    let id = engine.post(&first).await;
    engine.clock.sleep(Duration::from_secs(2)).await;
    engine.post(&following(&first, "W2", "update")).await;
    engine.until(&id, MINUTE, |status| status.done).await;
    let all = deliveries(&engine, &id).await;
    let accepted: Vec<_> = all.iter().filter(|one| one.state == State::Accepted).collect();
    assert!(!accepted.is_empty() && all.iter().any(|one| one.state == State::Superseded));
    assert!(engine.report(accepted.iter().map(|one| (reference(one, 0), ReceiptState::Delivered))).await);
    let status = engine.status(&id).await;
    assert_eq!(status.channels["sms"].delivered, accepted.len() as u64);
    assert_eq!(status.channels["sms"].superseded, (all.len() - accepted.len()) as u64);
}

#[tokio::test(start_paused = true)]
async fn a_confirmation_nobody_signed_is_worth_a_delivery() {
    let (engine, id) = silent(6, 1).await;
    let name = reference(&only(&engine, &id).await, 0);
    let unsigned = fenghuo_contract::Receipt { origin: Origin::Unsigned, ..receipt(&name, ReceiptState::Confirmed) };
    engine.inboxes["sms.a"].accept(vec![unsigned]).await.expect("taken");
    assert_eq!(only(&engine, &id).await.state, State::Delivered);
    engine.report([(name, ReceiptState::Confirmed)]).await;
    assert_eq!(only(&engine, &id).await.state, State::Confirmed);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_acknowledged_that_there_is_no_room_for() {
    let (engine, id) = silent(7, 1).await;
    let name = reference(&only(&engine, &id).await, 0);
    let long = "x".repeat(200);
    let flood = |n: usize| {
        let all = (0..n).map(|n| receipt(&format!("{long}{n}"), ReceiptState::Delivered));
        engine.inboxes["sms.a"].accept(all.collect())
    };
    assert!(flood(200_000).await.is_err(), "more than 32 MiB at once");
    assert!(flood(1_000).await.is_ok());
    assert!(engine.report([(name, ReceiptState::Delivered)]).await);
    assert_eq!(only(&engine, &id).await.state, State::Delivered);
}

#[tokio::test(start_paused = true)]
async fn only_channels_to_persons_that_were_chosen_carry_a_link() {
    let channels = [Channel::Sms, Channel::Email, Channel::Display];
    let mut world = Plan::new(8).configured(|config| {
        config.receipts.confirm_links = vec![Channel::Email, Channel::Display];
    });
    for channel in channels {
        let address = if channel == Channel::Sms { "13800000000" } else { "a@example.org" };
        world = world.route(&format!("{channel}.a"), channel, |_, _| {});
        world = world.recipients(STREET, channel, [address.to_owned()]);
    }
    let engine = world.start().await;
    let id = engine.post(&warning("W1", "red")).await;
    engine.until(&id, MINUTE, |status| status.done).await;
    let link = |route: &str, address: &str| engine.ledgers[route].link(&Address::new(address));
    assert_eq!((link("sms.a", "13800000000"), link("display.a", "a@example.org")), (None, None));
    let link = link("email.a", "a@example.org").expect("a link");
    let token = link.strip_prefix("https://warn.example/c/").expect("of this installation").to_owned();
    // Said by the reader before the provider reports, and never taken back by what it reports.
    assert!(engine.flow.confirm(&token, Confirmation::Confirmed).await.expect("durable"));
    engine.clock.sleep(Duration::from_secs(5)).await;
    assert_eq!(engine.status(&id).await.channels["email"].confirmed, 1);
    assert!(engine.flow.confirm_view(&token, "en").await.expect("a store").expect("ours").confirmed);
    let engine = engine.restart().await;
    assert_eq!(engine.status(&id).await.channels["email"].confirmed, 1);
    assert!(!engine.flow.confirm("1AAAA", Confirmation::Confirmed).await.expect("an answer"));
}

#[tokio::test(start_paused = true)]
async fn a_confirmation_of_what_was_put_away_long_ago_counts_and_stays() {
    let world = Plan::new(9).configured(|config| {
        config.receipts.confirm_links = vec![Channel::Email];
        config.retention.fold_after_s = MINUTE;
        config.retention.receipts_wait_s = MINUTE;
    });
    let world = world.route("email.a", Channel::Email, |_, settings| settings.receipts = 0.0);
    let engine = world.recipients(STREET, Channel::Email, ["a@example.org".to_owned()]).start().await;
    let mut short = warning("W1", "red");
    short["infos"][0]["expires"] = "2026-11-24T08:05:00+08:00".into();
    let id = engine.post(&short).await;
    engine.until(&id, MINUTE, |status| status.done).await;
    let link = engine.ledgers["email.a"].link(&Address::new("a@example.org")).expect("a link");
    let token = link.strip_prefix("https://warn.example/c/").expect("of this installation").to_owned();
    engine.clock.sleep(10 * MINUTE).await;
    let folded = engine.store.list(Space::PlanFolded, None, 10).await.expect("a store");
    assert!(!folded.is_empty(), "put away");
    let engine = engine.restart().await;
    let view = engine.flow.confirm_view(&token, "en").await.expect("a store").expect("ours");
    assert_eq!((view.ended.as_deref(), view.confirmed), (Some("expired"), false));
    assert!(engine.flow.confirm(&token, Confirmation::Confirmed).await.expect("durable"));
    engine.clock.sleep(10 * MINUTE).await;
    let engine = engine.restart().await;
    assert_eq!(engine.status(&id).await.channels["email"].confirmed, 1);
}
