//! What is wrong with an input, where, and by which rule. Findings carry no sentences: `messages` has those.

pub mod code;

use super::message::Message;

pub use code::CODES;

/// One broken rule at one place.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Stable kebab-case code of the rule; the same in API, log, metric and `fenghuo explain`.
    pub code: &'static str,
    /// Where.
    pub at: Place,
    /// What stood there, at most 120 characters, never an address of a person.
    pub got: Option<String>,
    /// Variable parts of the sentence, by name.
    pub args: Vec<(&'static str, String)>,
    /// Whether it keeps the input out or is advice only.
    pub weight: Weight,
}

/// Where in the input: RFC 6901 pointer for JSON, element path for XML (`/alert/info[1]/expires`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Path to the field.
    pub path: String,
    /// 1-based line in the input, where known.
    pub line: Option<u32>,
    /// 1-based column in characters, where known.
    pub column: Option<u32>,
}

/// What a finding does to its input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// The input is refused.
    Refuse,
    /// The input is taken; a person should know.
    Advise,
}

/// A message read from bytes, with everything found on the way.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The message; absent as soon as one finding refuses it.
    pub message: Option<Message>,
    /// Everything found, in document order, at most [`MOST`].
    pub findings: Vec<Finding>,
}

/// How many findings one input can have; more would help nobody and cost memory.
pub const MOST: usize = 100;

/// Characters of the input that a finding repeats.
const MOST_OF_GOT: usize = 120;

impl Finding {
    /// A finding that keeps the input out.
    #[must_use]
    pub fn refuse(code: &'static str, path: impl Into<String>) -> Self {
        let at = Place { path: path.into(), line: None, column: None };
        Self { code, at, got: None, args: Vec::new(), weight: Weight::Refuse }
    }

    /// A finding that is advice only.
    #[must_use]
    pub fn advise(code: &'static str, path: impl Into<String>) -> Self {
        Self { weight: Weight::Advise, ..Self::refuse(code, path) }
    }

    /// Adds what stood there, cut to a length that fits a sentence.
    #[must_use]
    pub fn got(mut self, text: &str) -> Self {
        let mut short: String = text.chars().take(MOST_OF_GOT).collect();
        if short.len() < text.len() {
            short.pop();
            short.push('…');
        }
        self.got = Some(short);
        self
    }

    /// Adds a variable part of the sentence.
    #[must_use]
    pub fn arg(mut self, name: &'static str, value: impl ToString) -> Self {
        self.args.push((name, value.to_string()));
        self
    }

    /// Adds the arguments `near` (`yes` or `no`) and `suggestion`: the candidate the text was most likely meant to be.
    #[must_use]
    pub fn suggest<'a>(self, text: &str, candidates: impl IntoIterator<Item = &'a str>) -> Self {
        let candidates: Vec<&str> = candidates.into_iter().collect();
        let mistaken = MISTAKEN.iter().find(|(wrong, _)| wrong.eq_ignore_ascii_case(text.trim()));
        let meant = mistaken.and_then(|(_, right)| candidates.iter().find(|name| name.eq_ignore_ascii_case(right)));
        match meant.copied().or_else(|| super::text::nearest(text, candidates)) {
            Some(nearest) => self.arg("near", "yes").arg("suggestion", nearest),
            None => self.arg("near", "no").arg("suggestion", ""),
        }
    }
}

/// Values that are often written for others although they look different: the colours of the national form where CAP
/// has severities, and a certainty of CAP 1.0.
const MISTAKEN: [(&str, &str); 5] =
    [("Red", "Extreme"), ("Orange", "Severe"), ("Yellow", "Moderate"), ("Blue", "Minor"), ("Very Likely", "Likely")];

impl Reading {
    /// A reading that ended before there was a message.
    #[must_use]
    pub fn refused(finding: Finding) -> Self {
        Self { message: None, findings: vec![finding] }
    }

    /// A message with what was found; it is dropped when one finding refuses it.
    #[must_use]
    pub fn of(message: Message, findings: Vec<Finding>) -> Self {
        let refused = findings.iter().any(|finding| finding.weight == Weight::Refuse);
        Self { message: (!refused).then_some(message), findings }
    }
}

/// Findings as they are collected: at most [`MOST`], and advice never crowds out a refusal.
#[derive(Debug, Default)]
pub(crate) struct Found(Vec<Finding>);

impl Found {
    /// Takes a finding, as long as there is room.
    pub(crate) fn push(&mut self, finding: Finding) {
        if self.0.len() < MOST {
            self.0.push(finding);
        } else if finding.weight == Weight::Refuse
            && let Some(advice) = self.0.iter_mut().rfind(|held| held.weight == Weight::Advise)
        {
            *advice = finding;
        }
    }

    /// Whether nothing more would be taken from a reader.
    pub(crate) fn is_full(&self) -> bool {
        self.0.len() >= MOST
    }

    /// Whether something was found at this very path.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.0.iter().any(|held| held.at.path == path)
    }

    /// Takes what the rules found, except where the reader already had something to say: a field that could not be
    /// read breaks rules only because it could not be read.
    pub(crate) fn append_rules(&mut self, rules: Vec<Finding>) {
        let read = self.0.len();
        for finding in rules {
            let path = &finding.at.path;
            let unread = |held: &Finding| {
                let inside = path.strip_prefix(&held.at.path);
                inside.is_some_and(|rest| rest.is_empty() || held.code == code::JSON_TYPE && rest.starts_with('/'))
            };
            if !self.0[..read].iter().any(unread) {
                self.push(finding);
            }
        }
    }

    /// The findings, in the order they were found.
    pub(crate) fn into_vec(self) -> Vec<Finding> {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::{Finding, Found, MOST, Weight};

    #[test]
    fn advice_never_crowds_out_a_refusal() {
        let mut found = Found::default();
        (0..MOST * 2).for_each(|_| found.push(Finding::advise("text-markup", "")));
        found.push(Finding::refuse("event-empty", ""));
        let findings = found.into_vec();
        assert_eq!(findings.len(), MOST);
        assert!(findings.iter().any(|finding| finding.weight == Weight::Refuse));
    }

    #[test]
    fn repeats_only_the_beginning_of_a_long_text() {
        let finding = Finding::refuse("value-unknown", "").got(&"雨".repeat(500));
        assert_eq!(finding.got.expect("set").chars().count(), 120);
    }
}
