//! How a folded plan stands in the store: one head, and sorted columns in parts of at most a mebibyte.
//!
//! ```text
//! key      plan u64                                              the head: JSON
//! key      plan u64 · generation u32 · kind u8 · part u32        a part; numbers big-endian
//! states   state byte of each rank · reason byte of each rank
//! details  see `details`: when, by which route, the provider's reference and code
//! index    (crc32 of route and reference) << 32 | rank, ascending, u64 little-endian
//! ```
//! Every part ends with a CRC-32 of what is before it. Parts are written first, under a generation of their own; the
//! head, written last, makes them the plan. So a crash in between leaves what was there before.

mod details;

use bytes::Bytes;
use serde::{Deserialize, Serialize};

pub(super) use details::{Detail, Details, Writer};

use crate::{
    flow::{Unavailable, record::WarningId},
    store::Key,
};

/// Deliveries in one part of the states column.
pub(super) const STATES_PART: u32 = 1 << 19;
/// References in one part of the index.
pub(super) const INDEX_PART: usize = 1 << 17;

/// What a plan came to: its final counts, and where the columns stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Head {
    pub(crate) plan: u64,
    pub(crate) warning: WarningId,
    /// Its parts are those of this generation.
    pub(crate) generation: u32,
    pub(crate) size: u32,
    /// The block holds everything the journal says about the plan up to this row.
    pub(crate) as_of: u64,
    /// Milliseconds since 1970.
    pub(crate) folded_ms: i64,
    /// When its warning finished, milliseconds since 1970.
    pub(crate) finished_ms: i64,
    /// By number of the state; what is not there is none.
    pub(crate) counts: Vec<u64>,
    /// By number of the reason; what is not there is none.
    pub(crate) reasons: Vec<u64>,
    pub(crate) doubled: u64,
    pub(crate) changed_ms: i64,
    /// Names that the details give by number.
    pub(crate) routes: Vec<String>,
    /// First rank of each part of the details.
    pub(crate) details: Vec<u32>,
    /// Sorted runs of the index, each of one range of ranks: first entry of each of its parts.
    pub(crate) index: Vec<Vec<u64>>,
    /// Nothing but this head is left, since then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) erased_ms: Option<i64>,
    /// Parts are still to be erased.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) erasing: bool,
    /// Persons of the whole warning when it was folded.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) people: Option<serde_json::Value>,
}

impl Head {
    /// Reads the head of this plan.
    pub(crate) fn read(plan: u64, value: &[u8]) -> Result<Self, Damaged> {
        serde_json::from_slice(value).ok().filter(|head: &Self| head.plan == plan).ok_or(Damaged)
    }

    /// Whether the single deliveries are gone.
    pub(crate) fn is_erased(&self) -> bool {
        self.erased_ms.is_some()
    }

    /// Final counts by number of the state and of the reason; `None` when there are some of a kind not known here.
    pub(super) fn totals<const S: usize, const R: usize>(&self) -> Option<([u64; S], [u64; R])> {
        Some((padded(&self.counts)?, padded(&self.reasons)?))
    }

    /// Whether outcomes of this row of the journal are in the block.
    pub(crate) fn holds(&self, sequence: u64) -> bool {
        sequence <= self.as_of
    }

    pub(super) fn part(&self, kind: Kind, part: usize) -> Key {
        key(self.plan, self.generation, kind, part)
    }

    /// Parts of the states column: first rank and length.
    pub(super) fn states(&self) -> impl Iterator<Item = (u32, usize)> + use<> {
        states(self.size)
    }

    /// The part of the details that holds a rank.
    pub(super) fn detail_of(&self, rank: u32) -> Option<usize> {
        self.details.partition_point(|first| *first <= rank).checked_sub(1).filter(|_| rank < self.size)
    }

