//! How often one person may be reached on a channel by warnings below red: exactly at most n in any hour and m in any
//! day, by the minute. Kept only for recipients who were reached, in pages of directory rows; rebuilt at start from the
//! journal's outcomes of the last day.

use std::collections::{BTreeMap, HashMap};

use fenghuo_contract::Channel;
use parking_lot::Mutex;

use crate::{
    config::{Limits, RecipientLimit},
    domain::level::Level,
    flow::record::PlanRecord,
};

/// Rows of a page: those of a block of the directory.
const PAGE: u32 = 1 << 16;
const HOUR_MIN: u32 = 60;
const DAY_MIN: u32 = 24 * 60;

/// The limits of every channel that has one.
pub(crate) struct Recipients {
    channels: BTreeMap<Channel, Mutex<Reached>>,
}

struct Reached {
    limit: RecipientLimit,
    /// Stamps kept of each row.
    kept: usize,
    /// `kept` minutes since 1970 of each row, newest last; 0 = none.
    pages: HashMap<u32, Box<[u32]>>,
}

impl Recipients {
    pub(super) fn new(limits: &Limits) -> Self {
        let channel = |channel: Channel| {
            let limit = limits.recipient.get(channel.name())?;
            let kept = usize::from(limit.per_hour.unwrap_or(0).max(limit.per_day.unwrap_or(0)));
            (kept > 0).then(|| (channel, Mutex::new(Reached { limit: limit.clone(), kept, pages: HashMap::new() })))
        };
        Self { channels: Channel::ALL.into_iter().filter_map(channel).collect() }
    }

    /// Whether a plan is held back by them: not when it is red, above the configured level, or a lift (who was told
    /// must be told of the end).
    fn of(&self, plan: &PlanRecord) -> Option<&Mutex<Reached>> {
        let reached = self.channels.get(&plan.channel)?;
        let spared = plan.lift || plan.level == Level::Red || plan.level > reached.lock().limit.up_to;
        (!spared).then_some(reached)
    }

    /// For each row of a slice the moment (Unix seconds) before which it may not be reached, `None` = now. Rows that may
    /// go are counted as reached at once: an attempt is made.
    pub(crate) fn claim(&self, plan: &PlanRecord, rows: &[u32], unix: i64) -> Option<Vec<Option<i64>>> {
        let reached = self.of(plan)?;
        let mut reached = reached.lock();
        let minute = minute(unix);
        Some(rows.iter().map(|row| reached.claim(*row, minute).map(|due| i64::from(due) * 60)).collect())
    }

    /// Rows that were claimed at `unix` and not reached after all.
    pub(crate) fn release(&self, plan: &PlanRecord, rows: &[u32], unix: i64) {
        if let Some(reached) = self.of(plan) {
            let mut reached = reached.lock();
            rows.iter().for_each(|row| reached.forget(*row, minute(unix)));
        }
    }

    /// Whether reaching somebody for a plan at a moment still counts now.
    pub(crate) fn counts(&self, plan: &PlanRecord, at: i64, now: i64) -> bool {
        now - at <= i64::from(DAY_MIN + 1) * 60 && self.of(plan).is_some()
    }

    /// Counts rows reached at a moment, at the start.
    pub(crate) fn know(&self, plan: &PlanRecord, rows: &[u32], unix: i64) {
        if let Some(reached) = self.of(plan) {
            let mut reached = reached.lock();
            rows.iter().for_each(|row| reached.stamp(*row, minute(unix)));
        }
    }
}

fn minute(unix: i64) -> u32 {
    u32::try_from(unix.div_euclid(60)).unwrap_or_default().max(1)
}

impl Reached {
    fn stamps(&mut self, row: u32) -> &mut [u32] {
        let kept = self.kept;
        let page = self.pages.entry(row / PAGE).or_insert_with(|| vec![0; kept * PAGE as usize].into_boxed_slice());
        let at = (row % PAGE) as usize * kept;
        &mut page[at..at + kept]
    }

    /// The minute from which on the row may be reached, when that is later than now; else counts it as reached.
    fn claim(&mut self, row: u32, minute: u32) -> Option<u32> {
        let windows = [(self.limit.per_hour, HOUR_MIN), (self.limit.per_day, DAY_MIN)];
        let stamps = self.stamps(row);
        let due = windows.into_iter().filter_map(|(most, span)| {
            let most = usize::from(most.filter(|most| *most > 0)?);
            // The stamp that must be out of the window before another may come in.
            let stamp = stamps[stamps.len() - most];
            (stamp > 0 && stamp + span >= minute).then_some(stamp + span + 1)
        });
        let due = due.max();
        if due.is_none() {
            self.stamp(row, minute);
        }
        due
    }

    fn forget(&mut self, row: u32, minute: u32) {
        let stamps = self.stamps(row);
        if let Some(at) = stamps.iter().rposition(|stamp| *stamp == minute) {
            stamps[..=at].rotate_right(1);
            stamps[0] = 0;
        }
    }

    fn stamp(&mut self, row: u32, minute: u32) {
        let stamps = self.stamps(row);
        stamps.rotate_left(1);
        if let Some(last) = stamps.last_mut() {
            *last = minute;
        }
    }
}

#[cfg(test)]
mod tests;
