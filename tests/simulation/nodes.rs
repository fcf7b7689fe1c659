//! Several nodes on one store: they die, are cut off and come back, lead and lose the lead, while warnings are sent,
//! lifted and reported.

use std::{collections::BTreeSet, time::Duration};

use fenghuo::{
    config::{Ladder, Until},
    flow::{
        authorize::{Actor, Role},
        record::WarningId,
        retry::Retry,
        screens::{Screen, Viewer},
        status::{ChannelStatus, StatusView},
        target::directory::Recipient,
    },
};
use fenghuo_contract::{Channel, RateUnit};
use fenghuo_simulator::Condition;
use futures_util::StreamExt;

use super::chance::Chance;
use crate::support::{
    arrivals::{most_in, sum},
    engine::{Nodes, Plan},
    message::{STREET, following, warning},
};

const MINUTE: Duration = Duration::from_secs(60);

fn numbers(count: u32) -> impl Iterator<Item = String> {
    (0..count).map(|n| format!("138{n:08}"))
}

/// Nodes that send so many messages a second together.
async fn nodes(seed: u64, count: usize, recipients: u32, rate: u32) -> Nodes {
    let route = |route: &mut fenghuo::config::Route, settings: &mut fenghuo_simulator::Settings| {
        route.rate_per_s = Some(rate);
        settings.latency_ms = 20;
    };
    let plan =
        Plan::new(seed).route("sms.a", Channel::Sms, route).recipients(STREET, Channel::Sms, numbers(recipients));
    plan.share(count).await
}

/// The numbers of the channel are the same on every node, but how fast they change; gives them.
fn same(statuses: &[StatusView]) -> ChannelStatus {
    let still = |status: &StatusView| {
        let channel = status.channels["sms"].clone();
        ChannelStatus { rate_per_s: 0.0, eta_s: None, forecast: None, ..channel }
    };
    let all: Vec<ChannelStatus> = statuses.iter().map(still).collect();
    assert!(all.iter().all(|one| *one == all[0]), "{all:#?}");
    assert!(statuses.iter().all(|status| status.stage == statuses[0].stage && status.done == statuses[0].done));
    all[0].clone()
}

/// Everybody got it; whoever got it twice is marked, and no more are marked than were on the wire when somebody died.
async fn everybody_once(nodes: &mut Nodes, id: &WarningId, recipients: u32, on_the_wire: u64) -> ChannelStatus {
    nodes.until(id, 30 * MINUTE, |status| status.done && status.receipts_awaited == 0).await;
    let sms = same(&nodes.statuses(id).await);
    assert_eq!((sms.audience, sms.delivered), (u64::from(recipients), u64::from(recipients)), "{sms:#?}");
    let ledger = nodes.ledger("sms.a");
    let lines = ledger.lines().expect("room for all");
    assert_eq!(lines.iter().filter(|(_, line)| line.taken > 0).count(), recipients as usize);
    let doubled = ledger.doubled().expect("room for all");
    assert!(doubled <= sms.maybe_doubled, "{doubled} came twice, {} are marked", sms.maybe_doubled);
    assert!(sms.maybe_doubled <= on_the_wire, "{} are marked of {on_the_wire}", sms.maybe_doubled);
    sms
}

#[tokio::test(start_paused = true)]
async fn three_nodes_send_one_warning_and_every_one_shows_all_of_it() {
    let mut nodes = nodes(1, 3, 6_000, 3_000).await;
    let id = nodes.node(2).post(&warning("W1", "red")).await;
    everybody_once(&mut nodes, &id, 6_000, 0).await;
    assert_eq!(nodes.ledger("sms.a").seen(), 6_000);
    let sent = |place: usize| nodes.sent(place, "sms.a");
    let (a, b, c) = (sent(0), sent(1), sent(2));
    assert!(a.min(b).min(c) > 1_000, "all of them send: {a} {b} {c}");
}

