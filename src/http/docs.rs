//! The documentation pages inside the binary: every `type` of a problem document opens here, without the Internet.

mod reference;

use askama::Template;
use axum::{
    extract::Path,
    http::{
        HeaderMap, HeaderValue, Uri,
        header::{CONTENT_LANGUAGE, CONTENT_TYPE},
    },
    response::{Html, IntoResponse, Response},
};

use super::{
    console::assets,
    openapi,
    problem::{Problem, ProblemCode, language},
    routes::{Access, RouteSpec},
};
use crate::{
    domain::{delivery::Reason, finding},
    flow::{alarms::AlarmCode, authorize, target::import},
    messages::{self, Lang},
};

/// The entries of the route table. Open to everybody: whoever meets a problem must be able to read what it means.
pub(super) fn routes() -> Vec<RouteSpec> {
    vec![
        RouteSpec::get("/docs/", Access::public(), index),
        RouteSpec::get("/docs/codes", Access::public(), codes),
        RouteSpec::get("/docs/errors/{code}", Access::public(), code),
        RouteSpec::get("/docs/api", Access::public(), reference::page),
        RouteSpec::get("/openapi.json", Access::public(), description),
    ]
}

/// What every page has.
struct Page {
    lang: Lang,
}

impl Page {
    /// The language of `?lang=`, for readers who follow the link to the other one, before that of the browser.
    fn of(uri: &Uri, headers: &HeaderMap) -> Self {
        let mut parameters = uri.query().unwrap_or_default().split('&');
        let chosen = parameters.find_map(|pair| pair.strip_prefix("lang="));
        let chosen = chosen.and_then(|tag| Lang::ALL.into_iter().find(|lang| lang.tag() == tag));
        Self { lang: chosen.unwrap_or_else(|| language(headers)) }
    }

    fn t(&self, id: &str) -> String {
        messages::title(self.lang, id)
    }

    fn more(&self, id: &str) -> String {
        messages::attribute(self.lang, id, "more").unwrap_or_default()
    }

    fn title_of(&self, code: &str) -> String {
        messages::attribute(self.lang, code, "title").unwrap_or_else(|| messages::title(self.lang, code))
    }

    fn asset(&self, name: &str) -> String {
        assets::address(name)
    }

    fn other_tag(&self) -> &'static str {
        match self.lang {
            Lang::Chinese => Lang::English.tag(),
            Lang::English => Lang::Chinese.tag(),
        }
    }

    /// This page in the other language.
    fn other(&self) -> String {
        format!("?lang={}", self.other_tag())
    }
}

fn html(lang: Lang, page: &impl Template) -> Result<Response, Problem> {
    let text = page.render().map_err(Problem::internal)?;
    Ok(([(CONTENT_LANGUAGE, HeaderValue::from_static(lang.tag()))], Html(text)).into_response())
}

#[derive(Template)]
#[template(path = "docs/index.html")]
struct Index {
    page: Page,
    notes: [&'static str; 4],
}

async fn index(uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    let notes = ["docs-keys", "docs-repeats", "docs-pages", "docs-additions"];
    let page = Page::of(&uri, &headers);
    html(page.lang, &Index { page, notes })
}

/// Codes of one kind.
struct Group {
    title: &'static str,
    codes: Vec<String>,
}

#[derive(Template)]
#[template(path = "docs/codes.html")]
struct Codes {
    page: Page,
    groups: Vec<Group>,
}

async fn codes(uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    let problems = ProblemCode::ALL.iter().map(|code| code.name().to_owned()).collect();
    let rules = finding::CODES.iter().copied().chain(authorize::codes()).chain(import::CODES.iter().copied());
    let rules = rules.map(str::to_owned).collect();
    let reasons = Reason::ALL.into_iter().filter(|reason| *reason != Reason::None).map(reason_id).collect();
    let alarms = AlarmCode::ALL.iter().map(|code| format!("alarm-{}", code.name())).collect();
    let groups = vec![
        Group { title: "docs-problems", codes: problems },
        Group { title: "docs-rules", codes: rules },
        Group { title: "docs-reasons", codes: reasons },
        Group { title: "docs-alarms", codes: alarms },
    ];
    let page = Page::of(&uri, &headers);
    html(page.lang, &Codes { page, groups })
}

fn reason_id(reason: Reason) -> String {
    format!("reason-{}", reason.name().replace('_', "-"))
}

/// What a code means, in one language.
struct CodeText {
    tag: &'static str,
    title: String,
    detail: Option<String>,
    more: Option<String>,
    action_head: String,
    action: Option<String>,
    who_head: String,
    who: Option<String>,
}

impl CodeText {
    fn new(lang: Lang, code: &str) -> Self {
        let page = Page { lang };
        Self {
            tag: lang.tag(),
            title: page.title_of(code),
            detail: messages::attribute(lang, code, "detail"),
            more: messages::attribute(lang, code, "more"),
            action_head: page.t("docs-action"),
            action: messages::action(lang, code),
            who_head: page.t("docs-who"),
            who: messages::attribute(lang, code, "who"),
        }
    }
}

#[derive(Template)]
#[template(path = "docs/code.html")]
struct Code {
    page: Page,
    code: String,
    texts: Vec<CodeText>,
    status: Option<String>,
}

async fn code(uri: Uri, headers: HeaderMap, Path(code): Path<String>) -> Result<Response, Problem> {
    if !messages::is_code(&code) {
        let short: String = code.chars().take(80).collect();
        return Err(Problem::new(ProblemCode::ExplanationNotFound).with("id", short));
    }
    let page = Page::of(&uri, &headers);
    let problem = ProblemCode::ALL.iter().find(|known| known.name() == code);
    let status = problem.map(|known| known.status().to_string());
    let mut languages = Lang::ALL.to_vec();
    languages.sort_by_key(|lang| *lang != page.lang);
    let texts = languages.into_iter().map(|lang| CodeText::new(lang, &code)).collect();
    html(page.lang, &Code { page, code, texts, status })
}

async fn description() -> Response {
    ([(CONTENT_TYPE, "application/json")], openapi::json()).into_response()
}
