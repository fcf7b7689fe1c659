//! When a delivery that failed is tried again.

use std::time::Duration;

use crate::config::RetryTimes;

/// A last attempt comes at least so long after the one before.
const SHORTEST: Duration = Duration::from_secs(1);

/// How long to wait before the attempt after `attempts`; `None` when tries or time are used up. `left` is the time until
/// the last moment at which an attempt can begin and still be answered before the deadline.
///
/// The wait grows by the factor from attempt to attempt up to the longest, and is drawn from its upper half by
/// `fraction` (0 ≤ fraction < 1), so that failures of one moment do not come back in one moment. An attempt that would
/// come too late is brought forward to that last moment.
pub(super) fn pause(times: &RetryTimes, attempts: u8, left: Duration, fraction: f64) -> Option<Duration> {
    if times.attempts_max > 0 && attempts >= times.attempts_max {
        return None;
    }
    let grown = times.first_s.as_secs_f64() * times.factor.powi(i32::from(attempts.max(1)) - 1);
    let longest = grown.min(times.longest_s.as_secs_f64());
    let pause = Duration::from_secs_f64(longest * (0.5 + fraction / 2.0));
    if pause <= left {
        return Some(pause);
    }
    // Less than the shortest pause is no pause worth the name.
    (left >= (times.first_s / 2).min(SHORTEST)).then_some(left)
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
        let pause = |attempts, fraction| pause(&RetryTimes { attempts_max: 0, ..times() }, attempts, Duration::from_secs(10_000), fraction);
        let seconds = |attempts, fraction| pause(attempts, fraction).map(|pause| pause.as_secs_f64());
        assert_eq!(
            (1..=8).map(|n| seconds(n, 0.0).expect("more")).collect::<Vec<_>>(),
            [1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
        );
        assert_eq!(seconds(3, 0.5), Some(6.0));
    }

    #[test]
    fn the_last_attempt_still_fits_before_the_deadline() {
        let pause = |attempts, left| pause(&times(), attempts, Duration::from_secs(left), 0.9);
        assert_eq!(pause(4, 9), Some(Duration::from_secs(9)), "brought forward");
        assert_eq!(pause(4, 0), None, "no time left");
        assert_eq!(pause(5, 1_000), None, "no tries left");
    }
}
