//! The optional parameters this centre reads and writes.

use crate::{
    dialect::Fault,
    wire::{Fields, Short},
};

use super::codes::status;

pub(super) const RECEIPTED_MESSAGE_ID: u16 = 0x001E;
const SAR_MSG_REF_NUM: u16 = 0x020C;
const SAR_TOTAL_SEGMENTS: u16 = 0x020E;
const SAR_SEGMENT_SEQNUM: u16 = 0x020F;
pub(super) const SC_INTERFACE_VERSION: u16 = 0x0210;
pub(super) const NETWORK_ERROR_CODE: u16 = 0x0423;
const MESSAGE_PAYLOAD: u16 = 0x0424;
pub(super) const MESSAGE_STATE: u16 = 0x0427;
pub(super) const CONGESTION_STATE: u16 = 0x0428;

/// What a submit may add.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tlvs<'a> {
    pub(super) payload: Option<&'a [u8]>,
    pub(super) reference: Option<u16>,
    pub(super) total: Option<u8>,
    pub(super) number: Option<u8>,
}

impl<'a> Tlvs<'a> {
    /// Reads to the end of the PDU; unknown parameters are passed over, as the specification wants.
    pub(super) fn read(mut fields: Fields<'a>) -> Result<Self, Fault> {
        let broken = |Short| Fault::Answer(status::INVOPTPARSTREAM);
        let mut tlvs = Self::default();
        while !fields.0.is_empty() {
            let tag = fields.u16().map_err(broken)?;
            let length = fields.u16().map_err(broken)?;
            let mut value = Fields(fields.octets(length.into()).map_err(broken)?);
            let short = |Short| Fault::Answer(status::INVPARLEN);
            match tag {
                MESSAGE_PAYLOAD => tlvs.payload = Some(value.0),
                SAR_MSG_REF_NUM => tlvs.reference = Some(value.u16().map_err(short)?),
                SAR_TOTAL_SEGMENTS => tlvs.total = Some(value.u8().map_err(short)?),
                SAR_SEGMENT_SEQNUM => tlvs.number = Some(value.u8().map_err(short)?),
                _ => {}
            }
        }
        Ok(tlvs)
    }
}

/// Appends a parameter.
pub(super) fn put(out: &mut Vec<u8>, tag: u16, value: &[u8]) {
    crate::wire::put_u16(out, tag);
    crate::wire::put_u16(out, u16::try_from(value.len()).unwrap_or(u16::MAX));
    out.extend_from_slice(value);
}
