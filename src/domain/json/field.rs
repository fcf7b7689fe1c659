//! From JSON values to a message. A field that cannot be read gets a stand-in and a finding, so that everything else is
//! still checked.

use super::{Defaults, Node, value::Object};
use crate::domain::{
    finding::{Found, code},
    hazard,
    level::Level,
    lift::{CORRECTION_TEXT, LIFT_TEXT},
    message::{
        Area, Category, Certainty, Circle, Info, Kind, Message, MessageRef, NamedValue, Polygon, Resource, Scope,
        Severity, Status, Term, Urgency,
    },
    moment::Moment,
    rules::{Known, Spot},
};

const MESSAGE: &[&str] = &[
    "identifier",
    "sender",
    "sent",
    "status",
    "kind",
    "source",
    "scope",
    "restriction",
    "addresses",
    "codes",
    "note",
    "references",
    "incidents",
    "infos",
];
const REFERENCE: &[&str] = &["sender", "identifier", "sent"];
const INFO: &[&str] = &[
    "language",
    "categories",
    "event",
    "response_types",
    "urgency",
    "severity",
    "level",
    "certainty",
    "audience",
    "event_codes",
    "hazard",
    "lift_text",
    "correction_text",
    "effective",
    "onset",
    "expires",
    "sender_name",
    "headline",
    "description",
    "instruction",
    "web",
    "contact",
    "parameters",
    "resources",
    "areas",
];
const NAMED_VALUE: &[&str] = &["name", "value"];
const RESOURCE: &[&str] = &["description", "mime_type", "size", "uri", "content", "digest"];
const AREA: &[&str] = &["description", "polygons", "circles", "geocodes", "altitude_ft", "ceiling_ft"];
const CIRCLE: &[&str] = &["centre", "radius_km"];

/// Reads the fields of one document.
pub(super) struct Reader<'f> {
    pub(super) found: &'f mut Found,
    pub(super) defaults: &'f Defaults,
}

