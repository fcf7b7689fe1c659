//! `/c/{token}`: the reader of one message says that it arrived. A page for people, JSON for apps.
//!
//! Looking at it changes nothing, so that a mail filter that opens every link confirms for nobody.

use askama::Template;
use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode,
        header::{ACCEPT, CONTENT_SECURITY_POLICY, CONTENT_TYPE, VARY},
    },
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::parameters;
use crate::{
    flow::{
        Unavailable,
        receipt::{ConfirmView, Confirmation},
    },
    http::{
        Site,
        console::{assets, words::Words},
        fields::Fields,
        openapi::{Answer, Content, Operation, Parameter, both},
        problem::{
            Problem,
            ProblemCode::{
                self, BodyBrokenOff, BodyNotJson, BodyTooLarge, ConfirmLinkUnknown, FieldsWrong, MediaTypeUnsupported,
                RequestTimeout,
            },
            language,
        },
        routes::{Access, RouteSpec},
    },
};

/// This server's style and nothing else; the form goes back to where it came from.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

pub(super) fn routes() -> Vec<RouteSpec> {
    vec![
        RouteSpec::get("/c/{token}", Access::public(), show).described(&SHOW),
        RouteSpec::post("/c/{token}", Access::public(), say).described(&SAY),
    ]
}

/// What an app says about a message, and what stands then.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub(in crate::http) struct ConfirmDocument {
    /// `delivered`: the app shows it. `confirmed`: a person read it.
    state: &'static str,
}

async fn show(State(site): State<Site>, Path(token): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    let words = Words(language(&headers));
    let message = site.flow.confirm_view(&token, words.tag()).await?;
    let status = if message.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    Ok(answer(&headers, status, &Page::new(words, message, false)))
}

async fn say(
    State(site): State<Site>,
    Path(token): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let words = Words(language(&headers));
    let Some(message) = site.flow.confirm_view(&token, words.tag()).await? else {
        return Ok(answer(&headers, StatusCode::NOT_FOUND, &Page::new(words, None, false)));
    };
    let confirmation = if is_json(&headers, &CONTENT_TYPE) {
        let mut fields = Fields::of_body(&site, &headers, body).await?;
        let said = [("delivered", Confirmation::Delivered), ("confirmed", Confirmation::Confirmed)];
        let said = fields.one_of("state", &said);
        fields.end()?;
        said.unwrap_or(Confirmation::Confirmed)
    } else {
        // The form of the page has nothing to say but that its button was pressed.
        Confirmation::Confirmed
    };
    let taken = site.flow.confirm(&token, confirmation).await;
    if wants_page(&headers) {
        let status = if taken.is_ok() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        let message = site.flow.confirm_view(&token, words.tag()).await?.unwrap_or(message);
        return Ok(answer(&headers, status, &Page::new(words, Some(message), taken.is_err())));
    }
    taken.map_err(|fault: Unavailable| Problem::from(fault))?;
    let state = match confirmation {
        Confirmation::Delivered => "delivered",
        Confirmation::Confirmed => "confirmed",
    };
    Ok(Json(ConfirmDocument { state }).into_response())
}

fn is_json(headers: &HeaderMap, name: &HeaderName) -> bool {
    headers.get(name).and_then(|value| value.to_str().ok()).is_some_and(|value| value.starts_with("application/json"))
}

