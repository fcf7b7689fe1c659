//! Telephone numbers, as the directory and the providers write them.

use std::borrow::Cow;

use fenghuo_contract::Address;

/// Digits of a number with its country code (ITU-T E.164).
const DIGITS: std::ops::RangeInclusive<usize> = 7..=15;

/// A number with its country code, digits only.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Number(Box<str>);

impl Number {
    /// A number as the directory holds it: with `+` or `00` and the country code, or a mobile number of the Chinese mainland
    /// with or without 86. Blanks, hyphens and brackets do not count.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let text: String = text.chars().filter(|char| !matches!(char, ' ' | '-' | '(' | ')')).collect();
        if let Some(digits) = text.strip_prefix('+').or_else(|| text.strip_prefix("00")) {
            return Self::international(digits);
        }
        let national = text.strip_prefix("86").filter(|rest| is_mobile(rest)).unwrap_or(&text);
        is_mobile(national).then(|| Self(format!("86{national}").into()))
    }

    /// A number as a provider writes it: as above, or the country code and the rest without any sign before it.
    pub(crate) fn of_provider(text: &str) -> Option<Self> {
        Self::parse(text).or_else(|| Self::international(text))
    }

    fn international(digits: &str) -> Option<Self> {
        let good = digits.bytes().all(|byte| byte.is_ascii_digit())
            && DIGITS.contains(&digits.len())
            && !digits.starts_with('0')
            && digits.strip_prefix("86").is_none_or(is_mobile);
        good.then(|| Self(digits.into()))
    }

    /// Whether it belongs to the Chinese mainland, where other templates and prices hold.
    pub(crate) fn is_mainland(&self) -> bool {
        self.0.starts_with("86")
    }

    /// With `+` and country code.
    pub(crate) fn e164(&self) -> String {
        format!("+{}", self.0)
    }

    /// As the directory writes it: eleven digits within the mainland, else with `+`.
    pub(crate) fn address(&self) -> Address {
        if self.is_mainland() { Address::new(&*self.bare()) } else { Address::new(self.e164()) }
    }

    /// Without country code within the mainland, else with it and without any sign; `00` stands before one that would be
    /// taken for a mainland number (such are there in North America).
    pub(crate) fn bare(&self) -> Cow<'_, str> {
        match self.0.strip_prefix("86") {
            Some(national) => national.into(),
            None if is_mobile(&self.0) => format!("00{}", self.0).into(),
            None => (&*self.0).into(),
        }
    }
}

/// Whether it is a mobile number of the Chinese mainland without its country code.
fn is_mobile(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 11 && bytes[0] == b'1' && (b'3'..=b'9').contains(&bytes[1]) && bytes.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Number;

    #[test]
    fn every_spelling_of_a_number_is_the_same_number() {
        for text in ["13812341234", "8613812341234", "+8613812341234", "008613812341234", "+86 138-1234-1234"] {
            let number = Number::parse(text).unwrap();
            assert_eq!((number.e164().as_str(), &*number.bare()), ("+8613812341234", "13812341234"), "{text}");
            assert!(number.is_mainland());
        }
        let abroad = Number::parse("+852 6123 4567").unwrap();
        assert_eq!((abroad.e164().as_str(), &*abroad.bare()), ("+85261234567", "85261234567"));
        assert!(!abroad.is_mainland());
        assert_eq!(Number::of_provider("85261234567"), Some(abroad));
    }

    #[test]
    fn what_is_no_number_is_none() {
        for text in [
            "",
            "+",
            "110",
            "045188888888",
            "1381234123",
            "138123412345",
            "+86138abcd1234",
            "+8645188888888",
            "+0123456789",
            "１３８12341234",
        ] {
            assert_eq!(Number::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(digits in "(1[3-9][0-9]{9}|861[3-9][0-9]{9}|[1-79][0-9]{6,14})") {
            let number = Number::parse(&format!("+{digits}")).unwrap();
            for spelled in [number.e164(), number.bare().into_owned(), number.address().expose().to_owned()] {
                prop_assert_eq!(Number::of_provider(&spelled), Some(number.clone()), "{}", spelled);
            }
        }

        #[test]
        fn nothing_makes_it_panic(text in "\\PC*") {
            if let Some(number) = Number::of_provider(&text) {
                prop_assert!(number.e164()[1..].bytes().all(|byte| byte.is_ascii_digit()));
            }
        }
    }
}
