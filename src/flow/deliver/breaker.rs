//! Takes a route out of service and lets it back in.
//!
//! A trip has a typed reason that says what ends it: time (throttled), a probe (wrong credentials, failed canaries), or
//! one submit that is let through to see. After an outage the route starts at a tenth of its rate and grows from there, so
//! that a provider that has just come back is not hit by everything that waited.
//!
//! Every change of the state begins a new generation. An answer to what was sent in an earlier one says nothing about
//! the route as it is now: it neither takes it out of service again nor lets it back in.

use std::{collections::VecDeque, time::Duration};

use fenghuo_contract::Cause;
use tokio::time::Instant;

use crate::config;

/// Why a route was taken out of service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum TripCause {
    /// Credentials, signature, balance or permission: every attempt would fail until a person acts.
    Misconfigured,
    /// The link did not come up, or broke before anything was taken, several times in a row.
    Unreached,
    /// What was written was not answered.
    Unanswered,
    /// Too many of the last attempts were not taken, though the link stands.
    Failing,
    /// The silent link test failed twice.
    Canary,
    /// The provider asked for time.
    Throttled,
}

/// What ends a trip.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndsBy {
    /// The time it was given.
    Time,
    /// A link test that succeeds, then a slice.
    Probe,
    /// A submit that is let through.
    Submit,
}

impl EndsBy {
    /// Stable name in the API.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Probe => "probe",
            Self::Submit => "submit",
        }
    }
}

impl TripCause {
    pub(crate) const ALL: [Self; 6] =
        [Self::Misconfigured, Self::Unreached, Self::Unanswered, Self::Failing, Self::Canary, Self::Throttled];

    /// Stable name in API and metrics.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Misconfigured => "misconfigured",
            Self::Unreached => "unreached",
            Self::Unanswered => "unanswered",
            Self::Failing => "failing",
            Self::Canary => "canary",
            Self::Throttled => "throttled",
        }
    }

    /// Code of its texts, as logs and `fenghuo explain` know it.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Misconfigured => "route-misconfigured",
            Self::Unreached => "route-unreached",
            Self::Unanswered => "route-unanswered",
            Self::Failing => "route-failing",
            Self::Canary => "route-canary",
            Self::Throttled => "route-throttled",
        }
    }

    /// What ends it.
    pub(crate) const fn ends_by(self) -> EndsBy {
        match self {
            Self::Misconfigured | Self::Canary => EndsBy::Probe,
            Self::Unreached | Self::Unanswered | Self::Failing => EndsBy::Submit,
            Self::Throttled => EndsBy::Time,
        }
    }
}

/// A route out of service.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Trip {
    pub(crate) cause: TripCause,
    /// The provider's words.
    pub(crate) provider: Cause,
    /// Since when the route has not worked, milliseconds since 1970: over repeated trips, the first.
    pub(crate) since_ms: i64,
    /// The same on the monotonic clock.
    pub(crate) since: Instant,
    /// When it is tried again, by what ends it.
    pub(crate) until: Instant,
}

impl Trip {
    /// Stable name of its reason.
    pub(crate) const fn name(&self) -> &'static str {
        self.cause.name()
    }
}

/// How often a route that only a probe can bring back is tested.
pub(crate) const PROBE_EVERY: Duration = Duration::from_secs(30);
/// The first rest of a broken route, and the longest.
const REST_FIRST: Duration = Duration::from_secs(1);
const REST_LONGEST: Duration = Duration::from_secs(30);
/// How long a route takes at most from its start rate to its own.
const RAMP: Duration = Duration::from_secs(20);
/// Part of the rate a route starts with after an outage.
const START: f64 = 0.1;
/// An outage shorter than this needs no start rate.
const OUTAGE: Duration = Duration::from_secs(3);

/// Where the breaker stands.
#[derive(Clone, Debug, PartialEq)]
enum Position {
    Closed,
    Open(Trip),
    /// One submit at a time is let through, until one is answered.
    HalfOpen(Trip),
}

/// What the answers of one submit were.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) accepted: u32,
    /// Refusals of recipients or content: the route works.
    pub(crate) refused: u32,
    pub(crate) transient: u32,
    pub(crate) in_doubt: u32,
}

impl Tally {
    pub(crate) const fn attempts(self) -> u32 {
        self.accepted + self.refused + self.transient + self.in_doubt
    }

