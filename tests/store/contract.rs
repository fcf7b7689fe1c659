//! The contract, run against every engine.

use std::collections::HashSet;

use bytes::Bytes;
use fenghuo::store::{Appended, CommitFault, EntryKind, Expect, Key, Space, Stored};

use super::{
    redis::{ClusterRig, RedisRig, ReplicaRig},
    rig::{DurableRig, EmbeddedRig, MemoryRig, Rig, entries, entry, numbered, put, puts, removal, whole_journal},
};

/// The tests that every engine passes.
macro_rules! contract {
    ($engine:ident, $rig:ty, [$($name:ident),* $(,)?]) => {
        mod $engine {
            use super::*;
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    super::$name::<$rig>().await;
                }
            )*
        }
    };
    ($engine:ident, $rig:ty) => {
        contract!($engine, $rig, [
            one_of_many_racing_creations_wins,
            compare_and_set_loses_no_increment,
            a_conflict_leaves_the_whole_commit_unapplied,
            expectations_are_about_what_stood_before,
            versions_grow_by_one_and_start_again_after_a_removal,
            many_records_come_in_the_order_asked_for,
            a_list_is_in_key_order_within_its_space,
            a_large_value_comes_back_whole,
            the_journal_is_gapless_and_says_where_entries_stand,
            part_of_an_entry_can_be_read,
            replay_shows_what_the_journal_holds,
            concurrent_commits_are_each_journaled_once,
            a_closed_store_says_so,
        ]);
    };
}

contract!(embedded, EmbeddedRig);
contract!(memory, MemoryRig);
contract!(redis, RedisRig);
contract!(redis_cluster, ClusterRig);
contract!(redis_replica, ReplicaRig);
contract!(embedded_durable, EmbeddedRig, [reopening_keeps_everything]);
contract!(redis_durable, RedisRig, [reopening_keeps_everything]);

fn stored(version: u64, value: &str) -> Option<Stored> {
    Some(Stored { version, value: Bytes::copy_from_slice(value.as_bytes()) })
}

async fn one_of_many_racing_creations_wins<R: Rig>() {
    let rig = R::new().await;
    let racing = (0..32).map(|racer: u32| {
        let store = rig.store();
        let create = puts([put(Space::WarningIdentity, "same", &racer.to_string(), Expect::Absent)]);
        async move { (racer, store.commit(create).await) }
    });
    let (mut won, mut lost) = (Vec::new(), 0);
    for (racer, outcome) in futures_util::future::join_all(racing).await {
        match outcome {
            Ok(committed) => won.push((racer, committed.versions)),
            Err(fault) => {
                assert_eq!(fault, CommitFault::Conflict { index: 0, version: Some(1) });
                lost += 1;
            }
        }
    }
    assert_eq!((won.len(), lost), (1, 31));
    let (winner, versions) = won.remove(0);
    assert_eq!(versions, [1]);
    let stands = rig.store().get(Space::WarningIdentity, "same".into()).await.unwrap();
    assert_eq!(stands, stored(1, &winner.to_string()));
}

async fn compare_and_set_loses_no_increment<R: Rig>() {
    let rig = R::new().await;
    let incrementing = (0..8).map(|_| {
        let store = rig.store();
        async move {
            let mut done = 0;
            while done < 10 {
                let stands = store.get(Space::Plan, 1_u64.into()).await.unwrap();
                let (value, expect) = stands.map_or((0, Expect::Absent), |stored| {
                    (std::str::from_utf8(&stored.value).unwrap().parse().unwrap(), Expect::Version(stored.version))
                });
                let next = puts([put(Space::Plan, 1_u64, &(value + 1_u64).to_string(), expect)]);
                match store.commit(next).await {
                    Ok(_) => done += 1,
                    Err(CommitFault::Conflict { .. }) => {}
                    Err(fault) => panic!("{fault}"),
                }
            }
        }
    });
    futures_util::future::join_all(incrementing).await;
    assert_eq!(rig.store().get(Space::Plan, 1_u64.into()).await.unwrap(), stored(80, "80"));
}

