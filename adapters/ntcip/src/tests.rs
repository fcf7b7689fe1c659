//! Against a sign of other hands: `tests/peers/ntcip_sign.py` of the repository, an SNMP agent on pysnmp.

mod peer;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use fenghuo_contract::{
    Adapter, Address, Batch, Content, Fault, Item, Token, Urgency, Verdict,
    conformance::{self, Samples},
};
use peer::{COMMUNITY, Peer, settings};

use crate::{Letters, Ntcip, OnLift, Settings, Version, digest};

const BUDGET: Duration = Duration::from_secs(20);
const NOW: i64 = 1_784_097_600;

fn content(thread: &str, urgency: Urgency, title: &str) -> Content {
    Content {
        language: "en".to_owned(),
        title: title.to_owned(),
        text: "AVOID LOW ROADS".to_owned(),
        thread: thread.to_owned(),
        urgency,
        released_at: NOW,
        expires_at: NOW + 3601,
        ..Content::default()
    }
}

fn lift(thread: &str) -> Content {
    let values = BTreeMap::from([("change".to_owned(), "lift".to_owned())]);
    Content { values, ..content(thread, Urgency::Low, "FLOOD IS OVER") }
}

fn batch(content: Content, addresses: &[String]) -> Batch {
    let item = |(index, address): (u32, &String)| Item {
        token: Token::new(7, index),
        address: Address::new(format!("ntcip:{address}")),
        attempt: 1,
        confirm: None,
    };
    Batch { content: Arc::new(content), items: (0..).zip(addresses).map(item).collect(), urgent: false }
}

fn adapter(settings: &Settings) -> Ntcip {
    Ntcip::new(settings, Arc::new(|| NOW)).unwrap()
}

fn kind(verdict: &Verdict) -> (&'static str, String) {
    match verdict {
        Verdict::Accepted(_) => ("accepted", String::new()),
        Verdict::RefusedRecipient(cause) => ("recipient", cause.code.to_string()),
        Verdict::RefusedContent(cause) => ("content", cause.code.to_string()),
        Verdict::Misconfigured(cause) => ("misconfigured", cause.code.to_string()),
        Verdict::Throttled { cause, .. } => ("throttled", cause.code.to_string()),
        Verdict::Transient(cause) => ("transient", cause.code.to_string()),
        Verdict::InDoubt(cause) => ("in doubt", cause.code.to_string()),
    }
}

/// What the adapter says of one content for one sign.
async fn shown(ntcip: &Ntcip, peer: &Peer, content: Content) -> (&'static str, String) {
    let verdicts = ntcip.submit(&batch(content, &[peer.address()]), BUDGET).await.unwrap();
    kind(&verdicts[0])
}

fn accepted() -> (&'static str, String) {
    ("accepted", String::new())
}

#[tokio::test]
async fn keeps_the_contract() {
    let signs = [Peer::start(&[]).await, Peer::start(&[]).await];
    let samples = Samples {
        content: content("flood", Urgency::High, "FLOOD"),
        addresses: signs.iter().map(|sign| Address::new(sign.address())).collect(),
    };
    let make = || async {
        let settings = Settings { probe_sign: Some(signs[0].address()), ..settings() };
        Arc::new(adapter(&settings)) as Arc<dyn Adapter>
    };
    conformance::run(make, &samples).await.assert();
}

#[tokio::test]
async fn only_what_is_named_a_sign_is_for_signs() {
    let ntcip = adapter(&settings());
    assert!(ntcip.carries("ntcip") && !ntcip.carries("") && !ntcip.carries("group"));
}

#[tokio::test]
async fn a_sign_shows_what_was_meant_for_as_long_as_it_holds() {
    for version in [Version::V1, Version::V2c] {
        let mut sign = Peer::start(&[]).await;
        let ntcip = adapter(&Settings { version, ..settings() });
        assert_eq!(shown(&ntcip, &sign, content("flood", Urgency::High, "FLOOD [1]")).await, accepted());
        let order = sign.order().await;
        assert_eq!(order["multi"], "FLOOD [[1]][nl]AVOID LOW[nl]ROADS");
        assert_eq!(order["owner"], format!("fenghuo-{:08x}", digest("flood")));
        let numbers = ["error", "duration", "priority", "memory", "number"].map(|name| order[name].as_i64().unwrap());
        assert_eq!(numbers, [2, 61, 180, 3, 1]);
        assert_eq!(order["source"], "127.0.0.1");
        ntcip.probe().await.unwrap();
    }
}

