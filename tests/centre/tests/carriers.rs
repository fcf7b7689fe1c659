//! Sessions with the gateways of the three Chinese carriers, octet by octet.

use std::{net::Ipv4Addr, time::Duration};

use fenghuo_centre::{Behaviour, Centre, Rule, State};
use md5::{Digest, Md5};
use tokio::net::TcpListener;

use crate::client::{Client, frame, padded};

const RESPONSE: u32 = 0x8000_0000;
const STAMP: u32 = 801_112_233;

/// A frame of CMPP or SMGP.
fn short(command: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
    frame(&[&command.to_be_bytes(), &sequence.to_be_bytes(), body])
}

/// A frame of SGIP.
fn long(command: u32, sequence: u32, body: &[u8]) -> Vec<u8> {
    let node = [3_025_000_001_u32, STAMP, sequence].map(u32::to_be_bytes).concat();
    frame(&[&command.to_be_bytes(), &node, body])
}

fn proof(account: &str, zeros: usize) -> Vec<u8> {
    let parts = [account.as_bytes(), &vec![0; zeros], b"secret", format!("{STAMP:010}").as_bytes()].concat();
    Md5::digest(parts).to_vec()
}

fn cmpp_submit(sequence: u32, numbers: &[&str]) -> Vec<u8> {
    let numbers = numbers.iter().flat_map(|number| padded(number, 32)).collect::<Vec<_>>();
    let count = u8::try_from(numbers.len() / 32).unwrap();
    let parts: [&[u8]; 8] = [
        &[0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 0],
        &[0; 10 + 1 + 32 + 1],
        &[0, 0, 8],
        &[0; 14 + 17 + 17],
        &padded("10690000", 21),
        &[count],
        &numbers,
        &[&[0, 2, 0x6C, 0x34][..], &[0; 20]].concat(),
    ];
    short(4, sequence, &parts.concat())
}

#[tokio::test]
async fn a_cmpp_3_gateway_answers_reports_and_asks() {
    let rules = vec![Rule::end("2", State::Undeliverable, 0), Rule::refuse("3", 13)];
    let centre = Centre::cmpp(Behaviour { rules, ..Behaviour::default() }).start().await;
    let mut client = Client::connect(&centre).await;
    let connect = [b"900001", &proof("900001", 9)[..], &[0x30], &STAMP.to_be_bytes()].concat();
    client.write(&[short(1, 1, &connect)]).await;
    let answer = client.read().await.unwrap();
    assert_eq!(answer[..16], [0, 0, 0, 33, 0x80, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0]);
    let expected = Md5::digest([&[0; 4], &proof("900001", 9)[..], b"secret"].concat());
    assert_eq!((&answer[16..32], answer[32]), (&expected[..], 0x30));

    client.write(&[cmpp_submit(2, &["13800000001", "13800000002"]), cmpp_submit(3, &["13800000003"])]).await;
    let taken = client.read().await.unwrap();
    assert_eq!((taken.len(), &taken[20..]), (24, &[0; 4][..]));
    assert_eq!(client.read().await.unwrap()[20..], [0, 0, 0, 13]);
    for word in [b"DELIVRD", b"UNDELIV"] {
        let report = client.read().await.unwrap();
        assert_eq!((report[7], report[87], report[88]), (5, 1, 71), "a report");
        assert_eq!((&report[89..97], &report[97..104]), (&taken[12..20], &word[..]));
        let sequence = u32::from_be_bytes(report[8..12].try_into().unwrap());
        client.write(&[short(5 | RESPONSE, sequence, &[&report[12..20], &[0; 4]].concat())]).await;
    }
    centre.until(|counts| counts.acknowledged == 2).await;
    centre.set(Behaviour { test_every: Some(Duration::from_millis(500)), ..centre.behaviour() });
    client.write(&[short(8, 4, &[])]).await;
    assert_eq!(client.head().await, Some([8 | RESPONSE, 4, 0]));
    let [command, sequence, _] = client.head().await.unwrap();
    assert_eq!(command, 8);
    client.write(&[short(8 | RESPONSE, sequence, &[0])]).await;
    centre.until(|counts| counts.tests_answered == 1).await;
    let counts = centre.counts();
    assert_eq!((counts.arrived, counts.acknowledged, counts.refused), (2, 2, 1));
    assert!(centre.arrived().iter().all(|arrived| arrived.text == "水"));
    client.write(&[short(0x77, 9, &[])]).await;
    while client.read().await.is_some() {}
}

fn smgp_submit(sequence: u32, number: &str) -> Vec<u8> {
    let parts: [&[u8]; 7] = [
        &[6, 1, 3],
        &[0; 24],
        &[15],
        &[0; 34],
        &padded("10690000", 42),
        &[&[1][..], &padded(number, 21)].concat(),
        &[&[2, 0xCB, 0xAE][..], &[0; 8]].concat(),
    ];
    short(2, sequence, &parts.concat())
}

