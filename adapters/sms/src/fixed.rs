//! Fields of fixed width, as the Chinese short message protocols write them: whole numbers big-endian, texts left-justified
//! and filled up with NUL.

/// A message that does not have the form its protocol prescribes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// It ends inside a field.
    #[error("it ends inside a field")]
    Short,
    /// It goes on after its last field.
    #[error("it goes on after its last field")]
    Long,
    /// A field has a value that makes the rest unreadable.
    #[error("a field has a value it must not have")]
    Value,
}

/// Reads fields one after another. Every field borrows or is of fixed size, so a message never takes more memory than it is
/// long.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) fn take(&mut self, count: usize) -> Result<&'a [u8], Malformed> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Malformed::Short)?;
        self.0 = rest;
        Ok(taken)
    }

    pub(crate) fn octets<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(Malformed::Short)?;
        self.0 = rest;
        Ok(*taken)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Malformed> {
        Ok(u8::from_be_bytes(self.octets()?))
    }

    pub(crate) fn u16(&mut self) -> Result<u16, Malformed> {
        Ok(u16::from_be_bytes(self.octets()?))
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Malformed> {
        Ok(u32::from_be_bytes(self.octets()?))
    }

    /// A text of `width` bytes: up to its first NUL, without blanks some gateways fill up with.
    pub(crate) fn text(&mut self, width: usize) -> Result<Box<str>, Malformed> {
        let field = self.take(width)?;
        let end = field.iter().position(|byte| *byte == 0).unwrap_or(width);
        Ok(String::from_utf8_lossy(&field[..end]).trim_end_matches(' ').into())
    }

    /// `count` texts of the same width.
    pub(crate) fn texts(&mut self, count: u8, width: usize) -> Result<Vec<Box<str>>, Malformed> {
        if self.0.len() < usize::from(count) * width {
            return Err(Malformed::Short);
        }
        (0..count).map(|_| self.text(width)).collect()
    }

    /// A content with its length in one byte in front.
    pub(crate) fn content(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.u8()?;
        self.take(usize::from(length))
    }

    /// A content with its length in four bytes in front.
    pub(crate) fn long_content(&mut self) -> Result<&'a [u8], Malformed> {
        let length = self.u32()?;
        self.take(usize::try_from(length).map_err(|_| Malformed::Short)?)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Checks that the message ends here.
    pub(crate) const fn end(self) -> Result<(), Malformed> {
        if self.is_empty() { Ok(()) } else { Err(Malformed::Long) }
    }
}

/// Writes fields one after another.
#[derive(Debug)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    /// Begins a message with room for its length, which [`finish`](Self::finish) fills in.
    pub(crate) fn message() -> Self {
        let mut bytes = Vec::with_capacity(256);
        bytes.extend_from_slice(&[0; 4]);
        Self(bytes)
    }

    /// Begins fields that are no message of their own.
    pub(crate) const fn fields() -> Self {
        Self(Vec::new())
    }

    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        let length = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        self.0[..4].copy_from_slice(&length.to_be_bytes());
        self.0
    }

    pub(crate) fn octets(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(crate) fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    pub(crate) fn u16(&mut self, value: u16) {
        self.octets(&value.to_be_bytes());
    }

    pub(crate) fn u32(&mut self, value: u32) {
        self.octets(&value.to_be_bytes());
    }

    /// A text of `width` bytes. What is longer is cut: settings and numbers are checked against the width before they get
    /// here.
    pub(crate) fn text(&mut self, text: &str, width: usize) {
        let end = self.0.len() + width;
        self.octets(&text.as_bytes()[..text.len().min(width)]);
        self.0.resize(end, 0);
    }

    /// How many texts there are, in one byte, and the texts; the protocols allow 100 at most.
    pub(crate) fn texts(&mut self, texts: &[Box<str>], width: usize) {
        let texts = &texts[..texts.len().min(usize::from(u8::MAX))];
        self.u8(u8::try_from(texts.len()).unwrap_or(u8::MAX));
        texts.iter().for_each(|text| self.text(text, width));
    }

    /// The length of a content in one byte, and the content; the protocols allow 160 bytes at most.
    pub(crate) fn content(&mut self, content: &[u8]) {
        let content = &content[..content.len().min(usize::from(u8::MAX))];
        self.u8(u8::try_from(content.len()).unwrap_or(u8::MAX));
        self.octets(content);
    }

    /// The length of a content in four bytes, and the content.
    pub(crate) fn long_content(&mut self, content: &[u8]) {
        self.u32(u32::try_from(content.len()).unwrap_or(u32::MAX));
        self.octets(content);
    }
}

#[cfg(test)]
pub(crate) mod tests;
