//! Delivery tokens signed so that they can be given to the world and believed when they come back: in return paths, and in
//! links to unsubscribe.
//!
//! `TOKEN.SIGNATURE`: the text of the [`Token`], a dot, and the first 80 bits of an HMAC-SHA256 over purpose and token in
//! hex. A guess costs a call each, so 80 bits are plenty, and the whole fits behind a name in the 64 octets of a local part.

use fenghuo_contract::Token;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// Bytes of the signature that are kept.
const KEPT: usize = 10;

/// Characters of a sealed token at most: token, dot, signature.
pub(crate) const SEALED_MAX: usize = 28 + 1 + 2 * KEPT;

/// Signs tokens for one purpose, and knows its own signatures again.
#[derive(Clone)]
pub struct Seal {
    keyed: Hmac<Sha256>,
}

impl Seal {
    /// For return paths, the addresses reports of non-delivery go to.
    #[must_use]
    pub fn for_return_paths(key: &[u8]) -> Self {
        Self::new(key, b"return-path ")
    }

    /// For links to unsubscribe. [`Seal::open`] on what stands behind the last `/` of the address that was called gives the
    /// delivery whose recipient wants no more, or `None` when nobody of ours made that link.
    #[must_use]
    pub fn for_unsubscribing(key: &[u8]) -> Self {
        Self::new(key, b"unsubscribe ")
    }

    fn new(key: &[u8], purpose: &[u8]) -> Self {
        let mut keyed = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
        keyed.update(purpose);
        Self { keyed }
    }

    /// `TOKEN.SIGNATURE`, in characters every local part and every URL may have.
    #[must_use]
    pub fn seal(&self, token: Token) -> String {
        let mut text = token.to_string();
        let signature = self.signing(&text).finalize().into_bytes();
        text.push('.');
        let digit = |half: u8| char::from(b"0123456789abcdef"[usize::from(half)]);
        text.extend(signature[..KEPT].iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]));
        text
    }

    /// The token of a text made by [`Seal::seal`] with the same key for the same purpose; `None` for any other text. Capital
    /// letters count as small ones, because relays may change them. The comparison takes the same time for every signature.
    #[must_use]
    pub fn open(&self, text: &str) -> Option<Token> {
        if text.len() > SEALED_MAX || !text.is_ascii() {
            return None;
        }
        let text = text.to_ascii_lowercase();
        let (token, signature) = text.split_once('.')?;
        let signature = bytes(signature)?;
        self.signing(token).verify_truncated_left(&signature).ok()?;
        read(token)
    }

    fn signing(&self, token: &str) -> Hmac<Sha256> {
        let mut keyed = self.keyed.clone();
        keyed.update(token.as_bytes());
        keyed
    }
}

fn bytes(hex: &str) -> Option<[u8; KEPT]> {
    let mut bytes = [0; KEPT];
    if hex.len() != 2 * KEPT {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(bytes)
}

/// A token from its own text.
fn read(text: &str) -> Option<Token> {
    let mut parts = text.split('-');
    let plan = u64::from_str_radix(parts.next()?, 16).ok()?;
    let index = u32::from_str_radix(parts.next()?, 16).ok()?;
    let round = parts.next().map_or(Ok(0), |round| u8::from_str_radix(round, 16)).ok()?;
    let token = Token { plan, index, round };
    (token.to_string() == text).then_some(token)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_sealed_token_comes_back(plan: u64, index: u32, round: u8) {
            let token = Token { plan, index, round };
            let sealed = Seal::for_return_paths(b"key").seal(token);
            prop_assert!(sealed.len() <= SEALED_MAX);
            prop_assert_eq!(Seal::for_return_paths(b"key").open(&sealed), Some(token));
            prop_assert_eq!(Seal::for_return_paths(b"key").open(&sealed.to_ascii_uppercase()), Some(token));
            prop_assert_eq!(Seal::for_return_paths(b"other").open(&sealed), None);
            prop_assert_eq!(Seal::for_unsubscribing(b"key").open(&sealed), None);
        }

        #[test]
        fn a_changed_one_does_not(plan: u64, index: u32, at in 0_usize..46, sign in "[0-9a-f.-]") {
            let sealed = Seal::for_return_paths(b"key").seal(Token::new(plan, index));
            let mut forged = sealed.clone();
            forged.replace_range(at..=at, &sign);
            prop_assume!(forged != sealed);
            prop_assert_eq!(Seal::for_return_paths(b"key").open(&forged), None);
        }

        #[test]
        fn any_text_is_read_without_harm(text in ".{0,80}") {
            prop_assert_eq!(Seal::for_return_paths(b"key").open(&text), None);
        }
    }

    #[test]
    fn a_signature_is_not_shortened() {
        let seal = Seal::for_return_paths(b"key");
        let sealed = seal.seal(Token::new(7, 3));
        for length in 0..sealed.len() {
            assert_eq!(seal.open(&sealed[..length]), None, "{length}");
        }
        assert_eq!(seal.open(&format!("{sealed}0")), None);
    }
}
