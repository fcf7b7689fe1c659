//! SMPP 3.4 and 5.0.
//!
//! - Transceivers, or transmitters and receivers in pairs; TLS on a port of its own, because the password travels in the
//!   clear.
//! - Segments of long messages by a header of 8 or 16 bits, by `sar_…` parameters, or left to the message centre with
//!   `message_payload`.
//! - An error may be answered with the bare header: the number alone says what it belongs to.
//! - Receipts by parameters (`receipted_message_id`, `message_state`, `network_error_code`) before the text of the
//!   appendix, on any connection of the account.
//! - Codes are in `config/codes/smpp.toml`; a route may have a file of its own.

mod pdu;
mod report;
mod settings;

#[cfg(test)]
mod tests;

use std::sync::{Arc, LazyLock};

use bytes::{BufMut, BytesMut};
use fenghuo_contract::{Address, CodeTable, Content, ReceiptSink, Reference, Urgency};
pub use settings::{Bind, MsgidFormat, Settings, Version};

use crate::{
    Coding, Long, Now, SettingsFault, Sms,
    adapter::Parts,
    protocol::{Ack, Answer, Event, Fragment, Malformed, Message, Place, Protocol, Refusal, Role, Segment},
    text::{self, Plan},
};
use pdu::{ANSWER, Header};

/// The table every route has.
static BUILT_IN: LazyLock<Arc<CodeTable>> = LazyLock::new(|| {
    let text = include_str!("../../../config/codes/smpp.toml");
    Arc::new(CodeTable::parse(text).expect("the built-in table is parsed by a test"))
});

/// Commands of requests other than the log-in, SMPP 5.0 §4.7.5.
mod command {
    pub(super) const SUBMIT: u32 = 0x04;
    pub(super) const DELIVER: u32 = 0x05;
    pub(super) const UNBIND: u32 = 0x06;
    pub(super) const CANCEL: u32 = 0x08;
    pub(super) const OUTBIND: u32 = 0x0B;
    pub(super) const ENQUIRE_LINK: u32 = 0x15;
    pub(super) const SUBMIT_MULTI: u32 = 0x21;
    pub(super) const ALERT: u32 = 0x102;
    pub(super) const DATA: u32 = 0x103;
    pub(super) const GENERIC_NACK: u32 = 0x8000_0000;
}

/// `ESME_RINVCMDID`.
const UNKNOWN_COMMAND: u32 = 0x03;

/// `ESME_RX_T_APPN`: we could not take it for the moment, the peer is to repeat it.
const NOT_TAKEN: u32 = 0x64;

/// `ESME_RX_P_APPN`: we cannot take it, repeating it will not help.
const NOT_TAKEN_EVER: u32 = 0x65;

/// Bits of `esm_class`: the user data begins with a header.
const UDHI: u8 = 0x40;

impl Sms {
    /// An adapter for one account at a message centre that speaks SMPP. Reads the password and the certificate authorities;
    /// opens no connection before the first submit or probe. Receipts and replies go to `sink`; `now` says how long a
    /// message has still to live; `seed` makes waits before reconnecting differ.
    ///
    /// # Errors
    /// [`SettingsFault`] lists everything that is wrong with the settings.
    pub fn smpp(settings: &Settings, sink: Arc<dyn ReceiptSink>, now: Now, seed: u64) -> Result<Self, SettingsFault> {
        let settings::Ready { protocol, line, roles, text } = settings.ready(now)?;
        let receipts = protocol.manner.receipts;
        let parts = Parts { protocol: Arc::new(protocol), line, roles, text, receipts };
        Ok(Self::assemble(parts, sink, seed))
    }
}

/// An account with its secret.
struct Login {
    system_id: String,
    password: String,
    system_type: String,
    version: u8,
}

/// How messages of a route are written.
#[derive(Debug)]
struct Manner {
    source: String,
    source_ton: u8,
    source_npi: u8,
    destination_ton: u8,
    destination_npi: u8,
    country_code: String,
    service_type: String,
    priority_max: u8,
    flash_red: bool,
    packed: bool,
    destinations: usize,
    receipts: bool,
    long: Long,
    msgid_format: MsgidFormat,
    utc_offset_minutes: i32,
}

