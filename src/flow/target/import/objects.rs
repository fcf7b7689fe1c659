//! NDJSON: one object in a line.

use std::collections::BTreeSet;

use fenghuo_contract::Channel;
use serde_json::{Map, Value};

use super::{
    LineError,
    column::{Column, split},
    draft::Draft,
    reader::{Taken, TextLine},
};

/// Field names that are not understood, reported once each; further ones than these are not.
const UNKNOWN_MAX: usize = 50;

/// What a position is made of.
const PLACE: [Column; 3] = [Column::Latitude, Column::Longitude, Column::Coordinates];

/// Reads lines of JSON.
#[derive(Default)]
pub(super) struct Objects {
    unknown: BTreeSet<String>,
}

impl Objects {
    pub(super) fn line(&mut self, line: &TextLine, advice: &mut Vec<LineError>) -> Option<Taken> {
        let text = line.text.trim();
        if text.is_empty() {
            return None;
        }
        let bad = |code| LineError::new(line.number, None, code);
        Some(match serde_json::from_str::<Value>(text) {
            Ok(Value::Object(object)) => Taken::Draft(self.draft(line.number, text.len(), &object, advice)),
            Ok(_) => Taken::Bad(bad("import-json-object")),
            Err(_) if text.starts_with('[') => Taken::Bad(bad("import-json-object")),
            Err(fault) => Taken::Bad(bad("import-json").arg("at", fault.column())),
        })
    }

    fn draft(&mut self, line: u64, size: usize, object: &Map<String, Value>, advice: &mut Vec<LineError>) -> Draft {
        let mut draft = Draft { line, size, ..Draft::default() };
        for (name, value) in object {
            match (Column::of(name), value) {
                (Some(column), value) => add(&mut draft, column, value),
                (None, Value::Object(endpoints)) if name == "endpoints" => {
                    for (name, value) in endpoints {
                        match name.parse::<Channel>() {
                            Ok(channel) => add(&mut draft, Column::Endpoint(channel), value),
                            Err(_) => self.unknown(line, &format!("endpoints.{name}"), advice),
                        }
                    }
                }
                (None, Value::Object(position)) if name == "position" => {
                    for (name, value) in position {
                        match Column::of(name).filter(|column| PLACE.contains(column)) {
                            Some(column) => add(&mut draft, column, value),
                            None => self.unknown(line, &format!("position.{name}"), advice),
                        }
                    }
                }
                (None, Value::Null) if name == "position" => {}
                (None, _) => self.unknown(line, name, advice),
            }
        }
        draft
    }

    fn unknown(&mut self, line: u64, name: &str, advice: &mut Vec<LineError>) {
        let name: String = name.chars().take(60).collect();
        if self.unknown.len() < UNKNOWN_MAX && self.unknown.insert(name.clone()) {
            advice.push(LineError::new(line, Some(&name), "import-column-unknown").got(&name));
        }
    }
}

fn add(draft: &mut Draft, column: Column, value: &Value) {
    match value {
        Value::Null => {}
        Value::Bool(yes) if matches!(column, Column::Drill | Column::Duty) => {
            draft.add(column, if *yes { "true" } else { "false" })
        }
        Value::Number(number) => draft.add(column, &number.to_string()),
        Value::String(text) if column.is_list() => split(text).for_each(|part| draft.add(column, part)),
        Value::String(text) => draft.add(column, text),
        Value::Array(values)
            if column.is_list() && !values.iter().any(|value| value.is_array() || value.is_object()) =>
        {
            values.iter().for_each(|value| match value {
                Value::String(text) => draft.add(column, text),
                other => add(draft, column, other),
            });
        }
        Value::Bool(_) | Value::Array(_) | Value::Object(_) => {
            draft.error(column, "import-type");
        }
    }
}
