//! The only place that prints. Results go to standard output, everything else to standard error; a reader who has gone
//! away ends nothing.

use std::io::{self, IsTerminal, Write};

use serde_json::{Value, json};

use super::{arguments::Common, fault::Fault};
use crate::{
    config::Environment,
    messages::{self, Lang},
};

/// How this run speaks.
#[derive(Clone, Debug)]
pub(super) struct Output {
    pub(super) lang: Lang,
    /// Results as JSON, messages as JSON lines.
    pub(super) json: bool,
    /// Nothing but results and errors.
    pub(super) quiet: bool,
    /// A person sees standard error as it is written.
    pub(super) animated: bool,
    /// A person can answer.
    pub(super) interactive: bool,
    colour: bool,
}

impl Output {
    pub(super) fn new(lang: Lang, environment: &Environment, common: &Common) -> Self {
        let terminal = io::stderr().is_terminal() && environment.get("TERM") != Some("dumb");
        let forbidden = environment.get("NO_COLOR").is_some();
        let forced = environment.get("CLICOLOR_FORCE").is_some_and(|value| value != "0");
        Self {
            lang,
            json: common.json,
            quiet: common.quiet,
            animated: terminal && !common.json && !common.quiet,
            interactive: io::stdin().is_terminal() && io::stderr().is_terminal(),
            colour: !forbidden && (terminal || forced) && !common.json,
        }
    }

    /// Before the arguments are understood.
    pub(super) fn plain(lang: Lang, environment: &Environment) -> Self {
        Self::new(lang, environment, &Common::default())
    }

    /// A sentence of ours in the caller's language.
    pub(super) fn say(&self, id: &str, args: &[(&str, String)]) -> String {
        messages::text(self.lang, id, args)
    }

    /// A result for a person, as it is.
    pub(super) fn text(&self, text: &str) {
        write(&mut io::stdout().lock(), text);
    }

    /// A result for a program: one line.
    pub(super) fn document(&self, document: &Value) {
        write(&mut io::stdout().lock(), &format!("{document}\n"));
    }

    /// A message for whoever watches; with `--json` a line of type `note`.
    pub(super) fn note(&self, text: &str) {
        if self.quiet {
            return;
        }
        let line = if self.json { json!({"type": "note", "text": text}).to_string() } else { text.to_owned() };
        write(&mut io::stderr().lock(), &format!("{line}\n"));
    }

    /// Progress for a program that reads standard error.
    pub(super) fn status(&self, document: &Value) {
        if !self.quiet {
            write(&mut io::stderr().lock(), &format!("{document}\n"));
        }
    }

    /// A failure.
    pub(super) fn fault(&self, fault: &Fault) {
        if self.json {
            let line = json!({
                "type": "error",
                "code": fault.code,
                "exit": fault.exit.code(),
                "text": fault.text,
                "lines": fault.lines,
                "problem": fault.document,
            });
            write(&mut io::stderr().lock(), &format!("{line}\n"));
            return;
        }
        let label = super::help::before(self.lang, &self.say("cli-error", &[]));
        let mut text = format!("{}{}\n", self.red(&label), fault.text);
        for line in &fault.lines {
            text += &format!("  {line}\n");
        }
        write(&mut io::stderr().lock(), &text);
    }

    /// Asks a person for a word; `None` when nobody answers.
    pub(super) fn ask(&self, question: &str) -> Option<String> {
        write(&mut io::stderr().lock(), question);
        let mut answer = String::new();
        let read = io::stdin().read_line(&mut answer).ok()?;
        (read > 0).then(|| answer.trim().to_owned())
    }

    pub(super) fn red(&self, text: &str) -> String {
        self.coloured("31", text)
    }

    pub(super) fn yellow(&self, text: &str) -> String {
        self.coloured("33", text)
    }

    pub(super) fn green(&self, text: &str) -> String {
        self.coloured("32", text)
    }

    pub(super) fn bold(&self, text: &str) -> String {
        self.coloured("1", text)
    }

    fn coloured(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

/// A reader who has gone away, or a full disk behind a redirection, must not end the work itself.
fn write(stream: &mut dyn Write, text: &str) {
    let _gone = stream.write_all(text.as_bytes()).and_then(|()| stream.flush());
}

/// Rows with columns that line up, counted in display width (汉字 are two wide); numbers stand to the right.
pub(super) fn table(rows: &[Vec<String>]) -> String {
    use unicode_width::UnicodeWidthStr;
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width =
        |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..columns).map(width).collect();
    let mut text = String::new();
    let is_number = |cell: &String| !cell.is_empty() && cell.bytes().all(|byte| byte.is_ascii_digit());
    let numeric = |column: usize| rows.iter().skip(1).filter_map(|row| row.get(column)).all(is_number);
    let numeric: Vec<bool> = (0..columns).map(numeric).collect();
    for row in rows {
        let cell = |(column, cell): (usize, &String)| {
            let blank = " ".repeat(widths[column] - cell.width());
            if numeric[column] { format!("{blank}{cell}") } else { format!("{cell}{blank}") }
        };
        text += row.iter().enumerate().map(cell).collect::<Vec<_>>().join("  ").trim_end();
        text += "\n";
    }
    text
}

#[cfg(test)]
mod tests;
