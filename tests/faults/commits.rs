//! Commits that fail, stall or are cut off, and a second process on the same data.

use fenghuo_contract::Channel;
use reqwest::StatusCode;
use serde_json::Value;

use super::rig::{Injection, Numbers, Place, Server, address, arrived, mailing, simulated};
use crate::support::{message::warning, peers::SmtpSink};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p10_a_second_process_on_one_data_directory_is_refused_with_a_sentence() {
    let parent = tempfile::tempdir().expect("a directory");
    let place = Place::new(parent.path(), &simulated(1_000), Channel::Sms, 5).await;
    let server = place.start();
    let (code, said) = place.refused();
    assert_eq!(code, Some(5), "{said}");
    assert!(said.contains("in use"), "{said}");
    let id = server.post(&warning("W1", "yellow")).await.id();
    assert_eq!(server.until_done(&id, "sms").await.reached, 5, "the first does not notice");
}

/// Posts until it is taken, as a caller does who was told to repeat; answers the id.
async fn repeated(server: &Server, message: &Value, key: &str) -> String {
    for _ in 0..100 {
        let answer = server.try_post(message, Some(key)).await.expect("an answer");
        if answer.status.is_success() {
            return answer.id();
        }
        assert_eq!((answer.problem(), answer.retry_after), ((503, "store-unavailable"), true), "{:#}", answer.json);
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("not taken within ten seconds");
}

/// Until nothing is left to be synced, so that the next sync is that of the next commit.
async fn at_rest() {
    tokio::time::sleep(std::time::Duration::from_millis(400)).await;
}

/// Every recipient got the mail, and no more mails arrived than the program says may have been doubled.
fn assert_complete(sink: &SmtpSink, recipients: u32, numbers: &Numbers) {
    assert_eq!(numbers.reached, u64::from(recipients), "{numbers:?}");
    let arrived = arrived(sink);
    for n in 0..recipients {
        assert!(arrived.contains_key(&address(Channel::Email, n)), "recipient {n} got nothing");
    }
    let doubled = arrived.values().sum::<u64>() - u64::from(recipients);
    assert!(doubled <= numbers.maybe_doubled, "{doubled} doubled, {numbers:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d3_a_warning_whose_commit_failed_is_answered_503_and_its_repeat_is_the_one_warning() {
    let parent = tempfile::tempdir().expect("a directory");
    let place = Place::new(parent.path(), &simulated(1_000), Channel::Sms, 20).await;
    let server = place.start();
    let log = place.data.join("fenghuo.db-wal");
    let faults = [("fsync,fdatasync:error=EIO", None), ("write,pwrite64:error=EIO", Some(&*log))];
    for (number, (fault, file)) in (1..).zip(faults) {
        let message = warning(&format!("W{number}"), "yellow");
        let key = format!("key-{number}");
        at_rest().await;
        let injection = Injection::into(&server, fault, file);
        let unknown = server.try_post(&message, Some(&key)).await.expect("an answer");
        assert_eq!((unknown.problem(), unknown.retry_after), ((503, "store-unavailable"), true), "{:#}", unknown.json);
        let detail = unknown.json["detail"].as_str().unwrap_or_default();
        assert!(detail.contains("not certain"), "{detail}");
        injection.end();
        let id = repeated(&server, &message, &key).await;
        let by_identity = server.post(&message).await;
        assert_eq!((by_identity.status, by_identity.id()), (StatusCode::OK, id.clone()));
        assert_eq!(server.until_done(&id, "sms").await.reached, 20);
        let listed = server.get("/v1/warnings").await.json;
        assert_eq!(listed["items"].as_array().map(Vec::len), Some(number), "{listed:#}");
    }
    assert!(server.stop());
    place.assert_sound();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d3_syncs_that_fail_while_sending_lose_nothing_and_double_nothing() {
    const RECIPIENTS: u32 = 120;
    let sink = SmtpSink::start();
    let parent = tempfile::tempdir().expect("a directory");
    let place = Place::new(parent.path(), &mailing(&sink, 100), Channel::Email, RECIPIENTS).await;
    let server = place.start();
    let id = server.post(&warning("W1", "yellow")).await.id();
    server.until_reached(&id, "email", 10).await;
    let injection = Injection::into(&server, "fsync,fdatasync:error=EIO:when=3+10", None);
    server.until_reached(&id, "email", 40).await;
    injection.end();
    let numbers = server.until_done(&id, "email").await;
    assert_complete(&sink, RECIPIENTS, &numbers);
    assert_eq!(numbers.maybe_doubled, 0, "the program never ended");
    assert!(server.stop());
    place.assert_sound();
    // What was repeated because nobody knew is one outcome when it is read again.
    let server = place.start();
    assert_eq!(server.until_done(&id, "email").await.reached, u64::from(RECIPIENTS));
    assert_eq!(sink.more(), 0, "nothing is sent again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn p2_killed_at_a_sync_the_warning_completes_after_the_restart() {
    const RECIPIENTS: u32 = 20;
    for point in [1, 2, 4, 7, 11] {
        let sink = SmtpSink::start();
        let parent = tempfile::tempdir().expect("a directory");
        let place = Place::new(parent.path(), &mailing(&sink, 50), Channel::Email, RECIPIENTS).await;
        let mut server = place.start();
        at_rest().await;
        let message = warning("W1", "yellow");
        let _injection = Injection::into(&server, &format!("fsync,fdatasync:signal=KILL:when={point}"), None);
        let answered = server.try_post(&message, Some("key")).await;
        if !server.gone().await {
            let id = answered.expect("it lives").id();
            panic!("point {point} never came: {:#}", server.get(&format!("/v1/warnings/{id}/status")).await.json);
        }
        let server = place.start();
        let again = server.try_post(&message, Some("key")).await.expect("an answer");
        assert!(again.status.is_success(), "point {point}: {:#}", again.json);
        if point == 1 {
            // Nothing is acknowledged before the first sync has come back.
            assert!(answered.is_none(), "acknowledged: {:#}", again.json);
        }
        let listed = server.get("/v1/warnings").await.json;
        assert_eq!(listed["items"].as_array().map(Vec::len), Some(1), "point {point}: {listed:#}");
        if let Some(answered) = answered.filter(|answer| answer.status.is_success()) {
            assert_eq!(
                (again.status, again.id()),
                (StatusCode::OK, answered.id()),
                "point {point}: it was acknowledged"
            );
        }
        let numbers = server.until_done(&again.id(), "email").await;
        assert_complete(&sink, RECIPIENTS, &numbers);
        assert!(server.stop());
        place.assert_sound();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn d6_with_slow_syncs_everything_is_slow_and_nothing_is_lost() {
    const RECIPIENTS: u32 = 60;
    let parent = tempfile::tempdir().expect("a directory");
    let place = Place::new(parent.path(), &simulated(1_000), Channel::Sms, RECIPIENTS).await;
    let server = place.start();
    let injection = Injection::into(&server, "fsync,fdatasync:delay_enter=50000", None);
    let ids = [server.post(&warning("W1", "blue")).await.id(), server.post(&warning("W2", "red")).await.id()];
    for id in &ids {
        assert_eq!(server.until_done(id, "sms").await.reached, u64::from(RECIPIENTS));
    }
    injection.end();
    assert!(server.stop());
    place.assert_sound();
}
