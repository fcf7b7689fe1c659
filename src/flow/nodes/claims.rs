//! Which node sends which part of a plan.
//!
//! A plan of which nothing was sent belongs to nobody. A node whose work runs low claims the next block of ranks by
//! changing the plan's record: compare-and-set, so that no rank ever has two owners. Blocks are large while much is left
//! and small towards the end (a share of what is left), so that all nodes end together; what a dead node had claimed is
//! free again and claimed first. A block is closed when everything in it has ended, together with the next claim.
//!
//! Every rank is in exactly one place: never claimed, free, open by one node, or closed. What is pending or in flight is
//! never closed; a delivery that is ordered again after its block was closed comes into a free one.

mod record;

use std::{cmp::Reverse, collections::BTreeMap, ops::Range, sync::Arc, time::Duration};

use parking_lot::Mutex;
use tokio::sync::Notify;

use self::record::{ClaimRecord, Open};
use crate::{
    flow::{
        Parts, Unavailable,
        deliver::{Route, may_carry},
        parts::parse,
        projection::Plan,
        receipt,
        record::{Stage, json},
    },
    store::{self, Cluster, Commit, CommitFault, Expect, Key, NodeId, Put, Space, Stored, Urgency},
};

/// How often it is looked whether work runs low, whatever rang or did not.
const EVERY: Duration = Duration::from_millis(100);
/// Work runs low when it lasts no longer than this at the rate of the node.
const LOW_S: f64 = 0.5;
/// The same at the rate of all nodes, which this one has when the others have nothing to do: longer than between two looks.
const LOOKS_S: f64 = 0.15;
/// Work claimed at a time lasts no longer than this.
const BLOCK_S: f64 = 1.0;
/// The least and the most ranks of a claim.
const BLOCK: std::ops::RangeInclusive<u32> = 256..=16_384;
/// Word that waited is kept for so long for the next leader, milliseconds.
const WAITED_MS: i64 = 30_000;
/// Deliveries a second of a route of which no rate is known.
const UNKNOWN_RATE: f64 = 2_000.0;

/// What is known here of the claims on plans.
#[derive(Default)]
pub(in crate::flow) struct Claims {
    known: Mutex<BTreeMap<u64, Known>>,
    /// Receipts that came before the references they name, and whose references are known now.
    pub(super) waited: Mutex<receipt::Claimed>,
    bell: Notify,
}

/// A record as it stands.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    /// `None` = there is none yet.
    version: Option<u64>,
    pub(super) record: ClaimRecord,
}

impl Known {
    /// The change that makes it another one.
    pub(super) fn put(&self, plan: u64, record: &ClaimRecord) -> Put {
        let expect = self.version.map_or(Expect::Absent, Expect::Version);
        Put { space: Space::Claim, key: plan.into(), value: Some(json(record)), expect }
    }
}

impl Claims {
    pub(super) fn get(&self, plan: u64) -> Known {
        self.known.lock().get(&plan).cloned().unwrap_or_default()
    }

    /// Keeps a record as it stands now; an older one is passed over.
    pub(super) fn keep(&self, plan: u64, version: u64, record: ClaimRecord) {
        let mut known = self.known.lock();
        let entry = known.entry(plan).or_default();
        if entry.version.is_none_or(|known| known < version) {
            *entry = Known { version: Some(version), record };
        }
        drop(known);
        self.bell.notify_one();
    }

    /// Every record, by plan.
    pub(super) fn all(&self) -> Vec<(u64, Known)> {
        self.known.lock().iter().map(|(plan, known)| (*plan, known.clone())).collect()
    }
}

/// Reads what the store holds.
pub(super) async fn load(parts: &Parts) -> Result<(), Unavailable> {
    store::each(&parts.store, Space::Claim, None, |key, stored| hear(parts, key, Some(stored))).await
}

