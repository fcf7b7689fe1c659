//! What this node committed and has not seen come back yet. Its memory knows it already; an older state of the same
//! record that another node committed just before must not take its place.

use std::{collections::HashMap, sync::Arc};

use bytes::Bytes;
use parking_lot::Mutex;

use crate::store::{
    Appended, Cluster, Commit, CommitFault, Committed, Engine, Health, JournalRow, JournalRowRef, Key, ReadFault, Room,
    Space, Store, Stored, Urgency,
};

/// The store as this node uses it.
pub(super) struct Own {
    store: Store,
    /// The version each record has by this node's own last commit.
    pending: Mutex<HashMap<(Space, Key), u64>>,
}

impl Own {
    pub(super) fn new(store: Store) -> Self {
        Self { store, pending: Mutex::default() }
    }

    /// Whether this node has put a newer state of a record than this one.
    pub(super) fn is_newer(&self, space: Space, key: &Key, stored: Option<&Stored>) -> bool {
        let pending = self.pending.lock();
        let known = if pending.is_empty() { None } else { pending.get(&(space, key.clone())).copied() };
        known.is_some_and(|known| stored.is_none_or(|stored| stored.version < known))
    }

    /// A state that this node put has come back.
    pub(super) fn came_back(&self, space: Space, key: &Key, stored: Option<&Stored>) {
        let version = stored.map_or(u64::MAX, |stored| stored.version);
        let mut pending = self.pending.lock();
        let key = (space, key.clone());
        if pending.get(&key).is_some_and(|known| *known <= version) {
            pending.remove(&key);
        }
    }
}

#[async_trait::async_trait]
impl Engine for Own {
    async fn commit(&self, commit: Commit) -> Result<Committed, CommitFault> {
        self.commit_as(Urgency::Ordinary, commit).await
    }

    async fn commit_as(&self, urgency: Urgency, commit: Commit) -> Result<Committed, CommitFault> {
        let keys: Vec<(Space, Key)> = commit.puts.iter().map(|put| (put.space, put.key.clone())).collect();
        let committed = self.store.commit_as(urgency, commit).await?;
        if !keys.is_empty() {
            let mut pending = self.pending.lock();
            // A removal has no version by which it could be told from what comes after it.
            let put = keys.into_iter().zip(&committed.versions).filter(|(_, version)| **version > 0);
            pending.extend(put.map(|(key, version)| (key, *version)));
        }
        Ok(committed)
    }

    async fn get(&self, space: Space, key: Key) -> Result<Option<Stored>, ReadFault> {
        self.store.get(space, key).await
    }

    async fn get_many(&self, space: Space, keys: Vec<Key>) -> Result<Vec<Option<Stored>>, ReadFault> {
        self.store.get_many(space, keys).await
    }

    async fn list(&self, space: Space, after: Option<Key>, limit: usize) -> Result<Vec<(Key, Stored)>, ReadFault> {
        self.store.list(space, after, limit).await
    }

    async fn journal(&self, from: u64, limit: usize) -> Result<Vec<JournalRow>, ReadFault> {
        self.store.journal(from, limit).await
    }

    async fn head(&self) -> Result<(u64, [u8; 32]), ReadFault> {
        self.store.head().await
    }

    async fn replay(
        &self,
        from: u64,
        visit: &mut (dyn for<'row> FnMut(JournalRowRef<'row>) + Send),
    ) -> Result<(), ReadFault> {
        self.store.replay(from, visit).await
    }

    async fn entry_bytes(&self, at: Appended, len: u32) -> Result<Option<Bytes>, ReadFault> {
        self.store.entry_bytes(at, len).await
    }

    fn health(&self) -> Health {
        self.store.health()
    }

    fn room(&self) -> Option<Room> {
        self.store.room()
    }

    fn cluster(&self) -> Option<Arc<dyn Cluster>> {
        self.store.cluster()
    }

    async fn close(&self) {
        self.store.close().await;
    }
}
