//! Whom a notice is for and what it is about, as its record keeps it.

use fenghuo_contract::Channel;
use serde::{Deserialize, Serialize};

use super::NoticeKind;
use crate::flow::record::{WarningId, WarningRecord};

/// Persons the journal names of one notice.
const NAMED: usize = 20;

/// What a notice is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", tag = "what", content = "id")]
pub enum About {
    Warning(WarningId),
    /// Id of an API key.
    Key(String),
    /// Id of a screen.
    Screen(String),
    /// External id of whoever is asked whether he wants to subscribe.
    Subscription(String),
}

/// What makes a record a notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NoticeOf {
    pub about: About,
    pub kind: NoticeKind,
    /// Tells notices of one kind about one thing apart.
    #[serde(default)]
    pub round: String,
    pub to: Vec<Addressee>,
    /// Empty = every channel that reaches persons.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub channels: Vec<Channel>,
}

/// Somebody who is to be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Addressee {
    /// Where he is on duty.
    pub office: String,
    /// `null` when nobody is on duty there.
    pub person: Option<String>,
    /// External id in the directory of recipients.
    pub recipient: Option<String>,
    /// He stands in for another.
    #[serde(default)]
    pub deputy: bool,
    /// Why he cannot be told at all; `null` when it was handed to a channel.
    #[serde(default)]
    pub unreached: Option<Unreached>,
}

/// Why somebody cannot be told at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unreached {
    /// Nobody is on duty.
    NobodyOnDuty,
    /// The directory has no such recipient.
    RecipientUnknown,
    /// The recipient has no address on a channel that carries the notice.
    NoAddress,
    /// It is about a drill, and the recipient takes no part in drills.
    NotInDrills,
}

impl Unreached {
    /// Stable name in API and journal.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::NobodyOnDuty => "nobody_on_duty",
            Self::RecipientUnknown => "recipient_unknown",
            Self::NoAddress => "no_address",
            Self::NotInDrills => "not_in_drills",
        }
    }
}

impl Addressee {
    /// An office where nobody is on duty.
    pub(crate) fn nobody(office: &str) -> Self {
        let unreached = Some(Unreached::NobodyOnDuty);
        Self { office: office.to_owned(), person: None, recipient: None, deputy: false, unreached }
    }
}

impl NoticeOf {
    /// For the journal: `sign_off_reminder review/0 to 张三, nobody at flood`.
    pub(super) fn sentence(&self) -> String {
        let name = |to: &Addressee| to.person.clone().unwrap_or_else(|| format!("nobody at {}", to.office));
        let mut names: Vec<String> = self.to.iter().take(NAMED).map(name).collect();
        if self.to.len() > NAMED {
            names.push(format!("… ({})", self.to.len()));
        }
        let round = if self.round.is_empty() { String::new() } else { format!(" {}", self.round) };
        let screen = if let About::Screen(id) = &self.about { format!(" {id}") } else { String::new() };
        format!("{}{screen}{round} to {}", self.kind.name(), names.join(", "))
    }
}

impl WarningRecord {
    /// Whether somebody is to be told what became of it: witnesses of a release, its issuer that it was not signed.
    pub(crate) fn owes_notice(&self) -> bool {
        let unsigned = || matches!(self.ended.as_deref(), Some("returned" | "rejected" | "unsigned"));
        self.witnessed || (self.notice.is_none() && self.sign_off.is_some() && unsigned())
    }
}
