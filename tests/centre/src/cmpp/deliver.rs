//! Writing DELIVER: reports and what people said.

use crate::{
    calendar::Stamp,
    carrier::coding,
    dialect::{Dialect, Head, Id, Receipt, Said, Sequence, header},
    wire::{put_padded, put_u32},
};

use super::Cmpp;

/// The fields of DELIVER before its content.
struct Deliver<'a> {
    id: Id,
    from: &'a str,
    to: &'a str,
    has_header: bool,
    coding: u8,
    is_report: bool,
}

impl Cmpp {
    pub(super) fn put_receipt(&self, out: &mut Vec<u8>, receipt: &Receipt, sequence: Sequence, done: Stamp) {
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
        let (from, to) = (&*receipt.to, &*receipt.from);
        let deliver = Deliver { id, from, to, has_header: false, coding: 0, is_report: true };
        self.put_deliver(out, &deliver, &[&content]);
    }

    pub(super) fn put_said(&self, out: &mut Vec<u8>, said: &Said) {
        let header = said.part.map(header);
        let header = header.as_ref().map_or(&[][..], |header| header);
        let (id, from, to, has_header) = (said.id, &*said.from, &*said.to, said.part.is_some());
        let deliver = Deliver { id, from, to, has_header, coding: coding(said.alphabet), is_report: false };
        self.put_deliver(out, &deliver, &[header, &said.octets]);
    }

    fn put_deliver(&self, out: &mut Vec<u8>, deliver: &Deliver<'_>, content: &[&[u8]]) {
        out.extend_from_slice(&deliver.id[..8]);
        put_padded(out, deliver.to, 21);
        // Service_Id.
        put_padded(out, "", 10);
        out.extend([0, u8::from(deliver.has_header), deliver.coding]);
        put_padded(out, deliver.from, self.width());
        if self.is_3() {
            out.push(0);
        }
        out.push(u8::from(deliver.is_report));
        let length: usize = content.iter().map(|part| part.len()).sum();
        out.push(u8::try_from(length).unwrap_or(u8::MAX));
        content.iter().for_each(|part| out.extend_from_slice(part));
        // LinkID or Reserved.
        put_padded(out, "", if self.is_3() { 20 } else { 8 });
    }
}
