//! What an SMSC does when it is told to.

use std::time::Duration;

use fenghuo_centre::{Behaviour, Centre, Keep, Manner, Radix, Receipts, Rule, State, Throttle, When};

use crate::client::{Client, frame};

const RECEIVER: u32 = 1;
const TRANSMITTER: u32 = 2;
const TRANSCEIVER: u32 = 9;
const DELIVER: u32 = 5;
const SUBMIT_RESP: u32 = 0x8000_0004;

fn pdu(command: u32, status: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
    frame(&[&command.to_be_bytes(), &status.to_be_bytes(), &sequence.to_be_bytes(), body])
}

fn bind(command: u32) -> Vec<u8> {
    pdu(command, 0, 1, b"900001\0secret\0\0\x34\0\0\0")
}

fn submit(sequence: u32, to: &str) -> Vec<u8> {
    let head = [b"\0\x01\x0110690000\0\x01\x01", to.as_bytes(), b"\0\0\0\0\0\0\x01\0\0\0\x05water"].concat();
    pdu(4, 0, sequence, &head)
}

fn ask_many(count: u32) -> Vec<Vec<u8>> {
    (0..count).map(|number| submit(number + 2, &format!("86138{number:08}"))).collect()
}

/// A bound client.
async fn bound(centre: &Centre, command: u32) -> Client {
    let mut client = Client::connect(centre).await;
    client.write(&[bind(command)]).await;
    assert_eq!(client.head().await, Some([command | 0x8000_0000, 0, 1]));
    client
}

#[tokio::test]
async fn every_status_is_within_reach() {
    for status in [0x08, 0x0B, 0x14, 0x45, 0x58, 0x61, 0xFE, 0x101, 0x400] {
        let rules = vec![Rule { times: Some(1), ..Rule::refuse("7", status) }];
        let centre = Centre::smpp(Behaviour { rules, bare_errors: true, ..Behaviour::default() }).start().await;
        let mut client = bound(&centre, TRANSMITTER).await;
        client.write(&[submit(2, "8613800000007"), submit(3, "8613800000007")]).await;
        assert_eq!(client.read().await.unwrap().len(), 16, "a bare header");
        assert_eq!(client.head().await, Some([SUBMIT_RESP, 0, 3]), "the rule is used up");
        assert_eq!(centre.counts().refused, 1);
    }
}

#[tokio::test]
async fn receipts_take_another_bind_twice_and_fail_where_told() {
    let receipts = Receipts { elsewhere: true, twice: true, intermediate: true, ..Receipts::default() };
    let rules = vec![Rule::end("8", State::Rejected, 3)];
    let centre = Centre::smpp(Behaviour { receipts, rules, ..Behaviour::default() }).start().await;
    let mut sender = bound(&centre, TRANSCEIVER).await;
    let mut receiver = bound(&centre, RECEIVER).await;
    sender.write(&[submit(2, "8613800000008")]).await;
    assert_eq!(sender.head().await, Some([SUBMIT_RESP, 0, 2]));
    let notice = receiver.read().await.unwrap();
    assert!(notice.contains(&0x20) && notice.windows(12).any(|part| part == b"stat:ENROUTE"));
    for _ in 0..2 {
        let receipt = receiver.read().await.unwrap();
        assert!(receipt.windows(12).any(|part| part == b"stat:REJECTD"));
    }
}

