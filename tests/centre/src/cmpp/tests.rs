//! The tables of the specification as octets.

use proptest::prelude::*;

use super::*;
use crate::{dialect::Receipt, wire::put_padded};

const AT: Stamp = Stamp(*b"261130142536");

fn behaviour() -> Behaviour {
    Behaviour { account: "901234".to_owned(), password: "1234".to_owned(), ..Behaviour::default() }
}

/// CONNECT of 901234 with the secret 1234 at 0801112233.
fn connect(version: u8) -> Vec<u8> {
    // MD5 of 901234, nine zeros, 1234 and 0801112233, computed elsewhere.
    let mut frame = b"\0\0\0\x27\0\0\0\x01\0\0\0\x07901234".to_vec();
    frame.extend(*b"\x06\xde\x0d\x54\xc9\x94\x0c\x6c\xd0\x3a\xbb\x27\xb5\xa4\x71\xd4");
    frame.push(version);
    frame.extend(801_112_233_u32.to_be_bytes());
    frame
}

/// The fields of a submit in the specification's order; `wide` is CMPP 3.0.
fn submit(wide: bool, udhi: u8, coding: u8, numbers: &[&str], content: &[u8]) -> Vec<u8> {
    let width = if wide { 32 } else { 21 };
    let mut body = vec![0; 8];
    body.extend([1, 1, 1, 3]);
    put_padded(&mut body, "HELP", 10);
    body.push(2);
    put_padded(&mut body, "", width);
    if wide {
        body.push(0);
    }
    body.extend([0, udhi, coding]);
    body.extend(*b"90123401000000");
    put_padded(&mut body, "261130143000032+", 17);
    put_padded(&mut body, "", 17);
    put_padded(&mut body, "10690000", 21);
    body.push(u8::try_from(numbers.len()).unwrap());
    numbers.iter().for_each(|number| put_padded(&mut body, number, width));
    if wide {
        body.push(0);
    }
    body.push(u8::try_from(content.len()).unwrap());
    body.extend_from_slice(content);
    body.resize(body.len() + if wide { 20 } else { 8 }, 0);
    body
}

fn read(version: u8, body: &[u8]) -> Result<String, Fault> {
    let head = Head { command: command::SUBMIT, status: 0, sequence: [0, 0, 1] };
    Cmpp { version }.read(&head, body).map(|asked| format!("{asked:?}"))
}

#[test]
fn both_sides_prove_the_secret() {
    let frame = connect(0x20);
    let mut cmpp = Cmpp::new();
    let head = Cmpp::head(&frame);
    let Ok(Asked::Bind(login)) = cmpp.read(&head, &frame[12..]) else { panic!("no CONNECT") };
    assert_eq!(cmpp.judge(&login, &behaviour()), 0);
    let mut out = Vec::new();
    cmpp.answer_bind(&head, 0, &login, &behaviour(), &mut out);
    let mut expected = b"\0\0\0\x1e\x80\0\0\x01\0\0\0\x07\0".to_vec();
    expected.extend(digest(&[&[0], &frame[18..34], b"1234"]));
    expected.push(0x20);
    assert_eq!(out, expected);
    assert_eq!(cmpp.judge(&login, &Behaviour::default()), connect::SOURCE);
    assert_eq!(cmpp.judge(&login, &Behaviour { password: "no".to_owned(), ..behaviour() }), connect::DIGEST);
}

#[test]
fn a_client_of_a_higher_version_is_told_which_is_spoken() {
    let frame = connect(0x30);
    let mut cmpp = Cmpp::new();
    let Ok(Asked::Bind(login)) = cmpp.read(&Cmpp::head(&frame), &frame[12..]) else { panic!("no CONNECT") };
    let older = Behaviour { version: 0x20, ..behaviour() };
    assert_eq!(cmpp.judge(&login, &older), connect::VERSION);
    let mut out = Vec::new();
    cmpp.answer_bind(&Cmpp::head(&frame), connect::VERSION, &login, &older, &mut out);
    assert_eq!((out.len(), out[12], out[29]), (30, 4, 0x20));
}

