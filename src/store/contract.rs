//! The operations every engine keeps, with their guarantees.

use std::sync::Arc;

use bytes::Bytes;

use super::{
    chain::{Entries, EntryRef},
    cluster::Cluster,
};

/// A kind of record. The numbers stand on disk and never change their meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Space {
    /// Facts about the installation itself (schema version, instance id).
    Meta = 1,
    /// A warning, by its id.
    Warning = 2,
    /// The bytes a warning was received as, by its id.
    WarningBody = 3,
    /// Id of the warning with this CAP identity, by digest of the identity.
    WarningIdentity = 4,
    /// What an idempotency key was used for, by digest of key, actor and path.
    Idempotency = 5,
    /// A plan (warning × channel), by its number.
    Plan = 6,
    /// The frozen audience of a plan, by its number: a roaring bitmap of directory rows.
    PlanAudience = 7,
    /// The rendered contents of a plan, by its number.
    PlanContent = 8,
    /// An API key, by its id.
    ApiKey = 9,
    /// Id of the API key with this secret, by digest of the secret.
    ApiKeyDigest = 10,
    /// A recipient, by directory row.
    Recipient = 11,
    /// Directory row of a recipient, by external id.
    RecipientExternal = 12,
    /// Directory row of a recipient, by keyed hash of channel and address.
    RecipientAddress = 13,
    /// A bitmap of directory rows or an allocation table of the directory, by name.
    DirectoryIndex = 14,
    /// A public screen, by its id.
    Screen = 15,
    /// What operators decided about a route (paused by whom, why, until when), by its name.
    RouteDecision = 16,
    /// A finished plan folded into one block, by its number; its columns by number, generation, kind and part.
    PlanFolded = 17,
    /// What of a day's limit is reserved, by the name of the limit's node.
    LimitUse = 18,
    /// The shifts of an office, by its id; and what grants nobody was told of yet, by `grant/` and the id of the key.
    Roster = 27,
    /// What would end a warning, as it was rendered and signed with it, by the warning's id.
    WarningPrepared = 25,
    /// That a partner wants no more events, by its name.
    Partner = 28,
    /// A warning from above and what was decided about it, by its id; its bytes beside it.
    Inbox = 29,
    /// Journal rows with decisions about a warning that replay does not read any more, by the warning's id.
    Timeline = 24,
    /// A drill that waits for its time, by its id; its bytes by its id and `/body`.
    Drill = 26,
    /// Who has to confirm a warning, by the warning's id.
    Call = 30,
    /// What was said and done about them, by the warning's id and what it is.
    CallWord = 31,
    /// What departments have to do about an event, by the id of its first warning.
    Measures = 32,
    /// An address that a provider refused for good, by keyed hash of channel and address.
    Suppression = 33,
    /// What screens teach in peace, by its id.
    Education = 34,
    /// That a screen is silent and who was told, by its id.
    ScreenSilence = 36,
    /// How far the slices of a plan are claimed, and which node has which of them, by the plan's number; what nodes that
    /// share a store tell each other besides, by its name.
    Claim = 37,
}

impl Space {
    /// Every kind.
    pub const ALL: [Self; 31] = [
        Self::Meta,
        Self::Warning,
        Self::WarningBody,
        Self::WarningIdentity,
        Self::Idempotency,
        Self::Plan,
        Self::PlanAudience,
        Self::PlanContent,
        Self::ApiKey,
        Self::ApiKeyDigest,
        Self::Recipient,
        Self::RecipientExternal,
        Self::RecipientAddress,
        Self::DirectoryIndex,
        Self::Screen,
        Self::RouteDecision,
        Self::PlanFolded,
        Self::LimitUse,
        Self::Roster,
        Self::WarningPrepared,
        Self::Partner,
        Self::Inbox,
        Self::Timeline,
        Self::Drill,
        Self::Call,
        Self::CallWord,
        Self::Measures,
        Self::Suppression,
        Self::Education,
        Self::ScreenSilence,
        Self::Claim,
    ];

