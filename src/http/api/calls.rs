//! `/v1/warnings/{id}/calls`: who has to confirm a warning, where each of them stands, and confirming for one of them.

mod table;

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{
        HeaderMap, HeaderValue, Uri,
        header::{ACCEPT, CONTENT_DISPOSITION, CONTENT_TYPE, VARY},
    },
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{
    parameters::{self, WARNING},
    warnings::{READERS, is_own, readable, short},
};
use crate::{
    domain::call::By,
    flow::{
        authorize::{Actor, Role},
        call::{CallFault, CallsView},
        record::WarningId,
    },
    http::{
        Site,
        fields::Fields,
        openapi::{Answer, Content, Operation, Parameter, both},
        problem::{
            Problem,
            ProblemCode::{
                BodyBrokenOff, BodyNotJson, BodyTooLarge, FieldsWrong, MediaTypeUnsupported, OfficerNotListed,
                ParameterWrong, RequestTimeout, StorageFull, WarningNotFound,
            },
        },
        routes::{Access, RouteSpec},
    },
};

/// Who writes down that an officer confirmed.
pub(in crate::http) const CONFIRMERS: &[Role] = &[Role::Approver, Role::Operator];
/// Who sees whole telephone numbers.
pub(in crate::http) const TELEPHONISTS: &[Role] = &[Role::Operator];
/// Characters of a note.
pub(in crate::http) const NOTE_MAX: usize = 200;

const STATES: [(&str, &str); 5] = [
    ("called", "called"),
    ("confirmed", "confirmed"),
    ("by_deputy", "by_deputy"),
    ("telephone", "telephone"),
    ("over", "over"),
];

pub(super) fn routes() -> Vec<RouteSpec> {
    vec![
        RouteSpec::get("/v1/warnings/{id}/calls", Access::roles(READERS), show).described(&SHOW),
        RouteSpec::post("/v1/warnings/{id}/calls/take", Access::roles(TELEPHONISTS), take).described(&TAKE),
        RouteSpec::post("/v1/warnings/{id}/calls/{external_id}/confirm", Access::roles(CONFIRMERS), confirm)
            .described(&CONFIRM),
    ]
}

/// Who told that an officer has a warning.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the form of a body, for the API description; the fields are read one by one")]
pub(in crate::http) struct CallConfirmation {
    /// Who said it, and how: `电话，本人`.
    note: String,
    /// Whoever stands in said it, not the officer himself.
    #[schema(required = false, value_type = bool)]
    deputy: Option<bool>,
}

/// What is asked for of a list.
struct Asked {
    state: Option<&'static str>,
    csv: bool,
}

impl Asked {
    fn of(uri: &Uri, headers: &HeaderMap) -> Result<Self, Problem> {
        let mut fields = Fields::of_address(uri)?;
        let state = fields.one_of("state", &STATES);
        let format = fields.one_of("format", &[("json", false), ("csv", true)]);
        fields.end()?;
        let accepts = |value: &HeaderValue| value.to_str().is_ok_and(|value| value.starts_with("text/csv"));
        Ok(Self { state, csv: format.unwrap_or_else(|| headers.get(ACCEPT).is_some_and(accepts)) })
    }

    fn answer(&self, mut view: CallsView) -> Result<Response, Problem> {
        view.items.retain(|item| self.state.is_none_or(|state| item.state == state));
        if !self.csv {
            return Ok(([(VARY, "accept")], Json(view)).into_response());
        }
        let name = format!("attachment; filename=\"calls-{}.csv\"", short(&view.warning.0));
        let headers = [
            (CONTENT_TYPE, HeaderValue::from_static("text/csv; charset=utf-8")),
            (CONTENT_DISPOSITION, HeaderValue::from_str(&name).map_err(Problem::internal)?),
            (VARY, HeaderValue::from_static("accept")),
        ];
        Ok((headers, table::csv(&view).map_err(Problem::internal)?).into_response())
    }
}

fn missing(id: &str) -> Problem {
    Problem::new(WarningNotFound).with("id", short(id))
}

async fn show(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = Asked::of(&uri, &headers)?;
    let view = readable(&site, &actor, &id).await?;
    if actor.role == Role::Issuer && !is_own(&actor, &view) {
        return Err(missing(&id));
    }
    asked.answer(site.flow.calls(&view.id).await?.ok_or_else(|| missing(&id))?)
}

async fn take(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let asked = Asked::of(&uri, &headers)?;
    let taken = site.flow.take_call_list(&WarningId(id.clone()), &actor.key).await?;
    asked.answer(taken.ok_or_else(|| missing(&id))?)
}

