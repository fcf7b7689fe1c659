//! What providers answered becomes durable, and then counts.

use std::time::Duration;

use bytes::Bytes;

use super::Parts;
use crate::{
    flow::projection::{
        Plan,
        codec::{Outcomes, Record},
        recall,
    },
    store::{Appended, Commit, Entry, EntryKind, Urgency},
};

impl Parts {
    /// Makes outcomes durable, however long it takes: the provider has answered, so there is no going back. Then, and
    /// only then, they count. Receipts that were here before the answers they belong to follow at once.
    pub(crate) async fn write_outcomes(&self, plan: &Plan, outcomes: &Outcomes) {
        let early = self.write_once(plan, outcomes).await;
        // Among several nodes the leader takes it, once, when it reads this.
        if !early.is_empty() && self.nodes.is_alone() {
            let lease = 0;
            let base_ms = self.clock.unix_ms();
            let early = Outcomes { plan: outcomes.plan, lease, base_ms, route: outcomes.route.clone(), records: early };
            self.write_once(plan, &early).await;
        }
    }

    async fn write_once(&self, plan: &Plan, outcomes: &Outcomes) -> Vec<Record> {
        if outcomes.records.is_empty() {
            return Vec::new();
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
        let at = self.append_until_durable(plan, outcomes.encode()).await;
        let records = outcomes.records.iter().map(|record| (record.rank, record.outcome, record.reason));
        let waits = plan.hear(&outcomes.route, at, outcomes.base_ms, records);
        self.projection.usual.learn(&outcomes.route, &waits);
        for record in outcomes.records.iter().filter(|record| !record.reference.is_empty()) {
            plan.rounds.learn(&outcomes.route, &record.reference, record.rank);
        }
        let named = outcomes.records.iter().map(|record| (record.rank, &*record.reference));
        let early = self.projection.references.learn_all(&outcomes.route, outcomes.plan, named);
        early.into_iter().map(|(rank, early)| early.record(rank)).collect()
    }

    async fn append_until_durable(&self, plan: &Plan, data: Bytes) -> Appended {
        let mut pause = Duration::from_millis(20);
        loop {
            let entries = vec![Entry { kind: EntryKind::Outcomes, data: data.clone() }];
            match self.store.commit_as(Urgency::Reserved, Commit { puts: Vec::new(), entries }).await {
                Ok(committed) => return committed.entries.first().copied().unwrap_or_default(),
                Err(fault) => {
                    tracing::error!(plan = plan.record.number, %fault, "outcomes not yet durable, repeating");
                    self.clock.sleep(pause).await;
                    pause = (pause * 2).min(Duration::from_secs(2));
                }
            }
        }
    }
}
