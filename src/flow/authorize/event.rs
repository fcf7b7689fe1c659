//! May this warning continue or end the event it refers to? Nobody ends a stranger's warning, and a drill never ends a
//! real one.

use super::{Actor, Role, authority::authority};
use crate::{
    domain::{
        finding::Finding,
        message::{Message, MessageRef, Status},
        warning::Warning,
    },
    flow::{Parts, exact::relays, record::WarningRecord},
};

/// Codes of this check.
pub(super) const CODES: [&str; 3] = ["event-not-own", "event-status-differs", "relay-originator-ends"];

/// Everything in a warning that its submitter may not say, see [`authority`], and every event it may not touch.
///
/// Whoever issued a warning may end it: stopping is easier than starting, so neither hazard, level nor area is asked again
/// of a lift of what stands here as the submitter's own. It goes to nobody but those who were told.
pub(in crate::flow) fn may(parts: &Parts, actor: &Actor, warning: &Warning) -> Vec<Finding> {
    let mut findings = authority(&parts.config, actor, warning);
    if warning.is_lift() && ends_own(parts, actor, warning) {
        let asked_once = |code: &str| ["hazard-", "level-", "area-"].iter().any(|kind| code.starts_with(kind));
        findings.retain(|finding| !asked_once(finding.code));
    }
    let references = &warning.message().references;
    // Only references within the same sender ever touch an event; others are mere mentions.
    let own_words = references.iter().enumerate().filter(|(_, reference)| reference.sender == warning.message().sender);
    for (index, reference) in own_words {
        if let Some(known) = parts.referenced(reference) {
            findings.extend(judge(actor, warning.status(), &known, reference, index));
        }
    }
    findings
}

/// Whether everything a lift names of its own sender, and something at least, was issued here by its submitter.
fn ends_own(parts: &Parts, actor: &Actor, warning: &Warning) -> bool {
    let message = warning.message();
    let own_words = message.references.iter().filter(|reference| reference.sender == message.sender);
    let known: Option<Vec<_>> = own_words.map(|reference| parts.referenced(reference)).collect();
    let is_own = |record: &WarningRecord| actor.subject.is_some() && record.issuer == actor.subject;
    known.is_some_and(|known| !known.is_empty() && known.iter().all(|record| is_own(record)))
}

/// Whether somebody may end a warning by a message that is made here. Whoever may issue it may end it; stopping is easier
/// than starting: neither hazard, level nor area is asked again.
///
/// A warning that is passed on is another's: whether it is over, or was a mistake, its originator says. Staff may stop
/// passing it on (`stops`); the headquarters that hands it in passes on the originator's next message.
pub(in crate::flow) fn may_end(
    parts: &Parts,
    actor: &Actor,
    record: &WarningRecord,
    message: &Message,
    stops: bool,
) -> Vec<Finding> {
    let named = &record.message.identifier;
    let theirs = relays(&parts.config, record.issuer.as_deref(), &record.message);
    let staff = matches!(actor.role, Role::Approver | Role::Operator);
    if theirs && !(stops && staff) {
        return vec![Finding::refuse("relay-originator-ends", "").got(named)];
    }
    match actor.role {
        Role::Issuer if record.issuer != actor.subject => vec![Finding::refuse("event-not-own", "").got(named)],
        Role::Issuer | Role::Approver => Vec::new(),
        Role::Operator if theirs => Vec::new(),
        _ => match Warning::new(message.clone()) {
            Ok(warning) => authority(&parts.config, actor, &warning),
            Err(findings) => findings,
        },
    }
}

fn judge(
    actor: &Actor,
    status: Status,
    known: &WarningRecord,
    reference: &MessageRef,
    index: usize,
) -> Option<Finding> {
    let at = format!("/references/{index}");
    let named = &reference.identifier;
    if actor.role == Role::Issuer && known.issuer != actor.subject {
        return Some(Finding::refuse("event-not-own", at).got(named));
    }
    if known.status != status {
        let finding = Finding::refuse("event-status-differs", at).got(named);
        return Some(finding.arg("status", status.cap()).arg("allowed", known.status.cap()));
    }
    None
}
