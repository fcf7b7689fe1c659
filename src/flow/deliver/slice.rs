//! One slice from lease to outcome.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use fenghuo_contract::{Batch, Cause, Item, Token, Verdict};
use tokio::{sync::OwnedSemaphorePermit, time::Instant};

use super::{
    gate, observe,
    route::{Route, RouteState},
    worker::PROBE_EVERY,
};
use crate::{
    domain::delivery::{Reason, State},
    flow::{
        Parts,
        projection::{
            Closing, Plan,
            codec::{Lease, Outcome, Outcomes, Record},
        },
        schedule::Slice,
    },
    store::{Commit, Entry, EntryKind},
};

/// Carries one slice: lease, last checks, one attempt, outcome.
pub(crate) async fn carry(parts: Arc<Parts>, route: Arc<Route>, slice: Slice, permit: OwnedSemaphorePermit) {
    let plan = slice.plan;
    let ranks = plan.lease(&slice.ranks);
    if !ranks.is_empty() {
        route.in_flight.fetch_add(ranks.len() as u64, Ordering::Relaxed);
        let lease = parts.next_lease();
        if lease_is_recorded(&parts, &route, &plan, lease, &ranks).await {
            let outcomes = attempt(&parts, &route, &plan, &ranks).await;
            record(&parts, &route, &plan, lease, outcomes).await;
        } else {
            give_back(&parts, &plan, &ranks);
        }
        route.in_flight.fetch_sub(ranks.len() as u64, Ordering::Relaxed);
    }
    drop(permit);
    route.bell.notify_waiters();
}

/// Nothing is sent whose lease could not be recorded.
async fn lease_is_recorded(parts: &Parts, route: &Route, plan: &Plan, lease: u64, ranks: &[u32]) -> bool {
    let entry = Lease { plan: plan.record.number, lease, route: route.name.clone(), ranks: ranks.to_vec() }.encode();
    let entries = vec![Entry { kind: EntryKind::Leases, data: entry }];
    match parts.store.commit(Commit { puts: Vec::new(), entries }).await {
        Ok(_) => true,
        Err(fault) => {
            tracing::error!(route = route.name, %fault, "slice not sent: its lease could not be recorded");
            parts.clock.sleep(Duration::from_millis(200)).await;
            false
        }
    }
}

/// Back to the lanes without a word in the journal: nothing happened.
fn give_back(parts: &Parts, plan: &Arc<Plan>, ranks: &[u32]) {
    plan.unlease(ranks);
    let again: Vec<(u32, Option<Instant>)> = ranks.iter().map(|rank| (*rank, None)).collect();
    parts.lanes(plan.record.channel).put_back(plan, &again, parts.clock.unix());
}

/// What became of one delivery of the slice, before it is written down.
struct Answer {
    rank: u32,
    outcome: Outcome,
    reason: Reason,
    reference: Box<[u8]>,
    code: Box<str>,
    /// When to try again, for outcomes that say so.
    due: Option<Instant>,
}

impl Answer {
    fn ended(rank: u32, state: State, reason: Reason, code: &str) -> Self {
        Self { rank, outcome: Outcome::Reached(state), reason, reference: Box::default(), code: code.into(), due: None }
    }
}

/// The last checks and the attempt itself.
async fn attempt(parts: &Arc<Parts>, route: &Arc<Route>, plan: &Arc<Plan>, ranks: &[u32]) -> Vec<Answer> {
    let rows = plan.rows(ranks);
    let endpoints = match parts.addresses.endpoints(&rows, plan.record.channel).await {
        Ok(endpoints) => endpoints,
        Err(fault) => {
            tracing::error!(route = route.name, %fault, "slice not sent: its addresses could not be read");
            let due = Some(parts.clock.instant() + Duration::from_millis(500));
            return ranks.iter().map(|rank| returned(*rank, due)).collect();
        }
    };
    let mut answers = Vec::with_capacity(ranks.len());
    let mut batches: BTreeMap<usize, Vec<(u32, Item)>> = BTreeMap::new();
    let attempts = plan.attempts_of(ranks).into_iter().zip(plan.rounds.of_all(ranks));
    for ((rank, endpoint), (attempts, round)) in ranks.iter().zip(endpoints).zip(attempts) {
        let Some(address) = endpoint.address else {
            answers.push(Answer::ended(*rank, State::Failed, Reason::NoAddress, ""));
            continue;
        };
        // The last look before the wire: a drill reaches only those marked for drills, whatever the plan says.
        if plan.record.drill && !endpoint.drill {
            answers.push(Answer::ended(*rank, State::Failed, Reason::DrillGate, ""));
            continue;
        }
        let token = Token { plan: plan.record.number, index: *rank, round };
        let confirm = parts.confirms(plan.record.channel).then(|| parts.links.address(token.plan, *rank));
        let item = Item { token, address, attempt: attempts.saturating_add(1), confirm };
        batches.entry(plan.variant(endpoint.row)).or_default().push((*rank, item));
    }
    let batch_max = route.adapter.profile().batch_max.max(1);
    for (variant, items) in batches {
        let Some(content) = plan.contents.get(variant) else { continue };
        let mut items = items.into_iter().peekable();
        while items.peek().is_some() {
            let (ranks, items): (Vec<u32>, Vec<Item>) = items.by_ref().take(batch_max).unzip();
            let batch = Batch { content: Arc::clone(content), items };
            answers.extend(submit(parts, route, plan, &ranks, &batch).await);
        }
    }
    answers.sort_by_key(|answer| answer.rank);
    answers
}

