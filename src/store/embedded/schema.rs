//! The tables, how connections are set up, and which versions of the data this program reads.

use std::{path::Path, time::Duration};

use rusqlite::{Connection, OpenFlags, OptionalExtension, params};

use super::{directory::Directory, fault::OpenFault, record};
use crate::{clock::Clock, store::contract::Space};

/// The version of the tables below. A program reads its own and older ones, never newer ones.
pub(super) const VERSION: u32 = 1;

/// `FHUO`: what `file` and this program recognise a Fenghuo database by.
const APPLICATION: i32 = 0x4648_554f;

/// Below this, two connections in WAL mode could corrupt the file.
const OLDEST_SQLITE: i32 = 3_051_003;

/// How long to wait for another program that holds the database.
const PATIENCE: Duration = Duration::from_secs(5);

/// A rowid table with a unique key, not WITHOUT ROWID: values are often above 200 bytes and sometimes megabytes, and
/// there they would sit in the inner pages of the tree (measured at 300 / 900 / 6,000 bytes a value: look-up 18 / 17 /
/// 15 µs against 22 / 22 / 53, inserting as fast, a sixth faster and twice as fast).
const TABLES: &str = "
    CREATE TABLE record(
        id INTEGER PRIMARY KEY, space INTEGER NOT NULL, key BLOB NOT NULL, version INTEGER NOT NULL,
        crc INTEGER NOT NULL, value BLOB NOT NULL, UNIQUE(space, key)
    ) STRICT;
    CREATE TABLE journal(
        sequence INTEGER PRIMARY KEY, at_ms INTEGER NOT NULL, crc INTEGER NOT NULL, hash BLOB NOT NULL,
        data BLOB NOT NULL
    ) STRICT;";

/// Refuses a SQLite with the WAL-reset fault.
pub(super) fn check_engine() -> Result<(), OpenFault> {
    if rusqlite::version_number() < OLDEST_SQLITE {
        return Err(OpenFault::SqliteTooOld(rusqlite::version()));
    }
    Ok(())
}

/// The one connection that writes and checkpoints; creates the tables in an empty file, never the file.
pub(super) fn open_writer(directory: &Directory, clock: &Clock) -> Result<Connection, OpenFault> {
    let path = directory.database();
    let connection = writer(&path).map_err(|source| OpenFault::sqlite(&path, source))?;
    let sqlite = |source| OpenFault::sqlite(&path, source);
    let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0)).map_err(sqlite)?;
    if mode != "wal" {
        return Err(OpenFault::NoLog { path, mode });
    }
    let application: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0)).map_err(sqlite)?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(sqlite)?;
    match (application, tables) {
        (0, 0) => create(&connection, clock).map_err(sqlite)?,
        (APPLICATION, _) => check_version(&connection, &path)?,
        _ => return Err(OpenFault::NotOurs(path)),
    }
    Ok(connection)
}

fn writer(path: &Path) -> rusqlite::Result<Connection> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    configure(&connection)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    // The writer checkpoints by itself, after the answers of a group and in small steps.
    connection.pragma_update(None, "wal_autocheckpoint", 0)?;
    connection.pragma_update(None, "journal_size_limit", 16 << 20)?;
    connection.pragma_update(None, "cache_size", -65_536)?;
    Ok(connection)
}

/// A connection that only reads.
pub(super) fn open_reader(path: &Path) -> rusqlite::Result<Connection> {
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    configure(&connection)?;
    connection.pragma_update(None, "cache_size", -16_384)?;
    Ok(connection)
}

/// What holds for every connection. No memory map: a disk that fails must give an error, not a signal.
pub(super) fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_timeout(PATIENCE)?;
    connection.set_prepared_statement_cache_capacity(32);
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")
}

fn create(connection: &Connection, clock: &Clock) -> rusqlite::Result<()> {
    let transaction = connection.unchecked_transaction()?;
    transaction.execute_batch(TABLES)?;
    transaction.pragma_update(None, "application_id", APPLICATION)?;
    let instance: String = clock.random::<16>().iter().map(|byte| format!("{byte:02x}")).collect();
    let facts = [("schema", VERSION.to_string()), ("instance", instance)];
    for (key, value) in facts {
        let (key, value) = (key.as_bytes(), value.as_bytes());
        let crc = record::checksum(Space::Meta, key, 1, value);
        transaction.execute(
            "INSERT INTO record(space, key, version, crc, value) VALUES (?1, ?2, 1, ?3, ?4)",
            params![Space::Meta as u8, key, crc, value],
        )?;
    }
    transaction.commit()
}

fn check_version(connection: &Connection, path: &Path) -> Result<(), OpenFault> {
    let sql = "SELECT value FROM record WHERE space = ?1 AND key = ?2";
    let found = connection
        .query_row(sql, params![Space::Meta as u8, &b"schema"[..]], |row| row.get::<_, Vec<u8>>(0))
        .optional()
        .map_err(|source| OpenFault::sqlite(path, source))?;
    let found = String::from_utf8_lossy(&found.unwrap_or_default()).into_owned();
    match found.parse::<u32>() {
        Ok(version) if version <= VERSION => Ok(()),
        _ => Err(OpenFault::NewerSchema { found, known: VERSION }),
    }
}

/// Copies everything from the log into the database and empties the log; false when another program is in the way.
pub(super) fn empty_log(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0)).map(|busy| busy == 0)
}
