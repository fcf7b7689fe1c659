//! What becomes of deliveries when providers fail: routes beside each other, shares, breakers, retries, canaries. Counted
//! by the providers' own ledgers, on a clock that is advanced by sleeping.

use std::time::Duration;

use fenghuo::flow::status::RouteView;
use fenghuo_contract::Channel;
use fenghuo_simulator::Condition;

use crate::support::{
    engine::{Engine, Plan},
    message::{STREET, warning},
};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
/// Of each route, deliveries a second.
const RATE: u32 = 200;

fn numbers(count: u32) -> impl Iterator<Item = String> {
    (0..count).map(|n| format!("138{n:08}"))
}

/// Two routes of one channel with the same rate, and so many recipients.
fn two_routes(seed: u64, recipients: u32) -> Plan {
    let paced = |route: &mut fenghuo::config::Route, settings: &mut fenghuo_simulator::Settings| {
        route.rate_per_s = Some(RATE);
        route.red_share = 0.0;
        settings.latency_ms = 20;
    };
    Plan::new(seed)
        .route("sms.bad", Channel::Sms, paced)
        .route("sms.good", Channel::Sms, paced)
        .recipients(STREET, Channel::Sms, numbers(recipients))
}

fn route(engine: &Engine, name: &str) -> RouteView {
    engine.flow.routes().into_iter().find(|route| route.name == name).unwrap()
}

/// How many a route's provider saw while the clock moved on by `span`.
async fn seen_in(engine: &Engine, name: &str, span: Duration) -> u64 {
    let before = engine.ledgers[name].seen();
    engine.clock.sleep(span).await;
    engine.ledgers[name].seen() - before
}

/// The good route does 99 % of its rate whatever the one beside it does, and nobody is lost.
async fn beside(seed: u64, condition: Condition) -> Engine {
    let engine = two_routes(seed, 20_000).start().await;
    engine.weathers["sms.bad"].set(condition);
    engine.post(&warning("W1", "orange")).await;
    engine.clock.sleep(5 * SECOND).await;
    let good = seen_in(&engine, "sms.good", 20 * SECOND).await;
    assert!(good >= u64::from(RATE) * 20 * 99 / 100, "{condition:?}: {good} of {}", RATE * 20);
    engine
}

#[tokio::test(start_paused = true)]
async fn a_failing_route_does_not_hold_the_good_one_up() {
    let engine = beside(101, Condition::Failing(0.5)).await;
    let bad = route(&engine, "sms.bad");
    assert!(bad.share < 0.7, "{bad:?}");
}

#[tokio::test(start_paused = true)]
async fn a_slow_route_does_not_hold_the_good_one_up() {
    let engine = beside(102, Condition::Slow(3 * SECOND)).await;
    let bad = route(&engine, "sms.bad");
    assert!(bad.share < 0.9, "{bad:?}");
}

