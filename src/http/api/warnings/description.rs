//! What the API description says about warnings.

use serde_json::{Value, json};

use crate::http::{
    api::{
        national::{form, package},
        parameters::{CURSOR, LIMIT, WARNING, flag, text},
    },
    openapi::{Answer, Content, Operation, Parameter, both},
    problem::ProblemCode::{
        AuthorityExceeded, BodyBrokenOff, BodyNotJson, BodyTooLarge, FieldsWrong, HeaderWrong, IdempotencyKeyReused,
        IdempotencyKeyRunning, IdentityTaken, MediaTypeUnsupported, ParameterWrong, RequestTimeout, WarningNotFound,
        WarningNotReleased, WarningRejected, WarningUnreadable,
    },
};

const DRY_RUN: Parameter = Parameter {
    name: "dry_run",
    place: "query",
    schema: flag,
    text: both("只检查，不保存", "Check only, store nothing"),
};

const IDEMPOTENCY_KEY: Parameter = Parameter {
    name: "Idempotency-Key",
    place: "header",
    schema: || json!({"type": "string", "maxLength": 257}),
    text: both(
        "同一个键的重发得到同一条预警；带引号或不带都行，最多 255 个字符",
        "Repeats with the same key give the same warning; quoted or bare, 255 characters at most",
    ),
};

pub(in crate::http::api) fn message() -> Value {
    json!({
        "identifier": "songbei-flood-20260715-001",
        "sender": "flood@songbei.example",
        "sent": "2026-07-15T14:40:00+08:00",
        "status": "exercise",
        "kind": "alert",
        "scope": "public",
        "infos": [{
            "language": "zh-CN",
            "categories": ["met"],
            "event": "暴雨",
            "urgency": "immediate",
            "severity": "extreme",
            "certainty": "likely",
            "event_codes": [{"name": "CN-EVENT", "value": "11B03"}],
            "onset": "2026-07-15T15:00:00+08:00",
            "expires": "2026-07-15T20:40:00+08:00",
            "sender_name": "松北区防汛抗旱指挥部",
            "headline": "松北区防汛抗旱指挥部发布暴雨红色预警",
            "description": "预计未来 3 小时松北区降雨量将达 100 毫米以上。",
            "instruction": "停止户外活动，远离低洼处。",
            "areas": [{"description": "松北区", "geocodes": [{"name": "CN-STAT-CODE", "value": "230109000000"}]}]
        }]
    })
}

fn warning() -> Value {
    json!({
        "id": "0198a4c2-7f00-7000-8000-5f1c0c5a9e01",
        "stage": "released",
        "level": "red",
        "status": "exercise",
        "kind": "alert",
        "scope": "public",
        "hazard": "11B03",
        "headline": "松北区防汛抗旱指挥部发布暴雨红色预警",
        "issuer": "flood",
        "event": "0198a4c2-7f00-7000-8000-5f1c0c5a9e01",
        "received_at": "2026-07-15T14:40:02+08:00",
        "released_at": "2026-07-15T14:40:02+08:00",
        "finished_at": null,
        "expires_at": "2026-07-15T20:40:00+08:00",
        "change": "first",
        "ended": null,
        "ended_by": null,
        "digest": "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "message": message()
    })
}

pub(in crate::http::api) fn cap() -> Value {
    Value::String(
        concat!(
            "<alert xmlns=\"urn:oasis:names:tc:emergency:cap:1.2\"><identifier>songbei-flood-20260715-001</identifier>",
            "<sender>flood@songbei.example</sender><sent>2026-07-15T14:40:00+08:00</sent><status>Exercise</status>",
            "<msgType>Alert</msgType><scope>Public</scope>…</alert>"
        )
        .to_owned(),
    )
}

const WARNING_JSON: Content = Content { media_type: "application/json", schema: Some("WarningView"), example: warning };

