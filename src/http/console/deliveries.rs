//! The deliveries of a warning, filtered and paged, addresses masked.

use askama::Template;
use axum::{
    extract::{Path, Query, State as Shared},
    response::Response,
};
use fenghuo_contract::Channel;
use serde::Deserialize;

use super::{
    board::{Row, escape},
    frame::{Frame, Mode, Visit},
    progress::class,
    show::{clock, grouped, stamp},
    warning::reason,
    words::Words,
};
use crate::{
    domain::delivery::{Reason, State},
    flow::{
        record::WarningId,
        status::{DeliveryFilter, DeliveryView},
    },
    http::{Site, api::ORDERERS},
};

/// Rows of a page.
const ROWS: usize = 100;

/// The filter as it stands in the address; a value that names nothing filters nothing.
#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Asked {
    channel: Option<String>,
    state: Option<String>,
    reason: Option<String>,
    cursor: Option<String>,
    /// How many an order just given sends again.
    retried: Option<u64>,
}

impl Asked {
    fn filter(&self) -> DeliveryFilter {
        DeliveryFilter {
            channel: self.channel.clone().filter(|name| name.parse::<Channel>().is_ok()),
            state: self.state.as_deref().and_then(|name| State::ALL.into_iter().find(|state| state.name() == name)),
            reason: self
                .reason
                .as_deref()
                .and_then(|name| Reason::ALL.into_iter().find(|reason| reason.name() == name)),
        }
    }
}

/// `GET /console/warnings/{id}/deliveries`
pub(super) async fn page(
    Shared(site): Shared<Site>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
    visit: Visit,
) -> Response {
    let id = WarningId(id);
    let view = match site.flow.warning(&id).await {
        Ok(view) => view,
        Err(fault) => return visit.unavailable(&fault),
    };
    let Some(view) = view.filter(|view| visit.may_see(view) && visit.owns(view)) else { return visit.not_found() };
    match site.flow.deliveries(&id, &asked.filter(), asked.cursor.as_deref(), ROWS).await {
        Ok(Some(page)) => {
            let row = Row::new(visit.words, &view, None, false, &visit.now());
            let view_stands = view.ended.is_none();
            let frame = visit.frame(Mode::of(&[view]));
            let may_retry = visit.is_one_of(ORDERERS) && view_stands;
            visit.page(&List::new(
                frame,
                row,
                clock(&visit.now()),
                &asked,
                &page.items,
                page.next.as_deref(),
                may_retry,
            ))
        }
        Ok(None) => visit.not_found(),
        Err(fault) => visit.unavailable(&fault),
    }
}

#[derive(Template)]
#[template(path = "console/deliveries.html")]
pub(super) struct List {
    frame: Frame,
    row: Row,
    as_of: String,
    choices: Vec<Choice>,
    deliveries: Vec<One>,
    first: Option<String>,
    next: Option<String>,
    /// What an order just given did.
    done: Option<String>,
    /// Where failed ones are sent again, for those who may order it.
    retry: Option<String>,
}

struct Choice {
    name: &'static str,
    word: String,
    options: Vec<Answer>,
}

struct Answer {
    value: &'static str,
    word: String,
    chosen: bool,
}

struct One {
    token: String,
    recipient: String,
    channel: String,
    address: String,
    class: &'static str,
    state: String,
    doubled: bool,
    reason: String,
    provider: Option<String>,
    route: String,
    attempts: String,
    at: String,
}

impl List {
    pub(super) fn new(
        frame: Frame,
        row: Row,
        as_of: String,
        asked: &Asked,
        deliveries: &[DeliveryView],
        next: Option<&str>,
        may_retry: bool,
    ) -> Self {
        let words = frame.words;
        let filter = asked.filter();
        let pairs = [
            ("channel", filter.channel.clone()),
            ("state", filter.state.map(|state| state.name().to_owned())),
            ("reason", filter.reason.map(|reason| reason.name().to_owned())),
        ];
        let query: Vec<String> =
            pairs.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?))).collect();
        let query = query.join("&");
        let href = format!("{}/deliveries", row.href);
        Self {
            choices: choices(words, &filter),
            deliveries: deliveries.iter().map(|one| One::new(words, one)).collect(),
            first: asked.cursor.as_ref().map(|_| format!("{href}?{query}")),
            next: next.map(|cursor| format!("{href}?{query}&cursor={}", escape(cursor))),
            done: asked.retried.map(|count| words.with("console-retry-done", "count", grouped(count))),
            retry: may_retry.then(|| format!("{}/retry", row.href)),
            frame,
            row,
            as_of,
        }
    }
}

fn choices(words: Words, filter: &DeliveryFilter) -> Vec<Choice> {
    let channel = |channel: Channel| Answer {
        value: channel.name(),
        word: words.of("console-channel-", channel.name()),
        chosen: filter.channel.as_deref() == Some(channel.name()),
    };
    let state = |state: State| Answer {
        value: state.name(),
        word: words.of("console-state-", state.name()),
        chosen: filter.state == Some(state),
    };
    let reason = |reason: Reason| Answer {
        value: reason.name(),
        word: words.of("console-reason-", reason.name()),
        chosen: filter.reason == Some(reason),
    };
    let reasons = Reason::ALL.into_iter().filter(|reason| *reason != Reason::None).map(reason).collect();
    vec![
        Choice {
            name: "channel",
            word: words.t("console-channel"),
            options: Channel::ALL.into_iter().map(channel).collect(),
        },
        Choice { name: "state", word: words.t("console-state"), options: State::ALL.into_iter().map(state).collect() },
        Choice { name: "reason", word: words.t("console-reason"), options: reasons },
    ]
}

impl One {
    fn new(words: Words, one: &DeliveryView) -> Self {
        Self {
            token: one.token.clone(),
            recipient: one.recipient.clone(),
            channel: words.of("console-channel-", &one.channel),
            address: one.address.clone(),
            class: class(one.state),
            state: words.of("console-state-", one.state.name()),
            doubled: one.maybe_doubled,
            reason: reason(words, one.reason),
            provider: one.provider.clone(),
            route: one.route.clone().unwrap_or_default(),
            attempts: one.attempts.to_string(),
            at: one.at.as_deref().map(stamp).unwrap_or_default(),
        }
    }
}
