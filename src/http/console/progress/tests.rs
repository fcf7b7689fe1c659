use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::{
    flow::{record::Stage, status::People},
    messages::Lang,
};

fn status(channel: ChannelStatus) -> StatusView {
    StatusView {
        warning: WarningId("w".to_owned()),
        stage: Stage::Delivering,
        as_of: "2026-07-15T14:40:00+08:00".to_owned(),
        last_progress_at: None,
        channels: BTreeMap::from([("sms".to_owned(), channel)]),
        people: People::default(),
        done: false,
        receipts_awaited: 0,
        forecast: None,
        calls: None,
        alarms: Vec::new(),
    }
}

fn channel(counts: [u64; 9]) -> ChannelStatus {
    let [pending, in_flight, accepted, delivered, confirmed, failed, expired, withdrawn, superseded] = counts;
    let audience = counts.iter().sum();
    let base = ChannelStatus::default();
    ChannelStatus {
        audience,
        pending,
        in_flight,
        accepted,
        delivered,
        confirmed,
        failed,
        expired,
        withdrawn,
        superseded,
        ..base
    }
}

fn table(channel: ChannelStatus, linked: bool) -> Table {
    Table::new(Words(Lang::Chinese), &WarningId("w".to_owned()), &status(channel), linked).expect("a table")
}

#[test]
fn accepted_delivered_and_confirmed_stand_apart() {
    let table = table(channel([1, 2, 300, 4000, 50, 6, 0, 0, 0]), true);
    let numbers: Vec<&str> = table.channels[0].counts.iter().map(|count| count.number.as_str()).collect();
    assert_eq!(numbers, ["1", "2", "300", "4,000", "50", "6"]);
    assert_eq!(
        table.channels[0].counts[3].href.as_deref(),
        Some("/console/warnings/w/deliveries?channel=sms&state=delivered")
    );
    assert!(table.channels[0].counts[5].fault && !table.channels[0].counts[4].fault);
    assert!(table.channels[0].label.contains("4,000") && table.channels[0].label.contains("已到设备"));
}

#[test]
fn what_was_not_sent_has_columns_only_when_there_is_any() {
    let heads = |table: &Table| table.heads.iter().map(|head| head.state).collect::<Vec<_>>();
    assert!(!heads(&table(channel([0, 0, 5, 0, 0, 0, 0, 0, 0]), true)).contains(&"expired"));
    assert_eq!(heads(&table(channel([0, 0, 5, 0, 0, 0, 1, 2, 3]), true))[6..], ["expired", "withdrawn", "superseded"]);
}

#[test]
fn who_may_not_list_deliveries_gets_no_links() {
    let counts = table(channel([9; 9]), false).channels.remove(0).counts;
    assert!(counts.iter().all(|count| count.href.is_none()));
}

#[test]
fn a_rate_stands_there_only_while_something_moves() {
    let moving = ChannelStatus { rate_per_s: 1234.0, eta_s: Some(125), ..channel([10, 0, 0, 0, 0, 0, 0, 0, 0]) };
    let words = Words(Lang::English);
    let at = |channel: ChannelStatus| {
        Table::new(words, &WarningId("w".to_owned()), &status(channel), true).expect("a table")
    };
    assert_eq!(at(moving).channels[0].pace, "1,234/s, about 3 min");
    let done = at(channel([0, 0, 10, 0, 0, 0, 0, 0, 0]));
    assert!(!done.paced && done.channels[0].pace.is_empty());
}

proptest! {
    #[test]
    fn a_bar_is_never_longer_than_itself_and_shows_all_there_is(counts in proptest::array::uniform9(0u64..=10_000_000_000)) {
        let parts = parts(&channel(counts));
        let mut end = 0;
        for part in &parts {
            prop_assert_eq!(part.x, end);
            prop_assert!(part.width >= LEAST);
            end += part.width;
        }
        prop_assert!(end <= WIDTH, "{}", end);
        // All but what is pending has a part of its own.
        prop_assert_eq!(parts.len(), counts[1..].iter().filter(|count| **count > 0).count());
    }
}
