//! Writing deliver_sm: receipts and what people said.

use crate::{
    alphabet::Alphabet,
    behaviour::{Behaviour, Form, State},
    calendar::Stamp,
    dialect::{Receipt, Said, header},
    wire::put_terminated,
};

use super::{put_id, tlv};

/// The fields of deliver_sm up to the message.
fn put_deliver_head(out: &mut Vec<u8>, from: &str, to: &str, esm_class: u8, coding: u8) {
    out.extend([0, 1, 1]);
    put_terminated(out, from.trim_start_matches('+'));
    out.extend([0, 1]);
    put_terminated(out, to);
    // esm_class, protocol_id, priority, schedule, validity, registered_delivery, replace, data_coding, default message.
    out.extend([esm_class, 0, 0, 0, 0, 0, 0, coding, 0]);
}

pub(super) fn put_receipt(out: &mut Vec<u8>, receipt: &Receipt, behaviour: &Behaviour, done: Stamp) {
    let (outcome, receipts) = (&receipt.outcome, &behaviour.receipts);
    let esm_class = if outcome.state == State::Enroute { 0x20 } else { 0x04 };
    put_deliver_head(out, &receipt.to, &receipt.from, esm_class, 0);
    let length = out.len();
    out.push(0);
    if receipts.form != Form::Tlv {
        let delivered = if outcome.state == State::Delivered { "001" } else { "000" };
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

pub(super) fn put_said(out: &mut Vec<u8>, said: &Said) {
    let coding = if said.alphabet == Alphabet::Ucs2 { 8 } else { 0 };
    put_deliver_head(out, &said.from, &said.to, if said.part.is_some() { 0x40 } else { 0 }, coding);
    let header = said.part.map(header);
    let header = header.as_ref().map_or(&[][..], |header| header);
    out.push(u8::try_from(header.len() + said.octets.len()).unwrap_or(u8::MAX));
    out.extend_from_slice(header);
    out.extend_from_slice(&said.octets);
}
