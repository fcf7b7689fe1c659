//! What answers to submits and log-ins mean.

use fenghuo_centre::{Manner, Receipts, Rule, Throttle, When};
use fenghuo_contract::{Withdrawal, Withdrawn};

use super::*;

/// Ending, status, verdict.
const CLASSES: [(&str, u32, &str); 9] = [
    ("1", 0x0B, "recipient"),
    ("2", 0x33, "content"),
    ("3", 0x0A, "misconfigured"),
    ("4", 0x58, "throttled"),
    ("5", 0x14, "throttled"),
    ("6", 0x08, "transient"),
    ("7", 0x102, "transient"),
    ("8", 0x4AB, "transient"),
    ("9", 0, "accepted"),
];

#[tokio::test]
async fn every_status_class_becomes_its_verdict() {
    for bare_errors in [false, true] {
        let rules = CLASSES.iter().map(|(ending, status, _)| Rule::refuse(ending, *status)).collect();
        let world = World::new(Behaviour { rules, bare_errors, ..Behaviour::default() }, |_| ()).await;
        let numbers: Vec<String> = CLASSES.iter().map(|(ending, ..)| format!("1381234000{ending}")).collect();
        let numbers: Vec<&str> = numbers.iter().map(|number| &**number).collect();
        let expected: Vec<&str> = CLASSES.iter().map(|(_, _, verdict)| *verdict).collect();
        assert_eq!(world.submit(&numbers).await, expected, "bare: {bare_errors}");
        let verdicts = world.sms.submit(&batch(content(), &["13812340008"]), BUDGET).await.unwrap();
        assert!(matches!(&verdicts[0], Verdict::Transient(cause) if &*cause.code == "0x4AB"), "{verdicts:?}");
    }
}

#[tokio::test]
async fn what_is_no_number_is_refused_and_the_others_go_out() {
    let world = World::new(Behaviour::default(), |_| ()).await;
    let numbers = ["13812341234", "zhang@songbei.example", "1", "+8613812341235"];
    assert_eq!(world.submit(&numbers).await, ["accepted", "recipient", "recipient", "accepted"]);
    assert_eq!(world.submit(&["x"]).await, ["recipient"]);
    assert_eq!(world.centre.counts().submits, 2);
}

#[tokio::test]
async fn refused_log_ins_say_whose_fault_it_is() {
    for (status, submit) in
        [(0x0E, "[misconfigured]"), (0x0F, "[misconfigured]"), (0x0D, "[transient]"), (0x999, "[transient]")]
    {
        let world = World::new(Behaviour { bind_status: status, ..Behaviour::default() }, |_| ()).await;
        assert_eq!(world.submit(&["13812341234"]).await, [submit], "{status:x}");
        let probe = world.sms.probe().await.map(|()| Vec::new());
        assert_eq!(kinds(probe), [submit], "{status:x}");
        world.sms.close().await;
    }
    let world = World::new(Behaviour::default(), |settings| "stranger".clone_into(&mut settings.system_id)).await;
    assert_eq!(world.submit(&["13812341234"]).await, ["[misconfigured]"]);
    world.centre.set(Behaviour { account: "stranger".to_owned(), ..Behaviour::default() });
    until("a log-in that is accepted again", || world.centre.counts().bound == 1).await;
    assert_eq!(world.submit(&["13812341234"]).await, ["accepted"]);
}

#[tokio::test]
async fn a_probe_that_gets_in_ends_the_wait_of_the_links() {
    let refusing = Behaviour { bind_status: 0x0E, ..Behaviour::default() };
    let world = World::new(refusing, |settings| settings.link.reconnect_max_ms = 60_000).await;
    assert_eq!(world.submit(&["13812341234"]).await, ["[misconfigured]"]);
    world.centre.set(Behaviour::default());
    assert_eq!(world.submit(&["13812341234"]).await, ["[misconfigured]"], "half a minute is waited");
    world.sms.probe().await.unwrap();
    assert_eq!(world.submit(&["13812341234"]).await, ["accepted"]);
}

#[tokio::test]
async fn an_unreachable_centre_is_transient() {
    let world = World::new(Behaviour::default(), |_| ()).await;
    world.accept(content(), &["13812341234"]).await;
    let World { centre, sms, .. } = world;
    centre.stop().await;
    let answer = kinds(sms.submit(&batch(content(), &["13812341234"]), BUDGET).await);
    assert!(["[transient]", "in doubt"].contains(&answer[0]), "{answer:?}");
    assert!(matches!(sms.probe().await, Err(Fault::Transient(_))));
}

#[tokio::test]
async fn throttling_narrows_the_window_and_lets_go_again() {
    let throttle = Throttle { opening: Duration::from_millis(300), ..Throttle::default() };
    let world = World::new(Behaviour { throttle, ..Behaviour::default() }, |_| ()).await;
    let numbers: Vec<String> = (0..40).map(|index| format!("138123400{index:02}")).collect();
    let numbers: Vec<&str> = numbers.iter().map(|number| &**number).collect();
    assert!(world.submit(&numbers).await.iter().all(|kind| *kind == "throttled"));
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert!(world.submit(&numbers).await.iter().all(|kind| *kind == "accepted"));
}