/// Browsers name HTML when they ask.
pub(super) fn wants_page(headers: &HeaderMap) -> bool {
    headers.get(ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(|value| value.contains("text/html"))
}

/// The page, or a problem for a program that asked with a link that is none.
fn answer(headers: &HeaderMap, status: StatusCode, page: &Page) -> Response {
    if status == StatusCode::NOT_FOUND && !wants_page(headers) {
        return Problem::new(ConfirmLinkUnknown).into_response();
    }
    self::page(status, page)
}

/// A page of this server for whoever opened the link of a message.
pub(super) fn page(status: StatusCode, page: &impl Template) -> Response {
    let html = match page.render() {
        Ok(html) => html,
        Err(fault) => return Problem::internal(fault).into_response(),
    };
    let mut response = (status, html).into_response();
    for (name, value) in [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        (CONTENT_SECURITY_POLICY, POLICY),
        (VARY, "accept, accept-language"),
    ] {
        response.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    response
}

#[derive(Template)]
#[template(path = "confirm/page.html")]
struct Page {
    words: Words,
    style: String,
    message: Option<ConfirmView>,
    level: String,
    released: String,
    ended: Option<String>,
    /// What is said about a drill differs from what is said about the real thing, the button too.
    title: String,
    act: String,
    done: String,
    /// How many officers have confirmed, for one of them.
    officers: Option<String>,
    /// It could not be stored.
    failed: bool,
}

impl Page {
    fn new(words: Words, message: Option<ConfirmView>, failed: bool) -> Self {
        let level = message.as_ref().map(|message| words.t(&format!("level-{}", message.level.name())));
        let released = message.as_ref().map(|message| message.released_at.get(..16).unwrap_or_default());
        let ended = message.as_ref().and_then(|message| message.ended.as_deref());
        let drill = message.as_ref().is_some_and(|message| message.drill);
        let say =
            |what: &str| words.t(&if drill { format!("confirm-drill-{what}") } else { format!("confirm-{what}") });
        Self {
            title: say("title"),
            act: say("act"),
            done: say("done"),
            officers: message.as_ref().and_then(|message| message.officers).map(|officers| {
                let counts = [("confirmed", officers.confirmed.to_string()), ("of", officers.of.to_string())];
                words.fill("confirm-officers", &counts)
            }),
            style: assets::address("confirm.css"),
            level: level.unwrap_or_default(),
            released: released.unwrap_or_default().replace('T', " "),
            ended: ended.map(|ended| words.t(&format!("confirm-ended-{ended}"))),
            message,
            failed,
            words,
        }
    }
}

pub(super) const TOKEN: Parameter = Parameter {
    name: "token",
    place: "path",
    schema: parameters::text,
    text: both("消息里的链接的最后一段", "Last part of the link in the message"),
};

fn document() -> Value {
    json!({"state": "confirmed"})
}

const DOCUMENT: Content =
    Content { media_type: "application/json", schema: Some("ConfirmDocument"), example: document };

static SHOW: Operation = Operation {
    id: "showConfirmPage",
    tag: "progress",
    summary: both("收到的人打开的页面", "The page a reader opens"),
    description: both(
        "显示级别、标题、发布单位和时间，有一个“我已收到”按钮；演练的页面和按钮写明是演练。只打开页面不算确认。",
        "Shows level, headline, issuer and time, and a button to say that it arrived; the page and the button of a drill say that it is one. Opening the page confirms nothing.",
    ),
    parameters: &[TOKEN],
    request: &[],
    answers: &[Answer {
        status: 200,
        text: both("页面", "The page"),
        content: Some(Content {
            media_type: "text/html",
            schema: None,
            example: || Value::String("<!doctype html>…".to_owned()),
        }),
    }],
    problems: &[ConfirmLinkUnknown],
};

static SAY: Operation = Operation {
    id: "confirmDelivery",
    tag: "progress",
    summary: both("确认收到", "Say that a message arrived"),
    description: both(
        "应用显示了消息报 delivered，本人确认报 confirmed；没有正文等于 confirmed。重复没有关系。应答 200 时已经写到磁盘上。\
         预警已经失效或解除也收下。",
        "An app that shows the message says delivered, a person confirmed; without a body it is confirmed. Saying it twice \
         does no harm. When 200 is answered it is on disk. It is taken of warnings that are over, too.",
    ),
    parameters: &[TOKEN],
    request: &[DOCUMENT],
    answers: &[Answer { status: 200, text: both("已写到磁盘上", "On disk"), content: Some(DOCUMENT) }],
    problems: PROBLEMS,
};

const PROBLEMS: &[ProblemCode] =
    &[BodyNotJson, BodyBrokenOff, FieldsWrong, ConfirmLinkUnknown, RequestTimeout, BodyTooLarge, MediaTypeUnsupported];