/// What a seed does to three nodes while they send; gives what it came to.
async fn violent(seed: u64, recipients: u32, rate: u32) -> (ChannelStatus, u64, u64) {
    let mut chance = Chance::of(seed, 7);
    let mut nodes = nodes(seed, 3, recipients, rate).await;
    let place = (chance.next() % 3) as usize;
    let id = nodes.node(place).post(&warning("W1", "red")).await;
    let mut on_the_wire = 0;
    for _ in 0..4 {
        nodes.clock.sleep(chance.ms(20, 900)).await;
        let place = *chance.pick(&nodes.running());
        on_the_wire += nodes.on_the_wire(place, "sms.a");
        if chance.says(50) {
            nodes.crash(place, chance.ms(0, 1_500)).await;
            nodes.clock.sleep(chance.ms(0, 500)).await;
            nodes.start(place).await;
        } else {
            let cut = nodes.id(place);
            nodes.memory.cut(cut);
            nodes.clock.sleep(chance.ms(100, 3_000)).await;
            // What it had taken on until it knew that it hears nothing.
            nodes.memory.kill(cut);
            nodes.clock.sleep(chance.ms(0, 1_500)).await;
            nodes.memory.heal(cut);
            nodes.clock.sleep(Duration::from_millis(200)).await;
            assert_eq!(nodes.tend().await, 1, "it learns that it was taken for dead, and begins anew");
        }
    }
    let sms = everybody_once(&mut nodes, &id, recipients, on_the_wire).await;
    let (seen, doubled) = (nodes.ledger("sms.a").seen(), nodes.ledger("sms.a").doubled().unwrap_or_default());
    (ChannelStatus { rate_per_s: 0.0, eta_s: None, ..sms }, seen, doubled)
}

