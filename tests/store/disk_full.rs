//! A full disk refuses commits by name, loses nothing, and is forgotten when there is room again.

use std::{fs::File, io::Write, path::Path, process::Command};

use bytes::Bytes;
use fenghuo::store::{
    Commit, CommitFault, Engine, EntryKind, Expect, Health, Put, Space,
    embedded::{Embedded, OpenFault, verify},
};
use tempfile::TempDir;

use super::rig::{entry, open};

/// A disk of 8 MiB in memory.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"]).arg(dir.path()).output();
        let mounted = mounted.expect("this test needs the command mount");
        let why = String::from_utf8_lossy(&mounted.stderr);
        assert!(mounted.status.success(), "this test mounts a tmpfs of 8 MiB, which only root may do: {why}");
        Self(dir)
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("--lazy").arg(self.path()).status());
    }
}

fn heavy(number: u64) -> Commit {
    let value = Bytes::from(vec![number as u8; 40_000]);
    let put = Put { space: Space::Plan, key: number.into(), value: Some(value), expect: Expect::Absent };
    Commit { puts: vec![put], entries: vec![entry(EntryKind::Outcomes, vec![number as u8; 20_000])] }
}

/// Commits until the store refuses; answers how many it took.
async fn fill(store: &Embedded, from: u64) -> u64 {
    for number in from..from + 10_000 {
        match store.commit(heavy(number)).await {
            Ok(_) => {}
            Err(fault) => {
                assert_eq!(fault, CommitFault::Unavailable("disk full".to_owned()));
                return number;
            }
        }
    }
    panic!("the disk never filled up");
}

#[tokio::test]
async fn a_full_disk_is_named_loses_nothing_and_is_forgotten_when_there_is_room() {
    let disk = SmallDisk::mount();
    let ballast = disk.path().join("ballast");
    std::fs::write(&ballast, vec![1; 3 << 20]).unwrap();
    let dir = disk.path().join("data");
    let store = open(&dir).unwrap();
    let full_at = fill(&store, 0).await;
    assert!(full_at > 10);
    assert!(matches!(store.health(), Health::Full { .. }));
    for _ in 0..20 {
        assert_eq!(store.commit(heavy(full_at)).await.unwrap_err(), CommitFault::Unavailable("disk full".to_owned()));
    }
    assert_eq!(store.list(Space::Plan, None, 10_000).await.unwrap().len() as u64, full_at, "reads go on");
    std::fs::remove_file(&ballast).unwrap();
    store.commit(heavy(full_at)).await.expect("there is room again");
    assert_eq!(store.health(), Health::Healthy);
    let full_again = fill(&store, full_at + 1).await;
    store.close().await;
    let found = verify(&dir, &mut |_| {}).unwrap();
    assert!(found.is_sound(), "{:?}", found.faults);
    assert_eq!((found.rows, found.records), (full_again, full_again + 2));
}

#[tokio::test]
async fn a_start_on_a_full_disk_says_so_and_changes_nothing() {
    let disk = SmallDisk::mount();
    let dir = disk.path().join("data");
    let store = open(&dir).unwrap();
    store.commit(heavy(1)).await.unwrap();
    store.close().await;
    let ballast = disk.path().join("ballast");
    let mut filling = File::create(&ballast).unwrap();
    while filling.write_all(&[1; 4096]).is_ok() {}
    drop(filling);
    let Err(fault) = open(&dir) else { panic!("opened without room for the log's index") };
    assert!(matches!(fault, OpenFault::DiskFull(_)), "{fault:?}");
    std::fs::remove_file(&ballast).unwrap();
    let store = open(&dir).unwrap();
    assert!(store.get(Space::Plan, 1_u64.into()).await.unwrap().is_some());
    store.commit(heavy(2)).await.unwrap();
    std::fs::write(&ballast, vec![1; 16 << 20]).unwrap_err();
    assert!(matches!(open(&disk.path().join("other")), Err(OpenFault::DiskFull(_))), "a new one has no room");
}
