//! From elements to a message. A field that cannot be read gets a stand-in and a finding, so that everything else is
//! still checked.

use super::{list, place::Sink, tree::Node};
use crate::domain::{
    finding::{Finding, code},
    message::{
        Area, Category, Certainty, Circle, Info, Kind, Message, NamedValue, Polygon, Resource, Scope, Severity, Status,
        Term, Urgency,
    },
    moment::{Moment, MomentFault},
    rules::Known,
};

/// Reads the elements of one document.
pub(super) struct Reader<'f> {
    pub(super) sink: &'f mut Sink,
}

impl Reader<'_> {
    /// The message of an alert element, and which fields it was read from.
    pub(super) fn alert(&mut self, alert: Node<'_>) -> (Message, Known) {
        let (sent, kind, scope) = (self.moment(alert, "sent"), self.term(alert, "msgType"), self.term(alert, "scope"));
        let known = Known { sent: sent.is_some(), kind: kind.is_some(), scope: scope.is_some(), ..Known::EVERYTHING };
        let message = Message {
            identifier: required(alert, "identifier"),
            sender: required(alert, "sender"),
            sent: sent.unwrap_or(Moment::china(0)),
            status: self.term(alert, "status").unwrap_or(Status::Actual),
            kind: kind.unwrap_or(Kind::Alert),
            source: optional(alert, "source"),
            scope: scope.unwrap_or(Scope::Public),
            restriction: optional(alert, "restriction"),
            addresses: self.items(alert, "addresses"),
            codes: filled(alert, "code").map(|node| node.element().text.to_string()).collect(),
            note: optional(alert, "note"),
            references: self.references(alert),
            incidents: self.items(alert, "incidents"),
            infos: alert.named("info").map(|node| self.info(node)).collect(),
        };
        (message, known)
    }

    fn info(&mut self, info: Node<'_>) -> Info {
        Info {
            language: collapsed(info, "language"),
            categories: info.named("category").map(|node| self.one_term(node).unwrap_or(Category::Other)).collect(),
            event: required(info, "event"),
            response_types: filled(info, "responseType").filter_map(|node| self.one_term(node)).collect(),
            urgency: self.term(info, "urgency").unwrap_or(Urgency::Unknown),
            severity: self.term(info, "severity").unwrap_or(Severity::Unknown),
            certainty: self.term(info, "certainty").unwrap_or(Certainty::Unknown),
            audience: optional(info, "audience"),
            event_codes: named_values(info, "eventCode"),
            effective: self.moment(info, "effective"),
            onset: self.moment(info, "onset"),
            expires: self.moment(info, "expires"),
            sender_name: optional(info, "senderName"),
            headline: optional(info, "headline"),
            description: optional(info, "description"),
            instruction: optional(info, "instruction"),
            web: collapsed(info, "web"),
            contact: optional(info, "contact"),
            parameters: named_values(info, "parameter"),
            resources: info.named("resource").map(|node| self.resource(node)).collect(),
            areas: info.named("area").map(|node| self.area(node)).collect(),
        }
    }

    fn resource(&mut self, resource: Node<'_>) -> Resource {
        let size = filled(resource, "size").next().and_then(|node| {
            let word = node.element().text.trim();
            let size = word.strip_prefix('+').unwrap_or(word).parse().ok();
            size.or_else(|| self.refuse(node, code::NUMBER_FORM, Some(word)))
        });
        Resource {
            description: required(resource, "resourceDesc"),
            mime_type: required(resource, "mimeType"),
            size,
            uri: collapsed(resource, "uri"),
            content: optional(resource, "derefUri"),
            digest: optional(resource, "digest"),
        }
    }

    fn area(&mut self, area: Node<'_>) -> Area {
        Area {
            description: required(area, "areaDesc"),
            polygons: filled(area, "polygon").map(|node| self.polygon(node)).collect(),
            circles: filled(area, "circle").map(|node| self.circle(node)).collect(),
            geocodes: named_values(area, "geocode"),
            altitude_ft: self.decimal(area, "altitude"),
            ceiling_ft: self.decimal(area, "ceiling"),
        }
    }

    fn polygon(&mut self, node: Node<'_>) -> Polygon {
        match list::read_polygon(&node.element().text) {
            Ok(polygon) => polygon,
            Err(word) => {
                let _: Option<()> = self.refuse(node, code::POLYGON_FORM, Some(word));
                Polygon(Vec::new())
            }
        }
    }

    fn circle(&mut self, node: Node<'_>) -> Circle {
        let circle = list::read_circle(&node.element().text);
        let circle = circle.or_else(|| self.refuse(node, code::CIRCLE_FORM, Some(node.element().text.trim())));
        circle.unwrap_or(Circle { centre: [0.0, 0.0], radius_km: 0.0 })
    }

    /// A height; not a number stands for one that could not be read, and compares with nothing.
    fn decimal(&mut self, parent: Node<'_>, name: &'static str) -> Option<f64> {
        let node = filled(parent, name).next()?;
        let word = node.element().text.trim();
        list::read_decimal(word).or_else(|| self.refuse(node, code::NUMBER_FORM, Some(word))).or(Some(f64::NAN))
    }

    fn items(&mut self, parent: Node<'_>, name: &'static str) -> Vec<String> {
        let Some(node) = filled(parent, name).next() else { return Vec::new() };
        list::read_items(&node.element().text)
            .ok()
            .or_else(|| self.refuse(node, code::LIST_QUOTE, None))
            .unwrap_or_default()
    }

    fn references(&mut self, alert: Node<'_>) -> Vec<crate::domain::message::MessageRef> {
        let Some(node) = filled(alert, "references").next() else { return Vec::new() };
        list::read_references(&node.element().text).unwrap_or_else(|number| {
            self.sink.at(node, || Finding::refuse(code::REFERENCE_FORM, "").arg("number", number));
            Vec::new()
        })
    }

    fn moment(&mut self, parent: Node<'_>, name: &'static str) -> Option<Moment> {
        let node = parent.named(name).next()?;
        let word = node.element().text.trim_matches([' ', '\t', '\n', '\r']);
        if word.is_empty() && name != "sent" {
            return None;
        }
        word.parse()
            .map_err(|fault| match fault {
                MomentFault::Form => self.refuse(node, code::TIME_FORM, Some(word)),
                MomentFault::NoSuchTime => self.refuse::<()>(node, code::TIME_NO_SUCH, Some(word)),
            })
            .ok()
    }

    fn term<T: Term>(&mut self, parent: Node<'_>, name: &'static str) -> Option<T> {
        parent.named(name).next().and_then(|node| self.one_term(node))
    }

    fn one_term<T: Term>(&mut self, node: Node<'_>) -> Option<T> {
        let word: &str = &node.element().text;
        word.parse().ok().or_else(|| {
            self.sink.at(node, || {
                let allowed: Vec<&str> = T::ALL.iter().map(|term| term.cap()).collect();
                let finding = Finding::refuse(code::VALUE_UNKNOWN, "").got(word).arg("allowed", allowed.join(" "));
                finding.suggest(word, allowed)
            });
            None
        })
    }

    fn refuse<T>(&mut self, node: Node<'_>, code: &'static str, got: Option<&str>) -> Option<T> {
        self.sink.at(node, || match got {
            Some(got) => Finding::refuse(code, "").got(got),
            None => Finding::refuse(code, ""),
        });
        None
    }
}

/// Elements of a name that are not empty: empty ones count as absent, many senders write them.
pub(in crate::domain) fn filled<'t>(parent: Node<'t>, name: &'static str) -> impl Iterator<Item = Node<'t>> {
    parent.named(name).filter(|node| !node.is_blank())
}

/// A text that is kept as it is.
pub(in crate::domain) fn optional(parent: Node<'_>, name: &'static str) -> Option<String> {
    filled(parent, name).next().map(|node| node.element().text.to_string())
}

/// A text of a type whose white space XML Schema collapses.
pub(in crate::domain) fn collapsed(parent: Node<'_>, name: &'static str) -> Option<String> {
    filled(parent, name).next().map(|node| node.element().text.trim().to_owned())
}

/// A text that must be there; empty when it is not, which the schema check reports.
pub(in crate::domain) fn required(parent: Node<'_>, name: &'static str) -> String {
    parent.named(name).next().map(|node| node.element().text.to_string()).unwrap_or_default()
}

fn named_values(parent: Node<'_>, name: &'static str) -> Vec<NamedValue> {
    let value = |node| NamedValue { name: required(node, "valueName"), value: required(node, "value") };
    parent.named(name).map(value).collect()
}
