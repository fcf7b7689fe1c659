//! The engine on a store in memory and simulated providers, with a clock that is advanced by sleeping: order, limits,
//! repeats, expiry, receipts.

use std::time::Duration;

use fenghuo_contract::{Address, Channel};
use serde_json::Value;

use crate::support::{
    engine::Plan,
    message::{DISTRICT, OTHER_STREET, STREET, following, warning},
};

const MINUTE: Duration = Duration::from_secs(60);

fn numbers(count: u32) -> impl Iterator<Item = String> {
    (0..count).map(|n| format!("138{n:08}"))
}

/// The same warning for one street only.
fn of_street(mut message: Value, street: &str) -> Value {
    message["infos"][0]["areas"][0]["geocodes"][0]["value"] = street.into();
    message
}

#[tokio::test(start_paused = true)]
async fn reaches_everybody_once_and_counts_as_the_provider_does() {
    let world = Plan::new(1).route("sms.a", Channel::Sms, |_, _| {}).recipients(STREET, Channel::Sms, numbers(1_000));
    let engine = world.start().await;
    let id = engine.post(&warning("W1", "red")).await;
    let status = engine.until_done(&id, MINUTE).await;
    let sms = &status.channels["sms"];
    assert_eq!((sms.audience, sms.delivered, sms.failed, sms.maybe_doubled), (1_000, 1_000, 0, 0));
    assert_eq!(
        (status.people.addressed, status.people.reached_by_one, status.people.reached_by_two),
        (1_000, 1_000, 0)
    );
    let ledger = &engine.ledgers["sms.a"];
    assert_eq!((ledger.seen(), ledger.taken(), ledger.doubled()), (1_000, 1_000, Some(0)));
}

#[tokio::test(start_paused = true)]
async fn every_kind_of_answer_ends_where_it_should() {
    let special = |behaviour: u32| format!("1990000{behaviour}");
    let addresses: Vec<String> = (9001..=9014).filter(|b| ![9002, 9012].contains(b)).map(special).collect();
    let world = Plan::new(2).route("sms.a", Channel::Sms, |_, _| {}).recipients(STREET, Channel::Sms, addresses);
    let engine = world.start().await;
    let id = engine.post(&warning("W1", "red")).await;
    let status = engine.until(&id, 10 * MINUTE, |status| status.done && status.channels["sms"].accepted == 1).await;
    let sms = &status.channels["sms"];
    // Refused for good; in doubt three times over (red: a double is better than a miss); reported undelivered.
    let reasons: Vec<(&str, u64)> =
        sms.failed_by_reason.iter().map(|(reason, count)| (reason.as_str(), *count)).collect();
    assert_eq!(reasons, [("in_doubt", 1), ("recipient_refused", 1), ("reported_undelivered", 1)]);
    // The silent one stays accepted, one was confirmed by its person, all others were delivered.
    assert_eq!((sms.accepted, sms.confirmed, sms.delivered), (1, 1, 7));
    assert_eq!(sms.audience, sms.accepted + sms.confirmed + sms.delivered + sms.failed);
}

#[tokio::test(start_paused = true)]
async fn blue_in_doubt_is_not_repeated() {
    let world = Plan::new(3).route("sms.a", Channel::Sms, |_, _| {}).recipients(
        STREET,
        Channel::Sms,
        ["19900009005".to_owned()],
    );
    let engine = world.start().await;
    let id = engine.post(&warning("W1", "blue")).await;
    let status = engine.until(&id, MINUTE, |status| status.done).await;
    assert_eq!(status.channels["sms"].failed_by_reason["in_doubt"], 1);
    assert_eq!(engine.ledgers["sms.a"].seen(), 1);
}

#[tokio::test(start_paused = true)]
async fn red_overtakes_a_running_blue() {
    let world = Plan::new(4)
        .route("sms.a", Channel::Sms, |route, _| route.rate_per_s = Some(100))
        .recipients(OTHER_STREET, Channel::Sms, numbers(2_000))
        .recipients(STREET, Channel::Sms, (0..50).map(|n| format!("139{n:08}")));
    let engine = world.start().await;
    engine.post(&of_street(warning("BLUE", "blue"), OTHER_STREET)).await;
    engine.clock.sleep(Duration::from_secs(3)).await;
    let before = engine.ledgers["sms.a"].seen();
    assert!((200..=320).contains(&before), "blue runs at its rate less red's share: {before}");
    let red = engine.post(&of_street(warning("RED", "red"), STREET)).await;
    engine.until(&red, MINUTE, |status| status.done).await;
    let ledger = &engine.ledgers["sms.a"];
    let last_red = (0..50)
        .filter_map(|n| ledger.line(&Address::new(format!("139{n:08}"))))
        .map(|line| line.last)
        .max()
        .expect("sent");
    assert!(last_red <= before + 60, "all of red within {} arrivals of its release", last_red - before);
}

