//! `/v1/warnings/{id}/plays`: what screens said they did with a warning.

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
        screens::PlayView,
    },
    http::{
        Site,
        openapi::{Answer, Content, Operation, both},
        problem::{Problem, ProblemCode::WarningNotFound},
        routes::{Access, RouteSpec},
    },
};

pub(super) fn routes() -> Vec<RouteSpec> {
    vec![RouteSpec::get("/v1/warnings/{id}/plays", Access::roles(READERS), list).described(&LIST)]
}

/// Proof of play of a warning.
#[derive(serde::Serialize, utoipa::ToSchema)]
pub(in crate::http) struct PlayList {
    /// By id of the screen.
    items: Vec<PlayView>,
}

async fn list(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<PlayList>, Problem> {
    let view = readable(&site, &actor, &id).await?;
    if actor.role == Role::Issuer && !is_own(&actor, &view) {
        return Err(Problem::new(WarningNotFound).with("id", short(&id)));
    }
    Ok(Json(PlayList { items: site.flow.plays(&view.id) }))
}

static LIST: Operation = Operation {
    id: "listPlays",
    tag: "progress",
    summary: both("各屏幕播放一条预警的凭证", "Proof of play of a warning"),
    description: both(
        "屏幕自己说的：收到、完整播过一遍、撤下、放不出来，各是什么时间。只含本服务启动以来说过的；是否送达以投递状态为准，那是持久的。\
         发布单位只看到自己的预警。",
        "What screens said themselves: that they have it, have shown all of it, took it away, could not show it, and when. \
         Only what was said since this server started; that it arrived stands durably with its deliveries. An issuer sees \
         its own warnings.",
    ),
    parameters: &[WARNING],
    request: &[],
    answers: &[Answer {
        status: 200,
        text: both("各屏幕说过的", "What each screen said"),
        content: Some(Content {
            media_type: "application/json",
            schema: Some("PlayList"),
            example: || {
                json!({"items": [{
                    "screen": "plaza-01", "name": "市民广场东屏", "received_at": null,
                    "shown_at": "2026-07-15T14:40:31+08:00", "removed_at": null, "failed_at": null
                }]})
            },
        }),
    }],
    problems: &[WarningNotFound],
};
