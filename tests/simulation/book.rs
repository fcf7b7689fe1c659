//! What was seen at the two ends of the engine, where it asks for durability and where it speaks to providers, and what
//! must hold of it at every moment.

use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use fenghuo::{clock::Clock, config::Config};
use fenghuo_contract::{Address, Channel, RateUnit, Token};
use serde_json::Value;
use tokio::time::Instant;

use super::journal;

/// The book of one world. It outlives every crash.
pub struct Book {
    clock: Clock,
    origin: Instant,
    routes: BTreeMap<String, RouteFacts>,
    inner: Mutex<Pages>,
}

/// What the configuration promises about a route.
struct RouteFacts {
    channel: Channel,
    drill: bool,
    actual: bool,
    rate: Option<f64>,
    calls: bool,
}

/// A plan, as the store was told.
pub struct PlanFacts {
    pub warning: String,
    pub channel: String,
    pub level: String,
    pub drill: bool,
    pub deadline: i64,
    pub size: u32,
    pub routes: Vec<String>,
    /// When the answer that its end is durable came, monotonic milliseconds.
    pub ended: Option<u64>,
    /// First rank never leased.
    next: u32,
}

/// What is known of one delivery at its ends.
#[derive(Clone, Debug, Default)]
pub struct Traces {
    /// Times a person got it.
    pub taken: u32,
    /// There is a reason why it may have arrived more than once, or without our knowing.
    pub doubtful: bool,
    /// Its provider says that it withdrew it.
    pub withdrawn: bool,
    leased: bool,
}

#[derive(Default)]
pub struct Pages {
    pub plans: BTreeMap<u64, PlanFacts>,
    pub traces: BTreeMap<(u64, u32), Traces>,
    /// Lines of what happened, for the comparison of two runs of a seed.
    pub ledger: Vec<String>,
    /// Since when a warning is being delivered, as far as the engine that runs now was told.
    delivering: BTreeMap<String, u64>,
    /// Who takes part in drills, by address; since when not, for those who do not.
    outside: BTreeMap<String, u64>,
    /// Units asked for in the last second, by route.
    paid: BTreeMap<String, VecDeque<(u64, u64)>>,
    leases: BTreeSet<u64>,
    /// Plans whose end is on disk.
    closed: BTreeSet<u64>,
    /// The first thing that did not hold.
    broken: Option<String>,
}

impl Pages {
    fn tell(&mut self, line: String) {
        tracing::info!("{line}");
        self.ledger.push(line);
    }

    fn must(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds && self.broken.is_none() {
            self.broken = Some(what());
        }
    }
}

impl Book {
    pub fn new(clock: Clock, config: &Config) -> Self {
        let facts = |route: &fenghuo::config::Route| RouteFacts {
            channel: route.channel,
            drill: route.drill,
            actual: route.actual,
            rate: route.rate_per_s.map(f64::from),
            calls: route.rate_unit == Some(RateUnit::Calls),
        };
        let routes = config.routes.iter().map(|(name, route)| (name.clone(), facts(route))).collect();
        Self { origin: clock.instant(), clock, routes, inner: Mutex::default() }
    }

    pub fn open(&self) -> MutexGuard<'_, Pages> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Milliseconds since the world began, by the clock nobody moves.
    pub fn now(&self) -> u64 {
        u64::try_from(self.clock.instant().duration_since(self.origin).as_millis()).unwrap_or(u64::MAX)
    }

    /// Says what did not hold.
    pub fn broken(&self) -> Option<String> {
        self.open().broken.clone()
    }

    pub fn must(&self, holds: bool, what: impl FnOnce() -> String) {
        self.open().must(holds, what);
    }

    /// The engine asks for a lease: it has chosen, and paid.
    pub fn lease_asked(&self, bytes: &[u8]) {
        let now = self.now();
        let lease = journal::lease(bytes);
        let Some(route) = self.routes.get(&lease.route) else { return };
        let mut pages = self.open();
        self.check_rate(&mut pages, route, &lease, now);
        self.check_order(&mut pages, route, &lease, now);
        let pages = &mut *pages;
        if let Some(plan) = pages.plans.get_mut(&lease.plan) {
            plan.next = lease.ranks.iter().fold(plan.next, |next, rank| next.max(rank + 1));
        }
        pages.tell(format!("{now} lease {} {:x} {:?}", lease.route, lease.plan, lease.ranks));
    }