    /// The kind of this number; `None` when this program has no such kind.
    #[must_use]
    pub fn of(number: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|space| *space as u8 == number)
    }
}

/// The key of a record within its space. Keys are ordered by their bytes; numbers are written big-endian.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(pub Vec<u8>);

impl From<&str> for Key {
    fn from(text: &str) -> Self {
        Self(text.as_bytes().to_vec())
    }
}

impl From<u32> for Key {
    fn from(number: u32) -> Self {
        Self(number.to_be_bytes().to_vec())
    }
}

impl From<u64> for Key {
    fn from(number: u64) -> Self {
        Self(number.to_be_bytes().to_vec())
    }
}

impl From<[u8; 32]> for Key {
    fn from(digest: [u8; 32]) -> Self {
        Self(digest.to_vec())
    }
}

/// What must hold of a record before it may be changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Nothing.
    Any,
    /// There is no such record.
    Absent,
    /// The record stands at this version.
    Version(u64),
}

/// One change of one record.
#[derive(Clone, Debug)]
pub struct Put {
    /// The kind of record.
    pub space: Space,
    /// Which one.
    pub key: Key,
    /// The new value; `None` removes the record.
    pub value: Option<Bytes>,
    /// What must hold before.
    pub expect: Expect,
}

/// What a journal entry holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum EntryKind {
    /// A decision of a person or of the flow: JSON.
    Decision = 1,
    /// Leases of slices: packed.
    Leases = 2,
    /// Outcomes of attempts and receipts: packed.
    Outcomes = 3,
}

/// One entry of the journal.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What it holds.
    pub kind: EntryKind,
    /// Its bytes.
    pub data: Bytes,
}

/// Changes and journal entries that become durable together or not at all.
#[derive(Clone, Debug, Default)]
pub struct Commit {
    /// Checked in order against what stood before this commit, then applied in order.
    pub puts: Vec<Put>,
    /// Appended in order.
    pub entries: Vec<Entry>,
}

impl Commit {
    /// Bytes of its keys, values and packed entries.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let puts = self.puts.iter().map(|put| put.key.0.len() + put.value.as_ref().map_or(0, Bytes::len));
        puts.sum::<usize>() + self.entries.iter().map(super::chain::packed_len).sum::<usize>()
    }
}

/// How much a commit may take of what is kept for later: room on the disk and in the queue. In rising order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Urgency {
    /// Something new. Refused while the disk runs short.
    #[default]
    Ordinary,
    /// What was begun and should go on, and what must not wait for a better moment. Refused when the disk is full.
    Pressing,
    /// What takes back, corrects, ends or records what has happened. May use the reserve of a full disk and the part of
    /// the queue that is kept.
    Reserved,
}

/// Where a journal entry stands: row of the journal and offset of the entry's data within the row's bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Appended {
    /// Sequence number of the row; one row holds everything that was committed together.
    pub sequence: u64,
    /// Offset of the entry's data in the row.
    pub offset: u32,
}

/// A commit that is durable.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// The new version of each put, in order (0 for a removal).
    pub versions: Vec<u64>,
    /// Where each entry stands, in order.
    pub entries: Vec<Appended>,
}

/// Why a commit was not answered with "durable".
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommitFault {
    /// What `puts[index]` expected did not hold; nothing of the commit was applied.
    #[error("record changed meanwhile (put {index})")]
    Conflict {
        /// Which put.
        index: usize,
        /// The version that stands, `None` when there is no such record.
        version: Option<u64>,
    },
    /// The commit may or may not be durable: repeat it under the same key, never report it as refused.
    #[error("unknown whether durable: {0}")]
    Unknown(String),
    /// The store takes no commits now; nothing of this one was applied.
    #[error("store takes no commits: {0}")]
    Unavailable(String),
    /// The disk has no room for a commit of this [`Urgency`]; nothing of it was applied.
    #[error("no room on the disk for a commit of this urgency")]
    Full,
    /// The commits that wait fill their queue; nothing of this one was applied.
    #[error("commit queue full")]
    QueueFull,
}

