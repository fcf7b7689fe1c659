//! How leases and outcomes stand in the journal: packed, a few bytes a delivery.
//!
//! ```text
//! lease    plan u64 · lease u64 · route str8 · runs varint · (gap varint, length varint)*
//! outcomes plan u64 · lease u64 · base_ms i64 · route str8 · count varint · record*
//! record   gap varint · word u8 · reason u8 · delay_ms varint · reference str8 · code str8
//! ```
//! Ranks are written as gaps to the one before (unsigned, from zero), so records stand in rank order. Numbers are little-endian, `varint` is
//! LEB128, `str8` one length byte and that many bytes.

use bytes::Bytes;

use crate::domain::delivery::{Reason, State};

/// A slice handed to a route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    pub(crate) plan: u64,
    pub(crate) lease: u64,
    pub(crate) route: String,
    /// Ascending.
    pub(crate) ranks: Vec<u32>,
}

/// What happened to the deliveries of one slice, or to those named by a batch of receipts (lease 0).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Outcomes {
    pub(crate) plan: u64,
    pub(crate) lease: u64,
    pub(crate) base_ms: i64,
    pub(crate) route: String,
    /// In ascending order of rank.
    pub(crate) records: Vec<Record>,
}

/// What happened to one delivery.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) rank: u32,
    pub(crate) outcome: Outcome,
    pub(crate) reason: Reason,
    /// Milliseconds after the base.
    pub(crate) delay_ms: u32,
    /// The provider's reference, empty when there is none.
    pub(crate) reference: Box<[u8]>,
    /// The provider's own code.
    pub(crate) code: Box<str>,
}

/// What one record says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// A state of [`State`] that speaks for itself.
    Reached(State),
    /// Another attempt is due later; this one counted.
    Again,
    /// Given back untried: throttled, route stopped, shutdown. Counts no attempt.
    Returned,
    /// It may have arrived, and is tried again all the same.
    AgainInDoubt,
    /// A person ordered that a failed one is sent again: a new round begins.
    Reopened,
    /// A report of failure about an earlier round: kept for the record, changes nothing.
    Outdated,
}

const AGAIN: u8 = 32;
const RETURNED: u8 = 33;
const AGAIN_IN_DOUBT: u8 = 34;
const REOPENED: u8 = 35;
const OUTDATED: u8 = 36;

impl Outcome {
    const fn number(self) -> u8 {
        match self {
            Self::Reached(state) => state as u8,
            Self::Again => AGAIN,
            Self::Returned => RETURNED,
            Self::AgainInDoubt => AGAIN_IN_DOUBT,
            Self::Reopened => REOPENED,
            Self::Outdated => OUTDATED,
        }
    }

    fn from_number(number: u8) -> Option<Self> {
        match number {
            AGAIN => Some(Self::Again),
            RETURNED => Some(Self::Returned),
            AGAIN_IN_DOUBT => Some(Self::AgainInDoubt),
            REOPENED => Some(Self::Reopened),
            OUTDATED => Some(Self::Outdated),
            number => State::from_number(number).map(Self::Reached),
        }
    }
}

/// An entry of the journal that cannot be read: the store's checks passed, so it was written by something newer.
#[derive(Debug, thiserror::Error)]
#[error("journal entry cannot be read at byte {0}")]
pub(crate) struct Unreadable(usize);

impl Lease {
    pub(crate) fn encode(&self) -> Bytes {
        let mut out = Vec::with_capacity(32 + self.route.len());
        out.extend_from_slice(&self.plan.to_le_bytes());
        out.extend_from_slice(&self.lease.to_le_bytes());
        put_short(&mut out, self.route.as_bytes());
        let runs = runs(&self.ranks);
        put_varint(&mut out, runs.len() as u64);
        let mut next = 0;
        for (first, length) in runs {
            put_varint(&mut out, u64::from(first - next));
            put_varint(&mut out, u64::from(length));
            next = first + length;
        }
        out.into()
    }

    #[cfg(test)]
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut input = Input { bytes, at: 0 };
        let (plan, lease) = (input.u64()?, input.u64()?);
        let route = input.text()?.to_owned();
        let mut ranks = Vec::new();
        let mut next = 0u32;
        for _ in 0..input.varint()? {
            let first = next.checked_add(input.varint32()?).ok_or(Unreadable(input.at))?;
            let length = input.varint32()?;
            let end = first.checked_add(length).ok_or(Unreadable(input.at))?;
            ranks.extend(first..end);
            next = end;
        }
        Ok(Self { plan, lease, route, ranks })
    }
}

/// Consecutive ranks as (first, length).
fn runs(ranks: &[u32]) -> Vec<(u32, u32)> {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for rank in ranks {
        match runs.last_mut() {
            Some((first, length)) if *first + *length == *rank => *length += 1,
            _ => runs.push((*rank, 1)),
        }
    }
    runs
}

impl Outcomes {
    pub(crate) fn encode(&self) -> Bytes {
        let mut out = Vec::with_capacity(48 + self.records.len() * 24);
        out.extend_from_slice(&self.plan.to_le_bytes());
        out.extend_from_slice(&self.lease.to_le_bytes());
        out.extend_from_slice(&self.base_ms.to_le_bytes());
        put_short(&mut out, self.route.as_bytes());
        put_varint(&mut out, self.records.len() as u64);
        let mut next = 0;
        for record in &self.records {
            put_varint(&mut out, u64::from(record.rank - next));
            next = record.rank;
            out.push(record.outcome.number());
            out.push(record.reason as u8);
            put_varint(&mut out, u64::from(record.delay_ms));
            put_short(&mut out, &record.reference);
            put_short(&mut out, record.code.as_bytes());
        }
        out.into()
    }

