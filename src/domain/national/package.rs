//! A form and the files that belong to it in one zip, as they are handed over.
//!
//! | entry | name |
//! | --- | --- |
//! | the form | `STEM.XML`, the stem as [`file_name`] has it |
//! | a scan of the signed approval | `STEM_P_NN.jpg` |
//! | any other file | `STEM_O_NN.pdf` |
//!
//! All stand at the root; upper and lower case are the same. Everything else is refused: folders and paths, names that
//! follow no rule, a name twice, entries with a password or packed otherwise than by deflate, entries whose two headers
//! disagree, and what unpacks to too much.

use std::io::{Cursor, Read, Write};

use bytes::Bytes;
use zip::{CompressionMethod, ZipArchive, ZipWriter, result::ZipError, write::SimpleFileOptions};

use super::{Attachment, document, file_name};
use crate::domain::{
    cap,
    finding::{Finding, Found, Reading, code},
    message::Message,
    rules,
};

/// Most entries: a form and 32 files.
pub const MOST_ENTRIES: usize = 33;

/// Most bytes of all entries unpacked.
pub const MOST_UNPACKED: u64 = 8 * 1024 * 1024;

/// An entry above [`UNSUSPICIOUS`] may be this many times as large as it is packed. Text packs ten to one, scans hardly.
const MOST_RATIO: u64 = 100;

/// Bytes of an entry that may be packed as well as they can.
const UNSUSPICIOUS: u64 = 1024 * 1024;

/// What follows the stem in the name of an attachment, its extension apart.
const MARKS: [&str; 2] = ["_P_", "_O_"];

/// What a package holds.
struct Package {
    /// The name of the form's file.
    name: String,
    form: Vec<u8>,
    attachments: Vec<Attachment>,
}

type Archive<'a> = ZipArchive<Cursor<&'a [u8]>>;

/// Whether bytes are a zip and no document; no document begins so.
#[must_use]
pub fn is_package(bytes: &[u8]) -> bool {
    bytes.starts_with(b"PK")
}

/// Reads the form in a package, its files held against what it says of them.
pub(in crate::domain) fn read(bytes: &[u8], further: rules::Further<'_>) -> Reading {
    let package = match unpack(bytes) {
        Ok(package) => package,
        Err(findings) => return Reading { message: None, findings },
    };
    let files = Some(package.attachments.as_slice());
    let mut reading = cap::read_as(&package.form, |text, tree| document(text, tree, files, further));
    let expected = reading.message.as_ref().and_then(|message| file_name(message).ok());
    if let Some(expected) = expected.filter(|expected| !expected.eq_ignore_ascii_case(&package.name)) {
        let finding = Finding::advise(code::NATIONAL_FILE_NAME, "").got(&package.name).arg("expected", expected);
        reading.findings.push(finding);
    }
    reading
}

/// The files in a package that a message names with their digests; none in bytes that are no package.
///
/// # Errors
/// What is wrong with the package.
pub fn attachments(bytes: &[u8], message: &Message) -> Result<Vec<Attachment>, Vec<Finding>> {
    if !is_package(bytes) {
        return Ok(Vec::new());
    }
    let attachments = unpack(bytes)?.attachments.into_iter();
    Ok(attachments.filter(|attachment| attachment.is_of(message)).collect())
}

/// A message in the form with its files, as one zip, and the zip's name. The same message gives the same bytes.
///
/// # Errors
/// As [`write()`](super::write()).
pub fn pack(message: &Message, attachments: &[Attachment]) -> Result<(String, Vec<u8>), Vec<Finding>> {
    let form = super::write(message)?;
    let stem = match attachments.first().and_then(|first| stem_of_attachment(&first.name)) {
        Some(stem) => stem.to_owned(),
        None => file_name(message)?.trim_end_matches(".XML").to_owned(),
    };
    let name = format!("{stem}.XML");
    let files = attachments.iter().map(|attachment| (attachment.name.as_str(), attachment.bytes.as_ref()));
    let files = std::iter::once((name.as_str(), form.as_slice())).chain(files);
    let bytes = zip(files).map_err(|fault| vec![broken(&fault)])?;
    Ok((format!("{stem}.ZIP"), bytes))
}

fn zip<'a>(files: impl Iterator<Item = (&'a str, &'a [u8])>) -> Result<Vec<u8>, ZipError> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in files {
        writer.start_file(name, options)?;
        writer.write_all(bytes)?;
    }
    Ok(writer.finish()?.into_inner())
}

fn unpack(bytes: &[u8]) -> Result<Package, Vec<Finding>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|fault| vec![broken(&fault)])?;
    let names = looked_through(&archive)?;
    archive.validate_header_consistency().map_err(|fault| vec![broken(&fault)])?;
    let mut left = MOST_UNPACKED;
    let (mut form, mut attachments) = (None, Vec::new());
    for (index, name) in names.into_iter().enumerate() {
        let bytes = unpacked(&mut archive, index, left).map_err(|finding| vec![finding])?;
        left = left.saturating_sub(bytes.len() as u64);
        match stem_of_form(&name) {
            Some(_) => form = Some((name, bytes)),
            None => attachments.push(Attachment { name, bytes: Bytes::from(bytes) }),
        }
    }
    let (name, form) = form.ok_or_else(|| vec![forms(0)])?;
    attachments.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(Package { name, form, attachments })
}

