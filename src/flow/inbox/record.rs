//! One document from above, as the store holds it.

use serde::{Deserialize, Serialize};

use super::InboxItem;
use crate::{
    domain::{
        level::Level,
        message::{Kind, MessageRef, Scope, Status},
        moment::Moment,
        warning::Warning,
    },
    flow::record::{WarningId, rfc3339},
};

/// What became of a document from above.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum InboxState {
    /// Nobody has decided yet.
    Waiting,
    /// It is a warning here.
    Relayed,
    /// A person put it away.
    Dismissed,
    /// Nobody decided before it was over.
    Expired,
    /// It was lifted above while it waited.
    Ended,
    /// A newer one of its event took its place while it waited.
    Superseded,
}

impl InboxState {
    /// Every state.
    pub const ALL: [Self; 6] =
        [Self::Waiting, Self::Relayed, Self::Dismissed, Self::Expired, Self::Ended, Self::Superseded];

    /// Stable name in the API.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Relayed => "relayed",
            Self::Dismissed => "dismissed",
            Self::Expired => "expired",
            Self::Ended => "ended",
            Self::Superseded => "superseded",
        }
    }
}

/// What of a document is kept in memory.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Summary {
    pub(crate) identifier: String,
    pub(crate) sender: String,
    pub(crate) sent: Moment,
    pub(crate) status: Status,
    pub(crate) kind: Kind,
    pub(crate) scope: Scope,
    pub(crate) level: Level,
    pub(crate) hazard: Option<String>,
    pub(crate) headline: String,
    pub(crate) areas: Vec<String>,
}

/// Areas that are named.
const AREAS_MAX: usize = 50;

impl Summary {
    pub(crate) fn of(warning: &Warning) -> Self {
        let message = warning.message();
        let first = message.infos.first();
        let headline = first.map(|info| info.headline.clone().unwrap_or_else(|| info.event.clone()));
        let areas = message.infos.iter().flat_map(|info| &info.areas).map(|area| area.description.clone());
        let mut named: Vec<String> = Vec::new();
        for area in areas {
            if named.len() < AREAS_MAX && !named.contains(&area) {
                named.push(area);
            }
        }
        Self {
            identifier: message.identifier.clone(),
            sender: message.sender.clone(),
            sent: message.sent,
            status: message.status,
            kind: message.kind,
            scope: message.scope,
            level: warning.level(),
            hazard: warning.hazard().map(str::to_owned),
            headline: headline.unwrap_or_default(),
            areas: named,
        }
    }

    /// Whether a reference names it.
    pub(crate) fn is_named_by(&self, reference: &MessageRef) -> bool {
        let sent = self.sent.unix() == reference.sent.unix() || crate::domain::national::is_bare(reference);
        self.identifier == reference.identifier && self.sender == reference.sender && sent
    }
}

/// A document from above and what was decided about it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct InboxRecord {
    pub(crate) id: String,
    pub(crate) upstream: String,
    pub(crate) state: InboxState,
    pub(crate) why: Vec<String>,
    #[serde(flatten)]
    pub(crate) summary: Summary,
    /// See [`super::content_of`].
    pub(crate) content: String,
    /// `sha256:…` of the bytes received.
    pub(crate) digest: String,
    pub(crate) received_ms: i64,
    pub(crate) expires_unix: i64,
    pub(crate) proposed_by: Option<String>,
    pub(crate) decided_by: Option<String>,
    pub(crate) decided_ms: Option<i64>,
    pub(crate) reason: Option<String>,
    pub(crate) warning: Option<WarningId>,
}

/// The key of a record; [`body_key`] sorts before every one.
pub(super) fn key(id: &str) -> String {
    format!("{RECORDS}{id}")
}

/// What the keys of records begin with.
pub(super) const RECORDS: &str = "record/";

pub(super) fn body_key(id: &str) -> String {
    format!("body/{id}")
}

impl InboxRecord {
    pub(crate) fn decided(&mut self, state: InboxState, at_ms: i64, by: Option<&str>, reason: Option<&str>) {
        self.state = state;
        self.decided_ms = Some(at_ms);
        self.decided_by = by.map(str::to_owned);
        self.reason = reason.map(str::to_owned);
    }

    /// For the journal.
    pub(super) fn told(&self) -> String {
        let Summary { sender, identifier, sent, .. } = &self.summary;
        let reason = self.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        format!("{} {sender},{identifier},{sent}{reason}", self.upstream)
    }

    pub(super) fn view(&self) -> InboxItem {
        let summary = self.summary.clone();
        InboxItem {
            id: self.id.clone(),
            upstream: self.upstream.clone(),
            state: self.state,
            why: self.why.clone(),
            identifier: summary.identifier,
            sender: summary.sender,
            sent: summary.sent.to_string(),
            status: summary.status,
            kind: summary.kind,
            scope: summary.scope,
            level: summary.level,
            hazard: summary.hazard,
            headline: summary.headline,
            areas: summary.areas,
            received_at: rfc3339(self.received_ms),
            expires_at: rfc3339(self.expires_unix.saturating_mul(1000)),
            preflight: format!("/v1/inbox/{}/preflight", self.id),
            proposed_by: self.proposed_by.clone(),
            decided_by: self.decided_by.clone(),
            decided_at: self.decided_ms.map(rfc3339),
            reason: self.reason.clone(),
            warning: self.warning.clone(),
            digest: self.digest.clone(),
        }
    }
}
