//! Finds the delivery a provider's reference belongs to, without a scan.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
};

use parking_lot::Mutex;

use super::codec::{Outcome, Record};
use crate::domain::delivery::Word;

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
    early: HashMap<u64, Early>,
    expired: u64,
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

/// The most receipts kept for references not known yet, and for how long.
const EARLY_MAX: usize = 100_000;
const EARLY_MS: i64 = 600_000;

impl References {
    fn digest(&self, route: &str, reference: &[u8]) -> u64 {
        self.hasher.hash_one((route, reference))
    }

    /// Remembers a reference; gives back the receipt that came before it, when one did.
    pub(crate) fn learn(&self, route: &str, reference: &[u8], plan: u64, rank: u32) -> Option<Early> {
        let digest = self.digest(route, reference);
        let mut inner = self.inner.lock();
        inner.known.insert(digest, (plan, rank));
        inner.early.remove(&digest)
    }

    /// The delivery of a reference; when it is not known yet, the receipt is kept for the moment it is. The oldest
    /// give way when there are too many, and are counted.
    pub(crate) fn find_or_keep(&self, route: &str, reference: &[u8], early: Early) -> Option<(u64, u32)> {
        let digest = self.digest(route, reference);
        let mut inner = self.inner.lock();
        if let Some(found) = inner.known.get(&digest) {
            return Some(*found);
        }
        inner.make_room(early.at_ms);
        inner.early.insert(digest, early);
        None
    }

    /// Receipts that waited for a reference nobody ever gave.
    pub(crate) fn expired(&self) -> u64 {
        self.inner.lock().expired
    }
}

impl Inner {
    fn make_room(&mut self, now_ms: i64) {
        if self.early.len() < EARLY_MAX {
            return;
        }
        let before = self.early.len();
        self.early.retain(|_, kept| kept.at_ms > now_ms - EARLY_MS);
        if self.early.len() == before
            && let Some(oldest) = self.early.iter().min_by_key(|(_, kept)| kept.at_ms).map(|(digest, _)| *digest)
        {
            self.early.remove(&oldest);
        }
        self.expired += (before - self.early.len()) as u64;
    }
}
