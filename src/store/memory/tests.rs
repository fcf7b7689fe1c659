use bytes::Bytes;

use super::Memory;
use crate::{
    clock::Clock,
    store::{Commit, CommitFault, Engine, Entry, EntryKind, Expect, Key, Put, Space},
};

fn memory() -> Memory {
    Memory::new(Clock::simulated(1_000, 1))
}

fn put(key: &str, value: Option<&'static str>, expect: Expect) -> Put {
    Put { space: Space::Meta, key: key.into(), value: value.map(Bytes::from), expect }
}

fn puts(puts: Vec<Put>) -> Commit {
    Commit { puts, entries: Vec::new() }
}

fn note(text: &'static str) -> Entry {
    Entry { kind: EntryKind::Decision, data: Bytes::from(text) }
}

#[tokio::test(start_paused = true)]
async fn a_conflict_applies_nothing() {
    let store = memory();
    store.commit(puts(vec![put("a", Some("1"), Expect::Absent)])).await.unwrap();
    let mut second = puts(vec![put("b", Some("1"), Expect::Any), put("a", Some("2"), Expect::Version(7))]);
    second.entries.push(note("never"));
    let fault = store.commit(second).await.unwrap_err();
    assert_eq!(fault, CommitFault::Conflict { index: 1, version: Some(1) });
    assert_eq!(store.get(Space::Meta, "b".into()).await.unwrap(), None);
    assert_eq!(store.head().await.unwrap(), (0, [0; 32]));
}

#[tokio::test(start_paused = true)]
async fn expectations_speak_of_what_stood_before_the_commit() {
    let store = memory();
    let both = puts(vec![put("a", Some("1"), Expect::Absent), put("a", Some("2"), Expect::Absent)]);
    assert_eq!(store.commit(both).await.unwrap().versions, [1, 2]);
    let gone = store.commit(puts(vec![put("a", None, Expect::Version(2))])).await.unwrap();
    assert_eq!(gone.versions, [0]);
    assert_eq!(store.get(Space::Meta, "a".into()).await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn lists_in_key_order_above_a_key() {
    let store = memory();
    let all = ["c", "a", "b", "aa"].map(|key| put(key, Some("x"), Expect::Any));
    store.commit(puts(all.into())).await.unwrap();
    let listed = store.list(Space::Meta, Some(Key::from("a")), 2).await.unwrap();
    assert_eq!(listed.into_iter().map(|(key, _)| key).collect::<Vec<_>>(), [Key::from("aa"), Key::from("b")]);
    let many = store.get_many(Space::Meta, vec!["z".into(), "c".into()]).await.unwrap();
    assert!(many[0].is_none() && many[1].is_some());
}

#[tokio::test(start_paused = true)]
async fn the_journal_has_no_gaps_and_a_chain() {
    let store = memory();
    for texts in [vec!["one", "two"], vec![], vec!["three"]] {
        let entries = texts.into_iter().map(note).collect();
        store.commit(Commit { puts: Vec::new(), entries }).await.unwrap();
    }
    let rows = store.journal(0, 10).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.sequence).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(rows[0].entries.len(), 2);
    assert_ne!(rows[0].hash, rows[1].hash);
    assert_eq!(store.head().await.unwrap(), (2, rows[1].hash));
    assert_eq!(store.journal(2, 10).await.unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_closed_store_takes_and_tells_nothing() {
    let store = memory();
    store.close().await;
    assert!(matches!(store.commit(Commit::default()).await, Err(CommitFault::Unavailable(_))));
    assert!(store.get(Space::Meta, "a".into()).await.is_err());
}
