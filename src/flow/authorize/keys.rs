//! Keys: made, found by the digest of their secret, revoked at once.

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use parking_lot::RwLock;
use subtle::ConstantTimeEq;

use super::{
    Actor, KeyOrder, KeyView, NewKey, TokenFault,
    record::{KeyRecord, named_digest},
    secret_digest,
};
use crate::{
    clock::Clock,
    flow::Unavailable,
    store::{Commit, CommitFault, Entry, EntryKind, Expect, Key, Put, Space, Store, Stored, Urgency, each},
};

/// What every secret begins with, so that scanners and people know one.
const PREFIX: &str = "fh_";

/// Characters of a secret: the prefix and 32 bytes in base64url.
const LENGTH: usize = PREFIX.len() + 43;

/// Holders remembered; beyond them all are forgotten and read again.
const REMEMBERED_MAX: usize = 65_536;

/// How often a revocation is tried against others changing the same record.
const TRIES: usize = 5;

/// The holders of keys used lately. Only what the store said is remembered, never that a key does not exist.
#[derive(Default)]
pub struct Keys {
    remembered: RwLock<Remembered>,
}

#[derive(Default)]
struct Remembered {
    by_digest: HashMap<[u8; 32], Actor>,
    /// Grows with every revocation: what was read before one is not remembered after it.
    revocations: u64,
}

/// Whether a text can be a secret at all; what cannot is not looked up.
pub(super) fn has_form(token: &str) -> bool {
    token.len() == LENGTH
        && token.starts_with(PREFIX)
        && token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

impl Keys {
    /// Who holds the secret with this digest.
    pub(super) async fn holder(&self, store: &Store, digest: [u8; 32]) -> Result<Actor, TokenFault> {
        let revocations = {
            let remembered = self.remembered.read();
            if let Some(actor) = remembered.by_digest.get(&digest) {
                return Ok(actor.clone());
            }
            remembered.revocations
        };
        let id = store.get(Space::ApiKeyDigest, digest.into()).await.map_err(Unavailable::from)?;
        let id = id.ok_or(TokenFault::Unknown)?;
        let record = store.get(Space::ApiKey, Key(id.value.to_vec())).await.map_err(Unavailable::from)?;
        let record = read(&record.ok_or(TokenFault::Unknown)?)?;
        if !bool::from(record.secret.as_bytes().ct_eq(named_digest(&digest).as_bytes())) {
            return Err(TokenFault::Unknown);
        }
        if record.revoked_ms.is_some() {
            return Err(TokenFault::Revoked);
        }
        let actor = record.actor();
        self.remember(digest, actor.clone(), revocations);
        Ok(actor)
    }

    fn remember(&self, digest: [u8; 32], actor: Actor, revocations: u64) {
        let mut remembered = self.remembered.write();
        if remembered.revocations != revocations {
            return;
        }
        if remembered.by_digest.len() >= REMEMBERED_MAX {
            remembered.by_digest.clear();
        }
        remembered.by_digest.insert(digest, actor);
    }

    /// Another node changed a key.
    pub(in crate::flow) fn hear(&self, key: &Key) {
        self.forget(&String::from_utf8_lossy(&key.0));
    }

    fn forget(&self, id: &str) {
        let mut remembered = self.remembered.write();
        remembered.revocations += 1;
        remembered.by_digest.retain(|_, actor| actor.key != id);
    }

    /// Revokes a key; `false` when there is none with this id.
    pub(super) async fn revoke(&self, store: &Store, clock: &Clock, by: &str, id: &str) -> Result<bool, Unavailable> {
        for _ in 0..TRIES {
            let Some(stored) = store.get(Space::ApiKey, id.into()).await? else { return Ok(false) };
            let mut record = read(&stored)?;
            if record.revoked_ms.is_some() {
                self.forget(id);
                return Ok(true);
            }
            record.revoked_ms = Some(clock.unix_ms());
            record.revoked_by = Some(by.to_owned());
            let put = put(Space::ApiKey, id.into(), json(&record)?, Expect::Version(stored.version));
            let commit = Commit { puts: vec![put], entries: vec![decision("key_revoked", by, &record)?] };
            // Known or unknown whether durable: this process takes the key no more.
            let committed = store.commit_as(Urgency::Reserved, commit).await;
            match committed {
                Err(CommitFault::Conflict { .. }) => continue,
                Ok(_) => self.forget(id),
                Err(fault) => {
                    self.forget(id);
                    return Err(fault.into());
                }
            }
            return Ok(true);
        }
        Err(Unavailable::new("the key's record keeps changing".to_owned()))
    }
}

/// Makes a key and stores it.
pub(super) async fn create(store: &Store, clock: &Clock, by: &str, order: KeyOrder) -> Result<NewKey, Unavailable> {
    let secret = format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(clock.random::<32>()));
    let digest = secret_digest(&secret);
    let record = KeyRecord {
        id: format!("key-{:016x}", u64::from_be_bytes(clock.random())),
        role: order.role,
        subject: order.subject,
        person: order.person,
        note: order.note,
        created_ms: clock.unix_ms(),
        created_by: by.to_owned(),
        revoked_ms: None,
        revoked_by: None,
        secret: named_digest(&digest),
    };
    let id = Bytes::from(record.id.clone());
    let puts = vec![
        put(Space::ApiKey, record.id.as_str().into(), json(&record)?, Expect::Absent),
        put(Space::ApiKeyDigest, digest.into(), id, Expect::Absent),
        crate::flow::witness::owed_grant(&record.id, json(&record.view())?),
    ];
    let commit = Commit { puts, entries: vec![decision("key_created", by, &record)?] };
    store.commit(commit).await?;
    Ok(NewKey { key: record.view(), secret })
}

