//! Stage 3: the steps between received and released: signatures where a rule asks for them, else policy at once.
//!
//! Releasing an update or a lift ends, in the same commit, the older warnings of its event, see [`chain`]: what is unsent
//! of them is never sent. Releasing any other warning keeps, in the same commit, the lift and the correction that were
//! signed with it. What departments have to do about it becomes durable in it too.

mod sign;

use std::sync::Arc;

pub use super::remind::RemindedView;
pub use sign::{GivenView, SignOffFault, SignOffView, SignOrder};

use super::{
    Parts, Unavailable,
    exact::{self, Forms},
    forecast, measures,
    parts::parse,
    projection::Closing,
    record::{Decision, PlanRecord, Stage, WarningRecord, json, replace},
    witness,
};
use crate::{
    domain::{
        chain,
        delivery::{Reason, State},
        signoff::{Beyond, Standing},
        warning::Warning,
    },
    store::{Expect, Put, Space},
};

/// Decides about a received warning: releases it, by policy or when everybody has signed whose signature it takes.
/// Gives the plans that this ended before they began; `None` when it waits, or ended unsigned.
pub(crate) async fn step(
    parts: &Arc<Parts>,
    mut record: WarningRecord,
    version: u64,
    warning: &Warning,
) -> Result<Option<Vec<u64>>, Unavailable> {
    // Releases by policy share a commit: only where somebody may be signing does one wait for the other.
    let beyond = match record.sign_off {
        Some(_) => None,
        None => forecast::beyond(parts, record.issuer.as_deref(), warning).await?,
    };
    let asks = record.sign_off.is_some() || sign::begun(parts, &record, warning, beyond).is_some();
    let _signing = if asks { Some(parts.signing.lock().await) } else { None };
    // Somebody may have signed since it was read.
    if parts.warning_record(&record.id).is_some_and(|known| known.sign_off != record.sign_off) {
        return Ok(None);
    }
    let Some((by, forms)) = signed(parts, &mut record, version, warning, beyond).await? else { return Ok(None) };
    let now_ms = parts.clock.unix_ms();
    record.stage = Stage::Released;
    record.released_ms = Some(now_ms);
    record.witnessed = witness::is_owed(parts, &record, warning);
    let decision = Decision {
        at_ms: now_ms,
        what: "released".to_owned(),
        warning: Some(record.id.clone()),
        by: Some(by),
        detail: None,
    };
    let ended = ends(parts, &record, now_ms).await?;
    let mut puts: Vec<Put> = ended.iter().flat_map(|end| end.puts.clone()).collect();
    if let Some(forms) = forms {
        let (space, key) = (Space::WarningPrepared, record.id.0.as_str().into());
        puts.push(Put { space, key, value: Some(json(&forms)), expect: Expect::Any });
    }
    let measures = measures::at_release(parts, &record, warning, now_ms).await?;
    let sheet = measures.map(|(put, sheet)| {
        puts.push(put);
        sheet
    });
    parts.advance(&record, version, puts, &decision).await?;
    if let Some(sheet) = sheet {
        parts.measures.remember(&record.event, sheet);
        parts.bell.notify_one();
    }
    let mut unbegun = Vec::new();
    if !ended.is_empty() {
        parts.screens_change();
    }
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
    Ok(Some(unbegun))
}

/// By whom it is released (by policy, or by whoever signed last), and what would end it, as it was signed. `None`: not
/// now; what follows from that is written.
async fn signed(
    parts: &Arc<Parts>,
    record: &mut WarningRecord,
    version: u64,
    warning: &Warning,
    beyond: Option<Beyond>,
) -> Result<Option<(String, Option<Forms>)>, Unavailable> {
    let forms = |record: &WarningRecord| Forms::of(parts, warning, record.issuer.as_deref());
    let now_ms = parts.clock.unix_ms();
    let Some(sign_off) = &record.sign_off else {
        record.sign_off = sign::begun(parts, record, warning, beyond);
        let Some(sign_off) = &record.sign_off else {
            return Ok(Some(("policy".to_owned(), forms(record))));
        };
        let detail = sign_off.steps.iter().map(|step| step.name()).collect::<Vec<_>>().join(" ");
        write(parts, record, version, "sign_off_began", format!("{}: {detail}", sign_off.rule)).await?;
        return Ok(None);
    };
    let unsigned = match sign_off.standing(now_ms) {
        Standing::Waiting(_) => return Ok(None),
        Standing::Returned => "returned",
        Standing::Rejected => "rejected",
        Standing::Expired => "unsigned",
        Standing::Signed | Standing::Owed(_) => {
            let forms = forms(record);
            let digest = exact::digest(parts, warning, record, forms.as_ref());
            let Some(sign_off) = &mut record.sign_off else { return Ok(None) };
            if sign_off.void(&digest) {
                write(parts, record, version, "signatures_voided", digest).await?;
                return Ok(None);
            }
            let last = sign_off.given.last().map(|given| given.key.clone());
            return Ok(Some((last.unwrap_or_default(), forms)));
        }
    };
    record.stage = Stage::Finished;
    record.finished_ms = Some(now_ms);
    record.ended = Some(unsigned.to_owned());
    write(parts, record, version, "ended", unsigned.to_owned()).await?;
    Ok(None)
}

/// Writes down what has become of a warning that is not released.
async fn write(
    parts: &Arc<Parts>,
    record: &WarningRecord,
    version: u64,
    what: &str,
    detail: String,
) -> Result<(), Unavailable> {
    let decision = Decision {
        at_ms: parts.clock.unix_ms(),
        what: what.to_owned(),
        warning: Some(record.id.clone()),
        by: None,
        detail: Some(detail),
    };
    parts.advance(record, version, Vec::new(), &decision).await?;
    parts.progress.notify(&record.id);
    Ok(())
}

/// A warning that ends, with the changes that record it.
struct End {
    record: WarningRecord,
    closing: Closing,
    puts: Vec<Put>,
    /// Its plans that are frozen and had not begun.
    unbegun: Vec<u64>,
}

/// What a warning ends: every member of its event that is older or that it names, when it is an update or a lift. A
/// correction ends what was a mistake also when that was ended before: it was more than that.
async fn ends(parts: &Arc<Parts>, record: &WarningRecord, now_ms: i64) -> Result<Vec<End>, Unavailable> {
    let (word, state, reason) = match &record.message {
        _ if record.order.as_ref().is_some_and(|order| order.stops_relaying) => {
            ("stopped", State::Withdrawn, Reason::Lifted)
        }
        message if chain::is_correction(message) => ("corrected", State::Superseded, Reason::Superseded),
        message if chain::is_lift(message) => ("lifted", State::Withdrawn, Reason::Lifted),
        _ => ("superseded", State::Superseded, Reason::Superseded),
    };
    let mistake = record.order.as_ref().filter(|_| word == "corrected").map(|order| &order.of);
    let mut ends = Vec::new();
    for earlier in parts.event_members(&record.event) {
        let older = chain::ends((&record.message, record.received_ms), (&earlier.message, earlier.received_ms));
        let open = earlier.ended.is_none() || (mistake == Some(&earlier.id) && earlier.released_ms.is_some());
        if earlier.id == record.id || !open || !older {
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
