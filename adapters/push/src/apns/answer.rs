//! Reading answers: status, and `{"reason": …, "timestamp": …}` where it is not 200.

use std::time::Duration;

use fenghuo_contract::{CodeTable, Reference, Verdict};
use fenghuo_http::{Answer, retry_after};

use crate::answers;

/// How long Apple wants its tokens left alone.
const TOKEN_CHANGES: Duration = Duration::from_secs(20 * 60);

/// What an answer said.
pub(crate) struct Said {
    pub(crate) verdict: Verdict,
    /// The provider token is to be signed anew.
    pub(crate) expired: bool,
}

#[derive(Default, serde::Deserialize)]
#[serde(default)]
struct Body {
    reason: String,
    /// Since when the device token is dead, milliseconds since 1970.
    timestamp: Option<i64>,
}

pub(crate) fn read(codes: &CodeTable, answer: &Answer, id: &str) -> Said {
    if answer.status.is_success() {
        let given = answer.headers.get("apns-id").map_or(id.as_bytes(), |id| id.as_bytes());
        return Said { verdict: Verdict::Accepted(Some(Reference::new(given))), expired: false };
    }
    let body: Body = serde_json::from_slice(&answer.body).unwrap_or_default();
    let status = answer.status.as_str();
    let code = if body.reason.is_empty() { status } else { &body.reason };
    let text = match body.timestamp {
        Some(at) => format!("HTTP {status}, since {at} ms"),
        None => format!("HTTP {status}"),
    };
    let changes = (code == "TooManyProviderTokenUpdates").then_some(TOKEN_CHANGES);
    let verdict = answers::verdict(codes, code, status, &text, retry_after(&answer.headers).or(changes));
    Said { verdict, expired: codes.find(code).is_some_and(|meaning| meaning.refresh) }
}
