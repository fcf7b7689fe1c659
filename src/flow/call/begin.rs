//! Begins the list of a warning: who has to confirm it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use fenghuo_contract::Channel;

use super::list::{Deputy, List, ListRecord, Mark, Officer, Word, named};
use crate::{
    config::CallRule,
    domain::{
        call::{How, Times},
        chain::Change,
        message::Status,
        roster::{self, Duty},
        warning::Warning,
    },
    flow::{
        Parts, Unavailable,
        notice::Unreached,
        record::{Decision, Stage, WarningId, WarningRecord, create, span_ms},
        target::{self, Named, directory::RecipientView},
    },
    store::Space,
};

/// A warning that was released longer ago begins no list, milliseconds: its officers were to be called then.
const FRESH_MS: i64 = 3_600_000;
/// Officers of one list at most.
const OFFICERS_MAX: usize = 5_000;
/// Recipients read at a time.
const PAGE: usize = 500;

/// Begins every list that is to begin.
pub(super) async fn look(parts: &Arc<Parts>) -> Result<(), Unavailable> {
    if parts.config.call.is_empty() {
        return Ok(());
    }
    for record in fresh(parts) {
        let warning = Warning::new(record.message.clone()).ok();
        let rule = warning.as_ref().and_then(|warning| parts.config.call_rule(warning, record.issuer.as_deref()));
        match (warning.as_ref(), rule) {
            (Some(warning), Some((name, rule))) => begin(parts, &record, warning, name, rule).await?,
            _ => drop(parts.calls.known.write().passed.insert(record.id.clone())),
        }
    }
    Ok(())
}

/// Released lately, and nothing is decided about calling.
fn fresh(parts: &Parts) -> Vec<Arc<WarningRecord>> {
    let now_ms = parts.clock.unix_ms();
    let is_new = |record: &&Arc<WarningRecord>| {
        record.notice.is_none()
            && (Stage::Released..=Stage::Finished).contains(&record.stage)
            && record.released_ms.is_some_and(|at| now_ms - at < FRESH_MS)
            && record.expires_unix().is_none_or(|end| end * 1000 > now_ms)
    };
    let mut known = parts.calls.known.write();
    let warnings = parts.warnings.read();
    let unended: Vec<Arc<WarningRecord>> = warnings.unended().filter(is_new).cloned().collect();
    // What is not fresh any more is not asked about again.
    let ids: BTreeSet<WarningId> = unended.iter().map(|record| record.id.clone()).collect();
    known.passed.retain(|id| ids.contains(id));
    unended
        .into_iter()
        .filter(|record| !known.lists.contains_key(&record.id) && !known.passed.contains(&record.id))
        .collect()
}

async fn begin(
    parts: &Parts,
    record: &WarningRecord,
    warning: &Warning,
    name: &str,
    rule: &CallRule,
) -> Result<(), Unavailable> {
    let officers = Finder::new(parts, record, rule).officers(record, warning).await?;
    let began_ms = parts.clock.unix_ms();
    let times = Times {
        confirm_within_ms: span_ms(rule.confirm_within_s),
        deputy_after_ms: span_ms(rule.deputy_after_s),
        telephone_after_ms: span_ms(rule.telephone_after_s),
    };
    let list = ListRecord { warning: record.id.clone(), rule: name.to_owned(), began_ms, times, officers };
    let carried = carried(parts, record, &list);
    let mut puts = vec![create(Space::Call, record.id.0.as_str(), &list)];
    puts.extend(carried.iter().map(Mark::put));
    let ids: Vec<String> = list.officers.iter().map(|officer| officer.id.clone()).collect();
    let decision = Decision {
        at_ms: began_ms,
        what: "calls_began".to_owned(),
        warning: Some(record.id.clone()),
        by: None,
        detail: Some(format!("{name} {}", named(&ids))),
    };
    if !super::commit(parts, puts, &decision).await? {
        // A commit of which no answer came has stored it.
        return super::load(parts).await;
    }
    let mut list = List::new(list);
    carried.into_iter().for_each(|mark| list.apply(mark));
    let mut known = parts.calls.known.write();
    known.active.insert(record.id.clone());
    known.lists.insert(record.id.clone(), list);
    drop(known);
    parts.progress.notify(&record.id);
    Ok(())
}

/// Words from the last list of the event: unless the level rose, whoever confirmed then is not called again.
fn carried(parts: &Parts, record: &WarningRecord, list: &ListRecord) -> Vec<Mark> {
    if matches!(record.change, Change::Raise | Change::First) {
        return Vec::new();
    }
    let known = parts.calls.known.read();
    let mut earlier: Vec<WarningId> =
        parts.event_members(&record.event).iter().map(|member| member.id.clone()).collect();
    earlier.sort();
    let last = earlier.iter().rev().filter(|id| **id != record.id).find_map(|id| known.lists.get(id));
    let Some(last) = last else { return Vec::new() };
    let word = |officer: &Officer| {
        let (by, _) = last.words.get(&officer.id)?.counts()?;
        let (warning, officer) = (record.id.clone(), officer.id.clone());
        Some(Mark::Word(Word { warning, officer, by, at_ms: list.began_ms, how: How::Earlier, key: None, note: None }))
    };
    list.officers.iter().filter_map(word).collect()
}

/// Looks for the officers of one warning.
struct Finder<'a> {
    parts: &'a Parts,
    rule: &'a CallRule,
    drill: bool,
    /// Those of the rule that a route carries, in its order.
    channels: Vec<Channel>,
}

