//! Following what all nodes commit.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use fenghuo::store::{Engine, Expect, FollowFault, Key, Space, Stored};

use super::rig::{at, cluster, node};
use crate::{
    store::rig::{numbered, put, puts, removal},
    support::redis::RedisServer,
};

#[tokio::test(flavor = "multi_thread")]
async fn every_row_is_shown_once_with_what_it_changed() {
    let server = RedisServer::start();
    let (one, other) = (node(&at(&server.url())).await, node(&at(&server.url())).await);
    let none = cluster(&other).changes(0, Duration::ZERO).await.unwrap();
    assert!(none.is_empty());
    one.commit(puts([put(Space::Screen, "a", "first", Expect::Absent)])).await.unwrap();
    other.commit(numbered(7)).await.unwrap();
    one.commit(puts([
        put(Space::Screen, "a", "second", Expect::Version(1)),
        removal(Space::Warning, 7_u64, Expect::Any),
    ]))
    .await
    .unwrap();
    let changes = cluster(&other).changes(0, Duration::ZERO).await.unwrap();
    let stored = |version, value: &str| Some(Stored { version, value: Bytes::copy_from_slice(value.as_bytes()) });
    let seven = || Key::from(7_u64);
    assert_eq!(changes.iter().map(|change| change.sequence).collect::<Vec<_>>(), [1, 2, 3]);
    let (first, second) = (cluster(&one).node(), cluster(&other).node());
    assert_eq!(changes.iter().map(|change| change.node).collect::<Vec<_>>(), [first, second, first]);
    assert_eq!(changes[0].puts, [(Space::Screen, "a".into(), stored(1, "first"))]);
    assert_eq!(changes[1].puts, [(Space::Warning, seven(), stored(1, "{\"number\":7}"))]);
    assert_eq!(changes[2].puts, [(Space::Screen, "a".into(), stored(2, "second")), (Space::Warning, seven(), None)]);
    let row = one.journal(2, 1).await.unwrap().remove(0);
    assert_eq!((row.at_ms, row.entries.len()), (changes[1].at_ms, changes[1].entries.len()));
    assert_eq!(row.entries[0].0, changes[1].entries[0].0);
    assert_eq!(row.entries[0].1.data, changes[1].entries[0].1.data);
    assert_eq!(cluster(&one).changes(2, Duration::ZERO).await.unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_waits_hears_of_the_next_row() {
    let server = RedisServer::start();
    let (one, other) = (node(&at(&server.url())).await, node(&at(&server.url())).await);
    let following = cluster(&other);
    let mut waiting = tokio::task::JoinSet::new();
    waiting.spawn(async move {
        let (mut seen, mut after) = (Vec::new(), 0);
        while seen.len() < 100 {
            for change in following.changes(after, Duration::from_secs(60)).await.unwrap() {
                assert_eq!(change.sequence, after + 1, "a gap");
                after = change.sequence;
                seen.extend(change.entries.into_iter().map(|(_, entry)| entry.data));
            }
        }
        seen
    });
    let mut sent = Vec::new();
    for number in 0..100 {
        let commit = numbered(number);
        sent.push(commit.entries[0].data.clone());
        one.commit(commit).await.unwrap();
    }
    let seen = tokio::time::timeout(Duration::from_secs(30), waiting.join_all()).await.expect("it hears").remove(0);
    assert_eq!(seen, sent);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_fell_too_far_behind_is_told() {
    let server = RedisServer::start();
    let node = node(&at(&server.url())).await;
    for number in 0..20 {
        node.commit(numbered(number)).await.unwrap();
    }
    let head = node.head().await.unwrap().0;
    server.cli(&["XTRIM", "{fenghuo}:changes", "MAXLEN", "5"]);
    for after in [0, head - 6] {
        let fault = cluster(&node).changes(after, Duration::ZERO).await.unwrap_err();
        assert!(matches!(fault, FollowFault::Gone { after: said } if said == after), "{fault}");
    }
    assert_eq!(cluster(&node).changes(head - 5, Duration::ZERO).await.unwrap().len(), 5);
    assert!(matches!(cluster(&node).changes(head + 1, Duration::ZERO).await, Err(FollowFault::Strange(_))));
    assert_eq!(node.journal(1, 100).await.unwrap().len() as u64, head, "the journal is whole");
}

#[tokio::test(flavor = "multi_thread")]
async fn large_changes_are_kept_up_to_their_bound() {
    let server = RedisServer::start();
    let node = node(&at(&server.url())).await;
    let large = "x".repeat(2 << 20);
    for number in 0..128_u64 {
        node.commit(puts([put(Space::WarningBody, number % 4, &large, Expect::Any)])).await.unwrap();
    }
    let kept: usize = server.cli(&["XLEN", "{fenghuo}:changes"]).parse().unwrap();
    let bound = fenghuo::store::redis::CHANGES_BYTES / large.len();
    assert!((1..=bound + 64).contains(&kept), "{kept} of at most {bound} and what came since the last look");
    let following = cluster(&Arc::clone(&node));
    let page = following.changes(128 - kept as u64, Duration::ZERO).await.unwrap();
    assert!(!page.is_empty() && page.len() < kept, "a page ends when it is large");
}