    /// The provider answered something that only a working route answers.
    const fn works(self) -> bool {
        self.accepted + self.refused > 0
    }

    fn failed_share(self) -> f64 {
        f64::from(self.transient + self.in_doubt) / f64::from(self.attempts().max(1))
    }

    fn add(&mut self, other: Self) {
        self.accepted += other.accepted;
        self.refused += other.refused;
        self.transient += other.transient;
        self.in_doubt += other.in_doubt;
    }

    fn take(&mut self, other: Self) {
        self.accepted -= other.accepted;
        self.refused -= other.refused;
        self.transient -= other.transient;
        self.in_doubt -= other.in_doubt;
    }
}

/// The moment of an event, on both clocks, with a chance for jitter.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Now {
    pub(crate) at: Instant,
    pub(crate) ms: i64,
    /// 0 ≤ x < 1.
    pub(crate) chance: f64,
}

/// The breaker of one route. It knows nothing of operators: a paused route keeps it as it is.
pub(crate) struct Breaker {
    limits: config::Breaker,
    position: Position,
    generation: u64,
    /// Failures of the link without an answer between.
    faults: u32,
    /// Trips without success between: each makes the rest longer.
    row: u32,
    last: VecDeque<(Instant, Tally)>,
    sum: Tally,
    ramp: Option<(Instant, Duration)>,
}

impl Breaker {
    pub(crate) fn new(limits: config::Breaker) -> Self {
        Self {
            limits,
            position: Position::Closed,
            generation: 0,
            faults: 0,
            row: 0,
            last: VecDeque::new(),
            sum: Tally::default(),
            ramp: None,
        }
    }

    /// Names the present state: what is sent now is of this generation.
    pub(crate) fn generation(&self) -> u64 {
        self.generation
    }

    /// The trip, while the route is out of service or being tried.
    pub(crate) fn trip(&self) -> Option<&Trip> {
        match &self.position {
            Position::Closed => None,
            Position::Open(trip) | Position::HalfOpen(trip) => Some(trip),
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.position, Position::Open(_))
    }

    pub(crate) fn is_half_open(&self) -> bool {
        matches!(self.position, Position::HalfOpen(_))
    }

    /// Part of its rate the route may use now, because it starts again after an outage; in tenths, so that the rate is
    /// not set anew all the time.
    pub(crate) fn ramp(&self, now: Instant) -> f64 {
        let Some((from, span)) = self.ramp else { return 1.0 };
        let passed = now.duration_since(from).as_secs_f64() / span.as_secs_f64();
        let part = (START + (1.0 - START) * passed).min(1.0);
        (part * 10.0 + 1e-9).floor() / 10.0
    }

    /// The whole link failed for a submit, before or after (`written`) anything was sent. True when that took the route
    /// out of service.
    pub(crate) fn fault(&mut self, generation: u64, written: bool, provider: &Cause, now: Now) -> bool {
        if generation != self.generation || self.is_open() {
            return false;
        }
        self.faults += 1;
        let enough = self.faults >= self.limits.faults || self.is_half_open();
        let cause = if written { TripCause::Unanswered } else { TripCause::Unreached };
        enough && self.open(cause, provider, self.rest(now), now)
    }

    /// A submit was answered item by item; `worst` are the words of a failure among them. True when that changed the
    /// state.
    pub(crate) fn answered(&mut self, generation: u64, tally: Tally, worst: Option<&Cause>, now: Now) -> bool {
        if generation != self.generation || self.is_open() || tally.attempts() == 0 {
            return false;
        }
        if tally.in_doubt == tally.attempts() {
            // Nobody answered anything: that is the link.
            return self.fault(generation, true, worst.unwrap_or(&unknown()), now);
        }
        self.faults = 0;
        if self.is_half_open() {
            if tally.works() {
                self.close(now.at);
                return true;
            }
            return self.open(failing(tally), worst.unwrap_or(&unknown()), self.rest(now), now);
        }
        if tally.works() {
            self.row = 0;
        }
        self.remember(tally, now.at);
        self.share_is_bad(now.at)
            && self.open(failing(self.sum), worst.unwrap_or(&unknown()), self.rest(now), now)
    }

    /// The account may not send.
    pub(crate) fn misconfigured(&mut self, generation: u64, provider: &Cause, now: Now) -> bool {
        let known = matches!(&self.position, Position::Open(trip) if trip.cause == TripCause::Misconfigured);
        !known && generation == self.generation && self.open(TripCause::Misconfigured, provider, PROBE_EVERY, now)
    }

