//! The status report in the content of a CMPP_DELIVER.

use crate::fixed::{Malformed, Reader, Writer};

use super::codec::Version;

/// What became of a submit for one number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Msg_Id: that of the answer to the submit.
    pub id: [u8; 8],
    /// Stat: `DELIVRD`, `EXPIRED` …, or a code of the hop that failed (`MA:0001`).
    pub stat: Box<str>,
    /// Submit_time, `YYMMDDHHMM`.
    pub submitted: Box<str>,
    /// Done_time, `YYMMDDHHMM`.
    pub done: Box<str>,
    /// Dest_terminal_Id: the number it was for.
    pub number: Box<str>,
    /// SMSC_sequence.
    pub sequence: u32,
}

impl Report {
    /// Its bytes: 60 in CMPP 2.0, 71 in 3.0.
    #[must_use]
    pub fn encode(&self, version: Version) -> Vec<u8> {
        let mut writer = Writer::fields();
        writer.octets(&self.id);
        writer.text(&self.stat, 7);
        writer.text(&self.submitted, 10);
        writer.text(&self.done, 10);
        writer.text(&self.number, version.number_width());
        writer.u32(self.sequence);
        writer.into_bytes()
    }

    /// Reads one. Its width tells the version: gateways of the one send reports of the other.
    ///
    /// # Errors
    /// [`Malformed`] when it is as wide as neither.
    pub fn decode(content: &[u8]) -> Result<Self, Malformed> {
        let mut reader = Reader::new(content);
        let id = reader.octets()?;
        let (stat, submitted, done) = (reader.text(7)?, reader.text(10)?, reader.text(10)?);
        let width = match content.len() {
            60 => Version::V20.number_width(),
            71 => Version::V30.number_width(),
            shorter if shorter < 60 => return Err(Malformed::Short),
            _ => return Err(Malformed::Long),
        };
        Ok(Self { id, stat, submitted, done, number: reader.text(width)?, sequence: reader.u32()? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_widths_are_read() {
        let report = Report {
            id: *b"\x12\x34\x56\x78\x9a\xbc\xde\xf0",
            stat: "DELIVRD".into(),
            submitted: "2611300912".into(),
            done: "2611300913".into(),
            number: "13812341234".into(),
            sequence: 7,
        };
        for (version, length) in [(Version::V20, 60), (Version::V30, 71)] {
            let bytes = report.encode(version);
            assert_eq!(bytes.len(), length);
            assert_eq!(&bytes[..26], b"\x12\x34\x56\x78\x9a\xbc\xde\xf0DELIVRD26113009122");
            assert_eq!(Report::decode(&bytes), Ok(report.clone()));
            assert!(Report::decode(&bytes[1..]).is_err());
        }
    }
}
