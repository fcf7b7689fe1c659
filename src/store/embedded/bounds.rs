//! Every bound of the embedded engine in one place.

use std::time::Duration;

/// Room of the commit queue, in units of 1 KiB of keys, values and entries, at least one unit a commit. When it is
/// full, a commit waits for [`QUEUE_WAIT`] and is then refused as unavailable.
pub const QUEUE_UNITS: u32 = 65_536;

/// How long a commit waits for room in the queue.
pub const QUEUE_WAIT: Duration = Duration::from_secs(2);

/// The metric that shows how many units of the queue are taken.
pub const QUEUE_METRIC: &str = "fenghuo_store_commit_queue_kib";

/// The metric that counts commits refused because the queue stayed full.
pub const QUEUE_OVERFLOW_METRIC: &str = "fenghuo_store_commit_queue_overflow_total";

/// Bytes of keys, values and entries in one commit; a larger one is refused.
pub const COMMIT_BYTES: usize = 256 << 20;

/// A group takes no further commit after this many.
pub(super) const GROUP_COMMITS: usize = 1024;

/// A group takes no further commit after this many entries.
pub(super) const GROUP_ENTRIES: usize = 4096;

/// A group takes no further commit after this many bytes: a row is read whole to look one outcome up.
pub(super) const GROUP_BYTES: usize = 1 << 20;

/// A group takes no further commit after this long.
pub(super) const GROUP_TIME: Duration = Duration::from_millis(2);

/// The log goes back into the database when it holds this many pages (of 4 KiB): a few milliseconds of work.
pub(super) const CHECKPOINT_PAGES: i64 = 1000;

/// With nothing to do for this long, the head file is synced and the log goes back into the database.
pub(super) const IDLE_AFTER: Duration = Duration::from_millis(20);

/// Without a rest, the head file is synced after this many groups.
pub(super) const HEAD_SYNC_EVERY: u32 = 128;

/// Shortest and longest pause between two attempts to reopen a poisoned store.
pub(super) const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(4));

/// Rows at the end of the journal that are checked when the store is opened.
pub(super) const TAIL_ROWS: u64 = 16;

/// A page of journal rows ends after this many bytes.
pub(super) const JOURNAL_PAGE_BYTES: usize = 8 << 20;

/// Bytes that replay reads ahead in one piece.
pub(super) const REPLAY_BYTES: usize = 4 << 20;

/// Keys looked up in one read transaction.
pub(super) const KEYS_AT_ONCE: usize = 4096;
