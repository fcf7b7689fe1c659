//! How many short messages a text makes.

/// Characters of the default alphabet (3GPP TS 23.038 §6.2.1), the escape left out.
const GSM: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿\
                   abcdefghijklmnopqrstuvwxyzäöñüà";

/// Characters of its extension (§6.2.1.1); each takes two places.
const GSM_EXTENSION: &str = "\x0c^{}\\[~]|€";

/// How a provider counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Count {
    /// As the platforms of the mainland do: every character is one, 70 in a single message, 67 in each part of a longer one
    /// (the rest is the header that puts the parts together).
    Characters,
    /// By alphabet: 160 or 153 places of the default alphabet where it has every character, else 70 or 67 of UCS-2.
    Alphabet,
}

impl Count {
    /// Messages a text makes.
    pub(crate) fn segments(self, text: &str) -> usize {
        let places = |char| match char {
            char if GSM.contains(char) => Some(1),
            char if GSM_EXTENSION.contains(char) => Some(2),
            _ => None,
        };
        match text.chars().map(places).sum::<Option<usize>>() {
            Some(places) if self == Self::Alphabet => parts(places, 160, 153),
            _ => parts(text.encode_utf16().count(), 70, 67),
        }
    }
}

fn parts(places: usize, single: usize, part: usize) -> usize {
    if places <= single { 1 } else { places.div_ceil(part) }
}

#[cfg(test)]
mod tests {
    use super::Count;

    #[test]
    fn boundaries_are_where_the_specification_has_them() {
        for (text, count, expected) in [
            ("雨", 70, (1, 1)),
            ("雨", 71, (2, 2)),
            ("雨", 134, (2, 2)),
            ("雨", 135, (3, 3)),
            ("a", 70, (1, 1)),
            ("a", 160, (3, 1)),
            ("a", 161, (3, 2)),
            ("a", 306, (5, 2)),
            ("a", 307, (5, 3)),
            ("€", 80, (2, 1)),
            ("€", 81, (2, 2)),
            ("😀", 35, (1, 1)),
            ("😀", 36, (2, 2)),
        ] {
            let text = text.repeat(count);
            assert_eq!(
                (Count::Characters.segments(&text), Count::Alphabet.segments(&text)),
                expected,
                "{count} × {}",
                &text[..text.len() / count]
            );
        }
        assert_eq!((Count::Characters.segments(""), Count::Alphabet.segments("")), (1, 1));
    }
}
