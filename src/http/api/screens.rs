//! `/v1/screens`: public screens, registered and watched.

mod import;

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
};
use serde_json::{Value, json};

use super::{parameters, warnings::short};
use crate::{
    domain::{area::AreaCode, legible::Panel},
    flow::{
        authorize::Role,
        screens::{Screen, ScreenClass, ScreenView, is_screen_id},
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

/// Characters of a group's name.
pub(super) const GROUP_MAX: usize = 64;
/// No side of a screen is longer, centimetres.
const SIDE_MAX_CM: u32 = 20_000;
/// Nobody reads a screen from farther away, metres.
const DISTANCE_MAX_M: u32 = 1000;

const READERS: &[Role] = &[Role::Operator, Role::Auditor, Role::Admin];
const EDITORS: &[Role] = &[Role::Operator, Role::Admin];

pub(super) fn routes() -> Vec<RouteSpec> {
    vec![
        RouteSpec::get("/v1/screens", Access::roles(READERS), list).described(&LIST),
        RouteSpec::post("/v1/screens/import", Access::roles(EDITORS), import::import_all).described(&import::IMPORT),
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
    let screen = read(&mut fields, &id);
    fields.end()?;
    Ok(Json(site.flow.put_screen(screen).await?))
}

/// A screen as its fields say; of no use when something was wrong with them.
fn read(fields: &mut Fields, id: &str) -> Screen {
    if let Some(given) = fields.text("id", 64)
        && given != id
    {
        fields.refuse("id", "value-mismatch", &given, &[id.to_owned()]);
    }
    if !is_screen_id(id) {
        fields.refuse("id", "value-not-allowed", &short(id), &["A-Z a-z 0-9 - _".to_owned()]);
    }
    let name = fields.required_text("name", 120);
    let area = fields.required_text("area", 12);
    let code = area.parse();
    if code.is_err() && !area.is_empty() {
        fields.refuse("area", "value-not-allowed", &area, &["230109000000".to_owned()]);
    }
    let language = fields.text("language", 35);
    let given = Screen {
        class: fields.one_of("class", &ScreenClass::NAMES).unwrap_or_default(),
        position: fields.form("position"),
        groups: fields.texts("groups", GROUP_MAX),
        more_languages: fields.texts("more_languages", 35),
        drill: fields.flag("drill"),
        warnings: fields.maybe("warnings"),
        panel: panel(fields),
        characters: fields.count("characters"),
        custodian: fields.form("custodian"),
        ..Screen::new(id, &name, code.unwrap_or(AreaCode::EVERYWHERE))
    };
    Screen { language: language.unwrap_or(given.language), ..given }
}

/// Size and viewing distance, within what a screen can be.
fn panel(fields: &mut Fields) -> Option<Panel> {
    let panel: Panel = fields.form("panel")?;
    for (name, value, most) in [
        ("width_cm", panel.width_cm, SIDE_MAX_CM),
        ("height_cm", panel.height_cm, SIDE_MAX_CM),
        ("distance_m", panel.distance_m, DISTANCE_MAX_M),
    ] {
        if !(1..=most).contains(&value) {
            fields.refuse("panel", "value-not-allowed", &format!("{name} {value}"), &[format!("1–{most}")]);
        }
    }
    Some(panel)
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
        "id": "plaza-01", "name": "市民广场东屏", "class": "square", "area": "230109001000",
        "position": {"latitude": 45.802, "longitude": 126.516}, "groups": ["plaza"], "language": "zh-CN",
        "more_languages": ["en"], "drill": true, "warnings": true,
        "panel": {"width_cm": 384, "height_cm": 216, "distance_m": 12}, "characters": 200,
        "custodian": {"name": "张建国", "recipient": "guard-07"}
    })
}

fn view() -> Value {
    let mut view = screen();
    view["last_seen_at"] = json!("2026-07-15T14:40:05+08:00");
    view["holds"] = json!("current");
    view["plays"] = json!({"received": 0, "shown": 2, "removed": 1, "failed": 0});
    view["silence"] = Value::Null;
    for name in ["brightness", "free_bytes", "shows_current", "heartbeat_at", "screenshot_at"] {
        view[name] = Value::Null;
    }
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
