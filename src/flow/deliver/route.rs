//! One route while running: its adapter, its state, what it is doing.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use fenghuo_contract::{Adapter, Channel, Verdict};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{Notify, Semaphore},
    time::Instant,
};

use super::{breaker::Trip, canary::Canary, health::Health};
use crate::flow::schedule::{DayUse, Pacer};

/// How often a stopped route is tested; the test has no effect a person could notice.
const PROBE_EVERY: Duration = Duration::from_secs(30);

/// Why a route is not running, or that it is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum RouteState {
    Running,
    /// After a rest: one submit at a time, until one is accepted.
    Trying { trip: Trip, reason: String },
    /// An operator paused it.
    Paused { by: String, reason: String },
    /// The provider asked for time, or its link failed: tried again at `until`.
    Resting { until: Instant, trip: Trip, reason: String },
    /// Every attempt would fail until a person acts or a probe succeeds.
    Stopped { trip: Trip, reason: String, probe_at: Instant },
}

impl RouteState {
    /// Every name a state can have.
    pub(crate) const NAMES: [&'static str; 6] = ["running", "trying", "paused", "throttled", "resting", "stopped"];

    /// Stable name in API, console and metrics.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Trying { .. } => "trying",
            Self::Paused { .. } => "paused",
            Self::Resting { trip: Trip::Throttled, .. } => "throttled",
            Self::Resting { .. } => "resting",
            Self::Stopped { .. } => "stopped",
        }
    }

    /// What tripped the breaker, when it is open.
    pub(crate) fn trip(&self) -> Option<Trip> {
        match self {
            Self::Running | Self::Paused { .. } => None,
            Self::Trying { trip, .. } | Self::Resting { trip, .. } | Self::Stopped { trip, .. } => Some(*trip),
        }
    }

    /// Why it is not running, in words of the provider or of who paused it.
    pub(crate) fn reason(&self) -> Option<String> {
        match self {
            Self::Running => None,
            Self::Paused { by, reason } => Some(format!("{reason} ({by})")),
            Self::Trying { reason, .. } | Self::Resting { reason, .. } | Self::Stopped { reason, .. } => {
                Some(reason.clone())
            }
        }
    }

    fn may_send(&self) -> bool {
        matches!(self, Self::Running | Self::Trying { .. })
    }
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
    pub(crate) adapter: Arc<dyn Adapter>,
    /// Submits unanswered at a time; some places are kept for red.
    pub(crate) window: Arc<Semaphore>,
    pub(crate) window_size: usize,
    pub(crate) pacer: Mutex<Pacer>,
    ordered: Mutex<Option<RouteLimits>>,
    health: Mutex<Health>,
    epoch: AtomicU64,
    canary: Mutex<Option<Canary>>,
    /// When the last silent test was begun, milliseconds since 1970.
    tested_ms: AtomicI64,
    /// Smoothed time from submit to answer, microseconds; 0 = not known.
    round_trip_us: AtomicU64,
    /// Deliveries taken from the lanes and not yet handed to the adapter.
    pub(crate) passing: AtomicU64,
    state: Mutex<RouteState>,
    /// Rings when the state changes or a slice ends.
    pub(crate) bell: Notify,
    pub(crate) in_flight: AtomicU64,
    pub(crate) last_success_ms: AtomicI64,
    last_error: Mutex<Option<(i64, String)>>,
    meter: Mutex<Meter>,
    /// Throttle answers since the worker last looked.
    pub(crate) throttles: AtomicU64,
    faults_in_a_row: AtomicU64,
}

