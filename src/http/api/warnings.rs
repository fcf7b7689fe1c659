//! `/v1/warnings`: handed in, listed, shown, lifted, corrected.

pub(super) mod description;

use axum::{
    Json,
    body::Body,
    extract::{Path, State},
    http::{
        HeaderMap, HeaderName, HeaderValue, StatusCode, Uri,
        header::{CONTENT_TYPE, ETAG, LOCATION},
    },
    response::{IntoResponse, Response},
};
use serde::Serialize;

use super::national;
use crate::{
    domain::{
        self,
        area::AreaCode,
        cap,
        level::Level,
        message::{Status, Term},
    },
    flow::{
        Page,
        authorize::{Actor, Role},
        intake::{Correct, Form, Lift, Submission, Submitted, WarningFilter, WarningView},
        preflight::Preflight,
        record::{Stage, WarningId},
    },
    http::{
        Site, body,
        fields::Fields,
        problem::{FieldDocument, FieldProblem, Problem, ProblemCode, language},
        routes::{Access, RouteSpec},
    },
};

/// Who reads warnings and their progress.
pub(super) const READERS: &[Role] = &[Role::Issuer, Role::Approver, Role::Operator, Role::Auditor];

/// Who ends warnings.
const ENDERS: &[Role] = &[Role::Issuer, Role::Approver, Role::Operator];

/// The media types of warnings; all but the first are XML, or a zip of the national form that its first bytes tell.
const MEDIA_TYPES: [&str; 6] = [
    "application/json",
    "application/cap+xml",
    "application/xml",
    "text/xml",
    "application/zip",
    "application/x-zip-compressed",
];

/// A body with CAP resources or attachments may be this many times as large as one without.
const WITH_RESOURCES: usize = 4;

/// Characters of an idempotency key at most.
pub(super) const IDEMPOTENCY_KEY_MAX: usize = 255;

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Marks the answer to a repeat.
pub(super) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

pub(super) fn routes() -> Vec<RouteSpec> {
    vec![
        RouteSpec::post("/v1/warnings", Access::roles(&[Role::Issuer, Role::Operator]), submit)
            .described(&description::SUBMIT),
        RouteSpec::get("/v1/warnings", Access::roles(READERS), list).described(&description::LIST),
        RouteSpec::get("/v1/warnings/{id}", Access::roles(READERS), show).described(&description::SHOW),
        RouteSpec::get("/v1/warnings/{id}/cap", Access::roles(READERS), show_cap).described(&description::CAP),
        RouteSpec::post("/v1/warnings/{id}/lift", Access::roles(ENDERS), lift).described(&description::LIFT),
        RouteSpec::post("/v1/warnings/{id}/correct", Access::roles(ENDERS), correct).described(&description::CORRECT),
    ]
}

async fn submit(
    State(site): State<Site>,
    actor: Actor,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let replied = national::wants_reply(&headers);
    let answered = submitted(&site, actor, &uri, &headers, body, replied).await;
    answered.map_err(|problem| if replied { problem.replied() } else { problem })
}

async fn submitted(
    site: &Site,
    actor: Actor,
    uri: &Uri,
    headers: &HeaderMap,
    body: Body,
    replied: bool,
) -> Result<Response, Problem> {
    let mut fields = Fields::of_address(uri)?;
    let dry_run = fields.flag("dry_run");
    fields.end()?;
    let submission = submission(site, actor, headers, body).await?;
    if dry_run {
        let preflight = site.flow.dry_run(submission).await?;
        return Ok(Json(PreflightDocument::new(preflight, headers)).into_response());
    }
    let submitted = site.flow.submit(submission).await?;
    Ok(if replied { national::replied(&submitted, language(headers), answer) } else { answer(submitted) })
}

