//! Receipts that came before anybody knew their reference.

use std::collections::{HashMap, VecDeque};

use crate::{
    domain::delivery::{Word, merge},
    flow::projection::codec::{Outcome, Record},
};

/// How many receipts are kept for references not known yet, and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keep {
    pub(crate) most: usize,
    /// Milliseconds.
    pub(crate) ms: i64,
}

impl Default for Keep {
    fn default() -> Self {
        Self { most: 100_000, ms: 600_000 }
    }
}

/// A receipt whose reference is not known yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Early {
    pub(crate) word: Word,
    pub(crate) code: Box<str>,
    /// When it happened, as the provider says.
    pub(crate) at_ms: i64,
}

impl Early {
    /// The record of the delivery it turned out to belong to.
    pub(crate) fn record(self, rank: u32) -> Record {
        Record {
            rank,
            outcome: Outcome::Reached(self.word.state),
            reason: self.word.reason,
            delay_ms: 0,
            reference: Box::default(),
            code: self.code,
        }
    }

    /// The stronger of two receipts for one reference.
    fn merged(self, other: Self) -> Self {
        if merge(self.word, other.word) == self.word { self } else { other }
    }
}

/// Those that wait, bounded in number and in time.
#[derive(Default)]
pub(super) struct Waiting {
    kept: HashMap<u64, Kept>,
    /// In the order they came, with when; those taken since are still in it.
    order: VecDeque<(i64, u64)>,
    now_ms: i64,
    expired: u64,
    keep: Keep,
}

struct Kept {
    route: Box<str>,
    reference: Box<[u8]>,
    early: Early,
    since_ms: i64,
    shown: bool,
}

impl Waiting {
    pub(super) fn keeping(keep: Keep) -> Self {
        Self { keep, ..Self::default() }
    }

    pub(super) fn bounds(&self) -> Keep {
        self.keep
    }

    pub(super) fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    pub(super) fn len(&self) -> u64 {
        self.kept.len() as u64
    }

    pub(super) fn expired(&self) -> u64 {
        self.expired
    }

    pub(super) fn keep(&mut self, digest: u64, route: &str, reference: &[u8], since_ms: i64, early: Early) {
        if let Some(known) = self.kept.get_mut(&digest).filter(|known| known.is(route, reference)) {
            let before = known.early.clone();
            known.early = before.merged(early);
            known.shown = false;
            return;
        }
        if self.kept.len() >= self.keep.most {
            self.drop_oldest();
        }
        let kept = Kept { route: route.into(), reference: reference.into(), early, since_ms, shown: false };
        if self.kept.insert(digest, kept).is_some() {
            // Two references with one digest: the older gives way, as if there were no room.
            self.expired += 1;
        }
        self.order.push_back((since_ms, digest));
        if self.order.len() > 2 * self.keep.most {
            self.order.retain(|(since, digest)| self.kept.get(digest).is_some_and(|kept| kept.since_ms == *since));
        }
    }

    pub(super) fn take(&mut self, digest: u64, route: &str, reference: &[u8]) -> Option<Early> {
        if !self.kept.get(&digest)?.is(route, reference) {
            return None;
        }
        self.kept.remove(&digest).map(|kept| kept.early)
    }

    pub(super) fn forget_old(&mut self, now_ms: i64) {
        self.now_ms = self.now_ms.max(now_ms);
        while self.order.front().is_some_and(|(since, _)| *since <= self.now_ms - self.keep.ms) {
            self.drop_oldest();
        }
    }

    pub(super) fn unclaimed(&mut self, waited_ms: i64, limit: usize) -> Vec<(Box<str>, Box<[u8]>)> {
        let mut unclaimed = Vec::new();
        for (since, digest) in &self.order {
            if unclaimed.len() >= limit || *since > self.now_ms - waited_ms {
                break;
            }
            if let Some(kept) = self.kept.get_mut(digest).filter(|kept| !kept.shown) {
                kept.shown = true;
                unclaimed.push((kept.route.clone(), kept.reference.clone()));
            }
        }
        unclaimed
    }

    /// Counts and drops the oldest that is still here.
    fn drop_oldest(&mut self) {
        while let Some((since, digest)) = self.order.pop_front() {
            if self.kept.get(&digest).is_some_and(|kept| kept.since_ms == since) {
                self.kept.remove(&digest);
                self.expired += 1;
                return;
            }
        }
    }
}

impl Kept {
    fn is(&self, route: &str, reference: &[u8]) -> bool {
        *self.route == *route && *self.reference == *reference
    }
}
