//! Small JSON bodies and the parameters of an address, read field by field, so that every broken field is told at once,
//! in both languages, and a field nobody knows is refused.

#[cfg(test)]
mod tests;

use axum::{
    body::Body,
    extract::Query,
    http::{HeaderMap, Uri},
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::{
    Site, body,
    problem::{FieldProblem, Problem, ProblemCode},
};

/// The default number of items on a page, and the most.
const PAGE: (usize, usize) = (50, 1000);

/// Fields being read. Take every field, then [`Fields::end`].
pub struct Fields {
    code: ProblemCode,
    /// What stands before a field's name in its pointer.
    base: &'static str,
    values: Map<String, Value>,
    problems: Vec<FieldProblem>,
}

impl Fields {
    /// The fields of a small JSON body; an empty body has none.
    ///
    /// # Errors
    /// When it cannot be read or is no JSON object.
    pub async fn of_body(site: &Site, headers: &HeaderMap, body: Body) -> Result<Self, Problem> {
        let received = body::read(site, headers, body, body::SMALL).await?;
        if received.bytes.is_empty() {
            return Ok(Self::new(ProblemCode::FieldsWrong, "/", Map::new()));
        }
        body::media_type(headers, &["application/json"])?;
        let value = serde_json::from_slice(&received.bytes).map_err(|fault| not_json(&fault))?;
        match value {
            Value::Object(values) => Ok(Self::new(ProblemCode::FieldsWrong, "/", values)),
            _ => Err(Problem::new(ProblemCode::BodyNotJson).with("line", 1).with("column", 1)),
        }
    }

    /// The fields of an object that was read already.
    #[must_use]
    pub fn of_object(values: Map<String, Value>) -> Self {
        Self::new(ProblemCode::FieldsWrong, "/", values)
    }

    /// The parameters of an address.
    ///
    /// # Errors
    /// When they are not written as parameters.
    pub fn of_address(uri: &Uri) -> Result<Self, Problem> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(uri)
            .map_err(|fault| Problem::new(ProblemCode::RequestMalformed).because(fault))?;
        let values = pairs.into_iter().map(|(name, value)| (name, Value::String(value))).collect();
        Ok(Self::new(ProblemCode::ParameterWrong, "", values))
    }

    fn new(code: ProblemCode, base: &'static str, values: Map<String, Value>) -> Self {
        Self { code, base, values, problems: Vec::new() }
    }

    fn problem(&mut self, name: &str, code: &'static str, finish: impl FnOnce(FieldProblem) -> FieldProblem) {
        let problem = FieldProblem::new(format!("{}{}", self.base, escaped(name)), code).field(name);
        self.problems.push(finish(problem));
    }

    fn wrong_type(&mut self, name: &str, value: &Value, wanted: &str) {
        let got = value.to_string();
        self.problem(name, "field-wrong", |problem| problem.got(&got).arg("reason", wanted));
    }

    /// Whether something is wrong with a field already.
    #[must_use]
    pub fn has_problem(&self, name: &str) -> bool {
        let pointer = format!("{}{}", self.base, escaped(name));
        self.problems.iter().any(|problem| problem.pointer == pointer)
    }

    /// Says that a field is wrong for a reason only its reader knows.
    pub fn refuse(&mut self, name: &str, code: &'static str, got: &str, allowed: &[String]) {
        self.problem(name, code, |problem| problem.got(got).allowed(allowed.iter().cloned()));
    }

    /// A text of at most `most` characters; `None` when it is absent, empty or `null`.
    pub fn text(&mut self, name: &str, most: usize) -> Option<String> {
        match self.values.remove(name)? {
            Value::Null => None,
            Value::String(text) if text.trim().is_empty() => None,
            Value::String(text) if text.chars().count() > most => {
                self.problem(name, "value-too-long", |problem| problem.got(&text).arg("limit", most));
                None
            }
            Value::String(text) => Some(text),
            other => {
                self.wrong_type(name, &other, "string");
                None
            }
        }
    }

    /// A text that must be there; empty when it is not, which [`Fields::end`] refuses.
    pub fn required_text(&mut self, name: &str, most: usize) -> String {
        let there = self.values.get(name).is_some_and(|value| !value.is_null());
        let known = self.problems.len();
        let text = self.text(name, most);
        if text.is_none() && self.problems.len() == known {
            self.problem(name, if there { "value-missing" } else { "field-missing" }, |problem| problem);
        }
        text.unwrap_or_default()
    }

    /// One of some names; `None` when it is absent.
    pub fn one_of<T: Copy>(&mut self, name: &str, values: &[(&str, T)]) -> Option<T> {
        let text = self.text(name, 64)?;
        let found = values.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let allowed: Vec<String> = values.iter().map(|(word, _)| (*word).to_owned()).collect();
            self.refuse(name, "value-not-allowed", &text, &allowed);
        }
        found
    }

    /// `true` or `false`; `false` when it is absent.
    pub fn flag(&mut self, name: &str) -> bool {
        match self.values.remove(name) {
            None | Some(Value::Null) => false,
            Some(Value::Bool(flag)) => flag,
            Some(Value::String(text)) if self.base.is_empty() && text == "true" => true,
            Some(Value::String(text)) if self.base.is_empty() && text == "false" => false,
            Some(other) => {
                let got = other.as_str().map_or_else(|| other.to_string(), str::to_owned);
                self.refuse(name, "value-not-allowed", &got, &["true".to_owned(), "false".to_owned()]);
                false
            }
        }
    }

    /// A whole number from 1 up to that of 32 bits; `None` when it is absent or `null`.
    pub fn count(&mut self, name: &str) -> Option<u32> {
        match self.values.remove(name)? {
            Value::Null => None,
            value => {
                let count = value.as_u64().filter(|count| *count > 0).and_then(|count| u32::try_from(count).ok());
                if count.is_none() {
                    self.wrong_type(name, &value, "whole number ≥ 1");
                }
                count
            }
        }
    }

    /// A field of a form of its own; `None` when it is absent, `null` or of another form.
    pub fn form<T: DeserializeOwned>(&mut self, name: &str) -> Option<T> {
        let value = self.values.remove(name).filter(|value| !value.is_null())?;
        let got = value.to_string();
        serde_json::from_value(value)
            .map_err(|fault| {
                self.problem(name, "field-wrong", |problem| problem.got(&got).arg("reason", fault.to_string()));
            })
            .ok()
    }

    /// `true` or `false`; `None` when it is absent.
    pub fn maybe(&mut self, name: &str) -> Option<bool> {
        self.values.get(name).is_some_and(|value| !value.is_null()).then(|| self.flag(name))
    }

    /// A list of texts of at most `most` characters each; empty when it is absent.
    pub fn texts(&mut self, name: &str, most: usize) -> Vec<String> {
        match self.values.remove(name) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(items)) => {
                let wrong = items.iter().any(|item| item.as_str().is_none_or(|text| text.chars().count() > most));
                if wrong || items.len() > 100 {
                    self.wrong_type(name, &Value::Array(items), "array of at most 100 strings");
                    return Vec::new();
                }
                items.into_iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
            }
            Some(other) => {
                self.wrong_type(name, &other, "array of strings");
                Vec::new()
            }
        }
    }

    /// A list of at most `most` items of whatever form; empty when it is absent.
    pub fn list(&mut self, name: &str, most: usize) -> Vec<Value> {
        match self.values.remove(name) {
            None | Some(Value::Null) => Vec::new(),
            Some(Value::Array(items)) if items.len() <= most => items,
            Some(other) => {
                let wanted = format!("array of at most {most}");
                self.problem(name, "field-wrong", |problem| problem.arg("reason", wanted));
                drop(other);
                Vec::new()
            }
        }
    }

    /// Takes over what is wrong within a field, found by whoever read it.
    pub fn add(&mut self, problems: impl IntoIterator<Item = FieldProblem>) {
        self.problems.extend(problems);
    }

    /// `limit` and `cursor` of a list: 0 and absent are the default, too many are as many as there may be.
    pub fn page(&mut self) -> (usize, Option<String>) {
        let limit = match self.text("limit", 20) {
            None => 0,
            Some(text) => text.parse::<u64>().unwrap_or_else(|_| {
                self.problem("limit", "field-wrong", |problem| problem.got(&text).arg("reason", "whole number ≥ 0"));
                0
            }),
        };
        let limit = if limit == 0 { PAGE.0 } else { usize::try_from(limit).unwrap_or(PAGE.1).min(PAGE.1) };
        (limit, self.text("cursor", 512))
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// Everything that was wrong, also fields nobody asked for.
    pub fn end(self) -> Result<(), Problem> {
        let code = self.code;
        let problems = self.into_problems();
        if problems.is_empty() { Ok(()) } else { Err(Problem::of_fields(code, problems)) }
    }

    /// Ends the reading with everything that was wrong, also fields nobody asked for.
    #[must_use]
    pub fn into_problems(mut self) -> Vec<FieldProblem> {
        let unknown: Vec<String> = self.values.keys().take(100).cloned().collect();
        for name in unknown {
            self.problem(&name, "field-unknown", |problem| problem.got(&name));
        }
        self.problems
    }
}

fn not_json(fault: &serde_json::Error) -> Problem {
    Problem::new(ProblemCode::BodyNotJson).with("line", fault.line()).with("column", fault.column())
}

/// A name as a part of an RFC 6901 pointer.
fn escaped(name: &str) -> String {
    name.chars().take(120).collect::<String>().replace('~', "~0").replace('/', "~1")
}
