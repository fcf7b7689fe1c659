//! Whether and how a message can be said in the form.

use super::{identifier, parameter, read};
use crate::domain::{
    area::AreaCode,
    finding::{Finding, Found, code},
    hazard,
    message::{Info, Kind, Message, Scope, Status},
};

/// A message that the form can say, with what it takes to say it.
pub(super) struct Saying<'m> {
    pub(super) message: &'m Message,
    /// The one info that is written, and which it is.
    pub(super) info: &'m Info,
    pub(super) at: usize,
    /// 14 digits.
    pub(super) unit: &'m str,
    pub(super) identifier: String,
    pub(super) event_type: &'m str,
    pub(super) reference: Option<String>,
}

impl<'m> Saying<'m> {
    /// Looks at everything the form must say.
    ///
    /// # Errors
    /// All that it cannot, with paths into the JSON form.
    pub(super) fn of(message: &'m Message) -> Result<Self, Vec<Finding>> {
        let mut found = Found::default();
        head(message, &mut found);
        let Some((at, info)) = chosen(message, &mut found) else { return Err(found.into_vec()) };
        info_of(info, at, &mut found);
        let unit = unit(message, info, &mut found).unwrap_or_default();
        let event_type = event_type(info, at, &mut found).unwrap_or_default();
        let reference = reference(message, unit, &mut found);
        let named = identifier::parse(&message.identifier).is_some_and(|(sender, _)| sender == unit);
        let identifier = if named { message.identifier.clone() } else { identifier::made(unit, message.sent) };
        let findings = found.into_vec();
        if findings.is_empty() {
            Ok(Self { message, info, at, unit, identifier, event_type, reference })
        } else {
            Err(findings)
        }
    }

    /// The colour of its level.
    pub(super) fn colour(&self) -> &'static str {
        let colour = read::SEVERITIES.iter().find(|(_, severity)| *severity == self.info.severity);
        colour.map_or("Unknown", |(colour, _)| *colour)
    }

    /// The name of its file.
    pub(super) fn file_name(&self) -> String {
        let signed = identifier::compact(self.info.effective.unwrap_or(self.message.sent));
        let name = format!("{}_{signed}_{}_{}_{}.XML", self.unit, self.event_type, self.colour(), self.message.kind);
        name.to_ascii_uppercase()
    }
}

fn head(message: &Message, found: &mut Found) {
    if !matches!(message.status, Status::Actual | Status::Test) {
        found.push(Finding::refuse(code::NATIONAL_STATUS, "/status").got(message.status.cap()));
    }
    if matches!(message.kind, Kind::Ack | Kind::Error) {
        found.push(Finding::refuse(code::NATIONAL_CANNOT_SAY, "/kind").got(message.kind.cap()));
    }
    if message.scope != Scope::Public {
        found.push(Finding::refuse(code::NATIONAL_CANNOT_SAY, "/scope").got(message.scope.cap()));
    }
    if !message.addresses.is_empty() {
        found.push(Finding::refuse(code::NATIONAL_CANNOT_SAY, "/addresses").got("addresses"));
    }
}

/// The only info, or the only Chinese one.
fn chosen<'m>(message: &'m Message, found: &mut Found) -> Option<(usize, &'m Info)> {
    let chinese = |info: &Info| info.language.as_deref().is_some_and(|tag| tag.to_ascii_lowercase().starts_with("zh"));
    match message.infos.as_slice() {
        [] => found.push(missing("/infos".to_owned(), "info")),
        [only] => return Some((0, only)),
        several => {
            let mut fitting = several.iter().enumerate().filter(|(_, info)| chinese(info));
            if let (Some(one), None) = (fitting.next(), fitting.next()) {
                return Some(one);
            }
            found.push(Finding::refuse(code::NATIONAL_CANNOT_SAY, "/infos").got(&several.len().to_string()));
        }
    }
    None
}

fn missing(pointer: String, element: &str) -> Finding {
    Finding::refuse(code::NATIONAL_FIELD_MISSING, pointer).arg("element", element)
}

fn info_of(info: &Info, at: usize, found: &mut Found) {
    let texts = [
        ("sender_name", "sender", &info.sender_name),
        ("headline", "headline", &info.headline),
        ("description", "description", &info.description),
    ];
    for (field, element, text) in texts {
        if text.is_none() {
            found.push(missing(format!("/infos/{at}/{field}"), element));
        }
    }
    let methods = parameter::groups(&info.parameters, parameter::METHOD);
    if methods.is_empty() || methods.iter().any(|method| method.value.trim().is_empty()) {
        found.push(missing(format!("/infos/{at}/parameters"), parameter::METHOD));
    }
    if info.areas.is_empty() {
        found.push(missing(format!("/infos/{at}/areas"), "area"));
    }
    for (index, area) in info.areas.iter().enumerate() {
        let pointer = format!("/infos/{at}/areas/{index}");
        if AreaCode::of_area(area).next().is_none() {
            found.push(missing(format!("{pointer}/geocodes"), "geocode"));
        }
        if area.altitude_ft.is_some() {
            found.push(Finding::refuse(code::NATIONAL_CANNOT_SAY, format!("{pointer}/altitude_ft")).got("altitude"));
        }
    }
}

/// The code of the unit that sends: the sender, or what the parameter says in its place.
fn unit<'m>(message: &'m Message, info: &'m Info, found: &mut Found) -> Option<&'m str> {
    let given = parameter::first(&info.parameters, parameter::SENDER_CODE).map(str::trim);
    let unit = [Some(message.sender.as_str()), given].into_iter().flatten().find(|text| identifier::is_unit(text));
    if unit.is_none() {
        found.push(Finding::refuse(code::NATIONAL_SENDER_CODE, "/sender").got(given.unwrap_or_default()));
    }
    unit
}

/// The code named as the national one, or another that has its form.
fn event_type<'m>(info: &'m Info, at: usize, found: &mut Found) -> Option<&'m str> {
    let named = info.event_codes.iter().find(|code| code.name == hazard::NATIONAL_CODE).map(|code| code.value.trim());
    let event_type = named.or_else(|| hazard::national_code(info)).filter(|code| read::is_event_type(code));
    if event_type.is_none() {
        let pointer = format!("/infos/{at}/event_codes");
        found.push(Finding::refuse(code::NATIONAL_EVENT_TYPE, pointer).got(named.unwrap_or_default()));
    }
    event_type
}

/// The identifier of the earliest message that is referenced.
fn reference(message: &Message, unit: &str, found: &mut Found) -> Option<String> {
    let earliest = message.references.iter().enumerate().min_by_key(|(_, reference)| reference.sent.unix());
    let (index, reference) = earliest?;
    if identifier::parse(&reference.identifier).is_some() {
        return Some(reference.identifier.clone());
    }
    if reference.sender == message.sender {
        return Some(identifier::made(unit, reference.sent));
    }
    found.push(
        Finding::refuse(code::NATIONAL_REFERENCE_FORM, format!("/references/{index}")).got(&reference.identifier),
    );
    None
}
