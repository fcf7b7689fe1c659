//! Reading answers: status and `error.details[].errorCode`.

use std::time::Duration;

use fenghuo_contract::{CodeTable, Reference, Verdict};
use fenghuo_http::{Answer, retry_after};
use http::StatusCode;
use serde_json::Value;

use crate::answers;

/// The wait after 429 where the answer says none (Firebase, "Best practices when sending FCM messages at scale").
const QUOTA: Duration = Duration::from_secs(60);

/// Fields of a message that say where it goes.
const ADDRESSES: [&str; 4] = ["message.token", "message.fid", "message.topic", "message.condition"];

/// What an answer said.
pub(crate) struct Said {
    pub(crate) verdict: Verdict,
    /// The access token is to be fetched anew.
    pub(crate) refresh: bool,
}

pub(crate) fn read(codes: &CodeTable, answer: &Answer) -> Said {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if answer.status.is_success() {
        // projects/…/messages/ID
        let name = body["name"].as_str().and_then(|name| name.rsplit('/').next());
        return Said { verdict: Verdict::Accepted(name.map(Reference::new)), refresh: false };
    }
    let error = &body["error"];
    let status = answer.status.as_str();
    let code = match address_is_wrong(error) {
        true if answer.status == StatusCode::BAD_REQUEST => format!("{status} token"),
        _ => format!("{status} {}", error_code(error)).trim_end().to_owned(),
    };
    let quota = (answer.status == StatusCode::TOO_MANY_REQUESTS).then_some(QUOTA);
    // Its own words may quote the address.
    let text = error["status"].as_str().unwrap_or_default();
    let verdict = answers::verdict(codes, &code, status, text, retry_after(&answer.headers).or(quota));
    Said { verdict, refresh: codes.find(&code).is_some_and(|meaning| meaning.refresh) }
}

fn error_code(error: &Value) -> &str {
    let mut details = error["details"].as_array().into_iter().flatten();
    let given = details.find_map(|detail| detail["errorCode"].as_str());
    given.or_else(|| error["status"].as_str()).unwrap_or_default()
}

fn address_is_wrong(error: &Value) -> bool {
    let details = error["details"].as_array().into_iter().flatten();
    let violations = details.flat_map(|detail| detail["fieldViolations"].as_array().into_iter().flatten());
    let mut fields = violations.filter_map(|violation| violation["field"].as_str());
    let said = error["message"].as_str().unwrap_or_default();
    fields.any(|field| ADDRESSES.contains(&field)) || said.contains("registration token is not a valid")
}
