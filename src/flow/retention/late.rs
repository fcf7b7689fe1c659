//! Receipts for deliveries that are folded already: their plan comes back, the receipt is journaled and merged, and the
//! plan is folded again after its grace.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    domain::delivery::merge,
    flow::{
        Parts, Unavailable,
        deliver::observe,
        projection::{
            codec::{Outcomes, Record},
            recall,
        },
    },
};

/// A receipt that nobody claimed for so long is not one that overtook the answer to its submit.
const UNCLAIMED_MS: i64 = 5_000;
/// Receipts looked for at a time.
const AT_ONCE: usize = 1_000;
/// Folded plans looked into at most, the newest first.
const PLANS: usize = 256;

/// Takes the receipts that wait for nobody known here to the folded plans.
pub(super) async fn take(parts: &Arc<Parts>) -> Result<(), Unavailable> {
    let mut wanted = parts.projection.references.unclaimed(UNCLAIMED_MS, AT_ONCE);
    let heads = parts.projection.folded.heads();
    for head in heads.iter().filter(|head| !head.is_erased()).take(PLANS) {
        if wanted.is_empty() {
            return Ok(());
        }
        // Written about and not folded again yet: its block is as good as before for finding a delivery.
        let found = recall::find(parts, head, &wanted).await?;
        let mut by_route: BTreeMap<Box<str>, Vec<Record>> = BTreeMap::new();
        let plan = if found.is_empty() { None } else { recall::recall(parts, &[head.plan]).await?.pop() };
        for (at, rank) in &found {
            let (route, reference) = &wanted[*at];
            let Some(early) = parts.projection.references.claim(route, reference) else { continue };
            // One that was read again at a start may have been merged before it.
            let known = plan.as_ref().map(|plan| plan.state(*rank));
            if known.is_none_or(|known| merge(known, early.word) != known) {
                by_route.entry(route.clone()).or_default().push(early.record(*rank));
            }
        }
        for (route, records) in by_route {
            write(parts, head.plan, &route, records).await;
        }
        let mut at = 0;
        wanted.retain(|_| {
            at += 1;
            !found.iter().any(|(found, _)| *found == at - 1)
        });
    }
    Ok(())
}

async fn write(parts: &Arc<Parts>, number: u64, route: &str, mut records: Vec<Record>) {
    records.sort_by_key(|record| record.rank);
    let (plan, inside) = recall::enter(parts, number).await;
    // What is written goes in by itself; that it finds the plan open is not yet worth anything.
    drop(inside);
    let base_ms = parts.clock.unix_ms();
    let outcomes = Outcomes { plan: number, lease: 0, base_ms, route: route.to_owned(), records };
    for record in &outcomes.records {
        if let crate::flow::projection::codec::Outcome::Reached(state) = record.outcome {
            observe::reached(parts, route, &plan, state, record.reason, 1);
        }
    }
    parts.telemetry.receipts(route, outcomes.records.len() as u64);
    parts.write_outcomes(&plan, &outcomes).await;
    parts.progress.notify(&plan.record.warning);
}
