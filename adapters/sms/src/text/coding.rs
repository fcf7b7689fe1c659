use super::gsm7;
use crate::settings::Long;

/// How the characters of a message are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Coding {
    /// The default alphabet of GSM with its extension table, seven bits a character (3GPP TS 23.038 §6.2.1).
    Gsm7,
    /// ASCII, one byte a character.
    Ascii,
    /// ISO 8859-1, one byte a character.
    Latin1,
    /// UTF-16 big-endian: two bytes, four for emoji and rare hanzi.
    Ucs2,
    /// GBK: two bytes a hanzi, one for ASCII. The handset gets UTF-16 all the same, so a character takes the room it has
    /// there.
    Gbk,
}

/// Octets of user data of one short message.
const OCTETS: usize = 140;

impl Coding {
    /// Whether every character of the text has a place in it.
    pub(crate) fn carries(self, text: &str) -> bool {
        match self {
            Self::Gsm7 => text.chars().all(|sign| gsm7::septets(sign).is_some()),
            Self::Ascii => text.is_ascii(),
            Self::Latin1 => text.chars().all(|sign| u32::from(sign) < 256),
            Self::Gbk => !encoding_rs::GBK.encode(text).2,
            Self::Ucs2 => true,
        }
    }

    /// Units of one message without header; a unit is a septet in GSM 7-bit, else a byte.
    const fn alone(self) -> usize {
        if matches!(self, Self::Gsm7) { OCTETS * 8 / 7 } else { OCTETS }
    }

    /// Units of one segment among several.
    const fn among_several(self, long: Long) -> usize {
        let octets = OCTETS - long.overhead();
        if matches!(self, Self::Gsm7) { octets * 8 / 7 } else { octets }
    }

    /// The most characters that fit into so many segments.
    pub(crate) fn characters_max(self, segments: usize, long: Long) -> usize {
        let units = if segments == 1 { self.alone() } else { self.among_several(long) * segments };
        if matches!(self, Self::Ucs2 | Self::Gbk) { units / 2 } else { units }
    }

    /// Writes one character; one that has no place in the coding is left out (ask [`carries`](Self::carries) first).
    fn write(self, sign: char, out: &mut Vec<u8>) {
        match self {
            Self::Gsm7 => out.extend(
                gsm7::septets(sign)
                    .into_iter()
                    .flat_map(|(escape, septet)| escape.then_some(gsm7::ESCAPE).into_iter().chain([septet])),
            ),
            Self::Ascii | Self::Latin1 => out.extend(u8::try_from(u32::from(sign))),
            Self::Ucs2 => out.extend(sign.encode_utf16(&mut [0; 2]).iter().flat_map(|unit| unit.to_be_bytes())),
            Self::Gbk => out.extend_from_slice(&encoding_rs::GB18030.encode(sign.encode_utf8(&mut [0; 4])).0),
        }
    }

    /// Units of a message that a character takes which is written in so many.
    const fn room(self, written: usize) -> usize {
        if matches!(self, Self::Gbk) && written < 2 { 2 } else { written }
    }

    /// Units the text takes.
    pub(crate) fn length(self, text: &str) -> usize {
        let mut out = Vec::with_capacity(text.len());
        text.chars().for_each(|sign| self.write(sign, &mut out));
        out.len()
    }

    /// The user data of each segment, at least one segment.
    pub(crate) fn segments(self, text: &str, long: Long) -> Vec<Vec<u8>> {
        let whole = self.cut(text, self.alone());
        if whole.len() == 1 { whole } else { self.cut(text, self.among_several(long)) }
    }

    /// The text in pieces that take `most` units at most, at least one piece, none within a character.
    fn cut(self, text: &str, most: usize) -> Vec<Vec<u8>> {
        let mut pieces = vec![Vec::with_capacity(most)];
        let (mut one, mut room) = (Vec::with_capacity(4), most);
        for sign in text.chars() {
            one.clear();
            self.write(sign, &mut one);
            let takes = self.room(one.len());
            if takes > room {
                pieces.push(Vec::with_capacity(most));
                room = most;
            }
            room -= takes;
            if let Some(piece) = pieces.last_mut() {
                piece.extend_from_slice(&one);
            }
        }
        pieces
    }

    /// Reads user data that was written so (septets one to a byte in GSM 7-bit). What cannot be read becomes U+FFFD.
    pub(crate) fn read(self, data: &[u8]) -> String {
        match self {
            Self::Gsm7 => gsm7::read(data),
            Self::Ascii => {
                data.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { '\u{FFFD}' }).collect()
            }
            Self::Latin1 => data.iter().copied().map(char::from).collect(),
            Self::Ucs2 => {
                let units = data.chunks(2).map(|pair| pair.iter().fold(0, |unit, byte| unit << 8 | u16::from(*byte)));
                char::decode_utf16(units).map(|sign| sign.unwrap_or('\u{FFFD}')).collect()
            }
            Self::Gbk => encoding_rs::GB18030.decode_without_bom_handling(data).0.into_owned(),
        }
    }
}
