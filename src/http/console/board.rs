//! The board: what stands, worst first, with its deliveries; what is wrong with routes and screens; what ended lately.

use askama::Template;
use axum::{
    extract::{Query, State as Shared},
    response::Response,
};
use serde::Deserialize;

use super::{
    DELIVERY_READERS, KEEPERS,
    frame::{Frame, Mode, Visit},
    progress::{Table, count},
    show::{Badge, clock, grouped, mark, minute, unix},
    words::Words,
};
use crate::{
    domain::{
        delivery::State,
        message::{Kind, Status},
    },
    flow::{
        alarms::{AlarmCode, AlarmView},
        intake::{WarningFilter, WarningView},
        record::Stage,
        screens::{Holds, ScreenView},
        status::{RouteView, StatusView},
    },
    http::{Site, api::sentence},
};

/// Warnings in force shown with their numbers; more than a district ever has.
const ACTIVE_MAX: usize = 100;
/// Rows of a page of the list below.
const RECENT: usize = 30;
/// Without progress for this long, what is pending is stuck.
const STUCK_S: i64 = 40;

#[derive(Deserialize)]
pub(super) struct Place {
    cursor: Option<String>,
}

/// `GET /console/`
pub(super) async fn page(Shared(site): Shared<Site>, visit: Visit, Query(place): Query<Place>) -> Response {
    let filter = WarningFilter { active: true, ..WarningFilter::default() };
    let active = match site.flow.warnings(&filter, None, ACTIVE_MAX).await {
        Ok(page) => page.items,
        Err(fault) => return visit.unavailable(&fault),
    };
    let recent = match site.flow.warnings(&WarningFilter::default(), place.cursor.as_deref(), RECENT).await {
        Ok(page) => page,
        Err(fault) => return visit.unavailable(&fault),
    };
    let mut standing = Vec::with_capacity(active.len());
    for view in active.into_iter().filter(|view| visit.may_see(view)) {
        match site.flow.status(&view.id).await {
            Ok(status) => standing.push((view, status)),
            Err(fault) => return visit.unavailable(&fault),
        }
    }
    let waiting = WarningFilter { stage: Some(Stage::Received), ..WarningFilter::default() };
    let waiting = match site.flow.warnings(&waiting, None, ACTIVE_MAX).await {
        Ok(page) => page.items.into_iter().filter(|view| visit.may_see(view) && view.ended.is_none()).collect(),
        Err(fault) => return visit.unavailable(&fault),
    };
    let seen = recent.items.into_iter().filter(|view| visit.may_see(view)).collect();
    let next = recent.next.map(|cursor| format!("/console/?cursor={}", escape(&cursor)));
    let keeps = visit.is_one_of(KEEPERS);
    let routes = if keeps { site.flow.routes() } else { Vec::new() };
    let screens = if keeps { site.flow.screens().await.unwrap_or_default() } else { Vec::new() };
    let alarms = if keeps { site.flow.alarms() } else { Vec::new() };
    let faults = faults(visit.words, &alarms, &routes, &screens);
    visit.page(&Board::new(&visit, standing, waiting, seen, next, faults))
}

/// A text as one value of a query.
pub(crate) fn escape(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
        out
    })
}

#[derive(Template)]
#[template(path = "console/board.html")]
pub(super) struct Board {
    frame: Frame,
    title: String,
    as_of: String,
    faults: Vec<Fault>,
    active: Vec<Row>,
    /// Not decided about, newest first.
    waiting: Vec<Row>,
    recent: Vec<Row>,
    next: Option<String>,
}

/// Something that is wrong, and where to look.
pub(super) struct Fault {
    href: String,
    word: String,
}

/// One warning.
pub(super) struct Row {
    pub(super) class: String,
    pub(super) level: Badge,
    pub(super) drill: bool,
    pub(super) mark: String,
    pub(super) href: String,
    pub(super) headline: String,
    pub(super) meta: String,
    pub(super) issuer: String,
    pub(super) received: String,
    pub(super) state: String,
    pub(super) table: Option<Table>,
    pub(super) stuck: Option<String>,
}

impl Board {
    pub(super) fn new(
        visit: &Visit,
        mut standing: Vec<(WarningView, Option<StatusView>)>,
        waiting: Vec<WarningView>,
        recent: Vec<WarningView>,
        next: Option<String>,
        faults: Vec<Fault>,
    ) -> Self {
        let words = visit.words;
        let now = visit.now();
        // The page is as old as its oldest number.
        let oldest = standing.iter().filter_map(|(_, status)| status.as_ref()).min_by_key(|status| unix(&status.as_of));
        let as_of = clock(oldest.map_or(&now, |status| &status.as_of));
        // What is meant before drills, then the higher level, then the one with more failures, then the newer.
        standing.sort_by_key(|(view, status)| {
            let failed: u64 =
                status.iter().flat_map(|status| status.channels.values()).map(|channel| channel.failed).sum();
            (view.status != Status::Actual, std::cmp::Reverse((view.level, failed, view.id.clone())))
        });
        let linked = |view: &WarningView| visit.is_one_of(DELIVERY_READERS) && visit.owns(view);
        let active: Vec<Row> =
            standing.iter().map(|(view, status)| Row::new(words, view, status.as_ref(), linked(view), &now)).collect();
        let mut frame = visit.frame(Mode::of(&standing.iter().map(|(view, _)| view.clone()).collect::<Vec<_>>()));
        frame.refresh = true;
        Self {
            title: title(words, &active),
            frame,
            as_of,
            faults,
            active,
            waiting: waiting.iter().map(|view| Row::new(words, view, None, false, &now)).collect(),
            recent: recent.iter().map(|view| Row::new(words, view, None, false, &now)).collect(),
            next,
        }
    }
}

