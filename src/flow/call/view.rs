//! A call list as people see it.

use std::collections::BTreeMap;

use fenghuo_contract::Channel;
use serde::Serialize;

use super::{List, ended, list::Officer};
use crate::{
    domain::{
        call::{By, How, State, Step},
        level::Level,
    },
    flow::{
        Flow, Parts, Unavailable,
        alarms::{AlarmCode, Seen, Subject, Told},
        record::{Decision, WarningId, rfc3339},
        target::directory::RecipientView,
    },
};

/// Rows read at a time.
const PAGE: usize = 500;

/// Numbers of a call list; together they are `officers`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, serde::Deserialize, utoipa::ToSchema)]
pub struct CallCounts {
    /// Who has to confirm.
    pub officers: u64,
    /// Called and waited for.
    pub called: u64,
    /// Confirmed by the officer himself.
    pub confirmed: u64,
    /// Confirmed by whoever stands in.
    pub by_deputy: u64,
    /// To be called by telephone.
    pub telephone: u64,
    /// Never confirmed while the warning stood.
    pub over: u64,
}

/// Who has to confirm a warning, and where each of them stands.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct CallsView {
    pub warning: WarningId,
    /// Name of the rule; `null` when nobody has to confirm.
    pub rule: Option<String>,
    /// RFC 3339.
    pub began_at: Option<String>,
    /// When this was true, RFC 3339.
    pub as_of: String,
    /// Why nobody is called any more: `lifted`, `corrected`, `superseded`, `stopped` or `expired`.
    pub ended: Option<String>,
    /// RFC 3339.
    pub ended_at: Option<String>,
    pub counts: CallCounts,
    /// Whoever is to be telephoned first, then the others who have not confirmed.
    pub items: Vec<CallView>,
}

/// One officer.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct CallView {
    pub external_id: String,
    pub name: String,
    /// Office he is on duty at, or the group by which he is responsible.
    pub office: String,
    pub area: Option<String>,
    /// `telephone`, `called`, `by_deputy`, `confirmed` or `over`.
    pub state: String,
    /// Since when, RFC 3339.
    pub since: Option<String>,
    /// The channel he, or whoever stands in, was called on last.
    pub channel: Option<String>,
    /// The last call went to whoever stands in.
    pub deputy_called: bool,
    /// How it was confirmed: `link`, `reply`, `console` or `earlier`.
    pub how: Option<How>,
    /// Who told so.
    pub note: Option<String>,
    /// Id of the key of whoever wrote it down.
    pub by: Option<String>,
    /// Why he is telephoned: `unconfirmed`, `no_address`, `recipient_unknown`, `nobody_on_duty`.
    pub reason: Option<String>,
    /// Masked, unless the list was taken.
    pub telephone: Option<String>,
    /// External id of whoever stands in.
    pub deputy: Option<String>,
    pub deputy_name: Option<String>,
    /// Masked, unless the list was taken.
    pub deputy_telephone: Option<String>,
}

impl Flow {
    /// Who has to confirm a warning; `None` when there is no such warning. Telephone numbers are masked.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn calls(&self, id: &WarningId) -> Result<Option<CallsView>, Unavailable> {
        view(&self.0, id, false).await
    }

    /// The same with whole telephone numbers, for whoever telephones. Who took it stands in the journal.
    ///
    /// # Errors
    /// When the store cannot be read, or does not take that it was taken.
    pub async fn take_call_list(&self, id: &WarningId, key: &str) -> Result<Option<CallsView>, Unavailable> {
        let parts = &self.0;
        let Some(view) = view(parts, id, true).await? else { return Ok(None) };
        let decision = Decision {
            at_ms: parts.clock.unix_ms(),
            what: "call_list_taken".to_owned(),
            warning: Some(id.clone()),
            by: Some(key.to_owned()),
            detail: Some(view.items.len().to_string()),
        };
        super::commit(parts, Vec::new(), &decision).await?;
        Ok(Some(view))
    }
}

