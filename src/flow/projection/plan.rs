//! One plan in memory: its frozen audience and contents, and the dense states of its deliveries.

use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

use fenghuo_contract::Content;
use parking_lot::Mutex;
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};

use super::{Rounds, codec::Outcome};
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
    closing: OnceLock<Closing>,
    /// Routes whose provider refuses the content.
    refused: Mutex<Vec<String>>,
    /// Segments of the longest content as a short message, counted when first asked for.
    segments: OnceLock<usize>,
    dense: Mutex<Dense>,
}

/// State in the low half, attempts in the high half of a byte.
struct Dense {
    states: Vec<u8>,
    reasons: Vec<u8>,
    /// Index into `entries` of the entry that says why the state is as it is; `u32::MAX` = none yet.
    entry_of: Vec<u32>,
    entries: Vec<Appended>,
    counts: [u64; State::ALL.len()],
    reason_counts: [u64; Reason::ALL.len()],
    /// Ranks whose earlier attempt may have arrived.
    doubled: RoaringBitmap,
    changed_ms: i64,
    /// First rank never claimed, by replay: where sending goes on.
    next_fresh: u32,
}

/// Numbers of a plan at one moment.
#[derive(Clone, Debug, Default)]
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

const NO_ENTRY: u32 = u32::MAX;
const ATTEMPTS_MAX: u8 = 15;

impl Dense {
    fn word(&self, rank: usize) -> Word {
        Word {
            state: State::from_number(self.states[rank] & 0x0f).unwrap_or_default(),
            reason: Reason::from_number(self.reasons[rank]).unwrap_or_default(),
        }
    }

    fn set(&mut self, rank: usize, word: Word) {
        let was = self.word(rank);
        self.counts[was.state as usize] -= 1;
        self.counts[word.state as usize] += 1;
        self.reason_counts[was.reason as usize] -= 1;
        self.reason_counts[word.reason as usize] += 1;
        self.states[rank] = (self.states[rank] & 0xf0) | word.state as u8;
        self.reasons[rank] = word.reason as u8;
    }

    fn count_attempt(&mut self, rank: usize) {
        if self.states[rank] >> 4 < ATTEMPTS_MAX {
            self.states[rank] += 0x10;
        }
    }
}

