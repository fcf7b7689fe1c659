//! `/v1/suppressions`: addresses that providers refused for good, and letting them be tried again.

use axum::{
    Json,
    extract::{Path, State},
    http::{StatusCode, Uri},
};
use serde_json::{Value, json};

use super::{
    parameters::{self, CURSOR, LIMIT},
    warnings::short,
};
use crate::{
    flow::{
        Page,
        authorize::{Actor, Role},
        suppress::SuppressionView,
    },
    http::{
        Site,
        fields::Fields,
        openapi::{Answer, Content, Operation, Parameter, both},
        problem::{
            Problem,
            ProblemCode::{ParameterWrong, SuppressionNotFound},
        },
        routes::{Access, RouteSpec},
    },
};

const KEEPERS: &[Role] = &[Role::Operator, Role::Admin];

pub(super) fn routes() -> Vec<RouteSpec> {
    vec![
        RouteSpec::get("/v1/suppressions", Access::roles(KEEPERS), list).described(&LIST),
        RouteSpec::delete("/v1/suppressions/{id}", Access::roles(KEEPERS), clear).described(&CLEAR),
    ]
}

async fn list(State(site): State<Site>, uri: Uri) -> Result<Json<Page<SuppressionView>>, Problem> {
    let mut fields = Fields::of_address(&uri)?;
    let (limit, cursor) = fields.page();
    fields.end()?;
    Ok(Json(site.flow.suppressions(cursor.as_deref(), limit).await?))
}

async fn clear(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    if site.flow.clear_suppression(&id, &actor.key).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::new(SuppressionNotFound).with("id", short(&id)))
}

fn suppression() -> Value {
    json!({
        "id": "4f1c0c5a9e01b2d34f1c0c5a9e01b2d3", "channel": "email", "address": "z***@example.org",
        "recipients": ["r-1024"], "route": "email.relay-a", "code": "550 5.1.1",
        "since": "2026-07-15T14:42:00+08:00", "until": "2026-10-13T14:42:00+08:00",
        "gone": false
    })
}

static LIST: Operation = Operation {
    id: "listSuppressions",
    tag: "recipients",
    summary: both("列出停发的地址", "List suppressed addresses"),
    description: both(
        "服务商说永远送不到的地址（空号、没有这个邮箱）在 receipts.suppress_days 天之内不再发橙色、黄色、蓝色预警，投递记为 suppressed；\
         红色预警、叫应和人工重发照发。地址打码。gone 为真的是服务商说已经停用的推送令牌：已移出名录，address 为 null，\
         recipients 是原来有它的人。",
        "Addresses of which a provider said that nothing ever arrives there (no such number, no such mailbox) get no orange, \
         yellow or blue warnings for receipts.suppress_days days: those deliveries fail as suppressed. Red warnings, calls and \
         what is sent again by order go out all the same. Addresses are masked. Where gone is true, the provider said that a token \
         has ended: it left the directory, address is null, and recipients are those who had it.",
    ),
    parameters: &[LIMIT, CURSOR],
    request: &[],
    answers: &[Answer {
        status: 200,
        text: both("一页停发的地址", "A page of suppressed addresses"),
        content: Some(Content {
            media_type: "application/json",
            schema: Some("SuppressionPage"),
            example: || json!({"items": [suppression()], "next": null}),
        }),
    }],
    problems: &[ParameterWrong],
};

static CLEAR: Operation = Operation {
    id: "clearSuppression",
    tag: "recipients",
    summary: both("恢复一个停发的地址", "Let a suppressed address be tried again"),
    description: both(
        "从下一片投递起照常发送；再被拒绝又会停发。",
        "From the next slice on it is sent to as usual; refused again, it is suppressed again.",
    ),
    parameters: &[Parameter {
        name: "id",
        place: "path",
        schema: parameters::text,
        text: both("停发记录的编号", "Id of the suppression"),
    }],
    request: &[],
    answers: &[Answer { status: 204, text: both("已恢复", "Cleared"), content: None }],
    problems: &[SuppressionNotFound],
};
