//! The record of the claims on one plan.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::store::NodeId;

/// How far a plan is claimed, and by whom.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::flow::nodes) struct ClaimRecord {
    /// First rank never claimed.
    pub(in crate::flow::nodes) next: u32,
    /// Blocks below that belong to nobody: first rank and length.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    free: Vec<(u32, u32)>,
    pub(in crate::flow::nodes) open: Vec<Open>,
}

/// A block that a node has claimed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::flow::nodes) struct Open {
    pub(in crate::flow::nodes) node: NodeId,
    pub(in crate::flow::nodes) first: u32,
    pub(in crate::flow::nodes) len: u32,
}

/// A block that is claimed.
pub(super) struct Block {
    pub(super) ranks: Range<u32>,
    /// Nothing of it was tried before.
    pub(super) is_fresh: bool,
}

impl ClaimRecord {
    /// Ranks that can be claimed of a plan of this size.
    pub(super) fn left(&self, size: u32) -> u32 {
        let free: u32 = self.free.iter().map(|(_, len)| len).sum();
        size.saturating_sub(self.next).saturating_add(free)
    }

    /// Takes at most `most` ranks: first what is free. `None` when nothing is left.
    pub(super) fn take(&mut self, size: u32, most: u32) -> Option<Block> {
        if let Some((first, len)) = self.free.first_mut() {
            let taken = most.min(*len);
            let ranks = *first..*first + taken;
            (*first, *len) = (*first + taken, *len - taken);
            if *len == 0 {
                self.free.remove(0);
            }
            return Some(Block { ranks, is_fresh: false });
        }
        let ranks = self.next..size.min(self.next.saturating_add(most));
        self.next = ranks.end.max(self.next);
        (!ranks.is_empty()).then_some(Block { ranks, is_fresh: true })
    }

    /// Sets free what nodes have claimed that are not among these; whether that was anything.
    pub(in crate::flow::nodes) fn release(&mut self, alive: &[NodeId]) -> bool {
        let before = self.open.len();
        let (kept, dead) = std::mem::take(&mut self.open).into_iter().partition(|open| alive.contains(&open.node));
        self.open = kept;
        let dead: Vec<Open> = dead;
        self.free.extend(dead.into_iter().map(|open| (open.first, open.len)));
        self.join();
        self.open.len() < before
    }

    /// Makes blocks of closed ranks free: of each stretch that is closed the part from the first to the last of these.
    /// `ranks` are ascending.
    pub(super) fn free_closed(&mut self, ranks: &[u32]) {
        let mut taken: Vec<(u32, u32)> = self.free.clone();
        taken.extend(self.open.iter().map(|open| (open.first, open.len)));
        taken.sort_unstable();
        let mut blocks: Vec<(usize, u32, u32)> = Vec::new();
        for rank in ranks.iter().copied().filter(|rank| *rank < self.next) {
            let before = taken.partition_point(|(first, _)| *first <= rank);
            if before.checked_sub(1).is_some_and(|at| taken[at].0 + taken[at].1 > rank) {
                continue;
            }
            match blocks.last_mut() {
                Some((stretch, first, len)) if *stretch == before => *len = rank + 1 - *first,
                _ => blocks.push((before, rank, 1)),
            }
        }
        self.free.extend(blocks.into_iter().map(|(_, first, len)| (first, len)));
        self.join();
    }

    /// Joins free blocks that stand side by side.
    fn join(&mut self) {
        self.free.sort_unstable();
        let mut joined: Vec<(u32, u32)> = Vec::with_capacity(self.free.len());
        for (first, len) in std::mem::take(&mut self.free) {
            match joined.last_mut() {
                Some((before, length)) if *before + *length == first => *length += len,
                _ => joined.push((first, len)),
            }
        }
        self.free = joined;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// How many places each rank is in: never claimed, free, or open.
    fn places(record: &ClaimRecord, size: u32) -> Vec<u32> {
        let mut places = vec![0; size as usize];
        let open = record.open.iter().map(|open| (open.first, open.len));
        let unclaimed = (record.next, size - record.next.min(size));
        for (first, len) in record.free.iter().copied().chain(open).chain([unclaimed]) {
            (first..first + len).for_each(|rank| places[rank as usize] += 1);
        }
        places
    }

    proptest! {
        #[test]
        fn no_rank_is_ever_in_two_places_or_lost(
            size in 1_u32..300,
            acts in prop::collection::vec((0_u8..4, 1_u64..4, any::<u32>()), 1..60),
        ) {
            let mut record = ClaimRecord::default();
            for (act, node, number) in acts {
                let node = NodeId(node);
                let before = places(&record, size);
                match act {
                    0 | 1 => {
                        if let Some(block) = record.take(size, 1 + number % 40) {
                            record.open.push(Open { node, first: block.ranks.start, len: block.ranks.len() as u32 });
                        }
                        prop_assert_eq!(places(&record, size), before, "a claim moves ranks");
                    }
                    2 => {
                        let alive: Vec<NodeId> = (1..4).map(NodeId).filter(|other| *other != node).collect();
                        record.release(&alive);
                        prop_assert_eq!(places(&record, size), before, "so does a death");
                        prop_assert!(record.open.iter().all(|open| open.node != node));
                    }
                    _ => {
                        record.open.retain(|open| open.node != node);
                        let closed = places(&record, size);
                        let again: Vec<u32> = (0..size).filter(|rank| (rank * 7 + number) % 5 == 0).collect();
                        record.free_closed(&again);
                        let after = places(&record, size);
                        for rank in again {
                            prop_assert_eq!(after[rank as usize], 1, "what is ordered again has a place");
                        }
                        prop_assert!(closed.iter().zip(&after).all(|(before, after)| before <= after));
                    }
                }
                prop_assert!(places(&record, size).iter().all(|places| *places <= 1));
            }
        }
    }
}
