//! CSV: the header line, and lines to records.

use std::collections::BTreeSet;

use super::{
    LINE_MAX, LineError,
    column::{Column, split},
    draft::Draft,
    reader::{Taken, TextLine},
};

/// Lines a record with line breaks in quotes may take.
const LINES_MAX: usize = 8;

/// What the header line says.
pub(super) struct Table {
    delimiter: u8,
    /// By position; `None` for one that is not understood.
    columns: Vec<Option<Column>>,
    /// Lines not yet read as a record.
    pending: Vec<TextLine>,
}

impl Table {
    /// Reads the header line. Columns not understood are advice; missing or repeated ones end the import.
    pub(super) fn new(header: &TextLine, advice: &mut Vec<LineError>) -> Result<Self, LineError> {
        let delimiter = delimiter(&header.text);
        let (names, _) = fields(&header.text, delimiter);
        let columns: Vec<_> = names.iter().map(|name| Column::of(name)).collect();
        let missing =
            [Column::ExternalId, Column::Areas].into_iter().filter(|column| !columns.contains(&Some(*column)));
        let missing: Vec<_> = missing.map(Column::name).collect();
        if !missing.is_empty() {
            return Err(LineError::new(header.number, None, "import-header").arg("missing", missing.join(", ")));
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = columns.iter().flatten().find(|column| !seen.insert(**column)) {
            return Err(LineError::new(header.number, Some(twice.name()), "import-header-twice"));
        }
        for (name, column) in names.iter().zip(&columns) {
            if column.is_none() && !name.trim().is_empty() {
                advice.push(LineError::new(header.number, Some(name.trim()), "import-column-unknown").got(name.trim()));
            }
        }
        Ok(Self { delimiter, columns, pending: Vec::new() })
    }

    /// Reads one more line.
    pub(super) fn line(&mut self, line: TextLine, taken: &mut Vec<Taken>) {
        if self.pending.is_empty() && line.text.trim().is_empty() {
            return;
        }
        self.pending.push(line);
        self.settle(false, taken);
    }

    /// Reads what is pending as if the file ended: a line that cannot be read, or the end itself, comes next.
    pub(super) fn end(&mut self, taken: &mut Vec<Taken>) {
        self.settle(true, taken);
    }

    /// Reads records off the front of the pending lines. A stray quote costs its own line only.
    fn settle(&mut self, end: bool, taken: &mut Vec<Taken>) {
        while let Some(first) = self.pending.first() {
            let number = first.number;
            let (record, lines) = self.record();
            let (values, quotes) = fields(&record, self.delimiter);
            if quotes == Quotes::Open && !end && lines < LINES_MAX && record.len() < LINE_MAX {
                return;
            }
            if quotes != Quotes::Paired || (lines > 1 && values.len() != self.columns.len()) {
                taken.push(Taken::Bad(LineError::new(number, None, "import-csv-quote")));
                self.pending.remove(0);
                continue;
            }
            self.pending.drain(..lines);
            if values.iter().any(|value| !value.trim().is_empty()) {
                taken.push(self.draft(number, record.len(), &values));
            }
        }
    }

    /// As many of the pending lines as the quotes of the first one hold together.
    fn record(&self) -> (String, usize) {
        let mut record = String::new();
        for (before, line) in self.pending.iter().enumerate() {
            if before > 0 {
                record.push('\n');
            }
            record.push_str(&line.text);
            if fields(&record, self.delimiter).1 != Quotes::Open {
                return (record, before + 1);
            }
        }
        (record, self.pending.len())
    }

    fn draft(&self, line: u64, size: usize, values: &[String]) -> Taken {
        let beyond = values.iter().skip(self.columns.len()).any(|value| !value.trim().is_empty());
        if beyond {
            let error = LineError::new(line, None, "import-csv-columns");
            return Taken::Bad(error.arg("fields", values.len()).arg("columns", self.columns.len()));
        }
        let mut draft = Draft { line, size, ..Draft::default() };
        for (column, value) in self.columns.iter().zip(values) {
            match column {
                Some(column) if column.is_list() => split(value).for_each(|part| draft.add(*column, part)),
                Some(column) => draft.add(*column, value),
                None => {}
            }
        }
        Taken::Draft(draft)
    }
}

/// The separator that stands most often in the header.
pub(super) fn delimiter(header: &str) -> u8 {
    let count = |separator: &u8| header.bytes().filter(|byte| byte == separator).count();
    [b'\t', b';', b','].into_iter().max_by_key(count).unwrap_or(b',')
}

/// Whether the quotes of a record pair up.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Quotes {
    Paired,
    /// The text ends inside a quoted field.
    Open,
    /// A field goes on after its closing quote: what was taken for a field is not one.
    Broken,
}

/// The fields of a record (RFC 4180; a quote inside a field that does not begin with one is a plain character), and
/// whether its quotes pair up.
pub(super) fn fields(record: &str, delimiter: u8) -> (Vec<String>, Quotes) {
    let delimiter = char::from(delimiter);
    let (mut fields, mut rest) = (Vec::new(), record);
    loop {
        let (field, after) = match rest.strip_prefix('"') {
            None => rest.split_at(rest.find(delimiter).unwrap_or(rest.len())),
            Some(quoted) => {
                let Some(end) = closing(quoted) else { return (fields, Quotes::Open) };
                (&quoted[..end], &quoted[end + 1..])
            }
        };
        let quoted = rest.starts_with('"');
        fields.push(if quoted { field.replace("\"\"", "\"") } else { field.to_owned() });
        match after.strip_prefix(delimiter) {
            Some(next) => rest = next,
            None if after.is_empty() => return (fields, Quotes::Paired),
            None => return (fields, Quotes::Broken),
        }
    }
}

/// Where the quote stands that ends a quoted field: the first that is not doubled.
fn closing(quoted: &str) -> Option<usize> {
    let mut from = 0;
    loop {
        let at = from + quoted[from..].find('"')?;
        if !quoted[at + 1..].starts_with('"') {
            return Some(at);
        }
        from = at + 2;
    }
}
