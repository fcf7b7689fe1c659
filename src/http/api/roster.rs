//! `/v1/roster`: who is on duty, and who is to be.

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, Uri},
};
use serde_json::{Value, json};

use super::warnings::short;
use crate::{
    domain::{
        moment::Moment,
        roster::{Fault, FaultKind, SHIFTS_MAX, ShiftForm},
    },
    flow::{
        authorize::{Actor, Role},
        roster::{OfficeView, RosterFault, RosterView},
    },
    http::{
        Site,
        fields::Fields,
        openapi::{Answer, Content, Operation, Parameter, both},
        problem::{
            FieldProblem, Problem,
            ProblemCode::{
                BodyBrokenOff, BodyNotJson, BodyTooLarge, FieldsWrong, MediaTypeUnsupported, OfficeNotFound,
                ParameterWrong, RequestTimeout,
            },
        },
        routes::{Access, RouteSpec},
    },
};

const READERS: &[Role] = &[Role::Issuer, Role::Approver, Role::Operator, Role::Auditor, Role::Security];

/// Not those who sign: nobody puts himself on duty.
const EDITORS: &[Role] = &[Role::Operator, Role::Security];

/// Characters of any text in a shift at most.
const TEXT: usize = 200;

pub(super) fn routes() -> Vec<RouteSpec> {
    vec![
        RouteSpec::get("/v1/roster", Access::roles(READERS), show).described(&SHOW),
        RouteSpec::put("/v1/roster/{office}", Access::roles(EDITORS), put).described(&PUT),
    ]
}

/// The shifts of an office.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the form of a body, for the API description; the fields are read one by one")]
pub(in crate::http) struct RosterForm {
    /// All of them; those before are replaced. None = those of the configuration again.
    shifts: Vec<ShiftForm>,
}

async fn show(State(site): State<Site>, uri: Uri) -> Result<Json<RosterView>, Problem> {
    let mut fields = Fields::of_address(&uri)?;
    let text = fields.text("at", 40);
    let at = text.as_deref().map(str::parse::<Moment>);
    if let (Some(Err(_)), Some(text)) = (&at, &text) {
        let wrong = FieldProblem::new("at", "field-wrong").field("at").got(text);
        fields.add([wrong.arg("reason", "YYYY-MM-DDThh:mm:ss+08:00")]);
    }
    fields.end()?;
    Ok(Json(site.flow.roster(at.and_then(Result::ok).map(Moment::unix)).await?))
}

