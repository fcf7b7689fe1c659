//! Drives warnings from stage to stage and ends what is over.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use tokio::{
    task::{JoinError, JoinSet},
    time::Instant,
};

use super::{
    Parts, Unavailable, approve, deliver,
    projection::{Closing, Plan},
    record::{Decision, Stage, WarningId, WarningRecord},
    render, schedule, show, target,
};
use crate::domain::{
    delivery::{Reason, State},
    level::Level,
    warning::Warning,
};

/// How often deadlines, endings and unfinished stages are looked at, whatever rang or did not.
const SWEEP: Duration = Duration::from_millis(200);
/// Warnings that advance at a time: their commits share what a commit costs. So many more may if they are red.
const AT_ONCE: usize = 32;
const RED_BESIDE: usize = 8;
/// What the screens show is made anew not more often than this: it is made of every warning that stands.
const SHOW_EVERY: Duration = Duration::from_millis(20);

/// Advances what can advance, until the soft stop; then what is under way comes to the end of its stage.
pub(super) async fn run(parts: Arc<Parts>) {
    let stop = parts.lifecycle.stopping();
    let mut driver = Driver::default();
    while !stop.is_cancelled() {
        let rung = parts.progress.new_work.notified();
        driver.begin(&parts);
        let (until_sweep, until_show) = (driver.until_sweep(&parts), driver.until_show(&parts));
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = parts.clock.sleep(until_show.unwrap_or_default()), if until_show.is_some() => driver.show(&parts).await,
            () = parts.clock.sleep(until_sweep) => driver.sweep(&parts).await,
            Some(ended) = driver.jobs.join_next_with_id() => driver.end(&parts, ended),
            () = rung => {}
        }
    }
    while let Some(ended) = driver.jobs.join_next_with_id().await {
        driver.end(&parts, ended);
    }
    driver.show(&parts).await;
}

/// Warnings under way, at most one of an event: what ends or continues another meets it at rest.
#[derive(Default)]
struct Driver {
    jobs: JoinSet<Result<(), Unavailable>>,
    under_way: HashMap<tokio::task::Id, (WarningId, WarningId)>,
    events: HashSet<WarningId>,
    /// Those whose last step failed, and how often; they rest until the next sweep.
    failing: HashMap<WarningId, u32>,
    resting: HashSet<WarningId>,
    swept: Option<Instant>,
    shown: Option<Instant>,
    /// What the screens show is to be made anew.
    show: bool,
}

impl Driver {
    /// Begins with as many as there is room for: red first, then in order of arrival.
    fn begin(&mut self, parts: &Arc<Parts>) {
        let room = |level: Level| AT_ONCE + if level == Level::Red { RED_BESIDE } else { 0 };
        let free = room(Level::Red).saturating_sub(self.jobs.len());
        if free == 0 {
            return;
        }
        let warnings = parts.warnings.read();
        let begins =
            |record: &&Arc<WarningRecord>| !self.resting.contains(&record.id) && !self.events.contains(&record.event);
        let next: Vec<Arc<WarningRecord>> = warnings.advancing().filter(begins).take(free).cloned().collect();
        drop(warnings);
        for record in next {
            if self.jobs.len() < room(record.level) {
                self.spawn(parts, &record);
            }
        }
    }

    fn spawn(&mut self, parts: &Arc<Parts>, record: &WarningRecord) {
        if !self.events.insert(record.event.clone()) {
            return;
        }
        let (parts, id) = (Arc::clone(parts), record.id.clone());
        let job = self.jobs.spawn(async move { advance(&parts, &id).await });
        self.under_way.insert(job.id(), (record.id.clone(), record.event.clone()));
    }

    fn end(&mut self, parts: &Parts, ended: Result<(tokio::task::Id, Result<(), Unavailable>), JoinError>) {
        let (job, fault) = match ended {
            Ok((job, Ok(()))) => (job, None),
            Ok((job, Err(fault))) => (job, Some(fault)),
            Err(panic) => (panic.id(), Some(Unavailable::new(format!("stage failed: {panic}")))),
        };
        let Some((id, event)) = self.under_way.remove(&job) else { return };
        self.events.remove(&event);
        let Some(fault) = fault else {
            self.failing.remove(&id);
            if parts.warning_record(&id).is_some_and(|record| record.stage < Stage::Delivering) {
                // It waits for something else than its turn.
                self.resting.insert(id);
            }
            return;
        };
        let tries = self.failing.entry(id.clone()).and_modify(|tries| *tries += 1).or_insert(1);
        if tries.is_power_of_two() {
            tracing::error!(warning = %id, %fault, tries = *tries, "stage not finished, repeating");
        }
        self.resting.insert(id);
    }

    fn until_sweep(&self, parts: &Parts) -> Duration {
        let now = parts.clock.instant();
        self.swept.map_or(Duration::ZERO, |swept| (swept + SWEEP).duration_since(now))
    }

