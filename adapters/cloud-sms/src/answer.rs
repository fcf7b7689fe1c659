//! What an answer says about the deliveries of its call.

use std::{collections::HashMap, time::Duration};

use fenghuo_contract::{Cause, Class, CodeTable, Fault, Verdict};
use fenghuo_http::Answer;
use http::StatusCode;
use serde_json::Value;

use crate::number::Number;

/// What an answer says.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// Something of each delivery, in the order of the call.
    Each(Vec<Verdict>),
    /// One word for the whole call.
    Whole {
        /// What it means.
        class: Class,
        /// The provider's words.
        cause: Cause,
        /// How long it wants us to wait.
        after: Option<Duration>,
    },
    /// No word of the provider's own: by the status, or by the line.
    Fault(Fault),
}

impl Outcome {
    /// A word for the whole call, by its code.
    pub(crate) fn whole(codes: &CodeTable, code: &str, text: &str, answer: &Answer) -> Self {
        let after = fenghuo_http::retry_after(&answer.headers);
        Self::Whole { class: codes.class(code), cause: Cause::new(code, &discreet(text)), after }
    }

    /// An answer without a word that could be read. A call that was taken may have been carried out. Every message is posted
    /// to the same address: when there is nothing, the endpoint is wrong, not a recipient.
    pub(crate) fn unread(answer: &Answer) -> Self {
        if answer.status == StatusCode::NOT_FOUND {
            return Self::Fault(Fault::Misconfigured(Cause::new("HTTP 404", "there is nothing at the endpoint")));
        }
        let fault = fenghuo_http::fault(answer.status, &answer.headers);
        Self::Fault(fault.unwrap_or_else(|| Fault::InDoubt(Cause::new("UNREADABLE", "the answer cannot be read"))))
    }

    /// A verdict for each of `count` deliveries. A refusal of one recipient that is not named concerns a call of one.
    pub(crate) fn verdicts(self, count: usize) -> Vec<Verdict> {
        match self {
            Self::Each(verdicts) => verdicts,
            Self::Fault(fault) => vec![fault.verdict(); count],
            Self::Whole { class: Class::Recipient | Class::ThrottledRecipient, cause, .. } if count > 1 => {
                vec![Verdict::Transient(cause); count]
            }
            Self::Whole { class, cause, after } => vec![class.verdict(cause, after); count],
        }
    }

    /// Whether one recipient, who is not named, is the reason that a call for several was refused.
    pub(crate) fn blames_one(&self) -> bool {
        matches!(self, Self::Whole { class: Class::Recipient | Class::ThrottledRecipient, .. })
    }

    /// What it says about a call without recipients.
    pub(crate) fn probe(self) -> Result<(), Fault> {
        match self {
            Self::Each(_) => Ok(()),
            Self::Fault(fault) => Err(fault),
            Self::Whole { class, cause, after } => class.fault(cause, after).map_or(Ok(()), Err),
        }
    }
}

/// The whole body as JSON.
pub(crate) fn json(answer: &Answer) -> Option<Value> {
    if answer.cut || answer.broken { None } else { serde_json::from_slice(&answer.body).ok() }
}

/// A text of an object, or a number as it stands; empty when there is neither.
pub(crate) fn text(value: &Value, name: &str) -> String {
    match value.get(name) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// Results that stand beside numbers, by number.
pub(crate) fn by_number<'a>(results: &'a Value, name: &str) -> HashMap<Number, &'a Value> {
    let results = results.as_array().map(Vec::as_slice).unwrap_or_default();
    results.iter().filter_map(|result| Some((Number::of_provider(&text(result, name))?, result))).collect()
}

/// The verdict on one delivery by a code of its own; `accepted` when that means so.
pub(crate) fn verdict(codes: &CodeTable, code: &str, words: &str, accepted: Verdict) -> Verdict {
    match codes.class(code).verdict(Cause::new(code, &discreet(words)), None) {
        Verdict::Accepted(_) => accepted,
        other => other,
    }
}

/// The provider said something about others and nothing about this one.
pub(crate) fn unmentioned() -> Verdict {
    Verdict::InDoubt(Cause::new("UNMENTIONED", "the answer does not speak of this number"))
}

/// A provider's words without the numbers they quote: digits in a row that could be one are masked.
pub(crate) fn discreet(words: &str) -> String {
    let mut said = String::new();
    let mut digits = String::new();
    for char in words.chars().take(400).chain(['\n']) {
        if char.is_ascii_digit() {
            digits.push(char);
            continue;
        }
        said.push_str(if digits.len() < 7 { &digits } else { "****" });
        digits.clear();
        said.push(char);
    }
    said.pop();
    said
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use http::HeaderMap;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn without_words_the_status_speaks() {
        for (status, expected) in [
            (200, "no answer: UNREADABLE the answer cannot be read"),
            (404, "misconfigured: HTTP 404 there is nothing at the endpoint"),
            (403, "misconfigured: HTTP 403 Forbidden"),
            (302, "misconfigured: HTTP 302 Found"),
            (429, "throttled: HTTP 429 Too Many Requests"),
            (502, "not reached: HTTP 502 Bad Gateway"),
            (400, "not reached: HTTP 400 Bad Request"),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            let answer = Answer { status, headers: HeaderMap::new(), body: Bytes::new(), cut: false, broken: false };
            let Outcome::Fault(fault) = Outcome::unread(&answer) else { panic!("{status}") };
            assert_eq!(fault.to_string(), expected);
        }
    }

    #[test]
    fn words_keep_everything_but_numbers() {
        assert_eq!(
            discreet("The 'To' number +8613812341234 is not valid (21211)"),
            "The 'To' number +**** is not valid (21211)"
        );
        assert_eq!(discreet("13812341234"), "****");
        assert_eq!(discreet("号码13812341234非法"), "号码****非法");
    }

    proptest! {
        #[test]
        fn no_number_is_ever_quoted(before in "\\PC{0,20}", number in "[0-9]{7,15}", after in "\\PC{0,20}") {
            let said = discreet(&format!("{before}{number}{after}"));
            prop_assert!(!said.contains(&number), "{}", said);
        }
    }
}
