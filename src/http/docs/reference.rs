//! The API reference as a page, from the same table the server is built from.

use askama::Template;
use axum::{
    http::{HeaderMap, Uri},
    response::Response,
};

use super::{Page, html};
use crate::{
    http::{
        openapi::{self, Both, Operation},
        problem::Problem,
        routes::{self, RouteSpec},
    },
    messages::Lang,
};

#[derive(Template)]
#[template(path = "docs/api.html")]
struct Reference {
    page: Page,
    entries: Vec<Entry>,
}

/// One operation.
struct Entry {
    id: &'static str,
    method: String,
    path: &'static str,
    summary: &'static str,
    description: &'static str,
    roles: String,
    parameters: Vec<Parameter>,
    requests: Vec<Example>,
    answers: Vec<Answer>,
    problems: Vec<Failure>,
}

struct Parameter {
    name: &'static str,
    place: &'static str,
    text: &'static str,
}

struct Example {
    media_type: &'static str,
    text: String,
}

struct Answer {
    status: u16,
    text: &'static str,
    example: Option<String>,
}

struct Failure {
    status: u16,
    code: &'static str,
}

/// `GET /docs/api`
pub(super) async fn page(uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    let page = Page::of(&uri, &headers);
    let table = routes::table();
    let entries = table.iter().filter_map(|route| Some(entry(&page, route, route.operation?))).collect();
    html(page.lang, &Reference { page, entries })
}

fn say(lang: Lang, both: Both) -> &'static str {
    match lang {
        Lang::Chinese => both.zh,
        Lang::English => both.en,
    }
}

fn example(content: &openapi::Content) -> String {
    match (content.example)() {
        serde_json::Value::String(text) => text,
        value => serde_json::to_string_pretty(&value).unwrap_or_default(),
    }
}

fn entry(page: &Page, route: &RouteSpec, operation: &'static Operation) -> Entry {
    let lang = page.lang;
    let parameter = |parameter: &openapi::Parameter| Parameter {
        name: parameter.name,
        place: parameter.place,
        text: say(lang, parameter.text),
    };
    let answer = |answer: &openapi::Answer| Answer {
        status: answer.status,
        text: say(lang, answer.text),
        example: answer.content.as_ref().map(example),
    };
    let request = |content: &openapi::Content| Example { media_type: content.media_type, text: example(content) };
    let failures = openapi::problems(route, operation);
    Entry {
        id: operation.id,
        method: route.method.to_string(),
        path: route.path,
        summary: say(lang, operation.summary),
        description: say(lang, operation.description),
        roles: openapi::roles(route).map_or_else(|| page.t("docs-public"), |roles| roles.join(", ")),
        parameters: operation.parameters.iter().map(parameter).collect(),
        requests: operation.request.iter().map(request).collect(),
        answers: operation.answers.iter().map(answer).collect(),
        problems: failures.iter().map(|code| Failure { status: code.status().as_u16(), code: code.name() }).collect(),
    }
}
