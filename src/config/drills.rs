//! `[drills]`: exercises and tests that were ordered for a later time.

use std::time::Duration;

use serde::Deserialize;

/// Drills that wait for their time.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Drills {
    /// One that could not begin at its time, because the gateway was down or its store was, begins late by this much at
    /// most; after that it is skipped.
    #[serde(with = "super::seconds")]
    pub late_s: Duration,
    /// How many wait at a time at most.
    pub waiting_max: usize,
}

impl Default for Drills {
    fn default() -> Self {
        Self { late_s: Duration::from_secs(600), waiting_max: 200 }
    }
}