/// A recipient as the directory has it now.
struct Found {
    row: u32,
    view: RecipientView,
}

impl<'a> Finder<'a> {
    fn new(parts: &'a Parts, record: &WarningRecord, rule: &'a CallRule) -> Self {
        let carried =
            |channel: &Channel| channel.reaches_persons() && !target::routes(parts, *channel, record.status).is_empty();
        let channels = rule.channels.iter().copied().filter(carried).collect();
        Self { parts, rule, drill: record.status != Status::Actual, channels }
    }

    async fn officers(&self, record: &WarningRecord, warning: &Warning) -> Result<Vec<Officer>, Unavailable> {
        let mut officers: BTreeMap<String, Officer> = BTreeMap::new();
        for office in &self.rule.offices {
            for officer in self.on_duty(office).await? {
                officers.entry(officer.id.clone()).or_insert(officer);
            }
        }
        let named = Named::of(self.parts, warning, record.issuer.as_deref()).await?;
        let rows: Vec<u32> = named.members(self.parts, &self.rule.groups).into_iter().collect();
        for rows in rows.chunks(PAGE) {
            let views = self.parts.directory.views(rows).await?;
            for (row, view) in rows.iter().zip(views) {
                let Some(view) = view.filter(|view| !self.drill || view.drill) else { continue };
                if officers.contains_key(&view.external_id) {
                    continue;
                }
                let group = self.rule.groups.iter().find(|group| view.groups.contains(group));
                let office = group.cloned().unwrap_or_default();
                let deputy = self.deputy_of(&view).await?;
                let officer = self.officer(&Found { row: *row, view }, office, None, deputy);
                officers.insert(officer.id.clone(), officer);
            }
        }
        if officers.len() > OFFICERS_MAX {
            tracing::error!(warning = %record.id, count = officers.len(), most = OFFICERS_MAX, "too many officers: the rest is not called");
        }
        Ok(officers.into_values().take(OFFICERS_MAX).collect())
    }

    fn officer(&self, found: &Found, office: String, person: Option<String>, deputy: Option<Deputy>) -> Officer {
        let channels = self.channels_of(&found.view);
        Officer {
            id: found.view.external_id.clone(),
            row: Some(found.row),
            office,
            person,
            area: found.view.areas.first().copied(),
            lack: channels.is_empty().then_some(Unreached::NoAddress),
            channels,
            deputy,
        }
    }

    fn channels_of(&self, view: &RecipientView) -> Vec<Channel> {
        self.channels.iter().copied().filter(|channel| view.endpoints.contains_key(channel.name())).collect()
    }

    async fn find(&self, id: &str) -> Result<Option<Found>, Unavailable> {
        let Some(row) = self.parts.directory.find_by_external(id).await? else { return Ok(None) };
        let view = self.parts.directory.views(&[row]).await?.pop().flatten();
        Ok(view.map(|view| Found { row, view }))
    }

    /// Whoever is on duty at an office; a line that nobody is, when its roster leaves the hour open.
    async fn on_duty(&self, office: &str) -> Result<Vec<Officer>, Unavailable> {
        let now = self.parts.clock.unix();
        let Some(chosen) = self.parts.rosters.answering(office, &[Duty::Duty], now) else { return Ok(Vec::new()) };
        let mut officers = Vec::new();
        if chosen.is_empty() {
            officers.push(missing(format!("office/{office}"), office, None, Unreached::NobodyOnDuty, None));
        }
        for standing in chosen {
            let found = self.find(&standing.officer.recipient).await?;
            // A drill calls nobody who takes no part in drills.
            if self.drill && found.as_ref().is_some_and(|found| !found.view.drill) {
                continue;
            }
            let deputy = match standing.deputies.first() {
                Some(deputy) => self.deputy(deputy).await?,
                None => match &found {
                    Some(found) => self.deputy_of(&found.view).await?,
                    None => None,
                },
            };
            let person = Some(standing.officer.person.clone());
            officers.push(match found {
                Some(found) => self.officer(&found, office.to_owned(), person, deputy),
                None => {
                    let id = standing.officer.recipient.clone();
                    missing(id, office, person, Unreached::RecipientUnknown, deputy)
                }
            });
        }
        Ok(officers)
    }

    async fn deputy(&self, deputy: &roster::Officer) -> Result<Option<Deputy>, Unavailable> {
        let stands = self.standing_in(&deputy.recipient).await?;
        Ok(stands.map(|stands| Deputy { person: Some(deputy.person.clone()), ..stands }))
    }

    async fn deputy_of(&self, view: &RecipientView) -> Result<Option<Deputy>, Unavailable> {
        match view.deputy.as_ref().filter(|id| **id != view.external_id) {
            Some(id) => self.standing_in(id).await,
            None => Ok(None),
        }
    }

    /// Whoever stands in, with the channels that reach him; `None` when he is not there or takes no part in drills.
    async fn standing_in(&self, id: &str) -> Result<Option<Deputy>, Unavailable> {
        let found = self.find(id).await?.filter(|found| !self.drill || found.view.drill);
        Ok(found.map(|found| Deputy {
            id: id.to_owned(),
            row: Some(found.row),
            person: None,
            channels: self.channels_of(&found.view),
        }))
    }
}

/// Somebody no channel reaches.
fn missing(id: String, office: &str, person: Option<String>, lack: Unreached, deputy: Option<Deputy>) -> Officer {
    Officer {
        id,
        row: None,
        office: office.to_owned(),
        person,
        area: None,
        channels: Vec::new(),
        lack: Some(lack),
        deputy,
    }
}
