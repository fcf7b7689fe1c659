//! Routes as an operator sees and orders them.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
};

use fenghuo_contract::RateUnit;

use super::{CanaryView, RouteView, UseView, WindowView};
use crate::{
    domain::level::Level,
    flow::{
        Parts, Unavailable,
        deliver::{Route, RouteDecision, RouteLimits, RouteState, observe},
        parts::parse,
        record::{Decision, json, rfc3339},
    },
    store::{Commit, Expect, Key, Put, Space, Stored, Urgency},
};

pub(super) fn view(parts: &Parts, route: &Arc<Route>) -> RouteView {
    let (now, unix) = (parts.clock.instant(), parts.clock.unix());
    let state = route.state();
    let last_success = route.last_success_ms.load(Ordering::Relaxed);
    let last_error = route.last_error();
    let mut pacer = route.pacer.lock();
    let use_of = |(used, most): (u64, u64)| UseView { used, limit: most };
    let (per_minute, per_day) = (pacer.node.minute(now).map(use_of), pacer.node.day().used(unix).map(use_of));
    let (limit_per_s, allowed_per_s, unit) = (pacer.configured(), pacer.allowed(), pacer.node.unit());
    drop(pacer);
    RouteView {
        name: route.name.clone(),
        channel: route.channel.name().to_owned(),
        adapter: route.config.adapter.clone(),
        drill: route.config.drill,
        actual: route.config.actual,
        standby: route.config.standby,
        state: state.name().to_owned(),
        trip: state.trip().map(|trip| trip.name().to_owned()),
        trip_since: state.trip().map(|trip| rfc3339(trip.since_ms)),
        trip_ends_by: state.trip().map(|trip| trip.cause.ends_by().name().to_owned()),
        trip_again_in_s: state.trip().map(|trip| trip.until.saturating_duration_since(now).as_secs_f64()),
        reason: state.reason(),
        share: route.share(),
        unit: unit_name(unit).to_owned(),
        limit_per_s,
        allowed_per_s,
        ordered: route.ordered(),
        per_minute,
        per_day,
        rate_per_s: route.rate(now),
        round_trip_ms: route.round_trip().map(|round_trip| round_trip.as_secs_f64() * 1e3),
        window: WindowView {
            size: route.window_size,
            now: route.window_now(1),
            used: route.window_size - route.window.available_permits(),
            red: route.red_window(),
        },
        in_flight: route.in_flight.load(Ordering::Relaxed),
        queue: queue(observe::waiting(parts, route)),
        canary: route.canary().map(|canary| CanaryView {
            at: rfc3339(canary.at_ms),
            age_s: (parts.clock.unix_ms() - canary.at_ms).max(0) / 1000,
            ok: canary.fault.is_none(),
            fault: canary.fault,
        }),
        last_success_at: (last_success > 0).then(|| rfc3339(last_success)),
        last_error_at: last_error.as_ref().map(|(at_ms, _)| rfc3339(*at_ms)),
        last_error: last_error.map(|(_, words)| words),
        as_of: rfc3339(parts.clock.unix_ms()),
    }
}

fn unit_name(unit: RateUnit) -> &'static str {
    match unit {
        RateUnit::Recipients => "recipients",
        RateUnit::Segments => "segments",
        RateUnit::Calls => "calls",
    }
}

fn queue(waiting: BTreeMap<(Level, bool), u64>) -> BTreeMap<String, u64> {
    let lane = |level: Level, lift| if lift { format!("{}_lift", level.name()) } else { level.name().to_owned() };
    waiting.into_iter().map(|((level, lift), count)| (lane(level, lift), count)).collect()
}

/// Pauses a route (with a reason) or lets it run again (without). Stored first: a restart keeps it.
pub(super) async fn order(parts: &Parts, name: &str, by: &str, pause: Option<&str>) -> Result<bool, Unavailable> {
    let Some(route) = parts.routes.get(name) else { return Ok(false) };
    let decided = RouteDecision {
        paused_by: pause.map(|_| by.to_owned()),
        reason: pause.map(str::to_owned),
        at_ms: parts.clock.unix_ms(),
        limits: route.ordered(),
    };
    let what = if pause.is_some() { "route_paused" } else { "route_resumed" };
    decide(parts, name, by, what, pause.unwrap_or_default(), &decided).await?;
    route.order(match pause {
        Some(reason) => RouteState::Paused { by: by.to_owned(), reason: reason.to_owned() },
        None => RouteState::Running,
    });
    Ok(true)
}

/// Sets the limits of a route by order, or (`None`) gives it those of the configuration again. Stored first.
pub(super) async fn limit(
    parts: &Parts,
    name: &str,
    by: &str,
    limits: Option<RouteLimits>,
    reason: &str,
) -> Result<bool, Unavailable> {
    let Some(route) = parts.routes.get(name) else { return Ok(false) };
    let (paused_by, paused_for) = match route.state() {
        RouteState::Paused { by, reason } => (Some(by), Some(reason)),
        _ => (None, None),
    };
    let decided = RouteDecision { paused_by, reason: paused_for, at_ms: parts.clock.unix_ms(), limits };
    let words = format!("{} {reason}", serde_json::to_string(&limits).unwrap_or_default());
    decide(parts, name, by, "route_limited", &words, &decided).await?;
    route.limit(limits, parts.clock.instant());
    Ok(true)
}

/// Takes in what an operator ordered at another node.
pub(in crate::flow) fn hear(parts: &Parts, key: &Key, stored: Option<&Stored>) -> Result<(), Unavailable> {
    let name = String::from_utf8_lossy(&key.0);
    let (Some(route), Some(stored)) = (parts.routes.get(&*name), stored) else { return Ok(()) };
    let decided: RouteDecision = parse(&stored.value)?;
    let paused = matches!(route.state(), RouteState::Paused { .. });
    match decided.paused_by {
        Some(by) => route.order(RouteState::Paused { by, reason: decided.reason.unwrap_or_default() }),
        None if paused => route.order(RouteState::Running),
        None => {}
    }
    if route.ordered() != decided.limits {
        route.limit(decided.limits, parts.clock.instant());
    }
    Ok(())
}

async fn decide(
    parts: &Parts,
    name: &str,
    by: &str,
    what: &str,
    words: &str,
    decided: &RouteDecision,
) -> Result<(), Unavailable> {
    let decision = Decision {
        at_ms: decided.at_ms,
        what: what.to_owned(),
        warning: None,
        by: Some(by.to_owned()),
        detail: Some(if words.is_empty() { name.to_owned() } else { format!("{name}: {words}") }),
    };
    let put = Put { space: Space::RouteDecision, key: name.into(), value: Some(json(decided)), expect: Expect::Any };
    let commit = Commit { puts: vec![put], entries: vec![decision.entry()] };
    parts.store.commit_as(Urgency::Reserved, commit).await?;
    Ok(())
}
