//! The embedded engine: SQLite in WAL mode with `synchronous=FULL`, one writer thread that group-commits.
//!
//! A data directory holds the database `fenghuo.db` (with SQLite's `-wal` and `-shm` while open), `journal.head`, the
//! second place of the journal's head, `reserve`, the room kept for a full disk, and `lock`. One process has it open. Every record and every row carries a
//! checksum, the rows are linked, and what was acknowledged is known in two places: damage and loss are named, never
//! read as content.

mod bounds;
mod directory;
mod disk;
mod fault;
mod group;
mod head;
mod heal;
mod reader;
mod record;
mod replay;
mod reserve;
mod schema;
mod state;
mod tail;
mod verify;
mod walk;
mod writer;

use std::{
    io,
    path::Path,
    sync::{
        Arc,
        mpsc::{SyncSender, TrySendError, sync_channel},
    },
    thread::JoinHandle,
};

use bytes::Bytes;
use parking_lot::Mutex;
use rusqlite::Connection;
use tokio::sync::oneshot;

pub use self::{
    bounds::{COMMIT_BYTES, QUEUE_UNIT_BYTES, QUEUE_UNITS, QUEUE_UNITS_KEPT, QUEUE_WAIT},
    disk::room,
    fault::OpenFault,
    verify::{Broken, Progress, Verification, verify},
    walk::RowFault,
};
use self::{
    directory::Directory,
    disk::Disk,
    head::HeadFile,
    reader::Readers,
    state::Shared,
    writer::{Job, Writer},
};
use super::{
    chain::Head,
    contract::{
        Appended, Commit, CommitFault, Committed, Engine, Health, JournalRow, JournalRowRef, Key, ReadFault, Room,
        Space, Stored, Urgency,
    },
    queue::Queue,
};
use crate::clock::Clock;

/// What may be chosen when a store is opened.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Connections that read at the same time.
    pub readers: usize,
    /// Bytes of disk kept for [`Urgency::Reserved`] commits. `None`: what is there already is used, nothing is made.
    pub reserve: Option<u64>,
}

impl Default for Options {
    fn default() -> Self {
        Self { readers: 4, reserve: None }
    }
}