/// A record as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Grows by one with every change, starts at 1.
    pub version: u64,
    /// The value.
    pub value: Bytes,
}

/// The store could not be read.
#[derive(Clone, Debug, thiserror::Error)]
#[error("store cannot be read: {0}")]
pub struct ReadFault(pub String);

/// One row of the journal: everything that one group commit appended.
#[derive(Clone, Debug)]
pub struct JournalRow {
    /// 1, 2, 3 … without gaps.
    pub sequence: u64,
    /// Milliseconds since 1970 when the row was written.
    pub at_ms: i64,
    /// Chain hash up to and including this row.
    pub hash: [u8; 32],
    /// The row's entries with the offset of each one's data.
    pub entries: Vec<(u32, Entry)>,
}

/// A row of the journal as replay shows it: borrowed, so that ten million outcomes cost no allocation each.
#[derive(Clone, Debug)]
pub struct JournalRowRef<'a> {
    /// 1, 2, 3 … without gaps.
    pub sequence: u64,
    /// Milliseconds since 1970 when the row was written.
    pub at_ms: i64,
    /// Chain hash up to and including this row.
    pub hash: [u8; 32],
    held: Held<'a>,
}

/// How the row's entries are held.
#[derive(Clone, Debug)]
enum Held<'a> {
    /// As packed on disk, found well-formed.
    Packed(Entries<'a>),
    /// As a [`JournalRow`] has them.
    Listed(&'a [(u32, Entry)]),
}

impl<'a> JournalRowRef<'a> {
    /// A row whose packed entries were found well-formed.
    #[must_use]
    pub fn packed(sequence: u64, at_ms: i64, hash: [u8; 32], entries: Entries<'a>) -> Self {
        Self { sequence, at_ms, hash, held: Held::Packed(entries) }
    }

    /// The row's entries, in order.
    pub fn entries(&self) -> impl Iterator<Item = EntryRef<'a>> + use<'a> {
        let (packed, listed) = match &self.held {
            Held::Packed(entries) => (Some(entries.clone()), None),
            Held::Listed(entries) => (None, Some(*entries)),
        };
        let listed = listed.into_iter().flatten();
        let listed = listed.map(|(offset, entry)| EntryRef { offset: *offset, kind: entry.kind, data: &entry.data });
        packed.into_iter().flatten().chain(listed)
    }
}

impl<'a> From<&'a JournalRow> for JournalRowRef<'a> {
    fn from(row: &'a JournalRow) -> Self {
        Self { sequence: row.sequence, at_ms: row.at_ms, hash: row.hash, held: Held::Listed(&row.entries) }
    }
}

/// Whether a store takes commits.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Health {
    /// It does.
    #[default]
    Healthy,
    /// A commit failed in a way that leaves open what is on disk. Nothing is acknowledged until the store has been
    /// opened again and its journal compared with what was acknowledged; that is being tried.
    Poisoned {
        /// Milliseconds since 1970.
        since_ms: i64,
        /// What failed, and what failed at the newest attempt to come back.
        error: String,
    },
    /// The disk runs short: no [`Urgency::Ordinary`] commits.
    Low {
        /// Milliseconds since 1970.
        since_ms: i64,
    },
    /// The disk is full, or was and has no room yet to make the reserve whole: [`Urgency::Reserved`] commits only.
    Full {
        /// Milliseconds since 1970.
        since_ms: i64,
    },
}

impl Health {
    /// Every [`Health::name`].
    pub const NAMES: [&'static str; 4] = ["healthy", "poisoned", "low", "full"];

    /// Its word in metrics.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Healthy => Self::NAMES[0],
            Self::Poisoned { .. } => Self::NAMES[1],
            Self::Low { .. } => Self::NAMES[2],
            Self::Full { .. } => Self::NAMES[3],
        }
    }
}

