//! Drills that wait for their time: taken now, entering later through the ordinary intake, once.
//!
//! A drill is read, checked and asked for authority when it is scheduled, so that its author hears at once what is wrong,
//! and all of it again when it enters, under the issuer who scheduled it. Its bytes enter as they came. It enters with an
//! idempotency key made of its id: whatever dies between the intake and the note that it has entered, it enters once.
//! One whose time passed while the gateway was down begins a little late or not at all; hours later nobody expects it.

mod enter;
mod record;

use std::{collections::BTreeMap, sync::Arc};

use serde::Serialize;
use tokio::sync::{Mutex, Notify};

pub(super) use self::enter::run;
use self::record::{DrillRecord, State, body_key};
use super::{
    Flow, Parts, Unavailable,
    alarms::{AlarmCode, Seen, Subject, Told},
    authorize::{self, Actor, Role},
    intake::{self, Submission, SubmitFault},
    parts::parse,
    record::{Decision, WarningId, create, replace, rfc3339},
};
use crate::{
    domain::{
        finding::{Finding, Weight, code},
        level::Level,
        message::{Kind, Status},
        purpose::Purpose,
    },
    store::{self, Commit, Expect, Key, Put, Space, Stored, Urgency},
};

/// How far ahead a drill may be scheduled, milliseconds: a year and a month.
const AHEAD_MS: i64 = 400 * 86_400_000;
/// Drills that are over and still listed at most; the oldest are forgotten.
const OVER_MAX: usize = 1_000;
/// How long one that was skipped is an alarm when nobody looks at it.
const ALARM_MS: i64 = 24 * 3_600_000;

/// A drill that waits for its time, or what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct DrillView {
    pub id: String,
    /// `scheduled`, `entered`, `skipped` or `cancelled`.
    pub state: String,
    /// When it begins, RFC 3339.
    pub starts_at: String,
    /// RFC 3339.
    pub scheduled_at: String,
    /// Id of the key that scheduled it; it enters under this key and its issuer.
    pub scheduled_by: String,
    pub issuer: Option<String>,
    pub level: Level,
    pub status: Status,
    /// Headline (or event) in the first language.
    pub headline: String,
    /// The warning it became.
    pub warning: Option<WarningId>,
    /// Why it was skipped: `late`, `key_revoked`, `forbidden`, `rejected` or `identity_taken`.
    pub why: Option<String>,
    /// When it entered, was skipped or cancelled, RFC 3339.
    pub ended_at: Option<String>,
    /// Id of the key that cancelled it, or that took note of its having been skipped.
    pub ended_by: Option<String>,
}

/// What scheduling came to.
#[derive(Clone, Debug)]
pub enum Scheduled {
    /// It waits now.
    Created(DrillView),
    /// The same bytes for the same time by the same key wait already.
    Repeated(DrillView),
}

/// Why a drill was not scheduled.
#[derive(Debug, thiserror::Error)]
pub enum ScheduleFault {
    /// It is an actual warning, or a message that reaches nobody.
    #[error("not a drill: {0}")]
    NotADrill(Status),
    /// Its time has passed, or is more than 400 days ahead.
    #[error("time out of bounds")]
    Time,
    /// As many wait as may.
    #[error("{0} drills wait already")]
    TooMany(usize),
    /// The same as for a warning handed in now.
    #[error(transparent)]
    Submit(#[from] SubmitFault),
}

impl From<Unavailable> for ScheduleFault {
    fn from(fault: Unavailable) -> Self {
        Self::Submit(fault.into())
    }
}

/// What taking a drill back came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cancelled {
    /// It does not begin any more; or it had been skipped, and that is taken note of.
    Done,
    /// It has entered, or was cancelled before.
    Over,
    /// There is none of this id that the caller may see.
    Missing,
}

/// The drills of one gateway.
#[derive(Default)]
pub(crate) struct Drills {
    /// By id, which is in order of scheduling. Held while one enters or is taken back.
    known: Mutex<BTreeMap<String, DrillRecord>>,
    /// Skipped ones nobody has taken note of, for the alarm: when, which, its start, why.
    skipped: parking_lot::Mutex<BTreeMap<String, (i64, i64, String)>>,
    /// Rings when there is a new one.
    bell: Notify,
}

