//! `/v1/education`: what public screens teach in peace.

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
};
use serde_json::{Value, json};

use super::{parameters, screens::GROUP_MAX, warnings::short};
use crate::{
    domain::{moment::Moment, roster},
    flow::{
        authorize::{Actor, Role},
        screens::{Lesson, ScreenClass, is_screen_id},
    },
    http::{
        Site,
        fields::Fields,
        openapi::{Answer, Content, Operation, Parameter, both},
        problem::{
            Problem,
            ProblemCode::{
                BodyBrokenOff, BodyNotJson, BodyTooLarge, FieldsWrong, LessonNotFound, MediaTypeUnsupported,
                RequestTimeout,
            },
        },
        routes::{Access, RouteSpec},
    },
};

/// Characters of a lesson's text: what a passer-by reads.
const TEXT_MAX: usize = 1_000;
/// The longest time a slide stands, seconds.
const SECONDS_MAX: u32 = 600;

const READERS: &[Role] = &[Role::Operator, Role::Auditor, Role::Admin];
const EDITORS: &[Role] = &[Role::Operator, Role::Admin];

pub(super) fn routes() -> Vec<RouteSpec> {
    vec![
        RouteSpec::get("/v1/education", Access::roles(READERS), list).described(&LIST),
        RouteSpec::put("/v1/education/{id}", Access::roles(EDITORS), put).described(&PUT),
        RouteSpec::delete("/v1/education/{id}", Access::roles(EDITORS), remove).described(&DELETE),
    ]
}

/// Everything screens teach.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub(in crate::http) struct LessonList {
    items: Vec<Lesson>,
}

async fn list(State(site): State<Site>) -> Json<LessonList> {
    Json(LessonList { items: site.flow.education() })
}

async fn put(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<Lesson>, Problem> {
    let mut fields = Fields::of_body(&site, &headers, body).await?;
    let lesson = read(&mut fields, id);
    fields.end()?;
    site.flow.put_education(lesson.clone(), &actor.key).await?;
    Ok(Json(lesson))
}

/// A lesson as its fields say; of no use when something was wrong with them.
pub(in crate::http) fn read(fields: &mut Fields, id: String) -> Lesson {
    if let Some(given) = fields.text("id", 64)
        && given != id
    {
        fields.refuse("id", "value-mismatch", &given, std::slice::from_ref(&id));
    }
    if !is_screen_id(&id) {
        fields.refuse("id", "value-not-allowed", &short(&id), &["A-Z a-z 0-9 - _".to_owned()]);
    }
    let title = fields.required_text("title", 120);
    let text = fields.required_text("text", TEXT_MAX);
    let language = fields.text("language", 35).unwrap_or_else(|| "zh-CN".to_owned());
    let (from, until) = (fields.form::<Moment>("from"), fields.form::<Moment>("until"));
    if let (Some(from), Some(until)) = (from, until)
        && until.unix() <= from.unix()
    {
        fields.refuse("until", "value-not-allowed", &until.to_string(), &[format!("> {from}")]);
    }
    let hours = fields.text("hours", 11);
    if let Some(hours) = hours.as_deref().filter(|hours| roster::hours(hours).is_none()) {
        fields.refuse("hours", "value-not-allowed", hours, &["HH:MM-HH:MM".to_owned()]);
    }
    let seconds = fields.count("seconds");
    if let Some(seconds) = seconds.filter(|seconds| *seconds > SECONDS_MAX) {
        fields.refuse("seconds", "value-not-allowed", &seconds.to_string(), &[format!("1–{SECONDS_MAX}")]);
    }
    let classes = fields.form::<Vec<ScreenClass>>("classes").unwrap_or_default();
    Lesson {
        id,
        title,
        text,
        language,
        classes,
        groups: fields.texts("groups", GROUP_MAX),
        from,
        until,
        hours,
        seconds,
    }
}

async fn remove(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    if site.flow.remove_education(&id, &actor.key).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::new(LessonNotFound).with("id", short(&id)))
}

const ID: Parameter =
    Parameter { name: "id", place: "path", schema: parameters::text, text: both("编号", "Id of the lesson") };

fn lesson() -> Value {
    json!({
        "id": "flood-01", "title": "暴雨天怎么办", "text": "远离河道和低洼地带；车辆涉水熄火，立即离开车辆到高处。",
        "language": "zh-CN", "classes": ["square", "vehicle"], "groups": ["line-9"],
        "from": "2026-06-01T00:00:00+08:00", "until": "2026-09-30T00:00:00+08:00", "hours": "07:00-21:00", "seconds": 12
    })
}

const LESSON: Content = Content { media_type: "application/json", schema: Some("Lesson"), example: lesson };

static LIST: Operation = Operation {
    id: "listEducation",
    tag: "screens",
    summary: both("列出屏幕平时播放的科普内容", "List what screens teach in peace"),
    description: both(
        "不在播放时间的也在内。屏幕上有任何预警（演练、解除也算）时，一条也不放。",
        "Also what is not due. A screen that has anything to warn of, a drill or a lift too, shows none of it.",
    ),
    parameters: &[],
    request: &[],
    answers: &[Answer {
        status: 200,
        text: both("全部内容", "All of it"),
        content: Some(Content {
            media_type: "application/json",
            schema: Some("LessonList"),
            example: || json!({"items": [lesson()]}),
        }),
    }],
    problems: &[],
};

static PUT: Operation = Operation {
    id: "putEducation",
    tag: "screens",
    summary: both("登记或更改一条科普内容", "Enter or change a lesson"),
    description: both(
        "不写 classes 和 groups，所有屏幕都放；按编号的顺序轮播。",
        "Without classes and groups every screen shows it; in the order of the ids.",
    ),
    parameters: &[ID],
    request: &[LESSON],
    answers: &[Answer { status: 200, text: both("内容", "The lesson"), content: Some(LESSON) }],
    problems: &[BodyNotJson, BodyBrokenOff, FieldsWrong, RequestTimeout, BodyTooLarge, MediaTypeUnsupported],
};

static DELETE: Operation = Operation {
    id: "deleteEducation",
    tag: "screens",
    summary: both("去掉一条科普内容", "Remove a lesson"),
    description: both("屏幕立即不再播放它。", "Screens stop showing it at once."),
    parameters: &[ID],
    request: &[],
    answers: &[Answer { status: 204, text: both("已去掉", "Removed"), content: None }],
    problems: &[LessonNotFound],
};
