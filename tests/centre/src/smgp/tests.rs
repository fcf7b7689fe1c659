//! The tables of the specification as octets.

use proptest::prelude::*;

use super::*;
use crate::{dialect::Receipt, wire::put_padded};

const AT: Stamp = Stamp(*b"261130142536");

fn behaviour() -> Behaviour {
    Behaviour { account: "333".to_owned(), password: "0555".to_owned(), ..Behaviour::default() }
}

fn submit(coding: u8, numbers: &[&str], content: &[u8], tlvs: &[u8]) -> Vec<u8> {
    let mut body = vec![6, 1, 3];
    put_padded(&mut body, "HELP", 10);
    body.extend(*b"00000000000000");
    body.push(coding);
    put_padded(&mut body, "261130143000032+", 17);
    put_padded(&mut body, "", 17);
    put_padded(&mut body, "10690000", 21);
    put_padded(&mut body, "", 21);
    body.push(u8::try_from(numbers.len()).unwrap());
    numbers.iter().for_each(|number| put_padded(&mut body, number, 21));
    body.push(u8::try_from(content.len()).unwrap());
    body.extend_from_slice(content);
    body.extend([0; 8]);
    body.extend_from_slice(tlvs);
    body
}

fn read(body: &[u8]) -> Result<String, Fault> {
    let head = Head { command: command::SUBMIT, status: 0, sequence: [0, 0, 1] };
    Smgp::new().read(&head, body).map(|asked| format!("{asked:?}"))
}

#[test]
fn both_sides_prove_the_secret() {
    // MD5 of 333, seven zeros, 0555 and 0801112233, computed elsewhere.
    let client = *b"\x9b\x8b\x82\xb6\x54\xf2\x86\x81\xb7\x05\x06\x93\xc7\x23\xa6\xe9";
    let mut frame = b"\0\0\0\x2a\0\0\0\x01\0\0\0\x07333\0\0\0\0\0".to_vec();
    frame.extend(client);
    frame.push(2);
    frame.extend(801_112_233_u32.to_be_bytes());
    frame.push(0x30);
    assert_eq!(frame.len(), 0x2A);
    let mut smgp = Smgp::new();
    let head = Smgp::head(&frame);
    let Ok(Asked::Bind(login)) = smgp.read(&head, &frame[12..]) else { panic!("no Login") };
    assert!(login.sends && login.receives);
    assert_eq!(smgp.judge(&login, &behaviour()), 0);
    let mut out = Vec::new();
    smgp.answer_bind(&head, 0, &login, &behaviour(), &mut out);
    let mut expected = b"\0\0\0\x21\x80\0\0\x01\0\0\0\x07\0\0\0\0".to_vec();
    expected.extend(digest(&[&[0; 4], &client, b"0555"]));
    expected.push(0x30);
    assert_eq!(out, expected);
    assert_eq!(smgp.judge(&login, &Behaviour::default()), status::AUTHENTICATION);
    assert_eq!(smgp.judge(&login, &Behaviour { version: 0x13, ..behaviour() }), status::VERSION);
}

#[test]
fn a_segment_needs_the_parameter_that_says_so() {
    let content = [5, 0, 3, 7, 2, 1, 0x6C, 0x34];
    let plain = read(&submit(8, &["13800000001"], &content, &[])).unwrap();
    assert!(plain.contains("part: None, octets: [5, 0, 3"), "{plain}");
    let parameters = [0, 2, 0, 1, 1, 0, 9, 0, 1, 2, 0, 10, 0, 1, 1];
    let segment = read(&submit(8, &["13800000001"], &content, &parameters)).unwrap();
    assert!(segment.contains("part: Some(Part { reference: 7, total: 2, number: 1 }), octets: [108, 52]"), "{segment}");
}

#[test]
fn what_is_wrong_has_its_status() {
    let fault = |status| Err(Fault::Answer(status));
    assert_eq!(read(&submit(8, &vec!["1"; 101], b"", &[])), fault(status::STRUCTURE));
    assert_eq!(read(&submit(8, &["x"], b"", &[])), fault(status::RECEIVER));
    assert_eq!(read(&submit(15, &["1"], &[0; 141], &[])), fault(status::LENGTH));
    assert_eq!(read(&submit(77, &["1"], b"", &[])), fault(status::FORMAT));
    assert_eq!(read(&submit(8, &["1"], b"", &[0, 2, 0])), fault(status::STRUCTURE));
    assert!(read(&submit(15, &vec!["1"; 100], "台风".as_bytes(), &[])).is_ok());
}

#[test]
fn an_id_is_decimals() {
    let id = Smgp::id(1_234_567, &Head { command: 2, status: 0, sequence: [0; 3] }, AT);
    assert_eq!(id, [0x02, 0x50, 0x01, 0x11, 0x30, 0x14, 0x25, 0x23, 0x45, 0x67, 0, 0]);
}

#[test]
fn a_report_carries_the_id_as_octets() {
    let receipt = Receipt {
        id: [0x02, 0x50, 0x01, 0x11, 0x30, 0x14, 0x25, 0x23, 0x45, 0x67, 0, 0],
        from: "10690000".into(),
        to: "13800000001".into(),
        outcome: crate::Outcome { state: crate::State::Expired, error: 7, word: None },
        submitted: AT,
    };
    let mut out = Vec::new();
    Smgp::new().deliver([0, 0, 9], &Delivery::Receipt(receipt), &behaviour(), AT, &mut out);
    assert_eq!((&out[4..12], out[22], out[23]), (&[0, 0, 0, 3, 0, 0, 0, 9][..], 1, 0));
    assert_eq!(&out[24..59], b"2026113014250013800000001\0\0\0\0\0\0\0\0\0\0");
    let mut content = b"id:\x02\x50\x01\x11\x30\x14\x25\x23\x45\x67 sub:001 dlvrd:000 submit date:2611301425 done \
        date:2611301425 stat:EXPIRED err:007 text:"
        .to_vec();
    content.resize(122, 0);
    assert_eq!((usize::from(out[80]), &out[81..81 + content.len()]), (content.len(), &content[..]));
    assert_eq!(out.len(), 12 + 10 + 2 + 14 + 42 + 1 + content.len() + 8);
}

proptest! {
    #[test]
    fn whatever_arrives_is_read_or_refused(
        command in prop::sample::select(vec![1u32, 2, 3, 4, 6, 7, 0x8000_0003, 77]),
        body in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let head = Head { command, status: 0, sequence: [0, 0, 1] };
        if let Ok(Asked::Submit(submit)) = Smgp::new().read(&head, &body) {
            prop_assert!(submit.to.len() <= 100 && submit.octets.len() <= 160);
        }
    }
}
