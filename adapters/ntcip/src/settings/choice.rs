//! Settings that choose between ways.

use fenghuo_contract::Urgency;

/// How characters beyond ASCII are written in MULTI text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Letters {
    /// Not at all: content that needs them is refused.
    Ascii,
    /// As `[hc…]` tags with the number of the character in a font that is numbered as Unicode (NTCIP 1203 §6.4).
    #[default]
    CharacterTags,
    /// As their bytes in GB 18030.
    Gb18030,
    /// As their bytes in UTF-8.
    Utf8,
}

/// What becomes of a sign when the warning it shows is lifted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnLift {
    /// It goes blank when it shows the warning, and is left alone when it shows anything else.
    #[default]
    Blank,
    /// It shows the text of the lift until that expires.
    Text,
}

/// Memory of a sign.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Memory {
    /// Survives a power cut.
    #[default]
    Changeable,
    /// Does not.
    Volatile,
}

impl Memory {
    /// `dmsMessageMemoryType`.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::Changeable => 3,
            Self::Volatile => 4,
        }
    }
}

/// Run-time priorities by urgency.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Priorities {
    /// Level unknown.
    pub unknown: u8,
    /// Blue.
    pub low: u8,
    /// Yellow.
    pub medium: u8,
    /// Orange.
    pub high: u8,
    /// Red.
    pub highest: u8,
}

impl Default for Priorities {
    fn default() -> Self {
        Self { unknown: 60, low: 100, medium: 140, high: 180, highest: 220 }
    }
}

impl Priorities {
    pub(crate) fn of(&self, urgency: Urgency) -> u8 {
        match urgency {
            Urgency::Unknown => self.unknown,
            Urgency::Low => self.low,
            Urgency::Medium => self.medium,
            Urgency::High => self.high,
            Urgency::Highest => self.highest,
        }
    }

    /// From the lowest level to the highest.
    pub(super) fn all(&self) -> [u8; 5] {
        [self.unknown, self.low, self.medium, self.high, self.highest]
    }
}
