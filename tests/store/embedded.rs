//! What the embedded engine promises beyond the contract: who may open a directory, and what of it can be read.

use std::{collections::HashSet, os::unix::fs::PermissionsExt};

use fenghuo::store::{
    Engine, Health, Space,
    embedded::{OpenFault, verify},
};
use rusqlite::Connection;

use super::rig::{EmbeddedRig, Rig, numbered, open};

#[tokio::test]
async fn waiting_commits_share_a_row() {
    let rig = EmbeddedRig::new().await;
    let store = rig.store();
    let committing = (0..256).map(|number| store.commit(numbered(number)));
    let committed = futures_util::future::join_all(committing).await;
    let rows: HashSet<u64> = committed.into_iter().map(|committed| committed.unwrap().entries[0].sequence).collect();
    assert!(rows.len() <= 128, "256 commits that wait together took {} rows", rows.len());
}

#[tokio::test]
async fn a_second_process_is_refused_until_the_first_has_closed() {
    let rig = EmbeddedRig::new().await;
    assert!(matches!(open(rig.path()), Err(OpenFault::InUse(_))));
    let dir = rig.close().await;
    drop(open(dir.path()).unwrap());
    open(dir.path()).unwrap().close().await;
}

#[tokio::test]
async fn files_are_for_their_owner_alone() {
    let parent = tempfile::tempdir().unwrap();
    let dir = parent.path().join("new").join("data");
    let store = open(&dir).unwrap();
    store.commit(numbered(1)).await.unwrap();
    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    for file in std::fs::read_dir(&dir).unwrap() {
        let path = file.unwrap().path();
        assert_eq!(mode(&path), 0o600, "{}", path.display());
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused_and_left_alone() {
    let dir = EmbeddedRig::new().await.close().await;
    let database = dir.path().join("fenghuo.db");
    let change = "UPDATE record SET value = x'32' WHERE space = 1 AND key = CAST('schema' AS BLOB)";
    assert_eq!(Connection::open(&database).unwrap().execute(change, []).unwrap(), 1);
    let before = std::fs::read(&database).unwrap();
    let Err(fault) = open(dir.path()) else { panic!("opened data of a newer program") };
    assert!(matches!(&fault, OpenFault::NewerSchema { found, known: 1 } if found == "2"), "{fault:?}");
    assert!(fault.to_string().contains("newer program"), "{fault}");
    assert_eq!(std::fs::read(&database).unwrap(), before);
}

#[tokio::test]
async fn another_programs_database_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    Connection::open(dir.path().join("fenghuo.db")).unwrap().execute_batch("CREATE TABLE x(y)").unwrap();
    assert!(matches!(open(dir.path()), Err(OpenFault::NotOurs(_))));
}

#[tokio::test]
async fn a_running_store_can_be_verified_and_a_closed_one_is_left_as_it_is() {
    let rig = EmbeddedRig::new().await;
    let store = rig.store();
    for number in 0..10 {
        store.commit(numbered(number)).await.unwrap();
    }
    assert_eq!(store.health(), Health::Healthy);
    let running = verify(rig.path(), &mut |_| {}).unwrap();
    assert!(running.is_sound(), "{:?}", running.faults);
    assert_eq!((running.rows, running.entries), (10, 10));
    assert_eq!(Some(running.head), running.second_place);
    assert_eq!(running.head, store.head().await.unwrap());
    drop(store);
    let dir = rig.close().await;
    let files = |()| {
        let names = std::fs::read_dir(dir.path()).unwrap().map(|file| file.unwrap().file_name());
        names.collect::<HashSet<_>>()
    };
    let before = files(());
    let mut told = Vec::new();
    let closed = verify(dir.path(), &mut |progress| told.push(progress)).unwrap();
    assert_eq!(closed, running);
    assert_eq!(files(()), before);
    assert_eq!(told.last().map(|progress| (progress.rows, progress.of_rows)), Some((10, 10)));
}

#[tokio::test]
async fn what_was_never_a_data_directory_is_not_verified() {
    let dir = tempfile::tempdir().unwrap();
    assert!(verify(dir.path(), &mut |_| {}).is_err());
    std::fs::write(dir.path().join("fenghuo.db"), b"").unwrap();
    assert!(verify(dir.path(), &mut |_| {}).is_err());
}

#[tokio::test(start_paused = true)]
async fn rows_carry_the_time_of_the_clock_that_was_given() {
    let dir = tempfile::tempdir().unwrap();
    let clock = fenghuo::clock::Clock::simulated(1_790_000_000_000, 1);
    let store = fenghuo::store::embedded::Embedded::open(dir.path(), clock.clone(), Default::default()).unwrap();
    store.commit(numbered(1)).await.unwrap();
    tokio::time::advance(std::time::Duration::from_secs(3600)).await;
    store.commit(numbered(2)).await.unwrap();
    let rows = store.journal(1, 10).await.unwrap();
    let apart = rows[1].at_ms - rows[0].at_ms;
    assert!(rows[0].at_ms >= 1_790_000_000_000 && apart >= 3_600_000, "{} {apart}", rows[0].at_ms);
    assert!(apart < 3_700_000, "real time shows through: {apart}");
    assert_eq!(store.list(Space::Warning, None, 10).await.unwrap().len(), 2);
}
