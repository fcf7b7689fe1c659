//! Stage 1: bytes to a [`Warning`](crate::domain::warning::Warning), stored durably, once.

mod attachments;
mod ending;
mod public;
mod read;
mod store;
mod view;

use bytes::Bytes;
use serde::Serialize;

pub(super) use self::{
    ending::{Found, Own, find},
    read::read,
    store::{Repeat, earlier, identity_digest, store},
};

use super::{
    Flow, Page, Unavailable,
    authorize::Actor,
    notice::NoticeOf,
    record::{Stage, WarningId},
};
use crate::domain::{
    area::AreaCode,
    chain::Change,
    finding::Finding,
    level::Level,
    message::{Kind, Message, Scope, Status},
};

/// The form the bytes are in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// `application/json`.
    Json,
    /// CAP 1.2 XML; the 12379 form is recognised by its root, and by its first bytes a zip of it with attachments.
    Xml,
}

/// What came in.
#[derive(Clone, Debug)]
pub struct Submission {
    pub form: Form,
    /// The media type as sent, kept with the record.
    pub media_type: String,
    pub body: Bytes,
    pub actor: Actor,
    pub idempotency_key: Option<String>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub enum Submitted {
    /// Stored for the first time, durably.
    Created(WarningView),
    /// It was here already; this is what stands.
    Repeated(WarningView),
}

/// Why it was not taken.
#[derive(Debug, thiserror::Error)]
pub enum SubmitFault {
    /// It breaks rules; nothing was stored.
    #[error("{} findings", .0.len())]
    Rejected(Vec<Finding>),
    /// The issuer may not say this here (hazard, level, area, status); nothing was stored.
    #[error("{} findings of authority", .0.len())]
    Forbidden(Vec<Finding>),
    /// A warning with the same CAP identity and other content is here already.
    #[error("identity taken by {0}")]
    IdentityTaken(WarningId),
    /// The idempotency key was used for other content.
    #[error("idempotency key reused")]
    KeyReused,
    /// The first request with this idempotency key is still running.
    #[error("idempotency key in use")]
    KeyRunning,
    /// Nobody was told of what is to be corrected.
    #[error("nothing of the event was released")]
    NotReleased,
    /// See [`Unavailable`].
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// A warning as the outside sees it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct WarningView {
    pub id: WarningId,
    pub stage: Stage,
    pub level: Level,
    pub status: Status,
    pub kind: Kind,
    pub scope: Scope,
    /// National hazard code when there is one.
    pub hazard: Option<String>,
    /// Headline (or event) in the first language.
    pub headline: String,
    pub issuer: Option<String>,
    /// First warning of the event.
    pub event: WarningId,
    /// RFC 3339 with offset.
    pub received_at: String,
    pub released_at: Option<String>,
    pub finished_at: Option<String>,
    pub expires_at: Option<String>,
    /// What it is to its event.
    pub change: Change,
    /// `lifted`, `corrected`, `superseded`, `stopped` or `expired` when it no longer stands.
    pub ended: Option<String>,
    pub ended_by: Option<WarningId>,
    /// `sha256:…` of the bytes received.
    pub digest: String,
    /// The whole message in our JSON form, as it is given out: with references to every member of its event that it takes
    /// the place of and that had not expired. What is passed on for others is as it came.
    pub message: Message,
    /// What a notice is about and whom it is for; warnings have none.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    pub notice: Option<NoticeOf>,
}

/// Which warnings to list.
#[derive(Clone, Debug, Default)]
pub struct WarningFilter {
    pub level: Option<Level>,
    pub status: Option<Status>,
    pub stage: Option<Stage>,
    pub issuer: Option<String>,
    /// Hazard code; `*` at its end matches any rest.
    pub hazard: Option<String>,
    /// Only those about this area, a part of it, or what contains it.
    pub area: Option<AreaCode>,
    /// Only those of this event, named by its first warning.
    pub event: Option<WarningId>,
    /// Only those released, not ended and not expired.
    pub active: bool,
    /// Also the gateway's own notices to persons on duty.
    pub notices: bool,
}

/// How to end an event.
#[derive(Clone, Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Lift {
    /// Text of the lift; absent: exactly what was signed with the warning.
    pub text: Option<String>,
    /// Why, for the journal.
    pub reason: Option<String>,
}

/// Why a warning is corrected.
#[derive(Clone, Debug, Default, serde::Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Correct {
    /// For the journal.
    pub reason: Option<String>,
}

impl Flow {
    /// One warning.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn warning(&self, id: &WarningId) -> Result<Option<WarningView>, Unavailable> {
        Ok(self.0.warning_record(id).map(|record| view::view(&self.0, &record)))
    }

    /// One released public warning by its CAP identifier (newest when several senders use it).
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn public_warning(&self, identifier: &str) -> Result<Option<WarningView>, Unavailable> {
        let warnings = self.0.warnings.read();
        let found = warnings.with_identifier(identifier).find(|record| record.is_public()).cloned();
        drop(warnings);
        Ok(found.map(|record| view::view(&self.0, &record)))
    }

    /// Warnings, newest first.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn warnings(
        &self,
        filter: &WarningFilter,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<WarningView>, Unavailable> {
        Ok(view::page(&self.0, filter, cursor, limit))
    }
}
