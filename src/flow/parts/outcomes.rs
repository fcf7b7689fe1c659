//! What providers answered becomes durable, and then counts.

use std::time::Duration;

use bytes::Bytes;

use super::Parts;
use crate::{
    flow::{
        deliver::observe,
        projection::{
            Early, Plan,
            codec::{Outcomes, Record},
            recall,
        },
        suppress,
    },
    store::{Appended, Commit, Entry, EntryKind, Urgency},
};

impl Parts {
    /// Makes outcomes durable, however long it takes: the provider has answered, so there is no going back. Then, and
    /// only then, they count. Receipts that were here before the answers they belong to are written with them, and those
    /// that come meanwhile follow at once.
    pub(crate) async fn write_outcomes(&self, plan: &Plan, outcomes: &Outcomes) {
        let named = outcomes.records.iter().map(|record| (record.rank, &*record.reference));
        let come = self.projection.references.come(&outcomes.route, named);
        let mut waited = self.write_once(plan, outcomes, self.heard(outcomes, come.clone())).await;
        // Both are in the order of ranks.
        waited.retain(|(rank, early)| {
            let written = come.binary_search_by_key(rank, |(rank, _)| *rank).ok().map(|at| &come[at].1);
            written != Some(early)
        });
        if let Some(later) = self.heard(outcomes, waited) {
            self.write_once(plan, &later, None).await;
            self.show(plan, &later);
        }
    }

    /// Receipts about deliveries of an entry as an entry of their own.
    fn heard(&self, outcomes: &Outcomes, early: Vec<(u32, Early)>) -> Option<Outcomes> {
        let records: Vec<Record> = early.into_iter().map(|(rank, early)| early.record(rank)).collect();
        let (base_ms, route) = (self.clock.unix_ms(), outcomes.route.clone());
        (!records.is_empty()).then(|| Outcomes { plan: outcomes.plan, lease: 0, base_ms, route, records })
    }

    /// Receipts that came before anybody could say whose they were count now.
    fn show(&self, plan: &Plan, early: &Outcomes) {
        observe::heard(self, &early.route, plan, &early.records);
        suppress::reported(self, &early.route, plan, &early.records);
    }

    /// One commit for outcomes and the receipts that wait for them; gives the receipts that waited when it was done.
    async fn write_once(&self, plan: &Plan, outcomes: &Outcomes, early: Option<Outcomes>) -> Vec<(u32, Early)> {
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
        let all: Vec<&Outcomes> = std::iter::once(outcomes).chain(&early).collect();
        let places = self.append_until_durable(plan, all.iter().map(|outcomes| outcomes.encode()).collect()).await;
        for (outcomes, at) in all.into_iter().zip(places) {
            let records = outcomes.records.iter().map(|record| (record.rank, record.outcome, record.reason));
            let waits = plan.hear(&outcomes.route, at, outcomes.base_ms, records);
            self.projection.usual.learn(&outcomes.route, &waits);
        }
        for record in outcomes.records.iter().filter(|record| !record.reference.is_empty()) {
            plan.rounds.learn(&outcomes.route, &record.reference, record.rank);
        }
        if let Some(early) = &early {
            self.show(plan, early);
        }
        let named = outcomes.records.iter().map(|record| (record.rank, &*record.reference));
        self.projection.references.learn_all(&outcomes.route, outcomes.plan, named)
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
