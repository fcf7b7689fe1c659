//! When a queue is empty: pure arithmetic. Work flows over ways of a known pace, the highest lane first, those of one lane
//! sharing a way by deliveries, everything below red at the pace less red's share. What is left at its deadline is
//! missed.

/// A route, as far as its pace goes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Way {
    /// Units a second.
    pub(super) per_s: f64,
    /// Part of the pace that only red may use.
    pub(super) red_share: f64,
    /// Units left until the next refill; `None` = no such limit.
    pub(super) left: Option<f64>,
    /// Units of each refill, the seconds until the first, and those between two.
    pub(super) refill: (f64, f64, f64),
}

/// Deliveries of one plan.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Load<L> {
    /// Smaller goes first.
    pub(super) lane: L,
    pub(super) red: bool,
    pub(super) deliveries: f64,
    /// Seconds until nothing more of it is sent.
    pub(super) deadline: f64,
    /// What one delivery costs on each way; `None` = it may not go there.
    pub(super) units: Vec<Option<f64>>,
}

/// What becomes of a load.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct End {
    /// Seconds until all of it has left; `None` when that never happens.
    pub(super) finish: Option<f64>,
    /// Deliveries left at the deadline.
    pub(super) missed: f64,
    /// Units sent on each way.
    pub(super) units: Vec<f64>,
}

/// A limit over several loads besides the ways.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cap {
    pub(super) per_s: f64,
    pub(super) red_share: f64,
    /// What one delivery of each load costs; `None` = the load is not under it.
    pub(super) units: Vec<Option<f64>>,
}

/// Less than this is nothing, of deliveries and of seconds: sums of fractions never meet exactly.
const NOTHING: f64 = 1e-9;
/// A safeguard, never reached by real queues: each step ends a load, reaches a deadline or refills a way.
const STEPS: usize = 100_000;

struct Flow<'a, L> {
    ways: &'a [Way],
    caps: &'a [Cap],
    loads: &'a [Load<L>],
    left: Vec<f64>,
    budget: Vec<Option<f64>>,
    refill_at: Vec<f64>,
    ends: Vec<End>,
    now: f64,
}

/// Lets everything flow until each load has left or missed its deadline.
pub(super) fn run<L: Ord>(ways: &[Way], caps: &[Cap], loads: &[Load<L>]) -> Vec<End> {
    let mut flow = Flow {
        ways,
        caps,
        loads,
        left: loads.iter().map(|load| load.deliveries).collect(),
        budget: ways.iter().map(|way| way.left).collect(),
        refill_at: ways.iter().map(|way| way.refill.1).collect(),
        ends: loads.iter().map(|_| End { units: vec![0.0; ways.len()], ..End::default() }).collect(),
        now: 0.0,
    };
    for _ in 0..STEPS {
        flow.settle();
        if !flow.step() {
            break;
        }
    }
    flow.ends
}

