//! Signing keys and signatures as Standard Webhooks 1.0 has them.

use std::{fmt, path::Path};

use base64::{Engine, engine::general_purpose::STANDARD};
use fenghuo_http::hmac_sha256;
use zeroize::Zeroizing;

/// What every secret begins with.
const PREFIX: &str = "whsec_";

/// Bytes of a key: 192 to 512 bits.
const LENGTHS: std::ops::RangeInclusive<usize> = 24..=64;

/// Bytes of a secret's file at most.
const FILE_MAX: u64 = 4096;

/// A key that signs.
pub(crate) struct Key(Zeroizing<Vec<u8>>);

/// Why a secret cannot be used. The secret itself is not repeated.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SecretFault {
    #[error("cannot be read: {0}")]
    Unreadable(#[source] std::io::Error),
    #[error("is larger than {FILE_MAX} bytes")]
    Large,
    #[error("does not begin with {PREFIX}")]
    Prefix,
    #[error("is not base64 behind {PREFIX}")]
    Base64,
    #[error("has {0} bytes; a key has 24 to 64")]
    Length(usize),
}

impl Key {
    /// The key in a file that holds its secret (`whsec_…`) and nothing else; blanks around it are ignored.
    pub(crate) fn read(path: &Path) -> Result<Self, SecretFault> {
        if std::fs::metadata(path).map_err(SecretFault::Unreadable)?.len() > FILE_MAX {
            return Err(SecretFault::Large);
        }
        let text = Zeroizing::new(std::fs::read_to_string(path).map_err(SecretFault::Unreadable)?);
        Self::parse(text.trim())
    }

    pub(crate) fn parse(text: &str) -> Result<Self, SecretFault> {
        let encoded = text.strip_prefix(PREFIX).ok_or(SecretFault::Prefix)?;
        let bytes = Zeroizing::new(STANDARD.decode(encoded).map_err(|_| SecretFault::Base64)?);
        if LENGTHS.contains(&bytes.len()) { Ok(Self(bytes)) } else { Err(SecretFault::Length(bytes.len())) }
    }

    /// `v1,` and the base64 of the HMAC-SHA-256 over id, time and body.
    fn sign(&self, id: &str, timestamp: &str, body: &[u8]) -> String {
        let parts = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
        format!("v1,{}", STANDARD.encode(hmac_sha256(&self.0, &parts)))
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("whsec_…")
    }
}

/// The value of `webhook-signature`: one signature of each key, the first of the current one.
pub(crate) fn signatures(keys: &[Key], id: &str, timestamp: &str, body: &[u8]) -> String {
    keys.iter().map(|key| key.sign(id, timestamp, body)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Signed by the reference library (PyPI `standardwebhooks` 1.1.0).
    #[test]
    fn agrees_with_the_reference_library() {
        let key = Key::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let signed = signatures(&[key], "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", br#"{"test": 2432232314}"#);
        assert_eq!(signed, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn every_key_signs_and_the_current_one_first() {
        let [one, two] = [[1; 24].as_slice(), &[2; 64]].map(|bytes| format!("{PREFIX}{}", STANDARD.encode(bytes)));
        let keys = [Key::parse(&one).unwrap(), Key::parse(&two).unwrap()];
        let both = signatures(&keys, "id", "1", b"body");
        let each: Vec<String> = keys.into_iter().map(|key| signatures(&[key], "id", "1", b"body")).collect();
        assert_eq!(both, each.join(" "));
        assert_ne!(each[0], each[1]);
    }

    #[test]
    fn refuses_what_is_no_key_without_repeating_it() {
        let of = |bytes: &[u8]| format!("{PREFIX}{}", STANDARD.encode(bytes));
        for text in ["", "secret", "whsec_***", &of(&[1; 23]), &of(&[1; 65])] {
            let fault = Key::parse(text).unwrap_err().to_string();
            assert!(text.len() < 8 || !fault.contains(text), "{fault}");
        }
        assert_eq!(format!("{:?}", Key::parse(&of(&[1; 24])).unwrap()), "whsec_…");
    }
}
