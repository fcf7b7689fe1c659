//! A verdict becomes an outcome: here alone is decided what is tried again, what is given up, and what becomes of the
//! route and of the plan.

use std::{sync::Arc, time::Duration};

use fenghuo_contract::{Cause, Deduplication, Fault, Reference, Scope, Verdict};
use tokio::time::Instant;

use super::{
    breaker::{Now, Tally},
    rest, retry,
    route::Route,
    wire,
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

/// The longest pause a provider may ask for.
const PAUSE_MAX: Duration = Duration::from_secs(3_600);
/// A throttle answer without a time means this much, and this when it concerns one recipient.
const PAUSE: Duration = Duration::from_secs(1);
const PAUSE_RECIPIENT: Duration = Duration::from_secs(60);
/// Deliveries of a batch that did not reach the provider wait this long, at most, when the route goes on.
const PAUSE_FAULT: Duration = Duration::from_millis(500);

/// What became of one delivery of a slice, before it is written down.
pub(super) struct Answer {
    pub(super) record: Record,
    /// When to try again, for outcomes that say so.
    pub(super) due: Option<Instant>,
    /// It showed first that the route's provider refuses the content.
    pub(super) refused: bool,
}

impl Answer {
    pub(super) fn ended(rank: u32, state: State, reason: Reason, code: &str) -> Self {
        Self::with(rank, Outcome::Reached(state), reason, code.into())
    }

    /// Given back untried: it counts no attempt.
    pub(super) fn returned(rank: u32, due: Option<Instant>) -> Self {
        Self::given_back(rank, due, Box::default())
    }

    /// The same with the provider's code.
    fn given_back(rank: u32, due: Option<Instant>, code: Box<str>) -> Self {
        Self { due, ..Self::with(rank, Outcome::Returned, Reason::None, code) }
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

/// One submit of a plan over a route, in the route's `epoch`.
pub(super) struct Submit<'a> {
    pub(super) parts: &'a Parts,
    pub(super) route: &'a Route,
    pub(super) plan: &'a Plan,
    pub(super) epoch: u64,
    pub(super) took: Duration,
    now: Now,
    tally: Tally,
    worst: Option<Cause>,
    changed: bool,
}

impl<'a> Submit<'a> {
    pub(super) fn new(parts: &'a Parts, route: &'a Route, plan: &'a Plan, epoch: u64, took: Duration) -> Self {
        let (tally, worst) = (Tally::default(), None);
        Self { parts, route, plan, epoch, took, now: rest::now(parts), tally, worst, changed: false }
    }

    /// Judges the answer to deliveries with these ranks.
    pub(super) fn judge(mut self, ranks: &[u32], answer: Result<Vec<Verdict>, Fault>, answers: &mut Vec<Answer>) {
        match answer {
            Ok(verdicts) => {
                let attempts = self.plan.attempts_of(ranks);
                for ((rank, attempts), verdict) in ranks.iter().zip(attempts).zip(verdicts) {
                    answers.push(self.verdict((*rank, attempts), verdict));
                }
                let (epoch, tally, took) = (self.epoch, self.tally, self.took);
                self.changed |= self.route.measure(epoch, tally, self.worst.as_ref(), took, self.now);
            }
            Err(fault) => self.fault(ranks, fault, answers),
        }
        if self.changed {
            rest::changed(self.parts, self.route);
        }
    }

    /// A fault of the link is the route's trouble: no delivery pays with an attempt for what did not reach the provider.
    fn fault(&mut self, ranks: &[u32], fault: Fault, answers: &mut Vec<Answer>) {
        let (route, epoch, took, now) = (self.route, self.epoch, self.took, self.now);
        route.failed(now.ms, fault.to_string());
        let count = u32::try_from(ranks.len()).unwrap_or(u32::MAX);
        let mut due = None;
        let cause = match fault {
            Fault::Misconfigured(cause) => {
                self.misconfigured(&cause);
                cause
            }
            Fault::Throttled { after, cause } => {
                self.throttled(after, &cause);
                cause
            }
            Fault::Transient(cause) => {
                let tally = Tally { transient: count, ..Tally::default() };
                self.changed |= route.broke(epoch, tally, &cause, took, now);
                // A route that goes on is not tried with the same at once.
                due = route.is_running().then(|| now.at + PAUSE_FAULT.mul_f64(0.5 + now.chance / 2.0));
                cause
            }
            Fault::InDoubt(cause) => {
                let tally = Tally { in_doubt: count, ..Tally::default() };
                self.changed |= route.broke(epoch, tally, &cause, took, now);
                let attempts = self.plan.attempts_of(ranks);
                let each = ranks.iter().copied().zip(attempts);
                answers.extend(each.map(|at| in_doubt(self, at, cause.clone())).collect::<Vec<_>>());
                return;
            }
        };
        answers.extend(ranks.iter().map(|rank| Answer::given_back(*rank, due, cause.code.clone())));
    }

    /// Credentials, permissions, balance: the queue is kept, a person is called, a probe looks again.
    fn misconfigured(&mut self, cause: &Cause) {
        let (epoch, now) = (self.epoch, self.now);
        self.changed |= self.route.breaker(|breaker| breaker.misconfigured(epoch, cause, now));
    }

    fn throttled(&mut self, after: Option<Duration>, cause: &Cause) {
        let pause = after.unwrap_or(PAUSE).min(PAUSE_MAX);
        self.changed |= self.route.throttled(self.epoch, pause, cause, self.now);
    }

    /// The verdict on the delivery `at` = (rank, attempts made before this one).
    fn verdict(&mut self, at: (u32, u8), verdict: Verdict) -> Answer {
        let rank = at.0;
        match verdict {
            Verdict::Accepted(reference) => {
                self.tally.accepted += 1;
                let mut answer = Answer::ended(rank, State::Accepted, Reason::None, "");
                answer.record.reference = reference.map(Reference::into_bytes).unwrap_or_default();
                answer
            }
            Verdict::RefusedRecipient(cause) => {
                self.tally.refused += 1;
                Answer::with(rank, Outcome::Reached(State::Failed), Reason::RecipientRefused, cause.code)
            }
            Verdict::RefusedContent(cause) => self.content(rank, cause),
            Verdict::Misconfigured(cause) => {
                self.misconfigured(&cause);
                Answer::given_back(rank, None, cause.code)
            }
            Verdict::Throttled { scope: Scope::Recipient, after, cause } => {
                let due = self.now.at + after.unwrap_or(PAUSE_RECIPIENT).min(PAUSE_MAX);
                Answer::given_back(rank, Some(due), cause.code)
            }
            Verdict::Throttled { after, cause, .. } => {
                self.throttled(after, &cause);
                Answer::given_back(rank, None, cause.code)
            }
            Verdict::Transient(cause) => {
                self.tally.transient += 1;
                self.worst.get_or_insert_with(|| cause.clone());
                again(self, at, Outcome::Again, Reason::AttemptsExhausted, cause)
            }
            Verdict::InDoubt(cause) => {
                self.tally.in_doubt += 1;
                self.worst.get_or_insert_with(|| cause.clone());
                in_doubt(self, at, cause)
            }
        }
    }

    /// The whole audience would be answered the same on this route, so nothing more of the plan goes there from this
    /// moment. Another provider may take it.
    fn content(&mut self, rank: u32, cause: Cause) -> Answer {
        self.tally.refused += 1;
        let is_news = self.plan.refuse(&self.route.name).is_some();
        if is_news {
            self.route.failed(self.now.ms, cause.to_string());
        }
        let mut answer = if super::is_refused_everywhere(self.parts, self.plan) {
            Answer::ended(rank, State::Failed, Reason::ContentRefused, "")
        } else {
            Answer::returned(rank, None)
        };
        answer.refused = is_news;
        answer.record.code = cause.code;
        answer
    }
}

/// Written and never answered: repeated where a double is better than a miss, or harms nobody.
fn in_doubt(submit: &Submit<'_>, at: (u32, u8), cause: Cause) -> Answer {
    let repeats = submit.parts.config.delivery.repeat_in_doubt.contains(&submit.plan.record.level)
        || submit.route.adapter.profile().deduplication == Deduplication::ByToken;
    if repeats {
        again(submit, at, Outcome::AgainInDoubt, Reason::InDoubt, cause)
    } else {
        Answer::with(at.0, Outcome::Reached(State::Failed), Reason::InDoubt, cause.code)
    }
}

/// Another attempt, unless tries or time are used up.
fn again(submit: &Submit<'_>, at: (u32, u8), outcome: Outcome, exhausted: Reason, cause: Cause) -> Answer {
    let (rank, attempts) = (at.0, at.1.saturating_add(1));
    let (parts, record) = (submit.parts, &submit.plan.record);
    let mut times = parts.config.retry_times(record.channel, record.level);
    if outcome == Outcome::AgainInDoubt {
        let most = if times.attempts_max == 0 { u8::MAX } else { times.attempts_max };
        times.attempts_max = times.in_doubt_max.min(most);
    }
    let left = wire::left(parts, submit.plan).saturating_sub(submit.route.needs());
    match retry::pause(&times, attempts, left, parts.clock.fraction()) {
        Some(pause) => {
            let due = Some(submit.now.at + pause);
            Answer { due, ..Answer::with(rank, outcome, Reason::None, cause.code) }
        }
        None => Answer::with(rank, Outcome::Reached(State::Failed), exhausted, cause.code),
    }
}

/// The provider of a route was found to refuse a plan's content for everybody. That is written down; where no other route
/// is left to carry it, the plan ends.
pub(super) async fn refused(parts: &Arc<Parts>, route: &Route, plan: &Arc<Plan>, code: &str) {
    parts.refuse_route(plan, &route.name, code).await;
    if super::is_refused_everywhere(parts, plan) {
        parts.stop_plan(plan, code).await;
    }
}
