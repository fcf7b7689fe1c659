//! What is wrong with a configuration: where, which rule, and what would happen.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr;

use super::tree::{Origin, Source};
pub use crate::domain::finding::Weight;
use crate::messages::{self, Lang};

/// One finding about a configuration.
#[derive(Clone, Debug, PartialEq)]
pub struct ConfigFinding {
    /// Stable kebab-case code, `config-…`; `fenghuo explain` knows it.
    pub code: &'static str,
    /// The key it is about, as TOML writes it.
    pub key: String,
    /// Where it stands; `None` when it stands nowhere.
    pub spot: Option<Spot>,
    /// Variable parts of the sentences, by name. `suggestion` is what was probably meant.
    pub args: Vec<(&'static str, String)>,
    /// Whether the gateway refuses to start.
    pub weight: Weight,
}

/// A place in a file or variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// File or variable.
    pub source: String,
    /// 1-based.
    pub line: usize,
    /// 1-based, in characters.
    pub column: usize,
    /// The line itself.
    pub text: String,
    /// How many characters from the column on are meant, at least 1.
    pub length: usize,
}

impl Spot {
    pub(super) fn new(sources: &[Source], origin: &Origin) -> Option<Self> {
        let source = sources.get(origin.source)?;
        let start = floor(&source.text, origin.span.start);
        let line_start = source.text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = source.text[start..].find('\n').map_or(source.text.len(), |at| start + at);
        let end = floor(&source.text, origin.span.end).clamp(start, line_end);
        Some(Self {
            source: source.name.clone(),
            line: source.text[..start].matches('\n').count() + 1,
            column: source.text[line_start..start].chars().count() + 1,
            text: source.text[line_start..line_end].trim_end_matches('\r').to_owned(),
            length: source.text[start..end].chars().count().max(1),
        })
    }
}

/// The nearest character boundary at or before a byte.
fn floor(text: &str, mut at: usize) -> usize {
    at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl ConfigFinding {
    /// What is wrong, in one sentence.
    #[must_use]
    pub fn sentence(&self, lang: Lang) -> String {
        messages::text(lang, self.code, &self.spoken(lang))
    }

    /// What would happen.
    #[must_use]
    pub fn consequence(&self, lang: Lang) -> String {
        messages::attribute(lang, self.code, "so").unwrap_or_default()
    }

    /// What to do.
    #[must_use]
    pub fn action(&self, lang: Lang) -> String {
        messages::action(lang, self.code).unwrap_or_default()
    }

    /// What was probably meant.
    #[must_use]
    pub fn suggestion(&self) -> Option<&str> {
        self.args.iter().find(|(name, _)| *name == "suggestion").map(|(_, value)| value.as_str())
    }

    fn spoken(&self, lang: Lang) -> Vec<(&'static str, String)> {
        let word = |(name, value): &(&'static str, String)| match *name {
            "form" => (*name, messages::text(lang, &format!("config-form-{value}"), &[])),
            _ => (*name, value.clone()),
        };
        let mut args: Vec<_> = self.args.iter().map(word).collect();
        args.push(("key", self.key.clone()));
        args
    }

    /// The whole finding for a person: place, line with a caret, suggestion, consequence. No colour, ends with a line
    /// end.
    #[must_use]
    pub fn report(&self, lang: Lang) -> String {
        let mut out = String::new();
        let kind = if self.weight == Weight::Refuse { "config-report-error" } else { "config-report-advice" };
        let place = self.spot.as_ref().map(|spot| format!("{}:{}:{}", spot.source, spot.line, spot.column));
        let place = place.map(|place| format!("{place}  ")).unwrap_or_default();
        let mut line = |text: String| {
            let _infallible = writeln!(out, "{text}");
        };
        line(format!("{} {}  {place}{}", messages::text(lang, kind, &[]), self.code, self.key));
        line(format!("    {}", self.sentence(lang)));
        if let Some(spot) = &self.spot {
            let number = spot.line.to_string();
            let before: String = spot.text.chars().take(spot.column - 1).collect();
            let meant: String = spot.text.chars().skip(spot.column - 1).take(spot.length).collect();
            let indent = " ".repeat(number.len() + before.width());
            line(format!("    {number} | {}", spot.text));
            line(format!("    {indent}   {}", "^".repeat(meant.width().max(1))));
        }
        if let Some(suggestion) = self.suggestion() {
            line(format!(
                "    {}",
                messages::text(lang, "config-report-suggestion", &[("suggestion", suggestion.to_owned())])
            ));
        }
        line(format!("    {}", messages::text(lang, "config-report-so", &[("consequence", self.consequence(lang))])));
        line(format!("    {}", messages::text(lang, "config-report-action", &[("action", self.action(lang))])));
        out
    }
}
