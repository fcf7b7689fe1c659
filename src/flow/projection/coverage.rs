//! Persons of one warning over all its channels: by how many each was reached, by which first, who answered.
//!
//! Kept up while outcomes are applied, a bitmap operation per journal entry, and rebuilt by the same replay that rebuilds
//! the states: so asking costs the sum of a few numbers, whatever the audience. Order in time is the order of the
//! journal; words of one group commit about one person on two channels are in no order.

use std::{
    collections::BTreeMap,
    sync::atomic::{AtomicUsize, Ordering},
};

use fenghuo_contract::Channel;
use parking_lot::Mutex;
use roaring::RoaringBitmap;

use crate::{
    domain::delivery::{State, Word},
    flow::record::LadderStep,
};

/// Persons of one warning. Screens are not persons.
#[derive(Default)]
pub(crate) struct Coverage {
    /// Plans of the warning that reach persons.
    members: AtomicUsize,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// In at least one audience.
    addressed: RoaringBitmap,
    /// The k-th holds who was reached by at least k + 1 channels, and which channel the k-th word came from.
    layers: Vec<Layer>,
    confirmed: RoaringBitmap,
    ladder: Option<Ladder>,
}

#[derive(Default)]
struct Layer {
    any: RoaringBitmap,
    by: BTreeMap<Channel, RoaringBitmap>,
}

/// What a ladder has to know.
struct Ladder {
    channels: Vec<Channel>,
    until: State,
    /// Who gave the answer that is wanted.
    answered: RoaringBitmap,
    /// Who failed for good on a channel of the ladder, and when, since it was last asked.
    failed: Vec<Failed>,
}

/// Rows whose delivery on a channel failed for good.
pub(crate) struct Failed {
    /// Milliseconds since 1970.
    pub(crate) at_ms: i64,
    pub(crate) channel: Channel,
    pub(crate) rows: RoaringBitmap,
}

/// Numbers of persons.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Covered {
    pub(crate) addressed: u64,
    pub(crate) by_one: u64,
    pub(crate) by_two: u64,
    pub(crate) confirmed: u64,
    pub(crate) first: BTreeMap<Channel, u64>,
}

/// How the words of one journal entry changed deliveries, as ranks of the plan.
#[derive(Default)]
pub(super) struct Turns {
    reached: Vec<u32>,
    lost: Vec<u32>,
    delivered: Vec<u32>,
    confirmed: Vec<u32>,
    failed: Vec<u32>,
}

impl Turns {
    /// A delivery was as `known` says and is now as `word` says.
    pub(super) fn turn(&mut self, rank: u32, known: Word, word: Word) {
        let (was, is) = (known.state, word.state);
        match (was.has_reached(), is.has_reached()) {
            (false, true) => self.reached.push(rank),
            (true, false) => self.lost.push(rank),
            _ => {}
        }
        let device = |state| matches!(state, State::Delivered | State::Confirmed);
        if device(is) && !device(was) {
            self.delivered.push(rank);
        }
        if is == State::Confirmed && was != is {
            self.confirmed.push(rank);
        }
        if is == State::Failed && was != is {
            self.failed.push(rank);
        }
    }
}

impl Coverage {
    /// A plan of the warning, before anything is applied to it.
    pub(super) fn join(&self, channel: Channel, audience: &RoaringBitmap, step: Option<&LadderStep>) {
        self.members.fetch_add(1, Ordering::AcqRel);
        let mut inner = self.inner.lock();
        inner.addressed |= audience;
        if let Some(step) = step {
            let new = || Ladder {
                channels: Vec::new(),
                until: step.until.state(),
                answered: RoaringBitmap::new(),
                failed: Vec::new(),
            };
            inner.ladder.get_or_insert_with(new).channels.push(channel);
        }
    }

    /// Whether there is anything to keep: what is known of a single channel says the same of its persons.
    pub(super) fn keeps(&self) -> bool {
        self.members.load(Ordering::Acquire) > 1
    }

