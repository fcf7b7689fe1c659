//! Reading the journal over the plans: states of deliveries, references, and where the decisions about each warning
//! stand. Nothing is allocated per delivery.

use std::sync::Arc;

use super::leases::Leases;
use crate::{
    domain::delivery::{Reason, State},
    flow::{
        Parts, Unavailable,
        projection::{
            Plan,
            codec::{Outcome, OutcomesRef, Unreadable, plan_of, visit_lease},
            recall,
        },
        record::Decision,
    },
    store::{Appended, EntryKind, JournalRowRef},
};

/// Reads the journal from row `from` on.
pub(super) async fn replay(parts: &Arc<Parts>, from: u64) -> Result<(), Unavailable> {
    let (leases, refused) = (Leases::default(), 0);
    let mut reading = Reading { parts, plan: None, records: Vec::new(), late: Vec::new(), leases, refused };
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
            // Their leases were read when they were not folded.
            if let Err(fault) = reading.take(&plan, at, &data) {
                tracing::error!(row = at.sequence, offset = at.offset, %fault, "an entry of the journal was passed over");
            }
        }
    }
    if reading.refused > 0 {
        tracing::error!(outcomes = reading.refused, "outcomes of the journal were refused: no open lease covers them");
        parts.telemetry.outcomes_refused(reading.refused);
    }
    Ok(())
}

struct Reading<'p> {
    parts: &'p Parts,
    /// The plan looked up last: entries of one plan come in long runs.
    plan: Option<Arc<Plan>>,
    records: Vec<(u32, Outcome, Reason)>,
    /// Outcomes of folded plans that their blocks do not hold: receipts that came after.
    late: Vec<(Appended, Box<[u8]>)>,
    leases: Leases,
    /// Outcomes whose lease is not open.
    refused: u64,
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
        if let Some(plan) = self.plan(at, data) {
            let (mut runs, mut fresh) = (Vec::new(), true);
            let (number, lease) = visit_lease(data, |first, length| {
                fresh &= plan.lease_run(first, length);
                runs.push((first, length));
            })?;
            self.leases.record(number, lease, runs, !fresh);
        }
        Ok(())
    }

    fn outcomes(&mut self, at: Appended, data: &[u8]) -> Result<(), Unreadable> {
        let Some(plan) = self.plan(at, data) else {
            let head = plan_of(data).and_then(|number| self.parts.projection.folded.head(number));
            if head.is_some_and(|head| !head.holds(at.sequence) && !head.is_erased()) {
                self.late.push((at, data.into()));
            }
            return Ok(());
        };
        let outcomes = OutcomesRef::read(data)?;
        // Receipts have no lease.
        if outcomes.lease != 0 && !self.leases.answer(outcomes.plan, outcomes.lease, outcomes.left()) {
            tracing::debug!(row = at.sequence, plan = outcomes.plan, lease = outcomes.lease, "outcomes refused");
            self.refused += outcomes.left();
            return Ok(());
        }
        self.take(&plan, at, data)
    }

    fn take(&mut self, plan: &Plan, at: Appended, data: &[u8]) -> Result<(), Unreadable> {
        self.parts.projection.take(plan, at, data, &mut self.records)?;
        self.reached(plan, data)
    }

    /// Recipients who were reached count against how often they may be.
    fn reached(&mut self, plan: &Plan, data: &[u8]) -> Result<(), Unreadable> {
        let recipients = &self.parts.limits.recipients;
        let at = OutcomesRef::read(data)?.base_ms.div_euclid(1000);
        if recipients.counts(&plan.record, at, self.parts.clock.unix()) {
            let accepted = Outcome::Reached(State::Accepted);
            let ranks = self.records.iter().filter(|(_, outcome, _)| *outcome == accepted).map(|(rank, ..)| *rank);
            recipients.know(&plan.record, &plan.rows(&ranks.collect::<Vec<_>>()), at);
        }
        Ok(())
    }
}
