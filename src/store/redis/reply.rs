//! Taking answers apart.

use bytes::Bytes;
use redis::Value;

use super::fault::{Fault, unreadable};

pub(super) fn array(value: Value, what: &str) -> Result<Vec<Value>, Fault> {
    match value {
        Value::Array(values) => Ok(values),
        _ => Err(unreadable(what)),
    }
}

pub(super) fn bytes(value: Value, what: &str) -> Result<Vec<u8>, Fault> {
    match value {
        Value::BulkString(bytes) => Ok(bytes),
        Value::SimpleString(text) => Ok(text.into_bytes()),
        _ => Err(unreadable(what)),
    }
}

pub(super) fn text(value: Value, what: &str) -> Result<String, Fault> {
    String::from_utf8(bytes(value, what)?).map_err(|_| unreadable(what))
}

/// A number, as one or as its digits.
pub(super) fn number(value: Value, what: &str) -> Result<u64, Fault> {
    match value {
        Value::Int(number) => u64::try_from(number).map_err(|_| unreadable(what)),
        other => text(other, what)?.parse().map_err(|_| unreadable(what)),
    }
}

/// What a script answered: its word, and what follows.
pub(super) fn word(value: Value) -> Result<(String, std::vec::IntoIter<Value>), Fault> {
    let mut values = array(value, "an array")?.into_iter();
    let word = text(values.next().unwrap_or_default(), "a word")?;
    Ok((word, values))
}

/// The next of several.
pub(super) fn next(values: &mut std::vec::IntoIter<Value>) -> Value {
    values.next().unwrap_or_default()
}

/// Shared bytes of which parts can be handed out.
pub(super) fn shared(value: Value, what: &str) -> Result<Bytes, Fault> {
    bytes(value, what).map(Bytes::from)
}