#[tokio::test]
async fn chinese_goes_out_in_the_letters_of_the_sign() {
    let mut sign = Peer::start(&[]).await;
    for (letters, expected) in [
        (Letters::CharacterTags, "[hc66B4][hc96E8]".to_owned()),
        (Letters::Gb18030, "\u{b1}\u{a9}\u{d3}\u{ea}".to_owned()),
        (Letters::Utf8, "暴雨".bytes().map(char::from).collect()),
    ] {
        let ntcip = adapter(&Settings { letters, ..settings() });
        let content = Content { text: String::new(), ..content("flood", Urgency::High, "暴雨") };
        assert_eq!(shown(&ntcip, &sign, content).await, accepted(), "{letters:?}");
        assert_eq!(sign.order().await["multi"], expected, "{letters:?}");
    }
}

#[tokio::test]
async fn what_shows_with_a_higher_priority_stays() {
    let mut sign = Peer::start(&["--running", "250:operator"]).await;
    let ntcip = adapter(&settings());
    let red = content("flood", Urgency::Highest, "FLOOD");
    assert_eq!(shown(&ntcip, &sign, red).await, ("throttled", "activate 3".to_owned()));
    assert_eq!(sign.order().await["error"], 3);
    // Nothing of ours shows: a lift leaves the sign alone.
    assert_eq!(shown(&ntcip, &sign, lift("flood")).await, accepted());
    assert!(sign.said_nothing_more().await);
}

#[tokio::test]
async fn a_newer_message_of_the_event_takes_the_place_of_ours_whatever_the_level() {
    let mut sign = Peer::start(&[]).await;
    let ntcip = adapter(&settings());
    assert_eq!(shown(&ntcip, &sign, content("flood", Urgency::Highest, "FLOOD")).await, accepted());
    assert_eq!(sign.order().await["priority"], 220);
    let other = content("storm", Urgency::Low, "STORM");
    assert_eq!(shown(&ntcip, &sign, other).await, ("throttled", "activate 3".to_owned()));
    assert_eq!(sign.order().await["error"], 3);
    assert_eq!(shown(&ntcip, &sign, content("flood", Urgency::Low, "WATER FALLS")).await, accepted());
    let order = sign.order().await;
    assert_eq!((order["error"].as_i64(), order["priority"].as_i64()), (Some(2), Some(220)));
}

#[tokio::test]
async fn a_lift_blanks_the_sign_that_shows_the_event_and_no_other() {
    let mut sign = Peer::start(&[]).await;
    let ntcip = adapter(&settings());
    assert_eq!(shown(&ntcip, &sign, content("flood", Urgency::Highest, "FLOOD")).await, accepted());
    sign.order().await;
    assert_eq!(shown(&ntcip, &sign, lift("storm")).await, accepted());
    assert_eq!(shown(&ntcip, &sign, lift("flood")).await, accepted());
    let order = sign.order().await;
    assert_eq!((order["memory"].as_i64(), order["error"].as_i64()), (Some(7), Some(2)));
    assert_eq!((&order["was"], &order["multi"]), (&"FLOOD[nl]AVOID LOW[nl]ROADS".into(), &"".into()));
    // Again: it is blank.
    assert_eq!(shown(&ntcip, &sign, lift("flood")).await, accepted());
    assert!(sign.said_nothing_more().await);

    let mut sign = Peer::start(&[]).await;
    let telling = adapter(&Settings { on_lift: OnLift::Text, ..settings() });
    assert_eq!(shown(&telling, &sign, lift("flood")).await, accepted());
    let text = "[pt53o0]FLOOD IS[nl]OVER[nl]AVOID LOW[np][pt20o0]ROADS";
    assert_eq!(sign.order().await["multi"], text);
}

