//! What is read in place is what the codec reads.

use bytes::BytesMut;
use proptest::prelude::*;
use rusmpp::{
    Command, CommandStatus, Pdu,
    encode::owned::Encode,
    pdus::{DeliverSm, SubmitSmResp},
    tlvs::MessageDeliveryRequestTlvValue as RequestTlv,
    types::{AnyOctetString, COctetString, OctetString},
    values::{DataCoding, EsmClass, MessagePayload, MessageState, NetworkErrorCode},
};

use super::*;

/// What stands behind the header of a PDU.
fn body(pdu: impl Into<Pdu>) -> Vec<u8> {
    let mut out = BytesMut::new();
    Command::new(CommandStatus::EsmeRok, 7, pdu).encode(&mut out);
    out[12..].to_vec()
}

fn text<const MAX: usize>(text: &str) -> COctetString<1, MAX> {
    COctetString::from_string(text.to_owned()).unwrap()
}

proptest! {
    #[test]
    fn answers(id in "[!-~]{0,64}", congestion in proptest::option::of(0..=100_u8)) {
        let mut written = body(SubmitSmResp::new(text(&id), Vec::new()));
        // The codec does not write it here; SMPP 5.0 §4.8.4.18 lets every answer have it.
        written.extend(congestion.into_iter().flat_map(|state| [0x04, 0x28, 0, 1, state]));
        prop_assert_eq!(submit_answer(&written), Some((id.as_bytes(), congestion)));
        for end in 0..=id.len() {
            prop_assert_eq!(submit_answer(&written[..end]), None, "ends inside its name");
        }
    }

    #[test]
    fn deliveries(
        source in "[0-9A-Za-z]{0,20}",
        esm_class: u8,
        data_coding: u8,
        message in proptest::collection::vec(any::<u8>(), 0..=255),
        payload in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..=400)),
        id in proptest::option::of("[!-~]{0,64}"),
        state in proptest::option::of(Just(2_u8)),
        error in proptest::option::of(any::<u16>()),
        place in proptest::option::of((any::<u16>(), 1..=255_u8, 1..=255_u8)),
    ) {
        let mut tlvs = Vec::new();
        tlvs.extend(payload.clone().map(|body| RequestTlv::MessagePayload(MessagePayload::new(AnyOctetString::from_vec(body)))));
        tlvs.extend(id.as_deref().map(|id| RequestTlv::ReceiptedMessageId(text(id))));
        tlvs.extend(state.map(|state| RequestTlv::MessageState(MessageState::from(state))));
        tlvs.extend(error.map(|error| RequestTlv::NetworkErrorCode(NetworkErrorCode::new(3.into(), error))));
        if let Some((reference, total, number)) = place {
            tlvs.push(RequestTlv::SarMsgRefNum(reference));
            tlvs.push(RequestTlv::SarTotalSegments(total));
            tlvs.push(RequestTlv::SarSegmentSeqnum(number));
        }
        let written = DeliverSm::builder()
            .source_addr(text(&source))
            .destination_addr(text("12379"))
            .esm_class(EsmClass::from(esm_class))
            .data_coding(DataCoding::from(data_coding))
            .short_message(OctetString::from_vec(message.clone()).unwrap())
            .tlvs(tlvs)
            .build();
        let written = body(written);
        let expected = Delivered {
            source: &source,
            esm_class,
            data_coding,
            body: payload.as_deref().unwrap_or(&message),
            place: place.map(|(reference, total, number)| Place { reference, total, number }),
            receipted_id: id.as_deref().map(str::as_bytes),
            state,
            network_error: error,
        };
        prop_assert_eq!(deliver(&written), Some(expected));
    }

    #[test]
    fn anything_is_read_without_harm(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _read = (submit_answer(&octets), deliver(&octets), data(&octets));
    }
}

#[test]
fn a_name_counts_whatever_follows_it() {
    assert_eq!(submit_answer(b"17\0\x04\x28\0\x09\x01"), Some((&b"17"[..], None)));
    assert_eq!(submit_answer(b" 17 \0"), Some((&b"17"[..], None)));
    assert_eq!(submit_answer(b"17"), None);
}

#[test]
fn what_ends_inside_a_field_is_not_read() {
    let whole = [b"\0\x01\x01".as_slice(), b"8613812341234\0\0\0", b"12379\0\x04\0\0\0\0\0\0\0\0", b"\x02hi"].concat();
    let read = deliver(&whole).unwrap();
    assert_eq!((read.source, read.esm_class, read.body), ("8613812341234", 4, &b"hi"[..]));
    for end in 0..whole.len() {
        assert_eq!(deliver(&whole[..end]), None, "{end}");
    }
    let parameter = [&whole[..], b"\x04\x27\0\x02\x02"].concat();
    assert_eq!(deliver(&parameter), None);
}

#[test]
fn data_sm_is_read_too() {
    let sent = [b"\0\x01\x01".as_slice(), b"8613812341234\0\0\0", b"12379\0\x04\0\x08", b"\0\x1e\0\x03a1\0"].concat();
    let read = data(&sent).unwrap();
    assert_eq!((read.source, read.esm_class, read.data_coding), ("8613812341234", 4, 8));
    assert_eq!(read.receipted_id, Some(&b"a1"[..]));
}
