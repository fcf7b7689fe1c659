//! The part one node has of a limit that several share: for a while, then nothing.
//!
//! Windows that must never have more than the limit are kept by what was granted in them: the parts of all nodes never
//! come to more than the limit at any moment, so what all of them were granted in a window is no more than it allows.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

/// Grants are remembered for so long.
const KEPT: Duration = Duration::from_secs(60);
/// Parts that differ by less are the same.
const SAME: f64 = 1e-6;

pub(super) struct Shared {
    /// From when to when, and how many units a second; oldest first.
    grants: VecDeque<(Instant, Instant, f64)>,
}

impl Shared {
    pub(super) fn new(now: Instant) -> Self {
        Self { grants: VecDeque::from([(now, now, 0.0)]) }
    }

    /// Units a second of the newest part.
    pub(super) fn rate(&self) -> f64 {
        self.grants.back().map_or(0.0, |(.., rate)| *rate)
    }

    /// Whether the newest part still holds good.
    pub(super) fn holds(&self, now: Instant) -> bool {
        self.grants.back().is_some_and(|(_, until, _)| now < *until)
    }

    /// A part from now on; whether it is another than the one before, or that had run out.
    pub(super) fn grant(&mut self, rate: f64, until: Instant, now: Instant) -> bool {
        while self.grants.front().is_some_and(|(_, until, _)| now.duration_since(*until) > KEPT) {
            self.grants.pop_front();
        }
        if let Some((_, end, known)) = self.grants.back_mut() {
            let ran_out = *end <= now;
            if !ran_out && (*known - rate).abs() < SAME {
                *end = until.max(*end);
                return false;
            }
            *end = (*end).min(now);
        }
        self.grants.push_back((now, until, rate));
        true
    }

    /// Units granted in the last `span`.
    pub(super) fn granted(&self, span: Duration, now: Instant) -> f64 {
        let from = now.checked_sub(span);
        let units = self.grants.iter().rev().map(|(begin, end, rate)| {
            let (begin, end) = (from.map_or(*begin, |from| from.max(*begin)), now.min(*end));
            end.saturating_duration_since(begin).as_secs_f64() * rate
        });
        units.sum()
    }
}
