//! The states of a plan's deliveries, by rank: five bytes each, no object each.
//!
//! Everything here starts as zeroed memory, which costs nothing before it is written, and every question over all
//! deliveries is a scan of bytes.

use std::collections::HashMap;

use roaring::RoaringBitmap;

use crate::{
    domain::delivery::{Reason, State, Word},
    store::Appended,
};

/// What attempts are counted up to.
const ATTEMPTS_MAX: u8 = 15;
/// The half of a state byte that is the state; the other half counts attempts.
const STATE: u8 = 0x0f;
/// The half of a reason byte that is the reason.
const REASON: u8 = 0x0f;
/// Set in the reason byte of a delivery whose earlier attempt may have arrived.
const DOUBLED: u8 = 0x80;
/// The largest number of an entry that three bytes hold.
const FAR: u32 = 0xff_ffff;

const _: () = assert!(State::ALL.len() <= 16 && Reason::ALL.len() <= 16, "half a byte each");

pub(super) struct Dense {
    states: Vec<u8>,
    reasons: Vec<u8>,
    /// One more than the index into `entries` of the entry that says why the state is as it is, in three bytes; 0 =
    /// none, [`FAR`] = look in `far`.
    entry_of: Vec<[u8; 3]>,
    /// The same of the few ranks whose entry has a number that three bytes do not hold.
    far: HashMap<u32, u32>,
    /// Journal entries that were applied, in the order they were.
    entries: Vec<Appended>,
    /// What each of them left without later word.
    left: Vec<Left>,
    /// Names that these give by number.
    routes: Vec<Box<str>>,
    /// What their times are counted from, milliseconds since 1970.
    base_ms: i64,
    pub(super) counts: [u64; State::ALL.len()],
    pub(super) reason_counts: [u64; Reason::ALL.len()],
    pub(super) doubled: u64,
    pub(super) changed_ms: i64,
    /// First rank never claimed, by replay: where sending goes on.
    pub(super) next_fresh: u32,
    /// Grows with every change.
    pub(super) version: u64,
}

