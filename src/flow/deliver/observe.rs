//! What the metrics show of routes and outcomes.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
};

use fenghuo_contract::Channel;

use super::{Route, RouteState, breaker::TripCause, is_permitted};
use crate::{
    domain::{
        delivery::{Reason, State},
        level::Level,
        purpose::HasPurpose,
    },
    flow::{
        Parts,
        projection::{
            Plan,
            codec::{Outcome, Outcomes, Record},
        },
    },
};

/// Counts attempts and their ends.
pub(super) fn outcomes(parts: &Parts, plan: &Plan, route: &Route, outcomes: &Outcomes) {
    let (mut again, mut in_doubt, mut returned) = (0, 0, 0);
    for record in &outcomes.records {
        match record.outcome {
            Outcome::Again => again += 1,
            Outcome::AgainInDoubt => in_doubt += 1,
            Outcome::Returned => returned += 1,
            // No attempt ends so, or it did: below.
            Outcome::Reached(_) | Outcome::Reopened | Outcome::Outdated => {}
        }
    }
    for (verdict, count) in [("transient", again), ("in_doubt", in_doubt), ("returned", returned)] {
        if count > 0 {
            parts.telemetry.attempts(&route.name, verdict, count);
        }
    }
    for (state, reason, count) in ends(&outcomes.records) {
        let verdict = if state == State::Accepted { "accepted" } else { reason.name() };
        parts.telemetry.attempts(&route.name, verdict, count);
        reached(parts, &route.name, plan, state, reason, count);
    }
}

/// Counts what later word says.
pub(in crate::flow) fn heard(parts: &Parts, route: &str, plan: &Plan, records: &[Record]) {
    for (state, reason, count) in ends(records) {
        reached(parts, route, plan, state, reason, count);
    }
}

/// The states that were reached, each with its reason and by how many. A metric is looked up by names: that is done once
/// for all of them.
fn ends(records: &[Record]) -> impl Iterator<Item = (State, Reason, u64)> {
    let mut ends = [[0_u64; Reason::ALL.len()]; State::ALL.len()];
    for record in records {
        if let Outcome::Reached(state) = record.outcome {
            ends[state as usize][record.reason as usize] += 1;
        }
    }
    State::ALL.into_iter().zip(ends).flat_map(|(state, by_reason)| {
        let counts = Reason::ALL.into_iter().zip(by_reason).filter(|(_, count)| *count > 0);
        counts.map(move |(reason, count)| (state, reason, count))
    })
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
        health(parts, route);
        let waiting = waiting(parts, route);
        for level in Level::ALL {
            let waits = |lift| waiting.get(&(level, lift)).copied().unwrap_or_default();
            parts.telemetry.queue(&route.name, level, waits(false) + waits(true));
        }
    }
}

/// Shows how well a route does, what keeps it out of service, and when its link was last tested.
fn health(parts: &Parts, route: &Route) {
    parts.telemetry.route_share(&route.name, route.share());
    let trip = route.trip().map(|trip| trip.cause);
    for cause in TripCause::ALL {
        parts.telemetry.route_breaker(&route.name, cause.name(), trip == Some(cause));
    }
    if let Some(canary) = route.canary() {
        let age_ms = (parts.clock.unix_ms() - canary.at_ms).max(0);
        parts.telemetry.route_canary(&route.name, age_ms as f64 / 1000.0, canary.fault.is_none());
    }
}

/// Deliveries that wait on a route, by level and whether they are of a lift.
pub(in crate::flow) fn waiting(parts: &Parts, route: &Arc<Route>) -> BTreeMap<(Level, bool), u64> {
    let channel: Channel = route.channel;
    parts.lanes(channel).waiting(|plan| plan.record.routes.contains(&route.name) && is_permitted(route, plan.purpose()))
}