impl<L: Ord> Flow<'_, L> {
    /// Ends loads of which all has left, or whose deadline has come.
    fn settle(&mut self) {
        for (at, load) in self.loads.iter().enumerate() {
            let end = &mut self.ends[at];
            if self.left[at] <= NOTHING {
                end.finish.get_or_insert(self.now);
                self.left[at] = 0.0;
            } else if load.deadline <= self.now + NOTHING {
                end.missed = std::mem::take(&mut self.left[at]);
                // Finished in the sense that nothing more is done, but not in the sense that is told.
                end.finish = None;
            }
        }
    }

    fn is_open(&self, at: usize) -> bool {
        self.left[at] > NOTHING
    }

    /// Deliveries a second of each load on each way, now.
    fn rates(&self) -> Vec<Vec<f64>> {
        let mut rates = vec![vec![0.0; self.ways.len()]; self.loads.len()];
        for (way, pace) in self.ways.iter().enumerate() {
            if self.budget[way].is_some_and(|left| left <= NOTHING) {
                continue;
            }
            let may = |at: &usize| self.is_open(*at) && self.loads[*at].units[way].is_some();
            let Some(lane) = (0..self.loads.len()).filter(may).map(|at| &self.loads[at].lane).min() else { continue };
            let served: Vec<usize> =
                (0..self.loads.len()).filter(may).filter(|at| self.loads[*at].lane == *lane).collect();
            let units: f64 = served.iter().filter_map(|at| self.loads[*at].units[way]).sum();
            let red = served.iter().any(|at| self.loads[*at].red);
            let per_s = pace.per_s * if red { 1.0 } else { 1.0 - pace.red_share };
            for at in served {
                rates[at][way] = per_s / units.max(NOTHING);
            }
        }
        for cap in self.caps {
            self.hold(cap, &mut rates);
        }
        rates
    }

    /// Slows the loads under a cap to what it lets through.
    fn hold(&self, cap: &Cap, rates: &mut [Vec<f64>]) {
        let mut used = 0.0;
        let mut red = false;
        for (at, rates) in rates.iter().enumerate() {
            if let Some(units) = cap.units[at] {
                let rate: f64 = rates.iter().sum();
                used += rate * units;
                red |= rate > 0.0 && self.loads[at].red;
            }
        }
        let may = cap.per_s * if red { 1.0 } else { 1.0 - cap.red_share };
        if used > may {
            for (at, rates) in rates.iter_mut().enumerate().filter(|(at, _)| cap.units[*at].is_some()) {
                debug_assert!(at < self.loads.len());
                rates.iter_mut().for_each(|rate| *rate *= may / used);
            }
        }
    }

    /// Goes on to the next moment at which something changes; false when nothing does any more.
    fn step(&mut self) -> bool {
        let rates = self.rates();
        let total: Vec<f64> = rates.iter().map(|ways| ways.iter().sum()).collect();
        let mut next = f64::INFINITY;
        for at in (0..self.loads.len()).filter(|at| self.is_open(*at)) {
            if total[at] > 0.0 {
                next = next.min(self.left[at] / total[at]);
            }
            next = next.min(self.loads[at].deadline - self.now);
        }
        if next.is_infinite() && !self.budget.iter().any(Option::is_some) {
            return false;
        }
        let on_way = |way: usize, at: usize| rates[at][way] * self.loads[at].units[way].unwrap_or_default();
        let used: Vec<f64> =
            (0..self.ways.len()).map(|way| (0..self.loads.len()).map(|at| on_way(way, at)).sum()).collect();
        let open = (0..self.loads.len()).any(|at| self.is_open(at));
        for way in 0..self.ways.len() {
            if let Some(left) = self.budget[way] {
                if used[way] > 0.0 {
                    next = next.min(left / used[way]);
                }
                if open {
                    next = next.min(self.refill_at[way] - self.now);
                }
            }
        }
        if !open || next.is_infinite() {
            return false;
        }
        let next = next.max(NOTHING / 2.0);
        self.now += next;
        for at in 0..self.loads.len() {
            self.left[at] = (self.left[at] - total[at] * next).max(0.0);
            for way in 0..self.ways.len() {
                self.ends[at].units[way] += on_way(way, at) * next;
            }
        }
        for way in 0..self.ways.len() {
            if let Some(left) = &mut self.budget[way] {
                *left = (*left - used[way] * next).max(0.0);
                let (amount, _, every) = self.ways[way].refill;
                if self.refill_at[way] <= self.now + NOTHING {
                    *left = amount;
                    self.refill_at[way] += every.max(1.0);
                }
            }
        }
        true
    }
}

/// Deliveries a second that a load would go at if nothing were ahead of it.
pub(super) fn alone<L: Ord + Clone>(ways: &[Way], load: &Load<L>) -> f64 {
    let pace = |(way, units): (&Way, &Option<f64>)| {
        units.map(|units| way.per_s * if load.red { 1.0 } else { 1.0 - way.red_share } / units.max(NOTHING))
    };
    ways.iter().zip(&load.units).filter_map(pace).sum()
}

#[cfg(test)]
mod tests;
