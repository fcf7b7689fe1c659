//! Order and pace of the engine on simulated providers, counted where submits arrive, on a clock that is advanced by
//! sleeping: limits of every node in every unit and window, hard caps, orders while sending, restarts.

mod beside;
mod order;
mod recipients;

use std::time::Duration;

use fenghuo::{
    config::{Config, Limit, Route},
    flow::{deliver::RouteLimits, status::RouteView},
};
use fenghuo_contract::{Channel, RateUnit};
use fenghuo_simulator::Settings;
use serde_json::Value;

use crate::support::{
    arrivals::{Arrival, most_in, sum},
    engine::{Engine, Plan},
    message::{STREET, warning},
};

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const UNITS: [RateUnit; 3] = [RateUnit::Recipients, RateUnit::Segments, RateUnit::Calls];
/// Recipients in one call, where calls are counted.
const PER_CALL: u32 = 4;

fn numbers(count: u32) -> impl Iterator<Item = String> {
    (0..count).map(|n| format!("138{n:08}"))
}

/// No limit at all, of which nothing is kept for red.
fn limit(unit: RateUnit) -> Limit {
    Limit { rate_per_s: None, per_minute: None, per_day: None, rate_unit: Some(unit), hard_cap: false, red_share: 0.0 }
}

/// A warning of several segments for one street.
fn long(identifier: &str, level: &str) -> Value {
    let mut message = of_street(warning(identifier, level), STREET);
    message["infos"][0]["description"] = "雨".repeat(150).into();
    message
}

fn of_street(mut message: Value, street: &str) -> Value {
    message["infos"][0]["areas"][0]["geocodes"][0]["value"] = street.into();
    message
}

/// A route with this limit, whose provider takes few at a time.
fn limited(limit: Limit) -> impl FnOnce(&mut Route, &mut Settings) {
    move |route, settings| {
        let Limit { rate_per_s, per_minute, per_day, rate_unit, hard_cap, red_share } = limit;
        (route.rate_per_s, route.per_minute, route.per_day) = (rate_per_s, per_minute, per_day);
        (route.rate_unit, route.hard_cap, route.red_share) = (rate_unit, hard_cap, red_share);
        route.canary_s = Duration::ZERO;
        settings.batch_max = PER_CALL as usize;
        (settings.latency_ms, settings.receipts) = (5, 0.0);
    }
}

/// What arrived at all providers, in order.
fn arrived(engine: &Engine) -> Vec<Arrival> {
    let mut all: Vec<Arrival> = engine.arrivals.values().flat_map(|arrivals| arrivals.all()).collect();
    all.sort_by_key(|arrival| arrival.at);
    all
}

fn view(engine: &Engine) -> RouteView {
    engine.flow.routes().into_iter().next().expect("a route")
}

/// Runs an engine with two routes of which `node` has the limit, and gives what arrived within `span`.
async fn sent(node: &str, with: &Limit, span: Duration) -> Vec<Arrival> {
    let free = || limited(limit(RateUnit::Recipients));
    let plan = Plan::new(40).recipients(STREET, Channel::Sms, numbers(800));
    let nodes = |config: &mut Config| match node {
        "channel" => drop(config.limits.channel.insert("sms".to_owned(), with.clone())),
        "issuer" => drop(config.limits.issuer.insert("default".to_owned(), with.clone())),
        _ => {}
    };
    let plan = match node {
        "route" => plan.route("sms.a", Channel::Sms, limited(with.clone())),
        _ => plan.route("sms.a", Channel::Sms, free()).route("sms.b", Channel::Sms, free()).configured(nodes),
    };
    let engine = plan.start().await;
    engine.post(&long("W1", "blue")).await;
    engine.clock.sleep(span).await;
    arrived(&engine)
}

