//! Who goes first: red before a backlog, lifts and updates before what they end, plans and issuers beside each other.

use std::time::Duration;

use fenghuo::{
    config::Issuer,
    domain::level::Level,
    flow::authorize::{Actor, Role},
};
use fenghuo_contract::{Channel, RateUnit};
use serde_json::Value;

use super::{MINUTE, SECOND, arrived, failing, limit, limited, numbers, of_street};
use crate::support::{
    arrivals::{Arrival, sum},
    engine::{Engine, Plan},
    message::{OTHER_STREET, STREET, following, warning},
};

/// People of the other street.
fn others(count: u32) -> impl Iterator<Item = String> {
    (0..count).map(|n| format!("139{n:08}"))
}

/// A warning for one street with a text of its own.
fn named(identifier: &str, level: &str, street: &str) -> Value {
    let mut message = of_street(warning(identifier, level), street);
    message["infos"][0]["description"] = format!("这是 {identifier} 号。").into();
    message
}

fn of(arrived: &[Arrival], identifier: &str) -> Vec<Arrival> {
    let mark = format!("这是 {identifier} 号。");
    arrived.iter().filter(|arrival| arrival.text.contains(&mark)).cloned().collect()
}

fn now(engine: &Engine) -> Duration {
    engine.arrivals["sms.a"].now()
}

/// The time from the release of a red warning behind a blue backlog to its first submit is bounded by what has passed the
/// scheduler and is not on the wire, at most 5 ms of work or one delivery, and 2 ms. Where answers take so long that slices
/// must be longer to fill the window, one such slice comes to it.
#[tokio::test(start_paused = true)]
async fn red_leaves_a_large_backlog_behind() {
    // Rate, share kept for red, answer time of the provider, its window.
    let ways = [(50, 0.2, 5, 16), (500, 0.0, 20, 16), (1_000, 0.2, 300, 16), (1_000, 0.0, 5, 2), (200, 0.2, 60, 8)];
    for (rate, red_share, latency, window) in ways {
        let mut paced = limit(RateUnit::Recipients);
        (paced.rate_per_s, paced.red_share) = (Some(rate), red_share);
        let engine = Plan::new(60)
            .route("sms.a", Channel::Sms, |route, settings| {
                limited(paced)(route, settings);
                (settings.batch_max, settings.latency_ms, settings.window) = (256, latency, window);
            })
            .recipients(OTHER_STREET, Channel::Sms, others(3_000))
            .recipients(STREET, Channel::Sms, numbers(20))
            .start()
            .await;
        engine.post(&named("BLUE", "blue", OTHER_STREET)).await;
        let slice = 1.25 * (latency as f64 / 1e3) / (window - (window / 8).max(1)) as f64;
        let bound = Duration::from_secs_f64(slice.max(1.0 / f64::from(rate)).max(0.005) + 0.002);
        for time in 0..4 {
            // Not always at the same place of the pacer's and the provider's rhythm.
            engine.clock.sleep(Duration::from_micros(400_000 + 1_370 * time)).await;
            let (released, red) = (now(&engine), format!("RED{time}"));
            assert!(engine.status(&engine.post(&named(&red, "red", STREET)).await).await.channels.is_empty());
            engine.clock.sleep(SECOND / 5).await;
            let arrived = arrived(&engine);
            let first = of(&arrived, &red).first().map(|arrival| (arrival.at - released, arrival.urgent));
            let (took, urgent) = first.expect("red was sent");
            assert!(took <= bound && urgent, "{took:?} at {rate}/s, share {red_share}, window {window}: {bound:?}");
        }
        let blue = of(&arrived(&engine), "BLUE");
        assert!(!blue.is_empty() && blue.iter().all(|arrival| !arrival.urgent));
        assert!(sum(&blue, RateUnit::Recipients) < 3_000, "there was a backlog at all times");
    }
}

