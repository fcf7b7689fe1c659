//! A message in the form: UTF-8, the elements in the platform's order, empty where there is nothing to say.

use super::{
    NAMESPACE, metres,
    parameter::{self, Group},
    read,
    saying::Saying,
};
use crate::domain::{
    area::AreaCode,
    cap::{list, write::Writer},
    message::{Area, Certainty, Circle, Info, NamedValue},
    moment::Moment,
};

/// Writes what can be said.
pub(super) fn write(saying: &Saying<'_>) -> String {
    let (message, info) = (saying.message, saying.info);
    let parameters = &info.parameters;
    let mut xml = Writer(String::with_capacity(4096));
    xml.0.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    match parameter::first(parameters, parameter::NAMESPACE) {
        Some("") => xml.0.push_str("<alert>\n"),
        _ => xml.0.push_str(&format!("<alert xmlns=\"{NAMESPACE}\">\n")),
    }
    xml.plain("identifier", &saying.identifier);
    element(&mut xml, "sender", info.sender_name.as_deref());
    xml.plain("senderCode", saying.unit);
    if let Some(phone) = parameter::first(parameters, parameter::PHONE) {
        xml.text("phone", phone);
    }
    xml.plain("sendTime", time(message.sent));
    xml.plain("status", message.status);
    xml.plain("msgType", message.kind);
    xml.plain("scope", message.scope);
    methods(&mut xml, parameters);
    let classification = parameter::first(parameters, parameter::CLASSIFICATION);
    element(&mut xml, "secClassification", classification.or(Some("None")));
    element(&mut xml, "note", message.note.as_deref());
    element(&mut xml, "references", saying.reference.as_deref());
    write_info(&mut xml, saying);
    xml.close("alert");
    xml.0
}

fn write_info(xml: &mut Writer, saying: &Saying<'_>) {
    let (message, info) = (saying.message, saying.info);
    let signer = parameter::first(&info.parameters, parameter::SIGNER);
    xml.open("info");
    // What has no tag is English in CAP; the form would take it for Chinese.
    element(xml, "language", info.language.as_deref().or(Some("en-US")));
    xml.plain("eventType", saying.event_type);
    xml.plain("urgency", info.urgency);
    xml.plain("severity", saying.colour());
    xml.plain("certainty", certainty(info));
    xml.plain("effective", time(info.effective.unwrap_or(message.sent)));
    element(xml, "onset", info.onset.map(time).as_deref());
    element(xml, "expires", info.expires.map(time).as_deref());
    // County systems put the unit where they name no person.
    element(xml, "senderName", signer.or(info.sender_name.as_deref()));
    element(xml, "headline", info.headline.as_deref());
    element(xml, "description", info.description.as_deref());
    element(xml, "instruction", info.instruction.as_deref());
    element(xml, "web", info.web.as_deref());
    for resource in parameter::groups(&info.parameters, parameter::RESOURCE) {
        xml.open("resource");
        xml.text("resourceDesc", resource.value);
        parameter::OF_RESOURCE.iter().for_each(|part| element(xml, part, resource.part(part)));
        xml.close("resource");
    }
    for (index, area) in info.areas.iter().enumerate() {
        write_area(xml, area, &parameter::line(index + 1), &info.parameters);
    }
    xml.close("info");
}

/// A word for a certainty: the form has none for `Possible`.
fn certainty(info: &Info) -> &'static str {
    let likely = info.certainty == Certainty::Likely;
    if likely && parameter::first(&info.parameters, parameter::CERTAINTY) == Some(read::VERY_LIKELY) {
        return read::VERY_LIKELY;
    }
    let mut words = read::CERTAINTIES.iter().filter(|(word, _)| *word != read::VERY_LIKELY);
    words.find(|(_, certainty)| *certainty == info.certainty).map_or("Unknown", |(word, _)| *word)
}

fn methods(xml: &mut Writer, parameters: &[NamedValue]) {
    xml.open("code");
    for method in parameter::groups(parameters, parameter::METHOD) {
        xml.open("method");
        xml.text("methodName", method.value.trim());
        method_parts(xml, &method);
        xml.close("method");
    }
    xml.close("code");
}

/// The parts of a method; the last has two spellings, and a document keeps its own.
fn method_parts(xml: &mut Writer, method: &Group<'_>) {
    let [text, groups, people, spelt] = parameter::OF_METHOD;
    element(xml, text, method.part(text));
    element(xml, groups, method.part(groups));
    if method.part(people).is_some() || method.part(spelt).is_none() {
        element(xml, people, method.part(people));
    }
    if let Some(value) = method.part(spelt) {
        xml.text(spelt, value);
    }
}

fn write_area(xml: &mut Writer, area: &Area, line: &str, parameters: &[NamedValue]) {
    xml.open("area");
    xml.text("areaDesc", &area.description);
    let polygons = area.polygons.iter().map(list::write_polygon);
    let lines = parameters.iter().filter(|parameter| parameter.name == line).map(|parameter| parameter.value.clone());
    all(xml, "polygon", polygons.chain(lines));
    all(xml, "circle", area.circles.iter().map(circle));
    let codes: Vec<String> = AreaCode::of_area(area).map(|code| code.to_string()).collect();
    xml.plain("geocode", codes.join(","));
    xml.close("area");
}

fn circle(circle: &Circle) -> String {
    let [latitude, longitude] = circle.centre;
    format!("{latitude},{longitude} {}", metres::of_kilometres(circle.radius_km))
}

/// China's time with a blank: `2026-07-15 14:40:00+08:00`.
fn time(moment: Moment) -> String {
    Moment::china(moment.unix()).to_string().replacen('T', " ", 1)
}

/// An element, empty when there is nothing to say.
fn element(xml: &mut Writer, name: &str, text: Option<&str>) {
    match text {
        Some(text) => xml.text(name, text),
        None => xml.0.push_str(&format!("<{name}/>\n")),
    }
}

/// Every one of several texts in an element of its own, or one empty element.
fn all(xml: &mut Writer, name: &str, texts: impl Iterator<Item = String>) {
    let mut none = true;
    for text in texts {
        xml.text(name, &text);
        none = false;
    }
    if none {
        element(xml, name, None);
    }
}
