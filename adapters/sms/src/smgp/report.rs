//! The status report in the content of an SMGP deliver: a text with named values, of which the first is ten bytes that are no
//! text.

use crate::fixed::Malformed;

/// Bytes of a message's id.
const ID: usize = 10;

/// What became of a submit for one number, which the deliver names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// `id`: MsgID of the answer to the submit.
    pub id: [u8; ID],
    /// `done date`, `YYMMDDhhmm`; empty when it is missing.
    pub done: Box<str>,
    /// `stat`: `DELIVRD`, `EXPIRED` …
    pub stat: Box<str>,
    /// `err`: the error code, three digits; empty when it is missing.
    pub error: Box<str>,
}

impl Report {
    /// Its bytes, as SMGP 3.0.3 lays them out.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let Self { done, stat, error, .. } = self;
        let values = format!(" sub:001 dlvrd:001 submit date:{done} done date:{done} stat:{stat} err:{error} text:");
        [b"id:", &self.id[..], values.as_bytes()].concat()
    }

    /// Reads one: the id by its place, every other value by its name, whatever the case, the gaps and the order.
    ///
    /// # Errors
    /// [`Malformed`] when it has no id or no `stat`.
    pub fn decode(content: &[u8]) -> Result<Self, Malformed> {
        let (name, rest) = content.split_first_chunk::<3>().ok_or(Malformed::Short)?;
        if !name.eq_ignore_ascii_case(b"id:") {
            return Err(Malformed::Value);
        }
        let (id, rest) = rest.split_first_chunk::<ID>().ok_or(Malformed::Short)?;
        let values = String::from_utf8_lossy(rest);
        let stat = value(&values, "stat:").ok_or(Malformed::Value)?;
        let of = |name| value(&values, name).unwrap_or_default();
        Ok(Self { id: *id, done: of("done date:"), stat, error: of("err:") })
    }
}

/// The first words of the names: one of them after a name says that its value is empty.
const NAMES: [&str; 7] = ["sub:", "dlvrd:", "submit", "done", "stat:", "err:", "text:"];

/// The word after a name; `None` when the name does not stand there, or nothing stands after it.
fn value(values: &str, name: &str) -> Option<Box<str>> {
    let at = values.to_ascii_lowercase().find(&format!(" {name}"))?;
    let word = values[at + 1 + name.len()..].split_ascii_whitespace().next()?;
    let word = word.trim_end_matches('\0');
    let next_name = NAMES.iter().any(|name| word.to_ascii_lowercase().starts_with(name));
    (!word.is_empty() && !next_name).then(|| word.chars().take(20).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An id with a blank, a colon, a NUL and a line end in it.
    const ID_BYTES: [u8; 10] = *b"\x01\x02\x03 :\0\n\xff\x12\x34";

    #[test]
    fn a_report_is_read_as_the_specification_writes_it() {
        let report = Report { id: ID_BYTES, done: "2611300913".into(), stat: "DELIVRD".into(), error: "000".into() };
        let bytes = report.encode();
        assert_eq!(
            bytes,
            b"id:\x01\x02\x03 :\0\n\xff\x12\x34 sub:001 dlvrd:001 submit date:2611300913 done date:2611300913 stat:DELIVRD err:000 text:"
        );
        assert_eq!(Report::decode(&bytes), Ok(report));
    }

    #[test]
    fn values_are_found_by_their_names() {
        let read = |rest: &str| Report::decode(&[b"ID:", &ID_BYTES[..], rest.as_bytes()].concat());
        let report = read(" Sub:001  Stat:MA:0001 Err:  Text:").unwrap();
        assert_eq!((&*report.stat, &*report.error, &*report.done), ("MA:0001", "", ""));
        assert_eq!(&*read(" err:004 stat:UNDELIV text:\u{98ce}").unwrap().error, "004");
        assert_eq!(read(" sub:001 err:004"), Err(Malformed::Value));
        assert_eq!(read(" stat: err:004"), Err(Malformed::Value));
        assert_eq!(Report::decode(b"id:123456789"), Err(Malformed::Short));
        assert_eq!(Report::decode(b"text:0123456789 stat:DELIVRD"), Err(Malformed::Value));
    }
}
