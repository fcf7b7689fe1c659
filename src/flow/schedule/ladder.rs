//! Ladders: the channels of a warning one after the other, until a recipient answers.
//!
//! The plans of every step are frozen together when the warning is released; those of later steps enter their lanes
//! recipient by recipient. A sweep looks each second whose turn has come and who has answered meanwhile: bitmap
//! operations over those to whom something happened. Nothing of it is written down but the outcomes: turns follow from
//! the records of the plans, the journal and the time, so a restart finds them again.

mod turns;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use roaring::RoaringBitmap;

use self::turns::Turns;
use crate::{
    domain::delivery::{Reason, State},
    flow::{
        Parts,
        projection::{
            Closing, Plan,
            codec::{Outcome, Outcomes, Record},
        },
        record::{Stage, WarningId},
    },
};

/// How often it is looked at.
const EVERY: Duration = Duration::from_secs(1);
/// Deliveries of one plan that are let into its lanes at a time.
const ROOM: u64 = 131_072;
/// Deliveries ended together.
const TOGETHER: usize = 4_096;
/// What stands in the journal where a route would.
const LADDER: &str = "ladder";

/// Sweeps until the soft stop.
pub(crate) async fn run(parts: Arc<Parts>) {
    let stop = parts.lifecycle.stopping();
    let mut climbs: BTreeMap<WarningId, Climb> = BTreeMap::new();
    while !stop.is_cancelled() {
        look(&parts, &mut climbs);
        for climb in climbs.values_mut() {
            climb.sweep(&parts).await;
        }
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = parts.clock.sleep(EVERY) => {}
        }
    }
}

/// Takes up warnings that wait in a ladder, and puts down those that do not any more.
fn look(parts: &Parts, climbs: &mut BTreeMap<WarningId, Climb>) {
    climbs.retain(|_, climb| climb.plans.iter().any(|plan| plan.snapshot().open() > 0));
    let mut new: BTreeMap<WarningId, Vec<Arc<Plan>>> = BTreeMap::new();
    for plan in parts.projection.all() {
        let warning = &plan.record.warning;
        if plan.record.ladder.is_some() && !climbs.contains_key(warning) && plan.snapshot().open() > 0 {
            new.entry(warning.clone()).or_default();
        }
    }
    for warning in new.into_keys() {
        let Some(record) = parts.warning_record(&warning).filter(|record| record.stage == Stage::Delivering) else {
            continue;
        };
        let plans = parts.projection.plans(&record.plans);
        climbs.extend(Climb::new(plans).map(|climb| (warning, climb)));
    }
}

/// The ladder of one warning.
struct Climb {
    /// By step.
    plans: Vec<Arc<Plan>>,
    turns: Turns,
    /// By step: who was let into the lanes, or was not to be.
    let_in: Vec<RoaringBitmap>,
    /// By step: who answered and has nothing waiting.
    settled: Vec<RoaringBitmap>,
    /// By step: the plan ended early, and that is taken in.
    over: Vec<bool>,
}

impl Climb {
    fn new(plans: Vec<Arc<Plan>>) -> Option<Self> {
        let mut plans: Vec<Arc<Plan>> = plans.into_iter().filter(|plan| plan.record.ladder.is_some()).collect();
        plans.sort_by_key(|plan| plan.record.ladder.map(|step| step.step));
        let first = plans.first()?;
        let wait_ms = first.record.ladder?.wait_ms;
        let turns = Turns::new(&audiences(&plans), first.record.created_ms, wait_ms);
        let steps = plans.len();
        let mut let_in = vec![RoaringBitmap::new(); steps];
        // The plans of the first step are in their lanes whole.
        let first = first.record.ladder.map(|ladder| ladder.step);
        let is_first = |plan: &Plan| plan.record.ladder.map(|ladder| ladder.step) == first;
        for (let_in, plan) in let_in.iter_mut().zip(&plans).filter(|(_, plan)| is_first(plan)) {
            *let_in = plan.audience.clone();
        }
        Some(Self { plans, turns, let_in, settled: vec![RoaringBitmap::new(); steps], over: vec![false; steps] })
    }

