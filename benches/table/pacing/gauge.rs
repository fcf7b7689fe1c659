//! Times of submits in front of a provider, and of releases behind a store.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use fenghuo::store::{
    Appended, Commit, CommitFault, Committed, Engine, EntryKind, Health, JournalRow, JournalRowRef, Key, ReadFault,
    Room, Space, Store, Stored, Urgency,
};
use fenghuo_contract::{Adapter, Batch, Fault, Profile, Verdict};
use parking_lot::Mutex;

use crate::world;

/// One submit: when, how many, whether urgent.
type Submit = (Instant, u32, bool);

/// An adapter whose submits are timed.
pub(super) struct Gauge {
    inner: Arc<dyn Adapter>,
    submits: Mutex<Vec<Submit>>,
}

impl Gauge {
    pub(super) fn new(inner: Arc<dyn Adapter>) -> Self {
        Self { inner, submits: Mutex::default() }
    }

    /// Waits for the first submit.
    pub(super) async fn first(&self) {
        while self.submits.lock().is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// When the first submit came.
    pub(super) fn began(&self) -> Instant {
        self.submits.lock().first().map_or_else(world::now, |submit| submit.0)
    }

    /// Submits within a span.
    pub(super) fn between(&self, from: Instant, to: Instant) -> Vec<(Instant, u32)> {
        let submits = self.submits.lock();
        submits.iter().filter(|submit| submit.0 >= from && submit.0 < to).map(|submit| (submit.0, submit.1)).collect()
    }

    /// Urgent submits so far.
    pub(super) fn urgent(&self) -> usize {
        self.submits.lock().iter().filter(|submit| submit.2).count()
    }

    /// When the next urgent one after so many came.
    pub(super) fn urgent_after(&self, count: usize) -> Option<Instant> {
        self.submits.lock().iter().filter(|submit| submit.2).nth(count).map(|submit| submit.0)
    }
}

#[async_trait::async_trait]
impl Adapter for Gauge {
    fn profile(&self) -> &Profile {
        self.inner.profile()
    }

    async fn submit(&self, batch: &Batch, budget: Duration) -> Result<Vec<Verdict>, Fault> {
        let count = u32::try_from(batch.items.len()).unwrap_or(u32::MAX);
        self.submits.lock().push((world::now(), count, batch.urgent));
        self.inner.submit(batch, budget).await
    }

    async fn probe(&self) -> Result<(), Fault> {
        self.inner.probe().await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

/// When warnings were durably handed to the lanes.
#[derive(Default)]
pub(super) struct Released(Mutex<Vec<Instant>>);

impl Released {
    pub(super) fn count(&self) -> usize {
        self.0.lock().len()
    }

    pub(super) fn after(&self, count: usize) -> Option<Instant> {
        self.0.lock().get(count).copied()
    }

    /// A store that notes it.
    pub(super) fn around(self: Arc<Self>, store: Store) -> Store {
        Arc::new(Noting { store, released: self })
    }
}

struct Noting {
    store: Store,
    released: Arc<Released>,
}

fn is_release(commit: &Commit) -> bool {
    const WHAT: &[u8] = b"\"what\":\"delivering\"";
    let decisions = commit.entries.iter().filter(|entry| entry.kind == EntryKind::Decision);
    decisions.into_iter().any(|entry| entry.data.windows(WHAT.len()).any(|part| part == WHAT))
}

#[async_trait::async_trait]
impl Engine for Noting {
    async fn commit(&self, commit: Commit) -> Result<Committed, CommitFault> {
        self.commit_as(Urgency::Ordinary, commit).await
    }

    async fn commit_as(&self, urgency: Urgency, commit: Commit) -> Result<Committed, CommitFault> {
        let releases = is_release(&commit);
        let committed = self.store.commit_as(urgency, commit).await;
        if releases {
            self.released.0.lock().push(world::now());
        }
        committed
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

    async fn close(&self) {
        self.store.close().await;
    }
}
