//! SMPP 3.4 and 5.0, the SMSC's side.

mod codes;
mod deliver;
mod submit;
#[cfg(test)]
mod tests;
mod tlv;

use crate::{
    alphabet::Alphabet,
    behaviour::{Behaviour, Radix},
    calendar::Stamp,
    dialect::{Asked, Cause, Delivery, Dialect, Fault, Head, Id, Login, Proof, Sequence},
    wire::{Fields, Short, close_frame, put_terminated, put_u32},
};
use codes::{command, status};
use deliver::{put_receipt, put_said};
use submit::{address, read_data, read_submit};

/// A link of an SMSC.
pub(crate) struct Smpp {
    /// interface_version of the client.
    version: u8,
    /// How the ids it names are written.
    ids: Radix,
}

impl Dialect for Smpp {
    const HEADER: usize = 16;
    const LONGEST: usize = 128 * 1024;

    const BASIC: Alphabet = Alphabet::Gsm7;

    fn new() -> Self {
        Self { version: 0, ids: Radix::Decimal }
    }

    fn head(frame: &[u8]) -> Head {
        let mut fields = Fields(&frame[4..]);
        let mut next = || fields.u32().unwrap_or_default();
        Head { command: next(), status: next(), sequence: [0, 0, next()] }
    }

    fn read<'a>(&mut self, head: &Head, body: &'a [u8]) -> Result<Asked<'a>, Fault> {
        let fields = Fields(body);
        let short = |Short| Fault::Answer(status::INVPARLEN);
        match head.command {
            command::BIND_RECEIVER | command::BIND_TRANSMITTER | command::BIND_TRANSCEIVER => {
                self.read_bind(head.command, fields).map_err(short)
            }
            command::SUBMIT => read_submit(fields, false).map(Asked::Submit),
            command::SUBMIT_MULTI => read_submit(fields, true).map(Asked::Submit),
            command::DATA => read_data(fields).map(Asked::Submit),
            command::CANCEL => self.read_cancel(fields).map_err(short),
            command::UNBIND => Ok(Asked::Unbind),
            command::ENQUIRE_LINK => Ok(Asked::Test),
            command::QUERY => Ok(Asked::Unserved(status::QUERYFAIL)),
            command::REPLACE => Ok(Asked::Unserved(status::REPLACEFAIL)),
            command::BROADCAST => Ok(Asked::Unserved(status::BCASTFAIL)),
            answer if answer & command::RESPONSE != 0 => Ok(Asked::Answer),
            _ => Err(Fault::Nack(status::INVCMDID)),
        }
    }

    fn judge(&mut self, login: &Login<'_>, behaviour: &Behaviour) -> u32 {
        self.ids = behaviour.receipts.answer_ids;
        if login.account != behaviour.account {
            return status::INVSYSID;
        }
        match login.proof {
            Proof::Password(password) if password == behaviour.password => 0,
            _ => status::INVPASWD,
        }
    }

    fn code(cause: Cause) -> u32 {
        match cause {
            Cause::TooManyBinds => status::BINDFAIL,
            Cause::AlreadyBound => status::ALYBND,
            Cause::NotBound => status::INVBNDSTS,
            Cause::Throttled | Cause::WindowFull => status::THROTTLED,
            Cause::Malformed => status::INVCMDLEN,
            Cause::Gone => status::CANCELFAIL,
        }
    }

    fn id(number: u64, _head: &Head, _at: Stamp) -> Id {
        id_of(number)
    }

    fn answer_bind(&self, head: &Head, status: u32, _login: &Login<'_>, behaviour: &Behaviour, out: &mut Vec<u8>) {
        let bare = status != 0 && behaviour.bare_errors;
        put(out, head.command | command::RESPONSE, status, head.sequence[2], |out| {
            if !bare {
                put_terminated(out, "FENGHUO-SMSC");
            }
            // sc_interface_version: a client of 3.3 or older must not get it.
            if status == 0 && self.version >= 0x34 {
                tlv::put(out, tlv::SC_INTERFACE_VERSION, &[self.version.min(0x50)]);
            }
        });
    }

    fn answer_submit(
        &self,
        head: &Head,
        status: u32,
        id: Id,
        failed: &[(&str, u32)],
        behaviour: &Behaviour,
        out: &mut Vec<u8>,
    ) {
        put(out, head.command | command::RESPONSE, status, head.sequence[2], |out| {
            if status == 0 {
                put_id(out, id, behaviour.receipts.answer_ids);
            }
            out.push(0);
            if head.command == command::SUBMIT_MULTI {
                out.push(u8::try_from(failed.len()).unwrap_or(u8::MAX));
                for (number, status) in failed {
                    out.extend([1, 1]);
                    put_terminated(out, number);
                    put_u32(out, *status);
                }
            }
            if let Some(state) = behaviour.congestion.filter(|_| self.version >= 0x50) {
                tlv::put(out, tlv::CONGESTION_STATE, &[state]);
            }
        });
    }

    fn answer(&self, head: &Head, status: u32, out: &mut Vec<u8>) {
        put(out, head.command | command::RESPONSE, status, head.sequence[2], |_| {});
    }

    fn nack(&self, head: &Head, status: u32, out: &mut Vec<u8>) {
        put(out, command::GENERIC_NACK, status, head.sequence[2], |_| {});
    }

    fn deliver(&self, sequence: Sequence, delivery: &Delivery, behaviour: &Behaviour, done: Stamp, out: &mut Vec<u8>) {
        put(out, command::DELIVER, 0, sequence[2], |out| match delivery {
            Delivery::Receipt(receipt) => put_receipt(out, receipt, behaviour, done),
            Delivery::Said(said) => put_said(out, said),
        });
    }

    fn test(&self, sequence: Sequence, out: &mut Vec<u8>) -> bool {
        put(out, command::ENQUIRE_LINK, 0, sequence[2], |_| {});
        true
    }
}

