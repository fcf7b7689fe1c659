//! One node of the limit tree: how many units may go in a second, a minute, a day.
//!
//! The rate is governor's (GCRA) with a burst of 10 ms: its default burst is a whole second of quota, which lets twice
//! the rate through in a second. Waiting happens on the gateway's clock, not governor's. A node that agreed can take its
//! word back, so that nothing is spent where another node of the tree says no. Minutes, and seconds under a hard cap, are
//! counted exactly over every window.

mod day;
mod rate;
mod shared;
mod sliding;

use std::time::Duration;

pub(crate) use day::{Day, DayUse};
use fenghuo_contract::RateUnit;
use rate::Rate;
use shared::Shared;
use sliding::Sliding;
use tokio::time::Instant;

use crate::config::Limit;

/// Work taken at a time, as time: what has left the scheduler and not yet the gateway cannot be overtaken.
pub(crate) const QUANTUM: Duration = Duration::from_millis(5);

/// Pause before it is asked again when there is no part.
const PART_WAIT: Duration = Duration::from_millis(50);
const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// What a slice costs, in every unit a node may count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cost {
    pub(crate) deliveries: u32,
    pub(crate) segments: u32,
    pub(crate) calls: u32,
}

impl Cost {
    fn units(&self, unit: RateUnit) -> u32 {
        match unit {
            RateUnit::Recipients => self.deliveries,
            RateUnit::Segments => self.segments,
            RateUnit::Calls => self.calls,
        }
    }
}

/// The moment of a question: monotonic for rates, wall time for days.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At {
    pub(crate) now: Instant,
    /// Seconds since 1970.
    pub(crate) unix: i64,
}

/// Why a node says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum No {
    /// Ask again after this long.
    Wait(Duration),
    /// The day's use is not yet reserved durably; the node asks for it, and rings when it is.
    Reserving,
}

/// One node.
pub(crate) struct Node {
    unit: RateUnit,
    red_share: f64,
    /// Units a second by what was set last.
    per_s: Option<f64>,
    rate: Option<Rate>,
    /// What this node of the flow has of it, where several share it.
    shared: Option<Shared>,
    /// Units a second and a minute by the limit.
    limits: (Option<u32>, Option<u32>),
    second: Sliding,
    minute: Sliding,
    day: Day,
}

/// What a node gave, for taking it back.
pub(crate) struct Given {
    rate: Option<rate::Mark>,
    units: u32,
}

impl Node {
    /// `default_unit` counts where the configuration names no unit; `used` is what is known of the day's use.
    pub(crate) fn new(limit: &Limit, default_unit: RateUnit, used: Option<DayUse>, now: Instant) -> Self {
        let per_s = limit.rate_per_s.map(f64::from);
        Self {
            unit: limit.rate_unit.unwrap_or(default_unit),
            red_share: limit.red_share,
            per_s,
            shared: None,
            limits: (limit.rate_per_s, limit.per_minute),
            rate: per_s.map(|rate| Rate::new(rate, limit.red_share, now)),
            second: Sliding::second(limit.rate_per_s.filter(|_| limit.hard_cap), now),
            minute: Sliding::minute(limit.per_minute, now),
            day: Day::new(limit.per_day.map(u64::from), used),
        }
    }

    /// Takes a new limit in the same unit while running; what was spent in every window stays spent.
    pub(crate) fn change(&mut self, limit: &Limit, now: Instant) {
        self.red_share = limit.red_share;
        self.limits = (limit.rate_per_s, limit.per_minute);
        self.second.change(limit.rate_per_s.filter(|_| limit.hard_cap));
        self.minute.change(limit.per_minute);
        self.day.change(limit.per_day.map(u64::from));
        self.set_rate(limit.rate_per_s.map(f64::from), now);
    }

    pub(crate) fn unit(&self) -> RateUnit {
        self.unit
    }

    /// Changes the rate; what was spent stays spent.
    pub(crate) fn set_rate(&mut self, rate: Option<f64>, now: Instant) {
        self.per_s = rate;
        self.apply(now);
    }

    fn apply(&mut self, now: Instant) {
        let share = self.red_share;
        let part = self.shared.as_ref().filter(|_| self.to_share().is_some()).map(Shared::rate);
        let rate = match (self.per_s, part) {
            (Some(rate), Some(part)) => Some(rate.min(part)),
            (rate, part) => part.or(rate),
        };
        self.rate = rate.map(|rate| match &self.rate {
            Some(before) => before.at(rate, share, now),
            None => Rate::new(rate, share, now),
        });
    }

    /// From now on nothing goes but what is this node's part.
    pub(crate) fn share(&mut self, now: Instant) {
        self.shared = Some(Shared::new(now));
        self.apply(now);
    }

    /// Units a second that all who share it may use together; `None` when that is not limited. What may go in a minute is
    /// spread over it evenly: parts of a burst could not be given out exactly.
    pub(crate) fn to_share(&self) -> Option<f64> {
        let (second, minute) = self.limits;
        let minute = minute.map(|most| f64::from(most) / 60.0);
        let second = second.map(f64::from);
        second.into_iter().chain(minute).reduce(f64::min)
    }

