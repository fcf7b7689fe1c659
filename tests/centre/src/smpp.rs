//! SMPP 3.4 and 5.0, the SMSC's side.

#[cfg(test)]
mod tests;
mod tlv;

use crate::{
    alphabet::Alphabet,
    behaviour::{Behaviour, Form, Radix},
    calendar::Stamp,
    dialect::{
        Asked, Cause, Delivery, Dialect, Fault, Head, Id, Login, Part, Proof, Receipt, Said, Sequence, Submit, header,
        split_header,
    },
    wire::{Fields, Short, close_frame, is_number, is_time, put_terminated, put_u32},
};
use tlv::Tlvs;

mod command {
    pub(super) const BIND_RECEIVER: u32 = 0x01;
    pub(super) const BIND_TRANSMITTER: u32 = 0x02;
    pub(super) const QUERY: u32 = 0x03;
    pub(super) const SUBMIT: u32 = 0x04;
    pub(super) const DELIVER: u32 = 0x05;
    pub(super) const UNBIND: u32 = 0x06;
    pub(super) const REPLACE: u32 = 0x07;
    pub(super) const CANCEL: u32 = 0x08;
    pub(super) const BIND_TRANSCEIVER: u32 = 0x09;
    pub(super) const ENQUIRE_LINK: u32 = 0x15;
    pub(super) const SUBMIT_MULTI: u32 = 0x21;
    pub(super) const DATA: u32 = 0x103;
    pub(super) const BROADCAST: u32 = 0x111;
    pub(super) const RESPONSE: u32 = 0x8000_0000;
    pub(super) const GENERIC_NACK: u32 = 0x8000_0000;
}

mod status {
    pub(super) const INVMSGLEN: u32 = 0x01;
    pub(super) const INVCMDLEN: u32 = 0x02;
    pub(super) const INVCMDID: u32 = 0x03;
    pub(super) const INVBNDSTS: u32 = 0x04;
    pub(super) const ALYBND: u32 = 0x05;
    pub(super) const INVDSTADR: u32 = 0x0B;
    pub(super) const BINDFAIL: u32 = 0x0D;
    pub(super) const INVPASWD: u32 = 0x0E;
    pub(super) const INVSYSID: u32 = 0x0F;
    pub(super) const REPLACEFAIL: u32 = 0x13;
    pub(super) const INVNUMDESTS: u32 = 0x33;
    pub(super) const INVDESTFLAG: u32 = 0x40;
    pub(super) const INVESMCLASS: u32 = 0x43;
    pub(super) const THROTTLED: u32 = 0x58;
    pub(super) const INVSCHED: u32 = 0x61;
    pub(super) const INVEXPIRY: u32 = 0x62;
    pub(super) const QUERYFAIL: u32 = 0x67;
    pub(super) const INVOPTPARSTREAM: u32 = 0xC0;
    pub(super) const INVPARLEN: u32 = 0xC2;
    pub(super) const INVOPTPARAMVAL: u32 = 0xC4;
    pub(super) const INVDCS: u32 = 0x104;
    pub(super) const BCASTFAIL: u32 = 0x10D;
}

/// A link of an SMSC.
pub(crate) struct Smpp {
    /// interface_version of the client.
    version: u8,
}

impl Dialect for Smpp {
    const HEADER: usize = 16;
    const LONGEST: usize = 128 * 1024;

    const BASIC: Alphabet = Alphabet::Gsm7;

    fn new() -> Self {
        Self { version: 0 }
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
            command::CANCEL => read_cancel(fields).map_err(short),
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
        }
    }

    fn id(number: u64, _head: &Head, _at: Stamp) -> Id {
        let mut id = Id::default();
        id[..8].copy_from_slice(&number.to_be_bytes());
        id
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

/// An address with its type and plan.
fn address<'a>(fields: &mut Fields<'a>, most: usize) -> Result<&'a str, Short> {
    fields.octets(2)?;
    fields.terminated(most)
}

