//! Whose turn it is on which channel of a ladder: pure, over bitmaps of directory rows.
//!
//! A recipient begins with the first channel he has an address on. His turn on a channel ends when the delivery failed
//! for good or the wait is over; then the next channel he has an address on begins, at that very moment, whenever it is
//! looked at. So the same failures at the same times give the same turns after a restart.

use std::collections::BTreeMap;

use roaring::RoaringBitmap;

/// The turns of one warning.
pub(super) struct Turns {
    wait_ms: i64,
    /// By step: who is on it since when (milliseconds since 1970) and has not gone on.
    since: Vec<BTreeMap<i64, RoaringBitmap>>,
    /// By step: whose turn has begun.
    begun: Vec<RoaringBitmap>,
}

impl Turns {
    /// Everybody on the first step he has an address on. `audiences` by step.
    pub(super) fn new(audiences: &[&RoaringBitmap], start_ms: i64, wait_ms: i64) -> Self {
        let steps = audiences.len();
        let mut turns =
            Self { wait_ms, since: vec![BTreeMap::new(); steps], begun: vec![RoaringBitmap::new(); steps] };
        let mut before = RoaringBitmap::new();
        for (step, audience) in audiences.iter().enumerate() {
            turns.begin(step, *audience - &before, start_ms);
            before |= *audience;
        }
        turns
    }

    fn begin(&mut self, step: usize, rows: RoaringBitmap, at_ms: i64) {
        if !rows.is_empty() {
            self.begun[step] |= &rows;
            *self.since[step].entry(at_ms).or_default() |= rows;
        }
    }

    /// Whose turn on a step has begun.
    pub(super) fn begun(&self, step: usize) -> &RoaringBitmap {
        &self.begun[step]
    }

    /// Deliveries of a step failed for good at a moment.
    pub(super) fn fail(
        &mut self,
        audiences: &[&RoaringBitmap],
        step: usize,
        at_ms: i64,
        rows: &RoaringBitmap,
        answered: &RoaringBitmap,
    ) {
        self.advance(audiences, at_ms, answered);
        let mut gone = RoaringBitmap::new();
        for on in self.since[step].values_mut() {
            let failed = &*on & rows;
            *on -= &failed;
            gone |= failed;
        }
        // By the second, so that many failures one after the other stay few turns.
        let at_ms = at_ms.div_euclid(1_000) * 1_000 + if at_ms % 1_000 == 0 { 0 } else { 1_000 };
        self.go_on(audiences, step, gone - answered, at_ms);
    }

    /// Ends every turn whose wait is over by now.
    pub(super) fn advance(&mut self, audiences: &[&RoaringBitmap], now_ms: i64, answered: &RoaringBitmap) {
        for step in 0..self.since.len() {
            while let Some(first) = self.since[step].first_entry()
                && first.key() + self.wait_ms <= now_ms
            {
                let (began, rows) = first.remove_entry();
                self.go_on(audiences, step, rows - answered, began + self.wait_ms);
            }
        }
    }

    fn go_on(&mut self, audiences: &[&RoaringBitmap], from: usize, mut rows: RoaringBitmap, at_ms: i64) {
        for (step, audience) in audiences.iter().enumerate().skip(from + 1) {
            let here = &rows & *audience;
            rows -= &here;
            self.begin(step, here, at_ms);
        }
    }
}

#[cfg(test)]
mod tests;
