//! Stage 7: one attempt per slice. A consumer per route takes slices from the lanes of its channel, pays every limit,
//! records the lease, hands the slice to the adapter, and journals what became of it.
//!
//! The engine knows no providers: it sees verdicts. It alone decides about repeats, pauses and giving up.

mod balance;
mod breaker;
mod canary;
mod health;
mod judge;
mod meter;
pub(super) mod observe;
pub(super) mod rest;
mod retry;
mod route;
mod slice;
mod wire;
mod withdraw;
mod worker;

use std::sync::Arc;

pub(crate) use breaker::EndsBy;
pub(crate) use meter::Meter;
pub use route::RouteLimits;
pub(crate) use route::{Route, RouteDecision, RouteState};
pub(crate) use wire::Link;

use super::{Parts, nodes, projection::Plan, record::PlanRecord, schedule};
use crate::domain::purpose::{HasPurpose, Purpose};

/// Starts the consumer of every route, the silent tests, and the watch over channels.
pub(crate) fn start(parts: &Arc<Parts>) {
    for route in parts.routes.values() {
        parts.lifecycle.spawn(worker::run(Arc::clone(parts), Arc::clone(route)));
        if route.adapter.profile().withdraw_max > 0 {
            parts.lifecycle.spawn(withdraw::run(Arc::clone(parts), Arc::clone(route)));
        }
    }
    nodes::as_leader(parts, canary::run(Arc::clone(parts)));
    parts.lifecycle.spawn(balance::run(Arc::clone(parts)));
    nodes::as_leader(parts, end_refused(Arc::clone(parts)));
}

/// Where a crash came between the last refusal of a content and the end of its plan.
async fn end_refused(parts: Arc<Parts>) {
    for plan in parts.projection.all().into_iter().filter(|plan| plan.closing().is_none()) {
        if plan.purpose().is_none() {
            schedule::end_in_doubt(&parts, &plan).await;
        } else if is_refused_everywhere(&parts, &plan) {
            parts.stop_plan(&plan, "").await;
        }
    }
}

/// Whether a route may carry a plan now: it is one of the plan's routes, of the right kind, has not refused it, and, when
/// it is a standby, some of the others have lost share.
pub(crate) fn may_carry(parts: &Parts, route: &Route, plan: &Plan) -> bool {
    can_carry(route, plan) && plan.closing().is_none() && (!route.config.standby || is_needed(parts, route, plan))
}

/// Whether a route could carry a plan at all.
pub(super) fn can_carry(route: &Route, plan: &Plan) -> bool {
    is_permitted(route, plan.purpose()) && plan.record.routes.contains(&route.name) && !plan.refused_by(&route.name)
}

/// The same of a plan that is not released.
pub(crate) fn could_carry(parts: &Parts, route: &Route, plan: &PlanRecord) -> bool {
    let purpose = plan.purpose.alone();
    let may = |route: &Route| is_permitted(route, purpose) && plan.routes.contains(&route.name);
    let now = parts.clock.instant();
    let mut others = parts.routes.values().filter(|other| !other.config.standby && may(other)).peekable();
    may(route)
        && (!route.config.standby || others.peek().is_none() || others.any(|other| balance::share(other, now) < 1.0))
}

/// Whether a standby is needed for a plan: none of the channel's other routes can carry it, or one has lost share.
fn is_needed(parts: &Parts, standby: &Route, plan: &Plan) -> bool {
    let now = parts.clock.instant();
    let others = parts.routes.values().filter(|other| other.channel == standby.channel && !other.config.standby);
    let mut others = others.filter(|other| can_carry(other, plan)).peekable();
    others.peek().is_none() || others.any(|other| balance::share(other, now) < 1.0)
}

/// Whether providers refused the content of a plan and no route is left that may carry it, now or later.
fn is_refused_everywhere(parts: &Parts, plan: &Plan) -> bool {
    let mut routes = plan.record.routes.iter().filter_map(|name| parts.routes.get(name));
    plan.is_refused() && !routes.any(|route| can_carry(route, plan))
}

/// Whether a route is marked for a purpose. What is asked early, so that no work is taken that [`wire`] would refuse.
fn is_permitted(route: &Route, purpose: Option<Purpose>) -> bool {
    purpose.and_then(|purpose| purpose.permit(route)).is_some()
}
