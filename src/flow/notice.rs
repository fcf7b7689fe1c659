//! Notices: what the gateway itself tells persons on duty, through the same channels and the same engine as warnings.
//!
//! A notice is a [`WarningRecord`] that the gateway makes. It begins at stage `released`, is private to the recipients
//! it names, has the status of what it is about (so that a drill's notices reach only who takes part in drills) and its
//! level (so that it rides in its lane); it is an event of its own and ends nothing. It is made exactly once, whatever
//! is interrupted: what it is about, its kind and its round together are its identity, stored with
//! [`Expect::Absent`](crate::store::Expect).
//!
//! Whoever is to be told and cannot be is written down with the reason: see [`Unreached`].

mod kind;
mod reach;
mod told;
mod view;
mod words;

use std::{sync::Arc, time::Duration};

use fenghuo_contract::Channel;
use sha2::{Digest, Sha256};

pub use kind::NoticeKind;
pub(crate) use reach::reach;
pub use told::{About, Addressee, NoticeOf, Unreached};
pub use view::{NoticeDelivery, NoticeView, ToldView};
pub(crate) use words::content;

use super::{
    Parts, Unavailable, custody, measures,
    record::{Decision, Stage, WarningId, WarningRecord, create},
    remind, witness,
};
use crate::{
    domain::{chain::Change, level::Level, message::Status},
    store::{Commit, CommitFault, Put, Space, Urgency},
};

/// How often it is looked whether somebody is to be told something; what cannot wait rings.
const EVERY: Duration = Duration::from_secs(1);

/// What a notice is about. There is no notice about a notice: none can be made.
pub(crate) struct Subject {
    about: About,
    status: Status,
    level: Level,
    record: Option<Arc<WarningRecord>>,
}

impl Subject {
    /// A warning; `None` for what is a notice itself.
    pub(crate) fn of(record: &Arc<WarningRecord>) -> Option<Self> {
        if record.notice.is_some() {
            return None;
        }
        let about = About::Warning(record.id.clone());
        Some(Self { about, status: record.status, level: record.level, record: Some(Arc::clone(record)) })
    }

    /// A screen that is registered here.
    pub(crate) fn of_screen(id: &str) -> Self {
        Self { about: About::Screen(id.to_owned()), status: Status::Actual, level: Level::Unknown, record: None }
    }

    /// A key that was made. It is no drill and has no level.
    pub(crate) fn of_key(id: &str) -> Self {
        Self { about: About::Key(id.to_owned()), status: Status::Actual, level: Level::Unknown, record: None }
    }

    /// A subscription somebody asked for. It is no drill and has no level.
    pub(crate) fn of_subscription(id: &str) -> Self {
        let about = About::Subscription(id.to_owned());
        Self { about, status: Status::Actual, level: Level::Unknown, record: None }
    }
}

