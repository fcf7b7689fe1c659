//! The address at which the reader of one message says that it arrived: short enough for a short message, without a word
//! about the person, and not to be guessed.
//!
//! `1` (the algorithm: HMAC-SHA-256, its first 80 bits) and base64url of plan (8 bytes), rank (1 to 5 bytes, base 128)
//! and code. Nothing is looked up before the code holds, so that guessing costs this server next to nothing.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use fenghuo_contract::Token;
use subtle::ConstantTimeEq;

use super::Unsealed;
use crate::{
    config::receipts::{CONFIRM_PATH, CONFIRM_TOKEN_MAX},
    flow::screens::Mac,
};

/// Names HMAC-SHA-256 with its first ten bytes.
const ALGORITHM: char = '1';
/// Bytes of the code: 80 bits cannot be guessed over a network.
const CODE: usize = 10;
/// Characters of the longest token.
const LONGEST: usize = 1 + (8 + 5 + CODE) * 4 / 3 + 1;
const _: () = assert!(LONGEST == CONFIRM_TOKEN_MAX, "texts leave room for it");

/// Makes and reads the addresses of one installation.
#[derive(Clone)]
pub struct Links {
    mac: Mac,
    base: String,
    /// Read the links to unsubscribe that routes sign themselves.
    unsealed: Vec<Unsealed>,
}

impl Links {
    /// Addresses that begin with `public_url`; `mac` is a keyed hash for this purpose alone.
    #[must_use]
    pub fn new(mac: Mac, public_url: &str) -> Self {
        Self { mac, base: format!("{}{CONFIRM_PATH}", public_url.trim_end_matches('/')), unsealed: Vec::new() }
    }

    /// The same, and the links to unsubscribe of these routes are known too.
    #[must_use]
    pub fn with_unsubscribing(self, unsealed: Vec<Unsealed>) -> Self {
        Self { unsealed, ..self }
    }

    /// The public address that links begin with.
    pub(crate) fn public_url(&self) -> &str {
        self.base.strip_suffix(CONFIRM_PATH).unwrap_or(&self.base)
    }

    /// The delivery a link to unsubscribe names, when one of the routes signed it.
    pub(crate) fn unsealed(&self, token: &str) -> Option<Token> {
        self.unsealed.iter().find_map(|unsealed| unsealed(token))
    }

    /// The address of a delivery.
    pub(crate) fn address(&self, plan: u64, rank: u32) -> Box<str> {
        (self.base.clone() + &self.token(plan, rank)).into()
    }

    fn token(&self, plan: u64, rank: u32) -> String {
        let mut name = plan.to_be_bytes().to_vec();
        let mut left = rank;
        while left >= 0x80 {
            name.push(left.to_le_bytes()[0] | 0x80);
            left >>= 7;
        }
        name.push(left.to_le_bytes()[0]);
        // Fixed lengths here, so that no two deliveries are the same words.
        let words = [b"fenghuo confirm 1", &plan.to_be_bytes()[..], &rank.to_be_bytes()].concat();
        name.extend_from_slice(&(self.mac)(&words)[..CODE]);
        format!("{ALGORITHM}{}", URL_SAFE_NO_PAD.encode(name))
    }

    /// The delivery a token names, when it is one of ours.
    pub(crate) fn read(&self, token: &str) -> Option<(u64, u32)> {
        let text = token.strip_prefix(ALGORITHM).filter(|_| token.len() <= LONGEST)?;
        let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
        let (plan, rest) = bytes.split_first_chunk::<8>()?;
        let digits = rest.len().checked_sub(CODE).filter(|digits| (1..=5).contains(digits))?;
        let plan = u64::from_be_bytes(*plan);
        let rank = rest[..digits].iter().rev().fold(0_u64, |rank, digit| rank << 7 | u64::from(digit & 0x7f));
        let rank = u32::try_from(rank).ok()?;
        // Made anew and compared whole: there is one way to write a token.
        bool::from(self.token(plan, rank).as_bytes().ct_eq(token.as_bytes())).then_some((plan, rank))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;
    use sha2::{Digest, Sha256};

    use super::{LONGEST, Links};

    fn links(key: &'static str) -> Links {
        let mac = Arc::new(move |words: &[u8]| Sha256::new_with_prefix(key).chain_update(words).finalize().into());
        Links::new(mac, "https://warn.songbei.example/")
    }

    proptest! {
        #[test]
        fn a_token_names_its_delivery_and_is_short(plan: u64, rank: u32) {
            let links = links("key");
            let address = links.address(plan, rank);
            let token = address.strip_prefix("https://warn.songbei.example/c/").expect("the base");
            prop_assert!(token.len() <= LONGEST);
            prop_assert_eq!(links.read(token), Some((plan, rank)));
            prop_assert_eq!(self::links("other").read(token), None);
        }

        #[test]
        fn one_changed_sign_is_no_token(plan: u64, rank: u32, at in 0_usize..29, sign in "[A-Za-z0-9_-]") {
            let links = links("key");
            let token = links.token(plan, rank);
            let changed = format!("{}{sign}{}", &token[..at], &token[at + 1..]);
            prop_assert_eq!(links.read(&changed).is_some(), changed == token);
        }

        #[test]
        fn no_text_is_read_by_accident(text in "\\PC{0,60}") {
            prop_assert_eq!(links("key").read(&text), None);
        }
    }

    #[test]
    fn a_district_of_a_million_fits_a_short_message() {
        let address = links("key").address(u64::MAX, 1_000_000);
        assert_eq!(address.len(), "https://warn.songbei.example/c/".len() + 29);
    }

    #[test]
    fn there_is_one_way_to_write_a_token() {
        let links = links("key");
        let token = links.token(7, 3);
        for other in [format!("{token}="), format!("2{}", &token[1..]), token[1..].to_owned(), String::new()] {
            assert_eq!(links.read(&other), None, "{other}");
        }
    }
}
