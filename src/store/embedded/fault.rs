//! Why a data directory is not opened, in sentences that say what is missing and what to do.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::walk::RowFault;
use crate::store::chain::Head;

/// Why [`Embedded::open`](super::Embedded::open) refused. It never repairs by leaving something out.
#[derive(Debug, thiserror::Error)]
pub enum OpenFault {
    /// Another process has the directory open.
    #[error("{} is in use by another process; two gateways never share one data directory", .0.display())]
    InUse(PathBuf),
    /// The SQLite this program was built with has a known fault in WAL mode.
    #[error("SQLite {0} is too old: at least 3.51.3 is needed (WAL-reset fault)")]
    SqliteTooOld(&'static str),
    /// A file or the directory cannot be read or written.
    #[error("{what} {}: {source}", path.display())]
    Io {
        /// What was being done: "cannot create", "cannot read" …
        what: &'static str,
        /// With which file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// There is no room to open the store in.
    #[error(
        "no space left on the file system of {}, and nothing is left of the reserve; free at least 16 MiB there (old \
         logs and back-ups first, no file of the data directory itself) and start again: nothing stored is lost",
        .0.display()
    )]
    DiskFull(PathBuf),
    /// SQLite's answer.
    #[error("{} cannot be opened: {source}", path.display())]
    Sqlite {
        /// The database file.
        path: PathBuf,
        /// What it said.
        source: rusqlite::Error,
    },
    /// The file system cannot carry the log, and SQLite would go on without it in silence.
    #[error("{} cannot be kept with a write-ahead log on this file system (SQLite chose {mode}); use a local disk", path.display())]
    NoLog {
        /// The database file.
        path: PathBuf,
        /// What SQLite would do instead.
        mode: String,
    },
    /// The file is a database of something else.
    #[error("{} is not a Fenghuo database; point --data at another directory", .0.display())]
    NotOurs(PathBuf),
    /// Written by a newer program.
    #[error("the data is of schema version {found}, this program knows {known}; start the newer program again")]
    NewerSchema {
        /// Version found.
        found: String,
        /// Newest version this program reads.
        known: u32,
    },
    /// Something else reads the database, so that its log cannot be emptied.
    #[error("another program has {} open; close it and start again", .0.display())]
    Busy(PathBuf),
    /// The second place of the journal's head is not there.
    #[error(
        "{} is missing, so nothing says where the journal of {journal:?} should end; restore the whole directory from \
         one back-up", path.display()
    )]
    HeadMissing {
        /// The missing file.
        path: PathBuf,
        /// Where the journal ends.
        journal: Head,
    },
    /// The second place of the journal's head cannot be read.
    #[error("{} is damaged in both places, so nothing says where the journal should end; run `fenghuo verify`, then \
             restore the whole directory from one back-up", .0.display())]
    HeadDamaged(PathBuf),
    /// The journal ends before a row that was acknowledged.
    #[error(
        "the journal ends at row {} but row {} was acknowledged: {} rows are missing; keep this directory as it is, \
         run `fenghuo verify`, and restore a back-up that is newer", journal.sequence, head.sequence,
        head.sequence - journal.sequence
    )]
    Shortened {
        /// Where the journal ends.
        journal: Head,
        /// Where it should at least end.
        head: Head,
    },
    /// The row the second place names is another one than was acknowledged.
    #[error(
        "row {sequence} of the journal is not the row that was acknowledged: the database and journal.head come from \
         different copies; restore the whole directory from one back-up"
    )]
    OtherJournal {
        /// The row.
        sequence: u64,
    },
    /// A row near the end is damaged.
    #[error("the journal is damaged: {0}; run `fenghuo verify`, then restore a back-up")]
    Row(#[from] RowFault),
    /// No thread can be started.
    #[error("cannot start the writer thread: {0}")]
    Thread(#[source] io::Error),
}

/// `SQLITE_IOERR_SHMSIZE`: the file that indexes the log cannot grow. While a commit is under way this says nothing
/// about the commit, which may stand in the log already; while opening it means a full disk.
const LOG_INDEX_HAS_NO_ROOM: i32 = rusqlite::ffi::SQLITE_IOERR_SHMSIZE;

impl OpenFault {
    pub(super) fn io(what: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull(path),
            _ => Self::Io { what, path, source },
        }
    }

    pub(super) fn sqlite(path: &Path, source: rusqlite::Error) -> Self {
        let index = source.sqlite_error().is_some_and(|error| error.extended_code == LOG_INDEX_HAS_NO_ROOM);
        if index || is_full(&source) {
            return Self::DiskFull(path.to_owned());
        }
        Self::Sqlite { path: path.to_owned(), source }
    }
}

/// Whether the disk (or a quota) had no room. A commit refused with this has written no commit mark.
pub(super) fn is_full(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
}

/// Whether another program holds the database.
pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked))
}
