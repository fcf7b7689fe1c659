//! Every bound of the Redis engine in one place.

use std::time::Duration;

/// Bytes of keys, values and entries in one commit; a larger one is refused.
pub const COMMIT_BYTES: usize = 64 << 20;

/// A group takes no further commit after this many, or this many puts, entries or bytes.
pub(super) const GROUP_COMMITS: usize = 1024;
pub(super) const GROUP_PUTS: usize = 8192;
pub(super) const GROUP_ENTRIES: usize = 4096;
pub(super) const GROUP_BYTES: usize = 1 << 20;

/// How long a server may take to be connected to, from the look for the primary to the login.
pub(super) const CONNECT: Duration = Duration::from_millis(600);

/// How long an answer may take; a server that is frozen is known as such after this.
pub(super) const ANSWER: Duration = Duration::from_millis(1200);

/// Bytes a server is thought to take in or give out in a second at the least, where much is sent or asked for.
pub(super) const BYTES_PER_SECOND: usize = 20 << 20;

/// How long a group is repeated while other nodes commit before it.
pub(super) const REPEAT: Duration = Duration::from_secs(2);

/// The pause before what a server could not take is tried again, and how often it is.
pub(super) const AGAIN: Duration = Duration::from_millis(20);
pub(super) const AGAIN_TIMES: u32 = 80;

/// Shortest and longest pause between two attempts to come back.
pub(super) const PAUSES: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(1));

/// Rows at the end of the journal that are checked when the store is opened.
pub(super) const TAIL_ROWS: u64 = 16;

/// A page of journal rows, changes or records ends after this many bytes, or this many.
pub(super) const PAGE_BYTES: usize = 8 << 20;
pub(super) const PAGE_ROWS: usize = 4096;
pub(super) const PAGE_RECORDS: usize = 1024;

/// Keys looked up at once.
pub(super) const KEYS_AT_ONCE: usize = 4096;

/// Rows whose changes are kept, and bytes; more rows may be, never much more bytes.
pub const CHANGES_ROWS: usize = 20_000;
/// Bytes of changes that are kept.
pub const CHANGES_BYTES: usize = 64 << 20;

/// One wait for changes; then it is looked whether the server still answers.
pub(super) const FOLLOW: Duration = Duration::from_secs(1);

/// How long a part of a shared limit holds good.
pub const RATE_VALID: Duration = Duration::from_millis(150);

/// Memory runs short when less than this share of what the server may use is free (one part of this many).
pub(super) const LOW_SHARE: u64 = 10;

/// Refused for want of memory, the server counts as full until this share (one part of this many) is free.
pub(super) const FULL_SHARE: u64 = 50;
