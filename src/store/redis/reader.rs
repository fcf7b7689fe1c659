//! Reading records and rows; rows are checked before anything is made of them.

use bytes::Bytes;
use redis::Value;

use super::{
    bounds::{KEYS_AT_ONCE, PAGE_BYTES, PAGE_RECORDS, PAGE_ROWS},
    fault::{Fault, unreadable},
    keys::Keys,
    link::{Link, patience_for},
    record, reply,
    script::SCRIPTS,
};
use crate::store::{
    chain::{self, Entries, Head},
    contract::{Entry, JournalRow, Key, ReadFault, Space, Stored},
    embedded::RowFault,
};

/// Reads of one store.
pub(super) struct Reader<'l> {
    pub(super) link: &'l Link,
    pub(super) keys: &'l Keys,
}

impl Reader<'_> {
    pub(super) async fn get(&self, space: Space, key: &Key) -> Result<Option<Stored>, ReadFault> {
        let mut command = redis::cmd("HGET");
        command.arg(self.keys.records(space)).arg(&key.0);
        found(space, key, self.link.ask_within(&command, patience_for(PAGE_BYTES)).await?)
    }

    pub(super) async fn get_many(&self, space: Space, keys: &[Key]) -> Result<Vec<Option<Stored>>, ReadFault> {
        let mut all = Vec::with_capacity(keys.len());
        for portion in keys.chunks(KEYS_AT_ONCE) {
            let mut command = redis::cmd("HMGET");
            command.arg(self.keys.records(space));
            portion.iter().for_each(|key| {
                command.arg(&key.0);
            });
            let values = self.link.ask_within(&command, patience_for(PAGE_BYTES)).await?;
            let values = reply::array(values, "records")?;
            for (key, value) in portion.iter().zip(values) {
                all.push(found(space, key, value)?);
            }
        }
        Ok(all)
    }

    pub(super) async fn list(
        &self,
        space: Space,
        mut after: Option<Key>,
        limit: usize,
    ) -> Result<Vec<(Key, Stored)>, ReadFault> {
        let mut listed = Vec::new();
        while listed.len() < limit {
            let from = after.as_ref().map_or_else(|| b"-".to_vec(), |key| [b"(", &key.0[..]].concat());
            let mut call = SCRIPTS.list.call(&[self.keys.records(space), self.keys.order(space)]);
            call.arg(from).arg((limit - listed.len()).min(PAGE_RECORDS)).arg(PAGE_BYTES);
            let page = self.link.run_within(&SCRIPTS.list, &call, patience_for(PAGE_BYTES)).await?;
            let page = reply::array(page, "records")?;
            if page.is_empty() {
                break;
            }
            let mut page = page.into_iter();
            while let (Some(key), Some(value)) = (page.next(), page.next()) {
                let key = Key(reply::bytes(key, "a key")?);
                let stored = record::stored(space, &key.0, reply::shared(value, "a record")?)?;
                listed.push((key, stored));
            }
            after = listed.last().map(|(key, _)| key.clone());
        }
        Ok(listed)
    }

    /// Rows from `from` on, at most `limit`, until they are many or large.
    pub(super) async fn journal(&self, from: u64, limit: usize) -> Result<Vec<JournalRow>, ReadFault> {
        let mut next = from.max(1);
        let mut call = SCRIPTS.rows.call(&[self.keys.journal()]);
        call.arg(next).arg(limit.min(PAGE_ROWS)).arg(PAGE_BYTES);
        let rows = self.link.run_within(&SCRIPTS.rows, &call, patience_for(PAGE_BYTES)).await?;
        let mut page = Vec::new();
        for row in reply::array(rows, "rows")? {
            let row = RawRow::of(&mut reply::array(row, "a row")?.into_iter())?;
            if row.head.sequence != next {
                return Err(RowFault::Missing { sequence: next }.into());
            }
            next += 1;
            page.push(row.listed()?);
        }
        Ok(page)
    }
}

fn found(space: Space, key: &Key, value: Value) -> Result<Option<Stored>, ReadFault> {
    match value {
        Value::Nil => Ok(None),
        value => Ok(Some(record::stored(space, &key.0, reply::shared(value, "a record")?)?)),
    }
}

/// A row whose checksum holds.
pub(super) struct RawRow {
    pub(super) head: Head,
    pub(super) at_ms: i64,
    pub(super) data: Bytes,
}

impl RawRow {
    /// Takes id, time, hash, checksum and data.
    pub(super) fn of(parts: &mut std::vec::IntoIter<Value>) -> Result<Self, ReadFault> {
        let id = reply::text(reply::next(parts), "the number of a row")?;
        let sequence = id.strip_suffix("-0").and_then(|number| number.parse().ok());
        let sequence: u64 = sequence.ok_or_else(|| unreadable("the number of a row"))?;
        let at_ms = reply::text(reply::next(parts), "a time")?.parse().map_err(|_| unreadable("a time"))?;
        let hash = reply::bytes(reply::next(parts), "a hash")?;
        let hash = chain::untag(&hash).map_err(|source| RowFault::Malformed { sequence, source })?;
        let crc = reply::number(reply::next(parts), "a checksum")?;
        let data = reply::shared(reply::next(parts), "a row")?;
        if u64::from(chain::checksum(sequence, at_ms, &hash, &data)) != crc {
            return Err(RowFault::Checksum { sequence }.into());
        }
        Ok(Self { head: Head { sequence, hash }, at_ms, data })
    }

    /// Its entries with the offset of each one's data.
    pub(super) fn entries(&self) -> Result<Vec<(u32, Entry)>, RowFault> {
        let sequence = self.head.sequence;
        let entries = Entries::of(&self.data).map_err(|source| RowFault::Malformed { sequence, source })?;
        let entries = entries.map(|entry| {
            let start = entry.offset as usize;
            (entry.offset, Entry { kind: entry.kind, data: self.data.slice(start..start + entry.data.len()) })
        });
        Ok(entries.collect())
    }

    fn listed(self) -> Result<JournalRow, RowFault> {
        let entries = self.entries()?;
        Ok(JournalRow { sequence: self.head.sequence, at_ms: self.at_ms, hash: self.head.hash, entries })
    }

    /// Whether it follows from the row before it.
    pub(super) fn follows(&self, before: &Head) -> Result<(), RowFault> {
        let linked = before.after(self.at_ms, &self.data) == self.head;
        if linked { Ok(()) } else { Err(RowFault::Link { sequence: self.head.sequence }) }
    }
}

/// Rows in order, each with its checksum held.
pub(super) async fn raw_rows(link: &Link, keys: &Keys, from: u64, limit: usize) -> Result<Vec<RawRow>, ReadFault> {
    let mut call = SCRIPTS.rows.call(&[keys.journal()]);
    call.arg(from).arg(limit.min(PAGE_ROWS)).arg(PAGE_BYTES);
    let rows = link.run_within(&SCRIPTS.rows, &call, patience_for(PAGE_BYTES)).await?;
    let rows = reply::array(rows, "rows")?.into_iter();
    rows.map(|row| RawRow::of(&mut reply::array(row, "a row").map_err(ReadFault::from)?.into_iter())).collect()
}

/// A damaged row among what a server answered.
pub(super) fn as_fault(fault: ReadFault) -> Fault {
    Fault::Silent(fault.0)
}
