//! What was acknowledged survives the process, and a disk that fails for a while.

use std::{collections::HashSet, path::Path, process::Command, sync::Arc, time::Duration};

use fenghuo::store::{Space, Store, embedded::verify};

use super::{
    child::StoreProcess,
    rig::{open, whole_journal},
};

/// Fails if one of `acknowledged` is not there.
async fn holds(dir: &Path, acknowledged: &HashSet<u64>) {
    let store: Store = Arc::new(open(dir).unwrap());
    let journal: HashSet<Vec<u8>> = whole_journal(&store).await.into_iter().map(|data| data.to_vec()).collect();
    let keys = acknowledged.iter().map(|number| (*number).into()).collect();
    let records = store.get_many(Space::Warning, keys).await.unwrap();
    for (number, record) in acknowledged.iter().zip(records) {
        let text = format!("{{\"number\":{number}}}").into_bytes();
        assert!(journal.contains(&text), "entry {number} was acknowledged and is lost");
        assert_eq!(record.map(|stored| stored.value.to_vec()), Some(text), "record {number} was acknowledged");
    }
    store.close().await;
    let found = verify(dir, &mut |_| {}).unwrap();
    assert!(found.is_sound(), "{:?}", found.faults);
}

#[tokio::test]
async fn kill_9_loses_nothing_that_was_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let mut acknowledged = HashSet::new();
    let durable = |answer: &str| answer.strip_suffix(" durable").map(|number| number.parse::<u64>().unwrap());
    for round in 0..6_u64 {
        let mut process = StoreProcess::start(dir.path(), &[]);
        process.tell(&format!("flood {}", round * 1_000_000));
        for _ in 0..50 + round * 300 {
            acknowledged.extend(durable(&process.hear().expect("the child goes on")));
        }
        acknowledged.extend(process.kill().iter().filter_map(|answer| durable(answer)));
        holds(dir.path(), &acknowledged).await;
    }
    assert!(acknowledged.len() > 1_000);
}

/// A library that makes every sync fail while a file exists, loaded before the system's own.
fn failing_sync(dir: &Path) -> std::path::PathBuf {
    let library = dir.join("failing_sync.so");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/store/failing_sync.c");
    let built = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(source).status().unwrap();
    assert!(built.success(), "a C compiler builds SQLite, so it builds this");
    library
}

#[tokio::test]
async fn after_a_failed_sync_nothing_is_acknowledged_until_the_store_was_reopened() {
    let (dir, aside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (library, broken) = (failing_sync(aside.path()), aside.path().join("broken"));
    let environment = [("LD_PRELOAD", &*library), ("FENGHUO_TEST_SYNC_FAILS", &*broken)];
    let mut process = StoreProcess::start(dir.path(), &environment);
    let mut commit = |number: u64| {
        process.tell(&format!("commit {number}"));
        process.hear().expect("the child goes on").split_once(' ').unwrap().1.to_owned()
    };
    let mut acknowledged: HashSet<u64> = (1..=5).collect();
    for number in 1..=5 {
        assert_eq!(commit(number), "durable");
    }
    std::fs::write(&broken, b"").unwrap();
    assert_eq!(commit(6), "unknown", "the disk may have it");
    for number in 7..=20 {
        assert_eq!(commit(number), "unavailable", "nothing is acknowledged on a poisoned store");
        std::thread::sleep(Duration::from_millis(20));
    }
    std::fs::remove_file(&broken).unwrap();
    let again = (21..1_000).find(|number| {
        std::thread::sleep(Duration::from_millis(20));
        commit(*number) == "durable"
    });
    acknowledged.insert(again.expect("it comes back by itself"));
    assert_eq!(commit(1_000), "durable");
    acknowledged.insert(1_000);
    process.kill();
    holds(dir.path(), &acknowledged).await;
    let store = open(dir.path()).unwrap();
    let refused = fenghuo::store::Engine::get(&store, Space::Warning, 7_u64.into()).await.unwrap();
    assert_eq!(refused, None, "what was refused as unavailable was not applied");
}
