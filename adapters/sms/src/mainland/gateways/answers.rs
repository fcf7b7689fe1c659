use fenghuo_centre::{Behaviour, Manner, Rule, Throttle};
use fenghuo_contract::{Adapter, Fault, Scope, Verdict};

use super::carrier::{ALL, Carrier, warning};

#[tokio::test]
async fn a_number_refused_among_others_is_found_out_alone() {
    for carrier in ALL {
        let rules = vec![Rule::refuse("7", carrier.wrong_number())];
        let world = carrier.start(Behaviour { rules, ..Behaviour::default() }, "").await;
        let numbers = ["13812340001", "13812340007", "13812340002"];
        let together = world.send(&warning("台风"), &numbers).await;
        assert!(together.iter().all(|verdict| matches!(verdict, Verdict::Transient(_))), "{carrier:?}: {together:?}");
        let again = world.try_send(&warning("台风"), &numbers, 2).await.unwrap();
        assert!(matches!(again[1], Verdict::RefusedRecipient(_)), "{carrier:?}: {again:?}");
        assert!(matches!((&again[0], &again[2]), (Verdict::Accepted(_), Verdict::Accepted(_))), "{again:?}");
        assert_eq!(world.centre.counts().arrived, 2);
        world.end().await;
    }
}

#[tokio::test]
async fn what_is_no_mainland_number_is_refused_here() {
    for carrier in ALL {
        let world = carrier.start(Behaviour::default(), "").await;
        let verdicts = world.send(&warning("台风"), &["+85261234567", "13812340001", "１３８"]).await;
        assert!(matches!(verdicts[0], Verdict::RefusedRecipient(_)), "{verdicts:?}");
        assert!(matches!(verdicts[1], Verdict::Accepted(_)), "{verdicts:?}");
        assert!(matches!(verdicts[2], Verdict::RefusedRecipient(_)), "{verdicts:?}");
        world.end().await;
    }
}

#[tokio::test]
async fn statuses_say_who_is_at_fault() {
    use Carrier::{Cmpp20, Cmpp30, Sgip, Smgp};
    for (carrier, content, ours, slow, later) in
        [(Cmpp20, 6, 10, 8, 99), (Cmpp30, 6, 10, 8, 99), (Sgip, 8, 23, 11, 26), (Smgp, 44, 46, 1, 99)]
    {
        let rules = vec![
            Rule::refuse("1", content),
            Rule::refuse("2", ours),
            Rule::refuse("3", slow),
            Rule::refuse("4", later),
        ];
        let world = carrier.start(Behaviour { rules, ..Behaviour::default() }, "").await;
        let mut verdicts = Vec::new();
        for number in ["13812340001", "13812340002", "13812340003", "13812340004"] {
            verdicts.extend(world.send(&warning("台风"), &[number]).await);
        }
        assert!(matches!(verdicts[0], Verdict::RefusedContent(_)), "{carrier:?}: {verdicts:?}");
        assert!(matches!(verdicts[1], Verdict::Misconfigured(_)), "{carrier:?}: {verdicts:?}");
        assert!(matches!(verdicts[2], Verdict::Throttled { scope: Scope::Account, .. }), "{carrier:?}: {verdicts:?}");
        assert!(matches!(verdicts[3], Verdict::Transient(_)), "{carrier:?}: {verdicts:?}");
        world.end().await;
    }
}

#[tokio::test]
async fn a_gateway_that_is_flooded_slows_us_down_and_nobody_is_missed() {
    for carrier in ALL {
        let throttle = Throttle { per_second: Some(20), ..Throttle::default() };
        let world = carrier.start(Behaviour { throttle, ..Behaviour::default() }, "").await;
        let mut left: Vec<String> = (0..12).map(|place| format!("1380000{place:04}")).collect();
        while !left.is_empty() {
            let mut slow = Vec::new();
            for number in &left {
                match &world.send(&warning("台风"), &[number]).await[0] {
                    Verdict::Accepted(_) => {}
                    Verdict::Throttled { .. } => slow.push(number.clone()),
                    other => panic!("{carrier:?}: {other:?}"),
                }
            }
            left = slow;
        }
        let counts = world.centre.counts();
        assert_eq!((counts.numbers, counts.doubled), (12, 0));
        assert!(counts.throttled > 0, "{carrier:?} was never flooded");
        world.end().await;
    }
}

#[tokio::test]
async fn who_is_not_let_in_is_misconfigured() {
    use Carrier::{Cmpp20, Cmpp30, Sgip, Smgp};
    for (carrier, status, code) in
        [(Cmpp20, 3, "connect 3"), (Cmpp30, 4, "connect 4"), (Sgip, 1, "1"), (Smgp, 21, "21")]
    {
        let world = carrier.start(Behaviour { bind_status: status, ..Behaviour::default() }, "").await;
        for fault in [world.try_send(&warning("台风"), &["13812340001"], 1).await.map(drop), world.route.probe().await]
        {
            let Err(Fault::Misconfigured(cause)) = fault else { panic!("{carrier:?}: {fault:?}") };
            assert_eq!(&*cause.code, code);
        }
        world.end().await;
    }
}

#[tokio::test]
async fn a_wrong_secret_is_refused_by_the_gateway() {
    for carrier in ALL {
        let password = "another".to_owned();
        let world = carrier.start(Behaviour { password, ..Behaviour::default() }, "").await;
        let fault = world.try_send(&warning("台风"), &["13812340001"], 1).await;
        assert!(matches!(fault, Err(Fault::Misconfigured(_))), "{carrier:?}: {fault:?}");
        assert_eq!(world.centre.counts().submits, 0);
        world.end().await;
    }
}

#[tokio::test]
async fn a_silent_gateway_leaves_the_submit_in_doubt() {
    for carrier in ALL {
        let behaviour = Behaviour { manner: Manner::Silent, ..Behaviour::default() };
        let world = carrier.start(behaviour, "answer_timeout_ms = 200").await;
        let verdicts = world.send(&warning("台风"), &["13812340001"]).await;
        assert!(matches!(verdicts[..], [Verdict::InDoubt(_)]), "{carrier:?}: {verdicts:?}");
        world.end().await;
    }
}