async fn a_conflict_leaves_the_whole_commit_unapplied<R: Rig>() {
    let rig = R::new().await;
    let store = rig.store();
    store.commit(puts([put(Space::Screen, "b", "stands", Expect::Any)])).await.unwrap();
    let (before, _) = store.head().await.unwrap();
    let mut commit = puts([
        put(Space::Screen, "a", "new", Expect::Absent),
        put(Space::Screen, "b", "changed", Expect::Version(7)),
        put(Space::Screen, "c", "new", Expect::Absent),
    ]);
    commit.entries.push(entry(EntryKind::Decision, "never decided"));
    let fault = store.commit(commit).await.unwrap_err();
    assert_eq!(fault, CommitFault::Conflict { index: 1, version: Some(1) });
    let listed = store.list(Space::Screen, None, 10).await.unwrap();
    assert_eq!(listed, [("b".into(), stored(1, "stands").unwrap())]);
    assert_eq!(store.head().await.unwrap().0, before);
    let absent = puts([removal(Space::Screen, "z", Expect::Version(1))]);
    let fault = store.commit(absent).await.unwrap_err();
    assert_eq!(fault, CommitFault::Conflict { index: 0, version: None });
}

async fn expectations_are_about_what_stood_before<R: Rig>() {
    let rig = R::new().await;
    let store = rig.store();
    let twice = puts([
        put(Space::Meta, "same key", "first", Expect::Absent),
        put(Space::Meta, "same key", "second", Expect::Absent),
    ]);
    assert_eq!(store.commit(twice).await.unwrap().versions, [1, 2]);
    assert_eq!(store.get(Space::Meta, "same key".into()).await.unwrap(), stored(2, "second"));
}

async fn versions_grow_by_one_and_start_again_after_a_removal<R: Rig>() {
    let rig = R::new().await;
    let store = rig.store();
    for version in 1..=3 {
        let change = puts([put(Space::Recipient, 5_u32, &version.to_string(), Expect::Any)]);
        assert_eq!(store.commit(change).await.unwrap().versions, [version]);
    }
    let remove = puts([removal(Space::Recipient, 5_u32, Expect::Version(3))]);
    assert_eq!(store.commit(remove).await.unwrap().versions, [0]);
    assert_eq!(store.get(Space::Recipient, 5_u32.into()).await.unwrap(), None);
    let again = puts([removal(Space::Recipient, 5_u32, Expect::Any)]);
    assert_eq!(store.commit(again).await.unwrap().versions, [0], "what is not there can be removed");
    let create = puts([put(Space::Recipient, 5_u32, "again", Expect::Absent)]);
    assert_eq!(store.commit(create).await.unwrap().versions, [1]);
}

async fn many_records_come_in_the_order_asked_for<R: Rig>() {
    let rig = R::new().await;
    let store = rig.store();
    let all: Vec<_> = (0..500_u32).map(|row| put(Space::Recipient, row, &row.to_string(), Expect::Absent)).collect();
    store.commit(puts(all)).await.unwrap();
    let asked: Vec<u32> = [499, 3, 700, 3, 0].into_iter().chain((0..10_000).map(|n| n * 7 % 600)).collect();
    let keys = asked.iter().map(|row| Key::from(*row)).collect();
    let found = store.get_many(Space::Recipient, keys).await.unwrap();
    let expected: Vec<_> =
        asked.iter().map(|row| if *row < 500 { stored(1, &row.to_string()) } else { None }).collect();
    assert_eq!(found, expected);
    assert_eq!(store.get_many(Space::Recipient, Vec::new()).await.unwrap(), []);
}

