//! Reminders: whoever a signature is waited for from, again and again until it is there, then his deputies too; and the
//! office of the submitter, when its warning comes back, is rejected, or will soon be too old to be signed.

use std::{sync::Arc, time::Duration};

use super::{
    Parts, Unavailable,
    notice::{self, Addressee, Notice, NoticeKind, Subject},
    record::{WarningId, WarningRecord, rfc3339, span_ms},
};
use crate::domain::{
    roster::{Duty, OFFICE, Officer},
    signoff::{Standing, Step},
};

/// The issuer is told for so long that its warning was not signed; later it is no news.
const NEWS: Duration = Duration::from_secs(3_600);

/// The shortest time a reminder is tried for: until the next one takes over, but not less.
const SHORTEST: Duration = Duration::from_secs(120);

/// Reminds whoever is to be reminded now.
pub(super) async fn look(parts: &Arc<Parts>) -> Result<(), Unavailable> {
    if parts.rosters.is_empty() {
        return Ok(());
    }
    let (waiting, ended) = {
        let warnings = parts.warnings.read();
        let signed = |record: &&Arc<WarningRecord>| record.sign_off.is_some() && record.notice.is_none();
        let waiting: Vec<Arc<WarningRecord>> = warnings.unended().filter(signed).cloned().collect();
        let ended: Vec<Arc<WarningRecord>> = warnings.owed().filter(|record| !record.witnessed).cloned().collect();
        (waiting, ended)
    };
    for record in waiting {
        waits(parts, &record).await?;
    }
    for record in ended {
        unsigned(parts, &record).await?;
    }
    Ok(())
}

/// Reminds of one warning, where it is time.
async fn waits(parts: &Parts, record: &Arc<WarningRecord>) -> Result<(), Unavailable> {
    let now_ms = parts.clock.unix_ms();
    let Some(sign_off) = &record.sign_off else { return Ok(()) };
    if record.expires_unix().is_some_and(|end| end * 1000 <= now_ms) {
        return Ok(());
    }
    let (step, kind) = match sign_off.standing(now_ms) {
        Standing::Waiting(step) => (step, NoticeKind::SignOffReminder),
        Standing::Owed(step) => (step, NoticeKind::SecondSignature),
        _ => return Ok(()),
    };
    let since_ms = now_ms - sign_off.waits_ms(now_ms);
    if let Some(round) = round(parts, now_ms - since_ms) {
        let round = format!("{}/{since_ms}/{round}", step.name());
        let due = if kind == NoticeKind::SecondSignature { sign_off.second_due_ms() } else { None };
        let facts = vec![
            ("step", step.name().to_owned()),
            ("since", rfc3339(since_ms)),
            ("due", rfc3339(due.unwrap_or(sign_off.expires_ms))),
        ];
        let deputies = now_ms - since_ms >= span_ms(parts.config.sign_off_reminders.deputy_after_s);
        let to = signers(parts, record, step, deputies);
        tell(parts, record, kind, round, to, facts).await?;
    }
    let (expiring_ms, whole_ms) =
        (span_ms(parts.config.sign_off_reminders.expiring_s), sign_off.expires_ms - sign_off.began_ms);
    let soon = kind == NoticeKind::SignOffReminder
        && (1..whole_ms).contains(&expiring_ms)
        && sign_off.expires_ms - now_ms <= expiring_ms;
    if soon {
        let facts = vec![("step", step.name().to_owned()), ("due", rfc3339(sign_off.expires_ms))];
        let to = submitters(parts, record);
        let round = sign_off.expires_ms.to_string();
        tell(parts, record, NoticeKind::SignOffExpiring, round, to, facts).await?;
    }
    Ok(())
}

/// Which reminder it is time for after so long; `None` before the first.
fn round(parts: &Parts, waited_ms: i64) -> Option<i64> {
    let rule = &parts.config.sign_off_reminders;
    let since_first = waited_ms - span_ms(rule.first_s);
    let every = span_ms(rule.every_s);
    (since_first >= 0).then(|| if every == 0 { 0 } else { since_first / every })
}

/// Tells the submitter's office that its warning was not signed.
async fn unsigned(parts: &Parts, record: &Arc<WarningRecord>) -> Result<(), Unavailable> {
    let now_ms = parts.clock.unix_ms();
    let to = submitters(parts, record);
    if to.is_empty() || record.finished_ms.is_none_or(|end| now_ms - end > span_ms(NEWS)) {
        parts.warnings.write().forgive(&record.id);
        return Ok(());
    }
    let kind = match record.ended.as_deref() {
        Some("returned") => NoticeKind::SignOffReturned,
        Some("rejected") => NoticeKind::SignOffRejected,
        _ => NoticeKind::SignOffExpired,
    };
    let last = record.sign_off.as_ref().and_then(|sign_off| sign_off.given.last());
    let facts = vec![
        ("person", last.map(|given| given.person.clone()).unwrap_or_default()),
        ("reason", last.and_then(|given| given.reason.clone()).unwrap_or_default()),
        ("time", rfc3339(record.finished_ms.unwrap_or(now_ms))),
    ];
    tell(parts, record, kind, String::new(), to, facts).await
}