#[tokio::test]
async fn a_silent_centre_leaves_in_doubt_what_was_written_and_no_more() {
    let behaviour = Behaviour { manner: Manner::Silent, ..Behaviour::default() };
    let world = World::new(behaviour, |settings| settings.link.window = Some(2)).await;
    let numbers = ["13812341234", "13812341235", "13812341236"];
    let answer = kinds(world.sms.submit(&batch(content(), &numbers), Duration::from_millis(200)).await);
    let (written, unwritten) = (answer[0], answer[2]);
    assert_eq!((written, unwritten), ("in doubt", "transient"), "{answer:?}");
    assert!(world.centre.counts().submits < 3);
}

#[tokio::test]
async fn an_answer_that_never_comes_frees_its_place() {
    let rules = vec![Rule { ending: "9".to_owned(), manner: Some(Manner::Silent), ..Rule::default() }];
    let set = |settings: &mut Settings| {
        settings.link.window = Some(1);
        settings.link.answer_timeout_ms = Some(200);
    };
    let world = World::new(Behaviour { rules, ..Behaviour::default() }, set).await;
    assert_eq!(world.submit(&["13812341239", "13812341234"]).await, ["in doubt", "accepted"]);
    assert_eq!(world.centre.counts().links, 1, "the link lives");
}

fn waiting() -> Behaviour {
    let receipts = Receipts { when: When::After { ms: 3_600_000 }, ..Receipts::default() };
    Behaviour { receipts, ..Behaviour::default() }
}

fn withdrawals(references: &[Reference], numbers: &[&str]) -> Vec<Withdrawal> {
    let pairs = references.iter().zip(numbers);
    pairs.map(|(reference, to)| Withdrawal { reference: reference.clone(), address: Address::new(*to) }).collect()
}

#[tokio::test]
async fn what_is_not_delivered_is_withdrawn_by_its_reference_and_the_rest_is_kept() {
    let world = World::new(waiting(), |_| ()).await;
    let references = world.accept(content(), &["13812341234", "13812341235"]).await;
    let asked = withdrawals(&references, &["13812341234", "zhang"]);
    let answers = world.sms.withdraw(&asked, BUDGET).await.unwrap();
    assert_eq!(answers[0], Withdrawn::Gone);
    assert!(matches!(&answers[1], Withdrawn::Kept(cause) if &*cause.code == "NUMBER"), "{answers:?}");
    assert_eq!((world.centre.counts().cancels, world.centre.counts().stopped), (1, 1));
    assert_eq!(world.centre.cancelled()[0].to, "13812341234");

    world.centre.set(Behaviour::default());
    let references = world.accept(content(), &["13812341236"]).await;
    until("its receipt", || world.centre.counts().receipts > 0).await;
    let answers = world.sms.withdraw(&withdrawals(&references, &["13812341236"]), BUDGET).await.unwrap();
    assert!(matches!(&answers[0], Withdrawn::Kept(cause) if &*cause.code == "0x11"), "{answers:?}");
}

#[tokio::test]
async fn all_segments_of_a_long_message_are_withdrawn() {
    let world = World::new(waiting(), |_| ()).await;
    let long = Content { text: "雨".repeat(150), ..content() };
    let references = world.accept(long, &["13812341234"]).await;
    let answers = world.sms.withdraw(&withdrawals(&references, &["13812341234"]), BUDGET).await.unwrap();
    assert_eq!(answers, [Withdrawn::Gone]);
    assert_eq!((world.centre.counts().cancels, world.centre.counts().stopped), (3, 3));
}

#[tokio::test]
async fn names_that_are_not_the_centre_s_any_more_are_not_withdrawn_by() {
    let changes: [fn(&mut Settings); 3] = [
        |settings| settings.withdraw = false,
        |settings| settings.destinations = 10,
        |settings| settings.msgid_format = MsgidFormat::HexThenDecimal,
    ];
    for change in changes {
        let world = World::new(waiting(), change).await;
        assert_eq!(world.sms.profile().withdraw_max, 0);
        let answer = world.sms.withdraw(&[], BUDGET).await;
        assert!(matches!(answer, Err(Fault::Misconfigured(_))), "{answer:?}");
    }
}

#[tokio::test]
async fn a_silent_centre_has_said_nothing_about_what_is_withdrawn() {
    let world = World::new(waiting(), |settings| settings.link.answer_timeout_ms = Some(30_000)).await;
    let references = world.accept(content(), &["13812341234"]).await;
    world.centre.set(Behaviour { frozen: true, ..waiting() });
    let asked = withdrawals(&references, &["13812341234"]);
    let answers = world.sms.withdraw(&asked, Duration::from_millis(100)).await.unwrap();
    assert!(matches!(&answers[0], Withdrawn::Unknown(_)), "{answers:?}");
}