#[tokio::test(start_paused = true)]
async fn nodes_that_die_or_are_cut_off_lose_nothing_and_double_little() {
    for seed in 0..4 {
        Box::pin(violent(seed, 2_000, 600)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_seed_gives_the_same_again() {
    assert_eq!(Box::pin(violent(100, 1_500, 500)).await, Box::pin(violent(100, 1_500, 500)).await);
}

#[tokio::test(start_paused = true)]
async fn fifty_thousand_are_reached_while_one_of_three_nodes_dies_again_and_again() {
    let mut nodes = nodes(9, 3, 50_000, 10_000).await;
    let id = nodes.node(0).post(&warning("W1", "red")).await;
    let mut on_the_wire = 0;
    for round in 0..3 {
        nodes.clock.sleep(Duration::from_millis(700)).await;
        let place = round % 3;
        on_the_wire += nodes.on_the_wire(place, "sms.a");
        nodes.crash(place, Duration::from_secs(1)).await;
        nodes.start(place).await;
    }
    everybody_once(&mut nodes, &id, 50_000, on_the_wire).await;
}

#[tokio::test(start_paused = true)]
async fn a_leader_that_dies_after_any_commit_leaves_nothing_undone() {
    for commits in 1..=14 {
        let mut nodes = nodes(20, 2, 40, 1_000).await;
        nodes.clock.sleep(Duration::from_secs(1)).await;
        let leader = nodes.leader().expect("one leads");
        let follower = 1 - leader;
        nodes.memory.kill_after(nodes.id(leader), commits);
        let id = nodes.node(follower).post(&warning("W1", "red")).await;
        // What is leased at the moment of its death is uncertain: no more than all.
        everybody_once(&mut nodes, &id, 40, 40).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_lift_reaches_exactly_those_whom_two_nodes_had_told() {
    for seed in 30..34 {
        let mut nodes = nodes(seed, 3, 4_000, 1_000).await;
        let first = warning("W1", "orange");
        let id = nodes.node(1).post(&first).await;
        nodes.clock.sleep(Duration::from_millis(700 + seed * 13)).await;
        let lift = nodes.node(2).post(&following(&first, "W2", "cancel")).await;
        nodes.until(&lift, 10 * MINUTE, |status| status.done && status.receipts_awaited == 0).await;
        nodes.until(&id, 10 * MINUTE, |status| status.done && status.receipts_awaited == 0).await;
        let (told, lifted) = (same(&nodes.statuses(&id).await), same(&nodes.statuses(&lift).await));
        assert!(told.delivered > 0 && told.withdrawn > 0, "{told:#?}");
        assert_eq!(told.delivered, lifted.delivered);
        let lines = nodes.ledger("sms.a").lines().expect("room for all");
        let odd: BTreeSet<String> =
            lines.iter().filter(|(_, line)| line.taken != 2).map(|(address, _)| format!("{address:?}")).collect();
        assert!(odd.is_empty(), "told and not lifted, or the reverse: {odd:?}");
        assert_eq!(lines.len() as u64, told.delivered);
    }
}

#[tokio::test(start_paused = true)]
async fn one_limit_is_kept_and_used_while_nodes_come_and_go() {
    for (count, rate) in [(1, 250), (2, 500), (4, 1_000)] {
        let seconds = 12;
        let mut nodes = nodes(40, count, rate * (seconds + 3), rate).await;
        let id = nodes.node(0).post(&warning("W1", "red")).await;
        let begin = nodes.arrivals("sms.a").now();
        nodes.clock.sleep(Duration::from_secs(3)).await;
        if count > 1 {
            nodes.crash(count - 1, Duration::ZERO).await;
            nodes.clock.sleep(Duration::from_secs(3)).await;
            nodes.start(count - 1).await;
        }
        nodes
            .clock
            .sleep((begin + Duration::from_secs(u64::from(seconds))).saturating_sub(nodes.arrivals("sms.a").now()))
            .await;
        let arrivals = nodes.arrivals("sms.a").all();
        let most = most_in(&arrivals, Duration::from_secs(1), RateUnit::Recipients);
        let whole = arrivals.iter().map(|arrival| arrival.deliveries).sum::<u64>();
        assert!(most as f64 <= f64::from(rate) * 1.011 + 4.0, "{count} nodes: {most} in a second of {rate}");
        let expected = f64::from(rate) * f64::from(seconds);
        assert!(whole as f64 >= expected * 0.98, "{count} nodes: {whole} of {expected}");
        nodes.until(&id, 10 * MINUTE, |status| status.done).await;
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_ordered_at_one_node_holds_at_all() {
    let plan = Plan::new(50)
        .route("sms.a", Channel::Sms, |_, _| {})
        .route("display.a", Channel::Display, |_, _| {})
        .recipients(STREET, Channel::Sms, numbers(20));
    let mut nodes = plan.share(3).await;
    let area: fenghuo::domain::area::AreaCode = STREET.parse().expect("an area code");
    let screen = Screen { drill: true, ..Screen::new("hall", "大厅", area) };
    nodes.node(1).flow.put_screen(screen).await.expect("stored");
    nodes.node(2).flow.pause_route("sms.a", "k1", "maintenance").await.expect("stored");
    let more = Recipient {
        external_id: "late".to_owned(),
        areas: vec![area],
        endpoints: [(Channel::Sms, "13700000000".to_owned())].into(),
        drill: true,
        ..Recipient::default()
    };
    nodes.node(0).flow.directory().put(vec![more]).await.expect("stored");
    nodes.clock.sleep(Duration::from_secs(1)).await;
    for place in 0..3 {
        let flow = &nodes.node(place).flow;
        let states: Vec<String> = flow.routes().into_iter().map(|route| route.state).collect();
        assert_eq!(states, ["running", "paused"], "node {place}");
        assert_eq!(flow.directory().len(), 22, "twenty, a screen and one who came later: node {place}");
        assert_eq!(flow.screens().await.expect("read").len(), 1);
    }
    let id = nodes.node(0).post(&warning("W1", "red")).await;
    nodes.clock.sleep(Duration::from_secs(2)).await;
    let mut etags = BTreeSet::new();
    for place in 0..3 {
        let document = nodes.node(place).flow.screen_document("hall", Viewer::Onlooker).await.expect("read");
        let document = document.expect("a screen");
        assert_eq!(document.notices.len(), 1, "node {place}");
        etags.insert(document.etag.clone());
    }
    assert_eq!(etags.len(), 1, "the same screen is the same everywhere");
    assert_eq!(nodes.ledger("sms.a").seen(), 0, "paused everywhere");
    nodes.node(1).flow.resume_route("sms.a", "k1").await.expect("stored");
    let sent = |status: &StatusView| status.channels["sms"].delivered == 21;
    nodes.until(&id, MINUTE, sent).await;
    assert_eq!(same(&nodes.statuses(&id).await).delivered, 21);
}

#[tokio::test(start_paused = true)]
async fn what_is_sent_again_has_one_owner() {
    let mut nodes = nodes(51, 3, 600, 300).await;
    let id = nodes.node(0).post(&warning("W1", "blue")).await;
    nodes.clock.sleep(Duration::from_millis(500)).await;
    // In doubt and not repeated below red: failed.
    nodes.weather("sms.a").set(Condition::Mute(Duration::from_millis(300)));
    nodes.clock.sleep(Duration::from_millis(700)).await;
    nodes.weather("sms.a").set(Condition::Fine);
    let status = nodes.until(&id, 10 * MINUTE, |status| status.done && status.receipts_awaited == 0).await;
    let failed = status.channels["sms"].failed;
    assert!(failed > 0, "{status:#?}");
    let before = nodes.ledger("sms.a").seen();
    let retry = |nonce: &str| Retry {
        nonce: nonce.to_owned(),
        channel: None,
        reasons: vec![fenghuo::domain::delivery::Reason::InDoubt],
        reason: None,
    };
    let operator = Actor::new("operator-1", Role::Operator, None);
    nodes.node(1).flow.retry(&id, retry("n1"), &operator).await.expect("ordered").expect("known");
    nodes.until(&id, 10 * MINUTE, |status| status.done && status.receipts_awaited == 0).await;
    let sms = same(&nodes.statuses(&id).await);
    assert_eq!((sms.delivered, sms.failed), (600, 0), "{sms:#?}");
    assert_eq!(nodes.ledger("sms.a").seen(), before + failed);
}

#[tokio::test(start_paused = true)]
async fn a_ladder_goes_on_when_its_leader_dies() {
    let channels = vec![Channel::Push, Channel::Sms];
    let ladder = Ladder { channels, wait_s: MINUTE, until: Until::Confirmed };
    let people = (0..60).map(|n| vec![(Channel::Push, format!("token-{n}")), (Channel::Sms, format!("137{n:08}"))]);
    let plan = Plan::new(52)
        .configured(|config| drop(config.ladder.insert(fenghuo::domain::level::Level::Blue, ladder)))
        .route("push.a", Channel::Push, |_, _| {})
        .route("sms.a", Channel::Sms, |route, _| route.rate_per_s = Some(20))
        .people(STREET, people);
    let mut nodes = plan.share(2).await;
    let id = nodes.node(0).post(&warning("W1", "blue")).await;
    nodes.clock.sleep(MINUTE + Duration::from_secs(3)).await;
    let leader = nodes.leader().expect("one leads");
    let on_the_wire = nodes.on_the_wire(leader, "sms.a");
    nodes.crash(leader, Duration::from_secs(1)).await;
    nodes.until(&id, 30 * MINUTE, |status| status.done && status.receipts_awaited == 0).await;
    let sms = same(&nodes.statuses(&id).await);
    assert_eq!(sms.delivered, 60, "{sms:#?}");
    let doubled = nodes.ledger("sms.a").doubled().expect("room for all");
    assert!(doubled <= sms.maybe_doubled && sms.maybe_doubled <= on_the_wire, "{doubled} {sms:#?}");
}

#[tokio::test(start_paused = true)]
async fn every_node_tells_the_decisions_in_the_order_of_the_journal() {
    let mut nodes = nodes(53, 3, 30, 1_000).await;
    let streams: Vec<_> = (0..3).map(|place| nodes.node(place).flow.events(None)).collect();
    let mut ids = Vec::new();
    for number in 0..6 {
        ids.push(nodes.node(number % 3).post(&warning(&format!("W{number}"), "red")).await);
    }
    for id in &ids {
        nodes.until(id, MINUTE, |status| status.done && status.receipts_awaited == 0).await;
    }
    nodes.clock.sleep(Duration::from_secs(2)).await;
    let mut told = Vec::new();
    for stream in streams {
        let all: Vec<_> = stream.take_until(nodes.clock.sleep(Duration::from_secs(1))).collect().await;
        let decisions = all.into_iter().filter(|event| event.kind == "warning");
        told.push(decisions.map(|event| (event.id, event.warning, event.what)).collect::<Vec<_>>());
    }
    assert!(told[0].len() >= 30 && told[0].windows(2).all(|pair| pair[0].0 <= pair[1].0), "{:?}", told[0]);
    assert!(told.iter().all(|other| *other == told[0]));
}

#[tokio::test(start_paused = true)]
async fn a_node_that_missed_rows_begins_anew() {
    let mut nodes = nodes(54, 2, 10, 1_000).await;
    let cut = nodes.id(1);
    nodes.memory.cut(cut);
    let id = nodes.node(0).post(&warning("W1", "red")).await;
    nodes.clock.sleep(Duration::from_millis(300)).await;
    let (head, _) = nodes.node(0).store.head().await.expect("a store");
    nodes.memory.forget_changes(head);
    nodes.memory.heal(cut);
    nodes.clock.sleep(Duration::from_millis(300)).await;
    assert_eq!(nodes.tend().await, 1);
    everybody_once(&mut nodes, &id, 10, 10).await;
}

#[tokio::test(start_paused = true)]
async fn windows_and_days_that_nodes_share_are_never_exceeded() {
    type Limit = fn(&mut fenghuo::config::Route);
    // What is limited, the window, the most in it, what may go in half a minute and a bit.
    let cases: [(Limit, Duration, u64, u64); 3] = [
        (|route| (route.rate_per_s, route.hard_cap) = (Some(200), true), Duration::from_secs(1), 200, 6_000),
        (|route| route.per_minute = Some(1_200), MINUTE, 1_200, 600),
        (|route| route.per_day = Some(300), 10 * MINUTE, 300, 300),
    ];
    for (limit, window, most, goes) in cases {
        let route = |route: &mut fenghuo::config::Route, settings: &mut fenghuo_simulator::Settings| {
            limit(route);
            settings.receipts = 0.0;
        };
        let plan = Plan::new(60).route("sms.a", Channel::Sms, route);
        let mut nodes = plan.recipients(STREET, Channel::Sms, numbers(7_000)).share(3).await;
        nodes.node(0).post(&warning("W1", "red")).await;
        nodes.clock.sleep(Duration::from_secs(15)).await;
        nodes.crash(1, Duration::ZERO).await;
        nodes.clock.sleep(Duration::from_secs(5)).await;
        nodes.start(1).await;
        nodes.clock.sleep(Duration::from_secs(10)).await;
        let arrivals = nodes.arrivals("sms.a").all();
        let (in_window, whole) =
            (most_in(&arrivals, window, RateUnit::Recipients), sum(&arrivals, RateUnit::Recipients));
        assert!(in_window <= most, "{in_window} in {window:?}, {most} at most");
        assert!(whole as f64 >= goes as f64 * 0.97, "{whole} of {goes} in {window:?}");
    }
}
