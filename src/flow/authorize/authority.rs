//! What an issuer wants to say, held against what the configuration lets it say. Pure.
//!
//! | asked | answer |
//! | --- | --- |
//! | the hazard, level and area are the issuer's and the district's | nothing |
//! | the hazard, level or area is not the issuer's | `hazard-not-allowed`, `level-not-allowed`, `area-not-allowed` |
//! | the level is beyond the district | `level-forward-up`: report it up; it is never released here |
//! | only others may issue the hazard | `hazard-relay-only`: pass theirs on, in their words, with their name and time |
//! | passed on for another | its levels are those of whoever issued it; issuer and areas are still asked |
//!
//! For exercises and tests the last three are advice: a script may show what only others decide.

mod relay;
#[cfg(test)]
mod tests;

use super::{Actor, Role};
use crate::{
    config::{Config, Issuer, Permit},
    domain::{
        area::AreaCode,
        finding::{Finding, Weight},
        level::Level,
        message::{Area, Info, Status},
        warning::Warning,
    },
};

/// Every code of this check.
pub(super) const CODES: [&str; 15] = [
    "issuer-unknown",
    "role-may-not-issue",
    "status-not-allowed",
    "sender-not-allowed",
    "hazard-missing",
    "hazard-not-allowed",
    "hazard-relay-only",
    "hazard-not-public",
    "relay-originator",
    "relay-source-missing",
    "level-not-allowed",
    "level-forward-up",
    "area-not-coded",
    "area-not-allowed",
    "area-unknown",
];

/// What an operator may issue.
const OPERATOR_STATUSES: [Status; 2] = [Status::Exercise, Status::Test];

/// Entries of an allow-list that a sentence repeats.
const ALLOWED_MAX: usize = 20;

/// Everything in a warning that its submitter may not say, with paths into the JSON form; nothing that refuses when all
/// of it is allowed.
///
/// Issuers are held to their allow-list, operators to exercises and tests; approvers may lift; nobody else may issue.
/// Whether a lift or an update is about an event of the same issuer is not asked here: that needs the stored event.
#[must_use]
pub fn authority(config: &Config, actor: &Actor, warning: &Warning) -> Vec<Finding> {
    match actor.role {
        Role::Issuer => match actor.subject.as_deref().and_then(|id| config.issuers.get_key_value(id)) {
            Some((id, issuer)) => Check { config, id, issuer, warning }.all(),
            None => vec![Finding::refuse("issuer-unknown", "").got(actor.subject.as_deref().unwrap_or_default())],
        },
        Role::Operator => of_operator(config, warning),
        Role::Approver if warning.is_lift() => Vec::new(),
        role => vec![Finding::refuse("role-may-not-issue", "").arg("role", role.name())],
    }
}

fn of_operator(config: &Config, warning: &Warning) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !OPERATOR_STATUSES.contains(&warning.status()) {
        let finding = Finding::refuse("status-not-allowed", "/status").got(warning.status().cap());
        findings.push(finding.arg("role", Role::Operator.name()).allowed(OPERATOR_STATUSES.map(Status::cap)));
    }
    for (at, area) in areas(warning) {
        for (path, code) in codes(&at, area) {
            if !config.areas.contains_key(&code) {
                findings.push(unknown_area(path, code));
            }
        }
    }
    findings
}

/// One issuer's allow-list, and one warning.
struct Check<'a> {
    config: &'a Config,
    id: &'a str,
    issuer: &'a Issuer,
    warning: &'a Warning,
}

impl<'a> Check<'a> {
    fn all(&self) -> Vec<Finding> {
        let infos = &self.warning.message().infos;
        let mut findings = self.sender();
        findings.extend(self.hazards(infos));
        findings.extend(self.levels(infos));
        findings.extend(self.relayed());
        for (i, info) in infos.iter().enumerate() {
            let permits = self.permits(info);
            let areas = info.areas.iter().enumerate();
            findings.extend(areas.flat_map(|(a, area)| self.area(&permits, &format!("/infos/{i}/areas/{a}"), area)));
        }
        findings
    }

    fn refuse(&self, code: &'static str, path: impl Into<String>) -> Finding {
        Finding::refuse(code, path).arg("issuer", &self.issuer.name)
    }

    /// Who passes on what others issued keeps their sender.
    fn sender(&self) -> Vec<Finding> {
        let sender = &self.warning.message().sender;
        let allowed = &self.issuer.senders;
        if self.issuer.relay || allowed.is_empty() || allowed.contains(sender) {
            return Vec::new();
        }
        vec![self.refuse("sender-not-allowed", "/sender").got(sender).allowed(allowed)]
    }

    fn hazards(&self, infos: &[Info]) -> Vec<Finding> {
        let allowed = &self.issuer.hazards;
        if infos.is_empty() || allowed.iter().any(|pattern| pattern == "*") {
            return Vec::new();
        }
        let coded: Vec<(String, &str)> =
            infos.iter().enumerate().flat_map(|(i, info)| self.hazard_codes(i, info)).collect();
        if coded.is_empty() {
            return vec![self.refuse("hazard-missing", "/infos/0/event_codes").allowed(allowed)];
        }
        let foreign = coded.into_iter().filter(|(_, code)| self.permit(code).is_none());
        foreign.map(|(path, code)| self.refuse("hazard-not-allowed", path).got(code).allowed(allowed)).collect()
    }

