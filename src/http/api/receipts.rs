//! `/v1/receipts`: outcomes and receipts without gaps, one JSON object a line.

use std::{io, sync::Arc, time::Duration};

use axum::{
    body::Body,
    extract::State,
    http::{HeaderValue, Uri, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures_util::stream;
use serde_json::{Value, json};
use tokio::{sync::OwnedSemaphorePermit, time::Instant};

use crate::{
    flow::{
        authorize::{Actor, Role},
        receipt::{Cursor, ReceiptLine, Receipts},
    },
    http::{
        Site,
        fields::Fields,
        openapi::{Answer, Content, Operation, Parameter, both},
        problem::{
            Problem,
            ProblemCode::{Overloaded, ParameterWrong},
        },
        routes::{Access, RouteSpec},
    },
};

/// Who reads it; an issuer its own warnings only.
const READERS: &[Role] = &[Role::Issuer, Role::Operator, Role::Auditor];
/// Lines of one answer, by default and at most.
const LINES: (usize, usize) = (1_000, 10_000);
/// Lines written at a time: what one reader makes us hold.
const TOGETHER: usize = 500;
/// How often a reader that follows is told what is new.
const LOOK_EVERY: Duration = Duration::from_millis(200);
/// An empty line at this interval tells a reader that follows that the line is alive.
const HEARTBEAT: Duration = Duration::from_secs(15);

pub(super) fn routes() -> Vec<RouteSpec> {
    vec![RouteSpec::get("/v1/receipts", Access::roles(READERS), receipts).described(&RECEIPTS)]
}

async fn receipts(State(site): State<Site>, actor: Actor, uri: Uri) -> Result<Response, Problem> {
    let mut fields = Fields::of_address(&uri)?;
    let since = parsed::<Cursor>(&mut fields, "since", "ROW.ENTRY.RECORD");
    let limit = parsed::<usize>(&mut fields, "limit", "1…10000");
    let follow = fields.flag("follow");
    fields.end()?;
    let left = match limit.filter(|limit| *limit > 0) {
        Some(limit) => limit.min(LINES.1),
        None if follow => usize::MAX,
        None => LINES.0,
    };
    let issuer = (actor.role == Role::Issuer).then(|| actor.subject.unwrap_or_default());
    let permit = Arc::clone(&site.streams).try_acquire_owned();
    let permit = permit.map_err(|_| Problem::new(Overloaded).with("what", "event streams"))?;
    let mut feed = Feed {
        receipts: site.flow.receipts(since.unwrap_or_default(), issuer),
        left,
        follow,
        spoke: site.clock.instant(),
        site,
        _permit: permit,
    };
    // What cannot be read at all is said before anything is answered.
    let first = feed.page().await?;
    let rest = stream::unfold(Some(feed), |feed| async {
        let mut feed = feed?;
        match feed.next().await {
            Ok(bytes) => Some((Ok(bytes?), Some(feed))),
            Err(fault) => Some((Err(io::Error::other(fault)), None)),
        }
    });
    let whole = futures_util::StreamExt::chain(stream::once(async { Ok::<_, io::Error>(first) }), rest);
    let mut response = Body::from_stream(whole).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson; charset=utf-8"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    Ok(response)
}

fn parsed<T: std::str::FromStr>(fields: &mut Fields, name: &str, form: &str) -> Option<T> {
    let text = fields.text(name, 64)?;
    let value = text.parse().ok();
    if value.is_none() {
        fields.refuse(name, "value-not-allowed", &text, &[form.to_owned()]);
    }
    value
}

/// One reader. It is read for as its connection takes the lines: nothing waits here for a slow one, whose connection ends
/// by itself.
struct Feed {
    site: Site,
    receipts: Receipts,
    left: usize,
    follow: bool,
    /// When something was last written.
    spoke: Instant,
    _permit: OwnedSemaphorePermit,
}

impl Feed {
    async fn page(&mut self) -> Result<Bytes, crate::flow::Unavailable> {
        let lines = self.receipts.next(TOGETHER.min(self.left)).await?;
        self.left -= lines.len();
        Ok(written(&lines))
    }

    /// The next lines, or an empty one as a sign of life; `None` at the end.
    async fn next(&mut self) -> Result<Option<Bytes>, crate::flow::Unavailable> {
        loop {
            if self.left == 0 || self.site.stopping.is_cancelled() {
                return Ok(None);
            }
            let page = self.page().await?;
            if !page.is_empty() {
                self.spoke = self.site.clock.instant();
                return Ok(Some(page));
            }
            if !self.follow {
                return Ok(None);
            }
            if self.site.clock.instant().duration_since(self.spoke) >= HEARTBEAT {
                self.spoke = self.site.clock.instant();
                return Ok(Some(Bytes::from_static(b"\n")));
            }
            tokio::select! {
                () = self.site.clock.sleep(LOOK_EVERY) => {}
                () = self.site.stopping.cancelled() => {}
            }
        }
    }
}

fn written(lines: &[ReceiptLine]) -> Bytes {
    let mut text = Vec::with_capacity(lines.len() * 400);
    for line in lines {
        // Writing our own structure to memory cannot fail.
        if serde_json::to_writer(&mut text, line).is_ok() {
            text.push(b'\n');
        }
    }
    text.into()
}

fn example() -> Value {
    let line = json!({
        "cursor": "1024.1.7", "kind": "receipt", "warning": "0198a4c2-7f00-7000-8000-5f1c0c5a9e01", "channel": "sms",
        "delivery": "0000000000000001-0000002a", "recipient": "resident-000042", "state": "delivered", "reason": "none",
        "provider": null, "route": "sms.cmcc", "at": "2026-07-15T14:40:09+08:00", "attempts": 1, "maybe_doubled": false
    });
    Value::String(format!("{line}\n"))
}

const SINCE: Parameter = Parameter {
    name: "since",
    place: "query",
    schema: super::parameters::text,
    text: both(
        "收到的最后一行的 cursor，从它之后开始；不写从头开始",
        "The cursor of the last line received, what follows it is told; absent: from the beginning",
    ),
};

const LIMIT: Parameter = Parameter {
    name: "limit",
    place: "query",
    schema: || json!({"type": "integer", "minimum": 0, "maximum": 10_000}),
    text: both(
        "最多几行，默认 1000；follow=true 时默认不限",
        "Lines at most, 1000 by default; without limit by default when follow=true",
    ),
};

const FOLLOW: Parameter = Parameter {
    name: "follow",
    place: "query",
    schema: super::parameters::flag,
    text: both("保持连接，写到磁盘的马上送来", "Keep the connection open and write what becomes durable"),
};

static RECEIPTS: Operation = Operation {
    id: "streamReceipts",
    tag: "progress",
    summary: both("投递结果和回执，不漏（NDJSON）", "Outcomes and receipts without gaps (NDJSON)"),
    description: both(
        "每行一个 JSON 对象，按写到磁盘的先后；每行带 cursor，断开后用 since 接着读，不漏也不重。follow=true 时没有新行每 15 秒送一个空行，\
         30 秒没有动静就当作断线；读得太慢的连接会被关闭，用 cursor 接着读。没有发出就失效、解除或被取代的投递没有行，人数见进展。\
         指挥部只看自己预警的。",
        "One JSON object a line, in the order they became durable; each carries its cursor: after a break go on with since, \
         nothing is missed or repeated. With follow=true an empty line comes every 15 seconds when there is nothing new, and 30 \
         seconds of silence mean that the line is broken; a connection read too slowly is closed, go on with the cursor. \
         Deliveries that expired, were withdrawn or superseded unsent have no line, the status counts them. A headquarters \
         sees those of its own warnings.",
    ),
    parameters: &[SINCE, LIMIT, FOLLOW],
    request: &[],
    answers: &[Answer {
        status: 200,
        text: both("每行一个 ReceiptLine", "A ReceiptLine a line"),
        content: Some(Content { media_type: "application/x-ndjson", schema: Some("ReceiptStream"), example }),
    }],
    problems: &[ParameterWrong],
};
