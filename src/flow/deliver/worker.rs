//! The consumer of one route: what to send next, and when.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use tokio::time::Instant;

use super::{balance, may_carry, rest::rest, route::Route, slice};
use crate::{
    domain::level::Level,
    flow::{
        Parts, fit,
        projection::Plan,
        schedule::{Ask, At, Held, No, Served, SliceShape},
    },
};

/// Looks again at least this often, whatever rang or did not.
const LOOK_AGAIN: Duration = Duration::from_millis(250);
/// What has left the lanes and not yet reached the adapter, as time at the allowed rate: it cannot be overtaken.
const PASSING_S: f64 = 0.005;

/// What the consumer knows from one turn to the next.
#[derive(Default)]
struct Turns {
    /// Issuers whose node said no to warnings below red, and to red ones, until when.
    held: [BTreeMap<String, Instant>; 2],
}

/// Runs until the gateway stops claiming.
pub(crate) async fn run(parts: Arc<Parts>, route: Arc<Route>) {
    let mut turns = Turns::default();
    let stop = parts.lifecycle.stopping();
    while !stop.is_cancelled() {
        let lanes = parts.lanes(route.channel);
        // Asked for before looking, so that what rings between looking and waiting is not missed.
        let plans = lanes.bell.notified();
        let changes = route.bell.notified();
        let wait = turn(&parts, &route, &mut turns);
        if wait.is_zero() {
            tokio::task::yield_now().await;
            continue;
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = plans => {}
            () = changes => {}
            () = parts.clock.sleep(wait) => {}
        }
    }
}

/// Does one step and says how long to wait before the next.
fn turn(parts: &Arc<Parts>, route: &Arc<Route>, turns: &mut Turns) -> Duration {
    let now = parts.clock.instant();
    if let Some(wait) = rest(parts, route, now) {
        return wait;
    }
    pace(parts, route, now);

    turns.held.iter_mut().for_each(|held| held.retain(|_, until| *until > now));
    let served = parts.lanes(route.channel).serve(now, |plan| ask(parts, route, turns, plan, now));
    let due = match served {
        Served::Slice(slice) => {
            // A place was free when the plan was asked for, and nobody else takes places of this route; a slice that has
            // none all the same must not be lost.
            let Ok(permit) = Arc::clone(&route.window).try_acquire_owned() else {
                let ranks: Vec<(u32, Option<Instant>)> = slice.ranks.iter().map(|rank| (*rank, None)).collect();
                parts.lanes(route.channel).put_back(&slice.plan, &ranks, parts.clock.unix());
                return LOOK_AGAIN;
            };
            route.passing.fetch_add(slice.ranks.len() as u64, Ordering::Relaxed);
            parts.lifecycle.spawn(slice::carry(Arc::clone(parts), Arc::clone(route), slice, permit));
            return Duration::ZERO;
        }
        Served::Wait(due) => due,
    };
    let next = turns.held.iter().flat_map(BTreeMap::values).copied().chain(due).min();
    next.map_or(LOOK_AGAIN, |next| next.duration_since(now).clamp(Duration::from_micros(50), LOOK_AGAIN))
}

/// Whether this plan is served now.
fn ask(parts: &Parts, route: &Route, turns: &mut Turns, plan: &Plan, now: Instant) -> Ask {
    let issuer = plan.record.issuer.as_deref();
    let held = &mut turns.held[usize::from(plan.record.level == Level::Red)];
    if issuer.is_some_and(|issuer| held.contains_key(issuer)) || !may_carry(parts, route, plan) {
        return Ask::Pass;
    }
    let shape = shape(route, plan);
    if !has_place(route, plan.record.level, &shape) {
        return Ask::Stop(LOOK_AGAIN);
    }
    let at = At { now, unix: parts.clock.unix() };
    match parts.limits.take(&mut route.pacer.lock(), &plan.record, &shape, at) {
        Ok(deliveries) => Ask::Take(deliveries),
        Err(Held::Everything(no)) => Ask::Stop(wait(no)),
        Err(Held::Issuer(no @ No::Wait(_))) => {
            held.extend(issuer.map(|issuer| (issuer.to_owned(), now + wait(no))));
            Ask::Pass
        }
        // Looked at again when the bell rings.
        Err(Held::Issuer(No::Reserving)) => Ask::Pass,
    }
}

fn wait(no: No) -> Duration {
    match no {
        No::Wait(pause) => pause.clamp(Duration::from_micros(50), LOOK_AGAIN),
        // The bell rings when it is written down.
        No::Reserving => LOOK_AGAIN,
    }
}

/// Whether another submit may go out. Some places of the window are red's, so that red never waits for an answer to
/// blue; and what waits for its lease is kept short, so that little is ahead of red.
fn has_place(route: &Route, level: Level, shape: &SliceShape) -> bool {
    let free = route.window.available_permits();
    if route.is_trying() {
        return free == route.window_size;
    }
    if level == Level::Red || free == 0 {
        return free > 0;
    }
    let used = route.window_size - free;
    let passing = route.passing.load(Ordering::Relaxed);
    let may_pass = route.deliveries_per_s(shape.segments).map_or(u64::MAX, |rate| (rate * PASSING_S) as u64);
    used + route.red_window() < route.window_now(shape.segments) + usize::from(route.window_size == 1)
        && (passing == 0 || passing <= may_pass)
}

/// Lets the pace follow throttle answers and what the route may take of its channel's work.
fn pace(parts: &Parts, route: &Route, now: Instant) {
    let part = balance::part(parts, route, now);
    let measured = route.rate(now);
    let mut pacer = route.pacer.lock();
    if route.throttles.swap(0, Ordering::Relaxed) > 0 {
        pacer.throttle(now, measured);
    }
    pacer.follow(now, part, route.usual_rate().unwrap_or(measured));
}

/// What a slice of this plan on this route is made of.
fn shape(route: &Route, plan: &Plan) -> SliceShape {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    SliceShape {
        most: route.batch(),
        segments: fit::of_plan(route, plan).segments,
        contents: count(plan.contents.len()),
        per_call: count(route.adapter.profile().batch_max),
        span: route.span(),
    }
}
