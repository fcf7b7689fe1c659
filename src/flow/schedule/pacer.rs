//! Pacing of one route: governor's rate with a burst of 10 ms, a share kept for red, and a rate that follows throttle
//! answers.
//!
//! The default burst of governor is a whole second of quota, which lets twice the rate through in a second; a burst of
//! 10 ms keeps any second within one per cent (facts measured with this very code path). Waiting happens on the
//! gateway's clock, not governor's.

use std::{num::NonZeroU32, time::Duration};

use governor::{
    Quota, RateLimiter,
    clock::Reference,
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::{InMemoryState, NotKeyed},
};
use tokio::time::Instant;

use crate::domain::level::Level;

/// The burst, as a part of a second.
const BURST_S: f64 = 0.010;
/// A throttled route never goes below this part of its configured rate.
const FLOOR: f64 = 0.02;
/// Added to the rate each second without a throttle answer, as a part of the configured rate.
const RECOVERY_PER_S: f64 = 0.05;

/// tokio's clock for governor, so that a paused test clock paces too.
#[derive(Clone, Debug)]
struct TokioClock {
    origin: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Since(Duration);

impl Reference for Since {
    fn duration_since(&self, earlier: Self) -> Nanos {
        self.0.checked_sub(earlier.0).unwrap_or_default().into()
    }

    fn saturating_sub(&self, duration: Nanos) -> Self {
        Self(self.0.saturating_sub(duration.into()))
    }
}

impl std::ops::Add<Nanos> for Since {
    type Output = Self;

    fn add(self, other: Nanos) -> Self {
        Self(self.0 + Duration::from(other))
    }
}

impl governor::clock::Clock for TokioClock {
    type Instant = Since;

    #[expect(
        clippy::disallowed_methods,
        reason = "governor asks its clock by itself; it is the gateway's monotonic clock"
    )]
    fn now(&self) -> Since {
        Since(Instant::now().duration_since(self.origin))
    }
}

type Limiter = RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<Since>>;

/// What a route may send now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// As many units as asked for.
    Go,
    /// Nothing before this long.
    Wait(Duration),
}

/// The pacer of one route. Not shared: one consumer per route keeps the order.
pub(crate) struct Pacer {
    configured: Option<f64>,
    red_share: f64,
    clock: TokioClock,
    rate: Option<f64>,
    limiters: Option<Limiters>,
    throttled_at: Option<Instant>,
    adjusted_at: Instant,
    /// Units paid for below red and not yet sent, because the whole rate was spent.
    prepaid: u32,
}

struct Limiters {
    all: Limiter,
    below_red: Limiter,
    burst: u32,
    burst_below_red: u32,
}

impl Pacer {
    /// `rate` units a second, `None` = no limit; `red_share` of it is kept for red.
    pub(crate) fn new(rate: Option<f64>, red_share: f64, now: Instant) -> Self {
        let mut pacer = Self {
            configured: rate,
            red_share,
            clock: TokioClock { origin: now },
            rate: None,
            limiters: None,
            throttled_at: None,
            adjusted_at: now,
            prepaid: 0,
        };
        pacer.set_rate(rate);
        pacer
    }

    fn set_rate(&mut self, rate: Option<f64>) {
        self.rate = rate;
        self.limiters = rate.map(|rate| {
            let (all, burst) = limiter(rate, &self.clock);
            let (below_red, burst_below_red) = limiter(rate * (1.0 - self.red_share), &self.clock);
            Limiters { all, below_red, burst, burst_below_red }
        });
    }

    /// Units a second allowed now.
    pub(crate) fn rate(&self) -> Option<f64> {
        self.rate
    }

    /// The most units worth taking at a time: about 5 ms of work, at least one.
    pub(crate) fn quantum(&self, most: u32) -> u32 {
        self.rate.map_or(most, |rate| ((rate * 0.005) as u32).clamp(1, most.max(1)))
    }

    /// Whether `units` may be sent now for a warning of this level; they are spent when it says so. More units than a
    /// burst are let through as one burst and paid for afterwards.
    pub(crate) fn check(&mut self, units: u32, level: Level) -> Pace {
        let Some(limiters) = &self.limiters else { return Pace::Go };
        let wait = |limiter: &Limiter, burst: u32| {
            let now = governor::clock::Clock::now(&self.clock);
            let units = NonZeroU32::new(units.clamp(1, burst))?;
            match limiter.check_n(units) {
                Ok(Ok(())) | Err(_) => None,
                Ok(Err(not_until)) => Some(not_until.wait_time_from(now)),
            }
        };
        if level != Level::Red && self.prepaid < units {
            if let Some(pause) = wait(&limiters.below_red, limiters.burst_below_red) {
                return Pace::Wait(pause);
            }
            self.prepaid = units;
        }
        if let Some(pause) = wait(&limiters.all, limiters.burst) {
            return Pace::Wait(pause);
        }
        if level != Level::Red {
            self.prepaid = 0;
        }
        Pace::Go
    }

    /// The provider said "too fast": halve. `measured` is what went out per second when no limit is configured.
    pub(crate) fn throttle(&mut self, now: Instant, measured: f64) {
        let rate = self.rate.unwrap_or(measured.max(2.0));
        let floor = self.configured.map_or(1.0, |configured| (configured * FLOOR).max(0.1));
        self.throttled_at = Some(now);
        self.adjusted_at = now;
        self.set_rate(Some((rate / 2.0).max(floor)));
    }

    /// Recovers additively, once a second.
    pub(crate) fn recover(&mut self, now: Instant) {
        let (Some(since), Some(rate)) = (self.throttled_at, self.rate) else { return };
        if now.duration_since(self.adjusted_at) < Duration::from_secs(1) {
            return;
        }
        self.adjusted_at = now;
        let step = self.configured.unwrap_or(rate.max(20.0)) * RECOVERY_PER_S;
        match self.configured {
            Some(configured) if rate + step >= configured => {
                self.throttled_at = None;
                self.set_rate(Some(configured));
            }
            // Without a limit of our own, half an hour without a throttle answer ends the caution.
            None if now.duration_since(since) > Duration::from_secs(1800) => {
                self.throttled_at = None;
                self.set_rate(None);
            }
            _ => self.set_rate(Some(rate + step)),
        }
    }
}

fn limiter(rate: f64, clock: &TokioClock) -> (Limiter, u32) {
    let burst = NonZeroU32::new((rate * BURST_S) as u32).unwrap_or(NonZeroU32::MIN);
    let period = Duration::from_secs_f64((1.0 / rate.max(0.001)).min(3_600.0)).max(Duration::from_nanos(1));
    let quota = Quota::with_period(period).unwrap_or_else(|| Quota::per_second(burst)).allow_burst(burst);
    (RateLimiter::direct_with_clock(quota, clock.clone()), burst.get())
}

#[cfg(test)]
mod tests;
