//! A verdict becomes an outcome: here alone is decided what is tried again, what is given up, and what becomes of the
//! route and of the plan.

use std::{sync::Arc, time::Duration};

use fenghuo_contract::{Cause, Deduplication, Fault, Scope, Verdict};
use tokio::time::Instant;

use super::{
    breaker::Trip,
    retry,
    route::{Route, RouteState},
};
use crate::{
    domain::delivery::{Reason, State},
    flow::{
        Parts,
        projection::{
            Plan,
            codec::{Outcome, Record},
        },
    },
};

/// What became of one delivery of a slice, before it is written down.
pub(super) struct Answer {
    pub(super) record: Record,
    /// When to try again, for outcomes that say so.
    pub(super) due: Option<Instant>,
    /// The route refuses the content.
    pub(super) refused: bool,
}

impl Answer {
    pub(super) fn ended(rank: u32, state: State, reason: Reason, code: &str) -> Self {
        Self::with(rank, Outcome::Reached(state), reason, code.into())
    }

    /// Given back untried: it counts no attempt.
    pub(super) fn returned(rank: u32, due: Option<Instant>) -> Self {
        Self { due, ..Self::with(rank, Outcome::Returned, Reason::None, "".into()) }
    }

    fn with(rank: u32, outcome: Outcome, reason: Reason, code: Box<str>) -> Self {
        let record = Record { rank, outcome, reason, delay_ms: 0, reference: Box::default(), code };
        Self { record, due: None, refused: false }
    }

    /// Whether the recipient may have got it.
    pub(super) fn may_have_reached(&self) -> bool {
        match self.record.outcome {
            Outcome::Reached(state) => state.has_reached() || self.record.reason == Reason::InDoubt,
            outcome => outcome == Outcome::AgainInDoubt,
        }
    }
}

/// A fault of the link is the route's trouble: it rests or stops, and no delivery pays for it with an attempt.
pub(super) fn link(parts: &Parts, route: &Route, epoch: u64, fault: &Fault) {
    let trip = match fault {
        Fault::Misconfigured(cause) => return stop(parts, route, epoch, cause),
        Fault::Throttled { after, cause } => return throttle(parts, route, *after, cause),
        Fault::Transient(_) => Trip::Unreached,
        Fault::InDoubt(_) => Trip::Unanswered,
    };
    route.failed(parts.clock.unix_ms(), fault.to_string());
    let until = parts.clock.instant() + route.next_rest(parts.clock.fraction());
    route.fall(epoch, RouteState::Resting { until, trip, reason: fault.to_string() });
}

/// Credentials, permissions, balance: the queue is kept, a person is called, a probe looks again.
fn stop(parts: &Parts, route: &Route, epoch: u64, cause: &Cause) {
    route.failed(parts.clock.unix_ms(), cause.to_string());
    if route.stop(epoch, cause.to_string(), parts.clock.instant()) {
        tracing::error!(route = route.name, code = %cause.code, "route stopped: {cause}; see /docs/errors/route-misconfigured");
    }
}

fn throttle(parts: &Parts, route: &Route, after: Option<Duration>, cause: &Cause) {
    route.failed(parts.clock.unix_ms(), cause.to_string());
    let pause = after.unwrap_or(Duration::from_secs(1)).min(Duration::from_secs(3600));
    route.throttled(parts.clock.instant() + pause, cause.to_string());
}

/// One verdict on the delivery `at` = (rank, attempts made before this one), given by a submit of the route's `epoch`.
pub(super) fn verdict(
    parts: &Parts,
    route: &Route,
    plan: &Plan,
    epoch: u64,
    at: (u32, u8),
    verdict: Verdict,
) -> Answer {
    let rank = at.0;
    match verdict {
        Verdict::Accepted(reference) => {
            let mut answer = Answer::ended(rank, State::Accepted, Reason::None, "");
            answer.record.reference = reference.map(fenghuo_contract::Reference::into_bytes).unwrap_or_default();
            answer
        }
        Verdict::RefusedRecipient(cause) => Answer::ended(rank, State::Failed, Reason::RecipientRefused, &cause.code),
        Verdict::RefusedContent(cause) => {
            route.failed(parts.clock.unix_ms(), cause.to_string());
            let elsewhere = super::others_may_carry(parts, route, plan);
            let mut answer = if elsewhere {
                Answer::returned(rank, None)
            } else {
                Answer::ended(rank, State::Failed, Reason::ContentRefused, "")
            };
            answer.refused = true;
            answer.record.code = cause.code;
            answer
        }
        Verdict::Misconfigured(cause) => {
            stop(parts, route, epoch, &cause);
            Answer::returned(rank, None)
        }
        Verdict::Throttled { scope: Scope::Recipient, after, .. } => {
            Answer::returned(rank, Some(parts.clock.instant() + after.unwrap_or(Duration::from_secs(60))))
        }
        Verdict::Throttled { after, cause, .. } => {
            throttle(parts, route, after, &cause);
            Answer::returned(rank, None)
        }
        Verdict::Transient(cause) if route.epoch() != epoch || !route.is_running() => {
            // The route's trouble, not the delivery's.
            let mut answer = Answer::returned(rank, None);
            answer.record.code = cause.code;
            answer
        }
        Verdict::Transient(cause) => again(parts, plan, at, Outcome::Again, Reason::AttemptsExhausted, cause),
        Verdict::InDoubt(cause) => {
            let repeats = parts.config.delivery.repeat_in_doubt.contains(&plan.record.level)
                || route.adapter.profile().deduplication == Deduplication::ByToken;
            if repeats {
                again(parts, plan, at, Outcome::AgainInDoubt, Reason::InDoubt, cause)
            } else {
                Answer::ended(rank, State::Failed, Reason::InDoubt, &cause.code)
            }
        }
    }
}

/// Another attempt, unless tries or time are used up.
fn again(parts: &Parts, plan: &Plan, at: (u32, u8), outcome: Outcome, exhausted: Reason, cause: Cause) -> Answer {
    let (rank, attempts) = (at.0, at.1.saturating_add(1));
    let record = &plan.record;
    let mut times = parts.config.retry_times(record.channel, record.level);
    if outcome == Outcome::AgainInDoubt {
        let most = if times.attempts_max == 0 { u8::MAX } else { times.attempts_max };
        times.attempts_max = times.in_doubt_max.min(most);
    }
    let left = record.deadline - parts.clock.unix();
    match retry::pause(&times, attempts, left, parts.clock.fraction()) {
        Some(pause) => {
            let due = Some(parts.clock.instant() + pause);
            Answer { due, ..Answer::with(rank, outcome, Reason::None, cause.code) }
        }
        None => Answer::ended(rank, State::Failed, exhausted, &cause.code),
    }
}

/// The provider of a route refuses a plan's content for everybody: nothing more of it goes there. Where another route
/// may carry it, it goes on there; else the plan ends.
pub(super) async fn content(parts: &Arc<Parts>, route: &Route, plan: &Arc<Plan>, code: &str) {
    if super::others_may_carry(parts, route, plan) {
        if parts.refuse_route(plan, &route.name, code).await {
            tracing::error!(plan = plan.record.number, route = route.name, code, "content refused: other routes go on");
        }
    } else {
        parts.stop_plan(plan, code).await;
    }
}
