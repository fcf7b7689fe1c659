//! The storage contract: records changed by compare-and-set and a journal that is only ever appended to, both in one
//! atomic, durable commit. Nothing above it knows which engine keeps it.
//!
//! Every operation is shaped so that SQLite and Redis can both keep it: a record is found by its space and key, listed
//! in key order within its space, never joined or searched across records. A store knows no warnings: what a value
//! means is its writer's business.

pub mod chain;
mod contract;
pub mod embedded;
pub mod memory;
pub mod seal;

pub use contract::{
    Appended, Commit, CommitFault, Committed, Engine, Entry, EntryKind, Expect, Health, JournalRow, JournalRowRef, Key,
    Put, ReadFault, Room, Space, Store, Stored, Urgency,
};
pub use embedded::verify;
