//! CAP 1.2 XML, read and written.
//!
//! Reading goes in steps, and only the first two can end it early: bytes to text ([encodings](self#encodings)), text to
//! elements (well-formedness and limits), then the root, the schema, the fields and the rules of [`super::rules`], whose
//! findings all come together, each with element path, line and column.
//!
//! # Encodings
//! A byte order mark or the XML declaration names the encoding; UTF-8, UTF-16, GB18030, GBK and the rest of the WHATWG
//! list are read. Bytes that do not fit the named encoding are a finding, never a replacement character.
//!
//! # What is taken and what is not
//! Any namespace prefix, CDATA, comments inside of texts, any line ends, empty optional elements (as absent), a
//! signature at the end (checked by nobody here, and not kept). Not taken: document types and entities, elements in
//! another order than the schema's, elements and attributes the schema does not have, CAP 1.0 and 1.1, alerts inside of
//! envelopes. The national form is read by [`super::national`]; [`super::xml`] tells them apart.

pub(in crate::domain) mod decode;
pub(in crate::domain) mod element;
pub(in crate::domain) mod list;
mod path;
pub(in crate::domain) mod place;
mod recognise;
pub(in crate::domain) mod schema;
pub(in crate::domain) mod tree;
pub(in crate::domain) mod write;

use super::{
    finding::{Finding, Found, Reading, code},
    message::Message,
    rules::{self, Known},
};

pub use write::{write, write_public};

/// Most bytes of a document: the largest seen in public is 1.7 MB, with a recording inside.
pub const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Reads a CAP 1.2 document with every fault found. Time and memory are bounded by the size of the input.
#[must_use]
pub fn read(bytes: &[u8]) -> Reading {
    read_further(bytes, &|_, _| Vec::new())
}

/// As [`read`], with what `further` finds in the message.
pub(crate) fn read_further(bytes: &[u8], further: rules::Further<'_>) -> Reading {
    read_as(bytes, |text, tree| document(text, tree, further))
}

/// Reads bytes as XML, and the elements as `document` says.
pub(in crate::domain) fn read_as(bytes: &[u8], document: impl FnOnce(&str, &tree::Tree<'_>) -> Reading) -> Reading {
    if bytes.len() > MOST_BYTES {
        return Reading::refused(Finding::refuse(code::DOCUMENT_TOO_LARGE, "").arg("most", MOST_BYTES));
    }
    let text = match decode::decode(bytes) {
        Ok(text) => text,
        Err(finding) => return Reading::refused(finding),
    };
    match tree::read(&text) {
        Ok(tree) => document(&text, &tree),
        Err(fatal) => Reading { message: None, findings: place::fill(&text, vec![fatal]) },
    }
}

/// The message of a document in CAP 1.2.
pub(in crate::domain) fn document(text: &str, tree: &tree::Tree<'_>, further: rules::Further<'_>) -> Reading {
    let root = tree.root();
    if let Some(finding) = recognise::refusal(tree) {
        return Reading { message: None, findings: place::fill(text, vec![(root.element().offset, finding)]) };
    }
    let mut sink = place::Sink::new(schema::ALERT);
    schema::check(root, schema::ALERT, &mut sink);
    let (message, known) = element::Reader { sink: &mut sink }.alert(root);
    judge(text, root, schema::ALERT, sink, (message, known), further)
}

/// A message as it was read, with everything its reader and the rules find, each at the element it is about.
pub(in crate::domain) fn judge(
    text: &str,
    root: tree::Node<'_>,
    schema: &'static [schema::Slot],
    sink: place::Sink,
    (message, known): (Message, Known),
    further: rules::Further<'_>,
) -> Reading {
    let mut all = Found::default();
    let mut offsets = std::collections::HashMap::new();
    for (offset, finding) in sink.into_vec() {
        offsets.insert(finding.at.path.clone(), offset);
        all.push(finding);
    }
    let mut rules = rules::check_further(&message, known, further);
    for finding in &mut rules {
        let (offset, path) = path::of_pointer(root, schema, &finding.at.path);
        offsets.insert(path.clone(), offset);
        finding.at.path = path;
    }
    all.append_rules(rules);
    let placed =
        all.into_vec().into_iter().map(|finding| (offsets.get(&finding.at.path).copied().unwrap_or(0), finding));
    Reading::of(message, place::fill(text, placed.collect()))
}

#[cfg(test)]
mod tests;