async fn smgp_client(centre: &Centre, mode: u8) -> Client {
    let mut client = Client::connect(centre).await;
    let login = [&padded("900001", 8), &proof("900001", 7)[..], &[mode], &STAMP.to_be_bytes(), &[0x30]].concat();
    client.write(&[short(1, 1, &login)]).await;
    assert_eq!(client.head().await, Some([1 | RESPONSE, 1, 0]));
    client
}

#[tokio::test]
async fn an_smgp_gateway_reports_to_the_link_that_receives() {
    let centre = Centre::smgp(Behaviour::default()).start().await;
    let mut receiver = smgp_client(&centre, 1).await;
    let mut sender = smgp_client(&centre, 0).await;
    sender.write(&[smgp_submit(2, "13300000001"), short(4, 3, &[])]).await;
    let taken = sender.read().await.unwrap();
    assert_eq!((taken.len(), &taken[22..]), (26, &[0; 4][..]));
    assert_eq!(sender.head().await, Some([4 | RESPONSE, 3, 0]));
    let report = receiver.read().await.unwrap();
    assert_eq!((report[22], &report[81..84], &report[84..94]), (1, &b"id:"[..], &taken[12..22]));
    assert_eq!(centre.arrived()[0].text, "水", "GB 18030");

    receiver.write(&[smgp_submit(4, "13300000001")]).await;
    assert_eq!(receiver.read().await.unwrap()[22..], [0, 0, 0, 21], "bound to receive");
    centre.say("13300000001", "收到");
    let said = receiver.read().await.unwrap();
    assert_eq!((said[22], said[23], &said[80..85]), (0, 8, &[4, 0x65, 0x36, 0x52, 0x30][..]));
    sender.write(&[short(6, 5, &[])]).await;
    assert_eq!(sender.head().await, Some([6 | RESPONSE, 5, 0]));
    assert_eq!(sender.read().await, None);
}

fn sgip_submit(sequence: u32, number: &str) -> Vec<u8> {
    let parts: [&[u8]; 6] = [
        &padded("10690000", 42),
        &[&[1][..], &padded(number, 21)].concat(),
        &[0; 31],
        &[0; 32],
        &[1, 0, 0, 8, 0, 0, 0, 0, 2, 0x6C, 0x34],
        &[0; 8],
    ];
    long(3, sequence, &parts.concat())
}

#[tokio::test]
async fn an_sgip_gateway_calls_back_and_discards_what_is_repeated() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let reports_to = Some(listener.local_addr().unwrap());
    let centre = Centre::sgip(Behaviour { reports_to, ..Behaviour::default() }).start().await;
    let mut client = Client::connect(&centre).await;
    let bind = [&[1][..], &padded("900001", 16), &padded("secret", 16), &[0; 8]].concat();
    client.write(&[long(1, 1, &bind)]).await;
    assert_eq!(client.read().await.unwrap()[20..], [0; 9]);
    client.write(&[sgip_submit(2, "8613000000001"), sgip_submit(2, "8613000000001")]).await;
    assert_eq!(client.read().await.unwrap()[20], 0);
    assert_eq!(client.read().await.unwrap()[20], 0);
    assert_eq!((centre.counts().arrived, centre.counts().discarded), (1, 1));

    let mut called = Client::of(listener.accept().await.unwrap().0);
    let bind = called.read().await.unwrap();
    assert_eq!((bind[7], bind[20], &bind[21..27], &bind[37..43]), (1, 2, &b"900001"[..], &b"secret"[..]));
    called.write(&[frame(&[&(1 | RESPONSE).to_be_bytes(), &bind[8..20], &[0; 9]])]).await;
    let report = called.read().await.unwrap();
    assert_eq!((report[7], &report[20..32]), (5, &sgip_submit(2, "")[8..20]));
    assert_eq!((&report[33..46], report[54], report[55]), (&b"8613000000001"[..], 0, 0));
    called.write(&[frame(&[&(5 | RESPONSE).to_be_bytes(), &report[8..20], &[0; 9]])]).await;
    centre.until(|counts| counts.acknowledged == 1).await;

    centre.cut_links();
    assert_eq!(called.read().await, None);
    centre.say("8613000000001", "ok");
    let mut called = Client::of(listener.accept().await.unwrap().0);
    let bind = called.read().await.unwrap();
    called.write(&[frame(&[&(1 | RESPONSE).to_be_bytes(), &bind[8..20], &[0; 9]])]).await;
    let said = called.read().await.unwrap();
    assert_eq!((said[7], &said[41..49], &said[65..71]), (4, &b"10690000"[..], &[0, 0, 0, 2, b'o', b'k'][..]));
}
