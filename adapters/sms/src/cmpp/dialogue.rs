//! CMPP as the links speak it.

use std::sync::Arc;

use bytes::BytesMut;
use fenghuo_contract::{Address, Cause, Class, CodeTable, Content, Reference};

use super::{
    codec::{Connect, Deliver, HEADER, Message as Frame, Pdu, SUBMIT, Submit, Taken, Version},
    login,
    report::Report as Status,
};
use crate::{
    Now, beijing,
    fixed::Writer,
    mainland::{self, Numbers, Part, fragment, national},
    protocol::{Ack, Answer, Event, Malformed, Message, Protocol, Refusal, Report, Role, Segment},
    settings::Long,
    text::Plan,
};

/// Numbers of one submit: "less than 100" (CMPP 3.0 §8.4.3.1).
const NUMBERS_MAX: usize = 99;

/// Result of a deliver's answer that makes the gateway repeat it: flow control.
const LATER: u32 = 8;

/// Result of the answer to a deliver that cannot be read: wrong structure.
const UNREADABLE: u32 = 1;

/// An account with a gateway.
pub(super) struct Dialogue {
    pub(super) version: Version,
    pub(super) sp_id: Box<str>,
    pub(super) secret: String,
    /// Whether the gateway must prove that it knows the secret.
    pub(super) verify: bool,
    /// What all submits have in common.
    pub(super) form: Submit,
    pub(super) long: Long,
    pub(super) validity_hours: u32,
    pub(super) codes: Arc<CodeTable>,
    pub(super) now: Now,
    pub(super) numbers: Numbers,
}

impl Dialogue {
    fn write(&self, sequence: u32, message: Frame, out: &mut BytesMut) {
        out.extend_from_slice(&Pdu { sequence, message }.encode(self.version));
    }

    fn answer(&self, sequence: u32, message: Frame) -> Box<[u8]> {
        Pdu { sequence, message }.encode(self.version).into()
    }

    fn delivered(&self, sequence: u32, deliver: Deliver) -> Event {
        let mut ack = Ack { sequence, ..Ack::default() };
        ack.echo[..8].copy_from_slice(&deliver.id);
        if deliver.registered_delivery == 0 {
            let text = fragment(deliver.number, deliver.udhi != 0, deliver.format, &deliver.content);
            return Event::Fragment(text, ack);
        }
        match Status::decode(&deliver.content) {
            Ok(status) => Event::Report(self.report(status, deliver.number), ack),
            Err(fault) => {
                tracing::warn!(protocol = self.name(), %fault, "a report cannot be read");
                let taken = Taken { id: deliver.id, result: UNREADABLE };
                Event::Asked(self.answer(sequence, Frame::DeliverResp(taken)))
            }
        }
    }

    /// A gateway that leaves Dest_terminal_Id empty says in Src_terminal_Id whom the report is about.
    fn report(&self, status: Status, from: Box<str>) -> Report {
        Report {
            id: Reference::new(status.id),
            state: mainland::state(&self.codes, &status.stat),
            at: beijing::moment(&status.done),
            to: if status.number.is_empty() { from } else { status.number },
        }
    }

    /// A gateway that speaks the other version answers in the width of that one.
    fn decode_any(&self, bytes: &[u8]) -> Option<Frame> {
        let versions = [self.version, Version::V20, Version::V30];
        versions.into_iter().find_map(|version| Pdu::decode(version, bytes).ok()).map(|pdu| pdu.message)
    }
}

