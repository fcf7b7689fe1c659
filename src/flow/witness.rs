//! Witnesses: what was decided is told at once to the duty officers of the other headquarters, with the head of the
//! journal as it stood with the decision. Whoever writes the journal anew afterwards meets people who hold other heads.
//!
//! That somebody is to be told is committed together with the decision, and so is, with the notice, that they were: a
//! stop between the two leaves it to the next look.

use std::sync::{Arc, atomic::Ordering};

use serde::Deserialize;

use super::{
    Parts, Unavailable,
    notice::{self, Addressee, Notice, NoticeKind, Subject},
    parts::parse,
    record::{Decision, WarningId, WarningRecord, rfc3339},
    remind, retention,
};
use crate::{
    config::Witnessed,
    domain::{chain, message::Status, roster::Duty, warning::Warning},
    store::{Commit, EntryKind, Expect, Key, Put, Space, Stored, Urgency},
};

/// What stands before the id of a key of whose making somebody is to be told.
const GRANT: &str = "grant/";

/// Grants told of in one look.
const GRANTS: usize = 100;

/// Roles whose keys have power: to issue, to sign, to send, or to make such keys.
const POWERS: [&str; 4] = ["issuer", "approver", "operator", "security"];

/// Characters of the journal's hash that are told: enough that no other journal has the same.
const HASH: usize = 16;

/// Whether the release of a warning is to be witnessed.
pub(crate) fn is_owed(parts: &Parts, record: &WarningRecord, warning: &Warning) -> bool {
    let rule = &parts.config.witnesses;
    let emergency = is_emergency(record) && rule.tell.contains(&Witnessed::Grant);
    let what = if warning.is_lift() { Witnessed::Lift } else { Witnessed::Release };
    record.status == Status::Actual
        && (emergency || (rule.tell.contains(&what) && rule.levels.contains(&record.level)))
        && !parts.rosters.is_empty()
}

fn is_emergency(record: &WarningRecord) -> bool {
    record.sign_off.as_ref().is_some_and(|sign_off| sign_off.given.iter().any(|given| given.emergency))
}

/// The change by which a new key is remembered until somebody was told of it.
pub(crate) fn owed_grant(key: &str, view: bytes::Bytes) -> Put {
    let key = format!("{GRANT}{key}").as_str().into();
    Put { space: Space::Roster, key, value: Some(view), expect: Expect::Any }
}

/// A key was made, or may have been.
pub(crate) fn granted(parts: &Parts) {
    parts.granted.store(true, Ordering::Release);
    parts.bell.notify_one();
}

/// Takes in that another node made a key.
pub(super) fn hear(parts: &Parts, key: &Key, stored: Option<&Stored>) {
    if stored.is_some() && key.0.starts_with(GRANT.as_bytes()) {
        granted(parts);
    }
}

/// Tells what nobody was told yet.
pub(super) async fn look(parts: &Arc<Parts>) -> Result<(), Unavailable> {
    let owed: Vec<Arc<WarningRecord>> =
        parts.warnings.read().owed().filter(|record| record.witnessed).cloned().collect();
    for record in owed {
        release(parts, &record).await?;
    }
    if parts.granted.swap(false, Ordering::AcqRel) {
        let told = grants(parts).await;
        // What is left, by a failure or because there were many, is told at the next look.
        if !matches!(told, Ok(false)) {
            parts.granted.store(true, Ordering::Release);
        }
        told?;
    }
    Ok(())
}

/// Tells of a release or a lift.
async fn release(parts: &Parts, record: &Arc<WarningRecord>) -> Result<(), Unavailable> {
    let Some(about) = Subject::of(record) else { return Ok(()) };
    let to = witnesses(parts, record.issuer.as_deref());
    if to.is_empty() {
        // The roster is gone, or there is no other office.
        parts.warnings.write().forgive(&record.id);
        return Ok(());
    }
    // Its row may not be known here yet; the next look comes soon.
    let Some((sequence, hash)) = decided(parts, &record.id, "released").await? else { return Ok(()) };
    let lift = chain::is_lift(&record.message);
    let kind = match (lift, is_emergency(record)) {
        (true, _) => NoticeKind::WitnessLift,
        (_, true) => NoticeKind::WitnessEmergency,
        _ => NoticeKind::WitnessRelease,
    };
    let emergency = record.sign_off.iter().flat_map(|sign_off| &sign_off.given).find(|given| given.emergency);
    let facts = vec![
        ("time", rfc3339(record.released_ms.unwrap_or(record.received_ms))),
        ("person", emergency.map(|given| given.person.clone()).unwrap_or_default()),
        ("sequence", sequence.to_string()),
        ("hash", head(&hash)),
    ];
    tell(parts, about, kind, to, facts, Vec::new()).await
}

