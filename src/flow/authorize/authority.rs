//! What an issuer wants to say, held against what the configuration lets it say. Pure.

#[cfg(test)]
mod tests;

use super::{Actor, Role};
use crate::{
    config::{Config, Issuer},
    domain::{
        area::AreaCode,
        finding::Finding,
        hazard::has_national_form,
        level::Level,
        message::{Area, Info, Status},
        warning::Warning,
    },
};

/// Every code of this check.
pub(super) const CODES: [&str; 10] = [
    "issuer-unknown",
    "role-may-not-issue",
    "status-not-allowed",
    "sender-not-allowed",
    "hazard-missing",
    "hazard-not-allowed",
    "level-not-allowed",
    "area-not-coded",
    "area-not-allowed",
    "area-unknown",
];

/// What an operator may issue.
const OPERATOR_STATUSES: [Status; 2] = [Status::Exercise, Status::Test];

/// Entries of an allow-list that a sentence repeats.
const ALLOWED_MAX: usize = 20;

/// Everything in a warning that its submitter may not say, with paths into the JSON form; empty when all of it is
/// allowed.
///
/// Issuers are held to their allow-list, operators to exercises and tests; approvers may lift; nobody else may issue.
/// Whether a lift or an update is about an event of the same issuer is not asked here: that needs the stored event.
#[must_use]
pub fn authority(config: &Config, actor: &Actor, warning: &Warning) -> Vec<Finding> {
    match actor.role {
        Role::Issuer => match actor.subject.as_deref().and_then(|id| config.issuers.get(id)) {
            Some(issuer) => Check { config, issuer }.all(warning),
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

/// One issuer's allow-list.
struct Check<'a> {
    config: &'a Config,
    issuer: &'a Issuer,
}

impl Check<'_> {
    fn all(&self, warning: &Warning) -> Vec<Finding> {
        let mut findings = self.sender(warning);
        findings.extend(self.hazards(&warning.message().infos));
        findings.extend(self.levels(&warning.message().infos));
        findings.extend(areas(warning).flat_map(|(at, area)| self.area(&at, area)));
        findings
    }

    fn refuse(&self, code: &'static str, path: impl Into<String>) -> Finding {
        Finding::refuse(code, path).arg("issuer", &self.issuer.name)
    }

    /// Who passes on what others issued keeps their sender.
    fn sender(&self, warning: &Warning) -> Vec<Finding> {
        let sender = &warning.message().sender;
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
        let national: Vec<(String, &str)> =
            infos.iter().enumerate().flat_map(|(i, info)| national_codes(i, info)).collect();
        if national.is_empty() {
            return vec![self.refuse("hazard-missing", "/infos/0/event_codes").allowed(allowed)];
        }
        let foreign = national.into_iter().filter(|(_, code)| !allowed.iter().any(|pattern| matches(pattern, code)));
        foreign.map(|(path, code)| self.refuse("hazard-not-allowed", path).got(code).allowed(allowed)).collect()
    }

    fn levels(&self, infos: &[Info]) -> Vec<Finding> {
        let levels = infos.iter().enumerate().map(|(i, info)| (i, Level::from(info.severity)));
        let foreign = levels.filter(|(_, level)| !self.issuer.levels.contains(level));
        foreign
            .map(|(i, level)| {
                let finding = self.refuse("level-not-allowed", format!("/infos/{i}/severity")).got(level.name());
                finding.allowed(self.issuer.levels.iter().map(|level| level.name()))
            })
            .collect()
    }

    fn area(&self, at: &str, area: &Area) -> Vec<Finding> {
        if self.issuer.areas.iter().any(|code| code == "*") {
            return Vec::new();
        }
        let coded = codes(at, area);
        if coded.is_empty() {
            let finding = self.refuse("area-not-coded", at).got(&area.description);
            return vec![finding.allowed(self.own_areas())];
        }
        coded.into_iter().filter_map(|(path, code)| self.code(path, code)).collect()
    }

    fn code(&self, path: String, code: AreaCode) -> Option<Finding> {
        let Some(name) = self.config.areas.get(&code) else { return Some(unknown_area(path, code)) };
        let own = self.issuer.areas.iter().filter_map(|text| text.parse::<AreaCode>().ok());
        if own.into_iter().any(|own| own.contains(code)) {
            return None;
        }
        Some(self.refuse("area-not-allowed", path).got(&format!("{name} {code}")).allowed(self.own_areas()))
    }

    /// The issuer's areas with their names.
    fn own_areas(&self) -> Vec<String> {
        let name = |text: &String| text.parse().ok().and_then(|code: AreaCode| self.config.areas.get(&code));
        let named = |text: &String| name(text).map_or_else(|| text.clone(), |name| format!("{name} {text}"));
        self.issuer.areas.iter().map(named).collect()
    }
}

/// `*` at the end of a pattern matches any rest.
fn matches(pattern: &str, code: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == code, |start| code.starts_with(start))
}

fn unknown_area(path: String, code: AreaCode) -> Finding {
    Finding::refuse("area-unknown", path).got(&code.to_string())
}

/// Every code of an info with the national form, with its path.
fn national_codes(i: usize, info: &Info) -> impl Iterator<Item = (String, &str)> {
    let codes = info.event_codes.iter().enumerate().filter(|(_, code)| has_national_form(&code.value));
    codes.map(move |(c, code)| (format!("/infos/{i}/event_codes/{c}/value"), code.value.as_str()))
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
