use std::{collections::HashSet, time::Duration};

use fenghuo_centre::Behaviour;
use fenghuo_contract::{Adapter, Fault, Verdict};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::carrier::{ALL, Carrier, World, warning};

#[tokio::test]
async fn a_link_cut_before_the_answer_leaves_doubt_and_comes_back() {
    for carrier in ALL {
        let behaviour = Behaviour { cut_after: Some(2), ..Behaviour::default() };
        let world = carrier.start(behaviour, "reconnect_max_ms = 100").await;
        let first = world.send(&warning("台风"), &["13812340001"]).await;
        assert!(matches!(first[..], [Verdict::Accepted(_)]), "{carrier:?}: {first:?}");
        let second = world.send(&warning("台风"), &["13812340002"]).await;
        assert!(matches!(second[..], [Verdict::InDoubt(_)]), "{carrier:?}: {second:?}");
        world.centre.set(Behaviour { cut_after: None, ..world.centre.behaviour() });
        let third = loop {
            match world.try_send(&warning("台风"), &["13812340003"], 1).await {
                Ok(verdicts) => break verdicts,
                Err(fault) => assert!(matches!(fault, Fault::Transient(_)), "{carrier:?}: {fault:?}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        assert!(matches!(third[..], [Verdict::Accepted(_)]), "{carrier:?}: {third:?}");
        world.end().await;
    }
}

#[tokio::test]
async fn both_sides_ask_whether_the_other_is_there() {
    for carrier in [Carrier::Cmpp20, Carrier::Cmpp30, Carrier::Smgp] {
        let behaviour = Behaviour { test_every: Some(Duration::from_millis(100)), ..Behaviour::default() };
        let world = carrier.start(behaviour, "keepalive_ms = 100").await;
        world.route.probe().await.unwrap();
        world.centre.until(|counts| counts.tests_answered >= 2).await;
        world.centre.set(Behaviour { test_every: None, ..world.centre.behaviour() });
        let before = world.centre.counts().tests;
        world.centre.until(|counts| counts.tests >= before + 2).await;
        assert_eq!((world.centre.counts().links, world.centre.counts().bound), (1, 1), "{carrier:?}");
        world.end().await;
    }
}

#[tokio::test]
async fn farewells_are_said() {
    for carrier in ALL {
        let world = carrier.start(Behaviour::default(), "").await;
        world.route.probe().await.unwrap();
        world.route.close().await;
        world.centre.until(|counts| counts.unbinds == 1 && counts.open == 0).await;
        assert_eq!(world.centre.counts().cuts, 0);
        world.centre.stop().await;
    }
}

#[tokio::test]
async fn an_idle_link_rests_and_comes_back_when_it_is_wanted() {
    let world = Carrier::Sgip.start(Behaviour::default(), "binds = 2\nkeepalive_ms = 100").await;
    for round in 1..=3 {
        let verdicts = world.send(&warning("台风"), &["13812340001"]).await;
        assert!(matches!(verdicts[..], [Verdict::Accepted(_)]), "round {round}: {verdicts:?}");
        world.sink.receipts(round).await;
        world.centre.until(|counts| counts.bound == 0).await;
    }
    assert_eq!(world.centre.counts().cuts, 0);
    world.route.probe().await.unwrap();
    world.end().await;
}

#[tokio::test]
async fn a_gateway_that_hangs_up_on_idle_links_is_called_again() {
    let behaviour = Behaviour { idle: Some(Duration::from_millis(50)), ..Behaviour::default() };
    let world = Carrier::Sgip.start(behaviour, "").await;
    world.route.probe().await.unwrap();
    for _ in 0..3 {
        world.centre.until(|counts| counts.links > 0 && counts.open == 0).await;
        // A submit that meets the farewell is lost or in doubt; none is refused for want of a link.
        loop {
            match world.try_send(&warning("台风"), &["13812340001"], 1).await.as_deref() {
                Ok([Verdict::Accepted(_)]) => break,
                Ok([Verdict::InDoubt(cause)]) | Err(Fault::Transient(cause)) => assert_eq!(&*cause.code, "LOST"),
                other => panic!("{other:?}"),
            }
        }
    }
    world.end().await;
}

/// An SGIP Bind with the fields of the specification.
fn bind(login_type: u8, name: &str, password: &str) -> Vec<u8> {
    let mut frame = vec![0, 0, 0, 61, 0, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0, 8, 0, 0, 0, 7, login_type];
    for text in [name, password] {
        let end = frame.len() + 16;
        frame.extend_from_slice(text.as_bytes());
        frame.resize(end, 0);
    }
    frame.extend_from_slice(&[0; 8]);
    frame
}

#[tokio::test]
async fn only_the_gateway_may_bring_reports() {
    let world = Carrier::Sgip.start(Behaviour::default(), "").await;
    world.route.probe().await.unwrap();
    for (frame, result) in [
        (bind(2, "900001", "secret"), Some(0)),
        (bind(2, "900001", "wrong"), Some(1)),
        (bind(2, "900002", "secret"), Some(1)),
        (bind(1, "900001", "secret"), Some(4)),
        (vec![0, 0, 0, 20, 0, 0, 0, 2, 0, 0, 0, 9, 0, 0, 0, 8, 0, 0, 0, 7], None),
        (vec![0xFF; 20], None),
    ] {
        let mut stream = TcpStream::connect(world.reports).await.unwrap();
        stream.write_all(&frame).await.unwrap();
        let mut answer = [0; 29];
        let read = stream.read_exact(&mut answer).await.is_ok();
        assert_eq!(read.then_some(answer[20]), result);
        if result.is_some() {
            assert_eq!(answer[..20], [0, 0, 0, 29, 0x80, 0, 0, 1, 0, 0, 0, 9, 0, 0, 0, 8, 0, 0, 0, 7]);
        }
        let more = if result == Some(0) { 0 } else { stream.read(&mut answer).await.unwrap_or(0) };
        assert_eq!(more, 0, "who is not let in is shown the door");
    }
    world.end().await;
}

#[tokio::test]
async fn a_place_that_is_taken_is_told_by_the_probe() {
    let world = Carrier::Sgip.start(Behaviour::default(), "").await;
    world.route.probe().await.unwrap();
    let second = world.another("");
    let fault = loop {
        if let Err(fault) = second.probe().await {
            break fault;
        }
        tokio::task::yield_now().await;
    };
    let Fault::Misconfigured(cause) = &fault else { panic!("{fault:?}") };
    assert_eq!(&*cause.code, "LISTEN");
    second.close().await;
    world.end().await;
}

/// Sends to everybody until everybody is accepted, as the engine would: who is in doubt is tried again, and remembered.
async fn send_to_all(world: &World, numbers: &[String]) -> HashSet<String> {
    let mut doubted = HashSet::new();
    let mut left: Vec<(String, u8)> = numbers.iter().map(|number| (number.clone(), 1)).collect();
    while !left.is_empty() {
        let slice = left.split_off(left.len().saturating_sub(20));
        let addresses: Vec<&str> = slice.iter().map(|(number, _)| &**number).collect();
        let attempt = slice.iter().map(|(_, attempt)| *attempt).max().unwrap_or(1);
        let verdicts = match world.try_send(&warning("台风红色预警"), &addresses, attempt).await {
            Ok(verdicts) => verdicts,
            Err(fault) => vec![fault.verdict(); slice.len()],
        };
        for ((number, attempt), verdict) in slice.into_iter().zip(verdicts) {
            match verdict {
                Verdict::Accepted(_) => continue,
                Verdict::InDoubt(_) => {
                    doubted.insert(number.clone());
                    left.push((number, attempt.saturating_add(1)));
                }
                Verdict::Transient(_) => left.push((number, attempt)),
                other => panic!("{:?}: {other:?}", world.carrier),
            }
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    doubted
}

#[tokio::test]
async fn links_cut_at_random_lose_nobody_and_double_only_who_was_in_doubt() {
    for carrier in ALL {
        let behaviour = Behaviour { cut_within: Some(30), ..Behaviour::default() };
        let world = carrier.start(behaviour, "binds = 2\nreconnect_max_ms = 100").await;
        let numbers: Vec<String> = (0..3000).map(|place| format!("1380000{place:04}")).collect();
        let doubted = send_to_all(&world, &numbers).await;
        let written = |number: &String| if carrier == Carrier::Sgip { format!("86{number}") } else { number.clone() };
        let mut doubled = 0;
        for number in &numbers {
            let times = world.centre.reached(&written(number));
            assert!(times >= 1, "{carrier:?}: somebody was missed");
            assert!(times == 1 || doubted.contains(number), "{carrier:?}: doubled without doubt");
            doubled += u64::from(times > 1);
        }
        let counts = world.centre.counts();
        assert!(counts.cuts > 2, "{carrier:?}: {counts:?}");
        assert_eq!((counts.numbers, counts.doubled), (3000, doubled));
        world.end().await;
    }
}
