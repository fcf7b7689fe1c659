//! The routes: which run, which do not and why, what waits on them; pausing and resuming with a reason.

use askama::Template;
use axum::{
    Form,
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    OPERATORS,
    board::escape,
    frame::{Frame, Visit},
    show::{clock, grouped, rate, stamp},
    warning::Fact,
    words::Words,
};
use crate::{
    domain::level::Level,
    flow::status::{RouteView, UseView, WindowView},
    http::Site,
};

#[derive(Deserialize)]
pub(super) struct After {
    paused: Option<String>,
    resumed: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Given {
    #[serde(default)]
    form: String,
    route: String,
    #[serde(default)]
    reason: String,
}

/// `GET /console/routes`
pub(super) async fn page(State(site): State<Site>, Query(after): Query<After>, visit: Visit) -> Response {
    let words = visit.words;
    let routes = site.flow.routes();
    // What an address says was done is printed only for routes there are.
    let known =
        |name: &Option<String>| name.as_ref().filter(|name| routes.iter().any(|route| route.name == **name)).cloned();
    let done = known(&after.paused)
        .map(|name| words.with("console-paused", "route", name))
        .or_else(|| known(&after.resumed).map(|name| words.with("console-resumed", "route", name)));
    let frame = visit.frame(visit.mode().await);
    let may_act = visit.is_one_of(OPERATORS);
    visit.page(&Routes::new(frame, &routes, may_act, done, &visit.now()))
}

/// `POST /console/routes/pause`
pub(super) async fn pause(State(site): State<Site>, visit: Visit, Form(given): Form<Given>) -> Response {
    if let Some(refusal) = visit.refuse_form(&given.form) {
        return refusal;
    }
    let reason: String = given.reason.trim().chars().take(200).collect();
    match site.flow.pause_route(&given.route, &by(&visit), &reason).await {
        Ok(true) => back("paused", &given.route),
        Ok(false) => visit.not_found(),
        Err(fault) => visit.unavailable(&fault),
    }
}

/// `POST /console/routes/resume`
pub(super) async fn resume(State(site): State<Site>, visit: Visit, Form(given): Form<Given>) -> Response {
    if let Some(refusal) = visit.refuse_form(&given.form) {
        return refusal;
    }
    match site.flow.resume_route(&given.route, &by(&visit)).await {
        Ok(true) => back("resumed", &given.route),
        Ok(false) => visit.not_found(),
        Err(fault) => visit.unavailable(&fault),
    }
}

fn by(visit: &Visit) -> String {
    visit.actor.as_ref().map(|actor| actor.key.clone()).unwrap_or_default()
}

fn back(what: &str, route: &str) -> Response {
    Redirect::to(&format!("/console/routes?{what}={}", escape(route))).into_response()
}

#[derive(Template)]
#[template(path = "console/routes.html")]
pub(super) struct Routes {
    frame: Frame,
    as_of: String,
    done: Option<String>,
    may_act: bool,
    routes: Vec<Tile>,
}

struct Tile {
    name: String,
    channel: String,
    actual: bool,
    drill: bool,
    state: String,
    fault: bool,
    reason: Option<String>,
    facts: Vec<Fact>,
    can_pause: bool,
    can_resume: bool,
}

impl Routes {
    pub(super) fn new(frame: Frame, routes: &[RouteView], may_act: bool, done: Option<String>, now: &str) -> Self {
        let words = frame.words;
        let as_of = clock(routes.iter().map(|route| route.as_of.as_str()).min().unwrap_or(now));
        let mut tiles: Vec<Tile> = routes.iter().map(|route| Tile::new(words, route)).collect();
        // Worst first; otherwise in the order of the configuration.
        tiles.sort_by_key(|tile| !tile.fault);
        Self { frame, as_of, done, may_act, routes: tiles }
    }
}

impl Tile {
    fn new(words: Words, route: &RouteView) -> Self {
        let per_second = |number: f64| words.with("console-per-second", "rate", rate(number));
        let fact = |id: &str, value: String| Fact { word: words.t(id), value };
        let mut facts = vec![
            fact("console-route-rate", per_second(route.rate_per_s)),
            fact("console-route-limit", limit(words, route)),
        ];
        facts.extend(uses(words, route));
        facts.extend([
            fact("console-route-window", window(words, route)),
            fact("console-route-in-flight", grouped(route.in_flight)),
            fact("console-route-queue", queue(words, route)),
            fact(
                "console-route-success",
                route.last_success_at.as_deref().map_or_else(|| words.t("console-never"), stamp),
            ),
        ]);
        if let Some(error) = &route.last_error {
            let at = route.last_error_at.as_deref().map(stamp).unwrap_or_default();
            facts.push(fact("console-route-error", words.join([at, error.clone()])));
        }
        facts.push(fact("console-route-adapter", route.adapter.clone()));
        let running = matches!(route.state.as_str(), "running" | "throttled");
        Self {
            name: route.name.clone(),
            channel: words.of("console-channel-", &route.channel),
            actual: route.actual,
            drill: route.drill,
            state: words.of("console-route-", &route.state),
            fault: route.state != "running",
            reason: route.reason.clone(),
            facts,
            can_pause: running,
            can_resume: !running,
        }
    }
}

/// The limit a second, what of it is allowed now when that is less, and whether a person set it.
fn limit(words: Words, route: &RouteView) -> String {
    let per_second = |number: f64| {
        let unit = words.of("console-unit-", &route.unit);
        words.fill("console-units-per-second", &[("rate", rate(number)), ("unit", unit)])
    };
    let ordered = if route.ordered.is_some() { words.t("console-route-ordered") } else { String::new() };
    let allowed = route.allowed_per_s.filter(|allowed| route.limit_per_s.is_none_or(|limit| *allowed < limit));
    let allowed = allowed.map(|allowed| words.with("console-route-allowed", "rate", per_second(allowed)));
    let most = route.limit_per_s.map_or_else(|| words.t("console-route-no-limit"), per_second);
    words.join([most, allowed.unwrap_or_default(), ordered])
}

/// How much of the limits of a minute and a day is used, where there are any.
fn uses(words: Words, route: &RouteView) -> Vec<Fact> {
    let of = [("console-route-minute", &route.per_minute), ("console-route-day", &route.per_day)];
    let fact = |(id, used): (&str, &Option<UseView>)| {
        let UseView { used, limit } = used.as_ref()?;
        Some(Fact { word: words.t(id), value: format!("{} / {}", grouped(*used), grouped(*limit)) })
    };
    of.into_iter().filter_map(fact).collect()
}

/// Submits unanswered, how many may be now and at most, how many of them are kept for red; how long an answer takes.
fn window(words: Words, route: &RouteView) -> String {
    let WindowView { size, now, used, red } = &route.window;
    let args = [("used", used), ("now", now), ("size", size), ("red", red)].map(|(name, n)| (name, n.to_string()));
    let answer = route.round_trip_ms.map(|ms| words.with("console-route-round-trip", "ms", rate(ms)));
    words.join([words.fill("console-route-window-of", &args), answer.unwrap_or_default()])
}

/// What waits, by level, highest first.
fn queue(words: Words, route: &RouteView) -> String {
    let waiting = |level: Level| {
        let of = |lane: &str| route.queue.get(lane).copied().unwrap_or_default();
        let count = Some(of(level.name()) + of(&format!("{}_lift", level.name()))).filter(|count| *count > 0)?;
        Some(format!("{} {}", words.of("console-level-", level.name()), grouped(count)))
    };
    let parts: Vec<String> = Level::ALL.into_iter().filter_map(waiting).collect();
    if parts.is_empty() { words.t("console-route-queue-empty") } else { words.join(parts) }
}
