//! `/`: what is in force, and where.

use askama::Template;
use axum::{
    body::Body,
    http::{Response, StatusCode},
};

use super::{
    card::{Card, lifts},
    frame::{Frame, Visit, answer},
    map::Map,
};
use crate::{flow::intake::WarningView, http::problem::Problem};

/// Bytes of words shown in full on this page, which shall come over a slow line; what is beyond has its headline.
const WHOLE: usize = 14_000;
/// Characters of one text here; the rest is on the page of the warning.
const TEXT: usize = 600;
/// Warnings with their headline only.
const HEADLINES: usize = 25;

/// `GET /`
pub(super) async fn page(visit: Visit) -> Result<Response<Body>, Problem> {
    let mut frame = Frame::new(&visit);
    frame.live = true;
    answer(&visit, StatusCode::OK, &Board::new(frame, visit.site.flow.public_current()))
}

#[derive(Template)]
#[template(path = "public/board.html")]
struct Board {
    frame: Frame,
    count: usize,
    cards: Vec<Card>,
    /// By headline only.
    others: Vec<Card>,
    /// Warnings that have no room on this page.
    unlisted: usize,
    lifts: Vec<Card>,
    map: Option<Map>,
    /// Areas that no map can show.
    unmapped: Vec<String>,
}

impl Board {
    fn new(frame: Frame, views: Vec<WarningView>) -> Self {
        let (ended, standing): (Vec<WarningView>, Vec<WarningView>) = views.into_iter().partition(lifts);
        let map = Map::new(&frame.say, &standing);
        let (mut cards, mut others, mut weight) = (Vec::new(), Vec::new(), 0);
        let listed = standing.iter().zip(1..);
        for (view, number) in listed {
            let mut card = Card::new(&frame, view).shortened(TEXT);
            card.number = map.as_ref().is_some_and(|map| map.shows(number)).then_some(number);
            weight += card.weight();
            if weight <= WHOLE {
                cards.push(card);
            } else if others.len() < HEADLINES {
                others.push(card);
            }
        }
        Self {
            count: standing.len(),
            unlisted: standing.len() - cards.len() - others.len(),
            cards,
            others,
            lifts: ended.iter().take(HEADLINES).map(|view| Card::new(&frame, view).shortened(TEXT)).collect(),
            unmapped: super::map::unmapped(&frame.say, &standing),
            map,
            frame,
        }
    }
}
