use std::collections::BTreeMap;

use fenghuo_contract::{
    Address, Channel, Content, NotTaken, Origin, Receipt, ReceiptState, Reply, SignatureCheck, conformance,
};

use super::*;

/// Keeps every receipt, in order; refuses the first `refusals` calls.
#[derive(Default)]
struct Basket {
    receipts: Mutex<Vec<Receipt>>,
    refusals: Mutex<usize>,
}

impl Basket {
    fn states(&self) -> Vec<(Vec<u8>, &'static str)> {
        let name = |state: &ReceiptState| match state {
            ReceiptState::Delivered => "delivered",
            ReceiptState::Confirmed => "confirmed",
            ReceiptState::Failed(_) => "failed",
        };
        let receipts = self.receipts.lock().unwrap();
        receipts.iter().map(|receipt| (receipt.reference.as_bytes().to_vec(), name(&receipt.state))).collect()
    }
}

#[async_trait]
impl ReceiptSink for Basket {
    async fn accept(&self, receipts: Vec<Receipt>) -> Result<(), NotTaken> {
        let mut refusals = self.refusals.lock().unwrap();
        if *refusals > 0 {
            *refusals -= 1;
            return Err(NotTaken);
        }
        self.receipts.lock().unwrap().extend(receipts);
        Ok(())
    }

    async fn reply(&self, _replies: Vec<Reply>) -> Result<(), NotTaken> {
        Ok(())
    }
}

struct World {
    simulator: Simulator,
    basket: Arc<Basket>,
}

fn world(change: impl FnOnce(&mut Settings)) -> World {
    let mut settings = Settings { ledger: 10_000, ..Settings::of(Channel::Sms) };
    change(&mut settings);
    let basket = Arc::new(Basket::default());
    let sink: Arc<dyn ReceiptSink> = Arc::clone(&basket) as _;
    World { simulator: Simulator::new(settings, sink, 1).unwrap(), basket }
}

fn item(index: u32, address: &str) -> Item {
    Item { token: Token::new(0x1a, index), address: Address::new(address), attempt: 1, confirm: None }
}

fn batch(items: Vec<Item>) -> Batch {
    Batch {
        content: Arc::new(Content { text: "暴雨红色预警".to_owned(), ..Content::default() }), items, urgent: false
    }
}

const BUDGET: Duration = Duration::from_secs(30);

impl World {
    async fn one(&self, address: &str, attempt: u8) -> Verdict {
        let batch = batch(vec![Item { attempt, ..item(1, address) }]);
        self.simulator.submit(&batch, BUDGET).await.unwrap().remove(0)
    }

    /// What the sink has once everything under way has arrived.
    async fn receipts(&self) -> Vec<&'static str> {
        tokio::time::sleep(Duration::from_secs(60)).await;
        self.basket.states().into_iter().map(|(_, state)| state).collect()
    }
}

fn kind(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted(_) => "accepted",
        Verdict::RefusedRecipient(_) => "recipient",
        Verdict::RefusedContent(_) => "content",
        Verdict::Misconfigured(_) => "misconfigured",
        Verdict::Throttled { scope: Scope::Account, .. } => "throttled account",
        Verdict::Throttled { .. } => "throttled",
        Verdict::Transient(_) => "transient",
        Verdict::InDoubt(_) => "in doubt",
    }
}