/// One submit, unless the moment for it has passed.
async fn submit(parts: &Arc<Parts>, route: &Arc<Route>, plan: &Arc<Plan>, ranks: &[u32], batch: &Batch) -> Vec<Answer> {
    if let Some(closing) = not_now(parts, plan) {
        return ranks.iter().map(|rank| Answer::ended(*rank, closing.state, closing.reason, "")).collect();
    }
    if !gate(route, plan) {
        return ranks.iter().map(|rank| Answer::ended(*rank, State::Failed, Reason::DrillGate, "")).collect();
    }
    if !route.is_running() {
        return ranks.iter().map(|rank| returned(*rank, None)).collect();
    }
    let budget = route.config.timeout_s;
    let verdicts =
        match tokio::time::timeout(budget + Duration::from_secs(1), route.adapter.submit(batch, budget)).await {
            Ok(Ok(verdicts)) => verdicts,
            Ok(Err(fault)) => {
                rest_after(parts, route, &fault);
                vec![fault.verdict(); ranks.len()]
            }
            Err(_) => vec![Verdict::InDoubt(Cause::new("timeout", "no answer in time")); ranks.len()],
        };
    if verdicts.len() != ranks.len() {
        tracing::error!(route = route.name, "adapter answered {} of {} items", verdicts.len(), ranks.len());
    }
    let missing = Verdict::InDoubt(Cause::new("no-verdict", "the adapter gave no verdict"));
    let verdicts = verdicts.into_iter().chain(std::iter::repeat(missing));
    ranks.iter().zip(verdicts).map(|(rank, verdict)| judge(parts, route, plan, *rank, verdict)).collect()
}

/// Why nothing more of this plan may be sent, when that is so.
fn not_now(parts: &Parts, plan: &Plan) -> Option<Closing> {
    if let Some(closing) = plan.closing() {
        return Some(closing.clone());
    }
    (parts.clock.unix() >= plan.record.deadline).then(|| Closing {
        state: State::Expired,
        reason: Reason::Expired,
        at_ms: parts.clock.unix_ms(),
        by: None,
    })
}

fn returned(rank: u32, due: Option<Instant>) -> Answer {
    Answer { rank, outcome: Outcome::Returned, reason: Reason::None, reference: Box::default(), code: "".into(), due }
}

/// A fault of the link is the route's trouble: it rests or stops, and no delivery pays for it with an attempt.
fn rest_after(parts: &Parts, route: &Route, fault: &fenghuo_contract::Fault) {
    use fenghuo_contract::Fault;
    route.failed(parts.clock.unix_ms(), fault.to_string());
    let now = parts.clock.instant();
    match fault {
        Fault::Misconfigured(cause) => stop(parts, route, cause),
        Fault::Throttled { after, cause } => throttle(parts, route, *after, cause),
        Fault::Transient(cause) | Fault::InDoubt(cause) => {
            let until = now + route.next_rest(parts.clock.fraction());
            route.fall(RouteState::Resting { until, reason: cause.to_string(), throttled: false });
        }
    }
}

fn stop(parts: &Parts, route: &Route, cause: &Cause) {
    tracing::error!(route = route.name, code = %cause.code, "route stopped: {cause}; see /docs/errors/route-misconfigured");
    route.failed(parts.clock.unix_ms(), cause.to_string());
    let probe_at = parts.clock.instant() + PROBE_EVERY;
    route.fall(RouteState::Stopped { reason: cause.to_string(), probe_at });
}

fn throttle(parts: &Parts, route: &Route, after: Option<Duration>, cause: &Cause) {
    let pause = after.unwrap_or(Duration::from_secs(1)).min(Duration::from_secs(3600));
    route.throttles.fetch_add(1, Ordering::Relaxed);
    let until = parts.clock.instant() + pause;
    route.fall(RouteState::Resting { until, reason: cause.to_string(), throttled: true });
}

