//! The disk has no room, or the program may not use it.

use fenghuo_contract::Channel;
use reqwest::StatusCode;

use super::rig::{Place, SmallDisk, run, simulated};
use crate::support::message::warning;

const RECIPIENTS: u32 = 200;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d1_a_disk_that_fills_while_sending_still_takes_and_sends_a_lift_and_goes_on_by_itself() {
    let disk = SmallDisk::mount("size=40m");
    let place = Place::new(disk.path(), &simulated(150), Channel::Sms, RECIPIENTS).await;
    let server = place.start();
    server.until_ready("ok").await;
    let lifted = server.post(&warning("W1", "yellow")).await.id();
    server.until_reached(&lifted, "sms", 20).await;
    let going_on = server.post(&warning("W2", "blue")).await.id();
    disk.fill();

    // Leases find the disk full before anything new does.
    server.until_ready("disk_full").await;
    for attempt in 0..5 {
        let refused = server.post(&warning(&format!("N{attempt}"), "orange")).await;
        assert_eq!((refused.problem(), refused.retry_after), ((507, "storage-full"), true), "{:#}", refused.json);
    }
    let lift = server.lift(&lifted).await;
    assert_eq!(lift.status, StatusCode::CREATED, "{:#}", lift.json);
    let told = server.until_done(&lift.id(), "sms").await;
    let ended = server.until_done(&lifted, "sms").await;
    assert_eq!(ended.reached + ended.withdrawn, u64::from(RECIPIENTS), "nothing of it is lost: {ended:?}");
    assert!(ended.reached >= 20 && ended.withdrawn > 0, "{ended:?}");
    // A slice whose lease found no room may have been sent, as far as the lift knew.
    assert!(told.reached >= ended.reached, "sent from the full disk to whoever was told: {told:?} {ended:?}");
    for feed in ["/feeds/warnings.atom", "/v1/warnings", "/healthz"] {
        assert_eq!(server.get(feed).await.status, StatusCode::OK, "{feed}");
    }
    let refused = server.post(&warning("N9", "orange")).await;
    assert_eq!(refused.problem(), (507, "storage-full"), "the lift did not make room");

    disk.make_room();
    server.until_ready("ok").await;
    assert_eq!(server.until_done(&going_on, "sms").await.reached, u64::from(RECIPIENTS), "goes on without a restart");
    let after = server.post(&warning("W3", "orange")).await.id();
    assert_eq!(server.until_done(&after, "sms").await.reached, u64::from(RECIPIENTS));
    assert!(server.stop());
    place.assert_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d2_a_start_on_a_full_disk_lives_on_the_reserve_or_says_what_to_free() {
    let disk = SmallDisk::mount("size=24m");
    let place = Place::new(disk.path(), &simulated(1_000), Channel::Sms, 10).await;
    // No reserve has been made yet.
    disk.fill();
    let (code, said) = place.refused();
    assert_eq!(code, Some(5), "{said}");
    assert!(said.contains("No space is left on the disk") && said.contains("Free at least 16 MiB"), "{said}");
    assert!(!said.contains("disk I/O error"), "{said}");

    disk.make_room();
    let server = place.start();
    let told = server.post(&warning("W1", "yellow")).await.id();
    assert_eq!(server.until_done(&told, "sms").await.reached, 10);
    assert!(server.stop());
    disk.fill();
    let server = place.start();
    server.until_ready("disk_full").await;
    assert_eq!(server.post(&warning("W2", "yellow")).await.problem(), (507, "storage-full"));
    let lift = server.lift(&told).await.id();
    assert_eq!(server.until_done(&lift, "sms").await.reached, 10);
    disk.make_room();
    server.until_ready("ok").await;
    let after = server.post(&warning("W3", "yellow")).await.id();
    assert_eq!(server.until_done(&after, "sms").await.reached, 10);
    assert!(server.stop());
    place.assert_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d11_a_file_that_may_not_grow_stops_new_warnings_and_nothing_else() {
    let parent = tempfile::tempdir().expect("a directory");
    let place = Place::new(parent.path(), &simulated(1_000), Channel::Sms, 50).await;
    let server = place.start();
    let before = server.post(&warning("W1", "yellow")).await.id();
    assert_eq!(server.until_done(&before, "sms").await.reached, 50);
    // Neither the log nor the database nor the second place of the head can be written.
    run("prlimit", &["--pid", &server.pid(), "--fsize=1:unlimited"]);
    for attempt in 0..5 {
        let refused = server.post(&warning(&format!("N{attempt}"), "yellow")).await;
        assert!(matches!(refused.problem().0, 503 | 507) && refused.retry_after, "{:#}", refused.json);
    }
    for path in ["/feeds/warnings.atom", "/v1/warnings", "/healthz"] {
        assert_eq!(server.get(path).await.status, StatusCode::OK, "{path}");
    }
    run("prlimit", &["--pid", &server.pid(), "--fsize=unlimited:unlimited"]);
    server.until_ready("ok").await;
    let after = server.post(&warning("W2", "yellow")).await.id();
    assert_eq!(server.until_done(&after, "sms").await.reached, 50);
    assert!(server.stop());
    place.assert_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d11_without_inodes_everything_goes_on() {
    let disk = SmallDisk::mount("size=64m,nr_inodes=64");
    let place = Place::new(disk.path(), &simulated(1_000), Channel::Sms, 50).await;
    let server = place.start();
    let files = (0..64).take_while(|n| std::fs::File::create(disk.path().join(format!("file{n}"))).is_ok()).count();
    assert!(files < 64, "no inode is left");
    let id = server.post(&warning("W1", "yellow")).await.id();
    assert_eq!(server.until_done(&id, "sms").await.reached, 50);
    assert!(server.stop());
    place.assert_sound();
}
