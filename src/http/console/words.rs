//! Texts of pages, in the language of who reads them.

use std::fmt::Display;

use crate::messages::{self, Lang};

/// The texts of one language, for templates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Words(pub(crate) Lang);

impl Words {
    /// A text without variable parts.
    pub(crate) fn t(&self, id: &str) -> String {
        messages::text(self.0, id, &[])
    }

    /// A text with one variable part.
    pub(crate) fn with(&self, id: &str, name: &str, value: impl Display) -> String {
        messages::text(self.0, id, &[(name, value.to_string())])
    }

    /// A text with several variable parts.
    pub(crate) fn fill(&self, id: &str, args: &[(&str, String)]) -> String {
        messages::text(self.0, id, args)
    }

    /// A word of a family (`console-state-` + name); the name itself where the family has no such word.
    pub(crate) fn of(&self, family: &str, name: &str) -> String {
        let id = format!("{family}{name}");
        if messages::is_code(&id) { self.t(&id) } else { name.to_owned() }
    }

    /// BCP 47 tag of the language.
    pub(crate) fn tag(&self) -> &'static str {
        self.0.tag()
    }

    fn other(self) -> Self {
        Self(if self.0 == Lang::Chinese { Lang::English } else { Lang::Chinese })
    }

    pub(crate) fn other_tag(&self) -> &'static str {
        self.other().tag()
    }

    /// The other language's own name for itself.
    pub(crate) fn other_name(&self) -> &'static str {
        if self.0 == Lang::Chinese { "English" } else { "中文" }
    }

    /// Joins parts of a line.
    pub(crate) fn join(&self, parts: impl IntoIterator<Item = String>) -> String {
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
    }
}