pub(super) static SUBMIT: Operation = Operation {
    id: "submitWarning",
    tag: "warnings",
    summary: both("提交一条预警", "Hand in a warning"),
    description: both(
        "应答 201 时预警已经写到磁盘上。没有收到应答就原样重发：同一个 CAP 标识或同一个 Idempotency-Key 不会产生第二条，\
         应答 200 并带 Idempotent-Replayed: true。XML 是 CAP 1.2 或国家 12379 格式，按根元素区分；\
         12379 格式可以连同附件（文件名_P_NN、_O_NN）打成一个 zip，按内容识别；Accept: application/xml \
         时按国家平台的回执格式应答（status 为 0 即已接收）。请求体最多 1 MiB，带附件的最多 4 MiB。",
        "When 201 is answered the warning is on disk. Without an answer send the same again: the same CAP identity or \
         the same Idempotency-Key makes no second one and is answered 200 with Idempotent-Replayed: true. XML is CAP 1.2 or the national 12379 form, told by its root; the latter may come with its \
         attachments (…_P_NN, …_O_NN) in one zip, told by its first bytes; with \
         Accept: application/xml the answer is the national platform's reply (status 0 is taken). A body may have \
         1 MiB, with resources 4 MiB.",
    ),
    parameters: &[DRY_RUN, IDEMPOTENCY_KEY],
    request: &[
        Content { media_type: "application/json", schema: Some("Message"), example: message },
        Content { media_type: "application/cap+xml", schema: None, example: cap },
        Content { media_type: "application/xml", schema: None, example: form },
        Content { media_type: "application/zip", schema: None, example: package },
    ],
    answers: &[
        Answer {
            status: 201,
            text: both("第一次保存；Location 是它的地址", "Stored for the first time; Location is its address"),
            content: Some(WARNING_JSON),
        },
        Answer {
            status: 200,
            text: both(
                "重发：这是已经保存的那一条；dry_run=true 时是检查的结果",
                "A repeat: this is the one that stands; with dry_run=true what the check found",
            ),
            content: Some(Content {
                media_type: "application/json",
                schema: Some("WarningOrPreflight"),
                example: warning,
            }),
        },
    ],
    problems: &[
        ParameterWrong,
        HeaderWrong,
        BodyBrokenOff,
        WarningUnreadable,
        AuthorityExceeded,
        RequestTimeout,
        IdentityTaken,
        IdempotencyKeyRunning,
        BodyTooLarge,
        MediaTypeUnsupported,
        WarningRejected,
        IdempotencyKeyReused,
    ],
};

const fn filter(name: &'static str, schema: fn() -> Value, zh: &'static str, en: &'static str) -> Parameter {
    Parameter { name, place: "query", schema, text: both(zh, en) }
}

pub(super) static LIST: Operation = Operation {
    id: "listWarnings",
    tag: "warnings",
    summary: both("列出预警，新的在前", "List warnings, newest first"),
    description: both(
        "指挥部看到所有已签发的预警和自己的其他消息。",
        "A headquarters sees every released warning, and its own other messages.",
    ),
    parameters: &[
        filter(
            "level",
            || json!({"type": "string", "enum": ["red", "orange", "yellow", "blue", "unknown"]}),
            "级别",
            "Level",
        ),
        filter(
            "status",
            || json!({"type": "string", "enum": ["actual", "exercise", "system", "test", "draft"]}),
            "状态",
            "Status",
        ),
        filter(
            "stage",
            || json!({"type": "string", "enum": ["received", "released", "delivering", "finished", "recorded"]}),
            "进行到哪一步",
            "How far it has come",
        ),
        filter("issuer", text, "发布单位的编号", "Id of the issuer"),
        filter("hazard", text, "灾种代码，末尾的 * 代表任意后续", "Hazard code, * at its end matches any rest"),
        filter(
            "area",
            text,
            "地区代码：只要有关它、它的下级或上级的",
            "Area code: only those about it, its parts or what contains it",
        ),
        filter("event", text, "事件：它的第一条预警的编号", "Event: the id of its first warning"),
        filter("notices", flag, "也要网关自己发给值班人员的通知", "Also the gateway's own notices to persons on duty"),
        filter("active", flag, "只要已签发、没有结束也没有失效的", "Only those released, not ended and not expired"),
        LIMIT,
        CURSOR,
    ],
    request: &[],
    answers: &[Answer {
        status: 200,
        text: both("一页预警", "A page of warnings"),
        content: Some(Content {
            media_type: "application/json",
            schema: Some("WarningPage"),
            example: || json!({"items": [warning()], "next": null}),
        }),
    }],
    problems: &[ParameterWrong],
};

pub(super) static SHOW: Operation = Operation {
    id: "getWarning",
    tag: "warnings",
    summary: both("查看一条预警", "Show a warning"),
    description: both("全文，以我们的 JSON 形式。", "The whole of it, in our JSON form."),
    parameters: &[WARNING],
    request: &[],
    answers: &[Answer { status: 200, text: both("预警", "The warning"), content: Some(WARNING_JSON) }],
    problems: &[WarningNotFound],
};

