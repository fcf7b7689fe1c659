//! `/v1/recipients`: listed, imported, removed.

mod description;

use std::{io, sync::Arc};

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, Uri},
};
use bytes::Bytes;
use futures_util::{Stream, stream};
use serde::Serialize;
use std::collections::BTreeMap;

use super::warnings::short;
use crate::{
    domain::area::AreaCode,
    flow::{
        Page,
        authorize::Role,
        target::{
            directory::RecipientView,
            import::{self, Coordinates, Format, ImportFault, ImportReport, LineError, Options},
        },
    },
    http::{
        Site, body,
        fields::Fields,
        problem::{FieldProblem, Problem, ProblemCode, language},
        routes::{Access, RouteSpec},
    },
    messages::{self, Lang},
};

/// The media types of an import; all but the last are NDJSON.
pub(super) const MEDIA_TYPES: [&str; 4] =
    ["application/x-ndjson", "application/ndjson", "application/jsonl", "text/csv"];

/// The coordinates a file may be in.
pub(super) const COORDINATES: [(&str, Coordinates); 2] = [("wgs84", Coordinates::Wgs84), ("gcj02", Coordinates::Gcj02)];

pub(super) fn routes() -> Vec<RouteSpec> {
    let readers: &[Role] = &[Role::Operator, Role::Auditor];
    vec![
        RouteSpec::get("/v1/recipients", Access::roles(readers), list).described(&description::LIST),
        RouteSpec::post("/v1/recipients/import", Access::roles(&[Role::Operator]), import_all)
            .described(&description::IMPORT),
        RouteSpec::delete("/v1/recipients/{external_id}", Access::roles(&[Role::Operator]), remove)
            .described(&description::DELETE),
    ]
}

async fn list(State(site): State<Site>, uri: Uri) -> Result<Json<Page<RecipientView>>, Problem> {
    let mut fields = Fields::of_address(&uri)?;
    let (limit, cursor) = fields.page();
    fields.end()?;
    Ok(Json(site.flow.directory().list(cursor.as_deref(), limit).await?))
}

async fn remove(State(site): State<Site>, Path(external_id): Path<String>) -> Result<StatusCode, Problem> {
    if site.flow.directory().remove(&external_id).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Problem::new(ProblemCode::RecipientNotFound).with("id", short(&external_id)))
}