impl Dense {
    pub(super) fn new(size: usize, changed_ms: i64) -> Self {
        let mut counts = [0; State::ALL.len()];
        counts[State::Pending as usize] = size as u64;
        let mut reason_counts = [0; Reason::ALL.len()];
        reason_counts[Reason::None as usize] = size as u64;
        Self {
            states: vec![0; size],
            reasons: vec![0; size],
            entry_of: Vec::new(),
            far: HashMap::new(),
            entries: Vec::new(),
            left: Vec::new(),
            routes: Vec::new(),
            base_ms: changed_ms,
            counts,
            reason_counts,
            doubled: 0,
            changed_ms,
            next_fresh: 0,
            version: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.states.len()
    }

    pub(super) fn word(&self, rank: usize) -> Word {
        word(self.states[rank], self.reasons[rank])
    }

    pub(super) fn state(&self, rank: u32) -> Option<State> {
        self.states.get(rank as usize).map(|state| State::from_number(state & STATE).unwrap_or_default())
    }

    pub(super) fn set(&mut self, rank: usize, word: Word) {
        let was = self.word(rank);
        self.counts[was.state as usize] -= 1;
        self.counts[word.state as usize] += 1;
        self.reason_counts[was.reason as usize] -= 1;
        self.reason_counts[word.reason as usize] += 1;
        self.states[rank] = (self.states[rank] & !STATE) | word.state as u8;
        self.reasons[rank] = (self.reasons[rank] & !REASON) | word.reason as u8;
        self.version += 1;
    }

    /// Gives every delivery of one state another word.
    pub(super) fn set_all(&mut self, from: State, word: Word) {
        for (state, reason) in self.states.iter_mut().zip(&mut self.reasons) {
            if *state & STATE == from as u8 {
                self.reason_counts[usize::from(*reason & REASON)] -= 1;
                *state = (*state & !STATE) | word.state as u8;
                *reason = (*reason & !REASON) | word.reason as u8;
            }
        }
        let moved = std::mem::take(&mut self.counts[from as usize]);
        self.counts[word.state as usize] += moved;
        self.reason_counts[word.reason as usize] += moved;
        self.version += 1;
    }

    pub(super) fn attempts(&self, rank: u32) -> u8 {
        self.states.get(rank as usize).map_or(0, |state| state >> 4)
    }

    pub(super) fn count_attempt(&mut self, rank: usize) {
        if self.states[rank] >> 4 < ATTEMPTS_MAX {
            self.states[rank] += 0x10;
            self.version += 1;
        }
    }

    /// Attempts count anew from here on.
    pub(super) fn forget_attempts(&mut self, rank: usize) {
        self.states[rank] &= STATE;
        self.version += 1;
    }

    pub(super) fn is_doubled(&self, rank: u32) -> bool {
        self.reasons.get(rank as usize).is_some_and(|reason| reason & DOUBLED != 0)
    }

    pub(super) fn mark_doubled(&mut self, rank: usize) {
        if self.reasons[rank] & DOUBLED == 0 {
            self.reasons[rank] |= DOUBLED;
            self.doubled += 1;
            self.version += 1;
        }
    }

    /// Takes a journal entry in; [`Self::said`] refers to it.
    pub(super) fn enter(&mut self, at: Appended, at_ms: i64, route: &str) -> u32 {
        if self.entry_of.is_empty() {
            self.entry_of = vec![[0; 3]; self.states.len()];
        }
        self.entries.push(at);
        let known = self.routes.iter().position(|known| **known == *route);
        let known = known.unwrap_or_else(|| {
            self.routes.push(route.into());
            self.routes.len() - 1
        });
        let after_ms = u32::try_from((at_ms - self.base_ms).max(0)).unwrap_or(u32::MAX);
        self.left.push(Left { after_ms, accepted: 0, left: 0, route: u16::try_from(known).unwrap_or(u16::MAX) });
        self.version += 1;
        u32::try_from(self.entries.len()).unwrap_or(u32::MAX)
    }

    /// The state of this delivery is as an entry says, with this word.
    pub(super) fn said(&mut self, rank: usize, entry: u32, word: Word) {
        if word.state == State::Accepted
            && let Some(left) = self.left.get_mut(entry as usize - 1)
        {
            left.accepted = left.accepted.saturating_add(1);
            left.left = left.left.saturating_add(1);
        }
        let near = entry.min(FAR);
        let [low, middle, high, _] = near.to_le_bytes();
        self.entry_of[rank] = [low, middle, high];
        if near == FAR {
            self.far.insert(rank as u32, entry);
        }
    }

    /// There is word about a delivery that was as `known` says: how many milliseconds after it was accepted, when that is
    /// what it was.
    pub(super) fn waited(&mut self, rank: usize, known: Word, at_ms: i64) -> Option<i64> {
        if known.state != State::Accepted {
            return None;
        }
        let entry = self.number(rank as u32, *self.entry_of.get(rank)?).checked_sub(1)?;
        let left = self.left.get_mut(entry as usize)?;
        left.left = left.left.saturating_sub(1);
        Some(at_ms - self.base_ms - i64::from(left.after_ms))
    }

    /// Shows what every entry that accepted any left without later word.
    pub(super) fn awaited(&self, visit: &mut impl FnMut(&str, Awaited)) {
        for left in self.left.iter().filter(|left| left.accepted > 0) {
            let route = self.routes.get(usize::from(left.route)).map(|route| &**route).unwrap_or_default();
            let at_ms = self.base_ms + i64::from(left.after_ms);
            visit(route, Awaited { at_ms, accepted: u32::from(left.accepted), left: u32::from(left.left) });
        }
    }

    /// Where in the journal the word about a delivery stands.
    pub(super) fn entry(&self, rank: u32) -> Option<Appended> {
        let entry = self.number(rank, *self.entry_of.get(rank as usize)?);
        self.entries.get(entry.checked_sub(1)? as usize).copied()
    }

    fn number(&self, rank: u32, [low, middle, high]: [u8; 3]) -> u32 {
        let near = u32::from_le_bytes([low, middle, high, 0]);
        if near == FAR { self.far.get(&rank).copied().unwrap_or_default() } else { near }
    }

    /// Journal entries applied so far.
    pub(super) fn entries(&self) -> &[Appended] {
        &self.entries
    }

    /// One more than the index of the entry of each rank from `first` on, at most `count`; none for a plan nobody said
    /// anything about.
    pub(super) fn entries_of(&self, first: u32, count: usize) -> Vec<u32> {
        let numbers = part(&self.entry_of, first, count).iter().zip(first..);
        numbers.map(|(number, rank)| self.number(rank, *number)).collect()
    }

    /// State and reason bytes from rank `first` on, at most `count`.
    pub(super) fn bytes(&self, first: u32, count: usize) -> (&[u8], &[u8]) {
        (part(&self.states, first, count), part(&self.reasons, first, count))
    }

    /// Fills in what [`Self::bytes`] gave of a plan before; false when it does not fit or means nothing.
    #[must_use]
    pub(super) fn restore(&mut self, first: u32, states: &[u8], reasons: &[u8]) -> bool {
        let at = first as usize;
        let fits = states.len() == reasons.len() && at + states.len() <= self.states.len();
        let known = states.iter().all(|state| usize::from(state & STATE) < State::ALL.len())
            && reasons.iter().all(|reason| usize::from(reason & REASON) < Reason::ALL.len());
        if !(fits && known) {
            return false;
        }
        for (state, reason) in states.iter().zip(reasons) {
            self.counts[usize::from(state & STATE)] += 1;
            self.reason_counts[usize::from(reason & REASON)] += 1;
            self.doubled += u64::from(reason & DOUBLED != 0);
        }
        self.counts[State::Pending as usize] -= states.len() as u64;
        self.reason_counts[Reason::None as usize] -= states.len() as u64;
        self.states[at..at + states.len()].copy_from_slice(states);
        self.reasons[at..at + states.len()].copy_from_slice(reasons);
        true
    }
}

/// Deliveries that one journal entry says were accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Awaited {
    /// When they were accepted, milliseconds since 1970.
    pub(crate) at_ms: i64,
    pub(crate) accepted: u32,
    /// Of these, those about which there is no later word.
    pub(crate) left: u32,
}

