//! `/v1/inbox`: warnings from upper levels that wait for a decision, and what was decided about the others.

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, Uri},
};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    parameters,
    preflight::example,
    warnings::{PreflightDocument, short},
};
use crate::{
    flow::{
        authorize::{Actor, Role},
        inbox::{InboxFault, InboxItem, InboxState},
        upstream::UpstreamView,
    },
    http::{
        Site,
        fields::Fields,
        openapi::{Answer, Content, Operation, Parameter, both},
        problem::{
            Problem,
            ProblemCode::{
                AuthorityExceeded, BodyBrokenOff, BodyNotJson, BodyTooLarge, FieldsWrong, IdempotencyKeyReused,
                IdempotencyKeyRunning, IdentityTaken, InboxItemNotFound, InboxItemOver, MediaTypeUnsupported,
                ParameterWrong, RequestTimeout, UpstreamNotFound, WarningRejected, WarningUnreadable,
            },
            language,
        },
        routes::{Access, RouteSpec},
    },
    messages::{self, Lang},
};

/// Who sees what came from above.
pub(in crate::http) const INBOX_READERS: &[Role] = &[Role::Approver, Role::Operator, Role::Auditor];
/// An approver decides; an operator proposes.
pub(in crate::http) const DECIDERS: &[Role] = &[Role::Approver, Role::Operator];

/// Characters of a reason at most.
pub(in crate::http) const REASON_MAX: usize = 200;

pub(super) fn routes() -> Vec<RouteSpec> {
    vec![
        RouteSpec::get("/v1/inbox", Access::roles(INBOX_READERS), list).described(&LIST),
        RouteSpec::get("/v1/inbox/{id}", Access::roles(INBOX_READERS), show).described(&SHOW),
        RouteSpec::get("/v1/inbox/{id}/preflight", Access::roles(DECIDERS), preflight).described(&PREFLIGHT),
        RouteSpec::post("/v1/inbox/{id}/relay", Access::roles(DECIDERS), relay).described(&RELAY),
        RouteSpec::post("/v1/inbox/{id}/dismiss", Access::roles(DECIDERS), dismiss).described(&DISMISS),
    ]
}

/// A warning from above with why it waits, in words.
#[derive(Serialize, utoipa::ToSchema)]
pub(in crate::http) struct InboxDocument {
    #[serde(flatten)]
    item: InboxItem,
    /// Why it was not passed on by itself, in the language asked for.
    reasons: Vec<String>,
}

/// The inbox.
#[derive(Serialize, utoipa::ToSchema)]
pub(in crate::http) struct InboxList {
    /// RFC 3339.
    as_of: String,
    /// Newest first.
    items: Vec<InboxDocument>,
    /// The feeds and how old their last answer is: an empty inbox means calm only while they answer.
    upstreams: Vec<UpstreamView>,
}

impl InboxDocument {
    fn new(lang: Lang, item: InboxItem) -> Self {
        let reasons = item.why.iter().map(|code| messages::title(lang, code)).collect();
        Self { item, reasons }
    }
}

fn missing(id: &str) -> Problem {
    Problem::new(InboxItemNotFound).with("id", short(id))
}

impl From<InboxFault> for Problem {
    fn from(fault: InboxFault) -> Self {
        match fault {
            InboxFault::Over(state) => Self::new(InboxItemOver).with("why", state.name()),
            InboxFault::NoFeed(name) => Self::new(UpstreamNotFound).with("id", name),
            InboxFault::Submit(fault) => fault.into(),
            InboxFault::Unavailable(fault) => fault.into(),
        }
    }
}

async fn list(State(site): State<Site>, uri: Uri, headers: HeaderMap) -> Result<Json<InboxList>, Problem> {
    let mut fields = Fields::of_address(&uri)?;
    let state = fields.one_of("state", &InboxState::ALL.map(|state| (state.name(), state)));
    fields.end()?;
    let lang = language(&headers);
    let inbox = site.flow.inbox(state);
    let items = inbox.items.into_iter().map(|item| InboxDocument::new(lang, item)).collect();
    Ok(Json(InboxList { as_of: inbox.as_of, items, upstreams: inbox.upstreams }))
}