    /// The engine asks a provider to withdraw messages: it has paid for that too, and only what ended is withdrawn.
    pub fn withdraw_asked(&self, route: &str, plans: &[u64], withdrawn: &[(u64, u32)]) {
        let now = self.now();
        let mut pages = self.open();
        if let Some(facts) = self.routes.get(route) {
            self.check_paid(&mut pages, facts, route, plans.len() as u64, now);
        }
        for plan in plans {
            let ended = pages.closed.contains(plan);
            pages.must(ended, || format!("{route} was asked to withdraw of {plan:x}, which has not ended"));
        }
        for delivery in withdrawn {
            pages.traces.entry(*delivery).or_default().withdrawn = true;
        }
        pages.tell(format!("{now} withdraw {route} {plans:x?} {withdrawn:x?}"));
    }

    /// Never more than the rate, one per cent and a burst in any second.
    fn check_rate(&self, pages: &mut Pages, route: &RouteFacts, lease: &journal::Lease, now: u64) {
        let units = if route.calls { 1 } else { lease.ranks.len() as u64 };
        self.check_paid(pages, route, &lease.route, units, now);
    }

    fn check_paid(&self, pages: &mut Pages, route: &RouteFacts, name: &str, units: u64, now: u64) {
        let Some(rate) = route.rate else { return };
        let paid = pages.paid.entry(name.to_owned()).or_default();
        paid.push_back((now, units));
        while paid.front().is_some_and(|(at, _)| now - at >= 1_000) {
            paid.pop_front();
        }
        let sum: u64 = paid.iter().map(|(_, units)| units).sum();
        let most = rate * 1.01 + (rate * 0.01).max(1.0) + 1.0;
        pages.must(sum as f64 <= most, || format!("{name}: {sum} units within a second at {rate}/s"));
    }

    /// Nothing lower is taken while red waits that this route, its first, may carry.
    fn check_order(&self, pages: &mut Pages, route: &RouteFacts, lease: &journal::Lease, now: u64) {
        let level = pages.plans.get(&lease.plan).map(|plan| plan.level.clone()).unwrap_or_default();
        if level == "red" {
            return;
        }
        let unix = self.clock.unix();
        let delivering = |plan: &PlanFacts| pages.delivering.get(&plan.warning).is_some_and(|since| *since < now);
        let waits = pages.plans.iter().find(|(_, plan)| {
            plan.level == "red"
                && plan.channel == route.channel.name()
                && plan.routes.first() == Some(&lease.route)
                && plan.ended.is_none()
                && plan.deadline > unix
                && plan.next < plan.size
                && delivering(plan)
        });
        let waits = waits.map(|(number, plan)| format!("{number:x}, {} of {} leased", plan.next, plan.size));
        pages.must(waits.is_none(), || {
            format!(
                "{now}: {} took {level} of {:x} while red waited: {}",
                lease.route,
                lease.plan,
                waits.unwrap_or_default()
            )
        });
    }

    /// A lease is on disk, whether or not the engine will hear of it.
    pub fn lease_durable(&self, bytes: &[u8]) {
        let lease = journal::lease(bytes);
        let mut pages = self.open();
        let fresh = pages.leases.insert(lease.lease);
        pages.must(fresh, || format!("lease number {} was given twice", lease.lease));
        for rank in lease.ranks {
            let traces = pages.traces.entry((lease.plan, rank)).or_default();
            // A lease upon a lease: the first was never answered as far as the journal knows.
            traces.doubtful |= traces.leased;
            traces.leased = true;
        }
    }

    /// Outcomes are on disk.
    pub fn outcomes_durable(&self, bytes: &[u8]) {
        let outcomes = journal::outcomes(bytes);
        let mut pages = self.open();
        for (rank, word) in outcomes.records {
            let traces = pages.traces.entry((outcomes.plan, rank)).or_default();
            traces.doubtful |= word == journal::AGAIN_IN_DOUBT;
            // A receipt that overtakes the answer says that it arrived; that ends the lease's doubt too.
            if outcomes.lease != 0 || word < 32 {
                traces.leased = false;
            }
        }
    }

