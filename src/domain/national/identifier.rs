//! Identifiers of the form: unit and time of entry, `ZZZZZZDDDUUUXX_YYYYMMDDHHMISS`, newer ones with `_` and a digit.

use crate::domain::{message::MessageRef, moment::Moment};

/// Digits of a unit: area 6, class of agency 3, sub-unit 3, two zeros.
const UNIT: usize = 14;

/// Whether a text is the code of a unit.
pub(super) fn is_unit(text: &str) -> bool {
    text.len() == UNIT && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Unit and time of an identifier, when a text is one.
pub(super) fn parse(text: &str) -> Option<(&str, Moment)> {
    let mut parts = text.split('_');
    let (unit, time, number) = (parts.next()?, parts.next()?, parts.next());
    let numbered = number.is_none_or(|number| number.len() == 1 && number.bytes().all(|byte| byte.is_ascii_digit()));
    let form = is_unit(unit) && time.len() == 14 && time.bytes().all(|byte| byte.is_ascii_digit());
    if !form || !numbered || parts.next().is_some() {
        return None;
    }
    let part = |range: std::ops::Range<usize>| &time[range];
    let written =
        format!("{}-{}-{}T{}:{}:{}+08:00", part(0..4), part(4..6), part(6..8), part(8..10), part(10..12), part(12..14));
    Some((unit, written.parse().ok()?))
}

/// A moment in China's time, as identifiers and file names have it: `20210607143000`.
pub(super) fn compact(moment: Moment) -> String {
    Moment::china(moment.unix()).to_string().chars().filter(char::is_ascii_digit).take(14).collect()
}

/// The identifier of a unit's message that has none in this form.
pub(super) fn made(unit: &str, sent: Moment) -> String {
    format!("{unit}_{}", compact(sent))
}

/// What an identifier alone says of the message it names. The time in it is that of entry, which may differ from the
/// time of sending.
pub(super) fn reference(identifier: &str) -> Option<MessageRef> {
    let (unit, sent) = parse(identifier)?;
    Some(MessageRef { sender: unit.to_owned(), identifier: identifier.to_owned(), sent })
}

/// Whether a reference says no more than an identifier of the national form does: it then names the message of its
/// sender with that identifier, whenever that was sent.
#[must_use]
pub fn is_bare(reference: &MessageRef) -> bool {
    parse(&reference.identifier) == Some((reference.sender.as_str(), reference.sent))
}

#[cfg(test)]
mod tests {
    use super::{compact, is_bare, parse, reference};

    #[test]
    fn identifiers_are_unit_and_time() {
        let (unit, at) = parse("23010041600000_20211107160846").expect("an identifier");
        assert_eq!((unit, at.to_string().as_str()), ("23010041600000", "2021-11-07T16:08:46+08:00"));
        assert_eq!(compact(at), "20211107160846");
        assert!(parse("23010041600000_20211107160846_3").is_some());
        for text in [
            "",
            "23010041600000",
            "23010041600000_2021110716084",
            "23010041600000_20211307160846",
            "2301004160000x_20211107160846",
            "23010041600000_20211107160846_12",
            "23010041600000_20211107160846_",
            "23010041600000_20211107160846_1_2",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_reference_with_a_time_of_its_own_is_not_bare() {
        let mut bare = reference("23010041600000_20211107160846").expect("an identifier");
        assert!(is_bare(&bare));
        bare.sent = "2021-11-07T16:10:00+08:00".parse().expect("a time");
        assert!(!is_bare(&bare));
    }
}
