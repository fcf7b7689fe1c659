//! Receipts for references nobody knows yet. They are durable like all others, so that a restart between a receipt and
//! the answer it overtook loses nothing: in the journal they stand under a plan number no plan has.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use super::{About, Heard, turn};
use crate::{
    domain::delivery::{State, Word, merge},
    flow::{
        Parts,
        projection::{
            Early, Plan,
            codec::{Outcome, Outcomes, OutcomesRef},
        },
    },
};

/// Plan numbers hold the time they were made at, so none is 0.
pub(super) const PLAN: u64 = 0;
/// Pause before receipts that were not taken are tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// Takes an outcomes entry of the journal when it is one of these; says whether it was.
pub(in crate::flow) fn replay(parts: &Parts, data: &[u8]) -> bool {
    // References are learned after the replay: whose it is turns out then ([`Claimed`]).
    take(parts, data).is_some()
}

/// The same; gives those whose references are known.
pub(in crate::flow) fn take(parts: &Parts, data: &[u8]) -> Option<Claimed> {
    if data.first_chunk() != Some(&PLAN.to_le_bytes()) {
        return None;
    }
    let mut claimed = Claimed::default();
    let Ok(outcomes) = Outcomes::decode(data) else { return Some(claimed) };
    let route: Arc<str> = outcomes.route.as_str().into();
    for record in outcomes.records {
        let Outcome::Reached(state) = record.outcome else { continue };
        let word = Word { state, reason: record.reason };
        let early = Early { word, code: record.code, at_ms: outcomes.base_ms + i64::from(record.delay_ms) };
        let references = &parts.projection.references;
        let known = references.find_or_keep(&outcomes.route, &record.reference, outcomes.base_ms, early.clone());
        if let Some((number, rank)) = known
            && let Some(plan) = parts.projection.plan(number)
            && is_news(&plan, &route, &record.reference, rank, word)
        {
            let about = About::Reference { route: Arc::clone(&route), reference: record.reference };
            claimed.0.push(Heard { about, word: early });
        }
    }
    Some(claimed)
}

/// Receipts that had waited for references of the journal when these were learned after a start: some came before it and
/// were applied then, some have not been yet.
#[derive(Default)]
pub(in crate::flow) struct Claimed(Vec<Heard>);

impl Claimed {
    pub(in crate::flow) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Forgets what happened before a moment, milliseconds since 1970.
    pub(in crate::flow) fn forget_before(&mut self, ms: i64) {
        self.0.retain(|heard| heard.word.at_ms >= ms);
    }

    /// Takes those that are still news.
    pub(in crate::flow) async fn take_news(mut self, parts: &Arc<Parts>) {
        self.0.retain(|heard| {
            let About::Reference { route, reference } = &heard.about else { return true };
            let known = parts.projection.references.known(route, reference);
            let plan = known.and_then(|(number, rank)| Some((parts.projection.plan(number)?, rank)));
            plan.is_none_or(|(plan, rank)| is_news(&plan, route, reference, rank, heard.word.word))
        });
        if !self.is_empty() {
            self.take(parts).await;
        }
    }

    /// These too.
    pub(in crate::flow) fn join(&mut self, mut others: Self) {
        self.0.append(&mut others.0);
    }

    /// The references of an entry were learned, and these had waited for them.
    pub(in crate::flow) fn add(&mut self, plan: &Plan, data: &[u8], early: Vec<(u32, Early)>) {
        let mut early: BTreeMap<u32, Early> = early.into_iter().collect();
        let Ok(mut entry) = OutcomesRef::read(data) else { return };
        let route: Arc<str> = entry.route.into();
        while let Ok(Some(record)) = entry.next() {
            if !record.reference.is_empty()
                && let Some(word) = early.remove(&record.rank)
                && is_news(plan, &route, record.reference, record.rank, word.word)
            {
                let about = About::Reference { route: Arc::clone(&route), reference: record.reference.into() };
                self.0.push(Heard { about, word });
            }
        }
    }

    /// Takes those that are news like any others, by the reference that is known now.
    pub(in crate::flow) async fn take(self, parts: &Arc<Parts>) {
        while !parts.lifecycle.is_stopping() && turn::take(parts, self.0.clone()).await.is_err() {
            parts.clock.sleep(AGAIN).await;
        }
    }
}

/// Whether a word would change anything.
fn is_news(plan: &Plan, route: &str, reference: &[u8], rank: u32, word: Word) -> bool {
    let outdated = word.state == State::Failed && plan.rounds.about(route, reference) < plan.rounds.of(rank);
    let known = plan.state(rank);
    !outdated && merge(known, word) != known
}
