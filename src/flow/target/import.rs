//! Import of recipients from NDJSON and CSV: streamed, every bad line reported, good lines kept.
//!
//! Memory is bounded whatever the size: a line has at most 64 KiB, a chunk at most 2,000 recipients or 1 MiB, a report at
//! most 1,000 errors. Each chunk is one durable commit; importing the same file again writes nothing.
//!
//! **Encoding.** UTF-8 (with or without BOM) or GB18030, decided by the lines that tell them apart, so that one broken
//! line does not turn a file into garbage: that line is reported and the others are read.
//!
//! **CSV** needs a header line with names in English (`external_id`, `areas`, `sms`, …) or Chinese (编号, 区划, 手机, …).
//! `,`, `;` and tab separate. Areas and groups hold several values separated by blanks, `;`, `|` or `、`.
//!
//! **Positions** are two columns, `latitude` and `longitude` in degrees, and in NDJSON an object `position` of both.
//! `coordinates` (column, member of `position`, or the option of the import) says which ones: `wgs84`, or `gcj02`, which
//! is turned into WGS-84 while reading. Baidu's BD-09 is refused.
//!
//! **NDJSON** has one object of the form of [`Recipient`](super::directory::Recipient) in a line.
//!
//! A line replaces the recipient of its id as a whole: an address that is not in it is gone.

mod codes;
mod column;
mod draft;
mod encoding;
mod lines;
mod objects;
mod position;
mod reader;
mod rows;
mod sink;
mod table;

#[cfg(test)]
mod tests;

use std::io;

use bytes::{Bytes, BytesMut};
use futures_util::{Stream, StreamExt, stream};
use serde::{Serialize, Serializer};
use tokio::io::{AsyncRead, AsyncReadExt};

use self::{
    reader::{Reader, Taken},
    sink::Sink,
};
use super::directory::Directory;
use crate::{domain::area::AreaCode, flow::Unavailable};

pub use self::{
    codes::CODES,
    position::{Coordinates, NotCoordinates},
    rows::{Row, Rows, rows},
};

/// Bytes of a line at most.
pub const LINE_MAX: usize = 64 * 1024;
/// Errors listed in a report; further ones are counted.
pub const ERRORS_MAX: usize = 1_000;

/// The form of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// One JSON object in a line.
    Ndjson,
    /// Comma-separated values with a header line.
    Csv,
}

