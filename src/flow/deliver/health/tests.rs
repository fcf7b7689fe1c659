use std::time::Duration;

use tokio::time::Instant;

use super::{Health, Tally};

const SECOND: Duration = Duration::from_secs(1);

#[expect(clippy::disallowed_methods, reason = "a moment to count from")]
fn now() -> Instant {
    Instant::now()
}

fn tally(accepted: u32, transient: u32) -> Tally {
    Tally { accepted, transient, ..Tally::default() }
}

/// Measures the same each second for a while.
fn run(health: &mut Health, from: Instant, seconds: u32, tally: Tally, took: Duration) -> Instant {
    let mut at = from;
    for _ in 0..seconds {
        at += SECOND;
        health.measure(tally, took);
        health.judge(at, None);
    }
    at
}

#[test]
fn failing_costs_share_in_steps_and_it_drifts_back_slower() {
    let start = now();
    let mut health = Health::new(start);
    let fast = Duration::from_millis(20);
    let at = run(&mut health, start, 5, tally(8, 2), fast);
    assert_eq!(health.share(), 0.9);
    let at = run(&mut health, at, 5, tally(4, 6), fast);
    assert_eq!(health.share(), 0.6);
    let at = run(&mut health, at, 60, tally(2, 8), fast);
    assert_eq!(health.share(), 0.1, "never out of sight");
    let at = run(&mut health, at, 30, tally(10, 0), fast);
    assert_eq!(health.share(), 0.4, "a step each ten seconds");
    run(&mut health, at, 70, tally(10, 0), fast);
    assert_eq!(health.share(), 1.0);
}

#[test]
fn slower_than_usual_or_than_a_sibling_costs_share() {
    let start = now();
    let mut health = Health::new(start);
    let at = run(&mut health, start, 20, tally(10, 0), Duration::from_millis(100));
    let at = run(&mut health, at, 10, tally(10, 0), Duration::from_millis(900));
    assert_eq!(health.share(), 0.8);
    let mut beside = Health::new(at);
    beside.measure(tally(30, 0), Duration::from_millis(900));
    beside.judge(at + 5 * SECOND, Some(Duration::from_millis(50)));
    assert_eq!(beside.share(), 0.9);
}

#[test]
fn refusals_of_recipients_say_nothing_about_a_route() {
    let start = now();
    let mut health = Health::new(start);
    let refused = Tally { refused: 100, ..Tally::default() };
    run(&mut health, start, 30, refused, Duration::from_millis(10));
    assert_eq!(health.share(), 1.0);
}
