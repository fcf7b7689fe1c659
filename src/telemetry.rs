//! Typed events: log line, metric and trace together.
//!
//! Every metric is declared once, in `metrics`; the functions here are the only way to move one. Labels are bounded:
//! names of routes, levels, states, codes; never a warning, a screen or a person.

mod exposition;
mod metrics;

#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use axum::http::{Method, StatusCode};
use prometheus_client::registry::Registry;

use crate::{
    domain::{
        delivery::{Reason, State},
        level::Level,
    },
    store::{Health, Room},
};
use metrics::Metrics;

pub use exposition::{OPEN_METRICS, PLAIN_TEXT};

/// Counters and log lines of one gateway. Cheap to clone.
#[derive(Clone)]
pub struct Telemetry(Arc<Inner>);

struct Inner {
    registry: Registry,
    metrics: Metrics,
}

/// The result of an intake, as counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IntakeResult {
    /// Stored for the first time.
    Created,
    /// It was there already.
    Repeated,
    /// A dry run.
    Checked,
    /// It broke rules or could not be read.
    Rejected,
    /// It is beyond its issuer's authority.
    Forbidden,
    /// Its identity or its idempotency key is taken.
    Conflict,
    /// The store did not answer.
    Unavailable,
}

impl IntakeResult {
    const fn name(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Repeated => "repeated",
            Self::Checked => "checked",
            Self::Rejected => "rejected",
            Self::Forbidden => "forbidden",
            Self::Conflict => "conflict",
            Self::Unavailable => "unavailable",
        }
    }
}

/// What a reply came to, as counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReplyResult {
    /// It confirms a warning or a call.
    Confirmed,
    OptedOut,
    OptedIn,
    /// Anything else, or nothing new.
    Other,
    /// Nobody in the directory has the address it came from.
    Unknown,
}

impl ReplyResult {
    const fn name(self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::OptedOut => "opted_out",
            Self::OptedIn => "opted_in",
            Self::Other => "other",
            Self::Unknown => "unknown",
        }
    }
}

impl Default for Telemetry {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("fenghuo");
        let metrics = Metrics::register(&mut registry);
        Self(Arc::new(Inner { registry, metrics }))
    }
}

impl Telemetry {
    /// Every metric in the text form of Prometheus, or of OpenMetrics when asked for.
    #[must_use]
    pub fn exposition(&self, open_metrics: bool) -> String {
        exposition::write(&self.0.registry, open_metrics)
    }

    /// A request was answered. `route` is the template of its path, `code` its problem or empty.
    pub fn request(&self, method: &Method, route: &str, status: StatusCode, code: &str, took: Duration) {
        let method = match method.as_str() {
            known @ ("GET" | "HEAD" | "POST" | "PUT" | "DELETE" | "OPTIONS" | "PATCH") => known,
            _ => "other",
        };
        let labels = metrics::Request { method: method.into(), route: route.into(), status: status.as_str().into() };
        self.0.metrics.request_seconds.get_or_create(&labels).observe(took.as_secs_f64());
        if !code.is_empty() {
            self.0.metrics.problems.get_or_create(&metrics::Code { code: code.into() }).inc();
        }
    }

    /// A screen asked by `route` and was told that what it holds stands: counted like every request, at less cost.
    pub fn screen_stands(&self, route: &str, took: Duration) {
        let counted = self.0.metrics.screen_stands.get_or_init(|| {
            let labels = metrics::Request { method: "GET".into(), route: route.into(), status: "304".into() };
            self.0.metrics.request_seconds.get_or_create_owned(&labels)
        });
        counted.observe(took.as_secs_f64());
    }

    /// A warning was handed in.
    pub fn intake(&self, result: IntakeResult) {
        self.0.metrics.intake.get_or_create(&metrics::ByResult { result: result.name().into() }).inc();
    }

    /// `n` deliveries of a route reached a state.
    pub fn delivery(&self, route: &str, level: Level, state: State, n: u64) {
        let labels = metrics::Delivery { route: route.into(), level: level.name().into(), state: state.name().into() };
        self.0.metrics.deliveries.get_or_create(&labels).inc_by(n);
    }

    /// `n` deliveries of a route ended without reaching anybody.
    pub fn undelivered(&self, route: &str, reason: Reason, n: u64) {
        let labels = metrics::Undelivered { route: route.into(), reason: reason.name().into() };
        self.0.metrics.undelivered.get_or_create(&labels).inc_by(n);
    }

    /// `n` attempts of a route were answered with this verdict (`accepted`, `transient`, …).
    pub fn attempts(&self, route: &str, verdict: &'static str, n: u64) {
        let labels = metrics::Verdict { route: route.into(), verdict: verdict.into() };
        self.0.metrics.attempts.get_or_create(&labels).inc_by(n);
    }

    /// `n` messages the provider of a route was asked to withdraw were answered so: `gone`, `kept`, `unknown` or `refused`.
    pub fn withdrawals(&self, route: &str, result: &'static str, n: u64) {
        if n > 0 {
            let labels = metrics::Reply { route: route.into(), result: result.into() };
            self.0.metrics.withdrawals.get_or_create(&labels).inc_by(n);
        }
    }

    /// `n` receipts of a route became durable.
    pub fn receipts(&self, route: &str, n: u64) {
        self.0.metrics.receipts.get_or_create(&metrics::Route { route: route.into() }).inc_by(n);
    }

