//! `/warnings/{id}`: one warning in full, every message of its event, and how to verify it.

use askama::Template;
use axum::{
    body::Body,
    extract::Path,
    http::{Response, StatusCode},
};

use super::{
    card::Card,
    frame::{Frame, Visit, answer},
    map::Map,
};
use crate::{
    flow::{intake::WarningView, record::WarningId},
    http::{console::escape, problem::Problem},
};

/// Messages of an event on its page, the newest.
const CHAIN: usize = 30;

/// `GET /warnings/{id}`
pub(super) async fn page(Path(id): Path<String>, visit: Visit) -> Result<Response<Body>, Problem> {
    let mut frame = Frame::new(&visit);
    frame.live = true;
    let Some(view) = visit.site.flow.public_by_id(&WarningId(id)) else {
        return answer(&visit, StatusCode::NOT_FOUND, &Missing { frame });
    };
    let event = visit.site.flow.public_event(&view.event);
    answer(&visit, StatusCode::OK, &Page::new(frame, &view, &event))
}

#[derive(Template)]
#[template(path = "public/missing.html")]
struct Missing {
    frame: Frame,
}

#[derive(Template)]
#[template(path = "public/warning.html")]
struct Page {
    card: Card,
    map: Option<Map>,
    chain: Vec<Step>,
    digest: String,
    cap: String,
    /// The newest message of the event, when this is not it.
    newest: Option<String>,
    frame: Frame,
}

/// One message of the event.
struct Step {
    card: Card,
    here: bool,
}

impl Page {
    fn new(frame: Frame, view: &WarningView, event: &[WarningView]) -> Self {
        let step = |one: &WarningView| Step { card: Card::new(&frame, one), here: one.id == view.id };
        let chain: Vec<Step> = event.iter().rev().take(CHAIN).map(step).collect();
        let card = Card::new(&frame, view);
        let newest = chain.first().filter(|step| !step.here && card.ended).map(|step| step.card.href.clone());
        Self {
            map: Map::new(&frame.say, std::slice::from_ref(view)),
            chain,
            digest: view.digest.trim_start_matches("sha256:").to_owned(),
            cap: format!("/cap/{}.xml", escape(&view.id.0)),
            newest,
            card,
            frame,
        }
    }
}
