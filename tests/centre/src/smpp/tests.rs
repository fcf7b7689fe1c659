use proptest::prelude::*;

use super::*;
use crate::dialect::Receipt;

/// Octets from hexadecimal digits and blanks.
fn octets(hex: &str) -> Vec<u8> {
    let digits: Vec<u32> = hex.chars().filter_map(|digit| digit.to_digit(16)).collect();
    digits.chunks(2).map(|pair| u8::try_from(pair[0] * 16 + pair[1]).unwrap()).collect()
}

fn read(smpp: &mut Smpp, hex: &str) -> String {
    let frame = octets(hex);
    assert_eq!(u32::from_be_bytes(*frame.first_chunk().unwrap()) as usize, frame.len(), "command_length");
    format!("{:?}", smpp.read(&Smpp::head(&frame), &frame[16..]))
}

#[test]
fn the_bind_of_the_specification_is_read() {
    // SMPP 3.4, 3.2.3: the sample bind_transmitter of system SMPP3TEST.
    let bind = "0000002F 00000002 00000000 00000001 534D5050335445535400 7365637265743038 00 5355424D49543100 \
                00 01 01 00";
    assert_eq!(
        read(&mut Smpp::new(), bind),
        "Ok(Bind(Login { account: \"SMPP3TEST\", proof: Password(\"secret08\"), sends: true, receives: false }))"
    );
}

#[test]
fn headers_and_sar_place_a_segment_alike() {
    let udh = "0000003D 00000004 00000000 00000002 00 010100 0101 3836313338303000 40 00 00 00 00 01 00 08 00 \
               0A 050003070201 53F0 98CE";
    let sar = "00000048 00000004 00000000 00000002 00 010100 0101 3836313338303000 00 00 00 00 00 01 00 08 00 \
               04 53F0 98CE 020C 0002 0007 020E 0001 02 020F 0001 01";
    let trim = |hex: &str| {
        let mut frame = octets(hex);
        close_frame(&mut frame, 0);
        let head = Smpp::head(&frame);
        format!("{:?}", Smpp::new().read(&head, &frame[16..]).unwrap())
    };
    assert_eq!(trim(udh), trim(sar));
    assert!(trim(udh).contains("part: Some(Part { reference: 7, total: 2, number: 1 }), octets: [83, 240, 152, 206]"));
}

#[test]
fn each_broken_field_has_its_status() {
    let submit = |to: &str, esm_class: u8, validity: &str, coding: u8, text: &[u8], tlvs: &[u8]| {
        let mut body = vec![0, 1, 1, 0, 1, 1];
        put_terminated(&mut body, to);
        body.extend([esm_class, 0, 0, 0]);
        put_terminated(&mut body, validity);
        body.extend([1, 0, coding, 0, u8::try_from(text.len()).unwrap()]);
        body.extend_from_slice(text);
        body.extend_from_slice(tlvs);
        let head = Head { command: 4, status: 0, sequence: [0, 0, 1] };
        Smpp::new().read(&head, &body).err()
    };
    let fault = |status| Some(Fault::Answer(status));
    assert_eq!(submit("8613800", 0, "000000010000000R", 8, &[0x53, 0xF0], &[]), None);
    assert_eq!(submit("", 0, "", 8, &[], &[]), fault(status::INVDSTADR));
    assert_eq!(submit("abc", 0, "", 8, &[], &[]), fault(status::INVDSTADR));
    assert_eq!(submit("1", 0x40, "", 8, &[9, 0], &[]), fault(status::INVESMCLASS));
    assert_eq!(submit("1", 0, "tomorrow", 8, &[], &[]), fault(status::INVEXPIRY));
    assert_eq!(submit("1", 0, "", 0x77, &[], &[]), fault(status::INVDCS));
    assert_eq!(submit("1", 0, "", 8, &[0; 141], &[]), fault(status::INVMSGLEN));
    assert_eq!(submit("1", 0, "", 0, &[0; 161], &[]), fault(status::INVMSGLEN));
    assert_eq!(submit("1", 0, "", 8, &[], &[2, 0xC]), fault(status::INVOPTPARSTREAM));
    assert_eq!(submit("1", 0, "", 8, &[], &[2, 0xC, 0, 1, 0]), fault(status::INVPARLEN));
    assert_eq!(submit("1", 0, "", 8, &[], &[2, 0xC, 0, 2, 0, 1]), fault(status::INVOPTPARAMVAL));
}

#[test]
fn a_receipt_says_it_in_text_and_in_parameters() {
    let mut out = Vec::new();
    let id = Smpp::id(0xAB, &Head { command: 4, status: 0, sequence: [0; 3] }, Stamp(*b"260601080000"));
    let receipt = Receipt {
        id,
        from: "10690000".into(),
        to: "+8613800".into(),
        outcome: crate::Outcome { state: crate::State::Undeliverable, error: 11, word: None },
        submitted: Stamp(*b"260601080000"),
    };
    let mut behaviour = Behaviour::default();
    behaviour.receipts.answer_ids = Radix::Hex;
    behaviour.receipts.receipt_ids = Radix::PaddedDecimal;
    Smpp::new().deliver([0, 0, 9], &Delivery::Receipt(receipt), &behaviour, Stamp(*b"260601080501"), &mut out);
    let text =
        b"id:0000000171 sub:001 dlvrd:000 submit date:2606010800 done date:2606010805 stat:UNDELIV err:011 text:";
    let mut expected = octets("00000000 00000005 00000000 00000009 00 0101 3836313338303000 0001 313036393030303000");
    expected.extend([4, 0, 0, 0, 0, 0, 0, 0, 0, u8::try_from(text.len()).unwrap()]);
    expected.extend_from_slice(text);
    expected.extend(octets("001E 000B 3030303030303031373100 0427 0001 05 0423 0003 03000B"));
    close_frame(&mut expected, 0);
    assert_eq!(out, expected);
}

proptest! {
    #[test]
    fn whatever_arrives_is_read_or_refused(
        command in prop::sample::select(vec![1u32, 2, 4, 5, 8, 9, 0x21, 0x103, 0x8000_0005, 77]),
        body in prop::collection::vec(any::<u8>(), 0..400),
    ) {
        let head = Head { command, status: 0, sequence: [0, 0, 1] };
        if let Ok(Asked::Submit(submit)) = Smpp::new().read(&head, &body) {
            prop_assert!(submit.to.len() <= 254 && submit.octets.len() <= body.len());
        }
    }
}