fn read_submit<'a>(mut fields: Fields<'a>, is_multi: bool) -> Result<Submit<'a>, Fault> {
    let short = |Short| Fault::Answer(status::INVPARLEN);
    fields.terminated(6).map_err(short)?;
    let from = address(&mut fields, 21).map_err(short)?;
    let to = if is_multi { destinations(&mut fields)? } else { vec![address(&mut fields, 21).map_err(short)?] };
    if to.iter().any(|number| !is_number(number)) {
        return Err(Fault::Answer(status::INVDSTADR));
    }
    let [esm_class, _protocol, priority] = fields.array().map_err(short)?;
    let schedule = fields.terminated(17).map_err(|Short| Fault::Answer(status::INVSCHED))?;
    let validity = fields.terminated(17).map_err(|Short| Fault::Answer(status::INVEXPIRY))?;
    time(schedule, status::INVSCHED)?;
    time(validity, status::INVEXPIRY)?;
    let [registered, _replace, coding, _default, length] = fields.array().map_err(short)?;
    let message = fields.octets(length.into()).map_err(|Short| Fault::Answer(status::INVMSGLEN))?;
    let tlvs = Tlvs::read(fields)?;
    let (octets, is_payload) = match tlvs.payload {
        Some(_) if !message.is_empty() => return Err(Fault::Answer(status::INVMSGLEN)),
        Some(payload) => (payload, true),
        None => (message, false),
    };
    compose(
        Submit { from, to, validity, priority, is_multi, ..plain(coding, registered)? },
        esm_class,
        octets,
        &tlvs,
        is_payload,
    )
}

fn read_data(mut fields: Fields<'_>) -> Result<Submit<'_>, Fault> {
    let short = |Short| Fault::Answer(status::INVPARLEN);
    fields.terminated(6).map_err(short)?;
    let from = address(&mut fields, 65).map_err(short)?;
    let to = address(&mut fields, 65).map_err(short)?;
    if !is_number(to) {
        return Err(Fault::Answer(status::INVDSTADR));
    }
    let [esm_class, registered, coding] = fields.array().map_err(short)?;
    let tlvs = Tlvs::read(fields)?;
    let octets = tlvs.payload.unwrap_or_default();
    compose(Submit { from, to: vec![to], ..plain(coding, registered)? }, esm_class, octets, &tlvs, true)
}

/// What data_coding and registered_delivery say.
fn plain<'a>(coding: u8, registered: u8) -> Result<Submit<'a>, Fault> {
    let (alphabet, flash) = alphabet(coding).ok_or(Fault::Answer(status::INVDCS))?;
    Ok(Submit {
        from: "",
        to: Vec::new(),
        coding,
        alphabet,
        flash,
        part: None,
        octets: &[],
        wants_receipt: registered & 3 == 1,
        wants_failures: registered & 3 == 2,
        validity: "",
        priority: 0,
        is_multi: false,
    })
}

/// Takes the header off a text and looks whether it fits into a message on the air.
fn compose<'a>(
    mut submit: Submit<'a>,
    esm_class: u8,
    octets: &'a [u8],
    tlvs: &Tlvs<'a>,
    is_payload: bool,
) -> Result<Submit<'a>, Fault> {
    let mut most = submit.alphabet.most_octets();
    (submit.part, submit.octets) = (tlvs.part()?, octets);
    if esm_class & 0x40 != 0 {
        (submit.part, submit.octets) = split_header(octets).ok_or(Fault::Answer(status::INVESMCLASS))?;
        let header = octets.len() - submit.octets.len();
        // Septets begin on a septet's border behind the header.
        most -= if most == 160 { (header * 8).div_ceil(7) } else { header };
    } else if submit.part.is_some() {
        // The centre turns SAR into a header of six octets.
        most -= if most == 160 { 7 } else { 6 };
    }
    if !is_payload && submit.octets.len() > most {
        return Err(Fault::Answer(status::INVMSGLEN));
    }
    Ok(submit)
}

/// The numbers of submit_multi; distribution lists are unknown here.
fn destinations<'a>(fields: &mut Fields<'a>) -> Result<Vec<&'a str>, Fault> {
    let count = fields.u8().map_err(|Short| Fault::Answer(status::INVNUMDESTS))?;
    if !(1..=254).contains(&count) {
        return Err(Fault::Answer(status::INVNUMDESTS));
    }
    let mut numbers = Vec::with_capacity(count.into());
    for _ in 0..count {
        if fields.u8() != Ok(1) {
            return Err(Fault::Answer(status::INVDESTFLAG));
        }
        numbers.push(address(fields, 21).map_err(|Short| Fault::Answer(status::INVDSTADR))?);
    }
    Ok(numbers)
}

/// Refuses what is no time.
fn time(text: &str, fault: u32) -> Result<(), Fault> {
    if is_time(text) { Ok(()) } else { Err(Fault::Answer(fault)) }
}

