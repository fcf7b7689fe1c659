//! Bytes to drafts of recipients: lines, encoding, form.

use std::collections::VecDeque;

use super::{
    Format, LINE_MAX, LineError,
    draft::Draft,
    encoding::{Encoding, doubt},
    lines::{Line, Lines},
    objects::Objects,
    table::Table,
};

/// What a record of the file turned out to be.
pub(super) enum Taken {
    Draft(Draft),
    Bad(LineError),
}

/// A line as text.
pub(super) struct TextLine {
    pub(super) number: u64,
    pub(super) text: String,
}

/// How records are read.
enum Form {
    /// CSV whose header line has not come yet.
    Headless,
    Table(Table),
    Objects(Objects),
}

/// Reads a file that comes in pieces. It holds the first 64 KiB until the encoding is decided, then one record.
pub(super) struct Reader {
    lines: Lines,
    /// The first lines, until enough are there; `None` afterwards.
    head: Option<VecDeque<Line>>,
    /// Bytes of them.
    held: usize,
    pub(super) encoding: Encoding,
    form: Form,
    pub(super) advice: Vec<LineError>,
    /// The file as a whole cannot be understood.
    pub(super) fault: Option<LineError>,
}

impl Reader {
    pub(super) fn new(format: Format) -> Self {
        Self {
            lines: Lines::default(),
            head: Some(VecDeque::new()),
            held: 0,
            encoding: Encoding::default(),
            form: match format {
                Format::Csv => Form::Headless,
                Format::Ndjson => Form::Objects(Objects::default()),
            },
            advice: Vec::new(),
            fault: None,
        }
    }

    /// Reads the next line off the front of `input`; `false` when there is no complete one, or no use in reading on.
    pub(super) fn read(&mut self, input: &mut &[u8], taken: &mut Vec<Taken>) -> bool {
        if self.fault.is_some() {
            return false;
        }
        let Some(line) = self.lines.next(input) else { return false };
        self.hold(line, taken);
        true
    }

    /// Reads what is left. When the input is not `whole`, its last line is half a line and counts for nothing.
    pub(super) fn end(&mut self, whole: bool, taken: &mut Vec<Taken>) {
        if let Some(last) = self.lines.last().filter(|_| whole) {
            self.hold(last, taken);
        }
        if self.head.is_some() {
            self.begin(taken);
        }
        match &mut self.form {
            Form::Table(table) if whole => table.end(taken),
            Form::Headless if whole && self.fault.is_none() => {
                self.fault = Some(LineError::new(1, None, "import-empty"))
            }
            Form::Table(_) | Form::Headless | Form::Objects(_) => {}
        }
    }

    /// Keeps the first lines until there are enough of them, then reads line by line.
    fn hold(&mut self, line: Line, taken: &mut Vec<Taken>) {
        let Some(head) = &mut self.head else { return self.line(line, taken) };
        self.held += line.bytes.len() + 1;
        head.push_back(line);
        if self.held >= LINE_MAX {
            self.begin(taken);
        }
    }

    /// Decides the encoding by the lines held, then reads them.
    fn begin(&mut self, taken: &mut Vec<Taken>) {
        let mut head = self.head.take().unwrap_or_default();
        self.fault = head.front().and_then(foreign);
        if let Some(first) = head.front_mut().filter(|first| first.bytes.starts_with(b"\xef\xbb\xbf")) {
            first.bytes.drain(..3);
            self.encoding = Encoding::Utf8;
        } else {
            self.encoding = Encoding::of(head.iter());
        }
        if self.encoding == Encoding::Gb18030
            && let Some(guess) = doubt(head.iter())
        {
            self.advice.push(LineError::new(1, None, "import-encoding-guess").arg("guess", guess));
        }
        for line in head {
            self.line(line, taken);
        }
    }

    fn line(&mut self, line: Line, taken: &mut Vec<Taken>) {
        if self.fault.is_some() {
            return;
        }
        if self.encoding == Encoding::Undecided {
            self.encoding = Encoding::of(std::iter::once(&line));
        }
        let number = line.number;
        let text = if line.overlong { None } else { self.encoding.decode(&line.bytes) };
        match (text, &mut self.form) {
            (Some(text), Form::Headless) => self.header(TextLine { number, text }),
            (Some(text), Form::Table(table)) => table.line(TextLine { number, text }, taken),
            (Some(text), Form::Objects(objects)) => {
                taken.extend(objects.line(&TextLine { number, text }, &mut self.advice));
            }
            (None, Form::Headless) => self.fault = Some(LineError::new(number, None, unreadable(&line))),
            (None, form) => {
                if let Form::Table(table) = form {
                    table.end(taken);
                }
                let code = unreadable(&line);
                let error = LineError::new(number, None, code);
                taken.push(Taken::Bad(error.arg("encoding", self.encoding.name().unwrap_or("utf-8"))));
            }
        }
    }

    fn header(&mut self, line: TextLine) {
        if line.text.trim().is_empty() {
            return;
        }
        match Table::new(&line, &mut self.advice) {
            Ok(table) => self.form = Form::Table(table),
            Err(fault) => self.fault = Some(fault),
        }
    }
}

fn unreadable(line: &Line) -> &'static str {
    if line.overlong { "import-line-long" } else { "import-encoding" }
}

/// What the first bytes say when the file is no text of ours at all.
fn foreign(first: &Line) -> Option<LineError> {
    let bytes = &first.bytes;
    let code = if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"\xd0\xcf\x11\xe0") {
        "import-workbook"
    } else if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") || bytes.contains(&0) {
        "import-utf16"
    } else {
        return None;
    };
    Some(LineError::new(first.number, None, code))
}
