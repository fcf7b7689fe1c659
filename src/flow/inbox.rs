//! The inbox: warnings from upper levels, and what was decided about each.
//!
//! Every document that was wanted here has a record, by its CAP identity, so that it is taken once whatever feed it comes
//! in and however often the gateway starts. What no rule passes on waits for a person: an approver relays it, which is an
//! ordinary submission by the relaying issuer with the approver as its submitter; an operator proposes that, or dismisses
//! it. A dismissal is no end: until it expires an approver may still relay it. What was superseded or lifted above while
//! it waited ends here too.

mod record;
mod sweep;

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use parking_lot::RwLock;
use serde::Serialize;
use sha2::{Digest, Sha256};

pub(crate) use self::{
    record::{InboxRecord, Summary},
    sweep::{hear, run, start},
};
pub use record::InboxState;

use super::{
    Flow, Parts, Unavailable,
    authorize::{Actor, Role},
    intake::{Form, Submission, SubmitFault, Submitted},
    preflight::{self, Preflight},
    record::{Decision, WarningId, json, rfc3339},
    upstream::UpstreamView,
};
use crate::{
    domain::{
        level::Level,
        message::{Kind, Scope, Status},
        national,
        warning::Warning,
    },
    store::{Commit, Expect, Key, Put, Space, Urgency},
};

/// Waiting documents at most; a feed that brings more must wait.
pub(crate) const WAITING_MAX: usize = 1_000;

/// What is in memory of the inbox: everything but the documents.
#[derive(Default)]
pub(crate) struct Inbox {
    records: RwLock<BTreeMap<String, InboxRecord>>,
    /// Held while something is decided.
    pub(crate) turn: tokio::sync::Mutex<()>,
}

impl Inbox {
    pub(crate) fn get(&self, id: &str) -> Option<InboxRecord> {
        self.records.read().get(id).cloned()
    }

    pub(crate) fn waiting(&self) -> usize {
        self.records.read().values().filter(|record| record.state == InboxState::Waiting).count()
    }

    /// The record of the same words under another identity, out of another feed.
    pub(crate) fn same_elsewhere(&self, content: &str, upstream: &str) -> bool {
        self.records.read().values().any(|record| record.content == content && record.upstream != upstream)
    }

    /// Waiting records that pass a test.
    pub(crate) fn waiting_that(&self, wanted: impl Fn(&InboxRecord) -> bool) -> Vec<InboxRecord> {
        let records = self.records.read();
        records.values().filter(|record| record.state == InboxState::Waiting && wanted(record)).cloned().collect()
    }
}

/// The id of a document: a digest of its CAP identity.
pub(crate) fn id_of(warning: &Warning) -> String {
    hex(&Sha256::digest(warning.identity())[..16])
}

/// What two documents share that say the same under different identities.
pub(crate) fn content_of(warning: &Warning) -> String {
    let message = warning.message();
    hex(&Sha256::digest(json(&(message.sent.unix(), message.status, message.kind, message.scope, &message.infos))))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |text, byte| text + &format!("{byte:02x}"))
}

/// Writes a record down with the decision that made it so, and its document when it is new.
pub(crate) async fn keep(
    parts: &Parts,
    record: InboxRecord,
    body: Option<&Bytes>,
    what: &str,
    by: Option<&str>,
) -> Result<(), Unavailable> {
    let decision = Decision {
        at_ms: parts.clock.unix_ms(),
        what: what.to_owned(),
        warning: record.warning.clone(),
        by: by.map(str::to_owned),
        detail: Some(record.told()),
    };
    let put = |key: String, value: Bytes| Put {
        space: Space::Inbox,
        key: Key::from(key.as_str()),
        value: Some(value),
        expect: Expect::Any,
    };
    let mut puts = vec![put(record::key(&record.id), json(&record))];
    puts.extend(body.map(|body| put(record::body_key(&record.id), body.clone())));
    let commit = Commit { puts, entries: vec![decision.entry()] };
    let committed = parts.store.commit_as(Urgency::Pressing, commit).await?;
    parts.progress.decided(committed.entries.first().map_or(0, |entry| entry.sequence), &decision);
    parts.inbox.records.write().insert(record.id.clone(), record);
    Ok(())
}

/// Who hands in what comes from a feed.
pub(crate) fn feed_actor(upstream: &str, issuer: &str) -> Actor {
    Actor::new(format!("upstream:{upstream}"), Role::Issuer, Some(issuer.to_owned()))
}

pub(crate) fn submission(body: Bytes, actor: Actor) -> Submission {
    let media_type = if national::is_package(&body) { "application/zip" } else { "application/cap+xml" };
    Submission { form: Form::Xml, media_type: media_type.to_owned(), body, actor, idempotency_key: None }
}

/// A warning from above as people see it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct InboxItem {
    /// Digest of its CAP identity: the same after a restart.
    pub id: String,
    /// Name of the feed.
    pub upstream: String,
    pub state: InboxState,
    /// Codes of why it was not passed on by itself.
    pub why: Vec<String>,
    pub identifier: String,
    pub sender: String,
    /// RFC 3339, as all times here.
    pub sent: String,
    pub status: Status,
    pub kind: Kind,
    pub scope: Scope,
    pub level: Level,
    pub hazard: Option<String>,
    pub headline: String,
    /// Names of its areas.
    pub areas: Vec<String>,
    pub received_at: String,
    /// It can be relayed until then.
    pub expires_at: String,
    /// What it would do here: `GET` this.
    pub preflight: String,
    /// Who proposed to relay it.
    pub proposed_by: Option<String>,
    pub decided_by: Option<String>,
    pub decided_at: Option<String>,
    pub reason: Option<String>,
    /// The warning it became here.
    pub warning: Option<WarningId>,
    /// `sha256:…` of the bytes received.
    pub digest: String,
}