/// The same as it is kept: an entry is a slice at most.
#[derive(Clone, Copy, Debug)]
struct Left {
    after_ms: u32,
    accepted: u16,
    left: u16,
    route: u16,
}

fn part<T>(column: &[T], first: u32, count: usize) -> &[T] {
    let rest = column.get(first as usize..).unwrap_or_default();
    &rest[..count.min(rest.len())]
}

fn word(state: u8, reason: u8) -> Word {
    Word {
        state: State::from_number(state & STATE).unwrap_or_default(),
        reason: Reason::from_number(reason & REASON).unwrap_or_default(),
    }
}

/// A question about words, answered once for every pair of bytes there can be.
pub(super) struct Wanted([bool; 256]);

impl Wanted {
    pub(super) fn new(wanted: impl Fn(Word) -> bool) -> Self {
        let mut answers = [false; 256];
        for state in 0..State::ALL.len() as u8 {
            for reason in 0..Reason::ALL.len() as u8 {
                answers[usize::from(state << 4 | reason)] = wanted(word(state, reason));
            }
        }
        Self(answers)
    }

    pub(super) fn has(&self, state: u8, reason: u8) -> bool {
        self.0[usize::from((state << 4) | (reason & REASON))]
    }

    /// Wanted ones among these bytes, which begin at rank `first`.
    pub(super) fn ranks<'a>(
        &'a self,
        first: u32,
        states: &'a [u8],
        reasons: &'a [u8],
    ) -> impl Iterator<Item = (u32, Word)> + use<'a> {
        let bytes = states.iter().zip(reasons).zip(first..);
        bytes
            .filter(|((state, reason), _)| self.has(**state, **reason))
            .map(|((state, reason), rank)| (rank, word(*state, *reason)))
    }
}

/// Whether a copy left for the recipient, by state and reason byte; `or_may_have` counts what may be on the wire.
pub(super) fn has_left(state: u8, reason: u8, or_may_have: bool) -> bool {
    const REACHED: u16 = 1 << State::Accepted as u8 | 1 << State::Delivered as u8 | 1 << State::Confirmed as u8;
    let states = if or_may_have { REACHED | 1 << State::InFlight as u8 } else { REACHED };
    (states >> (state & STATE)) & 1 != 0 || (or_may_have && reason & DOUBLED != 0)
}

/// Collects ascending rows into a bitmap, 65,536 at a time.
pub(super) struct Rows {
    bitmap: RoaringBitmap,
    /// The upper half of the rows in `bits`.
    upper: u32,
    bits: Box<[u8]>,
    any: bool,
}

impl Rows {
    pub(super) fn new() -> Self {
        Self { bitmap: RoaringBitmap::new(), upper: 0, bits: vec![0; 8_192].into(), any: false }
    }

    /// Takes a row when `wanted`.
    pub(super) fn add(&mut self, row: u32, wanted: bool) {
        if row >> 16 != self.upper {
            self.flush();
            self.upper = row >> 16;
        }
        self.bits[(row as usize & 0xffff) >> 3] |= u8::from(wanted) << (row & 7);
        self.any |= wanted;
    }

    fn flush(&mut self) {
        if std::mem::take(&mut self.any) {
            self.bitmap |= RoaringBitmap::from_lsb0_bytes(self.upper << 16, &self.bits);
            self.bits.fill(0);
        }
    }

    pub(super) fn finish(mut self) -> RoaringBitmap {
        self.flush();
        self.bitmap
    }
}
