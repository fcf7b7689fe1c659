//! What providers answered becomes durable, and then counts.

use std::time::Duration;

use bytes::Bytes;

use super::Parts;
use crate::{
    flow::{
        deliver::observe,
        projection::{
            Plan,
            codec::{Outcomes, Record},
            recall,
        },
        suppress,
    },
    store::{Appended, Commit, Entry, EntryKind, Urgency},
};

impl Parts {
    /// Makes outcomes durable, however long it takes: the provider has answered, so there is no going back. Then, and
    /// only then, they count.
    ///
    /// Whose the provider's names are is known from the answer on, so that receipts that come while it is being written
    /// find their delivery: such a receipt is durable itself before it counts, and says all that the answer does. Those
    /// that came before the answer are written with it.
    pub(crate) async fn write_outcomes(&self, plan: &Plan, outcomes: &Outcomes) {
        if outcomes.records.is_empty() {
            return;
        }
        let again;
        let (plan, _writing) = match plan.enter() {
            Some(writing) => (plan, writing),
            None => {
                let (reopened, writing) = recall::enter(self, plan.record.number).await;
                again = reopened;
                (&*again, writing)
            }
        };
        let early = self.learn(plan, outcomes);
        let all: Vec<&Outcomes> = std::iter::once(outcomes).chain(&early).collect();
        let places = self.append_until_durable(plan, all.iter().map(|outcomes| outcomes.encode()).collect()).await;
        for (outcomes, at) in all.into_iter().zip(places) {
            let records = outcomes.records.iter().map(|record| (record.rank, record.outcome, record.reason));
            let waits = plan.hear(&outcomes.route, at, outcomes.base_ms, records);
            self.projection.usual.learn(&outcomes.route, &waits);
        }
        if let Some(early) = early {
            observe::heard(self, &early.route, plan, &early.records);
            suppress::reported(self, &early.route, plan, &early.records);
        }
    }

    /// Learns whose the provider's names are; gives the receipts that were here before, as an entry of their own.
    fn learn(&self, plan: &Plan, outcomes: &Outcomes) -> Option<Outcomes> {
        for record in outcomes.records.iter().filter(|record| !record.reference.is_empty()) {
            plan.rounds.learn(&outcomes.route, &record.reference, record.rank);
        }
        let named = outcomes.records.iter().map(|record| (record.rank, &*record.reference));
        let early = self.projection.references.learn_all(&outcomes.route, outcomes.plan, named);
        let records: Vec<Record> = early.into_iter().map(|(rank, early)| early.record(rank)).collect();
        let (base_ms, route) = (self.clock.unix_ms(), outcomes.route.clone());
        (!records.is_empty()).then_some(Outcomes { plan: outcomes.plan, lease: 0, base_ms, route, records })
    }

    async fn append_until_durable(&self, plan: &Plan, all: Vec<Bytes>) -> Vec<Appended> {
        let mut pause = Duration::from_millis(20);
        loop {
            let entries = all.iter().map(|data| Entry { kind: EntryKind::Outcomes, data: data.clone() }).collect();
            match self.store.commit_as(Urgency::Reserved, Commit { puts: Vec::new(), entries }).await {
                Ok(committed) => return committed.entries,
                Err(fault) => {
                    tracing::error!(plan = plan.record.number, %fault, "outcomes not yet durable, repeating");
                    self.clock.sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(2));
                }
            }
        }
    }
}
