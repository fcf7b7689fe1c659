//! The centre's calendar: a date it was started on, moved along by tokio's clock, so that paused time stands still.

use jiff::{ToSpan, civil::DateTime};
use tokio::time::Instant;

/// Local date and time to the second, as digits `YYMMDDhhmmss`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stamp(pub(crate) [u8; 12]);

impl Stamp {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The number two digits make, by their position.
    pub(crate) fn two(&self, at: usize) -> u32 {
        let digit = |at: usize| u32::from(self.0[at] - b'0');
        digit(at) * 10 + digit(at + 1)
    }
}

/// Reads the time once a second.
#[derive(Debug)]
pub(crate) struct Calendar {
    started: Instant,
    date: DateTime,
    last: Option<(u64, Stamp)>,
}

impl Calendar {
    pub(crate) fn new(started: Instant, date: DateTime) -> Self {
        Self { started, date, last: None }
    }

    pub(crate) fn stamp(&mut self, now: Instant) -> Stamp {
        let second = now.saturating_duration_since(self.started).as_secs();
        match self.last {
            Some((known, stamp)) if known == second => stamp,
            _ => {
                let stamp = digits(self.date.saturating_add(i64::try_from(second).unwrap_or(i64::MAX).seconds()));
                self.last = Some((second, stamp));
                stamp
            }
        }
    }
}

fn digits(date: DateTime) -> Stamp {
    let parts = [
        date.year().rem_euclid(100),
        date.month().into(),
        date.day().into(),
        date.hour().into(),
        date.minute().into(),
        date.second().into(),
    ];
    let mut digits = [b'0'; 12];
    for (pair, part) in digits.as_chunks_mut::<2>().0.iter_mut().zip(parts) {
        let part = u8::try_from(part).unwrap_or_default();
        *pair = [b'0' + part / 10, b'0' + part % 10];
    }
    Stamp(digits)
}

/// Reads tokio's clock, which tests may pause.
#[expect(clippy::disallowed_methods, reason = "the one clock of a centre; a test that pauses time pauses it")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
