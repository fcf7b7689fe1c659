//! One route while running: its adapter, its state, what it is doing.

use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use fenghuo_contract::{Cause, Channel, RateUnit};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{Notify, Semaphore},
    time::Instant,
};

use super::{
    breaker::{Breaker, EndsBy, Now, Tally, Trip},
    canary::Canary,
    health::Health,
    meter::Meter,
    wire::Link,
};
use crate::{
    domain::purpose::{Marked, Marks},
    flow::schedule::{DayUse, Pacer},
};

/// Why a route is not running, or that it is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum RouteState {
    Running,
    /// After a rest: one submit at a time, until one is answered.
    Trying(Trip),
    /// An operator paused it.
    Paused {
        by: String,
        reason: String,
    },
    /// Its breaker took it out of service.
    Tripped(Trip),
}

impl RouteState {
    /// Every name a state can have.
    pub(crate) const NAMES: [&'static str; 6] = ["running", "trying", "paused", "throttled", "resting", "stopped"];

    /// Stable name in API, console and metrics.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Trying(_) => "trying",
            Self::Paused { .. } => "paused",
            Self::Tripped(trip) => match trip.cause.ends_by() {
                EndsBy::Time => "throttled",
                EndsBy::Submit => "resting",
                EndsBy::Probe => "stopped",
            },
        }
    }

    /// What took it out of service, while that is so.
    pub(crate) fn trip(&self) -> Option<&Trip> {
        match self {
            Self::Running | Self::Paused { .. } => None,
            Self::Trying(trip) | Self::Tripped(trip) => Some(trip),
        }
    }

    /// Why it is not running, in words of the provider or of who paused it.
    pub(crate) fn reason(&self) -> Option<String> {
        match self {
            Self::Running => None,
            Self::Paused { by, reason } => Some(format!("{reason} ({by})")),
            Self::Trying(trip) | Self::Tripped(trip) => Some(trip.provider.to_string()),
        }
    }
}

/// What decides whether the route works: an operator's pause above, the breaker below.
struct Standing {
    /// By whom, and why.
    paused: Option<(String, String)>,
    breaker: Breaker,
}

/// What operators decided about a route; stored, so that a restart keeps it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct RouteDecision {
    pub(crate) paused_by: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) at_ms: i64,
    /// Limits that hold instead of the configured ones.
    #[serde(default)]
    pub(crate) limits: Option<RouteLimits>,
}

/// Limits of a route by order of a person, in units of the route. What is left out is as configured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RouteLimits {
    /// Units a second.
    pub rate_per_s: Option<u32>,
    /// Units in any minute.
    pub per_minute: Option<u32>,
    /// Units in a day of China's calendar.
    pub per_day: Option<u32>,
    /// Never over the rate in any second.
    #[serde(default)]
    pub hard_cap: bool,
}

/// A route of the running gateway.
pub(crate) struct Route {
    pub(crate) name: String,
    pub(crate) channel: Channel,
    pub(crate) config: crate::config::Route,
    pub(crate) adapter: Link,
    /// Submits unanswered at a time; some places are kept for red.
    pub(crate) window: Arc<Semaphore>,
    pub(crate) window_size: usize,
    pub(crate) pacer: Mutex<Pacer>,
    ordered: Mutex<Option<RouteLimits>>,
    health: Mutex<Health>,
    canary: Mutex<Option<Canary>>,
    /// When the last silent test was begun, milliseconds since 1970.
    tested_ms: AtomicI64,
    /// Smoothed time from submit to answer, microseconds; 0 = not known.
    round_trip_us: AtomicU64,
    /// Smoothed time from the lease of a slice to its outcome, microseconds; 0 = not known.
    occupied_us: AtomicU64,
    /// Deliveries taken from the lanes and not yet handed to the adapter.
    pub(crate) passing: AtomicU64,
    standing: Mutex<Standing>,
    /// Bits of the deliveries a second it does when nothing is wrong; 0 = not known.
    usual_rate: AtomicU64,
    /// Rings when the state changes or a slice ends.
    pub(crate) bell: Notify,
    pub(crate) in_flight: AtomicU64,
    pub(crate) last_success_ms: AtomicI64,
    last_error: Mutex<Option<(i64, String)>>,
    meter: Mutex<Meter>,
    /// Throttle answers since the worker last looked.
    pub(crate) throttles: AtomicU64,
}

