//! Seals what must not be read from the disk: addresses of people.
//!
//! One master key in one file ([`Vault::open_or_create`]); from it a separate key is derived for each use: sealing
//! (AES-256-GCM), finding a sealed value again without unsealing anything ([`Vault::lookup`]), authentication codes of
//! other parts ([`Vault::mac`]) and the check value that tells a wrong key from a right one ([`Vault::fingerprint`]).
//!
//! A sealed value begins with the number of its algorithm, so that another one (SM4-GCM) can stand beside it and old
//! values stay readable.

mod key_file;

#[cfg(test)]
mod tests;

use aes_gcm::{
    Aes256Gcm, Nonce,
    aead::{Aead, KeyInit, Payload},
};
use bytes::Bytes;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

pub use key_file::KeyFault;

use super::{Commit, CommitFault, Expect, Put, Space, Store};

/// Number of AES-256-GCM at the head of a sealed value.
const AES_256_GCM: u8 = 1;
const NONCE: usize = 12;
const TAG: usize = 16;

/// Which field of which record a sealed value belongs to. It is authenticated with the value: sealed bytes moved to
/// another record or field do not open there.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The space of the record.
    pub space: Space,
    /// The key of the record.
    pub key: &'a [u8],
    /// The field within the record.
    pub field: &'a str,
}

impl Context<'_> {
    fn associated_data(&self) -> Vec<u8> {
        let length = u32::try_from(self.key.len()).unwrap_or(u32::MAX);
        [&[self.space as u8], &length.to_be_bytes()[..], self.key, self.field.as_bytes()].concat()
    }
}

/// A sealed value does not open: it was altered, belongs elsewhere, or was sealed with another key or algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("sealed value does not open here")]
pub struct Unsealable;

/// The keys of one installation. Shows nothing of itself and is wiped when dropped.
pub struct Vault {
    cipher: Aes256Gcm,
    lookup: Zeroizing<[u8; 32]>,
    mac: Zeroizing<[u8; 32]>,
    fingerprint: String,
}

impl Vault {
    /// The vault of a master key.
    #[must_use]
    pub fn with_key(master: &[u8; 32]) -> Self {
        let derive = |purpose: &str| Zeroizing::new(keyed_hash(master, &[b"fenghuo/1/", purpose.as_bytes()]));
        let check = derive("check");
        Self {
            cipher: Aes256Gcm::new((&*derive("seal")).into()),
            lookup: derive("lookup"),
            mac: derive("mac"),
            fingerprint: check[..8].iter().map(|byte| format!("{byte:02x}")).collect(),
        }
    }

    /// Seals a value for one place. `nonce` must be fresh chance for every call
    /// ([`Clock::random`](crate::clock::Clock::random)); 96 random bits allow some 2³² values under one key.
    #[must_use]
    pub fn seal(&self, context: Context<'_>, plain: &[u8], nonce: [u8; NONCE]) -> Vec<u8> {
        let payload = Payload { msg: plain, aad: &context.associated_data() };
        let sealed = self.cipher.encrypt(&Nonce::from(nonce), payload).expect("only a value above 64 GiB is refused");
        [&[AES_256_GCM], &nonce[..], &sealed].concat()
    }

    /// Opens a value that was sealed for the same place.
    ///
    /// # Errors
    /// [`Unsealable`].
    pub fn unseal(&self, context: Context<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Unsealable> {
        let (&algorithm, rest) = sealed.split_first().ok_or(Unsealable)?;
        if algorithm != AES_256_GCM || rest.len() < NONCE + TAG {
            return Err(Unsealable);
        }
        let (nonce, msg) = rest.split_first_chunk::<NONCE>().ok_or(Unsealable)?;
        let payload = Payload { msg, aad: &context.associated_data() };
        self.cipher.decrypt(&Nonce::from(*nonce), payload).map(Zeroizing::new).map_err(|_| Unsealable)
    }

    /// Keyed hash by which a sealed value of some kind is found again. Without the key it cannot be computed, so that
    /// trying every telephone number against a stolen store gives nothing.
    #[must_use]
    pub fn lookup(&self, kind: &str, value: &str) -> [u8; 16] {
        let hash = keyed_hash(&self.lookup, &[kind.as_bytes(), &[0], value.as_bytes()]);
        *hash.first_chunk().expect("32 bytes hold 16")
    }

    /// Authentication code over `bytes` for one purpose; codes of different purposes have nothing in common.
    #[must_use]
    pub fn mac(&self, purpose: &str, bytes: &[u8]) -> [u8; 32] {
        keyed_hash(&self.mac, &[purpose.as_bytes(), &[0], bytes])
    }

    /// Check value of the master key: 16 hex digits that tell two keys apart and nothing about either.
    #[must_use]
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// Compares this key with the one the store's values are sealed with; a store that has none yet takes this one.
    ///
    /// # Errors
    /// [`KeyFault::Wrong`] when they differ, [`KeyFault::Store`] when the store does not answer.
    pub async fn check(&self, store: &Store) -> Result<(), KeyFault> {
        if let Some(expected) = recorded(store).await? {
            return self.compare(expected);
        }
        let value = Some(Bytes::from(self.fingerprint.clone()));
        let put = Put { space: Space::Meta, key: CHECK_KEY.into(), value, expect: Expect::Absent };
        match store.commit(Commit { puts: vec![put], entries: Vec::new() }).await {
            Ok(_) => Ok(()),
            Err(CommitFault::Conflict { .. }) => self.compare(recorded(store).await?.unwrap_or_default()),
            Err(fault) => Err(KeyFault::Store(fault.to_string())),
        }
    }

    fn compare(&self, expected: String) -> Result<(), KeyFault> {
        if expected == self.fingerprint {
            return Ok(());
        }
        Err(KeyFault::Wrong { expected, found: self.fingerprint.clone() })
    }
}

/// Key in [`Space::Meta`] of the fingerprint the store's values are sealed with.
const CHECK_KEY: &str = "seal-key";

/// The fingerprint of the key this store's values are sealed with, if there is any.
async fn recorded(store: &Store) -> Result<Option<String>, KeyFault> {
    let stored = store.get(Space::Meta, CHECK_KEY.into()).await.map_err(|fault| KeyFault::Store(fault.to_string()))?;
    Ok(stored.map(|stored| String::from_utf8_lossy(&stored.value).into_owned()))
}

fn keyed_hash(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).expect("any length of key is taken");
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}
