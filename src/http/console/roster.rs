//! Who is on duty now and who comes next, office by office; shifts are set by API.

use askama::Template;
use axum::{extract::State, response::Response};

use super::{
    frame::{Frame, Visit},
    show::clock,
    words::Words,
};
use crate::{
    domain::roster::{Duty, Officer, ShiftForm},
    flow::roster::{OfficeView, OnDutyView, RosterSource, RosterView},
    http::Site,
};

/// `GET /console/roster`
pub(super) async fn page(State(site): State<Site>, visit: Visit) -> Response {
    match site.flow.roster(None).await {
        Ok(roster) => visit.page(&Roster::new(visit.frame(visit.mode().await), &roster)),
        Err(fault) => visit.unavailable(&fault),
    }
}

#[derive(Template)]
#[template(path = "console/roster.html")]
pub(super) struct Roster {
    frame: Frame,
    as_of: String,
    offices: Vec<Office>,
}

struct Office {
    id: String,
    name: String,
    source: String,
    /// Nobody is on duty.
    empty: bool,
    unknown: Option<String>,
    turns: Vec<Turn>,
    shifts: Vec<Shift>,
}

/// Somebody on duty now, or next.
struct Turn {
    when: String,
    now: bool,
    person: String,
    recipient: String,
    roles: String,
    from: String,
    until: String,
    deputies: String,
}

/// A shift as it was written.
struct Shift {
    person: String,
    roles: String,
    when: String,
    deputies: String,
}

impl Roster {
    pub(super) fn new(mut frame: Frame, roster: &RosterView) -> Self {
        let words = frame.words;
        frame.refresh = true;
        let mut offices: Vec<Office> = roster.offices.iter().map(|office| Office::new(words, office)).collect();
        // Where nobody answers comes first.
        offices.sort_by_key(|office| !office.empty);
        Self { frame, as_of: clock(&roster.at), offices }
    }
}

impl Office {
    fn new(words: Words, office: &OfficeView) -> Self {
        let source = match office.source {
            RosterSource::Configuration => "configuration",
            RosterSource::Api => "api",
        };
        let now = office.on_duty.iter().map(|on| Turn::new(words, on, true));
        let next = office.next.iter().map(|on| Turn::new(words, on, false));
        let unknown = Some(office.unknown_recipients.join("、")).filter(|unknown| !unknown.is_empty());
        Self {
            id: office.office.clone(),
            name: if office.name == office.office {
                words.of("console-roster-office-", &office.office)
            } else {
                office.name.clone()
            },
            source: words.of("console-roster-source-", source),
            empty: office.on_duty.is_empty(),
            unknown: unknown.map(|unknown| words.with("console-roster-unknown", "recipients", unknown)),
            turns: now.chain(next).collect(),
            shifts: office.shifts.iter().map(|shift| Shift::new(words, shift)).collect(),
        }
    }
}

impl Turn {
    fn new(words: Words, on: &OnDutyView, now: bool) -> Self {
        Self {
            when: words.t(if now { "console-roster-now" } else { "console-roster-next" }),
            now,
            person: on.person.clone(),
            recipient: on.recipient.clone(),
            roles: roles(words, on.roles.iter().map(|role| Duty::name(*role))),
            from: day_and_minute(&on.from),
            until: day_and_minute(&on.until),
            deputies: deputies(&on.deputies),
        }
    }
}

impl Shift {
    fn new(words: Words, shift: &ShiftForm) -> Self {
        let days = shift.days.iter().map(|day| words.of("console-roster-day-", day)).collect::<Vec<_>>();
        let once = shift
            .from
            .iter()
            .zip(&shift.until)
            .map(|(from, until)| format!("{} – {}", day_and_minute(from), day_and_minute(until)));
        let weekly = [days.join(" "), shift.hours.clone().unwrap_or_default()];
        Self {
            person: shift.person.clone(),
            roles: roles(words, shift.roles.iter().map(String::as_str)),
            when: words.join(once.chain(weekly)),
            deputies: deputies(&shift.deputies),
        }
    }
}

/// `2026-07-15 14:03` of an RFC 3339 time, in its own offset: shifts may be far away.
fn day_and_minute(rfc3339: &str) -> String {
    rfc3339.get(..16).unwrap_or(rfc3339).replace('T', " ")
}

fn roles<'a>(words: Words, roles: impl Iterator<Item = &'a str>) -> String {
    words.join(roles.map(|role| words.of("console-roster-role-", role)))
}

fn deputies(deputies: &[Officer]) -> String {
    deputies.iter().map(|deputy| deputy.person.as_str()).collect::<Vec<_>>().join(" → ")
}
