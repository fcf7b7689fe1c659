//! Lanes of one channel: who is served next.
//!
//! Level first, lifts ahead of their level, then how near the deadline is; plans of one lane take turns by slice.

mod outlook;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BinaryHeap, VecDeque},
    ops::Range,
    sync::Arc,
    time::Duration,
};

use parking_lot::Mutex;
use tokio::{sync::Notify, time::Instant};

pub(crate) use outlook::Outlook;

use crate::{domain::level::Level, flow::projection::Plan};

/// Order of service. Smaller is served first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct LaneKey {
    level: Reverse<Level>,
    lift: Reverse<bool>,
    nearness: u8,
}

/// How near a deadline is, coarsely, so that plans released together share a lane and take turns: within a quarter of
/// an hour, an hour, six hours, later.
fn nearness(seconds_left: i64) -> u8 {
    match seconds_left {
        ..=900 => 0,
        901..=3_600 => 1,
        3_601..=21_600 => 2,
        _ => 3,
    }
}

/// What is unsent of one plan.
pub(crate) struct Work {
    pub(crate) plan: Arc<Plan>,
    /// Ranks never tried: ranges without gaps, in the order in which they are served.
    fresh: VecDeque<Range<u32>>,
    /// Ranks to be tried again, now.
    ready: VecDeque<u32>,
    /// Ranks to be tried again later.
    later: BinaryHeap<Reverse<(Instant, u32)>>,
    /// Deliveries given out since it came in, on top of what the lane's others had by then.
    served: u64,
}

impl Work {
    /// A plan of which `next..` was never claimed and `again` is to be tried again now.
    pub(crate) fn new(plan: Arc<Plan>, next: u32, again: Vec<u32>) -> Self {
        let fresh = next..plan.size();
        let fresh = if fresh.start >= fresh.end { VecDeque::new() } else { VecDeque::from([fresh]) };
        Self { plan, fresh, ready: again.into(), later: BinaryHeap::new(), served: 0 }
    }

    fn wake(&mut self, now: Instant) {
        while let Some(Reverse((due, rank))) = self.later.peek().copied() {
            if due > now {
                break;
            }
            self.later.pop();
            self.ready.push_back(rank);
        }
    }

    fn has_work(&self) -> bool {
        !self.ready.is_empty() || !self.fresh.is_empty()
    }

    /// Deliveries that were never tried.
    fn never_tried(&self) -> u64 {
        self.fresh.iter().map(|range| range.len() as u64).sum()
    }

    fn is_spent(&self) -> bool {
        !self.has_work() && self.later.is_empty()
    }

    /// Ranks in ascending order, those tried before first.
    fn take(&mut self, most: u32) -> Vec<u32> {
        let mut ranks: Vec<u32> = Vec::with_capacity(most as usize);
        while ranks.len() < most as usize
            && let Some(rank) = self.ready.pop_front()
        {
            ranks.push(rank);
        }
        ranks.sort_unstable();
        if ranks.is_empty()
            && let Some(range) = self.fresh.front_mut()
        {
            let end = range.end.min(range.start.saturating_add(most));
            ranks.extend(range.start..end);
            range.start = end;
            if range.start >= range.end {
                self.fresh.pop_front();
            }
        }
        ranks
    }
}

/// What a route says to a plan that comes next.
pub(crate) enum Ask {
    /// Not this one, the next.
    Pass,
    /// Nothing for so long.
    Stop(Duration),
    /// At most so many.
    Take(u32),
}

/// What a route is given.
pub(crate) enum Served {
    Slice(Slice),
    /// Nothing before this moment, unless the bell rings.
    Wait(Option<Instant>),
}

/// Deliveries taken out of a lane.
pub(crate) struct Slice {
    pub(crate) plan: Arc<Plan>,
    /// Ascending.
    pub(crate) ranks: Vec<u32>,
}

impl Inner {
    fn push(&mut self, mut work: Work, now_unix: i64) {
        let record = &work.plan.record;
        let key = LaneKey {
            level: Reverse(record.level),
            lift: Reverse(record.lift),
            nearness: nearness(record.deadline - now_unix),
        };
        // Who closes a plan takes it out of the lanes afterwards: what is closed by now may not come in any more.
        if self.keys.contains_key(&record.number) || work.plan.closing().is_some() {
            return;
        }
        self.keys.insert(record.number, key);
        let lane = self.lanes.entry(key).or_default();
        work.served = lane.iter().map(|work| work.served).min().unwrap_or_default();
        lane.push_back(work);
    }

    fn take(&mut self, key: LaneKey, at: usize, most: u32) -> Slice {
        // The caller has just seen the lane and the place.
        let lane = self.lanes.entry(key).or_default();
        let work = &mut lane[at];
        let ranks = work.take(most);
        work.served += ranks.len() as u64;
        let slice = Slice { plan: Arc::clone(&work.plan), ranks };
        if work.is_spent() {
            lane.remove(at);
            if lane.is_empty() {
                self.lanes.remove(&key);
            }
            self.keys.remove(&slice.plan.record.number);
        }
        slice
    }
}