#[tokio::test]
async fn errors_of_a_sign_are_classed_by_the_table() {
    for (fault, expected) in [
        ("altered", ("transient", "CRC")),
        ("changed", ("transient", "activate 7")),
        ("local", ("throttled", "activate 9")),
        ("syntax=5", ("content", "syntax 5")),
        ("syntax=7", ("content", "syntax 7")),
        ("validate=3", ("misconfigured", "validate 3")),
    ] {
        let sign = Peer::start(&["--fault", fault]).await;
        let said = shown(&adapter(&settings()), &sign, content("flood", Urgency::High, "FLOOD")).await;
        assert_eq!(said, (expected.0, expected.1.to_owned()), "{fault}");
    }
}

#[tokio::test]
async fn slow_signs_old_errors_and_turned_crcs_are_understood() {
    for fault in ["slow", "old-error", "swapped-crc"] {
        let sign = Peer::start(&["--fault", fault]).await;
        let said = shown(&adapter(&settings()), &sign, content("flood", Urgency::High, "FLOOD")).await;
        assert_eq!(said, accepted(), "{fault}");
    }
}

#[tokio::test]
async fn silence_before_the_order_is_transient_and_after_it_in_doubt() {
    let quick = Settings { answer_timeout_ms: 1000, sends: 2, ..settings() };
    let sign = Peer::start(&["--fault", "silent-order"]).await;
    let flood = content("flood", Urgency::High, "FLOOD");
    assert_eq!(shown(&adapter(&quick), &sign, flood.clone()).await, ("in doubt", "UNANSWERED".to_owned()));
    let stranger = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(stranger.path(), "another").unwrap();
    let quick = Settings { community_file: stranger.path().to_owned(), probe_sign: Some(sign.address()), ..quick };
    let ntcip = adapter(&quick);
    assert_eq!(shown(&ntcip, &sign, flood.clone()).await, ("transient", "SILENT".to_owned()));
    assert!(matches!(ntcip.probe().await, Err(Fault::Transient(_))));
    let stuck = Peer::start(&["--fault", "stuck"]).await;
    let address = [stuck.address()];
    let verdicts = adapter(&settings()).submit(&batch(flood, &address), Duration::from_secs(1)).await.unwrap();
    assert_eq!(kind(&verdicts[0]).0, "transient");
}

#[tokio::test]
async fn a_community_without_the_right_to_write_is_for_a_person_to_mend() {
    for (version, code) in [(Version::V1, "snmp 2"), (Version::V2c, "snmp 6")] {
        let sign = Peer::start(&["--read-only"]).await;
        let ntcip = adapter(&Settings { version, ..settings() });
        let said = shown(&ntcip, &sign, content("flood", Urgency::High, "FLOOD")).await;
        assert_eq!(said, ("misconfigured", code.to_owned()), "{version:?}");
    }
}

#[tokio::test]
async fn only_signs_inside_the_networks_are_spoken_to() {
    let ntcip = adapter(&settings());
    let addresses =
        ["192.0.2.1:161", "[::1]:161", "192.0.2.1", "a b", "127.0.0.1:99999", "", "host:x"].map(str::to_owned);
    let verdicts = ntcip.submit(&batch(content("flood", Urgency::High, "FLOOD"), &addresses), BUDGET).await.unwrap();
    let codes: Vec<String> = verdicts.iter().map(|verdict| kind(verdict).1).collect();
    assert_eq!(codes, ["OUTSIDE", "OUTSIDE", "OUTSIDE", "NO-SIGN", "NO-SIGN", "NO-SIGN", "NO-SIGN"]);
    assert!(verdicts.iter().all(|verdict| matches!(verdict, Verdict::RefusedRecipient(_))));
}

#[tokio::test]
async fn a_headline_that_does_not_fit_is_refused_before_anybody_signs() {
    let ntcip = adapter(&Settings { pages: 1, ..settings() });
    let long = content("flood", Urgency::High, &"FLOOD ".repeat(10));
    assert_eq!(&*ntcip.fit(&long).unwrap_err().code, "TOO-LONG");
    let nowhere = ["127.0.0.1:9".to_owned()];
    let verdicts = ntcip.submit(&batch(long, &nowhere), BUDGET).await.unwrap();
    assert_eq!(kind(&verdicts[0]), ("content", "TOO-LONG".to_owned()));
    let fit = ntcip.fit(&content("flood", Urgency::High, "FLOOD")).unwrap();
    assert_eq!(fit.text, "FLOOD\nAVOID LOW ROADS");
    assert!(!format!("{:?}", settings()).contains(COMMUNITY));
}