async fn keeps_its_rate_minute_and_day(node: &str) {
    for unit in UNITS {
        let most = 30;
        // The last delivery may cost more than what is left.
        let least = |whole: u64| whole - u64::from(PER_CALL);

        let rate = sent(node, &Limit { rate_per_s: Some(most), ..limit(unit) }, 6 * SECOND).await;
        let (in_all, peak) = (sum(&rate, unit), most_in(&rate, SECOND, unit));
        assert!((170..=186).contains(&in_all), "{node} {unit:?}: {in_all} in 6 s at {most}/s");
        assert!(peak <= 36, "{node} {unit:?}: {peak} in one second at {most}/s");

        let minutes = sent(node, &Limit { per_minute: Some(most), ..limit(unit) }, 2 * MINUTE + 30 * SECOND).await;
        let (in_all, peak) = (sum(&minutes, unit), most_in(&minutes, MINUTE, unit));
        assert!((3 * least(30)..=90).contains(&in_all), "{node} {unit:?}: {in_all} in 2.5 min at {most}/min");
        assert!(peak <= 30, "{node} {unit:?}: {peak} in one minute at {most}/min");

        let day = sum(&sent(node, &Limit { per_day: Some(most), ..limit(unit) }, 2 * MINUTE).await, unit);
        assert!((least(30)..=30).contains(&day), "{node} {unit:?}: {day} of {most} a day");
    }
}

#[tokio::test(start_paused = true)]
async fn a_route_keeps_its_limits_in_every_unit() {
    keeps_its_rate_minute_and_day("route").await;
}

#[tokio::test(start_paused = true)]
async fn a_channel_keeps_its_limits_over_all_its_routes() {
    keeps_its_rate_minute_and_day("channel").await;
}

#[tokio::test(start_paused = true)]
async fn an_issuer_keeps_its_limits_over_all_routes() {
    keeps_its_rate_minute_and_day("issuer").await;
}

/// A number whose first two attempts fail.
fn failing(n: usize) -> String {
    format!("199{n:04}9004")
}

/// Every attempt pays, also those that fail; and never is any second over the cap.
#[tokio::test(start_paused = true)]
async fn a_hard_cap_holds_in_every_second_with_repeats() {
    let mixed = numbers(2_000).enumerate().map(|(at, number)| if at % 6 == 0 { failing(at) } else { number });
    let capped = Limit { rate_per_s: Some(150), hard_cap: true, ..limit(RateUnit::Recipients) };
    let engine = Plan::new(41)
        .route("sms.a", Channel::Sms, limited(capped))
        .recipients(STREET, Channel::Sms, mixed)
        .start()
        .await;
    engine.post(&long("W1", "yellow")).await;
    engine.clock.sleep(20 * SECOND).await;
    let arrived = arrived(&engine);
    let (in_all, peak) = (sum(&arrived, RateUnit::Recipients), most_in(&arrived, SECOND, RateUnit::Recipients));
    assert!(peak <= 150, "{peak} in one second");
    // Two thousand and two repeats of every sixth; the last ones wait for their time.
    assert!((2_500..=2_668).contains(&in_all), "{in_all} in 20 s");
}

fn rate(rate_per_s: u32) -> Option<RouteLimits> {
    Some(RouteLimits { rate_per_s: Some(rate_per_s), ..RouteLimits::default() })
}

async fn order(engine: &Engine, limits: Option<RouteLimits>) {
    assert!(engine.flow.limit_route("sms.a", "k1", limits, "test").await.expect("stored"));
}

/// Deliveries that arrive within a span from now on.
async fn next(engine: &Engine, span: Duration) -> u64 {
    let before = arrived(engine).len();
    engine.clock.sleep(span).await;
    sum(&arrived(engine)[before..], RateUnit::Recipients)
}

#[tokio::test(start_paused = true)]
async fn a_limit_changes_while_sending_and_nothing_is_lost() {
    let configured = Limit { rate_per_s: Some(100), ..limit(RateUnit::Recipients) };
    let mut engine = Plan::new(42)
        .route("sms.a", Channel::Sms, limited(configured))
        .recipients(STREET, Channel::Sms, numbers(1_500))
        .start()
        .await;
    let id = engine.post(&long("W1", "blue")).await;
    let within =
        |seen: u64, rate: u64| assert!((rate * 2 - 8..=rate * 2 + 8).contains(&seen), "{seen} in 2 s at {rate}");
    within(next(&engine, 2 * SECOND).await, 100);
    for (ordered, holds) in [(rate(300), 300), (rate(20), 20), (None, 100), (rate(5), 5)] {
        order(&engine, ordered).await;
        assert_eq!(view(&engine).limit_per_s, Some(holds as f64));
        within(next(&engine, 2 * SECOND).await, holds);
    }
    engine = engine.restart().await;
    assert_eq!((view(&engine).limit_per_s, view(&engine).ordered), (Some(5.0), rate(5)), "a restart keeps the order");
    within(next(&engine, 2 * SECOND).await, 5);
    order(&engine, rate(1_000)).await;
    let status = engine.until(&id, MINUTE, |status| status.done).await;
    let sms = &status.channels["sms"];
    assert_eq!((sms.accepted, sms.failed, sms.maybe_doubled), (1_500, 0, 0));
}

