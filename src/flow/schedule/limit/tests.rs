use std::time::Duration;

use fenghuo_contract::RateUnit;
use proptest::prelude::*;
use tokio::time::Instant;

use super::{At, Cost, DayUse, No, Node};
use crate::config::Limit;

#[expect(clippy::disallowed_methods, reason = "the test's clock stands still and is advanced by sleeping")]
fn now() -> Instant {
    Instant::now()
}

fn limit() -> Limit {
    Limit { rate_per_s: None, per_minute: None, per_day: None, rate_unit: None, hard_cap: false, red_share: 0.0 }
}

fn node(limit: &Limit) -> Node {
    Node::new(limit, RateUnit::Recipients, None, now())
}

fn cost(units: u32) -> Cost {
    Cost { deliveries: units, segments: units, calls: units }
}

/// What goes through a node, moment by moment, in `seconds` of simulated time, taking `units` at a time.
async fn sent(node: &mut Node, red: bool, units: u32, seconds: u64) -> Vec<(Duration, u64)> {
    let start = now();
    let mut sent = Vec::new();
    while now().duration_since(start) < Duration::from_secs(seconds) {
        let passed = now().duration_since(start);
        let at = At { now: now(), unix: i64::try_from(passed.as_secs()).expect("small") };
        match node.take(&cost(units), red, at) {
            Ok(_) => sent.push((passed, u64::from(units))),
            Err(No::Wait(pause)) => tokio::time::sleep(pause.max(Duration::from_micros(100))).await,
            Err(No::Reserving) => {
                let day = node.day_mut();
                let wanted = day.wanted().expect("asked for");
                day.settle(wanted, true);
            }
        }
    }
    sent
}

fn sum(sent: &[(Duration, u64)]) -> u64 {
    sent.iter().map(|(_, units)| units).sum()
}

/// The most in any window of `span`.
fn most_in(sent: &[(Duration, u64)], span: Duration) -> u64 {
    (0..sent.len()).map(|from| sum_until(&sent[from..], sent[from].0 + span)).max().unwrap_or_default()
}

fn sum_until(sent: &[(Duration, u64)], end: Duration) -> u64 {
    sent.iter().take_while(|(at, _)| *at < end).map(|(_, units)| units).sum()
}

#[tokio::test(start_paused = true)]
async fn keeps_the_rate_within_half_a_per_cent_and_any_second_within_one() {
    for (rate, units) in [(1_000, 5), (3_333, 16), (50_000, 250), (500_000, 2_500)] {
        let sent = sent(&mut node(&Limit { rate_per_s: Some(rate), ..limit() }), false, units, 5).await;
        let ratio = sum(&sent) as f64 / (f64::from(rate) * 5.0);
        assert!((0.995..=1.005).contains(&ratio), "{rate}/s: {ratio}");
        let most = most_in(&sent, Duration::from_secs(1)) as f64 / f64::from(rate);
        assert!(most <= 1.011, "{rate}/s: {most} of it in one second");
    }
}

#[tokio::test(start_paused = true)]
async fn what_costs_more_than_a_burst_is_paid_for_in_full() {
    let sent = sent(&mut node(&Limit { rate_per_s: Some(100), ..limit() }), false, 5, 20).await;
    assert!((1_985..=2_015).contains(&sum(&sent)), "{}", sum(&sent));
}

#[tokio::test(start_paused = true)]
async fn keeps_a_share_for_red() {
    let shared = Limit { rate_per_s: Some(1_000), red_share: 0.2, ..limit() };
    let blue = sum(&sent(&mut node(&shared), false, 1, 5).await);
    let red = sum(&sent(&mut node(&shared), true, 1, 5).await);
    assert!((3_960..=4_040).contains(&blue), "{blue}");
    assert!((4_975..=5_025).contains(&red), "{red}");
}

#[tokio::test(start_paused = true)]
async fn a_hard_cap_is_never_exceeded_in_any_second_nor_a_minute_in_any_minute() {
    for (rate, units) in [(1, 1), (7, 3), (100, 5), (1_000, 5), (50_000, 250)] {
        let capped = Limit { rate_per_s: Some(rate), hard_cap: true, ..limit() };
        let sent = sent(&mut node(&capped), false, units, 20).await;
        let most = most_in(&sent, Duration::from_secs(1));
        assert!(most <= u64::from(rate), "{rate}/s: {most}");
        let least = f64::from(rate) * 20.0 * if rate < 100 { 0.6 } else { 0.97 };
        assert!(sum(&sent) as f64 >= least, "{rate}/s: only {} in 20 s", sum(&sent));
    }
    let sent = sent(&mut node(&Limit { per_minute: Some(90), ..limit() }), false, 4, 300).await;
    assert!(most_in(&sent, Duration::from_secs(60)) <= 90);
    assert!(sum(&sent) >= 400, "{}", sum(&sent));
}

#[tokio::test(start_paused = true)]
async fn a_day_is_reserved_before_it_is_spent_and_a_restart_refills_nothing() {
    let daily = Limit { per_day: Some(1_000), red_share: 0.1, ..limit() };
    let mut first = node(&daily);
    let at = At { now: now(), unix: 1_795_478_400 };
    assert!(matches!(first.take(&cost(10), false, at), Err(No::Reserving)));
    let wanted = first.day().wanted().expect("asked for");
    first.day_mut().settle(wanted, true);
    assert!(first.take(&cost(10), false, at).is_ok());
    // What was reserved counts as used when nobody knows.
    let mut again = Node::new(&daily, RateUnit::Recipients, Some(wanted), now());
    assert_eq!(again.day().used(at.unix), Some((wanted.reserved, 1_000)));
    let full = DayUse { day: wanted.day, reserved: 900 };
    again = Node::new(&daily, RateUnit::Recipients, Some(full), now());
    let Err(No::Wait(until)) = again.take(&cost(1), false, at) else { panic!("red's share is left, no more") };
    assert_eq!(until, Duration::from_secs(16 * 3600), "until midnight in China");
    assert!(!matches!(again.take(&cost(1), true, at), Err(No::Wait(_))), "red may");
    let tomorrow = At { now: now(), unix: at.unix + 16 * 3600 };
    assert!(!matches!(again.take(&cost(1), false, tomorrow), Err(No::Wait(_))), "a new day");
}

proptest! {
    /// Taking back leaves a node as it was.
    #[test]
    fn what_is_taken_back_was_never_spent(costs in prop::collection::vec(1u32..20, 1..20)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().expect("a runtime");
        runtime.block_on(async {
            let limits = Limit { rate_per_s: Some(100), per_minute: Some(60), red_share: 0.2, hard_cap: true, ..limit() };
            let (mut plain, mut teased) = (node(&limits), node(&limits));
            let at = At { now: now(), unix: 0 };
            for units in costs {
                if let Ok(given) = teased.take(&cost(units), false, at) {
                    teased.undo(given);
                }
                let answers = (plain.take(&cost(units), false, at).is_ok(), teased.take(&cost(units), false, at).is_ok());
                assert_eq!(answers.0, answers.1);
            }
        });
    }
}
