//! A drill's time has come.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;

use super::{
    decision,
    record::{DrillRecord, State, body_key},
    write,
};
use crate::{
    flow::{
        Flow, Parts, Unavailable, authorize,
        intake::{self, Repeat, SubmitFault, Submitted},
        record::{WarningId, span_ms},
    },
    store::Space,
};

/// How often it is looked at least: the wall clock may have been set meanwhile.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Lets drills enter at their time, until the soft stop.
pub(in crate::flow) async fn run(parts: Arc<Parts>) {
    let stop = parts.lifecycle.stopping();
    while !stop.is_cancelled() {
        let new = parts.drills.bell.notified();
        let wait = look(&parts).await;
        tokio::select! {
            biased;
            () = stop.cancelled() => {}
            () = new => {}
            () = parts.clock.sleep(wait) => {}
        }
    }
}

/// Lets everything enter whose time has come; says how long to wait for the next.
async fn look(parts: &Arc<Parts>) -> Duration {
    let mut known = parts.drills.known.lock().await;
    let now_ms = parts.clock.unix_ms();
    let waiting = |drill: &&DrillRecord| drill.state == State::Scheduled;
    let mut due: Vec<DrillRecord> =
        known.values().filter(waiting).filter(|drill| drill.starts_ms <= now_ms).cloned().collect();
    due.sort_by_key(|drill| drill.starts_ms);
    for mut drill in due {
        match enter(parts, &mut drill).await {
            Ok(()) => parts.drills.remember(&mut known, drill),
            Err(fault) => {
                tracing::error!(drill = drill.id, %fault, "a drill could not begin at its time, repeating");
            }
        }
        if parts.lifecycle.stopping().is_cancelled() {
            break;
        }
    }
    let next = known.values().filter(waiting).map(|drill| drill.starts_ms).min();
    let until = next.map_or(LOOK_EVERY, |next| {
        Duration::from_millis(u64::try_from(next - parts.clock.unix_ms()).unwrap_or_default())
    });
    // One that failed is tried again in a moment.
    until.clamp(Duration::from_millis(200), LOOK_EVERY)
}

/// Lets one enter, or notes why it does not.
async fn enter(parts: &Arc<Parts>, drill: &mut DrillRecord) -> Result<(), Unavailable> {
    // Whether it entered before this process was there to note it.
    let before = intake::earlier(parts, &drill.submission(Bytes::new(), drill.author())).await?;
    let outcome = match before {
        Some(warning) => Ok(warning),
        None => submit(parts, drill).await?,
    };
    let what = match outcome {
        Ok(warning) => {
            drill.warning = Some(warning);
            drill.end(State::Entered, parts.clock.unix_ms());
            "drill_entered"
        }
        Err(why) => {
            drill.why = Some(why.to_owned());
            drill.end(State::Skipped, parts.clock.unix_ms());
            tracing::error!(
                drill = drill.id,
                starts = drill.view().starts_at,
                why,
                code = "alarm-drill-skipped",
                "a scheduled drill does not begin; see /docs/errors/alarm-drill-skipped"
            );
            "drill_skipped"
        }
    };
    write(parts, drill, decision(parts, what, drill, Some(&drill.scheduled_by))).await
}

/// The warning it became, or why it becomes none.
async fn submit(parts: &Arc<Parts>, drill: &DrillRecord) -> Result<Result<WarningId, &'static str>, Unavailable> {
    let late_ms = span_ms(parts.config.drills.late_s);
    if parts.clock.unix_ms() - drill.starts_ms > late_ms {
        return Ok(Err("late"));
    }
    let Some(actor) = authorize::holder_of(parts, &drill.scheduled_by).await? else { return Ok(Err("key_revoked")) };
    let stored = parts.store.get(Space::Drill, body_key(&drill.id)).await?;
    let body = stored.ok_or_else(|| Unavailable::new(format!("drill {} has no bytes", drill.id)))?.value;
    let submitted = Flow(Arc::clone(parts)).take(drill.submission(body, actor), Repeat::SameBody).await;
    match submitted {
        Ok(Submitted::Created(view) | Submitted::Repeated(view)) => Ok(Ok(view.id)),
        Err(SubmitFault::Unavailable(fault)) => Err(fault),
        Err(SubmitFault::KeyRunning) => Err(Unavailable::new("its key is in use")),
        Err(SubmitFault::Forbidden(_)) => Ok(Err("forbidden")),
        // Nothing a drill says ends what was not released; if it did, it would be refused.
        Err(SubmitFault::Rejected(_) | SubmitFault::NotReleased) => Ok(Err("rejected")),
        Err(SubmitFault::IdentityTaken(_) | SubmitFault::KeyReused) => Ok(Err("identity_taken")),
    }
}
