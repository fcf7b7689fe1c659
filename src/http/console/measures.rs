//! What departments have to do about a warning: the list lives and can be printed; whoever may says how an item stands.

use askama::Template;
use axum::{
    Form,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    LIFTERS,
    board::Row,
    frame::{Frame, Mode, Visit},
    show::{clock, grouped, minute},
    words::Words,
};
use crate::{
    domain::measures::{MeasureState, SayFault},
    flow::{
        authorize::Role,
        intake::WarningView,
        measures::{MeasureFault, MeasureView, MeasuresView, SayOrder},
        record::WarningId,
    },
    http::{
        Site,
        api::{MEASURE_NOTE_MAX, measure_problem},
    },
    messages::Lang,
};

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Given {
    #[serde(default)]
    form: String,
    #[serde(default)]
    number: String,
    #[serde(default)]
    state: String,
    #[serde(default)]
    note: String,
}

impl Given {
    fn order(&self) -> Option<SayOrder> {
        let state = MeasureState::SAID.into_iter().find(|state| state.name() == self.state)?;
        let note: String = self.note.trim().chars().take(MEASURE_NOTE_MAX).collect();
        Some(SayOrder { number: self.number.parse().ok()?, state, note: Some(note).filter(|note| !note.is_empty()) })
    }
}

/// `GET /console/warnings/{id}/measures`
pub(super) async fn page(State(site): State<Site>, Path(id): Path<String>, visit: Visit) -> Response {
    show(&site, &visit, &WarningId(id), StatusCode::OK, &Given::default(), None).await
}

/// `POST /console/warnings/{id}/measures`
pub(super) async fn act(
    State(site): State<Site>,
    Path(id): Path<String>,
    visit: Visit,
    Form(given): Form<Given>,
) -> Response {
    let actor = match visit.acts(&given.form) {
        Ok(actor) => actor,
        Err(refusal) => return *refusal,
    };
    let id = WarningId(id);
    if let Err(refusal) = visit.warning(&id, Visit::may_see).await {
        return *refusal;
    }
    let said = match given.order() {
        Some(order) => site.flow.say_measure(&id, order, &actor).await,
        None => Err(SayFault::Missing.into()),
    };
    let fault = match said {
        Ok(Some(_)) => return Redirect::to(&format!("/console/warnings/{id}/measures")).into_response(),
        Ok(None) => return visit.not_found(),
        Err(fault) => fault,
    };
    if let MeasureFault::Unavailable(fault) = &fault {
        tracing::warn!(%fault, warning = %id, "it is not known whether what was said of a measure was stored");
    }
    let (status, text) = match fault {
        // The page has no fields to point at.
        MeasureFault::Refused(SayFault::NoteMissing) => {
            (StatusCode::BAD_REQUEST, visit.words.t("console-measures-note-missing"))
        }
        fault => {
            let problem = measure_problem(fault, &given.number);
            (problem.code().status(), problem.sentence(visit.words.0))
        }
    };
    show(&site, &visit, &id, status, &given, Some(text)).await
}

async fn show(
    site: &Site,
    visit: &Visit,
    id: &WarningId,
    status: StatusCode,
    given: &Given,
    fault: Option<String>,
) -> Response {
    let view = match visit.warning(id, Visit::may_see).await {
        Ok(view) => view,
        Err(refusal) => return *refusal,
    };
    match site.flow.measures(id).await {
        Ok(Some(sheet)) => visit.answer(status, &Sheet::new(visit, &view, &sheet, given, fault)),
        Ok(None) => visit.not_found(),
        Err(fault) => visit.unavailable(&fault),
    }
}

#[derive(Template)]
#[template(path = "console/measures.html")]
pub(super) struct Sheet {
    frame: Frame,
    row: Row,
    title: String,
    as_of: String,
    fault: Option<String>,
    /// In place of a list.
    empty: Option<String>,
    figures: Vec<Figure>,
    items: Vec<Item>,
    /// What may be said here, by number.
    choices: Vec<Choice>,
    note: String,
}

