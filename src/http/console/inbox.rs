//! Warnings from upper levels: what waits for a decision, what was decided, and whether their feeds answer at all.

pub(super) mod item;

use askama::Template;
use axum::{
    extract::{Query, State},
    response::Response,
};
use serde::Deserialize;

use super::{
    frame::{Frame, Visit},
    show::{Badge, clock, eta, mark, minute, stamp},
    words::Words,
};
use crate::{
    domain::message::Status,
    flow::{
        inbox::{InboxItem, InboxState, InboxView},
        upstream::UpstreamView,
    },
    http::Site,
    messages,
};

/// Decided ones shown.
const DECIDED: usize = 50;

#[derive(Deserialize)]
pub(super) struct After {
    done: Option<String>,
}

/// `GET /console/inbox`
pub(super) async fn page(State(site): State<Site>, Query(after): Query<After>, visit: Visit) -> Response {
    let frame = visit.frame(visit.mode().await);
    let done = after.done.filter(|done| ["relay", "propose", "dismiss"].contains(&done.as_str()));
    visit.page(&Inbox::new(frame, &site.flow.inbox(None), done.as_deref()))
}

#[derive(Template)]
#[template(path = "console/inbox.html")]
pub(super) struct Inbox {
    frame: Frame,
    as_of: String,
    done: Option<String>,
    waiting: Vec<Letter>,
    decided: Vec<Letter>,
    feeds: Vec<Feed>,
}

/// A warning from above.
struct Letter {
    href: String,
    level: Badge,
    class: &'static str,
    drill: bool,
    mark: String,
    headline: String,
    meta: String,
    reasons: Vec<String>,
    proposed: Option<String>,
    state: String,
}

/// A feed of an upper level.
struct Feed {
    name: String,
    state: String,
    fault: bool,
    answered: String,
    detail: String,
}

impl Inbox {
    pub(super) fn new(mut frame: Frame, inbox: &InboxView, done: Option<&str>) -> Self {
        let words = frame.words;
        frame.refresh = true;
        let (waiting, decided): (Vec<_>, Vec<_>) =
            inbox.items.iter().partition(|item| item.state == InboxState::Waiting);
        // The highest level first; among equals the newest, as they come.
        let mut waiting = waiting;
        waiting.sort_by_key(|item| std::cmp::Reverse((item.status == Status::Actual, item.level)));
        Self {
            frame,
            as_of: clock(&inbox.as_of),
            done: done.map(|done| words.of("console-inbox-done-", done)),
            waiting: waiting.into_iter().map(|item| Letter::new(words, item)).collect(),
            decided: decided.into_iter().take(DECIDED).map(|item| Letter::new(words, item)).collect(),
            feeds: inbox.upstreams.iter().map(|feed| Feed::new(words, feed)).collect(),
        }
    }
}

impl Letter {
    fn new(words: Words, item: &InboxItem) -> Self {
        let expires = words.with("console-inbox-until", "time", minute(&item.expires_at));
        let expires = if item.state == InboxState::Waiting { expires } else { String::new() };
        let sent = words.with("console-inbox-sent", "time", minute(&item.sent));
        let decided = item.decided_by.clone().zip(item.decided_at.as_deref().map(stamp));
        let decided = decided.map(|(who, at)| format!("{who} {at}"));
        Self {
            href: format!("/console/inbox/{}", item.id),
            level: Badge::new(words, item.level),
            class: item.level.name(),
            drill: item.status != Status::Actual,
            mark: mark(words, item.status),
            headline: item.headline.clone(),
            meta: words.join([item.sender.clone(), words.of("console-kind-", kind(item)), sent, expires]),
            reasons: reasons(words, item),
            proposed: item.proposed_by.as_ref().map(|who| words.with("console-inbox-proposed", "person", who)),
            state: words.join(
                [Some(words.of("console-inbox-state-", item.state.name())), decided, item.reason.clone()]
                    .into_iter()
                    .flatten(),
            ),
        }
    }
}

/// Why it was not passed on by itself.
fn reasons(words: Words, item: &InboxItem) -> Vec<String> {
    item.why.iter().map(|code| messages::title(words.0, code)).collect()
}

fn kind(item: &InboxItem) -> &'static str {
    use crate::domain::message::Kind;
    match item.kind {
        Kind::Alert => "alert",
        Kind::Update => "update",
        Kind::Cancel => "cancel",
        Kind::Ack => "ack",
        Kind::Error => "error",
    }
}

impl Feed {
    fn new(words: Words, feed: &UpstreamView) -> Self {
        let age = feed.age_s.map(|age| eta(words, u64::try_from(age).unwrap_or_default()));
        let answered = match (&feed.last_answer_at, age) {
            (Some(at), Some(age)) => words.fill("console-inbox-answered", &[("time", stamp(at)), ("age", age)]),
            _ => words.t("console-never"),
        };
        let fault = matches!(feed.state.as_str(), "failing" | "silent");
        Self {
            name: feed.name.clone(),
            state: words.of("console-inbox-feed-", &feed.state),
            fault,
            answered,
            detail: feed.last_fault.clone().filter(|_| fault).unwrap_or_default(),
        }
    }
}
