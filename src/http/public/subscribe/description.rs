//! What the API description says about subscriptions of browsers: the page's script uses them, and so may an app.

use serde::Serialize;
use serde_json::{Value, json};

use crate::{
    flow::subscribe::{Subscription, SubscriptionKeys},
    http::{
        openapi::{Answer, Content, Operation, both},
        problem::ProblemCode::{
            self, BodyBrokenOff, BodyNotJson, BodyTooLarge, FieldsWrong, MediaTypeUnsupported, RequestTimeout,
            SubscriptionUnusable, SubscriptionsNotOffered, TooManySubscriptions,
        },
    },
};

/// What a browser subscribes to.
#[derive(Serialize, utoipa::ToSchema)]
pub(in crate::http) struct PushOrder {
    subscription: Subscription,
    /// Codes of areas of this installation, at least one.
    areas: Vec<String>,
    /// `all` or `orange`: orange and red only. Default `all`.
    level: &'static str,
    /// `zh-CN`, `en` or `ru`. Default `zh-CN`.
    language: &'static str,
}

/// The subscription that ends.
#[derive(Serialize, utoipa::ToSchema)]
pub(in crate::http) struct PushLeave {
    /// Only its browser knows it.
    endpoint: String,
}

fn order() -> Value {
    let endpoint = "https://fcm.googleapis.com/fcm/send/…".to_owned();
    let keys = SubscriptionKeys { p256dh: "BCVxsr7N_eNg…".to_owned(), auth: "BTBZMqHH6r4Tts7J_aSIgg".to_owned() };
    let areas = vec!["230109005000".to_owned()];
    let subscription = Subscription { endpoint, keys };
    json!(PushOrder { subscription, areas, level: "orange", language: "zh-CN" })
}

fn leave() -> Value {
    json!(PushLeave { endpoint: "https://fcm.googleapis.com/fcm/send/…".to_owned() })
}

pub(in crate::http::public) static SUBSCRIBE: Operation = Operation {
    id: "subscribePush",
    tag: "recipients",
    summary: both("浏览器订阅推送", "Subscribe a browser"),
    description: both(
        "保存浏览器给出的 Web Push 订阅；同一订阅再次提交即修改区域和级别。订阅者是 public 组的接收人，不参加演练；地址加密保存。\
         浏览器订阅时用的公钥在 /subscribe 页面的 data-key。",
        "Stores a Web Push subscription as the browser gives it out; sending it again changes areas and level. A subscriber is a \
         recipient of the group public and takes part in no drills; the address is kept encrypted. The key a browser subscribes \
         with is the data-key of the page /subscribe.",
    ),
    parameters: &[],
    request: &[Content { media_type: "application/json", schema: Some("PushOrder"), example: order }],
    answers: &[Answer { status: 204, text: both("已写到磁盘上", "On disk"), content: None }],
    problems: &[
        SubscriptionsNotOffered,
        SubscriptionUnusable,
        TooManySubscriptions,
        BodyNotJson,
        BodyBrokenOff,
        FieldsWrong,
        RequestTimeout,
        BodyTooLarge,
        MediaTypeUnsupported,
    ],
};

pub(in crate::http::public) static UNSUBSCRIBE: Operation = Operation {
    id: "unsubscribePush",
    tag: "recipients",
    summary: both("浏览器退订推送", "Unsubscribe a browser"),
    description: both(
        "删除这个推送地址的订阅；有没有这个订阅，应答都一样。",
        "Erases the subscription at this endpoint; the answer is the same whether or not there was one.",
    ),
    parameters: &[],
    request: &[Content { media_type: "application/json", schema: Some("PushLeave"), example: leave }],
    answers: &[Answer {
        status: 204,
        text: both("没有这个订阅了", "There is no such subscription any more"),
        content: None,
    }],
    problems: BODY,
};

const BODY: &[ProblemCode] =
    &[BodyNotJson, BodyBrokenOff, FieldsWrong, RequestTimeout, BodyTooLarge, MediaTypeUnsupported];