impl Reader<'_> {
    /// The message, and which fields could be read.
    pub(super) fn message(&mut self, node: Node<'_>) -> (Message, Known) {
        let at = &Spot::ROOT;
        let o = &mut self.object(node, MESSAGE, at);
        let (identifier, sender) = (self.text(o, "identifier", at), self.text(o, "sender", at));
        let (sent, kind, scope) = (self.moment(o, "sent", at), self.term(o, "kind", at), self.term(o, "scope", at));
        let status = self.term(o, "status", at);
        let (identifier_given, sent_given) = (identifier.is_some(), sent.is_some());
        let sent = self.expect(sent, self.defaults.sent, "sent", at);
        let kind = self.expect(kind, None, "kind", at);
        let scope = self.expect(scope, None, "scope", at);
        let known =
            Known { sent: sent.is_some(), kind: kind.is_some(), scope: scope.is_some(), identifier_given, sent_given };
        let message = Message {
            identifier: self.expect(identifier, self.defaults.identifier.clone(), "identifier", at).unwrap_or_default(),
            sender: self.expect(sender, self.defaults.sender.clone(), "sender", at).unwrap_or_default(),
            sent: sent.unwrap_or(Moment::china(0)),
            status: self.expect(status, None, "status", at).unwrap_or(Status::Actual),
            kind: kind.unwrap_or(Kind::Alert),
            source: self.text(o, "source", at),
            scope: scope.unwrap_or(Scope::Public),
            restriction: self.text(o, "restriction", at),
            addresses: self.texts(o, "addresses", at),
            codes: self.texts(o, "codes", at),
            note: self.text(o, "note", at),
            references: self.list(o, "references", at, Self::reference).unwrap_or_default(),
            incidents: self.texts(o, "incidents", at),
            infos: self.list(o, "infos", at, Self::info).unwrap_or_default(),
        };
        (message, known)
    }

    fn reference(&mut self, node: Node<'_>, at: &Spot<'_>) -> MessageRef {
        let o = &mut self.object(node, REFERENCE, at);
        let (sender, identifier) = (self.required_text(o, "sender", at), self.required_text(o, "identifier", at));
        let sent = self.moment(o, "sent", at);
        MessageRef { sender, identifier, sent: self.expect(sent, None, "sent", at).unwrap_or(Moment::china(0)) }
    }

    fn info(&mut self, node: Node<'_>, at: &Spot<'_>) -> Info {
        let o = &mut self.object(node, INFO, at);
        let categories =
            self.list(o, "categories", at, |reader, node, at| reader.one_term(node, at).unwrap_or(Category::Other));
        Info {
            language: self.text(o, "language", at),
            categories: self.expect(categories, None, "categories", at).unwrap_or_default(),
            event: self.required_text(o, "event", at),
            response_types: self.terms(o, "response_types", at),
            urgency: self.term(o, "urgency", at).unwrap_or(Urgency::Unknown),
            severity: self.severity(o, at),
            certainty: self.term(o, "certainty", at).unwrap_or(Certainty::Unknown),
            audience: self.text(o, "audience", at),
            event_codes: self.event_codes(o, at),
            effective: self.moment(o, "effective", at),
            onset: self.moment(o, "onset", at),
            expires: self.moment(o, "expires", at),
            sender_name: self.text(o, "sender_name", at),
            headline: self.text(o, "headline", at),
            description: self.text(o, "description", at),
            instruction: self.text(o, "instruction", at),
            web: self.text(o, "web", at),
            contact: self.text(o, "contact", at),
            parameters: self.parameters(o, at),
            resources: self.list(o, "resources", at, Self::resource).unwrap_or_default(),
            areas: self.list(o, "areas", at, Self::area).unwrap_or_default(),
        }
    }

    /// `severity`, or `level` in its place.
    fn severity(&mut self, o: &mut Object<'_>, at: &Spot<'_>) -> Severity {
        let severity: Option<Severity> = self.term(o, "severity", at);
        let spot = at.field("level");
        let level = self.text(o, "level", at).and_then(|word| self.level(&word, &spot));
        match (severity, level) {
            (Some(severity), Some(level)) if Level::from(severity) != level => {
                self.report::<()>(code::LEVEL_CONFLICT, &spot, |finding| {
                    finding.got(level.name()).arg("severity", severity.json())
                });
                severity
            }
            (Some(severity), _) => severity,
            (None, Some(level)) => {
                let same = |severity: &Severity| Level::from(*severity) == level;
                Severity::ALL.iter().copied().find(same).unwrap_or(Severity::Unknown)
            }
            (None, None) => {
                if !self.found.has(&spot.pointer()) {
                    self.expect(severity, None, "severity", at);
                }
                Severity::Unknown
            }
        }
    }

    fn level(&mut self, word: &str, at: &Spot<'_>) -> Option<Level> {
        word.parse().ok().or_else(|| {
            let allowed = Level::ALL.map(Level::name);
            self.report(code::VALUE_UNKNOWN, at, |finding| {
                finding.got(word).arg("allowed", allowed.join(" ")).suggest(word, allowed)
            })
        })
    }

    /// `event_codes`, and `hazard` as one more of them.
    fn event_codes(&mut self, o: &mut Object<'_>, at: &Spot<'_>) -> Vec<NamedValue> {
        let mut codes = self.list(o, "event_codes", at, Self::named_value).unwrap_or_default();
        let Some(value) = self.text(o, "hazard", at) else { return codes };
        let spot = at.field("hazard");
        let present = codes.iter().find(|code| code.name == hazard::NATIONAL_CODE).map(|code| code.value.clone());
        match present {
            _ if !hazard::has_national_form(&value) => {
                self.report::<()>(code::HAZARD_FORM, &spot, |finding| finding.got(&value));
            }
            Some(other) if other != value => {
                let other: String = other.chars().take(40).collect();
                self.report::<()>(code::HAZARD_CONFLICT, &spot, |finding| finding.got(&value).arg("other", other));
            }
            Some(_) => {}
            None => codes.push(NamedValue { name: hazard::NATIONAL_CODE.to_owned(), value }),
        }
        codes
    }

    /// `parameters`, and the texts of what ends the warning as more of them.
    fn parameters(&mut self, o: &mut Object<'_>, at: &Spot<'_>) -> Vec<NamedValue> {
        let mut parameters = self.list(o, "parameters", at, Self::named_value).unwrap_or_default();
        for (field, name) in [("lift_text", LIFT_TEXT), ("correction_text", CORRECTION_TEXT)] {
            let Some(value) = self.text(o, field, at) else { continue };
            // The field is what whoever writes it means.
            parameters.retain(|parameter| parameter.name != name);
            parameters.push(NamedValue { name: name.to_owned(), value });
        }
        parameters
    }

    fn named_value(&mut self, node: Node<'_>, at: &Spot<'_>) -> NamedValue {
        let o = &mut self.object(node, NAMED_VALUE, at);
        NamedValue { name: self.required_text(o, "name", at), value: self.required_text(o, "value", at) }
    }

    fn resource(&mut self, node: Node<'_>, at: &Spot<'_>) -> Resource {
        let o = &mut self.object(node, RESOURCE, at);
        let spot = at.field("size");
        let size = o.take("size").and_then(|node| match node {
            Node::Whole(size) => Some(size),
            Node::Number(number) => self.report(code::NUMBER_FORM, &spot, |finding| finding.got(&number.to_string())),
            other => self.wrong_type(&other, "number", &spot),
        });
        Resource {
            description: self.required_text(o, "description", at),
            mime_type: self.required_text(o, "mime_type", at),
            size,
            uri: self.text(o, "uri", at),
            content: self.text(o, "content", at),
            digest: self.text(o, "digest", at),
        }
    }

    fn area(&mut self, node: Node<'_>, at: &Spot<'_>) -> Area {
        let o = &mut self.object(node, AREA, at);
        Area {
            description: self.required_text(o, "description", at),
            polygons: self.list(o, "polygons", at, Self::polygon).unwrap_or_default(),
            circles: self.list(o, "circles", at, Self::circle).unwrap_or_default(),
            geocodes: self.list(o, "geocodes", at, Self::named_value).unwrap_or_default(),
            altitude_ft: o.take("altitude_ft").map(|node| self.number(&node, &at.field("altitude_ft"))),
            ceiling_ft: o.take("ceiling_ft").map(|node| self.number(&node, &at.field("ceiling_ft"))),
        }
    }

    /// A polygon; one with a broken pair is left empty, and only that pair is reported.
    fn polygon(&mut self, node: Node<'_>, at: &Spot<'_>) -> Polygon {
        let pairs = match node {
            Node::List(pairs) => pairs,
            other => return self.wrong_type(&other, "array", at).unwrap_or(Polygon(Vec::new())),
        };
        match pairs.iter().map(pair).collect() {
            Some(ring) => Polygon(ring),
            None => {
                let number = pairs.iter().position(|node| pair(node).is_none()).unwrap_or_default() + 1;
                self.report::<()>(code::POLYGON_FORM, at, |finding| finding.arg("number", number));
                Polygon(Vec::new())
            }
        }
    }

    fn circle(&mut self, node: Node<'_>, at: &Spot<'_>) -> Circle {
        let o = &mut self.object(node, CIRCLE, at);
        let spot = at.field("centre");
        let centre = o
            .take("centre")
            .and_then(|node| pair(&node).or_else(|| self.wrong_type(&node, "[latitude, longitude]", &spot)));
        let radius = o.take("radius_km").map(|node| self.number(&node, &at.field("radius_km")));
        Circle {
            centre: self.expect(centre, None, "centre", at).unwrap_or([0.0, 0.0]),
            radius_km: self.expect(radius, None, "radius_km", at).unwrap_or(0.0),
        }
    }
}

/// `[latitude, longitude]`.
fn pair(node: &Node<'_>) -> Option<[f64; 2]> {
    match node {
        Node::List(two) if two.len() == 2 => Some([number(&two[0])?, number(&two[1])?]),
        _ => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "a number this large is refused as a coordinate or height anyway")]
pub(super) fn number(node: &Node<'_>) -> Option<f64> {
    match node {
        Node::Whole(number) => Some(*number as f64),
        Node::Number(number) => Some(*number),
        _ => None,
    }
}
