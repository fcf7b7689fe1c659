//! From ranks to rows of the directory and back.

use std::sync::atomic::{AtomicU64, Ordering};

use roaring::RoaringBitmap;

use super::Plan;

/// Ends that are kept: a power of two, more than slices are under way at a time.
const ENDS: usize = 128;

/// Where ranks asked for lately ended: the rank after them, and a row between their last row and its own. Slices, then
/// their outcomes, go through a plan in order; finding a row from its rank alone counts bits one by one.
pub(super) struct Ends([AtomicU64; ENDS]);

impl Default for Ends {
    fn default() -> Self {
        // Rank 0 begins at or after row 0: that is true.
        Self([const { AtomicU64::new(0) }; ENDS])
    }
}

impl Ends {
    /// A rank is at a row.
    fn keep(&self, rank: u32, row: u32) {
        let next = rank.saturating_add(1);
        self.of(next).store(u64::from(next) << 32 | u64::from(row.saturating_add(1)), Ordering::Relaxed);
    }

    /// A row from which on the next one of the audience is that of a rank.
    fn after(&self, rank: u32) -> Option<u32> {
        let known = self.of(rank).load(Ordering::Relaxed);
        (known >> 32 == u64::from(rank)).then(|| u32::try_from(known & 0xFFFF_FFFF).unwrap_or(u32::MAX))
    }

    fn of(&self, rank: u32) -> &AtomicU64 {
        // Spreads ranks that are a slice apart over all places.
        &self.0[rank.wrapping_mul(0x9E37_79B1) as usize >> 16 & (ENDS - 1)]
    }
}

impl Plan {
    /// Directory rows of ranks, in the same order.
    pub(crate) fn rows(&self, ranks: &[u32]) -> Vec<u32> {
        let mut rows = Vec::with_capacity(ranks.len());
        let mut at = 0;
        while at < ranks.len() {
            let run = ranks[at..].iter().zip(ranks[at]..).take_while(|(rank, expected)| **rank == *expected).count();
            if let Some(from) = self.ends.after(ranks[at]).or_else(|| self.audience.select(ranks[at])) {
                rows.extend(self.audience.range(from..).take(run));
            }
            at += run;
        }
        if let (Some(rank), Some(row)) = (ranks.last(), rows.last())
            && rows.len() == ranks.len()
        {
            self.ends.keep(*rank, *row);
        }
        rows
    }

    /// Rank of a directory row, when it is in the audience.
    pub(crate) fn rank(&self, row: u32) -> Option<u32> {
        self.audience.contains(row).then(|| u32::try_from(self.audience.rank(row) - 1).unwrap_or(u32::MAX))
    }

    /// Ranks of the directory rows that are in the audience, ascending.
    pub(super) fn ranks(&self, rows: &RoaringBitmap) -> Vec<u32> {
        /// Fewer of one container are looked up one by one.
        const FEW: u64 = 256;
        let rows = rows & &self.audience;
        let mut ranks = Vec::with_capacity(usize::try_from(rows.len()).unwrap_or_default());
        let mut wanted = rows.iter().peekable();
        while let Some(first) = wanted.peek().copied() {
            let (start, end) = (first & !0xffff, first | 0xffff);
            if rows.range_cardinality(start..=end) < FEW {
                while let Some(row) = wanted.next_if(|row| *row <= end) {
                    ranks.extend(self.rank(row));
                }
                continue;
            }
            let before = start.checked_sub(1).map_or(0, |last| self.audience.rank(last));
            let place = u32::try_from(before).unwrap_or(u32::MAX);
            for (row, rank) in self.audience.range(start..=end).zip(place..) {
                if wanted.next_if_eq(&row).is_some() {
                    ranks.push(rank);
                }
            }
        }
        ranks
    }
}
