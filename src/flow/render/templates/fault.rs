//! What can be wrong with templates.

use fenghuo_contract::Channel;

use super::file::Part;
use crate::messages::{self, Lang};

/// Templates that cannot be used: everything found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} findings about templates, the first: {} {}", .findings.len(), .findings[0].code, .findings[0].file)]
pub struct TemplateFaults {
    /// At least one.
    pub findings: Vec<TemplateFinding>,
}

/// One thing that is wrong with one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateFinding {
    /// Stable kebab-case code, `template-…`.
    pub code: &'static str,
    /// The file's name.
    pub file: String,
    /// Variable parts of the sentence.
    pub args: Vec<(&'static str, String)>,
}

impl TemplateFinding {
    fn new(code: &'static str, file: &str, mut args: Vec<(&'static str, String)>) -> Self {
        args.push(("file", file.to_owned()));
        Self { code, file: file.to_owned(), args }
    }

    pub(super) fn broken(file: &str, cause: &minijinja::Error) -> Self {
        let line = cause.line().map_or_else(|| "?".to_owned(), |line| line.to_string());
        Self::new("template-broken", file, vec![("line", line), ("cause", words(cause))])
    }

    pub(super) fn language(language: &str) -> Self {
        Self::new("config-language-template", "", vec![("got", language.to_owned())])
    }

    pub(super) fn missing(file: &str) -> Self {
        Self::new("template-missing", file, Vec::new())
    }

    pub(super) fn unknown(file: &str, suggestion: Option<&str>) -> Self {
        let suggestion = suggestion.map(|suggestion| ("suggestion", suggestion.to_owned()));
        Self::new("template-unknown", file, suggestion.into_iter().collect())
    }

    pub(super) fn unreadable(file: &str, cause: &std::io::Error) -> Self {
        Self::new("template-unreadable", file, vec![("cause", cause.to_string())])
    }

    /// What a failed rendering of a sample says about a file; `file` names the file of a part.
    pub(super) fn of(fault: RenderFault, file: impl Fn(Part) -> String) -> Self {
        match fault {
            RenderFault::Broken { file, line, cause } => {
                let line = line.map_or_else(|| "?".to_owned(), |line| line.to_string());
                Self::new("template-broken", &file, vec![("line", line), ("cause", cause)])
            }
            RenderFault::Empty { file } => Self::new("template-empty", &file, Vec::new()),
            RenderFault::Alters { carrier, part } => {
                Self::new("template-alters", &file(carrier), vec![("part", part.to_owned())])
            }
            RenderFault::NoTemplates(channel) => Self::missing(channel.name()),
        }
    }

    /// What is wrong, in one sentence.
    #[must_use]
    pub fn sentence(&self, lang: Lang) -> String {
        messages::text(lang, self.code, &self.args)
    }

    /// What was probably meant.
    #[must_use]
    pub fn suggestion(&self) -> Option<&str> {
        self.args.iter().find(|(name, _)| *name == "suggestion").map(|(_, value)| value.as_str())
    }
}

/// Why a warning could not be rendered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenderFault {
    /// Nothing is rendered for this channel.
    #[error("no templates for the channel {0}")]
    NoTemplates(Channel),
    /// A template failed.
    #[error("template {file}, line {}: {cause}", .line.unwrap_or_default())]
    Broken {
        /// Its name.
        file: String,
        /// 1-based.
        line: Option<usize>,
        /// The engine's words.
        cause: String,
    },
    /// A template gave no text.
    #[error("template {file} gave no text")]
    Empty {
        /// Its name.
        file: String,
    },
    /// What came out does not carry the signed text as it is.
    #[error("the signed {part} is not carried verbatim")]
    Alters {
        /// In which part; title and text are one.
        carrier: Part,
        /// `headline`, `description` or `instruction`.
        part: &'static str,
    },
}

impl RenderFault {
    pub(super) fn broken(file: &str, cause: &minijinja::Error) -> Self {
        let file = cause.name().unwrap_or(file).to_owned();
        Self::Broken { file, line: cause.line(), cause: words(cause) }
    }
}

fn words(cause: &minijinja::Error) -> String {
    match cause.detail() {
        Some(detail) => format!("{}: {detail}", cause.kind()),
        None => cause.kind().to_string(),
    }
}
