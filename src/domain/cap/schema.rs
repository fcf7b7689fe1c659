//! The schema of CAP 1.2 as a table, and the check of a document against it: which elements, in which order, how often.
//! Source: CAP-v1.2.xsd of OASIS.

use super::{place::Sink, tree::Node};
use crate::domain::finding::{Finding, code};

pub(in crate::domain) const NAMESPACE: &str = "urn:oasis:names:tc:emergency:cap:1.2";

/// XML signatures may stand last in an alert.
const SIGNATURE: &str = "http://www.w3.org/2000/09/xmldsig#";

/// One element of a sequence.
#[derive(Debug)]
pub(in crate::domain) struct Slot {
    /// Name of the element.
    pub(in crate::domain) xml: &'static str,
    /// Name of the same thing in our JSON form.
    pub(in crate::domain) json: &'static str,
    /// Whether it must be there.
    pub(in crate::domain) required: bool,
    /// Whether it may be there more than once.
    pub(in crate::domain) many: bool,
    /// What is inside; nothing for a text.
    pub(in crate::domain) inside: &'static [Slot],
}

const fn slot(xml: &'static str, json: &'static str, required: bool, many: bool, inside: &'static [Slot]) -> Slot {
    Slot { xml, json, required, many, inside }
}

const fn one(xml: &'static str, json: &'static str) -> Slot {
    slot(xml, json, true, false, &[])
}

const fn optional(xml: &'static str, json: &'static str) -> Slot {
    slot(xml, json, false, false, &[])
}

const fn many(xml: &'static str, json: &'static str, inside: &'static [Slot]) -> Slot {
    slot(xml, json, false, true, inside)
}

pub(in crate::domain) static ALERT: &[Slot] = &[
    one("identifier", "identifier"),
    one("sender", "sender"),
    one("sent", "sent"),
    one("status", "status"),
    one("msgType", "kind"),
    optional("source", "source"),
    one("scope", "scope"),
    optional("restriction", "restriction"),
    optional("addresses", "addresses"),
    many("code", "codes", &[]),
    optional("note", "note"),
    optional("references", "references"),
    optional("incidents", "incidents"),
    many("info", "infos", INFO),
];

static INFO: &[Slot] = &[
    optional("language", "language"),
    slot("category", "categories", true, true, &[]),
    one("event", "event"),
    many("responseType", "response_types", &[]),
    one("urgency", "urgency"),
    one("severity", "severity"),
    one("certainty", "certainty"),
    optional("audience", "audience"),
    many("eventCode", "event_codes", NAMED_VALUE),
    optional("effective", "effective"),
    optional("onset", "onset"),
    optional("expires", "expires"),
    optional("senderName", "sender_name"),
    optional("headline", "headline"),
    optional("description", "description"),
    optional("instruction", "instruction"),
    optional("web", "web"),
    optional("contact", "contact"),
    many("parameter", "parameters", NAMED_VALUE),
    many("resource", "resources", RESOURCE),
    many("area", "areas", AREA),
];

static NAMED_VALUE: &[Slot] = &[one("valueName", "name"), one("value", "value")];

static RESOURCE: &[Slot] = &[
    one("resourceDesc", "description"),
    one("mimeType", "mime_type"),
    optional("size", "size"),
    optional("uri", "uri"),
    optional("derefUri", "content"),
    optional("digest", "digest"),
];

static AREA: &[Slot] = &[
    one("areaDesc", "description"),
    many("polygon", "polygons", &[]),
    many("circle", "circles", &[]),
    many("geocode", "geocodes", NAMED_VALUE),
    optional("altitude", "altitude_ft"),
    optional("ceiling", "ceiling_ft"),
];

/// Checks an element and everything inside against the sequence it must hold.
pub(in crate::domain) fn check(node: Node<'_>, slots: &'static [Slot], sink: &mut Sink) {
    let element = node.element();
    if let Some(attribute) = element.attribute {
        sink.at(node, || Finding::refuse(code::CAP_ATTRIBUTE_UNEXPECTED, "").got(attribute));
    }
    if slots.is_empty() {
        node.children().for_each(|child| sink.at(child, || unknown(child, slots)));
        return;
    }
    if !crate::domain::text::is_blank(&element.text) {
        sink.at(node, || Finding::refuse(code::CAP_TEXT_STRAY, "").got(element.text.trim()));
    }
    let mut sequence = Sequence { slots, counts: [0; MOST_SLOTS], reached: 0, signed: false };
    for child in node.children() {
        let fault = sequence.take(child);
        if fault != Fault::None {
            sink.at(child, || sequence.finding(child, fault));
        }
        if let Some(slot) = slot_of(child, slots) {
            check(child, slot.inside, sink);
        }
    }
    for slot in sequence.missing() {
        sink.below(node, slot.xml, || Finding::refuse(code::CAP_ELEMENT_MISSING, "").arg("element", slot.xml));
    }
}

/// The slot of an element, when the sequence has one.
fn slot_of(child: Node<'_>, slots: &'static [Slot]) -> Option<&'static Slot> {
    let element = child.element();
    slots.iter().find(|slot| slot.xml == element.name && element.namespace == NAMESPACE)
}

/// The longest sequence is that of info.
const MOST_SLOTS: usize = 24;

/// How far a sequence has come.
struct Sequence {
    slots: &'static [Slot],
    counts: [usize; MOST_SLOTS],
    reached: usize,
    signed: bool,
}

/// What is wrong about the next element of a sequence.
#[derive(Clone, Copy, PartialEq)]
enum Fault {
    None,
    Unknown,
    Repeated,
    /// It must stand before this one.
    Order(&'static str),
}

impl Sequence {
    fn take(&mut self, child: Node<'_>) -> Fault {
        let element = child.element();
        if element.namespace == SIGNATURE && std::ptr::eq(self.slots, ALERT) {
            self.signed = true;
            return Fault::None;
        }
        let known = |slot: &Slot| slot.xml == element.name && element.namespace == NAMESPACE;
        let Some(index) = self.slots.iter().position(known) else { return Fault::Unknown };
        self.counts[index] += 1;
        if self.counts[index] > 1 && !self.slots[index].many {
            Fault::Repeated
        } else if self.signed {
            Fault::Order("Signature")
        } else if index < self.reached {
            Fault::Order(self.slots[self.reached].xml)
        } else {
            self.reached = index;
            Fault::None
        }
    }

    fn finding(&self, child: Node<'_>, fault: Fault) -> Finding {
        let name = child.element().name;
        match fault {
            Fault::Repeated => Finding::refuse(code::CAP_ELEMENT_REPEATED, "").arg("element", name),
            Fault::Order(before) => {
                Finding::refuse(code::CAP_ELEMENT_ORDER, "").arg("element", name).arg("before", before)
            }
            Fault::Unknown | Fault::None => unknown(child, self.slots),
        }
    }

    fn missing(&self) -> impl Iterator<Item = &'static Slot> {
        self.slots.iter().zip(self.counts).filter(|(slot, count)| slot.required && *count == 0).map(|(slot, _)| slot)
    }
}

fn unknown(child: Node<'_>, slots: &'static [Slot]) -> Finding {
    let element = child.element();
    if element.namespace == NAMESPACE {
        Finding::refuse(code::CAP_ELEMENT_UNKNOWN, "")
            .got(element.name)
            .suggest(element.name, slots.iter().map(|slot| slot.xml))
    } else {
        Finding::refuse(code::CAP_ELEMENT_FOREIGN, "").got(element.name).arg("namespace", shortened(&element.namespace))
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(120).collect()
}
