//! Rows of the record table: what stands, checked against its checksum.

use bytes::Bytes;
use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};

use crate::store::contract::{Key, ReadFault, Space, Stored};

/// A checksum over everything a record holds, so that damage is named and never read as content.
pub(super) fn checksum(space: Space, key: &[u8], version: u64, value: &[u8]) -> u32 {
    checksum_of(space as u8, key, version, value)
}

/// The same for a space this program may not know.
pub(super) fn checksum_of(space: u8, key: &[u8], version: u64, value: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&[space]);
    crc.update(&(key.len() as u64).to_le_bytes());
    crc.update(key);
    crc.update(&version.to_le_bytes());
    crc.update(value);
    crc.finalize()
}

/// Columns version, crc, value of a record, from column `first` on; checked.
pub(super) fn stored(
    space: Space,
    key: &[u8],
    row: &Row<'_>,
    first: usize,
) -> rusqlite::Result<Result<Stored, ReadFault>> {
    let version = row.get::<_, i64>(first)?.cast_unsigned();
    let crc: i64 = row.get(first + 1)?;
    let value = row.get_ref(first + 2)?.as_blob()?;
    if i64::from(checksum(space, key, version, value)) != crc {
        let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        return Ok(Err(ReadFault(format!("record {space:?} {key} is damaged (checksum)"))));
    }
    Ok(Ok(Stored { version, value: Bytes::copy_from_slice(value) }))
}

/// Looks records up by key.
pub(super) struct Finder<'c> {
    space: Space,
    statement: CachedStatement<'c>,
}

impl<'c> Finder<'c> {
    pub(super) fn new(connection: &'c Connection, space: Space) -> rusqlite::Result<Self> {
        let sql = "SELECT version, crc, value FROM record WHERE space = ?1 AND key = ?2";
        Ok(Self { space, statement: connection.prepare_cached(sql)? })
    }

    pub(super) fn find(&mut self, key: &Key) -> rusqlite::Result<Result<Option<Stored>, ReadFault>> {
        let found = self
            .statement
            .query_row(params![self.space as u8, key.0], |row| stored(self.space, &key.0, row, 0))
            .optional()?;
        Ok(found.transpose())
    }
}
