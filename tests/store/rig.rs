//! What a test needs to put an engine through the contract.

use std::{path::Path, sync::Arc};

use bytes::Bytes;
use fenghuo::{
    clock::Clock,
    store::{
        Commit, Engine, Entry, EntryKind, Expect, Key, Put, Space, Store,
        embedded::{Embedded, OpenFault, Options},
        memory::Memory,
    },
};
use tempfile::TempDir;

/// An engine with an empty store.
pub(super) trait Rig: Sized {
    async fn new() -> Self;
    fn store(&self) -> Store;
}

/// An engine that keeps what it was given when it is closed.
pub(super) trait DurableRig: Rig {
    async fn reopen(&mut self);
}

pub(super) struct EmbeddedRig {
    pub(super) dir: TempDir,
    store: Arc<Embedded>,
}

impl EmbeddedRig {
    pub(super) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Closes the store and hands over its directory.
    pub(super) async fn close(self) -> TempDir {
        self.store.close().await;
        self.dir
    }
}

impl Rig for EmbeddedRig {
    async fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = Arc::new(open(dir.path()).unwrap());
        Self { dir, store }
    }

    fn store(&self) -> Store {
        Arc::clone(&self.store) as Store
    }
}

impl DurableRig for EmbeddedRig {
    async fn reopen(&mut self) {
        self.store.close().await;
        self.store = Arc::new(open(self.dir.path()).unwrap());
    }
}

/// The engine for simulation, which keeps nothing.
pub(super) struct MemoryRig(Store);

impl Rig for MemoryRig {
    async fn new() -> Self {
        Self(Arc::new(Memory::new(Clock::system())))
    }

    fn store(&self) -> Store {
        Arc::clone(&self.0)
    }
}

pub(super) fn open(dir: &Path) -> Result<Embedded, OpenFault> {
    Embedded::open(dir, Clock::system(), Options::default())
}

pub(super) fn put(space: Space, key: impl Into<Key>, value: &str, expect: Expect) -> Put {
    Put { space, key: key.into(), value: Some(Bytes::copy_from_slice(value.as_bytes())), expect }
}

pub(super) fn removal(space: Space, key: impl Into<Key>, expect: Expect) -> Put {
    Put { space, key: key.into(), value: None, expect }
}

pub(super) fn entry(kind: EntryKind, data: impl Into<Vec<u8>>) -> Entry {
    Entry { kind, data: Bytes::from(data.into()) }
}

pub(super) fn puts(puts: impl Into<Vec<Put>>) -> Commit {
    Commit { puts: puts.into(), entries: Vec::new() }
}

pub(super) fn entries(entries: impl Into<Vec<Entry>>) -> Commit {
    Commit { puts: Vec::new(), entries: entries.into() }
}

/// One record and one decision, both saying `number`.
pub(super) fn numbered(number: u64) -> Commit {
    let text = format!("{{\"number\":{number}}}");
    let put = put(Space::Warning, number, &text, Expect::Any);
    Commit { puts: vec![put], entries: vec![entry(EntryKind::Decision, text)] }
}

/// The data of every entry of the journal, in order; fails on a gap.
pub(super) async fn whole_journal(store: &Store) -> Vec<Bytes> {
    let (mut next, mut all) = (1, Vec::new());
    loop {
        let rows = store.journal(next, 100).await.unwrap();
        if rows.is_empty() {
            return all;
        }
        for row in rows {
            assert_eq!(row.sequence, next, "journal has a gap");
            next += 1;
            all.extend(row.entries.into_iter().map(|(_, entry)| entry.data));
        }
    }
}
