//! What stands in the lanes, for those who look ahead: forecasts, alarms, ladders.

use std::{cmp::Reverse, sync::Arc};

use roaring::RoaringBitmap;
use tokio::time::Instant;

use super::{LaneKey, Lanes, Work, nearness};
use crate::flow::{projection::Plan, record::PlanRecord};

/// What waits of one plan.
pub(crate) struct Outlook {
    pub(crate) plan: Arc<Plan>,
    /// Its lane; smaller is served first.
    pub(crate) lane: LaneKey,
    /// Deliveries that may go now.
    pub(crate) ready: u64,
    /// Deliveries that wait for their time.
    pub(crate) later: u64,
    /// When the first of those is due.
    pub(crate) next_due: Option<Instant>,
}

impl LaneKey {
    /// The lane a plan goes into now.
    pub(crate) fn of(record: &PlanRecord, now_unix: i64) -> Self {
        Self {
            level: Reverse(record.level),
            lift: Reverse(record.lift),
            nearness: nearness(record.deadline - now_unix),
        }
    }
}

impl Lanes {
    /// Every plan that has something here, in the order of lanes.
    pub(crate) fn outlook(&self) -> Vec<Outlook> {
        let inner = self.inner.lock();
        let lanes = inner.lanes.iter();
        lanes.flat_map(|(key, lane)| lane.iter().map(|work| outlook(*key, work))).collect()
    }

    /// Deliveries of a plan that wait here.
    pub(crate) fn waiting_of(&self, number: u64) -> u64 {
        let inner = self.inner.lock();
        let lane = inner.keys.get(&number).and_then(|key| inner.lanes.get(key));
        let work = lane.and_then(|lane| lane.iter().find(|work| work.plan.record.number == number));
        work.map_or(0, |work| work.never_tried() + (work.ready.len() + work.later.len()) as u64)
    }

    /// Forgets ranks of a plan that are not to be tried again after all.
    pub(crate) fn forget(&self, number: u64, ranks: &RoaringBitmap) {
        let mut inner = self.inner.lock();
        let Some(key) = inner.keys.get(&number).copied() else { return };
        let works = inner.lanes.get_mut(&key).into_iter().flatten();
        for work in works.filter(|work| work.plan.record.number == number) {
            work.ready.retain(|rank| !ranks.contains(*rank));
            work.later.retain(|Reverse((_, rank))| !ranks.contains(*rank));
        }
    }
}

fn outlook(lane: LaneKey, work: &Work) -> Outlook {
    Outlook {
        plan: Arc::clone(&work.plan),
        lane,
        ready: work.never_tried() + work.ready.len() as u64,
        later: work.later.len() as u64,
        next_due: work.later.peek().map(|Reverse((due, _))| *due),
    }
}
