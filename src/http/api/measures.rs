//! `/v1/warnings/{id}/measures` and `/v1/tasks`: what departments have to do, by when, and whether it was done.

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, Uri},
};
use serde_json::{Value, json};

use super::{
    parameters::{self, WARNING},
    warnings::{READERS, readable, short},
};
use crate::{
    domain::measures::{MeasureState, SayFault},
    flow::{
        authorize::{Actor, Role},
        measures::{MeasureFault, MeasuresView, SayOrder, TaskView},
    },
    http::{
        Site,
        fields::Fields,
        openapi::{Answer, Content, Operation, Parameter, both},
        problem::{
            FieldProblem, Problem,
            ProblemCode::{
                BodyBrokenOff, BodyNotJson, BodyTooLarge, FieldsWrong, MeasureNotFound, MeasureNotYours,
                MeasureSettled, MediaTypeUnsupported, ParameterWrong, RequestTimeout, WarningNotFound,
            },
        },
        routes::{Access, RouteSpec},
    },
};

/// Who says how an item stands; an issuer those of its own office and of its own warnings.
const SAYERS: &[Role] = &[Role::Issuer, Role::Approver, Role::Operator];

/// Characters of a note at most.
pub(in crate::http) const MEASURE_NOTE_MAX: usize = 400;

pub(super) fn routes() -> Vec<RouteSpec> {
    vec![
        RouteSpec::get("/v1/warnings/{id}/measures", Access::roles(READERS), show).described(&SHOW),
        RouteSpec::post("/v1/warnings/{id}/measures/{n}", Access::roles(SAYERS), say).described(&SAY),
        RouteSpec::get("/v1/tasks", Access::roles(READERS), tasks).described(&TASKS),
    ]
}

/// What is said about an item.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the form of a body, for the API description; the fields are read one by one")]
pub(in crate::http) struct MeasureForm {
    /// `done`, `not_applicable`, or `open` to open it again.
    #[schema(value_type = String)]
    state: MeasureState,
    /// Must be there unless it is done.
    note: Option<String>,
}

/// What is open.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub(in crate::http) struct TaskList {
    /// The soonest first.
    items: Vec<TaskView>,
}

