use proptest::{collection::vec, prelude::*};

use super::*;
use crate::fixed::tests::{field, hex, says_its_length, text};

const VERSIONS: [Version; 2] = [Version::V20, Version::V30];

/// A submit whose fields all differ, so that an exchange of two shows.
fn submit() -> Submit {
    Submit {
        parts: 2,
        part: 1,
        registered_delivery: 1,
        level: 9,
        service_id: "WARN".into(),
        fee_user: 2,
        fee_number: "".into(),
        udhi: 1,
        format: 8,
        source: "901234".into(),
        fee_type: "01".into(),
        fee_code: "05".into(),
        valid_until: "261130203000032+".into(),
        sender: "10690001".into(),
        numbers: vec!["13812341234".into(), "13900000001".into()],
        content: b"\x05\0\x03\x2a\x02\x01\x9e\xc4".to_vec(),
    }
}

#[test]
fn a_connect_has_the_bytes_of_the_specification() {
    let connect = Connect { source: "901234".into(), authenticator: [0xAB; 16], version: 0x30, timestamp: 101_003_005 };
    let pdu = Pdu { sequence: 1, message: Message::Connect(connect) };
    let expected = hex("00000027 00000001 00000001  39 30 31 32 33 34  abababababababababababababababab  30  06052efd");
    assert_eq!(pdu.encode(Version::V30), expected);
    assert_eq!(Pdu::decode(Version::V30, &expected), Ok(pdu));
}

#[test]
fn a_submit_has_the_bytes_of_the_specification() {
    let pdu = Pdu { sequence: 0x0102_0304, message: Message::Submit(Box::new(submit())) };
    for (version, width, tail, types) in [(Version::V20, 21, 8, 0), (Version::V30, 32, 20, 1)] {
        let body = [
            vec![0; 8],
            vec![2, 1, 1, 9],
            field("WARN", 10),
            vec![2],
            field("", width),
            vec![0; types],
            vec![0, 1, 8],
            field("901234", 6),
            field("01", 2),
            field("05", 6),
            field("261130203000032+", 17),
            field("", 17),
            field("10690001", 21),
            vec![2],
            field("13812341234", width),
            field("13900000001", width),
            vec![0; types],
            vec![8],
            b"\x05\0\x03\x2a\x02\x01\x9e\xc4".to_vec(),
            vec![0; tail],
        ]
        .concat();
        let header = [u32::try_from(12 + body.len()).unwrap().to_be_bytes(), [0, 0, 0, 4], [1, 2, 3, 4]].concat();
        let expected = [header, body].concat();
        assert_eq!(pdu.encode(version), expected, "{version:?}");
        assert_eq!(Pdu::decode(version, &expected).unwrap(), pdu, "{version:?}");
    }
}

#[test]
fn answers_have_the_bytes_of_the_specification() {
    let taken = Taken { id: [1, 2, 3, 4, 5, 6, 7, 8], result: 8 };
    let admitted = ConnectResp { status: 3, authenticator: [0xCD; 16], version: 0x20 };
    for (version, message, bytes) in [
        (Version::V20, Message::SubmitResp(taken), "00000015 80000004 00000009 0102030405060708 08"),
        (Version::V30, Message::SubmitResp(taken), "00000018 80000004 00000009 0102030405060708 00000008"),
        (Version::V20, Message::DeliverResp(taken), "00000015 80000005 00000009 0102030405060708 08"),
        (Version::V30, Message::DeliverResp(taken), "00000018 80000005 00000009 0102030405060708 00000008"),
        (
            Version::V20,
            Message::ConnectResp(admitted.clone()),
            "0000001e 80000001 00000009 03 cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd 20",
        ),
        (
            Version::V30,
            Message::ConnectResp(admitted),
            "00000021 80000001 00000009 00000003 cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd 20",
        ),
        (Version::V30, Message::ActiveTest, "0000000c 00000008 00000009"),
        (Version::V30, Message::ActiveTestResp, "0000000d 80000008 00000009 00"),
        (Version::V30, Message::Terminate, "0000000c 00000002 00000009"),
        (Version::V30, Message::TerminateResp, "0000000c 80000002 00000009"),
    ] {
        let pdu = Pdu { sequence: 9, message };
        assert_eq!(pdu.encode(version), hex(bytes), "{pdu:?}");
        assert_eq!(Pdu::decode(version, &hex(bytes)).unwrap(), pdu);
    }
}

