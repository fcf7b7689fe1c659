//! Partners: which get warnings, when each last did, which keys sign; a test of one.

use askama::Template;
use axum::{
    Form,
    extract::{Query, State},
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{
    OPERATORS,
    board::escape,
    frame::{Frame, Visit},
    show::{clock, grouped, stamp},
    warning::Fact,
    words::Words,
};
use crate::{flow::partners::PartnerView, http::Site};

#[derive(Deserialize)]
pub(super) struct After {
    tested: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Given {
    #[serde(default)]
    form: String,
    partner: String,
}

/// `GET /console/partners`
pub(super) async fn page(State(site): State<Site>, Query(after): Query<After>, visit: Visit) -> Response {
    let partners = site.flow.partners();
    let frame = visit.frame(visit.mode().await);
    // What came of a test is told from what is known of the partner, never from the address.
    let tested = partners.iter().find(|partner| Some(&partner.name) == after.tested.as_ref());
    let done = tested.map(|partner| outcome(visit.words, partner));
    visit.page(&Partners::new(frame, &partners, visit.is_one_of(OPERATORS), done, &visit.now()))
}

/// `POST /console/partners/test`
pub(super) async fn test(State(site): State<Site>, visit: Visit, Form(given): Form<Given>) -> Response {
    let actor = match visit.acts(&given.form) {
        Ok(actor) => actor,
        Err(refusal) => return *refusal,
    };
    match site.flow.test_partner(&given.partner, &actor.key).await {
        Ok(Some(_)) => Redirect::to(&format!("/console/partners?tested={}", escape(&given.partner))).into_response(),
        Ok(None) => visit.not_found(),
        Err(fault) => visit.unavailable(&fault),
    }
}

/// What the last test of a partner came to.
fn outcome(words: Words, partner: &PartnerView) -> String {
    let id = match partner.last_ping_ok {
        Some(true) => "console-partner-test-ok",
        Some(false) => "console-partner-test-failed",
        None => "console-partner-test-none",
    };
    let reason = partner.last_error.clone().filter(|_| partner.last_ping_ok == Some(false)).unwrap_or_default();
    words.fill(id, &[("partner", partner.name.clone()), ("reason", reason)])
}

#[derive(Template)]
#[template(path = "console/partners.html")]
pub(super) struct Partners {
    frame: Frame,
    as_of: String,
    done: Option<String>,
    may_act: bool,
    partners: Vec<Tile>,
}

struct Tile {
    name: String,
    host: String,
    drills: bool,
    state: String,
    fault: bool,
    reason: Option<String>,
    facts: Vec<Fact>,
    can_test: bool,
}

impl Partners {
    pub(super) fn new(
        mut frame: Frame,
        partners: &[PartnerView],
        may_act: bool,
        done: Option<String>,
        now: &str,
    ) -> Self {
        let words = frame.words;
        frame.refresh = true;
        let as_of = clock(partners.iter().map(|partner| partner.as_of.as_str()).min().unwrap_or(now));
        let mut tiles: Vec<Tile> = partners.iter().map(|partner| Tile::new(words, partner)).collect();
        // Worst first; otherwise in the order of the configuration.
        tiles.sort_by_key(|tile| !tile.fault);
        Self { frame, as_of, done, may_act, partners: tiles }
    }
}

impl Tile {
    fn new(words: Words, partner: &PartnerView) -> Self {
        let state = partner.state.as_str();
        let word = match state {
            "gone" | "inactive" => words.of("console-partner-", state),
            state => words.of("console-route-", state),
        };
        let gone = partner.gone_since.as_deref().map(|at| words.with("console-partner-gone-since", "time", stamp(at)));
        Self {
            name: partner.name.clone(),
            host: partner.host.clone(),
            drills: partner.drills,
            state: word,
            fault: !matches!(state, "running" | "inactive"),
            reason: partner.reason.clone().or(gone),
            facts: facts(words, partner),
            can_test: state != "inactive",
        }
    }
}

fn facts(words: Words, partner: &PartnerView) -> Vec<Fact> {
    let never = || words.t("console-never");
    let fact = |id: &str, value: String| Fact { word: words.t(id), value };
    let levels = partner.levels.iter().map(|level| words.of("console-level-", level.name()));
    let ping = partner.last_ping_at.as_deref().map_or_else(never, |at| {
        let ok = partner.last_ping_ok == Some(true);
        words.join([stamp(at), words.t(if ok { "console-partner-ok" } else { "console-partner-not-ok" })])
    });
    let all = |codes: &[String]| {
        if codes.iter().any(|code| code == "*") { words.t("console-partner-all") } else { codes.join(" ") }
    };
    let mut facts = vec![
        fact("console-partner-success", partner.last_success_at.as_deref().map_or_else(never, stamp)),
        fact("console-partner-pending", grouped(partner.pending)),
        fact("console-partner-ping", ping),
        fact("console-partner-hazards", all(&partner.hazards)),
        fact("console-partner-levels", words.join(levels)),
        fact("console-partner-areas", all(&partner.areas)),
        fact("console-partner-keys", partner.key_ids.join(" · ")),
    ];
    if let Some(error) = &partner.last_error {
        let at = partner.last_error_at.as_deref().map(stamp).unwrap_or_default();
        facts.push(fact("console-route-error", words.join([at, error.clone()])));
    }
    facts
}