    /// Units a second it could use.
    pub(crate) fn could_use(&self) -> f64 {
        let all = self.to_share().unwrap_or_default();
        self.per_s.map_or(all, |rate| rate.min(all))
    }

    /// Its part until a moment; whether that is another than before.
    pub(crate) fn take_part(&mut self, rate: f64, until: Instant, now: Instant) -> bool {
        let Some(shared) = &mut self.shared else { return false };
        let changed = shared.grant(rate, until, now);
        if changed {
            self.apply(now);
        }
        changed
    }

    /// The most units worth taking at a time: the work of `span`, at least one, and no more than a window has room for.
    pub(crate) fn quantum(&mut self, most: u32, span: Duration, red: bool, at: At) -> u32 {
        let share = self.share_of(red);
        let by_rate = self.rate.as_ref().map_or(most, |rate| rate.quantum(span));
        let room = self.second.room(share, at.now).min(self.minute.room(share, at.now));
        let room = room.min(self.part_room(share, at.now));
        let day = self.day.room(share, at.unix);
        by_rate.min(room).min(day).clamp(1, most.max(1))
    }

    /// Units of this node's part that windows leave.
    fn part_room(&mut self, share: f64, now: Instant) -> u32 {
        let Some(shared) = &self.shared else { return u32::MAX };
        let windows = [(&mut self.second, SECOND), (&mut self.minute, MINUTE)];
        let rooms = windows.into_iter().filter(|(window, _)| window.is_limited()).map(|(window, span)| {
            let granted = shared.granted(span, now) * share;
            (granted - window.sum(now) as f64).max(0.0) as u32
        });
        rooms.min().unwrap_or(u32::MAX)
    }

    /// Whether so many units are within this node's part.
    fn check_part(&mut self, units: u32, share: f64, now: Instant) -> Result<(), No> {
        let Some(shared) = self.shared.as_ref().filter(|_| self.to_share().is_some()) else { return Ok(()) };
        let (holds, rate) = (shared.holds(now), shared.rate());
        if !holds || rate <= 0.0 {
            return Err(No::Wait(PART_WAIT));
        }
        let idle = self.second.sum(now) == 0 && self.minute.sum(now) == 0;
        let room = self.part_room(share, now);
        if room < units && !idle {
            let missing = f64::from(units - room) / rate;
            return Err(No::Wait(Duration::from_secs_f64(missing.clamp(0.001, 1.0))));
        }
        Ok(())
    }

    fn share_of(&self, red: bool) -> f64 {
        if red { 1.0 } else { 1.0 - self.red_share }
    }

    /// Spends the cost, or says when to ask again; then nothing is spent.
    pub(crate) fn take(&mut self, cost: &Cost, red: bool, at: At) -> Result<Given, No> {
        let units = cost.units(self.unit).max(1);
        let share = self.share_of(red);
        self.check_part(units, share, at.now)?;
        for window in [&mut self.second, &mut self.minute] {
            window.check(units, share, at.now).map_err(No::Wait)?;
        }
        self.day.check(units, share, at.unix)?;
        let rate = match &mut self.rate {
            Some(rate) => Some(rate.take(units, red).map_err(No::Wait)?),
            None => None,
        };
        for window in [&mut self.second, &mut self.minute] {
            window.add(units, at.now);
        }
        self.day.add(units);
        Ok(Given { rate, units })
    }

    /// Spends units for requests that send nothing: they pay the rate, seconds and minutes, and leave the day to messages.
    pub(crate) fn take_requests(&mut self, units: u32, red: bool, at: At) -> Result<(), No> {
        let share = self.share_of(red);
        self.check_part(units, share, at.now)?;
        for window in [&mut self.second, &mut self.minute] {
            window.check(units, share, at.now).map_err(No::Wait)?;
        }
        if let Some(rate) = &mut self.rate {
            // What it was before is not needed: nothing is taken back.
            let _before = rate.take(units, red).map_err(No::Wait)?;
        }
        for window in [&mut self.second, &mut self.minute] {
            window.add(units, at.now);
        }
        Ok(())
    }

    /// Takes back what was given a moment ago.
    pub(crate) fn undo(&mut self, given: Given) {
        if let (Some(rate), Some(mark)) = (&mut self.rate, given.rate) {
            rate.restore(mark);
        }
        for window in [&mut self.second, &mut self.minute] {
            window.take_back(given.units);
        }
        self.day.take_back(given.units);
    }

    /// Units used in the last minute and the limit, where there is one.
    pub(crate) fn minute(&mut self, now: Instant) -> Option<(u64, u64)> {
        self.minute.used(now)
    }

    pub(crate) fn day(&self) -> &Day {
        &self.day
    }

    pub(crate) fn day_mut(&mut self) -> &mut Day {
        &mut self.day
    }
}

#[cfg(test)]
mod tests;
