use std::time::Duration;

use tokio::time::Instant;

use super::{Pace, Pacer};
use crate::domain::level::Level;

/// Units let through at each level during `seconds` of simulated time, taking `units` at a time.
#[expect(clippy::disallowed_methods, reason = "the test's clock stands still and is advanced by sleeping")]
async fn sent(rate: f64, red_share: f64, level: Level, units: u32, seconds: u64) -> u64 {
    let start = Instant::now();
    let mut pacer = Pacer::new(Some(rate), red_share, start);
    let mut sent = 0;
    while Instant::now().duration_since(start) < Duration::from_secs(seconds) {
        match pacer.check(units, level) {
            Pace::Go => sent += u64::from(units),
            Pace::Wait(pause) => tokio::time::sleep(pause.max(Duration::from_micros(100))).await,
        }
    }
    sent
}

#[tokio::test(start_paused = true)]
async fn keeps_the_rate_within_half_a_per_cent() {
    for (rate, units) in [(1_000.0, 5), (50_000.0, 250), (500_000.0, 256)] {
        let sent = sent(rate, 0.0, Level::Blue, units, 5).await as f64;
        let ratio = sent / (rate * 5.0);
        assert!((0.995..=1.005).contains(&ratio), "{rate}/s: {ratio}");
    }
}

#[tokio::test(start_paused = true)]
async fn keeps_a_share_for_red() {
    let blue = sent(1_000.0, 0.2, Level::Blue, 1, 5).await as f64;
    let red = sent(1_000.0, 0.2, Level::Red, 1, 5).await as f64;
    assert!((3_960.0..=4_040.0).contains(&blue), "{blue}");
    assert!((4_975.0..=5_025.0).contains(&red), "{red}");
}

#[tokio::test(start_paused = true)]
#[expect(clippy::disallowed_methods, reason = "the test's clock stands still and is advanced by sleeping")]
async fn halves_on_throttle_and_recovers_in_steps() {
    let mut pacer = Pacer::new(Some(1_000.0), 0.0, Instant::now());
    pacer.throttle(Instant::now(), 0.0);
    assert_eq!(pacer.rate(), Some(500.0));
    pacer.throttle(Instant::now(), 0.0);
    assert_eq!(pacer.rate(), Some(250.0));
    for _ in 0..20 {
        tokio::time::sleep(Duration::from_secs(1)).await;
        pacer.recover(Instant::now());
    }
    assert_eq!(pacer.rate(), Some(1_000.0));
}