    async fn sweep(&mut self, parts: &Arc<Parts>) {
        let Some(coverage) = self.plans[0].coverage().cloned() else { return };
        let now_ms = parts.clock.unix_ms();
        let (failed, answered) = (coverage.take_failed(), coverage.answered());
        let audiences = audiences(&self.plans);
        for failed in failed {
            // Several where routes of the channel carry different addresses; each recipient is in one of them.
            let steps = self.plans.iter().enumerate().filter(|(_, plan)| plan.record.channel == failed.channel);
            for (step, _) in steps {
                self.turns.fail(&audiences, step, failed.at_ms, &failed.rows, &answered);
            }
        }
        for (step, plan) in self.plans.iter().enumerate() {
            if let Some(closing) = plan.closing().filter(|_| !self.over[step]) {
                self.over[step] = true;
                if closing.state == State::Failed {
                    let failed = plan.rows_where(|word| word.state == State::Failed);
                    self.turns.fail(&audiences, step, closing.at_ms, &failed, &answered);
                }
            }
        }
        self.turns.advance(&audiences, now_ms, &answered);
        for step in 0..self.plans.len() {
            let plan = Arc::clone(&self.plans[step]);
            if plan.closing().is_some() {
                continue;
            }
            if plan.record.deadline <= now_ms.div_euclid(1_000) {
                let closing = Closing { state: State::Expired, reason: Reason::Expired, at_ms: now_ms, by: None };
                parts.close_plan(&plan, closing, "").await;
                continue;
            }
            self.end_answered(parts, step, &answered).await;
            self.let_in(parts, step, &answered);
        }
    }

    /// Lets those into the lanes whose turn has come, as far as there is room.
    fn let_in(&mut self, parts: &Parts, step: usize, answered: &RoaringBitmap) {
        let plan = &self.plans[step];
        let due = self.turns.begun(step) - &self.let_in[step] - answered;
        if due.is_empty() {
            return;
        }
        let lanes = parts.lanes(plan.record.channel);
        let room = ROOM.saturating_sub(lanes.waiting_of(plan.record.number));
        let due = if due.len() > room { due.iter().take(room as usize).collect() } else { due };
        let (pending, _) = plan.open_among(&due);
        self.let_in[step] |= due;
        let ranks: Vec<(u32, Option<tokio::time::Instant>)> = pending.into_iter().map(|rank| (rank, None)).collect();
        if !ranks.is_empty() {
            lanes.put_back(plan, &ranks, parts.clock.unix());
        }
        if plan.closing().is_some() {
            // It ended while this was written.
            lanes.remove(plan.record.number);
        }
    }

    /// Ends what is unsent for those who answered.
    async fn end_answered(&mut self, parts: &Arc<Parts>, step: usize, answered: &RoaringBitmap) {
        let plan = Arc::clone(&self.plans[step]);
        let rows = (answered & &plan.audience) - &self.settled[step];
        if rows.is_empty() {
            return;
        }
        let (pending, in_flight) = plan.open_among(&rows);
        // What is on the wire ends by its own answer, and is looked at again.
        let open: RoaringBitmap = plan.rows(&in_flight).into_iter().collect();
        for ranks in pending.chunks(TOGETHER) {
            end(parts, &plan, ranks).await;
        }
        self.settled[step] |= rows - open;
    }
}

fn audiences(plans: &[Arc<Plan>]) -> Vec<&RoaringBitmap> {
    plans.iter().map(|plan| &plan.audience).collect()
}

/// Ends deliveries whose recipients answered elsewhere.
async fn end(parts: &Arc<Parts>, plan: &Arc<Plan>, ranks: &[u32]) {
    // Taken first, so that no route takes them while it is written down.
    let ranks = plan.lease(ranks);
    if ranks.is_empty() {
        return;
    }
    parts.lanes(plan.record.channel).forget(plan.record.number, &ranks.iter().copied().collect());
    let (state, reason) = (State::Withdrawn, Reason::AnsweredElsewhere);
    let record = |rank: u32| Record {
        rank,
        outcome: Outcome::Reached(state),
        reason,
        delay_ms: 0,
        reference: Box::default(),
        code: "".into(),
    };
    let outcomes = Outcomes {
        plan: plan.record.number,
        lease: 0,
        base_ms: parts.clock.unix_ms(),
        route: LADDER.to_owned(),
        records: ranks.iter().map(|rank| record(*rank)).collect(),
    };
    parts.write_outcomes(plan, &outcomes).await;
    parts.telemetry.delivery(LADDER, plan.record.level, state, ranks.len() as u64);
    parts.telemetry.undelivered(LADDER, reason, ranks.len() as u64);
    parts.progress.notify(&plan.record.warning);
}
