//! Bytes to a checked warning; large ones off the async threads.

use sha2::{Digest, Sha256};

use super::{Form, Submission, SubmitFault};
use crate::{
    domain::{
        finding::{Finding, Weight},
        json,
        moment::Moment,
        rules,
        warning::Warning,
        xml,
    },
    flow::{Parts, Unavailable, record},
};

/// A warning that keeps every rule, with what its bytes were.
pub(in crate::flow) struct Read {
    pub(in crate::flow) warning: Warning,
    /// SHA-256 of the bytes received.
    pub(super) received: [u8; 32],
    /// SHA-256 of the message's canonical JSON.
    pub(super) content: [u8; 32],
    /// Findings that do not keep it out.
    pub(in crate::flow) advice: Vec<Finding>,
}

/// Bodies up to this size are read where they arrive: that takes less time than going to another thread and back.
const SMALL: usize = 16 << 10;

/// Reads and checks a submission. Pure computation that a request's time-out could not interrupt, so what may take a
/// while runs on a blocking thread.
pub(in crate::flow) async fn read(parts: &Parts, submission: &Submission) -> Result<Read, SubmitFault> {
    let defaults = defaults(parts, submission);
    let (form, body, now) = (submission.form, submission.body.clone(), parts.clock.unix());
    let work = move || {
        let reading = match form {
            Form::Xml => xml::read(&body),
            Form::Json => json::read_with(&body, &defaults),
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
        Ok(Read { warning, received, content, advice: findings })
    };
    if submission.body.len() <= SMALL {
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

/// What an issuer's own software may leave out of our JSON form.
fn defaults(parts: &Parts, submission: &Submission) -> json::Defaults {
    let subject = submission.actor.subject.clone().unwrap_or_else(|| submission.actor.key.clone());
    let configured = parts.config.issuers.get(&subject).and_then(|issuer| issuer.senders.first().cloned());
    json::Defaults {
        identifier: Some(format!("{subject}-{}", parts.uuid())),
        sender: Some(configured.unwrap_or_else(|| format!("{subject}@fenghuo.local"))),
        sent: Some(Moment::china(parts.clock.unix())),
    }
}