impl Plan {
    pub(crate) fn new(
        record: PlanRecord,
        audience: RoaringBitmap,
        contents: Vec<Arc<Content>>,
        variants: Vec<RoaringBitmap>,
    ) -> Self {
        let size = usize::try_from(audience.len()).unwrap_or(usize::MAX);
        let mut counts = [0; State::ALL.len()];
        counts[State::Pending as usize] = size as u64;
        let mut reason_counts = [0; Reason::ALL.len()];
        reason_counts[Reason::None as usize] = size as u64;
        let dense = Dense {
            states: vec![0; size],
            reasons: vec![0; size],
            entry_of: vec![NO_ENTRY; size],
            entries: Vec::new(),
            counts,
            reason_counts,
            doubled: RoaringBitmap::new(),
            changed_ms: record.created_ms,
            next_fresh: 0,
        };
        let (closing, segments) = (OnceLock::new(), OnceLock::new());
        let (refused, dense) = (Mutex::new(record.refused.clone()), Mutex::new(dense));
        let rounds = Rounds::default();
        let plan = Self { audience, contents, variants, rounds, closing, refused, segments, dense, record };
        if let Some(closing) = plan.record.closing.clone() {
            plan.close(&closing);
        }
        plan
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

    /// Whether the provider of a route refuses the content.
    pub(crate) fn refused_by(&self, route: &str) -> bool {
        self.refused.lock().iter().any(|name| name == route)
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

    /// Which content a row gets.
    pub(crate) fn variant(&self, row: u32) -> usize {
        self.variants.iter().position(|rows| rows.contains(row)).map_or(0, |at| at + 1)
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
        let word = Word { state: closing.state, reason: closing.reason };
        for rank in 0..dense.states.len() {
            if dense.word(rank).state == State::Pending {
                dense.set(rank, word);
            }
        }
        dense.changed_ms = closing.at_ms;
    }

    /// Marks ranks as handed to a route; returns those that were pending, the others are not to be sent.
    ///
    /// In replay a rank may be leased that is in flight already: the first lease was cut off by a crash, so the second
    /// attempt may have been a double, and is marked.
    pub(crate) fn lease(&self, ranks: &[u32]) -> Vec<u32> {
        let mut dense = self.dense.lock();
        let mut taken = Vec::with_capacity(ranks.len());
        for rank in ranks {
            let at = *rank as usize;
            let state = dense.states.get(at).map(|_| dense.word(at).state);
            if state == Some(State::Pending) {
                dense.set(at, Word { state: State::InFlight, reason: Reason::None });
                taken.push(*rank);
            } else if state == Some(State::InFlight) {
                dense.count_attempt(at);
                dense.doubled.insert(*rank);
            }
            dense.next_fresh = dense.next_fresh.max(rank + 1);
        }
        taken
    }

    /// Takes a lease back of which nothing was done.
    pub(crate) fn unlease(&self, ranks: &[u32]) {
        let word = self.closing.get().map_or(Word { state: State::Pending, reason: Reason::None }, |closing| Word {
            state: closing.state,
            reason: closing.reason,
        });
        let mut dense = self.dense.lock();
        for rank in ranks {
            if dense.word(*rank as usize).state == State::InFlight {
                dense.set(*rank as usize, word);
            }
        }
    }

    /// Applies the records of one journal entry. `records` are (rank, outcome, reason).
    pub(crate) fn apply(&self, at: Appended, at_ms: i64, records: impl IntoIterator<Item = (u32, Outcome, Reason)>) {
        let closing = self.closing.get();
        let mut dense = self.dense.lock();
        let entry = u32::try_from(dense.entries.len()).unwrap_or(NO_ENTRY - 1);
        dense.entries.push(at);
        for (rank, outcome, reason) in records {
            let index = rank as usize;
            if index >= dense.states.len() {
                continue;
            }
            let known = dense.word(index);
            let word = match outcome {
                Outcome::Reached(state) => {
                    if matches!(known.state, State::InFlight) {
                        dense.count_attempt(index);
                    }
                    merge(known, Word { state, reason })
                }
                Outcome::Again | Outcome::AgainInDoubt | Outcome::Returned => {
                    if outcome != Outcome::Returned {
                        dense.count_attempt(index);
                    }
                    if outcome == Outcome::AgainInDoubt {
                        dense.doubled.insert(rank);
                    }
                    match (known.state, closing) {
                        (State::InFlight, None) => Word { state: State::Pending, reason: Reason::None },
                        (State::InFlight, Some(closing)) => Word { state: closing.state, reason: closing.reason },
                        _ => known,
                    }
                }
                // Attempts count anew: the limit of attempts is one of a round.
                Outcome::Reopened if known.state == State::Failed => {
                    dense.states[index] &= 0x0f;
                    if known.reason == Reason::InDoubt {
                        dense.doubled.insert(rank);
                    }
                    self.rounds.begin(rank);
                    closing.map_or(Word { state: State::Pending, reason: Reason::None }, |closing| Word {
                        state: closing.state,
                        reason: closing.reason,
                    })
                }
                Outcome::Reopened | Outcome::Outdated => known,
            };
            if word != known {
                dense.set(index, word);
                // One that is opened again still shows what its last attempt was answered.
                if outcome != Outcome::Reopened {
                    dense.entry_of[index] = entry;
                }
            }
        }
        dense.changed_ms = dense.changed_ms.max(at_ms);
    }

    /// After replay: what was leased and never answered may have arrived. It becomes pending again, marked.
    pub(crate) fn reopen_leased(&self) -> Vec<u32> {
        let mut dense = self.dense.lock();
        let leased: Vec<u32> =
            (0..dense.states.len()).filter(|at| dense.word(*at).state == State::InFlight).map(|at| at as u32).collect();
        let word = self.closing.get().map_or(Word { state: State::Pending, reason: Reason::None }, |closing| Word {
            state: closing.state,
            reason: closing.reason,
        });
        for rank in &leased {
            dense.count_attempt(*rank as usize);
            dense.set(*rank as usize, word);
            dense.doubled.insert(*rank);
        }
        leased
    }

    /// Ranks below the first never claimed that are pending: to be tried again.
    pub(crate) fn pending_claimed(&self) -> (Vec<u32>, u32) {
        let dense = self.dense.lock();
        let claimed = dense.next_fresh;
        let pending = (0..claimed).filter(|rank| dense.word(*rank as usize).state == State::Pending).collect();
        (pending, claimed)
    }

    pub(crate) fn attempts(&self, rank: u32) -> u8 {
        self.dense.lock().states.get(rank as usize).map_or(0, |state| state >> 4)
    }

    /// Attempts made so far at several ranks.
    pub(crate) fn attempts_of(&self, ranks: &[u32]) -> Vec<u8> {
        let dense = self.dense.lock();
        ranks.iter().map(|rank| dense.states.get(*rank as usize).map_or(0, |state| state >> 4)).collect()
    }

    pub(crate) fn state(&self, rank: u32) -> Word {
        let dense = self.dense.lock();
        if (rank as usize) < dense.states.len() {
            dense.word(rank as usize)
        } else {
            Word { state: State::Pending, reason: Reason::None }
        }
    }

    pub(crate) fn maybe_doubled(&self, rank: u32) -> bool {
        self.dense.lock().doubled.contains(rank)
    }

    /// Where in the journal the word about a delivery stands.
    pub(crate) fn entry(&self, rank: u32) -> Option<Appended> {
        let dense = self.dense.lock();
        let entry = *dense.entry_of.get(rank as usize)?;
        dense.entries.get(entry as usize).copied()
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
            doubled: dense.doubled.len(),
            changed_ms: dense.changed_ms,
        }
    }

    /// Ranks from `from` on that `wanted` says yes to, at most `limit`: a byte scan.
    pub(crate) fn find(&self, from: u32, limit: usize, wanted: impl Fn(Word) -> bool) -> Vec<(u32, Word)> {
        let dense = self.dense.lock();
        (from..self.size())
            .map(|rank| (rank, dense.word(rank as usize)))
            .filter(|(_, word)| wanted(*word))
            .take(limit)
            .collect()
    }

    /// Directory rows whose copy was accepted or better; with `or_in_flight`, also those that may be on the wire.
    pub(crate) fn reached(&self, or_in_flight: bool) -> RoaringBitmap {
        let dense = self.dense.lock();
        let reached = |rank: usize| {
            let state = dense.word(rank).state;
            state.has_reached() || (or_in_flight && (state == State::InFlight || dense.doubled.contains(rank as u32)))
        };
        let rows = self.audience.iter().enumerate().filter(|(rank, _)| reached(*rank)).map(|(_, row)| row);
        RoaringBitmap::from_sorted_iter(rows).unwrap_or_default()
    }
}
