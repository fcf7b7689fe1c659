//! One channel after the other, and when a person is told that something is wrong.

use std::time::Duration;

use fenghuo_contract::Channel;
use serde::Deserialize;

use super::seconds;
use crate::domain::delivery::State;

/// Channels that are used one after the other until a recipient answers. Lifts never wait in one.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ladder {
    /// In this order; each recipient begins with the first he has an address on. Channels not named go at once.
    pub channels: Vec<Channel>,
    /// How long a channel has, from the moment a recipient's turn on it began, before the next is used.
    #[serde(with = "seconds", default = "default_wait")]
    pub wait_s: Duration,
    /// The answer after which a recipient is not bothered on the rest.
    #[serde(default)]
    pub until: Until,
}

/// The answer that ends a recipient's ladder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Until {
    /// The provider took it.
    Accepted,
    /// It reached the device.
    #[default]
    Delivered,
    /// The person confirmed it.
    Confirmed,
}

impl Until {
    /// The state that says so; every better one does too.
    #[must_use]
    pub const fn state(self) -> State {
        match self {
            Self::Accepted => State::Accepted,
            Self::Delivered => State::Delivered,
            Self::Confirmed => State::Confirmed,
        }
    }
}

fn default_wait() -> Duration {
    Duration::from_secs(600)
}

/// When something is so wrong that a person is told.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Alarms {
    /// Deliveries wait, their routes run, and none has ended for this long.
    #[serde(with = "seconds")]
    pub stuck_s: Duration,
    /// Deliveries wait and no route of theirs has run for this long.
    #[serde(with = "seconds")]
    pub no_route_s: Duration,
    /// Red waits on a paused route for this long.
    #[serde(with = "seconds")]
    pub red_paused_s: Duration,
    /// Receipts are slow when they take so many times what 95 of 100 usually take at most …
    pub slow_factor: f64,
    /// … and at least this part of those due by then is missing.
    pub slow_share: f64,
    /// Receipts are missing when this part of what was accepted …
    pub missing_share: f64,
    /// … has none after this long, on a route that reports.
    #[serde(with = "seconds")]
    pub receipts_wait_s: Duration,
    /// An alarm ends when its cause has been gone for this long.
    #[serde(with = "seconds")]
    pub clear_s: Duration,
}

impl Default for Alarms {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            stuck_s: seconds(60),
            no_route_s: seconds(30),
            red_paused_s: seconds(10),
            slow_factor: 3.0,
            slow_share: 0.2,
            missing_share: 0.1,
            receipts_wait_s: seconds(3_600),
            clear_s: seconds(20),
        }
    }
}
