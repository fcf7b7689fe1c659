use fenghuo_contract::{Channel, RateUnit};

/// What the simulated provider is like. Only `channel` must be given.
#[derive(Clone, Debug, PartialEq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The channel it plays.
    pub channel: Channel,
    /// How long every submit takes, milliseconds. Default 0: it answers at once.
    #[serde(default)]
    pub latency_ms: u64,
    /// Share of the accepted deliveries that get a delivered receipt, 0 to 1. Default 1; with 0 nothing ever reports,
    /// not even addresses that ask for it, and the channel says that it has no receipts.
    #[serde(default = "one")]
    pub receipts: f64,
    /// Time from the answer to its receipt, milliseconds. Default 50.
    #[serde(default = "fifty")]
    pub receipts_after_ms: u64,
    /// Time from the answer of a `late` address to its receipt, milliseconds. Default 5000.
    #[serde(default = "five_seconds")]
    pub late_ms: u64,
    /// How long a `slow` address takes, milliseconds. Default 2000.
    #[serde(default = "two_seconds")]
    pub slow_ms: u64,
    /// After what time without an answer a `vanish` address is given up, milliseconds. Default 1000.
    #[serde(default = "one_second")]
    pub vanish_ms: u64,
    /// What throttled submits are told to wait, milliseconds. Default 1000.
    #[serde(default = "one_second")]
    pub retry_after_ms: u64,
    /// Recipients in one submit at most. Default 256.
    #[serde(default = "batch")]
    pub batch_max: usize,
    /// Submits unanswered at most. Default 16.
    #[serde(default = "window")]
    pub window: usize,
    /// Characters of text at most; longer text is refused. Default: no limit.
    #[serde(default)]
    pub text_max: Option<usize>,
    /// A repeat of the same delivery replaces the first. Default no.
    #[serde(default)]
    pub deduplication: bool,
    /// What the provider's limit counts. Default `recipients`.
    #[serde(default = "recipients")]
    pub rate_unit: RateUnit,
    /// Submits whose receipts have not been taken away at most; past that the provider takes nothing more. Default 4096.
    #[serde(default = "pending")]
    pub receipts_pending_max: usize,
    /// Whether the provider withdraws what it has not delivered yet: what still waits for its receipt. Default no.
    #[serde(default)]
    pub withdraws: bool,
    /// How many arrivals the ledger writes down by address; past that it only counts. Default 0.
    #[serde(default)]
    pub ledger: usize,
    /// What the header `x-simulator-signature` of a callback must say. Default: callbacks are not signed.
    #[serde(default)]
    pub callback_word: Option<String>,
}

impl Settings {
    /// The defaults, for one channel.
    #[must_use]
    pub fn of(channel: Channel) -> Self {
        Self {
            channel,
            latency_ms: 0,
            receipts: one(),
            receipts_after_ms: fifty(),
            late_ms: five_seconds(),
            slow_ms: two_seconds(),
            vanish_ms: one_second(),
            retry_after_ms: one_second(),
            batch_max: batch(),
            window: window(),
            text_max: None,
            deduplication: false,
            rate_unit: recipients(),
            receipts_pending_max: pending(),
            withdraws: false,
            ledger: 0,
            callback_word: None,
        }
    }

    pub(crate) fn check(&self) -> Result<(), SettingsFault> {
        let mut problems = Vec::new();
        let mut must = |holds: bool, key, zh, en| {
            if !holds {
                problems.push(format!("{key}: {zh} / {en}"));
            }
        };
        must((0.0..=1.0).contains(&self.receipts), "receipts", "须在 0 与 1 之间", "must be between 0 and 1");
        must(
            (1..=65_536).contains(&self.batch_max),
            "batch_max",
            "须在 1 与 65536 之间",
            "must be between 1 and 65536",
        );
        must((1..=65_536).contains(&self.window), "window", "须在 1 与 65536 之间", "must be between 1 and 65536");
        must(
            (1..=1 << 20).contains(&self.receipts_pending_max),
            "receipts_pending_max",
            "须在 1 与 1048576 之间",
            "must be between 1 and 1048576",
        );
        if problems.is_empty() { Ok(()) } else { Err(SettingsFault(problems)) }
    }
}

/// Everything that is wrong with the settings, one line each: key, Chinese, English.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("; "))]
pub struct SettingsFault(pub Vec<String>);

fn one() -> f64 {
    1.0
}

fn fifty() -> u64 {
    50
}

fn one_second() -> u64 {
    1000
}

fn two_seconds() -> u64 {
    2000
}

fn five_seconds() -> u64 {
    5000
}

fn batch() -> usize {
    256
}

fn window() -> usize {
    16
}

fn pending() -> usize {
    4096
}

fn recipients() -> RateUnit {
    RateUnit::Recipients
}
