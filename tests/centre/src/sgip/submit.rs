//! Reading Submit, and what is wrong with it.

use crate::{
    carrier::{Faults, Written},
    dialect::{Fault, Submit},
    wire::{Fields, Short},
};

use super::result;

const FAULTS: Faults = Faults {
    structure: result::FORMAT,
    coding: result::FORMAT,
    length: result::LENGTH,
    number: result::NUMBER,
    validity: result::FORMAT,
    schedule: result::FORMAT,
};

/// Numbers a submit may have.
const MOST_NUMBERS: u8 = 100;

pub(super) fn read_submit(fields: Fields<'_>) -> Result<Submit<'_>, Fault> {
    let Ok((written, rest)) = submit_fields(fields) else { return Err(Fault::Answer(result::FORMAT)) };
    if rest != 0 || written.to.is_empty() || written.to.len() > MOST_NUMBERS.into() {
        return Err(Fault::Answer(result::FORMAT));
    }
    // Numbers carry their country.
    if written.to.iter().any(|number| !number.starts_with("86")) {
        return Err(Fault::Answer(result::NUMBER));
    }
    written.judge(&FAULTS)
}

/// The fields of a submit, and how many octets are left behind them.
fn submit_fields(mut fields: Fields<'_>) -> Result<(Written<'_>, usize), Short> {
    let from = fields.padded(21)?;
    // ChargeNumber.
    fields.octets(21)?;
    let count = fields.u8()?;
    let to = (0..count).map(|_| fields.padded(21)).collect::<Result<_, _>>()?;
    // CorpId, ServiceType, FeeType, FeeValue, GivenValue, AgentFlag, MorelatetoMTFlag.
    fields.octets(5 + 10 + 1 + 6 + 6 + 1 + 1)?;
    let priority = fields.u8()?;
    let validity = fields.padded(16)?;
    let schedule = fields.padded(16)?;
    let [report, _pid, udhi, coding, _kind] = fields.array()?;
    let length = fields.u32()?;
    let content = fields.octets(usize::try_from(length).unwrap_or(usize::MAX))?;
    fields.octets(8)?;
    let written = Written {
        from,
        to,
        coding,
        has_header: udhi == 1,
        content,
        validity,
        schedule,
        priority,
        wants_receipt: report == 1,
        wants_failures: report == 0,
    };
    Ok((written, fields.0.len()))
}
