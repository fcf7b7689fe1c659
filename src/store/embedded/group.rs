//! One group commit: what several callers asked for, in one transaction with one journal row.

use bytes::Bytes;
use rusqlite::{Connection, OptionalExtension, params};

use super::record;
use crate::store::{
    chain::{self, Head},
    contract::{Commit, CommitFault, Committed, Expect, Put},
};

/// A transaction that is open.
pub(super) struct Group<'c> {
    connection: &'c Connection,
    /// The packed entries of all commits so far.
    row: &'c mut Vec<u8>,
    /// The row's number.
    sequence: u64,
    /// Entries taken so far.
    pub(super) entries: usize,
    /// Bytes of values written and entries packed so far.
    pub(super) bytes: usize,
    /// Whether there is anything to commit.
    pub(super) changed: bool,
}

/// A record as the transaction sees it.
#[derive(Clone, Copy)]
struct Standing {
    id: i64,
    version: u64,
}

impl<'c> Group<'c> {
    /// Opens the transaction; `row` is a buffer to pack into.
    pub(super) fn begin(connection: &'c Connection, head: &Head, row: &'c mut Vec<u8>) -> rusqlite::Result<Self> {
        row.clear();
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        Ok(Self { connection, row, sequence: head.sequence + 1, entries: 0, bytes: 0, changed: false })
    }

    /// Applies a commit, or finds the put whose expectation does not hold and applies nothing of it. An error of the
    /// engine spoils the whole group.
    pub(super) fn apply(&mut self, commit: &Commit) -> rusqlite::Result<Result<Committed, CommitFault>> {
        for (index, put) in commit.puts.iter().enumerate() {
            let version = match put.expect {
                Expect::Any => continue,
                Expect::Absent | Expect::Version(_) => self.standing(put)?.map(|standing| standing.version),
            };
            let holds = match put.expect {
                Expect::Version(expected) => version == Some(expected),
                Expect::Any | Expect::Absent => version.is_none(),
            };
            if !holds {
                return Ok(Err(CommitFault::Conflict { index, version }));
            }
        }
        let versions = commit.puts.iter().map(|put| self.put(put)).collect::<rusqlite::Result<_>>()?;
        let row = &mut *self.row;
        let entries = commit.entries.iter().map(|entry| chain::pack(row, self.sequence, entry)).collect();
        self.entries += commit.entries.len();
        self.bytes += commit.entries.iter().map(chain::packed_len).sum::<usize>();
        self.changed |= !commit.entries.is_empty();
        Ok(Ok(Committed { versions, entries }))
    }

    fn standing(&self, put: &Put) -> rusqlite::Result<Option<Standing>> {
        let sql = "SELECT id, version FROM record WHERE space = ?1 AND key = ?2";
        self.connection
            .prepare_cached(sql)?
            .query_row(params![put.space as u8, put.key.0], |row| {
                Ok(Standing { id: row.get(0)?, version: row.get::<_, i64>(1)?.cast_unsigned() })
            })
            .optional()
    }

    /// Writes or removes a record; answers its new version, 0 for a removal.
    fn put(&mut self, put: &Put) -> rusqlite::Result<u64> {
        let standing = self.standing(put)?;
        match (standing, &put.value) {
            (None, None) => return Ok(0),
            (Some(standing), None) => self.remove(standing)?,
            (_, Some(value)) => return self.write(put, value, standing),
        }
        self.changed = true;
        Ok(0)
    }

    fn remove(&self, standing: Standing) -> rusqlite::Result<()> {
        self.connection.prepare_cached("DELETE FROM record WHERE id = ?1")?.execute([standing.id])?;
        Ok(())
    }

    fn write(&mut self, put: &Put, value: &Bytes, standing: Option<Standing>) -> rusqlite::Result<u64> {
        let version = standing.map_or(1, |standing| standing.version + 1);
        let crc = record::checksum(put.space, &put.key.0, version, value);
        let number = version.cast_signed();
        if let Some(standing) = standing {
            let sql = "UPDATE record SET version = ?2, crc = ?3, value = ?4 WHERE id = ?1";
            self.connection.prepare_cached(sql)?.execute(params![standing.id, number, crc, &value[..]])?;
        } else {
            let sql = "INSERT INTO record(space, key, version, crc, value) VALUES (?1, ?2, ?3, ?4, ?5)";
            let mut statement = self.connection.prepare_cached(sql)?;
            statement.execute(params![put.space as u8, put.key.0, number, crc, &value[..]])?;
        }
        self.bytes += value.len();
        self.changed = true;
        Ok(version)
    }

    /// Appends the journal row. Every group that changed something has one, even without entries: the head then stands
    /// for all of it, and a group that vanished is missed.
    pub(super) fn append(&mut self, head: &Head, at_ms: i64) -> rusqlite::Result<Head> {
        let next = head.after(at_ms, self.row);
        let crc = chain::checksum(next.sequence, at_ms, &next.hash, self.row);
        let sql = "INSERT INTO journal(sequence, at_ms, crc, hash, data) VALUES (?1, ?2, ?3, ?4, ?5)";
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.execute(params![
            next.sequence.cast_signed(),
            at_ms,
            crc,
            &chain::tag(&next.hash)[..],
            &self.row[..]
        ])?;
        Ok(next)
    }

    /// Makes it durable. After an error nothing is known.
    pub(super) fn commit(self) -> rusqlite::Result<()> {
        self.connection.prepare_cached("COMMIT")?.execute([]).map(drop)
    }
}

/// Undoes an open transaction, whatever state it is in; false when the connection cannot be used any more.
pub(super) fn undo(connection: &Connection) -> bool {
    if !connection.is_autocommit() {
        let undone = connection.execute_batch("ROLLBACK");
        return undone.is_ok() && connection.is_autocommit();
    }
    true
}