impl Route {
    pub(crate) fn new(
        name: String,
        config: crate::config::Route,
        adapter: Arc<dyn Adapter>,
        used: Option<DayUse>,
        now: Instant,
    ) -> Self {
        let profile = adapter.profile();
        let window_size = config.window.unwrap_or(profile.window).max(1);
        Self {
            pacer: Mutex::new(Pacer::new(config.limit(), profile.rate_unit, used, now)),
            ordered: Mutex::new(None),
            health: Mutex::new(Health::new(now)),
            epoch: AtomicU64::new(0),
            canary: Mutex::new(None),
            tested_ms: AtomicI64::new(0),
            round_trip_us: AtomicU64::new(0),
            passing: AtomicU64::new(0),
            channel: config.channel,
            window: Arc::new(Semaphore::new(window_size)),
            window_size,
            state: Mutex::new(RouteState::Running),
            bell: Notify::new(),
            in_flight: AtomicU64::new(0),
            last_success_ms: AtomicI64::new(0),
            last_error: Mutex::new(None),
            meter: Mutex::new(Meter::default()),
            throttles: AtomicU64::new(0),
            faults_in_a_row: AtomicU64::new(0),
            name,
            config,
            adapter,
        }
    }

    pub(crate) fn state(&self) -> RouteState {
        self.state.lock().clone()
    }

    /// Whether anything may be sent over it now.
    pub(crate) fn is_running(&self) -> bool {
        self.state.lock().may_send()
    }

    /// Whether one submit at a time is tried, after a rest.
    pub(crate) fn is_trying(&self) -> bool {
        matches!(*self.state.lock(), RouteState::Trying { .. })
    }

