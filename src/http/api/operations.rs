//! For those who run the server: alive, ready, metrics.

use axum::{
    Json,
    extract::State,
    http::{
        HeaderMap,
        header::{ACCEPT, CONTENT_TYPE},
    },
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use crate::{
    flow::{authorize::Role, screens::Holds},
    http::{
        Site,
        openapi::{Answer, Content, Operation, both},
        problem::Problem,
        routes::{Access, RouteSpec},
    },
    telemetry::{OPEN_METRICS, PLAIN_TEXT},
};

pub(super) fn routes() -> Vec<RouteSpec> {
    let keepers: &[Role] = &[Role::Operator, Role::Auditor, Role::Admin];
    vec![
        RouteSpec::get("/healthz", Access::public(), alive).described(&ALIVE),
        RouteSpec::get("/readyz", Access::public(), ready).described(&READY),
        RouteSpec::get("/metrics", Access::roles(keepers), metrics).described(&METRICS),
    ]
}

/// Alive or ready.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub(in crate::http) struct Health {
    /// `ok`; of readiness also `disk_low` (no new warnings below red) and `disk_full` (lifts and corrections only).
    status: String,
}

fn status(word: &str) -> Json<Health> {
    Json(Health { status: word.to_owned() })
}

/// Answers as long as the process runs: no input or output, nothing to wait for.
async fn alive() -> Json<Health> {
    status("ok")
}

/// Whether warnings can be taken now; providers have no say in it.
async fn ready(State(site): State<Site>) -> Result<Json<Health>, Problem> {
    // A full disk still takes lifts: whoever asks must not be led away from here.
    Ok(status(site.flow.ready().await?))
}

async fn metrics(State(site): State<Site>, headers: HeaderMap) -> Result<Response, Problem> {
    gauges(&site).await?;
    site.flow.measure_store();
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let open = accept.contains("application/openmetrics-text");
    let kind = if open { OPEN_METRICS } else { PLAIN_TEXT };
    Ok(([(CONTENT_TYPE, kind)], site.telemetry.exposition(open)).into_response())
}

/// What is counted by looking, not by waiting for it to happen.
async fn gauges(site: &Site) -> Result<(), Problem> {
    let mut screens = Holds::ALL.map(|holds| (holds, 0));
    for screen in site.flow.screens().await? {
        if let Some((_, count)) = screens.iter_mut().find(|(holds, _)| *holds == screen.holds) {
            *count += 1;
        }
    }
    for (holds, count) in screens {
        site.telemetry.screens(holds.name(), count);
    }
    Ok(())
}

fn health() -> Value {
    json!({"status": "ok"})
}

const HEALTH: Content = Content { media_type: "application/json", schema: Some("Health"), example: health };

static ALIVE: Operation = Operation {
    id: "getHealth",
    tag: "operations",
    summary: both("进程在运行", "The process runs"),
    description: both("不查任何别的东西。", "Asks nothing else."),
    parameters: &[],
    request: &[],
    answers: &[Answer { status: 200, text: both("在运行", "It runs"), content: Some(HEALTH) }],
    problems: &[],
};

static READY: Operation = Operation {
    id: "getReadiness",
    tag: "operations",
    summary: both("可以接收预警", "Warnings can be taken"),
    description: both(
        "存储应答就是可以；与各通道无关。磁盘紧张时 status 会说明只接收什么。",
        "Yes when the store answers; providers have no say in it. When the disk runs short, status says what is taken.",
    ),
    parameters: &[],
    request: &[],
    answers: &[Answer { status: 200, text: both("可以", "Yes"), content: Some(HEALTH) }],
    problems: &[],
};

static METRICS: Operation = Operation {
    id: "getMetrics",
    tag: "operations",
    summary: both("指标（Prometheus）", "Metrics (Prometheus)"),
    description: both(
        "Accept 要 application/openmetrics-text 时用 OpenMetrics。",
        "In OpenMetrics when Accept asks for application/openmetrics-text.",
    ),
    parameters: &[],
    request: &[],
    answers: &[Answer {
        status: 200,
        text: both("指标", "The metrics"),
        content: Some(Content {
            media_type: "text/plain",
            schema: None,
            example: || {
                json!(
                    "# TYPE fenghuo_deliveries_total counter\nfenghuo_deliveries_total{route=\"sms.cmcc\",level=\"red\",state=\"accepted\"} 256\n"
                )
            },
        }),
    }],
    problems: &[],
};
