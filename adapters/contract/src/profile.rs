use std::{fmt, str::FromStr};

/// The way a message reaches people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Channel {
    /// Short messages.
    Sms = 1,
    /// WeChat and its like.
    Wechat = 2,
    /// Notifications of telephone apps and browsers.
    Push = 3,
    /// E-mail.
    Email = 4,
    /// Public screens.
    Display = 5,
    /// Loudspeakers and broadcast.
    Broadcast = 6,
    /// Partner systems.
    Webhook = 7,
}

impl Channel {
    /// Every channel, in the order people list them.
    pub const ALL: [Self; 7] =
        [Self::Sms, Self::Wechat, Self::Push, Self::Email, Self::Display, Self::Broadcast, Self::Webhook];

    /// The channel's stable name, as in configuration, API and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sms => "sms",
            Self::Wechat => "wechat",
            Self::Push => "push",
            Self::Email => "email",
            Self::Display => "display",
            Self::Broadcast => "broadcast",
            Self::Webhook => "webhook",
        }
    }

    /// Whether an address on it belongs to a person; a screen, a loudspeaker and a partner's system do not count as
    /// people reached.
    #[must_use]
    pub const fn reaches_persons(self) -> bool {
        matches!(self, Self::Sms | Self::Wechat | Self::Push | Self::Email)
    }

    /// The channel with this number on disk.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|channel| *channel as u8 == number)
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The text names no channel.
#[derive(Debug, thiserror::Error)]
#[error("no channel is called {0:?}")]
pub struct UnknownChannel(String);

impl FromStr for Channel {
    type Err = UnknownChannel;

    fn from_str(text: &str) -> Result<Self, UnknownChannel> {
        Self::ALL.into_iter().find(|channel| channel.name() == text).ok_or_else(|| UnknownChannel(text.to_owned()))
    }
}

/// What an adapter can carry and how.
#[derive(Clone, Debug)]
pub struct Profile {
    /// The channel it serves.
    pub channel: Channel,
    /// The most addresses one submit may carry, at least 1.
    pub batch_max: usize,
    /// The most characters (Unicode scalar values) of [`Content::text`](crate::Content::text), `None` = no limit of its own.
    pub text_max: Option<usize>,
    /// What later word to expect after an accepted submit.
    pub receipts: ReceiptStyle,
    /// Whether the provider recognises a repeat of the same [`Token`](crate::Token).
    pub deduplication: Deduplication,
    /// What the provider's rate limit counts.
    pub rate_unit: RateUnit,
    /// How many submits may be unanswered at the same time, at least 1.
    pub window: usize,
    /// The most messages one withdraw may name; 0 = what was accepted cannot be withdrawn, and nobody is asked to.
    pub withdraw_max: usize,
}

/// What later word to expect after an accepted submit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiptStyle {
    /// None: accepted is the last that is ever known.
    None,
    /// The provider reports delivery or failure.
    Delivery,
    /// The receiving side itself answers (a screen's next request, an app).
    Acknowledgement,
}

/// Whether the provider recognises a repeat of the same delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deduplication {
    /// A repeat is shown twice.
    None,
    /// A repeat is dropped, or replaces the first.
    ByToken,
}

/// What the provider's rate limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RateUnit {
    /// One per recipient: each gets a message of his own, however many segments it has.
    #[serde(alias = "messages")]
    Recipients,
    /// One per segment of a short message.
    Segments,
    /// One per submit, however many recipients it carries.
    Calls,
}
