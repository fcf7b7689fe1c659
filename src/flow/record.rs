//! What the stages commit: the durable records of warnings and plans, as JSON a person can read in an emergency.

use bytes::Bytes;
use fenghuo_contract::Channel;
use serde::{Deserialize, Serialize};

use super::{notice::NoticeOf, projection::Closing};
use crate::{
    config::Until,
    domain::{
        chain::Change,
        level::Level,
        message::{Message, Status},
        moment::Moment,
        purpose::Stated,
        signoff::SignOff,
    },
    store::{Entry, EntryKind, Expect, Key, Put, Space},
};

/// Names a warning in URLs: a UUID of version 7, so later ones sort later and none can be guessed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
pub struct WarningId(pub String);

impl std::fmt::Display for WarningId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// How far a warning has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Stored and allowed; no decision yet.
    Received,
    /// Signed off, or released at once by policy.
    Released,
    /// The audience of every channel is frozen.
    Targeted,
    /// The contents of every channel are frozen.
    Rendered,
    /// Deliveries are under way.
    Delivering,
    /// Every delivery is in a terminal state and no receipt is awaited.
    Finished,
    /// Recorded only: a draft, a system message, an acknowledgement or an error message reaches nobody.
    Recorded,
}

/// A warning as the store holds it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct WarningRecord {
    pub id: WarningId,
    pub stage: Stage,
    pub message: Message,
    /// SHA-256 of the bytes received, hex, with its algorithm: `sha256:…`.
    pub digest: String,
    /// Media type the bytes came as.
    pub media_type: String,
    pub issuer: Option<String>,
    /// Id of the API key that submitted it.
    pub submitted_by: String,
    /// The person who holds that key, when that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub submitted_person: Option<String>,
    /// Who had or has to sign it; `None` when nobody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sign_off: Option<SignOff>,
    pub level: Level,
    pub status: Status,
    /// The first warning of the event this one belongs to (itself for a first).
    pub event: WarningId,
    /// Milliseconds since 1970.
    pub received_ms: i64,
    pub released_ms: Option<i64>,
    pub finished_ms: Option<i64>,
    /// `lifted`, `corrected`, `superseded` or (passed on no more) `stopped`, and the warning that did it; `returned`, `rejected` or `unsigned` when it was never
    /// released.
    pub ended: Option<String>,
    pub ended_by: Option<WarningId>,
    /// Plan numbers, once targeted.
    pub plans: Vec<u64>,
    /// It is a message of the gateway itself to persons on duty.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notice: Option<NoticeOf>,
    /// Its release is to be witnessed: the duty officers of other headquarters are told of it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub witnessed: bool,
    /// What it is to its event, settled when it came in.
    #[serde(default)]
    pub change: Change,
    /// Made here, to end a warning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<EndingOrder>,
    /// Digest of the message's canonical JSON: what a repeat is compared by.
    pub content_digest: String,
}

/// How a message that was made here ends a warning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct EndingOrder {
    /// The warning whose lift or correction it is.
    pub of: WarningId,
    /// Digest of the form it sends, as it was signed with that warning; `None`: other words.
    pub prepared: Option<String>,
    /// It says in our name that another's warning is passed on no more.
    #[serde(default)]
    pub stops_relaying: bool,
}

/// A plan: one warning on one channel, frozen when it was released.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct PlanRecord {
    pub(crate) number: u64,
    pub(crate) warning: WarningId,
    pub(crate) event: WarningId,
    pub(crate) issuer: Option<String>,
    pub(crate) channel: Channel,
    pub(crate) level: Level,
    pub(crate) lift: bool,
    /// What it is for, as the warning said when it was released.
    #[serde(flatten)]
    pub(crate) purpose: Stated,
    /// Nothing of it is sent at or after this moment, Unix seconds.
    pub(crate) deadline: i64,
    pub(crate) size: u32,
    /// Routes that may carry it, most preferred first.
    pub(crate) routes: Vec<String>,
    /// Routes whose provider refuses the content: nothing more goes there.
    #[serde(default)]
    pub(crate) refused: Vec<String>,
    /// Milliseconds since 1970.
    pub(crate) created_ms: i64,
    /// Its place in the ladder of its warning, when it waits in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ladder: Option<LadderStep>,
    pub(crate) closing: Option<Closing>,
}

/// A plan's place in a ladder, and the ladder's rule as it was when the warning was released.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LadderStep {
    /// 0 = the first.
    pub(crate) step: u8,
    /// How long a channel has before the next is used.
    pub(crate) wait_ms: i64,
    /// The answer that ends it.
    pub(crate) until: Until,
}

/// A decision in the journal: JSON, one per entry.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Decision {
    /// Milliseconds since 1970.
    pub(crate) at_ms: i64,
    /// `received`, `released`, `targeted`, `rendered`, `delivering`, `closed`, `finished`, `route_paused`, …
    pub(crate) what: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) warning: Option<WarningId>,
    /// Key id, or `policy`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) by: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) detail: Option<String>,
}

impl Decision {
    pub(crate) fn entry(&self) -> Entry {
        Entry { kind: EntryKind::Decision, data: json(self) }
    }
}

/// Bytes as lower-case hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |text, byte| text + &format!("{byte:02x}"))
}

/// The JSON text of a record.
pub(crate) fn json<T: Serialize>(record: &T) -> Bytes {
    // Records are our own structures with string keys: writing them to memory cannot fail.
    serde_json::to_vec(record).unwrap_or_default().into()
}

/// A change of a record that must still stand at `version`.
pub(crate) fn replace<T: Serialize>(space: Space, key: impl Into<Key>, record: &T, version: u64) -> Put {
    Put { space, key: key.into(), value: Some(json(record)), expect: Expect::Version(version) }
}

/// A new record.
pub(crate) fn create<T: Serialize>(space: Space, key: impl Into<Key>, record: &T) -> Put {
    Put { space, key: key.into(), value: Some(json(record)), expect: Expect::Absent }
}

/// A span in milliseconds; one that nobody lives to see the end of is cut so that it can be added to a time.
pub(crate) fn span_ms(span: std::time::Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX / 4)
}

/// Milliseconds since 1970 as RFC 3339 in China's time.
pub(crate) fn rfc3339(ms: i64) -> String {
    Moment::china(ms.div_euclid(1000)).to_string()
}