    /// Grows with every change of state: an answer to a submit of an earlier epoch says nothing about the present one.
    pub(crate) fn epoch(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    fn turn_into(&self, now: &mut RouteState, next: RouteState) {
        *now = next;
        self.epoch.fetch_add(1, Ordering::AcqRel);
    }

    /// Changes the state for what a submit of `epoch` ran into. Nothing happens when the state has changed since: many
    /// submits fail together, and only an operator ends a pause.
    pub(crate) fn fall(&self, epoch: u64, next: RouteState) -> bool {
        let mut now = self.state.lock();
        let falls = self.epoch() == epoch && now.may_send();
        if falls {
            self.turn_into(&mut now, next);
        }
        drop(now);
        self.bell.notify_waiters();
        falls
    }

    /// Stops it until a person acts or a probe succeeds; says whether it did not stand so already.
    pub(crate) fn stop(&self, epoch: u64, reason: String, now: Instant) -> bool {
        self.fall(epoch, RouteState::Stopped { trip: Trip::Misconfigured, reason, probe_at: now + PROBE_EVERY })
    }

    /// The provider said "too fast": slower from now on, and nothing before `until`.
    pub(crate) fn throttled(&self, until: Instant, reason: String) {
        self.throttles.fetch_add(1, Ordering::Relaxed);
        let mut now = self.state.lock();
        let later = match &*now {
            RouteState::Running | RouteState::Trying { .. } => true,
            RouteState::Resting { until: known, trip: Trip::Throttled, .. } => until > *known,
            _ => false,
        };
        if later {
            self.turn_into(&mut now, RouteState::Resting { until, trip: Trip::Throttled, reason });
        }
        drop(now);
        self.bell.notify_waiters();
    }

    /// A rest is over. After a throttle answer it just goes on; after a fault one submit shows whether it can.
    pub(crate) fn end_rest(&self, at: Instant) {
        let mut now = self.state.lock();
        let next = match &*now {
            RouteState::Resting { until, trip: Trip::Throttled, .. } if *until <= at => RouteState::Running,
            RouteState::Resting { until, trip, reason } if *until <= at => {
                RouteState::Trying { trip: *trip, reason: reason.clone() }
            }
            _ => return,
        };
        self.turn_into(&mut now, next);
    }

    /// A stopped route's probe: when the next one is due, and that this one is under way.
    pub(crate) fn probe_is_due(&self, at: Instant) -> bool {
        let mut now = self.state.lock();
        match &mut *now {
            RouteState::Stopped { probe_at, .. } if *probe_at <= at => {
                *probe_at = at + PROBE_EVERY;
                true
            }
            _ => false,
        }
    }

    /// A probe succeeded: a stopped route is tried again. Says whether it was stopped.
    pub(crate) fn proved(&self, at: Instant) -> bool {
        let mut now = self.state.lock();
        let RouteState::Stopped { trip, reason, .. } = &*now else { return false };
        let next = RouteState::Trying { trip: *trip, reason: reason.clone() };
        self.turn_into(&mut now, next);
        drop(now);
        self.health.lock().restart(at);
        self.faults_in_a_row.store(0, Ordering::Relaxed);
        self.bell.notify_waiters();
        true
    }

    /// An operator's decision.
    pub(crate) fn order(&self, next: RouteState) {
        self.turn_into(&mut self.state.lock(), next);
        self.faults_in_a_row.store(0, Ordering::Relaxed);
        self.bell.notify_waiters();
    }

    /// The answers to one submit, and how long they took.
    pub(crate) fn measure(&self, verdicts: &[Verdict], took: Duration, now: Instant) {
        let mut health = self.health.lock();
        health.measure(verdicts, took);
        let broken = health.is_broken();
        if broken {
            health.restart(now);
        }
        drop(health);
        if broken {
            let until = now + self.next_rest(0.5);
            let reason = "most attempts of late failed".to_owned();
            self.fall(self.epoch(), RouteState::Resting { until, trip: Trip::Failing, reason });
        }
    }

    /// The part of its pace the route may use, judged anew every few seconds. `sibling` is the shortest delay among the
    /// channel's other routes.
    pub(crate) fn health(&self, now: Instant, sibling: Option<Duration>) -> f64 {
        let mut health = self.health.lock();
        health.judge(now, sibling);
        health.share()
    }

    /// The part of the channel's work it can take: its health while it runs, else nothing.
    pub(crate) fn share(&self) -> f64 {
        if self.is_running() { self.health.lock().share() } else { 0.0 }
    }

    /// Whether the silent link test is due: some time after the last success or test, a little earlier or later by
    /// `spread` (0 to 1).
    pub(crate) fn canary_is_due(&self, now_ms: i64, spread: f64) -> bool {
        let every = self.config.canary_s.as_millis() as f64;
        if every <= 0.0 || matches!(*self.state.lock(), RouteState::Stopped { .. } | RouteState::Paused { .. }) {
            return false;
        }
        let last = self.last_success_ms.load(Ordering::Relaxed).max(self.tested_ms.load(Ordering::Relaxed));
        let due = (now_ms - last) as f64 >= every * (0.9 + spread / 5.0);
        if due {
            self.tested_ms.store(now_ms, Ordering::Relaxed);
        }
        due
    }

    /// What the silent link test said. Failing twice in a row trips the breaker.
    pub(crate) fn tested(&self, canary: Canary, now: Instant) {
        let before = self.canary.lock().replace(canary.clone());
        let twice = before.is_some_and(|before| before.fault.is_some());
        match canary.fault {
            Some(reason) if twice => {
                let probe_at = now + PROBE_EVERY;
                if self.fall(self.epoch(), RouteState::Stopped { trip: Trip::Canary, reason: reason.clone(), probe_at }) {
                    tracing::error!(route = self.name, reason, "route stopped: its silent link test failed twice");
                }
            }
            _ => {}
        }
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
            *self.state.lock() = RouteState::Paused { by, reason: decision.reason.clone().unwrap_or_default() };
        }
        self.limit(decision.limits, now);
    }

    /// Sets the limits by order, or (`None`) those of the configuration again; takes effect with the next slice.
    pub(crate) fn limit(&self, ordered: Option<RouteLimits>, now: Instant) {
        let mut limit = self.config.limit();
        if let Some(RouteLimits { rate_per_s, per_minute, per_day, hard_cap }) = ordered {
            limit.rate_per_s = rate_per_s.or(limit.rate_per_s);
            limit.per_minute = per_minute.or(limit.per_minute);
            limit.per_day = per_day.or(limit.per_day);
            limit.hard_cap |= hard_cap;
        }
        *self.ordered.lock() = ordered;
        self.pacer.lock().change(limit, now);
        self.bell.notify_waiters();
    }

    /// The limits by order, when there are any.
    pub(crate) fn ordered(&self) -> Option<RouteLimits> {
        *self.ordered.lock()
    }

    /// Units a second allowed now, `None` = no limit.
    pub(crate) fn allowed(&self) -> Option<f64> {
        self.pacer.lock().allowed()
    }

