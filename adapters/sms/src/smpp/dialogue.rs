//! Who says what when.

use bytes::{BufMut, BytesMut};
use fenghuo_contract::{Address, Content, Reference};

use super::{
    MsgidFormat, Smpp, UDHI,
    pdu::{self, ANSWER, Header},
    report,
};
use crate::{
    Coding,
    protocol::{Ack, Answer, Event, Fragment, Malformed, Message, Protocol, Refusal, Role, Segment},
    text::{self, Plan},
};

/// Commands of requests other than the log-in, SMPP 5.0 §4.7.5.
pub(super) mod command {
    pub(super) const SUBMIT: u32 = 0x04;
    pub(super) const DELIVER: u32 = 0x05;
    pub(super) const UNBIND: u32 = 0x06;
    pub(super) const CANCEL: u32 = 0x08;
    pub(super) const OUTBIND: u32 = 0x0B;
    pub(super) const ENQUIRE_LINK: u32 = 0x15;
    pub(in crate::smpp) const SUBMIT_MULTI: u32 = 0x21;
    pub(super) const ALERT: u32 = 0x102;
    pub(in crate::smpp) const DATA: u32 = 0x103;
    pub(super) const GENERIC_NACK: u32 = 0x8000_0000;
}

/// `ESME_RINVCMDID`.
const UNKNOWN_COMMAND: u32 = 0x03;

/// `ESME_RX_T_APPN`: we could not take it for the moment, the peer is to repeat it.
const NOT_TAKEN: u32 = 0x64;

/// `ESME_RX_P_APPN`: we cannot take it, repeating it will not help.
const NOT_TAKEN_EVER: u32 = 0x65;

impl Protocol for Smpp {
    fn name(&self) -> &'static str {
        "smpp"
    }

    fn header(&self) -> usize {
        pdu::HEADER
    }

    fn sequence_max(&self) -> u32 {
        0x7FFF_FFFF
    }

    fn destinations_max(&self) -> usize {
        self.manner.destinations
    }

    fn destination(&self, address: &Address) -> Option<Box<str>> {
        let text = address.expose();
        let (digits, international) = match text.strip_prefix('+').or_else(|| text.strip_prefix("00")) {
            Some(digits) => (digits, true),
            None => (text, false),
        };
        let good = (3..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
        let code = if international { "" } else { &*self.manner.country_code };
        good.then(|| [code, digits].concat().into())
    }

    fn bind(&self, role: Role, sequence: u32, out: &mut BytesMut) {
        pdu::bind(&self.login, role, sequence, out);
    }

    fn bound(&self, request: &[u8], answer: &[u8]) -> Result<(), Refusal> {
        let ours = Header::read(request).map(|header| header.command | ANSWER);
        match Header::read(answer) {
            Some(header) if header.status != 0 => Err(self.refused("bind ", header.status)),
            Some(header) if Some(header.command) == ours => Ok(()),
            _ => Err(self.refused("bind ", UNKNOWN_COMMAND)),
        }
    }

    fn message(&self, plan: &Plan<'_>, content: &Content, reference: u16) -> Message {
        self.compose(plan, content, reference)
    }

    fn submit(&self, segment: &Segment, to: &[Box<str>], sequence: u32, out: &mut BytesMut) {
        let several = self.manner.destinations > 1;
        let numbers: usize = to.iter().map(|number| number.len() + 3 + usize::from(several)).sum();
        let body = segment.head.len() + usize::from(several) + numbers + segment.tail.len();
        let command = if several { command::SUBMIT_MULTI } else { command::SUBMIT };
        Header { command, status: 0, sequence }.write(body, out);
        out.put_slice(&segment.head);
        if several {
            out.put_u8(to.len() as u8);
        }
        for number in to {
            if several {
                // An address, not the name of a list.
                out.put_u8(1);
            }
            out.put_u8(self.manner.destination_ton);
            out.put_u8(self.manner.destination_npi);
            out.put_slice(number.as_bytes());
            out.put_u8(0);
        }
        out.put_slice(&segment.tail);
    }

    fn withdraws(&self) -> bool {
        // A submit to several is one message, and a name that was rewritten for receipts is not the centre's any more.
        self.manner.withdraw && self.manner.destinations == 1 && self.manner.msgid_format == MsgidFormat::AsIs
    }

    fn cancel(&self, reference: &Reference, to: &str, sequence: u32, out: &mut BytesMut) -> bool {
        pdu::cancel(&self.manner, reference.as_bytes(), to, sequence, out);
        true
    }

    fn keepalive(&self, sequence: u32, out: &mut BytesMut) -> bool {
        Header { command: command::ENQUIRE_LINK, status: 0, sequence }.write(0, out);
        true
    }

    fn unbind(&self, sequence: u32, out: &mut BytesMut) {
        Header { command: command::UNBIND, status: 0, sequence }.write(0, out);
    }

    fn read(&self, frame: &[u8]) -> Result<Event, Malformed> {
        let header = Header::read(frame).ok_or(Malformed("a frame without a header"))?;
        let Header { command, status, sequence } = header;
        Ok(match command {
            command::DELIVER | command::DATA => self.delivered(frame, header),
            command::ENQUIRE_LINK => Event::Asked(answer(header, 0)),
            command::UNBIND => Event::Leaving(answer(header, 0)),
            command::ALERT | command::OUTBIND => Event::Ignored,
            command if command & ANSWER == 0 => {
                Event::Asked(answer(Header { command: command::GENERIC_NACK, ..header }, UNKNOWN_COMMAND))
            }
            command::GENERIC_NACK => {
                Event::Answered { sequence, answer: Answer::Refused(status.max(1)), congestion: None }
            }
            command => match command & !ANSWER {
                command::SUBMIT | command::SUBMIT_MULTI | command::CANCEL | command::DATA => {
                    self.answered(frame, header)
                }
                command::ENQUIRE_LINK => Event::Alive { sequence },
                command::UNBIND => Event::Left,
                _ => Event::Ignored,
            },
        })
    }

    fn acknowledge(&self, ack: &Ack, taken: bool, out: &mut BytesMut) {
        let header = Header { command: ack.command, status: 0, sequence: ack.sequence };
        put_answer(header, if taken { 0 } else { NOT_TAKEN }, out);
    }

    fn refusal(&self, status: u32) -> Refusal {
        self.refused("", status)
    }
}

