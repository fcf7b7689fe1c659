//! `/v1/warnings/{id}/…`: what happened so far.

use axum::{
    Json,
    extract::{Path, State},
    http::Uri,
};
use serde_json::{Value, json};

use super::{
    parameters::{CURSOR, LIMIT, WARNING},
    warnings::{READERS, is_own, readable, short},
};
use crate::{
    domain::delivery::{Reason, State as DeliveryState},
    flow::{
        Page,
        authorize::{Actor, Role},
        status::{DeliveryFilter, DeliveryView, StatusView, TimelineEntry},
    },
    http::{
        Site,
        fields::Fields,
        openapi::{Answer, Content, Operation, Parameter, both},
        problem::{
            Problem,
            ProblemCode::{ParameterWrong, WarningNotFound},
        },
        routes::{Access, RouteSpec},
    },
};
use fenghuo_contract::Channel;

pub(super) fn routes() -> Vec<RouteSpec> {
    vec![
        RouteSpec::get("/v1/warnings/{id}/status", Access::roles(READERS), status).described(&STATUS),
        RouteSpec::get("/v1/warnings/{id}/deliveries", Access::roles(READERS), deliveries).described(&DELIVERIES),
        RouteSpec::get("/v1/warnings/{id}/timeline", Access::roles(READERS), timeline).described(&TIMELINE),
    ]
}

fn missing(id: &str) -> Problem {
    Problem::new(WarningNotFound).with("id", short(id))
}

async fn status(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<StatusView>, Problem> {
    let view = readable(&site, &actor, &id).await?;
    Ok(Json(site.flow.status(&view.id).await?.ok_or_else(|| missing(&id))?))
}

async fn deliveries(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    uri: Uri,
) -> Result<Json<Page<DeliveryView>>, Problem> {
    let mut fields = Fields::of_address(&uri)?;
    let channel = fields.one_of("channel", &Channel::ALL.map(|channel| (channel.name(), channel.name())));
    let filter = DeliveryFilter {
        channel: channel.map(str::to_owned),
        state: fields.one_of("state", &DeliveryState::ALL.map(|state| (state.name(), state))),
        reason: fields.one_of("reason", &Reason::ALL.map(|reason| (reason.name(), reason))),
    };
    let (limit, cursor) = fields.page();
    fields.end()?;
    let view = readable(&site, &actor, &id).await?;
    if actor.role == Role::Issuer && !is_own(&actor, &view) {
        return Err(missing(&id));
    }
    let page = site.flow.deliveries(&view.id, &filter, cursor.as_deref(), limit).await?;
    Ok(Json(page.ok_or_else(|| missing(&id))?))
}

/// What happened to a warning.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub(in crate::http) struct Timeline {
    /// Oldest first.
    items: Vec<TimelineEntry>,
}

