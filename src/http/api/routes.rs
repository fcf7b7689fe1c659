//! `/v1/routes`: provider accounts and links, watched, paused, tested.

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::HeaderMap,
};
use serde_json::{Value, json};

use super::{parameters, warnings::short};
use crate::{
    flow::{
        authorize::{Actor, Role},
        deliver::RouteLimits,
        status::RouteView,
    },
    http::{
        Site,
        fields::Fields,
        openapi::{Answer, Content, Operation, Parameter, both},
        problem::{
            Problem,
            ProblemCode::{
                BodyBrokenOff, BodyNotJson, BodyTooLarge, FieldsWrong, MediaTypeUnsupported, RequestTimeout,
                RouteNotFound,
            },
        },
        routes::{Access, RouteSpec},
    },
};

const READERS: &[Role] = &[Role::Operator, Role::Auditor, Role::Admin];
const EDITORS: &[Role] = &[Role::Operator, Role::Admin];

pub(super) fn routes() -> Vec<RouteSpec> {
    vec![
        RouteSpec::get("/v1/routes", Access::roles(READERS), list).described(&LIST),
        RouteSpec::post("/v1/routes/{name}/pause", Access::roles(EDITORS), pause).described(&PAUSE),
        RouteSpec::post("/v1/routes/{name}/resume", Access::roles(EDITORS), resume).described(&RESUME),
        RouteSpec::post("/v1/routes/{name}/limits", Access::roles(&[Role::Admin]), limit).described(&LIMIT),
        RouteSpec::post("/v1/routes/{name}/probe", Access::roles(EDITORS), probe).described(&PROBE),
    ]
}

/// Every route.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub(in crate::http) struct RouteList {
    items: Vec<RouteView>,
}

/// The result of a test of a route's link.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub(in crate::http) struct ProbeResult {
    /// Whether the link works.
    ok: bool,
    /// The provider's words when it does not.
    reason: Option<String>,
}

fn missing(name: &str) -> Problem {
    Problem::new(RouteNotFound).with("id", short(name))
}

async fn list(State(site): State<Site>) -> Json<RouteList> {
    Json(RouteList { items: site.flow.routes() })
}

fn view_of(site: &Site, name: &str) -> Result<Json<RouteView>, Problem> {
    site.flow.routes().into_iter().find(|route| route.name == name).map(Json).ok_or_else(|| missing(name))
}

