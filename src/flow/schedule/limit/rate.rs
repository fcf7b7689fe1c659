//! Units a second: governor's GCRA, with a smaller quota for everything below red.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use governor::{
    Quota, RateLimiter,
    clock::Reference,
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::{NotKeyed, StateStore},
};
use parking_lot::Mutex;
use tokio::time::Instant;

/// The burst, as a part of a second.
const BURST_S: f64 = 0.010;

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

/// When the next unit is due by the rate, in governor's terms; kept where it can be put back.
#[derive(Clone, Debug, Default)]
struct Due(Arc<Mutex<Option<Nanos>>>);

impl StateStore for Due {
    type Key = NotKeyed;

    fn measure_and_replace<T, F, E>(&self, _key: &NotKeyed, decide: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut due = self.0.lock();
        let (answer, next) = decide(*due)?;
        *due = Some(next);
        Ok(answer)
    }
}

/// One GCRA.
struct Cell {
    limiter: RateLimiter<NotKeyed, Due, TokioClock, NoOpMiddleware<Since>>,
    clock: TokioClock,
    due: Due,
    period: Duration,
    burst: u32,
}

impl Cell {
    /// `now` is where its own time begins.
    fn new(rate: f64, now: Instant) -> Self {
        let clock = TokioClock { origin: now };
        let burst = NonZeroU32::new((rate * BURST_S) as u32).unwrap_or(NonZeroU32::MIN);
        let period = Duration::from_secs_f64((1.0 / rate.max(1e-6)).min(86_400.0)).max(Duration::from_nanos(1));
        let quota = Quota::with_period(period).unwrap_or_else(|| Quota::per_second(burst)).allow_burst(burst);
        let due = Due::default();
        let limiter = RateLimiter::new(quota, due.clone(), clock.clone());
        Self { limiter, clock, due, period, burst: burst.get() }
    }

    /// Units spent that are not due yet by the rate.
    fn debt(&self) -> f64 {
        let now: Nanos = governor::clock::Clock::now(&self.clock).0.into();
        let due = self.due.0.lock().unwrap_or_default();
        due.saturating_sub(now).as_u64() as f64 / self.period.as_nanos() as f64
    }

    /// The same at another rate, in debt by what was spent; an empty burst stays an empty burst, however long it is.
    fn at(&self, rate: f64, now: Instant) -> Self {
        let debt = self.debt();
        let next = Self::new(rate, now);
        let debt = if debt > f64::from(self.burst) { debt } else { debt.min(f64::from(next.burst)) };
        *next.due.0.lock() = Some(next.period.mul_f64(debt).into());
        next
    }

    /// Spends the units; what is more than a burst is paid for by waiting afterwards.
    fn take(&self, units: u32) -> Result<Option<Nanos>, Duration> {
        let before = *self.due.0.lock();
        let now = governor::clock::Clock::now(&self.clock);
        let first = NonZeroU32::new(units.clamp(1, self.burst)).unwrap_or(NonZeroU32::MIN);
        match self.limiter.check_n(first) {
            Ok(Ok(())) => {}
            Ok(Err(not_until)) => return Err(not_until.wait_time_from(now)),
            // The first part is never more than a burst.
            Err(_) => return Err(self.period),
        }
        let rest = units.saturating_sub(first.get());
        if rest > 0
            && let Some(due) = self.due.0.lock().as_mut()
        {
            *due = *due + Nanos::from(self.period.saturating_mul(rest));
        }
        Ok(before)
    }
}

/// A rate with a share that only red may use.
pub(super) struct Rate {
    per_s: f64,
    all: Cell,
    below_red: Cell,
}

/// Where a rate stood before it gave.
pub(crate) struct Mark {
    all: Option<Nanos>,
    below_red: Option<Option<Nanos>>,
}

impl Rate {
    pub(super) fn new(per_s: f64, red_share: f64, now: Instant) -> Self {
        Self { per_s, all: Cell::new(per_s, now), below_red: Cell::new(per_s * (1.0 - red_share), now) }
    }

    /// The same at another rate; what was spent stays spent.
    pub(super) fn at(&self, per_s: f64, red_share: f64, now: Instant) -> Self {
        Self { per_s, all: self.all.at(per_s, now), below_red: self.below_red.at(per_s * (1.0 - red_share), now) }
    }

    /// The work of `span`, at least one unit.
    pub(super) fn quantum(&self, span: Duration) -> u32 {
        ((self.per_s * span.as_secs_f64()) as u32).max(1)
    }

    pub(super) fn take(&mut self, units: u32, red: bool) -> Result<Mark, Duration> {
        let below_red = if red { None } else { Some(self.below_red.take(units)?) };
        match self.all.take(units) {
            Ok(all) => Ok(Mark { all, below_red }),
            Err(wait) => {
                if let Some(before) = below_red {
                    *self.below_red.due.0.lock() = before;
                }
                Err(wait)
            }
        }
    }

    pub(super) fn restore(&mut self, mark: Mark) {
        *self.all.due.0.lock() = mark.all;
        if let Some(before) = mark.below_red {
            *self.below_red.due.0.lock() = before;
        }
    }
}
