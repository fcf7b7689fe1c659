//! Finds the delivery a provider's reference belongs to, without a scan.

use std::{
    collections::{HashMap, VecDeque},
    hash::{BuildHasher, RandomState},
};

use parking_lot::Mutex;

use super::codec::{Outcome, Record};
use crate::domain::delivery::{Word, merge};

/// References of a gateway, by digest of route and reference.
///
/// Receipts can overtake the answer to their submit: those for references not known yet are kept for a while.
#[derive(Default)]
pub(crate) struct References {
    hasher: RandomState,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// 64 bits of digest → (plan, rank).
    known: HashMap<u64, (u64, u32)>,
    /// With the moment they came.
    early: HashMap<u64, (i64, Early)>,
    /// In the order they came.
    order: VecDeque<(i64, u64)>,
    expired: u64,
    keep: Keep,
}

/// A receipt whose reference is not known yet.
#[derive(Clone)]
pub(crate) struct Early {
    pub(crate) word: Word,
    pub(crate) code: Box<str>,
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
}

/// How many receipts are kept for references not known yet, and for how long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keep {
    pub(crate) most: usize,
    pub(crate) ms: i64,
}

impl Default for Keep {
    fn default() -> Self {
        Self { most: 100_000, ms: 3_600_000 }
    }
}

impl References {
    /// With these bounds for receipts whose reference is not known yet.
    pub(crate) fn keeping(keep: Keep) -> Self {
        Self { hasher: RandomState::default(), inner: Mutex::new(Inner { keep, ..Inner::default() }) }
    }

    fn digest(&self, route: &str, reference: &[u8]) -> u64 {
        self.hasher.hash_one((route, reference))
    }

    /// Remembers a reference; gives back the receipt that came before it, when one did.
    pub(crate) fn learn(&self, route: &str, reference: &[u8], plan: u64, rank: u32) -> Option<Early> {
        let digest = self.digest(route, reference);
        let mut inner = self.inner.lock();
        inner.known.insert(digest, (plan, rank));
        inner.early.remove(&digest).map(|(_, early)| early)
    }

    /// The delivery of a reference; when it is not known yet, the receipt is kept for the moment it is, merged with what
    /// came before it. The oldest give way when there are too many, and are counted.
    pub(crate) fn find_or_keep(&self, route: &str, reference: &[u8], now_ms: i64, early: Early) -> Option<(u64, u32)> {
        let digest = self.digest(route, reference);
        let mut inner = self.inner.lock();
        if let Some(found) = inner.known.get(&digest) {
            return Some(*found);
        }
        match inner.early.get_mut(&digest) {
            Some((_, known)) if merge(known.word, early.word) == known.word => {}
            Some((_, known)) => *known = early,
            None => {
                inner.make_room();
                inner.early.insert(digest, (now_ms, early));
                inner.order.push_back((now_ms, digest));
            }
        }
        None
    }

    /// Gives up the receipts that have waited too long.
    pub(crate) fn forget_old(&self, now_ms: i64) {
        let mut inner = self.inner.lock();
        let oldest = now_ms - inner.keep.ms;
        while inner.order.front().is_some_and(|(since, _)| *since <= oldest) {
            inner.drop_oldest();
        }
    }

    /// Receipts that wait for their reference.
    pub(crate) fn waiting(&self) -> u64 {
        self.inner.lock().early.len() as u64
    }

    /// Receipts that waited for a reference nobody ever gave.
    pub(crate) fn expired(&self) -> u64 {
        self.inner.lock().expired
    }
}

impl Inner {
    fn make_room(&mut self) {
        let most = self.keep.most.max(1);
        while self.early.len() >= most && !self.order.is_empty() {
            self.drop_oldest();
        }
        // Those taken since still stand in the order they came in.
        if self.order.len() > most.saturating_mul(2).max(1_024) {
            let early = &self.early;
            self.order.retain(|(since, digest)| early.get(digest).is_some_and(|(kept, _)| kept == since));
        }
    }

    fn drop_oldest(&mut self) {
        if let Some((since, digest)) = self.order.pop_front()
            && self.early.get(&digest).is_some_and(|(kept, _)| *kept == since)
        {
            self.early.remove(&digest);
            self.expired += 1;
        }
    }
}