    /// Places of the window that only red may take.
    pub(crate) fn red_window(&self) -> usize {
        let most = self.window_size - 1;
        self.config.red_window.unwrap_or_else(|| (self.window_size / 8).max(1)).min(most)
    }

    /// A submit was answered after this long.
    pub(crate) fn answered(&self, took: Duration) {
        let took = u64::try_from(took.as_micros()).unwrap_or(u64::MAX).max(1);
        let known = self.round_trip_us.load(Ordering::Relaxed);
        let smoothed = if known == 0 { took } else { (known * 7 + took) / 8 };
        self.round_trip_us.store(smoothed, Ordering::Relaxed);
    }

    /// Smoothed time from submit to answer.
    pub(crate) fn round_trip(&self) -> Option<Duration> {
        let known = self.round_trip_us.load(Ordering::Relaxed);
        (known > 0).then(|| Duration::from_micros(known))
    }

    /// How many submits may be unanswered now: what is on the wire is rate × round trip, and half as much again for its
    /// unevenness; all the window where either is not known.
    pub(crate) fn window_now(&self, per_submit: u32) -> usize {
        let (Some(rate), Some(round_trip)) = (self.allowed(), self.round_trip()) else { return self.window_size };
        let submits = rate * round_trip.as_secs_f64() / f64::from(per_submit.max(1));
        (((submits * 1.5).ceil() as usize) + 1).clamp(self.red_window() + 1, self.window_size)
    }

    pub(crate) fn failed(&self, at_ms: i64, words: String) {
        *self.last_error.lock() = Some((at_ms, words));
    }

    pub(crate) fn last_error(&self) -> Option<(i64, String)> {
        self.last_error.lock().clone()
    }

    /// A link-level failure: the longer the row of them, the longer the rest, up to half a minute.
    pub(crate) fn next_rest(&self, fraction: f64) -> Duration {
        let row = self.faults_in_a_row.fetch_add(1, Ordering::Relaxed).min(6);
        let longest = Duration::from_millis(500 << row).min(Duration::from_secs(30));
        longest.mul_f64(0.5 + fraction / 2.0)
    }

    pub(crate) fn succeeded(&self, at_ms: i64, deliveries: u64, now: Instant) {
        let mut state = self.state.lock();
        if matches!(*state, RouteState::Trying { .. }) {
            self.turn_into(&mut state, RouteState::Running);
        }
        drop(state);
        self.last_success_ms.store(at_ms, Ordering::Relaxed);
        self.faults_in_a_row.store(0, Ordering::Relaxed);
        self.meter.lock().add(now, deliveries);
    }

    /// Deliveries a second over the last five seconds.
    pub(crate) fn rate(&self, now: Instant) -> f64 {
        self.meter.lock().rate(now)
    }
}

/// The most deliveries claimed, sent and journaled together.
pub(crate) const SLICE_MAX: u32 = 256;

/// Counts by tenth of a second over the last five.
#[derive(Default)]
pub(crate) struct Meter {
    ticks: VecDeque<(Instant, u64)>,
}

const METER_SPAN: Duration = Duration::from_secs(5);
const METER_TICK: Duration = Duration::from_millis(100);

impl Meter {
    pub(crate) fn add(&mut self, now: Instant, count: u64) {
        match self.ticks.back_mut() {
            Some((at, sum)) if now.duration_since(*at) < METER_TICK => *sum += count,
            _ => self.ticks.push_back((now, count)),
        }
        self.trim(now);
    }

    fn trim(&mut self, now: Instant) {
        while self.ticks.front().is_some_and(|(at, _)| now.duration_since(*at) > METER_SPAN) {
            self.ticks.pop_front();
        }
    }

    pub(crate) fn rate(&mut self, now: Instant) -> f64 {
        self.trim(now);
        let Some((first, _)) = self.ticks.front() else { return 0.0 };
        let span = now.duration_since(*first).max(METER_TICK * 2).as_secs_f64();
        self.ticks.iter().map(|(_, count)| *count as f64).sum::<f64>() / span
    }
}
