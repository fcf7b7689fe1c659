//! What the API description says about one route, beside what the table says already.

use serde_json::Value;

use crate::http::problem::ProblemCode;

/// A text in both languages.
#[derive(Clone, Copy, Debug)]
pub struct Both {
    pub zh: &'static str,
    pub en: &'static str,
}

/// Short for a text in both languages.
pub(in crate::http) const fn both(zh: &'static str, en: &'static str) -> Both {
    Both { zh, en }
}

/// A parameter in the address or a header.
#[derive(Clone, Copy, Debug)]
pub struct Parameter {
    pub name: &'static str,
    /// `path`, `query` or `header`.
    pub place: &'static str,
    /// What it is, as a JSON schema.
    pub schema: fn() -> Value,
    pub text: Both,
}

/// A body as sent or answered.
#[derive(Clone, Copy, Debug)]
pub struct Content {
    pub media_type: &'static str,
    /// Name of a schema of the components; `None` = text of that media type.
    pub schema: Option<&'static str>,
    pub example: fn() -> Value,
}

/// An answer that is what was asked for.
#[derive(Clone, Copy, Debug)]
pub struct Answer {
    pub status: u16,
    pub text: Both,
    pub content: Option<Content>,
}

/// One operation of the API.
#[derive(Clone, Copy, Debug)]
pub struct Operation {
    /// Name for generated clients.
    pub id: &'static str,
    pub tag: &'static str,
    pub summary: Both,
    pub description: Both,
    pub parameters: &'static [Parameter],
    pub request: &'static [Content],
    pub answers: &'static [Answer],
    /// Problems beyond those every operation can have.
    pub problems: &'static [ProblemCode],
}
