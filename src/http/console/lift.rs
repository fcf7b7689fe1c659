//! Lifting or correcting a warning: a page that says what will happen, to how many people and in which words, then the
//! act.

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
    warning::can_be_ended,
    words::Words,
};
use crate::{
    domain::{finding::Finding, lift::Ending, message::Status},
    flow::{
        exact::{PreparedTexts, SignedText},
        intake::{Correct, Lift, SubmitFault, WarningView},
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
    ask(&site, &visit, &WarningId(id), Ending::Lift, StatusCode::OK, &Given::default(), Vec::new()).await
}

/// `GET /console/warnings/{id}/correct`
pub(super) async fn page_of_correction(State(site): State<Site>, Path(id): Path<String>, visit: Visit) -> Response {
    ask(&site, &visit, &WarningId(id), Ending::Correction, StatusCode::OK, &Given::default(), Vec::new()).await
}

/// `POST /console/warnings/{id}/lift`
pub(super) async fn act(
    State(site): State<Site>,
    Path(id): Path<String>,
    visit: Visit,
    Form(given): Form<Given>,
) -> Response {
    end(&site, id, &visit, Ending::Lift, &given).await
}

/// `POST /console/warnings/{id}/correct`
pub(super) async fn correct(
    State(site): State<Site>,
    Path(id): Path<String>,
    visit: Visit,
    Form(given): Form<Given>,
) -> Response {
    end(&site, id, &visit, Ending::Correction, &given).await
}

async fn end(site: &Site, id: String, visit: &Visit, ending: Ending, given: &Given) -> Response {
    let actor = match visit.acts(&given.form) {
        Ok(actor) => actor,
        Err(refusal) => return *refusal,
    };
    let id = WarningId(id);
    if let Err(refusal) = visit.warning(&id, Visit::owns).await {
        return *refusal;
    }
    let words = visit.words;
    let order = given.lift();
    let ended = match ending {
        Ending::Lift => site.flow.lift(&id, order, actor).await,
        Ending::Correction => site.flow.correct(&id, Correct { reason: order.reason }, actor).await,
    };
    let (status, faults) = match ended {
        Ok(Some(_)) => {
            return Redirect::to(&format!("/console/warnings/{id}?done={}", act_of(ending))).into_response();
        }
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
        Err(SubmitFault::NotReleased) => (StatusCode::CONFLICT, vec![words.t("console-correct-unreleased")]),
    };
    ask(site, visit, &id, ending, status, given, faults).await
}

/// The word of an ending in addresses and in the ids of texts.
const fn act_of(ending: Ending) -> &'static str {
    match ending {
        Ending::Lift => "lift",
        Ending::Correction => "correct",
    }
}

/// What findings say, one sentence each.
pub(super) fn sentences(words: Words, findings: &[Finding]) -> Vec<String> {
    findings.iter().map(|finding| messages::sentence(words.0, finding.code, &args(finding))).collect()
}

fn args(finding: &Finding) -> Vec<(&str, String)> {
    finding.args.iter().map(|(name, value)| (*name, value.clone())).collect()
}

async fn ask(
    site: &Site,
    visit: &Visit,
    id: &WarningId,
    ending: Ending,
    status: StatusCode,
    given: &Given,
    faults: Vec<String>,
) -> Response {
    let view = match site.flow.warning(id).await {
        Ok(view) => view,
        Err(fault) => return visit.unavailable(&fault),
    };
    let Some(view) = view.filter(|view| visit.owns(view)) else { return visit.not_found() };
    if !can_be_ended(&view, ending) && faults.is_empty() {
        return Redirect::to(&format!("/console/warnings/{id}")).into_response();
    }
    let prepared = site.flow.prepared(id).await;
    match (site.flow.status(id).await, prepared) {
        (Ok(numbers), Ok(prepared)) => {
            visit.answer(status, &Confirm::new(visit, &view, ending, numbers.as_ref(), prepared, given, faults))
        }
        (Err(fault), _) | (_, Err(fault)) => visit.unavailable(&fault),
    }
}

#[derive(Template)]
#[template(path = "console/lift.html")]
pub(super) struct Confirm {
    frame: Frame,
    row: Row,
    as_of: String,
    title: String,
    heading: String,
    act: String,
    effects: Vec<String>,
    /// What goes out when no other text is given.
    prepared: Vec<PreparedText>,
    /// Another text may be given.
    may_reword: bool,
    refused: String,
    cancel: String,
    faults: Vec<String>,
    text: String,
    reason: String,
}

/// A prepared text, and the channels that carry it.
struct PreparedText {
    channels: String,
    language: String,
    text: String,
}

impl PreparedText {
    /// Texts that are the same on several channels are shown once.
    fn all(words: Words, texts: Vec<SignedText>) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for text in texts {
            let channel = words.of("console-channel-", &text.channel);
            match all.iter_mut().find(|one| one.text == text.text && one.language == text.language) {
                Some(one) => one.channels = format!("{} · {channel}", one.channels),
                None => all.push(Self { channels: channel, language: text.language, text: text.text }),
            }
        }
        all
    }
}

impl Confirm {
    pub(super) fn new(
        visit: &Visit,
        view: &WarningView,
        ending: Ending,
        status: Option<&StatusView>,
        prepared: Option<PreparedTexts>,
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
        let act = act_of(ending);
        let prepared = prepared.map(|prepared| match ending {
            Ending::Lift => prepared.lift,
            Ending::Correction => prepared.correction,
        });
        Self {
            frame: visit.frame(Mode::of(std::slice::from_ref(view))),
            as_of: clock(status.map_or(&now, |status| &status.as_of)),
            title: words.t(&format!("console-{act}")),
            heading: words.fill(&format!("console-{act}-heading-{kind}"), &args[..1]),
            act: words.fill(&format!("console-{act}-act-{kind}"), &args),
            effects: effects(words, act, pending, &people),
            prepared: PreparedText::all(words, prepared.unwrap_or_default()),
            may_reword: ending == Ending::Lift,
            refused: words.t(&format!("console-{act}-refused")),
            cancel: words.t(if ending == Ending::Lift { "console-cancel" } else { "console-correct-cancel" }),
            faults,
            text: given.text.clone(),
            reason: given.reason.clone(),
            row,
        }
    }
}

fn effects(words: Words, act: &str, pending: u64, people: &str) -> Vec<String> {
    let stop = match pending {
        0 => words.t("console-lift-stop-none"),
        count => words.with("console-lift-stop", "count", grouped(count)),
    };
    let tell = words.with(&format!("console-{act}-tell"), "people", people);
    vec![stop, tell, words.t(&format!("console-{act}-screens")), words.t(&format!("console-{act}-final"))]
}
