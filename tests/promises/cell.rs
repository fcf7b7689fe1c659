//! One cell: a promise on a channel by an entry, judged by the ledger of the provider.

use std::time::Duration;

use fenghuo::{config::Route, flow::target::directory::Recipient};
use fenghuo_contract::{Address, Channel};
use fenghuo_simulator::Settings;

use super::entry::{Before, Entered, Entry, ended, enter, message, prepare, signing};
use crate::support::{
    engine::{Engine, Plan},
    message::{OTHER_STREET, STREET},
};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    RedGoesFirst,
    LimitsAreKept,
    NothingIsLate,
    ADrillStaysADrill,
}

impl Promise {
    pub const ALL: [Self; 4] = [Self::RedGoesFirst, Self::LimitsAreKept, Self::NothingIsLate, Self::ADrillStaysADrill];
}

/// Why a cell does not hold.
type Broken = Result<(), String>;

const MINUTE: Duration = Duration::from_secs(60);
/// A street where nobody lives.
const NOWHERE: &str = "230109003000";

pub async fn keeps(promise: Promise, entry: Entry, channel: Channel) -> Broken {
    match promise {
        Promise::RedGoesFirst => red_goes_first(entry, channel).await,
        Promise::LimitsAreKept => limits_are_kept(entry, channel).await,
        Promise::NothingIsLate => Box::pin(nothing_is_late(entry, channel)).await,
        Promise::ADrillStaysADrill => a_drill_stays_a_drill(entry, channel).await,
    }
}

fn must(holds: bool, what: impl FnOnce() -> String) -> Broken {
    if holds { Ok(()) } else { Err(what()) }
}

fn before(valid_s: i64) -> Before {
    Before { street: STREET, nowhere: NOWHERE, route: "r.a", patience: 5 * MINUTE, valid_s }
}

/// Addresses of people; those who are to be tried again are refused every time, which the provider sees all the same.
fn addresses(entry: Entry, channel: Channel, first: u32, count: u32) -> impl Iterator<Item = String> {
    let refused = entry == Entry::Retry;
    (first..first + count).map(move |n| match (channel, refused) {
        (Channel::Sms, false) => format!("138{n:08}"),
        (Channel::Sms, true) => format!("199{n:04}9001"),
        (Channel::Email, false) => format!("p{n}@songbei.example"),
        (Channel::Email, true) => format!("refuse-{n}@songbei.example"),
        (_, false) => format!("p-{n}"),
        (_, true) => format!("refuse-{n}"),
    })
}

fn paced(rate: u32) -> impl FnOnce(&mut Route, &mut Settings) {
    move |route, settings| {
        route.rate_per_s = Some(rate);
        route.red_share = 0.0;
        settings.receipts_after_ms = 1;
    }
}

/// Twenty people get a red warning while four hundred wait for a blue one on the same route at 100/s.
async fn red_goes_first(entry: Entry, channel: Channel) -> Broken {
    let world = Plan::new(1)
        .configured(signing)
        .route("r.a", channel, paced(100))
        .recipients(OTHER_STREET, channel, addresses(Entry::Api, channel, 1_000, 400))
        .recipients(STREET, channel, addresses(entry, channel, 0, 20));
    let (engine, before) = (world.start().await, before(86_400));
    let first = prepare(&engine, entry, "red", &before).await;
    engine.post(&message("BLUE", "blue", OTHER_STREET, None)).await;
    engine.clock.sleep(Duration::from_secs(2)).await;
    let red = message("RED", "red", STREET, None);
    let Entered { engine, id, before } = enter(engine, entry, first, red, &before).await;
    ended(&engine, &id, MINUTE).await;
    let ledger = &engine.ledgers["r.a"];
    let lines = addresses(entry, channel, 0, 20).filter_map(|address| ledger.line(&Address::new(address)));
    let last: Vec<u64> = lines.map(|line| line.last).collect();
    must(last.len() == 20 && last.iter().all(|last| *last > before), || format!("not all got it: {last:?}"))?;
    let waited = last.iter().max().copied().unwrap_or_default() - before;
    // What passed the scheduler, what was on the wire, and a turn of the stages.
    must(waited <= 20 + 40, || format!("the last of twenty was arrival {waited} after the release"))?;
    must(ledger.seen() < 400, || "blue was over before red came".to_owned())
}

/// A hundred and thirty people at 20/s: no second has more than the rate allows.
async fn limits_are_kept(entry: Entry, channel: Channel) -> Broken {
    let world = Plan::new(2).configured(signing).route("r.a", channel, paced(20)).recipients(
        STREET,
        channel,
        addresses(entry, channel, 0, 130),
    );
    let (engine, before) = (world.start().await, before(86_400));
    let first = prepare(&engine, entry, "yellow", &before).await;
    let yellow = message("YELLOW", "yellow", STREET, None);
    let Entered { engine, before, .. } = enter(engine, entry, first, yellow, &before).await;
    let mut seen = before;
    for second in 0..6 {
        engine.clock.sleep(Duration::from_secs(1)).await;
        let now = engine.ledgers["r.a"].seen();
        must(now - seen <= 22, || format!("{} in second {second} at 20/s", now - seen))?;
        seen = now;
    }
    let sent = seen - before;
    must((90..=124).contains(&sent), || format!("{sent} in six seconds at 20/s"))
}

