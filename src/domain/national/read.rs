//! From elements of the form to a message. A field that cannot be read gets a stand-in and a finding, so that everything
//! else is still checked.

use super::{AREA_CODE, Attachment, event, identifier, metres, parameter};
use crate::domain::{
    area::AreaCode,
    cap::{
        element::{collapsed, filled, optional, required},
        list,
        place::Sink,
        tree::Node,
    },
    finding::{Finding, code},
    hazard,
    message::{
        Area, Certainty, Circle, Info, Kind, Message, MessageRef, NamedValue, Polygon, Scope, Severity, Status, Urgency,
    },
    moment::{Moment, MomentFault},
    rules::Known,
};

/// Colours of the form, most grave first.
pub(super) const SEVERITIES: [(&str, Severity); 5] = [
    ("Red", Severity::Extreme),
    ("Orange", Severity::Severe),
    ("Yellow", Severity::Moderate),
    ("Blue", Severity::Minor),
    ("Unknown", Severity::Unknown),
];

/// The certainty that CAP has no word for.
pub(super) const VERY_LIKELY: &str = "VeryLikely";

/// Certainties of the form.
pub(super) const CERTAINTIES: [(&str, Certainty); 5] = [
    ("Observed", Certainty::Observed),
    (VERY_LIKELY, Certainty::Likely),
    ("Likely", Certainty::Likely),
    ("Unlikely", Certainty::Unlikely),
    ("Unknown", Certainty::Unknown),
];

const KINDS: [(&str, Kind); 3] = [("Alert", Kind::Alert), ("Update", Kind::Update), ("Cancel", Kind::Cancel)];

/// Longer than any code of an event.
const LONGEST_EVENT_TYPE: usize = 16;

/// Whether a text can be the code of an event: local ones may have another form than the national.
pub(super) fn is_event_type(text: &str) -> bool {
    (1..=LONGEST_EVENT_TYPE).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Reads the elements of one document.
pub(super) struct Reader<'f> {
    pub(super) sink: &'f mut Sink,
    /// The files that came with it; `None` where it came alone.
    pub(super) attachments: Option<&'f [Attachment]>,
}

