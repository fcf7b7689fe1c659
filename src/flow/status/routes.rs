//! Routes as an operator sees and orders them.

use std::sync::{Arc, atomic::Ordering};

use super::RouteView;
use crate::{
    flow::{
        Parts, Unavailable,
        deliver::{Route, RouteDecision, RouteState, observe},
        record::{Decision, json, rfc3339},
    },
    store::{Commit, Expect, Put, Space},
};

pub(super) fn view(parts: &Parts, route: &Arc<Route>) -> RouteView {
    let now = parts.clock.instant();
    let state = route.state();
    let waiting = observe::waiting(parts, route);
    let last_success = route.last_success_ms.load(Ordering::Relaxed);
    let last_error = route.last_error();
    RouteView {
        name: route.name.clone(),
        channel: route.channel.name().to_owned(),
        adapter: route.config.adapter.clone(),
        drill: route.config.drill,
        actual: route.config.actual,
        state: state.name().to_owned(),
        reason: state.reason(),
        limit_per_s: route.allowed(),
        rate_per_s: route.rate(now),
        in_flight: route.in_flight.load(Ordering::Relaxed),
        queue: waiting.into_iter().map(|(level, count)| (level.name().to_owned(), count)).collect(),
        last_success_at: (last_success > 0).then(|| rfc3339(last_success)),
        last_error_at: last_error.as_ref().map(|(at_ms, _)| rfc3339(*at_ms)),
        last_error: last_error.map(|(_, words)| words),
        as_of: rfc3339(parts.clock.unix_ms()),
    }
}

/// Pauses a route (with a reason) or lets it run again (without). Stored first: a restart keeps it.
pub(super) async fn order(parts: &Parts, name: &str, by: &str, pause: Option<&str>) -> Result<bool, Unavailable> {
    let Some(route) = parts.routes.get(name) else { return Ok(false) };
    let at_ms = parts.clock.unix_ms();
    let decided = RouteDecision { paused_by: pause.map(|_| by.to_owned()), reason: pause.map(str::to_owned), at_ms };
    let decision = Decision {
        at_ms,
        what: if pause.is_some() { "route_paused" } else { "route_resumed" }.to_owned(),
        warning: None,
        by: Some(by.to_owned()),
        detail: Some(pause.map_or_else(|| name.to_owned(), |reason| format!("{name}: {reason}"))),
    };
    let put = Put { space: Space::RouteDecision, key: name.into(), value: Some(json(&decided)), expect: Expect::Any };
    parts.store.commit(Commit { puts: vec![put], entries: vec![decision.entry()] }).await?;
    route.order(match pause {
        Some(reason) => RouteState::Paused { by: by.to_owned(), reason: reason.to_owned() },
        None => RouteState::Running,
    });
    Ok(true)
}
