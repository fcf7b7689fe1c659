//! One plan in memory: its frozen audience and contents, and the dense states of its deliveries.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use fenghuo_contract::Content;
use parking_lot::Mutex;
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};

use super::{
    Rounds,
    block::{Damaged, Head},
    codec::Outcome,
    coverage::{Coverage, Turns},
    dense::{Awaited, Dense, Rows, Wanted, has_left},
    gate::{Gate, Writing},
};
use crate::{
    domain::{
        delivery::{Reason, State, Word, merge},
        text::ucs2_segments,
    },
    flow::record::{PlanRecord, WarningId},
    store::Appended,
};

/// How a plan ended before all of it was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Closing {
    /// What its unsent deliveries become: expired, withdrawn, superseded or failed.
    pub(crate) state: State,
    pub(crate) reason: Reason,
    /// Milliseconds since 1970.
    pub(crate) at_ms: i64,
    /// The warning that ended it, when one did.
    pub(crate) by: Option<WarningId>,
}

impl Closing {
    fn word(&self) -> Word {
        Word { state: self.state, reason: self.reason }
    }
}

/// A plan: warning × channel, with the state of each delivery by rank.
pub(crate) struct Plan {
    pub(crate) record: PlanRecord,
    /// Directory rows, in the order of ranks.
    pub(crate) audience: RoaringBitmap,
    /// Contents by variant, the first for everybody the others do not name.
    pub(crate) contents: Vec<Arc<Content>>,
    /// Rows of variants 1, 2, …
    pub(crate) variants: Vec<RoaringBitmap>,
    /// How often deliveries were ordered to be sent again.
    pub(crate) rounds: Rounds,
    /// The block it was read from, when it was folded before.
    pub(crate) block: Option<Arc<Head>>,
    closing: OnceLock<Closing>,
    /// Routes whose provider refuses the content.
    refused: Mutex<Vec<String>>,
    /// Segments of the longest content as a short message, counted when first asked for.
    segments: OnceLock<usize>,
    dense: Mutex<Dense>,
    gate: Arc<Gate>,
    /// The persons of its warning, when it reaches persons and is not folded.
    coverage: OnceLock<Arc<Coverage>>,
    /// The first row of the journal that can hold a word about it; 0 = not known yet.
    since: AtomicU64,
}

/// Numbers of a plan at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Snapshot {
    pub(crate) counts: [u64; State::ALL.len()],
    pub(crate) reasons: BTreeMap<Reason, u64>,
    pub(crate) doubled: u64,
    pub(crate) changed_ms: i64,
}

impl Snapshot {
    pub(crate) fn count(&self, state: State) -> u64 {
        self.counts[state as usize]
    }

    pub(crate) fn open(&self) -> u64 {
        self.count(State::Pending) + self.count(State::InFlight)
    }
}

const PENDING: Word = Word { state: State::Pending, reason: Reason::None };
const IN_FLIGHT: Word = Word { state: State::InFlight, reason: Reason::None };

/// Deliveries looked at under one lock: a scan of millions never keeps an outcome waiting.
const BLOCK: usize = 65_536;

impl Plan {
    pub(crate) fn new(
        record: PlanRecord,
        audience: RoaringBitmap,
        contents: Vec<Arc<Content>>,
        variants: Vec<RoaringBitmap>,
    ) -> Self {
        let closing = record.closing.clone();
        let plan = Self {
            dense: Mutex::new(Dense::new(usize::try_from(audience.len()).unwrap_or(usize::MAX), record.created_ms)),
            audience,
            contents,
            variants,
            rounds: Rounds::default(),
            block: None,
            closing: OnceLock::new(),
            refused: Mutex::new(record.refused.clone()),
            segments: OnceLock::new(),
            gate: Arc::default(),
            coverage: OnceLock::new(),
            since: AtomicU64::new(0),
            record,
        };
        if let Some(closing) = closing {
            plan.close(&closing);
        }
        plan
    }