impl Route {
    pub(crate) fn new(
        name: String,
        config: crate::config::Route,
        adapter: Link,
        used: Option<DayUse>,
        now: Instant,
    ) -> Self {
        let profile = adapter.profile();
        let window_size = config.window.unwrap_or(profile.window).max(1);
        Self {
            pacer: Mutex::new(Pacer::new(config.limit(), profile.rate_unit, used, now)),
            ordered: Mutex::new(None),
            health: Mutex::new(Health::new(now)),
            canary: Mutex::new(None),
            tested_ms: AtomicI64::new(0),
            round_trip_us: AtomicU64::new(0),
            occupied_us: AtomicU64::new(0),
            passing: AtomicU64::new(0),
            channel: config.channel,
            window: Arc::new(Semaphore::new(window_size)),
            window_size,
            standing: Mutex::new(Standing { paused: None, breaker: Breaker::new(config.breaker.clone()) }),
            usual_rate: AtomicU64::new(0),
            bell: Notify::new(),
            in_flight: AtomicU64::new(0),
            last_success_ms: AtomicI64::new(0),
            last_error: Mutex::new(None),
            meter: Mutex::new(Meter::default()),
            throttles: AtomicU64::new(0),
            name,
            config,
            adapter,
        }
    }

    pub(crate) fn state(&self) -> RouteState {
        let standing = self.standing.lock();
        if let Some((by, reason)) = &standing.paused {
            return RouteState::Paused { by: by.clone(), reason: reason.clone() };
        }
        match standing.breaker.trip() {
            None => RouteState::Running,
            Some(trip) if standing.breaker.is_open() => RouteState::Tripped(trip.clone()),
            Some(trip) => RouteState::Trying(trip.clone()),
        }
    }

    /// Whether anything may be sent over it now.
    pub(crate) fn is_running(&self) -> bool {
        let standing = self.standing.lock();
        standing.paused.is_none() && !standing.breaker.is_open()
    }

    /// Whether one submit at a time is tried, after a rest.
    pub(crate) fn is_trying(&self) -> bool {
        let standing = self.standing.lock();
        standing.paused.is_none() && standing.breaker.is_half_open()
    }

    /// What took it out of service, also while an operator has paused it.
    pub(crate) fn trip(&self) -> Option<Trip> {
        self.standing.lock().breaker.trip().cloned()
    }

    /// Grows with every change of state: an answer to a submit of an earlier epoch says nothing about the present one.
    pub(crate) fn epoch(&self) -> u64 {
        self.standing.lock().breaker.generation()
    }

    /// Tells the breaker something. True when its state changed; who waits for the route is woken then.
    pub(super) fn breaker(&self, tell: impl FnOnce(&mut Breaker) -> bool) -> bool {
        let changed = tell(&mut self.standing.lock().breaker);
        if changed {
            self.bell.notify_waiters();
        }
        changed
    }

    /// The breaker's time may be up: what is to be done now.
    pub(super) fn wake(&self, now: Instant) -> Option<EndsBy> {
        self.standing.lock().breaker.wake(now)
    }

    /// The provider said "too fast": slower from now on, and nothing for a while. True when that is news.
    pub(super) fn throttled(&self, epoch: u64, pause: Duration, cause: &Cause, now: Now) -> bool {
        let is_news = self.breaker(|breaker| breaker.throttled(epoch, pause, cause, now));
        if is_news {
            self.throttles.fetch_add(1, Ordering::Relaxed);
        }
        is_news
    }

    /// An operator's decision. Letting it run also ends a trip.
    pub(crate) fn order(&self, next: RouteState) {
        let mut standing = self.standing.lock();
        standing.paused = match next {
            RouteState::Paused { by, reason } => Some((by, reason)),
            _ => {
                standing.breaker.reset();
                None
            }
        };
        drop(standing);
        self.bell.notify_waiters();
    }

    /// The answers to one submit, and how long they took. True when they changed the state.
    pub(super) fn measure(&self, epoch: u64, tally: Tally, worst: Option<&Cause>, took: Duration, now: Now) -> bool {
        self.health.lock().measure(tally, took);
        self.breaker(|breaker| breaker.answered(epoch, tally, worst, now))
    }

    /// The whole link failed for a submit: `tally` counts its deliveries. True when that changed the state.
    pub(super) fn broke(&self, epoch: u64, tally: Tally, cause: &Cause, took: Duration, now: Now) -> bool {
        self.health.lock().measure(tally, took);
        self.breaker(|breaker| breaker.fault(epoch, tally.in_doubt > 0, cause, now))
    }

