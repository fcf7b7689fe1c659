//! Tables of provider codes: what an answer means, as data.
//!
//! A table is a TOML document. Every row names one or more codes, their class, a sentence in Chinese and in English, and
//! where that stands. A code that ends with `*` matches everything that begins so; an exact code counts before a longer
//! beginning, and that before a shorter one.
//!
//! ```toml
//! source = "RFC 3463"
//! codes = [
//!     { is = ["5.1.1"], class = "recipient", zh = "没有这个邮箱", en = "There is no such mailbox" },
//!     { is = ["5.6.*"], class = "content", zh = "邮件本身有问题", en = "Something is wrong with the message" },
//! ]
//! ```

use std::{collections::BTreeMap, time::Duration};

use serde::Deserialize;

use crate::{Cause, Fault, Scope, Verdict};

/// What a code says: who is at fault, and whether the outcome is known. The names are those of the tables.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Class {
    /// Taken: [`Verdict::Accepted`].
    Accepted,
    /// This address, for good: [`Verdict::RefusedRecipient`].
    Recipient,
    /// This content, whoever gets it: [`Verdict::RefusedContent`].
    Content,
    /// We: credentials, rights, balance, set-up: [`Verdict::Misconfigured`].
    Misconfigured,
    /// Too fast, everything sent with this account.
    Throttled,
    /// Too fast, this connection.
    ThrottledConnection,
    /// Too fast, or too early, for this recipient.
    ThrottledRecipient,
    /// Not taken, worth another try: [`Verdict::Transient`].
    Transient,
    /// It may have been taken: [`Verdict::InDoubt`].
    InDoubt,
}

impl Class {
    /// Every class.
    pub const ALL: [Self; 9] = [
        Self::Accepted,
        Self::Recipient,
        Self::Content,
        Self::Misconfigured,
        Self::Throttled,
        Self::ThrottledConnection,
        Self::ThrottledRecipient,
        Self::Transient,
        Self::InDoubt,
    ];

    /// Its name in tables.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Recipient => "recipient",
            Self::Content => "content",
            Self::Misconfigured => "misconfigured",
            Self::Throttled => "throttled",
            Self::ThrottledConnection => "throttled-connection",
            Self::ThrottledRecipient => "throttled-recipient",
            Self::Transient => "transient",
            Self::InDoubt => "in-doubt",
        }
    }

    /// The verdict on one delivery. `after` is the wait the provider asked for. An accepted delivery has no reference
    /// here.
    #[must_use]
    pub fn verdict(self, cause: Cause, after: Option<Duration>) -> Verdict {
        let throttled = |scope, cause| Verdict::Throttled { scope, after, cause };
        match self {
            Self::Accepted => Verdict::Accepted(None),
            Self::Recipient => Verdict::RefusedRecipient(cause),
            Self::Content => Verdict::RefusedContent(cause),
            Self::Misconfigured => Verdict::Misconfigured(cause),
            Self::Throttled => throttled(Scope::Account, cause),
            Self::ThrottledConnection => throttled(Scope::Connection, cause),
            Self::ThrottledRecipient => throttled(Scope::Recipient, cause),
            Self::Transient => Verdict::Transient(cause),
            Self::InDoubt => Verdict::InDoubt(cause),
        }
    }

    /// What it says about a whole call that carried several deliveries; `None` when it was taken. Refusals cannot be
    /// laid on single recipients then, so they count as transient.
    #[must_use]
    pub fn fault(self, cause: Cause, after: Option<Duration>) -> Option<Fault> {
        match self {
            Self::Accepted => None,
            Self::Misconfigured => Some(Fault::Misconfigured(cause)),
            Self::Throttled | Self::ThrottledConnection | Self::ThrottledRecipient => {
                Some(Fault::Throttled { after, cause })
            }
            Self::InDoubt => Some(Fault::InDoubt(cause)),
            Self::Transient | Self::Recipient | Self::Content => Some(Fault::Transient(cause)),
        }
    }
}

/// What a table says about a code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeMeaning {
    /// What it says.
    pub class: Class,
    /// One sentence in Chinese.
    pub zh: Box<str>,
    /// One sentence in English.
    pub en: Box<str>,
    /// Where that stands; an `(d)` or `(g)` at its end says that it was not verified in a specification or in code.
    pub source: Box<str>,
    /// The adapter fetches a new token, once, before it believes it.
    pub refresh: bool,
    /// Of [`Class::Recipient`]: the address existed and has ended, which the provider says of this one alone. It is forgotten;
    /// whoever is behind it gives another.
    pub gone: bool,
}