async fn a_list_is_in_key_order_within_its_space<R: Rig>() {
    let rig = R::new().await;
    let store = rig.store();
    let rows = [70_000_u32, 3, 256, 255, 1];
    let mut all: Vec<_> = rows.iter().map(|row| put(Space::Recipient, *row, "r", Expect::Any)).collect();
    all.push(put(Space::RecipientExternal, 4_u32, "other space", Expect::Any));
    all.push(put(Space::RecipientAddress, 2_u32, "other space", Expect::Any));
    store.commit(puts(all)).await.unwrap();
    let keys = |listed: Vec<(Key, Stored)>| listed.into_iter().map(|(key, _)| key).collect::<Vec<_>>();
    let first = keys(store.list(Space::Recipient, None, 3).await.unwrap());
    assert_eq!(first, [1_u32.into(), 3_u32.into(), 255_u32.into()]);
    let rest = keys(store.list(Space::Recipient, first.last().cloned(), 3).await.unwrap());
    assert_eq!(rest, [256_u32.into(), 70_000_u32.into()]);
    assert_eq!(store.list(Space::Recipient, rest.last().cloned(), 3).await.unwrap(), []);
    assert_eq!(store.list(Space::Recipient, None, 0).await.unwrap(), []);
}

async fn a_large_value_comes_back_whole<R: Rig>() {
    let rig = R::new().await;
    let store = rig.store();
    let value: Bytes = (0..3_000_000_u32).map(|n| (n % 251) as u8).collect();
    let mut large = put(Space::WarningBody, "w", "", Expect::Absent);
    large.value = Some(value.clone());
    let mut commit = puts([large]);
    commit.entries.push(entry(EntryKind::Outcomes, value.to_vec()));
    let at = store.commit(commit).await.unwrap().entries[0];
    assert_eq!(store.get(Space::WarningBody, "w".into()).await.unwrap().unwrap().value, value);
    assert_eq!(store.journal(at.sequence, 1).await.unwrap()[0].entries[0].1.data, value);
}

async fn the_journal_is_gapless_and_says_where_entries_stand<R: Rig>() {
    let rig = R::new().await;
    let store = rig.store();
    assert_eq!(store.head().await.unwrap(), (0, [0; 32]));
    assert!(store.journal(1, 10).await.unwrap().is_empty());
    let mut hashes = HashSet::new();
    for round in 0..20_u8 {
        let kinds = [EntryKind::Decision, EntryKind::Leases, EntryKind::Outcomes];
        let data: Vec<Vec<u8>> = (0..3_usize).map(|n| vec![round; n * 10]).collect();
        let commit = kinds.iter().zip(&data).map(|(kind, data)| entry(*kind, data.clone())).collect::<Vec<_>>();
        let stand = store.commit(entries(commit)).await.unwrap().entries;
        let (sequence, hash) = store.head().await.unwrap();
        let row = store.journal(sequence, 5).await.unwrap().remove(0);
        assert_eq!((row.sequence, row.hash), (sequence, hash));
        assert!(hashes.insert(hash), "every row has its own hash");
        let read: Vec<_> =
            row.entries.iter().map(|(offset, entry)| (*offset, entry.kind, entry.data.to_vec())).collect();
        let expected: Vec<_> =
            stand.iter().zip(kinds).zip(data).map(|((at, kind), data)| (at.offset, kind, data)).collect();
        assert_eq!(read, expected);
        assert!(stand.iter().all(|at| at.sequence == sequence));
    }
    assert_eq!(whole_journal(&store).await.len(), 60);
    let from = store.head().await.unwrap().0 - 4;
    let page = store.journal(from, 3).await.unwrap();
    assert_eq!(page.iter().map(|row| row.sequence).collect::<Vec<_>>(), [from, from + 1, from + 2]);
    assert!(store.journal(from + 5, 10).await.unwrap().is_empty());
}

async fn part_of_an_entry_can_be_read<R: Rig>() {
    let rig = R::new().await;
    let store = rig.store();
    let outcomes: Vec<u8> = (0..39 * 100_u32).map(|n| (n % 251) as u8).collect();
    let commit = entries([entry(EntryKind::Leases, "before"), entry(EntryKind::Outcomes, outcomes.clone())]);
    let at = store.commit(commit).await.unwrap().entries[1];
    let inside = |offset: u32| Appended { offset: at.offset + offset, ..at };
    for outcome in [0, 50, 99_u32] {
        let start = outcome as usize * 39;
        let read = store.entry_bytes(inside(outcome * 39), 39).await.unwrap();
        assert_eq!(read.as_deref(), Some(&outcomes[start..start + 39]));
    }
    assert_eq!(store.entry_bytes(inside(99 * 39 + 1), 39).await.unwrap(), None, "behind the end of the entry");
    assert_eq!(store.entry_bytes(Appended { offset: 0, ..at }, 4).await.unwrap(), None, "before any entry");
    assert_eq!(store.entry_bytes(Appended { sequence: at.sequence + 1, ..at }, 1).await.unwrap(), None);
    assert_eq!(store.entry_bytes(at, u32::MAX).await.unwrap(), None);
}