async fn put(
    State(site): State<Site>,
    actor: Actor,
    Path(office): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<OfficeView>, Problem> {
    let mut fields = Fields::of_body(&site, &headers, body).await?;
    let items = fields.list("shifts", SHIFTS_MAX);
    let mut problems = Vec::new();
    let forms: Vec<ShiftForm> = items.iter().enumerate().map(|(at, item)| form(item, at, &mut problems)).collect();
    let broken = !problems.is_empty();
    fields.add(problems);
    if broken && let Err(faults) = crate::domain::roster::shifts(&office, &forms) {
        // What has a wrong type was left out: that it is missing says nothing more.
        let others = faults.into_iter().filter(|fault| fault.kind != FaultKind::Missing);
        fields.add(others.map(problem));
    }
    fields.end()?;
    match site.flow.set_roster(&office, forms, &actor.key).await {
        Ok(view) => Ok(Json(view)),
        Err(RosterFault::NoOffice) => Err(Problem::new(OfficeNotFound).with("id", short(&office))),
        Err(RosterFault::Wrong(faults)) => {
            Err(Problem::of_fields(FieldsWrong, faults.into_iter().map(problem).collect()))
        }
        Err(RosterFault::Unavailable(fault)) => Err(fault.into()),
    }
}

fn problem(fault: Fault) -> FieldProblem {
    let pointer = format!("/shifts/{}/{}", fault.shift, fault.field);
    let pointer = pointer.trim_end_matches('/').to_owned();
    let of = |code| FieldProblem::new(pointer, code).field(&fault.field);
    match fault.kind {
        FaultKind::Missing => of("field-missing"),
        FaultKind::NotAllowed(words) => of("value-not-allowed").got(&fault.got).allowed(words.iter().copied()),
        FaultKind::Wrong(reason) => of("field-wrong").got(&fault.got).arg("reason", reason),
    }
}

/// One shift, field by field; what has another type is reported and left out.
fn form(item: &Value, at: usize, problems: &mut Vec<FieldProblem>) -> ShiftForm {
    let mut reader = Reader { before: format!("/shifts/{at}"), problems };
    let Some(fields) = item.as_object() else {
        reader.wrong("", item, "object");
        return ShiftForm::default();
    };
    let known = ["person", "recipient", "roles", "from", "until", "days", "hours", "deputies"];
    for name in fields.keys().filter(|name| !known.contains(&name.as_str())).take(20) {
        reader.unknown(name);
    }
    let deputies = match fields.get("deputies") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(items)) => {
            items.iter().enumerate().map(|(at, item)| reader.officer(item, &format!("deputies/{at}"))).collect()
        }
        Some(other) => {
            reader.wrong("deputies", other, "array of objects");
            Vec::new()
        }
    };
    ShiftForm {
        person: reader.text(fields, "", "person").unwrap_or_default(),
        recipient: reader.text(fields, "", "recipient").unwrap_or_default(),
        roles: reader.texts(fields, "roles"),
        from: reader.text(fields, "", "from"),
        until: reader.text(fields, "", "until"),
        days: reader.texts(fields, "days"),
        hours: reader.text(fields, "", "hours"),
        deputies,
    }
}

struct Reader<'a> {
    before: String,
    problems: &'a mut Vec<FieldProblem>,
}

type Object = serde_json::Map<String, Value>;

impl Reader<'_> {
    fn wrong(&mut self, name: &str, value: &Value, wanted: &str) {
        let pointer = format!("{}/{name}", self.before);
        let wrong = FieldProblem::new(pointer.trim_end_matches('/'), "field-wrong").field(name);
        self.problems.push(wrong.got(&value.to_string()).arg("reason", wanted));
    }

    fn unknown(&mut self, name: &str) {
        let name: String = name.chars().take(120).collect();
        let pointer = format!("{}/{}", self.before, name.replace('~', "~0").replace('/', "~1"));
        self.problems.push(FieldProblem::new(pointer, "field-unknown").field(&name).got(&name));
    }

    fn text(&mut self, fields: &Object, within: &str, name: &str) -> Option<String> {
        match fields.get(name)? {
            Value::Null => None,
            Value::String(text) if text.chars().count() <= TEXT => Some(text.clone()),
            other => {
                self.wrong(&format!("{within}{name}"), other, "string of at most 200 characters");
                None
            }
        }
    }

    fn texts(&mut self, fields: &Object, name: &str) -> Vec<String> {
        match fields.get(name) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(items)) if items.len() <= 20 && items.iter().all(Value::is_string) => {
                items.iter().filter_map(|item| item.as_str().map(|text| text.chars().take(TEXT).collect())).collect()
            }
            Some(other) => {
                self.wrong(name, other, "array of at most 20 strings");
                Vec::new()
            }
        }
    }

    fn officer(&mut self, item: &Value, name: &str) -> crate::domain::roster::Officer {
        let mut officer = crate::domain::roster::Officer { person: String::new(), recipient: String::new() };
        match item.as_object() {
            Some(fields) => {
                let within = format!("{name}/");
                officer.person = self.text(fields, &within, "person").unwrap_or_default();
                officer.recipient = self.text(fields, &within, "recipient").unwrap_or_default();
                let others = fields.keys().filter(|key| !["person", "recipient"].contains(&key.as_str())).take(20);
                for other in others {
                    self.wrong(&within, &json!(other), "person, recipient");
                }
            }
            None => self.wrong(name, item, "object"),
        }
        officer
    }
}

