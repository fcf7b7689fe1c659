//! Signing a warning: a page with everything a signer has to know, then the act. Whoever may see the warning may read it;
//! those who sign have the form.
//!
//! To release, a word is typed that is another one for drills: nobody releases what is meant with the hands still in an
//! exercise, or the other way round.

mod sheet;

use axum::{
    Form,
    extract::{Path, State},
    http::StatusCode,
    response::{IntoResponse, Redirect, Response},
};
use serde::Deserialize;

use super::{SIGNERS, frame::Visit};
use crate::{
    domain::{
        message::Status,
        signoff::{Answer, Step},
    },
    flow::{
        approve::{SignOffFault, SignOrder},
        record::WarningId,
    },
    http::{Site, problem::Problem},
};
use sheet::{Read, Sheet};

#[derive(Clone, Debug, Default, Deserialize)]
pub(super) struct Given {
    #[serde(default)]
    form: String,
    #[serde(default)]
    step: String,
    #[serde(default)]
    decision: String,
    #[serde(default)]
    digest: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    word: String,
    /// The step whose signature alone releases it.
    #[serde(default)]
    emergency: Option<String>,
}

impl Given {
    /// What is said, when the form was filled in.
    fn order(&self) -> Option<SignOrder> {
        let answer = Answer::ALL.into_iter().find(|answer| answer.name() == self.decision)?;
        let emergency = self.emergency.as_deref().filter(|_| answer == Answer::Approve);
        let named = emergency.unwrap_or(&self.step);
        let step = Step::ALL.into_iter().find(|step| step.name() == named)?;
        let reason: String = self.reason.trim().chars().take(500).collect();
        let digest: String = self.digest.chars().take(128).collect();
        let reason = Some(reason).filter(|text| !text.is_empty());
        Some(SignOrder { step, answer, reason, digest, emergency: emergency.is_some() })
    }
}

/// The word whoever releases types, by whether it is meant.
pub(super) fn word_id(status: Status) -> &'static str {
    if status == Status::Actual { "console-sign-word-actual" } else { "console-sign-word-drill" }
}

/// `GET /console/warnings/{id}/sign-off`
pub(super) async fn page(State(site): State<Site>, Path(id): Path<String>, visit: Visit) -> Response {
    show(&site, &visit, &WarningId(id), StatusCode::OK, &Given::default(), None).await
}

/// `POST /console/warnings/{id}/sign-off`
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
    let view = match visit.warning(&id, Visit::may_see).await {
        Ok(view) => view,
        Err(refusal) => return *refusal,
    };
    let words = visit.words;
    let word = words.t(word_id(view.status));
    let wrong = StatusCode::UNPROCESSABLE_ENTITY;
    let Some(order) = given.order() else {
        return show(&site, &visit, &id, wrong, &given, Some(words.t("console-sign-undecided"))).await;
    };
    if order.answer == Answer::Approve && !given.word.trim().eq_ignore_ascii_case(&word) {
        let fault = words.with("console-sign-word-wrong", "word", word);
        return show(&site, &visit, &id, wrong, &given, Some(fault)).await;
    }
    match site.flow.sign(&id, order, &actor).await {
        Ok(Some(_)) => Redirect::to(&format!("/console/warnings/{id}?done=sign")).into_response(),
        Ok(None) => visit.not_found(),
        Err(fault) => {
            if let SignOffFault::Unavailable(fault) = &fault {
                tracing::warn!(%fault, warning = %id, "it is not known whether a signature was stored");
            }
            let problem = Problem::from(fault);
            let text = problem.sentence(words.0);
            show(&site, &visit, &id, problem.code().status(), &given, Some(text)).await
        }
    }
}

async fn show(
    site: &Site,
    visit: &Visit,
    id: &WarningId,
    status: StatusCode,
    given: &Given,
    fault: Option<String>,
) -> Response {
    let read = match Read::of(site, visit, id).await {
        Ok(Some(read)) => read,
        Ok(None) => return visit.not_found(),
        Err(fault) => return visit.unavailable(&fault),
    };
    match &read.sign_off {
        Some(sign_off) => {
            let signs = visit.is_one_of(SIGNERS);
            visit.answer(status, &Sheet::new(visit, &read, sign_off, given, signs, fault))
        }
        None => Redirect::to(&format!("/console/warnings/{id}")).into_response(),
    }
}
