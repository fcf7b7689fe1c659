//! Reading answers: `msg_id`, or `error.code` with words that may quote addresses.

use std::time::Duration;

use fenghuo_contract::{Cause, CodeTable, Reference, Verdict};
use fenghuo_http::{Answer, retry_after};
use serde_json::Value;

use crate::answers;

/// "The value of a parameter is wrong", of whichever.
const PARAMETER: &str = "1003";

/// Words that say the parameter is the audience.
const AUDIENCE: [&str; 4] = ["registration_id", "alias", "tag", "audience"];

/// One verdict for each address of the call.
pub(crate) fn read(codes: &CodeTable, answer: &Answer, addresses: &[&str]) -> Vec<Verdict> {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if answer.status.is_success() {
        return vec![Verdict::Accepted(text(&body["msg_id"]).map(Reference::new)); addresses.len()];
    }
    let (status, error) = (answer.status.as_str(), &body["error"]);
    let code = text(&error["code"]).unwrap_or_else(|| status.to_owned());
    let said = error["message"].as_str().unwrap_or_default();
    let words = format!("HTTP {status}");
    if code == PARAMETER && AUDIENCE.iter().any(|word| said.contains(word)) {
        return addresses.iter().map(|address| of_audience(said, address, addresses.len(), &words)).collect();
    }
    let verdict = answers::verdict(codes, &code, status, &words, retry_after(&answer.headers).or(reset(answer)));
    vec![verdict; addresses.len()]
}

fn of_audience(said: &str, address: &str, count: usize, words: &str) -> Verdict {
    let cause = Cause::new(PARAMETER, words);
    if count == 1 || said.contains(address) { Verdict::RefusedRecipient(cause) } else { Verdict::Transient(cause) }
}

/// Numbers and texts alike: both were seen.
fn text(value: &Value) -> Option<String> {
    value.as_str().map(str::to_owned).or_else(|| value.as_u64().map(|number| number.to_string()))
}

/// When the window of the rate limit begins anew.
fn reset(answer: &Answer) -> Option<Duration> {
    let seconds = answer.headers.get("x-rate-limit-reset")?.to_str().ok()?.parse().ok()?;
    (answer.status.as_u16() == 429).then(|| Duration::from_secs(seconds).min(Duration::from_secs(3600)))
}
