//! Reading Submit, and what is wrong with it.

use crate::{
    carrier::{Faults, Written},
    dialect::{Fault, Submit},
    wire::{Fields, Short},
};

use super::{TP_UDHI, status};

const FAULTS: Faults = Faults {
    structure: status::STRUCTURE,
    coding: status::FORMAT,
    length: status::LENGTH,
    number: status::RECEIVER,
    validity: status::VALIDITY,
    schedule: status::SCHEDULE,
};

/// Numbers a submit may have.
const MOST_NUMBERS: u8 = 100;

pub(super) fn read_submit(fields: Fields<'_>) -> Result<Submit<'_>, Fault> {
    let Ok(written) = submit_fields(fields) else { return Err(Fault::Answer(status::STRUCTURE)) };
    if written.to.is_empty() || written.to.len() > MOST_NUMBERS.into() {
        return Err(Fault::Answer(status::STRUCTURE));
    }
    written.judge(&FAULTS)
}

fn submit_fields(mut fields: Fields<'_>) -> Result<Written<'_>, Short> {
    let [_kind, need_report, priority] = fields.array()?;
    // ServiceID, FeeType, FeeCode, FixedFee.
    fields.octets(10 + 2 + 6 + 6)?;
    let coding = fields.u8()?;
    let validity = fields.padded(17)?;
    let schedule = fields.padded(17)?;
    let from = fields.padded(21)?;
    // ChargeTermID.
    fields.octets(21)?;
    let count = fields.u8()?;
    let to = (0..count).map(|_| fields.padded(21)).collect::<Result<_, _>>()?;
    let length = fields.u8()?;
    let content = fields.octets(length.into())?;
    // Reserve.
    fields.octets(8)?;
    let has_header = has_header(fields)?;
    Ok(Written {
        from,
        to,
        coding,
        has_header,
        content,
        validity,
        schedule,
        priority,
        wants_receipt: need_report == 1,
        wants_failures: false,
    })
}

/// Whether an optional parameter says that the text begins with a header.
fn has_header(mut fields: Fields<'_>) -> Result<bool, Short> {
    let mut has_header = false;
    while !fields.0.is_empty() {
        let tag = fields.u16()?;
        let length = fields.u16()?;
        let value = fields.octets(length.into())?;
        has_header |= tag == TP_UDHI && value == [1];
    }
    Ok(has_header)
}
