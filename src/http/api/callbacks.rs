//! `/callbacks/{route}/{secret}`: providers report by calling us.

use std::net::{IpAddr, Ipv4Addr};

use axum::{
    Extension,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, Uri, header::CONTENT_TYPE},
    response::{IntoResponse, Response},
};
use fenghuo_contract::{Callback, SignatureCheck};
use serde_json::Value;

use super::parameters;
use crate::{
    flow::receipt::CallbackAnswer,
    http::{
        Site, body,
        openapi::{Answer, Content, Operation, Parameter, both},
        problem::{
            Problem,
            ProblemCode::{
                BodyBrokenOff, BodyTooLarge, CallbackForged, CallbackUnknown, CallbackUnreadable, MediaTypeUnsupported,
                ReceiptsNotTaken, RequestTimeout,
            },
        },
        routes::{Access, RouteSpec},
        serve::Peer,
    },
};

/// The largest body of a call.
const BODY: usize = 1024 * 1024;

pub(super) fn routes() -> Vec<RouteSpec> {
    vec![
        // Some providers ask once whether the address is ours before they use it.
        RouteSpec::get("/callbacks/{route}/{secret}", Access::public(), callback).described(&ASKED),
        RouteSpec::post("/callbacks/{route}/{secret}", Access::public(), callback).described(&CALLBACK),
    ]
}

async fn callback(
    State(site): State<Site>,
    Path((route, secret)): Path<(String, String)>,
    peer: Option<Extension<Peer>>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let unknown = || Problem::new(CallbackUnknown);
    if !site.flow.callback_opens(&route, &secret) {
        return Err(unknown());
    }
    let received = body::read(&site, &headers, body, BODY).await?;
    let pair = |(name, value): (&axum::http::HeaderName, &axum::http::HeaderValue)| {
        (name.as_str().to_owned(), String::from_utf8_lossy(value.as_bytes()).into_owned())
    };
    let headers: Vec<(String, String)> = headers.iter().map(pair).collect();
    let callback = Callback {
        peer: peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |Extension(Peer(peer))| peer.ip()),
        headers: &headers,
        query: uri.query().unwrap_or_default(),
        body: &received.bytes,
        signature: SignatureCheck::default(),
    };
    match site.flow.callback(&route, &callback).await {
        CallbackAnswer::Taken(None) => Ok(StatusCode::OK.into_response()),
        CallbackAnswer::Taken(Some(answer)) => Ok(([(CONTENT_TYPE, answer.media_type)], answer.body).into_response()),
        CallbackAnswer::Unknown => Err(unknown()),
        CallbackAnswer::Forged => Err(Problem::new(CallbackForged)),
        CallbackAnswer::Unreadable => Err(Problem::new(CallbackUnreadable)),
        CallbackAnswer::NotTaken => Err(Problem::new(ReceiptsNotTaken)),
    }
}

const fn path(name: &'static str, zh: &'static str, en: &'static str) -> Parameter {
    Parameter { name, place: "path", schema: parameters::text, text: both(zh, en) }
}

static CALLBACK: Operation = Operation {
    id: "reportReceipts",
    tag: "routes",
    summary: both("服务商报送回执", "A provider reports receipts"),
    description: both(
        "内容是各服务商自己的形式，由通路的适配器核对签名并读取。应答 200 时回执已经写到磁盘上；其他应答请服务商重发。",
        "The content is in the provider's own form; the route's adapter checks its signature and reads it. When 200 is \
         answered the receipts are on disk; after any other answer the provider should call again.",
    ),
    parameters: &[
        path("route", "通路名称", "Name of the route"),
        path("secret", "通路的回调口令", "The route's callback secret"),
    ],
    request: &[Content {
        media_type: "application/octet-stream",
        schema: None,
        example: || Value::String("1a.2 delivered".to_owned()),
    }],
    answers: &[Answer { status: 200, text: both("已写到磁盘上", "On disk"), content: None }],
    problems: &[
        BodyBrokenOff,
        CallbackUnreadable,
        CallbackForged,
        CallbackUnknown,
        RequestTimeout,
        BodyTooLarge,
        MediaTypeUnsupported,
        ReceiptsNotTaken,
    ],
};

static ASKED: Operation = Operation {
    id: "askCallback",
    tag: "routes",
    summary: both("服务商核对回调地址", "A provider asks whether the address is ours"),
    description: both(
        "有的服务商启用地址之前先用 GET 问一次；由通路的适配器核对签名，按服务商的要求应答。",
        "Some providers ask by GET before they use an address; the route's adapter checks the signature and answers as the \
         provider wants it.",
    ),
    parameters: &[
        path("route", "通路名称", "Name of the route"),
        path("secret", "通路的回调口令", "The route's callback secret"),
    ],
    request: &[],
    answers: &[Answer { status: 200, text: both("地址是本网关的", "The address is ours"), content: None }],
    problems: &[CallbackUnreadable, CallbackForged, CallbackUnknown, ReceiptsNotTaken],
};
