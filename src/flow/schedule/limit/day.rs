//! Units of a day, by China's calendar. Use is reserved durably in parts before it is spent: after a crash the part that
//! was reserved counts as used, so a restart never refills a day.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::No;

const DAY_S: i64 = 86_400;
const CHINA_S: i64 = 8 * 3_600;
/// Reserved at a time, as a part of the limit.
const PARTS: u64 = 100;

/// What is known durably of a day's use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DayUse {
    /// Days since 1970 in China.
    pub(crate) day: i64,
    /// Units that may be spent without writing anything down.
    pub(crate) reserved: u64,
}

pub(crate) struct Day {
    /// `None` = counted only: a limit that comes back finds what was used meanwhile.
    most: Option<u64>,
    today: i64,
    used: u64,
    reserved: u64,
    /// A reservation that is being written.
    asked: Option<DayUse>,
    /// Others have reserved the rest of the day: no more than what is reserved here.
    is_over: bool,
}

fn day_of(unix: i64) -> i64 {
    (unix + CHINA_S).div_euclid(DAY_S)
}

impl Day {
    pub(super) fn new(most: Option<u64>, known: Option<DayUse>) -> Self {
        let DayUse { day, reserved } = known.unwrap_or(DayUse { day: i64::MIN, reserved: 0 });
        Self { most, today: day, used: reserved, reserved, asked: None, is_over: false }
    }

    /// Limits it otherwise from now on; what was used stays used.
    pub(super) fn change(&mut self, most: Option<u64>) {
        self.most = most;
        self.is_over = false;
    }

    fn turn(&mut self, unix: i64) {
        let today = day_of(unix);
        // A clock that goes back refills nothing.
        if today > self.today {
            (self.today, self.used, self.reserved, self.asked, self.is_over) = (today, 0, 0, None, false);
        }
    }

    fn limit(&self, share: f64) -> u64 {
        let most = self.most.map_or(u64::MAX, |most| (most as f64 * share) as u64);
        if self.is_over { most.min(self.reserved) } else { most }
    }

    /// Units that may go now, as far as the limit is concerned.
    pub(super) fn room(&mut self, share: f64, unix: i64) -> u32 {
        self.turn(unix);
        u32::try_from(self.limit(share).saturating_sub(self.used)).unwrap_or(u32::MAX)
    }

    pub(super) fn check(&mut self, units: u32, share: f64, unix: i64) -> Result<(), No> {
        self.turn(unix);
        let Some(most) = self.most else { return Ok(()) };
        if self.used + u64::from(units) > self.limit(share) {
            let midnight = (self.today + 1) * DAY_S - CHINA_S;
            return Err(No::Wait(Duration::from_secs(u64::try_from(midnight - unix).unwrap_or(1).max(1))));
        }
        let part = (most / PARTS).max(u64::from(units));
        if self.used + u64::from(units) + part / 2 > self.reserved && self.asked.is_none() {
            let reserved = (self.used + u64::from(units) + part).min(most);
            if reserved > self.reserved {
                self.asked = Some(DayUse { day: self.today, reserved });
            }
        }
        if self.used + u64::from(units) > self.reserved { Err(No::Reserving) } else { Ok(()) }
    }

    pub(super) fn add(&mut self, units: u32) {
        self.used += u64::from(units);
    }

    pub(super) fn take_back(&mut self, units: u32) {
        self.used -= u64::from(units).min(self.used);
    }

    /// The reservation to be written down, when there is one.
    pub(crate) fn wanted(&self) -> Option<DayUse> {
        self.asked
    }

    /// How many units more that is, and the limit.
    pub(crate) fn asks_for(&self) -> Option<(u64, u64)> {
        let asked = self.asked?;
        Some((asked.reserved.saturating_sub(self.reserved), self.most?))
    }

    /// So many of the units asked for were given, of a day that others use too.
    pub(crate) fn give(&mut self, asked: DayUse, wanted: u64, given: u64) {
        if self.asked == Some(asked) {
            self.asked = None;
        }
        if asked.day == self.today {
            self.reserved += given;
            self.is_over = given < wanted;
        }
    }

    /// A reservation is durable, or could not be made so and is asked for again.
    pub(crate) fn settle(&mut self, written: DayUse, durable: bool) {
        if self.asked == Some(written) {
            self.asked = None;
        }
        if durable && written.day == self.today {
            self.reserved = self.reserved.max(written.reserved);
        }
    }

    /// Units used on the day of a moment, and the limit; `None` without a limit.
    pub(crate) fn used(&self, unix: i64) -> Option<(u64, u64)> {
        let used = if day_of(unix) > self.today { 0 } else { self.used };
        self.most.map(|most| (used, most))
    }
}
