//! What people see of the measures: the sheet of a warning, and what an office has to do.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::{
    Flow, Parts, Unavailable,
    authorize::{Actor, Role},
    parts::parse,
    record::{WarningId, WarningRecord, rfc3339},
};
use crate::{
    domain::{
        level::Level,
        measures::{Measure, MeasureKind, MeasureState, Sheet},
        message::Status,
    },
    store::Space,
};

/// What is to be done while an event lasts.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct MeasuresView {
    /// The warning it was asked for.
    pub warning: WarningId,
    /// The first warning of the event; all of them have one sheet.
    pub event: WarningId,
    pub level: Level,
    pub status: Status,
    /// The moment it is about, RFC 3339.
    pub as_of: String,
    /// Items by state: `open`, `overdue` (which are open too), `done`, `late` (which are done too), `not_applicable`,
    /// `ended`.
    pub counts: BTreeMap<String, u64>,
    /// In the order they came; empty before the release, and where nothing is configured.
    pub items: Vec<MeasureView>,
}

/// One thing to be done by one office.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct MeasureView {
    /// Its number on the sheet, from 1.
    pub n: usize,
    pub office: String,
    pub office_name: String,
    pub kind: MeasureKind,
    pub text_zh: String,
    pub text_en: String,
    /// Whom to report to, or which neighbours to tell.
    pub to: Vec<String>,
    /// The warning of the event that brought it.
    pub from: WarningId,
    /// RFC 3339.
    pub due_at: String,
    pub state: MeasureState,
    /// It is open and its time has passed.
    pub overdue: bool,
    /// It was done, after its time.
    pub late: bool,
    /// Who said so: a person, a key where no person is known, or for an ended one the warning that ended it.
    pub by: Option<String>,
    /// RFC 3339.
    pub at: Option<String>,
    pub note: Option<String>,
}

/// Something an office has to do now.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct TaskView {
    /// The newest warning of the event that was released.
    pub warning: WarningId,
    pub headline: String,
    pub level: Level,
    pub status: Status,
    #[serde(flatten)]
    pub measure: MeasureView,
}

impl Flow {
    /// The sheet of a warning's event; `None` when there is no such warning.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn measures(&self, id: &WarningId) -> Result<Option<MeasuresView>, Unavailable> {
        let parts = &self.0;
        let Some(record) = parts.warning_record(id).filter(|record| record.notice.is_none()) else { return Ok(None) };
        let sheet = match parts.measures.get(&record.event) {
            Some(sheet) => (*sheet).clone(),
            None => match parts.store.get(Space::Measures, record.event.0.as_str().into()).await? {
                Some(stored) => parse(&stored.value)?,
                None => Sheet::default(),
            },
        };
        let now_ms = parts.clock.unix_ms();
        Ok(Some(MeasuresView {
            warning: record.id.clone(),
            event: record.event.clone(),
            level: record.level,
            status: record.status,
            as_of: rfc3339(now_ms),
            counts: counts(&sheet, now_ms),
            items: sheet.items.iter().enumerate().map(|(at, item)| view(parts, at, item, now_ms)).collect(),
        }))
    }

    /// What is open, the soonest first: an issuer's own, for others everybody's or that of one office.
    pub fn tasks(&self, actor: &Actor, office: Option<&str>) -> Vec<TaskView> {
        let parts = &self.0;
        let own = if actor.role == Role::Issuer { Some(actor.subject.as_deref().unwrap_or_default()) } else { None };
        let wanted = |item: &Measure| {
            let is = |wanted: Option<&str>| wanted.is_none_or(|wanted| wanted == item.what.office);
            item.is_open() && is(own) && is(office)
        };
        let now_ms = parts.clock.unix_ms();
        let mut tasks: Vec<(i64, TaskView)> = Vec::new();
        for (event, sheet) in parts.measures.open() {
            let Some(record) = newest(parts, &event) else { continue };
            let open = sheet.items.iter().enumerate().filter(|(_, item)| wanted(item));
            tasks.extend(open.map(|(at, item)| {
                let measure = view(parts, at, item, now_ms);
                let (warning, headline) = (record.id.clone(), headline(&record));
                let (level, status) = (record.level, record.status);
                (item.due_ms, TaskView { warning, headline, level, status, measure })
            }));
        }
        tasks.sort_by(|a, b| (a.0, &a.1.warning, a.1.measure.n).cmp(&(b.0, &b.1.warning, b.1.measure.n)));
        tasks.into_iter().map(|(_, task)| task).collect()
    }
}

/// The newest warning of an event that was released.
fn newest(parts: &Parts, event: &WarningId) -> Option<std::sync::Arc<WarningRecord>> {
    parts.event_members(event).into_iter().rfind(|member| member.released_ms.is_some())
}

fn headline(record: &WarningRecord) -> String {
    let info = record.message.infos.first();
    info.map(|info| info.headline.clone().unwrap_or_else(|| info.event.clone())).unwrap_or_default()
}

/// What an office is called.
pub(super) fn office_name(parts: &Parts, office: &str) -> String {
    parts.config.issuers.get(office).map_or_else(|| office.to_owned(), |issuer| issuer.name.clone())
}

fn counts(sheet: &Sheet, now_ms: i64) -> BTreeMap<String, u64> {
    let count = |wanted: &dyn Fn(&Measure) -> bool| sheet.items.iter().filter(|item| wanted(item)).count() as u64;
    let mut counts: BTreeMap<String, u64> = MeasureState::ALL
        .into_iter()
        .map(|state| (state.name().to_owned(), count(&|item: &Measure| item.state() == state)))
        .collect();
    counts.insert("overdue".to_owned(), count(&|item: &Measure| item.is_overdue(now_ms)));
    counts.insert("late".to_owned(), count(&Measure::is_late));
    counts
}

fn view(parts: &Parts, at: usize, item: &Measure, now_ms: i64) -> MeasureView {
    let said = item.said.as_ref();
    MeasureView {
        n: at + 1,
        office: item.what.office.clone(),
        office_name: office_name(parts, &item.what.office),
        kind: item.what.kind,
        text_zh: item.what.text_zh.clone(),
        text_en: item.what.text_en.clone(),
        to: item.what.to.clone(),
        from: WarningId(item.from.clone()),
        due_at: rfc3339(item.due_ms),
        state: item.state(),
        overdue: item.is_overdue(now_ms),
        late: item.is_late(),
        by: said.map(|said| said.by.clone()),
        at: said.map(|said| rfc3339(said.at_ms)),
        note: said.and_then(|said| said.note.clone()),
    }
}
