//! A store that stops taking what folding and erasing write after a number of commits, and remembers where replay began.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use bytes::Bytes;
use fenghuo::store::{
    Appended, Commit, CommitFault, Committed, Engine, JournalRow, JournalRowRef, Key, ReadFault, Space, Store, Stored,
};

pub struct Faulty {
    inner: Store,
    allowed: AtomicU64,
    from: AtomicU64,
}

impl Faulty {
    pub fn new(inner: Store) -> Arc<Self> {
        Arc::new(Self { inner, allowed: AtomicU64::new(u64::MAX), from: AtomicU64::new(0) })
    }

    /// Lets this many more such commits through.
    pub fn fail_after(&self, commits: u64) {
        self.allowed.store(commits, Ordering::Relaxed);
    }

    /// The row where the last replay began.
    pub fn replayed_from(&self) -> u64 {
        self.from.load(Ordering::Relaxed)
    }
}

#[async_trait::async_trait]
impl Engine for Faulty {
    async fn commit(&self, commit: Commit) -> Result<Committed, CommitFault> {
        let counted = |put: &fenghuo::store::Put| matches!(put.space, Space::PlanFolded | Space::Timeline);
        if commit.puts.iter().any(counted) {
            let left = |allowed: u64| allowed.checked_sub(1);
            if self.allowed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left).is_err() {
                return Err(CommitFault::Unavailable("no more".to_owned()));
            }
        }
        self.inner.commit(commit).await
    }

    async fn get(&self, space: Space, key: Key) -> Result<Option<Stored>, ReadFault> {
        self.inner.get(space, key).await
    }

    async fn get_many(&self, space: Space, keys: Vec<Key>) -> Result<Vec<Option<Stored>>, ReadFault> {
        self.inner.get_many(space, keys).await
    }

    async fn list(&self, space: Space, after: Option<Key>, limit: usize) -> Result<Vec<(Key, Stored)>, ReadFault> {
        self.inner.list(space, after, limit).await
    }

    async fn journal(&self, from: u64, limit: usize) -> Result<Vec<JournalRow>, ReadFault> {
        self.inner.journal(from, limit).await
    }

    async fn head(&self) -> Result<(u64, [u8; 32]), ReadFault> {
        self.inner.head().await
    }

    async fn replay(
        &self,
        from: u64,
        visit: &mut (dyn for<'row> FnMut(JournalRowRef<'row>) + Send),
    ) -> Result<(), ReadFault> {
        self.from.store(from, Ordering::Relaxed);
        self.inner.replay(from, visit).await
    }

    async fn entry_bytes(&self, at: Appended, len: u32) -> Result<Option<Bytes>, ReadFault> {
        self.inner.entry_bytes(at, len).await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}
