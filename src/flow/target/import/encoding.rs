//! UTF-8 or GB18030?

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{GB18030, GBK};

use super::lines::Line;

/// The encoding of a file, as far as it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Only ASCII so far.
    #[default]
    Undecided,
    Utf8,
    Gb18030,
}

impl Encoding {
    pub(super) const fn name(self) -> Option<&'static str> {
        match self {
            Self::Undecided => None,
            Self::Utf8 => Some("utf-8"),
            Self::Gb18030 => Some("gb18030"),
        }
    }

    /// Decides by the lines that are not plain ASCII: at least half of them must be UTF-8 to be read so.
    pub(super) fn of<'a>(lines: impl Iterator<Item = &'a Line>) -> Self {
        let (mut telling, mut utf8) = (0_usize, 0_usize);
        for line in lines.filter(|line| !line.bytes.is_ascii() && !line.overlong) {
            telling += 1;
            utf8 += usize::from(std::str::from_utf8(&line.bytes).is_ok());
        }
        match telling {
            0 => Self::Undecided,
            _ if utf8 * 2 >= telling => Self::Utf8,
            _ => Self::Gb18030,
        }
    }

    /// The text of a line, `None` when it is none in this encoding.
    pub(super) fn decode(self, bytes: &[u8]) -> Option<String> {
        match self {
            Self::Undecided | Self::Utf8 => std::str::from_utf8(bytes).ok().map(str::to_owned),
            Self::Gb18030 => {
                GB18030.decode_without_bom_handling_and_without_replacement(bytes).map(|text| text.into_owned())
            }
        }
    }
}

/// What a file that is not UTF-8 looks like, when that is something else than Chinese of the mainland.
pub(super) fn doubt<'a>(lines: impl Iterator<Item = &'a Line>) -> Option<&'static str> {
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    for line in lines {
        detector.feed(&line.bytes, false);
    }
    detector.feed(b"", true);
    let guess = detector.guess(Some(b"cn"), Utf8Detection::Deny);
    (guess != GBK && guess != GB18030).then(|| guess.name())
}
