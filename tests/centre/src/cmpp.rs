//! CMPP 2.0 and 3.0, the gateway's (ISMG's) side.

mod deliver;
mod submit;
#[cfg(test)]
mod tests;

use crate::{
    alphabet::Alphabet,
    behaviour::Behaviour,
    calendar::Stamp,
    carrier::{digest, stamp_digits},
    dialect::{Asked, Cause, Delivery, Dialect, Fault, Head, Id, Login, Proof, Sequence},
    wire::{Fields, Short, close_frame, put_u32},
};

mod command {
    pub(super) const CONNECT: u32 = 1;
    pub(super) const TERMINATE: u32 = 2;
    pub(super) const SUBMIT: u32 = 4;
    pub(super) const DELIVER: u32 = 5;
    pub(super) const QUERY: u32 = 6;
    pub(super) const CANCEL: u32 = 7;
    pub(super) const ACTIVE_TEST: u32 = 8;
    pub(super) const RESPONSE: u32 = 0x8000_0000;
}

mod connect {
    pub(super) const OTHER: u32 = 5;
    pub(super) const SOURCE: u32 = 2;
    pub(super) const DIGEST: u32 = 3;
    pub(super) const VERSION: u32 = 4;
}

mod result {
    pub(super) const STRUCTURE: u32 = 1;
    pub(super) const LENGTH: u32 = 4;
    pub(super) const TOO_LONG: u32 = 6;
    pub(super) const FLOW: u32 = 8;
    pub(super) const DESTINATION: u32 = 13;
}

/// The version whose fields are wider.
const VERSION_3: u8 = 0x30;

/// A link of a gateway.
pub(crate) struct Cmpp {
    version: u8,
}

impl Dialect for Cmpp {
    const HEADER: usize = 12;
    const LONGEST: usize = 4096;
    const BASIC: Alphabet = Alphabet::Ascii;

    fn new() -> Self {
        Self { version: 0 }
    }

    fn head(frame: &[u8]) -> Head {
        let mut fields = Fields(&frame[4..]);
        let command = fields.u32().unwrap_or_default();
        let sequence = fields.u32().unwrap_or_default();
        // DELIVER_RESP: Msg_Id, then a result of one octet or four.
        let result = frame.get(20..).unwrap_or_default().iter();
        let status = result.take(4).fold(0, |status, octet| status << 8 | u32::from(*octet));
        let is_result = command == command::DELIVER | command::RESPONSE;
        Head { command, status: if is_result { status } else { 0 }, sequence: [0, 0, sequence] }
    }