#[test]
fn both_versions_of_a_submit_are_read() {
    let water = [0x6C, 0x34];
    let narrow = submit(false, 0, 8, &["13800000001", "13800000002"], &water);
    let wide = submit(true, 0, 8, &["13800000001", "13800000002"], &water);
    assert_eq!((narrow.len(), wide.len()), (126 + 2 * 21 + 2, 151 + 2 * 32 + 2));
    let read_narrow = read(0x20, &narrow).unwrap();
    assert_eq!(read_narrow, read(0x30, &wide).unwrap());
    assert!(read_narrow.contains("to: [\"13800000001\", \"13800000002\"], coding: 8"), "{read_narrow}");
    assert!(read(0x30, &narrow).is_err() && read(0x20, &wide).is_err());
}

#[test]
fn what_is_wrong_has_its_result() {
    let fault = |result| Err(Fault::Answer(result));
    let many = vec!["13800000001"; 100];
    assert_eq!(read(0x20, &submit(false, 0, 8, &many, b"")), fault(result::STRUCTURE));
    assert_eq!(read(0x20, &submit(false, 0, 8, &[], b"")), fault(result::STRUCTURE));
    assert_eq!(read(0x20, &submit(false, 0, 8, &["x"], b"")), fault(result::DESTINATION));
    assert_eq!(read(0x20, &submit(false, 0, 8, &["1"], &[0; 141])), fault(result::TOO_LONG));
    assert_eq!(read(0x20, &submit(false, 1, 8, &["1"], &[9])), fault(result::STRUCTURE));
    assert_eq!(read(0x20, &submit(false, 0, 77, &["1"], &[9])), fault(result::STRUCTURE));
    assert!(read(0x20, &submit(false, 0, 8, &many[1..], b"")).is_ok());
}

#[test]
fn an_id_holds_its_moment() {
    let head = Head { command: 4, status: 0, sequence: [0; 3] };
    let id = u64::from_be_bytes(*Cmpp::id(0x1_0005, &head, AT).first_chunk().unwrap());
    let parts = [id >> 60, id >> 55 & 31, id >> 50 & 31, id >> 44 & 63, id >> 38 & 63];
    assert_eq!(parts, [11, 30, 14, 25, 36]);
    assert_eq!((id >> 16 & 0x3F_FFFF, id & 0xFFFF), (GATEWAY + 1, 5));
}

#[test]
fn a_report_is_sixty_octets_or_seventy_one() {
    let receipt = Receipt {
        id: *b"abcdefgh\0\0\0\0",
        from: "10690000".into(),
        to: "13800000001".into(),
        outcome: crate::Outcome { word: Some("MK:0001".to_owned()), ..crate::Outcome::default() },
        submitted: AT,
    };
    let delivery = Delivery::Receipt(receipt);
    let mut out = Vec::new();
    Cmpp { version: 0x20 }.deliver([0, 0, 9], &delivery, &behaviour(), AT, &mut out);
    assert_eq!((out.len(), &out[4..12]), (12 + 73 + 60, &[0, 0, 0, 5, 0, 0, 0, 9][..]));
    assert_eq!(&out[20..41], b"10690000\0\0\0\0\0\0\0\0\0\0\0\0\0");
    assert_eq!((&out[54..75], out[75], out[76]), (&b"13800000001\0\0\0\0\0\0\0\0\0\0"[..], 1, 60));
    assert_eq!(
        &out[77..],
        b"abcdefghMK:00012611301425261130142513800000001\0\0\0\0\0\0\0\0\0\0\0\0\0\x09\0\0\0\0\0\0\0\0"
    );
    out.clear();
    Cmpp { version: 0x30 }.deliver([0, 0, 9], &delivery, &behaviour(), AT, &mut out);
    assert_eq!((out.len(), out[87], out[88]), (12 + 97 + 71, 1, 71));
}

proptest! {
    #[test]
    fn whatever_arrives_is_read_or_refused(
        version in prop::sample::select(vec![0x20u8, 0x30]),
        command in prop::sample::select(vec![1u32, 2, 4, 5, 7, 0x8000_0005, 77]),
        body in prop::collection::vec(any::<u8>(), 0..600),
    ) {
        let head = Head { command, status: 0, sequence: [0, 0, 1] };
        if let Ok(Asked::Submit(submit)) = (Cmpp { version }).read(&head, &body) {
            prop_assert!(submit.to.len() < 100 && submit.octets.len() <= 160);
        }
    }
}