/// The codes of one provider or protocol.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CodeTable {
    exact: BTreeMap<Box<str>, CodeMeaning>,
    /// By beginning, without the `*`.
    beginnings: BTreeMap<Box<str>, CodeMeaning>,
}

/// Why a table cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeTableFault {
    /// It is not TOML of this form; the text names line, column and key.
    #[error("{0}")]
    Form(String),
    /// A code stands in it twice.
    #[error("the code {0:?} stands in it twice")]
    Twice(String),
    /// A row names no code, or an empty one.
    #[error("a row names no code: {0:?}")]
    NoCode(String),
    /// A sentence or a source is missing.
    #[error("the code {0:?} lacks its {1}")]
    NoText(String, &'static str),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    source: Box<str>,
    codes: Vec<Row>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    is: Vec<String>,
    class: Class,
    zh: Box<str>,
    en: Box<str>,
    #[serde(default)]
    source: Option<Box<str>>,
    #[serde(default)]
    refresh: bool,
    #[serde(default)]
    gone: bool,
}

impl CodeTable {
    /// Reads a table.
    ///
    /// # Errors
    /// [`CodeTableFault`]: the first thing that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, CodeTableFault> {
        let document: Document = toml::from_str(text).map_err(|fault| CodeTableFault::Form(fault.to_string()))?;
        let mut table = Self::default();
        for row in document.codes {
            let Row { is, class, zh, en, source, refresh, gone } = row;
            if is.is_empty() || is.iter().any(|code| code.trim_end_matches('*').trim().is_empty()) {
                return Err(CodeTableFault::NoCode(en.into()));
            }
            let source = source.unwrap_or_else(|| document.source.clone());
            let meaning = CodeMeaning { class, zh, en, source, refresh, gone: gone && class == Class::Recipient };
            for code in is {
                table.add(code, meaning.clone())?;
            }
        }
        Ok(table)
    }

    fn add(&mut self, code: String, meaning: CodeMeaning) -> Result<(), CodeTableFault> {
        for (text, name) in [(&meaning.zh, "zh"), (&meaning.en, "en"), (&meaning.source, "source")] {
            if text.trim().is_empty() {
                return Err(CodeTableFault::NoText(code, name));
            }
        }
        let known = match code.strip_suffix('*') {
            Some(beginning) => self.beginnings.insert(beginning.into(), meaning),
            None => self.exact.insert(code.as_str().into(), meaning),
        };
        if known.is_some() { Err(CodeTableFault::Twice(code)) } else { Ok(()) }
    }

    /// This table where it says something, else the other: a site's own codes over the built-in ones.
    #[must_use]
    pub fn over(mut self, other: &Self) -> Self {
        for (code, meaning) in &other.exact {
            self.exact.entry(code.clone()).or_insert_with(|| meaning.clone());
        }
        for (beginning, meaning) in &other.beginnings {
            self.beginnings.entry(beginning.clone()).or_insert_with(|| meaning.clone());
        }
        self
    }

    /// What a code means; `None` when the table does not know it: then it is transient (S26).
    #[must_use]
    pub fn find(&self, code: &str) -> Option<&CodeMeaning> {
        self.find_named(code).map(|(_, meaning)| meaning)
    }

    /// What a code means, and how many of its characters the table names.
    #[must_use]
    pub fn find_named(&self, code: &str) -> Option<(usize, &CodeMeaning)> {
        self.exact.get(code).map(|meaning| (code.len(), meaning)).or_else(|| {
            let fitting = self.beginnings.iter().filter(|(beginning, _)| code.starts_with(&***beginning));
            fitting.map(|(beginning, meaning)| (beginning.len(), meaning)).max_by_key(|(named, _)| *named)
        })
    }

    /// The class of a code; transient when the table does not know it.
    #[must_use]
    pub fn class(&self, code: &str) -> Class {
        self.find(code).map_or(Class::Transient, |meaning| meaning.class)
    }

    /// Every code as the table writes it, with its meaning.
    pub fn iter(&self) -> impl Iterator<Item = (String, &CodeMeaning)> {
        let exact = self.exact.iter().map(|(code, meaning)| (code.to_string(), meaning));
        exact.chain(self.beginnings.iter().map(|(beginning, meaning)| (format!("{beginning}*"), meaning)))
    }
}

#[cfg(test)]
mod tests;
