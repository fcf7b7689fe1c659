//! The writer thread: the only one that changes the database. It takes the first commit that comes and whatever else is
//! waiting, makes all of it durable with one sync, and answers.

use std::sync::{
    Arc,
    mpsc::{Receiver, RecvTimeoutError},
};

use rusqlite::Connection;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::{
    bounds::{CHECKPOINT_BYTES, CHECKPOINT_PAGES, GROUP_BYTES, GROUP_COMMITS, GROUP_ENTRIES, GROUP_TIME, HEAD_SYNC_EVERY, IDLE_AFTER},
    directory::Directory,
    disk::Disk,
    fault::{is_busy, is_full},
    group::{Group, undo},
    head::HeadFile,
    heal::Wait,
    schema,
    state::Shared,
};
use crate::store::{
    chain::Head,
    contract::{Commit, CommitFault, Committed, Urgency},
};

/// A commit that is waiting.
pub(super) struct Job {
    pub(super) commit: Commit,
    pub(super) urgency: Urgency,
    pub(super) answer: oneshot::Sender<Answer>,
    /// Its share of the queue's bound.
    pub(super) _room: OwnedSemaphorePermit,
}

pub(super) type Answer = Result<Committed, CommitFault>;

/// A commit that was taken into a group.
struct Taken {
    job: Job,
    /// What it hears when the group is durable.
    answer: Answer,
}

pub(super) struct Writer {
    inbox: Receiver<Job>,
    pub(super) shared: Arc<Shared>,
    pub(super) directory: Directory,
    pub(super) disk: Disk,
    /// `None` while the store is poisoned.
    pub(super) connection: Option<Connection>,
    pub(super) head: Head,
    pub(super) head_file: HeadFile,
    /// When to try to come back from being poisoned.
    pub(super) wait: Wait,
    /// Groups since the head file was last synced.
    unsynced: u32,
    /// Whether the log may hold pages that the database does not.
    log_behind: bool,
    /// Buffer for the row of the next group.
    row: Vec<u8>,
}

impl Writer {
    pub(super) fn new(
        inbox: Receiver<Job>,
        shared: Arc<Shared>,
        directory: Directory,
        disk: Disk,
        (connection, head, head_file): (Connection, Head, HeadFile),
    ) -> Self {
        let wait = Wait::start(&shared.clock);
        let connection = Some(connection);
        let (unsynced, log_behind, row) = (0, false, Vec::new());
        Self { inbox, shared, directory, disk, connection, head, head_file, wait, unsynced, log_behind, row }
    }

    /// Works until nobody can send any more and everything sent has been answered.
    pub(super) fn run(mut self) {
        loop {
            let patience = if self.connection.is_some() { IDLE_AFTER } else { self.wait.left(&self.shared.clock) };
            match self.inbox.recv_timeout(patience) {
                Ok(job) => self.take(job),
                Err(RecvTimeoutError::Disconnected) => return self.finish(),
                Err(RecvTimeoutError::Timeout) => self.rest(),
            }
            if self.connection.is_none() && self.wait.left(&self.shared.clock).is_zero() {
                self.come_back();
            }
            if self.disk.left(&self.shared.clock).is_zero() {
                self.look();
            }
        }
    }

    /// Looks how short the disk is.
    pub(super) fn look(&mut self) {
        self.disk.look(&self.shared);
    }

    /// Commits a group that begins with `job`; what a full disk refused and may use the reserve is committed again.
    fn take(&mut self, job: Job) {
        let mut taken = Vec::from_iter(self.admit(job));
        while !taken.is_empty() {
            let Some(connection) = self.connection.take() else {
                let fault = CommitFault::Unavailable(self.shared.reason());
                taken.into_iter().for_each(|taken| taken.hear(|_| Err(fault.clone())));
                return;
            };
            let mut row = std::mem::take(&mut self.row);
            taken = match self.group(&connection, &mut row, &mut taken) {
                Ok(head) => self.keep(connection, head, taken),
                Err(failure) => self.fail(connection, failure, taken),
            };
            self.row = row;
        }
    }

