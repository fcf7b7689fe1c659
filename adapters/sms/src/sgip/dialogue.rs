//! SGIP as the links speak it.

use std::sync::Arc;

use bytes::BytesMut;
use fenghuo_contract::{Address, Cause, Class, CodeTable, Content, Reference};
use subtle::ConstantTimeEq;

use super::codec::{
    Bind, DELIVER, HEADER, Message as Frame, NUMBER, Pdu, REPORT, Report as Status, SUBMIT, Sequence, Submit,
};
use crate::{
    Now, beijing,
    fixed::Writer,
    mainland::{self, Numbers, Part, fragment, international},
    protocol::{Ack, Answer, Event, Malformed, Message, Protocol, Refusal, Report, Role, Segment, State},
    settings::Long,
    text::Plan,
};

/// Numbers of one submit (SGIP 1.2 §4.2.3.1).
const NUMBERS_MAX: usize = 100;

/// Login Type of a connection that we open.
const WE: u8 = 1;

/// Login Type of a connection that the gateway opens.
const GATEWAY: u8 = 2;

/// Result: illegal log-in, wrong log-in type, node busy.
const ILLEGAL: u8 = 1;
const WRONG_TYPE: u8 = 4;
const LATER: u8 = 11;

/// The name and password of one side.
pub(super) struct Login {
    pub(super) name: Box<str>,
    pub(super) password: String,
}

/// An account with a gateway.
pub(super) struct Dialogue {
    pub(super) node: u32,
    /// How we log in.
    pub(super) ours: Login,
    /// How the gateway logs in to us.
    pub(super) theirs: Login,
    /// What all submits have in common.
    pub(super) form: Submit,
    pub(super) long: Long,
    pub(super) validity_hours: u32,
    pub(super) codes: Arc<CodeTable>,
    pub(super) now: Now,
    pub(super) numbers: Numbers,
}

impl Dialogue {
    fn write(&self, counter: u32, message: Frame, out: &mut BytesMut) {
        let sequence = self.sequence(counter);
        out.extend_from_slice(&Pdu { sequence, message }.encode());
    }

    fn sequence(&self, counter: u32) -> Sequence {
        Sequence { node: self.node, stamp: beijing::stamp((self.now)()), counter }
    }

    fn admit(&self, bind: &Bind) -> u8 {
        let same = |ours: &str, theirs: &str| bool::from(ours.as_bytes().ct_eq(theirs.as_bytes()));
        let known = same(&self.theirs.name, &bind.name) & same(&self.theirs.password, &bind.password);
        match bind.login_type {
            GATEWAY if known => 0,
            GATEWAY => ILLEGAL,
            _ => WRONG_TYPE,
        }
    }

    fn report(&self, status: Status) -> Report {
        let state = match status.state {
            0 => State::Delivered,
            1 => State::Pending,
            _ => State::Failed(self.because(status.error)),
        };
        Report { id: Reference::new(status.submit.bytes()), to: status.number, state, at: None }
    }

    /// Codes of reports have a row of their own where they mean something else than in answers.
    fn because(&self, error: u8) -> Cause {
        let Refusal { cause, .. } = Refusal::by(&self.codes, &[&format!("report {error}"), &error.to_string()]);
        Cause::new(&format!("report {error}"), &cause.text)
    }
}