/// A warning as it was sent, in any of the forms that are taken.
pub(super) async fn submission(
    site: &Site,
    actor: Actor,
    headers: &HeaderMap,
    body: Body,
) -> Result<Submission, Problem> {
    let media_type = body::media_type(headers, &MEDIA_TYPES)?;
    let form = if media_type == MEDIA_TYPES[0] { Form::Json } else { Form::Xml };
    let idempotency_key = idempotency_key(headers)?;
    let most = site.config.server.body_max;
    let received = body::read(site, headers, body, most.saturating_mul(WITH_RESOURCES)).await?;
    let has_files = domain::national::is_package(&received.bytes) || has_resources(&received.bytes);
    if received.bytes.len() > most && !has_files {
        return Err(body::too_large(most));
    }
    let body = received.bytes.clone();
    Ok(Submission { form, media_type: media_type.to_owned(), body, actor, idempotency_key })
}

/// A stored warning, said to be new or a repeat.
fn answer(submitted: Submitted) -> Response {
    let (status, view) = match submitted {
        Submitted::Created(view) => (StatusCode::CREATED, view),
        Submitted::Repeated(view) => (StatusCode::OK, view),
    };
    let location = HeaderValue::from_str(&format!("/v1/warnings/{}", view.id));
    let mut response = (status, Json(view)).into_response();
    if let Ok(location) = location {
        response.headers_mut().insert(LOCATION, location);
    }
    if status == StatusCode::OK {
        response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

/// The header's key, written as a string of structured fields (`"…"`) or bare.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(IDEMPOTENCY_KEY) else { return Ok(None) };
    let text = String::from_utf8_lossy(value.as_bytes()).trim().to_owned();
    let bare = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or(&text);
    let wrong = if bare.is_empty() {
        FieldProblem::new("Idempotency-Key", "value-missing")
    } else if bare.chars().count() > IDEMPOTENCY_KEY_MAX {
        FieldProblem::new("Idempotency-Key", "value-too-long").arg("limit", IDEMPOTENCY_KEY_MAX)
    } else if !bare.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        FieldProblem::new("Idempotency-Key", "field-wrong").arg("reason", "ASCII")
    } else {
        return Ok(Some(bare.to_owned()));
    };
    Err(Problem::of_fields(ProblemCode::HeaderWrong, vec![wrong.field("Idempotency-Key").got(&text)]))
}

/// Whether a body speaks of resources at all, in any encoding that keeps ASCII or widens it with zeros. One pass.
fn has_resources(body: &[u8]) -> bool {
    let word = b"resource";
    let mut matched = 0;
    for byte in body.iter().filter(|byte| **byte != 0) {
        matched = if *byte == word[matched] { matched + 1 } else { usize::from(*byte == word[0]) };
        if matched == word.len() {
            return true;
        }
    }
    false
}

/// What a dry run answers, its advice in words.
#[derive(Serialize, utoipa::ToSchema)]
pub(in crate::http) struct PreflightDocument {
    #[serde(flatten)]
    preflight: Preflight,
    /// What a person should know although it does not keep the warning out.
    advice: Vec<FieldDocument>,
}

impl PreflightDocument {
    pub(super) fn new(mut preflight: Preflight, headers: &HeaderMap) -> Self {
        let lang = language(headers);
        let advice = std::mem::take(&mut preflight.advice);
        let advice = advice.into_iter().map(|finding| FieldDocument::new(lang, &finding.into())).collect();
        Self { preflight, advice }
    }
}

/// What is not yet released is seen by its own headquarters only; notices to persons on duty by the staff only.
pub(super) fn may_read(actor: &Actor, view: &WarningView) -> bool {
    if view.notice.is_some() {
        return actor.role != Role::Issuer;
    }
    actor.role != Role::Issuer || view.released_at.is_some() || is_own(actor, view)
}

/// Whether an issuer's key belongs to the issuer of a warning.
pub(super) fn is_own(actor: &Actor, view: &WarningView) -> bool {
    actor.subject.is_some() && actor.subject == view.issuer
}

/// What an actor sees of a warning: whom the national form tells, by name and number, is the business of the headquarters
/// that issued it and of the staff.
fn shown(actor: &Actor, mut view: WarningView) -> WarningView {
    if actor.role == Role::Issuer && !is_own(actor, &view) {
        let outward = domain::national::outward(&view.message).into_owned();
        view.message = outward;
    }
    view
}

