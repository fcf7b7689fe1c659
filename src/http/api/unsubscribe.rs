//! `/unsubscribe/{token}`: where the links of mails below orange lead (RFC 8058). A page for people; mail programs post to it.
//!
//! Looking at it changes nothing, so that a mail filter that opens every link unsubscribes nobody.

use askama::Template;
use axum::{
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde_json::Value;

use super::confirm::{TOKEN, page, wants_page};
use crate::{
    flow::receipt::Unsubscribed,
    http::{
        Site,
        console::{assets, words::Words},
        openapi::{Answer, Content, Operation, both},
        problem::{Problem, ProblemCode::ConfirmLinkUnknown, language},
        routes::{Access, RouteSpec},
    },
};

pub(super) fn routes() -> Vec<RouteSpec> {
    vec![
        RouteSpec::get("/unsubscribe/{token}", Access::public(), show).described(&SHOW),
        RouteSpec::post("/unsubscribe/{token}", Access::public(), unsubscribe).described(&UNSUBSCRIBE),
    ]
}

async fn show(State(site): State<Site>, Path(token): Path<String>, headers: HeaderMap) -> Result<Response, Problem> {
    Ok(answer(&headers, site.flow.unsubscribed(&token).await?))
}

/// A mail program says `List-Unsubscribe=One-Click`, the page's button nothing: the body changes nothing, and is not read.
async fn unsubscribe(
    State(site): State<Site>,
    Path(token): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let stands = site.flow.unsubscribe(&token).await?;
    if stands.is_some() && !wants_page(&headers) {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(answer(&headers, stands))
}

fn answer(headers: &HeaderMap, stands: Option<Unsubscribed>) -> Response {
    if stands.is_none() && !wants_page(headers) {
        return Problem::new(ConfirmLinkUnknown).into_response();
    }
    let status = if stands.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    page(status, &Page { words: Words(language(headers)), style: assets::address("confirm.css"), stands })
}

#[derive(Template)]
#[template(path = "confirm/unsubscribe.html")]
struct Page {
    words: Words,
    style: String,
    stands: Option<Unsubscribed>,
}

impl Page {
    fn asks(&self) -> bool {
        self.stands == Some(Unsubscribed::No)
    }

    fn title(&self) -> &'static str {
        match self.stands {
            None => "confirm-unknown",
            Some(Unsubscribed::No) => "unsubscribe-title",
            Some(Unsubscribed::Yes) => "unsubscribe-done",
            Some(Unsubscribed::OnDuty) => "unsubscribe-duty",
        }
    }

    fn hint(&self) -> &'static str {
        match self.stands {
            None => "confirm-unknown-hint",
            Some(Unsubscribed::OnDuty) => "unsubscribe-duty-hint",
            Some(_) => "unsubscribe-hint",
        }
    }
}

static SHOW: Operation = Operation {
    id: "showUnsubscribePage",
    tag: "progress",
    summary: both("邮件退订链接打开的页面", "The page a link to unsubscribe opens"),
    description: both(
        "有一个退订按钮。只打开页面不会退订。",
        "Has a button to unsubscribe. Opening the page unsubscribes nobody.",
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

static UNSUBSCRIBE: Operation = Operation {
    id: "unsubscribe",
    tag: "progress",
    summary: both("一键退订", "Unsubscribe with one click"),
    description: both(
        "收件人此后不再收到黄色和蓝色预警（RFC 8058），橙色和红色照发；有值守职责的人照发全部。正文不读。重复没有关系，应答时已写到磁盘上。",
        "The recipient gets yellow and blue warnings no longer (RFC 8058), orange and red all the same; whoever has a duty gets \
         everything. The body is not read. Saying it twice does no harm. When it is answered it is on disk.",
    ),
    parameters: &[TOKEN],
    request: &[],
    answers: &[Answer { status: 204, text: both("已写到磁盘上", "On disk"), content: None }],
    problems: &[ConfirmLinkUnknown],
};
