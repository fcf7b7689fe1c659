//! How well a route does, in tenths: the part of its pace it may use. Measured by success and by delay; it falls in
//! steps while others of its channel take over, and drifts back slower than it fell, so that nothing flips to and fro.

use std::time::Duration;

use tokio::time::Instant;

use super::breaker::Tally;

/// Attempts are judged together over at least this long.
const EVERY: Duration = Duration::from_secs(5);
/// Fewer attempts say nothing.
const ENOUGH: u32 = 20;
/// A step up at most this often.
const UP_EVERY: Duration = Duration::from_secs(10);
/// Below this share of success a route loses a step, below `AWFUL` three.
const GOOD: f64 = 0.9;
const AWFUL: f64 = 0.5;
/// So many times its usual delay, or a sibling's, is slow; under a fifth of a second nothing is.
const SLOW_TIMES: f64 = 3.0;
const SLOW_AT_LEAST: Duration = Duration::from_millis(200);
/// A route never falls lower: somebody must notice when it is well again.
const FLOOR: u8 = 1;
/// The measure of one route.
pub(super) struct Health {
    tenths: u8,
    since: Instant,
    raised_at: Instant,
    attempts: u32,
    accepted: u32,
    delay: Duration,
    submits: u32,
    /// Smoothed delay while all was well.
    usual: Option<Duration>,
}

impl Health {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            tenths: 10,
            since: now,
            raised_at: now,
            attempts: 0,
            accepted: 0,
            delay: Duration::ZERO,
            submits: 0,
            usual: None,
        }
    }

    /// 0.1 to 1.
    pub(super) fn share(&self) -> f64 {
        f64::from(self.tenths) / 10.0
    }

    /// The answers to one submit. Refusals of a recipient or of a content say nothing about the route, nor do throttle
    /// answers, which slow it by themselves.
    pub(super) fn measure(&mut self, tally: Tally, took: Duration) {
        self.attempts += tally.attempts() - tally.refused;
        self.accepted += tally.accepted;
        if tally.attempts() > 0 {
            self.delay += took;
            self.submits += 1;
        }
    }

    fn begin(&mut self, now: Instant) {
        (self.since, self.attempts, self.accepted) = (now, 0, 0);
        (self.delay, self.submits) = (Duration::ZERO, 0);
    }

    /// Judges what was measured since the last time. `sibling` is the shortest delay among the channel's other routes.
    pub(super) fn judge(&mut self, now: Instant, sibling: Option<Duration>) {
        if now.duration_since(self.since) < EVERY {
            return;
        }
        if self.attempts >= ENOUGH {
            let success = f64::from(self.accepted) / f64::from(self.attempts);
            let delay = self.delay / self.submits.max(1);
            let slow = self.is_slow(delay, sibling);
            match success {
                awful if awful < AWFUL => self.lower(3),
                poor if poor < GOOD => self.lower(1),
                _ if slow => self.lower(1),
                _ => {
                    self.raise(now);
                    let usual = self.usual.unwrap_or(delay);
                    self.usual = Some((usual * 7 + delay) / 8);
                }
            }
            self.begin(now);
        } else if self.attempts == self.accepted {
            // Little was tried and nothing failed: it gets another chance.
            self.raise(now);
        }
    }

    fn is_slow(&self, delay: Duration, sibling: Option<Duration>) -> bool {
        let reference = [self.usual, sibling].into_iter().flatten().min();
        delay > SLOW_AT_LEAST && reference.is_some_and(|reference| delay > reference.mul_f64(SLOW_TIMES))
    }

    fn lower(&mut self, steps: u8) {
        self.tenths = self.tenths.saturating_sub(steps).max(FLOOR);
    }

    fn raise(&mut self, now: Instant) {
        if self.tenths < 10 && now.duration_since(self.raised_at) >= UP_EVERY {
            self.tenths += 1;
            self.raised_at = now;
        }
    }
}

#[cfg(test)]
mod tests;
