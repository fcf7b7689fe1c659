//! The document a problem is written as.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{MatchedPath, Request},
    http::{
        HeaderMap, HeaderValue, Method, StatusCode,
        header::{ACCEPT_LANGUAGE, CONTENT_LANGUAGE, CONTENT_TYPE, WWW_AUTHENTICATE},
    },
    middleware::Next,
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::{ERRORS_MAX, FieldProblem, Problem, ProblemCode, of_status};
use crate::{
    domain::national,
    http::request::RequestId,
    messages::{self, Lang},
};

/// An RFC 9457 problem document.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ProblemDocument {
    /// Address of a page on this server that explains the code.
    #[serde(rename = "type")]
    pub kind: String,
    /// What kind of problem it is, in the language asked for.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// Stable code; programs read this.
    pub code: String,
    /// What happened this time and what to do, in the language asked for.
    pub detail: String,
    /// The same by language: `zh-CN` and `en`.
    pub messages: BTreeMap<String, String>,
    /// The request's id, as in `X-Request-Id` and in the log.
    pub instance: String,
    /// Everything that is wrong, at most 100.
    pub errors: Vec<FieldDocument>,
    /// How many more there are.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = u64)]
    pub more: Option<usize>,
}

/// What is wrong with one field.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct FieldDocument {
    /// RFC 6901 pointer for JSON, element path for XML, name of a parameter or header.
    pub pointer: String,
    /// Stable code; `/docs/errors/{code}` explains it.
    pub code: String,
    /// What is wrong and what to do, in the language asked for.
    pub detail: String,
    /// The same by language: `zh-CN` and `en`.
    pub messages: BTreeMap<String, String>,
    /// What stood there.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = String)]
    pub got: Option<String>,
    /// What may stand there, when that is a short list.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub allowed: Vec<String>,
    /// 1-based line of the body.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = u32)]
    pub line: Option<u32>,
    /// 1-based column of the body, in characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = u32)]
    pub column: Option<u32>,
}

fn in_both(code: &str, args: &[(&str, String)]) -> BTreeMap<String, String> {
    Lang::ALL.into_iter().map(|lang| (lang.tag().to_owned(), messages::sentence(lang, code, args))).collect()
}

fn chosen(lang: Lang, messages: &BTreeMap<String, String>) -> String {
    messages.get(lang.tag()).cloned().unwrap_or_default()
}

impl FieldDocument {
    /// What is wrong with a field, in both languages.
    #[must_use]
    pub fn new(lang: Lang, field: &FieldProblem) -> Self {
        let mut args: Vec<(&str, String)> = field.args.iter().map(|(name, value)| (*name, value.clone())).collect();
        args.push(("got", field.got.clone().unwrap_or_default()));
        args.push(("allowed", field.allowed.join(", ")));
        args.push(("path", field.pointer.clone()));
        let messages = in_both(&field.code, &args);
        Self {
            pointer: field.pointer.clone(),
            code: field.code.clone().into_owned(),
            detail: chosen(lang, &messages),
            messages,
            got: field.got.clone(),
            allowed: field.allowed.clone(),
            line: field.line,
            column: field.column,
        }
    }
}

impl ProblemDocument {
    /// Writes a problem for a reader.
    #[must_use]
    pub fn new(lang: Lang, problem: &Problem, instance: &str) -> Self {
        let inner = &problem.0;
        let code = inner.code.name();
        let messages = in_both(code, &inner.args);
        let more = inner.errors.len().saturating_sub(ERRORS_MAX);
        Self {
            kind: format!("/docs/errors/{code}"),
            title: messages::title(lang, code),
            status: inner.code.status().as_u16(),
            code: code.to_owned(),
            detail: chosen(lang, &messages),
            messages,
            instance: instance.to_owned(),
            errors: inner.errors.iter().take(ERRORS_MAX).map(|field| FieldDocument::new(lang, field)).collect(),
            more: (more > 0).then_some(more),
        }
    }
}

/// What of a request its problem document needs.
struct Asked {
    lang: Lang,
    instance: String,
    method: Method,
    path: String,
    matched: bool,
}

/// The layer that writes problem documents.
pub async fn write(request: Request, next: Next) -> Response {
    let asked = Asked {
        lang: language(request.headers()),
        instance: request.extensions().get::<RequestId>().map_or_else(String::new, |id| id.0.to_string()),
        method: request.method().clone(),
        path: request.uri().path().chars().take(200).collect(),
        matched: request.extensions().get::<MatchedPath>().is_some(),
    };
    let mut response = next.run(request).await;
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let problem = match response.extensions_mut().remove::<Problem>() {
        Some(problem) => problem,
        None if is_written(&response) => return response,
        None => of_status(status),
    };
    answer(&asked, problem, response.headers())
}

/// The language a request asks for.
#[must_use]
pub fn language(headers: &HeaderMap) -> Lang {
    headers
        .get(ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .map_or_else(Lang::default, Lang::from_accept_language)
}

/// Pages of the console write their own refusals.
fn is_written(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE).map_or(&b""[..], HeaderValue::as_bytes);
    kind.starts_with(b"text/html") || kind.starts_with(b"application/")
}

/// The reply of the national platform: everything that is wrong in its one note.
fn replied(document: &ProblemDocument) -> String {
    let mut note = document.detail.clone();
    for error in &document.errors {
        note.push_str(&format!("\n{}: {}", error.pointer, error.detail));
    }
    national::reply(Some(&document.code), &note)
}

fn answer(asked: &Asked, mut problem: Problem, headers: &HeaderMap) -> Response {
    if matches!(problem.code(), ProblemCode::NotFound | ProblemCode::MethodNotAllowed) {
        let path = if asked.matched || problem.code() == ProblemCode::NotFound { &asked.path } else { "" };
        problem = problem.with("path", path).with("method", &asked.method);
    }
    let document = ProblemDocument::new(asked.lang, &problem, &asked.instance);
    let mut response = if problem.0.replied {
        (problem.code().status(), replied(&document)).into_response()
    } else {
        (problem.code().status(), Json(&document)).into_response()
    };
    let kept = headers.iter().filter(|(name, _)| *name != CONTENT_TYPE && name.as_str() != "content-length");
    response.headers_mut().extend(kept.map(|(name, value)| (name.clone(), value.clone())));
    let kind = if problem.0.replied { "application/xml; charset=utf-8" } else { "application/problem+json" };
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response.headers_mut().insert(CONTENT_LANGUAGE, HeaderValue::from_static(asked.lang.tag()));
    if response.status() == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"fenghuo\""));
    }
    response.extensions_mut().insert(problem);
    response
}
