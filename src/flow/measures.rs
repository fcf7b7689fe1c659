//! Response measures of the events that are here: the checklist of a warning is made with its release, in the same
//! commit, from what was signed; whoever has to do something is told at once, again before it is due, and others when it
//! is overdue, each once; and what people say about an item is written down.
//!
//! A lift ends what is open. A warning that only expires ends nothing: what was to be done is still owed, and is said to
//! be needless by a person.

mod tell;
mod view;

use std::{collections::BTreeMap, sync::Arc};

use parking_lot::RwLock;

pub(super) use self::tell::{look, overdue};
pub use self::view::{MeasureView, MeasuresView, TaskView};
use super::{
    Flow, Parts, Unavailable,
    authorize::{Actor, Role},
    parts::parse,
    record::{Decision, WarningId, WarningRecord, create, replace},
};
use crate::{
    domain::{
        measures::{MeasureState, Planned, Said, SayFault, Sheet},
        warning::Warning,
    },
    store::{self, Commit, CommitFault, Key, Put, Space, Stored, Urgency},
};

/// How often what somebody says is tried again when another said something at the same moment.
const TRIES: usize = 5;

/// The sheets on which something is open, and those that changed since the start, by event.
#[derive(Default)]
pub(crate) struct Measures(RwLock<BTreeMap<WarningId, Arc<Sheet>>>);

impl Measures {
    /// Keeps a sheet as it now stands; one that is older than what is known is passed over.
    pub(crate) fn remember(&self, event: &WarningId, sheet: Sheet) {
        let mut sheets = self.0.write();
        if sheets.get(event).is_none_or(|known| known.revision < sheet.revision) {
            sheets.insert(event.clone(), Arc::new(sheet));
        }
    }

    fn get(&self, event: &WarningId) -> Option<Arc<Sheet>> {
        self.0.read().get(event).cloned()
    }

    /// Those on which something is open, with their events.
    fn open(&self) -> Vec<(WarningId, Arc<Sheet>)> {
        let sheets = self.0.read();
        let open = sheets.iter().filter(|(_, sheet)| sheet.is_open());
        open.map(|(event, sheet)| (event.clone(), Arc::clone(sheet))).collect()
    }
}

/// Reads what the store holds.
pub(super) async fn load(parts: &Parts) -> Result<(), Unavailable> {
    store::each(&parts.store, Space::Measures, None, |key, stored| {
        let sheet: Sheet = parse(&stored.value)?;
        if let Ok(event) = std::str::from_utf8(&key.0)
            && sheet.is_open()
        {
            parts.measures.remember(&WarningId(event.to_owned()), sheet);
        }
        Ok(())
    })
    .await
}

/// Takes in a sheet that another node changed.
pub(super) fn hear(parts: &Parts, key: &Key, stored: Option<&Stored>) -> Result<(), Unavailable> {
    if let (Ok(event), Some(stored)) = (std::str::from_utf8(&key.0), stored) {
        parts.measures.remember(&WarningId(event.to_owned()), parse(&stored.value)?);
        parts.bell.notify_one();
    }
    Ok(())
}

/// What is to be done when a warning is released, as configured now. A lift asks for nothing.
pub(crate) fn planned(parts: &Parts, warning: &Warning) -> Vec<Planned> {
    if warning.is_lift() {
        return Vec::new();
    }
    let codes = warning.message().infos.iter().flat_map(|info| &info.event_codes).map(|code| code.value.as_str());
    let mut hazards: Vec<&str> = codes.filter(|code| parts.config.is_hazard(code)).collect();
    hazards.dedup();
    parts.config.measures(&hazards, warning.level())
}

/// The change of its event's sheet that becomes durable with the release of a warning; `None` when nothing changes.
pub(super) async fn at_release(
    parts: &Parts,
    record: &WarningRecord,
    warning: &Warning,
    now_ms: i64,
) -> Result<Option<(Put, Sheet)>, Unavailable> {
    let planned = planned(parts, warning);
    let begins = record.event == record.id;
    if planned.is_empty() && (begins || !warning.is_lift()) {
        return Ok(None);
    }
    let key = record.event.0.as_str();
    let stored = if begins { None } else { parts.store.get(Space::Measures, key.into()).await? };
    let mut sheet = match &stored {
        Some(stored) => parse::<Sheet>(&stored.value)?,
        None => Sheet::default(),
    };
    let changed =
        if warning.is_lift() { sheet.end(&record.id.0, now_ms) } else { sheet.join(planned, &record.id.0, now_ms) };
    let put = match &stored {
        Some(stored) => replace(Space::Measures, key, &sheet, stored.version),
        None => create(Space::Measures, key, &sheet),
    };
    Ok(changed.then_some((put, sheet)))
}

