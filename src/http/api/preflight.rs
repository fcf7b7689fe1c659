//! `/v1/preflight`: what a warning would do, for those who issue it, approve it or see it through.

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, Uri},
};
use serde_json::{Value, json};

use super::{
    parameters::WARNING,
    warnings::{
        PreflightDocument, READERS,
        description::{cap, message},
        readable, submission,
    },
};
use crate::{
    flow::authorize::{Actor, Role},
    http::{
        Site,
        fields::Fields,
        openapi::{Answer, Content, Operation, both},
        problem::{
            Problem,
            ProblemCode::{
                AuthorityExceeded, BodyBrokenOff, BodyTooLarge, HeaderWrong, MediaTypeUnsupported, ParameterWrong,
                RequestTimeout, SignOffNotWaiting, WarningNotFound, WarningRejected, WarningUnreadable,
            },
        },
        routes::{Access, RouteSpec},
    },
};

pub(super) fn routes() -> Vec<RouteSpec> {
    let roles = &[Role::Issuer, Role::Approver, Role::Operator];
    vec![
        RouteSpec::post("/v1/preflight", Access::roles(roles), preflight).described(&PREFLIGHT),
        RouteSpec::get("/v1/warnings/{id}/preflight", Access::roles(READERS), of_stored).described(&OF_STORED),
    ]
}

async fn preflight(
    State(site): State<Site>,
    actor: Actor,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<PreflightDocument>, Problem> {
    Fields::of_address(&uri)?.end()?;
    let submission = submission(&site, actor, &headers, body).await?;
    Ok(Json(PreflightDocument::new(site.flow.preflight(submission).await?, &headers)))
}

async fn of_stored(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<PreflightDocument>, Problem> {
    let view = readable(&site, &actor, &id).await?;
    let looked = site.flow.preflight_of(&view.id).await?;
    looked.map(|looked| Json(PreflightDocument::new(looked, &headers))).ok_or_else(|| Problem::new(SignOffNotWaiting))
}

pub(super) fn example() -> Value {
    json!({
        "level": "red",
        "status": "exercise",
        "audience": {"sms": 10000},
        "texts": [{
            "channel": "sms", "language": "zh-CN", "title": "暴雨红色预警",
            "text": "【松北预警】【演练】暴雨红色预警：预计未来 3 小时降雨量将达 100 毫米以上。【演练】", "segments": 1,
            "routes": [{"route": "sms.cmcc", "segments": 1}]
        }],
        "forecast": {
            "as_of": "2026-07-15T14:40:00+08:00", "people": 10000, "deliveries": 10000, "suppressed": 12,
            "channels": {"sms": {
                "people": 10000, "suppressed": 12, "by_language": {"zh-CN": 9900, "en": 100}, "at_once": 10000, "segments": 10100,
                "rate_per_s": 500.0, "ahead": 0, "finish_s": 20, "finish_at": "2026-07-15T14:40:20+08:00",
                "deadline_at": "2026-07-15T20:40:00+08:00", "will_miss": 0, "cost": 400.0
            }},
            "streets": [{"code": "230109005000", "name": "松北街道", "people": 10000, "channels": {"sms": 10000}}],
            "conflicts": [],
            "finish_at": "2026-07-15T14:40:20+08:00", "will_miss": 0, "cost": 400.0,
            "usual": {"warnings": 20, "alike": true, "median": 9000, "largest": 12000, "this": 10000, "ratio": 1.1}
        },
        "measures": [{
            "office": "flood", "kind": "report_up", "text_zh": "向上级报告预警发布和已采取的措施",
            "text_en": "report the warning and what has been done", "due_s": 3600, "to": ["哈尔滨市"]
        }],
        "repeat_of": null,
        "advice": []
    })
}

static PREFLIGHT: Operation = Operation {
    id: "preflight",
    tag: "warnings",
    summary: both("看一条预警会怎样", "See what a warning would do"),
    description: both(
        "和提交同样的读取、检查、受众和文字，什么都不保存：每个渠道多少人、什么文字、按现在的上限和排队何时发完、\
         多少来不及、和该单位平时相比。审核人和操作员也可以看自己不能发布的预警。",
        "The same reading, checks, audience and texts as a submission, nothing stored: per channel how many people, in \
         which words, through by when at the present limits and queues, how many too late, and how that compares with \
         the issuer's usual audience. Approvers and operators may look at what they may not issue.",
    ),
    parameters: &[],
    request: &[
        Content { media_type: "application/json", schema: Some("Message"), example: message },
        Content { media_type: "application/cap+xml", schema: None, example: cap },
    ],
    answers: &[Answer {
        status: 200,
        text: both("检查的结果", "What the check found"),
        content: Some(Content { media_type: "application/json", schema: Some("PreflightDocument"), example }),
    }],
    problems: &[
        ParameterWrong,
        HeaderWrong,
        BodyBrokenOff,
        WarningUnreadable,
        AuthorityExceeded,
        RequestTimeout,
        BodyTooLarge,
        MediaTypeUnsupported,
        WarningRejected,
    ],
};

static OF_STORED: Operation = Operation {
    id: "preflightStored",
    tag: "warnings",
    summary: both("看一条等待签发的预警会怎样", "See what a warning that waits for signatures would do"),
    description: both(
        "签字的人在签字之前看的：现在发布会怎样——每个渠道、每个街道多少人，什么文字，何时发完，多少来不及，\
         与哪些有效预警冲突，与该单位平时相比，是否超过该单位的权限。",
        "What a signer looks at before signing: what a release at this moment would do: people per channel and per \
         street, the words, through by when, how many too late, which standing warnings it does not go together with, \
         how it compares with the issuer's usual audience, and whether it is beyond what the issuer may release alone.",
    ),
    parameters: &[WARNING],
    request: &[],
    answers: &[Answer {
        status: 200,
        text: both("现在发布会怎样", "What a release at this moment would do"),
        content: Some(Content { media_type: "application/json", schema: Some("PreflightDocument"), example }),
    }],
    problems: &[WarningNotFound, SignOffNotWaiting],
};
