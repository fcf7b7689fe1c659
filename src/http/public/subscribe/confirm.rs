//! `/subscribe/confirm/{token}`: the owner of a mailbox says yes. Looking changes nothing.

use askama::Template;
use axum::{
    body::Body,
    extract::Path,
    http::{Response, StatusCode},
};

use crate::{
    flow::subscribe::MailConfirmed,
    http::{
        problem::Problem,
        public::frame::{Frame, Visit, answer},
    },
};

/// Where a question stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Asking,
    Subscribed,
    Unknown,
}

#[derive(Template)]
#[template(path = "public/confirm.html")]
struct Confirm {
    frame: Frame,
    state: State,
}

impl Confirm {
    fn answered(visit: &Visit, state: State) -> Result<Response<Body>, Problem> {
        let status = if state == State::Unknown { StatusCode::NOT_FOUND } else { StatusCode::OK };
        answer(visit, status, &Self { frame: Frame::new(visit), state })
    }
}

/// `GET /subscribe/confirm/{token}`
pub(in crate::http::public) async fn ask(Path(token): Path<String>, visit: Visit) -> Result<Response<Body>, Problem> {
    let state = if visit.site.flow.mail_asks(&token).await? { State::Asking } else { State::Unknown };
    Confirm::answered(&visit, state)
}

/// `POST /subscribe/confirm/{token}`
pub(in crate::http::public) async fn say(Path(token): Path<String>, visit: Visit) -> Result<Response<Body>, Problem> {
    let state = match visit.site.flow.confirm_mail(&token).await? {
        MailConfirmed::Subscribed => State::Subscribed,
        MailConfirmed::Unknown => State::Unknown,
    };
    Confirm::answered(&visit, state)
}
