//! The year of a district: 24 exercises from the first smog to the last road ice, one after the other on one store, with
//! every text each channel received. The texts stand in `tests/fixtures/story/`, one file a warning, and are reviewed like
//! code: a change of a template or a rule shows there. `FENGHUO_STORY=write` writes them anew.

use std::{collections::BTreeMap, fmt::Write, fs, path::PathBuf, time::Duration};

use fenghuo::{
    domain::{cap, message::Message},
    flow::intake::{Form, Submission, Submitted},
};
use fenghuo_contract::Channel;

use crate::{
    cap_corpus::corpus,
    support::engine::{Engine, Plan},
};

const MINUTE: Duration = Duration::from_secs(60);
/// The streets and towns of the district.
const STREETS: [&str; 9] = [
    "230109002000",
    "230109003000",
    "230109004000",
    "230109005000",
    "230109006000",
    "230109007000",
    "230109008000",
    "230109101000",
    "230109102000",
];
const CHANNELS: [Channel; 5] = [Channel::Sms, Channel::Wechat, Channel::Push, Channel::Email, Channel::Display];

/// Every message of the story by the time it was sent, with its bytes.
fn story() -> Option<Vec<(Message, Vec<u8>)>> {
    let folder = corpus()?.join("songbei/cap");
    let files = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut story: Vec<(Message, Vec<u8>)> = files
        .map(|path| {
            let bytes = fs::read(path).expect("a file");
            (cap::read(&bytes).message.expect("a message"), bytes)
        })
        .collect();
    story.sort_by_key(|(message, _)| (message.sent.unix(), message.identifier.clone()));
    Some(story)
}

/// One person a street and channel who reads Chinese, and one for all who reads English.
fn people() -> Plan {
    let mut plan = Plan::new(2026);
    for (at, channel) in CHANNELS.into_iter().enumerate() {
        plan = plan.route(&format!("{channel}.a"), channel, |_, _| {});
        let address = |n: usize| match channel {
            Channel::Sms => format!("138{at:02}{n:06}"),
            Channel::Email => format!("r{n}@songbei.example"),
            _ => format!("{channel}-{n}"),
        };
        for (n, street) in STREETS.iter().enumerate() {
            plan = plan.recipients(street, channel, [address(n)]);
        }
        plan = plan.recipient(fenghuo::flow::target::directory::Recipient {
            external_id: format!("reader-{channel}"),
            areas: vec![STREETS[3].parse().expect("a code")],
            language: "en".to_owned(),
            endpoints: [(channel, address(99))].into(),
            drill: true,
            ..Default::default()
        });
    }
    plan
}

async fn tell(engine: &Engine, message: &Message, bytes: Vec<u8>) -> String {
    let submission = Submission {
        form: Form::Xml,
        media_type: "application/cap+xml".to_owned(),
        body: bytes.into(),
        actor: engine.actor(),
        idempotency_key: None,
    };
    let (Submitted::Created(view) | Submitted::Repeated(view)) = engine.flow.submit(submission).await.expect("taken");
    engine.until(&view.id, 30 * MINUTE, |status| status.done).await;
    let view = engine.flow.warning(&view.id).await.expect("read").expect("known");
    let change = serde_json::to_value(view.change).expect("a word");
    let mut told = format!(
        "{} {} {} {}\n",
        message.identifier,
        message.status.cap(),
        view.level.name(),
        change.as_str().unwrap_or_default()
    );
    for channel in CHANNELS {
        // By text: how many got it. A new life of the engine begins with nothing.
        let mut texts: BTreeMap<String, u64> = BTreeMap::new();
        for arrival in engine.arrivals[&format!("{channel}.a")].all() {
            *texts.entry(arrival.text).or_default() += arrival.deliveries;
        }
        let mut texts: Vec<(String, u64)> = texts.into_iter().collect();
        texts.sort_by_key(|(text, count)| (std::cmp::Reverse(*count), text.clone()));
        if texts.is_empty() {
            writeln!(told, "\n== {channel}: nobody").expect("a text");
        }
        for (text, count) in texts {
            writeln!(told, "\n== {channel}: {count}\n{}", text.trim_end()).expect("a text");
        }
    }
    told
}

#[tokio::test(start_paused = true)]
async fn the_year_of_a_district() {
    let Some(story) = story() else { return };
    assert_eq!(story.len(), 24);
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/story");
    #[expect(
        clippy::disallowed_methods,
        reason = "a person asks for the texts to be written anew; nothing is configured"
    )]
    let writes = std::env::var("FENGHUO_STORY").is_ok_and(|word| word == "write");
    let mut engine = people().start().await;
    let mut differs = Vec::new();
    for (message, bytes) in story {
        engine = engine.restart_at((message.sent.unix() + 20) * 1_000).await;
        let told = tell(&engine, &message, bytes).await;
        // Whatever the template: a drill says so first and last on every channel, and nothing is cut.
        for text in told.split("\n== ").skip(1).filter_map(|part| part.split_once('\n')) {
            assert!(text.1.contains("【演练】") && text.1.trim_end().ends_with("【演练】"), "{}", text.1);
        }
        let file = folder.join(format!("{}.txt", message.identifier));
        if writes {
            fs::create_dir_all(&folder).expect("a folder");
            fs::write(&file, &told).expect("written");
        } else if fs::read_to_string(&file).unwrap_or_default() != told {
            differs.push(format!("{}\n{told}", file.display()));
        }
    }
    assert!(differs.is_empty(), "not what was reviewed; FENGHUO_STORY=write writes anew:\n{}", differs.join("\n"));
}
