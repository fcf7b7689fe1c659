//! From the reports of segments to the receipt of a delivery.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    hash::{BuildHasher, RandomState},
    sync::{Mutex, MutexGuard, PoisonError},
};

use fenghuo_contract::{Origin, Receipt, ReceiptState, Reference};
use slab::Slab;
use tokio::sync::Notify;

use crate::protocol::{Ack, Report, State};

/// The name of a delivery: the name of its message, and where one submit has several destinations, of its number too.
///
/// The number is not written into it: 32 bits of a hash tell the destinations of one submit apart, and no number can be
/// read back from them. Country code and punctuation do not count, because carriers add and drop them.
pub(crate) fn reference(id: &Reference, to: Option<&str>) -> Reference {
    let Some(to) = to else { return id.clone() };
    let mut bytes = id.as_bytes().to_vec();
    bytes.extend_from_slice(format!("/{:08x}", tail(to)).as_bytes());
    Reference::new(bytes)
}

/// What tells the destinations of one submit apart; two with the same may not share a submit (FNV-1a over the digits of the
/// national number).
pub(crate) fn tail(number: &str) -> u32 {
    let digits: Vec<u8> = number.bytes().filter(u8::is_ascii_digit).collect();
    let digits = digits.strip_prefix(b"00").unwrap_or(&digits);
    let national = digits.strip_prefix(b"86").filter(|rest| rest.len() == 11 && rest[0] == b'1').unwrap_or(digits);
    national.iter().fold(0x811C_9DC5, |hash, digit| (hash ^ u32::from(*digit)).wrapping_mul(0x0100_0193))
}

/// A report with what it is acknowledged by, while nobody can say whose it is.
#[derive(Debug)]
pub(crate) struct Held {
    report: Report,
    ack: Ack,
    /// Flights that had started when it came.
    started: Option<u64>,
}

impl Held {
    pub(crate) fn new(report: Report, ack: Ack) -> Self {
        Self { report, ack, started: None }
    }

    pub(crate) fn ack(&self) -> Ack {
        self.ack
    }
}

/// What reports came to.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    /// Receipts for the sink.
    pub(crate) receipts: Vec<Receipt>,
    /// To be written once the sink took the receipts.
    pub(crate) final_acks: Vec<Ack>,
    /// To be written at once: reports that make no receipt.
    pub(crate) other_acks: Vec<Ack>,
    /// Long messages all of whose segments are delivered.
    whole: Vec<(usize, u64)>,
}

/// Which segments belong together. A message of one segment takes no room: its report names the delivery itself.
///
/// The delivery bears the name of its first segment. It is delivered when all segments are, and has failed when any has.
/// Nothing of this outlives the process, and no other process with the same account knows it: there, as after a restart,
/// the report of the first segment alone decides about the delivery, and those of its further segments find nobody.
///
/// A report may overtake the answer to its submit. As long as long messages are on the wire, reports with unknown names are
/// held back, unacknowledged, until the answers are in that were still out when they came.
#[derive(Debug)]
pub(crate) struct Correlation {
    /// Reports name their recipient, and so do references.
    by_number: bool,
    /// Segments remembered at most; what falls out, the oldest first, is treated as after a restart.
    segments_max: usize,
    /// The names themselves are kept too, so that all of a message can be withdrawn.
    naming: bool,
    known: Mutex<Known>,
    landed: Notify,
    hashes: RandomState,
}

#[derive(Debug, Default)]
struct Known {
    groups: Slab<Group>,
    /// By hash of the segment's name: group and place in it.
    segments: HashMap<u64, (usize, usize)>,
    /// Groups in the order of their coming.
    ages: VecDeque<(usize, u64)>,
    serial: u64,
    /// Long messages on the wire.
    flying: BTreeSet<u64>,
    started: u64,
}

#[derive(Debug)]
struct Group {
    serial: u64,
    reference: Reference,
    names: Box<[u64]>,
    /// The names of its segments, where they are kept.
    named: Box<[Reference]>,
    delivered: Box<[bool]>,
}

/// Long messages on the wire; ends when dropped.
pub(crate) struct Flight<'a> {
    correlation: &'a Correlation,
    number: u64,
}

impl Correlation {
    pub(crate) fn new(by_number: bool, segments_max: usize) -> Self {
        let (known, landed, hashes) = (Mutex::default(), Notify::new(), RandomState::new());
        Self { by_number, segments_max, naming: false, known, landed, hashes }
    }

    /// The same, that can say how all segments of a message are called.
    pub(crate) fn naming(self) -> Self {
        Self { naming: true, ..self }
    }

