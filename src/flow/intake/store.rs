//! Stores a warning once: the same warning again is the same resource, whoever repeats it and however.

use sha2::{Digest, Sha256};

use super::{
    Own, Submission, SubmitFault, Submitted,
    read::{Read, read},
    view::view,
};
use crate::{
    domain::{
        finding::{Finding, Weight},
        level::Level,
        message::{Kind, Status},
        warning::Warning,
    },
    flow::{
        Parts, Unavailable, fit,
        parts::parse,
        record::{Decision, Stage, WarningId, WarningRecord, create, hex},
    },
    store::{Commit, CommitFault, Expect, Put, Space, Urgency},
};

/// What an idempotency key was used for.
#[derive(serde::Serialize, serde::Deserialize)]
struct KeyUse {
    /// SHA-256 of the body, hex.
    body: String,
    warning: WarningId,
    at_ms: i64,
}

/// What makes a second use of an idempotency key a repeat.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(in crate::flow) enum Repeat {
    /// The same bytes.
    SameBody,
    /// The key alone says enough.
    SameKey,
}

/// The warning that was stored under a submission's idempotency key before, whatever its body.
pub(in crate::flow) async fn earlier(parts: &Parts, submission: &Submission) -> Result<Option<WarningId>, Unavailable> {
    let Some(key) = submission.idempotency_key.as_deref().map(|key| key_digest(submission, key)) else {
        return Ok(None);
    };
    let stored = parts.store.get(Space::Idempotency, key.into()).await?;
    stored.map(|stored| parse::<KeyUse>(&stored.value).map(|used| used.warning)).transpose()
}

/// Reads a submission, asks `may` whether it may be said, and stores it; what is here already is answered with what
/// stands.
pub(in crate::flow) async fn store(
    parts: &Parts,
    submission: Submission,
    repeat: Repeat,
    own: Option<&Own>,
    may: impl Fn(&Warning) -> Vec<Finding>,
) -> Result<Submitted, SubmitFault> {
    let Some(key) = submission.idempotency_key.as_deref().map(|key| key_digest(&submission, key)) else {
        return take(parts, submission, None, own, may).await;
    };
    let Some(_running) = parts.running_keys.enter(key) else { return Err(SubmitFault::KeyRunning) };
    if let Some(stored) = parts.store.get(Space::Idempotency, key.into()).await.map_err(Unavailable::from)? {
        let used: KeyUse = parse(&stored.value)?;
        let same = repeat == Repeat::SameKey || used.body == hex(&Sha256::digest(&submission.body));
        let stored = parts.stored_warning(&used.warning).await?;
        return match stored.map(|(record, _)| parts.begin(&record)) {
            Some(record) if same => Ok(Submitted::Repeated(view(parts, &record))),
            _ => Err(SubmitFault::KeyReused),
        };
    }
    take(parts, submission, Some(key), own, may).await
}

async fn take(
    parts: &Parts,
    submission: Submission,
    key: Option<[u8; 32]>,
    own: Option<&Own>,
    may: impl Fn(&Warning) -> Vec<Finding>,
) -> Result<Submitted, SubmitFault> {
    let read = read(parts, &submission).await?;
    let findings = may(&read.warning);
    if findings.iter().any(|finding| finding.weight == Weight::Refuse) {
        return Err(SubmitFault::Forbidden(findings));
    }
    let identity = identity_digest(&read);
    if let Some(known) = known(parts, identity).await? {
        return known_again(parts, &known, &read);
    }
    // What was signed before goes out as it is; anything else has to fit its channels first.
    if own.is_none() {
        let found = fit::check(parts, &read.warning, submission.actor.subject.as_deref()).await?;
        if found.iter().any(|finding| finding.weight == Weight::Refuse) {
            return Err(SubmitFault::Rejected(found));
        }
    }
    let record = new_record(parts, &submission, &read, own);
    let puts = puts(&submission, &record, identity, key);
    let decision = Decision {
        at_ms: record.received_ms,
        what: "received".to_owned(),
        warning: Some(record.id.clone()),
        by: Some(submission.actor.key.clone()),
        detail: Some(record.digest.clone()),
    };
    let mut decisions = vec![decision];
    decisions.extend(own.map(|own| own.decision(&decisions[0])));
    let commit = Commit { puts, entries: decisions.iter().map(Decision::entry).collect() };
    match parts.store.commit_as(urgency(parts, &record), commit).await {
        Ok(committed) => {
            parts.remember(record.clone());
            let seen = view(parts, &record);
            for (entry, decision) in committed.entries.iter().zip(&decisions) {
                parts.progress.decided(entry.sequence, decision);
            }
            parts.progress.new_work.notify_one();
            Ok(Submitted::Created(seen))
        }
        // Somebody else stored the same identity or used the same key in this very moment.
        Err(CommitFault::Conflict { .. }) => match known(parts, identity).await? {
            Some(known) => known_again(parts, &known, &read),
            None => Err(SubmitFault::KeyRunning),
        },
        Err(fault) => Err(Unavailable::from(fault).into()),
    }
}

