//! `/verify`: to which warning a code belongs, or that it is none of ours.

use askama::Template;
use axum::{
    body::Body,
    extract::Query,
    http::{Response, StatusCode},
};
use serde::Deserialize;

use super::{
    card::Card,
    frame::{Frame, Visit, answer},
};
use crate::{domain::short_code::ShortCode, http::problem::Problem};

/// Characters of a code as typed that are looked at.
const TYPED: usize = 64;

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    code: String,
}

/// `GET /verify`
pub(super) async fn page(visit: Visit) -> Result<Response<Body>, Problem> {
    let asked = Query::<Asked>::try_from_uri(&visit.uri).map(|Query(asked)| asked.code);
    let typed: String = asked.unwrap_or_default().chars().take(TYPED).collect();
    let frame = Frame::new(&visit);
    let answered = match typed.parse::<ShortCode>() {
        _ if typed.trim().is_empty() => Answer::Nothing,
        Err(_) => Answer::NoCode,
        Ok(code) => {
            let found = visit.site.flow.public_with_code(code);
            let cards: Vec<Card> = found.iter().map(|view| Card::new(&frame, view)).collect();
            if cards.is_empty() { Answer::NotOurs(code.to_string()) } else { Answer::Ours(cards) }
        }
    };
    answer(&visit, StatusCode::OK, &Verify { frame, typed, answered })
}

/// What is known of the code.
enum Answer {
    /// Nothing was typed.
    Nothing,
    NoCode,
    NotOurs(String),
    /// More than one where two codes fell together.
    Ours(Vec<Card>),
}

#[derive(Template)]
#[template(path = "public/verify.html")]
struct Verify {
    frame: Frame,
    typed: String,
    answered: Answer,
}
