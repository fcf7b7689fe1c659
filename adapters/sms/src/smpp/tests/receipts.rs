//! Receipts early, late, twice, elsewhere, never; in every form; and what people write.

use fenghuo_centre::{Form, Radix, Receipts, Rule, State, When};

use super::*;

const NUMBERS: [&str; 3] = ["13812341231", "13812341232", "13812341233"];

async fn with(receipts: Receipts, change: impl FnOnce(&mut Settings)) -> World {
    World::new(Behaviour { receipts, ..Behaviour::default() }, change).await
}

#[tokio::test]
async fn a_delivery_has_one_receipt_however_it_comes() {
    for form in [Form::Text, Form::Tlv, Form::Both] {
        for when in [When::BeforeAnswer, When::After { ms: 0 }, When::After { ms: 30 }] {
            for length in [20, 100, 300] {
                let world = with(Receipts { form, when, ..Receipts::default() }, |_| ()).await;
                let references = world.accept(texts(&"雨".repeat(length)), &NUMBERS).await;
                let mut receipts = world.sink.until_receipts(3).await;
                world.centre.until(|counts| counts.acknowledged == counts.receipts && counts.receipts >= 3).await;
                let mut expected: Vec<_> = references.into_iter().map(|name| (name, "delivered")).collect();
                receipts.sort();
                expected.sort();
                assert_eq!(receipts, expected, "{form:?} {when:?} {length}");
                assert_eq!(world.sink.states().len(), 3, "{form:?} {when:?} {length}");
                assert_eq!(world.centre.counts().unwelcome, 0);
                world.sms.close().await;
            }
        }
    }
}

#[tokio::test]
async fn a_receipt_that_comes_twice_says_the_same_twice() {
    let world = with(Receipts { twice: true, ..Receipts::default() }, |_| ()).await;
    let references = world.accept(texts(&"雨".repeat(100)), &NUMBERS[..1]).await;
    world.centre.until(|counts| counts.receipts == 4 && counts.acknowledged == 4).await;
    let states = world.sink.states();
    assert!(!states.is_empty());
    assert!(states.iter().all(|(_, state)| *state == "delivered"), "{states:?}");
    assert!(states.iter().any(|(name, _)| *name == references[0]), "{states:?}");
}

#[tokio::test]
async fn receipts_come_on_another_bind() {
    for bind in [Bind::Transceiver, Bind::Pair] {
        let set = |settings: &mut Settings| {
            settings.bind = bind;
            settings.link.binds = 2;
        };
        let world = with(Receipts { elsewhere: true, ..Receipts::default() }, set).await;
        world.sms.probe().await.unwrap();
        let links = if bind == Bind::Pair { 4 } else { 2 };
        world.centre.until(|counts| counts.bound == links).await;
        let mut references = world.accept(texts(&"雨".repeat(100)), &NUMBERS).await;
        let mut receipts: Vec<_> = world.sink.until_receipts(3).await.into_iter().map(|(name, _)| name).collect();
        references.sort();
        receipts.sort();
        assert_eq!(receipts, references, "{bind:?}");
        world.sms.close().await;
        assert_eq!(world.centre.counts().unbinds, links, "{bind:?}");
    }
}

#[tokio::test]
async fn a_message_has_failed_when_a_segment_has() {
    let world = with(Receipts { failing_segment: Some(2), ..Receipts::default() }, |_| ()).await;
    let references = world.accept(texts(&"雨".repeat(200)), &NUMBERS[..1]).await;
    world.centre.until(|counts| counts.receipts == 3 && counts.acknowledged == 3).await;
    assert_eq!(world.sink.states(), [(references[0].clone(), "failed")]);
}

#[tokio::test]
async fn the_state_decides() {
    for (state, seen) in [
        (State::Delivered, Some("delivered")),
        (State::Undeliverable, Some("failed")),
        (State::Expired, Some("failed")),
        (State::Deleted, Some("failed")),
        (State::Rejected, Some("failed")),
        (State::Accepted, None),
        (State::Enroute, None),
        (State::Unknown, None),
    ] {
        for form in [Form::Text, Form::Tlv] {
            let rules = vec![Rule::end("1", state, 69)];
            let receipts = Receipts { form, ..Receipts::default() };
            let world = World::new(Behaviour { rules, receipts, ..Behaviour::default() }, |_| ()).await;
            world.accept(content(), &NUMBERS[..1]).await;
            world.centre.until(|counts| counts.receipts >= 1 && counts.acknowledged >= 1).await;
            let states: Vec<_> = world.sink.states().into_iter().map(|(_, state)| state).collect();
            assert_eq!(states, seen.into_iter().collect::<Vec<_>>(), "{state:?} {form:?}");
            if seen == Some("failed") {
                let receipt = world.sink.receipts.lock().unwrap()[0].clone();
                assert!(
                    matches!(&receipt.state, ReceiptState::Failed(cause) if cause.code.contains("69")),
                    "{receipt:?}"
                );
            }
            world.sms.close().await;
        }
    }
}

