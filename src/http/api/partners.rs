//! `/v1/partners`: systems that get released warnings, watched and tested.

use axum::{
    Json,
    extract::{Path, State},
};
use serde_json::{Value, json};

use super::{parameters, warnings::short};
use crate::{
    flow::{
        authorize::{Actor, Role},
        partners::{PartnerTest, PartnerView},
    },
    http::{
        Site,
        openapi::{Answer, Content, Operation, Parameter, both},
        problem::{Problem, ProblemCode::PartnerNotFound},
        routes::{Access, RouteSpec},
    },
};

pub(super) fn routes() -> Vec<RouteSpec> {
    let readers = &[Role::Approver, Role::Operator, Role::Auditor, Role::Admin];
    vec![
        RouteSpec::get("/v1/partners", Access::roles(readers), list).described(&LIST),
        RouteSpec::post("/v1/partners/{name}/test", Access::roles(&[Role::Operator, Role::Admin]), test)
            .described(&TEST),
    ]
}

/// Every partner.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub(in crate::http) struct PartnerList {
    items: Vec<PartnerView>,
}

async fn list(State(site): State<Site>) -> Json<PartnerList> {
    Json(PartnerList { items: site.flow.partners() })
}

async fn test(State(site): State<Site>, actor: Actor, Path(name): Path<String>) -> Result<Json<PartnerTest>, Problem> {
    let tested = site.flow.test_partner(&name, &actor.key).await?;
    tested.map(Json).ok_or_else(|| Problem::new(PartnerNotFound).with("id", short(&name)))
}

const NAME: Parameter = Parameter {
    name: "name",
    place: "path",
    schema: parameters::text,
    text: both("伙伴的名称", "Name of the partner"),
};

fn view() -> Value {
    json!({
        "name": "city", "route": "webhook.city", "host": "hooks.city.example", "state": "running", "reason": null,
        "gone_since": null, "hazards": ["*"], "levels": ["red", "orange"], "areas": ["230109000000"], "drills": false,
        "pending": 0, "last_success_at": "2026-07-15T14:40:03+08:00", "last_error": null, "last_error_at": null,
        "last_ping_at": "2026-07-15T14:02:11+08:00", "last_ping_ok": true, "key_ids": ["9f86d081"],
        "as_of": "2026-07-15T14:42:00+08:00"
    })
}

static LIST: Operation = Operation {
    id: "listPartners",
    tag: "sharing",
    summary: both("列出伙伴系统和各自的状态", "List partners and how each does"),
    description: both(
        "最后一次成功和失败、在等的推送、现用密钥的编号。密钥本身从不出现。换密钥：把新的写在 secret_files 最前面并重启，\
         两把同时签名；伙伴换好以后去掉旧的。",
        "Last success and failure, what waits, the ids of the keys that sign; never a secret. To change a secret write the \
         new one first in secret_files and start again: both sign; remove the old one when the partner has changed over.",
    ),
    parameters: &[],
    request: &[],
    answers: &[Answer {
        status: 200,
        text: both("全部伙伴", "Every partner"),
        content: Some(Content {
            media_type: "application/json",
            schema: Some("PartnerList"),
            example: || json!({"items": [view()]}),
        }),
    }],
    problems: &[],
};

static TEST: Operation = Operation {
    id: "testPartner",
    tag: "sharing",
    summary: both("向一个伙伴发一次签名的 ping", "Post a signed ping to a partner"),
    description: both(
        "ping 不是预警，谁收到都不必做什么。回答过 410 的伙伴，这次答复成功就重新得到预警。",
        "A ping is no warning, and nobody has to do anything about it. A partner that once answered 410 gets warnings \
         again when it answers this with success.",
    ),
    parameters: &[NAME],
    request: &[],
    answers: &[Answer {
        status: 200,
        text: both("结果", "The result"),
        content: Some(Content {
            media_type: "application/json",
            schema: Some("PartnerTest"),
            example: || json!({"ok": false, "reason": "misconfigured: HTTP 401 Unauthorized", "took_ms": 84}),
        }),
    }],
    problems: &[PartnerNotFound],
};
