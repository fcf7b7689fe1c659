//! Who has to confirm a warning, and how he is called until somebody has.

use std::time::Duration;

use fenghuo_contract::Channel;
use serde::Deserialize;

use super::{seconds, signoff};
use crate::domain::{level::Level, message::Status, warning::Warning};

/// A rule: officers who have to confirm the warnings it matches. Nobody is called for a lift.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CallRule {
    /// Hazard codes; `*` at the end matches any rest; `["*"]` = any, also none.
    #[serde(default = "signoff::any")]
    pub hazards: Vec<String>,
    pub levels: Vec<Level>,
    /// Issuers by id; `["*"]` = any.
    #[serde(default = "signoff::any")]
    pub issuers: Vec<String>,
    /// Exercises and tests too; then only who takes part in drills is called.
    #[serde(default = "yes")]
    pub drills: bool,
    /// Groups of the directory: their members in the areas of the warning.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Offices whose duty officers have to confirm too: ids of issuers, or `office`.
    #[serde(default)]
    pub offices: Vec<String>,
    /// One after the other, the first first.
    #[serde(default = "persons")]
    pub channels: Vec<Channel>,
    /// How long one channel has before the next.
    #[serde(with = "seconds", default = "default_confirm_within")]
    pub confirm_within_s: Duration,
    /// After so long whoever stands in is called.
    #[serde(with = "seconds", default = "default_deputy_after")]
    pub deputy_after_s: Duration,
    /// After so long the officer stands on the list for the telephone.
    #[serde(with = "seconds", default = "default_telephone_after")]
    pub telephone_after_s: Duration,
}

fn yes() -> bool {
    true
}

fn persons() -> Vec<Channel> {
    vec![Channel::Sms, Channel::Wechat, Channel::Push, Channel::Email]
}

fn default_confirm_within() -> Duration {
    Duration::from_secs(180)
}

fn default_deputy_after() -> Duration {
    Duration::from_secs(300)
}

fn default_telephone_after() -> Duration {
    Duration::from_secs(600)
}

impl CallRule {
    /// Whether the officers of this rule have to confirm a warning of an issuer.
    #[must_use]
    pub fn matches(&self, warning: &Warning, issuer: Option<&str>) -> bool {
        let of_issuer = |own: &String| own == "*" || Some(own.as_str()) == issuer;
        self.levels.contains(&warning.level())
            && (self.drills || warning.status() == Status::Actual)
            && !warning.is_lift()
            && self.issuers.iter().any(of_issuer)
            && self.hazards.iter().any(|pattern| signoff::matches_hazard(pattern, warning))
    }
}
