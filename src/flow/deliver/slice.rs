//! One slice from lease to outcome.

use std::{
    collections::BTreeMap,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use fenghuo_contract::{Content, Token};
use tokio::{sync::OwnedSemaphorePermit, time::Instant};

use super::{
    judge::{self, Answer, Submit},
    observe,
    route::Route,
    wire::{self, Addressee, Halt, Packet},
};
use crate::{
    domain::{
        delivery::{Reason, State},
        level::Level,
        purpose::{Meant, PurposeType, Sorted},
    },
    flow::{
        Parts,
        projection::{
            Plan,
            codec::{Lease, Outcome, Outcomes, Record},
        },
        schedule::Slice,
        suppress,
    },
    store::{Commit, CommitFault, Entry, EntryKind, Urgency},
};

/// Carries one slice: lease, last checks, one attempt, outcome.
pub(crate) async fn carry(parts: Arc<Parts>, route: Arc<Route>, slice: Slice, permit: OwnedSemaphorePermit) {
    let plan = slice.plan;
    let began = parts.clock.instant();
    let mut passing = Passing { route: &route, deliveries: slice.ranks.len() as u64 };
    let ranks = plan.lease(&slice.ranks);
    if !ranks.is_empty() {
        route.in_flight.fetch_add(ranks.len() as u64, Ordering::Relaxed);
        let lease = parts.next_lease();
        if lease_is_recorded(&parts, &route, &plan, lease, &ranks).await {
            let answers = attempt(&parts, &route, &plan, &ranks, &mut passing).await;
            record(&parts, &route, &plan, lease, answers).await;
        } else {
            give_back(&parts, &plan, &ranks);
        }
        route.in_flight.fetch_sub(ranks.len() as u64, Ordering::Relaxed);
    }
    passing.end();
    route.occupied(parts.clock.instant().duration_since(began));
    drop(permit);
    route.bell.notify_waiters();
}

/// What has left the lanes and is not yet handed to the adapter.
struct Passing<'a> {
    route: &'a Route,
    deliveries: u64,
}

impl Passing<'_> {
    /// It is handed over, or given up.
    fn end(&mut self) {
        let passed = std::mem::take(&mut self.deliveries);
        if passed > 0 {
            self.route.passing.fetch_sub(passed, Ordering::Relaxed);
            self.route.bell.notify_waiters();
        }
    }
}

/// Nothing is sent whose lease could not be recorded.
async fn lease_is_recorded(parts: &Parts, route: &Route, plan: &Plan, lease: u64, ranks: &[u32]) -> bool {
    let entry = Lease { plan: plan.record.number, lease, route: route.name.clone(), ranks: ranks.to_vec() }.encode();
    let commit = Commit { puts: Vec::new(), entries: vec![Entry { kind: EntryKind::Leases, data: entry }] };
    let mut committed = parts.store.commit_as(Urgency::Pressing, commit.clone()).await;
    // What takes back or corrects is sent from a full disk too, not only taken.
    if committed == Err(CommitFault::Full) && takes_back(parts, plan) {
        committed = parts.store.commit_as(Urgency::Reserved, commit).await;
    }
    match committed {
        Ok(_) => true,
        Err(CommitFault::Full) => {
            tracing::debug!(route = route.name, "slice not sent: no room on the disk for its lease");
            parts.clock.sleep(Duration::from_millis(500)).await;
            false
        }
        Err(fault) => {
            tracing::error!(route = route.name, %fault, "slice not sent: its lease could not be recorded");
            parts.clock.sleep(Duration::from_millis(200)).await;
            false
        }
    }
}

fn takes_back(parts: &Parts, plan: &Plan) -> bool {
    plan.record.lift || parts.warning_record(&plan.record.warning).is_some_and(|record| parts.takes_back(&record))
}

/// Back to the lanes without a word in the journal: nothing happened.
fn give_back(parts: &Parts, plan: &Arc<Plan>, ranks: &[u32]) {
    plan.unlease(ranks);
    let again: Vec<(u32, Option<Instant>)> = ranks.iter().map(|rank| (*rank, None)).collect();
    parts.lanes(plan.record.channel).put_back(plan, &again, parts.clock.unix());
}

