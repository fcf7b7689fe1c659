//! Links that are cut, silent, protected, shared.

use std::collections::{BTreeMap, BTreeSet};

use fenghuo_centre::{Manner, Rule};

use super::*;

#[tokio::test]
async fn a_link_cut_in_mid_window_loses_nobody_and_doubles_only_what_was_in_doubt() {
    let behaviour = Behaviour { cut_within: Some(250), ..Behaviour::default() };
    let set = |settings: &mut Settings| {
        settings.link.binds = 3;
        settings.link.reconnect_max_ms = 100;
    };
    let world = World::new(behaviour, set).await;
    let numbers: Vec<String> = (0..3_000).map(|index| format!("1381234{index:04}")).collect();
    let mut left: Vec<&str> = numbers.iter().map(|number| &**number).collect();
    let mut doubted = BTreeSet::new();
    let mut accepted = BTreeMap::new();
    for _round in 0..400 {
        if left.is_empty() {
            break;
        }
        let chunks: Vec<&[&str]> = left.chunks(40).take(4).collect();
        let batches: Vec<Batch> = chunks.iter().map(|chunk| batch(texts(&"雨".repeat(100)), chunk)).collect();
        let answers = match &batches[..] {
            [a, b, c, d] => {
                let (a, b, c, d) = tokio::join!(
                    world.sms.submit(a, BUDGET),
                    world.sms.submit(b, BUDGET),
                    world.sms.submit(c, BUDGET),
                    world.sms.submit(d, BUDGET)
                );
                vec![a, b, c, d]
            }
            some => vec![world.sms.submit(&some[0], BUDGET).await],
        };
        let mut done = BTreeSet::new();
        for (chunk, answer) in chunks.iter().zip(answers) {
            match answer {
                Ok(verdicts) => {
                    for (number, verdict) in chunk.iter().zip(verdicts) {
                        match verdict {
                            Verdict::Accepted(Some(reference)) => {
                                done.insert(*number);
                                accepted.insert(reference, *number);
                            }
                            Verdict::InDoubt(_) => {
                                doubted.insert(*number);
                            }
                            Verdict::Transient(_) => {}
                            other => panic!("{other:?}"),
                        }
                    }
                }
                Err(Fault::Transient(_)) => tokio::time::sleep(Duration::from_millis(20)).await,
                Err(other) => panic!("{other:?}"),
            }
        }
        left.retain(|number| !done.contains(number));
    }
    assert_eq!(left, Vec::<&str>::new());
    assert_eq!(accepted.len(), numbers.len());
    for number in &numbers {
        let times = world.centre.reached(number);
        assert!(times >= 1, "{number} was missed");
        assert!(times == 1 || doubted.contains(&**number), "{number} was reached {times} times and never in doubt");
    }
    let counts = world.centre.counts();
    assert!(counts.cuts > 10 && !doubted.is_empty(), "{counts:?}");
}

#[tokio::test]
async fn what_a_lost_link_had_not_written_goes_over_another() {
    let set = |settings: &mut Settings| {
        settings.link.binds = 3;
        settings.link.window = Some(8);
    };
    // The first and the second have 21 to 28 written each, which leaves fewer than that to the third.
    let world = World::new(Behaviour { cut_after: Some(21), ..Behaviour::default() }, set).await;
    world.sms.probe().await.unwrap();
    world.centre.until(|counts| counts.bound == 3).await;
    let numbers: Vec<String> = (0..60).map(|index| format!("13812340{index:03}")).collect();
    let numbers: Vec<&str> = numbers.iter().map(|number| &**number).collect();
    let verdicts = world.sms.submit(&batch(content(), &numbers), BUDGET).await.unwrap();
    let counts = world.centre.counts();
    assert_eq!(counts.cuts, 2, "{counts:?}");
    let of = |wanted: fn(&Verdict) -> bool| verdicts.iter().filter(|verdict| wanted(verdict)).count();
    let accepted = of(|verdict| matches!(verdict, Verdict::Accepted(_)));
    let in_doubt = of(|verdict| matches!(verdict, Verdict::InDoubt(_)));
    assert_eq!(accepted + in_doubt, 60, "nothing of it stays behind: {verdicts:?}");
    assert!((1..=16).contains(&in_doubt), "a window of each lost link at most: {in_doubt}");
    assert!(world.centre.doubled().is_empty());
}