    /// How long until the screens are shown what changed; `None` when nothing did.
    fn until_show(&mut self, parts: &Parts) -> Option<Duration> {
        self.show |= parts.screens_are_old();
        let now = parts.clock.instant();
        self.show.then(|| self.shown.map_or(Duration::ZERO, |shown| (shown + SHOW_EVERY).duration_since(now)))
    }

    async fn show(&mut self, parts: &Parts) {
        self.show = false;
        self.shown = Some(parts.clock.instant());
        show::screens(parts).await;
    }

    /// Ends what is over, and begins again with what failed.
    async fn sweep(&mut self, parts: &Arc<Parts>) {
        self.resting.clear();
        parts.write_plans().await;
        expire(parts).await;
        deliver::observe::routes(parts);
        let warnings = parts.warnings.read();
        let over: Vec<Arc<WarningRecord>> =
            warnings.delivering().filter(|record| is_over(parts, record)).cloned().collect();
        drop(warnings);
        over.iter().for_each(|record| self.spawn(parts, record));
        self.swept = Some(parts.clock.instant());
    }
}

/// Takes a warning through every stage it can pass now.
async fn advance(parts: &Arc<Parts>, id: &WarningId) -> Result<(), Unavailable> {
    while !parts.lifecycle.stopping().is_cancelled() {
        let known = parts.warning_record(id).map(|record| record.stage);
        if known == Some(Stage::Delivering) {
            return finish(parts, id).await;
        }
        let Some((record, version)) = parts.stored_warning(id).await? else { return Ok(()) };
        let Ok(warning) = Warning::new(record.message.clone()) else {
            return Err(Unavailable::new("a stored warning does not keep the rules any more".to_owned()));
        };
        match record.stage {
            Stage::Received => {
                let Some(unbegun) = approve::step(parts, record, version, &warning).await? else { return Ok(()) };
                for number in unbegun {
                    show_unbegun(parts, number).await;
                }
            }
            Stage::Released => target::step(parts, record, version, &warning).await?,
            Stage::Targeted => render::step(parts, record, version, &warning).await?,
            Stage::Rendered => schedule::step(parts, record, version).await?,
            Stage::Delivering | Stage::Finished | Stage::Recorded => {
                parts.remember(record);
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Shows a plan that ended before it began, so that the deliveries it will never make are counted and seen, as after a
/// restart. One that has no words yet has no deliveries that could be shown.
async fn show_unbegun(parts: &Parts, number: u64) {
    let plan = loop {
        match schedule::load(parts, number).await {
            Ok(plan) => break plan,
            Err(fault) => {
                tracing::error!(plan = number, %fault, "plan that ended not yet read, repeating");
                parts.clock.sleep(SWEEP).await;
            }
        }
        if parts.lifecycle.stopping().is_cancelled() {
            return;
        }
    };
    plan.into_iter().for_each(|plan| drop(parts.projection.insert(plan)));
}

/// Whether nothing of a warning is open. An end that only memory knows would be open again after a restart, with nobody
/// left to see to it.
fn is_over(parts: &Parts, record: &WarningRecord) -> bool {
    let plans = parts.projection.plans(&record.plans);
    plans.iter().all(|plan| plan.snapshot().open() == 0) && parts.are_written(&plans)
}

/// Records the end of a warning whose last delivery has ended.
async fn finish(parts: &Arc<Parts>, id: &WarningId) -> Result<(), Unavailable> {
    let known = parts.warning_record(id);
    if !known.is_some_and(|known| is_over(parts, &known)) {
        return Ok(());
    }
    let Some((mut record, version)) = parts.stored_warning(id).await? else { return Ok(()) };
    let now_ms = parts.clock.unix_ms();
    record.stage = Stage::Finished;
    record.finished_ms = Some(now_ms);
    let decision =
        Decision { at_ms: now_ms, what: "finished".to_owned(), warning: Some(id.clone()), by: None, detail: None };
    parts.advance(&record, version, Vec::new(), &decision).await?;
    parts.progress.notify(id);
    Ok(())
}

/// Ends plans whose deadline has come.
async fn expire(parts: &Arc<Parts>) {
    let now_ms = parts.clock.unix_ms();
    for plan in due(parts, now_ms.div_euclid(1000)) {
        let closing = Closing { state: State::Expired, reason: Reason::Expired, at_ms: now_ms, by: None };
        parts.close_plan(&plan, closing, "").await;
    }
}

fn due(parts: &Parts, now_unix: i64) -> Vec<Arc<Plan>> {
    if !parts.nodes.is_alone() {
        // What waits of it may wait in the lanes of another node.
        let warnings = parts.warnings.read();
        let plans = warnings.delivering().flat_map(|record| parts.projection.plans(&record.plans));
        return plans.filter(|plan| plan.record.deadline <= now_unix && plan.closing().is_none()).collect();
    }
    fenghuo_contract::Channel::ALL.into_iter().flat_map(|channel| parts.lanes(channel).due(now_unix)).collect()
}
