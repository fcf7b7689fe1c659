//! Rules about texts: the drill mark, display width, what a short message costs.

/// The mark that every text of a warning that is not actual begins with, behind a signature if it has one.
pub const DRILL_MARK: &str = "【演练】";

/// Segments a text takes as UCS-2 short messages: 70 units alone, 67 each in a chain.
#[must_use]
pub fn ucs2_segments(text: &str) -> usize {
    let units = text.encode_utf16().count();
    if units <= 70 { 1 } else { units.div_ceil(67) }
}

/// The first character that XML 1.0 cannot carry, if there is one (XML 1.0, production 2).
#[must_use]
pub fn forbidden_character(text: &str) -> Option<(usize, char)> {
    // One look at the bytes clears nearly every text: control characters are single bytes, U+FFFE and U+FFFF begin
    // with EF BF.
    let suspect = text.bytes().any(|byte| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r') || byte == 0xEF);
    if !suspect {
        return None;
    }
    text.char_indices().find(|(_, c)| !is_xml_character(*c))
}

/// Whether XML 1.0 can carry a character.
#[must_use]
pub fn is_xml_character(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{FFFD}' | '\u{10000}'..)
}

/// Whether a text has no character other than white space.
#[must_use]
pub fn is_blank(text: &str) -> bool {
    text.trim_start_matches([' ', '\t', '\n', '\r']).is_empty()
}

/// Whether a text contains a tag (`<b>`, `</p>`) or a character reference (`&nbsp;`, `&#176;`): signs that markup was
/// put where plain text belongs.
#[must_use]
pub fn has_markup(text: &str) -> bool {
    let tag = |rest: &str| {
        let name = rest.strip_prefix('/').unwrap_or(rest);
        name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.bytes().take(200).any(|byte| byte == b'>')
    };
    let reference = |rest: &str| {
        let name = rest.strip_prefix('#').unwrap_or(rest);
        let length = name.bytes().take(32).take_while(u8::is_ascii_alphanumeric).count();
        length > 0 && name.as_bytes().get(length) == Some(&b';')
    };
    text.match_indices('<').any(|(at, _)| tag(&text[at + 1..]))
        || text.match_indices('&').any(|(at, _)| reference(&text[at + 1..]))
}

/// Line and column, both from 1, the column in characters, of a byte offset.
#[must_use]
pub fn line_and_column(text: &str, offset: usize) -> (u32, u32) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    (u32::try_from(line).unwrap_or(u32::MAX), u32::try_from(column).unwrap_or(u32::MAX))
}

/// The candidate a text was most likely meant to be, if one is near enough.
#[must_use]
pub fn nearest<'a>(text: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    /// Longer than any name or value with candidates; comparing costs the product of the lengths.
    const LONGEST: usize = 64;
    let plain = |text: &str| text.trim().to_lowercase().replace(['-', '_', ' '], "");
    if text.len() > LONGEST {
        return None;
    }
    let wanted = plain(text);
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(&wanted, &plain(candidate)), candidate))
        .filter(|(likeness, _)| *likeness >= 0.84)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::{forbidden_character, has_markup, nearest, ucs2_segments};

    #[test]
    fn counts_segments_as_the_carriers_do() {
        for (units, segments) in [(0, 1), (70, 1), (71, 2), (134, 2), (135, 3)] {
            assert_eq!(ucs2_segments(&"雨".repeat(units)), segments, "{units}");
        }
    }

    #[test]
    fn finds_what_xml_cannot_carry() {
        assert_eq!(forbidden_character("暴雨\u{1}"), Some((6, '\u{1}')));
        assert_eq!(forbidden_character("a\u{FFFE}"), Some((1, '\u{FFFE}')));
        for text in ["", "a\tb\r\n", "\u{7F}\u{85}\u{FEFF}\u{FFFD}🌧"] {
            assert_eq!(forbidden_character(text), None, "{text:?}");
        }
    }

    #[test]
    fn knows_markup_from_signs() {
        for text in ["a <b>storm</b>", "</p>", "wind&nbsp;20", "&#176;", "x<br/>"] {
            assert!(has_markup(text), "{text}");
        }
        for text in ["1 < 2 > 0", "rain & wind; more", "<60 [km/h]", "R&D", "a<b", ""] {
            assert!(!has_markup(text), "{text}");
        }
    }

    #[test]
    fn suggests_only_what_is_near() {
        let names = ["Immediate", "Expected", "Future"];
        for text in ["immediate", " Immediate ", "Imediate"] {
            assert_eq!(nearest(text, names), Some("Immediate"));
        }
        assert_eq!(nearest("Red", names), None);
        assert_eq!(nearest(&"I".repeat(100_000), names), None);
    }
}