/// One attempt each, as what the plan is for allows. From here on that is a type.
async fn attempt(
    parts: &Arc<Parts>,
    route: &Arc<Route>,
    plan: &Arc<Plan>,
    ranks: &[u32],
    passing: &mut Passing<'_>,
) -> Vec<Answer> {
    match Sorted::of(plan) {
        Some(Sorted::Actual(plan)) => attempt_for(parts, route, &plan, ranks, passing).await,
        Some(Sorted::Exercise(plan)) => attempt_for(parts, route, &plan, ranks, passing).await,
        Some(Sorted::Test(plan)) => attempt_for(parts, route, &plan, ranks, passing).await,
        None => ranks.iter().map(|rank| Answer::ended(*rank, State::Failed, Reason::DrillGate, "")).collect(),
    }
}

/// One attempt each, content by content.
async fn attempt_for<P: PurposeType>(
    parts: &Arc<Parts>,
    route: &Arc<Route>,
    plan: &Meant<P, &Arc<Plan>>,
    ranks: &[u32],
    passing: &mut Passing<'_>,
) -> Vec<Answer> {
    let mut by_content: BTreeMap<usize, Vec<u32>> = BTreeMap::new();
    if plan.contents.len() == 1 {
        by_content.insert(0, ranks.to_vec());
    } else {
        for (rank, variant) in ranks.iter().zip(plan.variants_of(&plan.rows(ranks))) {
            by_content.entry(variant).or_default().push(*rank);
        }
    }
    let batch_max = route.adapter.profile().batch_max.max(1);
    let mut answers = Vec::with_capacity(ranks.len());
    for (variant, ranks) in by_content {
        let Some(content) = plan.contents.get(variant) else { continue };
        for ranks in ranks.chunks(batch_max) {
            batch(parts, route, plan, content, ranks, passing, &mut answers).await;
        }
    }
    // Stable: it merges the runs of each content, which are in order already.
    answers.sort_by_key(|answer| answer.record.rank);
    answers
}

/// Addresses, last checks of each recipient, and one submit. Read for each batch anew: the one before may have taken a
/// while, and somebody may have left meanwhile.
async fn batch<P: PurposeType>(
    parts: &Arc<Parts>,
    route: &Arc<Route>,
    plan: &Meant<P, &Arc<Plan>>,
    content: &Arc<Content>,
    ranks: &[u32],
    passing: &mut Passing<'_>,
    answers: &mut Vec<Answer>,
) {
    let rows = plan.rows(ranks);
    let endpoints = match parts.addresses.endpoints(&rows, plan.record.channel).await {
        Ok(endpoints) => endpoints,
        Err(fault) => {
            tracing::error!(route = route.name, %fault, "batch not sent: its addresses could not be read");
            let due = Some(parts.clock.instant() + Duration::from_millis(500));
            return answers.extend(ranks.iter().map(|rank| Answer::returned(*rank, due)));
        }
    };
    let claimed_at = parts.clock.unix();
    let held = parts.limits.recipients.claim(&plan.record, &rows, claimed_at);
    let suppressed = parts.suppressions.among(parts, plan, &endpoints);
    let first = answers.len();
    let mut going = Vec::with_capacity(ranks.len());
    let mut packet = Packet::new(content, plan.record.level == Level::Red, ranks.len());
    let attempts = plan.attempts_of(ranks).into_iter().zip(plan.rounds.of_all(ranks));
    for (at, (endpoint, (attempts, round))) in endpoints.into_iter().zip(attempts).enumerate() {
        let rank = ranks[at];
        // Whoever orders it sent again is taken at his word.
        if round == 0 && suppressed.contains(endpoint.row) {
            answers.push(Answer::ended(rank, State::Failed, Reason::Suppressed, ""));
            continue;
        }
        let Some(addressee) = Addressee::of(endpoint) else {
            answers.push(Answer::ended(rank, State::Failed, Reason::NoAddress, ""));
            continue;
        };
        // Nobody is handed to a provider that his address is not for: no route carries it, or he has another since.
        if !addressee.is_for(route) {
            answers.push(Answer::ended(rank, State::Failed, Reason::NoRoute, ""));
            continue;
        }
        // The last look at a recipient: a drill reaches only those who take part in drills, whatever the plan says.
        let Some(addressee) = plan.permit(addressee) else {
            answers.push(Answer::ended(rank, State::Failed, Reason::DrillGate, ""));
            continue;
        };
        if let Some(due) = held.as_ref().and_then(|held| held[at]) {
            answers.push(postponed(parts, plan, rank, due));
            continue;
        }
        let token = Token { plan: plan.record.number, index: rank, round };
        let confirm = parts.confirms(plan.record.channel).then(|| parts.links.address(token.plan, rank));
        going.push(rank);
        packet.add(addressee, token, attempts.saturating_add(1), confirm);
    }
    if !packet.is_empty() {
        submit(parts, route, plan, &going, &packet, passing, answers).await;
    }
    if let Some(held) = held {
        let answers = &mut answers[first..];
        answers.sort_by_key(|answer| answer.record.rank);
        release(parts, plan, &rows, &held, answers, claimed_at);
    }
}

