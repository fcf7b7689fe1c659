//! One token for all, a new one when it ends.

use futures_util::future::join_all;

use super::*;

/// How many tokens were handed out, and how many of them forced, when it is probed next.
async fn counted(stand_in: &mut StandIn, adapter: &OfficialAccount) -> (u64, u64) {
    adapter.probe().await.unwrap();
    let call = loop {
        let call = stand_in.next().await;
        if call["path"] == "/cgi-bin/get_api_domain_ip" {
            break call;
        }
    };
    (call["asked"].as_u64().unwrap(), call["forced"].as_u64().unwrap())
}

#[tokio::test]
async fn sixty_four_submits_of_four_adapters_share_one_token() {
    let mut stand_in = StandIn::start("official", &["--delay-ms", "100"]).await;
    let settings = stand_in.account("template", "");
    let (tokens, quota) = (Arc::new(InMemoryTokens::default()), Arc::new(InMemoryQuota::default()));
    let node = |_| {
        let tokens: Arc<dyn Tokens> = Arc::clone(&tokens) as _;
        OfficialAccount::new(&settings, tokens, Arc::clone(&quota) as _, now()).unwrap()
    };
    let nodes: Vec<OfficialAccount> = (0..4).map(node).collect();
    let batch = batch(&["oA"]);
    let all = join_all((0..64).map(|number| submit(&nodes[number % 4], &batch))).await;
    assert!(all.iter().all(|kinds| *kinds == ["accepted"]), "{all:?}");
    assert_eq!(counted(&mut stand_in, &nodes[0]).await, (1, 0));

    stand_in.control("expire").await;
    let all = join_all((0..64).map(|number| submit(&nodes[number % 4], &batch))).await;
    assert!(all.iter().all(|kinds| *kinds == ["accepted"]), "{all:?}");
    assert_eq!(counted(&mut stand_in, &nodes[0]).await, (2, 0), "one fetch for all who saw it refused");
}

#[tokio::test]
async fn a_token_the_provider_keeps_but_refuses_is_forced_once() {
    let mut stand_in = StandIn::start("official", &[]).await;
    let adapter = stand_in.adapter("template");
    assert_eq!(submit(&adapter, &batch(&["oA"])).await, ["accepted"]);
    stand_in.control("revoke").await;
    let batch = batch(&["oA", "oB", "oC"]);
    assert_eq!(submit(&adapter, &batch).await, ["accepted"; 3]);
    let (_, forced) = counted(&mut stand_in, &adapter).await;
    assert_eq!(forced, 1);
}

#[tokio::test]
async fn a_token_is_replaced_before_it_ends() {
    let mut stand_in = StandIn::start("official", &[]).await;
    let (time, now) = clock();
    let (tokens, quota) = (Arc::new(InMemoryTokens::default()), Arc::new(InMemoryQuota::default()));
    let adapter = OfficialAccount::new(&stand_in.account("template", ""), tokens, quota, now).unwrap();
    assert_eq!(submit(&adapter, &batch(&["oA"])).await, ["accepted"]);
    time.store(NOW + 7200 - 301, Ordering::Relaxed);
    assert_eq!(counted(&mut stand_in, &adapter).await.0, 1);
    time.store(NOW + 7200 - 300, Ordering::Relaxed);
    assert_eq!(counted(&mut stand_in, &adapter).await.0, 2);
}

#[tokio::test]
async fn a_token_that_is_never_taken_stops_the_route() {
    let stand_in = StandIn::start("official", &[]).await;
    let adapter = stand_in.adapter("template");
    for code in ["40001", "40014", "42001"] {
        assert_eq!(submit(&adapter, &batch(&[&format!("oA_{code}")])).await, ["misconfigured"], "{code}");
    }
}

#[tokio::test]
async fn a_wrong_secret_stops_the_route_and_is_not_shown() {
    let stand_in = StandIn::start("official", &[]).await;
    std::fs::write(stand_in.file("secret"), "another-secret").unwrap();
    let adapter = stand_in.adapter("template");
    let answer = adapter.submit(&batch(&["oA"]), BUDGET).await;
    assert_eq!(kinds(&answer), ["[misconfigured]"]);
    assert!(matches!(adapter.probe().await, Err(Fault::Misconfigured(_))));
    let shown = format!("{answer:?} {:?}", stand_in.account("template", ""));
    assert!(!shown.contains("another-secret") && !shown.contains(AES_KEY), "{shown}");
}
