//! Our JSON form of a message, read with every fault found.
//!
//! The form is the one serde gives [`Message`](super::message::Message), and that is how it is written. Reading is more
//! lenient in a few places, so that a headquarters has less to fill in:
//!
//! - `identifier`, `sender` and `sent` may be left out when there are [`Defaults`] for them;
//! - `urgency` and `certainty` of an info may be left out: unknown;
//! - an info may give `"level": "red"` (`orange`, `yellow`, `blue`, `unknown`) in place of `severity`;
//! - an info may give `"hazard": "11B03"`, which becomes an event code named [`CN-12379`](super::hazard::NATIONAL_CODE);
//! - an info may give `"lift_text"` and `"correction_text"`, what is to be said when the warning is lifted or was sent by
//!   mistake; they become [parameters](super::lift);
//! - an optional field may be `null`: left out.
//!
//! What is written afterwards has `severity`, `event_codes` and `parameters` only.

mod field;
mod node;
mod value;

use super::{
    cap::{MOST_BYTES, decode},
    finding::{Finding, Found, Reading, code},
    moment::Moment,
    rules,
};
use node::Node;

/// What stands in for the fields that may be left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Defaults {
    /// For `identifier`.
    pub identifier: Option<String>,
    /// For `sender`.
    pub sender: Option<String>,
    /// For `sent`.
    pub sent: Option<Moment>,
}

/// Reads a JSON document that is complete by itself.
#[must_use]
pub fn read(bytes: &[u8]) -> Reading {
    read_with(bytes, &Defaults::default())
}

/// Reads a JSON document; `defaults` stand in for what it leaves out. Time and memory are bounded by the size of the
/// input.
#[must_use]
pub fn read_with(bytes: &[u8], defaults: &Defaults) -> Reading {
    read_further(bytes, defaults, &|_, _| Vec::new())
}

/// As [`read_with`], with what `further` finds in the message.
pub(crate) fn read_further(bytes: &[u8], defaults: &Defaults, further: rules::Further<'_>) -> Reading {
    if bytes.len() > MOST_BYTES {
        return Reading::refused(Finding::refuse(code::DOCUMENT_TOO_LARGE, "").arg("most", MOST_BYTES));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match decode::utf8(bytes).and_then(node::read) {
        Ok(node) => message(node, defaults, further),
        Err(finding) => Reading::refused(finding),
    }
}

fn message(node: Node<'_>, defaults: &Defaults, further: rules::Further<'_>) -> Reading {
    let mut found = Found::default();
    let (message, known) = field::Reader { found: &mut found, defaults }.message(node);
    found.append_rules(rules::check_further(&message, known, further));
    Reading::of(message, found.into_vec())
}

#[cfg(test)]
mod tests;