/// A recipient who was reached as often as is allowed: later, or not before the deadline.
fn postponed(parts: &Parts, plan: &Plan, rank: u32, due: i64) -> Answer {
    if due >= plan.record.deadline {
        return Answer::ended(rank, State::Failed, Reason::RecipientLimit, "");
    }
    let wait = Duration::from_secs(u64::try_from(due - parts.clock.unix()).unwrap_or_default());
    Answer::returned(rank, Some(parts.clock.instant() + wait))
}

/// Recipients who were counted as reached and were not after all.
fn release(parts: &Parts, plan: &Plan, rows: &[u32], held: &[Option<i64>], answers: &[Answer], claimed_at: i64) {
    let each = rows.iter().zip(held).zip(answers);
    let unreached = each.filter(|((_, held), answer)| held.is_none() && !answer.may_have_reached());
    let unreached: Vec<u32> = unreached.map(|((row, _), _)| *row).collect();
    parts.limits.recipients.release(&plan.record, &unreached, claimed_at);
}

/// One submit, unless the moment for it has passed.
async fn submit<P: PurposeType>(
    parts: &Arc<Parts>,
    route: &Arc<Route>,
    plan: &Meant<P, &Arc<Plan>>,
    ranks: &[u32],
    packet: &Packet<P>,
    passing: &mut Passing<'_>,
    answers: &mut Vec<Answer>,
) {
    passing.end();
    match wire::last_look(parts, route, plan) {
        Ok(cleared) => {
            let epoch = route.epoch();
            let began = parts.clock.instant();
            let answer = wire::submit(packet, cleared).await;
            let took = parts.clock.instant().duration_since(began);
            route.answered(took);
            Submit::new(parts, route, plan, epoch, took).judge(ranks, answer, answers);
        }
        Err(Halt::Ended(state, reason)) => {
            answers.extend(ranks.iter().map(|rank| Answer::ended(*rank, state, reason, "")));
        }
        Err(Halt::Back) => answers.extend(ranks.iter().map(|rank| Answer::returned(*rank, None))),
    }
}

/// Writes the outcomes down, then shows them, then puts back what is to be tried again.
async fn record(parts: &Arc<Parts>, route: &Arc<Route>, plan: &Arc<Plan>, lease: u64, answers: Vec<Answer>) {
    let now_ms = parts.clock.unix_ms();
    let again: Vec<(u32, Option<Instant>)> = answers
        .iter()
        .filter(|answer| !matches!(answer.record.outcome, Outcome::Reached(_)))
        .map(|answer| (answer.record.rank, answer.due))
        .collect();
    let refused: Option<Box<str>> = answers.iter().find(|answer| answer.refused).map(|a| a.record.code.clone());
    let records: Vec<Record> = answers.into_iter().map(|answer| answer.record).collect();
    let accepted = records.iter().filter(|record| record.outcome == Outcome::Reached(State::Accepted)).count();
    let outcomes = Outcomes { plan: plan.record.number, lease, base_ms: now_ms, route: route.name.clone(), records };
    parts.write_outcomes(plan, &outcomes).await;
    if accepted > 0 {
        route.succeeded(now_ms, accepted as u64, parts.clock.instant());
    }
    if let Some(code) = refused {
        judge::refused(parts, route, plan, &code).await;
    }
    if !again.is_empty() && plan.closing().is_none() {
        parts.lanes(plan.record.channel).put_back(plan, &again, parts.clock.unix());
    }
    observe::outcomes(parts, plan, route, &outcomes);
    suppress::refused(parts, route, plan, &outcomes.records);
    crate::flow::partners::answered(parts, route, &plan.record.warning, &outcomes);
    parts.progress.notify(&plan.record.warning);
}
