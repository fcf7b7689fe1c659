//! Limits besides those of the routes, and when failed deliveries are tried again.

use std::{collections::BTreeMap, time::Duration};

use fenghuo_contract::{Channel, RateUnit};
use serde::Deserialize;

use super::{Config, maybe_seconds};
use crate::domain::level::Level;

/// Limits that hold besides those of a route.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// By channel: for all its routes together.
    pub channel: BTreeMap<String, Limit>,
    /// By issuer: each alone; `default` for those not named.
    pub issuer: BTreeMap<String, Limit>,
    /// By channel: how often one person may be reached.
    pub recipient: BTreeMap<String, RecipientLimit>,
}

/// How many units may go.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// In a second.
    #[serde(default)]
    pub rate_per_s: Option<u32>,
    /// In any minute.
    #[serde(default)]
    pub per_minute: Option<u32>,
    /// In a day of China's calendar.
    #[serde(default)]
    pub per_day: Option<u32>,
    /// What is counted; absent = recipients.
    #[serde(default)]
    pub rate_unit: Option<RateUnit>,
    /// Never over the rate in any second.
    #[serde(default)]
    pub hard_cap: bool,
    /// Share only red may use.
    #[serde(default = "default_red_share")]
    pub red_share: f64,
}

/// How often one person may be reached on a channel by warnings below red. Lifts are never held back.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecipientLimit {
    /// In any hour.
    #[serde(default)]
    pub per_hour: Option<u16>,
    /// In any 24 hours.
    #[serde(default)]
    pub per_day: Option<u16>,
    /// The highest level that is held back.
    #[serde(default = "default_up_to")]
    pub up_to: Level,
}

fn default_up_to() -> Level {
    Level::Orange
}

pub(super) fn default_red_share() -> f64 {
    0.2
}

/// Some of the times of repeated attempts.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Retry {
    /// Wait before the second attempt.
    #[serde(with = "maybe_seconds")]
    pub first_s: Option<Duration>,
    /// Longest wait between attempts.
    #[serde(with = "maybe_seconds")]
    pub longest_s: Option<Duration>,
    /// How much each wait is longer than the one before.
    pub factor: Option<f64>,
    /// Attempts of one delivery at most; 0 = until its deadline.
    pub attempts_max: Option<u8>,
    /// Attempts at most of a delivery that may have arrived: each further one may be a double.
    pub in_doubt_max: Option<u8>,
}

/// The times of repeated attempts of one channel and level.
#[derive(Clone, Debug, PartialEq)]
pub struct RetryTimes {
    pub first_s: Duration,
    pub longest_s: Duration,
    pub factor: f64,
    pub attempts_max: u8,
    pub in_doubt_max: u8,
}

pub(super) fn default_retry() -> BTreeMap<String, Retry> {
    let seconds = |seconds| Some(Duration::from_secs(seconds));
    let red = Retry { first_s: seconds(1), longest_s: seconds(15), attempts_max: Some(0), ..Retry::default() };
    // A partner's system drops repeats and comes back sooner or later: it is told as long as there is something to tell.
    let webhook = Retry {
        first_s: seconds(2),
        longest_s: seconds(120),
        attempts_max: Some(0),
        in_doubt_max: Some(u8::MAX),
        ..Retry::default()
    };
    BTreeMap::from([("red".to_owned(), red), ("webhook".to_owned(), webhook)])
}

impl Config {
    /// When deliveries of a channel and level are tried again.
    #[must_use]
    pub fn retry_times(&self, channel: Channel, level: Level) -> RetryTimes {
        let names = [
            format!("{channel}.{}", level.name()),
            level.name().to_owned(),
            channel.name().to_owned(),
            "default".to_owned(),
        ];
        // What the configuration does not say of a name, the built-in times say.
        let built_in = default_retry();
        let said = names.iter().flat_map(|name| [self.retry.get(name), built_in.get(name)]);
        let said: Vec<&Retry> = said.flatten().collect();
        RetryTimes {
            first_s: said.iter().find_map(|retry| retry.first_s).unwrap_or(Duration::from_secs(2)),
            longest_s: said.iter().find_map(|retry| retry.longest_s).unwrap_or(Duration::from_secs(60)),
            factor: said.iter().find_map(|retry| retry.factor).unwrap_or(2.0),
            attempts_max: said.iter().find_map(|retry| retry.attempts_max).unwrap_or(5),
            in_doubt_max: said.iter().find_map(|retry| retry.in_doubt_max).unwrap_or(3).max(1),
        }
    }
}
