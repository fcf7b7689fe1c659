//! What a caller may hand in, with the answer the caller waits for: intake and authority are asked in one request,
//! before anything is stored.

use super::{
    Flow, Unavailable, authorize,
    authorize::Actor,
    intake::{self, Form, Lift, Repeat, Submission, SubmitFault, Submitted},
    preflight::{self, Preflight},
    record::{WarningId, json},
};
use crate::telemetry::IntakeResult;

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

    /// Ends the event of a warning: builds the Cancel, and takes it as a submission.
    ///
    /// # Errors
    /// As [`Flow::submit`]; `Ok(None)` when there is no such warning.
    pub async fn lift(&self, id: &WarningId, lift: Lift, actor: Actor) -> Result<Option<Submitted>, SubmitFault> {
        let Some(message) = intake::lift_message(&self.0, id, &lift) else { return Ok(None) };
        let members: Vec<&str> = message.references.iter().map(|member| member.identifier.as_str()).collect();
        let submission = Submission {
            form: Form::Json,
            media_type: "application/json".to_owned(),
            body: json(&message),
            actor,
            // The same lift asked for twice is the same lift: an event ends once.
            idempotency_key: Some(format!("lift {}", members.join(" "))),
        };
        // The order is built anew each time, its key names what it ends: the bodies need not be the same.
        self.take(submission, Repeat::SameKey).await.map(Some)
    }

    async fn take(&self, submission: Submission, repeat: Repeat) -> Result<Submitted, SubmitFault> {
        let parts = &self.0;
        let actor = submission.actor.clone();
        let may = |warning: &crate::domain::warning::Warning| authorize::may(parts, &actor, warning);
        let result = intake::store(parts, submission, repeat, may).await;
        parts.telemetry.intake(match &result {
            Ok(Submitted::Created(_)) => IntakeResult::Created,
            Ok(Submitted::Repeated(_)) => IntakeResult::Repeated,
            Err(SubmitFault::Rejected(_)) => IntakeResult::Rejected,
            Err(SubmitFault::Forbidden(_)) => IntakeResult::Forbidden,
            Err(SubmitFault::IdentityTaken(_) | SubmitFault::KeyReused | SubmitFault::KeyRunning) => {
                IntakeResult::Conflict
            }
            Err(SubmitFault::Unavailable(_)) => IntakeResult::Unavailable,
        });
        result
    }
}
