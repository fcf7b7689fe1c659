//! Response measures: what every department does, by hazard and level, and how it is reminded.

use std::time::Duration;

use fenghuo_contract::Channel;
use serde::Deserialize;

use super::{Config, authority::matches, seconds};
use crate::domain::{
    level::Level,
    measures::{self, MeasureKind, Planned},
};

/// What is done about some hazards at some levels. Every rule that matches a warning counts.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasureRule {
    /// Hazard codes; `*` at the end matches any rest; `["*"]` = any, also none.
    pub hazards: Vec<String>,
    pub levels: Vec<Level>,
    pub items: Vec<MeasureItem>,
}

/// One thing to be done by one office.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasureItem {
    /// Id of an issuer, or `office`.
    pub office: String,
    #[serde(default)]
    pub kind: MeasureKind,
    pub text_zh: String,
    pub text_en: String,
    /// So long after the release.
    #[serde(with = "seconds")]
    pub due_s: Duration,
}

/// How offices are reminded of what they have to do.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Tasks {
    /// Again so long before it is due; 0 = not.
    #[serde(with = "seconds")]
    pub remind_before_s: Duration,
    /// Who is told by items of the kind `notify_neighbours`.
    pub neighbours: Vec<String>,
    /// Empty = every channel that reaches persons.
    pub channels: Vec<Channel>,
}

impl Default for Tasks {
    fn default() -> Self {
        Self { remind_before_s: Duration::from_secs(600), neighbours: Vec::new(), channels: Vec::new() }
    }
}

impl MeasureRule {
    /// Whether it is about a hazard (or about none) at a level.
    #[must_use]
    pub fn matches(&self, hazards: &[&str], level: Level) -> bool {
        let of_hazard = |pattern: &String| pattern == "*" || hazards.iter().any(|hazard| matches(pattern, hazard));
        self.levels.contains(&level) && self.hazards.iter().any(of_hazard)
    }
}

impl Config {
    /// What is to be done about some hazards at a level, each thing once, at the earliest of its times.
    #[must_use]
    pub fn measures(&self, hazards: &[&str], level: Level) -> Vec<Planned> {
        let matching = self.measures.iter().filter(|rule| rule.matches(hazards, level));
        measures::unite(matching.flat_map(|rule| &rule.items).map(|item| self.planned(item, hazards)))
    }

    /// Who is above the district about a hazard; where nobody is named for it, about anything.
    pub(super) fn superior(&self, hazard: Option<&str>) -> Option<&str> {
        let named = [self.power(hazard), self.power(None)].into_iter().map(|power| power.superior.as_str());
        named.into_iter().find(|superior| !superior.is_empty())
    }

    fn planned(&self, item: &MeasureItem, hazards: &[&str]) -> Planned {
        Planned {
            office: item.office.clone(),
            kind: item.kind,
            text_zh: item.text_zh.clone(),
            text_en: item.text_en.clone(),
            due_s: item.due_s.as_secs(),
            to: match item.kind {
                MeasureKind::Duty => Vec::new(),
                MeasureKind::ReportUp => {
                    self.superior(hazards.first().copied()).into_iter().map(str::to_owned).collect()
                }
                MeasureKind::NotifyNeighbours => self.tasks.neighbours.clone(),
            },
        }
    }
}
