//! Who has to confirm a warning, live, and as a list for the telephone on paper.

use askama::Template;
use axum::{
    Form,
    extract::{Path, Query, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    board::{Row, escape},
    frame::{Frame, Mode, Visit},
    show::{clock, grouped, stamp},
    words::Words,
};
use crate::{
    domain::call::By,
    flow::{
        Unavailable,
        call::{CallFault, CallView, CallsView},
        intake::WarningView,
        record::WarningId,
    },
    http::{
        Site,
        api::{CONFIRMERS, NOTE_MAX, TELEPHONISTS},
    },
};

#[derive(Deserialize)]
pub(super) struct After {
    confirmed: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Given {
    #[serde(default)]
    form: String,
    #[serde(default)]
    officer: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    deputy: Option<String>,
}

/// `GET /console/warnings/{id}/calls`
pub(super) async fn page(
    State(site): State<Site>,
    Path(id): Path<String>,
    Query(after): Query<After>,
    visit: Visit,
) -> Response {
    let id = WarningId(id);
    let done = after.confirmed.map(|officer| officer.chars().take(128).collect::<String>());
    let done = done.map(|officer| visit.words.with("console-call-done", "officer", officer));
    match read(&site, &visit, &id).await {
        Ok(Some((warning, calls))) => visit.page(&Calls::new(&visit, &warning, &calls, false, done)),
        Ok(None) => visit.not_found(),
        Err(fault) => visit.unavailable(&fault),
    }
}

/// `POST /console/warnings/{id}/calls/take`
pub(super) async fn take(
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
    let warning = match read(&site, &visit, &id).await {
        Ok(Some((warning, _))) => warning,
        Ok(None) => return visit.not_found(),
        Err(fault) => return visit.unavailable(&fault),
    };
    match site.flow.take_call_list(&id, &actor.key).await {
        Ok(Some(calls)) => visit.page(&Calls::new(&visit, &warning, &calls, true, None)),
        Ok(None) => visit.not_found(),
        Err(fault) => visit.unavailable(&fault),
    }
}

/// `POST /console/warnings/{id}/calls/confirm`
pub(super) async fn confirm(
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
    let (warning, calls) = match read(&site, &visit, &id).await {
        Ok(Some(read)) => read,
        Ok(None) => return visit.not_found(),
        Err(fault) => return visit.unavailable(&fault),
    };
    let note: String = given.note.trim().chars().take(NOTE_MAX).collect();
    if note.is_empty() {
        let said = Some(visit.words.t("console-call-note-missing"));
        return visit.answer(StatusCode::UNPROCESSABLE_ENTITY, &Calls::new(&visit, &warning, &calls, false, said));
    }
    let by = if given.deputy.is_some() { By::Deputy } else { By::Officer };
    match site.flow.confirm_call(&id, &given.officer, by, &note, &actor.key).await {
        Ok(()) => {
            Redirect::to(&format!("/console/warnings/{id}/calls?confirmed={}", escape(&given.officer))).into_response()
        }
        Err(CallFault::NoList | CallFault::NotListed) => visit.not_found(),
        Err(CallFault::Unavailable(fault)) => visit.unavailable(&fault),
    }
}

/// The warning and its list, when the caller may see them: an issuer those of its own.
async fn read(site: &Site, visit: &Visit, id: &WarningId) -> Result<Option<(WarningView, CallsView)>, Unavailable> {
    let Some(warning) = site.flow.warning(id).await?.filter(|view| visit.owns(view)) else { return Ok(None) };
    Ok(site.flow.calls(id).await?.map(|calls| (warning, calls)))
}

#[derive(Template)]
#[template(path = "console/calls.html")]
pub(super) struct Calls {
    frame: Frame,
    href: String,
    row: Row,
    as_of: String,
    done: Option<String>,
    ended: Option<String>,
    /// The whole numbers are shown.
    whole: bool,
    may_take: bool,
    may_confirm: bool,
    tally: Vec<Tally>,
    calls: Vec<One>,
}

struct Tally {
    number: String,
    word: String,
    fault: bool,
}

struct One {
    id: String,
    name: String,
    office: String,
    state: String,
    fault: bool,
    since: String,
    detail: String,
    telephone: String,
    deputy: Option<String>,
    open: bool,
}

impl Calls {
    fn new(visit: &Visit, warning: &WarningView, calls: &CallsView, whole: bool, done: Option<String>) -> Self {
        let words = visit.words;
        let mut frame = visit.frame(Mode::of(std::slice::from_ref(warning)));
        frame.refresh = !whole;
        let counts = &calls.counts;
        let tally = [
            ("telephone", counts.telephone),
            ("called", counts.called),
            ("by_deputy", counts.by_deputy),
            ("confirmed", counts.confirmed),
            ("over", counts.over),
        ];
        let tally = tally.into_iter().map(|(name, count)| Tally {
            number: grouped(count),
            word: words.of("console-call-", name),
            fault: matches!(name, "telephone" | "over") && count > 0,
        });
        let over = calls.ended.as_ref().map(|why| words.of("console-ended-", why));
        Self {
            href: format!("/console/warnings/{}/calls", warning.id),
            row: Row::new(words, warning, None, false, &visit.now()),
            as_of: clock(&calls.as_of),
            done,
            ended: over.map(|why| words.with("console-calls-ended", "why", why)),
            whole,
            may_take: !whole && visit.is_one_of(TELEPHONISTS) && !calls.items.is_empty(),
            may_confirm: visit.is_one_of(CONFIRMERS),
            tally: tally.collect(),
            calls: calls.items.iter().map(|item| One::new(words, item)).collect(),
            frame,
        }
    }
}

impl One {
    fn new(words: Words, item: &CallView) -> Self {
        let channel = item.channel.as_ref().map(|channel| words.of("console-channel-", channel));
        let called = if item.deputy_called { Some(words.t("console-call-deputy")) } else { None };
        let reason = item.reason.as_ref().map(|reason| words.of("console-call-reason-", reason));
        let how = item.how.map(|how| words.of("console-call-how-", how.name()));
        let detail = words.join([called, channel, reason, how, item.note.clone()].into_iter().flatten());
        let place = words.join([item.office.clone(), item.area.clone().unwrap_or_default()]);
        let deputy = item.deputy.as_ref().map(|id| {
            let name = item.deputy_name.clone().unwrap_or_else(|| id.clone());
            words.join([name, item.deputy_telephone.clone().unwrap_or_default()])
        });
        Self {
            id: item.external_id.clone(),
            name: if item.name.is_empty() { item.external_id.clone() } else { item.name.clone() },
            office: place,
            state: words.of("console-call-", &item.state),
            fault: matches!(item.state.as_str(), "telephone" | "over"),
            since: item.since.as_deref().map(stamp).unwrap_or_default(),
            detail,
            telephone: item.telephone.clone().unwrap_or_default(),
            deputy,
            open: matches!(item.state.as_str(), "telephone" | "called"),
        }
    }
}
