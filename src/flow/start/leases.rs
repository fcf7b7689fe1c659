//! Which leases are open while the journal is read again. What is said about deliveries under a lease that was never
//! recorded, or that a later lease took over, is no outcome.

use std::collections::HashMap;

/// Leases whose outcomes have not all been read yet, by number.
#[derive(Default)]
pub(in crate::flow) struct Leases(HashMap<u64, Open>);

/// A lease of which not everything was answered.
pub(in crate::flow) struct OpenLease {
    pub(in crate::flow) lease: u64,
    pub(in crate::flow) plan: u64,
    /// First rank and length, answered or not.
    pub(in crate::flow) runs: Vec<(u32, u32)>,
}

struct Open {
    plan: u64,
    /// Deliveries without outcome yet.
    left: u64,
    /// First rank and length.
    runs: Vec<(u32, u32)>,
}

impl Open {
    fn meets(&self, plan: u64, runs: &[(u32, u32)]) -> bool {
        let apart = |a: (u32, u32), b: (u32, u32)| a.0.saturating_add(a.1) <= b.0 || b.0.saturating_add(b.1) <= a.0;
        self.plan == plan && self.runs.iter().any(|own| runs.iter().any(|run| !apart(*own, *run)))
    }
}

impl Leases {
    /// Open leases whose number says yes, in the order of their plans.
    pub(in crate::flow) fn open(&self, wanted: impl Fn(u64) -> bool) -> Vec<OpenLease> {
        let open = self.0.iter().filter(|(lease, _)| wanted(**lease));
        let of = |(lease, open): (&u64, &Open)| OpenLease { lease: *lease, plan: open.plan, runs: open.runs.clone() };
        let mut open: Vec<OpenLease> = open.map(of).collect();
        open.sort_unstable_by_key(|open| (open.plan, open.lease));
        open
    }

    /// Nothing said under this lease is an outcome any more.
    pub(in crate::flow) fn end(&mut self, lease: u64) {
        self.0.remove(&lease);
    }

    /// A lease was recorded. `again`: some of its deliveries may have been leased before, and that lease is over.
    pub(super) fn record(&mut self, plan: u64, lease: u64, runs: Vec<(u32, u32)>, again: bool) {
        if again {
            self.0.retain(|_, open| !open.meets(plan, &runs));
        }
        let left = runs.iter().map(|(_, length)| u64::from(*length)).sum();
        self.0.insert(lease, Open { plan, left, runs });
    }

    /// Whether this many outcomes may stand under a lease.
    pub(super) fn answer(&mut self, plan: u64, lease: u64, count: u64) -> bool {
        let Some(open) = self.0.get_mut(&lease).filter(|open| open.plan == plan && open.left >= count) else {
            return false;
        };
        open.left -= count;
        if open.left == 0 {
            self.0.remove(&lease);
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn outcomes_stand_under_the_newest_lease_of_their_deliveries_only() {
        let mut leases = Leases::default();
        leases.record(1, 10, vec![(0, 4), (8, 4)], false);
        leases.record(1, 11, vec![(4, 4)], false);
        leases.record(2, 12, vec![(0, 4)], false);
        assert!(!leases.answer(1, 9, 1), "never recorded");
        assert!(!leases.answer(2, 10, 1), "of another plan");
        assert!(leases.answer(1, 10, 5) && leases.answer(1, 10, 3), "in two parts");
        assert!(!leases.answer(1, 10, 1), "all of it was answered");
        leases.record(1, 13, vec![(7, 1)], true);
        assert!(!leases.answer(1, 11, 1), "taken over");
        assert!(leases.answer(1, 13, 1) && leases.answer(2, 12, 4));
    }
}
