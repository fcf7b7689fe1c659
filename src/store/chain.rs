//! How a journal row is written and linked, the same for every engine, so that one proof covers them all.
//!
//! A row's data is its entries one after the other, each `kind` (1 byte), `length` (4 bytes, little-endian), bytes.
//! Rows are linked by a hash over the previous row's hash, this row's number and time, and its data. The hash stands
//! behind the number of its algorithm, so that another one can follow without rewriting what is there.

use sha2::{Digest, Sha256};

use super::contract::{Appended, Entry, EntryKind};

/// What a row costs before its entries' bytes.
const HEADER: usize = 5;

/// The algorithm of a chain hash. The numbers stand on disk and never change their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Algorithm {
    /// SHA-256 over: previous hash (32 bytes) ‖ sequence (8, little-endian) ‖ milliseconds (8, little-endian) ‖ data.
    Sha256 = 1,
}

/// The hash before the first row.
pub const GENESIS: [u8; 32] = [0; 32];

/// The newest row of a journal, or the empty journal with sequence 0 and [`GENESIS`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Its number; 0 when there is none.
    pub sequence: u64,
    /// Its chain hash.
    pub hash: [u8; 32],
}

impl Head {
    /// The head of an empty journal.
    pub const EMPTY: Self = Self { sequence: 0, hash: GENESIS };

    /// The head after one more row.
    #[must_use]
    pub fn after(&self, at_ms: i64, data: &[u8]) -> Self {
        let sequence = self.sequence + 1;
        Self { sequence, hash: link(&self.hash, sequence, at_ms, data) }
    }
}

impl std::fmt::Debug for Head {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:", self.sequence)?;
        self.hash[..8].iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// The chain hash of a row ([`Algorithm::Sha256`]).
#[must_use]
pub fn link(previous: &[u8; 32], sequence: u64, at_ms: i64, data: &[u8]) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(previous);
    hash.update(sequence.to_le_bytes());
    hash.update(at_ms.to_le_bytes());
    hash.update(data);
    hash.finalize().into()
}

/// A hash as it is stored: the number of its algorithm, then its bytes.
#[must_use]
pub fn tag(hash: &[u8; 32]) -> [u8; 33] {
    let mut tagged = [0; 33];
    tagged[0] = Algorithm::Sha256 as u8;
    tagged[1..].copy_from_slice(hash);
    tagged
}

/// Reads what [`tag`] wrote.
pub fn untag(tagged: &[u8]) -> Result<[u8; 32], Malformed> {
    match tagged.split_first() {
        Some((1, hash)) => hash.try_into().map_err(|_| Malformed::Hash),
        _ => Err(Malformed::Hash),
    }
}

/// A checksum over everything a row holds, for finding damage without its neighbours.
#[must_use]
pub fn checksum(sequence: u64, at_ms: i64, hash: &[u8; 32], data: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&sequence.to_le_bytes());
    crc.update(&at_ms.to_le_bytes());
    crc.update(hash);
    crc.update(data);
    crc.finalize()
}

/// Why the bytes of a row cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The hash has another length or an algorithm this program does not know.
    #[error("hash of an unknown kind")]
    Hash,
    /// An entry of a kind this program does not know.
    #[error("entry of unknown kind {kind} at offset {offset}")]
    Kind {
        /// The number found.
        kind: u8,
        /// Where.
        offset: usize,
    },
    /// The row ends inside an entry.
    #[error("entry at offset {offset} ends outside the row")]
    Short {
        /// Where.
        offset: usize,
    },
}

/// Appends an entry to the row `sequence` that is being packed; says where its bytes stand.
pub fn pack(row: &mut Vec<u8>, sequence: u64, entry: &Entry) -> Appended {
    row.push(entry.kind as u8);
    let length = u32::try_from(entry.data.len()).expect("commits are bounded far below 4 GiB");
    row.extend_from_slice(&length.to_le_bytes());
    let offset = u32::try_from(row.len()).expect("commits are bounded far below 4 GiB");
    row.extend_from_slice(&entry.data);
    Appended { sequence, offset }
}

/// What packing this entry adds to a row.
#[must_use]
pub fn packed_len(entry: &Entry) -> usize {
    HEADER + entry.data.len()
}

/// One entry of a packed row, borrowed from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntryRef<'a> {
    /// Offset of the data within the row.
    pub offset: u32,
    /// What it holds.
    pub kind: EntryKind,
    /// Its bytes.
    pub data: &'a [u8],
}

/// The entries of a row that was found well-formed.
#[derive(Clone, Debug)]
pub struct Entries<'a> {
    row: &'a [u8],
    offset: usize,
}

impl<'a> Entries<'a> {
    /// Checks that the whole row is made of entries.
    pub fn of(row: &'a [u8]) -> Result<Self, Malformed> {
        let mut offset = 0;
        while offset < row.len() {
            let (entry, next) = entry_at(row, offset)?;
            debug_assert_eq!(entry.offset as usize + entry.data.len(), next);
            offset = next;
        }
        Ok(Self { row, offset: 0 })
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = EntryRef<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        let (entry, next) = entry_at(self.row, self.offset).ok()?;
        self.offset = next;
        Some(entry)
    }
}

fn entry_at(row: &[u8], offset: usize) -> Result<(EntryRef<'_>, usize), Malformed> {
    let short = Malformed::Short { offset };
    let header = row.get(offset..offset + HEADER).ok_or(short)?;
    let kind = match header[0] {
        1 => EntryKind::Decision,
        2 => EntryKind::Leases,
        3 => EntryKind::Outcomes,
        kind => return Err(Malformed::Kind { kind, offset }),
    };
    let length = u32::from_le_bytes([header[1], header[2], header[3], header[4]]) as usize;
    let start = offset + HEADER;
    let end = start.checked_add(length).ok_or(short)?;
    let data = row.get(start..end).ok_or(short)?;
    let at = u32::try_from(start).map_err(|_| short)?;
    Ok((EntryRef { offset: at, kind, data }, end))
}

#[cfg(test)]
mod tests;
