//! When a route is taken out of service.

use std::time::Duration;

use serde::Deserialize;

/// When a route is taken out of service because of what its provider answers.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Breaker {
    /// Failures of the link in a row, at least 1.
    pub faults: u32,
    /// Part of the last attempts that failed or were never answered, above 0 and at most 1.
    pub share: f64,
    /// How many last attempts are looked at, at least 1.
    pub attempts: u32,
    /// How long they must have lasted at least.
    #[serde(with = "super::seconds")]
    pub span_s: Duration,
}

impl Default for Breaker {
    fn default() -> Self {
        Self { faults: 3, share: 0.9, attempts: 100, span_s: Duration::from_secs(5) }
    }
}