/// From the release of an update or a lift on, nothing of what it ends leaves: neither what was never tried, nor what
/// waits for another attempt.
#[tokio::test(start_paused = true)]
async fn nothing_of_the_old_warning_leaves_after_the_release_of_the_new_one() {
    for kind in ["update", "cancel"] {
        for latency in [0, 400] {
            let mut paced = limit(RateUnit::Recipients);
            paced.rate_per_s = Some(200);
            let engine = Plan::new(61)
                .route("sms.a", Channel::Sms, |route, settings| {
                    limited(paced)(route, settings);
                    settings.latency_ms = latency;
                })
                .recipients(
                    STREET,
                    Channel::Sms,
                    numbers(1_300).enumerate().map(|(at, number)| if at % 5 == 0 { failing(at) } else { number }),
                )
                .start()
                .await;
            let first = named("OLD", "orange", STREET);
            let old = engine.post(&first).await;
            engine.clock.sleep(3 * SECOND).await;
            let mut next = following(&first, "NEW", kind);
            next["infos"][0]["description"] = "这是 NEW 号。".into();
            let released = now(&engine);
            let new = engine.post(&next).await;
            engine.until(&new, MINUTE, |status| status.done).await;
            engine.clock.sleep(MINUTE).await;
            let arrived = arrived(&engine);
            let late: Vec<Duration> =
                of(&arrived, "OLD").iter().map(|old| old.at).filter(|at| *at > released).collect();
            assert!(late.is_empty(), "{kind}: released at {released:?}, sent at {late:?}");
            assert!(arrived.iter().any(|arrival| arrival.at > released), "{kind}: the new one was sent");
            let status = engine.status(&old).await;
            let sms = &status.channels["sms"];
            assert!(status.done && sms.withdrawn + sms.superseded > 500, "{kind}: {sms:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_lift_goes_ahead_of_its_level_and_behind_higher_ones() {
    let mut paced = limit(RateUnit::Recipients);
    paced.rate_per_s = Some(100);
    let engine = Plan::new(62)
        .route("sms.a", Channel::Sms, limited(paced))
        .recipients(STREET, Channel::Sms, numbers(100))
        .recipients(OTHER_STREET, Channel::Sms, others(1_200))
        .start()
        .await;
    let first = named("FIRST", "blue", STREET);
    let id = engine.post(&first).await;
    engine.until(&id, MINUTE, |status| status.done).await;
    engine.post(&named("BLUE", "blue", OTHER_STREET)).await;
    engine.clock.sleep(SECOND).await;
    let yellow = of_street(named("YELLOW", "yellow", STREET), STREET);
    engine.post(&yellow).await;
    let lift = engine.post(&following(&first, "LIFT", "cancel")).await;
    let released = now(&engine);
    let lifted = engine.until(&lift, MINUTE, |status| status.done).await;
    assert_eq!(lifted.channels["sms"].accepted, 100);
    let done = now(&engine);
    let since: Vec<Arrival> = arrived(&engine).into_iter().filter(|at| at.at > released && at.at < done).collect();
    let of_blue = sum(&of(&since, "BLUE"), RateUnit::Recipients);
    assert!(of_blue <= 4, "{of_blue} of its level in {:?}", done - released);
    let yellow = of(&since, "YELLOW");
    assert_eq!(sum(&yellow, RateUnit::Recipients), 100, "the higher level first");
    let last_yellow = yellow.last().map(|arrival| arrival.at);
    let lifts = since.iter().find(|arrival| !arrival.text.contains(" 号。") || arrival.text.contains("FIRST"));
    assert!(lifts.map(|arrival| arrival.at) >= last_yellow);
}

#[tokio::test(start_paused = true)]
async fn plans_of_one_lane_share_it_evenly() {
    let mut paced = limit(RateUnit::Recipients);
    paced.rate_per_s = Some(300);
    let engine = Plan::new(63)
        .route("sms.a", Channel::Sms, limited(paced))
        .recipients(STREET, Channel::Sms, numbers(1_000))
        .start()
        .await;
    engine.post(&named("A", "blue", STREET)).await;
    engine.clock.sleep(SECOND).await;
    let before = arrived(&engine).len();
    // Who comes later does not catch up, and does not wait.
    for identifier in ["B", "C"] {
        engine.post(&named(identifier, "blue", STREET)).await;
    }
    engine.clock.sleep(4 * SECOND).await;
    let since = arrived(&engine).split_off(before);
    let shares: Vec<u64> = ["A", "B", "C"].map(|name| sum(&of(&since, name), RateUnit::Recipients)).to_vec();
    assert!(shares.iter().all(|share| (395..=405).contains(share)), "{shares:?}");
}

/// An issuer at its limit holds up neither other issuers nor its own red warning.
#[tokio::test(start_paused = true)]
async fn an_issuer_at_its_limit_holds_up_nobody_else() {
    let mut slow = limit(RateUnit::Recipients);
    (slow.per_minute, slow.red_share) = (Some(20), 0.5);
    let mut paced = limit(RateUnit::Recipients);
    paced.rate_per_s = Some(200);
    let engine = Plan::new(64)
        .route("sms.a", Channel::Sms, limited(paced))
        .recipients(STREET, Channel::Sms, numbers(400))
        .configured(|config| {
            config.limits.issuer.insert("relay".to_owned(), slow);
            let other: &Issuer = &config.issuers["relay"];
            let other = Issuer { name: "他方".to_owned(), levels: Level::ALL.to_vec(), ..other.clone() };
            config.issuers.insert("other".to_owned(), other);
        })
        .start()
        .await;
    for number in 0..30 {
        engine.post(&named(&format!("SLOW{number}"), "blue", STREET)).await;
    }
    let other = Actor::new("k2", Role::Issuer, Some("other".to_owned()));
    engine.post_as(&named("OTHER", "blue", STREET), other).await;
    let before = arrived(&engine).len();
    engine.clock.sleep(SECOND).await;
    let since = arrived(&engine).split_off(before);
    let of_other = sum(&of(&since, "OTHER"), RateUnit::Recipients);
    assert!((190..=202).contains(&of_other), "{of_other} of the other issuer in a second");
    let of_slow = sum(&since, RateUnit::Recipients) - of_other;
    assert!(of_slow <= 10, "{of_slow} of the slow one");

    let released = now(&engine);
    engine.post(&named("RED", "red", STREET)).await;
    engine.clock.sleep(SECOND).await;
    let red = of(&arrived(&engine), "RED");
    assert_eq!(sum(&red, RateUnit::Recipients), 10, "what is kept for red");
    let took = red.first().map(|first| first.at - released).expect("red was sent");
    assert!(took <= Duration::from_millis(7), "red waited {took:?} for the hold of blue");
}
