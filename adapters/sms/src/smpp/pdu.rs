//! The codec: all that touches `rusmpp`, whose types move with every minor version. What there is one of for every message is
//! read in place instead ([`read`]).

use std::borrow::Cow;

use bytes::{BufMut, BytesMut};
use rusmpp::{
    Command, CommandStatus, Pdu,
    decode::DecodeWithLength,
    encode::{Length, owned::Encode},
    pdus::{BindReceiver, BindTransceiver, BindTransmitter, CancelSm, SubmitSm},
    tlvs::{MessageSubmissionRequestTlvValue as RequestTlv, Tlv, TlvValue},
    types::{AnyOctetString, COctetString, EmptyOrFullCOctetString, OctetString},
    values::{
        DataCoding, EsmClass, InterfaceVersion, MessagePayload, Npi, PriorityFlag, RegisteredDelivery, ServiceType, Ton,
    },
};

use super::{Login, Manner, dialogue::command};
use crate::protocol::{Place, Role, Segment};

mod read;

pub(super) use read::Delivered;

/// Bytes of a header: length, command, status, number.
pub(super) const HEADER: usize = 16;

/// The bit that makes an answer of a request.
pub(super) const ANSWER: u32 = 0x8000_0000;

/// What the header says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Header {
    pub(super) command: u32,
    pub(super) status: u32,
    pub(super) sequence: u32,
}

impl Header {
    pub(super) fn read(frame: &[u8]) -> Option<Self> {
        let word = |place: usize| frame.get(place..)?.first_chunk::<4>().map(|word| u32::from_be_bytes(*word));
        Some(Self { command: word(4)?, status: word(8)?, sequence: word(12)? })
    }

    /// Writes it with its length, for a body of `body` bytes.
    pub(super) fn write(self, body: usize, out: &mut BytesMut) {
        out.put_u32((HEADER + body) as u32);
        out.put_u32(self.command);
        out.put_u32(self.status);
        out.put_u32(self.sequence);
    }
}

/// Whether a text can stand in a field of so many characters.
pub(super) fn fits(text: &str, most: usize) -> bool {
    text.len() <= most && text.is_ascii() && !text.contains('\0')
}

/// Text for a field; one that cannot stand there becomes empty, which the settings do not let happen.
fn field<const MAX: usize>(text: &str) -> COctetString<1, MAX> {
    COctetString::from_string(text.to_owned()).unwrap_or_else(|_| COctetString::null())
}

pub(super) fn bind(login: &Login, role: Role, sequence: u32, out: &mut BytesMut) {
    let system_id = field(&login.system_id);
    let (password, system_type) = (field(&login.password), field(&login.system_type));
    let version = InterfaceVersion::from(login.version);
    let (ton, npi, range) = (Ton::Unknown, Npi::Unknown, COctetString::null());
    let pdu: Pdu = match role {
        Role::Transmitter => BindTransmitter::new(system_id, password, system_type, version, ton, npi, range).into(),
        Role::Receiver => BindReceiver::new(system_id, password, system_type, version, ton, npi, range).into(),
        Role::Transceiver => BindTransceiver::new(system_id, password, system_type, version, ton, npi, range).into(),
    };
    write(sequence, pdu, out);
}

fn write(sequence: u32, pdu: Pdu, out: &mut BytesMut) {
    let command = Command::new(CommandStatus::EsmeRok, sequence, pdu);
    out.put_u32((4 + command.length()) as u32);
    command.encode(out);
}

/// What the submits of a segment have in common.
pub(super) struct Submit<'a> {
    pub(super) manner: &'a Manner,
    pub(super) esm_class: u8,
    pub(super) priority: u8,
    pub(super) validity: Option<String>,
    pub(super) data_coding: u8,
    pub(super) body: Vec<u8>,
    /// Which part it is, where parameters say so.
    pub(super) sar: Option<Place>,
    /// Whether the body goes as `message_payload`.
    pub(super) payload: bool,
}

