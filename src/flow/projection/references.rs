//! Finds the delivery a provider's reference belongs to, without a scan.
//!
//! Each plan has one compact table of references (9 bytes a delivery, see [`table`]), made when the first
//! reference of the plan is learned and dropped when the plan is folded. A reference is looked for in the tables of the
//! plans that learned any reference on the receipt's route, newest first.

mod digest;
mod early;
mod table;

use std::{collections::HashMap, sync::Arc};

use parking_lot::{Mutex, RwLock};

use digest::Keys;
use early::Waiting;
pub(crate) use early::{Early, Keep};
use table::Table;

/// References of a gateway, by keyed digest of route and reference.
///
/// Receipts can overtake the answer to their submit: those for references not known yet are kept for a while.
#[derive(Default)]
pub(crate) struct References {
    keys: Keys,
    plans: RwLock<Plans>,
    waiting: Mutex<Waiting>,
}

#[derive(Default)]
struct Plans {
    by_number: HashMap<u64, Arc<PlanTable>>,
    /// Plans that learned a reference on a route, the newest last.
    by_route: HashMap<Box<str>, Vec<Arc<PlanTable>>>,
}

/// What one plan learned.
struct PlanTable {
    plan: u64,
    learned: Mutex<Learned>,
}

struct Learned {
    table: Table,
    routes: Vec<Box<str>>,
}

impl References {
    /// With these bounds for receipts whose reference is not known yet.
    pub(crate) fn keeping(keep: Keep) -> Self {
        Self { waiting: Mutex::new(Waiting::keeping(keep)), ..Self::default() }
    }

    /// The bounds for receipts whose reference is not known yet.
    pub(crate) fn bounds(&self) -> Keep {
        self.waiting.lock().bounds()
    }

    /// Makes room for a plan of this many deliveries; nothing is allocated before its first reference.
    pub(crate) fn open(&self, plan: u64, size: u32) {
        let learned = Learned { table: Table::new(size), routes: Vec::new() };
        let table = || Arc::new(PlanTable { plan, learned: Mutex::new(learned) });
        self.plans.write().by_number.entry(plan).or_insert_with(table);
    }

    /// Drops what a plan learned.
    pub(crate) fn forget(&self, plan: u64) {
        let mut plans = self.plans.write();
        let Some(table) = plans.by_number.remove(&plan) else { return };
        for route in &table.learned.lock().routes {
            if let Some(known) = plans.by_route.get_mut(route) {
                known.retain(|other| other.plan != plan);
            }
        }
        plans.by_route.retain(|_, known| !known.is_empty());
    }

    fn digest(&self, route: &str, reference: &[u8]) -> u64 {
        self.keys.on(route).digest(reference)
    }

    /// Remembers the references of one journal entry; gives back the receipts that came before them, by rank. Nothing
    /// is learned for a plan that was not opened.
    pub(crate) fn learn_all<'a>(
        &self,
        route: &str,
        plan: u64,
        named: impl IntoIterator<Item = (u32, &'a [u8])>,
    ) -> Vec<(u32, Early)> {
        let on_route = self.keys.on(route);
        let named = named.into_iter().filter(|(_, reference)| !reference.is_empty());
        let named: Vec<(u32, &[u8], u64)> =
            named.map(|(rank, reference)| (rank, reference, on_route.digest(reference))).collect();
        let known = self.plans.read().by_number.get(&plan).cloned();
        let (Some(known), false) = (known, named.is_empty()) else { return Vec::new() };
        if known.learn(route, &named) {
            let mut plans = self.plans.write();
            // Not when it was forgotten meanwhile.
            if plans.by_number.contains_key(&plan) {
                plans.by_route.entry(route.into()).or_default().push(known);
            }
        }
        // After the tables: a receipt that does not find its reference there is here before anybody looks.
        let mut waiting = self.waiting.lock();
        if waiting.is_empty() {
            return Vec::new();
        }
        let come = named.iter().filter_map(|(rank, reference, digest)| {
            waiting.take(*digest, route, reference).map(|early| (*rank, early))
        });
        come.collect()
    }

    /// Remembers one reference; gives back the receipt that came before it, when one did.
    #[cfg(test)]
    pub(crate) fn learn(&self, route: &str, reference: &[u8], plan: u64, rank: u32) -> Option<Early> {
        self.learn_all(route, plan, [(rank, reference)]).pop().map(|(_, early)| early)
    }

    /// The delivery of a reference; when it is not known yet, the receipt is kept for the moment it is, merged with what
    /// came before it. The oldest give way when there are too many, and are counted.
    pub(crate) fn find_or_keep(&self, route: &str, reference: &[u8], now_ms: i64, early: Early) -> Option<(u64, u32)> {
        let digest = self.digest(route, reference);
        if let Some(found) = self.find(digest, route, reference) {
            return Some(found);
        }
        let mut waiting = self.waiting.lock();
        // Once more, now that nobody can pass between looking and keeping.
        let found = self.find(digest, route, reference);
        if found.is_none() {
            waiting.keep(digest, route, reference, now_ms, early);
        }
        found
    }

    fn find(&self, digest: u64, route: &str, reference: &[u8]) -> Option<(u64, u32)> {
        let plans = self.plans.read();
        let newest_first = plans.by_route.get(route)?.iter().rev();
        newest_first.into_iter().find_map(|known| {
            let rank = known.learned.lock().table.find(digest, route, reference)?;
            Some((known.plan, rank))
        })
    }

    /// Gives up the receipts that have waited too long.
    pub(crate) fn forget_old(&self, now_ms: i64) {
        self.waiting.lock().forget_old(now_ms);
    }

    /// Receipts that have waited for at least this long and were not shown here before: route and reference, at most
    /// `limit`. Their deliveries may be folded.
    pub(crate) fn unclaimed(&self, waited_ms: i64, limit: usize) -> Vec<(Box<str>, Box<[u8]>)> {
        self.waiting.lock().unclaimed(waited_ms, limit)
    }

    /// Takes the receipt that waits for a reference, whose delivery was found another way.
    pub(crate) fn claim(&self, route: &str, reference: &[u8]) -> Option<Early> {
        let digest = self.digest(route, reference);
        self.waiting.lock().take(digest, route, reference)
    }

    /// Receipts that wait for their reference.
    pub(crate) fn waiting(&self) -> u64 {
        self.waiting.lock().len()
    }

    /// Receipts that waited for a reference nobody ever gave.
    pub(crate) fn expired(&self) -> u64 {
        self.waiting.lock().expired()
    }
}

impl PlanTable {
    /// True for the first reference of this route.
    fn learn(&self, route: &str, named: &[(u32, &[u8], u64)]) -> bool {
        let mut learned = self.learned.lock();
        learned.table.touch(named.iter().map(|(_, _, digest)| *digest));
        for (rank, reference, digest) in named {
            learned.table.learn(*digest, route, reference, *rank);
        }
        let is_new = !learned.routes.iter().any(|known| **known == *route);
        if is_new {
            learned.routes.push(route.into());
        }
        is_new
    }
}

#[cfg(test)]
mod tests;
