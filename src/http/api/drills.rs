//! `/v1/drills`: exercises and tests that begin at a time of their own.

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header::LOCATION},
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    national::form,
    parameters,
    warnings::{
        READERS, REPLAYED,
        description::{cap, message},
        short, submission,
    },
};
use crate::{
    domain::moment::Moment,
    flow::{
        authorize::{Actor, Role},
        drills::{Cancelled, DrillView, ScheduleFault, Scheduled},
    },
    http::{
        Site,
        fields::Fields,
        openapi::{Answer, Content, Operation, Parameter, both},
        problem::{
            FieldProblem, Problem,
            ProblemCode::{
                self, AuthorityExceeded, BodyBrokenOff, BodyTooLarge, DrillNotFound, DrillOver, DrillsTooMany,
                HeaderWrong, MediaTypeUnsupported, NotADrill, ParameterWrong, RequestTimeout, WarningRejected,
                WarningUnreadable,
            },
        },
        routes::{Access, RouteSpec},
    },
};

const CANCELLERS: &[Role] = &[Role::Issuer, Role::Approver, Role::Operator];

pub(super) fn routes() -> Vec<RouteSpec> {
    vec![
        RouteSpec::post("/v1/drills", Access::roles(&[Role::Issuer, Role::Operator]), schedule).described(&SCHEDULE),
        RouteSpec::get("/v1/drills", Access::roles(READERS), list).described(&LIST),
        RouteSpec::delete("/v1/drills/{id}", Access::roles(CANCELLERS), cancel).described(&CANCEL),
    ]
}

/// Drills that wait, and what became of others.
#[derive(Serialize, utoipa::ToSchema)]
pub(in crate::http) struct DrillList {
    /// The newest first.
    items: Vec<DrillView>,
}

const STARTS: &str = "starts_at";
/// What is wrong with a time that cannot be taken, in words of the form.
const STARTS_FORM: &str = "YYYY-MM-DDThh:mm:ss+08:00, 0–400 d";

async fn schedule(
    State(site): State<Site>,
    actor: Actor,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let mut fields = Fields::of_address(&uri)?;
    let text = fields.required_text(STARTS, 40);
    fields.end()?;
    let starts: Moment = text.parse().map_err(|_| wrong_time(&text))?;
    let submission = submission(&site, actor, &headers, body).await?;
    let scheduled = site.flow.schedule_drill(submission, starts.unix().saturating_mul(1_000)).await;
    match scheduled.map_err(|fault| problem(fault, &text))? {
        Scheduled::Created(view) => {
            let location = HeaderValue::from_str(&format!("/v1/drills/{}", view.id));
            let mut response = (StatusCode::CREATED, Json(view)).into_response();
            response.headers_mut().extend(location.ok().map(|location| (LOCATION, location)));
            Ok(response)
        }
        Scheduled::Repeated(view) => {
            let mut response = Json(view).into_response();
            response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
            Ok(response)
        }
    }
}

fn wrong_time(text: &str) -> Problem {
    let wrong = FieldProblem::new(STARTS, "field-wrong").field(STARTS).got(text).arg("reason", STARTS_FORM);
    Problem::of_fields(ParameterWrong, vec![wrong])
}

fn problem(fault: ScheduleFault, starts: &str) -> Problem {
    match fault {
        ScheduleFault::NotADrill(status) => Problem::new(NotADrill).with("got", status.cap()),
        ScheduleFault::Time => wrong_time(starts),
        ScheduleFault::TooMany(most) => Problem::new(DrillsTooMany).with("limit", most),
        ScheduleFault::Submit(fault) => fault.into(),
    }
}

async fn list(State(site): State<Site>, actor: Actor, uri: Uri) -> Result<Json<DrillList>, Problem> {
    Fields::of_address(&uri)?.end()?;
    Ok(Json(DrillList { items: site.flow.drills(&actor).await }))
}

async fn cancel(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    match site.flow.cancel_drill(&id, &actor).await? {
        Cancelled::Done => Ok(StatusCode::NO_CONTENT),
        Cancelled::Over => Err(Problem::new(DrillOver).with("id", short(&id))),
        Cancelled::Missing => Err(Problem::new(DrillNotFound).with("id", short(&id))),
    }
}