async fn import_all(
    State(site): State<Site>,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Json<ImportDocument>, Problem> {
    let mut fields = Fields::of_address(&uri)?;
    let dry_run = fields.flag("dry_run");
    let coordinates = fields.one_of("coordinates", &COORDINATES);
    fields.end()?;
    let media_type = body::media_type(&headers, &MEDIA_TYPES)?;
    body::refuse_encoding(&headers)?;
    let format = if media_type == "text/csv" { Format::Csv } else { Format::Ndjson };
    let only = Arc::clone(&site.import).try_acquire_owned();
    let _only = only.map_err(|_| Problem::new(ProblemCode::ImportRunning))?;
    let known_area = |code: AreaCode| site.config.areas.contains_key(&code);
    let options = Options { dry_run, known_area: &known_area, coordinates };
    let report = import::import(site.flow.directory(), format, parts(body), options).await;
    Ok(Json(ImportDocument::new(language(&headers), report.map_err(problem)?)))
}

/// The parts of a body as they come, each within the time a pause may take.
fn parts(body: Body) -> impl Stream<Item = io::Result<Bytes>> + Unpin + Send {
    Box::pin(stream::try_unfold(body, |mut body| async move {
        let part = body::next_part(&mut body).await.map_err(|problem| io::Error::other(Broken(problem)))?;
        Ok(part.map(|part| (part, body)))
    }))
}

/// Carries a problem through the importer.
#[derive(Debug, thiserror::Error)]
#[error("body broken off")]
struct Broken(Problem);

fn problem(fault: ImportFault) -> Problem {
    match fault {
        ImportFault::Unreadable(error) => Problem::of_fields(ProblemCode::FieldsWrong, vec![field(*error)]),
        ImportFault::Unavailable { source, .. } => source.into(),
        ImportFault::Cut { source, .. } => {
            let broken = source.into_inner().and_then(|inner| inner.downcast::<Broken>().ok());
            broken.map_or_else(|| Problem::new(ProblemCode::BodyBrokenOff), |broken| broken.0)
        }
    }
}

fn field(error: LineError) -> FieldProblem {
    let args = error.arguments().into_iter().filter(|(name, _)| *name != "got").collect();
    FieldProblem {
        pointer: error.column.unwrap_or_default(),
        code: error.code.into(),
        args,
        got: error.got,
        allowed: Vec::new(),
        line: u32::try_from(error.line).ok(),
        column: None,
    }
}

/// What came of an import, its errors in words. `lines = created + changed + unchanged + rejected`.
#[derive(Default, Serialize, utoipa::ToSchema)]
pub(in crate::http) struct ImportDocument {
    /// Nothing was written.
    pub(super) dry_run: bool,
    /// `utf-8` or `gb18030`; `null` while nothing told them apart.
    pub(super) encoding: Option<String>,
    /// Records read: neither the header nor blank lines.
    pub(super) lines: u64,
    pub(super) created: u64,
    pub(super) changed: u64,
    pub(super) unchanged: u64,
    /// Records not taken, each with at least one error.
    pub(super) rejected: u64,
    /// By line, the first 1,000 found.
    pub(super) errors: Vec<LineDocument>,
    /// Errors beyond those listed.
    pub(super) errors_unlisted: u64,
    /// What a person should know though nothing was refused.
    pub(super) advice: Vec<LineDocument>,
}

/// What is wrong with a line.
#[derive(Serialize, utoipa::ToSchema)]
pub(in crate::http) struct LineDocument {
    /// Line of the file, from 1, the header counted.
    line: u64,
    /// Name of the field, when one is to blame.
    column: Option<String>,
    /// Stable code; `/docs/errors/{code}` explains it.
    code: String,
    /// What is wrong and what to do, in the language asked for.
    detail: String,
    /// The same by language: `zh-CN` and `en`.
    messages: BTreeMap<String, String>,
    /// What stood there; addresses masked.
    got: Option<String>,
}

impl ImportDocument {
    fn new(lang: Lang, report: ImportReport) -> Self {
        let lines = |errors: Vec<LineError>| errors.into_iter().map(|error| LineDocument::new(lang, error)).collect();
        Self {
            dry_run: report.dry_run,
            encoding: report.encoding.map(str::to_owned),
            lines: report.lines,
            created: report.created,
            changed: report.changed,
            unchanged: report.unchanged,
            rejected: report.rejected,
            errors: lines(report.errors),
            errors_unlisted: report.errors_unlisted,
            advice: lines(report.advice),
        }
    }
}

impl LineDocument {
    /// What is wrong with a field of a row.
    pub(super) fn of_field(lang: Lang, line: u64, problem: FieldProblem) -> Self {
        let own = [("got", problem.got.clone().unwrap_or_default()), ("allowed", problem.allowed.join(", "))];
        let args: Vec<_> = problem.args.into_iter().chain(own).collect();
        let text = |lang: Lang| messages::sentence(lang, &problem.code, &args);
        let column = problem.pointer.trim_start_matches('/');
        Self {
            line,
            column: (!column.is_empty()).then(|| column.to_owned()),
            code: problem.code.to_string(),
            detail: text(lang),
            messages: Lang::ALL.into_iter().map(|lang| (lang.tag().to_owned(), text(lang))).collect(),
            got: problem.got,
        }
    }

    fn new(lang: Lang, error: LineError) -> Self {
        let args = error.arguments();
        let text = |lang: Lang| messages::sentence(lang, error.code, &args);
        Self {
            line: error.line,
            column: error.column.clone(),
            code: error.code.to_owned(),
            detail: text(lang),
            messages: Lang::ALL.into_iter().map(|lang| (lang.tag().to_owned(), text(lang))).collect(),
            got: error.got.clone(),
        }
    }
}
