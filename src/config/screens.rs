//! Public screens.

use std::time::Duration;

use serde::Deserialize;

/// How public screens are served and watched.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Screens {
    /// Generation of the key that signs what screens are told. Raise it by one to change the key; the next one is published
    /// before it is used.
    pub key_generation: u32,
    /// A screen that has not asked for this long is a task for its custodian, who is told; 0 = nobody is.
    #[serde(with = "super::seconds")]
    pub silent_after_s: Duration,
}

impl Default for Screens {
    fn default() -> Self {
        Self { key_generation: 1, silent_after_s: Duration::from_secs(300) }
    }
}
