//! The document itself, OpenAPI 3.1.

use std::{collections::BTreeMap, sync::LazyLock};

use serde_json::{Map, Value, json};

use super::{
    operation::{Answer, Both, Content, Operation, Parameter},
    schemas::{reference, schemas},
};
use crate::{
    http::{
        problem::{Problem, ProblemCode, ProblemDocument},
        routes::{self, RouteSpec, Who},
    },
    messages::{self, Lang},
};

/// Problems any operation can have, beyond its own.
const ANY: [ProblemCode; 5] = [
    ProblemCode::Internal,
    ProblemCode::StoreUnavailable,
    ProblemCode::Overloaded,
    ProblemCode::Stopping,
    ProblemCode::StorageFull,
];

/// Problems any operation with a key can have.
const WITH_KEY: [ProblemCode; 5] = [
    ProblemCode::KeyMissing,
    ProblemCode::KeyUnknown,
    ProblemCode::KeyRevoked,
    ProblemCode::RoleNotAllowed,
    ProblemCode::CrossSiteRequest,
];

const PROBLEM: &str = "application/problem+json";

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| build(&routes::table()));
static JSON: LazyLock<String> = LazyLock::new(|| serde_json::to_string_pretty(&*DOCUMENT).unwrap_or_default());

/// The description of every route of the table that has one.
#[must_use]
pub fn document() -> &'static Value {
    &DOCUMENT
}

/// The same as text.
#[must_use]
pub fn json() -> &'static str {
    &JSON
}

fn build(table: &[RouteSpec]) -> Value {
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for route in table {
        if let Some(operation) = route.operation {
            let method = route.method.as_str().to_ascii_lowercase();
            paths.entry(route.path).or_default().insert(method, described(route, operation));
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Fenghuo 烽火",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "预警发布网关 · Emergency warning gateway",
            "description": info(),
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}
        },
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "tags": tags(),
        "paths": paths,
        "components": {
            "schemas": schemas(),
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "fh_…"}
            }
        }
    })
}

fn info() -> String {
    let notes = ["docs-keys", "docs-repeats", "docs-pages", "docs-additions"];
    let lines = notes.into_iter().flat_map(|id| Lang::ALL.map(|lang| messages::attribute(lang, id, "more")));
    lines.flatten().collect::<Vec<_>>().join("\n\n")
}

fn tags() -> Value {
    let tags = [
        ("warnings", "预警 · Warnings"),
        ("progress", "进展 · Progress"),
        ("drills", "演练 · Drills"),
        ("sharing", "共享 · Sharing"),
        ("roster", "值班 · Duty roster"),
        ("recipients", "接收人 · Recipients"),
        ("screens", "屏幕 · Screens"),
        ("routes", "通路 · Routes"),
        ("keys", "密钥 · Keys"),
        ("operations", "运行 · Operations"),
    ];
    tags.into_iter().map(|(name, text)| json!({"name": name, "description": text})).collect()
}

fn text(both: Both) -> String {
    format!("{} · {}", both.zh, both.en)
}

/// Roles that may use a route; `None` when it needs no key.
pub(in crate::http) fn roles(route: &RouteSpec) -> Option<Vec<&'static str>> {
    match route.access.who {
        Who::Everyone => None,
        Who::Roles(roles) => Some(roles.iter().map(|role| role.name()).collect()),
        Who::Screen(also) => Some(std::iter::once("screen").chain(also.iter().map(|role| role.name())).collect()),
    }
}

/// Every problem a route can answer with.
pub(in crate::http) fn problems(route: &RouteSpec, operation: &Operation) -> Vec<ProblemCode> {
    let mut codes = operation.problems.to_vec();
    if route.access.who != Who::Everyone {
        codes.extend(WITH_KEY);
    }
    codes.extend(ANY);
    codes
}

fn described(route: &RouteSpec, operation: &Operation) -> Value {
    let roles = roles(route);
    let mut description = format!("{}\n\n{}", operation.description.zh, operation.description.en);
    if let Some(roles) = &roles {
        description.push_str(&format!("\n\n角色 · Roles: {}", roles.join(", ")));
    }
    let mut value = json!({
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": text(operation.summary),
        "description": description,
        "responses": answers(route, operation),
    });
    if !operation.parameters.is_empty() {
        value["parameters"] = operation.parameters.iter().map(parameter).collect();
    }
    if !operation.request.is_empty() {
        value["requestBody"] = json!({"required": true, "content": contents(operation.request.iter())});
    }
    if roles.is_none() {
        value["security"] = json!([]);
    }
    value
}

fn parameter(parameter: &Parameter) -> Value {
    json!({
        "name": parameter.name,
        "in": parameter.place,
        "required": parameter.place == "path",
        "description": text(parameter.text),
        "schema": (parameter.schema)(),
    })
}

fn contents<'a>(contents: impl Iterator<Item = &'a Content>) -> Value {
    let entry = |content: &Content| {
        let schema = content.schema.map_or_else(|| json!({"type": "string"}), reference);
        (content.media_type.to_owned(), json!({"schema": schema, "example": (content.example)()}))
    };
    Value::Object(contents.map(entry).collect())
}

fn answers(route: &RouteSpec, operation: &Operation) -> Value {
    let mut answers: BTreeMap<String, Value> = operation.answers.iter().map(answer).collect();
    let mut by_status: BTreeMap<u16, Vec<ProblemCode>> = BTreeMap::new();
    for code in problems(route, operation) {
        by_status.entry(code.status().as_u16()).or_default().push(code);
    }
    answers.extend(by_status.into_iter().map(|(status, codes)| (status.to_string(), failure(&codes))));
    json!(answers)
}

fn answer(answer: &Answer) -> (String, Value) {
    let mut value = json!({"description": text(answer.text)});
    if let Some(content) = &answer.content {
        value["content"] = contents(std::iter::once(content));
    }
    (answer.status.to_string(), value)
}

fn failure(codes: &[ProblemCode]) -> Value {
    let example = |code: &ProblemCode| {
        let document = ProblemDocument::new(Lang::default(), &Problem::new(*code).exemplary(), "8d3f6a5c0b1e4c7f");
        (code.name().to_owned(), json!({"value": document}))
    };
    let titles: Vec<String> = codes
        .iter()
        .map(|code| {
            format!("`{}` {}", code.name(), Lang::ALL.map(|lang| messages::title(lang, code.name())).join(" · "))
        })
        .collect();
    let examples: Map<String, Value> = codes.iter().map(example).collect();
    json!({
        "description": titles.join("\n\n"),
        "content": {PROBLEM: {"schema": reference("ProblemDocument"), "examples": examples}}
    })
}
