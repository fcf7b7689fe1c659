//! CMPP 2.0 and 3.0, the gateway's (ISMG's) side.

#[cfg(test)]
mod tests;

use crate::{
    alphabet::Alphabet,
    behaviour::Behaviour,
    calendar::Stamp,
    carrier::{Faults, Written, coding, digest, stamp_digits},
    dialect::{
        Asked, Cause, Delivery, Dialect, Fault, Head, Id, Login, Proof, Receipt, Said, Sequence, Submit, header,
    },
    wire::{Fields, Short, close_frame, put_padded, put_u32},
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

    fn read_submit<'a>(&self, fields: Fields<'a>) -> Result<Submit<'a>, Fault> {
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

    fn put_receipt(&self, out: &mut Vec<u8>, receipt: &Receipt, sequence: Sequence, done: Stamp) {
        let mut content = Vec::with_capacity(71);
        content.extend_from_slice(&receipt.id[..8]);
        let word = receipt.outcome.word.as_deref().unwrap_or(receipt.outcome.state.word());
        put_padded(&mut content, word, 7);
        content.extend_from_slice(&receipt.submitted.0[..10]);
        content.extend_from_slice(&done.0[..10]);
        put_padded(&mut content, &receipt.to, self.width());
        put_u32(&mut content, sequence[2]);
        // The delivery is a message of its own; its id names no submit.
        let id = Self::id(sequence[2].into(), &Head { command: 0, status: 0, sequence }, Stamp([b'0'; 12]));
        self.put_deliver(out, id, &receipt.to, &receipt.from, [0, 0, 0], true, &[&content]);
    }

    fn put_said(&self, out: &mut Vec<u8>, said: &Said) {
        let header = said.part.map(header);
        let header = header.as_ref().map_or(&[][..], |header| header);
        let kinds = [0, u8::from(said.part.is_some()), coding(said.alphabet)];
        self.put_deliver(out, said.id, &said.from, &said.to, kinds, false, &[header, &said.octets]);
    }

    /// `kinds` are TP_pid, TP_udhi and Msg_Fmt.
    #[expect(clippy::too_many_arguments, reason = "they are the fields of DELIVER")]
    fn put_deliver(
        &self,
        out: &mut Vec<u8>,
        id: Id,
        from: &str,
        to: &str,
        kinds: [u8; 3],
        is_report: bool,
        content: &[&[u8]],
    ) {
        out.extend_from_slice(&id[..8]);
        put_padded(out, to, 21);
        put_padded(out, "", 10);
        out.extend(kinds);
        put_padded(out, from, self.width());
        if self.is_3() {
            out.push(0);
        }
        out.push(u8::from(is_report));
        let length: usize = content.iter().map(|part| part.len()).sum();
        out.push(u8::try_from(length).unwrap_or(u8::MAX));
        content.iter().for_each(|part| out.extend_from_slice(part));
        put_padded(out, "", if self.is_3() { 20 } else { 8 });
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
