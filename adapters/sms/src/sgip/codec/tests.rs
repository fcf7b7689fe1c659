use proptest::{collection::vec, prelude::*};

use super::*;
use crate::fixed::tests::{field, hex, says_its_length, text};

const SEQUENCE: Sequence = Sequence { node: 3_001_012_345, stamp: 101_003_005, counter: 7 };

/// `SEQUENCE` as bytes.
const SEQUENCE_BYTES: &str = "b2dfd079 06052efd 00000007";

#[test]
fn a_bind_has_the_bytes_of_the_specification_and_hides_its_password() {
    let bind = Bind { login_type: 1, name: "fenghuo".into(), password: "hunter2".into() };
    assert!(!format!("{bind:?}").contains("hunter2"));
    let pdu = Pdu { sequence: SEQUENCE, message: Message::Bind(bind) };
    let expected = [
        hex("0000003d 00000001"),
        hex(SEQUENCE_BYTES),
        vec![1],
        field("fenghuo", 16),
        field("hunter2", 16),
        vec![0; 8],
    ]
    .concat();
    assert_eq!(pdu.encode(), expected);
    assert_eq!(Pdu::decode(&expected), Ok(pdu));
}

#[test]
fn a_submit_has_the_bytes_of_the_specification() {
    let submit = Submit {
        sender: "10690001".into(),
        fee_number: "000000000000000000000".into(),
        numbers: vec!["8613812341234".into(), "8613900000001".into()],
        corp_id: "12345".into(),
        service_type: "WARN".into(),
        fee_type: 1,
        fee_value: "05".into(),
        given_value: "06".into(),
        agent_flag: 4,
        reason: 2,
        priority: 9,
        expires: "261130203000032+".into(),
        report_flag: 1,
        udhi: 1,
        coding: 8,
        content: b"\x05\0\x03\x2a\x02\x01\x9e\xc4".to_vec(),
    };
    let pdu = Pdu { sequence: SEQUENCE, message: Message::Submit(Box::new(submit)) };
    let body = [
        field("10690001", 21),
        vec![b'0'; 21],
        vec![2],
        field("8613812341234", 21),
        field("8613900000001", 21),
        field("12345", 5),
        field("WARN", 10),
        vec![1],
        field("05", 6),
        field("06", 6),
        vec![4, 2, 9],
        field("261130203000032+", 16),
        field("", 16),
        vec![1, 0, 1, 8, 0],
        vec![0, 0, 0, 8],
        b"\x05\0\x03\x2a\x02\x01\x9e\xc4".to_vec(),
        vec![0; 8],
    ]
    .concat();
    let length = u32::try_from(20 + body.len()).unwrap().to_be_bytes().to_vec();
    let expected = [length, hex("00000003"), hex(SEQUENCE_BYTES), body].concat();
    assert_eq!(pdu.encode(), expected);
    assert_eq!(Pdu::decode(&expected), Ok(pdu));
}

#[test]
fn what_the_gateway_sends_has_the_bytes_of_the_specification() {
    let report = Report { submit: SEQUENCE, report_type: 0, number: "8613812341234".into(), state: 2, error: 29 };
    let deliver = Deliver {
        number: "8613812341234".into(),
        receiver: "10690001".into(),
        udhi: 0,
        coding: 15,
        content: b"TD".to_vec(),
    };
    let number = field("8613812341234", 21);
    for (message, length_and_command, body) in [
        (
            Message::Report(report),
            "00000040 00000005",
            [hex(SEQUENCE_BYTES), vec![0], number.clone(), vec![2, 29], vec![0; 8]].concat(),
        ),
        (
            Message::Deliver(Box::new(deliver)),
            "0000004f 00000004",
            [number, field("10690001", 21), vec![0, 0, 15], vec![0, 0, 0, 2], b"TD".to_vec(), vec![0; 8]].concat(),
        ),
        (Message::SubmitResp(11), "0000001d 80000003", hex("0b 0000000000000000")),
        (Message::ReportResp(0), "0000001d 80000005", vec![0; 9]),
        (Message::DeliverResp(0), "0000001d 80000004", vec![0; 9]),
        (Message::BindResp(1), "0000001d 80000001", hex("01 0000000000000000")),
        (Message::Unbind, "00000014 00000002", vec![]),
        (Message::UnbindResp, "00000014 80000002", vec![]),
    ] {
        let pdu = Pdu { sequence: SEQUENCE, message };
        let expected = [hex(length_and_command), hex(SEQUENCE_BYTES), body].concat();
        assert_eq!(pdu.encode(), expected, "{pdu:?}");
        assert_eq!(Pdu::decode(&expected), Ok(pdu));
    }
}

