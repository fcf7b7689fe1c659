//! What a partner's system gets: an event of Standard Webhooks that holds the warning in our form and as CAP.

use fenghuo_contract::Content;
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::{
    domain::{
        cap,
        level::Level,
        message::{Kind, Message, Status},
        national,
        warning::Warning,
    },
    flow::{
        Parts,
        record::{PlanRecord, rfc3339},
    },
};

/// What stands before every headline of a drill.
const DRILL_MARK: &str = "【演练】";

/// The body of a call.
#[derive(Serialize)]
struct Event<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    /// When it was released, RFC 3339: the same on every attempt.
    timestamp: String,
    data: Data<'a>,
}

#[derive(Serialize)]
struct Data<'a> {
    /// Id of the warning here.
    id: &'a str,
    /// Id of the first warning of its event.
    event: &'a str,
    issuer: Option<&'a str>,
    level: Level,
    status: Status,
    /// Exercise or test: nobody acts on it.
    drill: bool,
    hazard: Option<&'a str>,
    headline: String,
    released_at: String,
    /// After this moment it is not sent any more, and nobody should take it for current.
    expires_at: String,
    /// Where it can be read with a key.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    /// In our JSON form.
    message: &'a Message,
    /// As CAP 1.2 XML.
    cap: &'a str,
    /// SHA-256 of the CAP text, hex, with its algorithm.
    cap_digest: String,
}

/// The content of a partner's plan: its text is the whole body. Whom the national form tells by name and number stays
/// inside.
pub(crate) fn content(parts: &Parts, warning: &Warning, plan: &PlanRecord, released_ms: i64) -> Content {
    let message = national::outward(warning.message());
    let cap = cap::write_public(warning.message());
    let headline = headline(warning);
    let digest = Sha256::digest(cap.as_bytes());
    let released_at = rfc3339(released_ms);
    let base = parts.config.server.public_url.as_ref();
    let data = Data {
        id: &plan.warning.0,
        event: &plan.event.0,
        issuer: plan.issuer.as_deref(),
        level: warning.level(),
        status: warning.status(),
        drill: warning.status() != Status::Actual,
        hazard: warning.hazard(),
        headline: headline.clone(),
        released_at: released_at.clone(),
        expires_at: rfc3339(plan.deadline.saturating_mul(1000)),
        url: base.map(|base| format!("{base}/v1/warnings/{}", plan.warning)),
        message: &message,
        cap: &cap,
        cap_digest: digest.iter().fold("sha256:".to_owned(), |text, byte| text + &format!("{byte:02x}")),
    };
    let event = Event { kind: kind(warning), timestamp: released_at, data };
    Content {
        language: parts.config.texts.languages.first().cloned().unwrap_or_default(),
        title: headline,
        // Our own structures with string keys: writing them to memory cannot fail.
        text: serde_json::to_string(&event).unwrap_or_default(),
        urgency: warning.level().urgency(),
        thread: plan.event.0.clone(),
        released_at: released_ms.div_euclid(1000),
        expires_at: plan.deadline,
        ..Content::default()
    }
}

/// What happened, as receivers tell events apart.
fn kind(warning: &Warning) -> &'static str {
    match warning.kind() {
        _ if warning.is_correction() => "warning.corrected",
        _ if warning.is_lift() => "warning.lifted",
        Kind::Update => "warning.updated",
        _ => "warning.released",
    }
}

fn headline(warning: &Warning) -> String {
    let first = warning.message().infos.first();
    let own = first.map(|info| info.headline.clone().unwrap_or_else(|| info.event.clone())).unwrap_or_default();
    let marked = warning.status() == Status::Actual || own.starts_with(DRILL_MARK);
    if marked { own } else { format!("{DRILL_MARK}{own}") }
}
