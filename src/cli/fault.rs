//! Why a command ends without having done what it was asked for.

use serde_json::Value;

use super::exit::Exit;
use crate::messages::{self, Lang};

/// A failure, in the words of the person who called.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) exit: Exit,
    /// Stable code; `fenghuo explain` knows it.
    pub(super) code: String,
    /// What is wrong.
    pub(super) text: String,
    /// Further lines: each wrong field, what to do.
    pub(super) lines: Vec<String>,
    /// The server's problem document, for programs.
    pub(super) document: Option<Value>,
}

impl Fault {
    /// A failure with a code of ours.
    pub(super) fn new(exit: Exit, lang: Lang, code: &str, args: &[(&str, String)]) -> Self {
        let action = messages::action(lang, code);
        let text = messages::text(lang, code, args);
        Self { exit, code: code.to_owned(), text, lines: action.into_iter().collect(), document: None }
    }

    pub(super) fn failed(lang: Lang, code: &str, args: &[(&str, String)]) -> Self {
        Self::new(Exit::Failed, lang, code, args)
    }

    /// A file that cannot be read or written.
    pub(super) fn file(lang: Lang, file: &std::path::Path, cause: &std::io::Error) -> Self {
        let args = [("file", file.display().to_string()), ("cause", cause.to_string())];
        Self::failed(lang, "cli-file-unreadable", &args)
    }
}
