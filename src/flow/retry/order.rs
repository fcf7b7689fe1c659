//! One order from the nonce to the lanes.

use std::{collections::BTreeMap, sync::Arc};

use sha2::{Digest, Sha256};

use super::{Ordered, Retried, RetriedChannel, Retry, RetryFault};
use crate::{
    domain::delivery::{Reason, State},
    flow::{
        Parts, Unavailable, nodes,
        parts::parse,
        projection::{
            Plan, ROUNDS_MAX, Writing,
            codec::{Outcome, Outcomes, Record},
        },
        record::{Decision, Stage, WarningId, WarningRecord, create, replace, rfc3339},
    },
    store::{Commit, CommitFault, Entry, EntryKind, Space},
};

/// Deliveries of one order at most: six bytes each in one row of the journal.
const MOST: usize = 1_000_000;
/// How often an order is tried whose warning changes meanwhile.
const TRIES: usize = 5;

/// What the nonce was used for.
#[derive(serde::Serialize, serde::Deserialize)]
struct NonceUse {
    /// SHA-256 of the order, hex.
    body: String,
    warning: WarningId,
    at_ms: i64,
    retried: Retried,
}

pub(super) async fn carry_out(
    parts: &Arc<Parts>,
    id: &WarningId,
    retry: &Retry,
    by: &str,
) -> Result<Ordered, RetryFault> {
    let nonce = digest(&["POST /v1/warnings/{id}/retry", &id.0, &retry.nonce]);
    let Some(_running) = parts.running_keys.enter(nonce) else { return Err(RetryFault::NonceRunning) };
    let body = order_digest(retry);
    if let Some(stored) = parts.store.get(Space::Idempotency, nonce.into()).await.map_err(Unavailable::from)? {
        let used: NonceUse = parse(&stored.value)?;
        return if used.body == body { Ok(Ordered::Before(used.retried)) } else { Err(RetryFault::NonceReused) };
    }
    for _ in 0..TRIES {
        // While it is our turn no report changes what has failed.
        let _turn = parts.receipts.wait().await;
        let Some((record, version)) = parts.stored_warning(id).await? else { return Err(RetryFault::NotDelivering) };
        let chosen = choose(parts, &record, retry)?;
        let retried = answer(parts, id, by, &chosen);
        let used = NonceUse { body: body.clone(), warning: id.clone(), at_ms: parts.clock.unix_ms(), retried };
        let order = Order { record, version, chosen, used, nonce };
        match order.commit(parts, retry, by).await {
            Err(CommitFault::Conflict { .. }) => nodes::catch_up(parts).await?,
            Err(fault) => return Err(Unavailable::from(fault).into()),
            Ok(()) => return Ok(Ordered::Now(order.used.retried)),
        }
    }
    Err(Unavailable::new("the warning changes too often".to_owned()).into())
}

/// What is sent again of one plan, and what is not.
struct Chosen {
    plan: Arc<Plan>,
    /// Ascending.
    ranks: Vec<u32>,
    left: BTreeMap<String, u64>,
}

fn choose(parts: &Parts, record: &WarningRecord, retry: &Retry) -> Result<Vec<Chosen>, RetryFault> {
    if !matches!(record.stage, Stage::Delivering | Stage::Finished) || record.plans.is_empty() {
        return Err(RetryFault::NotDelivering);
    }
    let plans = parts.projection.plans(&record.plans);
    let now = parts.clock.unix();
    match record.ended.as_deref() {
        Some("lifted" | "stopped") => return Err(RetryFault::Over("lifted")),
        Some(_) => return Err(RetryFault::Over("superseded")),
        None if plans.iter().all(|plan| plan.record.deadline <= now) => return Err(RetryFault::Over("expired")),
        None => {}
    }
    let asked = |plan: &Arc<Plan>| retry.channel.is_none_or(|channel| channel == plan.record.channel);
    let mut room = MOST;
    Ok(plans.into_iter().filter(asked).map(|plan| of_plan(plan, now, retry, &mut room)).collect())
}

fn of_plan(plan: Arc<Plan>, now: i64, retry: &Retry, room: &mut usize) -> Chosen {
    let failed = plan.find(0, usize::MAX, |word| word.state == State::Failed);
    let over = plan.closing().map(|closing| closing.reason);
    let over = over.or((plan.record.deadline <= now).then_some(Reason::Expired));
    let wanted = |reason: Reason| {
        if retry.reasons.is_empty() { reason.may_have_passed() } else { retry.reasons.contains(&reason) }
    };
    let (mut ranks, mut left) = (Vec::new(), BTreeMap::<String, u64>::new());
    for (rank, word) in failed {
        let why = match over {
            Some(reason) => reason.name(),
            None if !wanted(word.reason) => word.reason.name(),
            None if *room == 0 => "too_many",
            None if plan.rounds.of(rank) >= ROUNDS_MAX => "rounds",
            None => {
                *room -= 1;
                ranks.push(rank);
                continue;
            }
        };
        *left.entry(why.to_owned()).or_default() += 1;
    }
    Chosen { plan, ranks, left }
}

