use std::sync::Arc;

use super::*;
use crate::{
    flow::authorize::Role,
    store::{EntryKind, memory::Memory},
};

fn world() -> (Store, Clock, Keys) {
    let clock = Clock::simulated(1_800_000_000_000, 7);
    (Arc::new(Memory::new(clock.clone())), clock, Keys::default())
}

async fn issuer_key(store: &Store, clock: &Clock) -> NewKey {
    create(
        store,
        clock,
        "local",
        KeyOrder {
            note: "duty desk".to_owned(),
            person: Some("张三".to_owned()),
            ..KeyOrder::new(Role::Issuer, Some("flood".to_owned()))
        },
    )
    .await
    .expect("stored")
}

#[tokio::test]
async fn a_key_is_known_until_it_is_revoked_and_at_once_no_more() {
    let (store, clock, keys) = world();
    let made = issuer_key(&store, &clock).await;
    assert!(has_form(&made.secret), "{}", made.secret);
    let digest = secret_digest(&made.secret);
    for _ in 0..2 {
        let actor = keys.holder(&store, digest).await.expect("known");
        assert_eq!(
            (actor.key.as_str(), actor.role, actor.subject.as_deref()),
            (made.key.id.as_str(), Role::Issuer, Some("flood"))
        );
    }
    assert!(keys.revoke(&store, &clock, "key-of-security", &made.key.id).await.expect("stored"));
    assert!(matches!(keys.holder(&store, digest).await, Err(TokenFault::Revoked)));
    assert!(keys.revoke(&store, &clock, "key-of-security", &made.key.id).await.expect("still revoked"));
    assert!(!keys.revoke(&store, &clock, "key-of-security", "key-none").await.expect("read"));
    let listed = list(&store).await.expect("read");
    assert!(listed.len() == 1 && listed[0].revoked_at.is_some(), "{listed:?}");
}

#[tokio::test]
async fn an_unknown_secret_is_not_a_revoked_one() {
    let (store, _, keys) = world();
    assert!(matches!(keys.holder(&store, secret_digest("fh_x")).await, Err(TokenFault::Unknown)));
}

#[tokio::test]
async fn what_was_read_before_a_revocation_is_not_remembered_after_it() {
    let (store, clock, keys) = world();
    let made = issuer_key(&store, &clock).await;
    let digest = secret_digest(&made.secret);
    let before = keys.remembered.read().revocations;
    let actor = keys.holder(&store, digest).await.expect("known");
    keys.revoke(&store, &clock, "local", &made.key.id).await.expect("stored");
    keys.remember(digest, actor, before);
    assert!(matches!(keys.holder(&store, digest).await, Err(TokenFault::Revoked)));
}

#[tokio::test]
async fn the_secret_stands_nowhere_in_the_store_and_every_change_in_the_journal() {
    let (store, clock, keys) = world();
    let made = issuer_key(&store, &clock).await;
    keys.revoke(&store, &clock, "key-of-security", &made.key.id).await.expect("stored");
    let secret = made.secret.strip_prefix(PREFIX).expect("its prefix");
    for space in [Space::ApiKey, Space::ApiKeyDigest] {
        for (key, stored) in store.list(space, None, 10).await.expect("read") {
            assert!(!contains(&key.0, secret) && !contains(&stored.value, secret), "{space:?}");
        }
    }
    let rows = store.journal(1, 10).await.expect("read");
    let lines: Vec<String> = rows
        .iter()
        .flat_map(|row| &row.entries)
        .map(|(_, entry)| {
            assert_eq!(entry.kind, EntryKind::Decision);
            String::from_utf8(entry.data.to_vec()).expect("text")
        })
        .collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0].contains("key_created") && lines[0].contains("flood"), "{}", lines[0]);
    assert!(lines[1].contains("key_revoked") && lines[1].contains("key-of-security"), "{}", lines[1]);
    assert!(lines.iter().all(|line| !line.contains(secret) && line.contains(&made.key.id)));
    assert!(!format!("{made:?}").contains(secret), "Debug shows it");
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

#[test]
fn what_cannot_be_a_secret_is_not_looked_up() {
    let good = format!("fh_{}", "A".repeat(43));
    assert!(has_form(&good));
    for bad in ["", "fh_", &good[1..], &format!("{good}A"), &good.replace('A', "."), &good.replacen("fh_", "xx_", 1)] {
        assert!(!has_form(bad), "{bad}");
    }
}
