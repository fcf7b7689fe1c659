//! What is put together around the destination is the same as the codec would write in one piece.

use proptest::prelude::*;
use rusmpp::values::DestAddress;

use super::*;
use crate::{protocol::Protocol, smpp::tests::smpp};

fn body(frame: &[u8]) -> Pdu {
    assert_eq!(frame.len(), u32::from_be_bytes(*frame.first_chunk().unwrap()) as usize);
    decode(frame).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn one_destination(
        source in "[0-9A-Za-z]{0,11}",
        service_type in "[A-Z]{0,5}",
        number in "[0-9]{3,15}",
        text in proptest::collection::vec(any::<u8>(), 0..=140),
        sequence in 1..0x7FFF_FFFF_u32,
        payload in any::<bool>(),
        sar in any::<bool>(),
    ) {
        let protocol = smpp(|settings| (settings.source, settings.service_type) = (source.clone(), service_type.clone()));
        let place = Place { reference: 0x1234, total: 3, number: 2 };
        let submit = Submit {
            manner: &protocol.manner,
            esm_class: 0x40,
            priority: 2,
            validity: Some("000000010000000R".to_owned()),
            data_coding: 8,
            body: text.clone(),
            sar: sar.then_some(place),
            payload,
        };
        let mut frame = BytesMut::new();
        protocol.submit(&submit.segment(), &[number.clone().into()], sequence, &mut frame);
        let Pdu::SubmitSm(read) = body(&frame) else { panic!("no submit_sm") };
        prop_assert_eq!(Header::read(&frame).unwrap().sequence, sequence);
        prop_assert_eq!(read.source_addr.as_str().trim_end_matches('\0'), &source);
        prop_assert_eq!(read.destination_addr.as_str().trim_end_matches('\0'), &number);
        prop_assert_eq!((u8::from(read.esm_class), u8::from(read.priority_flag), u8::from(read.data_coding)), (0x40, 2, 8));
        prop_assert_eq!(u8::from(read.registered_delivery), 1);
        let (mut written, mut stands) = (read.short_message().clone().into_bytes(), Place { reference: 0, total: 0, number: 0 });
        for tlv in read.tlvs() {
            match tlv.value() {
                Some(TlvValue::MessagePayload(payload)) => written = payload.value.clone().into_bytes(),
                Some(TlvValue::SarMsgRefNum(reference)) => stands.reference = *reference,
                Some(TlvValue::SarTotalSegments(total)) => stands.total = *total,
                Some(TlvValue::SarSegmentSeqnum(number)) => stands.number = *number,
                _ => {}
            }
        }
        prop_assert_eq!(&written[..], &text[..]);
        prop_assert_eq!(Some(stands).filter(|place| place.total > 0), sar.then_some(place));
    }

    #[test]
    fn several_destinations(numbers in proptest::collection::vec(100..999_999_999_999_999_u64, 1..=254)) {
        let numbers: Vec<String> = numbers.iter().map(u64::to_string).collect();
        let protocol = smpp(|settings| settings.destinations = 254);
        let submit = Submit {
            manner: &protocol.manner,
            esm_class: 0,
            priority: 0,
            validity: None,
            data_coding: 0,
            body: b"text".to_vec(),
            sar: None,
            payload: false,
        };
        let to: Vec<Box<str>> = numbers.iter().map(|number| number.as_str().into()).collect();
        let mut frame = BytesMut::new();
        protocol.submit(&submit.segment(), &to, 7, &mut frame);
        let Pdu::SubmitMulti(read) = body(&frame) else { panic!("no submit_multi") };
        let read: Vec<&str> = read
            .dest_address()
            .iter()
            .map(|address| match address {
                DestAddress::SmeAddress(address) => address.destination_addr.as_str().trim_end_matches('\0'),
                DestAddress::DistributionListName(_) => "a list",
            })
            .collect();
        prop_assert_eq!(read, numbers);
    }
}

#[test]
fn a_submit_is_the_octets_of_the_specification() {
    let protocol = smpp(|_| ());
    let submit = Submit {
        manner: &protocol.manner,
        esm_class: 0,
        priority: 3,
        validity: None,
        data_coding: 8,
        body: vec![0x96, 0xE8],
        sar: None,
        payload: false,
    };
    let mut frame = BytesMut::new();
    protocol.submit(&submit.segment(), &["8613812341234".into()], 5, &mut frame);
    let expected = [
        &[0, 0, 0, 53, 0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 5][..],
        &[0, 0, 1][..],
        b"12379\0",
        &[1, 1],
        b"8613812341234\0",
        &[0, 0, 3, 0, 0, 1, 0, 8, 0, 2, 0x96, 0xE8],
    ]
    .concat();
    assert_eq!(&frame[..], &expected[..]);
}