/// Takes in how claims on a plan stand.
pub(super) fn hear(parts: &Parts, key: &Key, stored: Option<&Stored>) -> Result<(), Unavailable> {
    let Ok(plan) = <[u8; 8]>::try_from(&key.0[..]).map(u64::from_be_bytes) else { return Ok(()) };
    match stored {
        Some(stored) => parts.nodes.claims.keep(plan, stored.version, parse(&stored.value)?),
        None => drop(parts.nodes.claims.known.lock().remove(&plan)),
    }
    Ok(())
}

/// A plan can be claimed from now on.
pub(crate) fn enter(parts: &Parts) {
    parts.nodes.claims.bell.notify_one();
}

/// Word waits that came before the reference it names: the leader takes it.
pub(super) fn waited(parts: &Arc<Parts>) {
    let mut waited = parts.nodes.claims.waited.lock();
    // Whoever leads next takes what came while nobody did.
    waited.forget_before(parts.clock.unix_ms() - WAITED_MS);
    if parts.nodes.leads() && !waited.is_empty() {
        let (waited, taking) = (std::mem::take(&mut *waited), Arc::clone(parts));
        parts.lifecycle.spawn(async move { waited.take_news(&taking).await });
    }
}

/// Claims whenever work runs low, until the soft stop.
pub(super) async fn run(parts: Arc<Parts>, cluster: Arc<dyn Cluster>) {
    let stop = parts.lifecycle.stopping();
    while !stop.is_cancelled() {
        let rung = parts.nodes.claims.bell.notified();
        if let Err(fault) = look(&parts, cluster.node()).await {
            tracing::warn!(%fault, "nothing could be claimed, repeating");
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = rung => {}
            () = parts.clock.sleep(EVERY) => {}
        }
    }
}

async fn look(parts: &Arc<Parts>, node: NodeId) -> Result<(), Unavailable> {
    if !parts.nodes.is_current(parts.clock.instant()) {
        return Ok(());
    }
    for plan in plans(parts) {
        let rate = rate(parts, &plan);
        let waiting = parts.lanes(plan.record.channel).waiting_of(plan.record.number);
        let low = ((rate * LOW_S.max(LOOKS_S * parts.nodes.living() as f64)) as u64).max(u64::from(*BLOCK.start()));
        if rate > 0.0 && waiting < low {
            claim(parts, &plan, node, rate).await?;
        }
    }
    Ok(())
}

/// Plans of which something may be left to be claimed, in the order of service.
fn plans(parts: &Parts) -> Vec<Arc<Plan>> {
    let records: Vec<_> = parts.warnings.read().delivering().cloned().collect();
    let claimed = |plan: &Arc<Plan>| plan.closing().is_none() && !is_climbing(plan);
    let mut plans: Vec<Arc<Plan>> = records
        .iter()
        .filter(|record| record.stage == Stage::Delivering)
        .flat_map(|record| parts.projection.plans(&record.plans))
        .filter(claimed)
        .filter(|plan| parts.nodes.claims.get(plan.record.number).record.left(plan.size()) > 0)
        .collect();
    plans.sort_by_key(|plan| (Reverse(plan.record.level), Reverse(plan.record.lift), plan.record.deadline));
    plans
}

/// Whether the leader lets its deliveries in one by one.
pub(super) fn is_climbing(plan: &Plan) -> bool {
    plan.record.ladder.is_some_and(|ladder| ladder.step > 0)
}

/// Deliveries a second that this node could do of a plan now.
fn rate(parts: &Parts, plan: &Plan) -> f64 {
    let carrying = parts.routes.values().filter(|route| route.is_running() && may_carry(parts, route, plan));
    let rate = |route: &Arc<Route>| {
        let measured = || Some(route.rate(parts.clock.instant())).filter(|rate| *rate > 0.0);
        route.deliveries_per_s(1).or_else(measured).unwrap_or(UNKNOWN_RATE).max(1.0)
    };
    let all: f64 = carrying.map(rate).sum();
    // What all nodes do together: this one does its part of it.
    all / parts.nodes.living() as f64
}