async fn tell(
    parts: &Parts,
    record: &Arc<WarningRecord>,
    kind: NoticeKind,
    round: String,
    to: Vec<Addressee>,
    facts: Vec<(&'static str, String)>,
) -> Result<(), Unavailable> {
    let told = parts.warnings.read().has_notice(&record.id, kind, &round);
    let Some(about) = Subject::of(record).filter(|_| !told && !to.is_empty()) else { return Ok(()) };
    let rule = &parts.config.sign_off_reminders;
    let valid = if kind.reminds() { rule.every_s.max(SHORTEST) } else { NEWS };
    let channels = rule.channels.clone();
    notice::tell(parts, Notice { about, kind, round, to, channels, valid, facts, puts: Vec::new() }).await
}

/// Who was reminded of a signature.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
pub struct RemindedView {
    pub step: String,
    /// RFC 3339.
    pub at: String,
    pub persons: Vec<String>,
    /// Deputies were among them.
    pub deputies: bool,
    /// The notice, of which `/v1/warnings/{id}/notices` tells what came of it.
    pub notice: WarningId,
}

/// Who was reminded of the signatures of a warning, oldest first.
pub(super) fn reminded(parts: &Parts, id: &WarningId) -> Vec<RemindedView> {
    let warnings = parts.warnings.read();
    let view = |record: &Arc<WarningRecord>| {
        let of = record.notice.as_ref().filter(|of| of.kind.reminds())?;
        Some(RemindedView {
            step: of.round.split('/').next().unwrap_or_default().to_owned(),
            at: rfc3339(record.received_ms),
            persons: of.to.iter().filter_map(|to| to.person.clone()).collect(),
            deputies: of.to.iter().any(|to| to.deputy),
            notice: record.id.clone(),
        })
    };
    warnings.notices_of(id).filter_map(view).collect()
}

/// The office whose officers sign a step: the issuer's own, or the district's.
pub(super) fn office_of(issuer: Option<&str>, step: Step) -> &str {
    match (step, issuer) {
        (Step::Office, _) | (_, None) => OFFICE,
        (_, Some(issuer)) => issuer,
    }
}

/// Whoever a step is waited for from. Where nobody has it, the duty officer of the office; where there is none, the
/// district's.
fn signers(parts: &Parts, record: &WarningRecord, step: Step, deputies: bool) -> Vec<Addressee> {
    let now = parts.clock.unix();
    let office = office_of(record.issuer.as_deref(), step);
    let own = parts.rosters.on_duty_for(office, step.into(), now).unwrap_or_default();
    if own.is_empty() {
        return or_the_district(parts, office);
    }
    let mut to: Vec<Addressee> = own.iter().map(|standing| addressee(office, &standing.officer, false)).collect();
    if deputies {
        let all = own.iter().flat_map(|standing| &standing.deputies);
        to.extend(all.map(|deputy| addressee(office, deputy, true)));
    }
    once(to)
}

/// The officers on duty at the office of whoever handed it in.
fn submitters(parts: &Parts, record: &WarningRecord) -> Vec<Addressee> {
    or_the_district(parts, record.issuer.as_deref().unwrap_or(OFFICE))
}

/// The duty officers of an office; the district's where there are none.
pub(super) fn or_the_district(parts: &Parts, office: &str) -> Vec<Addressee> {
    let now = parts.clock.unix();
    let own = addressees(parts, office, &[Duty::Duty], now);
    if own.iter().any(|to| to.person.is_some()) || office == OFFICE {
        return own;
    }
    let district = addressees(parts, OFFICE, &[Duty::Duty], now);
    // That the office itself is not manned is worth a line of its own.
    own.into_iter().chain(district).collect()
}

/// Whoever has one of these duties at an office, else whoever is on duty there at all, else a line that says nobody is;
/// empty when the office has no roster.
pub(super) fn addressees(parts: &Parts, office: &str, duties: &[Duty], now: i64) -> Vec<Addressee> {
    let Some(chosen) = parts.rosters.answering(office, duties, now) else { return Vec::new() };
    if chosen.is_empty() {
        return vec![Addressee::nobody(office)];
    }
    once(chosen.iter().map(|standing| addressee(office, &standing.officer, false)).collect())
}

/// Whoever stands in for those on duty at an office now.
pub(super) fn deputies(parts: &Parts, office: &str) -> Vec<Addressee> {
    let all = parts.rosters.on_duty(office, parts.clock.unix()).unwrap_or_default();
    all.iter().flat_map(|standing| &standing.deputies).map(|deputy| addressee(office, deputy, true)).collect()
}

fn addressee(office: &str, officer: &Officer, deputy: bool) -> Addressee {
    Addressee {
        office: office.to_owned(),
        person: Some(officer.person.clone()),
        recipient: Some(officer.recipient.clone()),
        deputy,
        unreached: None,
    }
}

/// Nobody is told the same twice.
pub(super) fn once(to: Vec<Addressee>) -> Vec<Addressee> {
    let mut kept: Vec<Addressee> = Vec::with_capacity(to.len());
    for one in to {
        if !kept.iter().any(|known| known.recipient == one.recipient && known.person == one.person) {
            kept.push(one);
        }
    }
    kept
}
