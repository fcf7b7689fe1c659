//! What we send is what PyPI wechatpy's own client sends for the same message, and the stand-in takes both.

use std::collections::BTreeSet;

use super::*;

/// Fields the client always writes and the interface does not ask for.
const IDLE: [&str; 5] = ["safe", "toparty", "totag", "send_ignore_reprint", "clientmsgid"];

async fn client(stand_in: &StandIn, way: &str, document: &Value) -> Value {
    let (port, document) = (stand_in.port.to_string(), document.to_string());
    let arguments = [way, "--port", &port, "--id", APP_ID, "--secret", SECRET, &document];
    let output = peer("wechat_client.py", &arguments).wait_with_output().await.unwrap();
    let answer = serde_json::from_slice(&output.stdout);
    answer.expect("an answer to wechatpy, which is installed by: cargo xtask test")
}

#[tokio::test]
async fn the_same_message_is_written_as_by_a_foreign_client() {
    for (way, addresses) in [
        ("template", &["oA"][..]),
        ("mini_program", &["oA"]),
        ("customer", &["oA"]),
        ("mass_list", &["oA", "oB"]),
        ("wecom", &["a", "b"]),
    ] {
        let account = if way == "wecom" { "wecom" } else { "official" };
        let mut stand_in = StandIn::start(account, &[]).await;
        let adapter: Box<dyn Adapter> = match way {
            "wecom" => Box::new(wecom::adapter(&stand_in.wecom(""))),
            way => Box::new(stand_in.adapter(way)),
        };
        let kinds = submit(&*adapter, &batch(addresses)).await;
        assert!(kinds.iter().all(|kind| *kind == "accepted"), "{way}: {kinds:?}");
        let ours = stand_in.next().await;
        let answer = client(&stand_in, way, &ours["document"]).await;
        assert!(answer["errcode"] == 0, "{way}: the stand-in answers {answer}");
        let theirs = stand_in.next().await;
        assert_eq!(ours["path"], theirs["path"], "{way}");
        let fields = |call: &Value| call["document"].as_object().unwrap().clone();
        let (ours, theirs) = (fields(&ours), fields(&theirs));
        let lacking: BTreeSet<&String> = theirs
            .iter()
            .filter(|(name, value)| !IDLE.contains(&name.as_str()) && ours.get(*name) != Some(value))
            .map(|(name, _)| name)
            .collect();
        assert!(lacking.is_empty(), "{way}: {lacking:?} of {theirs:?}, we write {ours:?}");
    }
}