    /// The names of all segments of a delivery, as far as they are known; its own at least.
    pub(crate) fn names(&self, reference: &Reference) -> Vec<Reference> {
        let known = self.known();
        let group = known.segments.get(&self.hashes.hash_one(reference.as_bytes()));
        let named = group.and_then(|(key, _)| known.groups.get(*key)).map(|group| group.named.to_vec());
        named.filter(|named| !named.is_empty()).unwrap_or_else(|| vec![reference.clone()])
    }

    /// A submit of long messages begins.
    pub(crate) fn begin(&self) -> Flight<'_> {
        let mut known = self.known();
        known.started += 1;
        let number = known.started;
        known.flying.insert(number);
        Flight { correlation: self, number }
    }

    /// Returns when a flight has landed since somebody last asked.
    pub(crate) async fn landed(&self) {
        self.landed.notified().await;
    }

    /// Takes out of `held` what can be said something about.
    pub(crate) fn judge(&self, held: &mut Vec<Held>) -> Judged {
        let mut judged = Judged::default();
        if held.is_empty() {
            return judged;
        }
        let mut known = self.known();
        let mut all = std::mem::take(held);
        for one in all.drain(..) {
            if let Some(waits) = self.judge_one(&mut known, one, &mut judged) {
                held.push(waits);
            }
        }
        judged
    }

    /// Gives it back when it must wait.
    fn judge_one(&self, known: &mut Known, mut one: Held, judged: &mut Judged) -> Option<Held> {
        if one.report.state == State::Pending {
            judged.other_acks.push(one.ack);
            return None;
        }
        let name = reference(&one.report.id, self.by_number.then_some(&*one.report.to));
        if known.segments.is_empty() && known.flying.is_empty() {
            judged.receive(name, one);
            return None;
        }
        if let Some(&(key, place)) = known.segments.get(&self.hashes.hash_one(name.as_bytes())) {
            let group = &mut known.groups[key];
            if one.report.state == State::Delivered {
                group.delivered[place] = true;
                if group.delivered.contains(&false) {
                    judged.other_acks.push(one.ack);
                    return None;
                }
                judged.whole.push((key, group.serial));
            }
            judged.receive(group.reference.clone(), one);
            return None;
        }
        let started = *one.started.get_or_insert(known.started);
        if known.flying.first().is_some_and(|first| *first <= started) {
            return Some(one);
        }
        judged.receive(name, one);
        None
    }

    /// The sink took the receipts: what was whole needs no memory any longer. A group that failed stays, because the word
    /// that its first segment was delivered must not be read as word about all of it.
    pub(crate) fn taken(&self, judged: &Judged) {
        if judged.whole.is_empty() {
            return;
        }
        let mut known = self.known();
        for (key, serial) in &judged.whole {
            known.remove(*key, *serial);
        }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Judged {
    fn receive(&mut self, reference: Reference, one: Held) {
        let state = match one.report.state {
            State::Pending => return,
            State::Delivered => ReceiptState::Delivered,
            State::Failed(cause) => ReceiptState::Failed(cause),
        };
        self.receipts.push(Receipt { reference, state, at: one.report.at, origin: Origin::Signed });
        self.final_acks.push(one.ack);
    }
}

impl Known {
    fn add(&mut self, names: Box<[u64]>, named: Box<[Reference]>, reference: Reference, segments_max: usize) {
        self.serial += 1;
        let delivered = vec![false; names.len()].into();
        let group = Group { serial: self.serial, reference, names, named, delivered };
        let key = self.groups.vacant_key();
        for (place, name) in group.names.iter().enumerate() {
            self.segments.insert(*name, (key, place));
        }
        self.ages.push_back((key, self.serial));
        self.groups.insert(group);
        while self.segments.len() > segments_max {
            let Some((key, serial)) = self.ages.pop_front() else { break };
            self.remove(key, serial);
        }
    }

    fn remove(&mut self, key: usize, serial: u64) {
        if self.groups.get(key).is_none_or(|group| group.serial != serial) {
            return;
        }
        for name in &self.groups.remove(key).names {
            self.segments.remove(name);
        }
    }
}

impl Flight<'_> {
    /// A message was accepted under these names, one for each segment.
    pub(crate) fn accepted(&self, names: &[Reference]) {
        let Some((first, _)) = names.split_first().filter(|(_, rest)| !rest.is_empty()) else { return };
        let hashes = names.iter().map(|name| self.correlation.hashes.hash_one(name.as_bytes())).collect();
        let named = if self.correlation.naming { names.into() } else { Box::default() };
        self.correlation.known().add(hashes, named, first.clone(), self.correlation.segments_max);
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        self.correlation.known().flying.remove(&self.number);
        self.correlation.landed.notify_waiters();
    }
}

#[cfg(test)]
mod tests;