async fn timeline(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<Timeline>, Problem> {
    let view = readable(&site, &actor, &id).await?;
    Ok(Json(Timeline { items: site.flow.timeline(&view.id).await? }))
}

fn channel_example() -> Value {
    json!({
        "audience": 10000, "pending": 1200, "in_flight": 256, "accepted": 6000, "delivered": 2500, "confirmed": 0,
        "failed": 44, "expired": 0, "withdrawn": 0, "superseded": 0,
        "failed_by_reason": {"recipient_refused": 44}, "maybe_doubled": 0, "rate_per_s": 490.5, "eta_s": 3,
        "forecast": {"finish_at": "2026-07-15T14:40:23+08:00", "will_miss": 0}
    })
}

static STATUS: Operation = Operation {
    id: "getWarningStatus",
    tag: "progress",
    summary: both("一条预警的进展", "Progress of a warning"),
    description: both(
        "每个渠道的人数按状态分开：已交运营商、已到设备、已确认是三种状态，从不相加。as_of 是这些数字的时间。\
         people 是所有渠道合在一起的人：首先由哪个渠道到达、未到达的原因。forecast 按现在的上限和排队预计。",
        "Per channel the audience by state: accepted, delivered and confirmed are three states and are never added \
         together. as_of says when these numbers were true. people are persons over all channels: which one reached them \
         first, and why the others were not reached. forecast says what the limits and queues of this moment say.",
    ),
    parameters: &[WARNING],
    request: &[],
    answers: &[Answer {
        status: 200,
        text: both("进展", "Progress"),
        content: Some(Content {
            media_type: "application/json",
            schema: Some("StatusView"),
            example: || {
                json!({
                    "warning": "0198a4c2-7f00-7000-8000-5f1c0c5a9e01", "stage": "delivering",
                    "as_of": "2026-07-15T14:40:20+08:00", "last_progress_at": "2026-07-15T14:40:20+08:00",
                    "channels": {"sms": channel_example()},
                    "people": {
                        "addressed": 10000, "reached_by_one": 8500, "reached_by_two": 0, "confirmed": 0,
                        "first_channel": {"sms": 8500}, "unreached": 1500, "unreached_waiting": 1456,
                        "unreached_by_reason": {"recipient_refused": 44},
                        "unreached_as_of": "2026-07-15T14:40:20+08:00"
                    },
                    "done": false, "receipts_awaited": 3500,
                    "forecast": {"finish_at": "2026-07-15T14:40:23+08:00", "will_miss": 0}, "alarms": []
                })
            },
        }),
    }],
    problems: &[WarningNotFound],
};

const CHANNEL: Parameter = Parameter {
    name: "channel",
    place: "query",
    schema: || json!({"type": "string", "enum": Channel::ALL.map(Channel::name)}),
    text: both("渠道", "Channel"),
};

const STATE: Parameter = Parameter {
    name: "state",
    place: "query",
    schema: || json!({"type": "string", "enum": DeliveryState::ALL.map(DeliveryState::name)}),
    text: both("投递状态", "State of the delivery"),
};

const REASON: Parameter = Parameter {
    name: "reason",
    place: "query",
    schema: || json!({"type": "string", "enum": Reason::ALL.map(Reason::name)}),
    text: both("未送达的原因", "Reason of non-delivery"),
};

static DELIVERIES: Operation = Operation {
    id: "listDeliveries",
    tag: "progress",
    summary: both("一条预警的投递", "Deliveries of a warning"),
    description: both(
        "每个接收人一条，地址打码。指挥部只看自己预警的投递。",
        "One entry per recipient, addresses masked. A headquarters sees the deliveries of its own warnings only.",
    ),
    parameters: &[WARNING, CHANNEL, STATE, REASON, LIMIT, CURSOR],
    request: &[],
    answers: &[Answer {
        status: 200,
        text: both("一页投递", "A page of deliveries"),
        content: Some(Content {
            media_type: "application/json",
            schema: Some("DeliveryPage"),
            example: || {
                json!({"items": [{
                    "token": "0000000000000001-0000002a", "recipient": "resident-000042", "channel": "sms",
                    "address": "138****1234", "state": "failed", "reason": "recipient_refused",
                    "provider": "DELIVRD:0141 空号", "route": "sms.cmcc", "attempts": 1,
                    "at": "2026-07-15T14:40:09+08:00", "maybe_doubled": false
                }], "next": null})
            },
        }),
    }],
    problems: &[ParameterWrong, WarningNotFound],
};

static TIMELINE: Operation = Operation {
    id: "getTimeline",
    tag: "progress",
    summary: both("一条预警的经过", "History of a warning"),
    description: both("谁在什么时候做了什么，旧的在前。", "Who did what when, oldest first."),
    parameters: &[WARNING],
    request: &[],
    answers: &[Answer {
        status: 200,
        text: both("经过", "The history"),
        content: Some(Content {
            media_type: "application/json",
            schema: Some("Timeline"),
            example: || {
                json!({"items": [{
                    "at": "2026-07-15T14:40:02+08:00", "what": "received", "by": "key-4f1c0c5a9e01b2d3", "detail": null
                }]})
            },
        }),
    }],
    problems: &[WarningNotFound],
};