/// The worst that stands and how many there are, for the tab.
fn title(words: Words, active: &[Row]) -> String {
    let Some(worst) = active.first() else { return words.t("console-no-mode") };
    format!("{} {} {} · {}", worst.level.steps, worst.mark, worst.headline, grouped(active.len() as u64))
}

fn faults(words: Words, alarms: &[AlarmView], routes: &[RouteView], screens: &[ScreenView]) -> Vec<Fault> {
    // A stopped route says so itself, below.
    let alarms = alarms
        .iter()
        .filter(|alarm| alarm.code != AlarmCode::RouteStopped.name())
        .map(|alarm| alarm_fault(words, alarm));
    let route = |route: &RouteView| {
        let state = words.of("console-route-", &route.state);
        let mut args = vec![("route", route.name.clone()), ("state", state)];
        let id = match &route.reason {
            Some(reason) => {
                args.push(("reason", reason.clone()));
                "console-fault-route-reason"
            }
            None => "console-fault-route",
        };
        Fault { href: "/console/routes".to_owned(), word: words.fill(id, &args) }
    };
    let screens_that = |holds: &[Holds], id: &str| {
        let count = screens.iter().filter(|screen| holds.contains(&screen.holds)).count() as u64;
        (count > 0)
            .then(|| Fault { href: "/console/screens".to_owned(), word: words.with(id, "count", grouped(count)) })
    };
    // A calm screen that has not asked again since a reload is no fault; one that should show something is.
    let older = screens.iter().filter(|screen| screen.holds == Holds::Older && screen.showing > 0).count() as u64;
    let older = (older > 0).then(|| Fault {
        href: "/console/screens".to_owned(),
        word: words.with("console-fault-older", "count", grouped(older)),
    });
    let stopped = routes.iter().filter(|route| route.state != "running");
    alarms
        .chain(stopped.map(route))
        .chain(screens_that(&[Holds::Silent, Holds::Never], "console-fault-silent"))
        .chain(older)
        .collect()
}

/// An alarm, and where to look: its warning, or what its code means.
fn alarm_fault(words: Words, alarm: &AlarmView) -> Fault {
    let href = match &alarm.warning {
        Some(warning) => format!("/console/warnings/{warning}"),
        None => format!("/docs/errors/alarm-{}", alarm.code),
    };
    let args = [("alarm", sentence(words.0, alarm)), ("time", clock(&alarm.since))];
    Fault { href, word: words.fill("console-fault-alarm", &args) }
}

impl Row {
    pub(super) fn new(words: Words, view: &WarningView, status: Option<&StatusView>, linked: bool, now: &str) -> Self {
        let drill = view.status != Status::Actual;
        let kind = if view.kind == Kind::Alert { String::new() } else { words.of("console-kind-", &name(view.kind)) };
        // The name it gives itself; the name of its account where it gives none.
        let own = view.message.infos.iter().find_map(|info| info.sender_name.clone());
        let issuer = own.or_else(|| view.issuer.clone()).unwrap_or_else(|| view.message.sender.clone());
        Self {
            class: format!("level-{}{}", view.level.name(), if drill { " is-drill" } else { "" }),
            level: Badge::new(words, view.level),
            drill,
            mark: mark(words, view.status),
            href: format!("/console/warnings/{}", view.id),
            headline: view.headline.clone(),
            meta: words.join([
                kind,
                words.with("console-meta-issuer", "issuer", &issuer),
                view.released_at.as_ref().map_or_else(
                    || words.with("console-meta-received", "time", minute(&view.received_at)),
                    |at| words.with("console-meta-released", "time", minute(at)),
                ),
                view.expires_at
                    .as_ref()
                    .map_or_else(String::new, |at| words.with("console-meta-until", "time", minute(at))),
                state(words, view),
            ]),
            issuer,
            received: minute(&view.received_at),
            state: state(words, view),
            table: status.and_then(|status| Table::new(words, &view.id, status, linked)),
            stuck: status.and_then(|status| stuck(words, status, now)),
        }
    }
}

/// The name serde gives an enumeration's value.
pub(super) fn name(value: impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

fn state(words: Words, view: &WarningView) -> String {
    match &view.ended {
        Some(ended) => words.of("console-ended-", ended),
        None => words.of("console-stage-", &name(view.stage)),
    }
}

fn stuck(words: Words, status: &StatusView, now: &str) -> Option<String> {
    let pending: u64 = status.channels.values().map(|channel| count(channel, State::Pending)).sum();
    let last = status.last_progress_at.as_deref()?;
    if status.done || pending == 0 || unix(now)? - unix(last)? < STUCK_S {
        return None;
    }
    Some(words.fill("console-stuck", &[("time", clock(last)), ("count", grouped(pending))]))
}
