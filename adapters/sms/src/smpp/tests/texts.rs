//! What arrives on the handset.

use super::*;

const NUMBERS: [&str; 2] = ["13812341234", "13812341235"];

#[tokio::test]
async fn chinese_texts_of_every_length_arrive_whole() {
    for long in [Long::Udh8, Long::Udh16, Long::Sar, Long::Payload] {
        let world = World::new(Behaviour::default(), |settings| settings.text.long = long).await;
        for length in [1, 67, 70, 71, 134, 135, 400] {
            let text: String = "台风红色预警请立即转移到安全地带".chars().cycle().take(length).collect();
            let content = texts(&text);
            let segments = world.sms.fit(&content).unwrap().segments;
            let before = world.centre.arrived().len();
            let references = world.accept(content, &NUMBERS).await;
            let arrived = world.centre.arrived_since(before);
            assert_eq!(arrived.len(), 2, "{length} by {long:?}");
            for (arrived, number) in arrived.iter().zip(NUMBERS) {
                assert_eq!((&*arrived.text, &*arrived.to, arrived.coding), (&*text, number, 8), "{length} by {long:?}");
                let sent = if long == Long::Payload { 1 } else { segments };
                assert_eq!(usize::from(arrived.segments), sent, "{length} by {long:?}");
            }
            assert_ne!(references[0], references[1]);
        }
        world.sms.close().await;
        assert_eq!(world.centre.counts().malformed, 0);
    }
}

#[tokio::test]
async fn every_coding_arrives_as_written() {
    let world = World::new(Behaviour::default(), |_| ()).await;
    for (text, coding) in [
        ("Stay indoors, flood of 3 m. {€}", 0),
        ("Hochwasser über þrjú m", 3),
        ("洪水🌊🌊𠮷野家", 8),
        (&*"𠮷🌊".repeat(60), 8),
        (&*"[€]".repeat(90), 0),
    ] {
        world.accept(texts(text), &NUMBERS[..1]).await;
        let arrived = world.centre.arrived().pop().unwrap();
        assert_eq!((&*arrived.text, arrived.coding), (text, coding));
    }
}

#[tokio::test]
async fn what_is_set_for_the_route_stands_in_the_message() {
    let set = |settings: &mut Settings| {
        settings.flash_red = true;
        settings.priority_max = 2;
        settings.country_code = "86".to_owned();
        settings.text.signature = "【松北应急】".to_owned();
    };
    let world = World::new(Behaviour::default(), set).await;
    world.accept(content(), &["13812341234"]).await;
    let blue = Content { urgency: Urgency::Low, expires_at: 0, ..content() };
    world.accept(blue, &["+85212345678"]).await;
    let arrived = world.centre.arrived();
    let seen = |place: usize| {
        let one = &arrived[place];
        (&*one.from, &*one.to, one.flash, one.priority, &*one.validity, one.receipt)
    };
    assert_eq!(seen(0), ("12379", "8613812341234", true, 2, "000000010000000R", true));
    assert_eq!(seen(1), ("12379", "85212345678", false, 0, "", true));
    assert_eq!(arrived[0].text, "【松北应急】暴雨红色预警：请勿外出。");
}

#[tokio::test]
async fn several_share_a_submit_where_the_centre_knows_it() {
    let rules = vec![fenghuo_centre::Rule::refuse("9", 0x0B)];
    let world = World::new(Behaviour { rules, ..Behaviour::default() }, |settings| settings.destinations = 3).await;
    let numbers = ["13812341230", "13812341239", "13812341232", "13812341233", "13812341234", "13812341234"];
    let verdicts = world.sms.submit(&batch(texts(&"雨".repeat(100)), &numbers), BUDGET).await.unwrap();
    let kinds: Vec<_> = verdicts.iter().map(kind).collect();
    assert_eq!(kinds, ["accepted", "recipient", "accepted", "accepted", "accepted", "accepted"]);
    assert_eq!(world.centre.counts().submits, 3 * 2, "the same number twice takes a submit of its own");
    let mut accepted: Vec<Reference> = verdicts
        .into_iter()
        .filter_map(|verdict| if let Verdict::Accepted(reference) = verdict { reference } else { None })
        .collect();
    let mut receipts: Vec<Reference> =
        world.sink.until_receipts(5).await.into_iter().map(|(reference, _)| reference).collect();
    accepted.sort();
    receipts.sort();
    assert_eq!(receipts, accepted);
    accepted.dedup();
    assert_eq!(accepted.len(), 5, "each has a reference of its own");
}

#[tokio::test]
async fn every_reader_gets_the_link_that_is_his() {
    for destinations in [1, 10] {
        let world = World::new(Behaviour::default(), |settings| settings.destinations = destinations).await;
        let sample = "https://warn.example/c/1xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx".to_owned();
        let mut batch = batch(Content { confirm_sample: sample, ..content() }, &["13812341234", "x", "13812341235"]);
        for (item, word) in batch.items.iter_mut().zip(["a", "b", "c"]) {
            item.confirm = Some(format!("https://warn.example/c/1{word}").into());
        }
        assert_eq!(kinds(world.sms.submit(&batch, BUDGET).await), ["accepted", "recipient", "accepted"]);
        let mut arrived = world.centre.arrived();
        arrived.sort_by(|one, other| one.to.cmp(&other.to));
        let texts: Vec<&str> = arrived.iter().map(|one| &*one.text).collect();
        let of = |word| format!("{}\nhttps://warn.example/c/1{word}", content().text);
        assert_eq!(texts, [of("a"), of("c")]);
        let fit = world.sms.fit(&batch.content).unwrap();
        assert!(fit.text.ends_with("xxx") && fit.segments == 1, "{fit:?}");
    }
}