/// What a submission may take of a disk that runs short.
fn urgency(parts: &Parts, record: &WarningRecord) -> Urgency {
    match record.status {
        _ if parts.takes_back(record) => Urgency::Reserved,
        Status::Actual if record.level == Level::Red => Urgency::Pressing,
        _ => Urgency::Ordinary,
    }
}

/// The warning that has this CAP identity.
async fn known(parts: &Parts, identity: [u8; 32]) -> Result<Option<WarningRecord>, Unavailable> {
    let Some(stored) = parts.store.get(Space::WarningIdentity, identity.into()).await? else { return Ok(None) };
    let id: WarningId = parse(&stored.value)?;
    Ok(parts.stored_warning(&id).await?.map(|(record, _)| record))
}

fn known_again(parts: &Parts, known: &WarningRecord, read: &Read) -> Result<Submitted, SubmitFault> {
    if known.content_digest == hex(&read.content) {
        Ok(Submitted::Repeated(view(parts, &parts.begin(known))))
    } else {
        Err(SubmitFault::IdentityTaken(known.id.clone()))
    }
}

fn puts(submission: &Submission, record: &WarningRecord, identity: [u8; 32], key: Option<[u8; 32]>) -> Vec<Put> {
    let id = record.id.0.as_str();
    let body = Some(submission.body.clone());
    let mut puts = vec![
        create(Space::WarningIdentity, identity, &record.id),
        create(Space::Warning, id, record),
        Put { space: Space::WarningBody, key: id.into(), value: body, expect: Expect::Absent },
    ];
    if let Some(key) = key {
        let body = hex(&Sha256::digest(&submission.body));
        let used = KeyUse { body, warning: record.id.clone(), at_ms: record.received_ms };
        puts.push(create(Space::Idempotency, key, &used));
    }
    puts
}

fn new_record(parts: &Parts, submission: &Submission, read: &Read, own: Option<&Own>) -> WarningRecord {
    let id = WarningId(parts.uuid());
    let warning = &read.warning;
    let event = own.map(|own| &own.event).or(read.place.event.as_ref());
    // Drafts, system messages, acknowledgements and refusals reach nobody: they are kept, and that is all.
    let recorded =
        matches!(warning.status(), Status::Draft | Status::System) || matches!(warning.kind(), Kind::Ack | Kind::Error);
    WarningRecord {
        level: event.map_or_else(|| warning.level(), |event| level(parts, warning, event)),
        event: event.unwrap_or(&id).clone(),
        id,
        change: own.map_or(read.place.change, |own| own.change),
        order: own.map(|own| own.order.clone()),
        stage: if recorded { Stage::Recorded } else { Stage::Received },
        message: warning.message().clone(),
        digest: format!("sha256:{}", hex(&read.received)),
        content_digest: hex(&read.content),
        media_type: submission.media_type.clone(),
        issuer: submission.actor.subject.clone(),
        submitted_by: submission.actor.key.clone(),
        submitted_person: submission.actor.person.clone(),
        sign_off: None,
        status: warning.status(),
        received_ms: parts.clock.unix_ms(),
        released_ms: None,
        finished_ms: None,
        ended: None,
        ended_by: None,
        plans: Vec::new(),
        notice: None,
        witnessed: false,
    }
}

/// The level of a warning that continues or ends an event. A lift goes the way of what it ends, whatever it says of its
/// own level: a Cancel may say nothing.
fn level(parts: &Parts, warning: &Warning, event: &WarningId) -> Level {
    let open = || parts.event_members(event).into_iter().filter(|member| member.ended.is_none());
    let highest = if warning.is_lift() { open().map(|member| member.level).max() } else { None };
    warning.level().max(highest.unwrap_or_default())
}

/// What a CAP identity is found by.
pub(in crate::flow) fn identity_digest(read: &Read) -> [u8; 32] {
    Sha256::digest(read.warning.identity()).into()
}

/// Scope of an idempotency key: the key itself, the caller's API key, the operation.
fn key_digest(submission: &Submission, key: &str) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in ["POST /v1/warnings", &submission.actor.key, key] {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}
