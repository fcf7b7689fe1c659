//! Where the primary is, and that it may move.

use std::sync::Arc;

use fenghuo::store::{CommitFault, Engine, redis::Options};

use super::rig::{at, node, until};
use crate::{
    store::rig::{numbered, whole_journal},
    support::redis::{RedisCluster, RedisSentinel, RedisServer},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_primary_that_is_replaced_loses_nothing_that_was_acknowledged() {
    let mut primary = RedisServer::start();
    let replica = RedisServer::replica_of(&primary);
    let sentinel = RedisSentinel::watching(&primary);
    let node = node(&Options { replicas: 1, ..at(&sentinel.url()) }).await;
    let mut acknowledged = Vec::new();
    for number in 0..50 {
        node.commit(numbered(number)).await.unwrap();
        acknowledged.push(number);
    }
    primary.kill();
    let unanswered = node.commit(numbered(50)).await.unwrap_err();
    assert!(matches!(unanswered, CommitFault::Unknown(_) | CommitFault::Unavailable(_)), "{unanswered:?}");
    until("the replica is the primary", || async { replica.cli(&["ROLE"]).starts_with("master") }).await;
    primary.start_again();
    let mut number = 100;
    until("the store takes commits again", || {
        number += 1;
        let (node, number) = (Arc::clone(&node), number);
        async move { node.commit(numbered(number)).await.is_ok() }
    })
    .await;
    let told = whole_journal(&(node as _)).await;
    for number in acknowledged {
        let text = format!("{{\"number\":{number}}}");
        assert!(told.iter().any(|entry| **entry == *text.as_bytes()), "{number} was acknowledged and is lost");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slot_moves_under_running_commits() {
    let cluster = RedisCluster::start();
    let options = at(&cluster.url());
    let node = node(&options).await;
    node.commit(numbered(0)).await.unwrap();
    let slot = cluster.servers[0].cli(&["CLUSTER", "KEYSLOT", "{fenghuo}:head"]);
    let held = |server: &RedisServer| server.cli(&["CLUSTER", "COUNTKEYSINSLOT", &slot]) != "0";
    let from = cluster.servers.iter().find(|server| held(server)).unwrap();
    let to = cluster.servers.iter().find(|server| server.port != from.port).unwrap();
    let writing = Arc::clone(&node);
    let (moved, mut is_moved) = tokio::sync::watch::channel(false);
    let commits = tokio::spawn(async move {
        let mut acknowledged = Vec::new();
        let mut after = 0;
        for number in 1.. {
            writing.commit(numbered(number)).await.expect("no caller notices");
            acknowledged.push(number);
            after += u64::from(*is_moved.borrow_and_update());
            if after >= 20 {
                break;
            }
        }
        acknowledged
    });
    let (from_id, to_id) = (from.cli(&["CLUSTER", "MYID"]), to.cli(&["CLUSTER", "MYID"]));
    to.cli(&["CLUSTER", "SETSLOT", &slot, "IMPORTING", &from_id]);
    from.cli(&["CLUSTER", "SETSLOT", &slot, "MIGRATING", &to_id]);
    let keys = from.cli(&["CLUSTER", "GETKEYSINSLOT", &slot, "100"]);
    let port = to.port.to_string();
    let mut migrate = vec!["MIGRATE", "127.0.0.1", &port, "", "0", "5000", "KEYS"];
    migrate.extend(keys.lines());
    assert_eq!(from.cli(&migrate), "OK");
    for server in [to, from] {
        server.cli(&["CLUSTER", "SETSLOT", &slot, "NODE", &to_id]);
    }
    moved.send(true).unwrap();
    let acknowledged = commits.await.unwrap();
    assert!(held(to), "the store is on another server now");
    let told = whole_journal(&(node as _)).await;
    assert_eq!(told.len(), acknowledged.len() + 1, "each is there once");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_password_comes_from_its_file() {
    let server = RedisServer::with(&["--requirepass", "flood-42"]);
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("redis.secret");
    std::fs::write(&file, "wrong\n").unwrap();
    let options = Options { password_file: Some(file.clone()), ..at(&server.url()) };
    let open = || fenghuo::store::redis::Redis::open(fenghuo::clock::Clock::system(), options.clone());
    let said = open().await.map(drop).unwrap_err().to_string();
    assert!(!said.contains("wrong"), "{said}");
    std::fs::write(&file, "flood-42\n").unwrap();
    let node = open().await.unwrap();
    node.commit(numbered(1)).await.unwrap();
}
