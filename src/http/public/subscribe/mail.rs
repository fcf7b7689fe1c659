//! `POST /subscribe/email`: asks the owner of an address. The answer is the same whether or not it is known here.

use axum::{
    Form,
    body::Body,
    http::{Response, StatusCode},
};

use super::{Caller, Filled, Page, Said, areas};
use crate::{
    domain::opt_out::OptOut,
    flow::subscribe::{Choice, MailAsked},
    http::{
        feeds::public_url,
        problem::{Problem, ProblemCode},
        public::frame::{Visit, answer},
    },
};

/// Characters of an address at most (RFC 5321, 4.5.3.1.3).
const ADDRESS: usize = 254;

/// See the module.
pub(in crate::http::public) async fn post(
    visit: Visit,
    Caller(peer): Caller,
    Form(pairs): Form<Vec<(String, String)>>,
) -> Result<Response<Body>, Problem> {
    if !visit.site.flow.takes_mail() {
        return Err(Problem::new(ProblemCode::SubscriptionsNotOffered));
    }
    let mut filled = Filled::default();
    for (name, value) in pairs.into_iter().take(super::AREAS_MAX + 8) {
        match name.as_str() {
            "address" => filled.address = value.trim().chars().take(ADDRESS + 1).collect(),
            "area" => filled.areas.push(value),
            "level" => filled.orange = value == "orange",
            _ => {}
        }
    }
    let now = visit.site.clock.instant();
    let said = if areas(&visit.site, &filled.areas).is_empty() {
        Said::NoArea
    } else if !visit.site.subscribers.admits_peer(peer, now) {
        Said::TooMany
    } else if !visit.site.subscribers.admits_mailbox(&filled.address, now) {
        // The same as always, so that nobody learns who was asked today.
        Said::Asked
    } else {
        asked(&visit, &filled).await
    };
    let status = match said {
        Said::TooMany => StatusCode::TOO_MANY_REQUESTS,
        Said::NoArea | Said::NoAddress => StatusCode::BAD_REQUEST,
        Said::Failed => StatusCode::SERVICE_UNAVAILABLE,
        Said::Nothing | Said::Asked => StatusCode::OK,
    };
    answer(&visit, status, &Page::new(&visit, said, filled))
}

async fn asked(visit: &Visit, filled: &Filled) -> Said {
    let choice = Choice {
        areas: areas(&visit.site, &filled.areas),
        language: visit.say.tag().to_owned(),
        opt_out_below: filled.orange.then_some(OptOut::Orange),
    };
    if filled.address.chars().count() > ADDRESS {
        return Said::NoAddress;
    }
    let page = format!("{}/subscribe/confirm/", public_url(&visit.site.config));
    match visit.site.flow.ask_mail(&filled.address, choice, &page).await {
        Ok(MailAsked::Asked) => Said::Asked,
        Ok(MailAsked::NoAddress) => Said::NoAddress,
        Err(fault) => {
            tracing::warn!(%fault, "a mailbox could not be asked");
            Said::Failed
        }
    }
}