    /// The provider wants to be left alone for a while. A longer wait than the one under way makes it longer.
    pub(crate) fn throttled(&mut self, generation: u64, pause: Duration, provider: &Cause, now: Now) -> bool {
        if let Position::Open(trip) = &mut self.position
            && trip.cause == TripCause::Throttled
        {
            trip.until = trip.until.max(now.at + pause);
            return false;
        }
        generation == self.generation && self.open(TripCause::Throttled, provider, pause, now)
    }

    /// The link test failed twice.
    pub(crate) fn canary_failed(&mut self, provider: &Cause, now: Now) -> bool {
        !self.is_open() && self.open(TripCause::Canary, provider, PROBE_EVERY, now)
    }

    /// A link test succeeded: a trip that waited for that is tried with a submit. True when it did.
    pub(crate) fn probe_succeeded(&mut self) -> bool {
        match &self.position {
            Position::Open(trip) if trip.cause.ends_by() == EndsBy::Probe => {
                let trip = trip.clone();
                self.half_open(trip);
                true
            }
            _ => false,
        }
    }

    /// The time of a trip is up: what is to be done now, when that is so. A probe has to be made by who asks.
    pub(crate) fn wake(&mut self, now: Instant) -> Option<EndsBy> {
        let Position::Open(trip) = &mut self.position else { return None };
        if trip.until > now {
            return None;
        }
        let ends_by = trip.cause.ends_by();
        match ends_by {
            EndsBy::Probe => trip.until = now + PROBE_EVERY,
            EndsBy::Submit => {
                let trip = trip.clone();
                self.half_open(trip);
            }
            EndsBy::Time => self.set(Position::Closed),
        }
        Some(ends_by)
    }

    /// An operator says that the route works.
    pub(crate) fn reset(&mut self) {
        self.set(Position::Closed);
        self.row = 0;
    }

    fn half_open(&mut self, trip: Trip) {
        self.set(Position::HalfOpen(trip));
    }

    fn close(&mut self, now: Instant) {
        let outage = self.trip().map_or(Duration::ZERO, |trip| now.duration_since(trip.since));
        self.set(Position::Closed);
        self.row = 0;
        self.ramp = (outage >= OUTAGE).then(|| (now, outage.min(RAMP)));
    }

    fn open(&mut self, cause: TripCause, provider: &Cause, pause: Duration, now: Now) -> bool {
        // A route that fails again while it is being tried has not worked since it first failed.
        let (since, since_ms) = self.trip().map_or((now.at, now.ms), |trip| (trip.since, trip.since_ms));
        if cause != TripCause::Throttled {
            self.row = self.row.saturating_add(1);
        }
        self.set(Position::Open(Trip { cause, provider: provider.clone(), since_ms, since, until: now.at + pause }));
        true
    }

    fn set(&mut self, position: Position) {
        self.position = position;
        self.generation += 1;
        self.faults = 0;
        self.last.clear();
        self.sum = Tally::default();
    }

    /// The longer the row of trips, the longer the rest.
    fn rest(&self, now: Now) -> Duration {
        let longest = REST_FIRST.saturating_mul(1 << self.row.min(6)).min(REST_LONGEST);
        longest.mul_f64(0.5 + now.chance / 2.0)
    }

    fn remember(&mut self, tally: Tally, now: Instant) {
        self.last.push_back((now, tally));
        self.sum.add(tally);
        // As few of the last submits as make up the number of attempts, but not more of them than that number.
        while let Some((_, oldest)) = self.last.front().copied() {
            if self.sum.attempts() - oldest.attempts() < self.limits.attempts {
                break;
            }
            self.sum.take(oldest);
            self.last.pop_front();
        }
    }

    fn share_is_bad(&self, now: Instant) -> bool {
        let lasted = self.last.front().is_some_and(|(first, _)| now.duration_since(*first) >= self.limits.span_s);
        lasted && self.sum.attempts() >= self.limits.attempts && self.sum.failed_share() >= self.limits.share
    }
}

fn failing(tally: Tally) -> TripCause {
    if tally.in_doubt > tally.transient { TripCause::Unanswered } else { TripCause::Failing }
}

fn unknown() -> Cause {
    Cause::new("", "")
}

#[cfg(test)]
mod tests;