    /// Receipts given up so far because nobody ever learned whose they were.
    pub fn receipts_unmatched(&self, count: u64) {
        self.0.metrics.receipts_unmatched.set(gauge(count));
    }

    /// `n` receipts of a route came without a signature that fits.
    pub fn receipts_unsigned(&self, route: &str, n: u64) {
        if n > 0 {
            self.0.metrics.receipts_unsigned.get_or_create(&metrics::Route { route: route.into() }).inc_by(n);
        }
    }

    /// Somebody wrote back on a route.
    pub(crate) fn reply(&self, route: &str, result: ReplyResult) {
        let labels = metrics::Reply { route: route.into(), result: result.name().into() };
        self.0.metrics.replies.get_or_create(&labels).inc();
    }

    /// `n` receipts were not taken because there was no room: whoever sent them repeats them.
    pub fn receipts_not_taken(&self, n: u64) {
        self.0.metrics.receipts_not_taken.inc_by(n);
    }

    /// Receipts that wait for the answer that says whose they are, and KiB of those that wait to be durable.
    pub fn receipts_waiting(&self, kept: u64, waiting_kib: usize) {
        self.0.metrics.receipts_kept.set(gauge(kept));
        self.0.metrics.receipts_waiting_kib.set(gauge(waiting_kib as u64));
    }

    /// Deliveries that wait on a route, by level.
    pub fn queue(&self, route: &str, level: Level, waiting: u64) {
        let labels = metrics::Lane { route: route.into(), lane: level.name().into() };
        self.0.metrics.queue.get_or_create(&labels).set(gauge(waiting));
    }

    /// What a route is doing: its state of `states`, the rate it may go at (`None` = no limit, shown as 0), and how many
    /// deliveries have no answer yet.
    pub fn route(&self, route: &str, state: &str, states: &[&str], per_second: Option<f64>, in_flight: u64) {
        let own = metrics::Route { route: route.into() };
        self.0.metrics.route_limit.get_or_create(&own).set(per_second.unwrap_or(0.0));
        self.0.metrics.in_flight.get_or_create(&own).set(gauge(in_flight));
        for known in states {
            let labels = metrics::RouteState { route: route.into(), state: (*known).into() };
            self.0.metrics.route_state.get_or_create(&labels).set(i64::from(*known == state));
        }
    }

    /// Part of its share a route may use, 0 to 1.
    pub fn route_share(&self, route: &str, share: f64) {
        self.0.metrics.route_share.get_or_create(&metrics::Route { route: route.into() }).set(share);
    }

    /// Whether a route is out of service for this reason.
    pub fn route_breaker(&self, route: &str, reason: &'static str, open: bool) {
        let labels = metrics::Trip { route: route.into(), reason: reason.into() };
        self.0.metrics.route_breaker.get_or_create(&labels).set(i64::from(open));
    }

    /// A route was taken out of service.
    pub fn route_tripped(&self, route: &str, reason: &'static str) {
        let labels = metrics::Trip { route: route.into(), reason: reason.into() };
        self.0.metrics.route_trips.get_or_create(&labels).inc();
    }

    /// The last silent test of a route's link: how long ago, and whether it succeeded.
    pub fn route_canary(&self, route: &str, age_s: f64, ok: bool) {
        let labels = metrics::Route { route: route.into() };
        self.0.metrics.canary_age.get_or_create(&labels).set(age_s);
        self.0.metrics.canary_ok.get_or_create(&labels).set(i64::from(ok));
    }

    /// Whether work waits on a channel of which no route runs.
    pub fn channel_down(&self, channel: &'static str, down: bool) {
        let labels = metrics::Channel { channel: channel.into() };
        self.0.metrics.channel_down.get_or_create(&labels).set(i64::from(down));
    }

    /// How many screens there are in a state (`current`, `older`, `silent`, `never`).
    pub fn screens(&self, state: &'static str, n: u64) {
        self.0.metrics.screens.get_or_create(&metrics::ByState { state: state.into() }).set(gauge(n));
    }

    /// How many alarms of a code stand.
    pub fn alarms(&self, code: &'static str, n: u64) {
        self.0.metrics.alarms.get_or_create(&metrics::Code { code: code.into() }).set(gauge(n));
    }

    /// Whether the store takes commits, and what is left of its disk and its queue.
    pub fn store(&self, health: &Health, room: Option<Room>) {
        for name in Health::NAMES {
            let labels = metrics::ByState { state: name.into() };
            self.0.metrics.store_state.get_or_create(&labels).set(i64::from(name == health.name()));
        }
        let Some(room) = room else { return };
        self.0.metrics.disk_free.set(gauge(room.free));
        self.0.metrics.disk_low_mark.set(gauge(room.low_mark));
        self.0.metrics.reserve.set(gauge(room.reserve));
        self.0.metrics.reserve_whole.set(gauge(room.reserve_whole));
        self.0.metrics.commit_queue.set(gauge(room.queued_kib * 1024));
        self.0.metrics.commit_queue_overflows.set(gauge(room.queue_overflows));
    }

    /// Outcomes of the journal that were refused when it was read: no open lease covered them.
    pub fn outcomes_refused(&self, n: u64) {
        self.0.metrics.outcomes_refused.inc_by(n);
    }

    /// Connections now open.
    pub fn connections(&self, open: usize) {
        self.0.metrics.connections.set(gauge(open as u64));
    }
}

fn gauge(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
