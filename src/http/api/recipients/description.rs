//! What the API description says about recipients.

use serde_json::{Value, json};

use crate::http::{
    api::parameters::{CURSOR, LIMIT, flag, text},
    openapi::{Answer, Content, Operation, Parameter, both},
    problem::ProblemCode::{
        BodyBrokenOff, FieldsWrong, ImportRunning, MediaTypeUnsupported, ParameterWrong, RecipientNotFound,
        RequestTimeout,
    },
};

fn recipient() -> Value {
    json!({
        "external_id": "resident-000042", "name": "王某", "areas": ["230109001000"], "groups": ["residents"],
        "language": "zh-CN", "drill": false, "duty": false, "opt_out_below": "yellow", "deputy": null,
        "position": {"latitude": 45.8, "longitude": 126.57}, "endpoints": {"sms": "138****1234"}
    })
}

fn ndjson() -> Value {
    Value::String(
        concat!(
            "{\"external_id\":\"resident-000042\",\"name\":\"王某\",\"areas\":[\"230109001000\"],",
            "\"position\":{\"latitude\":45.802346,\"longitude\":126.567891},\"opt_out_below\":\"yellow\",",
            "\"endpoints\":{\"sms\":\"13800001234\"}}\n"
        )
        .to_owned(),
    )
}

fn csv() -> Value {
    Value::String(
        concat!(
            "external_id,name,areas,latitude,longitude,coordinates,opt_out_below,duty,sms\n",
            "resident-000042,王某,230109001000,45.804511,126.574223,gcj02,yellow,否,13800001234\n"
        )
        .to_owned(),
    )
}

fn coordinates() -> Value {
    json!({"type": "string", "enum": ["wgs84", "gcj02"], "default": "wgs84"})
}

fn report() -> Value {
    json!({
        "dry_run": false, "encoding": "gb18030", "lines": 3, "created": 2, "changed": 0, "unchanged": 0, "rejected": 1,
        "errors": [{
            "line": 3, "column": "sms", "code": "import-phone",
            "detail": "第 3 行 sms：“1.38E+10”不是电话号码。",
            "messages": {"zh-CN": "第 3 行 sms：“1.38E+10”不是电话号码。", "en": "Line 3, sms: “1.38E+10” is no telephone number."},
            "got": "1.38E+10"
        }],
        "errors_unlisted": 0, "advice": []
    })
}

pub(super) static LIST: Operation = Operation {
    id: "listRecipients",
    tag: "recipients",
    summary: both("列出接收人", "List recipients"),
    description: both(
        "按编号排列，地址打码，位置只到百分之一度（约一公里）。",
        "By external id, addresses masked, positions to a hundredth of a degree (about a kilometre).",
    ),
    parameters: &[LIMIT, CURSOR],
    request: &[],
    answers: &[Answer {
        status: 200,
        text: both("一页接收人", "A page of recipients"),
        content: Some(Content {
            media_type: "application/json",
            schema: Some("RecipientPage"),
            example: || json!({"items": [recipient()], "next": null}),
        }),
    }],
    problems: &[ParameterWrong],
};

pub(super) static IMPORT: Operation = Operation {
    id: "importRecipients",
    tag: "recipients",
    summary: both("导入接收人", "Import recipients"),
    description: both(
        "NDJSON 或 CSV，UTF-8 或 GB18030，大小不限。好的行保存，坏的行连同行号和原因列在应答里；重复导入同一个文件不写任何东西。\
         areas 的第一个是所在地，其余是本人另选的地区。position 是经纬度（度）；opt_out_below 是最低接收等级（yellow 或 orange，\
         橙色和红色总是送达）；duty 是有应急职责的人，不论怎么选都会收到；\
         deputy 是代理人的编号，本人不确认时叫他。",
        "NDJSON or CSV, UTF-8 or GB18030, of any size. Good lines are stored, bad ones are listed with number and reason; \
         importing the same file again writes nothing. The first of areas is home, the others are those the recipient \
         chose besides. position is latitude and longitude in degrees; opt_out_below is the lowest level wanted (yellow or \
         orange; orange and red always reach); duty marks those with a duty in emergencies, who get everything; \
         deputy is the external id of whoever is called when the recipient does not confirm.",
    ),
    parameters: &[
        Parameter {
            name: "dry_run",
            place: "query",
            schema: flag,
            text: both("只检查，不保存", "Check only, store nothing"),
        },
        Parameter {
            name: "coordinates",
            place: "query",
            schema: coordinates,
            text: both(
                "没有自己说明的行用哪种坐标系；gcj02（高德、腾讯地图）读取时换算成 WGS-84",
                "The coordinates of lines that do not say theirs; gcj02 (Amap, Tencent) is turned into WGS-84 while reading",
            ),
        },
    ],
    request: &[
        Content { media_type: "application/x-ndjson", schema: None, example: ndjson },
        Content { media_type: "text/csv", schema: None, example: csv },
    ],
    answers: &[Answer {
        status: 200,
        text: both("导入的结果", "What came of it"),
        content: Some(Content { media_type: "application/json", schema: Some("ImportDocument"), example: report }),
    }],
    problems: &[ParameterWrong, BodyBrokenOff, FieldsWrong, RequestTimeout, ImportRunning, MediaTypeUnsupported],
};

pub(super) static DELETE: Operation = Operation {
    id: "deleteRecipient",
    tag: "recipients",
    summary: both("删除一个接收人", "Remove a recipient"),
    description: both(
        "姓名和地址清除；已经做过的投递仍可证明。",
        "Name and addresses are erased; what was done stays provable.",
    ),
    parameters: &[Parameter {
        name: "external_id",
        place: "path",
        schema: text,
        text: both("接收人编号", "External id of the recipient"),
    }],
    request: &[],
    answers: &[Answer { status: 204, text: both("已删除", "Removed"), content: None }],
    problems: &[RecipientNotFound],
};