/// An open data directory. Dropping it closes it, without waiting for reads; [`Engine::close`] waits.
pub struct Embedded {
    shared: Arc<Shared>,
    readers: Readers,
    queue: Queue,
    orders: Mutex<Option<SyncSender<Job>>>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Embedded {
    /// Opens a data directory, or creates it.
    ///
    /// # Errors
    /// It is in use, from a newer program, or holds less than was acknowledged: nothing is changed then.
    pub fn open(dir: &Path, clock: Clock, options: Options) -> Result<Self, OpenFault> {
        schema::check_engine()?;
        let directory = Directory::at(dir);
        let lock = directory.take()?;
        let mut disk = Disk::open(&directory, options.reserve, &clock)?;
        let files = loop {
            match open_files(&directory, &clock) {
                // What the reserve is for can be done on a full disk too.
                Err(fault) if disk.is_in_the_way_of(&fault) && disk.release(0) => {}
                opened => break opened?,
            }
        };
        let shared = Arc::new(Shared::new(clock, files.1, lock));
        disk.look(&shared);
        let (orders, inbox) = sync_channel(QUEUE_UNITS as usize + 1);
        let readers = Readers::new(directory.database(), options.readers.max(1));
        let writer = Writer::new(inbox, Arc::clone(&shared), directory, disk, files);
        let ending = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("store-writer".to_owned());
        let thread = thread.spawn(move || ending.watch(|| writer.run())).map_err(OpenFault::Thread)?;
        Ok(Self {
            shared,
            readers,
            queue: Queue::default(),
            orders: Mutex::new(Some(orders)),
            thread: Mutex::new(Some(thread)),
        })
    }

    fn closed() -> CommitFault {
        CommitFault::Unavailable("closed".to_owned())
    }

    async fn enqueue(
        &self,
        urgency: Urgency,
        commit: Commit,
    ) -> Result<oneshot::Receiver<writer::Answer>, CommitFault> {
        self.shared.admit(urgency)?;
        let bytes = commit.bytes();
        if bytes > COMMIT_BYTES {
            let text = format!("a commit of {bytes} bytes is above the bound of {COMMIT_BYTES}");
            return Err(CommitFault::Unavailable(text));
        }
        let room = self.queue.enter(urgency, bytes).await?;
        let (answer, heard) = oneshot::channel();
        let job = Job { commit, urgency, answer, _room: room };
        let orders = self.orders.lock();
        let sent = orders.as_ref().ok_or_else(Self::closed)?.try_send(job);
        match sent {
            Ok(()) => Ok(heard),
            Err(TrySendError::Disconnected(_)) => Err(CommitFault::Unavailable("writer ended".to_owned())),
            // It has a place for every unit.
            Err(TrySendError::Full(_)) => Err(CommitFault::QueueFull),
        }
    }

    /// Ends the writer after what is queued.
    fn end(&self) -> Option<JoinHandle<()>> {
        self.orders.lock().take();
        self.thread.lock().take()
    }
}

/// The database and the second place of its head, compared with one another.
fn open_files(directory: &Directory, clock: &Clock) -> Result<(Connection, Head, HeadFile), OpenFault> {
    let (path, head_path) = (directory.database(), directory.head());
    let io = |what, path| move |source| OpenFault::io(what, path, source);
    let acknowledged = acknowledged(&head_path)?;
    if let Some(head) = acknowledged.filter(|head| head.sequence > 0 && !path.exists()) {
        return Err(OpenFault::Shortened { journal: Head::EMPTY, head });
    }
    directory::private(&path).map_err(io("cannot create", &path))?;
    let connection = schema::open_writer(directory, clock)?;
    if !schema::empty_log(&connection).map_err(|source| OpenFault::sqlite(&path, source))? {
        return Err(OpenFault::Busy(path));
    }
    let head = tail::check(&connection, &path, acknowledged.unwrap_or(Head::EMPTY))?;
    let mut head_file = match acknowledged {
        Some(_) => HeadFile::open(&head_path).map_err(io("cannot open", &head_path))?,
        None if head == Head::EMPTY => HeadFile::create(&head_path).map_err(io("cannot create", &head_path))?,
        None => return Err(OpenFault::HeadMissing { path: head_path, journal: head }),
    };
    head_file.write(head).and_then(|()| head_file.sync()).map_err(io("cannot write", &head_path))?;
    directory.sync()?;
    Ok((connection, head, head_file))
}

/// What the second place says; `None` when there is no such file.
fn acknowledged(path: &Path) -> Result<Option<Head>, OpenFault> {
    match head::read(path) {
        Ok(slots) => head::newest(slots).map(Some).ok_or_else(|| OpenFault::HeadDamaged(path.to_owned())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(OpenFault::io("cannot read", path, source)),
    }
}

#[async_trait::async_trait]
impl Engine for Embedded {
    async fn commit(&self, commit: Commit) -> Result<Committed, CommitFault> {
        self.commit_as(Urgency::Ordinary, commit).await
    }

    async fn commit_as(&self, urgency: Urgency, commit: Commit) -> Result<Committed, CommitFault> {
        let heard = self.enqueue(urgency, commit).await?;
        heard.await.unwrap_or_else(|_| Err(CommitFault::Unknown("writer ended before it answered".to_owned())))
    }

    async fn get(&self, space: Space, key: Key) -> Result<Option<Stored>, ReadFault> {
        self.readers.run(move |connection| reader::get(connection, space, &key)).await
    }

    async fn get_many(&self, space: Space, keys: Vec<Key>) -> Result<Vec<Option<Stored>>, ReadFault> {
        let mut found = Vec::with_capacity(keys.len());
        for keys in reader::portions(keys) {
            found.extend(self.readers.run(move |connection| reader::get_many(connection, space, &keys)).await?);
        }
        Ok(found)
    }

    async fn list(&self, space: Space, after: Option<Key>, limit: usize) -> Result<Vec<(Key, Stored)>, ReadFault> {
        self.readers.run(move |connection| reader::list(connection, space, after.as_ref(), limit)).await
    }

    async fn journal(&self, from: u64, limit: usize) -> Result<Vec<JournalRow>, ReadFault> {
        self.readers.run(move |connection| reader::journal(connection, from, limit)).await
    }

    async fn head(&self) -> Result<(u64, [u8; 32]), ReadFault> {
        let head = self.shared.head();
        Ok((head.sequence, head.hash))
    }

    async fn replay(
        &self,
        from: u64,
        visit: &mut (dyn for<'row> FnMut(JournalRowRef<'row>) + Send),
    ) -> Result<(), ReadFault> {
        replay::replay(&self.readers, from, self.shared.head(), visit).await
    }

    async fn entry_bytes(&self, at: Appended, len: u32) -> Result<Option<Bytes>, ReadFault> {
        self.readers.run(move |connection| reader::entry_bytes(connection, at, len)).await
    }

    fn health(&self) -> Health {
        self.shared.health()
    }

    fn room(&self) -> Option<Room> {
        let (queued_kib, queue_overflows) = self.queue.state();
        Some(Room { queued_kib, queue_overflows, ..self.shared.room() })
    }

    async fn close(&self) {
        let Some(thread) = self.end() else { return };
        self.queue.close();
        self.readers.close().await;
        // A panic of the writer has been reported; there is nothing left to end.
        drop(tokio::task::spawn_blocking(move || thread.join()).await);
        self.shared.release();
    }
}

impl Drop for Embedded {
    fn drop(&mut self) {
        if let Some(thread) = self.end() {
            drop(thread.join());
            self.shared.release();
        }
    }
}
