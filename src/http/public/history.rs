//! `/history`: what was issued in the last thirty days, newest first, a page at a time.

use askama::Template;
use axum::{
    body::Body,
    http::{Response, StatusCode},
};

use super::{
    card::Card,
    frame::{Frame, Visit, answer, parameter},
};
use crate::http::{console::escape, problem::Problem};

/// How far back it goes, milliseconds.
const BACK_MS: i64 = 30 * 24 * 3_600_000;
/// Warnings of one page.
const PAGE: usize = 30;

/// `GET /history`
pub(super) async fn page(visit: Visit) -> Result<Response<Body>, Problem> {
    let frame = Frame::new(&visit);
    let since_ms = visit.site.clock.unix_ms() - BACK_MS;
    let cursor = parameter(&visit.uri, "before").filter(|id| id.len() <= 64);
    let found = visit.site.flow.public_since(since_ms, cursor, PAGE);
    let cards = found.items.iter().map(|view| Card::new(&frame, view)).collect();
    let older = found.next.map(|id| frame.to(&format!("/history?before={}", escape(&id))));
    answer(&visit, StatusCode::OK, &History { frame, cards, older })
}

#[derive(Template)]
#[template(path = "public/history.html")]
struct History {
    frame: Frame,
    cards: Vec<Card>,
    older: Option<String>,
}