async fn replay_shows_what_the_journal_holds<R: Rig>() {
    let rig = R::new().await;
    let store = rig.store();
    for number in 0..50_u64 {
        let commit = entries([entry(EntryKind::Outcomes, vec![7; number as usize]), entry(EntryKind::Leases, "x")]);
        store.commit(commit).await.unwrap();
        store.commit(numbered(number)).await.unwrap();
    }
    for from in [0, 1, 17, 1_000_000] {
        let mut shown = Vec::new();
        let mut visit = |row: fenghuo::store::JournalRowRef<'_>| {
            let entries = row.entries().map(|entry| (entry.offset, entry.kind, entry.data.to_vec()));
            shown.push((row.sequence, row.at_ms, row.hash, entries.collect::<Vec<_>>()));
        };
        store.replay(from, &mut visit).await.unwrap();
        let held = store.journal(from, 1_000).await.unwrap().into_iter().map(|row| {
            let entries = row.entries.iter().map(|(offset, entry)| (*offset, entry.kind, entry.data.to_vec()));
            (row.sequence, row.at_ms, row.hash, entries.collect::<Vec<_>>())
        });
        assert_eq!(shown, held.collect::<Vec<_>>());
        assert_eq!(shown.is_empty(), from == 1_000_000);
    }
}

async fn concurrent_commits_are_each_journaled_once<R: Rig>() {
    let rig = R::new().await;
    let mut committing = tokio::task::JoinSet::new();
    for number in 0..200_u64 {
        let store = rig.store();
        committing.spawn(async move { (number, store.commit(numbered(number)).await.unwrap()) });
    }
    let mut places = HashSet::new();
    for (number, committed) in committing.join_all().await {
        let at = committed.entries[0];
        assert!(places.insert(at), "two entries at one place");
        let text = format!("{{\"number\":{number}}}");
        let read = rig.store().entry_bytes(at, text.len() as u32).await.unwrap();
        assert_eq!(read.as_deref(), Some(text.as_bytes()));
    }
    let all: Vec<Bytes> = whole_journal(&rig.store()).await;
    assert_eq!(all.len(), 200);
    assert_eq!(all.into_iter().collect::<HashSet<_>>().len(), 200);
}

async fn a_closed_store_says_so<R: Rig>() {
    let rig = R::new().await;
    let store = rig.store();
    store.commit(numbered(1)).await.unwrap();
    store.close().await;
    store.close().await;
    assert!(matches!(store.commit(numbered(2)).await, Err(CommitFault::Unavailable(_))));
    assert!(store.get(Space::Warning, 1_u64.into()).await.is_err());
    assert!(store.journal(1, 1).await.is_err());
}

async fn reopening_keeps_everything<R: DurableRig>() {
    let mut rig = R::new().await;
    for round in 0..4_u64 {
        let committing = (0..25).map(|n| {
            let store = rig.store();
            async move { store.commit(numbered(round * 25 + n)).await.unwrap() }
        });
        futures_util::future::join_all(committing).await;
        let gone = puts([removal(Space::Warning, round * 25, Expect::Version(1))]);
        rig.store().commit(gone).await.unwrap();
        let head = rig.store().head().await.unwrap();
        rig.reopen().await;
        let store = rig.store();
        assert_eq!(store.head().await.unwrap(), head);
        assert_eq!(whole_journal(&store).await.len() as u64, (round + 1) * 25);
        assert_eq!(store.list(Space::Warning, None, 1_000).await.unwrap().len() as u64, (round + 1) * 24);
    }
}