impl Smpp {
    fn read_cancel<'a>(&self, mut fields: Fields<'a>) -> Result<Asked<'a>, Short> {
        fields.terminated(6)?;
        let id = fields.terminated(65)?;
        address(&mut fields, 21)?;
        let to = address(&mut fields, 21)?;
        let radix = if matches!(self.ids, Radix::Decimal | Radix::PaddedDecimal) { 10 } else { 16 };
        // An id nobody gave names no message.
        let number = if id.is_empty() { None } else { Some(u64::from_str_radix(id, radix).unwrap_or_default()) };
        Ok(Asked::Cancel(number.map(id_of), to))
    }

    fn read_bind<'a>(&mut self, command: u32, mut fields: Fields<'a>) -> Result<Asked<'a>, Short> {
        let account = fields.terminated(16)?;
        let password = fields.terminated(9)?;
        fields.terminated(13)?;
        self.version = fields.u8()?;
        fields.octets(2)?;
        fields.terminated(41)?;
        Ok(Asked::Bind(Login {
            account,
            proof: Proof::Password(password),
            sends: command != command::BIND_RECEIVER,
            receives: command != command::BIND_TRANSMITTER,
        }))
    }
}

fn id_of(number: u64) -> Id {
    let mut id = Id::default();
    id[..8].copy_from_slice(&number.to_be_bytes());
    id
}

/// Appends a PDU.
fn put(out: &mut Vec<u8>, command: u32, status: u32, sequence: u32, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    for field in [0, command, status, sequence] {
        put_u32(out, field);
    }
    body(out);
    close_frame(out, start);
}

fn put_id(out: &mut Vec<u8>, id: Id, radix: Radix) {
    use std::io::Write;
    let number = id.first_chunk().map_or(0, |octets| u64::from_be_bytes(*octets));
    let written = match radix {
        Radix::Decimal => write!(out, "{number}"),
        Radix::PaddedDecimal => write!(out, "{number:010}"),
        Radix::Hex => write!(out, "{number:x}"),
        Radix::PaddedUpperHex => write!(out, "{number:08X}"),
    };
    debug_assert!(written.is_ok(), "memory takes everything");
}
