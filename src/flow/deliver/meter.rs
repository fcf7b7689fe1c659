//! How fast something goes: deliveries a second, as they were lately.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

/// Counts by tenth of a second over the last five.
#[derive(Default)]
pub(crate) struct Meter {
    ticks: VecDeque<(Instant, u64)>,
}

const METER_SPAN: Duration = Duration::from_secs(5);
const METER_TICK: Duration = Duration::from_millis(100);

impl Meter {
    pub(crate) fn add(&mut self, now: Instant, count: u64) {
        match self.ticks.back_mut() {
            Some((at, sum)) if now.duration_since(*at) < METER_TICK => *sum += count,
            _ => self.ticks.push_back((now, count)),
        }
        self.trim(now);
    }

    fn trim(&mut self, now: Instant) {
        while self.ticks.front().is_some_and(|(at, _)| now.duration_since(*at) > METER_SPAN) {
            self.ticks.pop_front();
        }
    }

    pub(crate) fn rate(&mut self, now: Instant) -> f64 {
        self.trim(now);
        let Some((first, _)) = self.ticks.front() else { return 0.0 };
        let span = now.duration_since(*first).max(METER_TICK * 2).as_secs_f64();
        self.ticks.iter().map(|(_, count)| *count as f64).sum::<f64>() / span
    }
}
