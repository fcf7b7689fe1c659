//! The elements of the national form as a table, and the check of a document against it. The table is in the order in
//! which the platform writes them; a document may have another.

use crate::domain::{
    cap::{place::Sink, schema::Slot, tree::Node},
    finding::{Finding, code},
    text,
};

const fn slot(xml: &'static str, json: &'static str, required: bool, many: bool, inside: &'static [Slot]) -> Slot {
    Slot { xml, json, required, many, inside }
}

const fn must(xml: &'static str, json: &'static str) -> Slot {
    slot(xml, json, true, false, &[])
}

const fn may(xml: &'static str, json: &'static str) -> Slot {
    slot(xml, json, false, false, &[])
}

pub(super) static ALERT: &[Slot] = &[
    must("identifier", "identifier"),
    must("sender", "infos/0/sender_name"),
    must("senderCode", "sender"),
    may("phone", ""),
    must("sendTime", "sent"),
    must("status", "status"),
    must("msgType", "kind"),
    must("scope", "scope"),
    slot("code", "", true, false, CODE),
    may("secClassification", ""),
    may("note", "note"),
    may("references", "references"),
    slot("info", "infos", true, false, INFO),
];

static CODE: &[Slot] = &[slot("method", "", true, true, METHOD)];

static METHOD: &[Slot] = &[
    must("methodName", ""),
    may("message", ""),
    may("audienceGrp", ""),
    may("audiencePrt", ""),
    may("audenceprt", ""),
];

static INFO: &[Slot] = &[
    may("language", "language"),
    must("eventType", "event"),
    must("urgency", "urgency"),
    must("severity", "severity"),
    must("certainty", "certainty"),
    must("effective", "effective"),
    may("onset", "onset"),
    may("expires", "expires"),
    must("senderName", ""),
    must("headline", "headline"),
    must("description", "description"),
    may("instruction", "instruction"),
    may("web", "web"),
    slot("resource", "", false, true, RESOURCE),
    slot("area", "areas", true, true, AREA),
];

static RESOURCE: &[Slot] = &[must("resourceDesc", ""), may("size", ""), may("digest", "")];

static AREA: &[Slot] = &[
    must("areaDesc", "description"),
    slot("polygon", "polygons", false, true, &[]),
    slot("circle", "circles", false, true, &[]),
    must("geocode", "geocodes"),
];

/// The longest list of elements is that of info.
const MOST_SLOTS: usize = 16;

/// Checks an element and everything inside against what it may and must hold.
pub(super) fn check(node: Node<'_>, slots: &'static [Slot], sink: &mut Sink) {
    let element = node.element();
    if let Some(attribute) = element.attribute {
        sink.at(node, || Finding::refuse(code::CAP_ATTRIBUTE_UNEXPECTED, "").got(attribute));
    }
    if !slots.is_empty() && !text::is_blank(&element.text) {
        sink.at(node, || Finding::refuse(code::CAP_TEXT_STRAY, "").got(element.text.trim()));
    }
    let mut counts = [0_usize; MOST_SLOTS];
    for child in node.children() {
        let name = child.element().name;
        let known = slots.iter().position(|slot| slot.xml == name && child.element().namespace == element.namespace);
        let Some(index) = known else {
            sink.at(child, || unknown(name, slots));
            continue;
        };
        let slot = &slots[index];
        counts[index] += 1;
        if counts[index] > 1 && !slot.many {
            sink.at(child, || Finding::refuse(code::CAP_ELEMENT_REPEATED, "").arg("element", name));
        } else if slot.required && child.is_blank() {
            sink.at(child, || missing(slot));
        } else if !child.is_blank() || child.element().attribute.is_some() {
            check(child, slot.inside, sink);
        }
    }
    for (slot, _) in slots.iter().zip(counts).filter(|(slot, count)| slot.required && *count == 0) {
        sink.below(node, slot.xml, || missing(slot));
    }
}

fn missing(slot: &Slot) -> Finding {
    Finding::refuse(code::NATIONAL_ELEMENT_MISSING, "").arg("element", slot.xml)
}

fn unknown(name: &str, slots: &[Slot]) -> Finding {
    Finding::refuse(code::NATIONAL_ELEMENT_UNKNOWN, "").got(name).suggest(name, slots.iter().map(|slot| slot.xml))
}
