//! What a reply to a message says: that its reader got it, or something else.
//!
//! A reply confirms only when it is one of the words, whole: 没收到 holds 收到 and says the opposite. Drills have words
//! of their own, so that a habit of confirming drills never confirms the real thing, nor the reverse.

use super::purpose::Purpose;

/// Characters of a reply that are looked at; a longer one is somebody's letter and no confirmation.
const LONGEST: usize = 64;

/// The words that confirm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfirmWords {
    actual: Vec<String>,
    drill: Vec<String>,
}

/// What a reply says to a message of a purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// That it arrived.
    Confirmed,
    /// The word of the other kind: that of a drill to the real thing, or the reverse. It confirms nothing; its writer
    /// should be told the right word.
    OtherKind,
    /// Something else.
    Nothing,
}

impl ConfirmWords {
    /// The words for the real thing, and those for exercises and tests.
    #[must_use]
    pub fn new(actual: &[String], drill: &[String]) -> Self {
        let all = |words: &[String]| {
            words.iter().map(|word| plain(word)).filter(|word| !word.is_empty()).collect::<Vec<String>>()
        };
        Self { actual: all(actual), drill: all(drill) }
    }

    /// What a reply says to a message that was for `purpose`. A word of both kinds confirms nothing.
    #[must_use]
    pub fn said(&self, reply: &str, purpose: Purpose) -> Said {
        if reply.chars().nth(LONGEST).is_some() {
            return Said::Nothing;
        }
        let reply = plain(reply);
        let (own, other) = if purpose.is_drill() { (&self.drill, &self.actual) } else { (&self.actual, &self.drill) };
        match (own.contains(&reply), other.contains(&reply)) {
            (true, false) => Said::Confirmed,
            (false, true) => Said::OtherKind,
            _ => Said::Nothing,
        }
    }

    /// The words that stand for both kinds, as they are compared; empty when the two are apart.
    #[must_use]
    pub fn shared(&self) -> Vec<&str> {
        self.actual.iter().filter(|word| self.drill.contains(word)).map(String::as_str).collect()
    }
}

/// A word as it is compared: full-width letters and digits narrow, small letters, nothing but letters and digits at
/// either end. Empty when there are none: such a word would confirm nothing.
#[must_use]
pub fn plain(text: &str) -> String {
    let narrow = |c: char| match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        '\u{3000}' => ' ',
        _ => c,
    };
    let narrow: String = text.chars().map(narrow).flat_map(char::to_lowercase).collect();
    narrow.trim_matches(|c: char| !c.is_alphanumeric()).to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words() -> ConfirmWords {
        let own = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<String>>();
        ConfirmWords::new(&own(&["1", "收到", "OK"]), &own(&["9", "演练收到"]))
    }

    #[test]
    fn a_word_confirms_what_it_is_for() {
        for (reply, actual, drill) in [
            ("1", Said::Confirmed, Said::OtherKind),
            (" １。", Said::Confirmed, Said::OtherKind),
            ("收到", Said::Confirmed, Said::OtherKind),
            ("【收到】！", Said::Confirmed, Said::OtherKind),
            ("ｏｋ", Said::Confirmed, Said::OtherKind),
            ("Ok.", Said::Confirmed, Said::OtherKind),
            ("9", Said::OtherKind, Said::Confirmed),
            ("演练收到", Said::OtherKind, Said::Confirmed),
            ("没收到", Said::Nothing, Said::Nothing),
            ("收到了吗", Said::Nothing, Said::Nothing),
            ("11", Said::Nothing, Said::Nothing),
            ("", Said::Nothing, Said::Nothing),
            ("。。。", Said::Nothing, Said::Nothing),
        ] {
            let said = Purpose::ALL.map(|purpose| words().said(reply, purpose));
            assert_eq!(said, [actual, drill, drill], "{reply}");
        }
        assert_eq!(words().said(&format!("1{}", " ".repeat(LONGEST)), Purpose::Actual), Said::Nothing);
    }

    #[test]
    fn a_word_of_both_kinds_is_found_and_confirms_nothing() {
        let both = ConfirmWords::new(&["收到".to_owned(), "１".to_owned()], &["1.".to_owned()]);
        assert_eq!(both.shared(), ["1"]);
        assert_eq!(both.said("1", Purpose::Actual), Said::Nothing);
        assert!(words().shared().is_empty());
    }

    proptest! {
        #[test]
        fn no_reply_confirms_both_kinds(reply in ".{0,80}") {
            let said = Purpose::ALL.map(|purpose| words().said(&reply, purpose));
            prop_assert!(said[0] != Said::Confirmed || said[1] != Said::Confirmed);
            prop_assert_eq!(said[1], said[2]);
        }
    }
}
