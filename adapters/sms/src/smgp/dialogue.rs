//! SMGP as the links speak it.

use std::sync::Arc;

use bytes::BytesMut;
use fenghuo_contract::{Address, Cause, Class, CodeTable, Content, Reference};

use super::{
    codec::{self, Deliver, HEADER, Login, Message as Frame, NUMBER, Pdu, SUBMIT, Submit, Taken},
    login,
    report::Report as Status,
};
use crate::{
    Now, beijing,
    fixed::Writer,
    mainland::{self, Numbers, Part, fragment, national},
    protocol::{Ack, Answer, Event, Malformed, Message, Protocol, Refusal, Report, Role, Segment, State},
    settings::Long,
    text::Plan,
};

/// Numbers of one submit (SMGP 3.0.3 §6.2.3.1).
const NUMBERS_MAX: usize = 100;

/// Status of a deliver's answer that makes the gateway repeat it: busy.
const LATER: u32 = 1;

/// Status of the answer to a deliver that cannot be read: wrong structure.
const UNREADABLE: u32 = 10;

/// The error code of a report that names none.
const NO_ERROR: &str = "000";

/// An account with a gateway.
pub(super) struct Dialogue {
    pub(super) client: Box<str>,
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
    fn delivered(&self, sequence: u32, deliver: Deliver) -> Event {
        let mut ack = Ack { sequence, ..Ack::default() };
        ack.echo[..10].copy_from_slice(&deliver.id);
        if deliver.is_report == 0 {
            let mut text = fragment(deliver.number, deliver.udhi, deliver.format, &deliver.content);
            text.at = deliver.received.get(2..).and_then(beijing::moment);
            return Event::Fragment(text, ack);
        }
        match Status::decode(&deliver.content) {
            Ok(status) => Event::Report(self.report(&status, self.about(deliver)), ack),
            Err(fault) => {
                tracing::warn!(protocol = self.name(), %fault, "a report cannot be read");
                let taken = Taken { id: deliver.id, status: UNREADABLE };
                Event::Asked(answer(sequence, Frame::DeliverResp(taken)))
            }
        }
    }

    /// Whom a report is about. By the specification that is SrcTermID; some gateways repeat the fields of the submit, in which
    /// that is us.
    fn about(&self, deliver: Deliver) -> Box<str> {
        if deliver.number.starts_with(&*self.form.sender) { deliver.receiver } else { deliver.number }
    }

    fn report(&self, status: &Status, to: Box<str>) -> Report {
        let state = mainland::state(&self.codes, &status.stat);
        Report {
            id: Reference::new(status.id),
            to,
            state: if let State::Failed(cause) = state { State::Failed(self.because(status, cause)) } else { state },
            at: beijing::moment(&status.done),
        }
    }

    /// The error code says more than the state, where there is one: `UNDELIV 004`.
    fn because(&self, status: &Status, cause: Cause) -> Cause {
        if status.error.is_empty() || &*status.error == NO_ERROR {
            return cause;
        }
        let meaning = self.codes.find(&format!("report {}", status.error));
        let text = meaning.map_or(&*cause.text, |meaning| &*meaning.en);
        Cause::new(&format!("{} {}", status.stat, status.error), text)
    }
}

impl Protocol for Dialogue {
    fn name(&self) -> &'static str {
        "smgp"
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

    fn bind(&self, role: Role, sequence: u32, out: &mut BytesMut) {
        let timestamp = beijing::stamp((self.now)());
        let mode = match role {
            Role::Transmitter => 0,
            Role::Receiver => 1,
            Role::Transceiver => 2,
        };
        let authenticator = login::client(&self.client, &self.secret, timestamp);
        let login = Login { client: self.client.clone(), authenticator, mode, timestamp, version: codec::VERSION };
        write(sequence, Frame::Login(login), out);
    }

