//! `/v1/warnings/{id}/notices`: who on duty was told what about a warning, by which channel, and what came of it.

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::json;

use super::{
    parameters::WARNING,
    warnings::{READERS, is_own, readable, short},
};
use crate::{
    flow::{
        authorize::{Actor, Role},
        notice::NoticeView,
    },
    http::{
        Site,
        openapi::{Answer, Content, Operation, both},
        problem::{Problem, ProblemCode::WarningNotFound},
        routes::{Access, RouteSpec},
    },
};

pub(super) fn routes() -> Vec<RouteSpec> {
    vec![RouteSpec::get("/v1/warnings/{id}/notices", Access::roles(READERS), list).described(&LIST)]
}

/// Notices about a warning.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub(in crate::http) struct NoticeList {
    /// Oldest first.
    items: Vec<NoticeView>,
}

async fn list(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<NoticeList>, Problem> {
    let missing = || Problem::new(WarningNotFound).with("id", short(&id));
    let view = readable(&site, &actor, &id).await?;
    if actor.role == Role::Issuer && !is_own(&actor, &view) {
        return Err(missing());
    }
    Ok(Json(NoticeList { items: site.flow.notices(&view.id).await?.ok_or_else(missing)? }))
}

static LIST: Operation = Operation {
    id: "listNotices",
    tag: "progress",
    summary: both("就一条预警通知了谁", "Who was told about a warning"),
    description: both(
        "网关自己发给值班人员的通知：催签、退回和否决、发布和解除的见证。每人每渠道的状态分开，地址只显示一部分；\
         没有值班人、没有地址、名册里没有的人也列出，unreached 说明为什么通知不到。发布单位只看到自己的预警。",
        "What the gateway itself told persons on duty: reminders of a signature, returns and rejections, witnesses of \
         releases and lifts. The state of each person and channel, addresses masked. Somebody who could not be told at all \
         is listed too: unreached says why. An issuer sees those about its own warnings.",
    ),
    parameters: &[WARNING],
    request: &[],
    answers: &[Answer {
        status: 200,
        text: both("通知，旧的在前", "Notices, oldest first"),
        content: Some(Content {
            media_type: "application/json",
            schema: Some("NoticeList"),
            example: || {
                json!({"items": [{
                    "id": "0198a4c3-1000-7000-8000-1c0c5a9e01b2", "kind": "sign_off_reminder", "stage": "finished",
                    "at": "2026-07-15T15:00:26+08:00", "headline": "请审核：红色预警等待签字",
                    "text": "松北区防汛抗旱指挥部的“暴雨红色预警”自 2026-07-15T15:00:25+08:00 起等待审核。",
                    "to": [{
                        "office": "flood", "person": "李四", "recipient": "duty-lisi", "deputy": false, "unreached": null,
                        "deliveries": [{
                            "channel": "sms", "address": "138****0001", "state": "delivered", "reason": "none",
                            "provider": null, "at": "2026-07-15T15:00:28+08:00"
                        }]
                    }]
                }]})
            },
        }),
    }],
    problems: &[WarningNotFound],
};
