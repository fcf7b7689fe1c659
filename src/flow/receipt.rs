//! Stage 8: later word. Receipts find their delivery by the provider's reference and merge into its state; they come
//! late, twice, out of order, and before the answer to the submit.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock, Weak},
};

use fenghuo_contract::{Channel, NotTaken, Receipt, ReceiptSink, ReceiptState};

use super::{
    Parts, Unavailable,
    deliver::observe,
    projection::{
        Early, Plan,
        codec::{Outcome, Outcomes, Record},
    },
    record::WarningId,
    screens::ShownSink,
};
use crate::domain::delivery::{Reason, State, Word};

/// Takes the receipts of one route. Made before the gateway that it belongs to, and connected to it afterwards.
pub struct Inbox {
    route: String,
    parts: OnceLock<Weak<Parts>>,
}

impl Inbox {
    /// The inbox of a route, not yet connected: until it is, nothing is acknowledged.
    #[must_use]
    pub fn new(route: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { route: route.into(), parts: OnceLock::new() })
    }

    pub(crate) fn connect(&self, parts: &Arc<Parts>) {
        // A second connection would be to the same gateway.
        let _second = self.parts.set(Arc::downgrade(parts));
    }
}

#[async_trait::async_trait]
impl ReceiptSink for Inbox {
    async fn accept(&self, receipts: Vec<Receipt>) -> Result<(), NotTaken> {
        let parts = self.parts.get().and_then(Weak::upgrade).ok_or(NotTaken)?;
        take(&parts, &self.route, receipts).await;
        Ok(())
    }
}

/// Takes what screens prove they hold. Made before the gateway that it belongs to, like [`Inbox`].
#[derive(Default)]
pub struct ScreenInbox(OnceLock<Weak<Parts>>);

impl ScreenInbox {
    pub(crate) fn connect(&self, parts: &Arc<Parts>) {
        // A second connection would be to the same gateway.
        let _second = self.0.set(Arc::downgrade(parts));
    }
}

#[async_trait::async_trait]
impl ShownSink for ScreenInbox {
    async fn shown(&self, _screen: &str, row: u32, warnings: &[WarningId]) -> Result<(), Unavailable> {
        let parts = self.0.get().and_then(Weak::upgrade);
        let parts = parts.ok_or_else(|| Unavailable::new("the gateway is starting or stopping".to_owned()))?;
        seen(&parts, row, warnings).await;
        Ok(())
    }
}

/// Sorts receipts by plan, makes them durable, applies them. Those for references not known yet are kept a while.
async fn take(parts: &Arc<Parts>, route: &str, receipts: Vec<Receipt>) {
    let now_ms = parts.clock.unix_ms();
    let mut by_plan: BTreeMap<u64, Vec<Record>> = BTreeMap::new();
    for receipt in receipts {
        let (word, code) = read(&receipt.state);
        let word = Early { word, code, at_ms: receipt.at.unwrap_or(now_ms) };
        let reference = receipt.reference.as_bytes();
        if let Some((plan, rank)) = parts.projection.references.find_or_keep(route, reference, now_ms, word.clone()) {
            by_plan.entry(plan).or_default().push(word.record(rank));
        }
    }
    for (number, records) in by_plan {
        if let Some(plan) = parts.projection.plan(number) {
            write(parts, route, &plan, records).await;
        }
    }
}

/// A screen proved that it holds these warnings: its copies were delivered.
async fn seen(parts: &Arc<Parts>, row: u32, warnings: &[WarningId]) {
    for id in warnings {
        let Some(warning) = parts.warning_record(id) else { continue };
        for plan in parts.projection.plans(&warning.plans) {
            if plan.record.channel != Channel::Display {
                continue;
            }
            let word = Word { state: State::Delivered, reason: Reason::None };
            let delivered = Early { word, code: "".into(), at_ms: parts.clock.unix_ms() };
            if let Some(rank) = plan.rank(row).filter(|rank| plan.state(*rank).state < State::Delivered) {
                write(parts, "screen", &plan, vec![delivered.record(rank)]).await;
            }
        }
    }
}

async fn write(parts: &Arc<Parts>, route: &str, plan: &Arc<Plan>, mut records: Vec<Record>) {
    records.sort_by_key(|record| record.rank);
    let base_ms = parts.clock.unix_ms();
    for record in &records {
        if let Outcome::Reached(state) = record.outcome {
            observe::reached(parts, route, plan, state, record.reason, 1);
        }
    }
    let outcomes = Outcomes { plan: plan.record.number, lease: 0, base_ms, route: route.to_owned(), records };
    parts.telemetry.receipts(route, outcomes.records.len() as u64);
    parts.write_outcomes(plan, &outcomes).await;
    parts.progress.notify(&plan.record.warning);
}

fn read(state: &ReceiptState) -> (Word, Box<str>) {
    match state {
        ReceiptState::Delivered => (Word { state: State::Delivered, reason: Reason::None }, "".into()),
        ReceiptState::Confirmed => (Word { state: State::Confirmed, reason: Reason::None }, "".into()),
        ReceiptState::Failed(cause) => {
            (Word { state: State::Failed, reason: Reason::ReportedUndelivered }, cause.code.clone())
        }
    }
}
