//! SGIP 1.2, the gateway's (SMG's) side. Reports and people's messages take a connection of the gateway's own to the
//! client's listener.

mod submit;
#[cfg(test)]
mod tests;

use crate::{
    alphabet::Alphabet,
    behaviour::{Behaviour, State},
    calendar::Stamp,
    carrier::coding,
    dialect::{Asked, Cause, Delivery, Dialect, Fault, Head, Id, Login, Proof, Receipt, Said, Sequence, header},
    wire::{Fields, Short, close_frame, put_padded, put_u32},
};
use submit::read_submit;

mod command {
    pub(super) const BIND: u32 = 1;
    pub(super) const UNBIND: u32 = 2;
    pub(super) const SUBMIT: u32 = 3;
    pub(super) const DELIVER: u32 = 4;
    pub(super) const REPORT: u32 = 5;
    pub(super) const TRACE: u32 = 0x1000;
    pub(super) const RESPONSE: u32 = 0x8000_0000;
}

mod result {
    pub(super) const LOGIN: u32 = 1;
    pub(super) const LOGGED_IN: u32 = 2;
    pub(super) const CONNECTIONS: u32 = 3;
    pub(super) const LOGIN_TYPE: u32 = 4;
    pub(super) const FORMAT: u32 = 5;
    pub(super) const NUMBER: u32 = 6;
    pub(super) const LENGTH: u32 = 8;
    pub(super) const NOT_SERVED: u32 = 30;
    pub(super) const QUEUE_FULL: u32 = 33;
}

/// A link of a gateway, either way.
pub(crate) struct Sgip;

impl Dialect for Sgip {
    const HEADER: usize = 20;
    const LONGEST: usize = 8192;
    const BASIC: Alphabet = Alphabet::Ascii;
    const DISCARDS_REPEATED: bool = true;

    fn new() -> Self {
        Self
    }

    fn head(frame: &[u8]) -> Head {
        let mut fields = Fields(&frame[4..]);
        let mut next = || fields.u32().unwrap_or_default();
        let (command, sequence) = (next(), [next(), next(), next()]);
        // Every response begins with its result.
        let result = fields.u8().unwrap_or_default().into();
        Head { command, status: if command & command::RESPONSE != 0 { result } else { 0 }, sequence }
    }

