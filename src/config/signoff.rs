//! Who has to sign what before it is released.

use std::time::Duration;

use serde::Deserialize;

use super::seconds;
use crate::domain::{hazard, level::Level, message::Status, signoff::Step, warning::Warning};

/// A rule: warnings it matches are released only after its steps. Lifts are never held.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignOffRule {
    /// Hazard codes; `*` at the end matches any rest; `["*"]` = any, also none.
    #[serde(default = "any")]
    pub hazards: Vec<String>,
    pub levels: Vec<Level>,
    /// Issuers by id; `["*"]` = any.
    #[serde(default = "any")]
    pub issuers: Vec<String>,
    /// Exercises and tests too.
    #[serde(default)]
    pub drills: bool,
    /// In this order, each by another person.
    pub steps: Vec<Step>,
    /// Not signed within this time, it is not released any more.
    #[serde(with = "seconds", default = "default_expires")]
    pub expires_s: Duration,
    /// In an emergency one signature releases at once, and the others follow within this time; 0 = not allowed.
    #[serde(with = "seconds", default)]
    pub second_within_s: Duration,
}

pub(super) fn any() -> Vec<String> {
    vec!["*".to_owned()]
}

fn default_expires() -> Duration {
    Duration::from_secs(3_600)
}

impl SignOffRule {
    /// Whether a warning of an issuer needs these signatures.
    #[must_use]
    pub fn matches(&self, warning: &Warning, issuer: Option<&str>) -> bool {
        let of_issuer = |own: &String| own == "*" || Some(own.as_str()) == issuer;
        self.levels.contains(&warning.level())
            && (self.drills || warning.status() == Status::Actual)
            && self.issuers.iter().any(of_issuer)
            && self.hazards.iter().any(|pattern| matches_hazard(pattern, warning))
    }
}

pub(super) fn matches_hazard(pattern: &str, warning: &Warning) -> bool {
    let mut codes = warning.message().infos.iter().filter_map(hazard::national_code);
    match pattern.strip_suffix('*') {
        Some("") => true,
        Some(start) => codes.any(|code| code.starts_with(start)),
        None => codes.any(|code| code == pattern),
    }
}
