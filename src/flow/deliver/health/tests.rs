use std::time::Duration;

use fenghuo_contract::{Cause, Verdict};
use tokio::time::Instant;

use super::Health;

const SECOND: Duration = Duration::from_secs(1);

#[expect(clippy::disallowed_methods, reason = "a moment to count from")]
fn now() -> Instant {
    Instant::now()
}

fn verdicts(accepted: usize, failed: usize) -> Vec<Verdict> {
    let failure = Verdict::Transient(Cause::new("busy", "try later"));
    let accepted = std::iter::repeat_n(Verdict::Accepted(None), accepted);
    accepted.chain(std::iter::repeat_n(failure, failed)).collect()
}

/// Measures the same each second for a while.
fn run(health: &mut Health, from: Instant, seconds: u32, verdicts: &[Verdict], took: Duration) -> Instant {
    let mut at = from;
    for _ in 0..seconds {
        at += SECOND;
        health.measure(verdicts, took);
        health.judge(at, None);
    }
    at
}

#[test]
fn failing_costs_share_in_steps_and_it_drifts_back_slower() {
    let start = now();
    let mut health = Health::new(start);
    let fast = Duration::from_millis(20);
    let at = run(&mut health, start, 5, &verdicts(8, 2), fast);
    assert_eq!(health.share(), 0.9);
    let at = run(&mut health, at, 5, &verdicts(4, 6), fast);
    assert_eq!(health.share(), 0.6);
    let at = run(&mut health, at, 60, &verdicts(2, 8), fast);
    assert_eq!(health.share(), 0.1, "never out of sight");
    let at = run(&mut health, at, 30, &verdicts(10, 0), fast);
    assert_eq!(health.share(), 0.4, "a step each ten seconds");
    run(&mut health, at, 70, &verdicts(10, 0), fast);
    assert_eq!(health.share(), 1.0);
}

#[test]
fn slower_than_usual_or_than_a_sibling_costs_share() {
    let start = now();
    let mut health = Health::new(start);
    let at = run(&mut health, start, 20, &verdicts(10, 0), Duration::from_millis(100));
    let at = run(&mut health, at, 10, &verdicts(10, 0), Duration::from_millis(900));
    assert_eq!(health.share(), 0.8);
    let mut beside = Health::new(at);
    beside.measure(&verdicts(30, 0), Duration::from_millis(900));
    beside.judge(at + 5 * SECOND, Some(Duration::from_millis(50)));
    assert_eq!(beside.share(), 0.9);
}

#[test]
fn refusals_of_recipients_say_nothing_about_a_route() {
    let start = now();
    let mut health = Health::new(start);
    let refused = vec![Verdict::RefusedRecipient(Cause::new("550", "no such mailbox")); 100];
    run(&mut health, start, 30, &refused, Duration::from_millis(10));
    assert_eq!(health.share(), 1.0);
    assert!(!health.is_broken());
}

#[test]
fn almost_everything_failing_breaks_it_and_it_starts_again_low() {
    let start = now();
    let mut health = Health::new(start);
    health.measure(&verdicts(5, 45), Duration::from_millis(10));
    assert!(health.is_broken());
    health.restart(start);
    assert_eq!(health.share(), 0.3);
    assert!(!health.is_broken());
}
