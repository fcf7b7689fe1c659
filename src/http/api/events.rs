//! `/v1/events`: what happens, as it happens (Server-Sent Events).

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, Uri},
    response::{
        IntoResponse, Response,
        sse::{Event as Sse, KeepAlive},
    },
};
use futures_util::{Stream, StreamExt, stream};
use serde_json::{Value, json};
use tokio::sync::OwnedSemaphorePermit;

use super::warnings::READERS;
use crate::{
    flow::status::Event,
    http::{
        Site,
        fields::Fields,
        openapi::{Answer, Content, Operation, Parameter, both},
        problem::{
            FieldProblem, Problem,
            ProblemCode::{HeaderWrong, Overloaded, ParameterWrong},
        },
        routes::{Access, RouteSpec},
    },
};

const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// A comment at this interval tells the receiver that the line is alive, and us that the receiver is.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Shortest and longest wait before a receiver comes back, so that all of them do not come at once.
const RETRY_MS: (f64, f64) = (1_000.0, 5_000.0);

pub(super) fn routes() -> Vec<RouteSpec> {
    vec![RouteSpec::get("/v1/events", Access::roles(READERS), events).described(&EVENTS)]
}

async fn events(State(site): State<Site>, uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    Fields::of_address(&uri)?.end()?;
    let since = last_event_id(&headers)?;
    let permit = Arc::clone(&site.streams).try_acquire_owned();
    let permit = permit.map_err(|_| Problem::new(Overloaded).with("what", "event streams"))?;
    let retry = RETRY_MS.0 + (RETRY_MS.1 - RETRY_MS.0) * site.clock.fraction();
    let greeting = Sse::default().comment("fenghuo").retry(Duration::from_secs_f64(retry / 1_000.0));
    let events = stream::once(async { greeting }).chain(site.flow.events(since).map(|event| written(&event)));
    let stopping = site.stopping.clone();
    let events = held(events.take_until(stopping.cancelled_owned()), permit);
    let heartbeat = KeepAlive::new().interval(HEARTBEAT).text("alive");
    let mut response = axum::response::sse::Sse::new(events).keep_alive(heartbeat).into_response();
    response.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

/// Keeps the permit for as long as the stream is read.
fn held(events: impl Stream<Item = Sse>, permit: OwnedSemaphorePermit) -> impl Stream<Item = Result<Sse, Infallible>> {
    events.map(move |event| {
        let _held = &permit;
        Ok(event)
    })
}

fn written(event: &Event) -> Sse {
    let sse = Sse::default().id(event.id.to_string()).event(&event.kind);
    match serde_json::to_string(event) {
        Ok(json) => sse.data(json),
        Err(_) => sse.comment("an event that cannot be written"),
    }
}

fn last_event_id(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(value) = headers.get(LAST_EVENT_ID) else { return Ok(None) };
    let text = String::from_utf8_lossy(value.as_bytes());
    if text.is_empty() {
        return Ok(None);
    }
    text.parse().map(Some).map_err(|_| {
        let wrong = FieldProblem::new("Last-Event-ID", "field-wrong").got(&text).arg("reason", "whole number");
        Problem::of_fields(HeaderWrong, vec![wrong])
    })
}

fn example() -> Value {
    Value::String(format!(
        "id: 42\nevent: warning\ndata: {}\n\n: alive\n\n",
        json!({
            "id": 42, "kind": "warning", "at": "2026-07-15T14:40:02+08:00",
            "warning": "0198a4c2-7f00-7000-8000-5f1c0c5a9e01", "what": "released", "status": null
        })
    ))
}

static EVENTS: Operation = Operation {
    id: "streamEvents",
    tag: "progress",
    summary: both("正在发生的事（SSE）", "What happens, as it happens (SSE)"),
    description: both(
        "warning 事件是决定和阶段变化，progress 事件是数字。断开后带 Last-Event-ID 接着读，不会漏。每 15 秒有一行注释；\
         30 秒没有动静就当作断线。",
        "Events of the kind warning are decisions and changes of stage, those of the kind progress are numbers. After a \
         break go on with Last-Event-ID, nothing is missed. A comment comes every 15 seconds; 30 seconds of silence mean \
         that the line is broken.",
    ),
    parameters: &[Parameter {
        name: "Last-Event-ID",
        place: "header",
        schema: || json!({"type": "integer", "minimum": 0}),
        text: both("收到的最后一个 id", "The last id received"),
    }],
    request: &[],
    answers: &[Answer {
        status: 200,
        text: both("事件流，data 是 Event", "A stream of events; data is an Event"),
        content: Some(Content { media_type: "text/event-stream", schema: Some("EventStream"), example }),
    }],
    problems: &[HeaderWrong, ParameterWrong],
};
