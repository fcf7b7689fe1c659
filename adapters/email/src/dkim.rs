//! DKIM signatures (RFC 6376; Ed25519 by RFC 8463), relaxed in headers and body, over what really goes out to each recipient.
//!
//! A batch is written once, so it is also made canonical once: a signature costs the hash of what stands behind the
//! recipient's own link, and the operation of the key. `lettre` signs whole messages, each built anew, with arithmetic of
//! its own; *ring* is in the house for TLS.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ring::{
    rand::SystemRandom,
    signature::{Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair},
};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject};
use sha2::{Digest, Sha256};

/// Headers of a batch that are signed where they stand in the message, and once more so that nobody adds another.
const SIGNED: [&str; 11] = [
    "from",
    "subject",
    "date",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "content-language",
    "auto-submitted",
    "importance",
    "in-reply-to",
    "references",
];

/// Characters of base64 in one line of the header.
const LINE: usize = 72;

/// Who signs: a key whose public half stands at `selector._domainkey.domain`.
pub(crate) struct Signer {
    pub(crate) domain: String,
    pub(crate) selector: String,
    pub(crate) key: Key,
}

pub(crate) enum Key {
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// Why a key cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyFault {
    #[error("it is not a PEM private key: {0}")]
    Pem(#[from] rustls::pki_types::pem::Error),
    #[error("it is neither an RSA key of 2048 to 8192 bits nor an Ed25519 key: {0}")]
    Rejected(#[from] ring::error::KeyRejected),
    #[error("it is neither an RSA nor an Ed25519 key")]
    Kind,
}

impl Key {
    pub(crate) fn from_pem(pem: &[u8]) -> Result<Self, KeyFault> {
        match PrivateKeyDer::from_pem_slice(pem)? {
            PrivateKeyDer::Pkcs1(key) => Ok(Self::Rsa(RsaKeyPair::from_der(key.secret_pkcs1_der())?)),
            PrivateKeyDer::Pkcs8(key) => {
                let der = key.secret_pkcs8_der();
                if let Ok(key) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
                    return Ok(Self::Ed25519(key));
                }
                Ok(Self::Rsa(RsaKeyPair::from_pkcs8(der)?))
            }
            _ => Err(KeyFault::Kind),
        }
    }

    const fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "rsa-sha256",
            Self::Ed25519(_) => "ed25519-sha256",
        }
    }

    fn sign(&self, text: &[u8]) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => key.sign(&Sha256::digest(text)).as_ref().to_vec(),
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                let signed = key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text, &mut signature);
                signed.expect("a buffer of the length of the modulus is the only condition");
                signature
            }
        }
    }
}

/// A batch made canonical.
pub(crate) struct Canonical {
    /// The signed headers all messages share, each with its line end.
    headers: Vec<u8>,
    /// Their names.
    names: Vec<&'static str>,
    /// The hash up to the first place.
    begun: Sha256,
    /// What follows each place.
    rest: Vec<Vec<u8>>,
}

impl Canonical {
    /// From a message without the recipient's headers, and its body cut at the places of the recipient's own lines, each part
    /// whole lines.
    pub(crate) fn new(headers: &[u8], body: impl Iterator<Item = Vec<u8>>) -> Self {
        let (mut canonical, mut names) = (Vec::new(), Vec::new());
        for (name, value) in fields(headers) {
            if let Some(name) = SIGNED.into_iter().find(|signed| signed.eq_ignore_ascii_case(&name)) {
                canonical.extend_from_slice(format!("{name}:{value}\r\n").as_bytes());
                names.push(name);
            }
        }
        let mut parts: Vec<Vec<u8>> = body.map(|part| relaxed(&part)).collect();
        if let Some(last) = parts.last_mut() {
            while last.ends_with(b"\r\n\r\n") || last == b"\r\n" {
                last.truncate(last.len() - 2);
            }
        }
        let mut parts = parts.into_iter();
        let begun = Sha256::new_with_prefix(parts.next().unwrap_or_default());
        Self { headers: canonical, names, begun, rest: parts.collect() }
    }

    /// Writes one signature of each signer as headers. `own` are the headers of this recipient, names in small letters, values
    /// in one line; `place` writes the lines that stand in a place.
    pub(crate) fn write(
        &self,
        signers: &[Signer],
        own: &[(&'static str, &str)],
        place: impl Fn(usize, &mut Vec<u8>),
        out: &mut Vec<u8>,
    ) {
        let mut hash = self.begun.clone();
        let mut lines = Vec::new();
        for (number, after) in self.rest.iter().enumerate() {
            lines.clear();
            place(number, &mut lines);
            hash.update(&lines);
            hash.update(after);
        }
        let body = STANDARD.encode(hash.finalize());
        let mut text = self.headers.clone();
        for (name, value) in own {
            text.extend_from_slice(format!("{name}:{value}\r\n").as_bytes());
        }
        let own: Vec<&str> = own.iter().map(|(name, _)| *name).collect();
        let names = [&self.names[..], &own, &["from", "subject", "date", "to"]].concat().join(":");
        let length = text.len();
        for Signer { domain, selector, key } in signers {
            let algorithm = key.algorithm();
            let tags = format!("v=1; a={algorithm}; c=relaxed/relaxed; d={domain}; s={selector};");
            text.truncate(length);
            text.extend_from_slice(format!("dkim-signature:{tags} h={names}; bh={body}; b=").as_bytes());
            let signature = STANDARD.encode(key.sign(&text));
            out.extend_from_slice(format!("DKIM-Signature: {tags}\r\n h={names};\r\n bh={body};\r\n b=").as_bytes());
            for (number, line) in signature.as_bytes().chunks(LINE).enumerate() {
                out.extend_from_slice(if number > 0 { b"\r\n " } else { b"" });
                out.extend_from_slice(line);
            }
            out.extend_from_slice(b"\r\n");
        }
    }
}

/// Names and values of headers, values unfolded, blanks reduced (RFC 6376 §3.4.2).
fn fields(headers: &[u8]) -> Vec<(String, String)> {
    let text = String::from_utf8_lossy(headers).replace("\r\n ", " ").replace("\r\n\t", " ");
    let field = |line: &str| {
        let (name, value) = line.split_once(':')?;
        Some((name.trim_end().to_owned(), value.split_ascii_whitespace().collect::<Vec<_>>().join(" ")))
    };
    text.lines().filter_map(field).collect()
}

/// Lines with blanks reduced to one, and none at their ends (RFC 6376 §3.4.4); empty lines at the end stay.
fn relaxed(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let mut blank = false;
        for byte in line {
            match byte {
                b' ' | b'\t' => blank = true,
                b'\r' | b'\n' => {}
                _ => {
                    if std::mem::take(&mut blank) {
                        out.push(b' ');
                    }
                    out.push(*byte);
                }
            }
        }
        out.extend_from_slice(b"\r\n");
    }
    out
}
