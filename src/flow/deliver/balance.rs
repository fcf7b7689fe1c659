//! Shares of a channel's work between its routes.
//!
//! The routes of a channel take slices from the same lanes, each at its own pace. One that does badly gets its pace times
//! its health, as long as another can take what it loses; a standby gets what the others have lost and nothing else. The
//! only route that can carry a channel is not held back: nobody would gain by it.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use fenghuo_contract::{Channel, RateUnit};
use tokio::time::Instant;

use super::Route;
use crate::{
    domain::purpose::Marked,
    flow::{Parts, projection::Plan},
};

/// How often is looked at what routes do and whether a channel is down.
const TICK: Duration = Duration::from_secs(1);

/// Watches routes and channels until the soft stop.
pub(super) async fn run(parts: Arc<Parts>) {
    let stop = parts.lifecycle.stopping();
    let mut down = BTreeSet::new();
    while !stop.is_cancelled() {
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            () = parts.clock.sleep(TICK) => {}
        }
        let now = parts.clock.instant();
        parts.routes.values().for_each(|route| route.learn_rate(now));
        watch(&parts, &mut down);
    }
}

/// The part of its pace a route may use now.
pub(super) fn part(parts: &Parts, route: &Route, now: Instant) -> f64 {
    let running = || siblings(parts, route).filter(|other| other.is_running());
    let health = route.health(now, running().filter_map(|other| other.round_trip()).min());
    let health = if running().next().is_some() { health } else { 1.0 };
    let whole = health * route.ramp(now);
    if route.config.standby { whole.min(lost_part(parts, route, now)) } else { whole }
}

/// The routes that carry some of what a route carries.
fn siblings<'a>(parts: &'a Parts, route: &'a Route) -> impl Iterator<Item = &'a Route> {
    parts.routes.values().map(|other| &**other).filter(|other| other.name != route.name && carry_same(other, route))
}

fn carry_same(a: &Route, b: &Route) -> bool {
    let shared = a.config.partner.is_none() && b.config.partner.is_none();
    shared && a.channel == b.channel && a.marks().meet(b.marks())
}

/// What the others have lost, as a part of what a standby can do; all of it where nobody knows how much that is. When
/// nothing is lost, what a standby carries is what the others' providers refused.
fn lost_part(parts: &Parts, standby: &Route, now: Instant) -> f64 {
    let lost: f64 = siblings(parts, standby).filter(|other| !other.config.standby).map(|other| lost(other, now)).sum();
    let sharing = siblings(parts, standby).filter(|other| other.config.standby && other.is_running()).count() + 1;
    match capacity(standby) {
        Some(capacity) if lost > 0.0 && lost.is_finite() => (lost / sharing as f64 / capacity).min(1.0),
        _ => 1.0,
    }
}

/// Deliveries a second that a route does not do of what it could.
fn lost(route: &Route, now: Instant) -> f64 {
    let part = share(route, now);
    if part >= 1.0 { 0.0 } else { capacity(route).map_or(f64::INFINITY, |capacity| capacity * (1.0 - part)) }
}

/// The part of its own pace a route does: nothing while it is out of service.
pub(super) fn share(route: &Route, now: Instant) -> f64 {
    let slowed = match (route.allowed(), route.configured()) {
        (Some(allowed), Some(limit)) => allowed / limit,
        _ => 1.0,
    };
    (route.share() * route.ramp(now)).min(slowed)
}

/// Deliveries a second a route does when nothing is wrong: its limit where that counts deliveries, else what was seen.
fn capacity(route: &Route) -> Option<f64> {
    let unit = route.config.rate_unit.unwrap_or(route.adapter.profile().rate_unit);
    route.configured().filter(|_| unit == RateUnit::Recipients).or_else(|| route.usual_rate())
}

/// Raises the alarm when work waits on a channel and none of the routes that can carry it runs.
fn watch(parts: &Parts, down: &mut BTreeSet<Channel>) {
    let channels: BTreeSet<Channel> = parts.routes.values().map(|route| route.channel).collect();
    for channel in channels {
        let of_channel = || parts.routes.values().filter(|route| route.channel == channel);
        let has_none = |plan: &Plan| {
            let mut carrying = of_channel().filter(|route| super::can_carry(route, plan)).peekable();
            carrying.peek().is_some() && !carrying.any(|route| route.is_running())
        };
        let is_down = parts.lanes(channel).waiting(has_none).values().any(|count| *count > 0);
        parts.telemetry.channel_down(channel.name(), is_down);
        if is_down && down.insert(channel) {
            tracing::error!(
                channel = channel.name(),
                code = "channel-down",
                "no route of the channel runs: its work waits; see /docs/errors/channel-down"
            );
        } else if !is_down && down.remove(&channel) {
            tracing::info!(channel = channel.name(), "a route of the channel runs again, or nothing waits");
        }
    }
}