/// What a person says about an item.
#[derive(Clone, Debug)]
pub struct SayOrder {
    /// From 1.
    pub number: usize,
    pub state: MeasureState,
    pub note: Option<String>,
}

/// Why it is not taken.
#[derive(Debug, thiserror::Error)]
pub enum MeasureFault {
    #[error(transparent)]
    Refused(#[from] SayFault),
    /// It is another office's item, on a warning that is not one's own either.
    #[error("an item of {0}")]
    NotYours(String),
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Flow {
    /// Takes what a person says about an item, durably; `None` when there is no such warning. The same said again
    /// changes nothing.
    ///
    /// # Errors
    /// [`MeasureFault`]; nothing has changed then, unless it is `Unavailable`: repeat the same.
    pub async fn say_measure(
        &self,
        id: &WarningId,
        order: SayOrder,
        actor: &Actor,
    ) -> Result<Option<MeasuresView>, MeasureFault> {
        let parts = &self.0;
        let Some(record) = parts.warning_record(id).filter(|record| record.notice.is_none()) else { return Ok(None) };
        for _ in 0..TRIES {
            if say(parts, &record, &order, actor).await? {
                return Ok(self.measures(id).await?);
            }
        }
        Err(Unavailable::new("a sheet of measures kept changing").into())
    }
}

/// False when somebody else said something at the same moment.
async fn say(parts: &Parts, record: &WarningRecord, order: &SayOrder, actor: &Actor) -> Result<bool, MeasureFault> {
    let event = &record.event;
    let stored = parts.store.get(Space::Measures, event.0.as_str().into()).await.map_err(Unavailable::from)?;
    let stored = stored.ok_or(SayFault::Missing)?;
    let mut sheet: Sheet = parse(&stored.value)?;
    let item = order.number.checked_sub(1).and_then(|at| sheet.items.get(at)).ok_or(SayFault::Missing)?;
    let what = item.what.clone();
    if !may_say(actor, record, &what.office) {
        return Err(MeasureFault::NotYours(what.office));
    }
    let now_ms = parts.clock.unix_ms();
    let by = actor.person.clone().unwrap_or_else(|| actor.key.clone());
    let said = Said { state: order.state, at_ms: now_ms, by, note: order.note.clone() };
    if !sheet.say(order.number, said)? {
        return Ok(true);
    }
    let note = order.note.as_deref().unwrap_or_default();
    let detail = format!("{} {} {} {note}", order.number, what.office, what.text_zh);
    let decision = Decision {
        at_ms: now_ms,
        what: format!("measure_{}", order.state.name()),
        warning: Some(record.id.clone()),
        by: Some(actor.key.clone()),
        detail: Some(detail.trim_end().to_owned()),
    };
    let put = replace(Space::Measures, event.0.as_str(), &sheet, stored.version);
    let commit = Commit { puts: vec![put], entries: vec![decision.entry()] };
    match parts.store.commit_as(Urgency::Pressing, commit).await {
        Ok(committed) => {
            parts.measures.remember(event, sheet);
            parts.progress.decided(committed.entries.first().map_or(0, |entry| entry.sequence), &decision);
            Ok(true)
        }
        Err(CommitFault::Conflict { .. }) => Ok(false),
        Err(fault) => Err(Unavailable::from(fault).into()),
    }
}

/// An issuer speaks for the items of its own office and for every item of its own warning; the staff for all.
fn may_say(actor: &Actor, record: &WarningRecord, office: &str) -> bool {
    match actor.role {
        Role::Approver | Role::Operator => true,
        Role::Issuer => {
            actor.subject.is_some() && (actor.subject.as_deref() == Some(office) || actor.subject == record.issuer)
        }
        _ => false,
    }
}
