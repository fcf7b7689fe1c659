//! How times lie: the middle and the late ones.

use serde::Serialize;

/// The middle and the late end of some times.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, utoipa::ToSchema)]
pub struct Spread {
    /// How many times these are.
    pub count: u64,
    /// Half were not longer, seconds.
    pub median_s: f64,
    /// Ninety-five of a hundred were not longer, seconds.
    pub p95_s: f64,
    /// The longest, seconds.
    pub longest_s: f64,
}

impl Spread {
    /// The spread of some times in milliseconds; `None` of none. The smallest time that as many as asked do not exceed
    /// (nearest rank), so that every figure is a time that was measured.
    #[must_use]
    pub fn of(mut times_ms: Vec<i64>) -> Option<Self> {
        times_ms.sort_unstable();
        let at = |share: f64| {
            let rank = (share * times_ms.len() as f64).ceil().max(1.0) as usize;
            times_ms.get(rank - 1).map(|ms| *ms as f64 / 1e3)
        };
        Some(Self { count: times_ms.len() as u64, median_s: at(0.5)?, p95_s: at(0.95)?, longest_s: at(1.0)? })
    }
}
