//! The CAP documents of released public warnings.

use axum::{
    extract::{Path, State},
    http::HeaderMap,
    response::Response,
};
use bytes::Bytes;

use super::tag::Tagged;
use crate::{
    domain::cap,
    flow::record::WarningId,
    http::{
        Site,
        console::is_public,
        problem::{Problem, ProblemCode},
    },
};

/// The media type of CAP 1.2, section 3.5 of the standard.
pub(crate) const CAP: &str = "application/cap+xml; charset=utf-8";

/// `GET /cap/{identifier}.xml` and `GET /feeds/cap/{identifier}.xml`. Where several senders use an identifier it names
/// the newest; the id of the warning in its place names the others.
pub(super) async fn document(
    State(site): State<Site>,
    Path(file): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let unknown = || Problem::new(ProblemCode::WarningNotFound).with("id", file.chars().take(80).collect::<String>());
    let name = file.strip_suffix(".xml").ok_or_else(unknown)?;
    let view = match site.flow.public_warning(name).await? {
        Some(view) => Some(view),
        None => site.flow.warning(&WarningId(name.to_owned())).await?,
    };
    let view = view.filter(is_public).ok_or_else(unknown)?;
    let released = view.released_at.as_deref().and_then(|at| at.parse::<jiff::Timestamp>().ok());
    let body = Bytes::from(cap::write_public(&view.message));
    Ok(Tagged::of(body, CAP, released.map(jiff::Timestamp::as_second)).answer(&headers))
}
