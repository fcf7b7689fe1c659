//! A message as CAP 1.2.

use std::fmt::{Display, Write as _};

use super::{list, schema::NAMESPACE};
use crate::domain::{
    message::{Area, Info, Message, NamedValue, Resource},
    national,
};

/// Writes a message as CAP 1.2: UTF-8, default namespace, no prefix, elements in the order of the schema, nothing empty
/// that may be left out, one blank between coordinate pairs. Valid against the schema for every message that keeps the
/// rules, and read back equal.
#[must_use]
pub fn write(message: &Message) -> String {
    let mut xml = Writer(String::with_capacity(4096));
    xml.0.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<alert xmlns=\"");
    xml.0.push_str(NAMESPACE);
    xml.0.push_str("\">\n");
    xml.text("identifier", &message.identifier);
    xml.text("sender", &message.sender);
    xml.plain("sent", message.sent);
    xml.plain("status", message.status);
    xml.plain("msgType", message.kind);
    xml.optional("source", message.source.as_deref());
    xml.plain("scope", message.scope);
    xml.optional("restriction", message.restriction.as_deref());
    xml.filled("addresses", &list::write_items(&message.addresses));
    message.codes.iter().for_each(|code| xml.text("code", code));
    xml.optional("note", message.note.as_deref());
    xml.filled("references", &list::write_references(&message.references));
    xml.filled("incidents", &list::write_items(&message.incidents));
    message.infos.iter().for_each(|info| xml.info(info));
    xml.close("alert");
    xml.0
}

/// As [`write()`], for everybody: without the parameters of the [`national`] form, among which are names and numbers of
/// people.
#[must_use]
pub fn write_public(message: &Message) -> String {
    write(&national::outward(message))
}

/// XML as it is written, element by element.
pub(in crate::domain) struct Writer(pub(in crate::domain) String);

impl Writer {
    fn info(&mut self, info: &Info) {
        self.open("info");
        self.optional("language", info.language.as_deref());
        info.categories.iter().for_each(|category| self.plain("category", category));
        self.text("event", &info.event);
        info.response_types.iter().for_each(|kind| self.plain("responseType", kind));
        self.plain("urgency", info.urgency);
        self.plain("severity", info.severity);
        self.plain("certainty", info.certainty);
        self.optional("audience", info.audience.as_deref());
        self.named("eventCode", &info.event_codes);
        self.maybe("effective", info.effective);
        self.maybe("onset", info.onset);
        self.maybe("expires", info.expires);
        self.optional("senderName", info.sender_name.as_deref());
        self.optional("headline", info.headline.as_deref());
        self.optional("description", info.description.as_deref());
        self.optional("instruction", info.instruction.as_deref());
        self.optional("web", info.web.as_deref());
        self.optional("contact", info.contact.as_deref());
        self.named("parameter", &info.parameters);
        info.resources.iter().for_each(|resource| self.resource(resource));
        info.areas.iter().for_each(|area| self.area(area));
        self.close("info");
    }

    fn resource(&mut self, resource: &Resource) {
        self.open("resource");
        self.text("resourceDesc", &resource.description);
        self.text("mimeType", &resource.mime_type);
        self.maybe("size", resource.size);
        self.optional("uri", resource.uri.as_deref());
        self.optional("derefUri", resource.content.as_deref());
        self.optional("digest", resource.digest.as_deref());
        self.close("resource");
    }

    fn area(&mut self, area: &Area) {
        self.open("area");
        self.text("areaDesc", &area.description);
        area.polygons.iter().for_each(|polygon| self.filled("polygon", &list::write_polygon(polygon)));
        area.circles.iter().for_each(|circle| self.filled("circle", &list::write_circle(circle)));
        self.named("geocode", &area.geocodes);
        self.maybe("altitude", area.altitude_ft);
        self.maybe("ceiling", area.ceiling_ft);
        self.close("area");
    }

    fn named(&mut self, element: &str, values: &[NamedValue]) {
        for value in values {
            self.open(element);
            self.text("valueName", &value.name);
            self.text("value", &value.value);
            self.close(element);
        }
    }

    pub(in crate::domain) fn open(&mut self, element: &str) {
        self.0.push('<');
        self.0.push_str(element);
        self.0.push_str(">\n");
    }

    pub(in crate::domain) fn close(&mut self, element: &str) {
        self.0.push_str("</");
        self.0.push_str(element);
        self.0.push_str(">\n");
    }

    /// An element with any text.
    pub(in crate::domain) fn text(&mut self, element: &str, text: &str) {
        self.0.push('<');
        self.0.push_str(element);
        self.0.push('>');
        self.escaped(text);
        self.close(element);
    }

    fn optional(&mut self, element: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.text(element, text);
        }
    }

    fn filled(&mut self, element: &str, text: &str) {
        self.optional(element, (!text.is_empty()).then_some(text));
    }

    /// An element whose text needs no escapes: a time, a number, a value of an enumeration.
    pub(in crate::domain) fn plain(&mut self, element: &str, value: impl Display) {
        writeln!(self.0, "<{element}>{value}</{element}>").expect("writing into a String does not fail");
    }

    fn maybe(&mut self, element: &str, value: Option<impl Display>) {
        if let Some(value) = value {
            self.plain(element, value);
        }
    }

    /// `>` is escaped for the sake of `]]>`, the carriage return because XML would read it as a line feed.
    fn escaped(&mut self, text: &str) {
        let mut rest = text;
        while let Some(at) = rest.find(['&', '<', '>', '\r']) {
            self.0.push_str(&rest[..at]);
            self.0.push_str(match rest.as_bytes()[at] {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                _ => "&#13;",
            });
            rest = &rest[at + 1..];
        }
        self.0.push_str(rest);
    }
}