/// Numbers of a warning's list; `None` when nobody has to confirm.
pub(crate) fn counts(parts: &Parts, id: &WarningId) -> Option<CallCounts> {
    let ended_ms = parts.warning_record(id).and_then(|record| ended(parts, &record)).map(|(_, at)| at);
    let now_ms = parts.clock.unix_ms();
    parts.calls.read(id, |list| count(list, ended_ms, now_ms))
}

fn count(list: &List, ended_ms: Option<i64>, now_ms: i64) -> CallCounts {
    let mut counts = CallCounts { officers: list.record.officers.len() as u64, ..CallCounts::default() };
    for officer in &list.record.officers {
        match list.state(officer, ended_ms, now_ms) {
            State::Called { .. } => counts.called += 1,
            State::Telephone { .. } => counts.telephone += 1,
            State::Confirmed { by: By::Officer, .. } => counts.confirmed += 1,
            State::Confirmed { by: By::Deputy, .. } => counts.by_deputy += 1,
            State::Over => counts.over += 1,
        }
    }
    counts
}

/// The alarm for red and orange warnings of which officers are to be telephoned.
pub(crate) fn unconfirmed(parts: &Parts, seen: &mut Seen) {
    for id in parts.calls.active() {
        let Some(record) = parts.warning_record(&id).filter(|record| record.level >= Level::Orange) else { continue };
        if ended(parts, &record).is_some() {
            continue;
        }
        let now_ms = parts.clock.unix_ms();
        let since = |list: &List| {
            let since = list.record.officers.iter().filter_map(|officer| match list.state(officer, None, now_ms) {
                State::Telephone { since_ms } => Some(since_ms),
                _ => None,
            });
            let since: Vec<i64> = since.collect();
            Some((since.iter().copied().min()?, since.len()))
        };
        let Some((since_ms, count)) = parts.calls.read(&id, since).flatten() else { continue };
        let facts = [("count".to_owned(), count.to_string()), ("since".to_owned(), rfc3339(since_ms))];
        let subject = Subject { warning: Some(id), ..Subject::default() };
        seen.insert((AlarmCode::OfficersUnconfirmed, subject), Told { since_ms: Some(since_ms), facts: facts.into() });
    }
}

/// What the directory says of a row.
struct Person {
    view: RecipientView,
    telephone: Option<String>,
}

async fn view(parts: &Parts, id: &WarningId, whole: bool) -> Result<Option<CallsView>, Unavailable> {
    let Some(record) = parts.warning_record(id) else { return Ok(None) };
    let (ended, now_ms) = (ended(parts, &record), parts.clock.unix_ms());
    let ended_ms = ended.as_ref().map(|(_, at)| *at);
    let as_of = rfc3339(now_ms);
    let known = parts.calls.read(id, |list| {
        let states: Vec<(Officer, State)> = list
            .record
            .officers
            .iter()
            .map(|officer| (officer.clone(), list.state(officer, ended_ms, now_ms)))
            .collect();
        (list.record.rule.clone(), list.record.began_ms, count(list, ended_ms, now_ms), states, list.said.clone())
    });
    let Some((rule, began_ms, counts, mut states, said)) = known else {
        let (warning, items, counts) = (id.clone(), Vec::new(), CallCounts::default());
        return Ok(Some(CallsView {
            warning,
            rule: None,
            began_at: None,
            as_of,
            ended: None,
            ended_at: None,
            counts,
            items,
        }));
    };
    let rows = |(officer, _): &(Officer, State)| {
        officer.row.into_iter().chain(officer.deputy.as_ref().and_then(|deputy| deputy.row)).collect::<Vec<u32>>()
    };
    let persons = persons(parts, states.iter().flat_map(rows).collect(), whole).await?;
    states.sort_by_key(|(officer, state)| (order(state), officer.area, officer.office.clone(), officer.id.clone()));
    let items = states.iter().map(|(officer, state)| {
        let word = match state {
            State::Confirmed { by, .. } => said.iter().find(|word| word.officer == officer.id && word.by == *by),
            _ => None,
        };
        let mut item = item(parts, officer, state, &persons);
        item.note = word.and_then(|word| word.note.clone());
        item.by = word.and_then(|word| word.key.clone());
        item
    });
    let items = items.collect();
    Ok(Some(CallsView {
        warning: id.clone(),
        rule: Some(rule),
        began_at: Some(rfc3339(began_ms)),
        as_of,
        ended: ended.map(|(why, _)| why),
        ended_at: ended_ms.map(rfc3339),
        counts,
        items,
    }))
}