    /// Time an attempt needs to be answered before a deadline, by what was seen.
    pub(super) fn needs(&self) -> Duration {
        (self.round_trip().unwrap_or_default() * 2).max(Duration::from_secs(1)).min(self.config.timeout_s)
    }

    /// How well it does, 0.1 to 1, judged anew every few seconds. `sibling` is the shortest delay among the channel's
    /// other routes.
    pub(super) fn health(&self, now: Instant, sibling: Option<Duration>) -> f64 {
        let mut health = self.health.lock();
        health.judge(now, sibling);
        health.share()
    }

    /// Part of its pace it may use because it starts again after an outage, 0.1 to 1.
    pub(super) fn ramp(&self, now: Instant) -> f64 {
        self.standing.lock().breaker.ramp(now)
    }

    /// The part of the channel's work it can take: its health while it runs, else nothing.
    pub(crate) fn share(&self) -> f64 {
        if self.is_running() { self.health.lock().share() } else { 0.0 }
    }

    /// Learns what it does when nothing is wrong.
    pub(super) fn learn_rate(&self, now: Instant) {
        let rate = self.rate(now);
        if rate > 0.0 && self.is_running() && self.share() >= 1.0 {
            let known = f64::from_bits(self.usual_rate.load(Ordering::Relaxed));
            let learnt = if rate > known { rate } else { known + (rate - known) * 0.05 };
            self.usual_rate.store(learnt.to_bits(), Ordering::Relaxed);
        }
    }

    /// Deliveries a second it does when nothing is wrong, as far as that was seen.
    pub(super) fn usual_rate(&self) -> Option<f64> {
        Some(f64::from_bits(self.usual_rate.load(Ordering::Relaxed))).filter(|rate| *rate > 0.0)
    }

    /// Whether the silent link test is due: some time after the last success or test, a little earlier or later by
    /// `spread` (0 to 1).
    pub(crate) fn canary_is_due(&self, now_ms: i64, spread: f64) -> bool {
        let every = self.config.canary_s.as_millis() as f64;
        // A route that waits for a probe is probed more often than that.
        if every <= 0.0 || self.trip().is_some_and(|trip| trip.cause.ends_by() == EndsBy::Probe) {
            return false;
        }
        let last = self.last_success_ms.load(Ordering::Relaxed).max(self.tested_ms.load(Ordering::Relaxed));
        let due = (now_ms - last) as f64 >= every * (0.9 + spread / 5.0);
        if due {
            self.tested_ms.store(now_ms, Ordering::Relaxed);
        }
        due
    }

    /// What a silent link test said; true when the one before failed too.
    pub(super) fn tested(&self, canary: Canary) -> bool {
        let failed = canary.fault.is_some();
        let before = self.canary.lock().replace(canary);
        failed && before.is_some_and(|before| before.fault.is_some())
    }

    /// The last silent link test.
    pub(crate) fn canary(&self) -> Option<Canary> {
        self.canary.lock().clone()
    }

    /// The most deliveries of one slice.
    pub(crate) fn batch(&self) -> u32 {
        let most = self.config.batch.unwrap_or(SLICE_MAX as usize).min(SLICE_MAX as usize);
        u32::try_from(most).unwrap_or(SLICE_MAX).max(1)
    }

    /// Takes up what operators decided before the start.
    pub(crate) fn recall(&self, decision: &RouteDecision, now: Instant) {
        if let Some(by) = decision.paused_by.clone() {
            self.standing.lock().paused = Some((by, decision.reason.clone().unwrap_or_default()));
        }
        self.limit(decision.limits, now);
    }

    /// Sets the limits by order, or (`None`) those of the configuration again; takes effect with the next slice.
    pub(crate) fn limit(&self, ordered: Option<RouteLimits>, now: Instant) {
        *self.ordered.lock() = ordered;
        self.pacer.lock().change(self.limit_now(), now);
        self.bell.notify_waiters();
    }

    /// The limits that hold now: those of the configuration with what was ordered since.
    pub(crate) fn limit_now(&self) -> crate::config::Limit {
        let mut limit = self.config.limit();
        if let Some(RouteLimits { rate_per_s, per_minute, per_day, hard_cap }) = self.ordered() {
            limit.rate_per_s = rate_per_s.or(limit.rate_per_s);
            limit.per_minute = per_minute.or(limit.per_minute);
            limit.per_day = per_day.or(limit.per_day);
            limit.hard_cap |= hard_cap;
        }
        limit
    }

    /// The limits by order, when there are any.
    pub(crate) fn ordered(&self) -> Option<RouteLimits> {
        *self.ordered.lock()
    }