fn drill() -> Value {
    json!({
        "id": "0198a4c2-7f00-7000-8000-5f1c0c5a9e02", "state": "scheduled",
        "starts_at": "2026-09-18T10:00:00+08:00", "scheduled_at": "2026-09-11T09:12:00+08:00",
        "scheduled_by": "key-4f1c0c5a9e01b2d3", "issuer": "flood", "level": "red", "status": "exercise",
        "headline": "松北区防汛抗旱指挥部发布暴雨红色预警", "warning": null, "why": null,
        "ended_at": null, "ended_by": null
    })
}

const DRILL: Content = Content { media_type: "application/json", schema: Some("DrillView"), example: drill };

const STARTS_AT: Parameter = Parameter {
    name: STARTS,
    place: "query",
    schema: || json!({"type": "string", "format": "date-time", "examples": ["2026-09-18T10:00:00+08:00"]}),
    text: both("几时开始，带时区，最远 400 天以后", "When it begins, with its offset, 400 days ahead at most"),
};

const ID: Parameter = Parameter {
    name: "id",
    place: "path",
    schema: parameters::text,
    text: both("预约的编号", "Id of the scheduled drill"),
};

static SCHEDULE: Operation = Operation {
    id: "scheduleDrill",
    tag: "drills",
    summary: both("预约一次演练", "Schedule a drill"),
    description: both(
        "正文同 POST /v1/warnings，状态必须是 exercise 或 test，正式预警不能预约。应答 201 时已经写到磁盘上，重启后仍然有效。\
         到时按平常的路进入，以预约者的密钥和发布单位的名义，只进入一次；密钥被吊销、权限改变，或迟到超过 drills.late_s，就跳过并告警。\
         同一密钥、同一正文、同一时间再发一次，得到的是同一次预约。正文里没有写 sent 的，以开始的时间为准。",
        "The body is that of POST /v1/warnings; its status has to be exercise or test, an actual warning cannot be scheduled. \
         When 201 is answered it is on disk and survives a restart. At its time it enters by the ordinary way, under the key \
         and the issuer that scheduled it, once; when the key was revoked, the powers changed, or it is later than \
         drills.late_s, it is skipped, with an alarm. The same body for the same time by the same key is the same order. \
         Where the body leaves sent out, it is the time it begins.",
    ),
    parameters: &[STARTS_AT],
    request: &[
        Content { media_type: "application/json", schema: Some("Message"), example: message },
        Content { media_type: "application/cap+xml", schema: None, example: cap },
        Content { media_type: "application/xml", schema: None, example: form },
    ],
    answers: &[
        Answer { status: 201, text: both("已预约", "Scheduled"), content: Some(DRILL) },
        Answer {
            status: 200,
            text: both("已经预约过，这是那一次", "It waits already; this is it"),
            content: Some(DRILL),
        },
    ],
    problems: SCHEDULE_PROBLEMS,
};

const SCHEDULE_PROBLEMS: &[ProblemCode] = &[
    ParameterWrong,
    HeaderWrong,
    BodyBrokenOff,
    WarningUnreadable,
    AuthorityExceeded,
    RequestTimeout,
    DrillsTooMany,
    BodyTooLarge,
    MediaTypeUnsupported,
    NotADrill,
    WarningRejected,
];

static LIST: Operation = Operation {
    id: "listDrills",
    tag: "drills",
    summary: both("列出预约的演练，新的在前", "List scheduled drills, newest first"),
    description: both(
        "等待的，以及最近一千次已经开始、跳过或取消的。指挥部只看到自己的。",
        "Those that wait, and the last thousand that entered, were skipped or cancelled. A headquarters sees its own.",
    ),
    parameters: &[],
    request: &[],
    answers: &[Answer {
        status: 200,
        text: both("预约的演练", "Scheduled drills"),
        content: Some(Content {
            media_type: "application/json",
            schema: Some("DrillList"),
            example: || json!({"items": [drill()]}),
        }),
    }],
    problems: &[ParameterWrong],
};

static CANCEL: Operation = Operation {
    id: "cancelDrill",
    tag: "drills",
    summary: both("取消一次预约的演练", "Cancel a scheduled drill"),
    description: both(
        "应答之后它不会再开始。对被跳过的，表示已知悉，告警随之结束。已经开始的要用解除来结束。",
        "After the answer it does not begin any more. Of one that was skipped it takes note, which ends the alarm. One that has \
         entered is ended by a lift.",
    ),
    parameters: &[ID],
    request: &[],
    answers: &[Answer { status: 204, text: both("已取消", "Cancelled"), content: None }],
    problems: &[DrillNotFound, DrillOver],
};
