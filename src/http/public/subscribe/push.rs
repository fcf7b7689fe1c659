//! `/subscribe/push`: the browser's side of a subscription, called by the page's script.

use axum::{
    body::Body,
    extract::State,
    http::{HeaderMap, StatusCode},
};

use super::{Caller, LEVELS, areas};
use crate::{
    flow::subscribe::{Choice, SubscribeFault, Subscription},
    http::{
        Site,
        fields::Fields,
        problem::{Problem, ProblemCode},
    },
    messages::PublicLang,
};

/// Characters of an endpoint and of an area code at most.
const ENDPOINT: usize = 1_000;
const AREA: usize = 12;

/// `POST /subscribe/push`: stores a subscription, or changes it.
pub(in crate::http::public) async fn post(
    State(site): State<Site>,
    Caller(peer): Caller,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    if site.flow.push_key().is_none() {
        return Err(Problem::new(ProblemCode::SubscriptionsNotOffered));
    }
    if !site.subscribers.admits_peer(peer, site.clock.instant()) {
        return Err(Problem::new(ProblemCode::TooManySubscriptions));
    }
    let mut fields = Fields::of_body(&site, &headers, body).await?;
    let subscription = fields.form::<Subscription>("subscription");
    let texts = fields.texts("areas", AREA);
    let areas = areas(&site, &texts);
    let opt_out_below = fields.one_of("level", &LEVELS).flatten();
    let tongues = PublicLang::ALL.map(|lang| (lang.tag(), lang));
    let language = fields.one_of("language", &tongues).unwrap_or(PublicLang::Chinese);
    if areas.is_empty() {
        fields.refuse("areas", "value-not-allowed", &texts.join(", "), &[]);
    }
    if subscription.is_none() && !fields.has_problem("subscription") {
        fields.refuse("subscription", "field-missing", "", &[]);
    }
    let choice = Choice { areas, language: language.tag().to_owned(), opt_out_below };
    let Some(subscription) = subscription else { return Err(ended(fields)) };
    fields.end()?;
    match site.flow.subscribe_push(&subscription, choice).await {
        Ok(()) => Ok(StatusCode::NO_CONTENT),
        Err(SubscribeFault::NotOffered | SubscribeFault::Unusable) => {
            Err(Problem::new(ProblemCode::SubscriptionUnusable))
        }
        Err(SubscribeFault::Unavailable(fault)) => Err(fault.into()),
    }
}

/// What is wrong with fields of which something is.
fn ended(fields: Fields) -> Problem {
    fields.end().err().unwrap_or_else(|| Problem::new(ProblemCode::FieldsWrong))
}

/// `DELETE /subscribe/push`: erases the subscription at an endpoint; only its browser knows that.
pub(in crate::http::public) async fn delete(
    State(site): State<Site>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    let mut fields = Fields::of_body(&site, &headers, body).await?;
    let endpoint = fields.required_text("endpoint", ENDPOINT);
    fields.end()?;
    // Whether there was one is nobody's business.
    site.flow.unsubscribe_push(&endpoint).await?;
    Ok(StatusCode::NO_CONTENT)
}