fn order(state: &State) -> u8 {
    match state {
        State::Telephone { .. } => 0,
        State::Called { .. } => 1,
        State::Over => 2,
        State::Confirmed { by: By::Deputy, .. } => 3,
        State::Confirmed { by: By::Officer, .. } => 4,
    }
}

async fn persons(parts: &Parts, mut rows: Vec<u32>, whole: bool) -> Result<BTreeMap<u32, Person>, Unavailable> {
    rows.sort_unstable();
    rows.dedup();
    let mut persons = BTreeMap::new();
    for rows in rows.chunks(PAGE) {
        let views = parts.directory.views(rows).await?;
        let endpoints = if whole { parts.directory.endpoints(rows, Channel::Sms).await? } else { Vec::new() };
        for (at, (row, view)) in rows.iter().zip(views).enumerate() {
            let Some(view) = view else { continue };
            let full = endpoints.get(at).and_then(|endpoint| endpoint.address.as_ref());
            let masked = view.endpoints.get(Channel::Sms.name()).cloned();
            let telephone = full.map(|address| address.expose().to_owned()).or(masked);
            persons.insert(*row, Person { view, telephone });
        }
    }
    Ok(persons)
}

fn item(parts: &Parts, officer: &Officer, state: &State, persons: &BTreeMap<u32, Person>) -> CallView {
    let person = officer.row.and_then(|row| persons.get(&row));
    let stands_in = officer.deputy.as_ref();
    let deputy = stands_in.and_then(|deputy| deputy.row).and_then(|row| persons.get(&row));
    let name = |known: &Option<String>, person: Option<&Person>| {
        known.clone().or_else(|| person.map(|person| person.view.name.clone())).unwrap_or_default()
    };
    let (word, since_ms, step) = match state {
        State::Called { step, since_ms } => ("called", Some(*since_ms), Some(*step)),
        State::Telephone { since_ms } => ("telephone", Some(*since_ms), None),
        State::Confirmed { by: By::Officer, word } => ("confirmed", Some(word.at_ms), None),
        State::Confirmed { by: By::Deputy, word } => ("by_deputy", Some(word.at_ms), None),
        State::Over => ("over", None, None),
    };
    let channel = step.and_then(|step| match step {
        Step::Own(n) => officer.channels.get(n).copied(),
        Step::Deputy(n) => stands_in.and_then(|deputy| deputy.channels.get(n)).copied(),
        Step::Telephone => None,
    });
    let reason = matches!(state, State::Telephone { .. })
        .then(|| officer.lack.map_or("unconfirmed", crate::flow::notice::Unreached::name).to_owned());
    let area = officer.area.map(|area| parts.config.areas.get(&area).cloned().unwrap_or_else(|| area.to_string()));
    let office =
        parts.config.issuers.get(&officer.office).map_or_else(|| officer.office.clone(), |known| known.name.clone());
    CallView {
        external_id: officer.id.clone(),
        name: name(&officer.person, person),
        office,
        area,
        state: word.to_owned(),
        since: since_ms.map(rfc3339),
        channel: channel.map(|channel| channel.name().to_owned()),
        deputy_called: matches!(step, Some(Step::Deputy(_))),
        how: match state {
            State::Confirmed { word, .. } => Some(word.how),
            _ => None,
        },
        note: None,
        by: None,
        reason,
        telephone: person.and_then(|person| person.telephone.clone()),
        deputy: stands_in.map(|deputy| deputy.id.clone()),
        deputy_name: stands_in.map(|stands_in| name(&stands_in.person, deputy)).filter(|name| !name.is_empty()),
        deputy_telephone: deputy.and_then(|person| person.telephone.clone()),
    }
}
