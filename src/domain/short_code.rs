//! The short code of a warning: what a resident can read off a message and type to learn whether it is ours.
//!
//! Forty bits of the digest of the bytes received, in the alphabet of Crockford's Base32, in two groups: `7KQ2-M9XD`.
//! It is no secret and proves nothing by itself: it finds the warning whose words are then compared.

use std::{fmt, str::FromStr};

/// Digits and letters without those that are taken for others: I, L, O and U.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of a code.
const LENGTH: usize = 8;
/// The longest text that is looked at.
const TYPED: usize = 32;

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShortCode([u8; 5]);

impl ShortCode {
    /// The code of a warning with this digest, `sha256:` and 64 hex digits; `None` for any other text.
    #[must_use]
    pub fn of_digest(digest: &str) -> Option<Self> {
        let hex = digest.strip_prefix("sha256:")?;
        let byte = |at: usize| u8::from_str_radix(hex.get(at * 2..at * 2 + 2)?, 16).ok();
        Some(Self([byte(0)?, byte(1)?, byte(2)?, byte(3)?, byte(4)?]))
    }

    fn bits(self) -> u64 {
        self.0.iter().fold(0, |bits, byte| bits << 8 | u64::from(*byte))
    }
}

impl fmt::Display for ShortCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for at in 0..LENGTH {
            if at == LENGTH / 2 {
                f.write_str("-")?;
            }
            let digit = usize::try_from(self.bits() >> (5 * (LENGTH - 1 - at)) & 31).unwrap_or_default();
            write!(f, "{}", char::from(ALPHABET[digit]))?;
        }
        Ok(())
    }
}

/// The text is no short code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a short code has eight letters and digits")]
pub struct NotAShortCode;

impl FromStr for ShortCode {
    type Err = NotAShortCode;

    /// As people type it: in either case, with or without hyphen and blanks, O for 0, I and L for 1.
    fn from_str(text: &str) -> Result<Self, NotAShortCode> {
        let (mut bits, mut length) = (0_u64, 0);
        for sign in text.chars().filter(|sign| !sign.is_whitespace() && !"-‐–—－·.".contains(*sign)).take(TYPED)
        {
            let sign = match sign.to_ascii_uppercase() {
                'O' => '0',
                'I' | 'L' => '1',
                sign => sign,
            };
            let digit = ALPHABET.iter().position(|known| char::from(*known) == sign).ok_or(NotAShortCode)?;
            bits = bits << 5 | u64::try_from(digit).map_err(|_| NotAShortCode)?;
            length += 1;
        }
        let [_, _, _, bytes @ ..] = bits.to_be_bytes();
        if length == LENGTH { Ok(Self(bytes)) } else { Err(NotAShortCode) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{NotAShortCode, ShortCode};

    proptest! {
        #[test]
        fn what_is_shown_can_be_typed(bytes: [u8; 5]) {
            let code = ShortCode(bytes);
            let shown = code.to_string();
            prop_assert_eq!(shown.len(), 9);
            prop_assert_eq!(shown.parse(), Ok(code));
            prop_assert_eq!(format!(" {} ", shown.to_lowercase().replace('-', " ")).parse(), Ok(code));
            prop_assert_eq!(shown.replace('0', "o").replace('1', "l").parse(), Ok(code));
        }

        #[test]
        fn no_other_length_is_a_code(text in "[0-9A-Z]{0,7}|[0-9A-Z]{9,40}") {
            prop_assert_eq!(text.parse::<ShortCode>(), Err(NotAShortCode));
        }
    }

    #[test]
    fn it_is_the_beginning_of_the_digest() {
        let code = ShortCode::of_digest(&format!("sha256:0044fff001{}", "0".repeat(54)));
        assert_eq!(code.map(|code| code.to_string()).as_deref(), Some("012F-ZW01"));
        for wrong in ["", "sha256:", "sha256:00", "md5:0044fff001", "sha256:00é4fff001"] {
            assert_eq!(ShortCode::of_digest(wrong), None, "{wrong}");
        }
        for wrong in ["", "012F-ZW0", "012F-ZW012", "012F-ZW0U", "012F-ZW0火"] {
            assert_eq!(wrong.parse::<ShortCode>(), Err(NotAShortCode), "{wrong}");
        }
    }
}
