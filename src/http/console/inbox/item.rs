//! One warning from above: what passing it on would do, and the decision. Passing on takes the word that signing takes;
//! an operator proposes it to whoever may.

use askama::Template;
use axum::{
    Form,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::Letter;
use crate::{
    domain::{finding::Finding, message::Status},
    flow::{
        authorize::Role,
        inbox::{InboxFault, InboxItem, InboxState},
        intake::SubmitFault,
        preflight::Preflight,
    },
    http::{
        Site,
        api::{DECIDERS, REASON_MAX},
        console::{
            frame::{Frame, Mode, Visit},
            lift::sentences,
            show::{grouped, stamp},
            sign_off::word_id,
        },
        problem::Problem,
    },
};

#[derive(Clone, Debug, Default, Deserialize)]
pub(in crate::http::console) struct Given {
    #[serde(default)]
    form: String,
    #[serde(default)]
    word: String,
    #[serde(default)]
    reason: String,
}

/// `GET /console/inbox/{id}`
pub(in crate::http::console) async fn page(State(site): State<Site>, Path(id): Path<String>, visit: Visit) -> Response {
    show(&site, &visit, &id, StatusCode::OK, &Given::default(), Vec::new()).await
}

/// `POST /console/inbox/{id}/relay`
pub(in crate::http::console) async fn relay(
    State(site): State<Site>,
    Path(id): Path<String>,
    visit: Visit,
    Form(given): Form<Given>,
) -> Response {
    let actor = match visit.acts(&given.form) {
        Ok(actor) => actor,
        Err(refusal) => return *refusal,
    };
    let Some(item) = site.flow.inbox_item(&id) else { return visit.not_found() };
    let words = visit.words;
    let word = words.t(word_id(item.status));
    let decides = actor.role == Role::Approver;
    if decides && !given.word.trim().eq_ignore_ascii_case(&word) {
        let fault = words.with("console-sign-word-wrong", "word", word);
        return show(&site, &visit, &id, StatusCode::UNPROCESSABLE_ENTITY, &given, vec![fault]).await;
    }
    match site.flow.relay_inbox(&id, &actor).await {
        Ok(Some(_)) => back(if decides { "relay" } else { "propose" }),
        Ok(None) => visit.not_found(),
        Err(fault) => refused(&site, &visit, &id, &given, fault).await,
    }
}

/// `POST /console/inbox/{id}/dismiss`
pub(in crate::http::console) async fn dismiss(
    State(site): State<Site>,
    Path(id): Path<String>,
    visit: Visit,
    Form(given): Form<Given>,
) -> Response {
    let actor = match visit.acts(&given.form) {
        Ok(actor) => actor,
        Err(refusal) => return *refusal,
    };
    if site.flow.inbox_item(&id).is_none() {
        return visit.not_found();
    }
    let reason: String = given.reason.trim().chars().take(REASON_MAX).collect();
    if reason.is_empty() {
        let fault = visit.words.t("console-inbox-reason-missing");
        return show(&site, &visit, &id, StatusCode::UNPROCESSABLE_ENTITY, &given, vec![fault]).await;
    }
    match site.flow.dismiss_inbox(&id, &reason, &actor).await {
        Ok(Some(_)) => back("dismiss"),
        Ok(None) => visit.not_found(),
        Err(fault) => refused(&site, &visit, &id, &given, fault).await,
    }
}

fn back(done: &str) -> Response {
    Redirect::to(&format!("/console/inbox?done={done}")).into_response()
}

async fn refused(site: &Site, visit: &Visit, id: &str, given: &Given, fault: InboxFault) -> Response {
    if let InboxFault::Unavailable(fault) | InboxFault::Submit(SubmitFault::Unavailable(fault)) = &fault {
        tracing::warn!(%fault, id, "it is not known whether a decision about the inbox was stored");
    }
    let findings = findings(&fault).to_vec();
    let problem = Problem::from(fault);
    let mut faults = vec![problem.sentence(visit.words.0)];
    faults.extend(sentences(visit.words, &findings));
    show(site, visit, id, problem.code().status(), given, faults).await
}

fn findings(fault: &InboxFault) -> &[Finding] {
    match fault {
        InboxFault::Submit(SubmitFault::Rejected(findings) | SubmitFault::Forbidden(findings)) => findings,
        _ => &[],
    }
}

async fn show(
    site: &Site,
    visit: &Visit,
    id: &str,
    status: StatusCode,
    given: &Given,
    mut faults: Vec<String>,
) -> Response {
    let Some(item) = site.flow.inbox_item(id) else { return visit.not_found() };
    let mut looked = None;
    if can_be_decided(&item) && visit.is_one_of(DECIDERS) {
        match site.flow.inbox_preflight(id).await {
            Ok(preflight) => looked = preflight,
            Err(InboxFault::Unavailable(fault) | InboxFault::Submit(SubmitFault::Unavailable(fault))) => {
                return visit.unavailable(&fault);
            }
            // Said before somebody presses the button, not only after.
            Err(fault) if faults.is_empty() => {
                let findings = findings(&fault).to_vec();
                faults.push(Problem::from(fault).sentence(visit.words.0));
                faults.extend(sentences(visit.words, &findings));
            }
            Err(_) => {}
        }
    }
    // The page is about this one, whatever else stands: a real one never looks like a drill.
    let actual = item.status == Status::Actual;
    let frame = visit.frame(Mode { actual, drill: !actual, worst: Some(item.level) });
    visit.answer(status, &Item::new(frame, visit, &item, looked.as_ref(), given, faults))
}

/// Whether a person can still decide about it: a dismissal is no end.
fn can_be_decided(item: &InboxItem) -> bool {
    matches!(item.state, InboxState::Waiting | InboxState::Dismissed)
}

#[derive(Template)]
#[template(path = "console/inbox_item.html")]
pub(in crate::http::console) struct Item {
    frame: Frame,
    letter: Letter,
    areas: String,
    identity: String,
    /// The warning it became.
    warning: Option<String>,
    faults: Vec<String>,
    figures: Vec<Figure>,
    advice: Vec<String>,
    texts: Vec<Text>,
    form: Option<Decision>,
}

struct Figure {
    word: String,
    number: String,
    fault: bool,
}

struct Text {
    channel: String,
    language: String,
    title: String,
    text: String,
}

/// What may be decided here.
struct Decision {
    relay: String,
    dismiss: String,
    act: String,
    /// The word to type; none for a proposal.
    word: Option<String>,
    word_label: String,
    hint: String,
    reason: String,
    may_dismiss: bool,
}

impl Item {
    fn new(
        frame: Frame,
        visit: &Visit,
        item: &InboxItem,
        looked: Option<&Preflight>,
        given: &Given,
        faults: Vec<String>,
    ) -> Self {
        let words = frame.words;
        Self {
            letter: Letter::new(words, item),
            areas: item.areas.join("、"),
            identity: format!("{} {}", item.identifier, item.digest),
            warning: item.warning.as_ref().map(|id| format!("/console/warnings/{id}")),
            figures: looked.map(|looked| figures(visit, looked)).unwrap_or_default(),
            advice: looked.map(|looked| sentences(words, &looked.advice)).unwrap_or_default(),
            texts: looked.map(|looked| texts(visit, looked)).unwrap_or_default(),
            form: (can_be_decided(item) && visit.is_one_of(DECIDERS)).then(|| Decision::new(visit, item, given)),
            faults,
            frame,
        }
    }
}

impl Decision {
    fn new(visit: &Visit, item: &InboxItem, given: &Given) -> Self {
        let words = visit.words;
        let decides = visit.is_one_of(&[Role::Approver]);
        let word = words.t(word_id(item.status));
        let act = match (decides, item.status) {
            (false, _) => "console-inbox-propose",
            (true, Status::Actual) => "console-inbox-relay-actual",
            (true, _) => "console-inbox-relay-drill",
        };
        Self {
            relay: format!("/console/inbox/{}/relay", item.id),
            dismiss: format!("/console/inbox/{}/dismiss", item.id),
            act: words.with(act, "level", words.of("console-level-", item.level.name())),
            word_label: words.with("console-inbox-word", "word", &word),
            word: decides.then_some(word),
            hint: words.t(if decides { "console-inbox-relay-hint" } else { "console-inbox-propose-hint" }),
            reason: given.reason.chars().take(REASON_MAX).collect(),
            may_dismiss: item.state == InboxState::Waiting,
        }
    }
}

fn figures(visit: &Visit, looked: &Preflight) -> Vec<Figure> {
    let words = visit.words;
    let forecast = &looked.forecast;
    let figure = |id: &str, number: String, fault: bool| Figure { word: words.t(id), number, fault };
    let finish = forecast.finish_at.as_deref().map_or_else(|| words.t("console-forecast-never"), stamp);
    vec![
        figure("console-sign-people", grouped(forecast.people), forecast.people == 0),
        figure("console-sign-deliveries", grouped(forecast.deliveries), forecast.deliveries == 0),
        figure("console-forecast-finish", finish, forecast.finish_at.is_none()),
        figure("console-forecast-misses", grouped(forecast.will_miss), forecast.will_miss > 0),
    ]
}

fn texts(visit: &Visit, looked: &Preflight) -> Vec<Text> {
    let text = |text: &crate::flow::preflight::PreflightText| Text {
        channel: visit.words.of("console-channel-", &text.channel),
        language: text.language.clone(),
        title: text.title.clone(),
        text: text.text.clone(),
    };
    looked.texts.iter().map(text).collect()
}
