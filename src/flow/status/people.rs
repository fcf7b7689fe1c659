//! Persons of a warning over all its channels.
//!
//! How many were reached, and by which channel first, is kept up as outcomes come and costs nothing to ask. Why the
//! others were not is counted when somebody asks, off the send path, and carries its age.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use roaring::RoaringBitmap;
use tokio::time::Instant;

use super::People;
use crate::{
    domain::delivery::State,
    flow::{
        Parts,
        projection::{Plan, coverage::Covered},
        record::{WarningId, WarningRecord, rfc3339},
    },
};

/// Up to so many persons the reasons are counted by whoever asks.
const SMALL: u64 = 100_000;
/// Not more often than this while anything is under way, …
const SMALL_EVERY: Duration = Duration::from_secs(1);
/// … and for more persons than that, never more often than this.
const LARGE_EVERY: Duration = Duration::from_secs(10);

/// Why persons were not reached, as last counted.
#[derive(Clone, Debug)]
pub(in crate::flow) struct Unreached {
    /// What the plans were like: changes with every word.
    version: u64,
    at: Instant,
    at_ms: i64,
    waiting: u64,
    by_reason: BTreeMap<String, u64>,
}

/// Persons as far as that costs little: reasons of many are as they were last counted.
pub(super) fn now(parts: &Parts, id: &WarningId, plans: &[Arc<Plan>]) -> People {
    if let Some(kept) = kept(parts, plans) {
        return kept;
    }
    let plans: Vec<Arc<Plan>> = plans.iter().filter(|plan| plan.record.channel.reaches_persons()).cloned().collect();
    let covered = covered(&plans);
    let known = parts.progress.unreached(id);
    let is_new = known.as_ref().is_some_and(|known| {
        parts.clock.instant().duration_since(known.at) < SMALL_EVERY
            && plans.iter().any(|plan| plan.snapshot().open() > 0)
    });
    let few = covered.addressed <= SMALL;
    let unreached = if few && !is_new { Some(refresh(parts, id, &plans)) } else { known };
    people(covered, unreached)
}

/// Persons as far as nothing has to be counted or read for it.
pub(super) fn counted(parts: &Parts, warning: &WarningRecord) -> People {
    let heads = warning.plans.iter().filter_map(|number| parts.projection.folded.head(*number));
    let kept = heads.filter_map(|head| head.people.clone()).find_map(|kept| serde_json::from_value(kept).ok());
    kept.unwrap_or_else(|| {
        let plans = parts.projection.plans(&warning.plans);
        let plans: Vec<Arc<Plan>> = plans.into_iter().filter(|plan| plan.record.channel.reaches_persons()).collect();
        people(covered(&plans), None)
    })
}

/// The numbers as they were when the warning was folded: the order in which channels reached somebody is not kept
/// beyond that.
fn kept(parts: &Parts, plans: &[Arc<Plan>]) -> Option<People> {
    let head = |plan: &Arc<Plan>| parts.projection.folded.head(plan.record.number);
    let kept = plans.iter().find_map(|plan| head(plan)?.people.clone())?;
    serde_json::from_value(kept).ok()
}

fn people(covered: Covered, unreached: Option<Unreached>) -> People {
    let (waiting, by_reason, as_of) = unreached.map_or_else(Default::default, |unreached| {
        (unreached.waiting, unreached.by_reason, Some(rfc3339(unreached.at_ms)))
    });
    People {
        addressed: covered.addressed,
        reached_by_one: covered.by_one,
        reached_by_two: covered.by_two,
        confirmed: covered.confirmed,
        first_channel: covered.first.into_iter().map(|(channel, count)| (channel.name().to_owned(), count)).collect(),
        unreached: covered.addressed.saturating_sub(covered.by_one),
        unreached_waiting: waiting,
        unreached_by_reason: by_reason,
        unreached_as_of: as_of,
    }
}

/// What the projection keeps; of a single channel, what its own numbers say.
fn covered(plans: &[Arc<Plan>]) -> Covered {
    match plans {
        [] => Covered::default(),
        [plan] => {
            let snapshot = plan.snapshot();
            let [accepted, delivered, confirmed] =
                [State::Accepted, State::Delivered, State::Confirmed].map(|state| snapshot.count(state));
            let by_one = accepted + delivered + confirmed;
            let first = (by_one > 0).then_some((plan.record.channel, by_one)).into_iter().collect();
            Covered { addressed: snapshot.counts.iter().sum(), by_one, by_two: 0, confirmed, first }
        }
        [plan, ..] => match plan.coverage() {
            Some(coverage) => coverage.covered(),
            None => scanned(plans),
        },
    }
}

