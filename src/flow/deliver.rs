//! Stage 7: one attempt per slice. A consumer per route takes slices from the lanes of its channel, pays its pacer,
//! records the lease, hands the slice to the adapter, and journals what became of it.
//!
//! The engine knows no providers: it sees verdicts. It alone decides about repeats, pauses and giving up.

pub(super) mod observe;
mod route;
mod slice;
mod worker;

use std::sync::Arc;

pub(crate) use route::{Meter, Route, RouteDecision, RouteState};

use super::{Parts, projection::Plan};

/// Starts the consumer of every route.
pub(crate) fn start(parts: &Arc<Parts>) {
    for route in parts.routes.values() {
        parts.lifecycle.spawn(worker::run(Arc::clone(parts), Arc::clone(route)));
    }
}

/// Whether a route may carry a plan: it is one of the plan's routes, of the right kind, and no route the plan prefers
/// is running.
pub(crate) fn may_carry(parts: &Parts, route: &Route, plan: &Plan) -> bool {
    if !gate(route, plan) || plan.closing().is_some() {
        return false;
    }
    for name in &plan.record.routes {
        if *name == route.name {
            return true;
        }
        if parts.routes.get(name).is_some_and(|preferred| preferred.is_running()) {
            return false;
        }
    }
    false
}

/// The drill gate: a drill goes only over routes marked for drills, an actual warning only over those marked for that.
pub(crate) fn gate(route: &Route, plan: &Plan) -> bool {
    if plan.record.drill { route.config.drill } else { route.config.actual }
}
