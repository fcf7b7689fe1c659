//! Signing: who says what about a warning that waits, and how its sign-off stands.

use std::time::Duration;

use serde::Serialize;

use crate::{
    domain::{
        finding::{Finding, Weight},
        measures::Planned,
        signoff::{Answer, Beyond, Given, SignFault, SignOff, Signer, Standing, Step},
        warning::Warning,
    },
    flow::{
        Flow, Parts, Unavailable,
        authorize::{self, Actor},
        exact::{self, Forms, PreparedTexts, SignedText},
        fit::{self, CarriedText},
        measures,
        record::{Decision, Stage, WarningId, WarningRecord, rfc3339, span_ms},
        remind,
        remind::RemindedView,
        roster::Standing as OnDuty,
    },
};

/// What a signer says.
#[derive(Clone, Debug)]
pub struct SignOrder {
    pub step: Step,
    pub answer: Answer,
    pub reason: Option<String>,
    /// The digest the signer was shown.
    pub digest: String,
    /// Release at once on this signature; the others follow.
    pub emergency: bool,
}

/// Why an answer is not taken.
#[derive(Debug, thiserror::Error)]
pub enum SignOffFault {
    /// It needs no signature, or was released or ended before.
    #[error("nothing to sign")]
    NotWaiting,
    #[error(transparent)]
    Refused(#[from] SignFault),
    /// The roster of the office names others for this step now.
    #[error("not on duty for this step")]
    NotOnDuty {
        office: String,
        /// Whoever is.
        on_duty: Vec<String>,
    },
    /// No route of a channel can carry the text.
    #[error("{} channels cannot carry it", .0.len())]
    NotCarried(Vec<Finding>),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// The sign-off of a warning, as signers and its issuer see it while it runs.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct SignOffView {
    pub warning: WarningId,
    /// Name of the rule that asks for it.
    pub rule: String,
    #[serde(flatten)]
    pub standing: Standing,
    /// Every step, in order.
    pub steps: Vec<Step>,
    /// What was said, in order.
    pub given: Vec<GivenView>,
    /// What was said about texts that would not go out any more.
    pub voided: Vec<GivenView>,
    /// RFC 3339.
    pub began_at: String,
    /// Not signed by then, it is not released, RFC 3339.
    pub expires_at: String,
    /// Until when the next signature of an emergency is owed, RFC 3339.
    pub second_due_at: Option<String>,
    /// Who was reminded of a signature, and when, oldest first.
    pub reminded: Vec<RemindedView>,
    /// Whether one signature may release it.
    pub emergency_allowed: bool,
    /// Why the office signs too, whatever the rules ask.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Beyond, required = false)]
    pub beyond: Option<Beyond>,
    /// Of exactly what would go out; a signature names it. `null` once it is over.
    pub digest: Option<String>,
    /// Exactly what would go out if it were released now.
    pub texts: Vec<SignedText>,
    /// What the routes make of each of these texts: how many segments it takes, what readers see where that is something
    /// else, or why a route cannot carry it.
    pub carried: Vec<CarriedText>,
    /// What is signed with it: exactly what would go out if it were lifted, or had been a mistake. The times of sending
    /// are blanks, such as 〔发出时间〕, and are filled in then; nothing else changes. `null` once it is over.
    pub prepared: Option<PreparedTexts>,
    /// What is signed with it: what departments have to do when it is released. Empty once it is over.
    pub measures: Vec<Planned>,
}

/// What somebody said, and when.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct GivenView {
    pub step: Step,
    pub answer: Answer,
    pub person: String,
    /// RFC 3339.
    pub at: String,
    /// Seconds since the step before, or since it came in.
    pub took_s: i64,
    pub reason: Option<String>,
    pub emergency: bool,
    /// Whom the signer stood in for.
    pub deputy_of: Option<String>,
}

