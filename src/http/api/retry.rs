//! `/v1/warnings/{id}/retry`: failed deliveries sent again.

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue},
    response::{IntoResponse, Response},
};
use fenghuo_contract::Channel;
use serde_json::{Value, json};

use super::{
    parameters::WARNING,
    warnings::{IDEMPOTENCY_KEY_MAX, REPLAYED, idempotency_key, readable, short},
};
use crate::{
    domain::delivery::Reason,
    flow::{
        authorize::{Actor, Role},
        retry::{Ordered, Retry, RetryFault},
    },
    http::{
        Site,
        fields::Fields,
        openapi::{Answer, Content, Operation, Parameter, both},
        problem::{
            Problem,
            ProblemCode::{
                BodyBrokenOff, BodyNotJson, BodyTooLarge, FieldsWrong, HeaderWrong, IdempotencyKeyReused,
                IdempotencyKeyRunning, MediaTypeUnsupported, RequestTimeout, WarningNotDelivering, WarningNotFound,
                WarningOver,
            },
        },
        routes::{Access, RouteSpec},
    },
};

/// Who may order it.
pub(in crate::http) const ORDERERS: &[Role] = &[Role::Operator, Role::Approver];

pub(super) fn routes() -> Vec<RouteSpec> {
    vec![RouteSpec::post("/v1/warnings/{id}/retry", Access::roles(ORDERERS), retry).described(&RETRY)]
}

/// What to send again.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the form of a body, for the API description; the fields are read one by one")]
pub(in crate::http) struct RetryOrder {
    /// Chosen by the caller, the same for repeats of one order. The header Idempotency-Key may stand in for it.
    nonce: Option<String>,
    /// Name of a channel; absent = every channel.
    channel: Option<String>,
    /// Names of reasons; absent = those that may have passed.
    reasons: Option<Vec<String>>,
    /// Why, for the journal.
    reason: Option<String>,
}

async fn retry(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let key = idempotency_key(&headers)?;
    let mut fields = Fields::of_body(&site, &headers, body).await?;
    let nonce = match key {
        Some(key) => fields.text("nonce", IDEMPOTENCY_KEY_MAX).or(Some(key)),
        None => Some(fields.required_text("nonce", IDEMPOTENCY_KEY_MAX)),
    };
    let channel = fields.one_of("channel", &Channel::ALL.map(|channel| (channel.name(), channel)));
    let reasons = reasons(&mut fields);
    let reason = fields.text("reason", 500);
    fields.end()?;
    let view = readable(&site, &actor, &id).await?;
    let order = Retry { nonce: nonce.unwrap_or_default(), channel, reasons, reason };
    let ordered = site.flow.retry(&view.id, order, &actor).await.map_err(Problem::from)?;
    match ordered.ok_or_else(|| Problem::new(WarningNotFound).with("id", short(&id)))? {
        Ordered::Now(retried) => Ok(Json(retried).into_response()),
        Ordered::Before(retried) => {
            let mut response = Json(retried).into_response();
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
            Ok(response)
        }
    }
}

/// The failures named; each must be one that a delivery can fail for.
fn reasons(fields: &mut Fields) -> Vec<Reason> {
    let failures = Reason::ALL.into_iter().filter(|reason| reason.is_failure());
    let failures: Vec<(&str, Reason)> = failures.map(|reason| (reason.name(), reason)).collect();
    let mut named = Vec::new();
    for text in fields.texts("reasons", 64) {
        match failures.iter().find(|(name, _)| *name == text) {
            Some((_, reason)) => named.push(*reason),
            None => {
                let allowed: Vec<String> = failures.iter().map(|(name, _)| (*name).to_owned()).collect();
                fields.refuse("reasons", "value-not-allowed", &text, &allowed);
            }
        }
    }
    named
}

impl From<RetryFault> for Problem {
    fn from(fault: RetryFault) -> Self {
        match fault {
            RetryFault::NotDelivering => Self::new(WarningNotDelivering),
            RetryFault::Over(why) => Self::new(WarningOver).with("why", why),
            RetryFault::NonceReused => Self::new(IdempotencyKeyReused),
            RetryFault::NonceRunning => Self::new(IdempotencyKeyRunning),
            RetryFault::Unavailable(fault) => fault.into(),
        }
    }
}

fn example() -> Value {
    json!({
        "warning": "0198a4c2-7f00-7000-8000-5f1c0c5a9e01", "ordered_at": "2026-07-15T15:10:00+08:00",
        "ordered_by": "key-4f1c0c5a9e01b2d3", "put_back": 44,
        "channels": {"sms": {"put_back": 44, "left": {"recipient_refused": 12}}}
    })
}

const KEY: Parameter = Parameter {
    name: "Idempotency-Key",
    place: "header",
    schema: || json!({"type": "string", "maxLength": 257}),
    text: both("代替正文中的 nonce", "Stands in for the nonce of the body"),
};

static RETRY: Operation = Operation {
    id: "retryWarning",
    tag: "progress",
    summary: both("把失败的再发一次", "Send failed ones again"),
    description: both(
        "默认重发原因可能已经过去的：attempts_exhausted、in_doubt、reported_undelivered、no_route、recipient_limit；被服务商拒绝的号码要点名才重发。\
         重发走平常的路：排队、限速、演练隔离和失效检查都一样；已经失效、解除或被取代的不再发。同一个 nonce 只发一次，\
         应答相同并带 Idempotent-Replayed: true。",
        "Sends those again whose reason may have passed: attempts_exhausted, in_doubt, reported_undelivered, no_route, recipient_limit; \
         recipients that were refused only when named. They go the ordinary way, through lanes, limits, the drill gate and the \
         check of expiry; what has expired, was lifted or superseded is not sent. The same nonce sends once and is answered \
         the same, with Idempotent-Replayed: true.",
    ),
    parameters: &[WARNING, KEY],
    request: &[Content {
        media_type: "application/json",
        schema: Some("RetryOrder"),
        example: || json!({"nonce": "2026-07-15-1", "channel": "sms", "reason": "运营商已恢复"}),
    }],
    answers: &[Answer {
        status: 200,
        text: both("每个渠道放回多少，留下多少、为什么", "How many were put back per channel, how many left and why"),
        content: Some(Content { media_type: "application/json", schema: Some("Retried"), example }),
    }],
    problems: &[
        BodyNotJson,
        BodyBrokenOff,
        FieldsWrong,
        HeaderWrong,
        WarningNotFound,
        RequestTimeout,
        WarningNotDelivering,
        WarningOver,
        IdempotencyKeyRunning,
        BodyTooLarge,
        MediaTypeUnsupported,
        IdempotencyKeyReused,
    ],
};
