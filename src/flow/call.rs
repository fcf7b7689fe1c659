//! 叫应: officers who have to confirm a warning are called until somebody has.
//!
//! A list begins when a warning that a rule matches is released, and is frozen then. Each call is a
//! [`super::notice`]: its identity holds the moment and the channel, so that it is made once, whatever is
//! interrupted. Everything else follows from the list, the words and the time: see [`crate::domain::call`]. Nobody is
//! called for a lift, and a lift ends the list of what it lifts. An update begins a list of its own, in which whoever
//! confirmed before is not called again unless the level rose.

mod begin;
mod list;
mod say;
mod view;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use fenghuo_contract::Channel;
use parking_lot::RwLock;
use tokio::sync::Notify;

use self::list::{List, Mark, Word};
pub(crate) use self::view::{counts, unconfirmed};
pub use self::{
    say::{CallFault, Replied},
    view::{CallCounts, CallView, CallsView},
};
use super::{
    Parts, Unavailable,
    notice::{self, Addressee, Notice, NoticeKind, Subject},
    parts::parse,
    record::{Decision, WarningId, WarningRecord},
};
use crate::{
    domain::{
        call::{By, How, Step},
        delivery::State,
    },
    store::{self, Commit, CommitFault, Put, Space, Stored, Urgency},
};

/// How often it is looked; what cannot wait rings.
const EVERY: Duration = Duration::from_secs(1);
/// The shortest time a call is tried for.
const SHORTEST: Duration = Duration::from_secs(120);

/// The call lists of one gateway.
#[derive(Default)]
pub(crate) struct Calls {
    known: RwLock<Known>,
    /// Rings when somebody confirmed.
    pub(crate) bell: Notify,
}

#[derive(Default)]
struct Known {
    lists: BTreeMap<WarningId, List>,
    /// Lists that have not ended.
    active: BTreeSet<WarningId>,
    /// Warnings that no rule matches.
    passed: BTreeSet<WarningId>,
}

impl Calls {
    fn read<T>(&self, id: &WarningId, of: impl FnOnce(&List) -> T) -> Option<T> {
        self.known.read().lists.get(id).map(of)
    }

    fn change(&self, id: &WarningId, with: impl FnOnce(&mut List)) {
        let mut known = self.known.write();
        if let Some(list) = known.lists.get_mut(id) {
            with(list);
            if list.ended {
                known.active.remove(id);
            }
        }
    }

    fn active(&self) -> Vec<WarningId> {
        self.known.read().active.iter().cloned().collect()
    }
}

/// Reads what the store holds.
pub(super) async fn load(parts: &Parts) -> Result<(), Unavailable> {
    let mut known = Known::default();
    store::each(&parts.store, Space::Call, None, |_, stored| {
        let list = List::new(parse(&stored.value)?);
        known.active.insert(list.record.warning.clone());
        known.lists.insert(list.record.warning.clone(), list);
        Ok::<(), Unavailable>(())
    })
    .await?;
    store::each(&parts.store, Space::CallWord, None, |_, stored| {
        let mark: Mark = parse(&stored.value)?;
        let id = mark.warning().clone();
        if let Some(list) = known.lists.get_mut(&id) {
            list.apply(mark);
            if list.ended {
                known.active.remove(&id);
            }
        }
        Ok::<(), Unavailable>(())
    })
    .await?;
    *parts.calls.known.write() = known;
    Ok(())
}

/// Takes in a list that another node began, or what was said there.
pub(super) fn hear_record(parts: &Parts, space: Space, stored: Option<&Stored>) -> Result<(), Unavailable> {
    let Some(stored) = stored else { return Ok(()) };
    let id = if space == Space::Call {
        let list = List::new(parse(&stored.value)?);
        let id = list.record.warning.clone();
        let mut known = parts.calls.known.write();
        if !known.lists.contains_key(&id) {
            known.active.insert(id.clone());
            known.lists.insert(id.clone(), list);
        }
        id
    } else {
        let mark: Mark = parse(&stored.value)?;
        let id = mark.warning().clone();
        parts.calls.change(&id, |list| list.apply(mark));
        parts.calls.bell.notify_one();
        id
    };
    parts.progress.notify(&id);
    Ok(())
}

