use proptest::{collection::vec, option, prelude::*};

use super::*;
use crate::fixed::tests::{field, hex, says_its_length, text};

fn submit() -> Submit {
    Submit {
        message_type: 6,
        need_report: 1,
        priority: 3,
        service_id: "WARN".into(),
        fee_type: "00".into(),
        fee_code: "05".into(),
        fixed_fee: "06".into(),
        format: 8,
        valid_until: "261130203000032+".into(),
        sender: "10690001".into(),
        fee_number: "".into(),
        numbers: vec!["13312341234".into(), "13300000001".into()],
        content: b"\x05\0\x03\x2a\x02\x01\x9e\xc4".to_vec(),
        part: Some(Part { total: 2, number: 1 }),
    }
}

#[test]
fn a_login_has_the_bytes_of_the_specification() {
    let login =
        Login { client: "10690001".into(), authenticator: [0xAB; 16], mode: 2, timestamp: 101_003_005, version: 0x30 };
    let pdu = Pdu { sequence: 1, message: Message::Login(login) };
    let expected = hex("0000002a 00000001 00000001 3130363930303031 abababababababababababababababab 02 06052efd 30");
    assert_eq!(pdu.encode(), expected);
    assert_eq!(Pdu::decode(&expected), Ok(pdu));
}

#[test]
fn a_submit_has_the_bytes_of_the_specification() {
    let pdu = Pdu { sequence: 0x0102_0304, message: Message::Submit(Box::new(submit())) };
    let body = [
        vec![6, 1, 3],
        field("WARN", 10),
        field("00", 2),
        field("05", 6),
        field("06", 6),
        vec![8],
        field("261130203000032+", 17),
        field("", 17),
        field("10690001", 21),
        field("", 21),
        vec![2],
        field("13312341234", 21),
        field("13300000001", 21),
        vec![8],
        b"\x05\0\x03\x2a\x02\x01\x9e\xc4".to_vec(),
        vec![0; 8],
        hex("0002 0001 01  0009 0001 02  000a 0001 01"),
    ]
    .concat();
    let length = u32::try_from(12 + body.len()).unwrap().to_be_bytes().to_vec();
    let expected = [length, hex("00000002 01020304"), body].concat();
    assert_eq!(pdu.encode(), expected);
    assert_eq!(Pdu::decode(&expected), Ok(pdu));
}

#[test]
fn what_the_gateway_sends_has_the_bytes_of_the_specification() {
    let taken = Taken { id: [1, 2, 3, 4, 5, 6, 7, 8, 9, 0x10], status: 47 };
    let admitted = LoginResp { status: 21, authenticator: [0xCD; 16], version: 0x30 };
    let deliver = Deliver {
        id: taken.id,
        is_report: 0,
        format: 15,
        received: "20261130091200".into(),
        number: "13312341234".into(),
        receiver: "10690001".into(),
        content: b"TD".to_vec(),
        udhi: false,
    };
    let id = hex("01020304050607080910");
    for (message, length_and_command, body) in [
        (Message::SubmitResp(taken), "0000001a 80000002", [id.clone(), hex("0000002f")].concat()),
        (Message::DeliverResp(taken), "0000001a 80000003", [id.clone(), hex("0000002f")].concat()),
        (Message::LoginResp(admitted), "00000021 80000001", hex("00000015 cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd 30")),
        (
            Message::Deliver(Box::new(deliver)),
            "0000005b 00000003",
            [
                id,
                vec![0, 15],
                field("20261130091200", 14),
                field("13312341234", 21),
                field("10690001", 21),
                vec![2],
                b"TD".to_vec(),
                vec![0; 8],
            ]
            .concat(),
        ),
        (Message::ActiveTest, "0000000c 00000004", vec![]),
        (Message::ActiveTestResp, "0000000c 80000004", vec![]),
        (Message::Exit, "0000000c 00000006", vec![]),
        (Message::ExitResp, "0000000c 80000006", vec![]),
    ] {
        let pdu = Pdu { sequence: 9, message };
        let expected = [hex(length_and_command), hex("00000009"), body].concat();
        assert_eq!(pdu.encode(), expected, "{pdu:?}");
        assert_eq!(Pdu::decode(&expected), Ok(pdu));
    }
}

