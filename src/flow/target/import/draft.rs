//! The fields of a line, and the rules that make a recipient of them.

use std::collections::BTreeMap;

use fenghuo_contract::{Address, Channel};
use unic_langid::LanguageIdentifier;

use super::{LineError, Options, column::Column};
use crate::{
    domain::{area::AreaCode, opt_out::OptOut},
    flow::target::directory::{AddressFault, DEFAULT_LANGUAGE, Recipient, canonical_address, is_exponent},
};

/// Bytes of an external id at most.
const ID_MAX: usize = 128;
/// Characters of a name or of a group's name at most.
const TEXT_MAX: usize = 100;
/// Areas or groups of a recipient at most.
const LIST_MAX: usize = 32;

/// A line as read, before any rule.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) line: u64,
    /// Bytes it was read from.
    pub(super) size: usize,
    /// Non-empty values by field.
    pub(super) fields: BTreeMap<Column, Vec<String>>,
    /// What was wrong in reading it.
    pub(super) errors: Vec<LineError>,
}

impl Draft {
    /// Adds a value unless it is blank. A line break inside (a cell of two lines) counts as a blank.
    pub(super) fn add(&mut self, column: Column, value: &str) {
        let value = value.trim();
        if !value.is_empty() {
            self.fields.entry(column).or_default().push(value.replace(['\r', '\n'], " "));
        }
    }

    pub(super) fn error(&mut self, column: Column, code: &'static str) -> &mut LineError {
        let at = self.errors.len();
        self.errors.push(LineError::new(self.line, Some(column.name()), code));
        &mut self.errors[at]
    }

    pub(super) fn reject(&mut self, column: Column, code: &'static str, got: &str) {
        let error = LineError::new(self.line, Some(column.name()), code);
        self.errors.push(if got.is_empty() { error } else { error.got(got) });
    }

    pub(super) fn first(&self, column: Column) -> String {
        self.fields.get(&column).and_then(|values| values.first()).cloned().unwrap_or_default()
    }

    /// The recipient, or everything that is wrong with the line.
    pub(super) fn check(mut self, options: &Options<'_>) -> Result<Recipient, Vec<LineError>> {
        let recipient = Recipient {
            external_id: self.external_id(),
            name: self.name(),
            areas: self.areas(options.known_area),
            groups: self.groups(),
            language: self.language(),
            endpoints: self.endpoints(),
            drill: self.yes(Column::Drill, "import-drill"),
            duty: self.yes(Column::Duty, "import-duty"),
            opt_out_below: self.opt_out_below(),
            deputy: self.deputy(),
            position: self.position(options),
        };
        if self.errors.is_empty() { Ok(recipient) } else { Err(self.errors) }
    }

    fn external_id(&mut self) -> String {
        let id = self.first(Column::ExternalId);
        if id.is_empty() {
            self.reject(Column::ExternalId, "import-id-missing", "");
        } else if is_exponent(&id) {
            self.reject(Column::ExternalId, "import-id-exponent", &id);
        } else if id.len() > ID_MAX || !is_plain(&id) {
            self.reject(Column::ExternalId, "import-id-shape", &id);
        }
        id
    }

    /// Whoever stands in, by external id; whether there is one is asked when he is needed.
    fn deputy(&mut self) -> Option<String> {
        let id = self.first(Column::Deputy);
        if is_exponent(&id) {
            self.reject(Column::Deputy, "import-id-exponent", &id);
        } else if id.len() > ID_MAX || !is_plain(&id) {
            self.reject(Column::Deputy, "import-id-shape", &id);
        }
        Some(id).filter(|id| !id.is_empty())
    }

    fn name(&mut self) -> String {
        let name = self.first(Column::Name);
        if name.chars().count() > TEXT_MAX || !is_plain(&name) {
            self.reject(Column::Name, "import-text", &name);
        }
        name
    }

