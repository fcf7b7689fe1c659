//! What comes from the provider, sealed by wechatpy.

use std::net::{IpAddr, Ipv4Addr};

use fenghuo_contract::{Callback, CallbackFault, FollowState, Inbound, Origin, Receipt, ReceiptState, SignatureCheck};
use proptest::prelude::*;
use serde_json::json;
use tokio::{
    io::{AsyncWriteExt, Lines},
    process::{ChildStdin, ChildStdout},
};

use super::*;
use crate::{seal::Seal, secret::Secret};

/// wechatpy in a process of its own.
struct Crypto {
    ask: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    _process: Child,
}

impl Crypto {
    fn start() -> Self {
        let mut process = peer("wechat_crypto.py", &["--id", APP_ID, "--token", TOKEN, "--key", AES_KEY]);
        let (ask, answers) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        Self { ask, answers: BufReader::new(answers).lines(), _process: process }
    }

    async fn ask(&mut self, document: Value) -> Value {
        self.ask.write_all(format!("{document}\n").as_bytes()).await.unwrap();
        let answer = self.answers.next_line().await.unwrap();
        serde_json::from_str(&answer.expect("wechatpy is installed by: cargo xtask test")).unwrap()
    }

    /// Query and body of a sealed message.
    async fn sealed(&mut self, inner: &str) -> (String, String) {
        let whole =
            format!("<xml><FromUserName><![CDATA[oA]]></FromUserName><CreateTime>1795478400</CreateTime>{inner}</xml>");
        let answer = self.ask(json!({ "seal": whole, "nonce": "n1", "timestamp": "1795478400" })).await;
        let body = answer["envelope"].as_str().unwrap().to_owned();
        let signature = body.split("<MsgSignature><![CDATA[").nth(1).unwrap().split(']').next().unwrap();
        (format!("timestamp=1795478400&nonce=n1&encrypt_type=aes&msg_signature={signature}"), body)
    }
}

fn read_as(
    adapter: &dyn Adapter,
    query: &str,
    body: &str,
    signature: SignatureCheck,
) -> Result<Inbound, CallbackFault> {
    let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
    adapter.read_callback(&Callback { peer, headers: &[], query, body: body.as_bytes(), signature })
}

fn read(adapter: &dyn Adapter, query: &str, body: &str) -> Result<Inbound, CallbackFault> {
    read_as(adapter, query, body, SignatureCheck::Enforce)
}

