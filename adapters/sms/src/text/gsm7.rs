//! The default alphabet of GSM with its extension table (3GPP TS 23.038 §6.2.1), and its packing (§6.1.2.1).

/// Before a septet of the extension table.
pub(super) const ESCAPE: u8 = 0x1B;

/// By septet; the place of the escape holds a character that is never looked up.
const ALPHABET: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å', 'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω',
    'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', '\u{FFFD}', 'Æ', 'æ', 'ß', 'É', ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*',
    '+', ',', '-', '.', '/', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?', '¡', 'A',
    'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', 'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X',
    'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§', '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o',
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à',
];

/// The extension table.
const EXTENSION: [(u8, char); 10] = [
    (0x0A, '\u{C}'),
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

/// Whether an escape comes before it, and the septet; `None` = the alphabet lacks the character.
pub(super) fn septets(sign: char) -> Option<(bool, u8)> {
    if sign.is_ascii_alphanumeric() || " %'()*+,-./:;<=>?&!\"#\n\r".contains(sign) {
        return Some((false, sign as u8));
    }
    if sign == '\u{FFFD}' {
        return None;
    }
    if let Some(place) = ALPHABET.iter().position(|known| *known == sign) {
        return Some((false, place as u8));
    }
    EXTENSION.iter().find(|(_, known)| *known == sign).map(|(septet, _)| (true, *septet))
}

/// Reads septets, one to a byte.
pub(super) fn read(septets: &[u8]) -> String {
    let mut text = String::with_capacity(septets.len());
    let mut septets = septets.iter().map(|septet| septet & 0x7F);
    while let Some(septet) = septets.next() {
        if septet != ESCAPE {
            text.push(ALPHABET[usize::from(septet)]);
            continue;
        }
        let Some(next) = septets.next() else { break };
        let known = EXTENSION.iter().find(|(known, _)| *known == next);
        text.push(known.map_or(ALPHABET[usize::from(next)], |(_, sign)| *sign));
    }
    text
}

/// Packs septets into octets behind a header of `header` octets: fill bits bring the first septet to a septet boundary. A
/// carriage return stands in seven bits left over at the end, which would read as one more `@` (§6.1.2.3.1).
pub(crate) fn pack(septets: &[u8], header: usize) -> Vec<u8> {
    let fill = (7 - header * 8 % 7) % 7;
    if (fill + septets.len() * 7) % 8 == 1 {
        return pack(&[septets, b"\r"].concat(), header);
    }
    let mut packed = vec![0; (fill + septets.len() * 7).div_ceil(8)];
    for (place, septet) in septets.iter().enumerate() {
        let bit = fill + place * 7;
        let wide = u16::from(septet & 0x7F) << (bit % 8);
        packed[bit / 8] |= wide as u8;
        if let Some(next) = packed.get_mut(bit / 8 + 1) {
            *next |= (wide >> 8) as u8;
        }
    }
    packed
}

/// Unpacks what [`pack`] packed, without what fills seven bits left over at the end.
pub(crate) fn unpack(packed: &[u8], header: usize) -> Vec<u8> {
    let fill = (7 - header * 8 % 7) % 7;
    let count = (packed.len() * 8).saturating_sub(fill) / 7;
    let septet = |place: usize| {
        let bit = fill + place * 7;
        let next = packed.get(bit / 8 + 1).copied().unwrap_or_default();
        let wide = u16::from(packed[bit / 8]) | u16::from(next) << 8;
        (wide >> (bit % 8)) as u8 & 0x7F
    };
    let mut septets: Vec<u8> = (0..count).map(septet).collect();
    let is_full = count > 0 && (fill + count * 7).is_multiple_of(8);
    septets.pop_if(|last| is_full && (*last == b'\r' || *last == 0));
    septets
}
