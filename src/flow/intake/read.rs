//! Bytes to a checked warning; large ones off the async threads.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::{Form, Submission, SubmitFault};
use crate::{
    config::{Config, authority::OWN_SENDER},
    domain::{
        chain::{Change, Place},
        finding::{Finding, Weight, code},
        items::{self, Demand},
        json,
        level::Level,
        lint,
        message::{Message, Scope, Status},
        moment::Moment,
        national,
        rules::{self, Known},
        warning::Warning,
        xml,
    },
    flow::{Parts, Unavailable, record, record::WarningId},
};

/// A warning that keeps every rule, with what its bytes were.
pub(in crate::flow) struct Read {
    pub(in crate::flow) warning: Warning,
    /// SHA-256 of the bytes received.
    pub(super) received: [u8; 32],
    /// SHA-256 of the message's canonical JSON.
    pub(super) content: [u8; 32],
    /// Where it belongs.
    pub(super) place: Place<WarningId>,
    /// Findings that do not keep it out.
    pub(in crate::flow) advice: Vec<Finding>,
}

/// Bodies up to this size are read where they arrive: that takes less time than going to another thread and back. What
/// is packed is larger than it looks.
const SMALL: usize = 16 << 10;

/// Reads and checks a submission. Pure computation that a request's time-out could not interrupt, so what may take a
/// while runs on a blocking thread.
pub(in crate::flow) async fn read(parts: &Parts, submission: &Submission) -> Result<Read, SubmitFault> {
    let mut read = read_alone(parts, submission).await?;
    let message = read.warning.message();
    if parts.record_of(message).is_some() {
        // What is here already is not judged by what came after it.
        return Ok(read);
    }
    read.place = parts.place(message, submission.actor.subject.as_deref());
    let findings = std::mem::take(&mut read.place.findings);
    if refused(&findings) {
        return Err(SubmitFault::Rejected(findings));
    }
    read.advice.extend(findings);
    Ok(read)
}

/// Reads a submission as if nothing else were here.
async fn read_alone(parts: &Parts, submission: &Submission) -> Result<Read, SubmitFault> {
    let defaults = defaults(parts, submission);
    let (form, body, now) = (submission.form, submission.body.clone(), parts.clock.unix());
    let (config, issuer) = (Arc::clone(&parts.config), submission.actor.subject.clone());
    let work = move || {
        let further = |message: &Message, known| {
            let relayed = config.is_relayed(issuer.as_deref(), &message.sender);
            let mut found = if relayed { not_theirs(message, known) } else { Vec::new() };
            found.extend(items::check_known(message, known, demand(&config, issuer.as_deref(), message)));
            found.extend(lint::check(message));
            found
        };
        let reading = match form {
            Form::Xml => xml::read_further(&body, &further),
            Form::Json => json::read_further(&body, &defaults, &further),
        };
        let mut findings = reading.findings;
        let Some(message) = reading.message.filter(|_| !refused(&findings)) else { return Err(findings) };
        findings.extend(rules::check_at(&message, now));
        if refused(&findings) {
            return Err(findings);
        }
        let content = Sha256::digest(record::json(&message)).into();
        let received = Sha256::digest(&body).into();
        let warning = Warning::new(message)?;
        let place = Place { event: None, change: Change::First, findings: Vec::new() };
        Ok(Read { warning, received, content, place, advice: findings })
    };
    if submission.body.len() <= SMALL && !national::is_package(&submission.body) {
        return work().map_err(SubmitFault::Rejected);
    }
    match tokio::task::spawn_blocking(work).await {
        Ok(read) => read.map_err(SubmitFault::Rejected),
        Err(panic) => Err(Unavailable::new(format!("reading failed: {panic}")).into()),
    }
}

fn refused(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.weight == Weight::Refuse)
}

/// Which of the eight items of the law keep a message out when they are missing: all of them, when it is an actual
/// warning to the public. What is passed on may not be altered, so nothing can be added to it; and who may issue
/// without a level has notices that have none.
fn demand(config: &Config, issuer: Option<&str>, message: &Message) -> Demand {
    if message.status != Status::Actual || message.scope != Scope::Public || config.is_relayed(issuer, &message.sender)
    {
        return Demand::ADVICE;
    }
    let issuer = issuer.and_then(|id| config.issuers.get(id));
    let unlevelled = issuer.is_some_and(|issuer| issuer.levels.contains(&Level::Unknown));
    Demand { items: Weight::Refuse, level: if unlevelled { Weight::Advise } else { Weight::Refuse } }
}

/// What was filled in by us in an actual warning that is passed on: with another name or another time it is not theirs.
fn not_theirs(message: &Message, known: Known) -> Vec<Finding> {
    let given = [("identifier", known.identifier_given), ("sent", known.sent_given)];
    let missing = given.into_iter().filter(|(_, given)| message.status == Status::Actual && !given);
    missing
        .map(|(field, _)| Finding::refuse(code::JSON_FIELD_MISSING, format!("/{field}")).arg("field", field))
        .collect()
}

/// What an issuer's own software may leave out of our JSON form.
fn defaults(parts: &Parts, submission: &Submission) -> json::Defaults {
    let subject = submission.actor.subject.clone().unwrap_or_else(|| submission.actor.key.clone());
    let configured = parts.config.issuers.get(&subject).and_then(|issuer| issuer.senders.first().cloned());
    json::Defaults {
        identifier: Some(format!("{subject}-{}", parts.uuid())),
        sender: Some(configured.unwrap_or_else(|| format!("{subject}{OWN_SENDER}"))),
        sent: Some(Moment::china(parts.clock.unix())),
    }
}