    fn read<'a>(&mut self, head: &Head, body: &'a [u8]) -> Result<Asked<'a>, Fault> {
        let mut fields = Fields(body);
        match head.command {
            command::CONNECT => self.read_connect(fields).map_err(|Short| Fault::Answer(result::STRUCTURE)),
            command::TERMINATE => Ok(Asked::Unbind),
            command::ACTIVE_TEST => Ok(Asked::Test),
            command::QUERY => Ok(Asked::Unserved(0)),
            command::SUBMIT => self.read_submit(fields).map(Asked::Submit),
            command::CANCEL => {
                let number: [u8; 8] = fields.array().map_err(|Short| Fault::Answer(result::STRUCTURE))?;
                Ok(Asked::Cancel(Some(id_of(number)), ""))
            }
            answer if answer & command::RESPONSE != 0 => Ok(Asked::Answer),
            _ => Err(Fault::Close(0)),
        }
    }

    fn judge(&mut self, login: &Login<'_>, behaviour: &Behaviour) -> u32 {
        if self.version > behaviour.version {
            self.version = behaviour.version;
            return connect::VERSION;
        }
        if login.account != behaviour.account {
            return connect::SOURCE;
        }
        match login.proof {
            Proof::Digest { digest: given, stamp } if given == source_digest(login.account, behaviour, stamp) => 0,
            _ => connect::DIGEST,
        }
    }

    fn code(cause: Cause) -> u32 {
        match cause {
            Cause::TooManyBinds | Cause::AlreadyBound => connect::OTHER,
            // The specification knows no word for a link that is not connected.
            Cause::NotBound => result::STRUCTURE,
            Cause::Throttled | Cause::WindowFull => result::FLOW,
            Cause::Malformed => result::LENGTH,
            // Success_Id of CMPP_CANCEL_RESP.
            Cause::Gone => 1,
        }
    }

    /// Month, day, hour, minute and second, the gateway in 22 bits, and a sequence in 16 that overflows into it.
    fn id(number: u64, _head: &Head, at: Stamp) -> Id {
        let mut id = 0;
        for (part, bits) in [(2, 4), (4, 5), (6, 5), (8, 6), (10, 6)] {
            id = id << bits | u64::from(at.two(part));
        }
        let gateway = (GATEWAY + (number >> 16)) & 0x3F_FFFF;
        id_of((id << 38 | gateway << 16 | number & 0xFFFF).to_be_bytes())
    }

    fn answer_bind(&self, head: &Head, status: u32, login: &Login<'_>, behaviour: &Behaviour, out: &mut Vec<u8>) {
        let mut status_octets = Vec::with_capacity(4);
        self.put_result(&mut status_octets, status);
        // A client that is refused gets no proof.
        let proof = match login.proof {
            Proof::Digest { digest: given, .. } if status == 0 => {
                digest(&[&status_octets, &given, behaviour.password.as_bytes()])
            }
            _ => [0; 16],
        };
        put(out, head.command | command::RESPONSE, head.sequence[2], |out| {
            out.extend(status_octets);
            out.extend(proof);
            out.push(behaviour.version.min(self.version.max(0x20)));
        });
    }

    fn answer_submit(
        &self,
        head: &Head,
        status: u32,
        id: Id,
        _failed: &[(&str, u32)],
        _behaviour: &Behaviour,
        out: &mut Vec<u8>,
    ) {
        put(out, head.command | command::RESPONSE, head.sequence[2], |out| {
            out.extend_from_slice(&id[..8]);
            self.put_result(out, status);
        });
    }

    fn answer(&self, head: &Head, status: u32, out: &mut Vec<u8>) {
        put(out, head.command | command::RESPONSE, head.sequence[2], |out| match head.command {
            command::CONNECT => {
                self.put_result(out, status);
                out.extend([0; 17]);
            }
            command::SUBMIT => {
                out.extend([0; 8]);
                self.put_result(out, status);
            }
            command::CANCEL => self.put_result(out, status),
            command::ACTIVE_TEST => out.push(0),
            // Statistics of nothing: the time, type and code that were asked for are not repeated.
            command::QUERY => out.extend([0; 51]),
            _ => {}
        });
    }

    /// CMPP has no general refusal.
    fn nack(&self, _head: &Head, _status: u32, _out: &mut Vec<u8>) {}

    fn deliver(&self, sequence: Sequence, delivery: &Delivery, _behaviour: &Behaviour, done: Stamp, out: &mut Vec<u8>) {
        put(out, command::DELIVER, sequence[2], |out| match delivery {
            Delivery::Receipt(receipt) => self.put_receipt(out, receipt, sequence, done),
            Delivery::Said(said) => self.put_said(out, said),
        });
    }

    fn test(&self, sequence: Sequence, out: &mut Vec<u8>) -> bool {
        put(out, command::ACTIVE_TEST, sequence[2], |_| {});
        true
    }
}

/// This gateway's number.
const GATEWAY: u64 = 100_001;

/// AuthenticatorSource.
fn source_digest(account: &str, behaviour: &Behaviour, stamp: u32) -> [u8; 16] {
    let stamp = stamp_digits(stamp);
    digest(&[account.as_bytes(), &[0; 9], behaviour.password.as_bytes(), stamp.as_bytes()])
}

fn id_of(octets: [u8; 8]) -> Id {
    let mut id = Id::default();
    id[..8].copy_from_slice(&octets);
    id
}

impl Cmpp {
    fn is_3(&self) -> bool {
        self.version >= VERSION_3
    }

    /// The width of a person's number.
    fn width(&self) -> usize {
        if self.is_3() { 32 } else { 21 }
    }

    fn put_result(&self, out: &mut Vec<u8>, result: u32) {
        let octets = result.to_be_bytes();
        out.extend_from_slice(if self.is_3() { &octets } else { &octets[3..] });
    }

    fn read_connect<'a>(&mut self, mut fields: Fields<'a>) -> Result<Asked<'a>, Short> {
        let account = fields.padded(6)?;
        let digest = fields.array()?;
        self.version = fields.u8()?;
        let stamp = fields.u32()?;
        Ok(Asked::Bind(Login { account, proof: Proof::Digest { digest, stamp }, sends: true, receives: true }))
    }
}

/// Appends a frame.
fn put(out: &mut Vec<u8>, command: u32, sequence: u32, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    for field in [0, command, sequence] {
        put_u32(out, field);
    }
    body(out);
    close_frame(out, start);
}