/// The lanes of one channel, shared by its routes.
#[derive(Default)]
pub(crate) struct Lanes {
    inner: Mutex<Inner>,
    /// Rings when a plan or a repeated delivery comes in.
    pub(crate) bell: Notify,
}

#[derive(Default)]
struct Inner {
    lanes: BTreeMap<LaneKey, VecDeque<Work>>,
    /// Where a plan stands.
    keys: BTreeMap<u64, LaneKey>,
}

impl Lanes {
    /// Takes a plan in. `now_unix` decides how near its deadline is.
    pub(crate) fn push(&self, work: Work, now_unix: i64) {
        self.inner.lock().push(work, now_unix);
        self.bell.notify_waiters();
    }

    /// Puts deliveries back: at once, or not before `due`.
    pub(crate) fn put_back(&self, plan: &Arc<Plan>, ranks: &[(u32, Option<Instant>)], now_unix: i64) {
        self.change(plan, now_unix, |work| add(work, ranks));
    }

    /// Takes in some more of a plan that were never tried.
    pub(crate) fn extend(&self, plan: &Arc<Plan>, fresh: Range<u32>, now_unix: i64) {
        self.change(plan, now_unix, |work| work.fresh.push_back(fresh));
    }

    fn change(&self, plan: &Arc<Plan>, now_unix: i64, change: impl FnOnce(&mut Work)) {
        let mut inner = self.inner.lock();
        let key = inner.keys.get(&plan.record.number).copied();
        if let Some(key) = key
            && let Some(work) = inner
                .lanes
                .get_mut(&key)
                .and_then(|lane| lane.iter_mut().find(|work| work.plan.record.number == plan.record.number))
        {
            change(work);
        } else {
            // Under the same lock: a plan that somebody else puts back meanwhile must not swallow these.
            let mut work = Work::new(Arc::clone(plan), plan.size(), Vec::new());
            change(&mut work);
            inner.push(work, now_unix);
        }
        drop(inner);
        self.bell.notify_waiters();
    }

    /// Takes a plan out; what is in flight of it is not here.
    pub(crate) fn remove(&self, number: u64) {
        let mut inner = self.inner.lock();
        if let Some(key) = inner.keys.remove(&number)
            && let Some(lane) = inner.lanes.get_mut(&key)
        {
            lane.retain(|work| work.plan.record.number != number);
            if lane.is_empty() {
                inner.lanes.remove(&key);
            }
        }
    }

    /// Gives a route the next deliveries of the highest lane that has any it may carry. `ask` is asked plan by plan, in
    /// the order of service; fair within a lane: the plan that had least comes first.
    pub(crate) fn serve(&self, now: Instant, mut ask: impl FnMut(&Plan) -> Ask) -> Served {
        let mut inner = self.inner.lock();
        let mut next_due: Option<Instant> = None;
        let keys: Vec<LaneKey> = inner.lanes.keys().copied().collect();
        for key in keys {
            let Some(lane) = inner.lanes.get_mut(&key) else { continue };
            for work in lane.iter_mut() {
                work.wake(now);
                if !work.has_work()
                    && let Some(Reverse((due, _))) = work.later.peek()
                {
                    next_due = Some(next_due.map_or(*due, |known| known.min(*due)));
                }
            }
            let mut order: Vec<usize> = (0..lane.len()).filter(|at| lane[*at].has_work()).collect();
            order.sort_unstable_by_key(|at| lane[*at].served);
            for at in order {
                match ask(&lane[at].plan) {
                    Ask::Pass => {}
                    Ask::Stop(wait) => return Served::Wait(Some(now + wait)),
                    Ask::Take(most) => {
                        let slice = inner.take(key, at, most.max(1));
                        return Served::Slice(slice);
                    }
                }
            }
        }
        Served::Wait(next_due)
    }

    /// Waiting deliveries by level and whether they are of a lift, as far as a route that may carry `may` is concerned.
    pub(crate) fn waiting(&self, may: impl Fn(&Plan) -> bool) -> BTreeMap<(Level, bool), u64> {
        let inner = self.inner.lock();
        let mut waiting = BTreeMap::new();
        for work in inner.lanes.values().flatten().filter(|work| may(&work.plan)) {
            let left = work.never_tried();
            let lane = (work.plan.record.level, work.plan.record.lift);
            *waiting.entry(lane).or_default() += left + (work.ready.len() + work.later.len()) as u64;
        }
        waiting
    }

    /// Plans whose deadline has come.
    pub(crate) fn due(&self, now_unix: i64) -> Vec<Arc<Plan>> {
        let inner = self.inner.lock();
        let late = inner.lanes.values().flatten().filter(|work| work.plan.record.deadline <= now_unix);
        late.map(|work| Arc::clone(&work.plan)).collect()
    }
}

fn add(work: &mut Work, ranks: &[(u32, Option<Instant>)]) {
    for (rank, due) in ranks {
        match due {
            Some(due) => work.later.push(Reverse((*due, *rank))),
            None => work.ready.push_back(*rank),
        }
    }
}

#[cfg(test)]
mod tests;