async fn confirm(
    State(site): State<Site>,
    actor: Actor,
    Path((id, external_id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<CallsView>, Problem> {
    let mut fields = Fields::of_body(&site, &headers, body).await?;
    let note = fields.required_text("note", NOTE_MAX);
    let deputy = fields.flag("deputy");
    fields.end()?;
    let warning = WarningId(id.clone());
    let by = if deputy { By::Deputy } else { By::Officer };
    let confirmed = site.flow.confirm_call(&warning, &external_id, by, &note, &actor.key).await;
    confirmed.map_err(|fault| problem(fault, &external_id))?;
    Ok(Json(site.flow.calls(&warning).await?.ok_or_else(|| missing(&id))?))
}

/// What a fault is to whoever asked.
pub(in crate::http) fn problem(fault: CallFault, external_id: &str) -> Problem {
    match fault {
        CallFault::NoList | CallFault::NotListed => Problem::new(OfficerNotListed).with("id", short(external_id)),
        CallFault::Unavailable(fault) => fault.into(),
    }
}

fn example() -> Value {
    json!({
        "warning": "0198a4c2-7f00-7000-8000-5f1c0c5a9e01", "rule": "officials",
        "began_at": "2026-07-15T15:00:26+08:00", "as_of": "2026-07-15T15:11:02+08:00", "ended": null, "ended_at": null,
        "counts": {"officers": 42, "called": 0, "confirmed": 39, "by_deputy": 2, "telephone": 1, "over": 0},
        "items": [{
            "external_id": "village-head-07", "name": "张三", "office": "village-heads", "area": "松北街道",
            "state": "telephone", "since": "2026-07-15T15:10:26+08:00", "channel": null, "deputy_called": false,
            "how": null, "note": null, "by": null, "reason": "unconfirmed", "telephone": "138****1234",
            "deputy": "village-head-08", "deputy_name": "李四", "deputy_telephone": "139****5678"
        }]
    })
}

const VIEW: Content = Content { media_type: "application/json", schema: Some("CallsView"), example };

const STATE: Parameter = Parameter {
    name: "state",
    place: "query",
    schema: || json!({"type": "string", "enum": STATES.map(|(name, _)| name)}),
    text: both("只列这个状态的人", "Only those in this state"),
};

const FORMAT: Parameter = Parameter {
    name: "format",
    place: "query",
    schema: || json!({"type": "string", "enum": ["json", "csv"], "default": "json"}),
    text: both("应答的格式；Accept: text/csv 也可以", "Form of the answer; Accept: text/csv does the same"),
};

const EXTERNAL_ID: Parameter = Parameter {
    name: "external_id",
    place: "path",
    schema: parameters::text,
    text: both("责任人在名册里的编号", "External id of the officer"),
};

static SHOW: Operation = Operation {
    id: "listCalls",
    tag: "progress",
    summary: both("谁要确认收到，各到哪一步", "Who has to confirm a warning, and where each stands"),
    description: both(
        "责任人逐个渠道叫应：called 已叫待应，confirmed 本人已确认，by_deputy 代理人已确认，telephone 要打电话，over 直到预警结束也没有确认。\
         解除不叫人，并结束名单（ended）。号码只显示一部分。没有规则要求确认的预警，名单是空的。发布单位只看到自己的预警。",
        "Officers are called channel by channel: called and waited for, confirmed by the officer, by_deputy by whoever \
         stands in, telephone: to be called by telephone, over: never confirmed while the warning stood. A lift calls \
         nobody and ends the list (ended). Numbers are masked. Where no rule asks for confirmation the list is empty. An \
         issuer sees those of its own warnings.",
    ),
    parameters: &[WARNING, STATE, FORMAT],
    request: &[],
    answers: &[Answer { status: 200, text: both("名单", "The list"), content: Some(VIEW) }],
    problems: &[ParameterWrong, WarningNotFound, RequestTimeout],
};

static TAKE: Operation = Operation {
    id: "takeCallList",
    tag: "progress",
    summary: both("取带完整号码的电话名单", "Take the list for the telephone, with whole numbers"),
    description: both(
        "同一份名单，号码完整，供打电话用。谁取了名单记入日志。",
        "The same list with whole numbers, for whoever telephones. Who took it stands in the journal.",
    ),
    parameters: &[WARNING, STATE, FORMAT],
    request: &[],
    answers: &[Answer { status: 200, text: both("名单", "The list"), content: Some(VIEW) }],
    problems: &[ParameterWrong, WarningNotFound, RequestTimeout, StorageFull],
};

static CONFIRM: Operation = Operation {
    id: "confirmCall",
    tag: "progress",
    summary: both("登记某人已确认", "Write down that an officer confirmed"),
    description: both(
        "note 写明谁说的。deputy 为 true 表示是代理人说的。登记后不再叫他和他的代理人；重复登记没有关系。应答 200 时已写到磁盘上。",
        "note says who told so. With deputy it was whoever stands in. Nobody is called for him any more; said again it \
         changes nothing. When 200 is answered it is on disk.",
    ),
    parameters: &[WARNING, EXTERNAL_ID],
    request: &[Content {
        media_type: "application/json",
        schema: Some("CallConfirmation"),
        example: || json!({"note": "电话，本人", "deputy": false}),
    }],
    answers: &[Answer { status: 200, text: both("登记之后的名单", "The list after it"), content: Some(VIEW) }],
    problems: &[
        BodyNotJson,
        BodyBrokenOff,
        FieldsWrong,
        OfficerNotListed,
        WarningNotFound,
        RequestTimeout,
        BodyTooLarge,
        MediaTypeUnsupported,
        StorageFull,
    ],
};
