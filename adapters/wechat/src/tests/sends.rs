//! What the provider gets for one address, and what is made of its answer.

use serde_json::json;
use tokio::net::TcpListener;

use super::*;

#[tokio::test]
async fn every_way_says_what_its_document_wants() {
    let data = json!({ "thing1": { "value": "暴雨红色预警" }, "thing2": { "value": "松北区气象台" } });
    let id = "ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY";
    let page = "https://w.example/c/1";
    for (way, address, path, document) in [
        (
            "template",
            "oA",
            "/cgi-bin/message/template/send",
            json!({ "touser": "oA", "template_id": id, "data": data, "url": page }),
        ),
        (
            "subscribe",
            "oA",
            "/cgi-bin/message/subscribe/bizsend",
            json!({ "touser": "oA", "template_id": id, "data": data, "page": page }),
        ),
        (
            "mini_program",
            "oA",
            "/cgi-bin/message/subscribe/send",
            json!({ "touser": "oA", "template_id": id, "data": data, "lang": "zh_CN", "miniprogram_state": "formal" }),
        ),
        (
            "customer",
            "oA",
            "/cgi-bin/message/custom/send",
            json!({ "touser": "oA", "msgtype": "text", "text": { "content": format!("{}\n{page}", content().text) } }),
        ),
        (
            "draft",
            "draft:feed",
            "/cgi-bin/draft/add",
            json!({ "articles": [{
                "title": "暴雨红色预警", "author": "松北应急", "content": "<p>松北区气象台发布暴雨红色预警，请注意防范。</p>",
                "thumb_media_id": "thumb-1", "need_open_comment": 0,
            }] }),
        ),
    ] {
        let mut stand_in = StandIn::start("official", &[]).await;
        let mut batch = batch(&[address]);
        batch.items[0].confirm = Some(page.into());
        assert_eq!(submit(&stand_in.adapter(way), &batch).await, ["accepted"], "{way}");
        let call = stand_in.next().await;
        assert_eq!((&call["path"], &call["document"]), (&json!(path), &document), "{way}");
    }
}

/// Every class of the table, and the address never in the words.
#[tokio::test]
async fn answers_are_classified_by_the_table() {
    let stand_in = StandIn::start("official", &[]).await;
    let adapter = stand_in.adapter("template");
    let cases = [
        ("oFollower_40003", "recipient"),
        ("oFollower_43004", "recipient"),
        ("oFollower_43101", "recipient"),
        ("oFollower_45015", "recipient"),
        ("oFollower_40037", "content"),
        ("oFollower_47003", "content"),
        ("oFollower_40164", "misconfigured"),
        ("oFollower_48001", "misconfigured"),
        ("oFollower_45009", "throttled"),
        ("oFollower_45011", "throttled"),
        ("oFollower_43108", "too often"),
        ("oFollower_-1", "transient"),
        ("oFollower_99999", "transient"),
        ("oFollower_http500", "transient"),
        ("oFollower_http503", "throttled"),
        ("oFollower_junk", "in doubt"),
        ("oFollower", "accepted"),
        ("oFollower 1", "recipient"),
    ];
    let verdicts = adapter.submit(&batch(&cases.map(|(address, _)| address)), BUDGET).await.unwrap();
    for ((address, expected), verdict) in cases.iter().zip(&verdicts) {
        assert_eq!(kind(verdict), *expected, "{address}: {verdict:?}");
        assert!(!format!("{verdict:?}").contains(address), "{verdict:?}");
        let after =
            if let Verdict::Throttled { after, .. } = verdict { after.map(|after| after.as_secs()) } else { None };
        let expected = match *address {
            "oFollower_45009" => Some(16 * 3600 - 40),
            "oFollower_45011" => Some(20),
            "oFollower_http503" => Some(7),
            _ => None,
        };
        assert_eq!(after, expected, "{address}");
    }
}

#[tokio::test]
async fn the_calls_of_a_day_end_at_midnight_in_beijing() {
    let stand_in = StandIn::start("official", &["--daily", "2"]).await;
    let adapter = account(&AccountSettings { parallel: 1, ..stand_in.account("customer", "") });
    assert_eq!(submit(&adapter, &batch(&["oA", "oB", "oC"])).await, ["accepted", "accepted", "throttled"]);
}

#[tokio::test]
async fn silence_leaves_the_written_in_doubt_and_the_rest_untouched() {
    let stand_in = StandIn::start("official", &[]).await;
    let adapter = account(&AccountSettings { parallel: 1, ..stand_in.account("template", "") });
    assert_eq!(submit(&adapter, &batch(&["oB"])).await, ["accepted"]);
    let answer = adapter.submit(&batch(&["oA_silent", "oB"]), Duration::from_secs(2)).await;
    assert_eq!(kinds(&answer), ["in doubt", "transient"], "{answer:?}");
    assert_eq!(submit(&adapter, &batch(&["oB"])).await, ["accepted"]);
}

#[tokio::test]
async fn a_provider_that_is_not_there_was_not_reached() {
    let stand_in = StandIn::start("official", &[]).await;
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let outbound = Outbound { endpoint: Some(format!("http://{closed}")), ..stand_in.outbound() };
    let adapter = account(&AccountSettings { outbound, ..stand_in.account("template", "") });
    assert_eq!(submit(&adapter, &batch(&["oA"])).await, ["[transient]"]);
    assert!(matches!(adapter.probe().await, Err(Fault::Transient(_))));
}

#[tokio::test]
async fn what_has_no_template_is_refused_before_anybody_signs_it() {
    let mut stand_in = StandIn::start("official", &[]).await;
    let adapter = stand_in.adapter("mini_program");
    assert_eq!(adapter.fit(&content()).unwrap().text, "预警：暴雨红色预警\n单位：松北区气象台");
    let mut long = content();
    long.values.insert("headline".to_owned(), "雨".repeat(21));
    assert_eq!(&*adapter.fit(&long).unwrap_err().code, "VALUE-LONG");
    let batch = Batch { content: Arc::new(long), ..batch(&["oA", "oB"]) };
    assert_eq!(submit(&adapter, &batch).await, ["content", "content"]);
    stand_in.saw_nothing_more(&adapter).await;
}
