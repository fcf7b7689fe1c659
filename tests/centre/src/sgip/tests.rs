//! The tables of the specification as octets.

use proptest::prelude::*;

use super::*;

const AT: Stamp = Stamp(*b"261130142536");

fn submit(numbers: &[&str], report: u8, content: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    put_padded(&mut body, "10690000", 21);
    put_padded(&mut body, "000000000000000000000", 21);
    body.push(u8::try_from(numbers.len()).unwrap());
    numbers.iter().for_each(|number| put_padded(&mut body, number, 21));
    put_padded(&mut body, "99999", 5);
    put_padded(&mut body, "HELP", 10);
    body.push(1);
    body.extend(*b"000000000000");
    body.extend([0, 2, 9]);
    put_padded(&mut body, "261130143000032+", 16);
    put_padded(&mut body, "", 16);
    body.extend([report, 0, 0, 8, 0]);
    put_u32(&mut body, u32::try_from(content.len()).unwrap());
    body.extend_from_slice(content);
    body.extend([0; 8]);
    body
}

fn read(body: &[u8]) -> Result<String, Fault> {
    let head = Head { command: command::SUBMIT, status: 0, sequence: [1, 2, 3] };
    Sgip.read(&head, body).map(|asked| format!("{asked:?}"))
}

#[test]
fn a_client_binds_with_type_one() {
    let mut frame = b"\0\0\0\x3d\0\0\0\x01\xb3\0\0\x01\0\0\0\x02\0\0\0\x03\x01".to_vec();
    put_padded(&mut frame, "900001", 16);
    put_padded(&mut frame, "secret", 16);
    frame.extend([0; 8]);
    assert_eq!(frame.len(), 0x3D);
    let head = Sgip::head(&frame);
    assert_eq!(head, Head { command: 1, status: 0, sequence: [0xB300_0001, 2, 3] });
    let Ok(Asked::Bind(login)) = Sgip.read(&head, &frame[20..]) else { panic!("no Bind") };
    assert_eq!(Sgip.judge(&login, &Behaviour::default()), 0);
    assert_eq!(Sgip.judge(&login, &Behaviour { password: String::new(), ..Behaviour::default() }), result::LOGIN);
    let mut out = Vec::new();
    Sgip.answer(&head, 0, &mut out);
    assert_eq!(out, b"\0\0\0\x1d\x80\0\0\x01\xb3\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0\0\0\0\0\0\0");
    frame[20] = 2;
    assert_eq!(Sgip.read(&head, &frame[20..]).err(), Some(Fault::Answer(result::LOGIN_TYPE)));
}

#[test]
fn a_submit_is_read_and_its_report_flag_obeyed() {
    for (flag, expected) in [
        (0, "wants_receipt: false, wants_failures: true"),
        (1, "wants_receipt: true, wants_failures: false"),
        (2, "wants_receipt: false, wants_failures: false"),
    ] {
        let body = submit(&["8613000000001", "8613000000002"], flag, &[0x6C, 0x34]);
        assert_eq!(body.len(), 123 + 21 * 2 + 2);
        let asked = read(&body).unwrap();
        assert!(asked.contains(expected) && asked.contains("to: [\"8613000000001\", \"8613000000002\"]"), "{asked}");
    }
}

#[test]
fn what_is_wrong_has_its_result() {
    let fault = |result| Err(Fault::Answer(result));
    assert_eq!(read(&submit(&["13000000001"], 1, b"")), fault(result::NUMBER));
    assert_eq!(read(&submit(&vec!["86130"; 101], 1, b"")), fault(result::FORMAT));
    assert_eq!(read(&submit(&["86130"], 1, &[0; 141])), fault(result::LENGTH));
    assert!(read(&submit(&vec!["86130"; 100], 1, b"")).is_ok());
}

#[test]
fn a_report_names_the_submit() {
    let head = Head { command: 3, status: 0, sequence: [0xB300_0001, 1_130_142_536, 7] };
    let receipt = Receipt {
        id: Sgip::id(1, &head, AT),
        from: "10690000".into(),
        to: "8613000000001".into(),
        outcome: crate::Outcome { state: State::Undeliverable, error: 27, word: None },
        submitted: AT,
    };
    let mut out = Vec::new();
    let sequence = Sgip::sequence(9, AT);
    Sgip.deliver(sequence, &Delivery::Receipt(receipt), &Behaviour::default(), AT, &mut out);
    let mut expected = Vec::new();
    for field in [64, 5, NODE, 1_130_142_536, 9, 0xB300_0001, 1_130_142_536, 7] {
        put_u32(&mut expected, field);
    }
    expected.push(0);
    put_padded(&mut expected, "8613000000001", 21);
    expected.extend([2, 27, 0, 0, 0, 0, 0, 0, 0, 0]);
    assert_eq!(out, expected);
}

proptest! {
    #[test]
    fn whatever_arrives_is_read_or_refused(
        command in prop::sample::select(vec![1u32, 2, 3, 4, 5, 0x1000, 0x8000_0005, 77]),
        body in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let head = Head { command, status: 0, sequence: [0, 0, 1] };
        if let Ok(Asked::Submit(submit)) = Sgip.read(&head, &body) {
            prop_assert!(submit.to.len() <= 100 && submit.octets.len() <= 160);
        }
    }
}
