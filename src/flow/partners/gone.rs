//! Partners that want no more.

use std::sync::Arc;

use fenghuo_contract::Cause;

use super::Gone;
use crate::{
    config::partners::route_name,
    domain::delivery::{Reason, State},
    flow::{
        Parts, Unavailable,
        alarms::{AlarmCode, Seen, Subject, Told},
        deliver::Route,
        projection::{
            Closing,
            codec::{Outcomes, Record},
        },
        record::{Decision, WarningId, json, rfc3339},
    },
    store::{Commit, Expect, Put, Space, Urgency},
};

/// The code of the answer that says so.
const GONE: &str = "HTTP 410";

/// Looks at the outcomes of a partner's route for the answer that it wants no more.
pub(crate) fn answered(parts: &Arc<Parts>, route: &Route, warning: &WarningId, outcomes: &Outcomes) {
    let Some(name) = &route.config.partner else { return };
    let says_so = |record: &Record| record.reason == Reason::RecipientRefused && &*record.code == GONE;
    if outcomes.records.iter().any(says_so) {
        note(parts, name, Some(warning.clone()));
    }
}

/// Looks at what a ping was answered.
pub(crate) fn refused(parts: &Arc<Parts>, route: &Route, cause: &Cause) {
    if let Some(name) = route.config.partner.as_ref().filter(|_| &*cause.code == GONE) {
        note(parts, name, None);
    }
}

fn note(parts: &Arc<Parts>, name: &str, warning: Option<WarningId>) {
    let gone = Gone { since_ms: parts.clock.unix_ms(), warning };
    {
        let mut known = parts.partners.gone.write();
        if known.contains_key(name) {
            return;
        }
        known.insert(name.to_owned(), gone.clone());
    }
    parts.lifecycle.spawn(disable(Arc::clone(parts), name.to_owned(), gone));
}

async fn disable(parts: Arc<Parts>, name: String, gone: Gone) {
    tracing::error!(partner = name, "the partner answered 410 and gets nothing more until a test succeeds");
    let decision = Decision {
        at_ms: gone.since_ms,
        what: "partner_disabled".to_owned(),
        warning: gone.warning.clone(),
        by: None,
        detail: Some(format!("{name} {GONE}")),
    };
    if let Err(fault) = write(&parts, &name, Some(&gone), &decision).await {
        // It answers the same to the next event.
        tracing::error!(partner = name, fault = fault.cause, "that a partner wants no more could not be written down");
    }
    let route = route_name(&name);
    let at_ms = parts.clock.unix_ms();
    let waiting = parts.projection.all().into_iter();
    for plan in waiting.filter(|plan| plan.record.routes.contains(&route) && plan.snapshot().open() > 0) {
        let closing = Closing { state: State::Failed, reason: Reason::RecipientRefused, at_ms, by: None };
        parts.close_plan(&plan, closing, GONE).await;
    }
}

/// Lets a partner have warnings again.
pub(super) async fn enable(parts: &Parts, name: &str, by: &str) -> Result<(), Unavailable> {
    if !parts.partners.is_gone(name) {
        return Ok(());
    }
    let decision = Decision {
        at_ms: parts.clock.unix_ms(),
        what: "partner_enabled".to_owned(),
        warning: None,
        by: Some(by.to_owned()),
        detail: Some(name.to_owned()),
    };
    write(parts, name, None, &decision).await?;
    parts.partners.gone.write().remove(name);
    Ok(())
}

async fn write(parts: &Parts, name: &str, gone: Option<&Gone>, decision: &Decision) -> Result<(), Unavailable> {
    let put = Put { space: Space::Partner, key: name.into(), value: gone.map(json), expect: Expect::Any };
    let commit = Commit { puts: vec![put], entries: vec![decision.entry()] };
    let committed = parts.store.commit_as(Urgency::Reserved, commit).await?;
    parts.progress.decided(committed.entries.first().map_or(0, |entry| entry.sequence), decision);
    Ok(())
}

/// The alarm of every partner that wants no more.
pub(crate) fn seen(parts: &Parts, seen: &mut Seen) {
    for (name, gone) in parts.partners.gone.read().iter() {
        let subject = Subject { route: Some(route_name(name)), ..Subject::default() };
        let facts = [("name".to_owned(), name.clone()), ("since".to_owned(), rfc3339(gone.since_ms))].into();
        seen.insert((AlarmCode::PartnerGone, subject), Told { since_ms: Some(gone.since_ms), facts });
    }
}