    /// Makes a plan with nothing sent the folded one again: `states` are its parts of the states column.
    pub(super) fn unfold<'a>(
        mut self,
        head: Arc<Head>,
        states: impl IntoIterator<Item = (u32, &'a [u8])>,
    ) -> Result<Self, Damaged> {
        let mut dense = Dense::new(self.dense.get_mut().len(), head.changed_ms);
        for (first, part) in states {
            let (states, reasons) = part.split_at(part.len() / 2);
            if !dense.restore(first, states, reasons) {
                return Err(Damaged);
            }
        }
        let (counts, reasons) = head.totals().ok_or(Damaged)?;
        if head.is_erased() {
            (dense.counts, dense.reason_counts, dense.doubled) = (counts, reasons, head.doubled);
        } else if (dense.counts, dense.reason_counts, dense.doubled) != (counts, reasons, head.doubled) {
            return Err(Damaged);
        }
        dense.next_fresh = u32::try_from(dense.len()).unwrap_or(u32::MAX);
        self.dense = Mutex::new(dense);
        self.block = Some(head);
        // Only a plan that is among the live ones is written about.
        self.gate.shut(|| true);
        Ok(self)
    }

    pub(crate) fn size(&self) -> u32 {
        u32::try_from(self.audience.len()).unwrap_or(u32::MAX)
    }

    /// Directory rows of ranks, in the same order.
    pub(crate) fn rows(&self, ranks: &[u32]) -> Vec<u32> {
        let mut rows = Vec::with_capacity(ranks.len());
        let mut at = 0;
        while at < ranks.len() {
            let run = ranks[at..].iter().zip(ranks[at]..).take_while(|(rank, expected)| **rank == *expected).count();
            if let Some(first) = self.audience.select(ranks[at]) {
                rows.extend(self.audience.range(first..).take(run));
            }
            at += run;
        }
        rows
    }

    /// Rank of a directory row, when it is in the audience.
    pub(crate) fn rank(&self, row: u32) -> Option<u32> {
        self.audience.contains(row).then(|| u32::try_from(self.audience.rank(row) - 1).unwrap_or(u32::MAX))
    }

