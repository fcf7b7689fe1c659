//! When a delivery that failed is tried again.

use std::time::Duration;

use crate::config::RetryTimes;

/// How long to wait before the attempt after `attempts`; `None` when tries or time are used up.
///
/// The wait grows by the factor from attempt to attempt up to the longest, and is drawn from its upper half by
/// `fraction` (0 ≤ fraction < 1), so that failures of one moment do not come back in one moment. An attempt that would
/// come after the deadline is brought forward, once, into the last tenth of the time that is left.
pub(super) fn pause(times: &RetryTimes, attempts: u8, left_s: i64, fraction: f64) -> Option<Duration> {
    if times.attempts_max > 0 && attempts >= times.attempts_max {
        return None;
    }
    let grown = times.first_s.as_secs_f64() * times.factor.powi(i32::from(attempts.max(1)) - 1);
    let longest = grown.min(times.longest_s.as_secs_f64());
    let pause = longest * (0.5 + fraction / 2.0);
    let left = left_s as f64;
    if pause < left {
        return Some(Duration::from_secs_f64(pause));
    }
    let last = left * 0.9;
    // Less than the shortest pause is no pause worth the name.
    (last >= times.first_s.as_secs_f64() / 2.0 && last >= 1.0).then(|| Duration::from_secs_f64(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times() -> RetryTimes {
        RetryTimes {
            first_s: Duration::from_secs(2),
            longest_s: Duration::from_secs(60),
            factor: 2.0,
            attempts_max: 5,
            in_doubt_max: 3,
        }
    }

    #[test]
    fn pauses_double_up_to_the_longest_and_are_drawn_from_their_upper_half() {
        let pause = |attempts, fraction| pause(&RetryTimes { attempts_max: 0, ..times() }, attempts, 10_000, fraction);
        let seconds = |attempts, fraction| pause(attempts, fraction).map(|pause| pause.as_secs_f64());
        assert_eq!((1..=8).map(|n| seconds(n, 0.0).expect("more")).collect::<Vec<_>>(), [
            1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0
        ]);
        assert_eq!(seconds(3, 0.5), Some(6.0));
    }

    #[test]
    fn the_last_attempt_still_fits_before_the_deadline() {
        let late = pause(&times(), 4, 10, 0.9).expect("brought forward");
        assert_eq!(late, Duration::from_secs(9));
        assert_eq!(pause(&times(), 4, 1, 0.9), None, "no time left");
        assert_eq!(pause(&times(), 5, 1_000, 0.0), None, "no tries left");
    }
}
