//! What the response measures would come to.

use std::collections::BTreeSet;

use super::Pass;
use crate::domain::{level::Level, measures::MeasureKind, roster::OFFICE};

pub(super) fn check(pass: &mut Pass<'_>) {
    let config = pass.config;
    for (at, rule) in config.measures.iter().enumerate() {
        let number = || ("rule", (at + 1).to_string());
        for (key, empty) in
            [("hazards", rule.hazards.is_empty()), ("levels", rule.levels.is_empty()), ("items", rule.items.is_empty())]
        {
            if empty && !pass.incomplete {
                pass.refuse("config-measures-empty", &["measures"], vec![number(), ("got", key.to_owned())]);
            }
        }
        for (of, item) in rule.items.iter().enumerate() {
            let args = |got: &str| vec![number(), ("item", (of + 1).to_string()), ("got", got.to_owned())];
            if item.office != OFFICE && !config.issuers.contains_key(&item.office) {
                pass.refuse("config-measures-office", &["measures"], args(&item.office));
            }
            if item.due_s.as_secs() == 0 {
                pass.refuse("config-measures-due", &["measures"], args("0"));
            }
            if item.text_zh.trim().is_empty() || item.text_en.trim().is_empty() {
                pass.refuse("config-measures-text", &["measures"], args(""));
            }
        }
    }
    levels(pass);
    receivers(pass);
    for channel in config.tasks.channels.iter().filter(|channel| !channel.reaches_persons()) {
        let args = vec![("channel", channel.name().to_owned())];
        pass.refuse("config-notice-channel", &["tasks", "channels"], args);
    }
}

/// Hazards for which something is to be done at one level and nothing at another.
fn levels(pass: &mut Pass<'_>) {
    let config = pass.config;
    let patterns: BTreeSet<&String> = config.measures.iter().flat_map(|rule| &rule.hazards).collect();
    for pattern in patterns {
        let covers = |other: &String| {
            other == pattern || other.strip_suffix('*').is_some_and(|start| pattern.starts_with(start))
        };
        let has = |level: &&Level| {
            config.measures.iter().any(|rule| rule.levels.contains(level) && rule.hazards.iter().any(covers))
        };
        let levels = [Level::Red, Level::Orange, Level::Yellow, Level::Blue];
        let missing: Vec<&str> = levels.iter().filter(|level| !has(level)).map(|level| level.name()).collect();
        if !missing.is_empty() && !pass.incomplete {
            let args = vec![("hazard", pattern.clone()), ("levels", missing.join(", "))];
            pass.advise("config-measures-level", &["measures"], args);
        }
    }
}

/// Items that say whom to tell, where nobody is named.
fn receivers(pass: &mut Pass<'_>) {
    let config = pass.config;
    for (at, rule) in config.measures.iter().enumerate() {
        let has = |kind| rule.items.iter().any(|item| item.kind == kind);
        let number = || vec![("rule", (at + 1).to_string())];
        let example = rule.hazards.first().map(|pattern| pattern.trim_end_matches('*'));
        let nobody_above = config.superior(example).is_none();
        if has(MeasureKind::ReportUp) && nobody_above {
            pass.advise("config-measures-superior", &["measures"], number());
        }
        if has(MeasureKind::NotifyNeighbours) && config.tasks.neighbours.is_empty() {
            pass.advise("config-measures-neighbours", &["tasks", "neighbours"], number());
        }
    }
}
