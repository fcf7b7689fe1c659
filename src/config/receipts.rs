//! `[receipts]`: later word about deliveries.

use std::time::Duration;

use fenghuo_contract::Channel;
use serde::Deserialize;

use crate::domain::area::AreaCode;

/// Later word about deliveries: from providers, apps and people.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Receipts {
    /// How long a receipt waits for the answer that says whose it is.
    #[serde(with = "super::seconds")]
    pub unknown_keep_s: Duration,
    /// How many receipts wait so at most; the oldest give way and are counted.
    pub unknown_max: usize,
    /// Channels whose messages carry a link by which their reader says that they arrived.
    pub confirm_links: Vec<Channel>,
    /// Replies that say that an actual warning arrived; each as a whole.
    pub confirm_words: Vec<String>,
    /// The same for exercises and tests; none of them is one of the others.
    pub drill_confirm_words: Vec<String>,
    /// Areas of whoever begins to follow an account of ours (WeChat) and is not known otherwise; none = nobody is taken up.
    pub follower_areas: Vec<AreaCode>,
    /// Replies of whoever wants no warnings below orange; each as a whole.
    pub opt_out_words: Vec<String>,
    /// Replies of whoever wants them all again.
    pub opt_in_words: Vec<String>,
    /// Words (or buttons of a menu that stand for them) that ask what is in force; answered at once where the provider has a
    /// way to (WeChat).
    pub current_words: Vec<String>,
    /// Days an address that a provider refused for good gets nothing below red; 0 = none is suppressed.
    pub suppress_days: u32,
}

impl Default for Receipts {
    fn default() -> Self {
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Self {
            unknown_keep_s: Duration::from_secs(3600),
            unknown_max: 100_000,
            confirm_links: Vec::new(),
            confirm_words: words(&["1", "收到", "已收到"]),
            follower_areas: Vec::new(),
            drill_confirm_words: words(&["9", "演练收到", "演练已收到"]),
            opt_out_words: words(&["TD", "退订", "T", "STOP"]),
            opt_in_words: words(&["DY", "订阅", "START"]),
            current_words: words(&["当前预警", "预警", "current"]),
            suppress_days: 90,
        }
    }
}
