//! Waits that end with a minute, a day or a month of Beijing, where the provider counts.

use std::{sync::Arc, time::Duration};

use fenghuo_contract::{Cause, Fault};
use jiff::{Timestamp, ToSpan, civil::DateTime, tz::Offset};

/// Seconds since 1970.
pub type Now = Arc<dyn Fn() -> i64 + Send + Sync>;

const BEIJING: Offset = Offset::constant(8);

/// The wait until the next minute.
pub(crate) fn to_next_minute(now: i64) -> Duration {
    Duration::from_secs(60 - now.rem_euclid(60).unsigned_abs())
}

/// The wait until the first minute of a half hour is over, within that minute: everybody's timers send in it.
pub(crate) fn crowded(now: i64) -> Option<Duration> {
    (now.div_euclid(60).rem_euclid(30) == 0).then(|| to_next_minute(now))
}

/// The fault of a batch that has to wait for it.
pub(crate) fn crowded_fault(after: Duration) -> Fault {
    let told = "the settings send nothing in the first minute of a half hour";
    Fault::Throttled { after: Some(after), cause: Cause::new("CROWDED-MINUTE", told) }
}

/// The wait until midnight.
pub(crate) fn to_midnight(now: i64) -> Duration {
    let local = now + i64::from(BEIJING.seconds());
    Duration::from_secs(86_400 - local.rem_euclid(86_400).unsigned_abs())
}

/// The wait until the first of the next month.
pub(crate) fn to_next_month(now: i64) -> Duration {
    let first = local(now).date().first_of_month().saturating_add(1.month()).at(0, 0, 0, 0);
    let then = BEIJING.to_timestamp(first).map_or(now, Timestamp::as_second);
    Duration::from_secs(then.saturating_sub(now).unsigned_abs())
}

/// `2026-11`.
pub(crate) fn month(now: i64) -> String {
    local(now).strftime("%Y-%m").to_string()
}

fn local(now: i64) -> DateTime {
    BEIJING.to_datetime(Timestamp::from_second(now).unwrap_or(Timestamp::UNIX_EPOCH))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_and_months_end_in_beijing() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_second();
        let last_second = at("2026-11-30T15:59:59Z");
        assert_eq!(to_midnight(last_second).as_secs(), 1);
        assert_eq!(to_next_month(last_second).as_secs(), 1);
        assert_eq!(to_next_minute(last_second).as_secs(), 1);
        assert_eq!((month(last_second), month(last_second + 1)), ("2026-11".to_owned(), "2026-12".to_owned()));
        assert_eq!(to_midnight(last_second + 1).as_secs(), 86_400);
        assert_eq!(to_next_month(at("2026-12-31T16:00:00Z")).as_secs(), 31 * 86_400);
    }
}
