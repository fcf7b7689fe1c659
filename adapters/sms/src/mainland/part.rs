//! What a person wrote, read from the content of a deliver.

use super::coding;
use crate::protocol::{Fragment, Place};

/// A text a person wrote, or a part of one when a user data header says so.
pub(crate) fn fragment(from: Box<str>, udhi: bool, format: u8, content: &[u8]) -> Fragment {
    let (place, text) = if udhi { split(content) } else { (None, content) };
    Fragment { from, text: coding(format).read(text), place, at: None }
}

/// What the user data header says of the part (3GPP TS 23.040 §9.2.3.24), and what comes after the header. A header that is
/// longer than the content leaves nothing.
fn split(content: &[u8]) -> (Option<Place>, &[u8]) {
    let Some((length, rest)) = content.split_first() else { return (None, content) };
    let Some((header, text)) = rest.split_at_checked(usize::from(*length)) else { return (None, &[]) };
    (place(header), text)
}

/// Elements of a header: number, length, value. Numbers 0 and 8 name a part, with a reference of one byte or two.
fn place(mut header: &[u8]) -> Option<Place> {
    while let [number, length, rest @ ..] = header {
        let (value, after) = rest.split_at_checked(usize::from(*length))?;
        let place = match (number, value) {
            (0, [reference, total, number]) => Some((u16::from(*reference), total, number)),
            (8, [high, low, total, number]) => Some((u16::from_be_bytes([*high, *low]), total, number)),
            _ => None,
        };
        if let Some((reference, total, number)) = place {
            let sensible = (1..=*total).contains(number);
            return sensible.then_some(Place { reference, total: *total, number: *number });
        }
        header = after;
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn read(content: &[u8]) -> (Option<(u16, u8, u8)>, String) {
        let Fragment { text, place, .. } = fragment("13812341234".into(), true, 0, content);
        (place.map(|place| (place.reference, place.total, place.number)), text)
    }

    #[test]
    fn parts_are_told_by_both_references() {
        assert_eq!(read(b"\x05\0\x03\x2a\x02\x01TD"), (Some((42, 2, 1)), "TD".to_owned()));
        assert_eq!(read(b"\x06\x08\x04\x01\x2a\x02\x02TD"), (Some((298, 2, 2)), "TD".to_owned()));
        assert_eq!(read(b"\x09\x24\x02ab\0\x03\x2a\x02\x01TD"), (Some((42, 2, 1)), "TD".to_owned()));
        assert_eq!(read(b"\x05\0\x03\x2a\x02\x03TD"), (None, "TD".to_owned()), "part 3 of 2");
        assert_eq!(read(b"\x02\0\x03TD"), (None, "TD".to_owned()));
        assert_eq!(read(b"\x7fTD"), (None, String::new()));
        assert_eq!(read(b""), (None, String::new()));
    }

    #[test]
    fn texts_are_read_in_their_coding() {
        let of = |format, content: &[u8]| fragment("".into(), false, format, content).text;
        assert_eq!(of(8, &[0x90, 0x00, 0x8b, 0xa2]), "退订");
        assert_eq!(of(15, &[0xcd, 0xcb, 0xb6, 0xa9]), "退订");
        assert_eq!(of(0, b"TD"), "TD");
    }

    proptest! {
        #[test]
        fn no_content_makes_it_panic(udhi: bool, format: u8, content in vec(any::<u8>(), 0..256)) {
            let read = fragment("".into(), udhi, format, &content);
            prop_assert!(read.text.len() <= content.len() * 3);
        }
    }
}
