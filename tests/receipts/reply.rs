//! What people write back.

use std::time::Duration;

use fenghuo::{
    domain::opt_out::OptOut,
    flow::{record::WarningId, target::directory::Recipient},
};
use fenghuo_contract::{Address, Channel, Origin, ReceiptSink, Reply};

use super::deliveries;
use crate::support::{
    engine::{Engine, Plan},
    message::{STREET, warning},
};

const MINUTE: Duration = Duration::from_secs(60);

fn number(n: u32) -> String {
    format!("138{n:08}")
}

/// Three people and one with a duty.
async fn world(seed: u64) -> Engine {
    let officer = Recipient {
        external_id: "officer".to_owned(),
        areas: vec![STREET.parse().expect("an area")],
        endpoints: [(Channel::Sms, number(9))].into(),
        drill: true,
        duty: true,
        ..Recipient::default()
    };
    let plan = Plan::new(seed).route("sms.a", Channel::Sms, |_, _| {}).recipient(officer);
    plan.recipients(STREET, Channel::Sms, (0..3).map(number)).start().await
}

fn reply(from: &str, text: &str) -> Reply {
    Reply { from: Address::new(from), text: text.to_owned(), at: None, origin: Origin::Signed }
}

impl Engine {
    async fn write_back(&self, replies: Vec<Reply>) {
        self.inboxes["sms.a"].reply(replies).await.expect("taken");
    }

    /// Whoever wants nothing below orange.
    async fn opted_out(&self) -> Vec<String> {
        let listed = self.flow.directory().list(None, 100).await.expect("read").items;
        let out = listed.into_iter().filter(|view| view.opt_out_below == Some(OptOut::Orange));
        out.map(|view| view.external_id).collect()
    }

    /// States of the deliveries of a warning, by address.
    async fn states(&self, id: &WarningId) -> Vec<String> {
        let mut all = deliveries(self, id).await;
        all.sort_by(|one, other| one.recipient.cmp(&other.recipient));
        all.into_iter().map(|one| one.state.name().to_owned()).collect()
    }
}

#[tokio::test(start_paused = true)]
async fn whoever_opts_out_is_asked_no_more_and_a_restart_forgets_it_not() {
    let mut engine = world(701).await;
    let out = [reply("+8613800000000", "td"), reply("8613800000001", " 退订。"), reply("13800000009", "STOP")];
    engine.write_back(out.to_vec()).await;
    assert_eq!(engine.opted_out().await, ["r1", "r2"], "whoever has a duty has no choice");
    let before = engine.store.head().await.expect("read").0;
    engine.write_back(out.to_vec()).await;
    assert_eq!(engine.store.head().await.expect("read").0, before, "said again it is nothing new");
    engine = engine.restart().await;
    assert_eq!(engine.opted_out().await, ["r1", "r2"]);
    engine
        .write_back(vec![reply("13800000000", "订阅"), reply("13800000002", "TD 谢谢"), reply("1380000", "TD")])
        .await;
    assert_eq!(engine.opted_out().await, ["r2"], "the whole reply is the word");
    let metrics = engine.telemetry.exposition(false);
    for counted in [("opted_in", 1), ("other", 1), ("unknown", 1)] {
        let line = format!("replies_total{{route=\"sms.a\",result=\"{}\"}} {}", counted.0, counted.1);
        assert!(metrics.contains(&line), "{line}: {metrics}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_word_confirms_the_newest_message_of_its_kind() {
    let engine = world(702).await;
    let mut ids = Vec::new();
    for name in ["W1", "W2"] {
        let mut message = warning(name, "yellow");
        message["infos"][0]["areas"][0]["description"] = name.into();
        ids.push(engine.post(&message).await);
        engine.until_done(ids.last().expect("one"), MINUTE).await;
    }
    let unsigned = Reply { origin: Origin::Unsigned, ..reply("13800000001", "9") };
    let told =
        vec![reply("+8613800000000", "９。"), unsigned, reply("13800000002", "1"), reply("13800000009", "演练收到")];
    engine.write_back(told.clone()).await;
    engine.write_back(told).await;
    // The officer comes first by name; nobody is called, so he confirms as everybody does.
    assert_eq!(engine.states(&ids[1]).await, ["confirmed", "confirmed", "delivered", "delivered"]);
    assert_eq!(engine.states(&ids[0]).await, ["delivered"; 4]);
}