#[tokio::test]
async fn what_is_not_acknowledged_is_delivered_again() {
    let centre = Centre::smpp(Behaviour::default()).start().await;
    let mut first = bound(&centre, TRANSCEIVER).await;
    first.write(&[submit(2, "8613800000001")]).await;
    assert_eq!(first.head().await, Some([SUBMIT_RESP, 0, 2]));
    let [command, _, sequence] = first.head().await.unwrap();
    assert_eq!(command, DELIVER);
    centre.cut_links();
    assert_eq!(first.read().await, None);
    let mut second = bound(&centre, RECEIVER).await;
    assert_eq!(second.head().await.unwrap()[0], DELIVER);
    second.write(&[pdu(0x8000_0005, 0, sequence, &[0])]).await;
    centre.until(|counts| counts.acknowledged == 1).await;
    assert_eq!((centre.counts().cuts, centre.waiting()), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn late_receipts_and_slow_answers_take_their_time() {
    let receipts = Receipts { when: When::After { ms: 2000 }, ..Receipts::default() };
    let answer_after = Duration::from_secs(3);
    let centre = Centre::smpp(Behaviour { receipts, answer_after, ..Behaviour::default() }).start().await;
    let mut client = bound(&centre, TRANSCEIVER).await;
    client.write(&[submit(2, "8613800000001")]).await;
    assert_eq!(client.head().await, Some([SUBMIT_RESP, 0, 2]));
    let arrived = centre.arrived()[0].at;
    assert_eq!(client.head().await.unwrap()[0], DELIVER);
    assert!(arrived < Duration::from_secs(3));
}

#[tokio::test(start_paused = true)]
async fn throttling_rises_and_falls() {
    let throttle = Throttle { opening: Duration::from_secs(5), ..Throttle::default() };
    let centre = Centre::smpp(Behaviour { throttle, ..Behaviour::default() }).start().await;
    let mut client = bound(&centre, TRANSMITTER).await;
    client.write(&ask_many(10)).await;
    for sequence in 2..12 {
        assert_eq!(client.head().await, Some([SUBMIT_RESP, 0x58, sequence]));
    }
    tokio::time::sleep(Duration::from_secs(5)).await;
    client.write(&[submit(12, "8613800000001")]).await;
    assert_eq!(client.head().await, Some([SUBMIT_RESP, 0, 12]));
    centre.set(Behaviour { throttle: Throttle { per_second: Some(10), ..Throttle::default() }, ..centre.behaviour() });
    client.write(&ask_many(10)).await;
    let mut taken = 0;
    for _ in 0..10 {
        taken += u32::from(client.head().await.unwrap()[1] == 0);
    }
    assert_eq!(taken, 1, "a tenth of a second's allowance");
    assert_eq!(centre.counts().throttled, 19);
}

#[tokio::test]
async fn a_window_is_kept() {
    let answer_after = Duration::from_millis(50);
    let centre = Centre::smpp(Behaviour { window: Some(4), answer_after, ..Behaviour::default() }).start().await;
    let mut client = bound(&centre, TRANSMITTER).await;
    client.write(&ask_many(6)).await;
    for expected in [0, 0, 0, 0, 0x58, 0x58] {
        assert_eq!(client.head().await.unwrap()[1], expected);
    }
    assert!(centre.counts().most_unanswered >= 5);
}

#[tokio::test]
async fn silent_centres_take_and_lying_centres_drop() {
    let centre = Centre::smpp(Behaviour { manner: Manner::Silent, ..Behaviour::default() }).start().await;
    let mut client = bound(&centre, TRANSCEIVER).await;
    client.write(&[submit(2, "8613800000001")]).await;
    centre.until(|counts| counts.silenced == 1).await;
    centre.set(Behaviour { manner: Manner::Lying, ..Behaviour::default() });
    client.write(&[submit(3, "8613800000002"), pdu(0x15, 0, 4, &[])]).await;
    assert_eq!(client.head().await, Some([SUBMIT_RESP, 0, 3]));
    assert_eq!(client.head().await, Some([0x8000_0015, 0, 4]));
    let counts = centre.counts();
    assert_eq!((counts.arrived, counts.dropped, counts.receipts), (1, 1, 0));
    assert_eq!((centre.reached("8613800000001"), centre.reached("8613800000002")), (1, 0));
}

#[tokio::test]
async fn links_are_cut_where_told_and_nothing_is_lost_or_hidden() {
    let behaviour = Behaviour { cut_after: Some(50), keep: Keep::Counts, ..Behaviour::default() };
    let centre = Centre::smpp(behaviour).start().await;
    let mut client = bound(&centre, TRANSMITTER).await;
    client.write(&ask_many(100)).await;
    while client.read().await.is_some() {}
    centre.until(|counts| counts.open == 0).await;
    let counts = centre.counts();
    assert_eq!((counts.submits, counts.arrived, counts.numbers, counts.cuts), (50, 50, 50, 1));
    assert_eq!(centre.arrived(), []);
    let mut client = bound(&centre, TRANSMITTER).await;
    client.write(&[submit(2, "8613800000000")]).await;
    client.head().await;
    assert_eq!((centre.counts().doubled, centre.reached("8613800000000")), (1, 2));
    assert_eq!(centre.doubled(), [("8613800000000".to_owned(), 2)].into());
}

#[tokio::test]
async fn what_is_no_smpp_is_answered_as_the_specification_says() {
    let centre = Centre::smpp(Behaviour::default()).start().await;
    let mut client = Client::connect(&centre).await;
    client.write(&[submit(2, "8613800000001")]).await;
    assert_eq!(client.head().await, Some([SUBMIT_RESP, 4, 2]), "not bound");
    client.write(&[bind(TRANSCEIVER), bind(TRANSCEIVER), pdu(0x7777, 0, 3, &[])]).await;
    assert_eq!(client.head().await, Some([0x8000_0009, 0, 1]));
    assert_eq!(client.head().await, Some([0x8000_0009, 5, 1]), "bound already");
    assert_eq!(client.head().await, Some([0x8000_0000, 3, 3]), "no such command");
    client.write(&[pdu(4, 0, 4, &[1])]).await;
    assert_eq!(client.head().await, Some([SUBMIT_RESP, 0xC2, 4]), "too short");
    client.write(&[vec![0xFF; 16]]).await;
    assert_eq!(client.head().await, Some([0x8000_0000, 2, 0xFFFF_FFFF]), "no length");
    assert_eq!(client.read().await, None);
}

#[tokio::test]
async fn a_client_that_is_not_alive_is_cut() {
    let behaviour = Behaviour { test_every: Some(Duration::from_millis(500)), ..Behaviour::default() };
    let centre = Centre::smpp(behaviour).start().await;
    let mut client = bound(&centre, TRANSCEIVER).await;
    let [command, _, sequence] = client.head().await.unwrap();
    assert_eq!(command, 0x15);
    client.write(&[pdu(0x8000_0015, 0, sequence, &[])]).await;
    assert_eq!(client.head().await.unwrap()[0], 0x15);
    assert_eq!(client.read().await, None);
    assert_eq!((centre.counts().tests_answered, centre.counts().cuts), (1, 1));
}

/// A segment of a text of two, with an eight-bit reference in a header.
fn segment(sequence: u32, number: u8) -> Vec<u8> {
    let mut body = b"\0\x01\x0110690000\0\x01\x018613800000001\0\x40\0\0\0\0\x01\0\x18\0\x0a".to_vec();
    body.extend([5, 0, 3, 9, 2, number, 0x53, 0xF0, 0x98, 0xCE]);
    pdu(4, 0, sequence, &body)
}

#[tokio::test]
async fn each_segment_has_its_receipt_and_one_may_fail() {
    let receipts = Receipts {
        failing_segment: Some(2),
        answer_ids: Radix::PaddedUpperHex,
        receipt_ids: Radix::Decimal,
        ..Receipts::default()
    };
    let centre = Centre::smpp(Behaviour { receipts, ..Behaviour::default() }).start().await;
    let mut client = bound(&centre, TRANSCEIVER).await;
    client.write(&[segment(2, 2), segment(3, 1), segment(4, 2)]).await;
    let holds = |pdu: &[u8], text: &[u8]| pdu.windows(text.len()).any(|part| part == text);
    for id in [b"00000001", b"00000002", b"00000003"] {
        assert!(holds(&client.read().await.unwrap(), id));
    }
    for (id, word) in [("id:1 ", "UNDELIV"), ("id:2 ", "DELIVRD"), ("id:3 ", "UNDELIV")] {
        let receipt = client.read().await.unwrap();
        assert!(holds(&receipt, id.as_bytes()) && holds(&receipt, word.as_bytes()));
    }
    let arrived = &centre.arrived()[0];
    assert_eq!((&*arrived.text, arrived.segments, arrived.flash), ("台风台风", 2, true));
    let counts = centre.counts();
    assert_eq!((counts.segments, counts.arrived, counts.incomplete), (3, 1, 1), "the third begins a message anew");
}

#[tokio::test]
async fn submit_multi_lists_who_was_refused() {
    let rules = vec![Rule::refuse("2", 0x0B)];
    let centre = Centre::smpp(Behaviour { rules, congestion: Some(80), ..Behaviour::default() }).start().await;
    let mut client = Client::connect(&centre).await;
    client.write(&[pdu(TRANSCEIVER, 0, 1, b"900001\0secret\0\0\x50\0\0\0")]).await;
    client.read().await.unwrap();
    let body = b"\0\x01\x0110690000\0\x02\x01\x01\x01111\0\x01\x01\x01222\0\0\0\0\0\0\0\0\0\0\x05water";
    client.write(&[pdu(0x21, 0, 2, body)]).await;
    let answer = client.read().await.unwrap();
    assert_eq!(answer[16..], *b"1\0\x01\x01\x01222\0\0\0\0\x0b\x04\x28\0\x01\x50");
    assert_eq!((centre.reached("111"), centre.reached("222")), (1, 0));
}

#[tokio::test(start_paused = true)]
async fn what_is_cancelled_ends_deleted() {
    let when = When::After { ms: 60_000 };
    let receipts = Receipts { when, answer_ids: Radix::PaddedUpperHex, ..Receipts::default() };
    let centre = Centre::smpp(Behaviour { receipts, ..Behaviour::default() }).start().await;
    let mut client = bound(&centre, TRANSCEIVER).await;
    // In one write, so that the clock, which goes on when all wait, does not overtake the last.
    let cancel = pdu(8, 0, 4, b"\x0000000001\0\x01\x0110690000\0\x01\x018613800000001\0");
    client.write(&[submit(2, "8613800000001"), submit(3, "8613800000001"), cancel]).await;
    for expected in [[SUBMIT_RESP, 0, 2], [SUBMIT_RESP, 0, 3], [0x8000_0008, 0, 4]] {
        assert_eq!(client.head().await, Some(expected));
    }
    for word in [b"stat:DELETED", b"stat:DELIVRD"] {
        assert!(client.read().await.unwrap().windows(12).any(|part| part == word));
    }
    assert_eq!(centre.cancelled()[0].to, "8613800000001");
}

#[tokio::test]
async fn links_are_told_who_may_bind() {
    let centre = Centre::smpp(Behaviour { most_binds: Some(1), ..Behaviour::default() }).start().await;
    let mut first = bound(&centre, TRANSCEIVER).await;
    let mut second = Client::connect(&centre).await;
    second.write(&[bind(TRANSCEIVER)]).await;
    assert_eq!(second.head().await, Some([0x8000_0009, 0x0D, 1]));
    first.write(&[pdu(6, 0, 2, &[])]).await;
    assert_eq!(first.head().await, Some([0x8000_0006, 0, 2]));
    assert_eq!(first.read().await, None);
    second.write(&[bind(TRANSCEIVER)]).await;
    assert_eq!(second.head().await, Some([0x8000_0009, 0, 1]));
    centre.set(Behaviour { bind_status: 0x0F, ..Behaviour::default() });
    let mut third = Client::connect(&centre).await;
    third.write(&[bind(TRANSCEIVER)]).await;
    assert_eq!(third.head().await, Some([0x8000_0009, 0x0F, 1]));
    centre.stop().await;
    assert_eq!(third.read().await, None);
}

#[tokio::test]
async fn chance_follows_from_the_seed() {
    let mut lives = Vec::new();
    for seed in [7, 7, 8] {
        let behaviour = Behaviour { cut_within: Some(1000), seed, keep: Keep::Counts, ..Behaviour::default() };
        let centre = Centre::smpp(behaviour).start().await;
        for _ in 0..2 {
            let mut client = bound(&centre, TRANSMITTER).await;
            client.write(&ask_many(1000)).await;
            while client.read().await.is_some() {}
        }
        centre.until(|counts| counts.open == 0).await;
        lives.push(centre.counts().submits);
    }
    assert!(lives[0] == lives[1] && lives[1] != lives[2], "{lives:?}");
}

#[tokio::test]
async fn a_link_that_rests_is_closed() {
    let centre =
        Centre::smpp(Behaviour { idle: Some(Duration::from_millis(20)), ..Behaviour::default() }).start().await;
    let mut client = bound(&centre, TRANSCEIVER).await;
    assert_eq!(client.read().await, None);
    assert_eq!((centre.counts().bound, centre.counts().cuts), (0, 0));
}

#[tokio::test]
async fn a_frozen_centre_goes_on_where_it_stood() {
    let centre = Centre::smpp(Behaviour::default()).start().await;
    let mut client = bound(&centre, TRANSCEIVER).await;
    centre.set(Behaviour { frozen: true, ..Behaviour::default() });
    client.write(&[submit(3, "8613800000001")]).await;
    assert!(tokio::time::timeout(Duration::from_millis(100), client.head()).await.is_err());
    assert_eq!(centre.counts().submits, 0);
    centre.set(Behaviour::default());
    assert_eq!(client.head().await, Some([SUBMIT_RESP, 0, 3]));
}
