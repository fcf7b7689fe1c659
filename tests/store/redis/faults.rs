//! What a store on Redis survives, and what it says meanwhile.

use std::{sync::Arc, time::Duration};

use fenghuo::{
    clock::Clock,
    store::{
        CommitFault, Engine, Expect, Health, Space, Urgency,
        redis::{OpenFault, Options, Redis},
    },
};

use super::rig::{at, cluster, healthy, node, until};
use crate::{
    store::rig::{numbered, put, puts, whole_journal},
    support::redis::RedisServer,
};

/// Why a node takes no commits.
fn reason(node: &Arc<Redis>) -> String {
    match node.health() {
        Health::Poisoned { error, .. } => error,
        health => format!("{health:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_store_is_not_built_on() {
    let server = RedisServer::start();
    let dir = tempfile::tempdir().unwrap();
    let options = Options { memory: Some(dir.path().join("installation")), ..at(&server.url()) };
    let node = node(&options).await;
    node.commit(numbered(1)).await.unwrap();
    server.cli(&["FLUSHALL"]);
    let fault = node.commit(numbered(2)).await.unwrap_err();
    assert!(matches!(&fault, CommitFault::Unavailable(text) if text.contains("emptied")), "{fault:?}");
    assert!(cluster(&node).fenced().is_cancelled());
    assert!(reason(&node).contains("emptied"), "{}", reason(&node));
    assert!(node.head().await.is_err());
    assert_eq!(server.cli(&["DBSIZE"]), "0", "nothing was written there");
    let again = Redis::open(Clock::system(), options.clone()).await.map(drop).unwrap_err();
    assert!(matches!(&again, OpenFault::Other { found, .. } if found == "nothing"), "{again}");
    std::fs::remove_file(dir.path().join("installation")).unwrap();
    Redis::open(Clock::system(), options).await.expect("a new installation, when that is meant");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emptied_store_is_noticed_without_a_commit() {
    let server = RedisServer::start();
    let node = node(&Options { lease: Duration::from_secs(1), ..at(&server.url()) }).await;
    node.commit(numbered(1)).await.unwrap();
    server.cli(&["FLUSHALL"]);
    cluster(&node).fenced().cancelled().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_frozen_server_is_said_to_be_away_and_takes_nobody_for_dead() {
    let server = RedisServer::start();
    let options = Options { lease: Duration::from_secs(1), ..at(&server.url()) };
    let (one, other) = (node(&options).await, node(&options).await);
    one.commit(numbered(1)).await.unwrap();
    server.freeze();
    let heard = tokio::time::timeout(Duration::from_secs(10), one.commit(numbered(2))).await;
    let fault = heard.expect("nobody waits for ever").unwrap_err();
    assert!(matches!(fault, CommitFault::Unknown(_) | CommitFault::Unavailable(_)), "{fault:?}");
    until("both know", || async { [&one, &other].iter().all(|node| node.health() != Health::Healthy) }).await;
    assert!(matches!(one.commit(numbered(3)).await, Err(CommitFault::Unavailable(_))));
    assert!(one.get(Space::Warning, 1_u64.into()).await.is_err());
    // Longer than the lease by far.
    tokio::time::sleep(Duration::from_secs(5)).await;
    server.thaw();
    for node in [&one, &other] {
        healthy(node).await;
        assert!(!cluster(node).fenced().is_cancelled(), "{}", reason(node));
    }
    one.commit(numbered(4)).await.unwrap();
    other.commit(numbered(5)).await.unwrap();
    let told = whole_journal(&(other as _)).await;
    let count = |number: u64| {
        let text = format!("{{\"number\":{number}}}");
        told.iter().filter(|entry| ***entry == *text.as_bytes()).count()
    };
    assert_eq!([count(1), count(3), count(4), count(5)], [1, 0, 1, 1]);
    assert!(count(2) <= 1, "what nobody knew of is there once or not at all");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_starts_again_has_everything_and_the_node_comes_back_by_itself() {
    let mut server = RedisServer::start();
    let node = node(&at(&server.url())).await;
    let number = cluster(&node).node();
    let mut acknowledged = Vec::new();
    for round in 0..3_u64 {
        for count in 0..20 {
            if node.commit(numbered(round * 100 + count)).await.is_ok() {
                acknowledged.push(round * 100 + count);
            }
        }
        server.kill();
        let fault = node.commit(numbered(round * 100 + 50)).await.unwrap_err();
        assert!(matches!(fault, CommitFault::Unknown(_) | CommitFault::Unavailable(_)), "{fault:?}");
        server.start_again();
        healthy(&node).await;
    }
    assert_eq!(acknowledged.len(), 60);
    let told = whole_journal(&(Arc::clone(&node) as _)).await;
    for number in acknowledged {
        let text = format!("{{\"number\":{number}}}");
        assert!(told.iter().any(|entry| **entry == *text.as_bytes()), "{number} was acknowledged and is lost");
    }
    assert_eq!(cluster(&node).node(), number);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replica_that_does_not_answer_makes_the_answer_unknown() {
    let primary = RedisServer::start();
    let replica = RedisServer::replica_of(&primary);
    let wait = Duration::from_millis(200);
    let node = node(&Options { replicas: 1, wait, ..at(&primary.url()) }).await;
    node.commit(numbered(1)).await.unwrap();
    replica.freeze();
    let fault = node.commit(numbered(2)).await.unwrap_err();
    assert!(matches!(&fault, CommitFault::Unknown(text) if text.contains("0 of 1 replicas")), "{fault:?}");
    assert!(matches!(node.commit(numbered(3)).await, Err(CommitFault::Unavailable(_))), "nothing more piles up");
    assert!(node.get(Space::Warning, 1_u64.into()).await.unwrap().is_some(), "it can be read");
    replica.thaw();
    healthy(&node).await;
    node.commit(numbered(4)).await.unwrap();
    let told = whole_journal(&(node as _)).await;
    assert_eq!(told.len(), 3, "the one nobody knew of stands; the refused one does not");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_forgot_the_scripts_is_told_again() {
    let server = RedisServer::start();
    let node = node(&at(&server.url())).await;
    node.commit(numbered(1)).await.unwrap();
    server.cli(&["SCRIPT", "FLUSH"]);
    node.commit(numbered(2)).await.unwrap();
    server.cli(&["SCRIPT", "FLUSH"]);
    assert_eq!(node.list(Space::Warning, None, 10).await.unwrap().len(), 2);
    assert_eq!(node.journal(1, 10).await.unwrap().len(), 2);
    assert_eq!(node.health(), Health::Healthy);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_memory_refuses_the_new_and_takes_the_lift() {
    let server = RedisServer::start();
    let node = node(&Options { lease: Duration::from_secs(1), ..at(&server.url()) }).await;
    for number in 0..4_u64 {
        let large = put(Space::WarningBody, number, &"x".repeat(1 << 20), Expect::Any);
        node.commit(puts([large])).await.unwrap();
    }
    server.cli(&["CONFIG", "SET", "maxmemory", "4mb"]);
    assert_eq!(node.commit_as(Urgency::Pressing, numbered(1)).await.unwrap_err(), CommitFault::Full);
    assert!(matches!(node.health(), Health::Full { .. }), "{:?}", node.health());
    assert_eq!(node.commit(numbered(1)).await.unwrap_err(), CommitFault::Full);
    node.commit_as(Urgency::Reserved, numbered(2)).await.expect("a lift is taken");
    assert!(node.get(Space::WarningBody, 1_u64.into()).await.unwrap().is_some(), "nothing was evicted");
    server.cli(&["CONFIG", "SET", "maxmemory", "1gb"]);
    healthy(&node).await;
    node.commit(numbered(3)).await.unwrap();
    let room = node.room().unwrap();
    assert_eq!(room.total, 1 << 30);
    assert!(room.free > 0 && room.free < room.total);
}

#[tokio::test(flavor = "multi_thread")]
async fn lost_rows_are_counted_and_their_epoch_is_left() {
    let mut server = RedisServer::start();
    // The one that saw nothing of the lost rows; it beats once in fifteen seconds.
    let patient = node(&Options { lease: Duration::from_secs(60), ..at(&server.url()) }).await;
    let node = node(&Options { lease: Duration::from_secs(60), ..at(&server.url()) }).await;
    for number in 1..=3 {
        node.commit(numbered(number)).await.unwrap();
    }
    let kept = server.keep();
    for number in 4..=5 {
        node.commit(numbered(number)).await.unwrap();
    }
    server.kill();
    server.put_back(&kept);
    server.start_again();
    assert!(node.commit(numbered(6)).await.is_err());
    cluster(&node).fenced().cancelled().await;
    let said = reason(&node);
    assert!(said.contains("ends at row 3") && said.contains("2 rows are lost"), "{said}");
    assert!(matches!(node.commit(numbered(6)).await, Err(CommitFault::Unavailable(_))));
    until("the epoch is raised", || async { server.cli(&["HGET", "{fenghuo}:head", "epoch"]) == "2" }).await;
    until("the other goes on", || async { patient.commit(numbered(7)).await.is_ok() }).await;
    assert!(!cluster(&patient).fenced().is_cancelled());
    // The old primary returns with what it had.
    server.cli(&["HSET", "{fenghuo}:head", "epoch", "1"]);
    assert!(patient.commit(numbered(8)).await.is_err());
    assert!(reason(&patient).contains("epoch 1"), "{}", reason(&patient));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_would_lose_what_it_acknowledged_is_refused() {
    let server = RedisServer::start();
    let open = || async { Redis::open(Clock::system(), at(&server.url())).await.map(drop).unwrap_err().to_string() };
    server.cli(&["CONFIG", "SET", "maxmemory-policy", "allkeys-lru"]);
    let said = open().await;
    assert!(said.contains("maxmemory-policy"), "{said}");
    server.cli(&["CONFIG", "SET", "maxmemory-policy", "noeviction"]);
    server.cli(&["CONFIG", "SET", "appendonly", "no"]);
    let said = open().await;
    assert!(said.contains("append-only file"), "{said}");
    assert_eq!(server.cli(&["DBSIZE"]), "0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_row_or_record_is_named() {
    let server = RedisServer::start();
    let node = node(&at(&server.url())).await;
    node.commit(numbered(1)).await.unwrap();
    server.cli(&["EVAL", "local k, f = '{fenghuo}:r:2', redis.call('HKEYS', '{fenghuo}:r:2')[1]; local v = redis.call('HGET', k, f); redis.call('HSET', k, f, v .. 'x')", "0"]);
    let fault = node.get(Space::Warning, 1_u64.into()).await.unwrap_err();
    assert!(fault.0.contains("damaged"), "{fault}");
    server.cli(&["EVAL", "local r = redis.call('XRANGE', '{fenghuo}:journal', '-', '+')[1][2]; redis.call('DEL', '{fenghuo}:journal'); r[12] = r[12] .. 'x'; redis.call('XADD', '{fenghuo}:journal', '1-0', unpack(r))", "0"]);
    let fault = node.journal(1, 10).await.unwrap_err();
    assert!(fault.0.contains("row 1 is damaged"), "{fault}");
    let again = Redis::open(Clock::system(), at(&server.url())).await.map(drop).unwrap_err();
    assert!(again.to_string().contains("damaged"), "{again}");
}
