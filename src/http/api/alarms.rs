//! `/v1/alarms`: what is so wrong that a person is told.

use axum::{
    Json,
    extract::State,
    http::{HeaderMap, Uri},
};
use serde::Serialize;
use serde_json::json;

use crate::{
    flow::{alarms::AlarmView, authorize::Role},
    http::{
        Site,
        fields::Fields,
        openapi::{Answer, Content, Operation, both},
        problem::{Problem, ProblemCode::ParameterWrong, language},
        routes::{Access, RouteSpec},
    },
    messages::{self, Lang},
};

pub(super) fn routes() -> Vec<RouteSpec> {
    let roles = &[Role::Approver, Role::Operator, Role::Auditor, Role::Admin];
    vec![RouteSpec::get("/v1/alarms", Access::roles(roles), list).described(&LIST)]
}

/// An alarm with its words.
#[derive(Serialize, utoipa::ToSchema)]
pub(in crate::http) struct AlarmDocument {
    #[serde(flatten)]
    alarm: AlarmView,
    /// What kind of alarm it is, in the language asked for.
    title: String,
    /// What is wrong, in the language asked for.
    detail: String,
    /// What to do now, in the language asked for.
    action: String,
    /// Address of a page on this server that explains the code.
    help: String,
}

/// Alarms that stand.
#[derive(Serialize, utoipa::ToSchema)]
pub(in crate::http) struct AlarmList {
    /// RFC 3339.
    as_of: String,
    /// The most pressing first.
    items: Vec<AlarmDocument>,
}

/// What is wrong, in words.
pub(in crate::http) fn sentence(lang: Lang, alarm: &AlarmView) -> String {
    let mut args: Vec<(&str, String)> =
        alarm.facts.iter().map(|(name, fact)| (name.as_str(), fact.clone())).collect();
    let channel = alarm.channel.as_ref().map(|name| messages::title(lang, &format!("channel-{name}")));
    args.extend(channel.map(|channel| ("channel", channel)));
    args.extend(alarm.route.clone().map(|route| ("route", route)));
    messages::detail(lang, &format!("alarm-{}", alarm.code), &args)
}

impl AlarmDocument {
    fn new(lang: Lang, alarm: AlarmView) -> Self {
        let id = format!("alarm-{}", alarm.code);
        Self {
            title: messages::title(lang, &id),
            detail: sentence(lang, &alarm),
            action: messages::action(lang, &id).unwrap_or_default(),
            help: format!("/docs/errors/{id}"),
            alarm,
        }
    }
}

async fn list(State(site): State<Site>, uri: Uri, headers: HeaderMap) -> Result<Json<AlarmList>, Problem> {
    Fields::of_address(&uri)?.end()?;
    let lang = language(&headers);
    let items = site.flow.alarms().into_iter().map(|alarm| AlarmDocument::new(lang, alarm)).collect();
    Ok(Json(AlarmList { as_of: site.flow.now(), items }))
}

static LIST: Operation = Operation {
    id: "listAlarms",
    tag: "progress",
    summary: both("正在告警的事", "Alarms that stand"),
    description: both(
        "卡住的预警、没有线路可走的预警、在暂停线路上等待的红色预警、变慢或不来的回执、停止的线路。最紧急的在前。",
        "Warnings that are stuck or have no route, red that waits on a paused route, receipts that are slow or missing, \
         routes that stopped. The most pressing first.",
    ),
    parameters: &[],
    request: &[],
    answers: &[Answer {
        status: 200,
        text: both("告警", "Alarms"),
        content: Some(Content {
            media_type: "application/json",
            schema: Some("AlarmList"),
            example: || {
                json!({"as_of": "2026-07-15T14:42:00+08:00", "items": [{
                    "code": "warning-stuck", "since": "2026-07-15T14:40:20+08:00",
                    "warning": "0198a4c2-7f00-7000-8000-5f1c0c5a9e01", "channel": "sms", "route": null,
                    "facts": {"count": "1200", "seconds": "100", "since": "2026-07-15T14:40:20+08:00"},
                    "title": "A warning makes no progress",
                    "detail": "1200 deliveries on SMS wait although a route runs, and none has ended for 100 seconds",
                    "action": "Look at the route", "help": "/docs/errors/alarm-warning-stuck"
                }]})
            },
        }),
    }],
    problems: &[ParameterWrong],
};
