//! What a screen is told is signed: HTTP Message Signatures (RFC 9421) with Ed25519.
//!
//! The signature covers the ETag, which is the digest of exactly what must be shown, and two times: when it was signed
//! and until when that counts. So the document itself stays free of times, "nothing to show" is a statement as good as any
//! other, and an old answer played back is known by its age. It is made once for a document and a span of time, whoever
//! asks.
//!
//! The keys belong to the installation: they are derived from its sealing key and a generation, so that every node has
//! them. Three generations are published, so that a player knows the next key before it is used.

use std::sync::{Arc, OnceLock};

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use bytes::Bytes;
use ring::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};

use super::{Mac, POLL_SECONDS};

/// Seconds for which one signature is handed out.
pub(super) const SPAN_S: i64 = 10;
/// Seconds after which a signature counts no more: three polls, and the span it may already be old.
const VALID_S: i64 = 3 * POLL_SECONDS as i64 + SPAN_S;

/// Signs what screens are told.
pub(super) struct Stamp {
    current: Ed25519KeyPair,
    key_id: String,
    published: Vec<PublicKey>,
}

/// A key with which signatures are checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicKey {
    /// `screens-` and its generation.
    pub id: String,
    /// The key itself, base64url without padding: the `x` of a JSON Web Key (RFC 8037).
    pub x: String,
}

/// A signature over an ETag, in the words of its header fields.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stamped {
    /// When it was made, seconds since 1970.
    pub created: i64,
    /// After this second it counts no more.
    pub expires: i64,
    /// The value of `Signature-Input`.
    pub input: String,
    /// The value of `Signature`.
    pub signature: String,
    /// What whoever serves it makes of document and signature, once for all readers.
    pub served: Arc<OnceLock<[Bytes; 2]>>,
}

/// The label of the signature in its header fields.
const LABEL: &str = "fenghuo";
/// What the signature is for (RFC 9421 §2.3): it cannot be taken for one made for something else.
const TAG: &str = "fenghuo-screen";

impl Stamp {
    /// The keys of a generation, and of the ones before and after it.
    pub(super) fn new(mac: &Mac, generation: u32) -> Self {
        let published = (generation.saturating_sub(1)..=generation.saturating_add(1)).filter_map(|generation| {
            let x = URL_SAFE_NO_PAD.encode(pair(mac, generation)?.public_key());
            Some(PublicKey { id: key_id(generation), x })
        });
        let published = published.collect();
        // A seed of 32 bytes is always a key.
        let current = pair(mac, generation).expect("32 bytes are a seed");
        Self { current, key_id: key_id(generation), published }
    }

    pub(super) fn published(&self) -> &[PublicKey] {
        &self.published
    }

    /// Signs a document by its ETag (with quotes).
    pub(super) fn sign(&self, etag: &str, created: i64) -> Stamped {
        let expires = created + VALID_S;
        let key = &self.key_id;
        let parameters =
            format!("(\"etag\");created={created};expires={expires};keyid=\"{key}\";alg=\"ed25519\";tag=\"{TAG}\"");
        let base = signature_base(etag, &parameters);
        let signature = STANDARD.encode(self.current.sign(base.as_bytes()));
        Stamped {
            created,
            expires,
            input: format!("{LABEL}={parameters}"),
            signature: format!("{LABEL}=:{signature}:"),
            served: Arc::default(),
        }
    }
}

/// What is signed (RFC 9421 §2.5).
fn signature_base(etag: &str, parameters: &str) -> String {
    format!("\"etag\": {etag}\n\"@signature-params\": {parameters}")
}

fn pair(mac: &Mac, generation: u32) -> Option<Ed25519KeyPair> {
    let mut words = b"fenghuo screens ed25519 1".to_vec();
    words.extend_from_slice(&generation.to_be_bytes());
    Ed25519KeyPair::from_seed_unchecked(&mac(&words)).ok()
}

fn key_id(generation: u32) -> String {
    format!("screens-{generation}")
}

/// Why a signature is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotBelieved {
    /// The header fields are missing or not of the form this server writes.
    #[error("no signature that can be read")]
    Unreadable,
    /// It names a key that is not published.
    #[error("signed with an unknown key")]
    UnknownKey,
    /// It is not a signature of this ETag by that key.
    #[error("the signature does not fit")]
    Wrong,
    /// It was made too long ago: an old answer played back, or a clock far ahead.
    #[error("the signature has run out")]
    Expired,
    /// It says that it was made in the future: a clock far behind.
    #[error("the signature is from the future")]
    Future,
}

/// Seconds by which clocks may differ.
const CLOCKS_S: i64 = 60;