/// Calls whoever is to be called, until the soft stop.
pub(super) async fn run(parts: Arc<Parts>) {
    let stop = parts.lifecycle.stopping();
    let mut failures: u32 = 0;
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = parts.calls.bell.notified() => {}
            () = parts.clock.sleep(EVERY) => {}
        }
        match look(&parts).await {
            Ok(()) => failures = 0,
            Err(fault) => {
                failures += 1;
                if failures.is_power_of_two() {
                    tracing::error!(%fault, failures, "officers are not yet called, repeating");
                }
                parts.clock.sleep(EVERY).await;
            }
        }
    }
}

async fn look(parts: &Arc<Parts>) -> Result<(), Unavailable> {
    let known = || -> Vec<Arc<WarningRecord>> {
        parts.calls.active().iter().filter_map(|id| parts.warning_record(id)).collect()
    };
    for record in known() {
        hear(parts, &record).await?;
    }
    begin::look(parts).await?;
    for record in known() {
        go_on(parts, &record).await?;
    }
    Ok(())
}

/// Why and when nobody is called for a warning any more.
fn ended(parts: &Parts, record: &WarningRecord) -> Option<(String, i64)> {
    let now_ms = parts.clock.unix_ms();
    if let Some(why) = &record.ended {
        let by = record.ended_by.as_ref().and_then(|id| parts.warning_record(id));
        let at = by.and_then(|by| by.released_ms).or(record.finished_ms).unwrap_or(now_ms);
        return Some((why.clone(), at));
    }
    let end_ms = record.expires_unix()?.saturating_mul(1000);
    (end_ms <= now_ms).then(|| ("expired".to_owned(), end_ms))
}

fn calls_about(parts: &Parts, id: &WarningId) -> Vec<Arc<WarningRecord>> {
    let warnings = parts.warnings.read();
    let call = |notice: &&Arc<WarningRecord>| notice.notice.as_ref().is_some_and(|of| of.kind.calls());
    warnings.notices_of(id).filter(call).cloned().collect()
}

/// Takes in who confirmed by a link or an app, in the message of the warning or of a call.
async fn hear(parts: &Parts, record: &WarningRecord) -> Result<(), Unavailable> {
    let calls = calls_about(parts, &record.id);
    let plans_of = |kind: NoticeKind| {
        let of_kind = |call: &&Arc<WarningRecord>| call.notice.as_ref().is_some_and(|of| of.kind == kind);
        calls.iter().filter(of_kind).flat_map(|call| call.plans.clone()).collect::<Vec<u64>>()
    };
    let own = [record.plans.clone(), plans_of(NoticeKind::OfficerCall)].concat();
    let (own, deputy) = (parts.projection.plans(&own), parts.projection.plans(&plans_of(NoticeKind::DeputyCall)));
    let says = |plans: &[Arc<super::projection::Plan>], row: Option<u32>| {
        let in_plan = |plan: &Arc<super::projection::Plan>, row| {
            plan.rank(row).is_some_and(|rank| plan.state(rank).state == State::Confirmed)
        };
        row.is_some_and(|row| plans.iter().any(|plan| in_plan(plan, row)))
    };
    let found = parts.calls.read(&record.id, |list| {
        let mut found = Vec::new();
        for officer in &list.record.officers {
            let known = list.words.get(&officer.id).and_then(crate::domain::call::Words::counts);
            if known.is_none() && says(&own, officer.row) {
                found.push((officer.id.clone(), By::Officer));
            } else if known.is_none() && says(&deputy, officer.deputy.as_ref().and_then(|deputy| deputy.row)) {
                found.push((officer.id.clone(), By::Deputy));
            }
        }
        found
    });
    for (officer, by) in found.unwrap_or_default() {
        let at_ms = parts.clock.unix_ms();
        let word = Word { warning: record.id.clone(), officer, by, at_ms, how: How::Link, key: None, note: None };
        mark(parts, Mark::Word(word)).await?;
    }
    Ok(())
}