#[tokio::test(start_paused = true)]
async fn a_limit_is_kept_and_used() {
    let world = Plan::new(5)
        .route("sms.a", Channel::Sms, |route, _| {
            route.rate_per_s = Some(200);
            route.red_share = 0.0;
        })
        .recipients(STREET, Channel::Sms, numbers(5_000));
    let engine = world.start().await;
    engine.post(&warning("W1", "yellow")).await;
    engine.clock.sleep(Duration::from_secs(10)).await;
    let seen = engine.ledgers["sms.a"].seen();
    assert!((1_950..=2_020).contains(&seen), "{seen} in 10 s at 200/s");
}

#[tokio::test(start_paused = true)]
async fn segments_are_what_a_limit_in_segments_counts() {
    let world = Plan::new(6)
        .route("sms.a", Channel::Sms, |route, settings| {
            route.rate_per_s = Some(300);
            route.red_share = 0.0;
            settings.rate_unit = fenghuo_contract::RateUnit::Segments;
        })
        .recipients(STREET, Channel::Sms, numbers(2_000));
    let engine = world.start().await;
    let mut long = warning("W1", "yellow");
    long["infos"][0]["description"] = "雨".repeat(180).into();
    engine.post(&long).await;
    engine.clock.sleep(Duration::from_secs(10)).await;
    let seen = engine.ledgers["sms.a"].seen();
    assert!((550..=1_020).contains(&seen), "four segments or three each: {seen} in 10 s at 300 segments/s");
}