#[test]
fn a_deliver_has_the_bytes_of_the_specification() {
    let deliver = Deliver {
        id: [8, 7, 6, 5, 4, 3, 2, 1],
        receiver: "10690001".into(),
        service_id: "WARN".into(),
        udhi: 0,
        format: 15,
        number: "13812341234".into(),
        registered_delivery: 0,
        content: b"TD".to_vec(),
    };
    let pdu = Pdu { sequence: 5, message: Message::Deliver(Box::new(deliver)) };
    for (version, width, tail, types) in [(Version::V20, 21, 8, 0), (Version::V30, 32, 20, 1)] {
        let body = [
            vec![8, 7, 6, 5, 4, 3, 2, 1],
            field("10690001", 21),
            field("WARN", 10),
            vec![0, 0, 15],
            field("13812341234", width),
            vec![0; types],
            vec![0, 2],
            b"TD".to_vec(),
            vec![0; tail],
        ]
        .concat();
        let header = [u32::try_from(12 + body.len()).unwrap().to_be_bytes(), [0, 0, 0, 5], [0, 0, 0, 5]].concat();
        let expected = [header, body].concat();
        assert_eq!(pdu.encode(version), expected, "{version:?}");
        assert_eq!(Pdu::decode(version, &expected).unwrap(), pdu, "{version:?}");
    }
}

#[test]
fn what_a_gateway_may_do_is_read_and_what_it_must_not_is_refused() {
    let short_answer = hex("0000000c 80000008 00000009");
    assert_eq!(Pdu::decode(Version::V30, &short_answer).unwrap().message, Message::ActiveTestResp);
    let query = hex("0000000e 00000006 00000009 0102");
    assert_eq!(Pdu::decode(Version::V30, &query).unwrap().message, Message::Other(6));
    let bytes = Pdu { sequence: 1, message: Message::Submit(Box::new(submit())) }.encode(Version::V20);
    assert_eq!(Pdu::decode(Version::V20, &bytes[..bytes.len() - 1]), Err(Malformed::Short));
    assert_eq!(Pdu::decode(Version::V20, &[&*bytes, &[0]].concat()), Err(Malformed::Long));
}

fn submits() -> impl Strategy<Value = Submit> {
    let flags = (any::<[u8; 7]>(), text(10), text(21), text(6), text(2), text(6));
    let rest = (text(17), text(21), vec(text(21), 0..100), vec(any::<u8>(), 0..160));
    (flags, rest).prop_map(|((numbers_of, service_id, fee_number, source, fee_type, fee_code), rest)| {
        let [parts, part, registered_delivery, level, fee_user, udhi, format] = numbers_of;
        let (valid_until, sender, numbers, content) = rest;
        Submit {
            parts,
            part,
            registered_delivery,
            level,
            service_id,
            fee_user,
            fee_number,
            udhi,
            format,
            source,
            fee_type,
            fee_code,
            valid_until,
            sender,
            numbers,
            content,
        }
    })
}

fn delivers() -> impl Strategy<Value = Deliver> {
    let fields = (any::<[u8; 8]>(), text(21), text(10), any::<[u8; 3]>(), text(21), vec(any::<u8>(), 0..=255));
    fields.prop_map(|(id, receiver, service_id, [udhi, format, registered_delivery], number, content)| Deliver {
        id,
        receiver,
        service_id,
        udhi,
        format,
        number,
        registered_delivery,
        content,
    })
}

fn messages() -> impl Strategy<Value = Message> {
    let connects = (text(6), any::<[u8; 16]>(), any::<u8>(), any::<u32>())
        .prop_map(|(source, authenticator, version, timestamp)| Connect { source, authenticator, version, timestamp });
    let taken = (any::<[u8; 8]>(), 0..=255_u32).prop_map(|(id, result)| Taken { id, result });
    prop_oneof![
        connects.prop_map(Message::Connect),
        submits().prop_map(|submit| Message::Submit(Box::new(submit))),
        delivers().prop_map(|deliver| Message::Deliver(Box::new(deliver))),
        taken.clone().prop_map(Message::SubmitResp),
        taken.prop_map(Message::DeliverResp),
        Just(Message::ActiveTest),
        Just(Message::TerminateResp),
    ]
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(sequence: u32, message in messages()) {
        let pdu = Pdu { sequence, message };
        for version in VERSIONS {
            let bytes = pdu.encode(version);
            prop_assert!(says_its_length(&bytes));
            prop_assert_eq!(Pdu::decode(version, &bytes), Ok(pdu.clone()));
        }
    }

    #[test]
    fn no_bytes_make_it_panic(command in 0..10_u32, answer: bool, body in vec(any::<u8>(), 0..600)) {
        let command = if answer { command | ANSWER } else { command };
        let bytes = [&[0, 0, 0, 0], &command.to_be_bytes()[..], &body].concat();
        for version in VERSIONS {
            if let Ok(pdu) = Pdu::decode(version, &bytes) {
                prop_assert!(pdu.encode(version).len() <= bytes.len() + 1);
            }
        }
    }
}
