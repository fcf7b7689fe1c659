//! WeCom: a call for many, an answer by member.

use serde_json::json;

use super::*;

impl StandIn {
    pub(super) fn wecom(&self, more: &str) -> WeComSettings {
        let file = |name: &str| self.file(name).display().to_string();
        let text = format!(
            "corp_id = '{APP_ID}'\nagent_id = 1000002\nsecret_file = '{}'\ncallback_token_file = '{}'\ncallback_key_file = '{}'\n{more}",
            file("secret"),
            file("token"),
            file("key"),
        );
        WeComSettings { outbound: self.outbound(), ..toml::from_str(&text).unwrap() }
    }
}

pub(super) fn adapter(settings: &WeComSettings) -> WeCom {
    WeCom::new(settings, Arc::new(InMemoryTokens::default()), now()).unwrap_or_else(|fault| panic!("{fault}"))
}

#[tokio::test]
async fn the_answer_is_parted_by_member() {
    let mut stand_in = StandIn::start("wecom", &[]).await;
    let adapter = adapter(&stand_in.wecom(""));
    let members = ["ZhangSan", "Gone_invalid", "LiSi", "New_unlicensed", "a|b", "@all"];
    let answer = adapter.submit(&batch(&members), BUDGET).await;
    assert_eq!(kinds(&answer), ["accepted", "recipient", "accepted", "transient", "recipient", "recipient"]);
    assert!(!format!("{answer:?}").contains("invalid\""), "{answer:?}");
    let call = stand_in.next().await;
    let expected = json!({
        "touser": "Gone_invalid|LiSi|New_unlicensed|ZhangSan", "msgtype": "text", "agentid": 1000002,
        "text": { "content": content().text }, "enable_duplicate_check": 1, "duplicate_check_interval": 1800,
    });
    assert_eq!(call["document"], expected);
    assert_eq!(submit(&adapter, &batch(&["WangWu", "ZhaoLiu", "WangWu"])).await, ["accepted"; 3]);
    assert_eq!(stand_in.next().await["document"]["touser"], "WangWu|ZhaoLiu", "nobody twice in a call");
    let answer = adapter.submit(&batch(&["Gone_invalid", "New_unlicensed"]), BUDGET).await;
    assert_eq!(kinds(&answer), ["recipient", "transient"], "refused as a whole, and still parted: {answer:?}");
}

#[tokio::test]
async fn answers_for_a_whole_call_are_classified() {
    let stand_in = StandIn::start("wecom", &[]).await;
    let adapter = adapter(&stand_in.wecom(""));
    for (member, expected) in [
        ("m_60020", "misconfigured"),
        ("m_60011", "misconfigured"),
        ("m_40056", "misconfigured"),
        ("m_45009", "throttled"),
        ("m_45033", "throttled"),
        ("m_-1", "transient"),
        ("m_81013", "recipient"),
        ("m_42001", "misconfigured"),
        ("m_junk", "in doubt"),
        ("m_http500", "transient"),
    ] {
        assert_eq!(submit(&adapter, &batch(&[member])).await, [expected], "{member}");
    }
}

#[tokio::test]
async fn a_token_that_ended_is_fetched_again_once() {
    let mut stand_in = StandIn::start("wecom", &[]).await;
    let adapter = adapter(&stand_in.wecom(""));
    assert_eq!(submit(&adapter, &batch(&["a"])).await, ["accepted"]);
    stand_in.control("expire").await;
    assert_eq!(submit(&adapter, &batch(&["a"])).await, ["accepted"]);
    let codes = [stand_in.next().await, stand_in.next().await, stand_in.next().await].map(|call| call["code"].clone());
    assert_eq!(codes, [json!(0), json!(42001), json!(0)]);
}

#[tokio::test]
async fn what_a_members_minute_does_not_hold_is_not_sent() {
    let mut stand_in = StandIn::start("wecom", &[]).await;
    let adapter = adapter(&stand_in.wecom(""));
    for _ in 0..30 {
        assert_eq!(submit(&adapter, &batch(&["busy"])).await, ["accepted"]);
    }
    let answer = adapter.submit(&batch(&["BUSY", "idle"]), BUDGET).await;
    assert_eq!(kinds(&answer), ["too often", "accepted"], "an id is the same in any case");
    let mut last = Value::Null;
    for _ in 0..31 {
        last = stand_in.next().await;
    }
    assert_eq!(
        (&last["document"]["touser"], &last["dropped"]),
        (&json!("idle"), &json!(0)),
        "nothing was dropped silently"
    );
}

#[tokio::test]
async fn crowded_minutes_are_left_to_urgent_messages() {
    let stand_in = StandIn::start("wecom", &[]).await;
    let (time, now) = clock();
    let settings = stand_in.wecom("avoid_crowded_minutes = true");
    let adapter = WeCom::new(&settings, Arc::new(InMemoryTokens::default()), now).unwrap();
    time.store(NOW + 1800 - 40 + 5, Ordering::Relaxed);
    let answer = adapter.submit(&batch(&["a"]), BUDGET).await;
    let Err(Fault::Throttled { after: Some(after), .. }) = &answer else { panic!("{answer:?}") };
    assert!(after.as_secs() <= 60);
    assert_eq!(submit(&adapter, &Batch { urgent: true, ..batch(&["a"]) }).await, ["accepted"]);
    time.store(NOW + 1800 + 60, Ordering::Relaxed);
    assert_eq!(submit(&adapter, &batch(&["a"])).await, ["accepted"]);
}

#[tokio::test]
async fn an_ordered_round_is_not_taken_for_a_repeat_and_long_texts_are_refused() {
    let mut stand_in = StandIn::start("wecom", &[]).await;
    let adapter = adapter(&stand_in.wecom(""));
    let mut again = batch(&["a"]);
    again.items[0].token.round = 1;
    assert_eq!(submit(&adapter, &again).await, ["accepted"]);
    assert_eq!(stand_in.next().await["document"]["enable_duplicate_check"], 0);
    let long = Content { text: "雨".repeat(683), ..content() };
    assert_eq!(&*adapter.fit(&long).unwrap_err().code, "TOO-LONG");
    let short = Content { short: "暴雨红色".to_owned(), ..long };
    assert_eq!(adapter.fit(&short).unwrap().text, "暴雨红色");
    let whole = Content { text: "雨".repeat(682), ..content() };
    assert_eq!(submit(&adapter, &Batch { content: Arc::new(whole), ..batch(&["a"]) }).await, ["accepted"]);
}
