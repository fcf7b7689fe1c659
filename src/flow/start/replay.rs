//! Reading the journal over the plans: states of deliveries and where the decisions about each warning stand, then, while
//! the gateway runs, references. Nothing is allocated per delivery.

use std::{sync::Arc, time::Duration};

use crate::{
    domain::delivery::Reason,
    flow::{
        Parts, Unavailable,
        projection::{
            Plan,
            codec::{Outcome, Outcomes, OutcomesRef, Unreadable, lease_of, plan_of, visit_lease},
            recall,
        },
        receipt,
        record::Decision,
    },
    store::{Appended, EntryKind, JournalRowRef},
};

/// Reads the journal from row `from` on. Gives what was durable before it could be applied.
pub(super) async fn replay(parts: &Arc<Parts>, from: u64) -> Result<receipt::Replayed, Unavailable> {
    let mut reading =
        Reading { parts, plan: None, records: Vec::new(), late: Vec::new(), replayed: receipt::Replayed::default() };
    let mut visit = |row: JournalRowRef<'_>| {
        for entry in row.entries() {
            let at = Appended { sequence: row.sequence, offset: entry.offset };
            let read = match entry.kind {
                EntryKind::Leases => reading.lease(at, entry.data),
                EntryKind::Outcomes => reading.outcomes(at, entry.data),
                EntryKind::Decision => {
                    if let Ok(decision) = serde_json::from_slice::<Decision>(entry.data) {
                        parts.progress.know(row.sequence, &decision);
                    }
                    Ok(())
                }
            };
            if let Err(fault) = read {
                tracing::error!(row = at.sequence, offset = at.offset, %fault, "an entry of the journal was passed over");
            }
        }
    };
    parts.store.replay(from, &mut visit).await?;
    for (at, data) in std::mem::take(&mut reading.late) {
        if let Some(number) = plan_of(&data) {
            let plan = recall::reopen(parts, number).await?;
            plan.begins_at(at.sequence);
            reading.plan = Some(plan);
            if let Err(fault) = reading.outcomes(at, &data) {
                tracing::error!(row = at.sequence, offset = at.offset, %fault, "an entry of the journal was passed over");
            }
        }
    }
    Ok(reading.replayed)
}

/// Rows read at a time when learning.
const ROWS: usize = 200;

/// Learns the provider references in rows `from` to `to`, beside what goes on: a start need not wait for them, and
/// receipts that come meanwhile wait for theirs.
pub(super) async fn learn(parts: Arc<Parts>, from: u64, to: u64) {
    let stop = parts.lifecycle.stopping();
    let mut next = from;
    while next <= to && !stop.is_cancelled() {
        let rows = match parts.store.journal(next, ROWS).await {
            Ok(rows) => rows,
            Err(fault) => {
                tracing::error!(%fault, "references of the journal not yet learned, repeating");
                parts.clock.sleep(Duration::from_secs(1)).await;
                continue;
            }
        };
        let Some(last) = rows.last() else { return };
        next = last.sequence + 1;
        let entries = rows.iter().filter(|row| row.sequence <= to).flat_map(|row| &row.entries);
        for (_, entry) in entries.filter(|(_, entry)| entry.kind == EntryKind::Outcomes) {
            learn_entry(&parts, &entry.data).await;
        }
        tokio::task::yield_now().await;
    }
}

async fn learn_entry(parts: &Parts, data: &[u8]) {
    // What cannot be read was told by the replay.
    let Ok((number, route, mut early)) = parts.projection.learn(data) else { return };
    let (false, Some(plan)) = (early.is_empty(), parts.projection.plan(number)) else { return };
    early.sort_by_key(|(rank, _)| *rank);
    let records = early.into_iter().map(|(rank, early)| early.record(rank)).collect();
    let base_ms = parts.clock.unix_ms();
    let outcomes = Outcomes { plan: number, lease: 0, base_ms, route: route.to_owned(), records };
    parts.write_outcomes(&plan, &outcomes).await;
}

struct Reading<'p> {
    parts: &'p Parts,
    /// The plan looked up last: entries of one plan come in long runs.
    plan: Option<Arc<Plan>>,
    records: Vec<(u32, Outcome, Reason)>,
    /// Outcomes of folded plans that their blocks do not hold: receipts that came after.
    late: Vec<(Appended, Box<[u8]>)>,
    /// Receipts that had waited for a reference that was learned.
    replayed: receipt::Replayed,
}

impl Reading<'_> {
    /// The plan an entry belongs to; `None` when it is not here.
    fn plan(&mut self, at: Appended, data: &[u8]) -> Option<Arc<Plan>> {
        let number = plan_of(data)?;
        if self.plan.as_ref().is_none_or(|plan| plan.record.number != number) {
            self.plan = self.parts.projection.plan(number);
        }
        let plan = self.plan.clone()?;
        plan.begins_at(at.sequence);
        Some(plan)
    }

    fn lease(&mut self, at: Appended, data: &[u8]) -> Result<(), Unreadable> {
        if let Some(number) = lease_of(data) {
            self.parts.lease_stands(number);
        }
        if let Some(plan) = self.plan(at, data) {
            visit_lease(data, |first, length| plan.lease_run(first, length))?;
        }
        Ok(())
    }

    fn outcomes(&mut self, at: Appended, data: &[u8]) -> Result<(), Unreadable> {
        if receipt::replay_kept(self.parts, data, &mut self.replayed) {
            return Ok(());
        }
        let Some(plan) = self.plan(at, data) else {
            let head = plan_of(data).and_then(|number| self.parts.projection.folded.head(number));
            if head.is_some_and(|head| !head.holds(at.sequence) && !head.is_erased()) {
                self.late.push((at, data.into()));
            }
            return Ok(());
        };
        self.parts.projection.take(&plan, at, data, &mut self.records)?;
        self.reached(&plan, data)
    }

    /// Recipients whom an attempt reached, or may have, count against how often they may be.
    fn reached(&mut self, plan: &Plan, data: &[u8]) -> Result<(), Unreadable> {
        let recipients = &self.parts.limits.recipients;
        let entry = OutcomesRef::read(data)?;
        let at = entry.base_ms.div_euclid(1000);
        if entry.lease != 0 && recipients.counts(&plan.record, at, self.parts.clock.unix()) {
            let may_have = |outcome: Outcome, reason: Reason| match outcome {
                Outcome::Reached(state) => state.has_reached() || reason == Reason::InDoubt,
                outcome => outcome == Outcome::AgainInDoubt,
            };
            let ranks = self.records.iter().filter(|(_, outcome, reason)| may_have(*outcome, *reason));
            let ranks = ranks.map(|(rank, ..)| *rank);
            recipients.know(&plan.record, &plan.rows(&ranks.collect::<Vec<_>>()), at);
        }
        Ok(())
    }
}
