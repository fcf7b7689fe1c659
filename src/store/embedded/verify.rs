//! Proving a data directory offline: every row of the journal follows from the row before it, the journal ends no
//! earlier than the second place of its head says, every record is what was written, the file is sound.

use std::{fs::File, io, path::Path};

use rusqlite::{Connection, OpenFlags};

use super::{
    directory::Directory,
    fault::OpenFault,
    head::{self, Slot},
    record, schema,
    walk::{self, RowFault},
};
use crate::store::chain::{GENESIS, Head};

/// What was looked at, and what was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Verification {
    /// Rows of the journal that hold, from the first one on.
    pub rows: u64,
    /// Entries in them.
    pub entries: u64,
    /// Bytes of their data.
    pub bytes: u64,
    /// Records that hold.
    pub records: u64,
    /// Sequence and chain hash of the last row that holds; `(0, [0; 32])` when there is none.
    pub head: (u64, [u8; 32]),
    /// What the second place of the head says; `None` when it cannot be read.
    pub second_place: Option<(u64, [u8; 32])>,
    /// Bytes that the reserve for a full disk holds; 0 when there is none.
    pub reserve: u64,
    /// Everything that is wrong, the journal's first broken row first. Empty when all is well.
    pub faults: Vec<Broken>,
}

impl Verification {
    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.faults.is_empty()
    }
}

/// Something that is wrong with a data directory.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// A row of the journal; what follows it was not looked at.
    #[error("journal: {0}")]
    Row(#[from] RowFault),
    /// The journal ends before a row that was acknowledged.
    #[error("journal ends at row {journal}, row {acknowledged} was acknowledged")]
    EndsEarly {
        /// Its last row.
        journal: u64,
        /// The last row that the second place knows.
        acknowledged: u64,
    },
    /// The row that the second place names has another hash there.
    #[error("row {sequence} of the journal is not the row that was acknowledged")]
    OtherJournal {
        /// The row.
        sequence: u64,
    },
    /// The second place of the head is missing.
    #[error("journal.head is missing")]
    HeadMissing,
    /// A slot of the second place of the head cannot be read.
    #[error("journal.head: slot {slot} is damaged")]
    HeadSlot {
        /// 0 or 1.
        slot: usize,
    },
    /// A record.
    #[error("record of kind {space}, key {key}: damaged (checksum)")]
    Record {
        /// Number of its [`Space`](crate::store::Space).
        space: u8,
        /// Its key in hexadecimal digits.
        key: String,
    },
    /// SQLite found the file's structure broken, or could not read on.
    #[error("database: {0}")]
    Database(String),
}

/// How far a verification has come, told every few thousand rows and records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Rows of the journal looked at.
    pub rows: u64,
    /// Number of the journal's last row.
    pub of_rows: u64,
    /// Records looked at.
    pub records: u64,
}

/// Rows or records between two words of progress.
const PROGRESS_EVERY: u64 = 4096;

/// At most this many faults are named.
const FAULTS: usize = 100;

/// Looks at a data directory without changing anything in it. It may belong to a running gateway.
///
/// # Errors
/// The directory cannot be read at all, or is not one of ours. What is wrong inside is in the answer.
pub fn verify(dir: &Path, progress: &mut dyn FnMut(Progress)) -> Result<Verification, OpenFault> {
    let directory = Directory::at(dir);
    let reserve = directory.reserve().metadata().map_or(0, |file| file.len());
    let mut found = Verification { head: (0, GENESIS), reserve, ..Verification::default() };
    // Before the journal is read, so that a gateway that goes on writing is never found ahead of its journal.
    let acknowledged = second_place(&directory, &mut found)?;
    let connection = open(&directory)?;
    let of_rows = walk::last(&connection).unwrap_or(0);
    let mut tell = |found: &Verification| progress(Progress { rows: found.rows, of_rows, records: found.records });
    journal(&connection, acknowledged, &mut found, &mut tell);
    let read = records(&connection, &mut found, &mut tell).and_then(|()| structure(&connection, &mut found));
    if let Err(error) = read {
        found.faults.push(Broken::Database(error.to_string()));
    }
    tell(&found);
    Ok(found)
}

