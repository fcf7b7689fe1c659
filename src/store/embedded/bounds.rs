//! Every bound of the embedded engine in one place.

use std::time::Duration;

/// Bytes of keys, values and entries that one unit of the commit queue stands for; a commit takes at least one.
pub const QUEUE_UNIT_BYTES: usize = 4 << 10;

/// Units of the commit queue: about two thousand commits or 8 MiB. When it is full, a commit waits for [`QUEUE_WAIT`]
/// and is then refused as [`CommitFault::QueueFull`](crate::store::CommitFault::QueueFull).
pub const QUEUE_UNITS: u32 = 2048;

/// Units among them that are kept for [`Urgency::Reserved`](crate::store::Urgency::Reserved) commits.
pub const QUEUE_UNITS_KEPT: u32 = QUEUE_UNITS / 10;

/// How long a commit waits for room in the queue.
pub const QUEUE_WAIT: Duration = Duration::from_secs(2);

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

/// What that takes of the disk.
pub(super) const CHECKPOINT_BYTES: u64 = 4 << 20;

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

/// The disk is looked at this often, and while it is full this often whether the reserve can be made whole.
pub(super) const LOOK_EVERY: Duration = Duration::from_millis(500);

/// The disk runs short when less than this share of it is free, or less than this many bytes where that is less.
pub(super) const LOW_SHARE: u64 = 10;
pub(super) const LOW_BYTES: u64 = 1 << 30;

/// The reserve is given up in steps between these bounds, so that nobody else takes what was freed for us.
pub(super) const RELEASE_STEP: (u64, u64) = (64 << 10, 1 << 20);
