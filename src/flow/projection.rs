//! What became of every delivery, dense and in memory: a projection of the journal.
//!
//! The journal is the truth and is only appended to; this is what answers questions. It is rebuilt by replay at start.
//! A delivery is named by its plan and its rank in the plan's audience and costs about six bytes here, plus its
//! provider reference while a receipt is awaited.

pub(crate) mod codec;
mod plan;
mod references;
mod rounds;

use std::{collections::BTreeMap, sync::Arc};

use parking_lot::RwLock;

pub(crate) use plan::{Closing, Plan, Snapshot};
pub(crate) use references::{Early, Keep, References};
pub(crate) use rounds::{ROUNDS_MAX, Rounds};

/// Every plan that has not been folded.
#[derive(Default)]
pub(crate) struct Projection {
    plans: RwLock<BTreeMap<u64, Arc<Plan>>>,
    /// Provider references of accepted deliveries.
    pub(crate) references: References,
}

impl Projection {
    /// An empty one, with these bounds for receipts whose reference is not known yet.
    pub(crate) fn keeping(keep: Keep) -> Self {
        Self { plans: RwLock::default(), references: References::keeping(keep) }
    }

    /// Takes a plan in; one that is here already stays.
    pub(crate) fn insert(&self, plan: Plan) -> Arc<Plan> {
        Arc::clone(self.plans.write().entry(plan.record.number).or_insert_with(|| Arc::new(plan)))
    }

    /// The plan of this number.
    pub(crate) fn plan(&self, number: u64) -> Option<Arc<Plan>> {
        self.plans.read().get(&number).cloned()
    }

    /// These plans, without those that are not here.
    pub(crate) fn plans(&self, numbers: &[u64]) -> Vec<Arc<Plan>> {
        let plans = self.plans.read();
        numbers.iter().filter_map(|number| plans.get(number).cloned()).collect()
    }

    /// Every plan.
    pub(crate) fn all(&self) -> Vec<Arc<Plan>> {
        self.plans.read().values().cloned().collect()
    }
}
