//! Drives warnings from stage to stage and ends what is over.

use std::{collections::HashMap, sync::Arc, time::Duration};

use super::{
    Parts, Unavailable, approve, deliver,
    projection::{Closing, Plan},
    record::{Decision, Stage, WarningId, WarningRecord},
    render, schedule, target,
};
use crate::domain::{
    delivery::{Reason, State},
    warning::Warning,
};

/// How often deadlines, endings and unfinished stages are looked at, whatever rang or did not.
const SWEEP: Duration = Duration::from_millis(200);

/// Advances what can advance, until the soft stop.
pub(super) async fn run(parts: Arc<Parts>) {
    let stop = parts.lifecycle.stopping();
    let mut failing: HashMap<WarningId, u32> = HashMap::new();
    while !stop.is_cancelled() {
        let rung = parts.progress.new_work.notified();
        for id in unfinished(&parts) {
            if let Err(fault) = advance(&parts, &id).await {
                let row = failing.entry(id.clone()).and_modify(|row| *row += 1).or_insert(1);
                if row.is_power_of_two() {
                    tracing::error!(warning = %id, %fault, tries = *row, "stage not finished, repeating");
                }
            } else {
                failing.remove(&id);
            }
        }
        parts.write_plans().await;
        expire(&parts).await;
        deliver::observe::routes(&parts);
        tokio::select! {
            biased;
            () = rung => {}
            () = parts.clock.sleep(SWEEP) => {}
            () = stop.cancelled() => {}
        }
    }
}

fn unfinished(parts: &Parts) -> Vec<WarningId> {
    let warnings = parts.warnings.read();
    let mut open: Vec<&Arc<WarningRecord>> =
        warnings.values().filter(|record| !matches!(record.stage, Stage::Finished | Stage::Recorded)).collect();
    // Red first here too; lifts and updates after what they reference, in order of arrival.
    open.sort_by_key(|record| (std::cmp::Reverse(record.level), record.received_ms));
    open.into_iter().map(|record| record.id.clone()).collect()
}

/// Takes a warning through every stage it can pass now.
async fn advance(parts: &Arc<Parts>, id: &WarningId) -> Result<(), Unavailable> {
    loop {
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
                for number in approve::step(parts, record, version).await? {
                    // So that the deliveries it will never make are counted and seen, as after a restart. One that has
                    // no words yet has no deliveries that could be shown.
                    if let Ok(plan) = schedule::load(parts, number).await {
                        parts.projection.insert(plan);
                    }
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
}

/// Records the end of a warning whose last delivery has ended.
async fn finish(parts: &Arc<Parts>, id: &WarningId) -> Result<(), Unavailable> {
    let Some(known) = parts.warning_record(id) else { return Ok(()) };
    let plans = parts.projection.plans(&known.plans);
    // An end that only memory knows would be open again after a restart, with nobody left to see to it.
    if plans.iter().any(|plan| plan.snapshot().open() > 0) || !parts.are_written(&plans) {
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
    fenghuo_contract::Channel::ALL.into_iter().flat_map(|channel| parts.lanes(channel).due(now_unix)).collect()
}