/// Writes down what was said or done about a list, once; what was written before stands.
async fn mark(parts: &Parts, mark: Mark) -> Result<(), Unavailable> {
    let (put, decision) = (mark.put(), mark.decision(parts.clock.unix_ms()));
    let key = put.key.clone();
    let id = mark.warning().clone();
    if commit(parts, vec![put], &decision).await? {
        parts.calls.change(&id, |list| list.apply(mark));
    } else if let Some(stored) = parts.store.get(Space::CallWord, key).await? {
        let stored: Mark = parse(&stored.value)?;
        parts.calls.change(&id, |list| list.apply(stored));
    }
    parts.progress.notify(&id);
    Ok(())
}

/// `false` when it was there before.
async fn commit(parts: &Parts, puts: Vec<Put>, decision: &Decision) -> Result<bool, Unavailable> {
    let commit = Commit { puts, entries: vec![decision.entry()] };
    match parts.store.commit_as(Urgency::Pressing, commit).await {
        Ok(committed) => {
            parts.progress.decided(committed.entries.first().map_or(0, |entry| entry.sequence), decision);
            Ok(true)
        }
        Err(CommitFault::Conflict { .. }) => Ok(false),
        Err(fault) => Err(fault.into()),
    }
}

/// Calls of one moment on one channel.
type Rounds = BTreeMap<(i64, bool, Channel), Vec<Addressee>>;

/// Makes the calls that are due, or ends the list.
async fn go_on(parts: &Parts, record: &Arc<WarningRecord>) -> Result<(), Unavailable> {
    if let Some((why, at_ms)) = ended(parts, record) {
        return mark(parts, Mark::Ended { warning: record.id.clone(), why, at_ms }).await;
    }
    let now_ms = parts.clock.unix_ms();
    let Some((rounds, telephone, began_ms, times)) = parts.calls.read(&record.id, |list| {
        let (rounds, telephone) = rounds(list, now_ms);
        (rounds, telephone, list.record.began_ms, list.record.times)
    }) else {
        return Ok(());
    };
    for ((at_ms, deputy, channel), to) in rounds {
        let kind = if deputy { NoticeKind::DeputyCall } else { NoticeKind::OfficerCall };
        let round = format!("{}/{channel}", at_ms - began_ms);
        if parts.warnings.read().has_notice(&record.id, kind, &round) {
            continue;
        }
        let Some(about) = Subject::of(record) else { return Ok(()) };
        let within = u64::try_from(times.confirm_within_ms).unwrap_or_default();
        let valid = Duration::from_millis(within).max(SHORTEST);
        let channels = vec![channel];
        notice::tell(parts, Notice { about, kind, round, to, channels, valid, facts: Vec::new(), puts: Vec::new() })
            .await?;
    }
    for (at_ms, officers) in telephone {
        mark(parts, Mark::Telephone { warning: record.id.clone(), officers, at_ms }).await?;
    }
    Ok(())
}

/// What is due in a list by now: calls, and who is to be telephoned and does not stand there yet.
fn rounds(list: &List, now_ms: i64) -> (Rounds, BTreeMap<i64, Vec<String>>) {
    let (mut rounds, mut telephone) = (Rounds::new(), BTreeMap::<i64, Vec<String>>::new());
    for officer in &list.record.officers {
        for (at_ms, step) in list.due(officer, now_ms) {
            let (id, person, deputy, channel) = match (step, &officer.deputy) {
                (Step::Telephone, _) => {
                    if !list.telephoned.contains(&officer.id) {
                        telephone.entry(at_ms).or_default().push(officer.id.clone());
                    }
                    continue;
                }
                (Step::Own(n), _) => (&officer.id, &officer.person, false, officer.channels.get(n)),
                (Step::Deputy(n), Some(deputy)) => (&deputy.id, &deputy.person, true, deputy.channels.get(n)),
                (Step::Deputy(_), None) => continue,
            };
            let Some(channel) = channel else { continue };
            let to = rounds.entry((at_ms, deputy, *channel)).or_default();
            if !to.iter().any(|known| known.recipient.as_deref() == Some(id)) {
                to.push(Addressee {
                    office: officer.office.clone(),
                    person: Some(person.clone().unwrap_or_else(|| id.clone())),
                    recipient: Some(id.clone()),
                    deputy,
                    unreached: None,
                });
            }
        }
    }
    (rounds, telephone)
}