async fn tell(
    parts: &Parts,
    about: Subject,
    kind: NoticeKind,
    to: Vec<Addressee>,
    facts: Vec<(&'static str, String)>,
    puts: Vec<Put>,
) -> Result<(), Unavailable> {
    let rule = &parts.config.witnesses;
    let (channels, valid) = (rule.channels.clone(), rule.valid_s);
    notice::tell(parts, Notice { about, kind, round: String::new(), to, channels, valid, facts, puts }).await
}

/// The beginning of a hash as people copy it.
fn head(hash: &[u8; 32]) -> String {
    let hex: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    hex[..HASH].to_owned()
}

/// The duty officers of every office but the one that acted.
fn witnesses(parts: &Parts, acted: Option<&str>) -> Vec<Addressee> {
    let now = parts.clock.unix();
    let others = parts.rosters.offices().into_iter().filter(|office| Some(office.as_str()) != acted);
    others.flat_map(|office| remind::addressees(parts, &office, &[Duty::Duty], now)).collect()
}

/// Where a decision about a warning stands, with the head of the journal up to and including it.
async fn decided(parts: &Parts, id: &WarningId, what: &str) -> Result<Option<(u64, [u8; 32])>, Unavailable> {
    for sequence in retention::decisions_of(parts, id).await? {
        let rows = parts.store.journal(sequence, 1).await?;
        for row in rows.into_iter().filter(|row| row.sequence == sequence) {
            let decisions = row.entries.iter().filter(|(_, entry)| entry.kind == EntryKind::Decision);
            let mut decisions = decisions.filter_map(|(_, entry)| serde_json::from_slice::<Decision>(&entry.data).ok());
            if decisions.any(|decision| decision.what == what && decision.warning.as_ref() == Some(id)) {
                return Ok(Some((row.sequence, row.hash)));
            }
        }
    }
    Ok(None)
}

/// A key as its making is told of.
#[derive(Deserialize)]
struct Granted {
    id: String,
    role: String,
    subject: Option<String>,
    person: Option<String>,
    created_at: String,
}

/// Tells of the keys that were made. Their head is that of the moment they are told of, which covers their making. True when
/// there may be more.
async fn grants(parts: &Parts) -> Result<bool, Unavailable> {
    let wanted = parts.config.witnesses.tell.contains(&Witnessed::Grant);
    let page = parts.store.list(Space::Roster, Some(GRANT.into()), GRANTS).await?;
    let more = page.len() == GRANTS;
    let mut nobody = Vec::new();
    for (key, stored) in page.into_iter().filter(|(key, _)| key.0.starts_with(GRANT.as_bytes())) {
        let granted: Granted = parse(&stored.value)?;
        let to = if wanted && POWERS.contains(&granted.role.as_str()) { witnesses(parts, None) } else { Vec::new() };
        let done = Put { space: Space::Roster, key, value: None, expect: Expect::Any };
        if to.is_empty() {
            nobody.push(done);
            continue;
        }
        let (sequence, hash) = parts.store.head().await?;
        let facts = vec![
            ("key", granted.id.clone()),
            ("role", granted.role),
            ("subject", granted.subject.unwrap_or_else(|| "–".to_owned())),
            ("person", granted.person.unwrap_or_else(|| "–".to_owned())),
            ("time", granted.created_at),
            ("sequence", sequence.to_string()),
            ("hash", head(&hash)),
        ];
        tell(parts, Subject::of_key(&granted.id), NoticeKind::WitnessGrant, to, facts, vec![done]).await?;
    }
    if !nobody.is_empty() {
        parts.store.commit_as(Urgency::Pressing, Commit { puts: nobody, entries: Vec::new() }).await?;
    }
    Ok(more)
}
