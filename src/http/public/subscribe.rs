//! `/subscribe`: a resident chooses areas and levels; his browser or his mailbox then gets the warnings.

mod confirm;
mod description;
mod mail;
mod push;
mod worker;

pub(super) use self::{
    confirm::{ask, say},
    description::{SUBSCRIBE, UNSUBSCRIBE},
    mail::post as mail,
    push::{delete as unsubscribe_push, post as push},
    worker::script as worker,
};

pub(in crate::http) use self::description::{PushLeave, PushOrder};

use std::net::IpAddr;

use askama::Template;
use axum::{
    body::Body,
    extract::FromRequestParts,
    http::{Response, StatusCode, request::Parts},
};

use super::frame::{Frame, Visit, answer};
use crate::{
    domain::{area::AreaCode, opt_out::OptOut},
    flow::subscribe::AREAS_MAX,
    http::{Site, problem::Problem, serve::Peer},
};

/// Levels a resident may choose. Orange and red always reach.
const LEVELS: [(&str, Option<OptOut>); 2] = [("all", None), ("orange", Some(OptOut::Orange))];

/// Where a request came from, as far as it is known.
pub(super) struct Caller(Option<IpAddr>);

impl FromRequestParts<Site> for Caller {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &Site) -> Result<Self, Self::Rejection> {
        Ok(Self(parts.extensions.get::<Peer>().map(|peer| peer.0.ip())))
    }
}

/// `GET /subscribe`
pub(super) async fn page(visit: Visit) -> Result<Response<Body>, Problem> {
    let page = Page::new(&visit, Said::Nothing, Filled::default());
    answer(&visit, StatusCode::OK, &page)
}

/// Areas of the configuration among these texts; empty when one is none, or there are too many.
fn areas(site: &Site, texts: &[String]) -> Vec<AreaCode> {
    let known = |text: &String| text.parse().ok().filter(|area| site.config.areas.contains_key(area));
    let mut areas: Vec<AreaCode> = texts.iter().filter_map(known).collect();
    let whole = areas.len() == texts.len() && areas.len() <= AREAS_MAX;
    areas.dedup();
    if whole { areas } else { Vec::new() }
}

/// What the page says first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Said {
    Nothing,
    /// A question was sent to the mailbox.
    Asked,
    NoAddress,
    NoArea,
    TooMany,
    Failed,
}

impl Said {
    /// Id of its text.
    const fn text(self) -> Option<&'static str> {
        match self {
            Self::Nothing => None,
            Self::Asked => Some("public-mail-asked"),
            Self::NoAddress => Some("public-mail-no-address"),
            Self::NoArea => Some("public-subscribe-no-area"),
            Self::TooMany => Some("public-subscribe-too-many"),
            Self::Failed => Some("public-subscribe-failed"),
        }
    }
}

/// What was filled in and is not lost.
#[derive(Default)]
struct Filled {
    address: String,
    areas: Vec<String>,
    orange: bool,
}

#[derive(Template)]
#[template(path = "public/subscribe.html")]
struct Page {
    said: Option<String>,
    good: bool,
    filled: Filled,
    /// Code and name.
    areas: Vec<(String, String)>,
    push_key: Option<String>,
    mail: bool,
    script: String,
    frame: Frame,
}

impl Page {
    fn new(visit: &Visit, said: Said, filled: Filled) -> Self {
        let areas = &visit.site.config.areas;
        Self {
            said: said.text().map(|id| visit.say.t(id)),
            good: said == Said::Asked,
            filled,
            areas: areas.iter().map(|(code, name)| (code.to_string(), name.clone())).collect(),
            push_key: visit.site.flow.push_key().map(str::to_owned),
            mail: visit.site.flow.takes_mail(),
            script: crate::http::console::assets::address("subscribe.js"),
            frame: Frame::new(visit),
        }
    }

    fn chosen(&self, code: &str) -> bool {
        // Nothing chosen yet: the first, which is the district.
        let first = self.filled.areas.is_empty() && self.areas.first().is_some_and(|(first, _)| first == code);
        first || self.filled.areas.iter().any(|chosen| chosen == code)
    }
}