    fn areas(&mut self, known_area: &dyn Fn(AreaCode) -> bool) -> Vec<AreaCode> {
        let mut areas = Vec::new();
        for text in self.list(Column::Areas) {
            match text.trim_start_matches('\'').parse::<AreaCode>() {
                Ok(code) if !known_area(code) => self.reject(Column::Areas, "import-area-unknown", &text),
                Ok(code) if areas.contains(&code) => {}
                Ok(code) => areas.push(code),
                Err(_) if is_exponent(&text) => self.reject(Column::Areas, "import-area-exponent", &text),
                Err(_) => self.reject(Column::Areas, "import-area", &text),
            }
        }
        if !self.fields.contains_key(&Column::Areas) {
            self.reject(Column::Areas, "import-area-missing", "");
        }
        areas
    }

    fn groups(&mut self) -> Vec<String> {
        let mut groups = self.list(Column::Groups);
        for group in &groups {
            if group.chars().count() > TEXT_MAX || !is_plain(group) {
                self.reject(Column::Groups, "import-text", group);
            }
        }
        groups.sort();
        groups.dedup();
        groups
    }

    /// The values of a list field, none when there are too many.
    fn list(&mut self, column: Column) -> Vec<String> {
        let values = self.fields.get(&column).cloned().unwrap_or_default();
        if values.len() > LIST_MAX {
            let error = self.error(column, "import-list-long");
            error.args.extend([("count", values.len().to_string()), ("most", LIST_MAX.to_string())]);
            return Vec::new();
        }
        values
    }

    fn language(&mut self) -> String {
        let text = self.first(Column::Language);
        match text.as_str() {
            "" | "中文" | "汉语" | "普通话" => return DEFAULT_LANGUAGE.to_owned(),
            "英文" | "英语" => return "en".to_owned(),
            _ => {}
        }
        match text.parse::<LanguageIdentifier>() {
            Ok(tag) if text.len() <= 35 => tag.to_string(),
            _ => {
                self.reject(Column::Language, "import-language", &text);
                text
            }
        }
    }

    fn yes(&mut self, column: Column, code: &'static str) -> bool {
        let text = self.first(column);
        match text.to_lowercase().as_str() {
            "true" | "1" | "yes" | "y" | "是" | "√" => true,
            "" | "false" | "0" | "no" | "n" | "否" => false,
            _ => {
                self.reject(column, code, &text);
                false
            }
        }
    }

    /// The lowest level that is wanted; blue wants everything.
    fn opt_out_below(&mut self) -> Option<OptOut> {
        let text = self.first(Column::OptOutBelow);
        match text.to_lowercase().trim_end_matches('色') {
            "" | "blue" | "蓝" => None,
            "yellow" | "黄" => Some(OptOut::Yellow),
            "orange" | "橙" => Some(OptOut::Orange),
            _ => {
                self.reject(Column::OptOutBelow, "import-opt-out", &text);
                None
            }
        }
    }

    fn endpoints(&mut self) -> BTreeMap<Channel, String> {
        let mut endpoints = BTreeMap::new();
        let written = |channel: Channel| Some((channel, self.fields.get(&Column::Endpoint(channel))?.first()?.clone()));
        let written: Vec<_> = Channel::ALL.into_iter().filter_map(written).collect();
        if written.is_empty() && self.errors.is_empty() {
            self.errors.push(LineError::new(self.line, None, "import-no-address"));
        }
        for (channel, text) in written {
            match canonical_address(channel, &text) {
                Ok(address) => {
                    endpoints.insert(channel, address);
                }
                Err(fault) => {
                    let (code, got) = explain(fault, channel, &text);
                    self.reject(Column::Endpoint(channel), code, &got);
                }
            }
        }
        endpoints
    }
}

/// The code for a text that is no address, and as much of the text as may be shown.
fn explain(fault: AddressFault, channel: Channel, text: &str) -> (&'static str, String) {
    let masked = Address::new(text).masked();
    match fault {
        AddressFault::Exponent if channel == Channel::Sms => ("import-phone-exponent", text.to_owned()),
        AddressFault::Exponent => ("import-address-exponent", text.to_owned()),
        AddressFault::Telephone => ("import-phone", masked),
        AddressFault::Mail => ("import-email", masked),
        AddressFault::Url => ("import-url", masked),
        AddressFault::Text => ("import-address", masked),
    }
}

/// Without control characters and without marks that reorder or hide text.
fn is_plain(text: &str) -> bool {
    let hides =
        |c: char| matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    !text.chars().any(|c| c.is_control() || hides(c))
}
