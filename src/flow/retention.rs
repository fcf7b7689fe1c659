//! What is over leaves memory, and later the store: folding, the row where replay begins, receipts that come after,
//! erasure.
//!
//! Each step is one commit or ends with one, and doing it again is harmless. So a crash leaves what was there before or
//! what is there after.

mod erase;
mod floor;
mod late;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use fenghuo_contract::ReceiptStyle;

pub(crate) use floor::{decisions_of, hear, stored_floor};

use super::{
    Parts, Unavailable,
    projection::{Plan, Snapshot, fold},
    record::{Stage, WarningId, WarningRecord},
    status,
};
use crate::domain::delivery::State;

/// How often it is looked at.
const EVERY: Duration = Duration::from_secs(1);

/// Looks after what is over, until the soft stop.
pub(super) async fn run(parts: Arc<Parts>) {
    let stop = parts.lifecycle.stopping();
    let mut floor = floor::Floor::default();
    let mut failures: u32 = 0;
    loop {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = parts.clock.sleep(EVERY) => {}
        }
        match step(&parts, &mut floor).await {
            Ok(()) => failures = 0,
            Err(fault) => {
                failures = failures.saturating_add(1);
                if failures.is_power_of_two() {
                    tracing::error!(%fault, tries = failures, "what is over could not be put away, repeating");
                }
            }
        }
    }
}

async fn step(parts: &Arc<Parts>, floor: &mut floor::Floor) -> Result<(), Unavailable> {
    let now_ms = parts.clock.unix_ms();
    parts.projection.references.forget_old(now_ms);
    parts.projection.folded.tidy(now_ms);
    late::take(parts).await?;
    for (record, plans) in over(parts, now_ms) {
        let people = status::people_now(parts, &record.id).and_then(|people| serde_json::to_value(people).ok());
        for plan in plans {
            if fold::fold(parts, &plan, record.finished_ms.unwrap_or(now_ms), people.clone()).await? {
                tracing::info!(plan = plan.record.number, warning = %record.id, "plan folded");
            }
        }
    }
    erase::details(parts, now_ms).await?;
    floor.advance(parts, now_ms).await
}

/// Plans in memory whose warning is over, with the warning.
fn over(parts: &Parts, now_ms: i64) -> Vec<(Arc<WarningRecord>, Vec<Arc<Plan>>)> {
    let mut by_warning: BTreeMap<WarningId, Vec<Arc<Plan>>> = BTreeMap::new();
    for plan in parts.projection.all() {
        by_warning.entry(plan.record.warning.clone()).or_default().push(plan);
    }
    let known = by_warning.into_iter().filter_map(|(id, plans)| Some((parts.warning_record(&id)?, plans)));
    known.filter(|(record, plans)| is_over(parts, record, plans, now_ms)).collect()
}

/// Whether nothing more is expected of a warning: it finished, stands no more, nothing has changed for the grace, and
/// no receipt is awaited or there has been time enough for it.
fn is_over(parts: &Parts, record: &WarningRecord, plans: &[Arc<Plan>], now_ms: i64) -> bool {
    let retention = &parts.config.retention;
    let after = |at_ms: i64, span: Duration| {
        now_ms >= at_ms.saturating_add(i64::try_from(span.as_millis()).unwrap_or(i64::MAX))
    };
    let Some(finished_ms) = record.finished_ms.filter(|_| record.stage == Stage::Finished) else { return false };
    if record.stands(now_ms.div_euclid(1000)) || !after(finished_ms, retention.fold_after_s) {
        return false;
    }
    let waited = after(finished_ms, retention.receipts_wait_s);
    plans.iter().all(|plan| {
        let snapshot = plan.snapshot();
        snapshot.open() == 0
            && after(snapshot.changed_ms, retention.fold_after_s)
            // How often a person was reached lately is read again at a start, from the outcomes of plans in memory.
            && !parts.limits.recipients.counts(&plan.record, snapshot.changed_ms.div_euclid(1000), now_ms.div_euclid(1000))
            && (waited || !awaits_receipts(parts, plan, &snapshot))
    })
}

/// Whether a provider still has to say what became of a delivery it accepted.
fn awaits_receipts(parts: &Parts, plan: &Plan, snapshot: &Snapshot) -> bool {
    let mut routes = plan.record.routes.iter().filter_map(|name| parts.routes.get(name));
    snapshot.count(State::Accepted) > 0
        && routes.any(|route| route.adapter.profile().receipts == ReceiptStyle::Delivery)
}