impl Flow {
    /// Takes a drill that begins at a time, milliseconds since 1970. Returns after it is durable.
    ///
    /// # Errors
    /// [`ScheduleFault`]; nothing was stored unless it is `Unavailable`, which means: repeat the same request.
    pub async fn schedule_drill(&self, submission: Submission, starts_ms: i64) -> Result<Scheduled, ScheduleFault> {
        schedule(&self.0, submission, starts_ms).await
    }

    /// The drills an actor may see, the newest first: an issuer its own.
    pub async fn drills(&self, actor: &Actor) -> Vec<DrillView> {
        let known = self.0.drills.known.lock().await;
        known.values().rev().filter(|drill| may_see(actor, drill)).map(DrillRecord::view).collect()
    }

    /// Takes a drill back that has not begun, or takes note of one that was skipped.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn cancel_drill(&self, id: &str, actor: &Actor) -> Result<Cancelled, Unavailable> {
        let parts = &self.0;
        let mut known = parts.drills.known.lock().await;
        let Some(drill) = known.get(id).filter(|drill| may_see(actor, drill)) else { return Ok(Cancelled::Missing) };
        let mut drill = drill.clone();
        let what = match drill.state {
            State::Scheduled => "drill_cancelled",
            State::Skipped if drill.ended_by.is_none() => "drill_skip_noted",
            State::Skipped | State::Entered | State::Cancelled => return Ok(Cancelled::Over),
        };
        if drill.state == State::Scheduled {
            drill.end(State::Cancelled, parts.clock.unix_ms());
        }
        drill.ended_by = Some(actor.key.clone());
        write(parts, &drill, decision(parts, what, &drill, Some(&actor.key))).await?;
        parts.drills.remember(&mut known, drill);
        Ok(Cancelled::Done)
    }
}

/// An issuer sees and takes back its own.
fn may_see(actor: &Actor, drill: &DrillRecord) -> bool {
    actor.role != Role::Issuer || (actor.subject.is_some() && actor.subject == drill.issuer)
}

async fn schedule(parts: &Parts, submission: Submission, starts_ms: i64) -> Result<Scheduled, ScheduleFault> {
    let read = intake::read(parts, &submission).await?;
    let (warning, now_ms) = (&read.warning, parts.clock.unix_ms());
    let goes_out = !matches!(warning.kind(), Kind::Ack | Kind::Error);
    if !goes_out || !Purpose::of(warning.status()).is_some_and(Purpose::is_drill) {
        return Err(ScheduleFault::NotADrill(warning.status()));
    }
    let findings = authorize::may(parts, &submission.actor, warning);
    if findings.iter().any(|finding| finding.weight == Weight::Refuse) {
        return Err(SubmitFault::Forbidden(findings).into());
    }
    if starts_ms <= now_ms || starts_ms > now_ms + AHEAD_MS {
        return Err(ScheduleFault::Time);
    }
    if warning.kind() == Kind::Alert && warning.expires().is_some_and(|end| end.unix() * 1_000 <= starts_ms) {
        let over = Finding::refuse(code::ALREADY_EXPIRED, "/infos/0/expires");
        return Err(SubmitFault::Rejected(vec![over]).into());
    }
    let drill = DrillRecord::new(parts.uuid(), &submission, warning, starts_ms, now_ms);
    let mut known = parts.drills.known.lock().await;
    if let Some(same) = known.values().find(|other| other.is_same(&drill)) {
        return Ok(Scheduled::Repeated(same.view()));
    }
    let most = parts.config.drills.waiting_max;
    if known.values().filter(|drill| drill.state == State::Scheduled).count() >= most {
        return Err(ScheduleFault::TooMany(most));
    }
    let mut puts = vec![create(Space::Drill, drill.id.as_str(), &drill)];
    puts.push(Put {
        space: Space::Drill,
        key: body_key(&drill.id),
        value: Some(submission.body),
        expect: Expect::Absent,
    });
    let forgotten = over(&known);
    puts.extend(forgotten.iter().map(|id| removal(id.as_str().into())));
    let decision = decision(parts, "drill_scheduled", &drill, Some(&drill.scheduled_by));
    let commit = Commit { puts, entries: vec![decision.entry()] };
    parts.store.commit_as(Urgency::Ordinary, commit).await.map_err(Unavailable::from)?;
    forgotten.iter().for_each(|id| drop(known.remove(id)));
    let view = drill.view();
    parts.drills.remember(&mut known, drill);
    parts.drills.bell.notify_one();
    Ok(Scheduled::Created(view))
}

