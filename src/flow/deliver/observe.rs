//! What the metrics show of routes and outcomes.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
};

use fenghuo_contract::Channel;

use super::{Route, RouteState, gate};
use crate::{
    domain::{
        delivery::{Reason, State},
        level::Level,
    },
    flow::{
        Parts,
        projection::{
            Plan,
            codec::{Outcome, Outcomes},
        },
    },
};

/// Counts attempts and their ends.
pub(super) fn outcomes(parts: &Parts, plan: &Plan, route: &Route, outcomes: &Outcomes) {
    let mut attempts: BTreeMap<&'static str, u64> = BTreeMap::new();
    let mut ends: BTreeMap<(State, Reason), u64> = BTreeMap::new();
    for record in &outcomes.records {
        let verdict = match record.outcome {
            Outcome::Reached(state) => {
                *ends.entry((state, record.reason)).or_default() += 1;
                if state == State::Accepted { "accepted" } else { record.reason.name() }
            }
            Outcome::Again => "transient",
            Outcome::AgainInDoubt => "in_doubt",
            Outcome::Returned => "returned",
            // No attempt ends so.
            Outcome::Reopened | Outcome::Outdated => continue,
        };
        *attempts.entry(verdict).or_default() += 1;
    }
    for (verdict, count) in attempts {
        parts.telemetry.attempts(&route.name, verdict, count);
    }
    for ((state, reason), count) in ends {
        reached(parts, &route.name, plan, state, reason, count);
    }
}

/// Counts deliveries that reached a state.
pub(in crate::flow) fn reached(parts: &Parts, route: &str, plan: &Plan, state: State, reason: Reason, count: u64) {
    parts.telemetry.delivery(route, plan.record.level, state, count);
    if reason != Reason::None {
        parts.telemetry.undelivered(route, reason, count);
    }
}

/// Shows the state of every route.
pub(in crate::flow) fn routes(parts: &Parts) {
    let references = &parts.projection.references;
    parts.telemetry.receipts_unmatched(references.expired());
    parts.telemetry.receipts_waiting(references.waiting(), parts.receipts.waiting_kib());
    for route in parts.routes.values() {
        let in_flight = route.in_flight.load(Ordering::Relaxed);
        parts.telemetry.route(&route.name, route.state().name(), &RouteState::NAMES, route.allowed(), in_flight);
        let waiting = waiting(parts, route);
        for level in Level::ALL {
            let waits = |lift| waiting.get(&(level, lift)).copied().unwrap_or_default();
            parts.telemetry.queue(&route.name, level, waits(false) + waits(true));
        }
    }
}

/// Deliveries that wait on a route, by level and whether they are of a lift.
pub(in crate::flow) fn waiting(parts: &Parts, route: &Arc<Route>) -> BTreeMap<(Level, bool), u64> {
    let channel: Channel = route.channel;
    parts.lanes(channel).waiting(|plan| plan.record.routes.contains(&route.name) && gate(route, plan))
}