/// Everything from above.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct InboxView {
    pub as_of: String,
    /// Newest first.
    pub items: Vec<InboxItem>,
    /// The feeds and how old their last answer is: an empty inbox means calm only while they answer.
    pub upstreams: Vec<UpstreamView>,
}

/// Why something from above is not decided so.
#[derive(Debug, thiserror::Error)]
pub enum InboxFault {
    /// It was relayed, it expired, or it was ended above.
    #[error("over: {0:?}")]
    Over(InboxState),
    /// Its feed stands no longer in the configuration, so that nobody could answer for it.
    #[error("no such feed: {0}")]
    NoFeed(String),
    /// It may not be said here.
    #[error(transparent)]
    Submit(#[from] SubmitFault),
    /// See [`Unavailable`].
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Flow {
    /// Everything from above, newest first; `state` narrows it.
    #[must_use]
    pub fn inbox(&self, state: Option<InboxState>) -> InboxView {
        let records = self.0.inbox.records.read();
        let mut wanted: Vec<&InboxRecord> =
            records.values().filter(|record| state.is_none_or(|state| record.state == state)).collect();
        wanted.sort_by(|a, b| (b.received_ms, &b.id).cmp(&(a.received_ms, &a.id)));
        let items = wanted.into_iter().map(InboxRecord::view).collect();
        InboxView { as_of: rfc3339(self.0.clock.unix_ms()), items, upstreams: self.upstreams() }
    }

    /// One of them.
    #[must_use]
    pub fn inbox_item(&self, id: &str) -> Option<InboxItem> {
        self.0.inbox.get(id).map(|record| record.view())
    }

    /// What relaying it would do; `None` when there is none of this id.
    ///
    /// # Errors
    /// As [`Flow::preflight`].
    pub async fn inbox_preflight(&self, id: &str) -> Result<Option<Preflight>, InboxFault> {
        let Some(record) = self.0.inbox.get(id) else { return Ok(None) };
        let issuer = issuer(&self.0, &record)?;
        let body = body(&self.0, id).await?;
        let submission = submission(body, feed_actor(&record.upstream, &issuer));
        Ok(Some(preflight::dry_run(&self.0, submission, false).await.map_err(InboxFault::Submit)?))
    }

    /// Passes it on as the relaying issuer of its feed, when an approver says so; an operator proposes it. `None` when
    /// there is none of this id. Said twice it is passed on once.
    ///
    /// # Errors
    /// [`InboxFault`].
    pub async fn relay_inbox(&self, id: &str, actor: &Actor) -> Result<Option<InboxItem>, InboxFault> {
        let parts = &self.0;
        let _turn = parts.inbox.turn.lock().await;
        let Some(mut record) = parts.inbox.get(id) else { return Ok(None) };
        if record.state == InboxState::Relayed {
            return Ok(Some(record.view()));
        }
        open(parts, &record)?;
        let issuer = issuer(parts, &record)?;
        if actor.role != Role::Approver {
            record.proposed_by = Some(actor.who().to_owned());
            keep(parts, record.clone(), None, "inbox_proposed", Some(&actor.key)).await?;
            return Ok(Some(record.view()));
        }
        let by = Actor { role: Role::Issuer, subject: Some(issuer), ..actor.clone() };
        let body = body(parts, id).await?;
        let (Submitted::Created(view) | Submitted::Repeated(view)) = self.submit(submission(body, by)).await?;
        record.decided(InboxState::Relayed, parts.clock.unix_ms(), Some(actor.who()), None);
        record.warning = Some(view.id);
        keep(parts, record.clone(), None, "inbox_relayed", Some(&actor.key)).await?;
        Ok(Some(record.view()))
    }

    /// Puts it away; `None` when there is none of this id.
    ///
    /// # Errors
    /// [`InboxFault`].
    pub async fn dismiss_inbox(&self, id: &str, reason: &str, actor: &Actor) -> Result<Option<InboxItem>, InboxFault> {
        let parts = &self.0;
        let _turn = parts.inbox.turn.lock().await;
        let Some(mut record) = parts.inbox.get(id) else { return Ok(None) };
        open(parts, &record)?;
        record.decided(InboxState::Dismissed, parts.clock.unix_ms(), Some(actor.who()), Some(reason));
        keep(parts, record.clone(), None, "inbox_dismissed", Some(&actor.key)).await?;
        Ok(Some(record.view()))
    }
}

/// Whether it can still be decided about.
fn open(parts: &Parts, record: &InboxRecord) -> Result<(), InboxFault> {
    let over = match record.state {
        InboxState::Waiting | InboxState::Dismissed if record.expires_unix > parts.clock.unix() => return Ok(()),
        InboxState::Waiting | InboxState::Dismissed => InboxState::Expired,
        state => state,
    };
    Err(InboxFault::Over(over))
}

fn issuer(parts: &Arc<Parts>, record: &InboxRecord) -> Result<String, InboxFault> {
    let feed = parts.config.upstreams.get(&record.upstream);
    feed.map(|feed| feed.issuer.clone()).ok_or_else(|| InboxFault::NoFeed(record.upstream.clone()))
}

async fn body(parts: &Parts, id: &str) -> Result<Bytes, Unavailable> {
    let stored = parts.store.get(Space::Inbox, Key::from(record::body_key(id).as_str())).await?;
    stored.map(|stored| stored.value).ok_or_else(|| Unavailable::new(format!("the document of {id} is not there")))
}