async fn show(
    State(site): State<Site>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<InboxDocument>, Problem> {
    let item = site.flow.inbox_item(&id).ok_or_else(|| missing(&id))?;
    Ok(Json(InboxDocument::new(language(&headers), item)))
}

async fn preflight(
    State(site): State<Site>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<PreflightDocument>, Problem> {
    let preflight = site.flow.inbox_preflight(&id).await?.ok_or_else(|| missing(&id))?;
    Ok(Json(PreflightDocument::new(preflight, &headers)))
}

async fn relay(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<InboxDocument>, Problem> {
    let item = site.flow.relay_inbox(&id, &actor).await?.ok_or_else(|| missing(&id))?;
    Ok(Json(InboxDocument::new(language(&headers), item)))
}

async fn dismiss(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<InboxDocument>, Problem> {
    // What is not there is said before what is missing in the order.
    let lang = language(&headers);
    site.flow.inbox_item(&id).ok_or_else(|| missing(&id))?;
    let mut fields = Fields::of_body(&site, &headers, body).await?;
    let reason = fields.required_text("reason", REASON_MAX);
    fields.end()?;
    let item = site.flow.dismiss_inbox(&id, &reason, &actor).await?.ok_or_else(|| missing(&id))?;
    Ok(Json(InboxDocument::new(lang, item)))
}

const ID: Parameter =
    Parameter { name: "id", place: "path", schema: parameters::text, text: both("收件的编号", "Id of the item") };

const STATE: Parameter = Parameter {
    name: "state",
    place: "query",
    schema: || json!({"type": "string", "enum": InboxState::ALL.map(InboxState::name)}),
    text: both("只要这个状态的", "Only those in this state"),
};

fn item() -> Value {
    json!({
        "id": "6b3a55e0261b0304143f805a24924d0c", "upstream": "province", "state": "waiting", "why": ["inbox-rule"],
        "reasons": ["The rule of this feed is to wait"], "identifier": "23000041600000_20260715143800",
        "sender": "weather@province.example", "sent": "2026-07-15T14:38:00+08:00", "status": "actual",
        "kind": "alert", "scope": "public", "level": "orange", "hazard": "11B03", "headline": "省气象台发布暴雨橙色预警",
        "areas": ["哈尔滨市"], "received_at": "2026-07-15T14:38:41+08:00", "expires_at": "2026-07-15T20:38:00+08:00",
        "preflight": "/v1/inbox/6b3a55e0261b0304143f805a24924d0c/preflight", "proposed_by": null, "decided_by": null,
        "decided_at": null, "reason": null, "warning": null,
        "digest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    })
}

fn inbox() -> Value {
    json!({
        "as_of": "2026-07-15T14:40:00+08:00", "items": [item()],
        "upstreams": [{
            "name": "province", "format": "atom", "rule": "wait", "issuer": "relay", "state": "answering",
            "every_s": 60.0, "last_answer_at": "2026-07-15T14:39:41+08:00", "age_s": 19, "failed_looks": 0,
            "last_fault": null, "last_fault_at": null, "documents": {"waiting": 1, "elsewhere": 12}
        }]
    })
}

const ITEM: Option<Content> =
    Some(Content { media_type: "application/json", schema: Some("InboxDocument"), example: item });

static LIST: Operation = Operation {
    id: "listInbox",
    tag: "sharing",
    summary: both("上级来的预警", "Warnings from upper levels"),
    description: both(
        "等待决定的和已经决定的，新的在前，为什么没有自动转发写在 reasons 里。upstreams 写着每个来源最后一次答复是多久以前：\
         来源没有答复时，空的收件箱不等于平安。",
        "Those that wait for a decision and those decided, newest first; reasons say why one was not passed on by itself. \
         upstreams tells how old the last answer of each feed is: while a feed is silent, an empty inbox does not mean calm.",
    ),
    parameters: &[STATE],
    request: &[],
    answers: &[Answer {
        status: 200,
        text: both("收件箱", "The inbox"),
        content: Some(Content { media_type: "application/json", schema: Some("InboxList"), example: inbox }),
    }],
    problems: &[ParameterWrong],
};

static SHOW: Operation = Operation {
    id: "getInboxItem",
    tag: "sharing",
    summary: both("一条上级来的预警", "One warning from above"),
    description: both("它的要点和决定。", "Its main points and what was decided."),
    parameters: &[ID],
    request: &[],
    answers: &[Answer { status: 200, text: both("这一条", "The item"), content: ITEM }],
    problems: &[InboxItemNotFound],
};

static PREFLIGHT: Operation = Operation {
    id: "preflightInboxItem",
    tag: "sharing",
    summary: both("转发它会怎样", "What relaying it would do"),
    description: both(
        "与 POST /v1/preflight 相同，以来源的转发单位的权限计算。什么都不保存。",
        "As POST /v1/preflight, with the authority of the feed's relaying issuer. Nothing is stored.",
    ),
    parameters: &[ID],
    request: &[],
    answers: &[Answer {
        status: 200,
        text: both("预演", "The preflight"),
        content: Some(Content { media_type: "application/json", schema: Some("PreflightDocument"), example }),
    }],
    problems: &[
        InboxItemNotFound,
        UpstreamNotFound,
        AuthorityExceeded,
        WarningRejected,
        WarningUnreadable,
        IdentityTaken,
        IdempotencyKeyReused,
        IdempotencyKeyRunning,
    ],
};

static RELAY: Operation = Operation {
    id: "relayInboxItem",
    tag: "sharing",
    summary: both("转发", "Relay it"),
    description: both(
        "审批人：以来源的转发单位的名义原样提交，提交人就是这位审批人，所以需要签发时由别人签。值班操作员：提出转发的建议。\
         搁置的在失效前还可以转发。说两次只转发一次。",
        "An approver submits it as it is, as the feed's relaying issuer, and is its submitter: where signatures are needed \
         others give them. An operator proposes it. What was dismissed may still be relayed until it expires. Said twice it \
         is relayed once.",
    ),
    parameters: &[ID],
    request: &[],
    answers: &[Answer { status: 200, text: both("转发或提议之后", "After it"), content: ITEM }],
    problems: &[
        InboxItemNotFound,
        InboxItemOver,
        UpstreamNotFound,
        AuthorityExceeded,
        WarningRejected,
        WarningUnreadable,
        IdentityTaken,
        IdempotencyKeyReused,
        IdempotencyKeyRunning,
    ],
};

static DISMISS: Operation = Operation {
    id: "dismissInboxItem",
    tag: "sharing",
    summary: both("搁置", "Dismiss it"),
    description: both("写明原因，记入日志。", "With the reason, which goes into the journal."),
    parameters: &[ID],
    request: &[Content {
        media_type: "application/json",
        schema: Some("Dismissal"),
        example: || json!({"reason": "不涉及本区"}),
    }],
    answers: &[Answer { status: 200, text: both("搁置之后", "After it"), content: ITEM }],
    problems: &[
        InboxItemNotFound,
        InboxItemOver,
        BodyNotJson,
        BodyBrokenOff,
        FieldsWrong,
        RequestTimeout,
        BodyTooLarge,
        MediaTypeUnsupported,
    ],
};

/// Why it is put away.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the form of a body, for the API description; the fields are read one by one")]
pub(in crate::http) struct Dismissal {
    reason: String,
}