/// What an engine knows of its disk and its queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// Bytes of the file system that are free for this process, as of the last look.
    pub free: u64,
    /// Bytes of the file system.
    pub total: u64,
    /// Below this many free bytes the disk runs short.
    pub low_mark: u64,
    /// Bytes the reserve holds now.
    pub reserve: u64,
    /// Bytes the reserve should hold.
    pub reserve_whole: u64,
    /// KiB that waiting commits take of the queue.
    pub queued_kib: u64,
    /// Commits refused so far because the queue stayed full.
    pub queue_overflows: u64,
}

/// Rows read at once where an engine has no better way to replay or to look into a row.
const ROWS_AT_ONCE: usize = 1_000;

/// What an engine does. All methods may be called concurrently.
#[async_trait::async_trait]
pub trait Engine: Send + Sync + 'static {
    /// Makes a commit durable; returns after it is. Commits of concurrent callers share one write to disk.
    async fn commit(&self, commit: Commit) -> Result<Committed, CommitFault>;

    /// The same with a word for its urgency; [`Engine::commit`] is [`Urgency::Ordinary`]. An engine without a disk of its
    /// own treats all alike.
    async fn commit_as(&self, urgency: Urgency, commit: Commit) -> Result<Committed, CommitFault> {
        let _ = urgency;
        self.commit(commit).await
    }

    /// One record.
    async fn get(&self, space: Space, key: Key) -> Result<Option<Stored>, ReadFault>;

    /// Several records of one space, in the order asked for.
    async fn get_many(&self, space: Space, keys: Vec<Key>) -> Result<Vec<Option<Stored>>, ReadFault>;

    /// Records of one space in key order, those with a key above `after` (from the first when `None`), at most `limit`.
    async fn list(&self, space: Space, after: Option<Key>, limit: usize) -> Result<Vec<(Key, Stored)>, ReadFault>;

    /// Rows of the journal from `from` on, in order, at most `limit`, fewer when they are large. Only an empty answer
    /// means that there are no more. A row may have no entries: commits that only change records are numbered too.
    async fn journal(&self, from: u64, limit: usize) -> Result<Vec<JournalRow>, ReadFault>;

    /// The newest row's sequence and chain hash; `(0, [0; 32])` for an empty journal.
    async fn head(&self) -> Result<(u64, [u8; 32]), ReadFault>;

    /// Shows every row from `from` up to the newest one, in order, each checked against its predecessor. Made for
    /// start-up; `visit` runs on the calling task.
    async fn replay(
        &self,
        from: u64,
        visit: &mut (dyn for<'row> FnMut(JournalRowRef<'row>) + Send),
    ) -> Result<(), ReadFault> {
        let mut next = from;
        loop {
            let rows = self.journal(next, ROWS_AT_ONCE).await?;
            let Some(last) = rows.last() else { return Ok(()) };
            next = last.sequence + 1;
            rows.iter().for_each(|row| visit(row.into()));
        }
    }

    /// `len` bytes of a journal entry from where `at` points, which may be inside the entry: one outcome out of
    /// thousands. `None` when there is no such row or the bytes do not lie within one entry.
    async fn entry_bytes(&self, at: Appended, len: u32) -> Result<Option<Bytes>, ReadFault> {
        let rows = self.journal(at.sequence, 1).await?;
        let entries = rows.first().filter(|row| row.sequence == at.sequence).map(|row| &row.entries);
        let within = entries.into_iter().flatten().find_map(|(offset, entry)| {
            let start = at.offset.checked_sub(*offset)? as usize;
            let end = start.checked_add(len as usize)?;
            (end <= entry.data.len()).then(|| entry.data.slice(start..end))
        });
        Ok(within)
    }

    /// Whether commits are taken now.
    fn health(&self) -> Health {
        Health::Healthy
    }

    /// What is left of disk and queue, when the engine has such.
    fn room(&self) -> Option<Room> {
        None
    }

    /// What this node knows of the others, when the engine is one that several nodes share.
    fn cluster(&self) -> Option<Arc<dyn Cluster>> {
        None
    }

    /// Finishes what is under way and closes. Later calls answer `Unavailable`.
    async fn close(&self);
}

/// A store, whichever engine keeps it. Cheap to clone.
pub type Store = Arc<dyn Engine>;

#[cfg(test)]
mod tests;
