//! What was lost or changed on disk is named, and never read as content.

use std::path::Path;

use fenghuo::store::{
    Engine, Space,
    embedded::{Broken, OpenFault, RowFault, Verification, verify},
};
use rusqlite::Connection;
use tempfile::TempDir;

use super::rig::{EmbeddedRig, Rig, numbered, open};

const ROWS: u64 = 60;

/// A closed directory with `ROWS` rows and records.
async fn filled() -> TempDir {
    let rig = EmbeddedRig::new().await;
    for number in 1..=ROWS {
        rig.store().commit(numbered(number)).await.unwrap();
    }
    rig.close().await
}

fn execute(dir: &TempDir, sql: &str) {
    let connection = Connection::open(dir.path().join("fenghuo.db")).unwrap();
    assert!(connection.execute(sql, []).unwrap() > 0, "{sql}");
}

fn faults(dir: &Path) -> Vec<Broken> {
    verify(dir, &mut |_| {}).unwrap().faults
}

fn copy(from: &Path, to: &Path) {
    for file in std::fs::read_dir(from).unwrap() {
        let path = file.unwrap().path();
        std::fs::copy(&path, to.join(path.file_name().unwrap())).unwrap();
    }
}

#[tokio::test]
async fn a_journal_cut_at_its_end_is_refused_and_named() {
    let dir = filled().await;
    execute(&dir, "DELETE FROM journal WHERE sequence > 57");
    let Err(fault) = open(dir.path()) else { panic!("opened") };
    assert!(matches!(&fault, OpenFault::Shortened { journal, head } if journal.sequence == 57 && head.sequence == 60));
    assert!(fault.to_string().contains("3 rows are missing"), "{fault}");
    assert_eq!(faults(dir.path()), [Broken::EndsEarly { journal: 57, acknowledged: 60 }]);
}

#[tokio::test]
async fn a_row_taken_from_the_middle_is_named() {
    let dir = filled().await;
    execute(&dir, "DELETE FROM journal WHERE sequence = 20");
    assert_eq!(faults(dir.path())[0], Broken::Row(RowFault::Missing { sequence: 20 }));
    let store = open(dir.path()).unwrap();
    assert!(store.replay(1, &mut |_| {}).await.unwrap_err().0.contains("row 20 is missing"));
}

