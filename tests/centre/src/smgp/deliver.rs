//! Writing Deliver: reports and what people said.

use crate::{
    behaviour::State,
    calendar::Stamp,
    carrier::coding,
    dialect::{Dialect, Head, Id, Receipt, Said, Sequence, header},
    wire::{put_padded, put_u16},
};

use super::{PK_NUMBER, PK_TOTAL, Smgp, TP_UDHI};

/// The state as text around an id that is ten octets, not digits.
pub(super) fn put_receipt(out: &mut Vec<u8>, receipt: &Receipt, sequence: Sequence, done: Stamp) {
    let outcome = &receipt.outcome;
    let word = outcome.word.as_deref().unwrap_or(outcome.state.word());
    let delivered = u8::from(outcome.state == State::Delivered);
    let mut content = b"id:".to_vec();
    content.extend_from_slice(&receipt.id[..10]);
    let (submitted, done) = (&receipt.submitted.text()[..10], &done.text()[..10]);
    let error = outcome.error % 1000;
    let state = format!(
        " sub:001 dlvrd:{delivered:03} submit date:{submitted} done date:{done} stat:{word:.7} err:{error:03} text:"
    );
    content.extend_from_slice(state.as_bytes());
    put_padded(&mut content, "", 20);
    // The delivery is a message of its own; its id names no submit.
    let id = Smgp::id(sequence[2].into(), &Head { command: 0, status: 0, sequence }, Stamp([b'0'; 12]));
    put_deliver(out, id, [1, 0], &format!("20{done}00"), [&receipt.to, &receipt.from], &[&content]);
}

pub(super) fn put_said(out: &mut Vec<u8>, said: &Said) {
    let header = said.part.map(header);
    let header = header.as_ref().map_or(&[][..], |header| header);
    let at = format!("20{}", said.at.text());
    put_deliver(out, said.id, [0, coding(said.alphabet)], &at, [&said.from, &said.to], &[header, &said.octets]);
    if let Some(part) = said.part {
        for (tag, value) in [(TP_UDHI, 1), (PK_TOTAL, part.total), (PK_NUMBER, part.number)] {
            put_u16(out, tag);
            put_u16(out, 1);
            out.push(value);
        }
    }
}

/// `kinds` are IsReport and MsgFormat; `numbers` are SrcTermID and DestTermID.
fn put_deliver(out: &mut Vec<u8>, id: Id, kinds: [u8; 2], at: &str, numbers: [&str; 2], content: &[&[u8]]) {
    out.extend_from_slice(&id[..10]);
    out.extend(kinds);
    put_padded(out, at, 14);
    numbers.iter().for_each(|number| put_padded(out, number, 21));
    let length: usize = content.iter().map(|part| part.len()).sum();
    out.push(u8::try_from(length).unwrap_or(u8::MAX));
    content.iter().for_each(|part| out.extend_from_slice(part));
    put_padded(out, "", 8);
}
