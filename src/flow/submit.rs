//! What a caller may hand in, with the answer the caller waits for: intake and authority are asked in one request,
//! before anything is stored.

use super::{
    Flow, Unavailable, authorize,
    authorize::{Actor, Role},
    exact::{Forms, PreparedTexts},
    intake::{self, Correct, Form, Found, Lift, Repeat, Submission, SubmitFault, Submitted},
    preflight::{self, Preflight},
    record::{WarningId, json},
};
use crate::{
    domain::{finding::Weight, lift::Ending, warning::Warning},
    telemetry::IntakeResult,
};

impl Flow {
    /// Takes a warning: reads, checks, authorizes and stores it. Returns after it is durable.
    ///
    /// # Errors
    /// [`SubmitFault`]; nothing was stored unless it is `Unavailable`, which means: repeat the same request.
    pub async fn submit(&self, submission: Submission) -> Result<Submitted, SubmitFault> {
        self.take(submission, Repeat::SameBody).await
    }

    /// Everything [`Flow::submit`] does but store.
    ///
    /// # Errors
    /// The same.
    pub async fn dry_run(&self, submission: Submission) -> Result<Preflight, SubmitFault> {
        self.0.telemetry.intake(IntakeResult::Checked);
        preflight::dry_run(&self.0, submission, false).await
    }

    /// The same for those who are to approve a warning or to see it through: they need not be allowed to issue it.
    ///
    /// # Errors
    /// The same.
    pub async fn preflight(&self, submission: Submission) -> Result<Preflight, SubmitFault> {
        self.0.telemetry.intake(IntakeResult::Checked);
        preflight::dry_run(&self.0, submission, true).await
    }

    /// What a stored warning would do if it were released now, for whoever is to sign it; `None` when there is none, or
    /// it has been decided about.
    ///
    /// # Errors
    /// When the directory cannot be read.
    pub async fn preflight_of(&self, id: &WarningId) -> Result<Option<Preflight>, Unavailable> {
        preflight::of_stored(&self.0, id).await
    }

    /// Ends the event of a warning: with exactly what was signed with it, or with a text that is given. The same asked for
    /// again, by whomever, is answered with what ended it. A real warning that is passed on for another is passed on no
    /// more, and says so in our name.
    ///
    /// # Errors
    /// As [`Flow::submit`]; `Ok(None)` when there is no such warning.
    pub async fn lift(&self, id: &WarningId, lift: Lift, actor: Actor) -> Result<Option<Submitted>, SubmitFault> {
        self.end(id, Ending::Lift, &lift, actor).await
    }

    /// Tells everybody who got a warning, or may have, that it was a mistake, with exactly what was signed with it, and ends
    /// its event. Of a red or orange one they are told on every channel they have. A warning that was lifted can still be
    /// corrected.
    ///
    /// # Errors
    /// As [`Flow::submit`], and [`SubmitFault::NotReleased`]; `Ok(None)` when there is no such warning.
    pub async fn correct(
        &self,
        id: &WarningId,
        correct: Correct,
        actor: Actor,
    ) -> Result<Option<Submitted>, SubmitFault> {
        self.end(id, Ending::Correction, &Lift { text: None, reason: correct.reason }, actor).await
    }

    /// What would go out if a warning were lifted or corrected now without another text; `None` when there is no such
    /// warning or nothing is prepared with it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn prepared(&self, id: &WarningId) -> Result<Option<PreparedTexts>, Unavailable> {
        let parts = &self.0;
        let Some(record) = parts.warning_record(id) else { return Ok(None) };
        let forms = match Forms::stored(parts, id).await? {
            Some(forms) => Some(forms),
            None => Warning::new(record.message.clone())
                .ok()
                .and_then(|warning| Forms::of(parts, &warning, record.issuer.as_deref())),
        };
        Ok(forms.map(|forms| forms.texts()))
    }

    async fn end(
        &self,
        id: &WarningId,
        ending: Ending,
        order: &Lift,
        actor: Actor,
    ) -> Result<Option<Submitted>, SubmitFault> {
        let parts = &self.0;
        let Some(warning) = parts.warning_record(id) else { return Ok(None) };
        let own = actor.role != Role::Issuer || warning.issuer == actor.subject;
        // An event ends once, whoever asks at the same time.
        let key = authorize::secret_digest(&format!("end {}", warning.event));
        let Some(_running) = parts.running_keys.enter(key) else { return Err(SubmitFault::KeyRunning) };
        let built = match intake::find(parts, id, ending, order).await? {
            Found::Nothing => return Ok(None),
            Found::Ended(id) if own => return Ok(self.warning(&id).await?.map(Submitted::Repeated)),
            Found::Ended(_) => return Ok(None),
            Found::NotReleased => return Err(SubmitFault::NotReleased),
            Found::Built(built) => built,
        };
        let findings = authorize::may_end(parts, &actor, &built.of, &built.message, built.order.stops_relaying);
        if findings.iter().any(|finding| finding.weight == Weight::Refuse) {
            return Err(SubmitFault::Forbidden(findings));
        }
        let submission = Submission {
            form: Form::Json,
            media_type: "application/json".to_owned(),
            body: json(&built.message),
            actor,
            idempotency_key: None,
        };
        self.taken(intake::store(parts, submission, Repeat::SameBody, Some(&built), |_| Vec::new()).await).map(Some)
    }

    pub(super) async fn take(&self, submission: Submission, repeat: Repeat) -> Result<Submitted, SubmitFault> {
        let parts = &self.0;
        let actor = submission.actor.clone();
        let may = |warning: &Warning| authorize::may(parts, &actor, warning);
        self.taken(intake::store(parts, submission, repeat, None, may).await)
    }

    /// Counts what came of it.
    fn taken(&self, result: Result<Submitted, SubmitFault>) -> Result<Submitted, SubmitFault> {
        self.0.telemetry.intake(match &result {
            Ok(Submitted::Created(_)) => IntakeResult::Created,
            Ok(Submitted::Repeated(_)) => IntakeResult::Repeated,
            Err(SubmitFault::Rejected(_)) => IntakeResult::Rejected,
            Err(SubmitFault::Forbidden(_)) => IntakeResult::Forbidden,
            Err(
                SubmitFault::IdentityTaken(_)
                | SubmitFault::KeyReused
                | SubmitFault::KeyRunning
                | SubmitFault::NotReleased,
            ) => IntakeResult::Conflict,
            Err(SubmitFault::Unavailable(_)) => IntakeResult::Unavailable,
        });
        result
    }
}
