//! Bytes to lines: LF, CRLF or CR end one; none is longer than the limit.

use super::LINE_MAX;

/// One line of the file, without its end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// From 1.
    pub(super) number: u64,
    /// At most [`LINE_MAX`] bytes.
    pub(super) bytes: Vec<u8>,
    /// There were more.
    pub(super) overlong: bool,
}

/// Cuts a stream into lines. In GB18030 as in UTF-8 the bytes of a line end are never part of another character.
#[derive(Default)]
pub(super) struct Lines {
    partial: Vec<u8>,
    overlong: bool,
    /// The last byte was a CR: a LF now belongs to it.
    after_return: bool,
    number: u64,
}

impl Lines {
    /// The next complete line, taken off the front of `input`; `None` when more input is needed.
    pub(super) fn next(&mut self, input: &mut &[u8]) -> Option<Line> {
        if self.after_return && !input.is_empty() {
            *input = input.strip_prefix(b"\n").unwrap_or(input);
            self.after_return = false;
        }
        let end = input.iter().position(|byte| matches!(byte, b'\n' | b'\r'));
        let (part, rest) = input.split_at(end.unwrap_or(input.len()));
        let room = LINE_MAX - self.partial.len();
        self.partial.extend_from_slice(&part[..part.len().min(room)]);
        self.overlong |= part.len() > room;
        *input = rest;
        let (ending, rest) = rest.split_first()?;
        self.after_return = *ending == b'\r';
        *input = rest;
        Some(self.cut())
    }

    /// The last line, when the input ended without a line end.
    pub(super) fn last(&mut self) -> Option<Line> {
        (!self.partial.is_empty()).then(|| self.cut())
    }

    fn cut(&mut self) -> Line {
        self.number += 1;
        let bytes = std::mem::take(&mut self.partial);
        Line { number: self.number, bytes, overlong: std::mem::take(&mut self.overlong) }
    }
}
