//! What a dead node left: its claims are free, and what it had leased and never answered may have been sent. That is said
//! in the journal, so that every node and every later start says the same: another attempt, marked as a possible double,
//! as after a crash. The store refuses whatever the dead node still says.

use std::{collections::BTreeMap, sync::Arc};

use super::node_of;
use crate::{
    domain::delivery::{Reason, State},
    flow::{
        Parts, Unavailable,
        projection::{
            Plan,
            codec::{Outcome, Outcomes, Record},
        },
    },
    store::{Commit, CommitFault, Entry, EntryKind, NodeId, Urgency},
};

/// What stands in the journal where a route would.
const TAKEOVER: &str = "takeover";
/// How often a claim is tried that changes meanwhile.
const TRIES: usize = 20;

/// Takes over from every node that is not among these. Everything they committed must be taken in.
pub(super) async fn take(parts: &Arc<Parts>, alive: &[NodeId]) -> Result<(), Unavailable> {
    // Leases of a gateway that was alone here before are those of a dead node too.
    let is_dead = |lease: u64| node_of(lease).is_none_or(|node| !alive.contains(&node));
    let mut left: BTreeMap<u64, (Vec<u64>, Vec<u32>)> = BTreeMap::new();
    for open in parts.nodes.reading.lock().await.leases.open(is_dead) {
        let (leases, ranks) = left.entry(open.plan).or_default();
        leases.push(open.lease);
        ranks.extend(open.runs.into_iter().flat_map(|(first, len)| first..first + len));
    }
    for (number, known) in parts.nodes.claims.all() {
        if known.record.clone().release(alive) {
            left.entry(number).or_default();
        }
    }
    for (number, (leases, ranks)) in left {
        let Some(plan) = parts.projection.live(number) else { continue };
        take_plan(parts, alive, &plan, ranks).await?;
        let mut reading = parts.nodes.reading.lock().await;
        leases.into_iter().for_each(|lease| reading.leases.end(lease));
    }
    Ok(())
}

async fn take_plan(
    parts: &Arc<Parts>,
    alive: &[NodeId],
    plan: &Arc<Plan>,
    mut ranks: Vec<u32>,
) -> Result<(), Unavailable> {
    let number = plan.record.number;
    ranks.sort_unstable();
    ranks.dedup();
    ranks.retain(|rank| plan.state(*rank).state == State::InFlight);
    let record = |rank: &u32| Record {
        rank: *rank,
        outcome: Outcome::AgainInDoubt,
        reason: Reason::None,
        delay_ms: 0,
        reference: Box::default(),
        code: "".into(),
    };
    let (lease, base_ms) = (0, parts.clock.unix_ms());
    let records: Vec<Record> = ranks.iter().map(record).collect();
    let outcomes = Outcomes { plan: number, lease, base_ms, route: TAKEOVER.to_owned(), records };
    for _ in 0..TRIES {
        let known = parts.nodes.claims.get(number);
        let mut claims = known.record.clone();
        let released = claims.release(alive);
        let puts = if released { vec![known.put(number, &claims)] } else { Vec::new() };
        let entry = Entry { kind: EntryKind::Outcomes, data: outcomes.encode() };
        let entries = if ranks.is_empty() { Vec::new() } else { vec![entry] };
        if puts.is_empty() && entries.is_empty() {
            return Ok(());
        }
        match parts.store.commit_as(Urgency::Reserved, Commit { puts, entries }).await {
            Ok(committed) => {
                if let Some(at) = committed.entries.first() {
                    let records = outcomes.records.iter().map(|record| (record.rank, record.outcome, record.reason));
                    plan.hear(&outcomes.route, *at, base_ms, records);
                }
                tracing::warn!(
                    plan = number,
                    deliveries = ranks.len(),
                    "leased by a node that is dead and never answered: sent again"
                );
                if let Some(version) = committed.versions.first().filter(|_| released) {
                    parts.nodes.claims.keep(number, *version, claims);
                }
                parts.progress.notify(&plan.record.warning);
                return Ok(());
            }
            // Somebody claimed meanwhile.
            Err(CommitFault::Conflict { .. }) => super::catch_up(parts).await?,
            Err(fault) => return Err(fault.into()),
        }
    }
    Err(Unavailable::new(format!("the claims on plan {number} keep changing")))
}