/// The person who holds a key, or its id where the person is not known; `None` when there is no such key.
pub(super) async fn person(store: &Store, id: &str) -> Result<Option<String>, Unavailable> {
    let stored = store.get(Space::ApiKey, id.into()).await?;
    stored.map(|stored| read(&stored).map(|record| record.person.unwrap_or(record.id))).transpose()
}

/// Who holds a key of this id, as the store says now; `None` when there is none or it was revoked.
pub(super) async fn holder_of(store: &Store, id: &str) -> Result<Option<Actor>, Unavailable> {
    let Some(stored) = store.get(Space::ApiKey, id.into()).await? else { return Ok(None) };
    let record = read(&stored)?;
    Ok(record.revoked_ms.is_none().then(|| record.actor()))
}

/// Every key, oldest first.
pub(super) async fn list(store: &Store) -> Result<Vec<KeyView>, Unavailable> {
    let mut records = Vec::new();
    each(store, Space::ApiKey, None, |_, stored| {
        records.push(read(stored)?);
        Ok::<(), Unavailable>(())
    })
    .await?;
    records.sort_by(|a: &KeyRecord, b| (a.created_ms, &a.id).cmp(&(b.created_ms, &b.id)));
    Ok(records.iter().map(KeyRecord::view).collect())
}

fn read(stored: &Stored) -> Result<KeyRecord, Unavailable> {
    serde_json::from_slice(&stored.value).map_err(|fault| Unavailable::new(format!("record of a key: {fault}")))
}

fn json(record: &impl serde::Serialize) -> Result<Bytes, Unavailable> {
    serde_json::to_vec(record).map(Bytes::from).map_err(|fault| Unavailable::new(format!("record of a key: {fault}")))
}

fn put(space: Space, key: Key, value: Bytes, expect: Expect) -> Put {
    Put { space, key, value: Some(value), expect }
}

/// The journal's line about a key: who did what to which, never the secret or its digest.
fn decision(what: &str, by: &str, record: &KeyRecord) -> Result<Entry, Unavailable> {
    let line = serde_json::json!({
        "what": what, "by": by, "key": record.id, "role": record.role, "subject": record.subject, "person": record.person, "note": record.note,
    });
    let data =
        serde_json::to_vec(&line).map_err(|fault| Unavailable::new(format!("journal line of a key: {fault}")))?;
    Ok(Entry { kind: EntryKind::Decision, data: data.into() })
}
