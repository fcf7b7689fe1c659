//! How often the deliveries of a plan were ordered to be sent again.
//!
//! A delivery is in round 0 as planned, and in the next one with each order. Providers name what they took anew in each
//! round; a report about an earlier round finds the delivery all the same, and is told apart here.

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::atomic::{AtomicBool, Ordering},
};

use parking_lot::Mutex;
use roaring::RoaringBitmap;

/// The last round a delivery can be in.
pub(crate) const ROUNDS_MAX: u8 = 99;

/// The rounds of one plan. Costs nothing as long as nothing was ordered again.
#[derive(Default)]
pub(crate) struct Rounds {
    any: AtomicBool,
    hasher: RandomState,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// `reached[n]`: ranks that came to round `n + 1` or beyond.
    reached: Vec<RoaringBitmap>,
    /// Round of the references learned after round 0, by digest of route and reference.
    references: HashMap<u64, u8>,
}

impl Inner {
    fn of(&self, rank: u32) -> u8 {
        let reached = self.reached.iter().take_while(|ranks| ranks.contains(rank)).count();
        u8::try_from(reached).unwrap_or(ROUNDS_MAX)
    }
}

impl Rounds {
    fn any(&self) -> bool {
        self.any.load(Ordering::Acquire)
    }

    /// The round a delivery is in.
    pub(crate) fn of(&self, rank: u32) -> u8 {
        if self.any() { self.inner.lock().of(rank) } else { 0 }
    }

    /// The rounds several deliveries are in.
    pub(crate) fn of_all(&self, ranks: &[u32]) -> Vec<u8> {
        if !self.any() {
            return vec![0; ranks.len()];
        }
        let inner = self.inner.lock();
        ranks.iter().map(|rank| inner.of(*rank)).collect()
    }

    /// The next round of a delivery begins.
    pub(crate) fn begin(&self, rank: u32) {
        let mut inner = self.inner.lock();
        let round = usize::from(inner.of(rank).min(ROUNDS_MAX - 1));
        if inner.reached.len() == round {
            inner.reached.push(RoaringBitmap::new());
        }
        if let Some(ranks) = inner.reached.get_mut(round) {
            ranks.insert(rank);
        }
        drop(inner);
        self.any.store(true, Ordering::Release);
    }

    /// A provider's name for a delivery, given in the round it is in now.
    pub(crate) fn learn(&self, route: &str, reference: &[u8], rank: u32) {
        if self.any() {
            let digest = self.hasher.hash_one((route, reference));
            let mut inner = self.inner.lock();
            let round = inner.of(rank);
            if round > 0 {
                inner.references.insert(digest, round);
            }
        }
    }

    /// The round a provider's name was given in.
    pub(crate) fn about(&self, route: &str, reference: &[u8]) -> u8 {
        if !self.any() {
            return 0;
        }
        let digest = self.hasher.hash_one((route, reference));
        self.inner.lock().references.get(&digest).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{ROUNDS_MAX, Rounds};

    #[test]
    fn a_name_belongs_to_the_round_it_was_given_in() {
        let rounds = Rounds::default();
        rounds.learn("sms.a", b"first", 3);
        assert_eq!((rounds.of(3), rounds.about("sms.a", b"first")), (0, 0));
        rounds.begin(3);
        rounds.learn("sms.a", b"second", 3);
        rounds.learn("sms.a", b"neighbour", 4);
        assert_eq!(rounds.of_all(&[2, 3, 4]), [0, 1, 0]);
        assert_eq!(rounds.about("sms.a", b"first"), 0);
        assert_eq!(rounds.about("sms.a", b"second"), 1);
        assert_eq!(rounds.about("sms.b", b"second"), 0, "names of different routes have nothing in common");
        assert_eq!(rounds.about("sms.a", b"neighbour"), 0);
        rounds.begin(3);
        assert_eq!(rounds.of(3), 2);
    }

    #[test]
    fn rounds_end_somewhere() {
        let rounds = Rounds::default();
        (0..200).for_each(|_| rounds.begin(0));
        assert_eq!(rounds.of(0), ROUNDS_MAX);
    }
}
