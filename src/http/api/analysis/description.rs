//! How `/v1/analysis` is described.

use serde_json::{Value, json};

use crate::http::{
    openapi::{Answer, Content, Operation, Parameter, both},
    problem::ProblemCode::ParameterWrong,
};

fn tally() -> Value {
    json!({
        "warnings": 24, "first": 12, "updates": 6, "lifts": 6, "released": 22, "returned": 1, "rejected": 0,
        "unsigned": 1, "corrected": 0,
        "human": {"count": 22, "median_s": 95.0, "p95_s": 420.0, "longest_s": 611.0},
        "machine": {"count": 22, "median_s": 21.4, "p95_s": 88.0, "longest_s": 92.5},
        "reach": {
            "addressed": 240_000, "by_one": 236_120, "by_two": 201_455, "confirmed": 1_210, "deliveries": 610_000,
            "failed": 9_310
        },
        "measures": {"asked": 96, "done": 88, "late": 5, "overdue": 2, "not_applicable": 4, "ended": 2}
    })
}

fn example() -> Value {
    let group = |key: &str, name: &str| {
        let mut group = tally();
        group["key"] = key.into();
        group["name"] = name.into();
        group
    };
    json!({
        "from": "2026-07-01", "to": "2026-07-31", "period": "month", "status": "actual",
        "as_of": "2026-08-01T08:00:00+08:00", "total": tally(),
        "by_period": [group("2026-07", "2026-07")], "by_hazard": [group("11B03", "暴雨")],
        "by_level": [group("red", "红色")], "by_issuer": [group("flood", "松北区防汛抗旱指挥部")],
        "by_area": [group("230109005000", "松北街道")],
        "overlaps": [{
            "area": "230109005000", "name": "松北街道", "hazards": ["暴雨", "洪水"],
            "from": "2026-07-15T14:40:00+08:00", "until": "2026-07-15T20:00:00+08:00"
        }]
    })
}

pub(super) static ANALYSIS: Operation = Operation {
    id: "analyse",
    tag: "warnings",
    summary: both("汇总和分析", "What warnings came to"),
    description: both(
        "一段时间内收到的预警，按时期、灾种、级别、发布单位和地区：各有多少，人用了多久（收到到发布）和机器用了多久（发布到发完）\
         的中位数和 95 分位，至少一种和两种手段到达了多少人，措施办结和逾期多少；以及哪些地区同时有几种灾害的预警。实战、演练和测试从不混在一起。\
         format=csv 给电子表格用的同一张表。发布单位看得到所有单位已发布的预警，未发布的只看自己的。",
        "Warnings received in a span of time, by period, hazard, level, issuer and area: how many, how long people took \
         (received to released) and the machine took (released until every delivery had ended) as median and 95th \
         percentile, whom at least one and at least two means reached, what departments did in time, late or not; and which areas had warnings of several hazards \
         at the same time. Actual ones, exercises and tests are never mixed; format=csv gives the same as a table for \
         spreadsheets. Issuers see released warnings of all, \
         others only of their own.",
    ),
    parameters: &[FROM, TO, PERIOD, STATUS, FORMAT],
    request: &[],
    answers: &[Answer {
        status: 200,
        text: both("分析", "The analysis"),
        content: Some(Content { media_type: "application/json", schema: Some("AnalysisDocument"), example }),
    }],
    problems: &[ParameterWrong],
};

const FROM: Parameter = Parameter {
    name: "from",
    place: "query",
    schema: day,
    text: both("第一天，默认 30 天前", "First day, in China; 30 days ago by default"),
};

const TO: Parameter = Parameter {
    name: "to",
    place: "query",
    schema: day,
    text: both("最后一天（含），默认今天", "Last day, included; today by default"),
};

const PERIOD: Parameter = Parameter {
    name: "period",
    place: "query",
    schema: || json!({"type": "string", "enum": ["day", "month", "year"], "default": "month"}),
    text: both("按日、月还是年", "By day, month or year"),
};

const STATUS: Parameter = Parameter {
    name: "status",
    place: "query",
    schema: || json!({"type": "string", "enum": ["actual", "exercise", "test"], "default": "actual"}),
    text: both("实战、演练还是测试", "Actual ones, exercises or tests"),
};

const FORMAT: Parameter = Parameter {
    name: "format",
    place: "query",
    schema: || json!({"type": "string", "enum": ["json", "csv"]}),
    text: both("json 或 csv；不写看 Accept", "json or csv; Accept says when absent"),
};

fn day() -> Value {
    json!({"type": "string", "format": "date"})
}