/// Checks the signature of an answer: `input` and `signature` are the values of its two header fields.
///
/// # Errors
/// [`NotBelieved`].
pub fn verify(etag: &str, input: &str, signature: &str, keys: &[PublicKey], now: i64) -> Result<Stamped, NotBelieved> {
    let parameters =
        input.strip_prefix(LABEL).and_then(|rest| rest.strip_prefix('=')).ok_or(NotBelieved::Unreadable)?;
    let value = |name: &str| {
        let mut named = parameters.split(';').skip(1).filter_map(|pair| pair.split_once('='));
        named.find(|(known, _)| *known == name).map(|(_, value)| value.trim_matches('"'))
    };
    let time = |name| value(name).and_then(|text| text.parse::<i64>().ok()).ok_or(NotBelieved::Unreadable);
    let (created, expires) = (time("created")?, time("expires")?);
    let covers = parameters.starts_with("(\"etag\");") && value("alg") == Some("ed25519") && value("tag") == Some(TAG);
    let key = value("keyid").filter(|_| covers).ok_or(NotBelieved::Unreadable)?;
    let key = keys.iter().find(|known| known.id == key).ok_or(NotBelieved::UnknownKey)?;
    let x = URL_SAFE_NO_PAD.decode(&key.x).map_err(|_| NotBelieved::UnknownKey)?;
    let bytes = signature.strip_prefix(LABEL).and_then(|rest| rest.strip_prefix("=:")?.strip_suffix(':'));
    let bytes = bytes.and_then(|text| STANDARD.decode(text).ok()).ok_or(NotBelieved::Unreadable)?;
    let base = signature_base(etag, parameters);
    UnparsedPublicKey::new(&ED25519, x).verify(base.as_bytes(), &bytes).map_err(|_| NotBelieved::Wrong)?;
    if now > expires.saturating_add(CLOCKS_S) {
        return Err(NotBelieved::Expired);
    }
    if created > now.saturating_add(CLOCKS_S) {
        return Err(NotBelieved::Future);
    }
    Ok(Stamped { created, expires, input: input.to_owned(), signature: signature.to_owned(), served: Arc::default() })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use sha2::{Digest, Sha256};

    use super::{Mac, NotBelieved, Stamp, VALID_S, verify};

    const NOW: i64 = 1_784_097_600;
    const ETAG: &str = "\"0123456789abcdef0123456789abcdef\"";

    fn mac(key: &'static str) -> Mac {
        Arc::new(move |words| Sha256::new_with_prefix(key).chain_update(words).finalize().into())
    }

    #[test]
    fn a_signature_fits_one_etag_of_one_installation_for_a_while() {
        let stamp = Stamp::new(&mac("a"), 1);
        let signed = stamp.sign(ETAG, NOW);
        let check =
            |etag: &str, keys: &Stamp, now| verify(etag, &signed.input, &signed.signature, keys.published(), now);
        assert_eq!(check(ETAG, &stamp, NOW), Ok(signed.clone()));
        assert_eq!(check("\"0\"", &stamp, NOW), Err(NotBelieved::Wrong), "another document");
        assert_eq!(check(ETAG, &Stamp::new(&mac("b"), 1), NOW), Err(NotBelieved::Wrong), "another installation");
        assert_eq!(check(ETAG, &stamp, NOW + VALID_S + 61), Err(NotBelieved::Expired));
        assert_eq!(check(ETAG, &stamp, NOW - 61), Err(NotBelieved::Future));
        let later = signed.input.replace(&signed.expires.to_string(), &(signed.expires + 1).to_string());
        assert_eq!(verify(ETAG, &later, &signed.signature, stamp.published(), NOW), Err(NotBelieved::Wrong));
    }

    #[test]
    fn the_next_key_is_known_before_it_is_used_and_the_last_one_after() {
        let ids = |generation| {
            let stamp = Stamp::new(&mac("a"), generation);
            stamp.published().iter().map(|key| key.id.clone()).collect::<Vec<_>>()
        };
        assert_eq!(ids(5), ["screens-4", "screens-5", "screens-6"]);
        let (old, new) = (Stamp::new(&mac("a"), 1), Stamp::new(&mac("a"), 2));
        let signed = new.sign(ETAG, NOW);
        assert!(verify(ETAG, &signed.input, &signed.signature, old.published(), NOW).is_ok());
        let far = Stamp::new(&mac("a"), 4);
        let unknown = verify(ETAG, &signed.input, &signed.signature, far.published(), NOW);
        assert_eq!(unknown, Err(NotBelieved::UnknownKey));
    }

    #[test]
    fn what_is_no_signature_is_not_believed() {
        let stamp = Stamp::new(&mac("a"), 1);
        let signed = stamp.sign(ETAG, NOW);
        for (input, signature) in [
            ("", ""),
            ("fenghuo=", "fenghuo=::"),
            (signed.input.as_str(), "fenghuo=:????:"),
            ("fenghuo=();created=1;expires=2", signed.signature.as_str()),
        ] {
            let refused = verify(ETAG, input, signature, stamp.published(), NOW);
            assert_eq!(refused, Err(NotBelieved::Unreadable), "{input} {signature}");
        }
    }
}
