//! A real mail server takes our mail and reports what became of it.

use std::collections::BTreeMap;

use fenghuo_contract::{Origin, ReceiptState};

use super::{relay::relay, *};

#[path = "../../../../tests/peers/postfix.rs"]
mod postfix;

use postfix::{Mta, free};

#[tokio::test]
async fn genuine_bounces_end_as_the_right_receipts_on_the_right_recipients() {
    let refusing = relay(&[("RCPT", "550 5.7.1 <b@refusing.example>: not for you")]).await;
    let (smtp, lmtp, key) = (free(), free(), secret("the key of the return paths"));
    let to = |scheme: &str, at: SocketAddr| format!("{scheme}:[{}]:{}", at.ip(), at.port());
    let mta = Mta::start(&[
        ("refusing.example", to("smtp", refusing.address)),
        ("smtp.songbei.example", to("smtp", smtp)),
        ("lmtp.songbei.example", to("lmtp", lmtp)),
    ]);
    for (plan, protocol, listen) in [(1, Protocol::Smtp, smtp), (2, Protocol::Lmtp, lmtp)] {
        let name = format!("{protocol:?}").to_lowercase();
        let desk = Arc::new(Desk::default());
        let bounces = BounceSettings { protocol, ..BounceSettings::of(listen, key.path().to_owned()) };
        let settings = Settings {
            envelope_from: Some(format!("bounce@{name}.songbei.example")),
            bounces: Some(bounces),
            notify: vec![Notify::Success, Notify::Failure, Notify::Delay],
            ..settings(mta.address)
        };
        let email = Email::new(&settings, Arc::clone(&desk) as _).unwrap();
        let mut letters =
            batch(&["here", "nobody", "full"].map(|user| format!("{user}@people.example")).each_ref().map(|to| &**to));
        letters.items.push(item(3, "b@refusing.example"));
        for item in &mut letters.items {
            item.token.plan = plan;
        }
        assert_eq!(submit(&email, &letters, BUDGET).await, ["accepted"; 4], "{}", mta.log());
        let got = || desk.receipts.lock().unwrap().len();
        let waiting = async {
            while got() < 4 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let arrived = tokio::time::timeout(BUDGET * 3, waiting).await;
        assert!(arrived.is_ok(), "{} of 4 receipts; {}", got(), mta.log());
        let receipts = std::mem::take(&mut *desk.receipts.lock().unwrap());
        let states: BTreeMap<_, _> =
            receipts.iter().map(|receipt| (receipt.reference.as_bytes(), &receipt.state)).collect();
        let state = |index: usize| states[letters.items[index].token.to_string().as_bytes()];
        assert_eq!(state(0), &ReceiptState::Delivered, "{receipts:?}");
        for (index, code, hard) in [(1, "5.1.1", true), (2, "5.2.2", false), (3, "550 5.7.1", false)] {
            let ReceiptState::Failed(cause) = state(index) else { panic!("{receipts:?}") };
            assert_eq!((&*cause.code, is_hard(cause)), (code, hard), "{receipts:?}");
            assert!(!cause.text.contains('@') && !cause.text.is_empty(), "{cause:?}");
        }
        assert!(
            receipts.iter().all(|receipt| receipt.origin == Origin::Signed && receipt.at.is_some()),
            "{receipts:?}"
        );
        assert_eq!(receipts.len(), 4);
        email.close().await;
    }
    let mailbox = mta.mailbox("here");
    assert_eq!(mailbox.matches("\nMessage-ID: <").count(), 2, "{mailbox}");
}
