//! The storage contract: records changed by compare-and-set and a journal that is only ever appended to, both in one
//! atomic, durable commit. Nothing above it knows which engine keeps it.
//!
//! Every operation is shaped so that SQLite and Redis can both keep it: a record is found by its space and key, listed
//! in key order within its space, never joined or searched across records. A store knows no warnings: what a value
//! means is its writer's business.

pub mod chain;
mod cluster;
mod contract;
pub mod embedded;
pub mod memory;
pub mod migrate;
mod queue;
pub mod redis;
pub mod seal;

pub use cluster::{Change, Cluster, FollowFault, NodeId, RateAsk, RatePart};
pub use contract::{
    Appended, Commit, CommitFault, Committed, Engine, Entry, EntryKind, Expect, Health, JournalRow, JournalRowRef, Key,
    Put, ReadFault, Room, Space, Store, Stored, Urgency,
};
pub use embedded::verify;

/// Shows every record of a space after a key, in the order of their keys, a page at a time.
///
/// # Errors
/// When the store cannot be read, and what `see` says.
pub async fn each<E: From<ReadFault>>(
    store: &Store,
    space: Space,
    mut after: Option<Key>,
    mut see: impl FnMut(&Key, &Stored) -> Result<(), E>,
) -> Result<(), E> {
    const PAGE: usize = 500;
    loop {
        let page = store.list(space, after, PAGE).await?;
        for (key, stored) in &page {
            see(key, stored)?;
        }
        match page.last() {
            Some((last, _)) if page.len() == PAGE => after = Some(last.clone()),
            _ => return Ok(()),
        }
    }
}