async fn pause(
    State(site): State<Site>,
    actor: Actor,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<RouteView>, Problem> {
    let mut fields = Fields::of_body(&site, &headers, body).await?;
    let reason = fields.required_text("reason", 200);
    fields.end()?;
    if !site.flow.pause_route(&name, &actor.key, &reason).await? {
        return Err(missing(&name));
    }
    view_of(&site, &name)
}

async fn resume(State(site): State<Site>, actor: Actor, Path(name): Path<String>) -> Result<Json<RouteView>, Problem> {
    if !site.flow.resume_route(&name, &actor.key).await? {
        return Err(missing(&name));
    }
    view_of(&site, &name)
}

async fn limit(
    State(site): State<Site>,
    actor: Actor,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<RouteView>, Problem> {
    let mut fields = Fields::of_body(&site, &headers, body).await?;
    let limits = RouteLimits {
        rate_per_s: fields.count("rate_per_s"),
        per_minute: fields.count("per_minute"),
        per_day: fields.count("per_day"),
        hard_cap: fields.flag("hard_cap"),
    };
    let reason = fields.required_text("reason", 200);
    fields.end()?;
    // Nothing set is the configuration again.
    let limits = (limits != RouteLimits::default()).then_some(limits);
    if !site.flow.limit_route(&name, &actor.key, limits, &reason).await? {
        return Err(missing(&name));
    }
    view_of(&site, &name)
}

async fn probe(State(site): State<Site>, Path(name): Path<String>) -> Result<Json<ProbeResult>, Problem> {
    let result = site.flow.probe_route(&name).await.ok_or_else(|| missing(&name))?;
    Ok(Json(ProbeResult { ok: result.is_ok(), reason: result.err() }))
}

const NAME: Parameter =
    Parameter {
        name: "name", place: "path", schema: parameters::text, text: both("通路名称", "Name of the route")
    };

fn view() -> Value {
    json!({
        "name": "sms.cmcc", "channel": "sms", "adapter": "simulator", "drill": true, "actual": false,
        "standby": false, "state": "running", "trip": null, "reason": null, "share": 1.0, "unit": "recipients",
        "limit_per_s": 500.0, "allowed_per_s": 500.0, "ordered": null, "per_minute": null,
        "per_day": {"used": 52_310, "limit": 2_000_000}, "rate_per_s": 490.5, "round_trip_ms": 41.2,
        "window": {"size": 16, "now": 9, "used": 6, "red": 2}, "in_flight": 256, "queue": {"red": 1200},
        "canary": {"at": "2026-07-15T14:38:02+08:00", "age_s": 138, "ok": true, "fault": null},
        "last_success_at": "2026-07-15T14:40:20+08:00", "last_error": null, "last_error_at": null,
        "as_of": "2026-07-15T14:40:20+08:00"
    })
}

const ROUTE: Content = Content { media_type: "application/json", schema: Some("RouteView"), example: view };

static LIST: Operation = Operation {
    id: "listRoutes",
    tag: "routes",
    summary: both("列出通路", "List routes"),
    description: both("每条通路的状态、速率和排队。", "State, rate and queue of every route."),
    parameters: &[],
    request: &[],
    answers: &[Answer {
        status: 200,
        text: both("全部通路", "Every route"),
        content: Some(Content {
            media_type: "application/json",
            schema: Some("RouteList"),
            example: || json!({"items": [view()]}),
        }),
    }],
    problems: &[],
};

static PAUSE: Operation = Operation {
    id: "pauseRoute",
    tag: "routes",
    summary: both("暂停一条通路", "Pause a route"),
    description: both(
        "已经发出的不受影响，排队的留在原处。",
        "What is on the wire is not touched; what waits stays where it is.",
    ),
    parameters: &[NAME],
    request: &[Content {
        media_type: "application/json",
        schema: Some("Pause"),
        example: || json!({"reason": "运营商通知 15 点检修"}),
    }],
    answers: &[Answer { status: 200, text: both("通路", "The route"), content: Some(ROUTE) }],
    problems: &[
        BodyNotJson,
        BodyBrokenOff,
        FieldsWrong,
        RouteNotFound,
        RequestTimeout,
        BodyTooLarge,
        MediaTypeUnsupported,
    ],
};

static RESUME: Operation = Operation {
    id: "resumeRoute",
    tag: "routes",
    summary: both("恢复一条通路", "Resume a route"),
    description: both("暂停的和自己停下的都可以恢复。", "Paused routes and such that stopped by themselves."),
    parameters: &[NAME],
    request: &[],
    answers: &[Answer { status: 200, text: both("通路", "The route"), content: Some(ROUTE) }],
    problems: &[RouteNotFound],
};

static LIMIT: Operation = Operation {
    id: "limitRoute",
    tag: "routes",
    summary: both("改变一条通路的上限", "Change the limits of a route"),
    description: both(
        "立即生效，重启后仍然有效；没有写的键按配置。只写原因就是恢复配置。",
        "Holds at once and after a restart; what is left out is as configured. A reason alone brings the configuration back.",
    ),
    parameters: &[NAME],
    request: &[Content {
        media_type: "application/json",
        schema: Some("LimitOrder"),
        example: || json!({"rate_per_s": 200, "per_day": 500_000, "reason": "运营商临时限速"}),
    }],
    answers: &[Answer { status: 200, text: both("通路", "The route"), content: Some(ROUTE) }],
    problems: &[
        BodyNotJson,
        BodyBrokenOff,
        FieldsWrong,
        RouteNotFound,
        RequestTimeout,
        BodyTooLarge,
        MediaTypeUnsupported,
    ],
};

/// New limits of a route, and why.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the form of a body, for the API description; the fields are read one by one")]
pub(in crate::http) struct LimitOrder {
    /// Units a second.
    rate_per_s: Option<u32>,
    /// Units in any minute.
    per_minute: Option<u32>,
    /// Units in a day of China's calendar.
    per_day: Option<u32>,
    /// Never over the rate in any second.
    hard_cap: Option<bool>,
    /// For those who find it changed.
    reason: String,
}

static PROBE: Operation = Operation {
    id: "probeRoute",
    tag: "routes",
    summary: both("测试一条通路", "Test a route"),
    description: both("现在就连一次，不发任何消息。", "Connects once, now, and sends no message."),
    parameters: &[NAME],
    request: &[],
    answers: &[Answer {
        status: 200,
        text: both("测试的结果", "The result of the test"),
        content: Some(Content {
            media_type: "application/json",
            schema: Some("ProbeResult"),
            example: || json!({"ok": false, "reason": "535 authentication failed"}),
        }),
    }],
    problems: &[RouteNotFound],
};

/// Why a route is paused.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the form of a body, for the API description; the fields are read one by one")]
pub(in crate::http) struct Pause {
    /// For those who find it paused.
    reason: String,
}