pub(super) static CAP: Operation = Operation {
    id: "getWarningCap",
    tag: "warnings",
    summary: both("一条预警的 CAP 1.2 文件", "A warning as CAP 1.2"),
    description: both("UTF-8，没有前缀，符合规范的模式文件。", "UTF-8, unprefixed, valid against the schema."),
    parameters: &[WARNING],
    request: &[],
    answers: &[Answer {
        status: 200,
        text: both("CAP 文件", "The CAP document"),
        content: Some(Content { media_type: "application/cap+xml", schema: None, example: cap }),
    }],
    problems: &[WarningNotFound],
};

pub(super) static CORRECT: Operation = Operation {
    id: "correctWarning",
    tag: "warnings",
    summary: both("更正一条误发的预警", "Correct a warning that was a mistake"),
    description: both(
        "产生一条 Update（AllClear，code 为 FENGHUO-CORRECTION），结束整个事件：先撤回还没有发出的，再发给所有收到过或可能收到过的人；红色和 \
         橙色预警用这些人的每一个渠道。发出的就是与预警一起签发的文字，只填上发出时间，所以不再等签字。解除过的也能更正。还没有发布的不能更正，\
         转发的实际预警由原发布单位更正。",
        "Makes an Update (AllClear, code FENGHUO-CORRECTION) that ends the event: what is unsent is withdrawn, then it goes to \
         everybody who got a copy or may have; for a red or orange warning on every channel they have. It is exactly what was \
         signed with the warning, with the time of sending filled in, and so waits for no signature. A lifted warning can \
         still be corrected. One that was not released cannot, and a real one that is passed on is its originator's to correct.",
    ),
    parameters: &[WARNING],
    request: &[Content {
        media_type: "application/json",
        schema: Some("Correct"),
        example: || json!({"reason": "演练脚本误作实际发布"}),
    }],
    answers: &[
        Answer { status: 201, text: both("更正已保存", "The correction is stored"), content: Some(WARNING_JSON) },
        Answer {
            status: 200,
            text: both("已经更正过，这是那一次的更正", "It was corrected already; this is that correction"),
            content: Some(WARNING_JSON),
        },
    ],
    problems: &[
        BodyNotJson,
        BodyBrokenOff,
        FieldsWrong,
        AuthorityExceeded,
        WarningNotFound,
        RequestTimeout,
        IdentityTaken,
        IdempotencyKeyRunning,
        WarningNotReleased,
        BodyTooLarge,
        MediaTypeUnsupported,
        WarningRejected,
    ],
};

pub(super) static LIFT: Operation = Operation {
    id: "liftWarning",
    tag: "warnings",
    summary: both("解除一条预警的事件", "Lift a warning"),
    description: both(
        "产生一条 Cancel，先撤回这个事件还没有发出的，再发给收到过的人。不写 text 时发出的就是与预警一起签发的文字（见 GET …/sign-off 的 \
         prepared），只填上发出时间；另写 text 也立即发出，日志会写明。指挥部只能解除自己的。转发的实际预警只由原发布单位解除：值班员和签发人 \
         在这里停止转发，以转发单位自己的名义告知收到过的人。",
        "Makes a Cancel, withdraws what is still unsent of the event, then goes to those who got a copy. Without text it sends \
         exactly what was signed with the warning (prepared in GET …/sign-off) with the time of sending filled in; another \
         text goes out at once too, and the journal says so. A headquarters lifts its own only. A real warning that is \
         passed on is lifted by its originator alone: operators and approvers stop passing it on here, which tells those who \
         got it in the name of whoever passed it on.",
    ),
    parameters: &[WARNING],
    request: &[Content {
        media_type: "application/json",
        schema: Some("Lift"),
        example: || json!({"text": "暴雨红色预警解除。", "reason": "降雨已停"}),
    }],
    answers: &[
        Answer { status: 201, text: both("解除已保存", "The lift is stored"), content: Some(WARNING_JSON) },
        Answer {
            status: 200,
            text: both("已经解除过，这是那一次的解除", "It was lifted already; this is that lift"),
            content: Some(WARNING_JSON),
        },
    ],
    problems: &[
        BodyNotJson,
        BodyBrokenOff,
        FieldsWrong,
        AuthorityExceeded,
        WarningNotFound,
        RequestTimeout,
        IdentityTaken,
        IdempotencyKeyRunning,
        BodyTooLarge,
        MediaTypeUnsupported,
        WarningRejected,
    ],
};
