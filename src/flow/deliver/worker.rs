//! The consumer of one route: what to send next, and when.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::time::Instant;

use super::{
    may_carry,
    route::{Route, RouteState},
    slice,
};
use crate::{
    domain::{level::Level, text::ucs2_segments},
    flow::{
        Parts,
        projection::Plan,
        schedule::{Offer, Pace, Pacer},
    },
};
use fenghuo_contract::RateUnit;

/// Looks again at least this often, whatever rang or did not.
const LOOK_AGAIN: Duration = Duration::from_millis(250);

/// Runs until the gateway stops claiming.
pub(crate) async fn run(parts: Arc<Parts>, route: Arc<Route>) {
    let rate = route.config.rate_per_s.map(f64::from);
    let mut pacer = Pacer::new(rate, route.config.red_share, parts.clock.instant());
    route.set_allowed(pacer.rate());
    let stop = parts.lifecycle.stopping();
    while !stop.is_cancelled() {
        let lanes = parts.lanes(route.channel);
        // Asked for before looking, so that what rings between looking and waiting is not missed.
        let plans = lanes.bell.notified();
        let changes = route.bell.notified();
        let wait = turn(&parts, &route, &mut pacer);
        if wait.is_zero() {
            tokio::task::yield_now().await;
            continue;
        }
        tokio::select! {
            () = plans => {}
            () = changes => {}
            () = parts.clock.sleep(wait) => {}
            () = stop.cancelled() => {}
        }
    }
}

/// Does one step and says how long to wait before the next.
fn turn(parts: &Arc<Parts>, route: &Arc<Route>, pacer: &mut Pacer) -> Duration {
    let now = parts.clock.instant();
    if let Some(wait) = rest(parts, route, now) {
        return wait;
    }
    if route.throttles.swap(0, Ordering::Relaxed) > 0 {
        pacer.throttle(now, route.rate(now));
    }
    pacer.recover(now);
    route.set_allowed(pacer.rate());

    let lanes = parts.lanes(route.channel);
    let may = |plan: &Plan| may_carry(parts, route, plan);
    let offer = match lanes.offer(now, may) {
        Ok(offer) => offer,
        Err(due) => return due.map_or(LOOK_AGAIN, |due| due.duration_since(now)).min(LOOK_AGAIN),
    };
    // One place of the window is red's, so that red never waits for an answer to blue.
    let kept = usize::from(offer.level != Level::Red && route.window_size > 1);
    if route.window.available_permits() <= kept {
        return LOOK_AGAIN;
    }
    let (quantum, units) = quantum(route, pacer, &offer);
    if let Pace::Wait(pause) = pacer.check(units, offer.level) {
        return pause.clamp(Duration::from_micros(50), LOOK_AGAIN);
    }
    let Ok(permit) = Arc::clone(&route.window).try_acquire_owned() else { return LOOK_AGAIN };
    if let Some(slice) = lanes.claim(now, may, |_| quantum) {
        parts.lifecycle.spawn(slice::carry(Arc::clone(parts), Arc::clone(route), slice, permit));
    }
    Duration::ZERO
}

/// How long the route still rests; `None` when it runs.
fn rest(parts: &Arc<Parts>, route: &Arc<Route>, now: Instant) -> Option<Duration> {
    match route.state() {
        RouteState::Running => None,
        RouteState::Paused { .. } => Some(LOOK_AGAIN),
        RouteState::Resting { until, .. } if until <= now => {
            route.fall(RouteState::Running);
            None
        }
        RouteState::Resting { until, .. } => Some(until.duration_since(now).min(LOOK_AGAIN)),
        RouteState::Stopped { reason, probe_at } => {
            if probe_at <= now {
                route.fall(RouteState::Stopped { reason, probe_at: now + PROBE_EVERY });
                parts.lifecycle.spawn(probe(Arc::clone(route)));
            }
            Some(LOOK_AGAIN)
        }
    }
}

/// How often a stopped route is tested; the test has no effect a person could notice.
pub(super) const PROBE_EVERY: Duration = Duration::from_secs(30);

async fn probe(route: Arc<Route>) {
    let answer = route.adapter.probe().await;
    if answer.is_ok() && matches!(route.state(), RouteState::Stopped { .. }) {
        tracing::info!(route = route.name, "route runs again: its probe succeeded");
        route.fall(RouteState::Running);
    }
}

/// How many deliveries to take, and what they cost in units of the route's limit.
fn quantum(route: &Route, pacer: &Pacer, offer: &Offer) -> (u32, u32) {
    let profile = route.adapter.profile();
    let batch = route.batch();
    match route.config.rate_unit.unwrap_or(profile.rate_unit) {
        RateUnit::Calls => (batch.min(u32::try_from(profile.batch_max).unwrap_or(batch)), 1),
        RateUnit::Recipients => {
            let deliveries = pacer.quantum(batch);
            (deliveries, deliveries)
        }
        RateUnit::Segments => {
            let longest = offer.plan.contents.iter().map(|content| ucs2_segments(&content.text)).max().unwrap_or(1);
            let segments = u32::try_from(longest).unwrap_or(u32::MAX).max(1);
            let deliveries = (pacer.quantum(batch.saturating_mul(segments)) / segments).clamp(1, batch);
            (deliveries, deliveries.saturating_mul(segments))
        }
    }
}
