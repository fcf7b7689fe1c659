//! Questions about all deliveries of a plan: scans of bytes, and what is kept of single ones.

use roaring::RoaringBitmap;

use super::*;

impl Plan {
    /// Ranks below the first never claimed that are pending: to be tried again.
    pub(crate) fn pending_claimed(&self) -> (Vec<u32>, u32) {
        let claimed = self.dense.lock().next_fresh;
        (self.ranks_in(State::Pending, claimed), claimed)
    }

    /// Ranks of a range that are pending.
    pub(crate) fn pending_in(&self, ranks: std::ops::Range<u32>) -> Vec<u32> {
        let wanted = Wanted::new(|word| word.state == State::Pending);
        let mut found = Vec::new();
        self.scan(ranks, |first, states, reasons| {
            found.extend(wanted.ranks(first, states, reasons).map(|(rank, _)| rank));
            true
        });
        found
    }

    /// Whether anything in a range is pending or in flight.
    pub(crate) fn has_open(&self, ranks: std::ops::Range<u32>) -> bool {
        let wanted = Wanted::new(|word| matches!(word.state, State::Pending | State::InFlight));
        let mut found = false;
        self.scan(ranks, |first, states, reasons| {
            found = wanted.ranks(first, states, reasons).next().is_some();
            !found
        });
        found
    }

    pub(super) fn ranks_in(&self, state: State, before: u32) -> Vec<u32> {
        if self.dense.lock().counts[state as usize] == 0 {
            return Vec::new();
        }
        let wanted = Wanted::new(|word| word.state == state);
        let mut found = Vec::new();
        self.scan(0..before, |first, states, reasons| {
            found.extend(wanted.ranks(first, states, reasons).map(|(rank, _)| rank));
            true
        });
        found
    }

    /// Shows copies of the state and reason bytes of these ranks, piece by piece, until `visit` says false.
    fn scan(&self, ranks: std::ops::Range<u32>, mut visit: impl FnMut(u32, &[u8], &[u8]) -> bool) {
        let (mut states, mut reasons) = (Vec::with_capacity(BLOCK), Vec::with_capacity(BLOCK));
        let mut first = ranks.start;
        while first < ranks.end {
            let dense = self.dense.lock();
            let piece = dense.bytes(first, BLOCK.min((ranks.end - first) as usize));
            states.clear();
            states.extend_from_slice(piece.0);
            reasons.clear();
            reasons.extend_from_slice(piece.1);
            drop(dense);
            if states.is_empty() || !visit(first, &states, &reasons) {
                return;
            }
            first += states.len() as u32;
        }
    }

    pub(crate) fn attempts(&self, rank: u32) -> u8 {
        self.dense.lock().attempts(rank)
    }

    /// Attempts made so far at several ranks.
    pub(crate) fn attempts_of(&self, ranks: &[u32]) -> Vec<u8> {
        let dense = self.dense.lock();
        ranks.iter().map(|rank| dense.attempts(*rank)).collect()
    }

    pub(crate) fn state(&self, rank: u32) -> Word {
        let dense = self.dense.lock();
        if (rank as usize) < dense.len() { dense.word(rank as usize) } else { PENDING }
    }

    pub(crate) fn maybe_doubled(&self, rank: u32) -> bool {
        self.dense.lock().is_doubled(rank)
    }

    /// Where in the journal the word about a delivery stands; `None` when nothing was said since it was folded.
    pub(crate) fn entry(&self, rank: u32) -> Option<Appended> {
        self.dense.lock().entry(rank)
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        let dense = self.dense.lock();
        Snapshot {
            counts: dense.counts,
            reasons: Reason::ALL
                .into_iter()
                .filter(|reason| *reason != Reason::None && dense.reason_counts[*reason as usize] > 0)
                .map(|reason| (reason, dense.reason_counts[reason as usize]))
                .collect(),
            doubled: dense.doubled,
            changed_ms: dense.changed_ms,
        }
    }

    /// Ranks from `from` on that `wanted` says yes to, at most `limit`: a byte scan.
    pub(crate) fn find(&self, from: u32, limit: usize, wanted: impl Fn(Word) -> bool) -> Vec<(u32, Word)> {
        let wanted = Wanted::new(wanted);
        let mut found = Vec::new();
        self.scan(from..self.size(), |first, states, reasons| {
            found.extend(wanted.ranks(first, states, reasons).take(limit - found.len()));
            found.len() < limit
        });
        found
    }

    /// Directory rows whose delivery `wanted` says yes to.
    pub(crate) fn rows_where(&self, wanted: impl Fn(Word) -> bool) -> RoaringBitmap {
        let wanted = Wanted::new(wanted);
        let mut rows = Rows::new();
        let mut audience = self.audience.iter();
        self.scan(0..self.size(), |_, states, reasons| {
            let bytes = states.iter().zip(reasons);
            audience.by_ref().zip(bytes).for_each(|(row, (state, reason))| rows.add(row, wanted.has(*state, *reason)));
            true
        });
        rows.finish()
    }

    /// Directory rows whose copy was accepted or better; with `or_in_flight`, also those that may be on the wire.
    pub(crate) fn reached(&self, or_in_flight: bool) -> RoaringBitmap {
        let mut rows = Rows::new();
        let mut audience = self.audience.iter();
        let mut of = [0; 1_024];
        self.scan(0..self.size(), |_, states, reasons| {
            for (states, reasons) in states.chunks(of.len()).zip(reasons.chunks(of.len())) {
                let of = audience.next_many(&mut of[..states.len()]);
                for ((row, state), reason) in of.iter().zip(states).zip(reasons) {
                    rows.add(*row, has_left(*state, *reason, or_in_flight));
                }
            }
            true
        });
        rows.finish()
    }
}
