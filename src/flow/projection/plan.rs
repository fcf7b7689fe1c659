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
        purpose::{HasPurpose, Purpose},
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

/// What a route makes of the contents of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Carried {
    /// Segments of the longest of them, at least 1.
    pub(crate) segments: u32,
    /// Whatever says that it is a drill still says so.
    pub(crate) marked: bool,
}

/// A plan: warning × channel, with the state of each delivery by rank.
pub(crate) struct Plan {
    pub(crate) record: PlanRecord,
    /// What it is for; `None` when its record and its warning do not say the same: then nothing carries it.
    purpose: Option<Purpose>,
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
    /// What each of its routes makes of the contents, found out when first asked for.
    carried: Box<[OnceLock<Carried>]>,
    dense: Mutex<Dense>,
    gate: Arc<Gate>,
    /// The persons of its warning, when it reaches persons and is not folded.
    coverage: OnceLock<Arc<Coverage>>,
    /// The first row of the journal that can hold a word about it; 0 = not known yet.
    since: AtomicU64,
    ends: rows::Ends,
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
            carried: record.routes.iter().map(|_| OnceLock::new()).collect(),
            gate: Arc::default(),
            coverage: OnceLock::new(),
            since: AtomicU64::new(0),
            ends: rows::Ends::default(),
            purpose: record.purpose.alone(),
            record,
        };
        if let Some(closing) = closing {
            plan.close(&closing);
        }
        plan
    }

    /// Says what the warning it belongs to is for.
    pub(crate) fn of_warning(mut self, known: Option<Purpose>) -> Self {
        self.purpose = self.record.purpose.agreed(known);
        self
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

    /// What a route makes of the contents; `ask` finds it out, once.
    pub(crate) fn carried_on(&self, route: &str, ask: impl FnOnce(&[Arc<Content>]) -> Carried) -> Carried {
        let at = self.record.routes.iter().position(|name| name == route);
        match at.and_then(|at| self.carried.get(at)) {
            Some(known) => *known.get_or_init(|| ask(&self.contents)),
            None => ask(&self.contents),
        }
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

    /// The same for consecutive ranks whose lease is being replayed; false when one of them was not pending.
    ///
    /// The plan may have ended since: its record says so from the beginning of the replay, but this lease was given
    /// before.
    pub(crate) fn lease_run(&self, first: u32, length: u32) -> bool {
        let ended = self.closing.get().map(Closing::word);
        let mut dense = self.dense.lock();
        let end = first.saturating_add(length).min(u32::try_from(dense.len()).unwrap_or(u32::MAX));
        let mut pending = true;
        for rank in first..end {
            if ended.is_some_and(|ended| dense.word(rank as usize) == ended) {
                dense.set(rank as usize, PENDING);
            }
            pending &= lease_one(&mut dense, rank);
        }
        pending
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
                // How long delivery takes is not learned from what was stopped.
                let waited = dense.waited(index, known, at_ms);
                waits.extend(waited.filter(|_| word.reason != Reason::Recalled));
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

impl HasPurpose for Plan {
    fn purpose(&self) -> Option<Purpose> {
        self.purpose
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

mod questions;
mod rows;
