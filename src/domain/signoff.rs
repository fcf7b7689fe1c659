//! Sign-off: who has to say yes before a warning is released, what was said, and what follows from it.
//!
//! Persons are compared, not keys. Whoever handed a warning in never signs it, and nobody signs two of its steps.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

/// A step between received and released.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// 审核: the text is right.
    Review,
    /// 签发: the headquarters stands for it.
    Sign,
    /// 应急办签发: the district's emergency office stands for it.
    Office,
}

impl Step {
    /// Every step, in their order.
    pub const ALL: [Self; 3] = [Self::Review, Self::Sign, Self::Office];

    /// Stable name in API, configuration and journal.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Review => "review",
            Self::Sign => "sign",
            Self::Office => "office",
        }
    }
}

/// What a signer says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    /// Yes, exactly this.
    Approve,
    /// Back to the issuer, who may hand in another.
    Return,
    /// No.
    Reject,
}

impl Answer {
    /// Every answer.
    pub const ALL: [Self; 3] = [Self::Approve, Self::Return, Self::Reject];

    /// Stable name in API and journal.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Return => "return",
            Self::Reject => "reject",
        }
    }
}

/// What somebody said at a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Given {
    pub step: Step,
    pub answer: Answer,
    /// The person, or the key of somebody whose person is not known.
    pub person: String,
    /// Id of the key that was used.
    pub key: String,
    /// Milliseconds since 1970.
    pub at_ms: i64,
    pub reason: Option<String>,
    /// Of exactly what would go out, as the signer saw it: `sha256:…`.
    pub digest: String,
    /// Released at once, before the other steps.
    #[serde(default)]
    pub emergency: bool,
    /// The person the signer stood in for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deputy_of: Option<String>,
}

/// Why the emergency office signs too, whatever the rules ask: a lost or wrong area must not pass unseen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", tag = "why")]
pub enum Beyond {
    /// More people than the issuer's ceiling.
    Audience { people: u64, most: u64 },
    /// No area code, polygon or circle says who is meant.
    NoPlace,
}

/// The sign-off of one warning.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignOff {
    /// Name of the rule that asks for it.
    pub rule: String,
    pub steps: Vec<Step>,
    /// What was said, in order.
    pub given: Vec<Given>,
    /// What was said about something that would not go out any more.
    #[serde(default)]
    pub voided: Vec<Given>,
    /// Milliseconds since 1970.
    pub began_ms: i64,
    /// Not signed by then, it will not be released.
    pub expires_ms: i64,
    /// In an emergency one signature releases; another follows within this time. `None` = not allowed here.
    pub second_within_ms: Option<i64>,
    /// Why the office was added to the steps and nothing goes out on one signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub beyond: Option<Beyond>,
}

/// How a sign-off stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", tag = "state", content = "step")]
pub enum Standing {
    /// This step is next.
    Waiting(Step),
    /// Released by one signature in an emergency; this step is still owed.
    Owed(Step),
    /// Every step is done.
    Signed,
    Returned,
    Rejected,
    /// Nobody signed in time.
    Expired,
}

/// Whoever wants to sign.
#[derive(Clone, Copy, Debug)]
pub struct Signer<'a> {
    pub person: &'a str,
    /// The person who made the signer's key, when that is known.
    pub made_by: Option<&'a str>,
}

/// Why an answer is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignFault {
    #[error("the sign-off is over")]
    Over,
    #[error("step {0:?} is next")]
    NotThisStep(Step),
    #[error("whoever handed it in does not sign it")]
    Submitter,
    #[error("the key of the signer was made by whoever handed it in")]
    MadeBySubmitter,
    #[error("the signer has signed another step of it")]
    Twice,
    #[error("a reason is missing")]
    ReasonMissing,
    #[error("what would go out is not what the signer saw")]
    Outdated { digest: String },
    #[error("no release on one signature here")]
    NoEmergency,
    #[error("it is released: only a lift ends it")]
    Released,
}

impl SignOff {
    /// How it stands at a moment.
    #[must_use]
    pub fn standing(&self, now_ms: i64) -> Standing {
        match self.given.last().map(|given| given.answer) {
            Some(Answer::Return) => return Standing::Returned,
            Some(Answer::Reject) => return Standing::Rejected,
            _ => {}
        }
        let Some(next) = self.next() else { return Standing::Signed };
        if self.emergency().is_some() {
            Standing::Owed(next)
        } else if now_ms >= self.expires_ms {
            Standing::Expired
        } else {
            Standing::Waiting(next)
        }
    }

    /// Whether it may go out.
    #[must_use]
    pub fn releases(&self, now_ms: i64) -> bool {
        matches!(self.standing(now_ms), Standing::Signed | Standing::Owed(_))
    }

    /// How long it has waited for the next step, milliseconds.
    #[must_use]
    pub fn waits_ms(&self, now_ms: i64) -> i64 {
        now_ms - self.given.last().map_or(self.began_ms, |given| given.at_ms)
    }

    /// Until when the second signature of an emergency is owed, milliseconds since 1970.
    #[must_use]
    pub fn second_due_ms(&self) -> Option<i64> {
        let first = self.emergency()?;
        self.next()?;
        Some(first.at_ms.saturating_add(self.second_within_ms.unwrap_or_default()))
    }

    /// Takes an answer. `digest` is that of what would go out now.
    ///
    /// # Errors
    /// [`SignFault`]; nothing has changed then.
    pub fn take(&mut self, given: Given, signer: Signer<'_>, submitter: &str, digest: &str) -> Result<(), SignFault> {
        let next = match self.standing(given.at_ms) {
            Standing::Waiting(next) => next,
            Standing::Owed(_) if given.answer != Answer::Approve => return Err(SignFault::Released),
            Standing::Owed(next) => next,
            _ => return Err(SignFault::Over),
        };
        if signer.person == submitter {
            return Err(SignFault::Submitter);
        }
        if signer.made_by == Some(submitter) {
            return Err(SignFault::MadeBySubmitter);
        }
        if self.given.iter().any(|earlier| earlier.person == signer.person) {
            return Err(SignFault::Twice);
        }
        if given.emergency {
            if self.second_within_ms.is_none() || self.emergency().is_some() || given.answer != Answer::Approve {
                return Err(SignFault::NoEmergency);
            }
            if given.step < Step::Sign || !self.steps.contains(&given.step) {
                return Err(SignFault::NotThisStep(Step::Sign));
            }
        } else if given.step != next {
            return Err(SignFault::NotThisStep(next));
        }
        if given.answer != Answer::Approve && given.reason.as_deref().is_none_or(|reason| reason.trim().is_empty()) {
            return Err(SignFault::ReasonMissing);
        }
        // Whoever says no need not have seen the newest.
        if given.answer == Answer::Approve && given.digest != digest {
            return Err(SignFault::Outdated { digest: digest.to_owned() });
        }
        self.given.push(given);
        Ok(())
    }

    /// Voids every yes about something else than what would go out now; true when there was one.
    pub fn void(&mut self, digest: &str) -> bool {
        let (stays, voided): (Vec<Given>, Vec<Given>) =
            std::mem::take(&mut self.given).into_iter().partition(|given| given.digest == digest);
        self.given = stays;
        let any = !voided.is_empty();
        self.voided.extend(voided);
        any
    }

    fn emergency(&self) -> Option<&Given> {
        self.given.iter().find(|given| given.emergency)
    }

    fn next(&self) -> Option<Step> {
        let done = |step: &Step| self.given.iter().any(|given| given.step == *step && given.answer == Answer::Approve);
        self.steps.iter().copied().find(|step| !done(step))
    }
}