    /// Units a second allowed now, `None` = no limit.
    pub(crate) fn allowed(&self) -> Option<f64> {
        self.pacer.lock().allowed()
    }

    /// Units a second by configuration or order, `None` = no limit.
    pub(super) fn configured(&self) -> Option<f64> {
        self.pacer.lock().configured()
    }

    /// Places of the window that only red may take.
    pub(crate) fn red_window(&self) -> usize {
        let most = self.window_size - 1;
        self.config.red_window.unwrap_or_else(|| (self.window_size / 8).max(1)).min(most)
    }

    /// A submit was answered after this long.
    pub(crate) fn answered(&self, took: Duration) {
        smooth(&self.round_trip_us, took);
    }

    /// Smoothed time from submit to answer.
    pub(crate) fn round_trip(&self) -> Option<Duration> {
        let known = self.round_trip_us.load(Ordering::Relaxed);
        (known > 0).then(|| Duration::from_micros(known))
    }

    /// A slice held its place in the window for this long, from its lease to its outcome.
    pub(crate) fn occupied(&self, took: Duration) {
        smooth(&self.occupied_us, took);
    }

    /// Work taken in one slice, as time: 5 ms, or as much as keeps the link busy with the places it has where answers take
    /// long.
    pub(crate) fn span(&self) -> Duration {
        let places = (self.window_size - self.red_window()).max(1);
        let occupied = Duration::from_micros(self.occupied_us.load(Ordering::Relaxed));
        let needed = occupied.mul_f64(1.25 / places as f64);
        needed.clamp(Duration::from_secs_f64(SLICE_S), SPAN_MAX)
    }

    /// Deliveries of `segments` segments a second allowed now, `None` = no limit.
    pub(crate) fn deliveries_per_s(&self, segments: u32) -> Option<f64> {
        let pacer = self.pacer.lock();
        let per_unit = match pacer.node.unit() {
            RateUnit::Recipients => 1.0,
            RateUnit::Segments => 1.0 / f64::from(segments.max(1)),
            RateUnit::Calls => self.adapter.profile().batch_max as f64,
        };
        pacer.allowed().map(|rate| rate * per_unit)
    }

    /// How many slices may be under way now: rate × the time each is, and half as much again for unevenness, besides the
    /// places of red; all the window where either is not known.
    pub(crate) fn window_now(&self, segments: u32) -> usize {
        let occupied_us = self.occupied_us.load(Ordering::Relaxed);
        let Some(rate) = self.deliveries_per_s(segments).filter(|_| occupied_us > 0) else { return self.window_size };
        let per_call = self.adapter.profile().batch_max as f64;
        let stretched = (rate * self.span().as_secs_f64()).min(per_call);
        let slice = stretched.max(rate * SLICE_S).clamp(1.0, f64::from(self.batch()));
        let slices = rate * occupied_us as f64 / 1e6 / slice;
        ((slices * 1.5).ceil() as usize + 1 + self.red_window()).min(self.window_size)
    }

    pub(crate) fn failed(&self, at_ms: i64, words: String) {
        *self.last_error.lock() = Some((at_ms, words));
    }

    pub(crate) fn last_error(&self) -> Option<(i64, String)> {
        self.last_error.lock().clone()
    }

    pub(crate) fn succeeded(&self, at_ms: i64, deliveries: u64, now: Instant) {
        self.last_success_ms.store(at_ms, Ordering::Relaxed);
        self.meter.lock().add(now, deliveries);
    }

    /// Deliveries a second over the last five seconds.
    pub(crate) fn rate(&self, now: Instant) -> f64 {
        self.meter.lock().rate(now)
    }
}

impl Marked for Route {
    fn marks(&self) -> Marks {
        Marks { actual: self.config.actual, drill: self.config.drill }
    }
}

/// Work taken from the lanes at a time, as time at the allowed rate.
pub(super) const SLICE_S: f64 = 0.005;
/// The most work of one slice, as time.
const SPAN_MAX: Duration = Duration::from_secs(1);
/// Takes a measured time into a smoothed one, in microseconds, of which 0 is not known.
fn smooth(known: &AtomicU64, took: Duration) {
    let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1);
    let before = known.load(Ordering::Relaxed);
    known.store(if before == 0 { took } else { before.saturating_mul(7).saturating_add(took) / 8 }, Ordering::Relaxed);
}

/// The most deliveries claimed, sent and journaled together.
pub(crate) const SLICE_MAX: u32 = 256;