async fn show(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<MeasuresView>, Problem> {
    let view = readable(&site, &actor, &id).await?;
    let sheet = site.flow.measures(&view.id).await?;
    sheet.map(Json).ok_or_else(|| Problem::new(WarningNotFound).with("id", short(&id)))
}

async fn say(
    State(site): State<Site>,
    actor: Actor,
    Path((id, number)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<MeasuresView>, Problem> {
    let mut fields = Fields::of_body(&site, &headers, body).await?;
    let state = fields.one_of("state", &MeasureState::SAID.map(|state| (state.name(), state)));
    if state.is_none() && !fields.has_problem("state") {
        fields.required_text("state", 64);
    }
    let note = match state {
        Some(MeasureState::Open | MeasureState::NotApplicable) => Some(fields.required_text("note", MEASURE_NOTE_MAX)),
        _ => fields.text("note", MEASURE_NOTE_MAX),
    };
    fields.end()?;
    let Some(state) = state else { return Err(Problem::internal("state was demanded above")) };
    let missing = || Problem::new(MeasureNotFound).with("number", short(&number));
    let view = readable(&site, &actor, &id).await?;
    let order = SayOrder { number: number.parse().map_err(|_| missing())?, state, note };
    let said = site.flow.say_measure(&view.id, order, &actor).await.map_err(|fault| measure_problem(fault, &number))?;
    said.map(Json).ok_or_else(|| Problem::new(WarningNotFound).with("id", short(&id)))
}

/// What a caller is told when something said about a measure is not taken; `number` is the item as it was asked for.
pub(in crate::http) fn measure_problem(fault: MeasureFault, number: &str) -> Problem {
    match fault {
        MeasureFault::Refused(SayFault::Missing) => Problem::new(MeasureNotFound).with("number", short(number)),
        MeasureFault::Refused(SayFault::Over) => Problem::new(MeasureSettled).with("state", MeasureState::Ended.name()),
        MeasureFault::Refused(SayFault::Settled(state)) => Problem::new(MeasureSettled).with("state", state.name()),
        MeasureFault::Refused(SayFault::NoteMissing) => {
            Problem::of_fields(FieldsWrong, vec![FieldProblem::new("/note", "field-missing").field("note")])
        }
        MeasureFault::NotYours(office) => Problem::new(MeasureNotYours).with("office", office),
        MeasureFault::Unavailable(fault) => fault.into(),
    }
}

async fn tasks(State(site): State<Site>, actor: Actor, uri: Uri) -> Result<Json<TaskList>, Problem> {
    let mut fields = Fields::of_address(&uri)?;
    let office = fields.text("office", 64);
    fields.end()?;
    Ok(Json(TaskList { items: site.flow.tasks(&actor, office.as_deref()) }))
}

fn item() -> Value {
    json!({
        "n": 1, "office": "flood", "office_name": "松北区防汛抗旱指挥部", "kind": "report_up",
        "text_zh": "向上级报告预警发布和已采取的措施", "text_en": "report the warning and what has been done",
        "to": ["哈尔滨市"], "from": "0198a4c2-7f00-7000-8000-5f1c0c5a9e01",
        "due_at": "2026-07-15T16:00:25+08:00", "state": "open", "overdue": false, "late": false,
        "by": null, "at": null, "note": null
    })
}

fn example() -> Value {
    json!({
        "warning": "0198a4c2-7f00-7000-8000-5f1c0c5a9e01", "event": "0198a4c2-7f00-7000-8000-5f1c0c5a9e01",
        "level": "red", "status": "actual", "as_of": "2026-07-15T15:10:00+08:00",
        "counts": {"open": 1, "overdue": 0, "done": 0, "late": 0, "not_applicable": 0, "ended": 0},
        "items": [item()]
    })
}

const VIEW: Option<Content> = Some(Content { media_type: "application/json", schema: Some("MeasuresView"), example });

const NUMBER: Parameter = Parameter {
    name: "n",
    place: "path",
    schema: || json!({"type": "integer", "minimum": 1}),
    text: both("清单里的序号，从 1 开始", "The item's number on the sheet, from 1"),
};

const OFFICE: Parameter = Parameter {
    name: "office",
    place: "query",
    schema: parameters::text,
    text: both("只看一个单位的", "Only those of one office"),
};

static SHOW: Operation = Operation {
    id: "getMeasures",
    tag: "progress",
    summary: both("各部门要做的事", "What departments have to do"),
    description: both(
        "一个事件一张清单，发布时按当时的配置列出，与预警一起签发。升级时加上新的，办结的不变；没有办结的取较早的时限；\
         解除时没有办的随事件结束，预警过期则不结束。overdue：到时没有办结；late：办结得晚了。",
        "One sheet for an event, made with the release from the configuration of that moment and signed with the warning. A \
         later warning of the event joins what is new; what is settled stays, what is open keeps the earlier time. A lift \
         ends what is open; expiry does not. overdue: open, and its time has passed; late: done after its time.",
    ),
    parameters: &[WARNING],
    request: &[],
    answers: &[Answer { status: 200, text: both("清单", "The sheet"), content: VIEW }],
    problems: &[WarningNotFound],
};

static SAY: Operation = Operation {
    id: "sayMeasure",
    tag: "progress",
    summary: both("办结、不适用或重新打开", "Say that an item is done, does not apply, or is open again"),
    description: both(
        "指挥部填写自己单位的，以及自己发布的预警的每一项；审批人和操作员都可以。不适用和重新打开要写原因。\
         已有结论的先重新打开再改；随事件结束的不能改。同样的话再说一遍，什么也不变。",
        "An issuer says it of the items of its own office and of every item of its own warnings; approvers and operators of \
         any. Not applicable, and opening again, need a reason. What is settled is opened again before it is settled \
         otherwise; what ended with its event stays so. The same said again changes nothing.",
    ),
    parameters: &[WARNING, NUMBER],
    request: &[Content {
        media_type: "application/json",
        schema: Some("MeasureForm"),
        example: || json!({"state": "done", "note": "14:20 已电话报市应急局"}),
    }],
    answers: &[Answer { status: 200, text: both("之后的清单", "The sheet after it"), content: VIEW }],
    problems: &[
        BodyNotJson,
        BodyBrokenOff,
        FieldsWrong,
        MeasureNotYours,
        WarningNotFound,
        MeasureNotFound,
        RequestTimeout,
        MeasureSettled,
        BodyTooLarge,
        MediaTypeUnsupported,
    ],
};

static TASKS: Operation = Operation {
    id: "listTasks",
    tag: "progress",
    summary: both("本单位待办的事，最急的在前", "What my office has to do, the soonest first"),
    description: both(
        "所有事件里没有办结的措施，逾期的标出。指挥部只看到自己单位的，其他角色看到全部，或用 office 选一个单位。\
         status 不是 actual 的是演练。",
        "Open measures of every event, what is overdue marked. A headquarters sees those of its own office, others see all, \
         or those of one office. Where status is not actual it is a drill.",
    ),
    parameters: &[OFFICE],
    request: &[],
    answers: &[Answer {
        status: 200,
        text: both("待办", "What is open"),
        content: Some(Content {
            media_type: "application/json",
            schema: Some("TaskList"),
            example: || {
                let mut task = item();
                task["warning"] = json!("0198a4c2-7f00-7000-8000-5f1c0c5a9e01");
                task["headline"] = json!("松北区防汛抗旱指挥部发布暴雨红色预警");
                task["level"] = json!("red");
                task["status"] = json!("actual");
                json!({"items": [task]})
            },
        }),
    }],
    problems: &[ParameterWrong],
};
