//! Reading and writing the fields all four protocols are made of.

/// A frame ended before its fields did, or a field has no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the frame ends before its fields do")]
pub(crate) struct Short;

/// What is left of a frame.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl<'a> Fields<'a> {
    /// The next `length` octets.
    pub(crate) fn octets(&mut self, length: usize) -> Result<&'a [u8], Short> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Short)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Short> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(Short)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Short> {
        self.array::<1>().map(|[octet]| octet)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Short> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Short> {
        self.array().map(u32::from_be_bytes)
    }

    /// Text that ends with a zero octet, of at most `most` octets with it. What is not ASCII ends it too early to be
    /// valid.
    pub(crate) fn terminated(&mut self, most: usize) -> Result<&'a str, Short> {
        let within = &self.0[..self.0.len().min(most)];
        let end = within.iter().position(|octet| *octet == 0).ok_or(Short)?;
        let text = self.octets(end + 1)?;
        ascii(&text[..end])
    }

    /// Text in a field of fixed length, filled with zeros or blanks.
    pub(crate) fn padded(&mut self, length: usize) -> Result<&'a str, Short> {
        let field = self.octets(length)?;
        let end = field.iter().position(|octet| *octet == 0).unwrap_or(length);
        ascii(&field[..end]).map(str::trim_end)
    }
}

fn ascii(octets: &[u8]) -> Result<&str, Short> {
    if octets.is_ascii() { std::str::from_utf8(octets).map_err(|_| Short) } else { Err(Short) }
}

/// Whether text is a moment or period, `YYMMDDhhmmsstnnp`, or nothing. All four protocols write them so.
pub(crate) fn is_time(text: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|octet| octet.is_ascii_digit());
    text.is_empty() || text.len() == 16 && digits(&text[..15]) && text.ends_with(['+', '-', 'R'])
}

/// Whether text is a telephone number.
pub(crate) fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|octet| octet.is_ascii_digit())
}

/// Appends text and a zero octet.
pub(crate) fn put_terminated(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
    out.push(0);
}

/// Appends text cut or filled with zeros to `length` octets.
pub(crate) fn put_padded(out: &mut Vec<u8>, text: &str, length: usize) {
    let text = &text.as_bytes()[..text.len().min(length)];
    out.extend_from_slice(text);
    out.resize(out.len() + length - text.len(), 0);
}

/// Appends big-endian integers.
pub(crate) fn put_u32(out: &mut Vec<u8>, number: u32) {
    out.extend_from_slice(&number.to_be_bytes());
}

pub(crate) fn put_u16(out: &mut Vec<u8>, number: u16) {
    out.extend_from_slice(&number.to_be_bytes());
}

/// Writes the length of what `out` holds from `start` on into its first four octets, where a place was left for it.
pub(crate) fn close_frame(out: &mut [u8], start: usize) {
    let length = u32::try_from(out.len() - start).unwrap_or(u32::MAX);
    out[start..start + 4].copy_from_slice(&length.to_be_bytes());
}
