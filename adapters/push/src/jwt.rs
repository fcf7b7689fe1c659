//! Signed tokens as APNs, VAPID and Google's service accounts want them (RFC 7515, RFC 7518).

use std::fmt;

use base64::{
    Engine,
    engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD},
};
use p256::{
    ecdsa::{Signature, SigningKey, signature::Signer},
    pkcs8::DecodePrivateKey,
};
use ring::{rand::SystemRandom, signature, signature::KeyPair as _};
use rustls_pki_types::{PrivatePkcs8KeyDer, pem::PemObject};
use serde_json::Value;

/// Why a key cannot be used. The key itself is not repeated.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyFault {
    #[error("is not a private key on the curve P-256 (PKCS#8 in PEM)")]
    Es256Pem,
    #[error("is neither a private key on the curve P-256 in PEM nor its 32 bytes in base64url")]
    Es256,
    #[error("is not a private RSA key of 2048 bits or more (PKCS#8 in PEM)")]
    Rs256,
}

/// A key that signs with ECDSA on P-256. The same claims give the same bytes (RFC 6979).
pub(crate) struct Es256(SigningKey);

impl Es256 {
    /// From PKCS#8 in PEM, as Apple gives out its `.p8` files.
    pub(crate) fn pem(text: &str) -> Result<Self, KeyFault> {
        SigningKey::from_pkcs8_pem(text).map(Self).map_err(|_| KeyFault::Es256Pem)
    }

    /// The same, or the bare number in base64url, as tools for VAPID write it.
    pub(crate) fn pem_or_number(text: &str) -> Result<Self, KeyFault> {
        if text.contains("-----") {
            return Self::pem(text);
        }
        let bytes = URL_SAFE_NO_PAD.decode(text).or_else(|_| URL_SAFE.decode(text)).map_err(|_| KeyFault::Es256)?;
        SigningKey::from_slice(&bytes).map(Self).map_err(|_| KeyFault::Es256)
    }

    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> String {
        let signed = unsigned(header, claims);
        let signature: Signature = self.0.sign(signed.as_bytes());
        format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }

    /// The public key, uncompressed (65 bytes), in base64url.
    pub(crate) fn public(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0.verifying_key().to_sec1_point(false).as_bytes())
    }
}

impl fmt::Debug for Es256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Es256")
    }
}

/// A key that signs with RSA (PKCS#1 v1.5, SHA-256).
pub(crate) struct Rs256(signature::RsaKeyPair);

impl Rs256 {
    /// From PKCS#8 in PEM, as in Google's service-account files.
    pub(crate) fn pem(text: &str) -> Result<Self, KeyFault> {
        let key = PrivatePkcs8KeyDer::from_pem_slice(text.as_bytes()).map_err(|_| KeyFault::Rs256)?;
        signature::RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).map(Self).map_err(|_| KeyFault::Rs256)
    }

    pub(crate) fn sign(&self, header: &Value, claims: &Value) -> Option<String> {
        let signed = unsigned(header, claims);
        let mut bytes = vec![0; self.0.public_key().modulus_len()];
        let padding = &signature::RSA_PKCS1_SHA256;
        self.0.sign(padding, &SystemRandom::new(), signed.as_bytes(), &mut bytes).ok()?;
        Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(bytes)))
    }
}

impl fmt::Debug for Rs256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Rs256")
    }
}

fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}
