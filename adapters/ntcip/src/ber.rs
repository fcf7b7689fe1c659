//! As much of the Basic Encoding Rules (X.690) as SNMP needs: definite lengths, tags of one byte. Nothing is copied while
//! reading, nothing recurses, and every length is checked against what is there.

/// Tags.
pub(crate) const INTEGER: u8 = 0x02;
pub(crate) const OCTETS: u8 = 0x04;
pub(crate) const NULL: u8 = 0x05;
pub(crate) const OID: u8 = 0x06;
pub(crate) const SEQUENCE: u8 = 0x30;

/// Bytes that are not what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BerFault {
    /// Fewer bytes than a length says, or none at all.
    #[error("it ends too early")]
    Short,
    /// A length of no definite form, or of more than four bytes.
    #[error("a length cannot be read")]
    Length,
    /// Another tag than the place asks for.
    #[error("tag {0:#04x} is not expected here")]
    Tag(u8),
    /// A number of no byte, or of more than eight.
    #[error("a number cannot be read")]
    Number,
}

/// Reads one value after another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The next value of any kind: its tag and its bytes.
    pub(crate) fn any(&mut self) -> Result<(u8, &'a [u8]), BerFault> {
        let (tag, rest) = self.0.split_first().ok_or(BerFault::Short)?;
        let (first, rest) = rest.split_first().ok_or(BerFault::Short)?;
        let (length, rest) = match *first {
            short @ 0..=0x7f => (usize::from(short), rest),
            long @ 0x81..=0x84 => {
                let (digits, rest) = rest.split_at_checked(usize::from(long - 0x80)).ok_or(BerFault::Short)?;
                (digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)), rest)
            }
            _ => return Err(BerFault::Length),
        };
        let (value, rest) = rest.split_at_checked(length).ok_or(BerFault::Short)?;
        self.0 = rest;
        Ok((*tag, value))
    }

    /// The bytes of the next value, which must have this tag.
    pub(crate) fn value(&mut self, expected: u8) -> Result<&'a [u8], BerFault> {
        let (tag, value) = self.any()?;
        if tag == expected { Ok(value) } else { Err(BerFault::Tag(tag)) }
    }

    /// What is inside the next value.
    pub(crate) fn inside(&mut self, expected: u8) -> Result<Self, BerFault> {
        self.value(expected).map(Self)
    }

    pub(crate) fn integer(&mut self) -> Result<i64, BerFault> {
        signed(self.value(INTEGER)?)
    }
}

/// A number in two's complement.
pub(crate) fn signed(bytes: &[u8]) -> Result<i64, BerFault> {
    let first = bytes.first().filter(|_| bytes.len() <= 8).ok_or(BerFault::Number)?;
    let sign = if first & 0x80 == 0 { 0 } else { -1 };
    Ok(bytes.iter().fold(sign, |number, byte| number << 8 | i64::from(*byte)))
}

/// Appends a value.
pub(crate) fn write(out: &mut Vec<u8>, tag: u8, value: &[u8]) {
    out.push(tag);
    match value.len() {
        short @ 0..=0x7f => out.push(short as u8),
        long => {
            let digits = long.to_be_bytes();
            let digits = &digits[digits.iter().position(|digit| *digit != 0).unwrap_or_default()..];
            out.push(0x80 | digits.len() as u8);
            out.extend_from_slice(digits);
        }
    }
    out.extend_from_slice(value);
}

/// Appends a number in as few bytes as hold it.
pub(crate) fn write_integer(out: &mut Vec<u8>, number: i64) {
    let bytes = number.to_be_bytes();
    let spare = |at: &usize| {
        let next_is_negative = bytes[at + 1] & 0x80 != 0;
        bytes[*at] == if next_is_negative { 0xff } else { 0 }
    };
    let from = (0..7).take_while(spare).count();
    write(out, INTEGER, &bytes[from..]);
}

/// Appends an object identifier of at least two arcs.
pub(crate) fn write_oid(out: &mut Vec<u8>, arcs: &[u32]) {
    let mut value = Vec::with_capacity(arcs.len() + 4);
    let first = arcs.first().copied().unwrap_or_default() * 40 + arcs.get(1).copied().unwrap_or_default();
    for arc in std::iter::once(first).chain(arcs.iter().skip(2).copied()) {
        let digits = (1..5).rev().filter(|digit| arc >> (7 * digit) != 0);
        value.extend(digits.map(|digit| (arc >> (7 * digit)) as u8 | 0x80));
        value.push(arc as u8 & 0x7f);
    }
    write(out, OID, &value);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_identifier_is_written_as_the_standard_does() {
        let mut out = Vec::new();
        write_oid(&mut out, &[1, 3, 6, 1, 4, 1, 1206, 4, 2, 3]);
        assert_eq!(out, [0x06, 10, 0x2b, 6, 1, 4, 1, 0x89, 0x36, 4, 2, 3]);
    }

    #[test]
    fn numbers_are_as_short_as_they_can_be() {
        for (number, bytes) in [
            (0, &[0][..]),
            (127, &[127]),
            (128, &[0, 128]),
            (-1, &[255]),
            (-129, &[255, 127]),
            (65_535, &[0, 255, 255]),
        ] {
            let mut out = Vec::new();
            write_integer(&mut out, number);
            assert_eq!(&out[2..], bytes, "{number}");
        }
    }

    #[test]
    fn what_is_no_value_is_not_read() {
        for (bytes, fault) in [
            (&[][..], BerFault::Short),
            (&[2], BerFault::Short),
            (&[2, 2, 1], BerFault::Short),
            (&[2, 0x80, 0, 0], BerFault::Length),
            (&[2, 0x85, 0, 0, 0, 0, 1, 1], BerFault::Length),
            (&[2, 0x84, 0xff, 0xff, 0xff, 0xff], BerFault::Short),
            (&[2, 0], BerFault::Number),
            (&[2, 9, 1, 1, 1, 1, 1, 1, 1, 1, 1], BerFault::Number),
            (&[4, 1, 1], BerFault::Tag(4)),
        ] {
            assert_eq!(Reader::new(bytes).integer(), Err(fault), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn numbers_and_texts_come_back(number: i64, text in prop::collection::vec(any::<u8>(), 0..2000)) {
            let mut out = Vec::new();
            write_integer(&mut out, number);
            write(&mut out, OCTETS, &text);
            let mut reader = Reader::new(&out);
            prop_assert_eq!(reader.integer(), Ok(number));
            prop_assert_eq!(reader.value(OCTETS), Ok(&*text));
            prop_assert!(reader.is_empty());
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let mut reader = Reader::new(&bytes);
            let mut left = bytes.len();
            while let Ok((_, value)) = reader.any() {
                prop_assert!(value.len() < left);
                left -= value.len() + 2;
            }
        }
    }
}
