use std::time::Duration;

use fenghuo_contract::RateUnit;
use tokio::time::Instant;

use super::Pacer;
use crate::config::Limit;

fn limit(rate: Option<u32>) -> Limit {
    Limit { rate_per_s: rate, per_minute: None, per_day: None, rate_unit: None, hard_cap: false, red_share: 0.0 }
}

#[expect(clippy::disallowed_methods, reason = "the test's clock stands still and is advanced by sleeping")]
fn now() -> Instant {
    Instant::now()
}

#[tokio::test(start_paused = true)]
async fn halves_on_throttle_and_recovers_in_steps() {
    let mut pacer = Pacer::new(limit(Some(1_000)), RateUnit::Recipients, None, now());
    pacer.throttle(now(), 0.0);
    assert_eq!(pacer.allowed(), Some(500.0));
    pacer.throttle(now(), 0.0);
    assert_eq!(pacer.allowed(), Some(250.0));
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        pacer.follow(now(), 1.0, 0.0);
    }
    assert_eq!(pacer.allowed(), Some(1_000.0));
}

#[tokio::test(start_paused = true)]
async fn follows_the_health_of_its_route() {
    let mut pacer = Pacer::new(limit(Some(1_000)), RateUnit::Recipients, None, now());
    pacer.follow(now(), 0.5, 0.0);
    assert_eq!(pacer.allowed(), Some(500.0));
    pacer.follow(now(), 1.0, 0.0);
    assert_eq!(pacer.allowed(), Some(1_000.0));
    let mut without = Pacer::new(limit(None), RateUnit::Recipients, None, now());
    without.follow(now(), 0.5, 400.0);
    assert_eq!(without.allowed(), Some(200.0), "half of what it sent");
}

#[tokio::test(start_paused = true)]
async fn takes_a_new_limit_while_running() {
    let mut pacer = Pacer::new(limit(Some(1_000)), RateUnit::Recipients, None, now());
    pacer.change(limit(Some(10)), now());
    assert_eq!((pacer.configured(), pacer.allowed()), (Some(10.0), Some(10.0)));
    pacer.change(limit(None), now());
    assert_eq!((pacer.configured(), pacer.allowed()), (None, None));
}
