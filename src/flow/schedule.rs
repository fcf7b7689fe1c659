//! Stage 6: in which order. A rendered warning's plans enter the lanes of their channels; routes take slices out.

pub(crate) mod ladder;
mod lanes;
mod limit;
mod limits;
pub(super) mod measured;
mod pacer;
mod recipients;
mod reserve;

use std::sync::Arc;

use fenghuo_contract::Content;
use roaring::RoaringBitmap;

pub(crate) use lanes::{Ask, LaneKey, Lanes, Outlook, Served, Slice, Work};
pub(crate) use limit::{At, DayUse, No, Node as LimitNode};
pub(crate) use limits::{Held, Limits, SliceShape, name as limit_name};
pub(crate) use pacer::Pacer;
pub(crate) use reserve::{known, run as reserve};

use super::{
    Parts, Unavailable, nodes,
    parts::parse,
    projection::{Closing, Plan},
    record::{Decision, PlanRecord, Stage, WarningRecord},
    render::PlanContents,
    target::bitmap,
};
use crate::{
    domain::{
        delivery::{Reason, State},
        purpose::{HasPurpose, Purpose},
    },
    store::Space,
};

/// Lets the plans of a rendered warning into the lanes.
pub(crate) async fn step(parts: &Arc<Parts>, mut record: WarningRecord, version: u64) -> Result<(), Unavailable> {
    let mut plans = Vec::with_capacity(record.plans.len());
    for number in &record.plans {
        let Some(plan) = load(parts, *number).await? else {
            return Err(Unavailable::new(format!("plan {number} has no content")));
        };
        plans.push(parts.projection.insert(plan));
    }
    record.stage = Stage::Delivering;
    let decision = Decision {
        at_ms: parts.clock.unix_ms(),
        what: "delivering".to_owned(),
        warning: Some(record.id.clone()),
        by: None,
        detail: None,
    };
    let sequence = parts.advance(&record, version, Vec::new(), &decision).await?;
    for plan in plans {
        plan.begins_at(sequence.max(1));
        end_in_doubt(parts, &plan).await;
        enter(parts, &plan);
        if plan.record.channel == fenghuo_contract::Channel::Display {
            parts.screens_change();
        }
    }
    Ok(())
}

/// Ends a plan whose records do not say the same about what it is for: nothing would carry it.
pub(crate) async fn end_in_doubt(parts: &Parts, plan: &Arc<Plan>) {
    if plan.purpose().is_some() || plan.closing().is_some() {
        return;
    }
    tracing::error!(
        plan = plan.record.number,
        warning = %plan.record.warning,
        code = "reason-drill-gate",
        "the records of a plan and of its warning differ about whether it is a drill: it ends unsent; \
         see /docs/errors/reason-drill-gate"
    );
    let at_ms = parts.clock.unix_ms();
    let closing = Closing { state: State::Failed, reason: Reason::DrillGate, at_ms, by: None };
    parts.close_plan(plan, closing, "").await;
}

/// Lets what is unsent of a plan into the lanes: what was claimed before and is pending, and what was never claimed.
pub(crate) fn enter(parts: &Parts, plan: &Arc<Plan>) {
    // Later steps of a ladder come in recipient by recipient.
    if plan.closing().is_some() || plan.record.ladder.is_some_and(|ladder| ladder.step > 0) {
        return;
    }
    if !parts.nodes.is_alone() {
        // Block by block, by whoever claims it.
        return nodes::enter(parts);
    }
    let (again, next) = plan.pending_claimed();
    if !again.is_empty() || next < plan.size() {
        parts.lanes(plan.record.channel).push(Work::new(Arc::clone(plan), next, again), parts.clock.unix());
    }
}

/// A plan as its records say, with nothing sent; `None` while it has no words.
pub(crate) async fn load(parts: &Parts, number: u64) -> Result<Option<Plan>, Unavailable> {
    let audience = bitmap(&piece(parts, Space::PlanAudience, number, "audience").await?)?;
    load_for(parts, number, audience).await
}

/// A plan whose audience was erased: nobody is in it.
pub(crate) async fn load_erased(parts: &Parts, number: u64) -> Result<Option<Plan>, Unavailable> {
    load_for(parts, number, RoaringBitmap::new()).await
}

async fn load_for(parts: &Parts, number: u64, audience: RoaringBitmap) -> Result<Option<Plan>, Unavailable> {
    let record: PlanRecord = parse(&piece(parts, Space::Plan, number, "record").await?)?;
    let Some(contents) = parts.store.get(Space::PlanContent, number.into()).await? else { return Ok(None) };
    let contents: PlanContents = parse(&contents.value)?;
    let mut variants: Vec<RoaringBitmap> = Vec::with_capacity(contents.variants.len());
    for variant in &contents.variants {
        variants.push(variant.rows()?);
    }
    let all: Vec<Arc<Content>> = contents.into_contents();
    // Two records say what a plan is for, its own and that of its warning: one that was altered does not pass.
    let known = parts.warning_record(&record.warning).and_then(|warning| Purpose::of(warning.message.status));
    Ok(Some(Plan::new(record, audience, all, variants).of_warning(known)))
}

async fn piece(parts: &Parts, space: Space, number: u64, what: &str) -> Result<bytes::Bytes, Unavailable> {
    let stored = parts.store.get(space, number.into()).await?;
    Ok(stored.ok_or_else(|| Unavailable::new(format!("plan {number} has no {what}")))?.value)
}