impl Protocol for Dialogue {
    fn name(&self) -> &'static str {
        "cmpp"
    }

    fn header(&self) -> usize {
        HEADER
    }

    fn first_sequence(&self) -> u32 {
        self.numbers.next()
    }

    fn destinations_max(&self) -> usize {
        NUMBERS_MAX
    }

    fn destination(&self, address: &Address) -> Option<Box<str>> {
        national(address.expose()).map(Box::from)
    }

    fn bind(&self, _role: Role, sequence: u32, out: &mut BytesMut) {
        let timestamp = beijing::stamp((self.now)());
        let authenticator = login::source(&self.sp_id, &self.secret, timestamp);
        let version = self.version.number();
        let connect = Connect { source: self.sp_id.clone(), authenticator, version, timestamp };
        self.write(sequence, Frame::Connect(connect), out);
    }

    fn bound(&self, request: &[u8], answer: &[u8]) -> Result<(), Refusal> {
        let refused = |code, text| Refusal { class: Class::Misconfigured, cause: Cause::new(code, text) };
        let (Some(Frame::Connect(ours)), Some(Frame::ConnectResp(theirs))) =
            (self.decode_any(request), self.decode_any(answer))
        else {
            return Err(refused("LOGIN", "the answer to the log-in is none"));
        };
        if theirs.status != 0 {
            return Err(Refusal::by(&self.codes, &[&format!("connect {}", theirs.status)]));
        }
        if self.verify && !login::proves(&theirs, &ours.authenticator, &self.secret) {
            return Err(refused("AUTHENTICATOR", "the gateway does not prove that it knows the secret"));
        }
        Ok(())
    }

    fn message(&self, plan: &Plan<'_>, content: &Content, reference: u16) -> Message {
        let mut submit = Submit {
            level: mainland::priority(content.urgency, 9),
            format: mainland::format(plan.coding),
            valid_until: mainland::valid_until(content, (self.now)(), self.validity_hours),
            ..self.form.clone()
        };
        let segment = |part: Part| {
            (submit.parts, submit.part, submit.udhi) = (part.total, part.number, part.udhi());
            submit.content = part.content;
            let (mut head, mut tail) = (Writer::fields(), Writer::fields());
            submit.head(self.version, &mut head);
            submit.tail(self.version, &mut tail);
            Segment { head: head.into_bytes().into(), tail: tail.into_bytes().into() }
        };
        Message { segments: mainland::parts(plan, self.long, reference).map(segment).collect() }
    }

    fn submit(&self, segment: &Segment, to: &[Box<str>], sequence: u32, out: &mut BytesMut) {
        let header = [SUBMIT.to_be_bytes(), sequence.to_be_bytes()].concat();
        mainland::submit(&header, segment, to, self.version.number_width(), out);
    }

    fn keepalive(&self, sequence: u32, out: &mut BytesMut) -> bool {
        self.write(sequence, Frame::ActiveTest, out);
        true
    }

    fn unbind(&self, sequence: u32, out: &mut BytesMut) {
        self.write(sequence, Frame::Terminate, out);
    }

    fn read(&self, frame: &[u8]) -> Result<Event, Malformed> {
        let Pdu { sequence, message } = Pdu::decode(self.version, frame)?;
        Ok(match message {
            Frame::SubmitResp(Taken { id, result }) => {
                let answer =
                    if result == 0 { Answer::Taken(Some(Reference::new(id))) } else { Answer::Refused(result) };
                Event::Answered { sequence, answer, congestion: None }
            }
            Frame::Deliver(deliver) => self.delivered(sequence, *deliver),
            Frame::ActiveTest => Event::Asked(self.answer(sequence, Frame::ActiveTestResp)),
            Frame::ActiveTestResp => Event::Alive { sequence },
            Frame::Terminate => Event::Leaving(self.answer(sequence, Frame::TerminateResp)),
            Frame::TerminateResp => Event::Left,
            Frame::Connect(_) | Frame::ConnectResp(_) | Frame::Submit(_) | Frame::DeliverResp(_) | Frame::Other(_) => {
                Event::Ignored
            }
        })
    }

    fn acknowledge(&self, ack: &Ack, taken: bool, out: &mut BytesMut) {
        let mut id = [0; 8];
        id.copy_from_slice(&ack.echo[..8]);
        let result = if taken { 0 } else { LATER };
        self.write(ack.sequence, Frame::DeliverResp(Taken { id, result }), out);
    }

    fn refusal(&self, status: u32) -> Refusal {
        Refusal::by(&self.codes, &[&format!("submit {status}")])
    }
}

#[cfg(test)]
mod tests;