impl Submit<'_> {
    /// The bytes around the destination.
    pub(super) fn segment(self) -> Segment {
        let manner = self.manner;
        let mut tlvs = Vec::new();
        if let Some(Place { reference, total, number }) = self.sar {
            tlvs.push(RequestTlv::SarMsgRefNum(reference));
            tlvs.push(RequestTlv::SarTotalSegments(total));
            tlvs.push(RequestTlv::SarSegmentSeqnum(number));
        }
        let mut short_message = OctetString::empty();
        if self.payload {
            tlvs.push(RequestTlv::MessagePayload(MessagePayload::new(AnyOctetString::from_vec(self.body))));
        } else {
            short_message = OctetString::from_vec(self.body).unwrap_or_else(|_| OctetString::empty());
        }
        let validity = self.validity.and_then(|time| EmptyOrFullCOctetString::from_string(time).ok());
        let submit = SubmitSm::builder()
            .service_type(ServiceType::new(field(&manner.service_type)))
            .source_addr_ton(Ton::from(manner.source_ton))
            .source_addr_npi(Npi::from(manner.source_npi))
            .source_addr(field(&manner.source))
            .esm_class(EsmClass::from(self.esm_class))
            .priority_flag(PriorityFlag::from(self.priority))
            .validity_period(validity.unwrap_or_else(EmptyOrFullCOctetString::null))
            .registered_delivery(RegisteredDelivery::from(u8::from(manner.receipts)))
            .data_coding(DataCoding::from(self.data_coding))
            .short_message(short_message)
            .tlvs(tlvs)
            .build();
        let mut bytes = BytesMut::with_capacity(submit.length());
        submit.encode(&mut bytes);
        // Service type and source end with a zero each; ton, npi and an empty number stand between head and tail.
        let head = manner.service_type.len() + 1 + 2 + manner.source.len() + 1;
        Segment { head: bytes[..head].into(), tail: bytes[head + 3..].into() }
    }
}

pub(super) fn cancel(manner: &Manner, id: &[u8], to: &str, sequence: u32, out: &mut BytesMut) {
    let cancel = CancelSm::builder()
        .service_type(ServiceType::new(field(&manner.service_type)))
        .message_id(field(&String::from_utf8_lossy(id)))
        .source_addr_ton(Ton::from(manner.source_ton))
        .source_addr_npi(Npi::from(manner.source_npi))
        .source_addr(field(&manner.source))
        .dest_addr_ton(Ton::from(manner.destination_ton))
        .dest_addr_npi(Npi::from(manner.destination_npi))
        .destination_addr(field(to))
        .build();
    write(sequence, cancel.into(), out);
}

/// The answer to a submit, as far as it can be read.
#[derive(Debug, Default)]
pub(super) struct Submitted<'a> {
    pub(super) id: Cow<'a, [u8]>,
    pub(super) congestion: Option<u8>,
    /// Numbers that were left out, with their status.
    pub(super) left_out: Vec<(Box<str>, u32)>,
}

/// Reads the answer with this command to a submit.
pub(super) fn submitted(frame: &[u8], answer: u32) -> Submitted<'_> {
    if answer != command::SUBMIT_MULTI | ANSWER {
        let read = frame.get(HEADER..).and_then(read::submit_answer);
        let (id, congestion) = read.unwrap_or_default();
        return Submitted { id: id.into(), congestion, left_out: Vec::new() };
    }
    let Some(Pdu::SubmitMultiResp(answer)) = decode(frame) else { return Submitted::default() };
    let left_out = answer.unsuccess_sme().iter();
    Submitted {
        id: text(&answer.message_id).into(),
        congestion: congestion(answer.tlvs()),
        left_out: left_out
            .map(|left_out| (left_out.destination_addr.as_str().into(), left_out.error_status_code.into()))
            .collect(),
    }
}

/// Reads `deliver_sm` and `data_sm`.
pub(super) fn delivered(frame: &[u8], request: u32) -> Option<Delivered<'_>> {
    let body = frame.get(HEADER..)?;
    if request == command::DATA { read::data(body) } else { read::deliver(body) }
}

/// Without its zero.
fn text<const MIN: usize, const MAX: usize>(field: &COctetString<MIN, MAX>) -> Vec<u8> {
    field.as_str().trim_matches(['\0', ' ']).as_bytes().to_vec()
}

fn congestion(tlvs: &[Tlv]) -> Option<u8> {
    tlvs.iter().find_map(|tlv| match tlv.value() {
        Some(TlvValue::CongestionState(state)) => Some((*state).into()),
        _ => None,
    })
}

fn decode(frame: &[u8]) -> Option<Pdu> {
    let body = frame.get(4..)?;
    let (command, _) = Command::decode(&mut BytesMut::from(body), body.len()).ok()?;
    command.pdu().cloned()
}

#[cfg(test)]
mod tests;