    /// A crash: whatever is leased without outcome may have arrived.
    pub fn crashed(&self) {
        let mut pages = self.open();
        for traces in pages.traces.values_mut() {
            traces.doubtful |= traces.leased;
            traces.leased = false;
        }
        pages.delivering.clear();
        pages.paid.clear();
        pages.tell("crash".to_owned());
    }

    /// The record of a plan is on disk, whether or not the engine will hear of it.
    pub fn plan_durable(&self, number: u64, value: &[u8]) {
        if !holds(value, br#""closing":null"#) {
            self.open().closed.insert(number);
        }
    }

    /// The engine was told that the record of a plan is durable.
    pub fn plan_told(&self, number: u64, value: &[u8]) {
        let now = self.now();
        let open = holds(value, br#""closing":null"#);
        let mut pages = self.open();
        if open && pages.plans.contains_key(&number) {
            return;
        }
        let Ok(record) = serde_json::from_slice::<Value>(value) else { return };
        tracing::info!(now, number = format!("{number:x}"), closing = %record["closing"], "plan told");
        let text = |name: &str| record[name].as_str().unwrap_or_default().to_owned();
        let names = record["routes"].as_array().into_iter().flatten();
        let plan = pages.plans.entry(number).or_insert_with(|| PlanFacts {
            warning: text("warning"),
            channel: text("channel"),
            level: text("level"),
            drill: record["drill"] == true,
            deadline: record["deadline"].as_i64().unwrap_or_default(),
            size: record["size"].as_u64().and_then(|size| u32::try_from(size).ok()).unwrap_or_default(),
            routes: names.filter_map(|name| name.as_str().map(str::to_owned)).collect(),
            ended: None,
            next: 0,
        });
        if !open {
            plan.ended.get_or_insert(now);
        }
    }

    /// The engine was told that the record of a warning is durable.
    pub fn warning_told(&self, id: &str, value: &[u8]) {
        let now = self.now();
        let delivering = holds(value, br#""stage":"delivering""#) && holds(value, br#""ended":null"#);
        tracing::info!(now, id, delivering, "warning told");
        let mut pages = self.open();
        if delivering {
            pages.delivering.entry(id.to_owned()).or_insert(now);
        } else {
            pages.delivering.remove(id);
        }
    }

    /// Whether the person at an address takes part in drills, from now on.
    pub fn takes_part(&self, address: &str, drill: bool) {
        let now = self.now();
        let mut pages = self.open();
        if drill {
            pages.outside.remove(address);
        } else {
            pages.outside.entry(address.to_owned()).or_insert(now);
        }
    }

    /// A delivery reached a provider.
    pub fn arrived(&self, route: &str, token: Token, address: &Address) {
        let (now, unix) = (self.now(), self.clock.unix());
        let facts = &self.routes[route];
        let mut pages = self.open();
        let outside = pages.outside.get(address.expose()).copied();
        let Some(plan) = pages.plans.get(&token.plan) else {
            pages.must(false, || format!("{route} got {token} of no plan"));
            return;
        };
        let (drill, deadline, ended) = (plan.drill, plan.deadline, plan.ended);
        pages.must(unix < deadline, || format!("{route} got {token} {} s after its deadline", unix - deadline));
        pages.must(ended.is_none_or(|ended| now <= ended), || {
            format!("{route} got {token} {} ms after its end was durable", now - ended.unwrap_or_default())
        });
        pages.must(!drill || facts.drill, || format!("drill {token} went over {route}, which is not for drills"));
        pages.must(drill || facts.actual, || format!("{token} is no drill and went over {route}"));
        pages.must(!drill || outside.is_none_or(|since| now <= since), || {
            format!("drill {token} reached somebody outside of drills over {route}")
        });
        pages.tell(format!("{now} {route} {token} {}", address.expose()));
    }

    /// A person got it.
    pub fn taken(&self, token: Token) {
        self.open().traces.entry((token.plan, token.index)).or_default().taken += 1;
    }

    /// The answer to it was lost.
    pub fn in_doubt(&self, token: Token) {
        self.open().traces.entry((token.plan, token.index)).or_default().doubtful = true;
    }
}

/// Whether a record says this; records are written without blanks.
fn holds(record: &[u8], what: &[u8]) -> bool {
    record.windows(what.len()).any(|part| part == what)
}
