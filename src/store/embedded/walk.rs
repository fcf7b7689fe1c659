//! Reading journal rows, each checked before anything is made of it.

use rusqlite::{Connection, OptionalExtension, Row, params};

use crate::store::chain::{self, Entries, GENESIS, Head, Malformed};

/// What is wrong with a row of the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowFault {
    /// Rows are numbered without gaps; this one is not there, a later one is.
    #[error("row {sequence} is missing")]
    Missing {
        /// The row.
        sequence: u64,
    },
    /// Its bytes are not the bytes that were written.
    #[error("row {sequence} is damaged (checksum)")]
    Checksum {
        /// The row.
        sequence: u64,
    },
    /// It is whole, but does not follow from the row before it: one of the two was replaced.
    #[error("row {sequence} does not follow from the row before it (hash chain)")]
    Link {
        /// The row.
        sequence: u64,
    },
    /// It is whole, but not made of entries.
    #[error("row {sequence}: {source}")]
    Malformed {
        /// The row.
        sequence: u64,
        /// Why not.
        source: Malformed,
    },
}

/// The columns every reader asks for, in the order [`RawRow::of`] takes them.
pub(super) const ROWS_FROM: &str =
    "SELECT sequence, at_ms, crc, hash, data FROM journal WHERE sequence >= ?1 ORDER BY sequence LIMIT ?2";

/// A row whose checksum holds, borrowed from the statement.
pub(super) struct RawRow<'a> {
    pub(super) head: Head,
    pub(super) at_ms: i64,
    pub(super) data: &'a [u8],
}

impl<'a> RawRow<'a> {
    /// Takes the columns of [`ROWS_FROM`] and checks the checksum.
    pub(super) fn of(row: &'a Row<'_>) -> rusqlite::Result<Result<Self, RowFault>> {
        let sequence = row.get::<_, i64>(0)?.cast_unsigned();
        let at_ms = row.get(1)?;
        let crc: i64 = row.get(2)?;
        let data = row.get_ref(4)?.as_blob()?;
        let hash = match chain::untag(row.get_ref(3)?.as_blob()?) {
            Ok(hash) => hash,
            Err(source) => return Ok(Err(RowFault::Malformed { sequence, source })),
        };
        if i64::from(chain::checksum(sequence, at_ms, &hash, data)) != crc {
            return Ok(Err(RowFault::Checksum { sequence }));
        }
        Ok(Ok(Self { head: Head { sequence, hash }, at_ms, data }))
    }

    /// The row's entries.
    pub(super) fn entries(&self) -> Result<Entries<'a>, RowFault> {
        Entries::of(self.data).map_err(|source| RowFault::Malformed { sequence: self.head.sequence, source })
    }

    /// Checks that this is the row after `previous`.
    pub(super) fn follows(&self, previous: &Head) -> Result<(), RowFault> {
        let sequence = previous.sequence + 1;
        if self.head.sequence != sequence {
            return Err(RowFault::Missing { sequence });
        }
        if previous.after(self.at_ms, self.data) != self.head {
            return Err(RowFault::Link { sequence });
        }
        Ok(())
    }
}

/// The head named by row `sequence`, without looking at its data; `None` when there is no such row.
pub(super) fn head_at(connection: &Connection, sequence: u64) -> rusqlite::Result<Option<Head>> {
    if sequence == 0 {
        return Ok(Some(Head::EMPTY));
    }
    let mut statement = connection.prepare_cached("SELECT hash FROM journal WHERE sequence = ?1")?;
    let hash = statement.query_row(params![sequence.cast_signed()], |row| row.get::<_, Vec<u8>>(0)).optional()?;
    Ok(hash.map(|hash| Head { sequence, hash: chain::untag(&hash).unwrap_or(GENESIS) }))
}

/// The number of the last row, 0 for an empty journal.
pub(super) fn last(connection: &Connection) -> rusqlite::Result<u64> {
    let last: Option<i64> = connection.query_row("SELECT max(sequence) FROM journal", [], |row| row.get(0))?;
    Ok(last.unwrap_or(0).cast_unsigned())
}

/// Walks up to `limit` rows that follow `previous`, checking checksum, numbering and chain, and shows each until
/// `visit` says false. Answers the head reached.
pub(super) fn walk(
    connection: &Connection,
    previous: Head,
    limit: u64,
    mut visit: impl FnMut(&RawRow<'_>, Entries<'_>) -> bool,
) -> rusqlite::Result<Result<Head, RowFault>> {
    let mut head = previous;
    let mut statement = connection.prepare_cached(ROWS_FROM)?;
    let mut rows = statement.query(params![(previous.sequence + 1).cast_signed(), limit.cast_signed()])?;
    while let Some(row) = rows.next()? {
        let raw = match RawRow::of(row)? {
            Ok(raw) => raw,
            Err(fault) => return Ok(Err(fault)),
        };
        let entries = match raw.follows(&head).and_then(|()| raw.entries()) {
            Ok(entries) => entries,
            Err(fault) => return Ok(Err(fault)),
        };
        head = raw.head;
        if !visit(&raw, entries) {
            break;
        }
    }
    Ok(Ok(head))
}