impl Flow {
    /// How the sign-off of a warning stands; `None` when there is no such warning or it needed none.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn sign_off(&self, id: &WarningId) -> Result<Option<SignOffView>, Unavailable> {
        Ok(self.0.warning_record(id).and_then(|record| view(&self.0, &record)))
    }

    /// Takes what a signer says; `None` when there is no such warning.
    ///
    /// # Errors
    /// [`SignOffFault`]; nothing has changed then, unless it is `Unavailable`: look before repeating.
    pub async fn sign(
        &self,
        id: &WarningId,
        order: SignOrder,
        actor: &Actor,
    ) -> Result<Option<SignOffView>, SignOffFault> {
        let parts = &self.0;
        let made_by = authorize::person_of(parts, &actor.made_by).await?;
        let signing = parts.signing.lock().await;
        let Some((mut record, version)) = parts.stored_warning(id).await? else { return Ok(None) };
        let submitter = record.submitted_person.clone().unwrap_or_else(|| record.submitted_by.clone());
        let warning = Warning::new(record.message.clone()).map_err(|_| SignOffFault::NotWaiting)?;
        let digest = digest(parts, &warning, &record);
        let Some(sign_off) = record.sign_off.as_mut().filter(|_| record.ended.is_none()) else {
            return Err(SignOffFault::NotWaiting);
        };
        let mut given = given(parts, &order, actor);
        given.deputy_of = deputy_of(parts, record.issuer.as_deref(), &given)?;
        let signer = Signer { person: actor.who(), made_by: made_by.as_deref() };
        sign_off.take(given.clone(), signer, &submitter, &digest)?;
        if given.answer == Answer::Approve && record.stage == Stage::Received {
            let mut found = fit::check(parts, &warning, record.issuer.as_deref()).await?;
            found.retain(|finding| finding.weight == Weight::Refuse);
            if !found.is_empty() {
                return Err(SignOffFault::NotCarried(found));
            }
        }
        parts.advance(&record, version, Vec::new(), &decision(id, &given)).await?;
        drop(signing);
        parts.progress.notify(id);
        parts.progress.new_work.notify_one();
        Ok(view(parts, &record))
    }
}

/// The digest of what would go out if a warning were released now.
pub(super) fn digest(parts: &Parts, warning: &Warning, record: &WarningRecord) -> String {
    let forms = Forms::of(parts, warning, record.issuer.as_deref());
    exact::digest(parts, warning, record, forms.as_ref())
}

fn given(parts: &Parts, order: &SignOrder, actor: &Actor) -> Given {
    Given {
        step: order.step,
        answer: order.answer,
        person: actor.who().to_owned(),
        key: actor.key.clone(),
        at_ms: parts.clock.unix_ms(),
        reason: order.reason.clone(),
        digest: order.digest.clone(),
        emergency: order.emergency,
        deputy_of: None,
    }
}

/// Whom a signer stands in for; `None` when for nobody. Where the office of the step has a roster, only whoever is on
/// duty for it signs it, and his deputies. Returning and rejecting need no duty, for stopping is easier than starting;
/// and while a roster has nobody for the step, it binds nobody: a gap in it must not keep a warning from going out.
fn deputy_of(parts: &Parts, issuer: Option<&str>, given: &Given) -> Result<Option<String>, SignOffFault> {
    let office = remind::office_of(issuer, given.step);
    let now = given.at_ms.div_euclid(1000);
    let on_duty = parts.rosters.on_duty_for(office, given.step.into(), now).unwrap_or_default();
    if given.answer != Answer::Approve || on_duty.is_empty() {
        return Ok(None);
    }
    if on_duty.iter().any(|standing| standing.officer.person == given.person) {
        return Ok(None);
    }
    let stands_in = |standing: &&OnDuty| standing.deputies.iter().any(|deputy| deputy.person == given.person);
    if let Some(standing) = on_duty.iter().find(stands_in) {
        return Ok(Some(standing.officer.person.clone()));
    }
    let on_duty = on_duty.into_iter().map(|standing| standing.officer.person).collect();
    Err(SignOffFault::NotOnDuty { office: office.to_owned(), on_duty })
}

fn decision(id: &WarningId, given: &Given) -> Decision {
    let emergency = if given.emergency { " emergency" } else { "" };
    let reason = given.reason.as_deref().unwrap_or_default();
    let deputy = given.deputy_of.as_ref().map(|other| format!(" as deputy of {other}")).unwrap_or_default();
    let detail = format!("{} {}{deputy}{emergency} {} {reason}", given.step.name(), given.person, given.digest);
    Decision {
        at_ms: given.at_ms,
        what: match given.answer {
            Answer::Approve => "signed",
            Answer::Return => "sign_off_returned",
            Answer::Reject => "sign_off_rejected",
        }
        .to_owned(),
        warning: Some(id.clone()),
        by: Some(given.key.clone()),
        detail: Some(detail.trim_end().to_owned()),
    }
}