#[tokio::test(start_paused = true)]
async fn a_throttling_route_does_not_hold_the_good_one_up() {
    let engine = beside(103, Condition::Throttling(2 * SECOND)).await;
    assert_eq!(route(&engine, "sms.bad").trip.as_deref(), Some("throttled"));
    // Throttled is not tried: no attempt is counted.
    assert_eq!(engine.ledgers["sms.bad"].seen(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_misconfigured_route_stops_keeps_its_work_and_comes_back_by_its_probe() {
    let engine = beside(104, Condition::Locked).await;
    let bad = route(&engine, "sms.bad");
    assert_eq!((bad.state.as_str(), bad.trip.as_deref()), ("stopped", Some("misconfigured")));
    assert!(bad.reason.is_some_and(|reason| reason.contains("SIM-ACCOUNT")));
    engine.weathers["sms.bad"].set(Condition::Fine);
    engine.clock.sleep(31 * SECOND).await;
    assert!(engine.ledgers["sms.bad"].seen() > 0, "{:?}", route(&engine, "sms.bad"));
}

#[tokio::test(start_paused = true)]
async fn a_mute_route_does_not_hold_the_good_one_up_and_every_double_is_marked() {
    let engine = two_routes(105, 3_000).start().await;
    engine.weathers["sms.bad"].set(Condition::Mute(2 * SECOND));
    let id = engine.post(&warning("W1", "red")).await;
    engine.clock.sleep(3 * SECOND).await;
    let good = seen_in(&engine, "sms.good", 5 * SECOND).await;
    assert!(good >= u64::from(RATE) * 5 * 99 / 100, "{good}");
    engine.weathers["sms.bad"].set(Condition::Fine);
    let status = engine.until_done(&id, 5 * MINUTE).await;
    let sms = &status.channels["sms"];
    let taken: u64 = engine.ledgers.values().map(fenghuo_simulator::Ledger::taken).sum();
    assert_eq!(sms.delivered, 3_000, "{sms:?}");
    assert_eq!(taken - 3_000, sms.maybe_doubled, "{sms:?}");
}

#[tokio::test(start_paused = true)]
async fn a_lying_route_is_never_taken_for_delivered() {
    let engine = two_routes(106, 2_000).start().await;
    engine.weathers["sms.bad"].set(Condition::Lying);
    let id = engine.post(&warning("W1", "orange")).await;
    let status = engine.until(&id, MINUTE, |status| status.done).await;
    engine.clock.sleep(SECOND).await;
    let sms = &engine.status(&id).await.channels["sms"];
    assert_eq!(sms.delivered, engine.ledgers["sms.good"].taken());
    assert_eq!(sms.accepted + sms.delivered, 2_000, "{status:?}");
}

#[tokio::test(start_paused = true)]
async fn share_shifts_in_steps_and_drifts_back_without_swinging() {
    let engine = two_routes(107, 60_000).start().await;
    engine.post(&warning("W1", "orange")).await;
    engine.clock.sleep(20 * SECOND).await;
    assert_eq!(route(&engine, "sms.bad").share, 1.0);
    engine.weathers["sms.bad"].set(Condition::Failing(0.3));
    let mut shares = Vec::new();
    for _ in 0..30 {
        engine.clock.sleep(SECOND).await;
        shares.push(route(&engine, "sms.bad").share);
    }
    assert!(shares.windows(2).all(|pair| pair[1] <= pair[0]), "{shares:?}");
    assert!(shares.windows(2).all(|pair| pair[0] - pair[1] < 0.35), "{shares:?}");
    assert!(shares[29] <= 0.5, "{shares:?}");
    let least = shares[29];
    engine.weathers["sms.bad"].set(Condition::Fine);
    let mut back = Vec::new();
    for _ in 0..10 {
        engine.clock.sleep(10 * SECOND).await;
        back.push(route(&engine, "sms.bad").share);
    }
    assert!(back.windows(2).all(|pair| pair[1] >= pair[0] && pair[1] - pair[0] < 0.25), "{back:?}");
    assert!(back[2] < 0.9 && back[9] >= 0.9 && back[9] > least, "{back:?}");
}

#[tokio::test(start_paused = true)]
async fn a_standby_takes_what_is_lost_and_nothing_else() {
    let world = two_routes(108, 40_000).route("sms.spare", Channel::Sms, |route, _| {
        route.rate_per_s = Some(2 * RATE);
        route.red_share = 0.0;
        route.standby = true;
    });
    let engine = world.start().await;
    engine.post(&warning("W1", "orange")).await;
    engine.clock.sleep(10 * SECOND).await;
    assert_eq!(engine.ledgers["sms.spare"].seen(), 0);
    engine.weathers["sms.bad"].set(Condition::Locked);
    engine.clock.sleep(SECOND).await;
    let spare = seen_in(&engine, "sms.spare", 10 * SECOND).await;
    let lost = u64::from(RATE) * 10;
    assert!((lost * 95 / 100..=lost * 105 / 100).contains(&spare), "{spare} of {lost} lost");
    engine.weathers["sms.bad"].set(Condition::Fine);
    // The next link test within half a minute, then twenty seconds from the start rate to its own.
    engine.clock.sleep(MINUTE).await;
    assert_eq!(route(&engine, "sms.bad").share, 1.0);
    assert_eq!(seen_in(&engine, "sms.spare", 5 * SECOND).await, 0);
}

#[tokio::test(start_paused = true)]
async fn when_every_route_is_down_work_waits_and_nothing_is_lost() {
    let engine = two_routes(109, 1_000).start().await;
    for weather in engine.weathers.values() {
        weather.set(Condition::Down);
    }
    let id = engine.post(&warning("W1", "blue")).await;
    engine.clock.sleep(10 * MINUTE).await;
    let status = engine.status(&id).await;
    assert_eq!((status.channels["sms"].pending, status.done), (1_000, false), "{status:?}");
    for weather in engine.weathers.values() {
        weather.set(Condition::Fine);
    }
    let status = engine.until_done(&id, 2 * MINUTE).await;
    assert_eq!((status.channels["sms"].delivered, status.channels["sms"].failed), (1_000, 0));
}

#[tokio::test(start_paused = true)]
async fn after_an_hours_outage_a_route_starts_low_and_is_whole_within_half_a_minute() {
    let world = Plan::new(110).route("sms.a", Channel::Sms, |route, settings| {
        route.rate_per_s = Some(1_000);
        route.red_share = 0.0;
        settings.latency_ms = 20;
    });
    let engine = world.recipients(STREET, Channel::Sms, numbers(60_000)).start().await;
    engine.weathers["sms.a"].set(Condition::Down);
    let id = engine.post(&warning("W1", "red")).await;
    engine.clock.sleep(60 * MINUTE).await;
    assert_eq!(engine.ledgers["sms.a"].seen(), 0);
    engine.weathers["sms.a"].set(Condition::Fine);
    // It is tried within half a minute of its rest; from the first answer on it is counted.
    while engine.ledgers["sms.a"].seen() == 0 {
        engine.clock.sleep(Duration::from_millis(10)).await;
    }
    let first = seen_in(&engine, "sms.a", 2 * SECOND).await;
    assert!(first <= 700, "{first} in the first two seconds at 1,000/s");
    engine.clock.sleep(28 * SECOND).await;
    let whole = seen_in(&engine, "sms.a", 5 * SECOND).await;
    assert!(whole >= 4_900, "{whole} in five seconds at 1,000/s");
    let status = engine.until_done(&id, 5 * MINUTE).await;
    assert_eq!(status.channels["sms"].delivered, 60_000);
}

#[tokio::test(start_paused = true)]
async fn a_broken_route_is_tried_with_one_submit_at_a_time() {
    let engine = two_routes(111, 30_000).start().await;
    engine.post(&warning("W1", "orange")).await;
    engine.clock.sleep(2 * SECOND).await;
    engine.weathers["sms.bad"].set(Condition::Mute(5 * SECOND));
    engine.clock.sleep(10 * SECOND).await;
    let bad = &engine.ledgers["sms.bad"];
    let before = bad.submits();
    engine.clock.sleep(MINUTE).await;
    // Five seconds to no answer, then a rest that grows.
    let tried = bad.submits() - before;
    assert!((1..=10).contains(&tried), "{tried} tries in a minute");
}

#[tokio::test(start_paused = true)]
async fn retry_times_are_those_of_channel_and_level() {
    let transient = || ["19900009004".to_owned(), "19900019004".to_owned()];
    let world = Plan::new(112)
        .configured(|config| {
            let rules = "[red]\nfirst_s = 1.0\nlongest_s = 1.0\n[blue]\nfirst_s = 40.0\nlongest_s = 40.0\n\
                         [\"sms.blue\"]\nfirst_s = 20.0\nlongest_s = 20.0\n";
            config.retry = toml::from_str(rules).unwrap();
        })
        .route("sms.a", Channel::Sms, |_, _| {})
        .route("push.a", Channel::Push, |_, _| {})
        .recipients(STREET, Channel::Sms, transient())
        .recipients(STREET, Channel::Push, ["transient-1".to_owned()]);
    let engine = world.start().await;
    let red = engine.post(&warning("RED", "red")).await;
    // Two failures, each a second at most.
    engine.until(&red, 3 * SECOND, |status| status.done && status.channels["sms"].failed == 0).await;
    let blue = engine.post(&warning("BLUE", "blue")).await;
    engine.clock.sleep(19 * SECOND).await;
    let status = engine.status(&blue).await;
    assert_eq!(status.channels["sms"].pending, 2, "{status:?}");
    engine.until(&blue, 22 * SECOND, |status| status.channels["sms"].pending == 0).await;
    let status = engine.status(&blue).await;
    assert_eq!(status.channels["push"].pending, 1, "{status:?}");
    engine.until(&blue, 80 * SECOND, |status| status.done).await;
}

#[tokio::test(start_paused = true)]
async fn attempts_end_with_their_number_or_go_on_until_the_deadline() {
    let world = Plan::new(113)
        .configured(|config| {
            let rules = "[default]\nfirst_s = 1.0\nlongest_s = 4.0\nattempts_max = 3\n[red]\nattempts_max = 0\n";
            config.retry = toml::from_str(rules).unwrap();
        })
        .route("sms.a", Channel::Sms, |route, _| route.breaker.attempts = 1_000_000)
        .recipients(STREET, Channel::Sms, numbers(4));
    let engine = world.start().await;
    engine.weathers["sms.a"].set(Condition::Failing(1.0));
    let yellow = engine.post(&warning("YELLOW", "yellow")).await;
    let status = engine.until(&yellow, MINUTE, |status| status.done).await;
    assert_eq!(status.channels["sms"].failed_by_reason["attempts_exhausted"], 4);
    assert_eq!(engine.ledgers["sms.a"].seen(), 12);

    let mut red = warning("RED", "red");
    red["infos"][0]["expires"] = "2026-11-24T08:03:00+08:00".into();
    let red = engine.post(&red).await;
    let before = engine.ledgers["sms.a"].seen();
    let status = engine.until(&red, 4 * MINUTE, |status| status.done).await;
    let tried = engine.ledgers["sms.a"].seen() - before;
    // A wait of two to four seconds: 45 to 90 each, and more than are counted one by one.
    assert!((4 * 40..=4 * 100).contains(&tried), "{tried} attempts of four deliveries in three minutes");
    let sms = &status.channels["sms"];
    assert_eq!(sms.failed + sms.expired, 4, "{sms:?}");
}

#[tokio::test(start_paused = true)]
async fn a_last_attempt_is_made_before_the_deadline() {
    let world = Plan::new(114)
        .configured(|config| {
            config.retry = toml::from_str("[red]\nfirst_s = 60.0\nlongest_s = 60.0\n").unwrap();
        })
        .route("sms.a", Channel::Sms, |_, _| {})
        .recipients(STREET, Channel::Sms, numbers(1));
    let engine = world.start().await;
    engine.weathers["sms.a"].set(Condition::Failing(1.0));
    let mut red = warning("RED", "red");
    red["infos"][0]["expires"] = "2026-11-24T08:00:30+08:00".into();
    let id = engine.post(&red).await;
    engine.clock.sleep(5 * SECOND).await;
    assert_eq!(engine.ledgers["sms.a"].seen(), 1);
    engine.weathers["sms.a"].set(Condition::Fine);
    let status = engine.until(&id, MINUTE, |status| status.done).await;
    assert_eq!((status.channels["sms"].accepted + status.channels["sms"].delivered, engine.ledgers["sms.a"].seen()), (1, 2));
}

#[tokio::test(start_paused = true)]
async fn content_refused_on_one_route_goes_on_over_the_other_also_after_a_restart() {
    let mut engine = two_routes(115, 2_000).start().await;
    engine.weathers["sms.bad"].set(Condition::Censoring);
    let id = engine.post(&warning("W1", "orange")).await;
    engine.clock.sleep(2 * SECOND).await;
    let asked = engine.ledgers["sms.bad"].seen();
    assert!((1..=100).contains(&asked), "{asked}");
    let timeline = engine.flow.timeline(&id).await.unwrap();
    assert!(timeline.iter().any(|entry| entry.what == "content_refused"), "{timeline:?}");
    let sent = engine.ledgers["sms.good"].taken();
    engine = engine.restart().await;
    engine.weathers["sms.bad"].set(Condition::Censoring);
    let status = engine.until(&id, MINUTE, |status| status.done).await;
    let sms = &status.channels["sms"];
    assert_eq!((sms.accepted + sms.delivered, sms.failed), (2_000, 0), "{sms:?}");
    assert_eq!(engine.ledgers["sms.bad"].seen(), 0, "not offered again");
    let taken = sent + engine.ledgers["sms.good"].taken();
    assert!(taken - 2_000 <= sms.maybe_doubled, "{taken}");
}

#[tokio::test(start_paused = true)]
async fn content_refused_on_every_route_ends_the_plan() {
    let engine = two_routes(116, 2_000).start().await;
    for weather in engine.weathers.values() {
        weather.set(Condition::Censoring);
    }
    let id = engine.post(&warning("W1", "orange")).await;
    let status = engine.until(&id, MINUTE, |status| status.done).await;
    assert_eq!(status.channels["sms"].failed_by_reason["content_refused"], 2_000, "{status:?}");
    let seen: u64 = engine.ledgers.values().map(fenghuo_simulator::Ledger::seen).sum();
    assert!(seen < 100, "{seen}");
}

#[tokio::test(start_paused = true)]
async fn a_canary_that_fails_twice_takes_the_route_out_and_one_that_succeeds_brings_it_back() {
    let world = Plan::new(117)
        .route("sms.a", Channel::Sms, |route, _| route.canary_s = MINUTE)
        .recipients(STREET, Channel::Sms, numbers(10));
    let engine = world.start().await;
    engine.clock.sleep(3 * MINUTE).await;
    let canary = route(&engine, "sms.a").canary.expect("tested");
    assert!(canary.ok && canary.age_s <= 90, "{canary:?}");
    engine.weathers["sms.a"].set(Condition::Down);
    engine.clock.sleep(4 * MINUTE).await;
    let view = route(&engine, "sms.a");
    assert_eq!(view.trip.as_deref(), Some("canary"), "{view:?}");
    assert!(view.canary.is_some_and(|canary| !canary.ok && canary.fault.is_some()));
    assert_eq!(engine.ledgers["sms.a"].seen(), 0, "a test reaches nobody");
    engine.weathers["sms.a"].set(Condition::Fine);
    let id = engine.post(&warning("W1", "red")).await;
    let status = engine.until_done(&id, MINUTE).await;
    assert_eq!(status.channels["sms"].delivered, 10);
    assert_eq!(route(&engine, "sms.a").state, "running");
}

#[tokio::test(start_paused = true)]
async fn a_route_that_sends_is_not_tested() {
    let world = Plan::new(118)
        .route("sms.a", Channel::Sms, |route, _| {
            route.canary_s = MINUTE;
            route.rate_per_s = Some(10);
        })
        .recipients(STREET, Channel::Sms, numbers(3_000));
    let engine = world.start().await;
    engine.post(&warning("W1", "red")).await;
    engine.clock.sleep(4 * MINUTE).await;
    // At the start, before anything was sent, and not since.
    assert!(route(&engine, "sms.a").canary.expect("tested").age_s >= 239);
}

#[tokio::test(start_paused = true)]
async fn metrics_tell_the_reason_the_share_and_the_age_of_the_last_test() {
    let engine = two_routes(120, 4_000).start().await;
    engine.weathers["sms.bad"].set(Condition::Locked);
    engine.post(&warning("W1", "orange")).await;
    engine.clock.sleep(5 * SECOND).await;
    let metrics = engine.telemetry.exposition(false);
    for line in [
        "fenghuo_route_breaker{route=\"sms.bad\",reason=\"misconfigured\"} 1",
        "fenghuo_route_breaker{route=\"sms.good\",reason=\"misconfigured\"} 0",
        "fenghuo_route_trips_total{route=\"sms.bad\",reason=\"misconfigured\"} 1",
        "fenghuo_route_share{route=\"sms.bad\"} 0",
        "fenghuo_route_canary_ok{route=\"sms.good\"} 1",
        "fenghuo_channel_down{channel=\"sms\"} 0",
    ] {
        assert!(metrics.contains(line), "{line} not in\n{metrics}");
    }
    assert!(metrics.contains("fenghuo_route_canary_age_seconds{route=\"sms.good\"}"), "{metrics}");
}
