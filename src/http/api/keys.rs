//! `/v1/keys`: made, listed, revoked.

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode},
};
use serde_json::{Value, json};

use super::{parameters, warnings::short};
use crate::{
    flow::authorize::{Actor, KeyOrder, KeyView, NewKey, Role},
    http::{
        Site,
        fields::Fields,
        openapi::{Answer, Content, Operation, Parameter, both},
        problem::{
            Problem,
            ProblemCode::{
                BodyBrokenOff, BodyNotJson, BodyTooLarge, FieldsWrong, KeyNotFound, MediaTypeUnsupported,
                RequestTimeout,
            },
        },
        routes::{Access, RouteSpec},
    },
};

const SECURITY: &[Role] = &[Role::Security];

pub(super) fn routes() -> Vec<RouteSpec> {
    vec![
        RouteSpec::get("/v1/keys", Access::roles(SECURITY), list).described(&LIST),
        RouteSpec::post("/v1/keys", Access::roles(SECURITY), create).described(&CREATE),
        RouteSpec::post("/v1/keys/{id}/revoke", Access::roles(SECURITY), revoke).described(&REVOKE),
    ]
}

/// Every key.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub(in crate::http) struct KeyList {
    items: Vec<KeyView>,
}

async fn list(State(site): State<Site>) -> Result<Json<KeyList>, Problem> {
    Ok(Json(KeyList { items: site.flow.keys().await? }))
}

async fn create(
    State(site): State<Site>,
    actor: Actor,
    headers: HeaderMap,
    body: Body,
) -> Result<(StatusCode, Json<NewKey>), Problem> {
    let mut fields = Fields::of_body(&site, &headers, body).await?;
    let role = fields.one_of("role", &Role::ALL.map(|role| (role.name(), role)));
    if role.is_none() && !fields.has_problem("role") {
        fields.required_text("role", 64);
    }
    let subject = match role {
        Some(role) if role.has_subject() => Some(fields.required_text("subject", 64)),
        _ => None,
    };
    if role == Some(Role::Issuer)
        && let Some(issuer) = subject.as_ref().filter(|issuer| !issuer.is_empty())
        && !site.config.issuers.contains_key(issuer)
    {
        let known: Vec<String> = site.config.issuers.keys().take(20).cloned().collect();
        fields.refuse("subject", "subject-unknown", issuer, &known);
    }
    let person = fields.text("person", 100).filter(|person| !person.trim().is_empty());
    let note = fields.text("note", 200).unwrap_or_default();
    fields.end()?;
    let role = role.ok_or_else(|| Problem::internal("a role was demanded above"))?;
    let key = site.flow.create_key_by(&actor.key, KeyOrder { role, subject, person, note }).await?;
    Ok((StatusCode::CREATED, Json(key)))
}

async fn revoke(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    if site.flow.revoke_key_by(&actor.key, &id).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::new(KeyNotFound).with("id", short(&id)))
}

/// A key to be made.
#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "the form of a body, for the API description; the fields are read one by one")]
pub(in crate::http) struct KeyForm {
    role: Role,
    /// The issuer (role issuer) or the screen (role screen) it belongs to; no other role has one.
    #[schema(required = false, value_type = String)]
    subject: Option<String>,
    /// The person who will hold it: signers are told apart by it.
    #[schema(required = false, value_type = String)]
    person: Option<String>,
    /// What it is for.
    #[schema(required = false, value_type = String)]
    note: Option<String>,
}

fn key() -> Value {
    json!({
        "id": "key-4f1c0c5a9e01b2d3", "role": "issuer", "subject": "flood", "person": null, "note": "防汛指挥部值班系统",
        "created_at": "2026-07-01T09:00:00+08:00", "revoked_at": null
    })
}

static LIST: Operation = Operation {
    id: "listKeys",
    tag: "keys",
    summary: both("列出密钥", "List keys"),
    description: both("密钥本身不在其中，也没有保存。", "The secrets are not among it; they are not stored."),
    parameters: &[],
    request: &[],
    answers: &[Answer {
        status: 200,
        text: both("全部密钥，旧的在前", "Every key, oldest first"),
        content: Some(Content {
            media_type: "application/json",
            schema: Some("KeyList"),
            example: || json!({"items": [key()]}),
        }),
    }],
    problems: &[],
};

static CREATE: Operation = Operation {
    id: "createKey",
    tag: "keys",
    summary: both("发放一个密钥", "Make a key"),
    description: both("secret 只在这个应答里出现一次。", "The secret is in this answer and never again."),
    parameters: &[],
    request: &[Content {
        media_type: "application/json",
        schema: Some("KeyForm"),
        example: || json!({"role": "issuer", "subject": "flood", "person": "张三", "note": "防汛指挥部值班系统"}),
    }],
    answers: &[Answer {
        status: 201,
        text: both("新的密钥", "The new key"),
        content: Some(Content {
            media_type: "application/json",
            schema: Some("NewKey"),
            example: || {
                let mut made = key();
                made["secret"] = json!("fh_…");
                made
            },
        }),
    }],
    problems: &[BodyNotJson, BodyBrokenOff, FieldsWrong, RequestTimeout, BodyTooLarge, MediaTypeUnsupported],
};

static REVOKE: Operation = Operation {
    id: "revokeKey",
    tag: "keys",
    summary: both("停用一个密钥", "Revoke a key"),
    description: both(
        "应答之后这台服务器不再接受它，用它登录的控制台也立即退出。",
        "After the answer this server takes it no more, and consoles signed in with it are signed out.",
    ),
    parameters: &[Parameter {
        name: "id",
        place: "path",
        schema: parameters::text,
        text: both("密钥编号", "Id of the key"),
    }],
    request: &[],
    answers: &[Answer { status: 204, text: both("已停用", "Revoked"), content: None }],
    problems: &[KeyNotFound],
};
