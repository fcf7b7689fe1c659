//! Receipts for references nobody knows yet. They are durable like all others, so that a restart between a receipt and
//! the answer it overtook loses nothing: in the journal they stand under a plan number no plan has.

use super::{Heard, turn};
use crate::{
    domain::delivery::{State, Word, merge},
    flow::{
        Parts,
        projection::{
            Early,
            codec::{Outcome, Outcomes},
        },
    },
};
use std::sync::Arc;

/// Plan numbers hold the time they were made at, so none is 0.
pub(super) const PLAN: u64 = 0;

/// Receipts whose reference was learned in the part of the journal that has been replayed.
#[derive(Default)]
pub(in crate::flow) struct Replayed(Vec<Heard>);

impl Replayed {
    /// A reference was learned that this receipt had waited for.
    pub(in crate::flow) fn claimed(&mut self, route: &str, plan: u64, rank: u32, early: Early) {
        self.0.push(Heard::about(route, plan, rank, early));
    }

    /// Writes those that were durable but had not been applied when the gateway ended.
    pub(in crate::flow) async fn finish(self, parts: &Arc<Parts>) {
        let news = |heard: &Heard| match &heard.about {
            super::About::Delivery { plan, rank, .. } => parts.projection.plan(*plan).is_some_and(|plan| {
                let known: Word = plan.state(*rank);
                // A failure that was applied before its delivery was opened again is no news.
                let again = heard.word.word.state == State::Failed && plan.rounds.of(*rank) > 0;
                !again && merge(known, heard.word.word) != known
            }),
            super::About::Reference { .. } => true,
        };
        let heard: Vec<Heard> = self.0.into_iter().filter(news).collect();
        if !heard.is_empty() && turn::take(parts, heard).await.is_err() {
            tracing::error!("receipts that waited for their delivery are not applied yet: the next start tries again");
        }
    }
}

/// Takes an outcomes entry of the journal when it is one of these; says whether it was.
pub(in crate::flow) fn replay(parts: &Parts, data: &[u8], replayed: &mut Replayed) -> bool {
    if data.first_chunk() != Some(&PLAN.to_le_bytes()) {
        return false;
    }
    let Ok(outcomes) = Outcomes::decode(data) else { return true };
    let since_ms = outcomes.base_ms;
    for record in outcomes.records {
        let Outcome::Reached(state) = record.outcome else { continue };
        let word = Word { state, reason: record.reason };
        let early = Early { word, code: record.code, at_ms: outcomes.base_ms + i64::from(record.delay_ms) };
        let references = &parts.projection.references;
        let known = references.find_or_keep(&outcomes.route, &record.reference, since_ms, early.clone());
        if let Some((plan, rank)) = known {
            replayed.claimed(&outcomes.route, plan, rank, early);
        }
    }
    true
}