fn answer(parts: &Parts, id: &WarningId, by: &str, chosen: &[Chosen]) -> Retried {
    let any = chosen.iter().filter(|one| !one.ranks.is_empty() || !one.left.is_empty());
    let mut channels: BTreeMap<String, RetriedChannel> = BTreeMap::new();
    for one in any {
        let channel = channels.entry(one.plan.record.channel.name().to_owned()).or_default();
        channel.put_back += one.ranks.len() as u64;
        for (why, count) in &one.left {
            *channel.left.entry(why.clone()).or_default() += count;
        }
    }
    Retried {
        warning: id.clone(),
        ordered_at: rfc3339(parts.clock.unix_ms()),
        ordered_by: by.to_owned(),
        put_back: channels.values().map(|channel| channel.put_back).sum(),
        channels,
    }
}

/// An order ready to be written down.
struct Order {
    record: WarningRecord,
    version: u64,
    chosen: Vec<Chosen>,
    used: NonceUse,
    nonce: [u8; 32],
}

impl Order {
    /// Makes it durable, then lets the deliveries into the lanes.
    async fn commit(&self, parts: &Arc<Parts>, retry: &Retry, by: &str) -> Result<(), CommitFault> {
        let now_ms = self.used.at_ms;
        let decision = self.decision(retry, by);
        let opened: Vec<(&Arc<Plan>, Outcomes)> = self.chosen.iter().filter_map(|one| opened(one, now_ms)).collect();
        let record = WarningRecord { stage: Stage::Delivering, finished_ms: None, ..self.record.clone() };
        let mut puts = vec![create(Space::Idempotency, self.nonce, &self.used)];
        let mut entries = vec![decision.entry()];
        if !opened.is_empty() {
            puts.push(replace(Space::Warning, record.id.0.as_str(), &record, self.version));
            let entry = |outcomes: &Outcomes| Entry { kind: EntryKind::Outcomes, data: outcomes.encode() };
            entries.extend(opened.iter().map(|(_, outcomes)| entry(outcomes)));
            let chosen = self.chosen.iter().filter(|one| !one.ranks.is_empty());
            puts.extend(chosen.filter_map(|one| nodes::freed(parts, &one.plan, &one.ranks)));
        }
        // What stands is not folded; a plan that is being folded nevertheless has just ended.
        let inside: Option<Vec<Writing>> = opened.iter().map(|(plan, _)| plan.enter()).collect();
        let Some(_inside) = inside else { return Err(CommitFault::Conflict { index: 0, version: None }) };
        let committed = parts.store.commit(Commit { puts, entries }).await?;
        parts.progress.decided(committed.entries.first().map_or(0, |entry| entry.sequence), &decision);
        for ((plan, outcomes), at) in opened.iter().zip(committed.entries.iter().skip(1)) {
            let records = outcomes.records.iter().map(|record| (record.rank, record.outcome, record.reason));
            plan.apply(*at, now_ms, records);
        }
        if !opened.is_empty() {
            // After its deliveries are open: it must not look finished.
            parts.remember(record);
        }
        for one in self.chosen.iter().filter(|one| !one.ranks.is_empty()) {
            nodes::reopened(parts, &one.plan, &one.ranks);
        }
        parts.progress.notify(&self.used.warning);
        parts.progress.new_work.notify_one();
        Ok(())
    }

    fn decision(&self, retry: &Retry, by: &str) -> Decision {
        let counts = self.used.retried.channels.iter();
        let counts: Vec<String> = counts.map(|(channel, one)| format!("{channel}={}", one.put_back)).collect();
        let reason = retry.reason.as_ref().map(|reason| format!(": {reason}")).unwrap_or_default();
        Decision {
            at_ms: self.used.at_ms,
            what: "retried".to_owned(),
            warning: Some(self.used.warning.clone()),
            by: Some(by.to_owned()),
            detail: Some(counts.join(" ") + &reason),
        }
    }
}

/// The records that open a new round.
fn opened(one: &Chosen, at_ms: i64) -> Option<(&Arc<Plan>, Outcomes)> {
    let record = |rank: &u32| Record {
        rank: *rank,
        outcome: Outcome::Reopened,
        reason: Reason::None,
        delay_ms: 0,
        reference: Box::default(),
        code: "".into(),
    };
    let records: Vec<Record> = one.ranks.iter().map(record).collect();
    let plan = one.plan.record.number;
    (!records.is_empty())
        .then(|| (&one.plan, Outcomes { plan, lease: 0, base_ms: at_ms, route: String::new(), records }))
}

fn order_digest(retry: &Retry) -> String {
    let mut reasons: Vec<&str> = retry.reasons.iter().map(|reason| reason.name()).collect();
    reasons.sort_unstable();
    reasons.dedup();
    let channel = retry.channel.map_or("", fenghuo_contract::Channel::name);
    digest(&[channel, &reasons.join(",")]).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn digest(parts: &[&str]) -> [u8; 32] {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update((part.len() as u64).to_be_bytes());
        digest.update(part);
    }
    digest.finalize().into()
}