/// Claims the next block of a plan, and closes those of this node in which everything has ended.
async fn claim(parts: &Arc<Parts>, plan: &Arc<Plan>, node: NodeId, rate: f64) -> Result<(), Unavailable> {
    let number = plan.record.number;
    let known = parts.nodes.claims.get(number);
    let mut record = known.record.clone();
    record.open.retain(|open| open.node != node || plan.has_open(open.first..open.first + open.len));
    let most = ((rate * BLOCK_S) as u32).clamp(*BLOCK.start(), *BLOCK.end());
    let share = record.left(plan.size()) / (2 * u32::try_from(parts.nodes.living()).unwrap_or(u32::MAX).max(1));
    let Some(block) = record.take(plan.size(), share.clamp(*BLOCK.start(), most)) else { return Ok(()) };
    record.open.push(Open { node, first: block.ranks.start, len: block.ranks.len() as u32 });
    let commit = Commit { puts: vec![known.put(number, &record)], entries: Vec::new() };
    match parts.store.commit_as(Urgency::Pressing, commit).await {
        Ok(committed) => {
            let version = committed.versions.first().copied().unwrap_or_default();
            parts.nodes.claims.keep(number, version, record);
            let fresh = block.is_fresh.then_some(block.ranks.clone());
            take_in(parts, plan, block.ranks, fresh.is_some());
            Ok(())
        }
        // Another node was first; the record comes by itself.
        Err(CommitFault::Conflict { .. }) => Ok(()),
        Err(fault) => Err(fault.into()),
    }
}

/// Lets a claimed block into the lanes.
fn take_in(parts: &Parts, plan: &Arc<Plan>, ranks: Range<u32>, fresh: bool) {
    let (lanes, now) = (parts.lanes(plan.record.channel), parts.clock.unix());
    if fresh {
        lanes.extend(plan, ranks, now);
    } else {
        let pending: Vec<_> = plan.pending_in(ranks).into_iter().map(|rank| (rank, None)).collect();
        if !pending.is_empty() {
            lanes.put_back(plan, &pending, now);
        }
    }
    if plan.closing().is_some() {
        lanes.remove(plan.record.number);
    }
    parts.nodes.shares.bell.notify_one();
}

/// The change by which deliveries that are ordered again have an owner again; `None` of a gateway that is alone.
pub(crate) fn freed(parts: &Parts, plan: &Plan, ranks: &[u32]) -> Option<Put> {
    if parts.nodes.is_alone() || is_climbing(plan) {
        return None;
    }
    let known = parts.nodes.claims.get(plan.record.number);
    let mut record = known.record.clone();
    record.free_closed(ranks);
    Some(known.put(plan.record.number, &record))
}

/// Deliveries were ordered again: those that this node has claimed go on here.
pub(crate) fn reopened(parts: &Parts, plan: &Arc<Plan>, ranks: &[u32]) {
    let Some(cluster) = &parts.nodes.cluster else {
        return put_back(parts, plan, ranks.iter().copied());
    };
    if is_climbing(plan) {
        if parts.nodes.leads() {
            put_back(parts, plan, ranks.iter().copied());
        }
        return;
    }
    let record = parts.nodes.claims.get(plan.record.number).record;
    let own: Vec<&Open> = record.open.iter().filter(|open| open.node == cluster.node()).collect();
    let is_own = |rank: &u32| own.iter().any(|open| (open.first..open.first + open.len).contains(rank));
    put_back(parts, plan, ranks.iter().copied().filter(is_own));
    parts.nodes.claims.bell.notify_one();
}

fn put_back(parts: &Parts, plan: &Arc<Plan>, ranks: impl Iterator<Item = u32>) {
    let again: Vec<_> = ranks.map(|rank| (rank, None)).collect();
    if !again.is_empty() {
        parts.lanes(plan.record.channel).put_back(plan, &again, parts.clock.unix());
    }
}
