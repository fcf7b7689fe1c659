//! Sending failed deliveries again: a page that says how many and which not, then the act.

use askama::Template;
use axum::{
    Form,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use fenghuo_contract::Channel;
use serde::Deserialize;

use super::{
    board::Row,
    frame::{Frame, Mode, Visit},
    show::{clock, grouped},
    warning::reason,
    words::Words,
};
use crate::{
    domain::{delivery::Reason, message::Status},
    flow::{
        intake::WarningView,
        record::WarningId,
        retry::{Ordered, Retry, RetryFault},
        status::StatusView,
    },
    http::Site,
    messages,
};

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Given {
    #[serde(default)]
    form: String,
    /// Made with the page: pressing the button twice is one order.
    #[serde(default)]
    nonce: String,
    #[serde(default)]
    channel: String,
    #[serde(default)]
    reason: String,
}

impl Given {
    fn order(&self) -> Retry {
        let cut = |text: &str, most| text.trim().chars().take(most).collect::<String>();
        let reason = Some(cut(&self.reason, 400)).filter(|reason| !reason.is_empty());
        Retry { nonce: cut(&self.nonce, 255), channel: self.channel.parse().ok(), reasons: Vec::new(), reason }
    }
}

/// `GET /console/warnings/{id}/retry`
pub(super) async fn page(State(site): State<Site>, Path(id): Path<String>, visit: Visit) -> Response {
    ask(&site, &visit, &WarningId(id), StatusCode::OK, &Given::default(), None).await
}

/// `POST /console/warnings/{id}/retry`
pub(super) async fn act(
    State(site): State<Site>,
    Path(id): Path<String>,
    visit: Visit,
    Form(given): Form<Given>,
) -> Response {
    let actor = match visit.acts(&given.form) {
        Ok(actor) => actor,
        Err(refusal) => return *refusal,
    };
    let id = WarningId(id);
    let (status, code, why) = match site.flow.retry(&id, given.order(), &actor).await {
        Ok(Some(Ordered::Now(retried) | Ordered::Before(retried))) => {
            let address = format!("/console/warnings/{id}/deliveries?retried={}", retried.put_back);
            return Redirect::to(&address).into_response();
        }
        Ok(None) => return visit.not_found(),
        Err(RetryFault::NotDelivering) => (StatusCode::CONFLICT, "warning-not-delivering", ""),
        Err(RetryFault::Over(why)) => (StatusCode::CONFLICT, "warning-over", why),
        Err(RetryFault::NonceReused) => (StatusCode::CONFLICT, "console-form-stale-text", ""),
        Err(RetryFault::NonceRunning) => (StatusCode::CONFLICT, "idempotency-key-running", ""),
        Err(RetryFault::Unavailable(fault)) => {
            tracing::warn!(%fault, warning = %id, "it is not known whether an order to send again was stored");
            (StatusCode::SERVICE_UNAVAILABLE, "store-unavailable", "")
        }
    };
    let fault = messages::sentence(visit.words.0, code, &[("why", why.to_owned())]);
    ask(&site, &visit, &id, status, &given, Some(fault)).await
}

async fn ask(
    site: &Site,
    visit: &Visit,
    id: &WarningId,
    status: StatusCode,
    given: &Given,
    fault: Option<String>,
) -> Response {
    let view = match site.flow.warning(id).await {
        Ok(Some(view)) => view,
        Ok(None) => return visit.not_found(),
        Err(fault) => return visit.unavailable(&fault),
    };
    // The same nonce for the second try of one order.
    let fresh = || site.clock.random::<16>().iter().map(|byte| format!("{byte:02x}")).collect();
    let nonce = if given.nonce.is_empty() { fresh() } else { given.nonce.clone() };
    match site.flow.status(id).await {
        Ok(numbers) => visit.answer(status, &Again::new(visit, &view, numbers.as_ref(), given, nonce, fault)),
        Err(fault) => visit.unavailable(&fault),
    }
}

#[derive(Template)]
#[template(path = "console/retry.html")]
pub(super) struct Again {
    frame: Frame,
    row: Row,
    as_of: String,
    heading: String,
    act: String,
    effects: Vec<String>,
    fault: Option<String>,
    channels: Vec<Choice>,
    nonce: String,
    reason: String,
}

struct Choice {
    value: &'static str,
    word: String,
    chosen: bool,
}

impl Again {
    pub(super) fn new(
        visit: &Visit,
        view: &WarningView,
        status: Option<&StatusView>,
        given: &Given,
        nonce: String,
        fault: Option<String>,
    ) -> Self {
        let words = visit.words;
        let now = visit.now();
        let row = Row::new(words, view, None, false, &now);
        let kind = if view.status == Status::Actual { "actual" } else { "drill" };
        let Counts { again, left } = counts(status);
        let put_back: u64 = again.iter().map(|(_, count)| count).sum();
        let args = [("level", row.level.word.clone()), ("count", grouped(put_back))];
        let channels = again.iter().filter(|(_, count)| *count > 0).map(|(channel, count)| Choice {
            value: channel.name(),
            word: format!("{} {}", words.of("console-channel-", channel.name()), grouped(*count)),
            chosen: given.channel == channel.name(),
        });
        Self {
            frame: visit.frame(Mode::of(std::slice::from_ref(view))),
            as_of: clock(status.map_or(&now, |status| &status.as_of)),
            heading: words.fill(&format!("console-retry-heading-{kind}"), &args[..1]),
            act: words.fill(&format!("console-retry-act-{kind}"), &args[1..]),
            effects: effects(words, put_back, &left),
            fault,
            channels: channels.collect(),
            nonce,
            reason: given.reason.clone(),
            row,
        }
    }
}

/// Failed deliveries that would be sent again, and those that would not.
#[derive(Default)]
struct Counts {
    again: Vec<(Channel, u64)>,
    left: Vec<(Reason, u64)>,
}

fn counts(status: Option<&StatusView>) -> Counts {
    let mut counts = Counts::default();
    for (name, numbers) in status.into_iter().flat_map(|status| &status.channels) {
        let Ok(channel) = name.parse::<Channel>() else { continue };
        let mut put_back = 0;
        for (name, count) in &numbers.failed_by_reason {
            let Some(reason) = Reason::ALL.into_iter().find(|reason| reason.name() == name) else { continue };
            if reason.may_have_passed() {
                put_back += count;
            } else if let Some((_, known)) = counts.left.iter_mut().find(|(known, _)| *known == reason) {
                *known += count;
            } else {
                counts.left.push((reason, *count));
            }
        }
        counts.again.push((channel, put_back));
    }
    counts
}

fn effects(words: Words, put_back: u64, left: &[(Reason, u64)]) -> Vec<String> {
    let mut effects = vec![words.with("console-retry-again", "count", grouped(put_back))];
    effects.extend(left.iter().map(|(why, count)| {
        words.fill("console-retry-left", &[("count", grouped(*count)), ("reason", reason(words, *why))])
    }));
    effects.push(words.t("console-retry-ordinary"));
    effects
}
