//! What octets say: the alphabets of GSM 03.38, Latin-1, UCS-2 and GB 18030.
//!
//! Each segment is read on its own, as strict phones do: a surrogate pair or an escape cut in two shows as U+FFFD.

/// The default alphabet of GSM 03.38.
const BASIC: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å', 'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω',
    'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', ESCAPE, 'Æ', 'æ', 'ß', 'É', ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*', '+',
    ',', '-', '.', '/', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?', '¡', 'A', 'B',
    'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y',
    'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§', '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p',
    'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à',
];

/// Announces a character of the extension table.
const ESCAPE: char = '\u{1b}';

const EXTENSION: [(u8, char); 10] = [
    (0x0A, '\u{c}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2F, '\\'),
    (0x3C, '['),
    (0x3D, '~'),
    (0x3E, ']'),
    (0x40, '|'),
    (0x65, '€'),
];

/// In what the text of a message is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Alphabet {
    /// GSM 03.38, one septet an octet.
    Gsm7,
    /// ASCII; anything above is not text.
    Ascii,
    /// ISO 8859-1.
    Latin1,
    /// UCS-2, in practice UTF-16, big-endian.
    Ucs2,
    /// GB 18030, which holds GBK and GB 2312.
    Gb18030,
    /// Not text; shown as Latin-1.
    Binary,
}

impl Alphabet {
    /// The most octets one segment has on the air, header included.
    pub(crate) fn most_octets(self) -> usize {
        if matches!(self, Self::Gsm7 | Self::Ascii) { 160 } else { 140 }
    }

    /// Reads a segment.
    pub(crate) fn read(self, octets: &[u8]) -> String {
        match self {
            Self::Gsm7 => read_gsm7(octets),
            Self::Ascii => octets.iter().map(|octet| if octet.is_ascii() { char::from(*octet) } else { BAD }).collect(),
            Self::Latin1 | Self::Binary => octets.iter().map(|octet| char::from(*octet)).collect(),
            Self::Ucs2 => read_ucs2(octets),
            Self::Gb18030 => encoding_rs::GB18030.decode_without_bom_handling(octets).0.into_owned(),
        }
    }
}

const BAD: char = char::REPLACEMENT_CHARACTER;

fn read_ucs2(octets: &[u8]) -> String {
    let (pairs, rest) = octets.as_chunks::<2>();
    let units = pairs.iter().map(|pair| u16::from_be_bytes(*pair));
    let mut text: String = char::decode_utf16(units).map(|unit| unit.unwrap_or(BAD)).collect();
    if !rest.is_empty() {
        text.push(BAD);
    }
    text
}

fn read_gsm7(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len());
    let mut octets = octets.iter();
    while let Some(octet) = octets.next() {
        let character = match BASIC.get(usize::from(*octet)) {
            Some(&ESCAPE) => octets.next().and_then(|code| EXTENSION.iter().find(|(known, _)| known == code)),
            Some(character) => {
                text.push(*character);
                continue;
            }
            None => None,
        };
        text.push(character.map_or(BAD, |(_, character)| *character));
    }
    text
}

/// Text as one person's phone sends it: its alphabet, `basic` or UCS-2, and its segments.
pub(crate) fn write(basic: Alphabet, text: &str) -> (Alphabet, Vec<Vec<u8>>) {
    let septets = match basic {
        Alphabet::Gsm7 => write_gsm7(text),
        _ => text.is_ascii().then(|| text.as_bytes().to_vec()),
    };
    match septets {
        Some(septets) => (basic, cut(&septets, 160, 153)),
        None => {
            let octets: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
            (Alphabet::Ucs2, cut(&octets, 140, 134))
        }
    }
}

fn write_gsm7(text: &str) -> Option<Vec<u8>> {
    let mut septets = Vec::with_capacity(text.len());
    for character in text.chars() {
        if let Some(code) = BASIC.iter().position(|known| *known == character && character != ESCAPE) {
            septets.push(u8::try_from(code).ok()?);
        } else {
            let (code, _) = EXTENSION.iter().find(|(_, known)| *known == character)?;
            septets.extend([0x1B, *code]);
        }
    }
    Some(septets)
}

/// Cuts where nothing is torn: not after an escape and not within a surrogate pair.
fn cut(octets: &[u8], single: usize, part: usize) -> Vec<Vec<u8>> {
    let mut parts = Vec::new();
    let mut rest = octets;
    let most = if octets.len() <= single { single } else { part };
    while rest.len() > most {
        let is_ucs2 = single == 140;
        let torn = if is_ucs2 { (0xD8..0xDC).contains(&rest[most - 2]) } else { rest[most - 1] == 0x1B };
        let end = if torn { most - if is_ucs2 { 2 } else { 1 } } else { most };
        parts.push(rest[..end].to_vec());
        rest = &rest[end..];
    }
    parts.push(rest.to_vec());
    parts
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_torn_pair_shows() {
        assert_eq!(Alphabet::Ucs2.read(&[0xD8, 0x3D]), "\u{fffd}");
        assert_eq!(Alphabet::Ucs2.read(&[0xD8, 0x3D, 0xDD, 0x25]), "🔥");
        assert_eq!(Alphabet::Gsm7.read(&[0x00, 0x1B, 0x65, 0x1B]), "@€\u{fffd}");
    }

    proptest! {
        #[test]
        fn what_a_phone_writes_is_read(text in "[ -~€äöü\n🔥台风预警]{0,400}") {
            let (alphabet, parts) = write(Alphabet::Gsm7, &text);
            let read: String = parts.iter().map(|part| alphabet.read(part)).collect();
            prop_assert_eq!(read, text.clone());
            let most = alphabet.most_octets();
            prop_assert!(parts.len() == 1 || parts.iter().all(|part| part.len() + 6 <= most + 1));
        }
    }
}
