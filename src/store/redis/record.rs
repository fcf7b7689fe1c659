//! Records as they stand in Redis, and what a row changed, packed.
//!
//! A value is `version` (8 bytes, little-endian, written by the script), `checksum` (4, little-endian, over kind, key and
//! value), bytes. A change is `kind` (1), length of the key (4), `version` (8, 0 = removed), length of checksum and value
//! (4), key, checksum and value.

use bytes::Bytes;

use crate::store::contract::{Key, ReadFault, Space, Stored};

/// A checksum over everything of a record but its version, which the server gives.
fn checksum(space: Space, key: &[u8], value: &[u8]) -> [u8; 4] {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&[space as u8]);
    crc.update(&(key.len() as u64).to_le_bytes());
    crc.update(key);
    crc.update(value);
    crc.finalize().to_le_bytes()
}

/// A value as it is sent: behind its checksum.
pub(super) fn seal(space: Space, key: &[u8], value: &[u8]) -> Vec<u8> {
    let mut sealed = Vec::with_capacity(4 + value.len());
    sealed.extend_from_slice(&checksum(space, key, value));
    sealed.extend_from_slice(value);
    sealed
}

fn damaged(space: Space, key: &[u8]) -> ReadFault {
    let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
    ReadFault(format!("record {space:?} {key} is damaged (checksum)"))
}

/// A value behind its checksum.
fn open(space: Space, key: &[u8], version: u64, sealed: Bytes) -> Result<Stored, ReadFault> {
    if sealed.len() < 4 {
        return Err(damaged(space, key));
    }
    let value = sealed.slice(4..);
    if sealed[..4] != checksum(space, key, &value) {
        return Err(damaged(space, key));
    }
    Ok(Stored { version, value })
}

/// A record as it stands in its hash.
pub(super) fn stored(space: Space, key: &[u8], bytes: Bytes) -> Result<Stored, ReadFault> {
    let version = bytes.first_chunk::<8>().ok_or_else(|| damaged(space, key))?;
    open(space, key, u64::from_le_bytes(*version), bytes.slice(8..))
}

/// One record that a row changed.
pub(super) type Changed = (Space, Key, Option<Stored>);

/// What a row changed; kinds that this program does not know are left out.
pub(super) fn changes(mut packed: Bytes) -> Result<Vec<Changed>, ReadFault> {
    let mut changed = Vec::new();
    while !packed.is_empty() {
        let (space, key, version, sealed) = take(&mut packed)?;
        let Some(space) = Space::of(space) else { continue };
        let stored = if version == 0 { None } else { Some(open(space, &key, version, sealed)?) };
        changed.push((space, Key(key.to_vec()), stored));
    }
    Ok(changed)
}

/// The versions a row gave, in the order of its puts.
pub(super) fn versions(mut packed: Bytes) -> Result<Vec<u64>, ReadFault> {
    let mut versions = Vec::new();
    while !packed.is_empty() {
        versions.push(take(&mut packed)?.2);
    }
    Ok(versions)
}

fn take(packed: &mut Bytes) -> Result<(u8, Bytes, u64, Bytes), ReadFault> {
    let short = || ReadFault("what a row changed is damaged".to_owned());
    let header = packed.first_chunk::<17>().ok_or_else(short)?;
    let number = |at: usize| u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]]) as usize;
    let (space, key, sealed) = (header[0], number(1), number(13));
    let version = header[5..13].iter().rev().fold(0, |version, byte| version << 8 | u64::from(*byte));
    if packed.len() - 17 < key + sealed {
        return Err(short());
    }
    let mut rest = packed.split_off(17);
    let behind = rest.split_off(key + sealed);
    let sealed = rest.split_off(key);
    *packed = behind;
    Ok((space, rest, version, sealed))
}