#[tokio::test]
async fn a_row_rewritten_with_a_right_checksum_is_named() {
    let dir = filled().await;
    // Row 30 gets the whole content of row 31, so that only the chain tells.
    let connection = Connection::open(dir.path().join("fenghuo.db")).unwrap();
    let (at_ms, data): (i64, Vec<u8>) = connection
        .query_row("SELECT at_ms, data FROM journal WHERE sequence = 31", [], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap();
    let hash = [9; 32];
    let crc = fenghuo::store::chain::checksum(30, at_ms, &hash, &data);
    let changed = connection.execute(
        "UPDATE journal SET at_ms = ?1, crc = ?2, hash = ?3, data = ?4 WHERE sequence = 30",
        rusqlite::params![at_ms, crc, &fenghuo::store::chain::tag(&hash)[..], data],
    );
    assert_eq!(changed.unwrap(), 1);
    drop(connection);
    assert_eq!(faults(dir.path())[0], Broken::Row(RowFault::Link { sequence: 30 }));
}

#[tokio::test]
async fn a_changed_record_is_not_read() {
    let dir = filled().await;
    execute(&dir, "UPDATE record SET value = CAST('other' AS BLOB) WHERE space = 2 AND key = x'0000000000000007'");
    assert_eq!(faults(dir.path()), [Broken::Record { space: 2, key: "0000000000000007".to_owned() }]);
    let store = open(dir.path()).unwrap();
    assert!(store.get(Space::Warning, 7_u64.into()).await.unwrap_err().0.contains("damaged"));
    assert!(store.get(Space::Warning, 8_u64.into()).await.unwrap().is_some());
}

#[tokio::test]
async fn without_the_second_place_of_the_head_nothing_is_opened() {
    let dir = filled().await;
    let head = dir.path().join("journal.head");
    let whole = std::fs::read(&head).unwrap();
    std::fs::remove_file(&head).unwrap();
    assert!(matches!(open(dir.path()), Err(OpenFault::HeadMissing { .. })));
    assert_eq!(faults(dir.path()), [Broken::HeadMissing]);
    std::fs::write(&head, vec![7; whole.len()]).unwrap();
    assert!(matches!(open(dir.path()), Err(OpenFault::HeadDamaged(_))));
    assert_eq!(faults(dir.path()), [Broken::HeadSlot { slot: 0 }, Broken::HeadSlot { slot: 1 }]);
    std::fs::write(&head, whole).unwrap();
    assert!(open(dir.path()).is_ok());
}

#[tokio::test]
async fn one_torn_slot_of_the_head_is_survived_and_named() {
    let dir = filled().await;
    let path = dir.path().join("journal.head");
    let mut head = std::fs::read(&path).unwrap();
    head[4096 + 20] ^= 1;
    std::fs::write(&path, head).unwrap();
    assert_eq!(faults(dir.path()), [Broken::HeadSlot { slot: 1 }]);
    assert!(open(dir.path()).is_ok());
}

#[tokio::test]
async fn an_older_copy_of_the_database_is_recognised() {
    let rig = EmbeddedRig::new().await;
    rig.store().commit(numbered(1)).await.unwrap();
    let dir = rig.close().await;
    let database = dir.path().join("fenghuo.db");
    let old = std::fs::read(&database).unwrap();
    let store = open(dir.path()).unwrap();
    store.commit(numbered(2)).await.unwrap();
    store.close().await;
    std::fs::write(&database, old).unwrap();
    assert!(matches!(open(dir.path()), Err(OpenFault::Shortened { .. })));
    std::fs::remove_file(&database).unwrap();
    let Err(fault) = open(dir.path()) else { panic!("opened") };
    assert!(matches!(&fault, OpenFault::Shortened { journal, .. } if journal.sequence == 0), "{fault:?}");
    assert!(!database.exists(), "a refused start creates nothing");
}

#[tokio::test]
async fn the_database_of_another_installation_is_recognised() {
    let (dir, other) = (filled().await, filled().await);
    std::fs::copy(other.path().join("fenghuo.db"), dir.path().join("fenghuo.db")).unwrap();
    assert!(matches!(open(dir.path()), Err(OpenFault::OtherJournal { sequence: ROWS })));
    assert_eq!(faults(dir.path()), [Broken::OtherJournal { sequence: ROWS }]);
}

#[tokio::test]
async fn a_log_that_ends_at_a_flipped_bit_is_called_what_it_is() {
    let rig = EmbeddedRig::new().await;
    let store = rig.store();
    store.commit(numbered(1)).await.unwrap();
    // A reader that stays keeps the log from going back into the database.
    let reader = Connection::open(rig.path().join("fenghuo.db")).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    let seen: i64 = reader.query_row("SELECT count(*) FROM journal", [], |row| row.get(0)).unwrap();
    assert_eq!(seen, 1);
    for number in 2..=30 {
        store.commit(numbered(number)).await.unwrap();
    }
    let crashed = tempfile::tempdir().unwrap();
    copy(rig.path(), crashed.path());
    std::fs::remove_file(crashed.path().join("fenghuo.db-shm")).unwrap();
    let whole = tempfile::tempdir().unwrap();
    copy(crashed.path(), whole.path());
    assert_eq!(open(whole.path()).unwrap().head().await.unwrap().0, 30, "the copy is good");
    let log = crashed.path().join("fenghuo.db-wal");
    let mut bytes = std::fs::read(&log).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x10;
    std::fs::write(&log, bytes).unwrap();
    let found = verify(crashed.path(), &mut |_| {}).unwrap();
    assert!(matches!(found.faults[..], [Broken::EndsEarly { acknowledged: 30, .. }]), "{:?}", found.faults);
    assert!(matches!(open(crashed.path()), Err(OpenFault::Shortened { .. })));
}

/// Everything a reader could see.
async fn content(dir: &Path) -> Option<(Vec<Vec<u8>>, Vec<Vec<u8>>)> {
    let store = open(dir).ok()?;
    let mut journal = Vec::new();
    let mut visit = |row: fenghuo::store::JournalRowRef<'_>| {
        journal.extend(row.entries().map(|entry| entry.data.to_vec()));
    };
    store.replay(1, &mut visit).await.ok()?;
    let records = store.list(Space::Warning, None, 1_000).await.ok()?;
    Some((journal, records.into_iter().map(|(_, stored)| stored.value.to_vec()).collect()))
}

#[tokio::test]
async fn one_flipped_bit_is_harmless_or_found() {
    let dir = filled().await;
    let right = content(dir.path()).await.unwrap();
    let (mut found, mut harmless) = (0, 0);
    for file in ["fenghuo.db", "journal.head"] {
        let whole = std::fs::read(dir.path().join(file)).unwrap();
        // A stride without a common factor with the page size reaches headers, cells and free space.
        for bit in (0..whole.len() * 8).step_by(whole.len() * 8 / 60 + 13) {
            let damaged = tempfile::tempdir().unwrap();
            copy(dir.path(), damaged.path());
            let mut bytes = whole.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            std::fs::write(damaged.path().join(file), bytes).unwrap();
            if verify(damaged.path(), &mut |_| {}).as_ref().is_ok_and(Verification::is_sound) {
                assert_eq!(content(damaged.path()).await.as_ref(), Some(&right), "{file}, bit {bit}");
                harmless += 1;
            } else {
                found += 1;
            }
        }
    }
    assert!(found > 10 && harmless > 10, "found {found}, harmless {harmless}");
}
