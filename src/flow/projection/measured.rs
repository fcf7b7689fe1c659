//! A door for the benches: one plan in memory, fed with journal entries as replay and receipts feed it.

use std::sync::Arc;

use bytes::Bytes;

use super::{
    Early, Plan, Projection,
    codec::{Outcome, Outcomes, Record},
};
use crate::{
    domain::{
        delivery::{Reason, State, Word},
        level::Level,
    },
    flow::record::{PlanRecord, WarningId},
    store::Appended,
};

const PLAN: u64 = 1;
const ROUTE: &str = "sms.measured";

/// One plan, nothing around it.
pub struct Measured {
    projection: Projection,
    plan: Arc<Plan>,
}

impl Measured {
    /// A plan of this many deliveries to consecutive rows.
    #[must_use]
    pub fn new(size: u32) -> Self {
        let warning = WarningId("measured".to_owned());
        let record = PlanRecord {
            number: PLAN,
            event: warning.clone(),
            warning,
            issuer: None,
            channel: fenghuo_contract::Channel::Sms,
            level: Level::Red,
            lift: false,
            purpose: crate::domain::purpose::Purpose::Exercise.into(),
            deadline: i64::MAX,
            size,
            routes: vec![ROUTE.to_owned()],
            refused: Vec::new(),
            created_ms: 0,
            ladder: None,
            closing: None,
        };
        let projection = Projection::default();
        let plan = projection.insert(Plan::new(record, (0..size).collect(), Vec::new(), Vec::new()));
        Self { projection, plan }
    }

    /// A journal entry in which these ranks, ascending, were accepted under a reference, or failed when `failed` says so.
    #[must_use]
    pub fn accepted(ranks: &[u32], failed: impl Fn(u32) -> bool) -> Bytes {
        let record = |rank: u32| {
            if failed(rank) {
                record(rank, State::Failed, Reason::RecipientRefused, Box::default())
            } else {
                record(rank, State::Accepted, Reason::None, reference(rank).into())
            }
        };
        outcomes(ranks.iter().map(|rank| record(*rank)).collect())
    }

    /// Ranks are handed to a route.
    pub fn lease(&self, ranks: &[u32]) {
        self.plan.lease(ranks);
    }

    /// Takes in an entry that stands in this row of the journal.
    ///
    /// # Panics
    /// When it is not one of [`Self::accepted`].
    pub fn take(&self, row: u64, entry: &[u8]) {
        let at = Appended { sequence: row, offset: 5 };
        self.projection.take(&self.plan, at, entry, &mut Vec::new()).expect("an entry of outcomes");
        self.projection.learn(entry).expect("an entry of outcomes");
    }

    /// Receipts of delivery for what was accepted under these ranks' references; says how many were found.
    pub fn receipts(&self, row: u64, ranks: &[u32]) -> usize {
        let word = Word { state: State::Delivered, reason: Reason::None };
        let references = &self.projection.references;
        let found = ranks.iter().filter_map(|rank| {
            let early = Early { word, code: "".into(), at_ms: 0 };
            references.find_or_keep(ROUTE, &reference(*rank), 0, early)
        });
        let records: Vec<(u32, Outcome, Reason)> =
            found.map(|(_, rank)| (rank, Outcome::Reached(word.state), word.reason)).collect();
        let count = records.len();
        self.plan.apply(Appended { sequence: row, offset: 5 }, 1, records);
        count
    }

    /// Deliveries by number of the state.
    #[must_use]
    pub fn counts(&self) -> [u64; State::ALL.len()] {
        self.plan.snapshot().counts
    }

    /// Failed ranks from `from` on, at most `limit`.
    #[must_use]
    pub fn failed(&self, from: u32, limit: usize) -> Vec<u32> {
        let found = self.plan.find(from, limit, |word| word.state == State::Failed);
        found.into_iter().map(|(rank, _)| rank).collect()
    }

    /// Persons reached.
    #[must_use]
    pub fn reached(&self) -> u64 {
        self.plan.reached(false).len()
    }
}

fn outcomes(records: Vec<Record>) -> Bytes {
    Outcomes { plan: PLAN, lease: 1, base_ms: 1, route: ROUTE.to_owned(), records }.encode()
}

fn record(rank: u32, state: State, reason: Reason, reference: Box<[u8]>) -> Record {
    Record { rank, outcome: Outcome::Reached(state), reason, delay_ms: 0, reference, code: "".into() }
}

/// Sixteen bytes in no step with the rank.
fn reference(rank: u32) -> [u8; 16] {
    let mixed = u128::from(rank).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835).rotate_left(64);
    mixed.to_be_bytes()
}
