//! Stage 3: the steps between received and released. Until sign-off is configured, a policy releases at once.
//!
//! Releasing an update or a lift ends, in the same commit, the warnings it references: what is unsent of them is
//! never sent.

use std::sync::Arc;

use super::{
    Parts, Unavailable,
    parts::parse,
    projection::Closing,
    record::{Decision, PlanRecord, Stage, WarningRecord, json, replace},
};
use crate::{
    domain::{
        delivery::{Reason, State},
        message::Kind,
        warning::Warning,
    },
    store::{Expect, Put, Space},
};

/// Decides about a received warning: releases it, by policy. Gives the plans that this ended before they began.
pub(crate) async fn step(parts: &Arc<Parts>, mut record: WarningRecord, version: u64) -> Result<Vec<u64>, Unavailable> {
    let now_ms = parts.clock.unix_ms();
    record.stage = Stage::Released;
    record.released_ms = Some(now_ms);
    let decision = Decision {
        at_ms: now_ms,
        what: "released".to_owned(),
        warning: Some(record.id.clone()),
        by: Some("policy".to_owned()),
        detail: None,
    };
    let ended = ends(parts, &record, now_ms).await?;
    let puts = ended.iter().flat_map(|end| end.puts.clone()).collect();
    parts.advance(&record, version, puts, &decision).await?;
    let mut unbegun = Vec::new();
    for end in ended {
        for number in &end.record.plans {
            if let Some(plan) = parts.projection.plan(*number) {
                plan.close(&end.closing);
                parts.lanes(plan.record.channel).remove(*number);
            }
        }
        unbegun.extend(end.unbegun);
        parts.progress.notify(&end.record.id);
        parts.remember(end.record);
    }
    parts.show_on_screens();
    Ok(unbegun)
}

/// A warning that ends, with the changes that record it.
struct End {
    record: WarningRecord,
    closing: Closing,
    puts: Vec<Put>,
    /// Its plans that are frozen and had not begun.
    unbegun: Vec<u64>,
}

/// What a warning ends: every standing member of its event that is older, when it is an update or a lift.
async fn ends(parts: &Arc<Parts>, record: &WarningRecord, now_ms: i64) -> Result<Vec<End>, Unavailable> {
    if !matches!(record.message.kind, Kind::Update | Kind::Cancel) {
        return Ok(Vec::new());
    }
    let lift = Warning::new(record.message.clone()).is_ok_and(|warning| warning.is_lift());
    let (word, state, reason) = if lift {
        ("lifted", State::Withdrawn, Reason::Lifted)
    } else {
        ("superseded", State::Superseded, Reason::Superseded)
    };
    let mut ends = Vec::new();
    for earlier in parts.event_members(&record.event) {
        if earlier.id == record.id || earlier.ended.is_some() || earlier.received_ms > record.received_ms {
            continue;
        }
        let Some((mut ended, version)) = parts.stored_warning(&earlier.id).await? else { continue };
        ended.ended = Some(word.to_owned());
        ended.ended_by = Some(record.id.clone());
        let mut unbegun = Vec::new();
        if ended.stage < Stage::Delivering {
            unbegun.clone_from(&ended.plans);
            ended.stage = Stage::Finished;
            ended.finished_ms = Some(now_ms);
        }
        let closing = Closing { state, reason, at_ms: now_ms, by: Some(record.id.clone()) };
        let mut puts = vec![replace(Space::Warning, ended.id.0.as_str(), &ended, version)];
        let plans = parts.projection.plans(&ended.plans);
        let mut records: Vec<PlanRecord> =
            plans.iter().filter(|plan| plan.closing().is_none()).map(|plan| plan.record.clone()).collect();
        for number in unbegun.iter().filter(|number| plans.iter().all(|plan| plan.record.number != **number)) {
            if let Some(stored) = parts.store.get(Space::Plan, (*number).into()).await? {
                records.push(parse(&stored.value)?);
            }
        }
        puts.extend(records.into_iter().map(|record| {
            let record = PlanRecord { closing: Some(closing.clone()), ..record };
            Put { space: Space::Plan, key: record.number.into(), value: Some(json(&record)), expect: Expect::Any }
        }));
        ends.push(End { record: ended, closing, puts, unbegun });
    }
    Ok(ends)
}
