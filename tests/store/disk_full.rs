//! A full disk refuses commits by name, loses nothing, and is forgotten when there is room again.

use std::{
    fs::File,
    io::Write,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use bytes::Bytes;
use fenghuo::{
    clock::Clock,
    store::{
        Commit, CommitFault, Engine, EntryKind, Expect, Health, Put, Space, Urgency,
        embedded::{Embedded, OpenFault, Options, verify},
    },
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

fn open_with(dir: &Path, reserve: Option<u64>) -> Result<Embedded, OpenFault> {
    Embedded::open(dir, Clock::system(), Options { reserve, ..Options::default() })
}

/// Commits until the store refuses; answers the first number it did not take.
async fn fill(store: &Embedded, from: u64, urgency: Urgency) -> u64 {
    for number in from..from + 10_000 {
        match store.commit_as(urgency, heavy(number)).await {
            Ok(_) => {}
            Err(fault) => {
                assert_eq!(fault, CommitFault::Full);
                return number;
            }
        }
    }
    panic!("the disk never filled up");
}

/// Waits until the store takes everything again.
async fn room_again(store: &Embedded) {
    for _ in 0..100 {
        if store.health() == Health::Healthy {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("not within five seconds: {:?}", store.health());
}

#[tokio::test]
async fn a_full_disk_is_named_loses_nothing_and_is_forgotten_when_there_is_room() {
    let disk = SmallDisk::mount();
    let ballast = disk.path().join("ballast");
    std::fs::write(&ballast, vec![1; 3 << 20]).unwrap();
    let dir = disk.path().join("data");
    let store = open(&dir).unwrap();
    let full_at = fill(&store, 0, Urgency::Pressing).await;
    assert!(full_at > 10);
    assert!(matches!(store.health(), Health::Full { .. }));
    for _ in 0..20 {
        assert_eq!(store.commit(heavy(full_at)).await.unwrap_err(), CommitFault::Full);
    }
    assert_eq!(store.list(Space::Plan, None, 10_000).await.unwrap().len() as u64, full_at, "reads go on");
    std::fs::remove_file(&ballast).unwrap();
    room_again(&store).await;
    store.commit(heavy(full_at)).await.expect("there is room again");
    let full_again = fill(&store, full_at + 1, Urgency::Pressing).await;
    store.close().await;
    let found = verify(&dir, &mut |_| {}).unwrap();
    assert!(found.is_sound(), "{:?}", found.faults);
    assert_eq!((found.rows, found.records), (full_again, full_again + 2));
}

#[tokio::test]
async fn the_reserve_takes_what_may_not_wait_and_is_made_whole_again() {
    const RESERVE: u64 = 2 << 20;
    let disk = SmallDisk::mount();
    let ballast = disk.path().join("ballast");
    std::fs::write(&ballast, vec![1; 2 << 20]).unwrap();
    let dir = disk.path().join("data");
    let store = open_with(&dir, Some(RESERVE)).unwrap();
    let low_at = fill(&store, 0, Urgency::Ordinary).await;
    assert!(matches!(store.health(), Health::Low { .. } | Health::Full { .. }), "{:?}", store.health());
    let full_at = fill(&store, low_at, Urgency::Pressing).await;
    assert!(matches!(store.health(), Health::Full { .. }));
    assert_eq!(store.room().unwrap().reserve, RESERVE, "nothing of it was used");
    let spent_at = fill(&store, full_at, Urgency::Reserved).await;
    assert!(spent_at >= full_at + RESERVE / 250_000, "{full_at} to {spent_at}");
    assert_eq!(store.room().unwrap().reserve, 0);
    for urgency in [Urgency::Ordinary, Urgency::Pressing] {
        assert_eq!(store.commit_as(urgency, heavy(spent_at)).await.unwrap_err(), CommitFault::Full);
    }
    assert_eq!(store.list(Space::Plan, None, 10_000).await.unwrap().len() as u64, spent_at, "reads go on");
    std::fs::remove_file(&ballast).unwrap();
    for _ in 0..100 {
        if store.room().unwrap().reserve == RESERVE {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(store.room().unwrap().reserve, RESERVE, "made whole by itself");
    store.close().await;
    let found = verify(&dir, &mut |_| {}).unwrap();
    assert!(found.is_sound(), "{:?}", found.faults);
    assert_eq!(found.records, spent_at + 2);
}

#[tokio::test]
async fn a_start_on_a_full_disk_says_so_and_changes_nothing() {
    let disk = SmallDisk::mount();
    let dir = disk.path().join("data");
    let store = open(&dir).unwrap();
    store.commit(heavy(1)).await.unwrap();
    store.close().await;
    let ballast = fill_up(&disk);
    let Err(fault) = open(&dir) else { panic!("opened without room for the log's index") };
    assert!(matches!(fault, OpenFault::DiskFull(_)), "{fault:?}");
    assert!(fault.to_string().contains("free at least"), "{fault}");
    std::fs::remove_file(&ballast).unwrap();
    let store = open(&dir).unwrap();
    assert!(store.get(Space::Plan, 1_u64.into()).await.unwrap().is_some());
    store.commit(heavy(2)).await.unwrap();
    std::fs::write(&ballast, vec![1; 16 << 20]).unwrap_err();
    assert!(matches!(open(&disk.path().join("other")), Err(OpenFault::DiskFull(_))), "a new one has no room");
}

#[tokio::test]
async fn a_start_on_a_full_disk_lives_on_the_reserve() {
    let disk = SmallDisk::mount();
    let dir = disk.path().join("data");
    let store = open_with(&dir, Some(2 << 20)).unwrap();
    store.commit(heavy(1)).await.unwrap();
    store.close().await;
    let ballast = fill_up(&disk);
    let store = open_with(&dir, Some(2 << 20)).unwrap();
    assert!(matches!(store.health(), Health::Full { .. }));
    assert_eq!(store.commit(heavy(2)).await.unwrap_err(), CommitFault::Full);
    store.commit_as(Urgency::Reserved, heavy(2)).await.expect("from the reserve");
    std::fs::remove_file(&ballast).unwrap();
    room_again(&store).await;
    store.commit(heavy(3)).await.unwrap();
}

/// Writes until nothing fits any more.
fn fill_up(disk: &SmallDisk) -> PathBuf {
    let ballast = disk.path().join("ballast");
    let mut filling = File::create(&ballast).unwrap();
    while filling.write_all(&[1; 4096]).is_ok() {}
    ballast
}
