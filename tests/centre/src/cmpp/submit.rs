//! Reading SUBMIT, and what is wrong with it.

use crate::{
    carrier::{Faults, Written},
    dialect::{Fault, Submit},
    wire::{Fields, Short},
};

use super::{Cmpp, result};

const FAULTS: Faults = Faults {
    structure: result::STRUCTURE,
    coding: result::STRUCTURE,
    length: result::TOO_LONG,
    number: result::DESTINATION,
    validity: result::STRUCTURE,
    schedule: result::STRUCTURE,
};

/// Fewer than a hundred numbers a submit.
const MOST_NUMBERS: u8 = 99;

impl Cmpp {
    pub(super) fn read_submit<'a>(&self, fields: Fields<'a>) -> Result<Submit<'a>, Fault> {
        let Ok((written, rest)) = self.submit_fields(fields) else { return Err(Fault::Answer(result::LENGTH)) };
        if rest != 0 || written.to.is_empty() || written.to.len() > MOST_NUMBERS.into() {
            return Err(Fault::Answer(result::STRUCTURE));
        }
        written.judge(&FAULTS)
    }

    /// The fields of a submit, and how many octets are left behind them.
    fn submit_fields<'a>(&self, mut fields: Fields<'a>) -> Result<(Written<'a>, usize), Short> {
        // Msg_Id, Pk_total, Pk_number.
        fields.octets(8 + 2)?;
        let [registered, level] = fields.array()?;
        // Service_Id, Fee_UserType, Fee_terminal_Id and its type.
        fields.octets(10 + 1 + self.width() + usize::from(self.is_3()))?;
        let [_pid, udhi, coding] = fields.array()?;
        // Msg_src, FeeType, FeeCode.
        fields.octets(6 + 2 + 6)?;
        let validity = fields.padded(17)?;
        let schedule = fields.padded(17)?;
        let from = fields.padded(21)?;
        let count = fields.u8()?;
        let to = (0..count).map(|_| fields.padded(self.width())).collect::<Result<_, _>>()?;
        fields.octets(usize::from(self.is_3()))?;
        let length = fields.u8()?;
        let content = fields.octets(length.into())?;
        // LinkID or Reserve.
        fields.octets(if self.is_3() { 20 } else { 8 })?;
        let written = Written {
            from,
            to,
            coding,
            has_header: udhi == 1,
            content,
            validity,
            schedule,
            priority: level,
            wants_receipt: registered == 1,
            wants_failures: false,
        };
        Ok((written, fields.0.len()))
    }
}