#[tokio::test]
async fn urgent_batches_do_not_wait_for_others() {
    for binds in [1, 2] {
        let rules = vec![Rule { ending: "9".to_owned(), manner: Some(Manner::Silent), ..Rule::default() }];
        let set = |settings: &mut Settings| {
            settings.link.binds = binds;
            settings.link.window = Some(4);
        };
        let world = World::new(Behaviour { rules, ..Behaviour::default() }, set).await;
        world.sms.probe().await.unwrap();
        world.centre.until(|counts| counts.bound == binds as u64).await;
        let slow: Vec<String> = (0..20).map(|index| format!("13812340{index:02}9")).collect();
        let slow: Vec<&str> = slow.iter().map(|number| &**number).collect();
        let (sms, stuck) = (Arc::clone(&world.sms), batch(content(), &slow));
        let mut tasks = tokio::task::JoinSet::new();
        tasks.spawn(async move { kinds(sms.submit(&stuck, Duration::from_secs(5)).await) });
        until("a full window", || world.centre.counts().submits >= 3).await;
        let urgent = Batch { urgent: true, ..batch(content(), &["13812341234"]) };
        let answer = kinds(world.sms.submit(&urgent, Duration::from_secs(2)).await);
        assert_eq!(answer, ["accepted"], "{binds} binds");
        assert!(tasks.try_join_next().is_none(), "the others still wait");
    }
}

#[tokio::test]
async fn a_quiet_link_is_asked_and_kept() {
    let set = |settings: &mut Settings| {
        settings.link.keepalive_ms = Some(100);
        settings.link.answer_timeout_ms = Some(100);
    };
    let world = World::new(Behaviour::default(), set).await;
    world.accept(content(), &["13812341234"]).await;
    world.centre.until(|counts| counts.tests >= 2).await;
    assert_eq!(world.centre.counts().links, 1, "a peer that answers is kept");
}

#[tokio::test]
async fn questions_of_the_centre_are_answered() {
    let test_every = Some(Duration::from_millis(30));
    let world = World::new(Behaviour { test_every, ..Behaviour::default() }, |_| ()).await;
    world.accept(content(), &["13812341234"]).await;
    world.centre.until(|counts| counts.tests_answered >= 3).await;
    assert_eq!(world.centre.counts().cuts, 0);
}

#[tokio::test]
async fn the_line_is_protected_where_wanted() {
    let centre = Centre::smpp(Behaviour::default()).with_tls().start().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("ca.pem");
    std::fs::write(&file, centre.certificate().unwrap()).unwrap();
    let world = World::at(centre, |settings| {
        settings.link.tls = crate::Tls::Implicit;
        settings.link.ca_file = Some(file);
    });
    world.sms.probe().await.unwrap();
    let numbers: Vec<String> = (0..200).map(|index| format!("13812340{index:03}")).collect();
    let numbers: Vec<&str> = numbers.iter().map(|number| &**number).collect();
    world.accept(texts(&"雨".repeat(300)), &numbers).await;
    assert_eq!(world.sink.until_receipts(200).await.len(), 200);
}

#[tokio::test]
async fn the_window_is_kept_and_narrows_with_congestion() {
    let numbers: Vec<String> = (0..200).map(|index| format!("13812340{index:03}")).collect();
    let numbers: Vec<&str> = numbers.iter().map(|number| &**number).collect();
    let behaviour = Behaviour { answer_after: Duration::from_millis(2), ..Behaviour::default() };
    let world = World::new(behaviour.clone(), |settings| settings.link.window = Some(16)).await;
    world.accept(content(), &numbers).await;
    let most = world.centre.counts().most_unanswered;
    assert!((2..=16).contains(&most), "{most}");
    let congested = Behaviour { congestion: Some(100), ..behaviour };
    let set = |settings: &mut Settings| {
        settings.link.window = Some(2);
        settings.version = Version::V5_0;
    };
    let world = World::new(congested, set).await;
    world.accept(content(), &numbers[..20]).await;
    assert_eq!(world.centre.counts().arrived, 20, "a narrow window still moves");
}
