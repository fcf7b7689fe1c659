//! The providers' envelope around callbacks: who signed it, and what is in it.
//!
//! A signature is the SHA-1 of the words in order, run together, in hexadecimal: of token, time and nonce where the message is
//! plain, of the encrypted message too where it is not. Encrypted is AES-256-CBC with the key's own beginning as start, padded
//! to 32 bytes (PKCS#7), over sixteen bytes of chance, a length, the message, and whom it is for.

use aes::Aes256;
use aes::cipher::{BlockModeDecrypt, BlockModeEncrypt, KeyIvInit, block_padding::NoPadding};
use base64::{
    Engine, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use sha1::{Digest, Sha1};
use subtle::ConstantTimeEq;
use zeroize::Zeroizing;

use crate::secret::Secret;

/// Bytes of an encrypted message at most, in base64.
pub(crate) const SEALED_MAX: usize = 256 * 1024;

/// Bytes the padding fills up to.
const PADDED_TO: usize = 32;

/// Keys of 43 characters leave bits over, which some consoles fill.
const KEY_BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Signs and opens the callbacks of one account.
pub(crate) struct Seal {
    token: Secret,
    /// The `EncodingAESKey`, decoded; `None` where messages come in plain.
    key: Option<Zeroizing<[u8; 32]>>,
    /// Whom an encrypted message must be for: app id or corp id.
    owner: String,
}

/// Why an envelope was not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum SealFault {
    #[error("no key is set for encrypted messages")]
    NoKey,
    #[error("the envelope is too large")]
    Large,
    #[error("the envelope is not base64")]
    Base64,
    #[error("the envelope does not open with the key")]
    Broken,
    #[error("the message is for another account")]
    Owner,
}

impl Seal {
    /// # Errors
    /// What is wrong with the `EncodingAESKey`.
    pub(crate) fn new(token: Secret, key: Option<&Secret>, owner: &str) -> Result<Self, String> {
        let key = match key {
            None => None,
            Some(text) => Some(decoded(text.expose()).ok_or_else(|| "is not 43 characters of base64".to_owned())?),
        };
        Ok(Self { token, key, owner: owner.to_owned() })
    }

    /// Whether only encrypted messages are believed.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.key.is_some()
    }

    /// Whether the words were signed with the token; takes the same time whatever the signature.
    pub(crate) fn is_signed(&self, signature: &str, words: &[&str]) -> bool {
        let signed = self.sign(words);
        signed.as_bytes().ct_eq(signature.as_bytes()).into()
    }

    pub(crate) fn sign(&self, words: &[&str]) -> String {
        let mut words: Vec<&str> = words.iter().copied().chain([self.token.expose()]).collect();
        words.sort_unstable();
        let digest = words.iter().fold(Sha1::new(), |digest, word| digest.chain_update(word));
        digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// Opens an envelope.
    ///
    /// # Errors
    /// [`SealFault`].
    pub(crate) fn open(&self, sealed: &str) -> Result<Vec<u8>, SealFault> {
        let key = self.key.as_ref().ok_or(SealFault::NoKey)?;
        if sealed.len() > SEALED_MAX {
            return Err(SealFault::Large);
        }
        let mut buffer = STANDARD.decode(sealed.trim()).map_err(|_| SealFault::Base64)?;
        let opener = cbc::Decryptor::<Aes256>::new_from_slices(&key[..], &key[..16]).map_err(|_| SealFault::Broken)?;
        let padded = opener.decrypt_padded::<NoPadding>(&mut buffer).map_err(|_| SealFault::Broken)?;
        let (message, owner) = taken_apart(padded).ok_or(SealFault::Broken)?;
        if owner == self.owner.as_bytes() { Ok(message.to_vec()) } else { Err(SealFault::Owner) }
    }

    /// Makes an envelope. `first` are the sixteen bytes before the message, which nobody may be able to foretell.
    ///
    /// # Errors
    /// [`SealFault`].
    pub(crate) fn close(&self, message: &[u8], first: [u8; 16]) -> Result<String, SealFault> {
        let key = self.key.as_ref().ok_or(SealFault::NoKey)?;
        let length = u32::try_from(message.len()).map_err(|_| SealFault::Large)?.to_be_bytes();
        let mut whole = [&first[..], &length, message, self.owner.as_bytes()].concat();
        let padding = PADDED_TO - whole.len() % PADDED_TO;
        whole.resize(whole.len() + padding, padding as u8);
        let length = whole.len();
        let closer = cbc::Encryptor::<Aes256>::new_from_slices(&key[..], &key[..16]).map_err(|_| SealFault::Broken)?;
        let sealed = closer.encrypt_padded::<NoPadding>(&mut whole, length).map_err(|_| SealFault::Broken)?;
        Ok(STANDARD.encode(sealed))
    }

    /// Makes an envelope whose first bytes follow from key and message: of two that differ nothing shows what they share, and
    /// only the same message gives the same one.
    ///
    /// # Errors
    /// [`SealFault`].
    pub(crate) fn close_own(&self, message: &[u8]) -> Result<String, SealFault> {
        let key = self.key.as_ref().ok_or(SealFault::NoKey)?;
        let mut first = [0; 16];
        first.copy_from_slice(&fenghuo_http::hmac_sha256(&key[..], &[b"answer", message])[..16]);
        self.close(message, first)
    }
}

fn decoded(key: &str) -> Option<Zeroizing<[u8; 32]>> {
    let bytes = Zeroizing::new(KEY_BASE64.decode(key).ok()?);
    Some(Zeroizing::new(bytes.as_slice().try_into().ok()?))
}

/// The message and whom it is for.
fn taken_apart(padded: &[u8]) -> Option<(&[u8], &[u8])> {
    let padding = usize::from(*padded.last()?);
    let (whole, filling) = padded.split_at_checked(padded.len().checked_sub(padding)?)?;
    if !(1..=PADDED_TO).contains(&padding) || filling.iter().any(|byte| usize::from(*byte) != padding) {
        return None;
    }
    let (length, rest) = whole.get(16..)?.split_first_chunk::<4>()?;
    rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)
}

#[cfg(test)]
mod tests;