#[test]
fn an_answer_without_its_reserve_is_read_and_one_cut_in_its_fields_is_not() {
    let answer = Pdu { sequence: SEQUENCE, message: Message::SubmitResp(5) };
    assert_eq!(Pdu::decode(&answer.encode()[..21]), Ok(answer.clone()));
    assert_eq!(Pdu::decode(&answer.encode()[..20]), Err(Malformed::Short));
    let trace = [hex("0000001c 00001000"), hex(SEQUENCE_BYTES), vec![0; 8]].concat();
    assert_eq!(Pdu::decode(&trace).unwrap().message, Message::Other(0x1000));
}

fn sequences() -> impl Strategy<Value = Sequence> {
    any::<[u32; 3]>().prop_map(|[node, stamp, counter]| Sequence { node, stamp, counter })
}

fn submits() -> impl Strategy<Value = Submit> {
    let numbers = (text(21), text(21), vec(text(21), 0..=100));
    let fees = (text(5), text(10), text(6), text(6), text(16));
    (numbers, fees, any::<[u8; 7]>(), vec(any::<u8>(), 0..160)).prop_map(
        |((sender, fee_number, numbers), (corp_id, service_type, fee_value, given_value, expires), flags, content)| {
            let [fee_type, agent_flag, reason, priority, report_flag, udhi, coding] = flags;
            Submit {
                sender,
                fee_number,
                numbers,
                corp_id,
                service_type,
                fee_type,
                fee_value,
                given_value,
                agent_flag,
                reason,
                priority,
                expires,
                report_flag,
                udhi,
                coding,
                content,
            }
        },
    )
}

fn messages() -> impl Strategy<Value = Message> {
    let binds =
        (any::<u8>(), text(16), text(16)).prop_map(|(login_type, name, password)| Bind { login_type, name, password });
    let delivers = (text(21), text(21), any::<[u8; 2]>(), vec(any::<u8>(), 0..300))
        .prop_map(|(number, receiver, [udhi, coding], content)| Deliver { number, receiver, udhi, coding, content });
    let reports = (sequences(), text(21), any::<[u8; 3]>())
        .prop_map(|(submit, number, [report_type, state, error])| Report { submit, report_type, number, state, error });
    prop_oneof![
        binds.prop_map(Message::Bind),
        submits().prop_map(|submit| Message::Submit(Box::new(submit))),
        delivers.prop_map(|deliver| Message::Deliver(Box::new(deliver))),
        reports.prop_map(Message::Report),
        any::<u8>().prop_map(Message::SubmitResp),
        any::<u8>().prop_map(Message::ReportResp),
        Just(Message::Unbind),
    ]
}

proptest! {
    #[test]
    fn what_is_encoded_is_decoded(sequence in sequences(), message in messages()) {
        let pdu = Pdu { sequence, message };
        let bytes = pdu.encode();
        prop_assert!(says_its_length(&bytes));
        prop_assert_eq!(Pdu::decode(&bytes), Ok(pdu));
    }

    #[test]
    fn no_bytes_make_it_panic(command in 0..7_u32, answer: bool, body in vec(any::<u8>(), 0..600)) {
        let command = if answer { command | ANSWER } else { command };
        let bytes = [&[0, 0, 0, 0], &command.to_be_bytes()[..], &body].concat();
        if let Ok(pdu) = Pdu::decode(&bytes) {
            prop_assert!(pdu.encode().len() <= bytes.len() + RESERVE);
        }
    }
}