    fn read<'a>(&mut self, head: &Head, body: &'a [u8]) -> Result<Asked<'a>, Fault> {
        let fields = Fields(body);
        match head.command {
            command::BIND => read_bind(fields),
            command::UNBIND => Ok(Asked::Unbind),
            command::SUBMIT => read_submit(fields).map(Asked::Submit),
            command::TRACE => Ok(Asked::Unserved(result::NOT_SERVED)),
            answer if answer & command::RESPONSE != 0 => Ok(Asked::Answer),
            _ => Err(Fault::Close(0)),
        }
    }

    fn judge(&mut self, login: &Login<'_>, behaviour: &Behaviour) -> u32 {
        match login.proof {
            Proof::Password(password) if login.account == behaviour.account && password == behaviour.password => 0,
            _ => result::LOGIN,
        }
    }

    fn code(cause: Cause) -> u32 {
        match cause {
            Cause::TooManyBinds => result::CONNECTIONS,
            Cause::AlreadyBound => result::LOGGED_IN,
            Cause::NotBound => result::LOGIN,
            Cause::Throttled | Cause::WindowFull => result::QUEUE_FULL,
            // There is no request to stop a message.
            Cause::Malformed | Cause::Gone => result::FORMAT,
        }
    }

    /// A message is known by its submit's sequence.
    fn id(_number: u64, head: &Head, _at: Stamp) -> Id {
        let mut id = Id::default();
        for (octets, number) in id.as_chunks_mut::<4>().0.iter_mut().zip(head.sequence) {
            *octets = number.to_be_bytes();
        }
        id
    }

    fn sequence(number: u32, at: Stamp) -> Sequence {
        let moment = [2, 4, 6, 8, 10].iter().fold(0, |moment, part| moment * 100 + at.two(*part));
        [NODE, moment, number]
    }

    fn answer_bind(&self, head: &Head, status: u32, _login: &Login<'_>, _behaviour: &Behaviour, out: &mut Vec<u8>) {
        self.answer(head, status, out);
    }

    fn answer_submit(
        &self,
        head: &Head,
        status: u32,
        _id: Id,
        _failed: &[(&str, u32)],
        _behaviour: &Behaviour,
        out: &mut Vec<u8>,
    ) {
        self.answer(head, status, out);
    }

    fn answer(&self, head: &Head, status: u32, out: &mut Vec<u8>) {
        put(out, head.command | command::RESPONSE, head.sequence, |out| {
            if head.command != command::UNBIND {
                put_result(out, status);
            }
        });
    }

    /// SGIP has no general refusal.
    fn nack(&self, _head: &Head, _status: u32, _out: &mut Vec<u8>) {}

    fn deliver(
        &self,
        sequence: Sequence,
        delivery: &Delivery,
        _behaviour: &Behaviour,
        _done: Stamp,
        out: &mut Vec<u8>,
    ) {
        match delivery {
            Delivery::Receipt(receipt) => put(out, command::REPORT, sequence, |out| put_report(out, receipt)),
            Delivery::Said(said) => put(out, command::DELIVER, sequence, |out| put_said(out, said)),
        }
    }

    /// SGIP does not ask whether a link is alive.
    fn test(&self, _sequence: Sequence, _out: &mut Vec<u8>) -> bool {
        false
    }

    fn call(&self, sequence: Sequence, behaviour: &Behaviour, out: &mut Vec<u8>) {
        put(out, command::BIND, sequence, |out| {
            out.push(2);
            put_padded(out, &behaviour.account, 16);
            put_padded(out, &behaviour.password, 16);
            put_padded(out, "", 8);
        });
    }
}

/// This gateway's node number.
const NODE: u32 = 1_025_000_001;

fn read_bind(mut fields: Fields<'_>) -> Result<Asked<'_>, Fault> {
    let short = |Short| Fault::Answer(result::FORMAT);
    // Login Type 1 is a client's; 2 would be another gateway.
    if fields.u8().map_err(short)? != 1 {
        return Err(Fault::Answer(result::LOGIN_TYPE));
    }
    let account = fields.padded(16).map_err(short)?;
    let password = fields.padded(16).map_err(short)?;
    fields.octets(8).map_err(short)?;
    Ok(Asked::Bind(Login { account, proof: Proof::Password(password), sends: true, receives: false }))
}

fn put_result(out: &mut Vec<u8>, status: u32) {
    out.push(u8::try_from(status).unwrap_or(u8::MAX));
    put_padded(out, "", 8);
}

fn put_report(out: &mut Vec<u8>, receipt: &Receipt) {
    let state = match receipt.outcome.state {
        State::Delivered => 0,
        State::Enroute | State::Accepted => 1,
        _ => 2,
    };
    out.extend(receipt.id);
    // ReportType 0: about a submit.
    out.push(0);
    put_padded(out, &receipt.to, 21);
    out.push(state);
    put_result(out, receipt.outcome.error);
}

fn put_said(out: &mut Vec<u8>, said: &Said) {
    let header = said.part.map(header);
    let header = header.as_ref().map_or(&[][..], |header| header);
    put_padded(out, &said.from, 21);
    put_padded(out, &said.to, 21);
    out.extend([0, u8::from(said.part.is_some()), coding(said.alphabet)]);
    put_u32(out, u32::try_from(header.len() + said.octets.len()).unwrap_or(u32::MAX));
    out.extend_from_slice(header);
    out.extend_from_slice(&said.octets);
    put_padded(out, "", 8);
}

/// Appends a frame.
fn put(out: &mut Vec<u8>, command: u32, sequence: Sequence, body: impl FnOnce(&mut Vec<u8>)) {
    let start = out.len();
    for field in [0, command, sequence[0], sequence[1], sequence[2]] {
        put_u32(out, field);
    }
    body(out);
    close_frame(out, start);
}
