//! What the gateway itself told persons on duty about a warning, by which channel, and what came of it.

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};

use super::{
    board::Row,
    frame::{Frame, Mode, Visit},
    show::{clock, stamp},
};
use crate::{
    domain::delivery::{Reason, State as Delivery},
    flow::{
        intake::WarningView,
        notice::{NoticeView, ToldView},
        record::WarningId,
    },
    http::Site,
};

/// `GET /console/warnings/{id}/notices`
pub(super) async fn page(State(site): State<Site>, Path(id): Path<String>, visit: Visit) -> Response {
    let id = WarningId(id);
    let view = match visit.warning(&id, Visit::owns).await {
        Ok(view) => view,
        Err(refusal) => return *refusal,
    };
    match site.flow.notices(&id).await {
        Ok(Some(notices)) => visit.page(&Notices::new(&visit, &view, &notices)),
        Ok(None) => visit.not_found(),
        Err(fault) => visit.unavailable(&fault),
    }
}

#[derive(Template)]
#[template(path = "console/notices.html")]
pub(super) struct Notices {
    frame: Frame,
    row: Row,
    as_of: String,
    /// Newest first.
    notices: Vec<Notice>,
}

struct Notice {
    at: String,
    headline: String,
    text: String,
    told: Vec<Told>,
}

/// One person on one channel, or why there is none.
struct Told {
    office: String,
    person: String,
    channel: String,
    address: String,
    state: String,
    detail: String,
    at: String,
    fault: bool,
}

impl Notices {
    pub(super) fn new(visit: &Visit, view: &WarningView, notices: &[NoticeView]) -> Self {
        let words = visit.words;
        let now = visit.now();
        let mut frame = visit.frame(Mode::of(std::slice::from_ref(view)));
        frame.refresh = true;
        Self {
            frame,
            row: Row::new(words, view, None, false, &now),
            as_of: clock(&now),
            notices: notices.iter().rev().map(|notice| Notice::new(visit, notice)).collect(),
        }
    }
}

impl Notice {
    fn new(visit: &Visit, notice: &NoticeView) -> Self {
        Self {
            at: stamp(&notice.at),
            headline: notice.headline.clone(),
            text: notice.text.clone(),
            told: notice.to.iter().flat_map(|to| Told::all(visit, to)).collect(),
        }
    }
}

impl Told {
    fn all(visit: &Visit, to: &ToldView) -> Vec<Self> {
        let words = visit.words;
        let person = to.person.clone().unwrap_or_default();
        let blank = || Self {
            office: visit.office(&to.office),
            person: if to.deputy { words.with("console-notice-deputy", "person", &person) } else { person.clone() },
            channel: String::new(),
            address: String::new(),
            state: words.t("console-state-pending"),
            detail: String::new(),
            at: String::new(),
            fault: false,
        };
        if let Some(unreached) = to.unreached {
            let state = words.of("console-notice-unreached-", unreached.name());
            return vec![Self { state, fault: true, ..blank() }];
        }
        if to.deliveries.is_empty() {
            return vec![blank()];
        }
        let deliveries = to.deliveries.iter().map(|one| {
            let reason = (one.reason != Reason::None).then(|| words.of("console-reason-", one.reason.name()));
            Self {
                channel: words.of("console-channel-", &one.channel),
                address: one.address.clone(),
                state: words.of("console-state-", one.state.name()),
                detail: words.join([reason, one.provider.clone()].into_iter().flatten()),
                at: one.at.as_deref().map(stamp).unwrap_or_default(),
                fault: matches!(one.state, Delivery::Failed | Delivery::Expired),
                ..blank()
            }
        });
        deliveries.collect()
    }
}
