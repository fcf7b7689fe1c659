//! Texts as a channel gets them.

use crate::domain::{
    finding::{Finding, code},
    text::ucs2_segments,
};

/// A last segment of fewer characters than this is hardly worth its price.
const TAIL: usize = 5;

/// A short message whose last segment is there for fewer than five characters. Carriers count UTF-16 units: 70 in one,
/// 67 each in a chain.
#[must_use]
pub fn sms(text: &str, path: &str) -> Option<Finding> {
    let (units, segments) = (text.encode_utf16().count(), ucs2_segments(text));
    let without = match segments {
        1 => return None,
        2 => 70,
        more => 67 * (more - 1),
    };
    let over = units - without;
    (over < TAIL).then(|| {
        let finding = Finding::advise(code::SMS_SEGMENT_NEARLY_EMPTY, path);
        finding.arg("over", over).arg("segments", segments).arg("fewer", segments - 1)
    })
}

/// A text that takes longer to read on a screen than `most` seconds; 0 = no bound.
#[must_use]
pub fn screen(text: &str, most: u64, path: &str) -> Option<Finding> {
    let seconds = reading_seconds(text);
    (most > 0 && seconds > most).then(|| {
        let finding = Finding::advise(code::SCREEN_READING_LONG, path);
        finding.arg("seconds", seconds).arg("most", most)
    })
}

/// Seconds a passer-by takes to read a text: five Chinese characters a second, or fifteen letters; blanks and marks count
/// as letters.
#[must_use]
pub fn reading_seconds(text: &str) -> u64 {
    let fifteenths: u64 = text.chars().map(|c| if c >= '\u{2E80}' { 3 } else { 1 }).sum();
    fifteenths.div_ceil(15)
}
