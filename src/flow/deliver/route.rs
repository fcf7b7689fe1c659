//! One route while running: its adapter, its state, what it is doing.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use fenghuo_contract::{Adapter, Channel};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::{
    sync::{Notify, Semaphore},
    time::Instant,
};

/// Why a route is not running, or that it is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum RouteState {
    Running,
    /// An operator paused it.
    Paused {
        by: String,
        reason: String,
    },
    /// The provider asked for time, or its link failed: tried again at `until`.
    Resting {
        until: Instant,
        reason: String,
        throttled: bool,
    },
    /// Credentials or permissions are wrong: every attempt would fail until a person acts or a probe succeeds.
    Stopped {
        reason: String,
        probe_at: Instant,
    },
}

impl RouteState {
    /// Every name a state can have.
    pub(crate) const NAMES: [&'static str; 5] = ["running", "paused", "throttled", "resting", "stopped"];

    /// Stable name in API, console and metrics.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Paused { .. } => "paused",
            Self::Resting { throttled: true, .. } => "throttled",
            Self::Resting { .. } => "resting",
            Self::Stopped { .. } => "stopped",
        }
    }

    /// Why it is not running, in words of the provider or of who paused it.
    pub(crate) fn reason(&self) -> Option<String> {
        match self {
            Self::Running => None,
            Self::Paused { by, reason } => Some(format!("{reason} ({by})")),
            Self::Resting { reason, .. } | Self::Stopped { reason, .. } => Some(reason.clone()),
        }
    }
}

/// What operators decided about a route; stored, so that a restart keeps it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct RouteDecision {
    pub(crate) paused_by: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) at_ms: i64,
}

/// A route of the running gateway.
pub(crate) struct Route {
    pub(crate) name: String,
    pub(crate) channel: Channel,
    pub(crate) config: crate::config::Route,
    pub(crate) adapter: Arc<dyn Adapter>,
    /// Submits unanswered at a time; one place is kept for red.
    pub(crate) window: Arc<Semaphore>,
    pub(crate) window_size: usize,
    state: Mutex<RouteState>,
    /// Rings when the state changes or a slice ends.
    pub(crate) bell: Notify,
    pub(crate) in_flight: AtomicU64,
    /// Bits of the allowed rate, for display; 0 = no limit.
    allowed: AtomicU64,
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
        state: RouteState,
    ) -> Self {
        let profile = adapter.profile();
        let window_size = config.window.unwrap_or(profile.window).max(1);
        Self {
            channel: config.channel,
            window: Arc::new(Semaphore::new(window_size)),
            window_size,
            state: Mutex::new(state),
            bell: Notify::new(),
            in_flight: AtomicU64::new(0),
            allowed: AtomicU64::new(0),
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

    pub(crate) fn is_running(&self) -> bool {
        matches!(*self.state.lock(), RouteState::Running)
    }

    /// Changes the state unless an operator paused the route; only an operator ends a pause.
    pub(crate) fn fall(&self, state: RouteState) {
        let mut now = self.state.lock();
        if !matches!(*now, RouteState::Paused { .. }) {
            *now = state;
        }
        drop(now);
        self.bell.notify_waiters();
    }

    /// An operator's decision.
    pub(crate) fn order(&self, state: RouteState) {
        *self.state.lock() = state;
        self.faults_in_a_row.store(0, Ordering::Relaxed);
        self.bell.notify_waiters();
    }

    /// The most deliveries of one slice.
    pub(crate) fn batch(&self) -> u32 {
        let most = self.config.batch.unwrap_or(SLICE_MAX as usize).min(SLICE_MAX as usize);
        u32::try_from(most).unwrap_or(SLICE_MAX).max(1)
    }

    pub(crate) fn set_allowed(&self, rate: Option<f64>) {
        self.allowed.store(rate.unwrap_or(0.0).to_bits(), Ordering::Relaxed);
    }

    /// Units a second allowed now, `None` = no limit.
    pub(crate) fn allowed(&self) -> Option<f64> {
        let rate = f64::from_bits(self.allowed.load(Ordering::Relaxed));
        (rate > 0.0).then_some(rate)
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
