//! The header of user data (3GPP TS 23.040 §9.2.3.24): only the parts of a long message are of interest.

use crate::protocol::Place;

/// The place in a long message, and the bytes of the header with its length byte; `None` when it is no header.
pub(crate) fn read(data: &[u8]) -> Option<(Option<Place>, usize)> {
    let length = usize::from(*data.first()?);
    let mut elements = data.get(1..=length)?;
    let mut place = None;
    while let [kind, size, rest @ ..] = elements {
        let element = rest.get(..usize::from(*size))?;
        place = match (*kind, element) {
            (0, [reference, total, number]) => {
                Some(Place { reference: u16::from(*reference), total: *total, number: *number })
            }
            (8, [high, low, total, number]) => {
                Some(Place { reference: u16::from_be_bytes([*high, *low]), total: *total, number: *number })
            }
            _ => place,
        };
        elements = &rest[element.len()..];
    }
    Some((place, length + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_long_messages_are_found_among_other_elements() {
        let place = |reference, total, number| Some(Place { reference, total, number });
        assert_eq!(read(&[5, 0, 3, 7, 2, 1, b'a']), Some((place(7, 2, 1), 6)));
        assert_eq!(read(&[6, 8, 4, 1, 7, 3, 2, b'a']), Some((place(0x107, 3, 2), 7)));
        assert_eq!(read(&[8, 0x24, 1, 1, 0, 3, 9, 4, 4]), Some((place(9, 4, 4), 9)));
        assert_eq!(read(&[2, 0x24, 0]), Some((None, 3)));
        assert_eq!(read(&[9, 0, 3, 7]), None);
        assert_eq!(read(&[3, 0, 9, 7]), None);
        assert_eq!(read(&[]), None);
    }
}
