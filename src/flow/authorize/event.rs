//! May this warning continue or end the event it refers to? Nobody ends a stranger's warning, and a drill never ends a
//! real one.

use super::{Actor, Role, authority::authority};
use crate::{
    domain::{
        finding::Finding,
        message::{MessageRef, Status},
        warning::Warning,
    },
    flow::{Parts, record::WarningRecord},
};

/// Codes of this check.
pub(super) const CODES: [&str; 2] = ["event-not-own", "event-status-differs"];

/// Everything in a warning that its submitter may not say, see [`authority`], and every event it may not touch.
pub(in crate::flow) fn may(parts: &Parts, actor: &Actor, warning: &Warning) -> Vec<Finding> {
    let mut findings = authority(&parts.config, actor, warning);
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
