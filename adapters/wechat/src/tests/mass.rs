//! Mass messages: few a month, and a repeat recognised.

use fenghuo_contract::Reference;
use serde_json::json;

use super::*;

fn references(verdicts: &[Verdict]) -> Vec<Option<Reference>> {
    let reference =
        |verdict: &Verdict| if let Verdict::Accepted(reference) = verdict { reference.clone() } else { None };
    verdicts.iter().map(reference).collect()
}

#[tokio::test]
async fn a_tag_and_everybody_get_a_job_each() {
    let mut stand_in = StandIn::start("official", &[]).await;
    let adapter = account(&AccountSettings { parallel: 1, ..stand_in.account("mass", "") });
    let verdicts = adapter.submit(&batch(&["all", "tag:12", "oA", "tag:x", "tag:-1"]), BUDGET).await.unwrap();
    let kinds: Vec<_> = verdicts.iter().map(kind).collect();
    assert_eq!(kinds, ["accepted", "accepted", "recipient", "recipient", "recipient"]);
    let text = content().text;
    for (place, filter) in
        [json!({ "is_to_all": true }), json!({ "is_to_all": false, "tag_id": 12 })].iter().enumerate()
    {
        let token = Token::new(7, place as u32).to_string();
        let expected =
            json!({ "filter": filter, "msgtype": "text", "text": { "content": text }, "clientmsgid": token });
        assert_eq!(stand_in.next().await["document"], expected);
    }
}

#[tokio::test]
async fn a_repeat_gets_the_same_job_and_costs_nothing() {
    let mut stand_in = StandIn::start("official", &["--monthly", "1"]).await;
    let adapter = account(&stand_in.account("mass", "mass = { monthly = 1 }"));
    let first = adapter.submit(&batch(&["all"]), BUDGET).await.unwrap();
    let second = adapter.submit(&batch(&["all"]), BUDGET).await.unwrap();
    assert!(references(&first)[0].is_some());
    assert_eq!(references(&first), references(&second));
    assert_eq!((&stand_in.next().await["code"], &stand_in.next().await["code"]), (&json!(0), &json!(45065)));
}

#[tokio::test]
async fn the_months_few_are_guarded_and_shown() {
    let mut stand_in = StandIn::start("official", &[]).await;
    let adapter = account(&stand_in.account("mass", "mass = { monthly = 2 }\nparallel = 1"));
    let answer = adapter.submit(&batch(&["tag:1", "tag:1", "tag:1", "tag:2", "all"]), BUDGET).await;
    assert_eq!(kinds(&answer), ["accepted", "accepted", "too often", "accepted", "too often"]);
    let Ok(verdicts) = answer else { panic!() };
    let Verdict::Throttled { after: Some(after), .. } = &verdicts[2] else { panic!("{verdicts:?}") };
    assert_eq!(after.as_secs(), (6 * 24 + 16) * 3600 - 40, "until the first of December in Beijing");
    for _ in 0..3 {
        stand_in.next().await;
    }
    stand_in.saw_nothing_more(&adapter).await;
    let view = adapter.mass_view().await.unwrap();
    assert_eq!((view.month.as_str(), view.monthly), ("2026-11", 2));
    let used =
        [Audience::All, Audience::Tag(1), Audience::Tag(2), Audience::Tag(3)].map(|audience| view.used.of(audience));
    assert_eq!(used, [2, 2, 1, 0]);
}

#[tokio::test]
async fn what_the_provider_did_not_take_is_given_back() {
    let stand_in = StandIn::start("official", &["--monthly", "0"]).await;
    let adapter = account(&stand_in.account("mass", "parallel = 1"));
    let refused = batch(&["tag:404", "tag:48001", "tag:1"]);
    let answer = adapter.submit(&refused, BUDGET).await;
    assert_eq!(kinds(&answer), ["misconfigured", "misconfigured", "throttled"], "{answer:?}");
    assert_eq!(adapter.mass_view().await.unwrap().used, MassUse::default());
}

#[tokio::test]
async fn what_an_earlier_attempt_may_have_sent_stays_spent() {
    let stand_in = StandIn::start("official", &["--monthly", "0"]).await;
    let adapter = account(&stand_in.account("mass", ""));
    let mut again = batch(&["tag:1"]);
    again.items[0].attempt = 2;
    assert_eq!(submit(&adapter, &again).await, ["throttled"]);
    assert_eq!(adapter.mass_view().await.unwrap().used.of(Audience::Tag(1)), 1);
}

