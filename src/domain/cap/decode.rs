//! From bytes to text: byte order mark, XML declaration, and no guessing.

use std::borrow::Cow;

use encoding_rs::{Encoding, GB18030, UTF_8, UTF_16BE, UTF_16LE};

use crate::domain::{
    finding::{Finding, code},
    text,
};

/// How far into the document the XML declaration may name its encoding.
const DECLARATION: usize = 256;

/// Reads the bytes as text in the encoding they declare. A byte order mark is dropped.
///
/// # Errors
/// When the encoding is not known, contradicts itself, or does not fit the bytes. Never a replacement character.
pub(in crate::domain) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, Finding> {
    let (marked, mark) = match Encoding::for_bom(bytes) {
        Some((encoding, length)) => (Some(encoding), length),
        None => (unmarked_utf16(bytes), 0),
    };
    let bytes = &bytes[mark..];
    let encoding = match (marked, declared(bytes, marked)) {
        (None, None) => UTF_8,
        (Some(encoding), None) => encoding,
        (marked, Some(label)) => agree(marked, &label)?,
    };
    if encoding == UTF_8 {
        return utf8(bytes).map(Cow::Borrowed);
    }
    encoding
        .decode_without_bom_handling_and_without_replacement(bytes)
        .ok_or_else(|| Finding::refuse(code::ENCODING_BYTES, "").arg("encoding", encoding.name()).arg("likely", "none"))
}

/// UTF-16 without a byte order mark shows by the zeros around `<`.
fn unmarked_utf16(bytes: &[u8]) -> Option<&'static Encoding> {
    match bytes {
        [b'<', 0, ..] => Some(UTF_16LE),
        [0, b'<', ..] => Some(UTF_16BE),
        _ => None,
    }
}

/// The encoding the XML declaration names.
fn declared(bytes: &[u8], marked: Option<&'static Encoding>) -> Option<String> {
    let head = &bytes[..bytes.len().min(DECLARATION)];
    let ascii: String = if marked.is_some_and(|encoding| encoding == UTF_16LE || encoding == UTF_16BE) {
        head.iter().filter(|byte| **byte != 0).map(|byte| char::from(*byte)).collect()
    } else {
        head.iter().map(|byte| char::from(*byte)).collect()
    };
    let declaration = ascii.strip_prefix("<?xml")?.split("?>").next()?;
    let value = declaration.split_once("encoding")?.1.trim_start().strip_prefix('=')?.trim_start();
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    value[1..].split(quote).next().map(str::to_owned)
}

/// The encoding that mark and declaration agree on.
fn agree(marked: Option<&'static Encoding>, label: &str) -> Result<&'static Encoding, Finding> {
    let Some(named) = Encoding::for_label_no_replacement(label.as_bytes()) else {
        return Err(Finding::refuse(code::ENCODING_UNKNOWN, "").got(label));
    };
    let wide = |encoding| encoding == UTF_16LE || encoding == UTF_16BE;
    let conflict = |seen: &str| Finding::refuse(code::ENCODING_CONFLICT, "").got(label).arg("seen", seen);
    match marked {
        // `UTF-16` means either byte order; the mark says which.
        Some(marked) if marked == named || wide(marked) && wide(named) => Ok(marked),
        Some(marked) => Err(conflict(marked.name())),
        // The declaration was readable as ASCII, so the bytes are not UTF-16.
        None if wide(named) => Err(conflict("ASCII")),
        None => Ok(named),
    }
}

/// Where UTF-8 ends to be UTF-8; bytes that read as GB18030 throughout were most likely meant so.
fn not_utf8(bytes: &[u8], valid: usize) -> Finding {
    let likely = GB18030.decode_without_bom_handling_and_without_replacement(bytes).is_some();
    let mut finding = Finding::refuse(code::ENCODING_BYTES, "")
        .arg("encoding", "UTF-8")
        .arg("likely", if likely { "GB18030" } else { "none" });
    let (line, column) = text::line_and_column(&String::from_utf8_lossy(&bytes[..valid]), valid);
    (finding.at.line, finding.at.column) = (Some(line), Some(column));
    finding
}

/// Reads the bytes as UTF-8.
///
/// # Errors
/// Where they end to be.
pub(in crate::domain) fn utf8(bytes: &[u8]) -> Result<&str, Finding> {
    std::str::from_utf8(bytes).map_err(|fault| not_utf8(bytes, fault.valid_up_to()))
}