    /// Takes a commit unless the disk has no room for its kind: it may have waited since it was let in.
    fn admit(&self, job: Job) -> Option<Taken> {
        let taken = Taken::from(job);
        match self.shared.admit(taken.job.urgency) {
            Ok(()) => Some(taken),
            Err(fault) => {
                taken.hear(|_| Err(fault));
                None
            }
        }
    }

    /// Gathers a group behind what is taken already and commits it; answers the new head.
    fn group(&mut self, connection: &Connection, row: &mut Vec<u8>, taken: &mut Vec<Taken>) -> Result<Head, Failure> {
        let mut group = Group::begin(connection, &self.head, row).map_err(Failure::Before)?;
        let began = self.shared.clock.instant();
        let mut applied = 0;
        loop {
            for taken in &mut taken[applied..] {
                taken.answer = group.apply(&taken.job.commit).map_err(Failure::Before)?;
            }
            applied = taken.len();
            let full = applied >= GROUP_COMMITS || group.entries >= GROUP_ENTRIES || group.bytes >= GROUP_BYTES;
            if full || began.elapsed() >= GROUP_TIME {
                break;
            }
            match self.inbox.try_recv() {
                Ok(job) => taken.extend(self.admit(job)),
                Err(_) => break,
            }
        }
        if !group.changed {
            undo(connection);
            return Ok(self.head);
        }
        let head = group.append(&self.head, self.shared.now_ms()).map_err(Failure::Before)?;
        group.commit().map_err(Failure::AtCommit)?;
        Ok(head)
    }

    /// The group is durable: writes the head's second place, then answers, then does what need not be waited for.
    /// Nothing of it is left to be committed.
    fn keep(&mut self, connection: Connection, head: Head, taken: Vec<Taken>) -> Vec<Taken> {
        let changed = head != self.head;
        let written = if changed { self.head_file.write(head) } else { Ok(()) };
        self.head = head;
        self.shared.arrive(head);
        taken.into_iter().for_each(|taken| taken.hear(|planned| planned));
        if let Err(error) = written {
            drop(connection);
            self.poison(format!("journal.head cannot be written: {error}"));
            return Vec::new();
        }
        self.connection = Some(connection);
        if changed {
            self.log_behind = true;
            self.unsynced += 1;
            self.checkpoint_when_due();
        }
        if self.unsynced >= HEAD_SYNC_EVERY {
            self.sync_head();
        }
        Vec::new()
    }

    /// The group is not durable, or nothing is known of it. Answers what of it is to be committed once more.
    fn fail(&mut self, connection: Connection, failure: Failure, taken: Vec<Taken>) -> Vec<Taken> {
        let usable = undo(&connection);
        let (text, fault) = failure.read();
        let (Failure::Before(error) | Failure::AtCommit(error)) = &failure;
        if usable && is_full(error) {
            return self.make_room(connection, taken);
        }
        // The state is seen before the answers are, so that a caller who asks why finds it.
        if usable && is_busy(error) && matches!(failure, Failure::Before(_)) {
            self.connection = Some(connection);
        } else {
            drop(connection);
            self.poison(text.clone());
        }
        for taken in taken {
            taken.hear(|planned| match planned {
                Ok(_) => Err(fault.clone()),
                // Nothing of it was to be applied, but what it ran into may not stand.
                Err(_) => Err(CommitFault::Unavailable(text.clone())),
            });
        }
        Vec::new()
    }