    /// Takes in what one journal entry changed. `rows` gives the rows of ranks.
    pub(super) fn take(&self, channel: Channel, at_ms: i64, turns: &Turns, rows: impl Fn(&[u32]) -> Vec<u32>) {
        let bitmap = |ranks: &[u32]| rows(ranks).into_iter().collect::<RoaringBitmap>();
        let mut inner = self.inner.lock();
        if !turns.reached.is_empty() {
            inner.reach(channel, bitmap(&turns.reached));
        }
        if !turns.lost.is_empty() {
            inner.lose(channel, &bitmap(&turns.lost));
        }
        let confirmed = if turns.confirmed.is_empty() { RoaringBitmap::new() } else { bitmap(&turns.confirmed) };
        inner.confirmed |= &confirmed;
        let Inner { ladder, layers, .. } = &mut *inner;
        let Some(ladder) = ladder else { return };
        ladder.answered |= confirmed;
        if !ladder.channels.contains(&channel) {
            return;
        }
        let answers = match ladder.until {
            State::Accepted => &turns.reached,
            State::Delivered => &turns.delivered,
            _ => &turns.confirmed,
        };
        if !answers.is_empty() {
            ladder.answered |= bitmap(answers);
        }
        if ladder.until == State::Accepted && !turns.lost.is_empty() {
            let mut lost = bitmap(&turns.lost);
            let still = layers.iter().flat_map(|layer| &layer.by).filter(|(by, _)| ladder.channels.contains(*by));
            still.for_each(|(_, rows)| lost -= rows);
            ladder.answered -= lost;
        }
        if !turns.failed.is_empty() {
            ladder.failed.push(Failed { at_ms, channel, rows: bitmap(&turns.failed) });
        }
    }

    pub(crate) fn covered(&self) -> Covered {
        let inner = self.inner.lock();
        let layer = |at: usize| inner.layers.get(at).map_or(0, |layer| layer.any.len());
        let first = inner.layers.first().into_iter().flat_map(|layer| &layer.by);
        Covered {
            addressed: inner.addressed.len(),
            by_one: layer(0),
            by_two: layer(1),
            confirmed: inner.confirmed.len(),
            first: first.map(|(channel, rows)| (*channel, rows.len())).filter(|(_, count)| *count > 0).collect(),
        }
    }

    /// Persons in some audience whom no channel has reached.
    pub(crate) fn unreached(&self) -> RoaringBitmap {
        let inner = self.inner.lock();
        match inner.layers.first() {
            Some(layer) => &inner.addressed - &layer.any,
            None => inner.addressed.clone(),
        }
    }

    /// Who gave the answer that the warning's ladder waits for.
    pub(crate) fn answered(&self) -> RoaringBitmap {
        self.inner.lock().ladder.as_ref().map(|ladder| ladder.answered.clone()).unwrap_or_default()
    }

    /// Who failed for good on a channel of the ladder since this was last asked, in the order it happened.
    pub(crate) fn take_failed(&self) -> Vec<Failed> {
        let mut inner = self.inner.lock();
        inner.ladder.as_mut().map(|ladder| std::mem::take(&mut ladder.failed)).unwrap_or_default()
    }
}

impl Inner {
    /// Every row goes into the first layer it is not in.
    fn reach(&mut self, channel: Channel, mut rows: RoaringBitmap) {
        for layer in &self.layers {
            if let Some(known) = layer.by.get(&channel) {
                rows -= known;
            }
        }
        let mut at = 0;
        while !rows.is_empty() {
            if at == self.layers.len() {
                self.layers.push(Layer::default());
            }
            let layer = &mut self.layers[at];
            let new = &rows - &layer.any;
            if !new.is_empty() {
                rows -= &new;
                layer.any |= &new;
                *layer.by.entry(channel).or_default() |= new;
            }
            at += 1;
        }
    }

    /// A copy that had left did not arrive after all: what came after it moves up.
    fn lose(&mut self, channel: Channel, rows: &RoaringBitmap) {
        for at in 0..self.layers.len() {
            let Some(gone) = self.layers[at].by.get_mut(&channel).map(|known| {
                let gone = &*known & rows;
                *known -= &gone;
                gone
            }) else {
                continue;
            };
            if gone.is_empty() {
                continue;
            }
            self.layers[at].any -= &gone;
            for above in at + 1..self.layers.len() {
                let (lower, upper) = self.layers.split_at_mut(above);
                let (Some(lower), Some(upper)) = (lower.last_mut(), upper.first_mut()) else { continue };
                for (by, known) in &mut upper.by {
                    let moved = &*known & &gone;
                    if !moved.is_empty() {
                        *known -= &moved;
                        upper.any -= &moved;
                        lower.any |= &moved;
                        *lower.by.entry(*by).or_default() |= moved;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