#[tokio::test]
async fn ids_are_matched_as_the_route_says() {
    for (answer_ids, receipt_ids, msgid_format) in [
        (Radix::Hex, Radix::Decimal, MsgidFormat::HexThenDecimal),
        (Radix::PaddedUpperHex, Radix::PaddedDecimal, MsgidFormat::HexThenDecimal),
        (Radix::Decimal, Radix::PaddedUpperHex, MsgidFormat::DecimalThenHex),
        (Radix::Hex, Radix::PaddedUpperHex, MsgidFormat::Loose),
        (Radix::Decimal, Radix::Decimal, MsgidFormat::AsIs),
    ] {
        let receipts = Receipts { answer_ids, receipt_ids, ..Receipts::default() };
        let world = with(receipts, |settings| settings.msgid_format = msgid_format).await;
        let mut references = world.accept(texts(&"雨".repeat(100)), &NUMBERS).await;
        let mut receipts: Vec<_> = world.sink.until_receipts(3).await.into_iter().map(|(name, _)| name).collect();
        references.sort();
        receipts.sort();
        assert_eq!(receipts, references, "{msgid_format:?}");
        world.sms.close().await;
    }
}

#[tokio::test]
async fn what_the_sink_does_not_take_is_not_acknowledged() {
    let world = with(Receipts::default(), |_| ()).await;
    world.sink.refuses.store(1, std::sync::atomic::Ordering::SeqCst);
    world.accept(content(), &NUMBERS[..1]).await;
    world.centre.until(|counts| counts.unwelcome == 1).await;
    assert_eq!(world.sink.states(), []);
    world.accept(content(), &NUMBERS[1..2]).await;
    world.centre.until(|counts| counts.acknowledged >= 1).await;
    assert!(!world.sink.states().is_empty());
}

#[tokio::test]
async fn none_are_asked_for_where_the_route_wants_none() {
    let world = with(Receipts::default(), |settings| settings.receipts = false).await;
    assert_eq!(world.sms.profile().receipts, fenghuo_contract::ReceiptStyle::None);
    world.accept(content(), &NUMBERS[..1]).await;
    assert!(!world.centre.arrived()[0].receipt);
}

#[tokio::test]
async fn what_people_write_comes_whole() {
    let world = World::new(Behaviour::default(), |_| ()).await;
    world.accept(content(), &NUMBERS[..1]).await;
    for text in ["1", "OK {€}", "收到", &*"收到，正在转移。".repeat(30), &*"evacuating ".repeat(40)] {
        let before = world.sink.replies.lock().unwrap().len();
        world.centre.say(NUMBERS[0], text);
        until("a reply", || world.sink.replies.lock().unwrap().len() > before).await;
        let reply = world.sink.replies.lock().unwrap().last().unwrap().clone();
        assert_eq!((&*reply.text, reply.from.expose()), (text, NUMBERS[0]));
    }
    world.centre.until(|counts| counts.acknowledged == counts.receipts + counts.said).await;
}

#[tokio::test]
async fn after_a_restart_the_first_segment_still_finds_its_delivery() {
    let receipts = Receipts { when: When::After { ms: 300 }, ..Receipts::default() };
    let mut world = with(receipts, |_| ()).await;
    let references = world.accept(texts(&"雨".repeat(100)), &NUMBERS[..1]).await;
    world.sms.close().await;
    let (_folder, password_file) = password("secret");
    let settings = settings(world.centre.address().port(), password_file);
    world.sink = Arc::default();
    let sms = Sms::smpp(&settings, Arc::clone(&world.sink) as Arc<dyn ReceiptSink>, Arc::new(|| NOW), 8).unwrap();
    sms.probe().await.unwrap();
    let seen = world.sink.until_receipts(2).await;
    assert!(seen.contains(&(references[0].clone(), "delivered")), "{seen:?}");
}