/// The same of plans that were folded by a version which kept no numbers of persons.
fn scanned(plans: &[Arc<Plan>]) -> Covered {
    let (mut addressed, mut one, mut two) = (RoaringBitmap::new(), RoaringBitmap::new(), RoaringBitmap::new());
    for plan in plans {
        let reached = plan.reached(false);
        addressed |= &plan.audience;
        two |= &reached & &one;
        one |= reached;
    }
    Covered { addressed: addressed.len(), by_one: one.len(), by_two: two.len(), ..Covered::default() }
}

/// Counts why persons were not reached, unless that is known as of now or, for many persons, as of a moment ago.
fn refresh(parts: &Parts, id: &WarningId, plans: &[Arc<Plan>]) -> Unreached {
    let version = version(plans);
    if let Some(known) = parts.progress.unreached(id).filter(|known| known.version == version) {
        return known;
    }
    let (waiting, by_reason) = unreached(plans);
    let counted = Unreached { version, at: parts.clock.instant(), at_ms: parts.clock.unix_ms(), waiting, by_reason };
    parts.progress.know_unreached(id, counted.clone());
    counted
}

/// Whether the reasons of a large warning are so old that they are counted anew.
fn is_old(parts: &Parts, id: &WarningId, plans: &[Arc<Plan>]) -> bool {
    parts.progress.unreached(id).is_none_or(|known| {
        known.version != version(plans) && parts.clock.instant().duration_since(known.at) >= LARGE_EVERY
    })
}

fn version(plans: &[Arc<Plan>]) -> u64 {
    plans.iter().map(|plan| plan.version()).sum()
}

/// Counts the reasons of a large warning on a thread that may take its time, when they are old.
pub(super) async fn count_large(parts: &Arc<Parts>, id: &WarningId, plans: &[Arc<Plan>]) {
    let plans: Vec<Arc<Plan>> = plans.iter().filter(|plan| plan.record.channel.reaches_persons()).cloned().collect();
    let size: u64 = plans.iter().map(|plan| u64::from(plan.size())).sum();
    if size <= SMALL || kept(parts, &plans).is_some() || !is_old(parts, id, &plans) {
        return;
    }
    let (parts, id) = (Arc::clone(parts), id.clone());
    if let Err(panic) = tokio::task::spawn_blocking(move || refresh(&parts, &id, &plans)).await {
        tracing::error!(%panic, "reasons could not be counted");
    }
}

/// Persons as exactly as they can be told, for keeping.
pub(super) fn exactly(parts: &Parts, id: &WarningId, plans: &[Arc<Plan>]) -> People {
    if let Some(kept) = kept(parts, plans) {
        return kept;
    }
    let plans: Vec<Arc<Plan>> = plans.iter().filter(|plan| plan.record.channel.reaches_persons()).cloned().collect();
    people(covered(&plans), Some(refresh(parts, id, &plans)))
}

/// Of the persons nobody reached: those for whom something is still under way, and the others by reason; of several
/// channels the first says it.
fn unreached(plans: &[Arc<Plan>]) -> (u64, BTreeMap<String, u64>) {
    let mut rest = match plans {
        [plan] => &plan.audience - plan.reached(false),
        [plan, ..] if plan.coverage().is_some() => {
            plan.coverage().map(|coverage| coverage.unreached()).unwrap_or_default()
        }
        _ => {
            let all = plans.iter().fold(RoaringBitmap::new(), |all, plan| all | &plan.audience);
            plans.iter().fold(all, |rest, plan| rest - plan.reached(false))
        }
    };
    let before = rest.len();
    for plan in plans.iter().filter(|plan| plan.snapshot().open() > 0) {
        rest -= plan.rows_where(|word| !word.state.is_terminal());
    }
    let waiting = before - rest.len();
    let mut by_reason: BTreeMap<String, u64> = BTreeMap::new();
    for plan in plans {
        for reason in plan.snapshot().reasons.into_keys() {
            if rest.is_empty() {
                break;
            }
            let rows = plan.rows_where(|word| word.reason == reason && !word.state.has_reached()) & &rest;
            if !rows.is_empty() {
                *by_reason.entry(reason.name().to_owned()).or_default() += rows.len();
                rest -= rows;
            }
        }
    }
    (waiting, by_reason)
}