#[test]
fn names_and_numbers_choose_the_behaviour() {
    for (place, (behaviour, name)) in Behaviour::ALL.into_iter().enumerate() {
        for address in [
            format!("1991234{:04}", 9000 + place),
            format!("+861990000{:04}", 9000 + place),
            format!("86199000{:05}", 9000 + place),
            name.to_owned(),
            format!("{name}-17"),
            format!("{name}@example.org"),
            format!("sim+{name}@example.org"),
            format!("{name}_token"),
        ] {
            assert_eq!(Behaviour::of(&address), behaviour, "{address}");
        }
    }
    for address in [
        "",
        "+",
        "13812349001",
        "19912349099",
        "1991234900",
        "199123490011",
        "199x2349001",
        "199123490",
        "refused-1",
        "REFUSE-1",
        "openid-refuse",
        "sim+",
        "暴雨",
        "199暴雨9001",
        "o6_bmjrPTlm6_2sgVt7hMZOPfL2M",
    ] {
        assert_eq!(Behaviour::of(address), Behaviour::Ok, "{address}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_behaviour_has_its_verdict_and_its_receipts() {
    let expected: BTreeMap<&str, (&str, &[&str])> = [
        ("ok", ("accepted", &["delivered"][..])),
        ("refuse", ("recipient", &[])),
        ("content", ("content", &[])),
        ("throttle", ("throttled", &[])),
        ("transient", ("transient", &[])),
        ("vanish", ("in doubt", &[])),
        ("silent", ("accepted", &[])),
        ("late", ("accepted", &["delivered"])),
        ("twice", ("accepted", &["delivered", "delivered"])),
        ("early", ("accepted", &["delivered"])),
        ("undelivered", ("accepted", &["failed"])),
        ("confirm", ("accepted", &["delivered", "confirmed"])),
        ("misconfigured", ("misconfigured", &[])),
        ("slow", ("accepted", &["delivered"])),
        ("busy", ("throttled account", &[])),
    ]
    .into();
    for (_, name) in Behaviour::ALL {
        let world = world(|_| {});
        let verdict = world.one(name, 1).await;
        assert_eq!((kind(&verdict), &world.receipts().await[..]), expected[name], "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_throttled_or_fails_at_first_succeeds_in_the_end() {
    for name in ["throttle", "busy", "transient"] {
        let world = world(|_| {});
        for attempt in 1..=2 {
            assert_ne!(kind(&world.one(name, attempt).await), "accepted", "{name}");
        }
        assert_eq!(kind(&world.one(name, 3).await), "accepted", "{name}");
        assert_eq!(world.receipts().await, ["delivered"], "{name}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_receipt_can_come_before_the_answer_and_long_after() {
    let world = world(|settings| settings.receipts_after_ms = 100);
    world.one("early", 1).await;
    assert_eq!(world.basket.states().len(), 1);
    world.one("late", 1).await;
    tokio::time::sleep(Duration::from_millis(4900)).await;
    assert_eq!(world.basket.states().len(), 1);
    tokio::time::sleep(Duration::from_millis(200)).await;
    assert_eq!(world.basket.states().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn receipts_not_taken_come_again_and_carry_the_reference() {
    let world = world(|_| {});
    *world.basket.refusals.lock().unwrap() = 3;
    let verdict = world.one("13800000000", 1).await;
    world.receipts().await;
    assert_eq!(verdict, Verdict::Accepted(Some(Reference::new("1a.1"))));
    assert_eq!(world.basket.states(), [(b"1a.1".to_vec(), "delivered")]);
}

#[test]
fn references_differ_between_deliveries() {
    let text = |plan, index| reference(Token::new(plan, index)).as_bytes().to_vec();
    assert_eq!(text(0, 0), b"0.0");
    assert_eq!(text(u64::MAX, u32::MAX), b"ffffffffffffffff.ffffffff");
    assert_ne!(text(1, 0x11), text(0x11, 1));
    let longest = Token { round: 0xff, ..Token::new(u64::MAX, u32::MAX) };
    assert_eq!(reference(longest).as_bytes(), b"ffffffffffffffff.ffffffff.ff");
    assert_eq!(reference(Token { round: 1, ..Token::new(0x1a, 2) }).as_bytes(), b"1a.2.1");
}

#[test]
fn a_call_back_is_read_as_far_as_its_signature_goes() {
    let read = |word: Option<&str>, given: &str, signature, body: &str| {
        let headers = [("x-simulator-signature".to_owned(), given.to_owned())];
        let peer = std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);
        let callback = Callback { peer, headers: &headers, query: "", body: body.as_bytes(), signature };
        callback::read(word, &callback)
    };
    let body = "1a.1 delivered\n1a.2 failed 27\n\n1a.3 confirmed\n";
    let signed = read(Some("sesame"), "sesame", SignatureCheck::Enforce, body).unwrap();
    assert_eq!(signed.len(), 3);
    assert_eq!((signed[0].state.clone(), signed[0].origin), (ReceiptState::Delivered, Origin::Signed));
    assert!(matches!(&signed[1].state, ReceiptState::Failed(cause) if &*cause.code == "27"));
    assert!(matches!(read(Some("sesame"), "open", SignatureCheck::Enforce, body), Err(CallbackFault::Forged)));
    let watched = read(Some("sesame"), "open", SignatureCheck::Observe, body).unwrap();
    assert!(watched.iter().all(|receipt| receipt.origin == Origin::Unsigned));
    assert!(read(None, "", SignatureCheck::Enforce, body).unwrap().iter().all(|one| one.origin == Origin::Unsigned));
    assert!(matches!(read(None, "", SignatureCheck::Enforce, "1a.1 gone"), Err(CallbackFault::Unreadable(_))));
}

#[tokio::test(start_paused = true)]
async fn a_share_of_receipts_is_kept_and_always_the_same() {
    let reported = || async {
        let world = world(|settings| settings.receipts = 0.25);
        let items = (0..4000).map(|index| item(index, "13800000000")).collect();
        world.simulator.submit(&batch(items), BUDGET).await.unwrap();
        world.receipts().await;
        world.basket.states()
    };
    let first = reported().await;
    assert!((800..1200).contains(&first.len()), "{}", first.len());
    assert_eq!(first, reported().await);
}

#[tokio::test(start_paused = true)]
async fn without_receipts_the_profile_says_so_and_none_come() {
    let world = world(|settings| settings.receipts = 0.0);
    assert_eq!(world.simulator.profile().receipts, ReceiptStyle::None);
    for name in ["ok", "confirm", "twice"] {
        assert_eq!(kind(&world.one(name, 1).await), "accepted");
    }
    assert!(world.receipts().await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_takes_longer_than_the_budget_is_in_doubt() {
    let world = world(|settings| settings.slow_ms = 60_000);
    let answer = world.simulator.submit(&batch(vec![item(1, "slow"), item(2, "ok")]), BUDGET).await;
    assert!(matches!(answer, Err(Fault::InDoubt(_))), "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn the_ledger_counts_what_arrived() {
    let world = world(|_| {});
    let ledger = world.simulator.ledger();
    let items = vec![item(1, "ok-a"), item(2, "refuse-b"), item(3, "ok-c")];
    world.simulator.submit(&batch(items), BUDGET).await.unwrap();
    world.simulator.submit(&batch(vec![item(1, "ok-a")]), BUDGET).await.unwrap();
    assert_eq!((ledger.submits(), ledger.seen(), ledger.taken(), ledger.doubled()), (2, 4, 3, Some(1)));
    let line = |address: &str| ledger.line(&Address::new(address)).unwrap();
    assert_eq!(line("ok-a"), Line { seen: 2, taken: 2, doubled: 1, first: 1, last: 4 });
    assert_eq!(line("refuse-b"), Line { seen: 1, taken: 0, doubled: 0, first: 2, last: 2 });
    assert_eq!(line("nobody"), Line::default());
    let order: Vec<u32> = ledger.order().unwrap().into_iter().map(|token| token.index).collect();
    assert_eq!(order, [1, 2, 3, 1]);
}

#[tokio::test(start_paused = true)]
async fn a_full_ledger_says_that_it_does_not_know() {
    let world = world(|settings| settings.ledger = 1);
    let ledger = world.simulator.ledger();
    world.simulator.submit(&batch(vec![item(1, "ok"), item(2, "ok")]), BUDGET).await.unwrap();
    assert_eq!((ledger.seen(), ledger.doubled(), ledger.order()), (2, None, None));
}

#[tokio::test(start_paused = true)]
async fn a_provider_whose_receipts_nobody_takes_stops_taking() {
    let world = world(|settings| settings.receipts_pending_max = 1);
    *world.basket.refusals.lock().unwrap() = usize::MAX;
    assert_eq!(kind(&world.one("ok", 1).await), "accepted");
    let answer = world.simulator.submit(&batch(vec![item(2, "ok")]), BUDGET).await;
    assert!(matches!(answer, Err(Fault::Throttled { .. })), "{answer:?}");
}

#[tokio::test(start_paused = true)]
async fn closing_stops_the_receipts() {
    let world = world(|_| {});
    world.one("ok", 1).await;
    world.simulator.close().await;
    assert!(world.receipts().await.is_empty());
    let answer = world.simulator.submit(&batch(vec![item(1, "ok")]), BUDGET).await;
    assert!(matches!(answer, Err(Fault::Transient(_))));
}

#[test]
fn settings_are_checked_all_at_once() {
    let settings =
        Settings { receipts: 1.5, batch_max: 0, window: 0, receipts_pending_max: 0, ..Settings::of(Channel::Push) };
    let SettingsFault(problems) = settings.check().unwrap_err();
    assert_eq!(problems.len(), 4);
}

#[test]
fn a_short_message_is_counted_in_segments_and_nothing_else_is() {
    for (channel, counted) in [(Channel::Sms, [1, 2, 2, 3]), (Channel::Push, [1, 1, 1, 1])] {
        let simulator = world(|settings| *settings = Settings::of(channel)).simulator;
        let fits = [70, 71, 134, 135].map(|units| {
            let content = Content { text: "雨".repeat(units), ..Content::default() };
            simulator.fit(&content).unwrap().segments
        });
        assert_eq!(fits, counted, "{channel}");
    }
}

#[tokio::test(start_paused = true)]
async fn keeps_the_contract() {
    let samples = conformance::Samples {
        content: Content { text: "请勿外出".to_owned(), ..Content::default() },
        addresses: ["13800000001", "slow-2", "late-3"].map(Address::new).into(),
    };
    for withdraws in [false, true] {
        let make = || async {
            let change = |settings: &mut Settings| {
                (settings.text_max, settings.slow_ms, settings.withdraws) = (Some(70), 5, withdraws);
            };
            Arc::new(world(change).simulator) as Arc<dyn Adapter>
        };
        conformance::run(make, &samples).await.assert();
    }
}

#[tokio::test(start_paused = true)]
async fn the_whole_provider_changes_while_it_runs() {
    let World { simulator, .. } = world(|_| {});
    let weather = simulator.weather();
    let many = batch((0..100).map(|index| item(index, &format!("138{index:08}"))).collect());
    let second = Duration::from_secs(1);
    for (condition, probe_stands, expected) in [
        (Condition::Down, false, "fault transient"),
        (Condition::Throttling(second), false, "fault throttled account"),
        (Condition::Locked, false, "fault misconfigured"),
        (Condition::Mute(second), false, "in doubt"),
        (Condition::Censoring, true, "content"),
        (Condition::Lying, true, "accepted"),
        (Condition::Slow(second), true, "accepted"),
        (Condition::Fine, true, "accepted"),
    ] {
        weather.set(condition);
        assert_eq!(weather.now(), condition);
        assert_eq!(simulator.probe().await.is_ok(), probe_stands, "{condition:?}");
        let seen = simulator.ledger().seen();
        let answer = match simulator.submit(&many, BUDGET).await {
            Ok(verdicts) => kind(&verdicts[0]).to_owned(),
            Err(fault) => format!("fault {}", kind(&fault.verdict())),
        };
        assert_eq!(answer, expected, "{condition:?}");
        let arrives = !expected.starts_with("fault") && condition != Condition::Lying;
        assert_eq!(simulator.ledger().seen() - seen, if arrives { 100 } else { 0 }, "{condition:?}");
    }
    weather.set(Condition::Failing(0.3));
    let verdicts = simulator.submit(&many, BUDGET).await.unwrap();
    let failed = verdicts.iter().filter(|verdict| kind(verdict) == "transient").count();
    assert!((15..=45).contains(&failed), "{failed} of 100");
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_its_receipt_can_be_withdrawn_and_then_has_none() {
    let World { simulator, basket } = world(|settings| settings.withdraws = true);
    let items = vec![item(0, "13800000001"), item(1, "late-1"), item(2, "silent-1")];
    let verdicts = simulator.submit(&batch(items.clone()), BUDGET).await.unwrap();
    tokio::time::sleep(Duration::from_millis(60)).await;
    let named = items.iter().zip(&verdicts).filter_map(|(item, verdict)| match verdict {
        Verdict::Accepted(Some(reference)) => {
            Some(Withdrawal { reference: reference.clone(), address: item.address.clone() })
        }
        _ => None,
    });
    let named: Vec<Withdrawal> = named.collect();
    for expected in [[false, true, false], [false; 3]] {
        let answers = simulator.withdraw(&named, BUDGET).await.unwrap();
        let gone: Vec<bool> = answers.iter().map(|answer| *answer == Withdrawn::Gone).collect();
        assert_eq!(gone, expected, "delivered, not yet, never to be");
    }
    tokio::time::sleep(Duration::from_secs(10)).await;
    assert_eq!((basket.states().len(), simulator.ledger().recalled()), (1, 1));
}
