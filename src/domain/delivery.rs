//! What can become of one delivery, and how later word changes it.
//!
//! Accepted, delivered and confirmed are three states and are never added together.

use serde::{Deserialize, Serialize};

/// The state of one delivery. Numbers stand in the journal and never change their meaning.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum State {
    /// Not yet tried, or waiting for another attempt.
    #[default]
    Pending = 0,
    /// In a leased slice: it may be on the wire.
    InFlight = 1,
    /// The provider took it (已交运营商). Terminal unless a receipt says more.
    Accepted = 2,
    /// It reached the device (已到设备).
    Delivered = 3,
    /// A person confirmed it (已确认).
    Confirmed = 4,
    /// It was not delivered; the reason says why.
    Failed = 5,
    /// It was not sent before its warning expired.
    Expired = 6,
    /// It was not sent because the event was lifted, or because the recipient had answered on another channel; or the
    /// provider took it back before it was delivered.
    Withdrawn = 7,
    /// It was not sent because a newer warning of the event took its place.
    Superseded = 8,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 9] = [
        Self::Pending,
        Self::InFlight,
        Self::Accepted,
        Self::Delivered,
        Self::Confirmed,
        Self::Failed,
        Self::Expired,
        Self::Withdrawn,
        Self::Superseded,
    ];

    /// Stable name in API, console and metrics.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InFlight => "in_flight",
            Self::Accepted => "accepted",
            Self::Delivered => "delivered",
            Self::Confirmed => "confirmed",
            Self::Failed => "failed",
            Self::Expired => "expired",
            Self::Withdrawn => "withdrawn",
            Self::Superseded => "superseded",
        }
    }

    /// The state with this number in the journal.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// Whether the engine has nothing more to do for it.
    #[must_use]
    pub const fn is_terminal(self) -> bool {
        !matches!(self, Self::Pending | Self::InFlight)
    }

    /// Whether a copy is known to have left for the recipient: accepted or better.
    #[must_use]
    pub const fn has_reached(self) -> bool {
        matches!(self, Self::Accepted | Self::Delivered | Self::Confirmed)
    }
}

/// Why a delivery was not made: the closed list. The provider's own code stands beside it in the journal.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Reason {
    /// There is none: the delivery is under way or was made.
    #[default]
    None = 0,
    /// The provider refuses this address for good.
    RecipientRefused = 1,
    /// The provider refuses this content for everybody.
    ContentRefused = 2,
    /// Every attempt failed and the deadline or the last try is past.
    AttemptsExhausted = 3,
    /// Written, never answered, and policy forbids another try.
    InDoubt = 4,
    /// The provider took it and later reported that it was not delivered.
    ReportedUndelivered = 5,
    /// The warning expired first.
    Expired = 6,
    /// The event was lifted first.
    Lifted = 7,
    /// A newer warning of the event took its place.
    Superseded = 8,
    /// The recipient has no address on this channel any more.
    NoAddress = 9,
    /// A drill met a recipient or route that is not marked for drills, or the reverse.
    DrillGate = 10,
    /// No route of the channel may carry it.
    NoRoute = 11,
    /// The recipient was reached as often as is allowed, and not before the deadline again.
    RecipientLimit = 12,
    /// The recipient answered on another channel of the ladder.
    AnsweredElsewhere = 13,
    /// A provider refused this address for good before, and the warning is below red.
    Suppressed = 14,
    /// The provider had taken it and says that it withdrew it undelivered, because the warning had ended.
    Recalled = 15,
}

impl Reason {
    /// Every reason.
    pub const ALL: [Self; 16] = [
        Self::None,
        Self::RecipientRefused,
        Self::ContentRefused,
        Self::AttemptsExhausted,
        Self::InDoubt,
        Self::ReportedUndelivered,
        Self::Expired,
        Self::Lifted,
        Self::Superseded,
        Self::NoAddress,
        Self::DrillGate,
        Self::NoRoute,
        Self::RecipientLimit,
        Self::AnsweredElsewhere,
        Self::Suppressed,
        Self::Recalled,
    ];

    /// Stable name in API, console, metrics and `fenghuo explain`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::RecipientRefused => "recipient_refused",
            Self::ContentRefused => "content_refused",
            Self::AttemptsExhausted => "attempts_exhausted",
            Self::InDoubt => "in_doubt",
            Self::ReportedUndelivered => "reported_undelivered",
            Self::Expired => "expired",
            Self::Lifted => "lifted",
            Self::Superseded => "superseded",
            Self::NoAddress => "no_address",
            Self::DrillGate => "drill_gate",
            Self::NoRoute => "no_route",
            Self::RecipientLimit => "recipient_limit",
            Self::AnsweredElsewhere => "answered_elsewhere",
            Self::Suppressed => "suppressed",
            Self::Recalled => "recalled",
        }
    }

    /// Whether it is the reason of a failed delivery, and not of one that was rightly never sent.
    #[must_use]
    pub const fn is_failure(self) -> bool {
        !matches!(
            self,
            Self::None | Self::Expired | Self::Lifted | Self::Superseded | Self::AnsweredElsewhere | Self::Recalled
        )
    }

    /// Whether what stood in the way may have passed, so that sending again on somebody's order makes sense without
    /// saying more.
    #[must_use]
    pub const fn may_have_passed(self) -> bool {
        matches!(
            self,
            Self::AttemptsExhausted | Self::InDoubt | Self::ReportedUndelivered | Self::NoRoute | Self::RecipientLimit
        )
    }

    /// The reason with this number in the journal.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

/// What one attempt or one receipt says about a delivery. Merged into its state by [`merge`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word {
    /// The state it speaks for; never pending or in flight.
    pub state: State,
    /// Why, for the states that have a reason.
    pub reason: Reason,
}

/// Merges later word into what is known. Commutative, associative and idempotent, so receipts may come late, twice,
/// out of order or before the answer to the submit.
///
/// The stronger word wins: confirmed, delivered, withdrawn by the provider, reported undelivered, accepted, then every way
/// of not having been sent. A delivery that was delivered is never undelivered again, a copy that got through outweighs an
/// attempt that failed, and a provider that reports what it withdrew as "deleted" says nothing new.
#[must_use]
pub fn merge(known: Word, word: Word) -> Word {
    if strength(word) > strength(known) { word } else { known }
}

/// Total order of words: no two different words are equally strong, which is what makes [`merge`] commutative.
fn strength(word: Word) -> (u8, u8) {
    let class = match (word.state, word.reason) {
        (State::Pending | State::InFlight, _) => 0,
        (State::Expired, _) => 1,
        (State::Superseded, _) => 2,
        (State::Withdrawn, Reason::Recalled) => 7,
        (State::Withdrawn, _) => 3,
        (State::Failed, Reason::ReportedUndelivered) => 6,
        (State::Failed, _) => 4,
        (State::Accepted, _) => 5,
        (State::Delivered, _) => 8,
        (State::Confirmed, _) => 9,
    };
    (class, word.reason as u8)
}

#[cfg(test)]
mod tests;