/// Something to be told.
pub(crate) struct Notice {
    pub(crate) about: Subject,
    pub(crate) kind: NoticeKind,
    /// Tells notices of one kind about one thing apart; empty where there is one.
    pub(crate) round: String,
    pub(crate) to: Vec<Addressee>,
    /// Empty = every channel that reaches persons.
    pub(crate) channels: Vec<Channel>,
    /// For how long it is tried.
    pub(crate) valid: Duration,
    /// Variable parts of its texts besides those every notice about a warning has: `headline`, `issuer`, `level`.
    pub(crate) facts: Vec<(&'static str, String)>,
    /// Changes that become durable together with it.
    pub(crate) puts: Vec<Put>,
}

/// Tells it, durably, once: what was told before is not told again.
///
/// # Errors
/// When it cannot be stored; the same call repeated tells it then, and not twice.
pub(crate) async fn tell(parts: &Parts, notice: Notice) -> Result<(), Unavailable> {
    let identity = identity(&notice);
    let record = record(parts, &notice, &identity);
    let id = record.id.0.as_str();
    let mut puts = vec![create(Space::WarningIdentity, identity, &record.id), create(Space::Warning, id, &record)];
    puts.extend(notice.puts);
    let by = || Some("gateway".to_owned());
    let told = record.notice.as_ref().map(NoticeOf::sentence).unwrap_or_default();
    let decision = |what: &str, warning: Option<WarningId>| Decision {
        at_ms: record.received_ms,
        what: what.to_owned(),
        warning,
        by: by(),
        detail: Some(format!("{told} {}", record.id)),
    };
    // In the history of what it is about, and in its own.
    let about = match &notice.about.about {
        About::Warning(id) => Some(id.clone()),
        About::Key(_) | About::Screen(_) | About::Subscription(_) => None,
    };
    let decisions = [decision("notice", about), decision("released", Some(record.id.clone()))];
    let commit = Commit { puts, entries: decisions.iter().map(Decision::entry).collect() };
    match parts.store.commit_as(Urgency::Pressing, commit).await {
        Ok(committed) => {
            parts.remember(record);
            for (entry, decision) in committed.entries.iter().zip(&decisions) {
                parts.progress.decided(entry.sequence, decision);
            }
            parts.progress.new_work.notify_one();
            Ok(())
        }
        // It was told before.
        Err(CommitFault::Conflict { index: 0, .. }) => remember(parts, identity).await,
        Err(fault) => Err(fault.into()),
    }
}

/// Takes what was told by a commit of which no answer came into memory.
async fn remember(parts: &Parts, identity: [u8; 32]) -> Result<(), Unavailable> {
    let Some(stored) = parts.store.get(Space::WarningIdentity, identity.into()).await? else { return Ok(()) };
    let id: WarningId = super::parts::parse(&stored.value)?;
    if parts.warning_record(&id).is_none()
        && let Some((record, _)) = parts.stored_warning(&id).await?
    {
        parts.remember(record);
        parts.progress.new_work.notify_one();
    }
    Ok(())
}

/// What a notice is, whenever and however often it is made.
fn identity(notice: &Notice) -> [u8; 32] {
    let (what, id) = match &notice.about.about {
        About::Warning(id) => ("warning", id.0.as_str()),
        About::Key(id) => ("key", id.as_str()),
        About::Screen(id) => ("screen", id.as_str()),
        About::Subscription(id) => ("subscription", id.as_str()),
    };
    let mut digest = Sha256::new();
    for part in ["fenghuo notice", what, id, notice.kind.name(), &notice.round] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}

fn record(parts: &Parts, notice: &Notice, identity: &[u8; 32]) -> WarningRecord {
    let now_ms = parts.clock.unix_ms();
    let id = WarningId(parts.uuid());
    let hex: String = identity.iter().map(|byte| format!("{byte:02x}")).collect();
    WarningRecord {
        event: id.clone(),
        id,
        stage: Stage::Released,
        message: words::message(parts, notice, &hex[..32], now_ms.div_euclid(1000)),
        digest: format!("sha256:{hex}"),
        content_digest: hex,
        media_type: "application/json".to_owned(),
        issuer: None,
        submitted_by: "gateway".to_owned(),
        submitted_person: None,
        sign_off: None,
        level: notice.about.level,
        status: notice.about.status,
        received_ms: now_ms,
        released_ms: Some(now_ms),
        finished_ms: None,
        ended: None,
        ended_by: None,
        plans: Vec::new(),
        notice: Some(NoticeOf {
            about: notice.about.about.clone(),
            kind: notice.kind,
            round: notice.round.clone(),
            to: notice.to.clone(),
            channels: notice.channels.clone(),
        }),
        witnessed: false,
        change: Change::First,
        order: None,
    }
}

/// Tells whoever is to be told, until the soft stop.
pub(super) async fn run(parts: Arc<Parts>) {
    let stop = parts.lifecycle.stopping();
    let mut failures: u32 = 0;
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = parts.bell.notified() => {}
            () = parts.clock.sleep(EVERY) => {}
        }
        let told = async {
            witness::look(&parts).await?;
            remind::look(&parts).await?;
            measures::look(&parts).await?;
            custody::look(&parts).await
        };
        match told.await {
            Ok(()) => failures = 0,
            Err(fault) => {
                failures += 1;
                if failures.is_power_of_two() {
                    tracing::error!(%fault, failures, "somebody is not yet told, repeating");
                }
                parts.clock.sleep(EVERY).await;
            }
        }
    }
}
