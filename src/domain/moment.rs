//! A moment as CAP writes it: whole seconds, with the sender's offset kept.

use std::{fmt, str::FromStr};

use jiff::{SignedDuration, civil::DateTime};
use serde::{Deserialize, Serialize};

/// 1970-01-01T00:00:00.
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// A point in time with the offset its sender wrote, to the second.
///
/// Two moments are equal when instant *and* offset are: a document read and written again keeps its text. Compare
/// instants with [`Moment::unix`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Moment {
    unix: i64,
    offset_minutes: i16,
    /// CAP writes UTC as `-00:00`; other senders write `+00:00`. Kept so that the text survives.
    negative_zero: bool,
}

/// The text is not a CAP date-time, `YYYY-MM-DDThh:mm:ss±hh:mm`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MomentFault {
    /// It does not have the shape (`Z`, a fraction, a blank instead of `T`, missing seconds or offset).
    #[error("not of the form YYYY-MM-DDThh:mm:ss±hh:mm")]
    Form,
    /// The shape is right, the day, hour or offset does not exist.
    #[error("no such date or time")]
    NoSuchTime,
}

impl Moment {
    /// The moment `unix` seconds after 1970-01-01T00:00:00Z, written with an offset of `offset_minutes` east of UTC.
    #[must_use]
    pub const fn new(unix: i64, offset_minutes: i16) -> Self {
        Self { unix, offset_minutes, negative_zero: offset_minutes == 0 }
    }

    /// The moment in China's time, `+08:00`, in which everything of our own is written.
    #[must_use]
    pub const fn china(unix: i64) -> Self {
        Self::new(unix, 8 * 60)
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn unix(self) -> i64 {
        self.unix
    }

    /// Minutes east of UTC.
    #[must_use]
    pub const fn offset_minutes(self) -> i16 {
        self.offset_minutes
    }

    /// Reckoned on the civil calendar alone, which reaches to the end of the year 9999 in every offset.
    fn civil(self) -> DateTime {
        let local = self.unix + i64::from(self.offset_minutes) * 60;
        EPOCH.checked_add(SignedDuration::from_secs(local)).unwrap_or(EPOCH)
    }

    /// `2026年7月15日14时40分`, in the sender's own offset.
    #[must_use]
    pub fn chinese(self) -> String {
        let t = self.civil();
        format!("{}年{}月{}日{}时{:02}分", t.year(), t.month(), t.day(), t.hour(), t.minute())
    }

    /// `2026-07-15 14:40`, in the sender's own offset.
    #[must_use]
    pub fn plain(self) -> String {
        let t = self.civil();
        format!("{:04}-{:02}-{:02} {:02}:{:02}", t.year(), t.month(), t.day(), t.hour(), t.minute())
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let t = self.civil();
        let sign = if self.offset_minutes < 0 || self.negative_zero { '-' } else { '+' };
        let offset = self.offset_minutes.unsigned_abs();
        write!(
            f,
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}{sign}{:02}:{:02}",
            t.year(),
            t.month(),
            t.day(),
            t.hour(),
            t.minute(),
            t.second(),
            offset / 60,
            offset % 60
        )
    }
}

impl FromStr for Moment {
    type Err = MomentFault;

    fn from_str(text: &str) -> Result<Self, MomentFault> {
        let bytes = text.as_bytes();
        let shape = bytes.len() == 25
            && bytes.iter().enumerate().all(|(at, byte)| match at {
                4 | 7 => *byte == b'-',
                10 => *byte == b'T',
                13 | 16 | 22 => *byte == b':',
                19 => matches!(byte, b'+' | b'-'),
                _ => byte.is_ascii_digit(),
            });
        if !shape {
            return Err(MomentFault::Form);
        }
        let number = |range: std::ops::Range<usize>| text[range].parse::<i16>().unwrap_or(-1);
        let (hours, minutes) = (number(20..22), number(23..25));
        // The widest offset in use is +14:00 (XML Schema part 2, 3.2.7.3).
        if minutes > 59 || hours * 60 + minutes > 14 * 60 {
            return Err(MomentFault::NoSuchTime);
        }
        let negative = bytes[19] == b'-';
        let offset_minutes = (hours * 60 + minutes) * if negative { -1 } else { 1 };
        let civil = DateTime::new(
            number(0..4),
            number(5..7) as i8,
            number(8..10) as i8,
            number(11..13) as i8,
            number(14..16) as i8,
            number(17..19) as i8,
            0,
        )
        .map_err(|_| MomentFault::NoSuchTime)?;
        let unix = civil.duration_since(EPOCH).as_secs() - i64::from(offset_minutes) * 60;
        Ok(Self { unix, offset_minutes, negative_zero: negative && offset_minutes == 0 })
    }
}

impl Serialize for Moment {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