    /// The disk is full. Answers what may use the reserve, when some of it could be given up for that.
    fn make_room(&mut self, connection: Connection, taken: Vec<Taken>) -> Vec<Taken> {
        let first = self.shared.admit(Urgency::Pressing).is_ok();
        self.disk.found_full();
        self.disk.tell(&self.shared);
        if first {
            // Taking the log back may make room; where it does not, the log stays as it is.
            drop(schema::empty_log(&connection));
        }
        self.connection = Some(connection);
        let (mut again, refused): (Vec<_>, Vec<_>) =
            taken.into_iter().partition(|taken| self.shared.admit(taken.job.urgency).is_ok());
        // A page of the table and one of its index for each, in the log and in the database.
        let bytes: usize = again.iter().map(|taken| taken.job.commit.bytes() + 8192).sum();
        let released = !again.is_empty() && self.disk.release(2 * bytes as u64);
        self.disk.tell(&self.shared);
        if !released {
            again.drain(..).for_each(|taken| taken.hear(|_| Err(CommitFault::Full)));
        }
        refused.into_iter().for_each(|taken| taken.hear(|_| Err(CommitFault::Full)));
        again
    }

    /// Nothing to do: what can wait is done now.
    fn rest(&mut self) {
        self.sync_head();
        if std::mem::take(&mut self.log_behind) {
            self.checkpoint();
        }
    }

    /// Between two syncs the head survives the process, not the machine: a power cut can take some tens of
    /// milliseconds from this second place, never from the journal.
    fn sync_head(&mut self) {
        self.unsynced = 0;
        if let Err(error) = self.head_file.sync() {
            self.poison(format!("journal.head cannot be synced: {error}"));
        }
    }

    /// Checkpoints are small and frequent, after the answers, so that no commit waits for a large one.
    fn checkpoint_when_due(&mut self) {
        let Some(connection) = &self.connection else { return };
        if pages_behind(connection, "PRAGMA wal_checkpoint(NOOP)").is_ok_and(|pages| pages >= CHECKPOINT_PAGES) {
            self.checkpoint();
            // A log that cannot go back grows instead of the database, and is in the way of the next start.
            if self.shared.admit(Urgency::Pressing).is_err() && self.log_behind && self.disk.release(CHECKPOINT_BYTES) {
                self.checkpoint();
            }
        }
    }

    fn checkpoint(&mut self) {
        let Some(connection) = &self.connection else { return };
        match pages_behind(connection, "PRAGMA wal_checkpoint(PASSIVE)") {
            Ok(behind) => self.log_behind = behind > 0,
            // Everything stays in the log; the next attempt is after the next group.
            Err(error) if is_busy(&error) => {}
            Err(error) if is_full(&error) => {
                self.disk.found_full();
                self.disk.tell(&self.shared);
            }
            Err(error) => self.poison(format!("checkpoint failed: {error}")),
        }
    }

    fn finish(mut self) {
        self.sync_head();
        if let Some(connection) = self.connection.take() {
            // What cannot be checkpointed now stays in the log for the next start.
            drop(schema::empty_log(&connection));
        }
    }
}

impl From<Job> for Taken {
    fn from(job: Job) -> Self {
        Self { job, answer: Ok(Committed::default()) }
    }
}

impl Taken {
    fn hear(self, of: impl FnOnce(Answer) -> Answer) {
        // A caller that no longer listens has its commit all the same.
        drop(self.job.answer.send(of(self.answer)));
    }
}

/// Where a group failed.
enum Failure {
    /// Before anything could have become durable.
    Before(rusqlite::Error),
    /// While it was being made durable.
    AtCommit(rusqlite::Error),
}

impl Failure {
    /// What happened, and what a caller hears whose commit was in the group.
    fn read(&self) -> (String, CommitFault) {
        match self {
            // A full disk refuses a page, and the page with the commit mark is written last: surely not durable.
            Self::Before(error) | Self::AtCommit(error) if is_full(error) => {
                ("disk full".to_owned(), CommitFault::Full)
            }
            Self::Before(error) => (error.to_string(), CommitFault::Unavailable(error.to_string())),
            Self::AtCommit(error) => (error.to_string(), CommitFault::Unknown(error.to_string())),
        }
    }
}

/// Pages of the log that the database does not have yet, after the checkpoint that `pragma` asks for.
fn pages_behind(connection: &Connection, pragma: &str) -> rusqlite::Result<i64> {
    connection.prepare_cached(pragma)?.query_row([], |row| Ok(row.get::<_, i64>(1)? - row.get::<_, i64>(2)?))
}