/// A warning that exists and that this actor may read.
///
/// # Errors
/// That there is none, also when it is hidden.
pub(super) async fn readable(site: &Site, actor: &Actor, id: &str) -> Result<WarningView, Problem> {
    let view = site.flow.warning(&WarningId(id.to_owned())).await?.ok_or_else(|| missing(id))?;
    if may_read(actor, &view) { Ok(shown(actor, view)) } else { Err(missing(id)) }
}

pub(super) fn short(id: &str) -> String {
    id.chars().take(64).collect()
}

async fn list(State(site): State<Site>, actor: Actor, uri: Uri) -> Result<Json<Page<WarningView>>, Problem> {
    let mut fields = Fields::of_address(&uri)?;
    let statuses: Vec<(String, Status)> = Status::ALL.iter().map(|status| (status.json(), *status)).collect();
    let statuses: Vec<(&str, Status)> = statuses.iter().map(|(name, status)| (name.as_str(), *status)).collect();
    let filter = WarningFilter {
        level: fields.one_of("level", &Level::ALL.map(|level| (level.name(), level))),
        status: fields.one_of("status", &statuses),
        stage: fields.one_of("stage", &STAGES),
        issuer: fields.text("issuer", 64),
        hazard: fields.text("hazard", 32),
        area: area(&mut fields),
        event: fields.text("event", 64).map(WarningId),
        active: fields.flag("active"),
        notices: fields.flag("notices"),
    };
    let (limit, cursor) = fields.page();
    fields.end()?;
    let mut page = site.flow.warnings(&filter, cursor.as_deref(), limit).await?;
    page.items.retain(|view| may_read(&actor, view));
    page.items = page.items.into_iter().map(|view| shown(&actor, view)).collect();
    Ok(Json(page))
}

/// An area code, when one is asked for.
fn area(fields: &mut Fields) -> Option<AreaCode> {
    let text = fields.text("area", 12)?;
    let code = text.parse().ok();
    if code.is_none() {
        fields.refuse("area", "value-not-allowed", &text, &["230109000000".to_owned()]);
    }
    code
}

const STAGES: [(&str, Stage); 5] = [
    ("received", Stage::Received),
    ("released", Stage::Released),
    ("delivering", Stage::Delivering),
    ("finished", Stage::Finished),
    ("recorded", Stage::Recorded),
];

async fn show(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Json<WarningView>, Problem> {
    Ok(Json(readable(&site, &actor, &id).await?))
}

async fn show_cap(State(site): State<Site>, actor: Actor, Path(id): Path<String>) -> Result<Response, Problem> {
    let view = readable(&site, &actor, &id).await?;
    let mut response = cap::write(&view.message).into_response();
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/cap+xml; charset=utf-8"));
    if let Ok(tag) = HeaderValue::from_str(&format!("\"{}\"", view.digest)) {
        response.headers_mut().insert(ETAG, tag);
    }
    Ok(response)
}

async fn lift(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let mut fields = Fields::of_body(&site, &headers, body).await?;
    let lift = Lift { text: fields.text("text", 2000), reason: fields.text("reason", 500) };
    fields.end()?;
    let view = endable(&site, &actor, &id).await?;
    let submitted = site.flow.lift(&view.id, lift, actor).await?.ok_or_else(|| missing(&id))?;
    Ok(answer(submitted))
}

async fn correct(
    State(site): State<Site>,
    actor: Actor,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let mut fields = Fields::of_body(&site, &headers, body).await?;
    let correct = Correct { reason: fields.text("reason", 500) };
    fields.end()?;
    let view = endable(&site, &actor, &id).await?;
    let submitted = site.flow.correct(&view.id, correct, actor).await?.ok_or_else(|| missing(&id))?;
    Ok(answer(submitted))
}

/// A warning that this actor may end.
async fn endable(site: &Site, actor: &Actor, id: &str) -> Result<WarningView, Problem> {
    let view = readable(site, actor, id).await?;
    if actor.role == Role::Issuer && !is_own(actor, &view) { Err(missing(id)) } else { Ok(view) }
}

fn missing(id: &str) -> Problem {
    Problem::new(ProblemCode::WarningNotFound).with("id", short(id))
}
