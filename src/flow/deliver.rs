//! Stage 7: one attempt per slice. A consumer per route takes slices from the lanes of its channel, pays every limit,
//! records the lease, hands the slice to the adapter, and journals what became of it.
//!
//! The engine knows no providers: it sees verdicts. It alone decides about repeats, pauses and giving up.

mod breaker;
mod canary;
mod health;
mod judge;
pub(super) mod observe;
mod retry;
mod route;
mod slice;
mod worker;

use std::sync::Arc;

pub use route::RouteLimits;
pub(crate) use route::{Meter, Route, RouteDecision, RouteState};

use super::{Parts, projection::Plan};

/// Starts the consumer of every route, and the silent tests.
pub(crate) fn start(parts: &Arc<Parts>) {
    for route in parts.routes.values() {
        parts.lifecycle.spawn(worker::run(Arc::clone(parts), Arc::clone(route)));
    }
    parts.lifecycle.spawn(canary::run(Arc::clone(parts)));
}

/// Whether a route may carry a plan now: it is one of the plan's routes, of the right kind, has not refused it, and, when
/// it is a standby, some of the others have lost share.
pub(crate) fn may_carry(parts: &Parts, route: &Route, plan: &Plan) -> bool {
    can_carry(route, plan)
        && plan.closing().is_none()
        && (!route.config.standby || preferred(parts, route, plan).all(|other| other.share() < 1.0))
}

/// Whether a route could carry a plan at all.
fn can_carry(route: &Route, plan: &Plan) -> bool {
    gate(route, plan) && plan.record.routes.contains(&route.name) && !plan.refused_by(&route.name)
}

/// The routes of a plan that come before a standby.
fn preferred<'a>(parts: &'a Parts, standby: &'a Route, plan: &'a Plan) -> impl Iterator<Item = &'a Route> {
    let others = parts.routes.values().filter(|other| other.channel == standby.channel && !other.config.standby);
    others.map(|other| &**other).filter(|other| can_carry(other, plan))
}

/// Whether a route other than this one could carry a plan, now or later.
fn others_may_carry(parts: &Parts, route: &Route, plan: &Plan) -> bool {
    let others = plan.record.routes.iter().filter(|name| **name != route.name);
    others.filter_map(|name| parts.routes.get(name)).any(|other| can_carry(other, plan))
}

/// The drill gate: a drill goes only over routes marked for drills, an actual warning only over those marked for that.
pub(crate) fn gate(route: &Route, plan: &Plan) -> bool {
    if plan.record.drill { route.config.drill } else { route.config.actual }
}