/// The protocol with the settings of one route.
struct Smpp {
    login: Login,
    manner: Manner,
    codes: Arc<CodeTable>,
    now: Now,
}

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
        good.then(|| format!("{code}{digits}").into())
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
        let manner = &self.manner;
        let payload = manner.long == Long::Payload && plan.segments.len() > 1;
        let whole = [plan.whole()];
        let bodies = if payload { &whole[..] } else { &plan.segments };
        let total = u8::try_from(bodies.len()).unwrap_or(u8::MAX);
        let (data_coding, priority) = (self.data_coding(plan.coding, content.urgency), self.priority(content.urgency));
        let validity = (content.expires_at != 0).then(|| relative(content.expires_at - (self.now)()));
        let segments = (1..=total).zip(bodies).map(|(number, body)| {
            let header = if total > 1 { manner.long.header(reference, total, number) } else { Vec::new() };
            let sar = (total > 1 && manner.long == Long::Sar).then_some(Place { reference, total, number });
            let esm_class = if header.is_empty() { 0 } else { UDHI };
            let body = self.user_data(plan.coding, header, body);
            let validity = validity.clone();
            pdu::Submit { manner, esm_class, priority, validity, data_coding, body, sar, payload }.segment()
        });
        Message { segments: segments.collect() }
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

    fn cancel(&self, reference: &Reference, to: &str, sequence: u32, out: &mut BytesMut) -> bool {
        // A reference of a submit to several has the mark of its number behind a slash.
        let several = self.manner.destinations > 1;
        let bytes = reference.as_bytes();
        let end = if several { bytes.iter().rposition(|byte| *byte == b'/') } else { None };
        pdu::cancel(&self.manner, &bytes[..end.unwrap_or(bytes.len())], to, sequence, out);
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
        out.put_slice(&answer(header, if taken { 0 } else { NOT_TAKEN }));
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

    fn answered(&self, frame: &[u8], Header { status, sequence, .. }: Header) -> Event {
        let pdu::Submitted { id, congestion, left_out } =
            if frame.len() > pdu::HEADER { pdu::submitted(frame) } else { pdu::Submitted::default() };
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
        let Some(delivered) = pdu::delivered(frame) else {
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

    fn fragment(&self, delivered: &pdu::Delivered) -> Fragment {
        let (mut place, mut data, mut header) = (delivered.place, &*delivered.body, 0);
        if delivered.esm_class & UDHI != 0
            && let Some((stands, length)) = text::header::read(data)
        {
            (place, data, header) = (stands.or(place), &data[length..], length);
        }
        let coding = coding_of(delivered.data_coding);
        let text = match coding {
            Coding::Gsm7 if self.manner.packed => {
                let text = coding.read(&text::unpack(data, header));
                text.strip_suffix('@').map(str::to_owned).filter(|_| data.len() % 7 == 0).unwrap_or(text)
            }
            coding => coding.read(data),
        };
        Fragment { from: delivered.source.clone(), text, place, at: None }
    }

    fn user_data(&self, coding: Coding, mut header: Vec<u8>, body: &[u8]) -> Vec<u8> {
        if coding == Coding::Gsm7 && self.manner.packed {
            let packed = text::pack(body, header.len());
            header.extend(packed);
        } else {
            header.extend_from_slice(body);
        }
        header
    }

    /// 3GPP TS 23.038 §4: the coding group 0001 names a class, 0 = shown at once. Latin-1 is a number of SMPP's own and has
    /// no classes.
    fn data_coding(&self, coding: Coding, urgency: Urgency) -> u8 {
        let flash = self.manner.flash_red && urgency == Urgency::Highest;
        match coding {
            Coding::Gsm7 => u8::from(flash) << 4,
            Coding::Ascii => 0x01,
            Coding::Latin1 => 0x03,
            Coding::Ucs2 | Coding::Gbk => 0x08 | u8::from(flash) << 4,
        }
    }

    fn priority(&self, urgency: Urgency) -> u8 {
        let wanted = match urgency {
            Urgency::Unknown | Urgency::Low => 0,
            Urgency::Medium => 1,
            Urgency::High => 2,
            Urgency::Highest => 3,
        };
        wanted.min(self.manner.priority_max)
    }
}

/// The answer to a request that needs nothing but its header; `deliver_sm_resp` and `data_sm_resp` have an empty message id.
fn answer(request: Header, status: u32) -> Box<[u8]> {
    let body = usize::from(matches!(request.command, command::DELIVER | command::DATA));
    let mut out = BytesMut::with_capacity(pdu::HEADER + body);
    Header { command: request.command | ANSWER, status, ..request }.write(body, &mut out);
    out.put_bytes(0, body);
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

/// A relative time of SMPP 5.0 §4.7.23.2, never less than asked for: `YYMMDDhhmmss000R`. Months have 28 days at least, so
/// what is longer than a month is counted in months of that length.
fn relative(seconds: i64) -> String {
    let seconds = seconds.clamp(1, 99 * 12 * 28 * 86_400);
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    if days > 28 {
        let months = (days + 1).div_euclid(28) + 1;
        return format!("{:02}{:02}00000000000R", months / 12, months % 12);
    }
    format!("0000{days:02}{:02}{:02}{:02}000R", rest / 3600, rest / 60 % 60, rest % 60)
}