/// A verdict becomes an outcome: here alone is decided what is tried again.
fn judge(parts: &Parts, route: &Route, plan: &Plan, rank: u32, verdict: Verdict) -> Answer {
    use fenghuo_contract::Scope;
    match verdict {
        Verdict::Accepted(reference) => Answer {
            reference: reference.map(|reference| reference.as_bytes().into()).unwrap_or_default(),
            ..Answer::ended(rank, State::Accepted, Reason::None, "")
        },
        Verdict::RefusedRecipient(cause) => Answer::ended(rank, State::Failed, Reason::RecipientRefused, &cause.code),
        Verdict::RefusedContent(cause) => {
            route.failed(parts.clock.unix_ms(), cause.to_string());
            Answer::ended(rank, State::Failed, Reason::ContentRefused, &cause.code)
        }
        Verdict::Misconfigured(cause) => {
            stop(parts, route, &cause);
            returned(rank, None)
        }
        Verdict::Throttled { scope: Scope::Recipient, after, .. } => {
            returned(rank, Some(parts.clock.instant() + after.unwrap_or(Duration::from_secs(60))))
        }
        Verdict::Throttled { after, cause, .. } => {
            throttle(parts, route, after, &cause);
            returned(rank, None)
        }
        Verdict::Transient(cause) if matches!(route.state(), RouteState::Resting { .. }) => {
            Answer { code: cause.code, ..returned(rank, None) }
        }
        Verdict::Transient(cause) => again(parts, plan, rank, Outcome::Again, Reason::AttemptsExhausted, &cause),
        Verdict::InDoubt(cause) => {
            let repeats = parts.config.delivery.repeat_in_doubt.contains(&plan.record.level)
                || route.adapter.profile().deduplication == fenghuo_contract::Deduplication::ByToken;
            if repeats {
                again(parts, plan, rank, Outcome::AgainInDoubt, Reason::InDoubt, &cause)
            } else {
                Answer::ended(rank, State::Failed, Reason::InDoubt, &cause.code)
            }
        }
    }
}

/// Another attempt with jittered back-off, unless tries or time are used up.
fn again(parts: &Parts, plan: &Plan, rank: u32, outcome: Outcome, exhausted: Reason, cause: &Cause) -> Answer {
    let delivery = &parts.config.delivery;
    let attempts = plan.attempts(rank).saturating_add(1);
    let doubling = u32::from(attempts.min(16)) - 1;
    let longest = delivery.retry_first_s.saturating_mul(1 << doubling).min(delivery.retry_longest_s);
    let pause = longest.mul_f64(0.5 + parts.clock.fraction() / 2.0);
    let too_late = parts.clock.unix() + i64::try_from(pause.as_secs()).unwrap_or(i64::MAX) >= plan.record.deadline;
    if attempts >= delivery.attempts_max || too_late {
        return Answer::ended(rank, State::Failed, exhausted, &cause.code);
    }
    let due = Some(parts.clock.instant() + pause);
    Answer { rank, outcome, reason: Reason::None, reference: Box::default(), code: cause.code.clone(), due }
}

/// Writes the outcomes down, then shows them, then puts back what is to be tried again.
async fn record(parts: &Arc<Parts>, route: &Arc<Route>, plan: &Arc<Plan>, lease: u64, answers: Vec<Answer>) {
    let now_ms = parts.clock.unix_ms();
    let accepted = answers.iter().filter(|answer| answer.outcome == Outcome::Reached(State::Accepted)).count();
    let refused_content = answers.iter().find(|answer| answer.reason == Reason::ContentRefused).map(|a| a.code.clone());
    let again: Vec<(u32, Option<Instant>)> = answers
        .iter()
        .filter(|answer| !matches!(answer.outcome, Outcome::Reached(_)))
        .map(|answer| (answer.rank, answer.due))
        .collect();
    let records = answers
        .into_iter()
        .map(|answer| Record {
            rank: answer.rank,
            outcome: answer.outcome,
            reason: answer.reason,
            delay_ms: 0,
            reference: answer.reference,
            code: answer.code,
        })
        .collect();
    let outcomes = Outcomes { plan: plan.record.number, lease, base_ms: now_ms, route: route.name.clone(), records };
    parts.write_outcomes(plan, &outcomes).await;
    if accepted > 0 {
        route.succeeded(now_ms, accepted as u64, parts.clock.instant());
    }
    if let Some(code) = refused_content {
        parts.stop_plan(plan, &code).await;
    }
    if !again.is_empty() && plan.closing().is_none() {
        parts.lanes(plan.record.channel).put_back(plan, &again, parts.clock.unix());
    }
    observe::outcomes(parts, plan, route, &outcomes);
    parts.progress.notify(&plan.record.warning);
}
