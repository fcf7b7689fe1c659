//! How times, numbers and levels are written on pages.

use super::words::Words;
use crate::domain::{level::Level, message::Status};

/// `1,284,310`
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A rate: one digit after the point below ten, whole above.
pub(super) fn rate(per_second: f64) -> String {
    if per_second < 0.05 {
        "0".to_owned()
    } else if per_second < 9.95 {
        format!("{per_second:.1}")
    } else {
        grouped(per_second.round().max(0.0) as u64)
    }
}

/// `14:03:07` of an RFC 3339 time, in its own offset.
pub(super) fn clock(rfc3339: &str) -> String {
    rfc3339.get(11..19).unwrap_or(rfc3339).to_owned()
}

/// `07-15 14:03:07` of an RFC 3339 time, in its own offset.
pub(super) fn stamp(rfc3339: &str) -> String {
    rfc3339.get(5..19).map_or_else(|| rfc3339.to_owned(), |text| text.replace('T', " "))
}

/// `07-15 14:03` of an RFC 3339 time, in its own offset.
pub(super) fn minute(rfc3339: &str) -> String {
    rfc3339.get(5..16).map_or_else(|| rfc3339.to_owned(), |text| text.replace('T', " "))
}

/// Seconds since 1970 of an RFC 3339 time.
pub(super) fn unix(rfc3339: &str) -> Option<i64> {
    rfc3339.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second)
}

/// A time still to come, in the largest unit that says enough.
pub(super) fn eta(words: Words, seconds: u64) -> String {
    let (id, count) = match seconds {
        0..=119 => ("console-eta-seconds", seconds),
        120..=7199 => ("console-eta-minutes", seconds.div_ceil(60)),
        _ => ("console-eta-hours", seconds.div_ceil(3600)),
    };
    words.with(id, "count", grouped(count))
}

/// A level as four places, word and Roman number: never by colour alone.
pub(super) struct Badge {
    pub(super) class: &'static str,
    pub(super) steps: &'static str,
    pub(super) word: String,
    pub(super) roman: &'static str,
}

impl Badge {
    pub(super) fn new(words: Words, level: Level) -> Self {
        let steps = match level {
            Level::Red => "▮▮▮▮",
            Level::Orange => "▮▮▮▯",
            Level::Yellow => "▮▮▯▯",
            Level::Blue => "▮▯▯▯",
            Level::Unknown => "▯▯▯▯",
        };
        Self { class: level.name(), steps, word: words.of("console-level-", level.name()), roman: level.roman() }
    }
}

/// 实战 or 演练.
pub(super) fn mark(words: Words, status: Status) -> String {
    words.t(if status == Status::Actual { "console-actual" } else { "console-drill" })
}

#[cfg(test)]
mod tests {
    use super::{clock, grouped, minute, rate, stamp, unix};

    #[test]
    fn groups_thousands() {
        for (number, text) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_284_310, "1,284,310"), (100_000, "100,000")]
        {
            assert_eq!(grouped(number), text);
        }
    }

    #[test]
    fn writes_rates_with_as_many_digits_as_matter() {
        for (number, text) in
            [(0.0, "0"), (0.04, "0"), (0.44, "0.4"), (9.94, "9.9"), (9.96, "10"), (12_345.6, "12,346"), (f64::NAN, "0")]
        {
            assert_eq!(rate(number), text);
        }
    }

    #[test]
    fn takes_times_apart_and_leaves_other_texts_alone() {
        let time = "2026-07-15T14:03:07+08:00";
        assert_eq!(
            (clock(time), stamp(time), minute(time)),
            ("14:03:07".into(), "07-15 14:03:07".into(), "07-15 14:03".into())
        );
        assert_eq!(unix(time), Some(1_784_095_387));
        assert_eq!((clock("刚才"), unix("刚才")), ("刚才".to_owned(), None));
    }
}
