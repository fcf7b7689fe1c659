use fenghuo_centre::{Behaviour, Outcome, Receipts, Rule, State, When};
use fenghuo_contract::{Origin, ReceiptState};

use super::carrier::{ALL, Carrier, failure, reference, warning};

/// An outcome with the carrier's own word.
fn in_words(ending: &str, word: &str) -> Rule {
    let outcome = Outcome { state: State::Undeliverable, error: 0, word: Some(word.to_owned()) };
    Rule { ending: ending.to_owned(), outcome: Some(outcome), ..Rule::default() }
}

#[tokio::test]
async fn failures_carry_the_carriers_own_code() {
    for carrier in ALL {
        let rules = vec![Rule::end("1", State::Undeliverable, 4), Rule::end("2", State::Expired, 7)];
        let world = carrier.start(Behaviour { rules, ..Behaviour::default() }, "").await;
        let verdicts = world.send(&warning("台风"), &["13812340001", "13812340002", "13812340003"]).await;
        let receipts = world.sink.receipts(3).await;
        let of =
            |place: usize| receipts.iter().find(|receipt| receipt.reference == reference(&verdicts[place])).unwrap();
        let codes = match carrier {
            Carrier::Cmpp20 | Carrier::Cmpp30 => ["UNDELIV", "EXPIRED"],
            Carrier::Sgip => ["report 4", "report 7"],
            Carrier::Smgp => ["UNDELIV 004", "EXPIRED 007"],
        };
        assert_eq!([failure(of(0)), failure(of(1))], codes, "{carrier:?}");
        assert_eq!((&of(2).state, of(2).origin), (&ReceiptState::Delivered, Origin::Signed));
        let told = of(2).at.is_some();
        assert_eq!(told, carrier != Carrier::Sgip, "SGIP's report has no time");
        world.end().await;
    }
}

#[tokio::test]
async fn words_no_table_knows_are_failures_and_nothing_is_final_that_is_not() {
    for carrier in [Carrier::Cmpp20, Carrier::Cmpp30, Carrier::Smgp] {
        let rules = vec![in_words("1", "MK:0001"), in_words("2", "ZZ:9999"), in_words("3", "ACCEPTD")];
        let world = carrier.start(Behaviour { rules, ..Behaviour::default() }, "").await;
        world.send(&warning("台风"), &["13812340003"]).await;
        world.send(&warning("台风"), &["13812340001"]).await;
        world.send(&warning("台风"), &["13812340002"]).await;
        let receipts = world.sink.receipts(2).await;
        let codes: Vec<&str> = receipts.iter().map(failure).collect();
        assert_eq!(codes, ["MK:0001", "ZZ:9999"], "{carrier:?}");
        world.centre.until(|counts| counts.acknowledged == 3).await;
        world.end().await;
    }
}

#[tokio::test]
async fn reports_before_the_answer_and_twice_are_the_same_delivery() {
    for carrier in ALL {
        let receipts = Receipts { when: When::BeforeAnswer, twice: true, ..Receipts::default() };
        let world = carrier.start(Behaviour { receipts, ..Behaviour::default() }, "").await;
        let long = "台风红色预警".repeat(20);
        let names: Vec<_> =
            [world.send(&warning("台风"), &["13812340001"]).await, world.send(&warning(&long), &["13812340002"]).await]
                .iter()
                .map(|verdicts| reference(&verdicts[0]))
                .collect();
        world.centre.until(|counts| counts.acknowledged >= 2 + 2 * 2).await;
        let heard = world.sink.receipts(2).await;
        for name in names {
            assert!(heard.iter().any(|receipt| receipt.reference == name), "{carrier:?}: {name:?} in {heard:?}");
        }
        world.end().await;
    }
}

#[tokio::test]
async fn a_failed_segment_fails_the_message() {
    for carrier in ALL {
        let receipts = Receipts { failing_segment: Some(2), ..Receipts::default() };
        let world = carrier.start(Behaviour { receipts, ..Behaviour::default() }, "").await;
        let numbers = ["13812340001", "13812340002"];
        let verdicts = world.send(&warning(&"台风红色预警".repeat(20)), &numbers).await;
        let heard = world.sink.receipts(2).await;
        for verdict in &verdicts {
            let name = reference(verdict);
            let failed = heard
                .iter()
                .any(|receipt| receipt.reference == name && matches!(receipt.state, ReceiptState::Failed(_)));
            assert!(failed, "{carrier:?}: {heard:?}");
        }
        world.end().await;
    }
}

#[tokio::test]
async fn what_was_not_taken_is_not_acknowledged() {
    for carrier in ALL {
        let world = carrier.start(Behaviour::default(), "").await;
        world.sink.refuse(1);
        let verdicts = world.send(&warning("台风"), &["13812340001"]).await;
        world.centre.until(|counts| counts.unwelcome == 1).await;
        assert_eq!((world.sink.refused(), world.centre.counts().acknowledged), (1, 0), "{carrier:?}");
        let later = world.send(&warning("台风"), &["13812340002"]).await;
        let heard = world.sink.receipts(1).await;
        assert!(heard.iter().all(|receipt| receipt.reference != reference(&verdicts[0])));
        assert_eq!(heard[0].reference, reference(&later[0]));
        world.end().await;
    }
}

#[tokio::test]
async fn people_are_heard_whole() {
    for carrier in ALL {
        let world = carrier.start(Behaviour::default(), "").await;
        world.send(&warning("台风"), &["13812340001"]).await;
        world.sink.receipts(1).await;
        let long = "收到，正在转移到地势高的地方，请放心。".repeat(6);
        let number = world.centre.arrived()[0].to.clone();
        for text in ["1", "收到🌀", &long] {
            world.centre.say(&number, text);
        }
        let replies = world.sink.replies(3).await;
        let mut texts: Vec<&str> = replies.iter().map(|reply| &*reply.text).collect();
        texts.sort_by_key(|text| text.len());
        assert_eq!(texts, ["1", "收到🌀", &long], "{carrier:?}");
        assert!(replies.iter().all(|reply| reply.from.expose().ends_with("13812340001")));
        assert!(replies.iter().all(|reply| reply.origin == Origin::Signed));
        world.end().await;
    }
}