impl Reader<'_> {
    /// The message of an alert element, and which fields it was read from.
    pub(super) fn alert(&mut self, alert: Node<'_>) -> (Message, Known) {
        let (sent, kind) = (self.moment(alert, "sendTime"), self.one_of(alert, "msgType", &KINDS));
        let scope = self.one_of(alert, "scope", &[("Public", Scope::Public)]);
        let known = Known { sent: sent.is_some(), kind: kind.is_some(), scope: scope.is_some(), ..Known::EVERYTHING };
        let sender = self.sender(alert);
        let message = Message {
            identifier: self.identifier(alert, &sender),
            sender,
            sent: sent.unwrap_or(Moment::china(0)),
            status: self.status(alert),
            kind: kind.unwrap_or(Kind::Alert),
            source: None,
            scope: Scope::Public,
            restriction: None,
            addresses: Vec::new(),
            codes: Vec::new(),
            note: optional(alert, "note"),
            references: self.reference(alert).into_iter().collect(),
            incidents: Vec::new(),
            infos: filled(alert, "info").take(1).map(|node| self.info(alert, node)).collect(),
        };
        (message, known)
    }

    fn sender(&mut self, alert: Node<'_>) -> String {
        let Some(node) = filled(alert, "senderCode").next() else { return String::new() };
        let code = node.element().text.trim().to_owned();
        if !identifier::is_unit(&code) {
            self.refuse(node, code::NATIONAL_SENDER_CODE, &code);
        }
        code
    }

    fn identifier(&mut self, alert: Node<'_>, sender: &str) -> String {
        let Some(node) = filled(alert, "identifier").next() else { return String::new() };
        let text = node.element().text.trim().to_owned();
        match identifier::parse(&text) {
            None => self.refuse(node, code::NATIONAL_IDENTIFIER_FORM, &text),
            Some((unit, _)) if identifier::is_unit(sender) && unit != sender => {
                self.refuse(node, code::NATIONAL_IDENTIFIER_SENDER, unit);
            }
            Some(_) => {}
        }
        text
    }

    fn status(&mut self, alert: Node<'_>) -> Status {
        let Some(node) = filled(alert, "status").next() else { return Status::Actual };
        match node.element().text.trim() {
            "Actual" => Status::Actual,
            "Test" => Status::Test,
            other => {
                self.refuse(node, code::NATIONAL_STATUS, other);
                Status::Test
            }
        }
    }

    fn reference(&mut self, alert: Node<'_>) -> Option<MessageRef> {
        let node = filled(alert, "references").next()?;
        let text = node.element().text.trim();
        let reference = identifier::reference(text);
        if reference.is_none() {
            self.refuse(node, code::NATIONAL_REFERENCE_FORM, text);
        }
        reference
    }

    fn info(&mut self, alert: Node<'_>, info: Node<'_>) -> Info {
        let (event_type, headline) = (self.event_type(info), optional(info, "headline"));
        let event = headline.as_deref().and_then(event::of_headline).unwrap_or(&event_type).to_owned();
        let mut parameters = of_document(alert, info);
        self.resources(info, &mut parameters);
        let areas = filled(info, "area").enumerate();
        let areas = areas.map(|(index, node)| self.area(node, index + 1, &mut parameters)).collect();
        Info {
            language: Some(collapsed(info, "language").unwrap_or_else(|| "zh-CN".to_owned())),
            categories: vec![event::category(&event_type)],
            event,
            response_types: Vec::new(),
            urgency: self.urgency(info),
            severity: self.one_of(info, "severity", &SEVERITIES).unwrap_or(Severity::Unknown),
            certainty: self.one_of(info, "certainty", &CERTAINTIES).unwrap_or(Certainty::Unknown),
            audience: None,
            event_codes: vec![named(hazard::NATIONAL_CODE, &event_type)],
            effective: self.moment(info, "effective"),
            onset: self.moment(info, "onset"),
            expires: self.moment(info, "expires"),
            sender_name: optional(alert, "sender"),
            headline,
            description: optional(info, "description"),
            instruction: optional(info, "instruction"),
            web: collapsed(info, "web"),
            contact: None,
            parameters,
            resources: Vec::new(),
            areas,
        }
    }

    /// The files a document names, each held against the one that came, and those it does not name.
    fn resources(&mut self, info: Node<'_>, parameters: &mut Vec<NamedValue>) {
        let mut unnamed: Vec<&Attachment> = self.attachments.iter().copied().flatten().collect();
        for resource in filled(info, "resource") {
            group(resource, "resourceDesc", parameter::RESOURCE, &parameter::OF_RESOURCE, parameters);
            let Some(attachments) = self.attachments else { continue };
            let name = required(resource, "resourceDesc");
            unnamed.retain(|attachment| !attachment.is_called(&name));
            match attachments.iter().find(|attachment| attachment.is_called(&name)) {
                None => self.refuse(resource, code::NATIONAL_ATTACHMENT_MISSING, name.trim()),
                Some(file) if optional(resource, "digest").is_some_and(|digest| file.contradicts(&digest)) => {
                    self.refuse(resource, code::NATIONAL_ATTACHMENT_DIFFERS, name.trim());
                }
                Some(file) => parameters.push(named(parameter::SHA256, &file.sha256())),
            }
        }
        parameters.extend(unnamed.into_iter().flat_map(Attachment::parameters));
    }

    fn event_type(&mut self, info: Node<'_>) -> String {
        let Some(node) = filled(info, "eventType").next() else { return String::new() };
        let text = node.element().text.trim().to_owned();
        if !is_event_type(&text) {
            self.refuse(node, code::NATIONAL_EVENT_TYPE, &text);
        }
        text
    }

    fn urgency(&mut self, info: Node<'_>) -> Urgency {
        let all: Vec<(&str, Urgency)> = Urgency::ALL.iter().map(|urgency| (urgency.cap(), *urgency)).collect();
        self.one_of(info, "urgency", &all).unwrap_or(Urgency::Unknown)
    }

    fn area(&mut self, area: Node<'_>, number: usize, parameters: &mut Vec<NamedValue>) -> Area {
        let mut polygons = Vec::new();
        for node in filled(area, "polygon") {
            let text = node.element().text.trim();
            match list::read_polygon(text) {
                Ok(Polygon(pairs)) if pairs.first() != pairs.last() => {
                    parameters.push(named(&parameter::line(number), text));
                }
                Ok(polygon) => polygons.push(polygon),
                Err(word) => self.refuse(node, code::POLYGON_FORM, word),
            }
        }
        Area {
            description: required(area, "areaDesc"),
            polygons,
            circles: filled(area, "circle").filter_map(|node| self.circle(node)).collect(),
            geocodes: self.geocodes(area),
            altitude_ft: None,
            ceiling_ft: None,
        }
    }

    fn circle(&mut self, node: Node<'_>) -> Option<Circle> {
        let circle = read_circle(&node.element().text);
        if circle.is_none() {
            self.refuse(node, code::CIRCLE_FORM, node.element().text.trim());
        }
        circle
    }

    /// Codes separated by commas of either script.
    fn geocodes(&mut self, area: Node<'_>) -> Vec<NamedValue> {
        let Some(node) = filled(area, "geocode").next() else { return Vec::new() };
        let words = node.element().text.split([',', '，']).map(str::trim).filter(|word| !word.is_empty());
        let mut codes = Vec::new();
        for word in words {
            if word.parse::<AreaCode>().is_err() {
                self.refuse(node, code::NATIONAL_GEOCODE_FORM, word);
                return codes;
            }
            codes.push(named(AREA_CODE, word));
        }
        if codes.is_empty() {
            self.refuse(node, code::NATIONAL_GEOCODE_FORM, node.element().text.trim());
        }
        codes
    }

    fn moment(&mut self, parent: Node<'_>, name: &'static str) -> Option<Moment> {
        let node = filled(parent, name).next()?;
        let word = node.element().text.trim();
        let moment = word.replacen(' ', "T", 1).parse();
        match moment {
            Ok(_) => {}
            Err(MomentFault::Form) => self.refuse(node, code::NATIONAL_TIME_FORM, word),
            Err(MomentFault::NoSuchTime) => self.refuse(node, code::TIME_NO_SUCH, word),
        }
        moment.ok()
    }

    fn one_of<T: Copy>(&mut self, parent: Node<'_>, name: &'static str, values: &[(&str, T)]) -> Option<T> {
        let node = filled(parent, name).next()?;
        let word = node.element().text.trim();
        let found = values.iter().find(|(value, _)| *value == word).map(|(_, value)| *value);
        if found.is_none() {
            self.sink.at(node, || {
                let allowed: Vec<&str> = values.iter().map(|(value, _)| *value).collect();
                let finding = Finding::refuse(code::VALUE_UNKNOWN, "").got(word).arg("allowed", allowed.join(" "));
                finding.suggest(word, allowed)
            });
        }
        found
    }

    fn refuse(&mut self, node: Node<'_>, code: &'static str, got: &str) {
        self.sink.at(node, || Finding::refuse(code, "").got(got));
    }
}