/// An adapter nobody calls.
async fn adapter(way: &str) -> OfficialAccount {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in [("secret", SECRET), ("token", TOKEN), ("key", AES_KEY)] {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let file = |name: &str| folder.path().join(name).display().to_string();
    let templates = if way == "mass" { "" } else { TEMPLATES };
    let text = format!(
        "app_id = '{APP_ID}'\nsecret_file = '{}'\nway = '{way}'\ncallback_token_file = '{}'\ncallback_key_file = '{}'\n{templates}",
        file("secret"),
        file("token"),
        file("key"),
    );
    account(&toml::from_str(&text).unwrap())
}

#[tokio::test]
async fn what_wechatpy_sealed_is_opened_and_what_we_sealed_it_opens() {
    let mut crypto = Crypto::start();
    let adapter = adapter("template").await;
    let (query, body) = crypto.sealed("<MsgType>text</MsgType><Content><![CDATA[当前 <预警>]]></Content>").await;
    let inbound = read(&adapter, &query, &body).unwrap();
    let [reply] = &inbound.replies[..] else { panic!("{inbound:?}") };
    assert_eq!((reply.from.expose(), reply.text.as_str()), ("oA", "当前 <预警>"));
    assert_eq!((reply.at, reply.origin), (Some(1_795_478_400_000), Origin::Signed));
    let answer = inbound.answer.unwrap();
    assert_eq!((answer.media_type, &answer.body[..]), ("text/plain", &b"success"[..]));

    let seal = Seal::new(Secret::new(TOKEN), Some(&Secret::new(AES_KEY)), APP_ID).unwrap();
    let message = "<xml><A>暴雨</A></xml>";
    let sealed = seal.close(message.as_bytes(), [9; 16]).unwrap();
    let signature = seal.sign(&["1", "2", &sealed]);
    let envelope = format!("<xml><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>");
    let ask = json!({ "open": envelope, "signature": signature, "timestamp": "1", "nonce": "2" });
    assert_eq!(crypto.ask(ask).await["message"], message);
    let ask = json!({ "open": envelope, "signature": signature, "timestamp": "1", "nonce": "3" });
    assert_eq!(crypto.ask(ask).await["fault"], "InvalidSignatureException");
}

#[tokio::test]
async fn wechatpy_opens_the_answer_to_whoever_wrote_or_pressed_a_button() {
    let mut crypto = Crypto::start();
    let adapter = adapter("template").await;
    let to = "<ToUserName><![CDATA[gh_songbei]]></ToUserName>";
    let pressed = format!("{to}<MsgType>event</MsgType><Event>CLICK</Event><EventKey>current</EventKey>");
    for inner in [format!("{to}<MsgType>text</MsgType><Content>当前预警</Content>"), pressed] {
        let (query, body) = crypto.sealed(&inner).await;
        let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let callback =
            Callback { peer, headers: &[], query: &query, body: body.as_bytes(), signature: SignatureCheck::Enforce };
        let answer = adapter.answer_with(&callback, "暴雨 <红色> ]]> 预警").unwrap();
        let envelope = String::from_utf8(answer.body.to_vec()).unwrap();
        let between = |name: &str| {
            let rest = envelope.split(&format!("<{name}>")).nth(1).unwrap();
            let text = rest.split(&format!("</{name}>")).next().unwrap();
            text.trim_start_matches("<![CDATA[").trim_end_matches("]]>").to_owned()
        };
        let ask = json!({ "open": envelope, "signature": between("MsgSignature"), "timestamp": between("TimeStamp"),
            "nonce": between("Nonce") });
        let message = crypto.ask(ask).await["message"].as_str().unwrap().to_owned();
        let read = xml::Document::read(message.as_bytes()).unwrap();
        let named = ["ToUserName", "FromUserName", "MsgType", "Content"].map(|name| read.text(name));
        assert_eq!(named, ["oA", "gh_songbei", "text", "暴雨 <红色> ]]> 预警"], "{message}");
        let forged = Callback { query: &query.replace("nonce=n1", "nonce=n2"), ..callback };
        assert_eq!(adapter.answer_with(&forged, "x"), None);
        assert_eq!(adapter.answer_with(&callback, &"警".repeat(700)), None, "more than the provider takes");
    }
    let (query, body) = crypto.sealed(&format!("{to}<MsgType>event</MsgType><Event>unsubscribe</Event>")).await;
    let peer = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let callback =
        Callback { peer, headers: &[], query: &query, body: body.as_bytes(), signature: SignatureCheck::Enforce };
    assert_eq!(adapter.answer_with(&callback, "x"), None, "nobody asked");
}

#[tokio::test]
async fn a_forged_call_is_told_from_one_that_is_observed() {
    let mut crypto = Crypto::start();
    let adapter = adapter("template").await;
    let (query, body) = crypto.sealed("<MsgType>text</MsgType><Content>收到</Content>").await;
    let forged = query.replace("nonce=n1", "nonce=n2");
    assert!(matches!(read(&adapter, &forged, &body), Err(CallbackFault::Forged)));
    let observed = read_as(&adapter, &forged, &body, SignatureCheck::Observe).unwrap();
    assert_eq!(observed.replies[0].origin, Origin::Unsigned);
    let plain = "<xml><FromUserName>oA</FromUserName><MsgType>text</MsgType><Content>收到</Content></xml>";
    let signature =
        crypto.ask(json!({ "plain": ["1795478400", "n1"] })).await["signature"].as_str().unwrap().to_owned();
    let query = format!("timestamp=1795478400&nonce=n1&signature={signature}");
    assert!(matches!(read(&adapter, &query, plain), Err(CallbackFault::Forged)), "a key is set: plain is not believed");
    for (query, body) in [("", ""), ("", "<xml>"), (query.as_str(), "<xml><Encrypt>AAAA</Encrypt></xml>")] {
        assert!(read(&adapter, query, body).is_err());
    }
}

#[tokio::test]
async fn without_a_key_plain_messages_are_read_and_count_as_unsigned() {
    let mut crypto = Crypto::start();
    let stand_in = StandIn::start("official", &[]).await;
    let adapter = account(&AccountSettings { callback_key_file: None, ..stand_in.account("template", "") });
    let signature = crypto.ask(json!({ "plain": ["17", "n1"] })).await["signature"].as_str().unwrap().to_owned();
    let query = format!("timestamp=17&nonce=n1&signature={signature}");
    let body = "<xml><FromUserName>oA</FromUserName><MsgType>text</MsgType><Content>收到</Content></xml>";
    let inbound = read(&adapter, &query, body).unwrap();
    assert_eq!((inbound.replies[0].at, inbound.replies[0].origin), (None, Origin::Unsigned));
    assert!(matches!(read(&adapter, &query.replace("17", "18"), body), Err(CallbackFault::Forged)));
}

#[tokio::test]
async fn an_address_under_test_is_answered_with_its_word() {
    let mut crypto = Crypto::start();
    let adapter = adapter("template").await;
    let signature = crypto.ask(json!({ "plain": ["17", "n1"] })).await["signature"].as_str().unwrap().to_owned();
    let plain = read(&adapter, &format!("signature={signature}&echostr=5927%2B&timestamp=17&nonce=n1"), "").unwrap();
    assert_eq!(&plain.answer.unwrap().body[..], b"5927+");
    let sealed = crypto.ask(json!({ "echo": "4872", "timestamp": "17", "nonce": "n1" })).await;
    let pairs = [("msg_signature", &sealed["signature"]), ("echostr", &sealed["echo"])]
        .map(|(name, value)| (name, value.as_str().unwrap()));
    let query = form_urlencoded::Serializer::new("timestamp=17&nonce=n1".to_owned()).extend_pairs(pairs).finish();
    assert_eq!(&read(&adapter, &query, "").unwrap().answer.unwrap().body[..], b"4872");
    for forged in [query.replace("n1", "n2"), "signature=x&echostr=1&timestamp=17&nonce=n1".to_owned()] {
        let answer = read_as(&adapter, &forged, "", SignatureCheck::Observe);
        assert!(matches!(answer, Err(CallbackFault::Forged)), "{answer:?}");
    }
}

#[tokio::test]
async fn who_follows_and_who_leaves_is_told() {
    let mut crypto = Crypto::start();
    let event = |name: &str, more: &str| format!("<MsgType>event</MsgType><Event>{name}</Event>{more}");
    let notices = |name: &str, said: [&str; 2]| {
        let list = said.map(|said| format!("<List><SubscribeStatusString>{said}</SubscribeStatusString></List>"));
        format!("<{name}>{}</{name}>", list.concat())
    };
    let popup = |said| event("subscribe_msg_popup_event", &notices("SubscribeMsgPopupEvent", said));
    let change = event("subscribe_msg_change_event", &notices("SubscribeMsgChangeEvent", ["reject", "reject"]));
    for (way, inner, expected) in [
        ("mass", event("subscribe", ""), Some(FollowState::Followed)),
        ("mass", event("unsubscribe", ""), Some(FollowState::Left)),
        ("mass", popup(["accept", "accept"]), None),
        ("subscribe", event("subscribe", ""), None),
        ("subscribe", popup(["reject", "accept"]), Some(FollowState::Followed)),
        ("subscribe", popup(["reject", "reject"]), Some(FollowState::Left)),
        ("mini_program", change, Some(FollowState::Left)),
    ] {
        let (query, body) = crypto.sealed(&inner).await;
        let followers = read(&adapter(way).await, &query, &body).unwrap().followers;
        assert_eq!(followers.first().map(|follow| follow.state), expected, "{way}: {inner}");
        assert!(followers.iter().all(|follow| follow.address.expose() == "oA" && follow.at == Some(1_795_478_400_000)));
    }
}

#[tokio::test]
async fn a_button_stands_for_its_text_and_the_rest_for_nothing() {
    let mut crypto = Crypto::start();
    let adapter = adapter("template").await;
    for (inner, text) in [
        ("<MsgType>event</MsgType><Event>CLICK</Event><EventKey>current</EventKey>", Some("当前预警")),
        ("<MsgType>event</MsgType><Event>CLICK</Event><EventKey>other</EventKey>", None),
        ("<MsgType>event</MsgType><Event>LOCATION</Event>", None),
        ("<MsgType>image</MsgType>", None),
    ] {
        let (query, body) = crypto.sealed(inner).await;
        let inbound = read(&adapter, &query, &body).unwrap();
        assert_eq!(inbound.replies.first().map(|reply| reply.text.as_str()), text, "{inner}");
        assert!(inbound.answer.is_some(), "unanswered it would come again");
    }
    let (query, body) = crypto.sealed("<Event>CLICK</Event>").await;
    assert!(matches!(read(&adapter, &query, &body), Err(CallbackFault::Unreadable(_))));
}

/// Events come late, twice and the last first; each finds the delivery it is about.
#[tokio::test]
async fn events_of_what_was_sent_come_in_any_order() {
    for (way, addresses) in [
        ("template", ["oA", "oB_block", "oC"]),
        ("subscribe", ["oA", "oB_block", "oC"]),
        ("mass", ["tag:1", "tag:777", "all"]),
    ] {
        let mut stand_in = StandIn::start("official", &[]).await;
        let adapter = stand_in.adapter(way);
        let verdicts = adapter.submit(&batch(&addresses), BUDGET).await.unwrap();
        let mut events = Vec::new();
        for _ in &addresses {
            events.extend(stand_in.next().await["events"].as_array().unwrap().clone());
        }
        events.reverse();
        let mut receipts: Vec<Receipt> = Vec::new();
        for event in &events {
            receipts.extend(
                read(&adapter, event["query"].as_str().unwrap(), event["body"].as_str().unwrap()).unwrap().receipts,
            );
        }
        assert_eq!(receipts.len(), 6, "{way}: each twice");
        for (place, verdict) in verdicts.iter().enumerate() {
            let Verdict::Accepted(Some(reference)) = verdict else { panic!("{way}: {verdicts:?}") };
            let of: Vec<&Receipt> = receipts.iter().filter(|receipt| receipt.reference == *reference).collect();
            assert_eq!(of.len(), 2, "{way}");
            for receipt in of {
                assert_eq!(
                    (receipt.state == ReceiptState::Delivered, receipt.origin),
                    (place != 1, Origin::Signed),
                    "{way}: {receipt:?}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_guard_against_repeats_costs_the_receipt() {
    let mut stand_in = StandIn::start("official", &[]).await;
    let adapter = account(&stand_in.account("template", "repeat_guard = true"));
    assert_eq!(submit(&adapter, &batch(&["oA"])).await, ["accepted"]);
    let call = stand_in.next().await;
    assert_eq!(call["document"]["client_msg_id"], Token::new(7, 0).to_string());
    let event = &call["events"][0];
    let inbound = read(&adapter, event["query"].as_str().unwrap(), event["body"].as_str().unwrap()).unwrap();
    assert!(inbound.receipts.is_empty() && inbound.answer.is_some(), "{inbound:?}");
}

#[tokio::test]
async fn wecom_reads_its_own_members() {
    let mut crypto = Crypto::start();
    let stand_in = StandIn::start("wecom", &[]).await;
    let adapter = wecom::adapter(&stand_in.wecom(""));
    let (query, body) = crypto.sealed("<MsgType>text</MsgType><Content>收到</Content><AgentID>1000002</AgentID>").await;
    assert_eq!(read(&adapter, &query, &body).unwrap().replies[0].text, "收到");
    let other = wecom::adapter(&WeComSettings { corp_id: "wwAnother".to_owned(), ..stand_in.wecom("") });
    assert!(matches!(read(&other, &query, &body), Err(CallbackFault::Forged)), "it is for another company");
}

proptest! {
    /// Whatever comes under a signature that holds or not, it is read or told why not.
    #[test]
    fn no_call_makes_it_panic(query in "[a-z_=&%0-9]{0,60}", body in "(<xml>|</xml>|<Encrypt>|</Encrypt>|<MsgType>|event|[A-Za-z0-9+/=]|雨){0,30}") {
        let seal = Seal::new(Secret::new(TOKEN), Some(&Secret::new(AES_KEY)), APP_ID).unwrap();
        let mailbox = callback::Mailbox { seal, menu: std::collections::BTreeMap::new(), subscriptions: false };
        let call = |signature| Callback { peer: IpAddr::V4(Ipv4Addr::LOCALHOST), headers: &[], query: &query, body: body.as_bytes(), signature };
        let observed = mailbox.read(&call(SignatureCheck::Observe));
        let enforced = mailbox.read(&call(SignatureCheck::Enforce));
        prop_assert!(enforced.is_err(), "{:?}", enforced);
        prop_assert!(observed.is_err() || observed.is_ok_and(|inbound| inbound.answer.is_some()));
    }
}
