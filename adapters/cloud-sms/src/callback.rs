//! Reading what providers post.

use fenghuo_contract::{CallbackFault, Cause, ReceiptState};
use jiff::{Timestamp, civil::DateTime, tz::Offset};
use serde_json::Value;

use crate::answer::discreet;

/// A body that is a JSON document.
pub(crate) fn document(body: &[u8]) -> Result<Value, CallbackFault> {
    serde_json::from_slice(body).map_err(|fault| {
        CallbackFault::Unreadable(format!("not JSON: line {}, column {}", fault.line(), fault.column()))
    })
}

/// A body that is a JSON array.
pub(crate) fn array(body: &[u8]) -> Result<Vec<Value>, CallbackFault> {
    match document(body)? {
        Value::Array(words) => Ok(words),
        _ => Err(CallbackFault::Unreadable("not an array".to_owned())),
    }
}

/// A body that is a form.
pub(crate) fn form(body: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(body).into_owned().collect()
}

/// The value of a field; empty when there is none.
pub(crate) fn field<'a>(form: &'a [(String, String)], name: &str) -> &'a str {
    form.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
}

/// It will not be delivered, for this reason.
pub(crate) fn failed(code: &str, words: &str) -> ReceiptState {
    ReceiptState::Failed(Cause::new(code, &discreet(words)))
}

/// `2017-01-01 00:00:00` of Beijing as milliseconds since 1970.
pub(crate) fn beijing(text: &str) -> Option<i64> {
    let time = DateTime::strptime("%Y-%m-%d %H:%M:%S", text).ok()?;
    Some(Offset::constant(8).to_timestamp(time).ok()?.as_millisecond())
}

/// `2018-04-13T06:31:46Z` as milliseconds since 1970.
pub(crate) fn universal(text: &str) -> Option<i64> {
    Some(text.parse::<Timestamp>().ok()?.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::{beijing, universal};

    #[test]
    fn both_clocks_tell_the_same_time() {
        assert_eq!(beijing("2018-04-13 14:31:46"), universal("2018-04-13T06:31:46Z"));
        assert_eq!(universal("2018-04-13T06:31:46Z"), Some(1_523_601_106_000));
        for text in ["", "9999-99-99 99:99:99", "2018-04-13", "-1"] {
            assert_eq!((beijing(text), universal(text)), (None, None), "{text}");
        }
    }
}
