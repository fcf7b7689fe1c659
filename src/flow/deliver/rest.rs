//! What a route that is out of service waits for, and the alarm when it goes out.

use std::{sync::Arc, time::Duration};

use fenghuo_contract::Fault;
use tokio::time::Instant;

use super::{
    Route, RouteState,
    breaker::{Breaker, EndsBy, Now, Trip},
    canary,
};
use crate::flow::Parts;

/// Looks again at least this often, whatever rang or did not.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// How long the route still rests; `None` when it sends.
pub(super) fn rest(parts: &Arc<Parts>, route: &Arc<Route>, now: Instant) -> Option<Duration> {
    if !parts.nodes.is_current(now) {
        return Some(LOOK_AGAIN);
    }
    let trip = match route.state() {
        RouteState::Running | RouteState::Trying(_) => return None,
        RouteState::Paused { .. } => return Some(LOOK_AGAIN),
        RouteState::Tripped(trip) => trip,
    };
    match route.wake(now) {
        None => Some(trip.until.duration_since(now).min(LOOK_AGAIN)),
        Some(EndsBy::Submit | EndsBy::Time) => None,
        Some(EndsBy::Probe) => {
            parts.lifecycle.spawn(probe(Arc::clone(parts), Arc::clone(route)));
            Some(LOOK_AGAIN)
        }
    }
}

/// Tests the link; what waited for that is tried with one submit when it succeeds.
async fn probe(parts: Arc<Parts>, route: Arc<Route>) {
    // What it says is kept with the route.
    let _kept = test(&parts, &route).await;
}

/// Tests the link of a route now; one that was out of service until a test succeeds is tried again.
pub(in crate::flow) async fn test(parts: &Arc<Parts>, route: &Route) -> Result<(), Fault> {
    let (tested, _) = canary::probe(parts, route).await;
    if tested.is_ok() && route.breaker(Breaker::probe_succeeded) {
        tracing::info!(route = route.name, "link test succeeded: the route is tried with one submit");
    }
    tested
}

/// Now, with a chance.
pub(super) fn now(parts: &Parts) -> Now {
    Now { at: parts.clock.instant(), ms: parts.clock.unix_ms(), chance: parts.clock.fraction() }
}

/// Raises the alarm for a route that was just taken out of service, or tells that it is back.
pub(super) fn changed(parts: &Parts, route: &Route) {
    match route.trip() {
        Some(trip) => alarm(parts, route, &trip),
        None => tracing::info!(route = route.name, "route runs again"),
    }
    // Who carries what it leaves behind may be waiting.
    for other in parts.routes.values().filter(|other| other.channel == route.channel) {
        other.bell.notify_waiters();
    }
}

fn alarm(parts: &Parts, route: &Route, trip: &Trip) {
    let (code, cause) = (trip.cause.code(), &trip.provider);
    route.failed(parts.clock.unix_ms(), cause.to_string());
    parts.telemetry.route_tripped(&route.name, trip.name());
    if trip.cause.ends_by() == EndsBy::Time {
        tracing::warn!(route = route.name, code, provider = %cause, "route pauses; see /docs/errors/{code}");
    } else {
        tracing::error!(route = route.name, code, provider = %cause, "route out of service; see /docs/errors/{code}");
    }
}
