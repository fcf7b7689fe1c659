//! SMGP 3.0, the gateway's side.

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
use deliver::{put_receipt, put_said};
use submit::read_submit;

mod command {
    pub(super) const LOGIN: u32 = 1;
    pub(super) const SUBMIT: u32 = 2;
    pub(super) const DELIVER: u32 = 3;
    pub(super) const ACTIVE_TEST: u32 = 4;
    pub(super) const EXIT: u32 = 6;
    pub(super) const QUERY: u32 = 7;
    pub(super) const RESPONSE: u32 = 0x8000_0000;
}

mod status {
    pub(super) const BUSY: u32 = 1;
    pub(super) const CONNECTIONS: u32 = 2;
    pub(super) const STRUCTURE: u32 = 10;
    pub(super) const AUTHENTICATION: u32 = 21;
    pub(super) const VERSION: u32 = 22;
    pub(super) const FORMAT: u32 = 34;
    pub(super) const LENGTH: u32 = 36;
    pub(super) const VALIDITY: u32 = 44;
    pub(super) const SCHEDULE: u32 = 45;
    pub(super) const RECEIVER: u32 = 47;
}

/// Optional parameters this centre reads and writes.
const TP_UDHI: u16 = 0x0002;
const PK_TOTAL: u16 = 0x0009;
const PK_NUMBER: u16 = 0x000A;

/// A link of a gateway.
pub(crate) struct Smgp {
    version: u8,
}

impl Dialect for Smgp {
    const HEADER: usize = 12;
    const LONGEST: usize = 8192;
    const BASIC: Alphabet = Alphabet::Ascii;

    fn new() -> Self {
        Self { version: 0 }
    }

    fn head(frame: &[u8]) -> Head {
        let mut fields = Fields(&frame[4..]);
        let command = fields.u32().unwrap_or_default();
        let sequence = fields.u32().unwrap_or_default();
        // Deliver_Resp: MsgID, then Status.
        let is_result = command == command::DELIVER | command::RESPONSE;
        let status = fields.octets(10).and_then(|_| fields.u32()).unwrap_or_default();
        Head { command, status: if is_result { status } else { 0 }, sequence: [0, 0, sequence] }
    }

    fn read<'a>(&mut self, head: &Head, body: &'a [u8]) -> Result<Asked<'a>, Fault> {
        let fields = Fields(body);
        match head.command {
            command::LOGIN => self.read_login(fields).map_err(|Short| Fault::Answer(status::STRUCTURE)),
            command::SUBMIT => read_submit(fields).map(Asked::Submit),
            command::ACTIVE_TEST => Ok(Asked::Test),
            command::EXIT => Ok(Asked::Unbind),
            command::QUERY => Ok(Asked::Unserved(0)),
            answer if answer & command::RESPONSE != 0 => Ok(Asked::Answer),
            _ => Err(Fault::Close(0)),
        }
    }

    fn judge(&mut self, login: &Login<'_>, behaviour: &Behaviour) -> u32 {
        if self.version > behaviour.version {
            return status::VERSION;
        }
        match login.proof {
            Proof::Digest { digest: given, stamp }
                if login.account == behaviour.account && given == client_digest(login.account, behaviour, stamp) =>
            {
                0
            }
            _ => status::AUTHENTICATION,
        }
    }

    fn code(cause: Cause) -> u32 {
        match cause {
            Cause::TooManyBinds | Cause::AlreadyBound => status::CONNECTIONS,
            Cause::NotBound => status::AUTHENTICATION,
            Cause::Throttled | Cause::WindowFull => status::BUSY,
            // There is no request to stop a message.
            Cause::Malformed | Cause::Gone => status::STRUCTURE,
        }
    }

    /// In binary-coded decimals: the gateway in six digits, month, day, hour and minute, and a sequence in six.
    fn id(number: u64, _head: &Head, at: Stamp) -> Id {
        let digits = format!("{GATEWAY}{}{:06}", &at.text()[2..10], number % 1_000_000);
        let mut id = Id::default();
        for (octet, pair) in id.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
            *octet = (pair[0] - b'0') << 4 | (pair[1] - b'0');
        }
        id
    }

    fn answer_bind(&self, head: &Head, status: u32, login: &Login<'_>, behaviour: &Behaviour, out: &mut Vec<u8>) {
        let status_octets = status.to_be_bytes();
        let proof = match login.proof {
            Proof::Digest { digest: given, .. } if status == 0 => {
                digest(&[&status_octets, &given, behaviour.password.as_bytes()])
            }
            _ => [0; 16],
        };
        put(out, head.command | command::RESPONSE, head.sequence[2], |out| {
            out.extend(status_octets);
            out.extend(proof);
            out.push(behaviour.version);
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
            out.extend_from_slice(&id[..10]);
            put_u32(out, status);
        });
    }

    fn answer(&self, head: &Head, status: u32, out: &mut Vec<u8>) {
        put(out, head.command | command::RESPONSE, head.sequence[2], |out| match head.command {
            command::LOGIN => {
                put_u32(out, status);
                out.extend([0; 17]);
            }
            command::SUBMIT => {
                out.extend([0; 10]);
                put_u32(out, status);
            }
            // Statistics of nothing.
            command::QUERY => out.extend([0; 51]),
            _ => {}
        });
    }

    /// SMGP has no general refusal.
    fn nack(&self, _head: &Head, _status: u32, _out: &mut Vec<u8>) {}

    fn deliver(&self, sequence: Sequence, delivery: &Delivery, _behaviour: &Behaviour, done: Stamp, out: &mut Vec<u8>) {
        put(out, command::DELIVER, sequence[2], |out| match delivery {
            Delivery::Receipt(receipt) => put_receipt(out, receipt, sequence, done),
            Delivery::Said(said) => put_said(out, said),
        });
    }

    fn test(&self, sequence: Sequence, out: &mut Vec<u8>) -> bool {
        put(out, command::ACTIVE_TEST, sequence[2], |_| {});
        true
    }
}

/// This gateway's number, six digits.
const GATEWAY: &str = "025001";

/// AuthenticatorClient.
fn client_digest(account: &str, behaviour: &Behaviour, stamp: u32) -> [u8; 16] {
    let stamp = stamp_digits(stamp);
    digest(&[account.as_bytes(), &[0; 7], behaviour.password.as_bytes(), stamp.as_bytes()])
}

impl Smgp {
    fn read_login<'a>(&mut self, mut fields: Fields<'a>) -> Result<Asked<'a>, Short> {
        let account = fields.padded(8)?;
        let digest = fields.array()?;
        let mode = fields.u8()?;
        let stamp = fields.u32()?;
        self.version = fields.u8()?;
        // LoginMode: 0 sends, 1 receives, 2 does both.
        let (sends, receives) = (mode != 1, mode != 0);
        Ok(Asked::Bind(Login { account, proof: Proof::Digest { digest, stamp }, sends, receives }))
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