/// A hundred and thirty people at 10/s and ten seconds of time.
async fn nothing_is_late(entry: Entry, channel: Channel) -> Broken {
    let world = Plan::new(3)
        .configured(signing)
        .configured_validity(Duration::from_secs(10))
        .route("r.a", channel, paced(10))
        .recipients(STREET, channel, addresses(entry, channel, 0, 130));
    let (engine, before) = (world.start().await, before(25));
    let first = prepare(&engine, entry, "blue", &before).await;
    let end = fenghuo::domain::moment::Moment::china(engine.clock.unix() + 10).to_string();
    let short = message("SHORT", "blue", STREET, Some(&end));
    let Entered { engine, id, before } = enter(engine, entry, first, short, &before).await;
    ended(&engine, &id, MINUTE).await;
    let seen = engine.ledgers["r.a"].seen() - before;
    // What is sent again has what is left of its own time.
    let most = if entry == Entry::Retry { 125 } else { 103 };
    must((50..=most).contains(&seen), || format!("{seen} arrived in ten seconds at 10/s"))?;
    let engine = if entry == Entry::Restart {
        // Whoever starts after the deadline sends nothing.
        let engine = engine.restart().await;
        engine.clock.sleep(MINUTE).await;
        must(engine.ledgers["r.a"].seen() == 0, || "sent after the deadline, after a restart".to_owned())?;
        engine
    } else {
        engine.clock.sleep(MINUTE).await;
        let late = engine.ledgers["r.a"].seen() - before - seen;
        must(late == 0, || format!("{late} arrived after the deadline"))?;
        engine
    };
    let status = engine.status(&id).await;
    let numbers = &status.channels[channel.name()];
    must(numbers.expired > 0 && numbers.audience == 130, || format!("expiry is not counted: {numbers:?}"))
}

/// A route for drills beside one that is not; ten people who take part in drills, ten who do not, and ten who do no
/// longer once the audience is frozen.
async fn a_drill_stays_a_drill(entry: Entry, channel: Channel) -> Broken {
    let world = Plan::new(4)
        .configured(signing)
        .route("r.a", channel, |route, _| route.rate_per_s = Some(5))
        .route("r.real", channel, |route, _| {
            route.drill = false;
            route.actual = true;
        })
        .recipients(STREET, channel, addresses(entry, channel, 0, 20));
    let (engine, before) = (world.start().await, before(86_400));
    let people = |first: u32| addresses(entry, channel, first, 10).collect::<Vec<_>>();
    put(&engine, channel, people(100), 100, false).await;
    let first = prepare(&engine, entry, "red", &before).await;
    engine.flow.pause_route("r.a", "k1", "until the audience is frozen").await.expect("stored");
    let drill = message("DRILL", "red", STREET, None);
    let Entered { engine, id, before } = enter(engine, entry, first, drill, &before).await;
    engine.until(&id, MINUTE, |status| status.channels.contains_key(channel.name())).await;
    put(&engine, channel, people(10), 10, false).await;
    engine.flow.resume_route("r.a", "k1").await.expect("stored");
    let status = ended(&engine, &id, MINUTE).await;

    let (ledger, real) = (&engine.ledgers["r.a"], &engine.ledgers["r.real"]);
    must(real.seen() == 0, || format!("{} went over a route that is not for drills", real.seen()))?;
    let reached = |first: u32| {
        let lines = people(first).into_iter().filter_map(|address| ledger.line(&Address::new(address)));
        lines.filter(|line| line.last > before && line.seen > 0).count()
    };
    must(reached(0) == 10, || format!("{} of ten who take part got it", reached(0)))?;
    must(reached(100) == 0, || "somebody who never takes part got it".to_owned())?;
    must(reached(10) == 0, || format!("{} of ten who take part no longer got it", reached(10)))?;
    let gate = status.channels[channel.name()].failed_by_reason.get("drill_gate").copied();
    must(gate == Some(10), || format!("the gate is not counted: {:?}", status.channels[channel.name()]))
}

/// Writes people of [`STREET`] into the directory the flow reads.
async fn put(engine: &Engine, channel: Channel, addresses: Vec<String>, first: usize, drill: bool) {
    let people = addresses.into_iter().enumerate().map(|(at, address)| Recipient {
        external_id: format!("r{}", first + at),
        name: String::new(),
        areas: vec![STREET.parse().expect("an area code")],
        groups: Vec::new(),
        language: "zh-CN".to_owned(),
        endpoints: [(channel, address)].into(),
        drill,
        ..Recipient::default()
    });
    engine.flow.directory().put(people.collect()).await.expect("stored");
}