    /// Every hazard code of an info, with its path.
    fn hazard_codes<'b>(&self, i: usize, info: &'b Info) -> Vec<(String, &'b str)> {
        let codes = info.event_codes.iter().enumerate().filter(|(_, code)| self.config.is_hazard(&code.value));
        codes.map(|(c, code)| (format!("/infos/{i}/event_codes/{c}/value"), code.value.as_str())).collect()
    }

    fn permit(&self, hazard: &str) -> Option<Permit<'a>> {
        self.config.permit(self.id, self.issuer, hazard)
    }

    /// What the issuer has for every hazard of an info; its own lists where the hazard is not its own, or not told.
    fn permits(&self, info: &Info) -> Vec<Permit<'a>> {
        let own = Permit { levels: &self.issuer.levels, areas: &self.issuer.areas };
        let codes = info.event_codes.iter().filter(|code| self.config.is_hazard(&code.value));
        let mut permits: Vec<Permit<'a>> = codes.map(|code| self.permit(&code.value).unwrap_or(own)).collect();
        if permits.is_empty() {
            permits.push(own);
        }
        permits
    }

    fn levels(&self, infos: &[Info]) -> Vec<Finding> {
        let mut findings = Vec::new();
        for (i, info) in infos.iter().enumerate() {
            let level = Level::from(info.severity);
            let at = || format!("/infos/{i}/severity");
            if let Some(superior) = self.beyond(info, level) {
                findings.push(self.forward_up(at(), level, superior));
                continue;
            }
            let missing = self.permits(info).into_iter().find(|permit| !permit.levels.contains(&level));
            findings.extend(missing.map(|permit| {
                let finding = self.refuse("level-not-allowed", at()).got(level.name());
                finding.allowed(permit.levels.iter().map(|level| level.name()))
            }));
        }
        findings
    }

    fn area(&self, permits: &[Permit<'_>], at: &str, area: &Area) -> Vec<Finding> {
        // The areas of every hazard must hold it; the first that do not are told.
        let bounded = permits.iter().filter(|permit| !permit.areas.iter().any(|code| code == "*"));
        let mut findings = Vec::new();
        for permit in bounded {
            let coded = codes(at, area);
            if coded.is_empty() {
                let finding = self.refuse("area-not-coded", at).got(&area.description);
                findings.push(finding.allowed(self.named(permit.areas)));
            }
            findings.extend(coded.into_iter().filter_map(|(path, code)| self.code(permit.areas, path, code)));
            if !findings.is_empty() {
                break;
            }
        }
        findings
    }

    fn code(&self, allowed: &[String], path: String, code: AreaCode) -> Option<Finding> {
        let Some(name) = self.config.areas.get(&code) else { return Some(unknown_area(path, code)) };
        let mut own = allowed.iter().filter_map(|text| text.parse::<AreaCode>().ok());
        if own.any(|own| own.contains(code)) {
            return None;
        }
        Some(self.refuse("area-not-allowed", path).got(&format!("{name} {code}")).allowed(self.named(allowed)))
    }

    /// Areas with their names.
    fn named(&self, areas: &[String]) -> Vec<String> {
        let name = |text: &String| text.parse().ok().and_then(|code: AreaCode| self.config.areas.get(&code));
        let named = |text: &String| name(text).map_or_else(|| text.clone(), |name| format!("{name} {text}"));
        areas.iter().map(named).collect()
    }
}

fn unknown_area(path: String, code: AreaCode) -> Finding {
    Finding::refuse("area-unknown", path).got(&code.to_string())
}

/// Every area of a warning, with its path.
fn areas(warning: &Warning) -> impl Iterator<Item = (String, &Area)> {
    let infos = warning.message().infos.iter().enumerate();
    infos.flat_map(|(i, info)| {
        info.areas.iter().enumerate().map(move |(a, area)| (format!("/infos/{i}/areas/{a}"), area))
    })
}

/// Every area code of an area, with its path.
fn codes(at: &str, area: &Area) -> Vec<(String, AreaCode)> {
    let geocodes = area.geocodes.iter().enumerate();
    geocodes
        .filter_map(|(g, geocode)| Some((format!("{at}/geocodes/{g}/value"), AreaCode::from_geocode(geocode)?)))
        .collect()
}

/// Adds what would be allowed, as a list.
trait Allowing {
    fn allowed<T: AsRef<str>>(self, values: impl IntoIterator<Item = T>) -> Self;
}

impl Allowing for Finding {
    fn allowed<T: AsRef<str>>(self, values: impl IntoIterator<Item = T>) -> Self {
        let values: Vec<String> = values.into_iter().map(|value| value.as_ref().to_owned()).collect();
        let more = values.len() > ALLOWED_MAX;
        let mut list = values.into_iter().take(ALLOWED_MAX).collect::<Vec<_>>().join(", ");
        if more {
            list.push_str(", …");
        }
        self.arg("allowed", list)
    }
}