struct Figure {
    word: String,
    number: String,
    fault: bool,
}

struct Item {
    number: usize,
    office: String,
    kind: String,
    text: String,
    to: Option<String>,
    due: String,
    state: String,
    said: Option<String>,
    note: Option<String>,
    fault: bool,
    /// The button that says it is done is there.
    act: bool,
}

struct Choice {
    number: usize,
    word: String,
    chosen: bool,
}

impl Sheet {
    fn new(visit: &Visit, view: &WarningView, sheet: &MeasuresView, given: &Given, fault: Option<String>) -> Self {
        let words = visit.words;
        let row = Row::new(words, view, None, false, &visit.now());
        let may = |item: &MeasureView| item.state != MeasureState::Ended && may_say(visit, view, item);
        let choice = |item: &MeasureView| Choice {
            number: item.n,
            word: format!("{} {} {}", item.n, item.office_name, text(words, item)),
            chosen: given.number == item.n.to_string(),
        };
        let empty = match view.released_at {
            _ if !sheet.items.is_empty() => None,
            Some(_) => Some(words.t("console-measures-none")),
            None => Some(words.t("console-measures-unreleased")),
        };
        let mut frame = visit.frame(Mode::of(std::slice::from_ref(view)));
        frame.refresh = fault.is_none() && given.note.is_empty();
        Self {
            frame,
            title: words.with("console-measures-title", "headline", row.headline.clone()),
            as_of: clock(&sheet.as_of),
            fault,
            empty,
            figures: figures(words, sheet),
            items: sheet.items.iter().map(|item| Item::new(words, item, may(item))).collect(),
            choices: sheet.items.iter().filter(|item| may(item)).map(choice).collect(),
            note: given.note.chars().take(MEASURE_NOTE_MAX).collect(),
            row,
        }
    }
}

/// An issuer speaks for its own office and for every item of its own warning.
fn may_say(visit: &Visit, view: &WarningView, item: &MeasureView) -> bool {
    let own = visit
        .actor
        .as_ref()
        .is_some_and(|actor| actor.role != Role::Issuer || actor.subject.as_deref() == Some(item.office.as_str()));
    visit.is_one_of(LIFTERS) && (own || visit.owns(view))
}

fn figures(words: Words, sheet: &MeasuresView) -> Vec<Figure> {
    let figure = |name: &&str| {
        let number = sheet.counts.get(*name).copied().unwrap_or_default();
        let fault = number > 0 && matches!(*name, "overdue" | "late");
        Figure { word: words.of("console-measures-", name), number: grouped(number), fault }
    };
    ["open", "overdue", "done", "late", "not_applicable", "ended"].iter().map(figure).collect()
}

fn text(words: Words, item: &MeasureView) -> &str {
    if words.0 == Lang::Chinese { &item.text_zh } else { &item.text_en }
}

impl Item {
    fn new(words: Words, item: &MeasureView, may: bool) -> Self {
        let word = match item.state {
            MeasureState::Open if item.overdue => "overdue",
            MeasureState::Done if item.late => "late",
            state => state.name(),
        };
        // What ended with its event was ended by a warning, not by a person.
        let by = item.by.clone().filter(|_| item.state != MeasureState::Ended);
        let said = by
            .zip(item.at.as_deref())
            .map(|(person, at)| words.fill("console-measures-by", &[("person", person), ("time", minute(at))]));
        Self {
            number: item.n,
            office: item.office_name.clone(),
            kind: words.of("console-measures-kind-", item.kind.name()),
            text: text(words, item).to_owned(),
            to: (!item.to.is_empty()).then(|| words.with("console-measures-to", "to", item.to.join("、"))),
            due: minute(&item.due_at),
            state: words.of("console-measures-", word),
            said,
            note: item.note.clone(),
            fault: item.overdue || item.late,
            act: may && item.state == MeasureState::Open,
        }
    }
}