fn shift() -> Value {
    json!({
        "person": "李四", "recipient": "duty-lisi", "roles": ["review", "duty"], "days": ["mon", "tue", "wed", "thu", "fri"],
        "hours": "08:00-20:00", "deputies": [{"person": "王五", "recipient": "duty-wangwu"}]
    })
}

fn office() -> Value {
    json!({
        "office": "flood", "name": "松北区防汛抗旱指挥部", "source": "api",
        "on_duty": [{
            "person": "李四", "recipient": "duty-lisi", "roles": ["review", "duty"],
            "from": "2026-07-15T08:00:00+08:00", "until": "2026-07-15T20:00:00+08:00",
            "deputies": [{"person": "王五", "recipient": "duty-wangwu"}]
        }],
        "next": [{
            "person": "李四", "recipient": "duty-lisi", "roles": ["review", "duty"],
            "from": "2026-07-16T08:00:00+08:00", "until": "2026-07-16T20:00:00+08:00",
            "deputies": [{"person": "王五", "recipient": "duty-wangwu"}]
        }],
        "shifts": [shift()], "unknown_recipients": ["duty-wangwu"]
    })
}

fn moment() -> Value {
    json!({"type": "string", "format": "date-time"})
}

fn text() -> Value {
    json!({"type": "string"})
}

const AT: Parameter = Parameter {
    name: "at",
    place: "query",
    schema: moment,
    text: both("什么时刻，RFC 3339；不写 = 现在", "At which moment, RFC 3339; absent = now"),
};

const OFFICE: Parameter = Parameter {
    name: "office",
    place: "path",
    schema: text,
    text: both("发布单位代号，或 office（区应急办）", "Id of an issuer, or office (the district's emergency office)"),
};

static SHOW: Operation = Operation {
    id: "getRoster",
    tag: "roster",
    summary: both("谁在值班", "Who is on duty"),
    description: both(
        "每个有值班表的单位：此刻（或 at 那一刻）谁在值班、做什么、到几点、谁代班；全部班次；以及班次里写了而名册里没有的接收人，\
         他们什么也收不到。",
        "Every office that has shifts: who is on duty now (or at the moment asked for), with what roles, until when, and who \
         stands in; every shift; and the recipients of shifts that the directory does not know, who get nothing.",
    ),
    parameters: &[AT],
    request: &[],
    answers: &[Answer {
        status: 200,
        text: both("值班表", "The roster"),
        content: Some(Content {
            media_type: "application/json",
            schema: Some("RosterView"),
            example: || json!({"at": "2026-07-15T15:00:00+08:00", "offices": [office()]}),
        }),
    }],
    problems: &[ParameterWrong],
};

static PUT: Operation = Operation {
    id: "putRoster",
    tag: "roster",
    summary: both("设置一个单位的班次", "Set the shifts of an office"),
    description: both(
        "整体替换这个单位的班次，并取代配置里的；空表 = 恢复配置里的。一班或者每周（days + hours，北京时间，跨零点算前一天的班），\
         或者一次（from + until）。有值班表的单位，只有值班的人和代班的人能签这一步；签字的人自己不能改值班表。",
        "Replaces all shifts of the office, and takes the place of those in the configuration; an empty list gives it back \
         to that. A shift is weekly (days + hours, China's time; one over midnight belongs to the day it begins on) or once \
         (from + until). Where an office has a roster, only those on duty and their deputies sign its steps; whoever signs \
         cannot change the roster.",
    ),
    parameters: &[OFFICE],
    request: &[Content {
        media_type: "application/json",
        schema: Some("RosterForm"),
        example: || json!({"shifts": [shift()]}),
    }],
    answers: &[Answer {
        status: 200,
        text: both("这个单位现在的值班表", "The roster of the office as it stands now"),
        content: Some(Content { media_type: "application/json", schema: Some("OfficeView"), example: office }),
    }],
    problems: &[
        BodyNotJson,
        BodyBrokenOff,
        FieldsWrong,
        OfficeNotFound,
        RequestTimeout,
        BodyTooLarge,
        MediaTypeUnsupported,
    ],
};
