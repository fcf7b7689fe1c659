//! The only reader of time and randomness. Everywhere else both are arguments, so that expiry, back-off and pacing can
//! be tested with a clock that stands still and chances that repeat.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use parking_lot::Mutex;
use rand::{Rng, SeedableRng, rngs::StdRng};
use tokio::time::Instant;

/// Wall clock, monotonic clock and chance of one gateway. Cheap to clone; clones share the same chance.
#[derive(Clone)]
pub struct Clock(Arc<Inner>);

struct Inner {
    wall: Wall,
    chance: Mutex<StdRng>,
}

enum Wall {
    /// The machine's.
    System,
    /// Milliseconds since 1970 at `origin`, moving with tokio's clock, which a test can pause and advance.
    Simulated { at_origin: AtomicI64, origin: Instant },
}

impl Clock {
    /// The machine's clock and the operating system's randomness.
    #[must_use]
    pub fn system() -> Self {
        Self(Arc::new(Inner { wall: Wall::System, chance: Mutex::new(rand::make_rng()) }))
    }

    /// A clock that shows `unix_ms` now and moves with tokio's; the same `seed` gives the same chances.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock module")]
    pub fn simulated(unix_ms: i64, seed: u64) -> Self {
        let wall = Wall::Simulated { at_origin: AtomicI64::new(unix_ms), origin: Instant::now() };
        Self(Arc::new(Inner { wall, chance: Mutex::new(StdRng::seed_from_u64(seed)) }))
    }

    /// Milliseconds since 1970-01-01T00:00:00Z by the wall clock.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock module")]
    pub fn unix_ms(&self) -> i64 {
        match &self.0.wall {
            Wall::System => {
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
            }
            Wall::Simulated { at_origin, origin } => {
                let elapsed = i64::try_from(origin.elapsed().as_millis()).unwrap_or(i64::MAX);
                at_origin.load(Ordering::Relaxed).saturating_add(elapsed)
            }
        }
    }

    /// Moves the wall clock of a simulated clock, as a person or a time server may; the monotonic clock goes on as it
    /// was. The machine's clock is nobody's to move here.
    pub fn jump(&self, ms: i64) {
        if let Wall::Simulated { at_origin, .. } = &self.0.wall {
            at_origin.fetch_add(ms, Ordering::Relaxed);
        }
    }

    /// Seconds since 1970-01-01T00:00:00Z by the wall clock.
    #[must_use]
    pub fn unix(&self) -> i64 {
        self.unix_ms().div_euclid(1000)
    }

    /// The monotonic clock: for durations, pacing and leases, never for expiry.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock module")]
    pub fn instant(&self) -> Instant {
        Instant::now()
    }

    /// Waits on the monotonic clock.
    pub async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }

    /// `N` random bytes, fit for keys and nonces with [`Clock::system`].
    #[must_use]
    pub fn random<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        self.0.chance.lock().fill_bytes(&mut bytes);
        bytes
    }

    /// A random fraction, 0 ≤ x < 1, for jitter.
    #[must_use]
    pub fn fraction(&self) -> f64 {
        let bytes = self.random::<4>();
        f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
    }
}