/// The names of all entries, in order, when none of them gives cause to refuse it before anything is unpacked.
fn looked_through(archive: &Archive<'_>) -> Result<Vec<String>, Vec<Finding>> {
    if archive.len() > MOST_ENTRIES {
        return Err(vec![Finding::refuse(code::NATIONAL_ZIP_ENTRIES, "").arg("most", MOST_ENTRIES)]);
    }
    let mut found = Found::default();
    let mut names: Vec<String> = Vec::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_data(index).map_err(|fault| vec![broken(&fault)])?;
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        let refuse = |code| Finding::refuse(code, "").got(&name);
        if entry.encrypted() {
            found.push(refuse(code::NATIONAL_ZIP_ENCRYPTED));
        } else if !matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
            found.push(refuse(code::NATIONAL_ZIP_METHOD));
        }
        if entry.size() > MOST_UNPACKED || is_bomb(entry.size(), entry.compressed_size()) {
            found.push(too_much());
        }
        if names.iter().any(|known| known.eq_ignore_ascii_case(&name)) {
            found.push(refuse(code::NATIONAL_ZIP_TWICE));
        }
        names.push(name);
    }
    if archive.has_duplicate_names() {
        found.push(Finding::refuse(code::NATIONAL_ZIP_TWICE, "").got(names.first().map_or("", String::as_str)));
    }
    named_by_rule(&names, &mut found);
    let findings = found.into_vec();
    if findings.is_empty() { Ok(names) } else { Err(findings) }
}

/// One form, and nothing beside it but what its name makes an attachment of it.
fn named_by_rule(names: &[String], found: &mut Found) {
    let stems: Vec<&str> = names.iter().filter_map(|name| stem_of_form(name)).collect();
    if stems.len() != 1 {
        found.push(forms(stems.len()));
    }
    for name in names.iter().filter(|name| stem_of_form(name).is_none()) {
        let stem = stem_of_attachment(name);
        if !stem.is_some_and(|stem| stems.iter().any(|known| known.eq_ignore_ascii_case(stem))) {
            found.push(Finding::refuse(code::NATIONAL_ZIP_NAME, "").got(name));
        }
    }
}

/// An entry, as long as it is no larger than what is left.
fn unpacked(archive: &mut Archive<'_>, index: usize, left: u64) -> Result<Vec<u8>, Finding> {
    let entry = archive.by_index(index).map_err(|fault| broken(&fault))?;
    let packed = entry.compressed_size();
    let mut bytes = Vec::new();
    // Its header may say less than there is.
    entry.take(left + 1).read_to_end(&mut bytes).map_err(|fault| broken(&fault.into()))?;
    let size = bytes.len() as u64;
    if size > left || is_bomb(size, packed) { Err(too_much()) } else { Ok(bytes) }
}

fn is_bomb(size: u64, packed: u64) -> bool {
    size > UNSUSPICIOUS && size / MOST_RATIO > packed
}

fn broken(fault: &ZipError) -> Finding {
    Finding::refuse(code::NATIONAL_ZIP_BROKEN, "").got(&fault.to_string())
}

fn too_much() -> Finding {
    Finding::refuse(code::NATIONAL_ZIP_UNPACKS, "").arg("most", MOST_UNPACKED)
}

fn forms(count: usize) -> Finding {
    Finding::refuse(code::NATIONAL_ZIP_FORM, "").got(&count.to_string())
}

/// What is before `.XML` in the name of a form.
fn stem_of_form(name: &str) -> Option<&str> {
    let (stem, extension) = name.rsplit_once('.')?;
    (extension.eq_ignore_ascii_case("xml") && is_stem(stem)).then_some(stem)
}

/// What is before `_P_NN.jpg` or `_O_NN.pdf` in the name of an attachment.
fn stem_of_attachment(name: &str) -> Option<&str> {
    let (rest, extension) = name.rsplit_once('.')?;
    let known = (1..=5).contains(&extension.len()) && extension.bytes().all(|byte| byte.is_ascii_alphanumeric());
    let (head, number) = rest.split_at_checked(rest.len().checked_sub(2)?)?;
    let (stem, mark) = head.split_at_checked(head.len().checked_sub(3)?)?;
    let marked = MARKS.iter().any(|known| known.eq_ignore_ascii_case(mark));
    (known && marked && number.bytes().all(|byte| byte.is_ascii_digit()) && is_stem(stem)).then_some(stem)
}

/// The platform's names are of letters, digits and underscores.
fn is_stem(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

#[cfg(test)]
mod tests;
