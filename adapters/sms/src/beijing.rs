//! Times as the Chinese short message protocols write them: Beijing time, all the year eight hours ahead of UTC.

use jiff::{Timestamp, civil::DateTime, tz::Offset};

const BEIJING: Offset = Offset::constant(8);

/// Beijing time of a moment, seconds since 1970; 1970 itself for one no calendar has.
fn civil(seconds: i64) -> DateTime {
    BEIJING.to_datetime(Timestamp::from_second(seconds).unwrap_or(Timestamp::UNIX_EPOCH))
}

/// `MMDDHHMMSS` as a number: the time stamp of the log-ins (CMPP, SMGP) and of the sequence numbers (SGIP).
pub(crate) fn stamp(seconds: i64) -> u32 {
    let at = civil(seconds);
    let fields = [at.month(), at.day(), at.hour(), at.minute(), at.second()];
    fields.iter().fold(0, |stamp, field| stamp * 100 + u32::from(field.unsigned_abs()))
}

/// `YYMMDDhhmmss032+`: an absolute time in the form of SMPP 3.4 §7.1.1, 32 quarters of an hour ahead of UTC.
pub(crate) fn absolute(seconds: i64) -> String {
    let at = civil(seconds);
    let (year, month, day) = (at.year().rem_euclid(100), at.month(), at.day());
    format!("{year:02}{month:02}{day:02}{:02}{:02}{:02}032+", at.hour(), at.minute(), at.second())
}

/// The moment a report names by `YYMMDDhhmm` (or with seconds behind), milliseconds since 1970; `None` when it names none.
pub(crate) fn moment(text: &str) -> Option<i64> {
    let two = |from: usize| {
        text.get(from..from + 2).filter(|two| two.bytes().all(|byte| byte.is_ascii_digit()))?.parse::<i8>().ok()
    };
    let year = 2000 + i16::from(two(0)?);
    let second = two(10).unwrap_or(0);
    let civil = DateTime::new(year, two(2)?, two(4)?, two(6)?, two(8)?, second, 0).ok()?;
    BEIJING.to_timestamp(civil).ok().map(Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-12-31T16:30:05Z, half past midnight of the new year in Beijing.
    const NEW_YEAR: i64 = 1_798_734_605;

    #[test]
    fn times_are_those_of_beijing() {
        assert_eq!(stamp(NEW_YEAR), 101_003_005);
        assert_eq!(absolute(NEW_YEAR), "270101003005032+");
        assert_eq!(absolute(NEW_YEAR - 1806), "261231235959032+");
    }

    #[test]
    fn times_of_reports_are_read_with_and_without_seconds() {
        assert_eq!(moment("2701010030"), Some((NEW_YEAR - 5) * 1000));
        assert_eq!(moment("270101003005"), Some(NEW_YEAR * 1000));
        for text in ["", "0000000000", "270101", "2701010o30", "2713010030", "年年年年年"] {
            assert_eq!(moment(text), None, "{text:?}");
        }
    }
}
