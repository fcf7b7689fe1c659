//! What must hold of the engine's own words at every step.

use std::collections::{BTreeMap, BTreeSet};

use fenghuo::{
    domain::delivery::{Reason, State},
    flow::{
        record::WarningId,
        status::{ChannelStatus, DeliveryView, StatusView},
    },
};

use super::world::{World, needs_arrival};

/// What was said before: it may be outdone, never taken back.
#[derive(Default)]
pub struct Known {
    audiences: BTreeMap<(WarningId, String), u64>,
    deliveries: BTreeMap<String, (State, Reason, bool)>,
    /// Warnings whose deliveries have ended: looked at more rarely.
    over: BTreeSet<WarningId>,
    looks: u64,
}

impl Known {
    pub async fn look(&mut self, world: &World, closely: bool) {
        self.looks += 1;
        let every = closely;
        let closely = closely || self.looks.is_multiple_of(40);
        for (_, id) in &world.posted {
            // Nothing but receipts is expected of these.
            if self.over.contains(id) && !every && !self.looks.is_multiple_of(8) {
                continue;
            }
            let Some(status) = world.status(id).await else {
                world.book.must(false, || format!("{id} was answered and is not there"));
                continue;
            };
            self.numbers(world, &status);
            if status.done {
                self.over.insert(id.clone());
            }
            if closely {
                for delivery in world.deliveries(id).await {
                    self.delivery(world, &delivery);
                }
            }
        }
    }

    fn numbers(&mut self, world: &World, status: &StatusView) {
        for (channel, numbers) in &status.channels {
            let sum = sum(numbers);
            world.book.must(sum == numbers.audience, || format!("{channel} does not add up: {numbers:?}"));
            let failed: u64 = numbers.failed_by_reason.values().sum();
            world.book.must(failed == numbers.failed, || format!("{channel}: reasons do not add up: {numbers:?}"));
            let known = self.audiences.entry((status.warning.clone(), channel.clone())).or_insert(numbers.audience);
            let frozen = *known == numbers.audience;
            world.book.must(frozen, || format!("{channel}: the frozen audience changed: {numbers:?}"));
        }
    }

    fn delivery(&mut self, world: &World, now: &DeliveryView) {
        let said = (now.state, now.reason, now.maybe_doubled);
        let before = self.deliveries.insert(now.token.clone(), said);
        let Some((state, reason, marked)) = before else { return };
        let back = strength(now.state, now.reason) < strength(state, reason);
        world.book.must(!back, || {
            format!("{} went back from {state:?} {reason:?} to {:?} {:?}", now.token, now.state, now.reason)
        });
        world.book.must(!marked || now.maybe_doubled, || format!("{} lost its mark", now.token));
    }

    /// At the end: every delivery against what people got.
    pub async fn settle(&self, world: &World) {
        for (_, id) in &world.posted {
            for delivery in world.deliveries(id).await {
                settle_one(world, &delivery);
            }
        }
    }
}

fn settle_one(world: &World, delivery: &DeliveryView) {
    let (plan, rank) = delivery.token.split_once('-').expect("a token");
    let token = (u64::from_str_radix(plan, 16).expect("a plan"), u32::from_str_radix(rank, 16).expect("a rank"));
    let traces = world.book.open().traces.get(&token).cloned().unwrap_or_default();
    let DeliveryView { state, reason, maybe_doubled, .. } = delivery;
    let told = || format!("{token:x?} is {state:?} {reason:?}, marked {maybe_doubled}; it has {traces:?}");
    world.book.must(state.is_terminal(), || format!("never ended: {}", told()));
    world.book.must(!needs_arrival(*state) || traces.taken > 0, || format!("lost: {}", told()));
    world.book.must(traces.taken <= 1 || *maybe_doubled, || format!("doubled without a mark: {}", told()));
    world.book.must(!*maybe_doubled || traces.doubtful, || format!("marked without a cause: {}", told()));
    let recalled = *reason == Reason::Recalled;
    world.book.must(!recalled || traces.withdrawn, || format!("nobody withdrew it: {}", told()));
    let unsent = (matches!(state, State::Expired | State::Withdrawn | State::Superseded) && !recalled)
        || (*state == State::Failed && *reason != Reason::ReportedUndelivered);
    let known = *maybe_doubled || *reason == Reason::InDoubt;
    world.book.must(!unsent || traces.taken == 0 || known, || format!("arrived, and called unsent: {}", told()));
}

fn sum(numbers: &ChannelStatus) -> u64 {
    numbers.pending
        + numbers.in_flight
        + numbers.accepted
        + numbers.delivered
        + numbers.confirmed
        + numbers.failed
        + numbers.expired
        + numbers.withdrawn
        + numbers.superseded
}

/// How strong a word is, by the description of the merge: the stronger word wins.
fn strength(state: State, reason: Reason) -> u8 {
    match (state, reason) {
        (State::Pending | State::InFlight, _) => 0,
        (State::Expired, _) => 1,
        (State::Superseded, _) => 2,
        (State::Withdrawn, Reason::Recalled) => 7,
        (State::Withdrawn, _) => 3,
        (State::Failed, Reason::ReportedUndelivered) => 6,
        (State::Failed, _) => 4,
        (State::Accepted, _) => 5,
        (State::Delivered, _) => 8,
        (State::Confirmed, _) => 9,
    }
}
