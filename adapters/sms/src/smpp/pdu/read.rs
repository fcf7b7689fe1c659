//! What there is one of for every message is read in place: the answer to a submit, and what the message centre delivers. The
//! codec gives each field an allocation of its own, which was the greater part of a link's work.
//!
//! Lengths are those of SMPP 5.0 §4.2.2, §4.3.1 and §4.2.5; a frame that ends inside a field cannot be read, one that ends inside
//! its last parameter neither.

use crate::protocol::Place;

/// Tags of parameters, SMPP 5.0 §4.8.1.
mod tag {
    pub(super) const RECEIPTED_MESSAGE_ID: u16 = 0x001E;
    pub(super) const SAR_MSG_REF_NUM: u16 = 0x020C;
    pub(super) const SAR_TOTAL_SEGMENTS: u16 = 0x020E;
    pub(super) const SAR_SEGMENT_SEQNUM: u16 = 0x020F;
    pub(super) const NETWORK_ERROR_CODE: u16 = 0x0423;
    pub(super) const MESSAGE_PAYLOAD: u16 = 0x0424;
    pub(super) const MESSAGE_STATE: u16 = 0x0427;
    pub(super) const CONGESTION_STATE: u16 = 0x0428;
}

/// What the message centre delivers: a receipt, or what a person wrote.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::smpp) struct Delivered<'a> {
    pub(in crate::smpp) source: &'a str,
    pub(in crate::smpp) esm_class: u8,
    pub(in crate::smpp) data_coding: u8,
    pub(in crate::smpp) body: &'a [u8],
    pub(in crate::smpp) place: Option<Place>,
    pub(in crate::smpp) receipted_id: Option<&'a [u8]>,
    pub(in crate::smpp) state: Option<u8>,
    pub(in crate::smpp) network_error: Option<u16>,
}

/// Message id of the body of a `submit_sm_resp`, and what it says about congestion.
pub(super) fn submit_answer(body: &[u8]) -> Option<(&[u8], Option<u8>)> {
    let mut fields = Fields(body);
    let id = trimmed(fields.text(65)?);
    let mut congestion = None;
    // The name counts even when what follows it cannot be read.
    while let Some(Some((tag, value))) = fields.parameter() {
        if tag == tag::CONGESTION_STATE {
            congestion = value.first().copied();
        }
    }
    Some((id, congestion))
}

/// The body of a `deliver_sm`.
pub(super) fn deliver(body: &[u8]) -> Option<Delivered<'_>> {
    let mut fields = Fields(body);
    fields.text(6)?;
    let source = fields.address(21)?;
    fields.address(21)?;
    let esm_class = fields.byte()?;
    // Protocol id and priority, times, registered delivery and replacement.
    fields.take(2)?;
    fields.text(17)?;
    fields.text(17)?;
    fields.take(2)?;
    let data_coding = fields.byte()?;
    fields.byte()?;
    let length = fields.byte()?;
    let body = fields.take(length.into())?;
    let delivered = Delivered { source, esm_class, data_coding, body, ..Delivered::default() };
    delivered.with_parameters(fields)
}

/// The body of a `data_sm`.
pub(super) fn data(body: &[u8]) -> Option<Delivered<'_>> {
    let mut fields = Fields(body);
    fields.text(6)?;
    let source = fields.address(65)?;
    fields.address(65)?;
    let esm_class = fields.byte()?;
    fields.byte()?;
    let data_coding = fields.byte()?;
    Delivered { source, esm_class, data_coding, ..Delivered::default() }.with_parameters(fields)
}

impl<'a> Delivered<'a> {
    fn with_parameters(mut self, mut fields: Fields<'a>) -> Option<Self> {
        let mut place = Place { reference: 0, total: 0, number: 0 };
        while let Some((tag, value)) = fields.parameter()? {
            let mut value = Fields(value);
            match tag {
                tag::MESSAGE_PAYLOAD => self.body = value.0,
                tag::RECEIPTED_MESSAGE_ID => self.receipted_id = Some(trimmed(value.0)),
                tag::MESSAGE_STATE => self.state = Some(value.byte()?),
                tag::NETWORK_ERROR_CODE => {
                    value.byte()?;
                    self.network_error = Some(value.word()?);
                }
                tag::SAR_MSG_REF_NUM => place.reference = value.word()?,
                tag::SAR_TOTAL_SEGMENTS => place.total = value.byte()?,
                tag::SAR_SEGMENT_SEQNUM => place.number = value.byte()?,
                _ => {}
            }
        }
        self.place = Some(place).filter(|place| place.total > 0 && place.number > 0);
        Some(self)
    }
}

/// What is left of a frame.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|byte| byte[0])
    }

    fn word(&mut self) -> Option<u16> {
        self.take(2).map(|bytes| u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    /// Text up to its zero, with it at most so long.
    fn text(&mut self, most: usize) -> Option<&'a [u8]> {
        let end = self.0.iter().take(most).position(|byte| *byte == 0)?;
        let text = self.take(end)?;
        self.byte()?;
        Some(text)
    }

    /// Type, plan and number.
    fn address(&mut self, most: usize) -> Option<&'a str> {
        self.take(2)?;
        str::from_utf8(self.text(most)?).ok().filter(|text| text.is_ascii())
    }

    /// Tag and value of the next parameter; `Some(None)` when there is none.
    #[expect(
        clippy::option_option,
        reason = "a frame that ends inside a parameter is another thing than one that has no more"
    )]
    fn parameter(&mut self) -> Option<Option<(u16, &'a [u8])>> {
        if self.0.is_empty() {
            return Some(None);
        }
        let (tag, length) = (self.word()?, self.word()?);
        Some(Some((tag, self.take(length.into())?)))
    }
}

/// Without zeros and blanks around it.
fn trimmed(mut text: &[u8]) -> &[u8] {
    while let [0 | b' ', rest @ ..] | [rest @ .., 0 | b' '] = text {
        text = rest;
    }
    text
}

#[cfg(test)]
mod tests;