#[tokio::test]
async fn only_what_the_settings_say_goes_to_the_mass() {
    let stand_in = StandIn::start("official", &[]).await;
    let mut orange = content();
    orange.values.insert("level".to_owned(), "orange".to_owned());
    let batch = Batch { content: Arc::new(orange.clone()), ..batch(&["all"]) };
    let adapter = stand_in.adapter("mass");
    assert_eq!(&*adapter.fit(&orange).unwrap_err().code, "NOT-MASS");
    assert_eq!(submit(&adapter, &batch).await, ["content"]);
    let drill = Content { text: format!("【演练】{}", content().text), ..content() };
    assert_eq!(&*adapter.fit(&drill).unwrap_err().code, "NOT-MASS", "a drill does not go to everybody");
    let wider = account(&stand_in.account("mass", "mass = { when = { level = ['red', 'orange'] } }"));
    assert_eq!(submit(&wider, &batch).await, ["accepted"]);
}

#[tokio::test]
async fn a_list_is_one_call_and_one_alone_waits() {
    let mut stand_in = StandIn::start("official", &[]).await;
    let adapter = stand_in.adapter("mass_list");
    let verdicts = adapter.submit(&batch(&["oB", "oA", "oB", "not one"]), BUDGET).await.unwrap();
    assert_eq!(verdicts.iter().map(kind).collect::<Vec<_>>(), ["accepted", "accepted", "accepted", "recipient"]);
    let call = stand_in.next().await;
    assert_eq!(
        (&call["path"], &call["document"]["touser"]),
        (&json!("/cgi-bin/message/mass/send"), &json!(["oA", "oB"]))
    );
    let repeat = adapter.submit(&batch(&["oB", "oA", "oB", "not one"]), BUDGET).await.unwrap();
    assert_eq!(references(&verdicts), references(&repeat));
    assert_eq!(stand_in.next().await["code"], 45065, "the same hand-over is recognised");
    assert_eq!(submit(&adapter, &batch(&["oA"])).await, ["transient"]);
    stand_in.saw_nothing_more(&adapter).await;
}

#[tokio::test]
async fn four_nodes_share_one_quota() {
    let mut stand_in = StandIn::start("official", &["--monthly", "1000"]).await;
    let settings = stand_in.account("mass", "");
    let (tokens, quota) = (Arc::new(InMemoryTokens::default()), Arc::new(InMemoryQuota::default()));
    let node = |_| OfficialAccount::new(&settings, Arc::clone(&tokens) as _, Arc::clone(&quota) as _, now()).unwrap();
    let nodes: Vec<OfficialAccount> = (0..4).map(node).collect();
    let batches: Vec<Batch> = (0..16)
        .map(|plan| {
            let mut batch = batch(&["all"]);
            batch.items[0].token.plan = plan;
            batch
        })
        .collect();
    let sends = batches.iter().enumerate().map(|(number, batch)| submit(&nodes[number % 4], batch));
    let answers = futures_util::future::join_all(sends).await;
    assert_eq!(answers.iter().filter(|kinds| **kinds == ["accepted"]).count(), 4);
    assert_eq!(answers.iter().filter(|kinds| **kinds == ["too often"]).count(), 12);
    for _ in 0..4 {
        assert_eq!(stand_in.next().await["code"], 0);
    }
    stand_in.saw_nothing_more(&nodes[0]).await;
}

#[tokio::test]
async fn the_speed_is_set_once_before_the_first() {
    let mut stand_in = StandIn::start("official", &[]).await;
    let adapter = account(&stand_in.account("mass", "mass = { speed = 2 }\nparallel = 1"));
    assert_eq!(submit(&adapter, &batch(&["tag:1", "tag:2"])).await, ["accepted", "accepted"]);
    let call = stand_in.next().await;
    assert_eq!((&call["path"], &call["document"]), (&json!("/cgi-bin/message/mass/speed/set"), &json!({ "speed": 2 })));
    for _ in 0..2 {
        assert_eq!(stand_in.next().await["path"], "/cgi-bin/message/mass/sendall");
    }
    assert_eq!(submit(&adapter, &batch(&["tag:3"])).await, ["accepted"]);
    assert_eq!(stand_in.next().await["path"], "/cgi-bin/message/mass/sendall");
    let wrong = stand_in.account("mass", "mass = { speed = 5 }");
    let tokens = Arc::new(InMemoryTokens::default());
    let fault = OfficialAccount::new(&wrong, tokens, Arc::new(InMemoryQuota::default()), now()).err();
    assert!(fault.is_some_and(|fault| fault.to_string().contains("mass.speed")));
}
