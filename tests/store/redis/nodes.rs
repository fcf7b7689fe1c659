//! Who lives, who is fenced, and who does what only one may do.

use std::time::Duration;

use fenghuo::store::{CommitFault, Engine, redis::Options};

use super::rig::{at, cluster, node, until};
use crate::{store::rig::numbered, support::redis::RedisServer};

/// A node of this lease; nodes with a long one beat seldom, those with a short one look often.
fn leased(server: &RedisServer, lease: Duration) -> Options {
    Options { lease, ..at(&server.url()) }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_silent_node_is_fenced_and_its_roles_are_free() {
    let server = RedisServer::start();
    let silent = node(&leased(&server, Duration::from_secs(600))).await;
    silent.commit(numbered(1)).await.unwrap();
    assert!(cluster(&silent).hold("planner").await.unwrap());
    let watching = node(&leased(&server, Duration::from_secs(1))).await;
    until("the silent one is struck off", || async {
        cluster(&watching).nodes().await.unwrap() == [cluster(&watching).node()]
    })
    .await;
    assert!(cluster(&watching).hold("planner").await.unwrap(), "what a dead node did can be done");
    let fault = silent.commit(numbered(2)).await.unwrap_err();
    assert!(matches!(&fault, CommitFault::Unavailable(text) if text.contains("taken for dead")), "{fault:?}");
    assert!(cluster(&silent).fenced().is_cancelled());
    assert!(cluster(&silent).hold("planner").await.is_err());
    assert_eq!(watching.head().await.unwrap().0, 1, "nothing of it was written");
    watching.commit(numbered(3)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_rise_and_a_node_that_stops_says_so() {
    let server = RedisServer::start();
    let long = leased(&server, Duration::from_secs(4));
    let (one, other) = (node(&long).await, node(&long).await);
    let (first, second) = (cluster(&one).node(), cluster(&other).node());
    assert!(first < second);
    until("they know each other", || async {
        cluster(&one).nodes().await.unwrap() == [first, second]
            && cluster(&other).nodes().await.unwrap() == [first, second]
    })
    .await;
    assert!(cluster(&one).hold("planner").await.unwrap());
    assert!(!cluster(&other).hold("planner").await.unwrap());
    assert!(cluster(&one).hold("planner").await.unwrap(), "it keeps it");
    assert!(cluster(&other).hold("canary").await.unwrap(), "each role is its own");
    cluster(&one).give_back("planner").await.unwrap();
    assert!(cluster(&other).hold("planner").await.unwrap());
    cluster(&one).give_back("planner").await.unwrap();
    assert!(!cluster(&one).hold("planner").await.unwrap(), "only who has it gives it back");
    other.close().await;
    assert!(cluster(&one).hold("planner").await.unwrap(), "free at once, not after the lease");
    until("it is gone", || async { cluster(&one).nodes().await.unwrap() == [first] }).await;
    let third = node(&long).await;
    assert!(cluster(&third).node() > second);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_of_several_nodes_make_one_chain() {
    let server = RedisServer::start();
    let options = at(&server.url());
    let mut nodes = Vec::new();
    for _ in 0..4 {
        nodes.push(node(&options).await);
    }
    let mut committing = tokio::task::JoinSet::new();
    for (number, node) in nodes.iter().enumerate() {
        for count in 0..50_u64 {
            let node = std::sync::Arc::clone(node);
            let number = number as u64 * 1_000 + count;
            committing.spawn(async move { node.commit(numbered(number)).await.unwrap().entries[0] });
        }
    }
    let places: std::collections::HashSet<_> = committing.join_all().await.into_iter().collect();
    assert_eq!(places.len(), 200, "every entry has its place");
    let mut shown = 0;
    // Replay checks that each row follows from the one before it.
    nodes[0].replay(1, &mut |row| shown += row.entries().count()).await.unwrap();
    assert_eq!(shown, 200);
    let heads = futures_util::future::join_all(nodes.iter().map(|node| node.head())).await;
    assert!(heads.iter().all(|head| head.as_ref().unwrap() == heads[0].as_ref().unwrap()));
}