    /// Ranks of the directory rows that are in the audience, ascending.
    fn ranks(&self, rows: &RoaringBitmap) -> Vec<u32> {
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

    /// Ranks of these rows that are pending, and those that are in flight.
    pub(crate) fn open_among(&self, rows: &RoaringBitmap) -> (Vec<u32>, Vec<u32>) {
        let ranks = self.ranks(rows);
        let dense = self.dense.lock();
        let of = |wanted: State| ranks.iter().copied().filter(|rank| dense.state(*rank) == Some(wanted)).collect();
        (of(State::Pending), of(State::InFlight))
    }

    /// Whether the provider of a route refuses the content.
    pub(crate) fn refused_by(&self, route: &str) -> bool {
        self.refused.lock().iter().any(|name| name == route)
    }

    /// Whether the provider of any route refuses the content.
    pub(crate) fn is_refused(&self) -> bool {
        !self.refused.lock().is_empty()
    }

    /// Routes whose provider refuses the content.
    pub(crate) fn refusing(&self) -> Vec<String> {
        self.refused.lock().clone()
    }

    /// Notes that the provider of a route refuses the content; gives all that do, or `None` when it was known.
    pub(crate) fn refuse(&self, route: &str) -> Option<Vec<String>> {
        let mut refused = self.refused.lock();
        if refused.iter().any(|name| name == route) {
            return None;
        }
        refused.push(route.to_owned());
        Some(refused.clone())
    }

    /// The record as it now stands.
    pub(crate) fn record_now(&self) -> PlanRecord {
        let (closing, refused) = (self.closing.get().cloned(), self.refused.lock().clone());
        PlanRecord { closing, refused, ..self.record.clone() }
    }

    /// Segments of the longest content as a short message.
    pub(crate) fn segments(&self) -> usize {
        let longest = || self.contents.iter().map(|content| ucs2_segments(&content.text)).max();
        *self.segments.get_or_init(|| longest().unwrap_or(1).max(1))
    }

    /// Which content each of some rows gets; rows are ascending.
    pub(crate) fn variants_of(&self, rows: &[u32]) -> Vec<usize> {
        let mut variants = vec![0; rows.len()];
        let (Some(first), Some(last)) = (rows.first(), rows.last()) else { return variants };
        for (number, of) in self.variants.iter().enumerate().rev() {
            let mut at = 0;
            for row in of.range(first..=last) {
                at += rows[at..].partition_point(|known| *known < row);
                if rows.get(at) == Some(&row) {
                    variants[at] = number + 1;
                }
            }
        }
        variants
    }

    /// How the plan ended early, when it did.
    pub(crate) fn closing(&self) -> Option<&Closing> {
        self.closing.get()
    }

    /// Ends the plan: whatever is pending becomes what `closing` says; what is in flight ends by its own answer.
    pub(crate) fn close(&self, closing: &Closing) {
        if self.closing.set(closing.clone()).is_err() {
            return;
        }
        let mut dense = self.dense.lock();
        dense.set_all(State::Pending, closing.word());
        dense.changed_ms = closing.at_ms;
    }

    /// What a delivery becomes that is not in flight any more and was not made.
    fn unsent(&self) -> Word {
        self.closing.get().map_or(PENDING, Closing::word)
    }

    /// Marks ranks as handed to a route; returns those that were pending, the others are not to be sent.
    ///
    /// In replay a rank may be leased that is in flight already: the first lease was cut off by a crash, so the second
    /// attempt may have been a double, and is marked.
    pub(crate) fn lease(&self, ranks: &[u32]) -> Vec<u32> {
        let mut dense = self.dense.lock();
        let mut taken = Vec::with_capacity(ranks.len());
        taken.extend(ranks.iter().filter(|rank| lease_one(&mut dense, **rank)));
        taken
    }

    /// The same for consecutive ranks whose lease is being replayed.
    ///
    /// The plan may have ended since: its record says so from the beginning of the replay, but this lease was given
    /// before.
    pub(crate) fn lease_run(&self, first: u32, length: u32) {
        let ended = self.closing.get().map(Closing::word);
        let mut dense = self.dense.lock();
        let end = first.saturating_add(length).min(u32::try_from(dense.len()).unwrap_or(u32::MAX));
        for rank in first..end {
            if ended.is_some_and(|ended| dense.word(rank as usize) == ended) {
                dense.set(rank as usize, PENDING);
            }
            lease_one(&mut dense, rank);
        }
    }

    /// Takes a lease back of which nothing was done.
    pub(crate) fn unlease(&self, ranks: &[u32]) {
        let word = self.unsent();
        let mut dense = self.dense.lock();
        for rank in ranks {
            if dense.state(*rank) == Some(State::InFlight) {
                dense.set(*rank as usize, word);
            }
        }
    }

    /// Applies the records of one journal entry. `records` are (rank, outcome, reason).
    pub(crate) fn apply(&self, at: Appended, at_ms: i64, records: impl IntoIterator<Item = (u32, Outcome, Reason)>) {
        self.hear("", at, at_ms, records);
    }

    /// The same from a route; says how many milliseconds after the provider took them there was later word about
    /// deliveries.
    pub(crate) fn hear(
        &self,
        route: &str,
        at: Appended,
        at_ms: i64,
        records: impl IntoIterator<Item = (u32, Outcome, Reason)>,
    ) -> Vec<i64> {
        let unsent = self.unsent();
        let coverage = self.coverage.get().filter(|coverage| coverage.keeps());
        let (mut turns, mut waits) = (Turns::default(), Vec::new());
        let mut dense = self.dense.lock();
        let entry = dense.enter(at, at_ms, route);
        for (rank, outcome, reason) in records {
            let index = rank as usize;
            if index >= dense.len() {
                continue;
            }
            let known = dense.word(index);
            let word = match outcome {
                Outcome::Reached(state) => {
                    let word = Word { state, reason };
                    if known.state == State::InFlight {
                        if reason != Reason::AnsweredElsewhere {
                            dense.count_attempt(index);
                        }
                        // Whatever is said is more than that.
                        if state.is_terminal() { word } else { known }
                    } else {
                        merge(known, word)
                    }
                }
                Outcome::Again | Outcome::AgainInDoubt | Outcome::Returned => {
                    if outcome != Outcome::Returned {
                        dense.count_attempt(index);
                    }
                    if outcome == Outcome::AgainInDoubt {
                        dense.mark_doubled(index);
                    }
                    if known.state == State::InFlight { unsent } else { known }
                }
                // Attempts count anew: the limit of attempts is one of a round.
                Outcome::Reopened if known.state == State::Failed => {
                    dense.forget_attempts(index);
                    if known.reason == Reason::InDoubt {
                        dense.mark_doubled(index);
                    }
                    self.rounds.begin(rank);
                    unsent
                }
                Outcome::Reopened | Outcome::Outdated => known,
            };
            if word != known {
                waits.extend(dense.waited(index, known, at_ms));
                dense.set(index, word);
                // One that is opened again still shows what its last attempt was answered.
                if outcome != Outcome::Reopened {
                    dense.said(index, entry, word);
                }
                if coverage.is_some() {
                    turns.turn(rank, known, word);
                }
            }
        }
        dense.changed_ms = dense.changed_ms.max(at_ms);
        if let Some(coverage) = coverage {
            // Under the lock: two words about one delivery are taken in in the order they were merged.
            coverage.take(self.record.channel, at_ms, &turns, |ranks| self.rows(ranks));
        }
        waits
    }

    /// Belongs to these persons from now on.
    pub(super) fn cover(&self, coverage: &Arc<Coverage>) {
        if self.coverage.set(Arc::clone(coverage)).is_ok() {
            coverage.join(self.record.channel, &self.audience, self.record.ladder.as_ref());
        }
    }

    /// The persons of its warning, over all its channels; `None` when it reaches no persons or is folded.
    pub(crate) fn coverage(&self) -> Option<&Arc<Coverage>> {
        self.coverage.get()
    }

    /// Deliveries that were accepted, by when and by which route, and how many of them are without later word.
    pub(crate) fn awaited(&self, mut visit: impl FnMut(&str, Awaited)) {
        self.dense.lock().awaited(&mut visit);
    }

    /// After replay: what was leased and never answered may have arrived. It becomes pending again, marked.
    pub(crate) fn reopen_leased(&self) -> Vec<u32> {
        let leased: Vec<u32> = self.ranks_in(State::InFlight, self.size());
        let word = self.unsent();
        let mut dense = self.dense.lock();
        for rank in &leased {
            dense.count_attempt(*rank as usize);
            dense.set(*rank as usize, word);
            dense.mark_doubled(*rank as usize);
        }
        leased
    }

    /// Ranks below the first never claimed that are pending: to be tried again.
    pub(crate) fn pending_claimed(&self) -> (Vec<u32>, u32) {
        let claimed = self.dense.lock().next_fresh;
        (self.ranks_in(State::Pending, claimed), claimed)
    }

    fn ranks_in(&self, state: State, before: u32) -> Vec<u32> {
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

    /// Goes in to write about it; `None` when it is being folded or was: then it has to be read again.
    pub(crate) fn enter(&self) -> Option<Writing> {
        self.gate.enter()
    }

    /// Shuts the plan when nobody writes about it and nothing has changed since [`Self::version`] was asked.
    pub(super) fn shut(&self, version: u64) -> bool {
        self.gate.shut(|| self.version() == version)
    }

    /// Lets writers in again.
    pub(super) fn unshut(&self) {
        self.gate.open();
    }

    /// Grows with every change.
    pub(crate) fn version(&self) -> u64 {
        self.dense.lock().version
    }

    /// A look at the arrays, for as long as nobody else can.
    pub(super) fn with<T>(&self, look: impl FnOnce(&Dense) -> T) -> T {
        look(&self.dense.lock())
    }

    /// From this row of the journal on there can be words about it.
    pub(crate) fn begins_at(&self, sequence: u64) {
        let earlier = |since: u64| (since == 0 || sequence < since).then_some(sequence);
        // An earlier word than what is known is news, any other is not.
        let _known = self.since.fetch_update(Ordering::Relaxed, Ordering::Relaxed, earlier);
    }

    /// The first row of the journal that can hold a word about it; `None` while that is not known.
    pub(crate) fn since(&self) -> Option<u64> {
        Some(self.since.load(Ordering::Relaxed)).filter(|since| *since > 0)
    }
}

/// True when the rank was pending and is in flight now.
fn lease_one(dense: &mut Dense, rank: u32) -> bool {
    let state = dense.state(rank);
    match state {
        Some(State::Pending) => dense.set(rank as usize, IN_FLIGHT),
        Some(State::InFlight) => {
            dense.count_attempt(rank as usize);
            dense.mark_doubled(rank as usize);
        }
        _ => {}
    }
    dense.next_fresh = dense.next_fresh.max(rank.saturating_add(1));
    state == Some(State::Pending)
}

#[cfg(test)]
pub(super) mod tests;
