//! Lifting a warning: a page that says what will happen and to how many people, then the act.

use askama::Template;
use axum::{
    Form,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    board::Row,
    frame::{Frame, Mode, Visit},
    show::{clock, grouped},
    warning::can_be_lifted,
    words::Words,
};
use crate::{
    domain::{finding::Finding, message::Status},
    flow::{
        intake::{Lift, SubmitFault, WarningView},
        record::WarningId,
        status::StatusView,
    },
    http::Site,
    messages,
};

/// Longest text of a lift, characters.
const TEXT_MAX: usize = 2000;

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Given {
    #[serde(default)]
    form: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    reason: String,
}

impl Given {
    fn lift(&self) -> Lift {
        let text = |text: &str, most| {
            let text: String = text.trim().replace("\r\n", "\n").chars().take(most).collect();
            (!text.is_empty()).then_some(text)
        };
        Lift { text: text(&self.text, TEXT_MAX), reason: text(&self.reason, 400) }
    }
}

/// `GET /console/warnings/{id}/lift`
pub(super) async fn page(State(site): State<Site>, Path(id): Path<String>, visit: Visit) -> Response {
    ask(&site, &visit, &WarningId(id), StatusCode::OK, &Given::default(), Vec::new()).await
}

/// `POST /console/warnings/{id}/lift`
pub(super) async fn act(
    State(site): State<Site>,
    Path(id): Path<String>,
    visit: Visit,
    Form(given): Form<Given>,
) -> Response {
    if let Some(refusal) = visit.refuse_form(&given.form) {
        return refusal;
    }
    let id = WarningId(id);
    let Some(actor) = visit.actor.clone() else { return visit.not_found() };
    match site.flow.warning(&id).await {
        Ok(Some(view)) if visit.owns(&view) => {}
        Ok(_) => return visit.not_found(),
        Err(fault) => return visit.unavailable(&fault),
    }
    let words = visit.words;
    let (status, faults) = match site.flow.lift(&id, given.lift(), actor).await {
        Ok(Some(_)) => return Redirect::to(&format!("/console/warnings/{id}?done=lift")).into_response(),
        Ok(None) => (StatusCode::NOT_FOUND, vec![words.t("console-lift-gone")]),
        Err(SubmitFault::Rejected(findings)) => (StatusCode::UNPROCESSABLE_ENTITY, sentences(words, &findings)),
        Err(SubmitFault::Forbidden(findings)) => (StatusCode::FORBIDDEN, sentences(words, &findings)),
        Err(SubmitFault::Unavailable(fault)) => {
            tracing::warn!(%fault, warning = %id, "it is not known whether a lift was stored");
            (StatusCode::SERVICE_UNAVAILABLE, vec![words.t("console-lift-unavailable")])
        }
        Err(fault @ (SubmitFault::IdentityTaken(_) | SubmitFault::KeyReused | SubmitFault::KeyRunning)) => {
            tracing::warn!(%fault, warning = %id, "a lift met another one");
            (StatusCode::CONFLICT, vec![words.t("console-lift-unavailable")])
        }
    };
    ask(&site, &visit, &id, status, &given, faults).await
}

fn sentences(words: Words, findings: &[Finding]) -> Vec<String> {
    findings.iter().map(|finding| messages::sentence(words.0, finding.code, &args(finding))).collect()
}

fn args(finding: &Finding) -> Vec<(&str, String)> {
    finding.args.iter().map(|(name, value)| (*name, value.clone())).collect()
}

async fn ask(
    site: &Site,
    visit: &Visit,
    id: &WarningId,
    status: StatusCode,
    given: &Given,
    faults: Vec<String>,
) -> Response {
    let view = match site.flow.warning(id).await {
        Ok(view) => view,
        Err(fault) => return visit.unavailable(&fault),
    };
    let Some(view) = view.filter(|view| visit.owns(view)) else { return visit.not_found() };
    if !can_be_lifted(&view) && faults.is_empty() {
        return Redirect::to(&format!("/console/warnings/{id}")).into_response();
    }
    match site.flow.status(id).await {
        Ok(numbers) => visit.answer(status, &Confirm::new(visit, &view, numbers.as_ref(), given, faults)),
        Err(fault) => visit.unavailable(&fault),
    }
}

#[derive(Template)]
#[template(path = "console/lift.html")]
pub(super) struct Confirm {
    frame: Frame,
    row: Row,
    as_of: String,
    heading: String,
    act: String,
    effects: Vec<String>,
    faults: Vec<String>,
    text: String,
    reason: String,
}

impl Confirm {
    pub(super) fn new(
        visit: &Visit,
        view: &WarningView,
        status: Option<&StatusView>,
        given: &Given,
        faults: Vec<String>,
    ) -> Self {
        let words = visit.words;
        let now = visit.now();
        let row = Row::new(words, view, None, false, &now);
        let kind = if view.status == Status::Actual { "actual" } else { "drill" };
        let pending: u64 =
            status.iter().flat_map(|status| status.channels.values()).map(|channel| channel.pending).sum();
        let people = grouped(status.map_or(0, |status| status.people.reached_by_one));
        let args = [("level", row.level.word.clone()), ("people", people.clone())];
        Self {
            frame: visit.frame(Mode::of(std::slice::from_ref(view))),
            as_of: clock(status.map_or(&now, |status| &status.as_of)),
            heading: words.fill(&format!("console-lift-heading-{kind}"), &args[..1]),
            act: words.fill(&format!("console-lift-act-{kind}"), &args),
            effects: effects(words, pending, &people),
            faults,
            text: given.text.clone(),
            reason: given.reason.clone(),
            row,
        }
    }
}

fn effects(words: Words, pending: u64, people: &str) -> Vec<String> {
    let stop = match pending {
        0 => words.t("console-lift-stop-none"),
        count => words.with("console-lift-stop", "count", grouped(count)),
    };
    let tell = words.with("console-lift-tell", "people", people);
    vec![stop, tell, words.t("console-lift-screens"), words.t("console-lift-final")]
}
