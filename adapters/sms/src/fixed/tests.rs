use proptest::{collection::vec, prelude::*};

use super::*;

/// Bytes from hexadecimal digits; everything else between them is passed over.
pub(crate) fn hex(text: &str) -> Vec<u8> {
    let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_hexdigit).collect();
    digits.chunks(2).map(|two| u8::from_str_radix(std::str::from_utf8(two).unwrap(), 16).unwrap()).collect()
}

/// A text field as the specifications lay it out, written independently of the writer.
pub(crate) fn field(text: &str, width: usize) -> Vec<u8> {
    let mut field = text.as_bytes().to_vec();
    field.resize(width, 0);
    field
}

/// Texts that a field of `width` bytes can hold.
pub(crate) fn text(width: usize) -> impl Strategy<Value = Box<str>> {
    vec(prop::char::range('!', '~'), 0..=width).prop_map(|text| text.into_iter().collect())
}

#[test]
fn texts_are_filled_up_and_read_back_without_the_filling() {
    let mut writer = Writer::message();
    writer.text("86", 4);
    writer.text("12345", 4);
    assert_eq!(writer.finish(), [0, 0, 0, 12, b'8', b'6', 0, 0, b'1', b'2', b'3', b'4']);
    let mut reader = Reader::new(b"86\0x12  1234");
    assert_eq!(
        [reader.text(4), reader.text(4), reader.text(4)].map(Result::unwrap),
        ["86", "12", "1234"].map(Box::from)
    );
    assert_eq!(reader.text(1), Err(Malformed::Short));
    assert_eq!(reader.end(), Ok(()));
}

#[test]
fn a_count_of_texts_that_are_not_there_takes_no_memory() {
    assert_eq!(Reader::new(&[b'1'; 40]).texts(255, 21), Err(Malformed::Short));
}

/// Whether the header of a message says how long it is.
pub(crate) fn says_its_length(message: &[u8]) -> bool {
    message.first_chunk::<4>().is_some_and(|length| u32::from_be_bytes(*length) as usize == message.len())
}