    fn bound(&self, request: &[u8], answer: &[u8]) -> Result<(), Refusal> {
        let refused = |code, text| Refusal { class: Class::Misconfigured, cause: Cause::new(code, text) };
        let message = |bytes| Pdu::decode(bytes).map(|pdu| pdu.message);
        let (Ok(Frame::Login(ours)), Ok(Frame::LoginResp(theirs))) = (message(request), message(answer)) else {
            return Err(refused("LOGIN", "the answer to the log-in is none"));
        };
        if theirs.status != 0 {
            return Err(self.refusal(theirs.status));
        }
        if self.verify && !login::proves(&theirs, &ours.authenticator, &self.secret) {
            return Err(refused("AUTHENTICATOR", "the gateway does not prove that it knows the secret"));
        }
        Ok(())
    }

    fn message(&self, plan: &Plan<'_>, content: &Content, reference: u16) -> Message {
        let mut submit = Submit {
            priority: mainland::priority(content.urgency, 3),
            format: mainland::format(plan.coding),
            valid_until: mainland::valid_until(content, (self.now)(), self.validity_hours),
            ..self.form.clone()
        };
        let segment = |part: Part| {
            let several = part.total > 1;
            submit.part = several.then_some(codec::Part { total: part.total, number: part.number });
            submit.content = part.content;
            let (mut head, mut tail) = (Writer::fields(), Writer::fields());
            submit.head(&mut head);
            submit.tail(&mut tail);
            Segment { head: head.into_bytes().into(), tail: tail.into_bytes().into() }
        };
        Message { segments: mainland::parts(plan, self.long, reference).map(segment).collect() }
    }

    fn submit(&self, segment: &Segment, to: &[Box<str>], sequence: u32, out: &mut BytesMut) {
        let header = [SUBMIT.to_be_bytes(), sequence.to_be_bytes()].concat();
        mainland::submit(&header, segment, to, NUMBER, out);
    }

    fn keepalive(&self, sequence: u32, out: &mut BytesMut) -> bool {
        write(sequence, Frame::ActiveTest, out);
        true
    }

    fn unbind(&self, sequence: u32, out: &mut BytesMut) {
        write(sequence, Frame::Exit, out);
    }

    fn read(&self, frame: &[u8]) -> Result<Event, Malformed> {
        let Pdu { sequence, message } = Pdu::decode(frame)?;
        Ok(match message {
            Frame::SubmitResp(Taken { id, status }) => {
                let answer =
                    if status == 0 { Answer::Taken(Some(Reference::new(id))) } else { Answer::Refused(status) };
                Event::Answered { sequence, answer, congestion: None }
            }
            Frame::Deliver(deliver) => self.delivered(sequence, *deliver),
            Frame::ActiveTest => Event::Asked(answer(sequence, Frame::ActiveTestResp)),
            Frame::ActiveTestResp => Event::Alive { sequence },
            Frame::Exit => Event::Leaving(answer(sequence, Frame::ExitResp)),
            Frame::ExitResp => Event::Left,
            Frame::Login(_) | Frame::LoginResp(_) | Frame::Submit(_) | Frame::DeliverResp(_) | Frame::Other(_) => {
                Event::Ignored
            }
        })
    }

    fn acknowledge(&self, ack: &Ack, taken: bool, out: &mut BytesMut) {
        let mut id = [0; 10];
        id.copy_from_slice(&ack.echo[..10]);
        let status = if taken { 0 } else { LATER };
        write(ack.sequence, Frame::DeliverResp(Taken { id, status }), out);
    }

    fn refusal(&self, status: u32) -> Refusal {
        Refusal::by(&self.codes, &[&status.to_string()])
    }
}

fn write(sequence: u32, message: Frame, out: &mut BytesMut) {
    out.extend_from_slice(&Pdu { sequence, message }.encode());
}

fn answer(sequence: u32, message: Frame) -> Box<[u8]> {
    Pdu { sequence, message }.encode().into()
}

#[cfg(test)]
mod tests;
