//! From the reports of segments to the receipt of a delivery.

use fenghuo_contract::Reference;

/// The name of a delivery: the name of its message, and where one submit has several destinations, of its number too.
///
/// The number is not written into it: 32 bits of a hash tell the destinations of one submit apart, and no number can be
/// read back from them. Country code and punctuation do not count, because carriers add and drop them.
pub(crate) fn reference(id: &Reference, to: Option<&str>) -> Reference {
    let Some(to) = to else { return id.clone() };
    let mut bytes = id.as_bytes().to_vec();
    bytes.extend_from_slice(format!("/{:08x}", tail(to)).as_bytes());
    Reference::new(bytes)
}

/// What tells the destinations of one submit apart; two with the same may not share a submit (FNV-1a over the digits of the
/// national number).
pub(crate) fn tail(number: &str) -> u32 {
    let digits: Vec<u8> = number.bytes().filter(u8::is_ascii_digit).collect();
    let digits = digits.strip_prefix(b"00").unwrap_or(&digits);
    let national = digits.strip_prefix(b"86").filter(|rest| rest.len() == 11 && rest[0] == b'1').unwrap_or(digits);
    national.iter().fold(0x811C_9DC5, |hash, digit| (hash ^ u32::from(*digit)).wrapping_mul(0x0100_0193))
}
