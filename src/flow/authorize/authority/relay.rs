//! What is decided by others: hazards that are only passed on, levels above the district's, events the public is not told.

use super::{Check, Weight};
use crate::{
    config::Power,
    domain::{
        finding::Finding,
        level::Level,
        message::{Info, Scope, Status},
    },
};

impl Check<'_> {
    /// Whether the warning is passed on for another body.
    fn is_relayed(&self) -> bool {
        self.config.is_relayed(Some(self.id), &self.warning.message().sender)
    }

    /// The district's power over each hazard of an info; over anything, when it names none.
    fn powers(&self, info: &Info) -> Vec<&Power> {
        let codes = info.event_codes.iter().map(|code| code.value.as_str());
        let mut powers: Vec<&Power> =
            codes.filter(|code| self.config.is_hazard(code)).map(|code| self.config.power(Some(code))).collect();
        if powers.is_empty() {
            powers.push(self.config.power(None));
        }
        powers
    }

    /// A finding that keeps an actual warning out; a script may show what only others decide.
    fn decided_by_others(&self, code: &'static str, path: String) -> Finding {
        let weight = if self.warning.status() == Status::Actual { Weight::Refuse } else { Weight::Advise };
        Finding { weight, ..self.refuse(code, path) }
    }

    /// The body above the district that decides about this level of a hazard of the issuer's, when the district may not.
    /// Nothing stops a lift, and what is passed on has been decided.
    pub(super) fn beyond(&self, info: &Info, level: Level) -> Option<&str> {
        if self.warning.is_lift() || self.is_relayed() {
            return None;
        }
        let codes = info.event_codes.iter().map(|code| code.value.as_str());
        let foreign = codes.filter(|code| self.config.is_hazard(code)).any(|code| self.permit(code).is_none());
        let beyond = self.powers(info).into_iter().find(|power| !power.relay_only && !power.levels.contains(&level));
        beyond.filter(|_| !foreign).map(|power| power.superior.as_str())
    }

    pub(super) fn forward_up(&self, path: String, level: Level, superior: &str) -> Finding {
        let superior = if superior.is_empty() { "none" } else { superior };
        self.decided_by_others("level-forward-up", path).got(level.name()).arg("superior", superior)
    }

    /// What keeps a warning from being passed on, or from being issued where it may only be passed on.
    pub(super) fn relayed(&self) -> Vec<Finding> {
        let message = self.warning.message();
        if self.warning.is_lift() {
            return Vec::new();
        }
        let mut findings = Vec::new();
        let relayed = self.is_relayed();
        for (i, info) in message.infos.iter().enumerate() {
            for (path, code) in self.hazard_codes(i, info) {
                if self.config.power(Some(code)).relay_only && !relayed && self.permit(code).is_some() {
                    findings.push(self.decided_by_others("hazard-relay-only", path).got(code));
                }
            }
            if relayed && info.sender_name.is_none() {
                findings.push(self.decided_by_others("relay-source-missing", format!("/infos/{i}/sender_name")));
            }
        }
        let powers = || message.infos.iter().flat_map(|info| self.powers(info));
        if let Some(power) = powers().find(|power| relayed && !power.passes_on(&message.sender)) {
            let finding = self.decided_by_others("relay-originator", "/sender".to_owned()).got(&message.sender);
            findings.push(finding.arg("allowed", power.originators.join(", ")));
        }
        if message.scope == Scope::Public && powers().any(|power| !power.public) {
            findings.push(self.decided_by_others("hazard-not-public", "/scope".to_owned()));
        }
        findings
    }
}
