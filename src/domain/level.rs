//! The four levels of a warning and their names.

use std::{fmt, str::FromStr};

use fenghuo_contract::Urgency;
use serde::{Deserialize, Serialize};

use super::message::Severity;

/// How grave a warning is. Ordered: red is the highest.
///
/// Source: Emergency Response Law (2024), articles 3 and 63; `Unknown` is what the national form calls 未知 and CAP
/// `Unknown`.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Level {
    /// No level given.
    #[default]
    Unknown = 0,
    /// 一般, Ⅳ.
    Blue = 1,
    /// 较重, Ⅲ.
    Yellow = 2,
    /// 严重, Ⅱ.
    Orange = 3,
    /// 特别严重, Ⅰ.
    Red = 4,
}

impl Level {
    /// Every level, highest first.
    pub const ALL: [Self; 5] = [Self::Red, Self::Orange, Self::Yellow, Self::Blue, Self::Unknown];

    /// Stable name in API, configuration and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Red => "red",
            Self::Orange => "orange",
            Self::Yellow => "yellow",
            Self::Blue => "blue",
            Self::Unknown => "unknown",
        }
    }

    /// 红色, 橙色, …
    #[must_use]
    pub const fn colour_zh(self) -> &'static str {
        match self {
            Self::Red => "红色",
            Self::Orange => "橙色",
            Self::Yellow => "黄色",
            Self::Blue => "蓝色",
            Self::Unknown => "未定级",
        }
    }

    /// 特别严重, 严重, 较重, 一般.
    #[must_use]
    pub const fn word_zh(self) -> &'static str {
        match self {
            Self::Red => "特别严重",
            Self::Orange => "严重",
            Self::Yellow => "较重",
            Self::Blue => "一般",
            Self::Unknown => "未定级",
        }
    }

    /// Ⅰ to Ⅳ, empty when unknown.
    #[must_use]
    pub const fn roman(self) -> &'static str {
        match self {
            Self::Red => "Ⅰ",
            Self::Orange => "Ⅱ",
            Self::Yellow => "Ⅲ",
            Self::Blue => "Ⅳ",
            Self::Unknown => "",
        }
    }

    /// The level with this number on disk.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|level| *level as u8 == number)
    }

    /// How loudly an adapter should ring for it.
    #[must_use]
    pub const fn urgency(self) -> Urgency {
        match self {
            Self::Red => Urgency::Highest,
            Self::Orange => Urgency::High,
            Self::Yellow => Urgency::Medium,
            Self::Blue => Urgency::Low,
            Self::Unknown => Urgency::Unknown,
        }
    }
}

impl From<Severity> for Level {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Extreme => Self::Red,
            Severity::Severe => Self::Orange,
            Severity::Moderate => Self::Yellow,
            Severity::Minor => Self::Blue,
            Severity::Unknown => Self::Unknown,
        }
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no level.
#[derive(Debug, thiserror::Error)]
#[error("no level is called {0:?}")]
pub struct UnknownLevel(String);

impl FromStr for Level {
    type Err = UnknownLevel;

    fn from_str(text: &str) -> Result<Self, UnknownLevel> {
        Self::ALL.into_iter().find(|level| level.name() == text).ok_or_else(|| UnknownLevel(text.to_owned()))
    }
}
