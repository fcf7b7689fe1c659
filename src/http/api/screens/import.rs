//! `POST /v1/screens/import`: many screens at once, from CSV and NDJSON as recipients are; a row is taken whole or not at
//! all, and every broken one is told with its line.

use std::{collections::HashSet, sync::Arc};

use axum::{
    Json,
    body::Body,
    extract::State,
    http::{HeaderMap, Uri},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use serde_json::{Map, Value, json};

use super::{
    super::{
        parameters::flag,
        recipients::{COORDINATES, ImportDocument, LineDocument, MEDIA_TYPES},
    },
    read,
};
use crate::{
    domain::position::{NotAPosition, Position, gcj02},
    flow::{
        Unavailable,
        screens::Screen,
        target::import::{Coordinates, ERRORS_MAX, Format, Row, rows},
    },
    http::{
        Site, body,
        fields::Fields,
        openapi::{Answer, Content, Operation, Parameter, both},
        problem::{
            FieldProblem, Problem,
            ProblemCode::{
                BodyBrokenOff, BodyTooLarge, ImportRunning, MediaTypeUnsupported, ParameterWrong, RequestTimeout,
            },
            language,
        },
    },
};

/// Bytes of a file at most: some twenty thousand screens.
const FILE_MAX: usize = 8 * 1024 * 1024;
/// Screens registered at the same time, so that they share writes to disk.
const AT_ONCE: usize = 64;

/// What files call the fields of a screen, lower case, without blanks and underscores.
const ALIASES: &[(&str, &[&str])] = &[
    ("id", &["id", "screenid", "编号", "屏幕编号"]),
    ("name", &["name", "名称", "屏幕名称"]),
    ("class", &["class", "类别", "场所类别"]),
    ("area", &["area", "areas", "区划", "区划代码", "行政区划代码"]),
    ("groups", &["groups", "group", "分组", "组"]),
    ("language", &["language", "lang", "语言"]),
    ("more_languages", &["morelanguages", "其他语言"]),
    ("drill", &["drill", "演练", "参加演练"]),
    ("warnings", &["warnings", "播放预警"]),
    ("characters", &["characters", "字数"]),
    ("latitude", &["latitude", "lat", "纬度"]),
    ("longitude", &["longitude", "lon", "lng", "经度"]),
    ("coordinates", &["coordinates", "crs", "坐标系"]),
    ("width_cm", &["widthcm", "宽"]),
    ("height_cm", &["heightcm", "高"]),
    ("distance_m", &["distancem", "视距"]),
    ("custodian", &["custodian", "责任人"]),
    ("custodian_recipient", &["custodianrecipient", "责任人编号"]),
];
/// The words for yes and no.
const YES: [&str; 5] = ["true", "1", "yes", "是", "y"];
const NO: [&str; 5] = ["false", "0", "no", "否", "n"];

pub(super) async fn import_all(
    State(site): State<Site>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<ImportDocument>, Problem> {
    let mut fields = Fields::of_address(&uri)?;
    let dry_run = fields.flag("dry_run");
    let coordinates = fields.one_of("coordinates", &COORDINATES).unwrap_or(Coordinates::Wgs84);
    fields.end()?;
    let media_type = body::media_type(&headers, &MEDIA_TYPES)?;
    let format = if media_type == "text/csv" { Format::Csv } else { Format::Ndjson };
    let only = Arc::clone(&site.import).try_acquire_owned();
    let _only = only.map_err(|_| Problem::new(ImportRunning))?;
    let received = body::read(&site, &headers, body, FILE_MAX).await?;
    let file = rows(format, &received.bytes);
    let mut report =
        ImportDocument { dry_run, encoding: file.encoding.map(str::to_owned), ..ImportDocument::default() };
    let lang = language(&headers);
    let (mut ids, mut screens) = (HashSet::new(), Vec::new());
    for row in file.rows {
        report.lines += 1;
        match taken(row, format, coordinates, &mut ids) {
            Ok(screen) => screens.push(screen),
            Err((line, problems)) => {
                report.rejected += 1;
                let listed = problems.into_iter().map(|problem| LineDocument::of_field(lang, line, problem));
                report.errors.extend(listed);
            }
        }
    }
    report.errors_unlisted = report.errors.len().saturating_sub(ERRORS_MAX) as u64;
    report.errors.truncate(ERRORS_MAX);
    for screen in &screens {
        match site.flow.screen(&screen.id) {
            None => report.created += 1,
            Some(known) if known.screen == *screen => report.unchanged += 1,
            Some(_) => report.changed += 1,
        }
    }
    if !dry_run {
        register(&site, screens).await?;
    }
    Ok(Json(report))
}

/// Registers those that are not registered just so.
async fn register(site: &Site, screens: Vec<Screen>) -> Result<(), Unavailable> {
    let news = screens.into_iter().filter(|one| site.flow.screen(&one.id).is_none_or(|known| known.screen != *one));
    let puts = stream::iter(news.collect::<Vec<_>>()).map(|screen| site.flow.put_screen(screen));
    puts.buffer_unordered(AT_ONCE).try_for_each(|_| async { Ok(()) }).await
}

/// The screen of a row, or all that is wrong with it.
fn taken(
    row: Row,
    format: Format,
    coordinates: Coordinates,
    ids: &mut HashSet<String>,
) -> Result<Screen, (u64, Vec<FieldProblem>)> {
    let line = row.line;
    let whole = |error: crate::flow::target::import::LineError| {
        let args = error.arguments();
        vec![FieldProblem { code: error.code.into(), args, got: error.got, ..FieldProblem::default() }]
    };
    let given = row.fields.map_err(|error| (line, whole(error)))?;
    let mut problems = Vec::new();
    let mut values = if format == Format::Csv { typed(given, &mut problems) } else { given };
    place(&mut values, coordinates, &mut problems);
    let id = values.get("id").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut fields = Fields::of_object(values);
    let screen = read(&mut fields, &id);
    problems.extend(fields.into_problems());
    if !ids.insert(id.clone()) {
        problems.push(FieldProblem::new("/id", "import-id-duplicate").got(&id).arg("line", line));
    }
    if problems.is_empty() { Ok(screen) } else { Err((line, problems)) }
}

fn wrong(name: &str, got: &str, reason: &str) -> FieldProblem {
    FieldProblem::new(format!("/{name}"), "field-wrong").field(name).got(got).arg("reason", reason)
}

/// The texts of a table as the values of an object of the API.
fn typed(row: Map<String, Value>, problems: &mut Vec<FieldProblem>) -> Map<String, Value> {
    let mut values = Map::new();
    let mut nested: Map<String, Value> = Map::new();
    for (name, value) in row {
        let text = value.as_str().unwrap_or_default();
        let plain: String =
            name.chars().filter(|c| !c.is_whitespace() && *c != '_').flat_map(char::to_lowercase).collect();
        let known = ALIASES.iter().find(|(_, names)| names.contains(&plain.as_str())).map(|(known, _)| *known);
        let number = || text.parse::<u32>().map_or_else(|_| json!(text), |number| json!(number));
        let typed = match known.unwrap_or_default() {
            "groups" | "more_languages" => {
                let separates = |c: char| c.is_whitespace() || matches!(c, ';' | '；' | '|' | '、' | ',' | '，');
                json!(text.split(separates).filter(|part| !part.is_empty()).collect::<Vec<_>>())
            }
            "drill" | "warnings" => match text.to_lowercase() {
                yes if YES.contains(&yes.as_str()) => json!(true),
                no if NO.contains(&no.as_str()) => json!(false),
                _ => json!(text),
            },
            "characters" => number(),
            part @ ("width_cm" | "height_cm" | "distance_m") => {
                nested.insert(part.to_owned(), number());
                continue;
            }
            _ => json!(text),
        };
        values.insert(known.map_or(name.clone(), str::to_owned), typed);
    }
    if !nested.is_empty() {
        values.insert("panel".to_owned(), Value::Object(nested));
    }
    let custodian = (values.remove("custodian"), values.remove("custodian_recipient"));
    match custodian {
        (None, None) => {}
        (Some(name), Some(recipient)) => {
            values.insert("custodian".to_owned(), json!({"name": name, "recipient": recipient}));
        }
        (Some(_), None) => {
            problems.push(FieldProblem::new("/custodian_recipient", "field-missing").field("custodian_recipient"))
        }
        (None, Some(_)) => problems.push(FieldProblem::new("/custodian", "field-missing").field("custodian")),
    }
    values
}

/// Puts latitude and longitude, in whatever coordinates they are, as a position in WGS-84.
fn place(values: &mut Map<String, Value>, coordinates: Coordinates, problems: &mut Vec<FieldProblem>) {
    const PARTS: [&str; 3] = ["latitude", "longitude", "coordinates"];
    let mut part = |name: &str| {
        let inner =
            values.get_mut("position").and_then(Value::as_object_mut).and_then(|position| position.remove(name));
        inner.or_else(|| values.remove(name)).filter(|value| !value.is_null())
    };
    let [latitude, longitude, said] = PARTS.map(&mut part);
    if let Some(Value::Object(position)) = values.get("position")
        && position.is_empty()
    {
        values.remove("position");
    }
    let said = said.map(|said| said.as_str().unwrap_or_default().to_owned());
    let coordinates = match said.as_deref().map(str::parse) {
        None => coordinates,
        Some(Ok(coordinates)) => coordinates,
        Some(Err(_)) => {
            problems.push(wrong("coordinates", said.as_deref().unwrap_or_default(), "wgs84 / gcj02"));
            return;
        }
    };
    let degrees = |value: &Value| value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
    let (name, got) = match (&latitude, &longitude) {
        (None, None) => return,
        (Some(latitude), Some(longitude)) => match (degrees(latitude), degrees(longitude)) {
            (Some(north), Some(east)) => {
                let read = match coordinates {
                    Coordinates::Wgs84 => Position::new(north, east),
                    Coordinates::Gcj02 => gcj02::to_wgs84(north, east),
                };
                match read {
                    Ok(position) => {
                        values.insert("position".to_owned(), json!(position));
                        return;
                    }
                    Err(fault @ NotAPosition::Longitude) => {
                        problems.push(wrong("longitude", &longitude.to_string(), &fault.to_string()));
                        return;
                    }
                    Err(fault) => {
                        problems.push(wrong("latitude", &latitude.to_string(), &fault.to_string()));
                        return;
                    }
                }
            }
            (None, _) => ("latitude", latitude.to_string()),
            (_, None) => ("longitude", longitude.to_string()),
        },
        (None, Some(_)) => ("latitude", String::new()),
        (Some(_), None) => ("longitude", String::new()),
    };
    problems.push(wrong(name, &got, "-90.0–90.0, -180.0–180.0"));
}

fn csv() -> Value {
    Value::String(
        concat!(
            "id,name,class,area,latitude,longitude,coordinates,groups,width_cm,height_cm,distance_m,custodian,custodian_recipient\n",
            "plaza-01,市民广场东屏,square,230109001000,45.804511,126.574223,gcj02,plaza,384,216,12,张建国,guard-07\n"
        )
        .to_owned(),
    )
}

fn ndjson() -> Value {
    Value::String("{\"id\":\"plaza-01\",\"name\":\"市民广场东屏\",\"area\":\"230109001000\"}\n".to_owned())
}

fn report() -> Value {
    json!({
        "dry_run": false, "encoding": "utf-8", "lines": 2, "created": 1, "changed": 0, "unchanged": 0, "rejected": 1,
        "errors": [{
            "line": 3, "column": "class", "code": "value-not-allowed", "detail": "第 3 行 class：不允许“moon”",
            "messages": {"zh-CN": "第 3 行 class：不允许“moon”", "en": "Line 3, class: “moon” is not allowed"}, "got": "moon"
        }],
        "errors_unlisted": 0, "advice": []
    })
}

pub(super) static IMPORT: Operation = Operation {
    id: "importScreens",
    tag: "screens",
    summary: both("导入屏幕", "Import screens"),
    description: both(
        "NDJSON（每行与 PUT 的内容相同）或带表头的 CSV，UTF-8 或 GB18030，至多 8 MiB。好的行登记，坏的行连同行号和原因列在应答里；\
         一行要么全要，要么全不要。重复导入同一个文件不写任何东西。",
        "NDJSON (each line as the body of PUT) or CSV with a header, UTF-8 or GB18030, at most 8 MiB. Good rows are \
         registered, bad ones are listed with line and reason; a row is taken whole or not at all. Importing the same file \
         again writes nothing.",
    ),
    parameters: &[
        Parameter {
            name: "dry_run",
            place: "query",
            schema: flag,
            text: both("只检查，不登记", "Check only, register nothing"),
        },
        Parameter {
            name: "coordinates",
            place: "query",
            schema: || json!({"type": "string", "enum": ["wgs84", "gcj02"], "default": "wgs84"}),
            text: both(
                "没有自己说明的行用哪种坐标系；gcj02 读取时换算成 WGS-84",
                "The coordinates of rows that do not say theirs; gcj02 is turned into WGS-84 while reading",
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
    problems: &[ParameterWrong, BodyBrokenOff, BodyTooLarge, RequestTimeout, ImportRunning, MediaTypeUnsupported],
};
