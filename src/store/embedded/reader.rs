//! Reading: a few read-only connections, used off the async threads, each call in one consistent view.

use std::{path::PathBuf, sync::Arc};

use bytes::Bytes;
use parking_lot::Mutex;
use rusqlite::{Connection, params};
use tokio::sync::Semaphore;

use super::{
    bounds::{JOURNAL_PAGE_BYTES, KEYS_AT_ONCE},
    record::{self, Finder},
    schema,
    walk::{ROWS_FROM, RawRow, RowFault},
};
use crate::store::contract::{Appended, Entry, JournalRow, Key, ReadFault, Space, Stored};

/// The connections. Cheap to clone.
#[derive(Clone)]
pub(super) struct Readers(Arc<Inner>);

struct Inner {
    database: PathBuf,
    /// One permit a connection; closed with the store.
    turns: Arc<Semaphore>,
    count: usize,
    idle: Mutex<Vec<Connection>>,
}

impl Readers {
    pub(super) fn new(database: PathBuf, count: usize) -> Self {
        let (turns, idle) = (Arc::new(Semaphore::new(count)), Mutex::new(Vec::with_capacity(count)));
        Self(Arc::new(Inner { database, turns, count, idle }))
    }

    /// Runs `work` with a connection on a thread that may block.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, ReadFault> + Send + 'static,
    ) -> Result<T, ReadFault> {
        let turn = Arc::clone(&self.0.turns).acquire_owned().await.map_err(|_| ReadFault("closed".to_owned()))?;
        let inner = Arc::clone(&self.0);
        let reading = tokio::task::spawn_blocking(move || {
            let idle = inner.idle.lock().pop();
            let connection = idle.map_or_else(|| schema::open_reader(&inner.database), Ok)?;
            let outcome = {
                let _view = connection.unchecked_transaction()?;
                work(&connection)
            };
            inner.idle.lock().push(connection);
            drop(turn);
            outcome
        });
        reading.await.map_err(|error| ReadFault(error.to_string()))?
    }

    /// Waits for what is being read, then closes the connections.
    pub(super) async fn close(&self) {
        let all = u32::try_from(self.0.count).unwrap_or(u32::MAX);
        let turns = self.0.turns.acquire_many(all).await;
        self.0.turns.close();
        self.0.idle.lock().clear();
        drop(turns);
    }
}

impl From<rusqlite::Error> for ReadFault {
    fn from(error: rusqlite::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<RowFault> for ReadFault {
    fn from(fault: RowFault) -> Self {
        Self(format!("the journal is damaged: {fault}"))
    }
}

pub(super) fn get(connection: &Connection, space: Space, key: &Key) -> Result<Option<Stored>, ReadFault> {
    Finder::new(connection, space)?.find(key)?
}

/// Looks the keys up in their own order, which is the order of the pages, and answers in the order asked for.
pub(super) fn get_many(connection: &Connection, space: Space, keys: &[Key]) -> Result<Vec<Option<Stored>>, ReadFault> {
    let mut order: Vec<usize> = (0..keys.len()).collect();
    order.sort_unstable_by_key(|index| &keys[*index]);
    let mut found = vec![None; keys.len()];
    let mut finder = Finder::new(connection, space)?;
    for index in order {
        found[index] = finder.find(&keys[index])??;
    }
    Ok(found)
}

/// The keys in portions that one read transaction should hold.
pub(super) fn portions(mut keys: Vec<Key>) -> Vec<Vec<Key>> {
    let mut portions = Vec::with_capacity(keys.len().div_ceil(KEYS_AT_ONCE));
    while keys.len() > KEYS_AT_ONCE {
        let rest = keys.split_off(KEYS_AT_ONCE);
        portions.push(std::mem::replace(&mut keys, rest));
    }
    portions.push(keys);
    portions
}

pub(super) fn list(
    connection: &Connection,
    space: Space,
    after: Option<&Key>,
    limit: usize,
) -> Result<Vec<(Key, Stored)>, ReadFault> {
    // The empty key is a key: only a range that starts nowhere includes it.
    let (sql, after) = match after {
        None => (
            "SELECT key, version, crc, value FROM record WHERE space = ?1 AND key >= ?2 ORDER BY key LIMIT ?3",
            &[][..],
        ),
        Some(key) => (
            "SELECT key, version, crc, value FROM record WHERE space = ?1 AND key > ?2 ORDER BY key LIMIT ?3",
            &key.0[..],
        ),
    };
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params![space as u8, after, i64::try_from(limit).unwrap_or(i64::MAX)])?;
    let mut listed = Vec::new();
    while let Some(row) = rows.next()? {
        let key = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
        listed.push((Key(key.to_vec()), record::stored(space, key, row, 1)??));
    }
    Ok(listed)
}

/// Rows from `from` on, at most `limit`, until they hold enough bytes.
pub(super) fn journal(connection: &Connection, from: u64, limit: usize) -> Result<Vec<JournalRow>, ReadFault> {
    let mut sequence = from.max(1);
    let mut statement = connection.prepare_cached(ROWS_FROM)?;
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut rows = statement.query(params![sequence.cast_signed(), limit])?;
    let (mut page, mut bytes) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let raw = RawRow::of(row)??;
        if raw.head.sequence != sequence {
            return Err(RowFault::Missing { sequence }.into());
        }
        let data = Bytes::copy_from_slice(raw.data);
        let entries = raw.entries()?.map(|entry| {
            let start = entry.offset as usize;
            (entry.offset, Entry { kind: entry.kind, data: data.slice(start..start + entry.data.len()) })
        });
        page.push(JournalRow { sequence, at_ms: raw.at_ms, hash: raw.head.hash, entries: entries.collect() });
        sequence += 1;
        bytes += raw.data.len();
        if bytes >= JOURNAL_PAGE_BYTES {
            break;
        }
    }
    Ok(page)
}

/// Bytes of one entry of a row, which is checked as a whole.
pub(super) fn entry_bytes(connection: &Connection, at: Appended, len: u32) -> Result<Option<Bytes>, ReadFault> {
    let mut statement = connection.prepare_cached(ROWS_FROM)?;
    let mut rows = statement.query(params![at.sequence.cast_signed(), 1])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let raw = RawRow::of(row)??;
    if raw.head.sequence != at.sequence {
        return Ok(None);
    }
    let found = raw.entries()?.find_map(|entry| {
        let start = at.offset.checked_sub(entry.offset)? as usize;
        entry.data.get(start..start.checked_add(len as usize)?)
    });
    Ok(found.map(Bytes::copy_from_slice))
}
