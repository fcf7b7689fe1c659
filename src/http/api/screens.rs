//! `/v1/screens`: public screens, registered and watched.

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
};
use serde_json::{Value, json};

use super::{parameters, warnings::short};
use crate::{
    flow::{
        authorize::Role,
        screens::{Screen, ScreenView},
    },
    http::{
        Site,
        fields::Fields,
        openapi::{Answer, Content, Operation, Parameter, both},
        problem::{
            Problem,
            ProblemCode::{
                BodyBrokenOff, BodyNotJson, BodyTooLarge, FieldsWrong, MediaTypeUnsupported, RequestTimeout,
                ScreenNotFound,
            },
        },
        routes::{Access, RouteSpec},
    },
};

const READERS: &[Role] = &[Role::Operator, Role::Auditor, Role::Admin];
const EDITORS: &[Role] = &[Role::Operator, Role::Admin];

pub(super) fn routes() -> Vec<RouteSpec> {
    vec![
        RouteSpec::get("/v1/screens", Access::roles(READERS), list).described(&LIST),
        RouteSpec::put("/v1/screens/{id}", Access::roles(EDITORS), put).described(&PUT),
        RouteSpec::delete("/v1/screens/{id}", Access::roles(EDITORS), remove).described(&DELETE),
    ]
}

/// Every screen.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub(in crate::http) struct ScreenList {
    items: Vec<ScreenView>,
}

async fn list(State(site): State<Site>) -> Result<Json<ScreenList>, Problem> {
    Ok(Json(ScreenList { items: site.flow.screens().await? }))
}

async fn put(
    State(site): State<Site>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<ScreenView>, Problem> {
    let mut fields = Fields::of_body(&site, &headers, body).await?;
    if let Some(given) = fields.text("id", 64)
        && given != id
    {
        fields.refuse("id", "value-mismatch", &given, std::slice::from_ref(&id));
    }
    if !(1..=64).contains(&id.len()) || !id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)) {
        fields.refuse("id", "value-not-allowed", &short(&id), &["A-Z a-z 0-9 - _".to_owned()]);
    }
    let name = fields.required_text("name", 120);
    let area = fields.required_text("area", 12);
    let code = area.parse();
    if code.is_err() && !area.is_empty() {
        fields.refuse("area", "value-not-allowed", &area, &["230109000000".to_owned()]);
    }
    let groups = fields.texts("groups", 64);
    let language = fields.text("language", 35).unwrap_or_else(|| "zh-CN".to_owned());
    let drill = fields.flag("drill");
    fields.end()?;
    let area = code.map_err(Problem::internal)?;
    Ok(Json(site.flow.put_screen(Screen { id, name, area, groups, language, drill }).await?))
}

async fn remove(State(site): State<Site>, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    if site.flow.remove_screen(&id).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::new(ScreenNotFound).with("id", short(&id)))
}

const ID: Parameter =
    Parameter { name: "id", place: "path", schema: parameters::text, text: both("屏幕编号", "Id of the screen") };

fn screen() -> Value {
    json!({
        "id": "plaza-01", "name": "市民广场东屏", "area": "230109001000", "groups": ["plaza"], "language": "zh-CN",
        "drill": true
    })
}

fn view() -> Value {
    let mut view = screen();
    view["last_seen_at"] = json!("2026-07-15T14:40:05+08:00");
    view["holds"] = json!("current");
    view["kiosk_url"] = json!("http://127.0.0.1:12379/screens/plaza-01?k=…");
    view["showing"] = json!(1);
    view["as_of"] = json!("2026-07-15T14:40:20+08:00");
    view
}

static LIST: Operation = Operation {
    id: "listScreens",
    tag: "screens",
    summary: both("列出屏幕和各自正在显示的", "List screens and what each shows"),
    description: both(
        "holds 从屏幕自己最后一次请求得出，不是猜的。",
        "holds is known from the screen's own last request, not guessed.",
    ),
    parameters: &[],
    request: &[],
    answers: &[Answer {
        status: 200,
        text: both("全部屏幕", "Every screen"),
        content: Some(Content {
            media_type: "application/json",
            schema: Some("ScreenList"),
            example: || json!({"items": [view()]}),
        }),
    }],
    problems: &[],
};

static PUT: Operation = Operation {
    id: "putScreen",
    tag: "screens",
    summary: both("登记或更改一块屏幕", "Register or change a screen"),
    description: both("没有标 drill 的屏幕从不显示演练。", "A screen that is not marked for drills never shows one."),
    parameters: &[ID],
    request: &[Content { media_type: "application/json", schema: Some("Screen"), example: screen }],
    answers: &[Answer {
        status: 200,
        text: both("屏幕", "The screen"),
        content: Some(Content { media_type: "application/json", schema: Some("ScreenView"), example: view }),
    }],
    problems: &[BodyNotJson, BodyBrokenOff, FieldsWrong, RequestTimeout, BodyTooLarge, MediaTypeUnsupported],
};

static DELETE: Operation = Operation {
    id: "deleteScreen",
    tag: "screens",
    summary: both("注销一块屏幕", "Remove a screen"),
    description: both("它的页面和密钥立即失效。", "Its page and its key stop working at once."),
    parameters: &[ID],
    request: &[],
    answers: &[Answer { status: 204, text: both("已注销", "Removed"), content: None }],
    problems: &[ScreenNotFound],
};