    /// An entry with its records, each with copies of what it says; [`OutcomesRef`] makes none.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Unreadable> {
        let mut entry = OutcomesRef::read(bytes)?;
        let mut records = Vec::new();
        while let Some(record) = entry.next()? {
            records.push(Record {
                rank: record.rank,
                outcome: record.outcome,
                reason: record.reason,
                delay_ms: record.delay_ms,
                reference: record.reference.into(),
                code: String::from_utf8_lossy(record.code).into(),
            });
        }
        let OutcomesRef { plan, lease, base_ms, route, .. } = entry;
        Ok(Self { plan, lease, base_ms, route: route.to_owned(), records })
    }
}

/// One record without copies, for replay.
pub(crate) struct RecordRef<'a> {
    pub(crate) rank: u32,
    pub(crate) outcome: Outcome,
    pub(crate) reason: Reason,
    pub(crate) delay_ms: u32,
    pub(crate) reference: &'a [u8],
    pub(crate) code: &'a [u8],
}

/// An outcomes entry without copies: its head, and its records one after the other.
pub(crate) struct OutcomesRef<'a> {
    pub(crate) plan: u64,
    pub(crate) base_ms: i64,
    pub(crate) route: &'a str,
    /// 0 for receipts.
    pub(crate) lease: u64,
    left: u64,
    rank: u32,
    input: Input<'a>,
}

impl<'a> OutcomesRef<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, Unreadable> {
        let mut input = Input { bytes, at: 0 };
        let (plan, lease, base_ms) = (input.u64()?, input.u64()?, input.u64()?.cast_signed());
        let route = input.text()?;
        let left = input.varint()?;
        Ok(Self { plan, base_ms, route, lease, left, rank: 0, input })
    }

    /// The next record; `None` after the last.
    pub(crate) fn next(&mut self) -> Result<Option<RecordRef<'a>>, Unreadable> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        let input = &mut self.input;
        self.rank = self.rank.checked_add(input.varint32()?).ok_or(Unreadable(input.at))?;
        let outcome = Outcome::from_number(input.byte()?).ok_or(Unreadable(input.at))?;
        let reason = Reason::from_number(input.byte()?).ok_or(Unreadable(input.at))?;
        let delay_ms = input.varint32()?;
        let (reference, code) = (input.short()?, input.short()?);
        Ok(Some(RecordRef { rank: self.rank, outcome, reason, delay_ms, reference, code }))
    }
}

/// The plan that an entry of leases or outcomes belongs to, without reading the rest.
pub(crate) fn plan_of(bytes: &[u8]) -> Option<u64> {
    bytes.first_chunk().map(|number| u64::from_le_bytes(*number))
}

/// The number of the lease that an entry of leases or outcomes belongs to, without reading the rest.
pub(crate) fn lease_of(bytes: &[u8]) -> Option<u64> {
    bytes.get(8..).and_then(<[u8]>::first_chunk).map(|number| u64::from_le_bytes(*number))
}

/// Reads a leases entry run by run, as first rank and length; gives the plan.
pub(crate) fn visit_lease(bytes: &[u8], mut visit: impl FnMut(u32, u32)) -> Result<u64, Unreadable> {
    let mut input = Input { bytes, at: 0 };
    let (plan, _lease, _route) = (input.u64()?, input.u64()?, input.short()?);
    let mut next = 0u32;
    for _ in 0..input.varint()? {
        let first = next.checked_add(input.varint32()?).ok_or(Unreadable(input.at))?;
        let length = input.varint32()?;
        next = first.checked_add(length).ok_or(Unreadable(input.at))?;
        visit(first, length);
    }
    Ok(plan)
}

fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push((number as u8) | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

fn put_short(out: &mut Vec<u8>, bytes: &[u8]) {
    let kept = &bytes[..bytes.len().min(255)];
    out.push(kept.len() as u8);
    out.extend_from_slice(kept);
}

struct Input<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Input<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Unreadable> {
        let taken = self.bytes.get(self.at..self.at.saturating_add(count)).ok_or(Unreadable(self.at))?;
        self.at += count;
        Ok(taken)
    }

    fn byte(&mut self) -> Result<u8, Unreadable> {
        Ok(self.take(1)?[0])
    }

    fn u64(&mut self) -> Result<u64, Unreadable> {
        let mut number = [0; 8];
        number.copy_from_slice(self.take(8)?);
        Ok(u64::from_le_bytes(number))
    }

    fn varint(&mut self) -> Result<u64, Unreadable> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(number);
            }
        }
        Err(Unreadable(self.at))
    }

    fn varint32(&mut self) -> Result<u32, Unreadable> {
        u32::try_from(self.varint()?).map_err(|_| Unreadable(self.at))
    }

    fn short(&mut self) -> Result<&'a [u8], Unreadable> {
        let length = self.byte()?;
        self.take(usize::from(length))
    }

    fn text(&mut self) -> Result<&'a str, Unreadable> {
        let at = self.at;
        std::str::from_utf8(self.short()?).map_err(|_| Unreadable(at))
    }
}

#[cfg(test)]
mod tests;