/// The alphabet of a data_coding, and whether it means flash.
fn alphabet(coding: u8) -> Option<(Alphabet, bool)> {
    let alphabet = match coding {
        0x00 | 0x10 | 0xF0 => Alphabet::Gsm7,
        0x01 => Alphabet::Ascii,
        0x03 => Alphabet::Latin1,
        0x02 | 0x04 | 0x14 | 0xF4 => Alphabet::Binary,
        0x08 | 0x18 => Alphabet::Ucs2,
        _ => return None,
    };
    Some((alphabet, matches!(coding, 0x10 | 0x14 | 0x18 | 0xF0 | 0xF4)))
}

fn read_cancel(mut fields: Fields<'_>) -> Result<Asked<'_>, Short> {
    fields.terminated(6)?;
    let id = fields.terminated(65)?;
    address(&mut fields, 21)?;
    let to = address(&mut fields, 21)?;
    let number = id.parse().or_else(|_| u64::from_str_radix(id, 16));
    let octets = number
        .ok()
        .map(|number| Smpp::id(number, &Head { command: 0, status: 0, sequence: [0; 3] }, Stamp([b'0'; 12])));
    Ok(Asked::Cancel(octets, to))
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

/// The fields of deliver_sm up to the message.
fn put_deliver_head(out: &mut Vec<u8>, from: &str, to: &str, esm_class: u8, coding: u8) {
    out.extend([0, 1, 1]);
    put_terminated(out, from.trim_start_matches('+'));
    out.extend([0, 1]);
    put_terminated(out, to);
    // esm_class, protocol_id, priority, schedule, validity, registered_delivery, replace, data_coding, default message.
    out.extend([esm_class, 0, 0, 0, 0, 0, 0, coding, 0]);
}

fn put_receipt(out: &mut Vec<u8>, receipt: &Receipt, behaviour: &Behaviour, done: Stamp) {
    let (outcome, receipts) = (&receipt.outcome, &behaviour.receipts);
    put_deliver_head(out, &receipt.to, &receipt.from, 0x04, 0);
    let length = out.len();
    out.push(0);
    if receipts.form != Form::Tlv {
        let delivered = if outcome.state as u8 == 2 { "001" } else { "000" };
        out.extend_from_slice(b"id:");
        put_id(out, receipt.id, receipts.receipt_ids);
        for text in [" sub:001 dlvrd:", delivered, " submit date:", &receipt.submitted.text()[..10]] {
            out.extend_from_slice(text.as_bytes());
        }
        let word = outcome.word.as_deref().unwrap_or(outcome.state.word());
        let error = format!("{:03}", outcome.error);
        for text in [" done date:", &done.text()[..10], " stat:", word, " err:", &error, " text:"] {
            out.extend_from_slice(text.as_bytes());
        }
        out[length] = u8::try_from(out.len() - length - 1).unwrap_or(u8::MAX);
    }
    if receipts.form != Form::Text {
        let start = out.len() + 4;
        tlv::put(out, tlv::RECEIPTED_MESSAGE_ID, &[]);
        put_id(out, receipt.id, receipts.receipt_ids);
        out.push(0);
        let length = u16::try_from(out.len() - start).unwrap_or(u16::MAX);
        out[start - 2..start].copy_from_slice(&length.to_be_bytes());
        tlv::put(out, tlv::MESSAGE_STATE, &[outcome.state as u8]);
        let [.., high, low] = outcome.error.to_be_bytes();
        tlv::put(out, tlv::NETWORK_ERROR_CODE, &[3, high, low]);
    }
}

fn put_said(out: &mut Vec<u8>, said: &Said) {
    let coding = if said.alphabet == Alphabet::Ucs2 { 8 } else { 0 };
    put_deliver_head(out, &said.from, &said.to, if said.part.is_some() { 0x40 } else { 0 }, coding);
    let header = said.part.map(header);
    let header = header.as_ref().map_or(&[][..], |header| header);
    out.push(u8::try_from(header.len() + said.octets.len()).unwrap_or(u8::MAX));
    out.extend_from_slice(header);
    out.extend_from_slice(&said.octets);
}

impl Tlvs<'_> {
    /// A segment's place by SAR.
    fn part(&self) -> Result<Option<Part>, Fault> {
        match (self.reference, self.total, self.number) {
            (Some(reference), Some(total), Some(number)) if (1..=total).contains(&number) => {
                Ok(Some(Part { reference, total, number }))
            }
            (None, None, None) => Ok(None),
            _ => Err(Fault::Answer(status::INVOPTPARAMVAL)),
        }
    }
}
