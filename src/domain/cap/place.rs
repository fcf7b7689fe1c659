//! Where findings stand: path, line and column.

use super::{path, schema::Slot, tree::Node};
use crate::domain::finding::{Finding, MOST};

/// Findings of elements as they are collected. Once there are enough, nothing more is spent on any.
#[derive(Debug)]
pub(in crate::domain) struct Sink {
    /// What the root of the document holds.
    schema: &'static [Slot],
    found: Vec<(usize, Finding)>,
}

impl Sink {
    /// Nothing yet, of a document whose root holds `schema`.
    pub(in crate::domain) fn new(schema: &'static [Slot]) -> Self {
        Self { schema, found: Vec::new() }
    }

    /// Takes a finding at an element.
    pub(in crate::domain) fn at(&mut self, node: Node<'_>, finding: impl FnOnce() -> Finding) {
        if self.found.len() < MOST {
            let mut finding = finding();
            finding.at.path = path::of(node, self.schema);
            self.found.push((node.element().offset, finding));
        }
    }

    /// Takes a finding at something missing inside an element.
    pub(in crate::domain) fn below(&mut self, node: Node<'_>, name: &str, finding: impl FnOnce() -> Finding) {
        if self.found.len() < MOST {
            let mut finding = finding();
            finding.at.path = format!("{}/{name}", path::of(node, self.schema));
            self.found.push((node.element().offset, finding));
        }
    }

    /// The findings, each with its byte.
    pub(in crate::domain) fn into_vec(self) -> Vec<(usize, Finding)> {
        self.found
    }
}

/// Sorts findings by where they stand and gives each its line and column.
pub(in crate::domain) fn fill(text: &str, mut found: Vec<(usize, Finding)>) -> Vec<Finding> {
    found.sort_by_key(|(offset, _)| *offset);
    let mut cursor = Cursor::new(text);
    found
        .into_iter()
        .map(|(offset, mut finding)| {
            (finding.at.line, finding.at.column) = cursor.advance(offset);
            finding
        })
        .collect()
}

/// Counts lines and columns in one walk through the text, however many places are asked for.
struct Cursor<'a> {
    text: &'a str,
    offset: usize,
    line: u32,
    column: u32,
}

impl<'a> Cursor<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, offset: 0, line: 1, column: 1 }
    }

    /// Goes on to `offset`, which is not before the last one.
    fn advance(&mut self, offset: usize) -> (Option<u32>, Option<u32>) {
        for c in self.text.get(self.offset..offset).unwrap_or_default().chars() {
            if c == '\n' {
                self.line = self.line.saturating_add(1);
                self.column = 1;
            } else {
                self.column = self.column.saturating_add(1);
            }
        }
        self.offset = self.offset.max(offset);
        (Some(self.line), Some(self.column))
    }
}
