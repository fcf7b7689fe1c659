//! Upper levels: feeds whose warnings are taken over here, by rule or after a person's decision.

use std::{path::PathBuf, time::Duration};

use serde::Deserialize;

use super::partners::{everything, fifteen_seconds, yes};

/// A feed of another authority.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    pub url: String,
    pub format: Format,
    /// How long between two looks.
    #[serde(default = "one_minute", with = "super::seconds")]
    pub every_s: Duration,
    /// Hazard codes that are wanted, `*` at the end matches any rest.
    #[serde(default = "everything")]
    pub hazards: Vec<String>,
    /// Area codes that are wanted, with their parts and what contains them.
    #[serde(default = "everything")]
    pub areas: Vec<String>,
    /// CAP senders that are believed, `*` at the end matches any rest.
    #[serde(default = "everything")]
    pub senders: Vec<String>,
    /// The relaying issuer under whose authority its warnings are taken.
    pub issuer: String,
    #[serde(default)]
    pub rule: Rule,
    /// Is looked at at all.
    #[serde(default = "yes")]
    pub active: bool,
    /// Looks in a row without a usable answer that raise the alarm.
    #[serde(default = "three")]
    pub silent_after: u32,
    /// Networks of the inside that its address may be in.
    #[serde(default)]
    pub allow_private: Vec<String>,
    /// PEM file with certificate authorities trusted besides those of the system.
    #[serde(default)]
    pub ca_file: Option<PathBuf>,
    /// How long one call may take.
    #[serde(default = "fifteen_seconds", with = "super::seconds")]
    pub timeout_s: Duration,
}

/// What stands at the address of a feed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// One CAP 1.2 document; an empty answer means that there is none.
    Cap,
    /// An Atom feed that holds CAP documents or links to them.
    Atom,
    /// An RSS feed that holds CAP documents or links to them.
    Rss,
    /// One document in the national form; an empty answer means that there is none.
    National,
}

impl Format {
    /// Every form.
    pub const ALL: [Self; 4] = [Self::Cap, Self::Atom, Self::Rss, Self::National];

    /// Its name in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cap => "cap",
            Self::Atom => "atom",
            Self::Rss => "rss",
            Self::National => "national",
        }
    }

    /// Whether it lists documents instead of being one.
    #[must_use]
    pub const fn is_feed(self) -> bool {
        matches!(self, Self::Atom | Self::Rss)
    }
}

/// What becomes of a warning from above.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// It is passed on at once.
    Relay,
    /// It waits for a person.
    #[default]
    Wait,
}

impl Rule {
    /// Its name in the configuration.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Relay => "relay",
            Self::Wait => "wait",
        }
    }
}

fn one_minute() -> Duration {
    Duration::from_secs(60)
}

fn three() -> u32 {
    3
}