#[test]
fn optional_parameters_that_are_not_known_are_passed_over_and_broken_ones_refused() {
    let whole = Submit { part: None, ..submit() };
    let pdu = Pdu { sequence: 1, message: Message::Submit(Box::new(whole)) };
    let with = |options: &str| Pdu::decode(&[pdu.encode(), hex(options)].concat());
    assert_eq!(with("0003 0002 4142  0010 0000"), Ok(pdu.clone()));
    assert_eq!(with("0003 0002 41"), Err(Malformed::Short));
    assert_eq!(with("0003 00"), Err(Malformed::Short));
}

fn submits() -> impl Strategy<Value = Submit> {
    let texts = (text(10), text(2), text(6), text(6), text(17), text(21), text(21));
    let part = option::of(any::<[u8; 2]>()).prop_map(|part| part.map(|[total, number]| Part { total, number }));
    (texts, any::<[u8; 4]>(), vec(text(21), 0..=100), vec(any::<u8>(), 0..160), part).prop_map(
        |(texts, [message_type, need_report, priority, format], numbers, content, part)| {
            let (service_id, fee_type, fee_code, fixed_fee, valid_until, sender, fee_number) = texts;
            Submit {
                message_type,
                need_report,
                priority,
                service_id,
                fee_type,
                fee_code,
                fixed_fee,
                format,
                valid_until,
                sender,
                fee_number,
                numbers,
                content,
                part,
            }
        },
    )
}

fn delivers() -> impl Strategy<Value = Deliver> {
    let texts = (text(14), text(21), text(21));
    (any::<[u8; 10]>(), any::<[u8; 2]>(), texts, vec(any::<u8>(), 0..=255), any::<bool>()).prop_map(
        |(id, [is_report, format], (received, number, receiver), content, udhi)| Deliver {
            id,
            is_report,
            format,
            received,
            number,
            receiver,
            content,
            udhi,
        },
    )
}

fn messages() -> impl Strategy<Value = Message> {
    let logins = (text(8), any::<[u8; 16]>(), any::<[u8; 2]>(), any::<u32>()).prop_map(
        |(client, authenticator, [mode, version], timestamp)| Login { client, authenticator, mode, timestamp, version },
    );
    let taken = (any::<[u8; 10]>(), any::<u32>()).prop_map(|(id, status)| Taken { id, status });
    prop_oneof![
        logins.prop_map(Message::Login),
        submits().prop_map(|submit| Message::Submit(Box::new(submit))),
        delivers().prop_map(|deliver| Message::Deliver(Box::new(deliver))),
        taken.clone().prop_map(Message::SubmitResp),
        taken.prop_map(Message::DeliverResp),
        Just(Message::Exit),
    ]
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(sequence: u32, message in messages()) {
        let pdu = Pdu { sequence, message };
        let bytes = pdu.encode();
        prop_assert!(says_its_length(&bytes));
        prop_assert_eq!(Pdu::decode(&bytes), Ok(pdu));
    }

    #[test]
    fn no_bytes_make_it_panic(command in 0..8_u32, answer: bool, body in vec(any::<u8>(), 0..600)) {
        let command = if answer { command | ANSWER } else { command };
        let bytes = [&[0, 0, 0, 0], &command.to_be_bytes()[..], &body].concat();
        if let Ok(pdu) = Pdu::decode(&bytes) {
            prop_assert!(pdu.encode().len() <= bytes.len());
        }
    }

    #[test]
    fn no_report_makes_it_panic(rest in vec(any::<u8>(), 0..200), named: bool) {
        let bytes = if named { [b"id:", &rest[..]].concat() } else { rest };
        if let Ok(report) = super::super::report::Report::decode(&bytes) {
            prop_assert!(report.stat.len() <= bytes.len() * 3);
        }
    }
}
