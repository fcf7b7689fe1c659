//! Suppressed addresses: who, why, until when, and letting one be tried again.

use askama::Template;
use axum::{
    Form,
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    board::escape,
    frame::{Frame, Visit},
    show::{clock, stamp},
    words::Words,
};
use crate::{
    flow::{Page, suppress::SuppressionView},
    http::Site,
};

/// Addresses on a page.
const PAGE: usize = 100;

#[derive(Deserialize)]
pub(super) struct Asked {
    cursor: Option<String>,
    cleared: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Given {
    #[serde(default)]
    form: String,
    id: String,
}

/// `GET /console/suppressions`
pub(super) async fn page(State(site): State<Site>, Query(asked): Query<Asked>, visit: Visit) -> Response {
    let page = match site.flow.suppressions(asked.cursor.as_deref(), PAGE).await {
        Ok(page) => page,
        Err(fault) => return visit.unavailable(&fault),
    };
    let done = asked.cleared.map(|_| visit.words.t("console-suppression-cleared"));
    let frame = visit.frame(visit.mode().await);
    visit.page(&Suppressions::new(frame, page, done, &visit.now()))
}

/// `POST /console/suppressions/clear`
pub(super) async fn clear(State(site): State<Site>, visit: Visit, Form(given): Form<Given>) -> Response {
    let actor = match visit.acts(&given.form) {
        Ok(actor) => actor,
        Err(refusal) => return *refusal,
    };
    match site.flow.clear_suppression(&given.id, &actor.key).await {
        Ok(true) => Redirect::to(&format!("/console/suppressions?cleared={}", escape(&given.id))).into_response(),
        Ok(false) => visit.not_found(),
        Err(fault) => visit.unavailable(&fault),
    }
}

#[derive(Template)]
#[template(path = "console/suppressions.html")]
pub(super) struct Suppressions {
    frame: Frame,
    as_of: String,
    done: Option<String>,
    rows: Vec<Row>,
    next: Option<String>,
}

struct Row {
    id: String,
    address: String,
    channel: String,
    recipients: String,
    route: String,
    code: String,
    since: String,
    until: String,
}

impl Suppressions {
    pub(super) fn new(frame: Frame, page: Page<SuppressionView>, done: Option<String>, now: &str) -> Self {
        let rows = page.items.into_iter().map(|one| Row::new(frame.words, one)).collect();
        let next = page.next.map(|cursor| format!("/console/suppressions?cursor={}", escape(&cursor)));
        Self { as_of: clock(now), rows, next, done, frame }
    }
}

impl Row {
    fn new(words: Words, one: SuppressionView) -> Self {
        Self {
            id: one.id,
            address: one.address.unwrap_or_else(|| words.t("console-suppression-gone")),
            channel: words.of("console-channel-", &one.channel),
            recipients: words.join(one.recipients),
            route: one.route,
            code: one.code,
            since: stamp(&one.since),
            until: stamp(&one.until),
        }
    }
}