impl Protocol for Dialogue {
    fn name(&self) -> &'static str {
        "sgip"
    }

    fn header(&self) -> usize {
        HEADER
    }

    fn on_demand(&self) -> bool {
        true
    }

    fn first_sequence(&self) -> u32 {
        self.numbers.next()
    }

    fn destinations_max(&self) -> usize {
        NUMBERS_MAX
    }

    fn destination(&self, address: &Address) -> Option<Box<str>> {
        international(address.expose()).map(Box::from)
    }

    fn bind(&self, _role: Role, sequence: u32, out: &mut BytesMut) {
        let Login { name, password } = &self.ours;
        let bind = Bind { login_type: WE, name: name.clone(), password: password.as_str().into() };
        self.write(sequence, Frame::Bind(bind), out);
    }

    fn bound(&self, _request: &[u8], answer: &[u8]) -> Result<(), Refusal> {
        match Pdu::decode(answer).map(|pdu| pdu.message) {
            Ok(Frame::BindResp(0)) => Ok(()),
            Ok(Frame::BindResp(result)) => Err(self.refusal(result.into())),
            _ => {
                let cause = Cause::new("LOGIN", "the answer to the log-in is none");
                Err(Refusal { class: Class::Misconfigured, cause })
            }
        }
    }

    fn message(&self, plan: &Plan<'_>, content: &Content, reference: u16) -> Message {
        let mut submit = Submit {
            priority: mainland::priority(content.urgency, 9),
            coding: mainland::format(plan.coding),
            expires: mainland::valid_until(content, (self.now)(), self.validity_hours),
            ..self.form.clone()
        };
        let segment = |part: Part| {
            (submit.udhi, submit.content) = (part.udhi(), part.content);
            let (mut head, mut tail) = (Writer::fields(), Writer::fields());
            submit.head(&mut head);
            submit.tail(&mut tail);
            Segment { head: head.into_bytes().into(), tail: tail.into_bytes().into() }
        };
        Message { segments: mainland::parts(plan, self.long, reference).map(segment).collect() }
    }

    fn submit(&self, segment: &Segment, to: &[Box<str>], sequence: u32, out: &mut BytesMut) {
        let header = [&SUBMIT.to_be_bytes()[..], &self.sequence(sequence).bytes()].concat();
        mainland::submit(&header, segment, to, NUMBER, out);
    }

    fn keepalive(&self, _sequence: u32, _out: &mut BytesMut) -> bool {
        false
    }

    fn unbind(&self, sequence: u32, out: &mut BytesMut) {
        self.write(sequence, Frame::Unbind, out);
    }

    fn read(&self, frame: &[u8]) -> Result<Event, Malformed> {
        let Pdu { sequence, message } = Pdu::decode(frame)?;
        let answer = |message| Pdu { sequence, message }.encode().into();
        let ack = |command| Ack { command, sequence: sequence.counter, echo: sequence.bytes() };
        Ok(match message {
            Frame::SubmitResp(result) => Event::Answered {
                sequence: sequence.counter,
                answer: match result {
                    0 => Answer::Taken(Some(Reference::new(sequence.bytes()))),
                    _ => Answer::Refused(result.into()),
                },
                congestion: None,
            },
            Frame::Bind(bind) => {
                let result = self.admit(&bind);
                Event::Login { granted: result == 0, answer: answer(Frame::BindResp(result)) }
            }
            Frame::Report(status) => Event::Report(self.report(status), ack(REPORT)),
            Frame::Deliver(deliver) => {
                let text = fragment(deliver.number, deliver.udhi != 0, deliver.coding, &deliver.content);
                Event::Fragment(text, ack(DELIVER))
            }
            Frame::Unbind => Event::Leaving(answer(Frame::UnbindResp)),
            Frame::UnbindResp => Event::Left,
            Frame::BindResp(_) | Frame::Submit(_) | Frame::DeliverResp(_) | Frame::ReportResp(_) | Frame::Other(_) => {
                Event::Ignored
            }
        })
    }

    fn acknowledge(&self, ack: &Ack, taken: bool, out: &mut BytesMut) {
        let result = if taken { 0 } else { LATER };
        let message = if ack.command == REPORT { Frame::ReportResp(result) } else { Frame::DeliverResp(result) };
        out.extend_from_slice(&Pdu { sequence: Sequence::of(ack.echo), message }.encode());
    }

    fn refusal(&self, status: u32) -> Refusal {
        Refusal::by(&self.codes, &[&status.to_string()])
    }
}

#[cfg(test)]
mod tests;
