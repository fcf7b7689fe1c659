//! The screens: what each really holds, since when, and the address of its page.

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
    words::Words,
};
use crate::{
    config::Config,
    flow::screens::{Holds, PlayTally, ScreenView, SilenceView},
    http::Site,
};

/// A clock this far off is reported, seconds.
const CLOCK_OFF_S: i64 = 30;
/// A player with less free storage than this is reported, bytes.
const FREE_LEAST: u64 = 64 * 1024 * 1024;

#[derive(Deserialize)]
pub(super) struct After {
    revoked: Option<String>,
}

#[derive(Deserialize)]
pub(super) struct Given {
    #[serde(default)]
    form: String,
    screen: String,
}

/// `GET /console/screens`
pub(super) async fn page(State(site): State<Site>, Query(after): Query<After>, visit: Visit) -> Response {
    let screens = match site.flow.screens().await {
        Ok(screens) => screens,
        Err(fault) => return visit.unavailable(&fault),
    };
    let revoked = after.revoked.filter(|id| screens.iter().any(|screen| screen.screen.id == *id));
    let done = revoked.map(|id| visit.words.with("console-kiosk-revoked", "screen", id));
    let frame = visit.frame(visit.mode().await);
    let may_act = visit.is_one_of(OPERATORS);
    visit.page(&Screens::new(frame, &site.config, &screens, may_act, done, &visit.now()))
}

/// `POST /console/screens/revoke`
pub(super) async fn revoke(State(site): State<Site>, visit: Visit, Form(given): Form<Given>) -> Response {
    if let Some(refusal) = visit.refuse_form(&given.form) {
        return refusal;
    }
    match site.flow.revoke_kiosk(&given.screen).await {
        Ok(true) => Redirect::to(&format!("/console/screens?revoked={}", escape(&given.screen))).into_response(),
        Ok(false) => visit.not_found(),
        Err(fault) => visit.unavailable(&fault),
    }
}

#[derive(Template)]
#[template(path = "console/screens.html")]
pub(super) struct Screens {
    frame: Frame,
    as_of: String,
    done: Option<String>,
    tally: Vec<Tally>,
    screens: Vec<One>,
}

struct Tally {
    number: String,
    word: String,
    fault: bool,
}

struct One {
    id: String,
    name: String,
    drill: bool,
    class: &'static str,
    holds: String,
    meaning: String,
    troubles: Vec<String>,
    last_seen: String,
    /// What its picture is called, when it sent one.
    picture: Option<String>,
    showing: usize,
    /// What it said it did with warnings.
    plays: Vec<String>,
    area: String,
    kiosk_url: Option<String>,
}

/// Whether somebody should look at it.
fn is_fault(holds: Holds) -> bool {
    matches!(holds, Holds::Silent | Holds::Never)
}

impl Screens {
    pub(super) fn new(
        frame: Frame,
        config: &Config,
        screens: &[ScreenView],
        may_act: bool,
        done: Option<String>,
        now: &str,
    ) -> Self {
        let words = frame.words;
        let tally = |holds: Holds| {
            let count = screens.iter().filter(|screen| screen.holds == holds).count() as u64;
            let word = words.of("console-holds-", holds.name());
            Tally { number: grouped(count), word, fault: is_fault(holds) && count > 0 }
        };
        let mut rows: Vec<&ScreenView> = screens.iter().collect();
        // Worst first, then by id.
        rows.sort_by_key(|screen| match screen.holds {
            Holds::Silent => 0,
            Holds::Never => 1,
            Holds::Older => 2,
            Holds::Current => 3,
        });
        Self {
            as_of: clock(screens.iter().map(|screen| screen.as_of.as_str()).min().unwrap_or(now)),
            tally: [Holds::Current, Holds::Older, Holds::Silent, Holds::Never].map(tally).into(),
            screens: rows.into_iter().map(|screen| One::new(words, config, screen, may_act)).collect(),
            frame,
            done,
        }
    }
}

/// Since when nothing is heard of a screen, and who was told.
fn said(words: Words, silence: &SilenceView) -> String {
    let since = ("since", stamp(&silence.since));
    let Some(who) = &silence.custodian else { return words.fill("console-screen-unwatched", &[since]) };
    let told = [("who", who.clone()), ("times", silence.times.to_string()), ("told", stamp(&silence.told_at))];
    words.fill("console-screen-silence", &[&[since], told.as_slice()].concat())
}

/// Proof of play in a few words; that nothing was said is said.
fn plays(words: Words, tally: &PlayTally) -> Vec<String> {
    let said = [
        (tally.shown > 0).then(|| words.with("console-plays-shown", "count", tally.shown)),
        (tally.received > 0).then(|| words.with("console-plays-received", "count", tally.received)),
        (tally.failed > 0).then(|| words.with("console-plays-failed", "count", tally.failed)),
    ];
    let said: Vec<String> = said.into_iter().flatten().collect();
    if said.is_empty() { vec![words.t("console-plays-none")] } else { said }
}

impl One {
    fn new(words: Words, config: &Config, view: &ScreenView, may_act: bool) -> Self {
        let off = view.clock_ahead_s.filter(|seconds| seconds.abs() >= CLOCK_OFF_S);
        let off = off.map(|seconds| words.with("console-screen-clock", "count", seconds));
        let trouble = view.trouble.as_ref().map(|warning| words.with("console-screen-trouble", "warning", warning));
        let dark = (view.brightness == Some(0)).then(|| words.t("console-screen-dark"));
        let full = view.free_bytes.filter(|free| *free < FREE_LEAST);
        let full = full.map(|free| words.with("console-screen-full", "count", free >> 20));
        let silence = view.silence.as_ref().map(|silence| said(words, silence));
        Self {
            id: view.screen.id.clone(),
            name: view.screen.name.clone(),
            drill: view.screen.drill,
            class: if is_fault(view.holds) { "fault-word" } else { "" },
            holds: words.of("console-holds-", view.holds.name()),
            meaning: words.of("console-holds-meaning-", view.holds.name()),
            troubles: silence.into_iter().chain(off).chain(dark).chain(full).chain(trouble).collect(),
            picture: view.screenshot_at.as_deref().map(|at| words.with("console-screenshot", "time", stamp(at))),
            last_seen: view.last_seen_at.as_deref().map_or_else(|| words.t("console-never"), stamp),
            showing: view.showing,
            plays: plays(words, &view.plays),
            area: config.areas.get(&view.screen.area).cloned().unwrap_or_else(|| view.screen.area.to_string()),
            kiosk_url: may_act.then(|| view.kiosk_url.clone()),
        }
    }
}