fn second_place(directory: &Directory, found: &mut Verification) -> Result<Option<Head>, OpenFault> {
    let slots = match head::read(&directory.head()) {
        Ok(slots) => slots,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            found.faults.push(Broken::HeadMissing);
            return Ok(None);
        }
        Err(source) => return Err(OpenFault::io("cannot read", &directory.head(), source)),
    };
    let damaged = slots.iter().enumerate().filter(|(_, state)| **state == Slot::Damaged);
    found.faults.extend(damaged.map(|(slot, _)| Broken::HeadSlot { slot }));
    let head = head::newest(slots);
    found.second_place = head.map(|head| (head.sequence, head.hash));
    if head.is_none() && found.faults.is_empty() {
        found.faults.push(Broken::HeadSlot { slot: 0 });
    }
    Ok(head)
}

/// A connection that leaves nothing behind: a database without a log that no process has open cannot change, and is
/// opened as such, so that a copy on a medium that cannot be written to can be verified too.
fn open(directory: &Directory) -> Result<Connection, OpenFault> {
    let path = directory.database();
    let length = path.metadata().map_err(|source| OpenFault::io("cannot read", &path, source))?.len();
    if length == 0 {
        return Err(OpenFault::NotOurs(path));
    }
    let still = directory.log().metadata().map_or(0, |log| log.len()) == 0 && !running(directory);
    let sqlite = |source| OpenFault::sqlite(&path, source);
    if !still {
        return schema::open_reader(&path).map_err(sqlite);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(uri(&path), flags).map_err(sqlite)?;
    schema::configure(&connection).map_err(sqlite)?;
    Ok(connection)
}

fn running(directory: &Directory) -> bool {
    File::open(directory.lock_file()).is_ok_and(|lock| lock.try_lock_shared().is_err())
}

fn uri(path: &Path) -> String {
    let path = path.to_string_lossy();
    let mut uri = "file:".to_owned();
    for byte in path.bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' => uri.push(char::from(byte)),
            _ => uri.push_str(&format!("%{byte:02x}")),
        }
    }
    uri + "?immutable=1"
}

fn journal(
    connection: &Connection,
    acknowledged: Option<Head>,
    found: &mut Verification,
    tell: &mut dyn FnMut(&Verification),
) {
    let mut other = None;
    let walked = walk::walk(connection, Head::EMPTY, u64::from(u32::MAX), |raw, entries| {
        found.rows += 1;
        found.entries += entries.count() as u64;
        found.bytes += raw.data.len() as u64;
        found.head = (raw.head.sequence, raw.head.hash);
        other = other.or(acknowledged.filter(|known| known.sequence == raw.head.sequence && *known != raw.head));
        if found.rows.is_multiple_of(PROGRESS_EVERY) {
            tell(found);
        }
        true
    });
    match walked {
        Ok(Ok(_)) => {}
        Ok(Err(fault)) => found.faults.insert(0, fault.into()),
        Err(error) => found.faults.insert(0, Broken::Database(error.to_string())),
    }
    if let Some(other) = other {
        found.faults.push(Broken::OtherJournal { sequence: other.sequence });
    }
    let ended_well = !found.faults.iter().any(|fault| matches!(fault, Broken::Row(_) | Broken::Database(_)));
    if let Some(head) = acknowledged.filter(|head| ended_well && head.sequence > found.head.0) {
        found.faults.push(Broken::EndsEarly { journal: found.head.0, acknowledged: head.sequence });
    }
}

fn records(
    connection: &Connection,
    found: &mut Verification,
    tell: &mut dyn FnMut(&Verification),
) -> rusqlite::Result<()> {
    let mut statement = connection.prepare("SELECT space, key, version, crc, value FROM record ORDER BY id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let space: i64 = row.get(0)?;
        let key = row.get_ref(1)?.as_blob()?;
        let version = row.get::<_, i64>(2)?.cast_unsigned();
        let (crc, value): (i64, _) = (row.get(3)?, row.get_ref(4)?.as_blob()?);
        let space = u8::try_from(space).unwrap_or(0);
        if i64::from(record::checksum_of(space, key, version, value)) == crc {
            found.records += 1;
        } else if found.faults.len() < FAULTS {
            let key = key.iter().map(|byte| format!("{byte:02x}")).collect();
            found.faults.push(Broken::Record { space, key });
        }
        if found.records.is_multiple_of(PROGRESS_EVERY) {
            tell(found);
        }
    }
    Ok(())
}

/// SQLite's own check: every page in one place, every index entry to its row.
fn structure(connection: &Connection, found: &mut Verification) -> rusqlite::Result<()> {
    let mut statement = connection.prepare("PRAGMA integrity_check(10)")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let word: String = row.get(0)?;
        if word != "ok" {
            found.faults.push(Broken::Database(word));
        }
    }
    Ok(())
}