fn view(parts: &Parts, record: &WarningRecord) -> Option<SignOffView> {
    let sign_off = record.sign_off.as_ref()?;
    let now_ms = parts.clock.unix_ms();
    let standing = sign_off.standing(now_ms);
    let open = record.ended.is_none() && matches!(standing, Standing::Waiting(_) | Standing::Owed(_));
    let warning = Warning::new(record.message.clone()).ok().filter(|_| open);
    let contents = warning.as_ref().map(|warning| exact::contents(parts, warning, &record.event, now_ms));
    let contents = contents.unwrap_or_default();
    let carried = warning.as_ref().map(|warning| fit::carried(parts, warning, &contents)).unwrap_or_default();
    let texts = contents.into_iter().map(|(channel, content)| exact::text(channel, content));
    let forms = warning.as_ref().and_then(|warning| Forms::of(parts, warning, record.issuer.as_deref()));
    let measures = warning.as_ref().map(|warning| measures::planned(parts, warning)).unwrap_or_default();
    let digest = warning.map(|warning| exact::digest(parts, &warning, record, forms.as_ref()));
    Some(SignOffView {
        warning: record.id.clone(),
        rule: sign_off.rule.clone(),
        standing,
        steps: sign_off.steps.clone(),
        given: shown(&sign_off.given, sign_off.began_ms),
        voided: shown(&sign_off.voided, sign_off.began_ms),
        began_at: rfc3339(sign_off.began_ms),
        expires_at: rfc3339(sign_off.expires_ms),
        second_due_at: sign_off.second_due_ms().map(rfc3339),
        reminded: remind::reminded(parts, &record.id),
        emergency_allowed: sign_off.second_within_ms.is_some() && record.stage == Stage::Received,
        beyond: sign_off.beyond,
        digest,
        texts: texts.collect(),
        carried,
        prepared: forms.map(|forms| forms.texts()),
        measures,
    })
}

fn shown(given: &[Given], began_ms: i64) -> Vec<GivenView> {
    let mut before_ms = began_ms;
    let mut all = Vec::with_capacity(given.len());
    for one in given {
        all.push(GivenView {
            step: one.step,
            answer: one.answer,
            person: one.person.clone(),
            at: rfc3339(one.at_ms),
            took_s: (one.at_ms - before_ms).div_euclid(1000),
            reason: one.reason.clone(),
            emergency: one.emergency,
            deputy_of: one.deputy_of.clone(),
        });
        before_ms = one.at_ms;
    }
    all
}

/// Name of the rule when no configured one asks for a signature and the warning is [`Beyond`] its issuer.
const BEYOND: &str = "beyond-issuer";
/// So long such a warning waits for the office.
const BEYOND_EXPIRES: Duration = Duration::from_secs(3_600);

/// The sign-off a warning begins with; `None` when nothing asks for one. A lift never waits.
pub(super) fn begun(
    parts: &Parts,
    record: &WarningRecord,
    warning: &Warning,
    beyond: Option<Beyond>,
) -> Option<SignOff> {
    if warning.is_lift() {
        return None;
    }
    let asks = parts.config.sign_off_rule(warning, record.issuer.as_deref());
    if asks.is_none() && beyond.is_none() {
        return None;
    }
    let mut steps = asks.map(|(_, asks)| asks.steps.clone()).unwrap_or_default();
    if beyond.is_some() && !steps.contains(&Step::Office) {
        steps.push(Step::Office);
    }
    let now_ms = parts.clock.unix_ms();
    let second = asks.map(|(_, asks)| asks.second_within_s).filter(|within| !within.is_zero() && beyond.is_none());
    Some(SignOff {
        rule: asks.map_or(BEYOND, |(name, _)| name).to_owned(),
        steps,
        given: Vec::new(),
        voided: Vec::new(),
        began_ms: now_ms,
        expires_ms: now_ms.saturating_add(span_ms(asks.map_or(BEYOND_EXPIRES, |(_, asks)| asks.expires_s))),
        second_within_ms: second.map(span_ms),
        beyond,
    })
}