/// The oldest of those that are over, as far as there are too many.
fn over(known: &BTreeMap<String, DrillRecord>) -> Vec<String> {
    let over: Vec<&String> =
        known.iter().filter(|(_, drill)| drill.state != State::Scheduled).map(|(id, _)| id).collect();
    over.iter().take(over.len().saturating_sub(OVER_MAX)).map(|id| (*id).clone()).collect()
}

/// Writes what has become of a drill; its bytes go when it is over.
async fn write(parts: &Parts, drill: &DrillRecord, decision: Decision) -> Result<(), Unavailable> {
    let stored = parts.store.get(Space::Drill, drill.id.as_str().into()).await?;
    let version = stored.map_or(0, |stored| stored.version);
    let mut puts = vec![replace(Space::Drill, drill.id.as_str(), drill, version)];
    if drill.state != State::Scheduled {
        puts.push(removal(body_key(&drill.id)));
    }
    parts.store.commit_as(Urgency::Reserved, Commit { puts, entries: vec![decision.entry()] }).await?;
    Ok(())
}

fn removal(key: Key) -> Put {
    Put { space: Space::Drill, key, value: None, expect: Expect::Any }
}

fn decision(parts: &Parts, what: &str, drill: &DrillRecord, by: Option<&str>) -> Decision {
    let detail = [Some(drill.id.as_str()), drill.why.as_deref()];
    Decision {
        at_ms: parts.clock.unix_ms(),
        what: what.to_owned(),
        warning: drill.warning.clone(),
        by: by.map(str::to_owned),
        detail: Some(detail.into_iter().flatten().collect::<Vec<_>>().join(" ")),
    }
}

impl Drills {
    fn remember(&self, known: &mut BTreeMap<String, DrillRecord>, drill: DrillRecord) {
        let mut skipped = self.skipped.lock();
        skipped.remove(&drill.id);
        if drill.state == State::Skipped && drill.ended_by.is_none() {
            let at = drill.ended_ms.unwrap_or(drill.starts_ms);
            skipped.insert(drill.id.clone(), (at, drill.starts_ms, drill.why.clone().unwrap_or_default()));
        }
        known.insert(drill.id.clone(), drill);
    }
}

/// Reads what the store holds.
pub(super) async fn load(parts: &Arc<Parts>) -> Result<(), Unavailable> {
    let mut known = parts.drills.known.lock().await;
    store::each(&parts.store, Space::Drill, None, |key, stored| {
        // The bytes of one that waits stand below its id.
        if !key.0.contains(&b'/') {
            parts.drills.remember(&mut known, parse(&stored.value)?);
        }
        Ok(())
    })
    .await
}

/// Takes in what became of a drill at another node.
pub(super) async fn hear(parts: &Parts, key: &Key, stored: Option<&Stored>) -> Result<(), Unavailable> {
    if key.0.contains(&b'/') {
        return Ok(());
    }
    let mut known = parts.drills.known.lock().await;
    match stored {
        Some(stored) => parts.drills.remember(&mut known, parse(&stored.value)?),
        None => drop(known.remove(&*String::from_utf8_lossy(&key.0))),
    }
    parts.drills.bell.notify_one();
    Ok(())
}

/// The alarm for drills that were skipped and that nobody has taken note of.
pub(super) fn skipped(parts: &Parts, seen: &mut Seen) {
    let now_ms = parts.clock.unix_ms();
    let skipped = parts.drills.skipped.lock();
    let lately = skipped.iter().filter(|(_, (at, ..))| now_ms - at < ALARM_MS);
    let Some((id, (at, starts, why))) = lately.clone().max_by_key(|(_, (at, ..))| *at) else { return };
    let facts = [
        ("count", lately.count().to_string()),
        ("drill", id.clone()),
        ("starts", rfc3339(*starts)),
        ("why", why.clone()),
    ];
    let facts = facts.into_iter().map(|(name, fact)| (name.to_owned(), fact)).collect();
    seen.insert((AlarmCode::DrillSkipped, Subject::default()), Told { since_ms: Some(*at), facts });
}
