//! An engine in memory, for simulation and tests: keeps every rule of the contract and nothing over a restart.
//!
//! A simulated day of warnings runs on it without a disk, and what it returns is repeatable: the clock is the caller's
//! and the chain hash depends on nothing else.

mod cluster;
#[cfg(test)]
mod tests;

use std::{
    collections::BTreeMap,
    ops::Bound::{Excluded, Unbounded},
    sync::Arc,
};

use bytes::Bytes;
use parking_lot::Mutex;
use sha2::{Digest, Sha256};
use tokio::sync::Notify;

use self::cluster::{Member, Nodes};
use super::{
    Appended, Change, Cluster, Commit, CommitFault, Committed, Engine, Entry, Expect, JournalRow, Key, NodeId, Put,
    ReadFault, Space, Stored,
};
use crate::clock::Clock;

/// The engine, or what one node has of it. One lock: every call is atomic.
pub struct Memory {
    clock: Clock,
    shared: Arc<Shared>,
    /// Which node this is of those that share it.
    member: Option<Arc<Member>>,
}

/// What all nodes have together.
#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    /// Rings with every row.
    bell: Notify,
}

#[derive(Default)]
struct State {
    spaces: BTreeMap<Space, BTreeMap<Key, Stored>>,
    journal: Vec<JournalRow>,
    closed: bool,
    nodes: Nodes,
}

impl Memory {
    /// An empty one. The clock dates the rows of its journal.
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self { clock, shared: Arc::default(), member: None }
    }

    /// Reads under the lock, unless it is closed.
    fn read<T>(&self, reading: impl FnOnce(&State) -> T) -> Result<T, ReadFault> {
        let state = self.shared.state.lock();
        self.reaches(&state).map_err(ReadFault)?;
        Ok(reading(&state))
    }

    /// Whether this handle reaches the store, and is let in.
    fn reaches(&self, state: &State) -> Result<(), String> {
        if state.closed {
            return Err("store is closed".to_owned());
        }
        self.member.as_ref().map_or(Ok(()), |member| state.nodes.admits(member.id))
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

    /// Appends a row. Where nodes follow each other, one that only changes records is a row too.
    fn append(&mut self, entries: Vec<Entry>, at_ms: i64) -> Vec<Appended> {
        if entries.is_empty() && !self.nodes.are_shared() {
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

    /// Keeps the newest row as a change, where nodes follow each other.
    fn follow(&mut self, node: NodeId, puts: Vec<(Space, Key, Option<Stored>)>) {
        if let Some(row) = self.journal.last().filter(|_| self.nodes.are_shared()) {
            let entries = row.entries.clone();
            self.nodes.keep(Change { sequence: row.sequence, at_ms: row.at_ms, node, puts, entries });
        }
    }

    fn head(&self) -> (u64, [u8; 32]) {
        self.journal.last().map_or((0, [0; 32]), |row| (row.sequence, row.hash))
    }
}

#[async_trait::async_trait]
impl Engine for Memory {
    async fn commit(&self, commit: Commit) -> Result<Committed, CommitFault> {
        let mut state = self.shared.state.lock();
        self.reaches(&state).map_err(CommitFault::Unavailable)?;
        state.check(&commit.puts)?;
        let changed: Vec<(Space, Key)> = commit.puts.iter().map(|put| (put.space, put.key.clone())).collect();
        let mut puts = Vec::with_capacity(changed.len());
        let mut versions = Vec::with_capacity(changed.len());
        for (put, (space, key)) in commit.puts.into_iter().zip(changed) {
            versions.push(state.apply(put));
            let stored = state.get(space, &key).cloned();
            puts.push((space, key, stored));
        }
        let entries = state.append(commit.entries, self.clock.unix_ms());
        let node = self.member.as_ref().map_or(NodeId(0), |member| member.id);
        state.follow(node, puts);
        let dies = state.nodes.spend(node);
        drop(state);
        if dies {
            self.kill(node);
        }
        self.shared.bell.notify_waiters();
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

    fn cluster(&self) -> Option<Arc<dyn Cluster>> {
        self.member.clone().map(|member| member as Arc<dyn Cluster>)
    }

    async fn close(&self) {
        match &self.member {
            Some(member) => self.kill(member.id),
            None => self.shared.state.lock().closed = true,
        }
    }
}
