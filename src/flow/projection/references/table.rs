//! A table from reference to rank: open addressing in eight bytes a slot.
//!
//! A slot holds the rank in as many bits as the plan needs and a fingerprint in the others: at least 40 bits for a plan
//! of ten million. The place of a slot comes from other bits of the same digest. What that means:
//!
//! - Two references of one plan are never taken for one another: when a new one meets its own fingerprint in a slot of
//!   another rank, it is kept whole beside the table. (A provider that gives one reference to several deliveries is
//!   understood as meaning the last.)
//! - A stranger's reference is taken for one of ours with a chance of about ten slots looked at in 2^40, one in 10^11,
//!   and the digest is keyed, so nobody can try for it.
//!
//! A table never grows: it is made for the audience, and what does not fit any more (second references of repeated
//! deliveries) goes into a further table an eighth of its size. So there is never a second copy of anything.

use std::{collections::HashMap, hint::black_box};

/// References kept whole at most; above it a reference takes the place of the one with its fingerprint.
const WHOLE_MAX: usize = 65_536;
/// The smallest table, in slots.
const SMALLEST: usize = 16;

pub(super) struct Table {
    size: u32,
    /// The oldest first, each full but the last.
    parts: Vec<Part>,
    whole: HashMap<Box<[u8]>, u32>,
}

impl Table {
    /// For a plan of this many deliveries.
    pub(super) fn new(size: u32) -> Self {
        Self { size, parts: Vec::new(), whole: HashMap::new() }
    }

    /// Reads the slots that are about to be written, all at once: memory answers a hundred questions together almost as
    /// fast as one.
    pub(super) fn touch(&self, digests: impl Iterator<Item = u64>) {
        if let Some(part) = self.parts.last() {
            black_box(digests.fold(0, |seen, digest| seen ^ part.slots[part.home(digest)]));
        }
    }

    pub(super) fn learn(&mut self, digest: u64, route: &str, reference: &[u8], rank: u32) {
        if rank >= self.size {
            return;
        }
        if !self.whole.is_empty()
            && let Some(known) = self.whole.get_mut(&*whole(route, reference))
        {
            *known = rank;
            return;
        }
        let full = self.parts.len().saturating_sub(1);
        let older = self.parts[..full].iter().position(|part| part.find(digest).is_some());
        let at = match older {
            Some(at) => at,
            None => self.open_part(),
        };
        match self.parts[at].learn(digest, rank) {
            Met::Nobody => {}
            Met::Other(slot) if self.whole.len() >= WHOLE_MAX => self.parts[at].replace(slot, rank),
            Met::Other(_) => {
                self.whole.insert(whole(route, reference), rank);
            }
        }
    }

    pub(super) fn find(&self, digest: u64, route: &str, reference: &[u8]) -> Option<u32> {
        if !self.whole.is_empty()
            && let Some(rank) = self.whole.get(&*whole(route, reference))
        {
            return Some(*rank);
        }
        self.parts.iter().rev().find_map(|part| part.find(digest))
    }

    /// The part that takes new references.
    fn open_part(&mut self) -> usize {
        if self.parts.last().is_none_or(Part::is_full) {
            let expected = if self.parts.is_empty() { self.size } else { self.size / 8 };
            self.parts.push(Part::new(expected, self.size));
        }
        self.parts.len() - 1
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.parts.iter().map(|part| part.slots.len() * size_of::<u64>()).sum()
    }
}

/// A route and a reference as one key.
fn whole(route: &str, reference: &[u8]) -> Box<[u8]> {
    [&(route.len() as u64).to_le_bytes(), route.as_bytes(), reference].concat().into()
}

/// Slots, a tenth of which stay empty.
struct Part {
    /// Fingerprint above, rank plus one below; 0 = empty.
    slots: Box<[u64]>,
    taken: usize,
    rank_bits: u32,
}

/// What a new reference met on its way to a slot.
enum Met {
    Nobody,
    /// Its own fingerprint, of another rank, in this slot.
    Other(usize),
}

impl Part {
    fn new(expected: u32, size: u32) -> Self {
        // Nine tenths full when all have come; zeroed memory costs nothing before it is used.
        let slots = (expected as usize).saturating_mul(10).div_ceil(9).max(SMALLEST);
        Self { slots: vec![0; slots].into(), taken: 0, rank_bits: (u64::from(size) + 1).ilog2() + 1 }
    }

    fn is_full(&self) -> bool {
        self.taken >= self.slots.len() - self.slots.len() / 10
    }

    /// The top bits of the digest decide about the place, the low ones are the fingerprint.
    fn home(&self, digest: u64) -> usize {
        ((u128::from(digest) * self.slots.len() as u128) >> 64) as usize
    }

    fn rank(&self, slot: u64) -> u32 {
        ((slot & ((1 << self.rank_bits) - 1)) as u32).wrapping_sub(1)
    }

    /// The slot with this fingerprint, or the empty one where it would be.
    fn seek(&self, digest: u64) -> (usize, u64) {
        let fingerprint = digest << self.rank_bits;
        let mut at = self.home(digest);
        loop {
            let slot = self.slots[at];
            if slot == 0 || (slot ^ fingerprint) >> self.rank_bits == 0 {
                return (at, slot);
            }
            at = if at + 1 == self.slots.len() { 0 } else { at + 1 };
        }
    }

    fn find(&self, digest: u64) -> Option<u32> {
        let (_, slot) = self.seek(digest);
        (slot != 0).then(|| self.rank(slot))
    }

    fn learn(&mut self, digest: u64, rank: u32) -> Met {
        let (at, slot) = self.seek(digest);
        if slot == 0 {
            self.slots[at] = (digest << self.rank_bits) | (u64::from(rank) + 1);
            self.taken += 1;
            return Met::Nobody;
        }
        if self.rank(slot) == rank { Met::Nobody } else { Met::Other(at) }
    }

    fn replace(&mut self, at: usize, rank: u32) {
        let above = self.slots[at] >> self.rank_bits << self.rank_bits;
        self.slots[at] = above | (u64::from(rank) + 1);
    }
}
