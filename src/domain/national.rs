//! The form of the national warning platform 12379 (国家突发事件预警信息发布系统), read and written.
//!
//! It is CAP-shaped, but no CAP: another namespace or none, a blank in times, colours for severities, circles in metres,
//! one text of comma-joined area codes, a reference to the first message of the event instead of triplets, a channel
//! plan inside of `code`. Source: the platform's rules for values and file names (突发事件预警信息取值规则及说明), and the
//! files county systems hand over.
//!
//! # Where things go
//!
//! | form | message |
//! | --- | --- |
//! | `senderCode` · `sender` | `sender` · `sender_name`: CAP's sender is an id, its sender name the unit |
//! | `sendTime` · `msgType` · `note` | `sent` · `kind` · `note` |
//! | `references` (an identifier) | one reference whose sender and time are those in the identifier, see [`is_bare`] |
//! | `eventType` | an event code named [`CN-12379`](super::hazard::NATIONAL_CODE); the event in words is taken from the headline, else it is the code |
//! | `severity` | Red Extreme, Orange Severe, Yellow Moderate, Blue Minor |
//! | `certainty` VeryLikely | Likely, the word itself in a parameter |
//! | `language`, absent | zh-CN: the form's own default |
//! | `geocode` | one geocode `CN-STAT-CODE` for each code |
//! | `circle` in metres | the same circle in kilometres, to the last digit |
//! | `polygon` that does not close (a line) | a parameter: it has no inside |
//! | `code/method`, `phone`, `secClassification`, `senderName` (the person who signed), `resource`, a missing namespace | [`parameter`]s; resources name files that come beside the form, see [`package`] |
//!
//! Elements may stand in any order, and empty ones count as absent, for senders differ in both. Everything else the form
//! does not have is refused, so that nothing is lost without a word.
//!
//! # What is written
//! Every element, in the platform's order, empty where there is nothing to say; times in China's time. An exercise is
//! never written. [`write()`] refuses what the form cannot say without becoming another warning; [`unsaid`] names what
//! it leaves out. Of several references it writes the earliest. A sender that is no unit's code is replaced by the
//! parameter [`SENDER_CODE`](parameter::SENDER_CODE), and an identifier of another form by unit and time, in references
//! too. Several infos are written when one of them alone is Chinese. A channel plan is never made up.

mod attachment;
mod event;
mod identifier;
mod metres;
pub mod package;
pub mod parameter;
mod read;
mod reply;
mod saying;
mod schema;
mod unsaid;
mod write;

use super::{
    cap::{
        self,
        place::{self, Sink},
        tree::{Node, Tree},
    },
    finding::{Finding, Reading, code},
    message::Message,
    rules,
};

pub use attachment::Attachment;
pub use identifier::is_bare;
pub use package::{is_package, pack};
pub use parameter::outward;
pub use reply::reply;
pub use unsaid::unsaid;

/// The namespace of the form.
const NAMESPACE: &str = "http://com.icss.amp";

/// Name under which the codes of areas are kept.
const AREA_CODE: &str = "CN-STAT-CODE";

/// Reads a document in the national form with every fault found. Time and memory are bounded by the size of the input.
#[must_use]
pub fn read(bytes: &[u8]) -> Reading {
    cap::read_as(bytes, |text, tree| document(text, tree, None, &|_, _| Vec::new()))
}

/// Whether a document element is one of the national form. County systems write it without a namespace; it is known
/// then by names that no CAP has.
pub(super) fn is_form(root: Node<'_>) -> bool {
    let element = root.element();
    let known = || ["senderCode", "sendTime"].iter().any(|name| root.named(name).next().is_some());
    element.name == "alert" && (element.namespace == NAMESPACE || element.namespace.is_empty() && known())
}

/// The message of a document in the national form. `attachments` are the files that came with it, where it came in a
/// package.
pub(super) fn document(
    text: &str,
    tree: &Tree<'_>,
    attachments: Option<&[Attachment]>,
    further: rules::Further<'_>,
) -> Reading {
    let root = tree.root();
    if !is_form(root) {
        let finding = Finding::refuse(code::NATIONAL_WRONG_ROOT, "/").got(root.element().name);
        return Reading { message: None, findings: place::fill(text, vec![(root.element().offset, finding)]) };
    }
    let mut sink = Sink::new(schema::ALERT);
    schema::check(root, schema::ALERT, &mut sink);
    let (message, known) = read::Reader { sink: &mut sink, attachments }.alert(root);
    cap::judge(text, root, schema::ALERT, sink, (message, known), further)
}

/// Writes a message in the national form.
///
/// # Errors
/// Everything in it that the form cannot say, with paths into the JSON form.
pub fn write(message: &Message) -> Result<Vec<u8>, Vec<Finding>> {
    saying::Saying::of(message).map(|saying| write::write(&saying).into_bytes())
}

/// The name of the file a message is handed over in: unit, time of signing, event type, level and kind, for example
/// `33000041600000_20121025091026_11B01_BLUE_ALERT.XML`. Its length is not fixed.
///
/// # Errors
/// As [`write()`].
pub fn file_name(message: &Message) -> Result<String, Vec<Finding>> {
    saying::Saying::of(message).map(|saying| saying.file_name())
}

#[cfg(test)]
mod tests;
