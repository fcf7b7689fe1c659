//! An engine in memory, for simulation and tests: keeps every rule of the contract and nothing over a restart.
//!
//! A simulated day of warnings runs on it without a disk, and what it returns is repeatable: the clock is the caller's
//! and the chain hash depends on nothing else.

#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    ops::Bound::{Excluded, Unbounded},
};

use bytes::Bytes;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};

use super::{
    Appended, Commit, CommitFault, Committed, Engine, Entry, Expect, JournalRow, Key, Put, ReadFault, Space, Stored,
};
use crate::clock::Clock;

/// The engine. One lock: every call is atomic.
pub struct Memory {
    clock: Clock,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    spaces: BTreeMap<Space, BTreeMap<Key, Stored>>,
    journal: Vec<JournalRow>,
    closed: bool,
}

impl Memory {
    /// An empty one. The clock dates the rows of its journal.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self { clock, state: Mutex::default() }
    }

    /// Reads under the lock, unless it is closed.
    fn read<T>(&self, reading: impl FnOnce(&State) -> T) -> Result<T, ReadFault> {
        let state = self.state.lock();
        if state.closed {
            return Err(ReadFault("store is closed".to_owned()));
        }
        Ok(reading(&state))
    }
}

impl State {
    fn get(&self, space: Space, key: &Key) -> Option<&Stored> {
        self.spaces.get(&space)?.get(key)
    }

    /// What a put expects must hold before any put of its commit is applied.
    fn check(&self, puts: &[Put]) -> Result<(), CommitFault> {
        for (index, put) in puts.iter().enumerate() {
            let version = self.get(put.space, &put.key).map(|stored| stored.version);
            let holds = match put.expect {
                Expect::Any => true,
                Expect::Absent => version.is_none(),
                Expect::Version(expected) => version == Some(expected),
            };
            if !holds {
                return Err(CommitFault::Conflict { index, version });
            }
        }
        Ok(())
    }

    fn apply(&mut self, put: Put) -> u64 {
        let records = self.spaces.entry(put.space).or_default();
        let Some(value) = put.value else {
            records.remove(&put.key);
            return 0;
        };
        let stored = records.entry(put.key).or_insert(Stored { version: 0, value: Bytes::new() });
        stored.version += 1;
        stored.value = value;
        stored.version
    }

    fn append(&mut self, entries: Vec<Entry>, at_ms: i64) -> Vec<Appended> {
        if entries.is_empty() {
            return Vec::new();
        }
        let (last, before) = self.head();
        let sequence = last + 1;
        let mut bytes = Vec::new();
        let mut row = Vec::with_capacity(entries.len());
        for entry in entries {
            bytes.push(entry.kind as u8);
            bytes.extend(u32::try_from(entry.data.len()).unwrap_or(u32::MAX).to_be_bytes());
            let offset = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
            bytes.extend_from_slice(&entry.data);
            row.push((offset, entry));
        }
        let hash = Sha256::new()
            .chain_update(before)
            .chain_update(sequence.to_be_bytes())
            .chain_update(at_ms.to_be_bytes())
            .chain_update(&bytes)
            .finalize()
            .into();
        let appended = row.iter().map(|(offset, _)| Appended { sequence, offset: *offset }).collect();
        self.journal.push(JournalRow { sequence, at_ms, hash, entries: row });
        appended
    }

    fn head(&self) -> (u64, [u8; 32]) {
        self.journal.last().map_or((0, [0; 32]), |row| (row.sequence, row.hash))
    }
}

#[async_trait::async_trait]
impl Engine for Memory {
    async fn commit(&self, commit: Commit) -> Result<Committed, CommitFault> {
        let mut state = self.state.lock();
        if state.closed {
            return Err(CommitFault::Unavailable("store is closed".to_owned()));
        }
        state.check(&commit.puts)?;
        let versions = commit.puts.into_iter().map(|put| state.apply(put)).collect();
        let entries = state.append(commit.entries, self.clock.unix_ms());
        Ok(Committed { versions, entries })
    }

    async fn get(&self, space: Space, key: Key) -> Result<Option<Stored>, ReadFault> {
        self.read(|state| state.get(space, &key).cloned())
    }

    async fn get_many(&self, space: Space, keys: Vec<Key>) -> Result<Vec<Option<Stored>>, ReadFault> {
        self.read(|state| keys.iter().map(|key| state.get(space, key).cloned()).collect())
    }

    async fn list(&self, space: Space, after: Option<Key>, limit: usize) -> Result<Vec<(Key, Stored)>, ReadFault> {
        let from = after.map_or(Unbounded, Excluded);
        self.read(|state| {
            let Some(records) = state.spaces.get(&space) else { return Vec::new() };
            let above = records.range((from, Unbounded)).take(limit);
            above.map(|(key, stored)| (key.clone(), stored.clone())).collect()
        })
    }

    async fn journal(&self, from: u64, limit: usize) -> Result<Vec<JournalRow>, ReadFault> {
        let before = usize::try_from(from.saturating_sub(1)).unwrap_or(usize::MAX);
        self.read(|state| state.journal.iter().skip(before).take(limit).cloned().collect())
    }

    async fn head(&self) -> Result<(u64, [u8; 32]), ReadFault> {
        self.read(State::head)
    }

    async fn close(&self) {
        self.state.lock().closed = true;
    }
}