#[tokio::test(start_paused = true)]
async fn a_restart_loses_nobody() {
    let world = Plan::new(7)
        .route("sms.a", Channel::Sms, |route, settings| {
            route.rate_per_s = Some(500);
            settings.latency_ms = 20;
        })
        .recipients(STREET, Channel::Sms, numbers(2_000));
    let mut engine = world.start().await;
    let id = engine.post(&warning("W1", "orange")).await;
    let mut taken = 0;
    for _ in 0..3 {
        engine.clock.sleep(Duration::from_millis(700)).await;
        taken += engine.ledgers["sms.a"].taken();
        engine = engine.restart().await;
    }
    let status = engine.until(&id, MINUTE, |status| status.done).await;
    taken += engine.ledgers["sms.a"].taken();
    let sms = &status.channels["sms"];
    assert_eq!(sms.accepted + sms.delivered, 2_000, "{sms:?}");
    assert!(taken >= 2_000, "{taken}");
    assert!(taken - 2_000 <= sms.maybe_doubled, "every double is marked: {taken} taken, {} marked", sms.maybe_doubled);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_sent_after_expiry() {
    let world = Plan::new(8)
        .route("sms.a", Channel::Sms, |route, _| {
            route.rate_per_s = Some(10);
            route.red_share = 0.0;
        })
        .recipients(STREET, Channel::Sms, numbers(500));
    let engine = world.start().await;
    let mut short = warning("W1", "blue");
    short["infos"][0]["expires"] = "2026-11-24T08:00:10+08:00".into();
    let id = engine.post(&short).await;
    let status = engine.until_done(&id, MINUTE).await;
    let sms = &status.channels["sms"];
    let seen = engine.ledgers["sms.a"].seen();
    assert!(seen <= 101, "{seen}");
    assert_eq!((sms.delivered, sms.expired), (seen, 500 - seen));
    engine.clock.sleep(MINUTE).await;
    assert_eq!(engine.ledgers["sms.a"].seen(), seen);
}

#[tokio::test(start_paused = true)]
async fn a_lift_withdraws_what_is_unsent_and_tells_those_who_were_told() {
    let world = Plan::new(9)
        .route("sms.a", Channel::Sms, |route, _| {
            route.rate_per_s = Some(50);
            route.red_share = 0.0;
        })
        .recipients(STREET, Channel::Sms, numbers(1_000));
    let engine = world.start().await;
    let first = warning("W1", "yellow");
    let id = engine.post(&first).await;
    engine.clock.sleep(Duration::from_secs(4)).await;
    let lift = engine.post(&following(&first, "W2", "cancel")).await;
    let lifted = engine.until_done(&lift, MINUTE).await;
    let status = engine.status(&id).await;
    let sms = &status.channels["sms"];
    let told = sms.accepted + sms.delivered;
    assert!((190..=210).contains(&told), "{told}");
    assert_eq!(sms.withdrawn, 1_000 - told);
    assert_eq!(lifted.channels["sms"].audience, told);
    assert_eq!(engine.ledgers["sms.a"].seen(), 2 * told);
}

#[tokio::test(start_paused = true)]
async fn an_update_takes_the_place_of_what_is_unsent() {
    let world = Plan::new(10)
        .route("sms.a", Channel::Sms, |route, _| {
            route.rate_per_s = Some(50);
            route.red_share = 0.0;
        })
        .recipients(STREET, Channel::Sms, numbers(300))
        .recipients(OTHER_STREET, Channel::Sms, (0..300).map(|n| format!("139{n:08}")));
    let engine = world.start().await;
    let first = warning("W1", "yellow");
    let id = engine.post(&first).await;
    engine.clock.sleep(Duration::from_secs(3)).await;
    let update = engine.post(&of_street(following(&first, "W2", "update"), STREET)).await;
    let updated = engine.until_done(&update, MINUTE).await;
    let status = engine.status(&id).await;
    let sms = &status.channels["sms"];
    assert_eq!(sms.superseded + sms.accepted + sms.delivered, 600);
    assert!(sms.superseded > 400);
    // Everybody it names, and those outside who had the first one.
    assert!(updated.channels["sms"].audience >= 300);
    assert_eq!(updated.channels["sms"].delivered, updated.channels["sms"].audience);
}

#[tokio::test(start_paused = true)]
async fn refused_content_stops_the_plan_at_once() {
    let mut addresses: Vec<String> = numbers(2_000).collect();
    addresses.insert(0, "19900009002".to_owned());
    let world = Plan::new(11).route("sms.a", Channel::Sms, |route, _| route.rate_per_s = Some(100)).recipients(
        STREET,
        Channel::Sms,
        addresses,
    );
    let engine = world.start().await;
    let id = engine.post(&warning("W1", "orange")).await;
    let status = engine.until(&id, MINUTE, |status| status.done).await;
    assert!(status.channels["sms"].failed_by_reason["content_refused"] >= 1_900);
    assert!(engine.ledgers["sms.a"].seen() < 100);
}

#[tokio::test(start_paused = true)]
async fn a_misconfigured_route_stops_and_the_next_carries_on() {
    let mut addresses: Vec<String> = numbers(100).collect();
    addresses.insert(0, "19900009012".to_owned());
    let world = Plan::new(12)
        .route("sms.a", Channel::Sms, |_, _| {})
        .route("sms.b", Channel::Sms, |_, _| {})
        .recipients(STREET, Channel::Sms, addresses);
    let engine = world.start().await;
    let id = engine.post(&warning("W1", "red")).await;
    engine.until(&id, MINUTE, |status| status.channels.get("sms").is_some_and(|sms| sms.delivered >= 100)).await;
    let routes = engine.flow.routes();
    assert!(routes.iter().any(|route| route.state == "stopped" && route.reason.is_some()), "{routes:?}");
}

#[tokio::test(start_paused = true)]
async fn a_drill_stays_a_drill() {
    let world = Plan::new(13)
        .route("sms.drill", Channel::Sms, |_, _| {})
        .route("sms.real", Channel::Sms, |route, _| {
            route.drill = false;
            route.actual = true;
        })
        .recipients(DISTRICT, Channel::Sms, numbers(10));
    let engine = world.start().await;
    let drill = engine.post(&warning("W1", "red")).await;
    engine.until_done(&drill, MINUTE).await;
    assert_eq!((engine.ledgers["sms.drill"].seen(), engine.ledgers["sms.real"].seen()), (10, 0));
    let mut actual = warning("W2", "red");
    actual["status"] = "actual".into();
    let actual = engine.post(&actual).await;
    engine.until_done(&actual, MINUTE).await;
    assert_eq!((engine.ledgers["sms.drill"].seen(), engine.ledgers["sms.real"].seen()), (10, 10));
}

#[tokio::test(start_paused = true)]
async fn a_draft_and_a_system_message_reach_nobody() {
    let world = Plan::new(14).route("sms.a", Channel::Sms, |route, _| route.actual = true);
    let engine = world.recipients(STREET, Channel::Sms, numbers(10)).start().await;
    for (identifier, status) in [("W1", "draft"), ("W2", "system")] {
        let mut message = warning(identifier, "red");
        message["status"] = status.into();
        let id = engine.post(&message).await;
        engine.clock.sleep(MINUTE).await;
        assert!(engine.status(&id).await.channels.is_empty());
    }
    assert_eq!(engine.ledgers["sms.a"].seen(), 0);
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_journal() {
    async fn head() -> (u64, [u8; 32]) {
        let mut addresses: Vec<String> = numbers(300).collect();
        addresses.extend(["19900009004", "19900009009", "19900009010"].map(str::to_owned));
        let world = Plan::new(15).route("sms.a", Channel::Sms, |route, _| route.rate_per_s = Some(500));
        let engine = world.recipients(STREET, Channel::Sms, addresses).start().await;
        let id = engine.post(&warning("W1", "red")).await;
        engine.until_done(&id, MINUTE).await;
        engine.store.head().await.expect("a head")
    }
    assert_eq!(head().await, head().await);
}