impl Smpp {
    fn refused(&self, stage: &str, status: u32) -> Refusal {
        let name = format!("0x{status:02X}");
        Refusal::by(&self.codes, &[&format!("{stage}{name}"), &name])
    }

    fn answered(&self, frame: &[u8], Header { command, status, sequence }: Header) -> Event {
        let pdu::Submitted { id, congestion, left_out } = pdu::submitted(frame, command);
        let id =
            (!id.is_empty()).then(|| Reference::new(report::id(&id, self.manner.msgid_format, report::Side::Answer)));
        let answer = match (status, left_out.is_empty()) {
            (0, true) => Answer::Taken(id),
            (0, false) => Answer::Partly(id, left_out),
            (status, _) => Answer::Refused(status),
        };
        Event::Answered { sequence, answer, congestion }
    }

    fn delivered(&self, frame: &[u8], header: Header) -> Event {
        let Some(delivered) = pdu::delivered(frame, header.command) else {
            tracing::warn!(command = header.command, "what the message centre delivered cannot be read");
            return Event::Asked(answer(header, NOT_TAKEN_EVER));
        };
        let ack = Ack { command: header.command, sequence: header.sequence, ..Ack::default() };
        match report::of(&delivered, &self.manner, &self.codes) {
            Some(report) => Event::Report(report, ack),
            None if report::is_word_of_the_centre(delivered.esm_class) => Event::Asked(answer(header, 0)),
            None => Event::Fragment(self.fragment(&delivered), ack),
        }
    }

    fn fragment(&self, delivered: &pdu::Delivered<'_>) -> Fragment {
        let (mut place, mut data, mut header) = (delivered.place, delivered.body, 0);
        if delivered.esm_class & UDHI != 0
            && let Some((stands, length)) = text::header::read(data)
        {
            (place, data, header) = (stands.or(place), &data[length..], length);
        }
        let coding = coding_of(delivered.data_coding);
        let text = match coding {
            Coding::Gsm7 if self.manner.packed => coding.read(&text::unpack(data, header)),
            coding => coding.read(data),
        };
        Fragment { from: delivered.source.into(), text, place, at: None }
    }
}

/// The answer to a request that needs nothing but its header; `deliver_sm_resp` and `data_sm_resp` have an empty message id.
fn put_answer(request: Header, status: u32, out: &mut BytesMut) {
    let body = usize::from(matches!(request.command, command::DELIVER | command::DATA));
    Header { command: request.command | ANSWER, status, ..request }.write(body, out);
    out.put_bytes(0, body);
}

fn answer(request: Header, status: u32) -> Box<[u8]> {
    let mut out = BytesMut::new();
    put_answer(request, status, &mut out);
    out[..].into()
}

/// What a `data_coding` says about the alphabet (SMPP 5.0 §4.7.7, 3GPP TS 23.038 §4).
fn coding_of(data_coding: u8) -> Coding {
    match data_coding {
        0x01 => Coding::Ascii,
        0x03 => Coding::Latin1,
        0x00..=0x3F if data_coding & 0x0C == 0x08 => Coding::Ucs2,
        0x02 | 0x04..=0x3F if data_coding & 0x0C == 0x04 => Coding::Latin1,
        0xF0..=0xFF if data_coding & 0x04 != 0 => Coding::Latin1,
        _ => Coding::Gsm7,
    }
}
