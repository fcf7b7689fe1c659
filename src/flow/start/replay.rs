//! Reading the journal over the plans: states of deliveries and where the decisions about each warning stand, then, while
//! the gateway runs, references. Nothing is allocated per delivery.

use std::{sync::Arc, time::Duration};

use super::leases::Leases;
use crate::{
    domain::delivery::Reason,
    flow::{
        Parts, Unavailable,
        projection::{
            Plan,
            codec::{Outcome, OutcomesRef, Unreadable, lease_of, plan_of, visit_lease},
            recall,
        },
        receipt,
        record::Decision,
    },
    store::{Appended, EntryKind, JournalRowRef},
};

/// Reads the journal from row `from` to row `to`; gives the leases of which not everything is known.
pub(super) async fn replay(parts: &Arc<Parts>, from: u64, to: u64) -> Result<Reading, Unavailable> {
    let mut reading = Reading::default();
    let mut visit = |row: JournalRowRef<'_>| {
        if row.sequence > to {
            return;
        }
        for entry in row.entries() {
            let at = Appended { sequence: row.sequence, offset: entry.offset };
            let read = match entry.kind {
                EntryKind::Leases => reading.lease(parts, at, entry.data),
                EntryKind::Outcomes => reading.outcomes(parts, at, entry.data),
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
    reading.reopen(parts).await?;
    if reading.refused > 0 {
        // A commit of which nobody knew whether it is durable was made twice, or somebody else wrote here.
        tracing::warn!(
            outcomes = reading.refused,
            "outcomes of the journal were passed over: no open lease covers them"
        );
        parts.telemetry.outcomes_refused(reading.refused);
    }
    Ok(reading)
}

/// Rows read at a time when learning.
const ROWS: usize = 200;

/// Learns the provider references in rows `from` to `to`, beside what goes on: a start need not wait for them, and
/// receipts that come meanwhile wait until it is done.
pub(super) async fn learn(parts: Arc<Parts>, from: u64, to: u64) {
    let stop = parts.lifecycle.stopping();
    let mut next = from;
    let mut claimed = receipt::Claimed::default();
    while next <= to && !stop.is_cancelled() {
        let rows = match parts.store.journal(next, ROWS).await {
            Ok(rows) => rows,
            Err(fault) => {
                tracing::error!(%fault, "references of the journal not yet learned, repeating");
                parts.clock.sleep(Duration::from_secs(1)).await;
                continue;
            }
        };
        let Some(last) = rows.last() else { break };
        next = last.sequence + 1;
        let entries = rows.iter().filter(|row| row.sequence <= to).flat_map(|row| &row.entries);
        for (_, entry) in entries.filter(|(_, entry)| entry.kind == EntryKind::Outcomes) {
            learn_entry(&parts, &entry.data, &mut claimed);
        }
        tokio::task::yield_now().await;
    }
    parts.learned.send_replace(true);
    claimed.take(&parts).await;
}

pub(in crate::flow) fn learn_entry(parts: &Parts, data: &[u8], claimed: &mut receipt::Claimed) {
    // What cannot be read was told by the replay.
    if let Ok((number, _, early)) = parts.projection.learn(data)
        && !early.is_empty()
        && let Some(plan) = parts.projection.plan(number)
    {
        claimed.add(&plan, data, early);
    }
}

/// What is remembered from one entry of the journal to the next, at a start and by a node that follows others.
#[derive(Default)]
pub(in crate::flow) struct Reading {
    /// The plan looked up last: entries of one plan come in long runs.
    plan: Option<Arc<Plan>>,
    records: Vec<(u32, Outcome, Reason)>,
    /// Outcomes of folded plans that their blocks do not hold: receipts that came after.
    late: Vec<(Appended, Box<[u8]>)>,
    pub(in crate::flow) leases: Leases,
    /// Outcomes whose lease is not open.
    refused: u64,
}

impl Reading {
    /// Takes in the outcomes of folded plans that were met.
    pub(in crate::flow) async fn reopen(&mut self, parts: &Arc<Parts>) -> Result<(), Unavailable> {
        for (at, data) in std::mem::take(&mut self.late) {
            if let Some(number) = plan_of(&data) {
                let plan = recall::reopen(parts, number).await?;
                plan.begins_at(at.sequence);
                // Their leases were read when they were not folded.
                if let Err(fault) = self.take(parts, &plan, at, &data) {
                    tracing::error!(row = at.sequence, offset = at.offset, %fault, "an entry of the journal was passed over");
                }
            }
        }
        Ok(())
    }

    /// Deliveries that the entry of outcomes read last opened again.
    pub(in crate::flow) fn reopened(&self) -> Vec<u32> {
        let opened = self.records.iter().filter(|(_, outcome, _)| *outcome == Outcome::Reopened);
        opened.map(|(rank, ..)| *rank).collect()
    }

    /// The plan an entry belongs to; `None` when it is not here.
    fn plan(&mut self, parts: &Parts, at: Appended, data: &[u8]) -> Option<Arc<Plan>> {
        let number = plan_of(data)?;
        if self.plan.as_ref().is_none_or(|plan| plan.record.number != number) {
            self.plan = parts.projection.plan(number);
        }
        let plan = self.plan.clone()?;
        plan.begins_at(at.sequence);
        Some(plan)
    }

    /// Takes in an entry of leases.
    pub(in crate::flow) fn lease(&mut self, parts: &Parts, at: Appended, data: &[u8]) -> Result<(), Unreadable> {
        let lease = lease_of(data).unwrap_or_default();
        parts.lease_stands(lease);
        if let Some(plan) = self.plan(parts, at, data) {
            let (mut runs, mut fresh) = (Vec::new(), true);
            let number = visit_lease(data, |first, length| {
                fresh &= plan.lease_run(first, length);
                runs.push((first, length));
            })?;
            self.leases.record(number, lease, runs, !fresh);
        }
        Ok(())
    }

    /// Takes in an entry of outcomes; what belongs to a folded plan waits for [`Self::reopen`].
    pub(in crate::flow) fn outcomes(&mut self, parts: &Parts, at: Appended, data: &[u8]) -> Result<(), Unreadable> {
        self.records.clear();
        if receipt::replay_kept(parts, data) {
            return Ok(());
        }
        let Some(plan) = self.plan(parts, at, data) else {
            let head = plan_of(data).and_then(|number| parts.projection.folded.head(number));
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
        self.take(parts, &plan, at, data)
    }

    fn take(&mut self, parts: &Parts, plan: &Plan, at: Appended, data: &[u8]) -> Result<(), Unreadable> {
        parts.projection.take(plan, at, data, &mut self.records)?;
        self.reached(parts, plan, data)
    }

    /// Recipients whom an attempt reached, or may have, count against how often they may be.
    fn reached(&mut self, parts: &Parts, plan: &Plan, data: &[u8]) -> Result<(), Unreadable> {
        let recipients = &parts.limits.recipients;
        let entry = OutcomesRef::read(data)?;
        let at = entry.base_ms.div_euclid(1000);
        if entry.lease != 0 && recipients.counts(&plan.record, at, parts.clock.unix()) {
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
