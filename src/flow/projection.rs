//! What became of every delivery, dense and in memory: a projection of the journal.
//!
//! The journal is the truth and is only appended to; this is what answers questions. It is rebuilt by replay at start.
//! A delivery is named by its plan and its rank in the plan's audience and costs five bytes here, plus nine for its
//! provider's reference while a receipt may come.
//!
//! A plan whose warning is over is folded ([`fold`]): its states, and what was said last about each delivery, stand in
//! one sorted block of the store, and memory and journal are not needed for it any more. Whoever asks about it recalls it
//! ([`recall`]): then it is here like any other, for as long as somebody looks.

pub(crate) mod block;
pub(crate) mod codec;
pub(crate) mod coverage;
mod dense;
pub(crate) mod fold;
mod gate;
pub(crate) mod measured;
mod plan;
pub(crate) mod recall;
mod references;
mod rounds;
pub(crate) mod said;
mod usual;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use parking_lot::{Mutex, RwLock};

use self::{
    block::Head,
    codec::{Outcome, OutcomesRef, Unreadable},
    coverage::Coverage,
    recall::Folded,
    usual::Usual,
};
use crate::{
    domain::delivery::{Reason, State},
    flow::record::WarningId,
    store::Appended,
};
pub(crate) use gate::Writing;
pub(crate) use plan::{Carried, Closing, Plan, Snapshot};
pub(crate) use references::{Early, Keep, References};
pub(crate) use rounds::{ROUNDS_MAX, Rounds};

/// A plan, a route, and the receipts that waited for one of the references of an entry, by rank.
pub(crate) type Learned<'a> = (u64, &'a str, Vec<(u32, Early)>);

/// Every plan that has not been folded, and those that are being looked at.
#[derive(Default)]
pub(crate) struct Projection {
    plans: RwLock<BTreeMap<u64, Arc<Plan>>>,
    /// Persons of each warning that has plans among these.
    persons: Mutex<BTreeMap<WarningId, Arc<Coverage>>>,
    pub(crate) folded: Folded,
    /// Provider references of accepted deliveries.
    pub(crate) references: References,
    /// How long later word about an accepted delivery usually takes.
    pub(crate) usual: Usual,
    /// Replay begins at this row of the journal.
    floor: AtomicU64,
}

impl Projection {
    /// An empty one, with these bounds for receipts whose reference is not known yet.
    pub(crate) fn keeping(keep: Keep) -> Self {
        Self { references: References::keeping(keep), ..Self::default() }
    }

    /// Takes a plan in; one that is here already stays.
    pub(crate) fn insert(&self, plan: Plan) -> Arc<Plan> {
        self.insert_shared(Arc::new(plan))
    }

    fn insert_shared(&self, plan: Arc<Plan>) -> Arc<Plan> {
        self.references.open(plan.record.number, plan.size());
        let mut plans = self.plans.write();
        if let Some(known) = plans.get(&plan.record.number) {
            return Arc::clone(known);
        }
        // What a folded plan was before is not known in its order; the numbers of persons were kept.
        if plan.record.channel.reaches_persons() && plan.block.is_none() {
            plan.cover(self.persons.lock().entry(plan.record.warning.clone()).or_default());
        }
        plans.insert(plan.record.number, Arc::clone(&plan));
        plan
    }

    /// Takes in the states of an entry of outcomes that is in the journal. `records` is room that is used again.
    pub(crate) fn take(
        &self,
        plan: &Plan,
        at: Appended,
        data: &[u8],
        records: &mut Vec<(u32, Outcome, Reason)>,
    ) -> Result<(), Unreadable> {
        let mut entry = OutcomesRef::read(data)?;
        records.clear();
        while let Some(record) = entry.next()? {
            if !record.reference.is_empty() {
                // In the order of the journal: a reference belongs to the round its delivery was in.
                plan.rounds.learn(entry.route, record.reference, record.rank);
            }
            records.push((record.rank, record.outcome, record.reason));
        }
        let waits = plan.hear(entry.route, at, entry.base_ms, records.iter().copied());
        self.usual.learn(entry.route, &waits);
        Ok(())
    }

    /// Takes in the references of an entry of outcomes that is in the journal. Gives its plan and route, and the receipts
    /// that waited for one of the references.
    pub(crate) fn learn<'a>(&self, data: &'a [u8]) -> Result<Learned<'a>, Unreadable> {
        let mut entry = OutcomesRef::read(data)?;
        let mut named = Vec::new();
        while let Some(record) = entry.next()? {
            if !record.reference.is_empty() {
                named.push((record.rank, record.reference));
            }
        }
        Ok((entry.plan, entry.route, self.references.learn_all(entry.route, entry.plan, named)))
    }

    /// The plan of this number.
    pub(crate) fn plan(&self, number: u64) -> Option<Arc<Plan>> {
        self.live(number).or_else(|| self.folded.recalled(number))
    }

    /// The plan of this number, unless it is folded.
    pub(crate) fn live(&self, number: u64) -> Option<Arc<Plan>> {
        self.plans.read().get(&number).cloned()
    }

    /// How many deliveries of a plan are in a state, folded or not; none of one that is not here.
    pub(crate) fn count_of(&self, number: u64) -> impl Fn(State) -> u64 + use<> {
        let head = self.folded.head(number);
        let snapshot = if head.is_none() { self.live(number).map(|plan| plan.snapshot()) } else { None };
        move |state| match (&head, &snapshot) {
            (Some(head), _) => head.counts.get(state as usize).copied().unwrap_or_default(),
            (None, Some(snapshot)) => snapshot.count(state),
            (None, None) => 0,
        }
    }

    /// These plans, without those that are not here.
    pub(crate) fn plans(&self, numbers: &[u64]) -> Vec<Arc<Plan>> {
        numbers.iter().filter_map(|number| self.plan(*number)).collect()
    }

    /// Every plan that is not folded.
    pub(crate) fn all(&self) -> Vec<Arc<Plan>> {
        self.plans.read().values().cloned().collect()
    }

    /// The block is durable: memory is given back.
    fn fold(&self, head: Head) {
        let number = head.plan;
        let warning = head.warning.clone();
        self.folded.insert(head);
        let mut plans = self.plans.write();
        plans.remove(&number);
        if !plans.values().any(|plan| plan.record.warning == warning) {
            self.persons.lock().remove(&warning);
        }
        drop(plans);
        self.references.forget(number);
    }

    /// Another node has folded a plan: memory is given back, unless somebody here is about to write about it.
    pub(crate) fn folded_elsewhere(&self, head: Head) {
        match self.live(head.plan) {
            Some(plan) if !plan.shut(plan.version()) => {}
            Some(_) => self.fold(head),
            None => self.folded.insert(head),
        }
    }

    /// Replay begins at this row of the journal.
    pub(crate) fn floor(&self) -> u64 {
        self.floor.load(Ordering::Relaxed).max(1)
    }

    pub(crate) fn set_floor(&self, sequence: u64) {
        self.floor.fetch_max(sequence, Ordering::Relaxed);
    }
}