/// However often a limit is changed, what went before counts.
#[tokio::test(start_paused = true)]
async fn a_change_refills_no_window() {
    let configured = Limit { per_minute: Some(300), per_day: Some(700), ..limit(RateUnit::Recipients) };
    let engine = Plan::new(43)
        .route("sms.a", Channel::Sms, limited(configured))
        .recipients(STREET, Channel::Sms, numbers(900))
        .start()
        .await;
    engine.post(&long("W1", "blue")).await;
    for second in 0..150 {
        let by = RouteLimits { rate_per_s: Some(40 + second), hard_cap: second % 2 == 0, ..RouteLimits::default() };
        order(&engine, Some(by)).await;
        engine.clock.sleep(SECOND).await;
    }
    let arrived = arrived(&engine);
    let peak = most_in(&arrived, MINUTE, RateUnit::Recipients);
    assert!((290..=300).contains(&peak), "{peak} in one minute");
    assert_eq!(sum(&arrived, RateUnit::Recipients), 700, "of the day");
}

/// What a day has left is neither refilled nor wasted by restarts, whether configured or ordered.
#[tokio::test(start_paused = true)]
async fn a_day_goes_on_after_restarts() {
    for by_order in [false, true] {
        let most = 1_000;
        let mut daily = Limit { rate_per_s: Some(100), ..limit(RateUnit::Recipients) };
        daily.per_day = (!by_order).then_some(most);
        let mut engine = Plan::new(44)
            .route("sms.a", Channel::Sms, limited(daily))
            .recipients(STREET, Channel::Sms, numbers(1_200))
            .start()
            .await;
        if by_order {
            order(&engine, Some(RouteLimits { per_day: Some(most), ..RouteLimits::default() })).await;
        }
        engine.post(&long("W1", "blue")).await;
        let mut seen = 0;
        for _ in 0..3 {
            engine.clock.sleep(2 * SECOND).await;
            seen += engine.ledgers["sms.a"].seen();
            engine = engine.restart().await;
        }
        engine.clock.sleep(MINUTE).await;
        seen += engine.ledgers["sms.a"].seen();
        assert!((950..=1_000).contains(&seen), "by order: {by_order}; {seen} of {most}");
        assert_eq!(view(&engine).per_day.map(|day| day.limit), Some(1_000));
    }
}

#[tokio::test(start_paused = true)]
async fn a_throttled_route_pauses_halves_and_recovers() {
    let configured = Limit { rate_per_s: Some(100), ..limit(RateUnit::Recipients) };
    let busy = std::iter::once("19900009014".to_owned());
    let engine = Plan::new(45)
        .route("sms.a", Channel::Sms, |route, settings| {
            limited(configured)(route, settings);
            settings.retry_after_ms = 3_000;
        })
        .recipients(STREET, Channel::Sms, busy.chain(numbers(3_500)))
        .start()
        .await;
    engine.post(&long("W1", "blue")).await;
    engine.clock.sleep(SECOND).await;
    assert_eq!(view(&engine).state, "throttled");
    assert_eq!(next(&engine, 1_900 * SECOND / 1_000).await, 0, "the provider asked for three seconds");
    // Its second try is throttled too: another three seconds, another half.
    engine.clock.sleep(4 * SECOND).await;
    let slow = next(&engine, 2 * SECOND).await;
    assert!((50..=90).contains(&slow), "a quarter, and a twentieth more each second: {slow}");
    let RouteView { limit_per_s, allowed_per_s, .. } = view(&engine);
    assert!(limit_per_s == Some(100.0) && allowed_per_s < Some(60.0), "{allowed_per_s:?}");
    engine.clock.sleep(20 * SECOND).await;
    assert_eq!(view(&engine).allowed_per_s, Some(100.0));
    let full = next(&engine, 2 * SECOND).await;
    assert!((190..=205).contains(&full), "{full}");
}