    /// Parts of the index that can hold this crc, as numbers over all runs.
    pub(super) fn index_of(&self, crc: u32) -> Vec<usize> {
        let (low, high) = (u64::from(crc) << 32, u64::from(crc) << 32 | 0xffff_ffff);
        let mut before = 0;
        let mut parts = Vec::new();
        for run in &self.index {
            let end = run.partition_point(|first| *first <= high);
            let start = run.partition_point(|first| *first < low).saturating_sub(1);
            parts.extend((start..end).map(|part| before + part));
            before += run.len();
        }
        parts
    }
}

fn padded<const N: usize>(numbers: &[u64]) -> Option<[u64; N]> {
    let mut padded = [0; N];
    padded.get_mut(..numbers.len())?.copy_from_slice(numbers);
    Some(padded)
}

/// Parts of a states column: first rank and length.
pub(super) fn states(size: u32) -> impl Iterator<Item = (u32, usize)> + use<> {
    (0..size).step_by(STATES_PART as usize).map(move |first| (first, STATES_PART.min(size - first) as usize))
}

/// What a part holds. The numbers stand on disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    States = 1,
    Details = 2,
    Index = 3,
}

pub(super) fn key(plan: u64, generation: u32, kind: Kind, part: usize) -> Key {
    let mut key = plan.to_be_bytes().to_vec();
    key.extend(generation.to_be_bytes());
    key.push(kind as u8);
    key.extend(u32::try_from(part).unwrap_or(u32::MAX).to_be_bytes());
    Key(key)
}

/// The generation of a part's key; `None` for the key of a head or of another plan.
pub(super) fn generation(plan: u64, key: &Key) -> Option<u32> {
    let rest = key.0.strip_prefix(plan.to_be_bytes().as_slice())?;
    rest.first_chunk().map(|generation| u32::from_be_bytes(*generation))
}

/// A part as it is stored.
pub(super) fn sealed(mut bytes: Vec<u8>) -> Bytes {
    let crc = crc32fast::hash(&bytes);
    bytes.extend(crc.to_le_bytes());
    bytes.into()
}

/// What [`sealed`] was given.
pub(super) fn opened(stored: &[u8]) -> Result<&[u8], Damaged> {
    let (bytes, crc) = stored.split_last_chunk().ok_or(Damaged)?;
    if crc32fast::hash(bytes) == u32::from_le_bytes(*crc) { Ok(bytes) } else { Err(Damaged) }
}

/// A part is missing or is not what was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the block of a folded plan is damaged")]
pub(crate) struct Damaged;

impl From<Damaged> for Unavailable {
    fn from(damaged: Damaged) -> Self {
        Self::new(damaged.to_string())
    }
}

/// What the index calls a reference.
pub(super) fn crc_of(route: &str, reference: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&(route.len() as u64).to_le_bytes());
    crc.update(route.as_bytes());
    crc.update(reference);
    crc.finalize()
}

/// A sorted run of the index as parts, with the first entry of each.
pub(super) fn index_parts(mut run: Vec<u64>) -> impl Iterator<Item = (u64, Bytes)> {
    run.sort_unstable();
    let parts = run.len().div_ceil(INDEX_PART);
    (0..parts).map(move |part| {
        let entries = &run[part * INDEX_PART..run.len().min((part + 1) * INDEX_PART)];
        (entries[0], sealed(entries.iter().flat_map(|entry| entry.to_le_bytes()).collect()))
    })
}

/// Ranks that a part of the index gives for a crc.
pub(super) fn ranks_of(part: &[u8], crc: u32) -> Result<Vec<u32>, Damaged> {
    let bytes = opened(part)?;
    let entry = |at: usize| bytes.get(at * 8..at * 8 + 8)?.first_chunk().map(|entry| u64::from_le_bytes(*entry));
    let (mut low, mut high) = (0, bytes.len() / 8);
    while low < high {
        let middle = low + (high - low) / 2;
        if entry(middle).ok_or(Damaged)? < u64::from(crc) << 32 { low = middle + 1 } else { high = middle }
    }
    let same = (low..).map_while(entry).take_while(|entry| entry >> 32 == u64::from(crc));
    Ok(same.map(|entry| entry as u32).collect())
}

#[cfg(test)]
mod tests;