/// How to import.
#[derive(Clone, Copy)]
pub struct Options<'a> {
    /// Check every line and say what would happen; write nothing. Two lines of the same new id are noticed among the
    /// first million new ids.
    pub dry_run: bool,
    /// Whether an area is one this installation knows.
    pub known_area: &'a (dyn Fn(AreaCode) -> bool + Send + Sync),
    /// The coordinates of lines that do not name theirs; WGS-84 when `None`, and the report says so.
    pub coordinates: Option<Coordinates>,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct LineError {
    /// Line of the file, from 1, the header counted.
    pub line: u64,
    /// Name of the field, when one is to blame.
    pub column: Option<String>,
    /// One of [`CODES`]; `messages` has its texts.
    #[schema(value_type = String)]
    pub code: &'static str,
    /// What stood there, at most 120 characters; addresses masked.
    pub got: Option<String>,
    /// Further variable parts of the text, by name.
    #[serde(serialize_with = "as_map")]
    #[schema(value_type = std::collections::BTreeMap<String, String>)]
    pub args: Vec<(&'static str, String)>,
}

fn as_map<S: Serializer>(args: &[(&'static str, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(args.iter().map(|(name, value)| (name, value)))
}

impl LineError {
    fn new(line: u64, column: Option<&str>, code: &'static str) -> Self {
        Self { line, column: column.map(str::to_owned), code, got: None, args: Vec::new() }
    }

    fn got(self, text: &str) -> Self {
        let shown = text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(120).collect();
        Self { got: Some(shown), ..self }
    }

    fn arg(mut self, name: &'static str, value: impl ToString) -> Self {
        self.args.push((name, value.to_string()));
        self
    }

    /// Everything its text may mention: `line`, `column`, `got` and the further parts.
    #[must_use]
    pub fn arguments(&self) -> Vec<(&'static str, String)> {
        let own = [
            ("line", self.line.to_string()),
            ("column", self.column.clone().unwrap_or_default()),
            ("got", self.got.clone().unwrap_or_default()),
        ];
        own.into_iter().chain(self.args.iter().cloned()).collect()
    }
}

/// What came of an import. `lines = created + changed + unchanged + rejected`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct ImportReport {
    /// Nothing was written.
    pub dry_run: bool,
    /// `utf-8` or `gb18030`; `null` while nothing told them apart.
    #[schema(value_type = Option<String>)]
    pub encoding: Option<&'static str>,
    /// Records read: neither the header nor blank lines.
    pub lines: u64,
    pub created: u64,
    pub changed: u64,
    pub unchanged: u64,
    /// Records not taken, each with at least one error.
    pub rejected: u64,
    /// By line, the first 1,000 found.
    pub errors: Vec<LineError>,
    /// Errors beyond those listed.
    pub errors_unlisted: u64,
    /// What a person should know though nothing was refused: columns not understood, a doubtful encoding.
    pub advice: Vec<LineError>,
}

impl ImportReport {
    fn error(&mut self, error: LineError) {
        if self.errors.len() < ERRORS_MAX { self.errors.push(error) } else { self.errors_unlisted += 1 }
    }
}

/// Why an import ended early. Complete chunks before that stand.
#[derive(Debug, thiserror::Error)]
pub enum ImportFault {
    /// The file as a whole cannot be understood (a workbook, no header line, …); nothing was written.
    #[error("file cannot be understood: {}", .0.code)]
    Unreadable(Box<LineError>),
    /// The input broke off.
    #[error("input broke off")]
    Cut {
        /// What was done before.
        so_far: Box<ImportReport>,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The store did not answer.
    #[error("store did not answer")]
    Unavailable {
        /// What was done before.
        so_far: Box<ImportReport>,
        /// Why.
        #[source]
        source: Unavailable,
    },
}

/// Imports recipients from a stream of bytes into the directory.
///
/// # Errors
/// [`ImportFault`] when it ends early. Bad lines are no fault: they stand in the report.
pub async fn import<S>(
    directory: &Directory,
    format: Format,
    mut input: S,
    options: Options<'_>,
) -> Result<ImportReport, ImportFault>
where
    S: Stream<Item = io::Result<Bytes>> + Unpin + Send,
{
    let mut reader = Reader::new(format);
    let mut sink = Sink::new(directory, options);
    let mut taken = Vec::new();
    let mut cut = None;
    while let Some(bytes) = input.next().await {
        match bytes {
            Ok(bytes) => {
                let mut rest = &bytes[..];
                while reader.read(&mut rest, &mut taken) {
                    drain(&mut reader, &mut sink, &mut taken).await?;
                }
            }
            Err(source) => {
                cut = Some(source);
                break;
            }
        }
    }
    reader.end(cut.is_none(), &mut taken);
    drain(&mut reader, &mut sink, &mut taken).await?;
    let report = sink.finish(&reader).await?;
    match cut {
        None => Ok(report),
        Some(source) => Err(ImportFault::Cut { so_far: Box::new(report), source }),
    }
}

/// Hands what was read to the directory; a file that cannot be understood ends here, before anything of it is written.
async fn drain(reader: &mut Reader, sink: &mut Sink<'_>, taken: &mut Vec<Taken>) -> Result<(), ImportFault> {
    if let Some(fault) = reader.fault.take() {
        return Err(ImportFault::Unreadable(Box::new(fault)));
    }
    for one in taken.drain(..) {
        sink.take(one).await?;
    }
    Ok(())
}

/// The bytes of a file or pipe in pieces of at most 64 KiB, as [`import`] takes them.
pub fn pieces<R: AsyncRead + Unpin + Send>(source: R) -> impl Stream<Item = io::Result<Bytes>> + Unpin + Send {
    Box::pin(stream::try_unfold(source, |mut source| async move {
        let mut piece = BytesMut::with_capacity(LINE_MAX);
        let read = source.read_buf(&mut piece).await?;
        Ok((read > 0).then(|| (piece.freeze(), source)))
    }))
}