/// `latitude,longitude radius`, the radius in metres.
fn read_circle(text: &str) -> Option<Circle> {
    let mut words = text.split_whitespace();
    let (centre, radius_km) = (list::pair(words.next()?)?, metres::to_kilometres(words.next()?)?);
    words.next().is_none().then_some(Circle { centre, radius_km })
}

fn named(name: &str, value: &str) -> NamedValue {
    NamedValue { name: name.to_owned(), value: value.to_owned() }
}

/// What a document says that CAP has no element for, files and areas apart.
fn of_document(alert: Node<'_>, info: Node<'_>) -> Vec<NamedValue> {
    let mut all = Vec::new();
    if alert.element().namespace.is_empty() {
        all.push(named(parameter::NAMESPACE, ""));
    }
    for (parent, element, name) in [
        (info, "senderName", parameter::SIGNER),
        (alert, "phone", parameter::PHONE),
        (alert, "secClassification", parameter::CLASSIFICATION),
    ] {
        all.extend(optional(parent, element).map(|value| named(name, &value)));
    }
    for method in filled(alert, "code").flat_map(|code| filled(code, "method")) {
        group(method, "methodName", parameter::METHOD, &parameter::OF_METHOD, &mut all);
    }
    if collapsed(info, "certainty").as_deref() == Some(VERY_LIKELY) {
        all.push(named(parameter::CERTAINTY, VERY_LIKELY));
    }
    all
}

/// An element of several parts, the first of which gives it its name.
fn group(node: Node<'_>, first: &'static str, name: &str, parts: &[&'static str], all: &mut Vec<NamedValue>) {
    all.push(named(name, required(node, first).trim()));
    for part in parts {
        all.extend(optional(node, part).map(|value| named(&format!("{name}.{part}"), &value)));
    }
}
