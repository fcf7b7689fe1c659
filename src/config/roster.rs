//! Who is told, besides the public: witnesses of what was decided, and whoever a signature is waited for from.

use std::time::Duration;

use fenghuo_contract::Channel;
use serde::Deserialize;

use super::seconds;
use crate::domain::level::Level;

/// What the duty officers of the other headquarters are told at once, with the head of the journal, so that a journal
/// written anew would be noticed by people who hold other heads. Drills are not told.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Witnesses {
    /// Empty = nothing.
    pub tell: Vec<Witnessed>,
    /// Releases and lifts of these levels; grants have none.
    pub levels: Vec<Level>,
    /// Empty = every channel that reaches persons.
    pub channels: Vec<Channel>,
    /// For how long it is tried to tell them.
    #[serde(with = "seconds")]
    pub valid_s: Duration,
}

/// Something that is witnessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Witnessed {
    /// An actual warning was released.
    Release,
    /// An actual warning was lifted.
    Lift,
    /// A key was made that can issue, sign, send or make keys; and an emergency released on one signature.
    Grant,
}

impl Default for Witnesses {
    fn default() -> Self {
        Self {
            tell: vec![Witnessed::Release, Witnessed::Lift, Witnessed::Grant],
            levels: Level::ALL.to_vec(),
            channels: Vec::new(),
            valid_s: Duration::from_secs(4 * 3600),
        }
    }
}

/// When the officer on duty is reminded of a signature that is waited for.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SignOffReminders {
    /// So long after the step before; 0 = at once.
    #[serde(with = "seconds")]
    pub first_s: Duration,
    /// Then again after so long; 0 = never again.
    #[serde(with = "seconds")]
    pub every_s: Duration,
    /// From then on his deputies too.
    #[serde(with = "seconds")]
    pub deputy_after_s: Duration,
    /// The submitter's office is told so long before an unsigned warning expires; 0 = not.
    #[serde(with = "seconds")]
    pub expiring_s: Duration,
    /// Empty = every channel that reaches persons.
    pub channels: Vec<Channel>,
}

impl Default for SignOffReminders {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self {
            first_s: seconds(0),
            every_s: seconds(300),
            deputy_after_s: seconds(600),
            expiring_s: seconds(300),
            channels: Vec::new(),
        }
    }
}
