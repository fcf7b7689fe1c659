//! Feeds that lie, hang, burst, lead elsewhere or fall silent, and the documents of many agencies.

use std::{collections::BTreeSet, path::PathBuf, time::Duration};

use fenghuo::domain::{cap, finding::Weight, xml};
use serde_json::Value;

use super::{
    above::{above, atom, count, document, feed, items, until, world},
    web::{Reply, Request, Web, ok, status},
};
use crate::support::gateway::TestGateway;

async fn alarms(world: &TestGateway) -> Vec<Value> {
    let alarms = world.get("/v1/alarms", &world.operator).await.json();
    alarms["items"]
        .as_array()
        .expect("items")
        .iter()
        .filter(|alarm| alarm["code"] == "upstream-silent")
        .cloned()
        .collect()
}

async fn until_alarms(world: &TestGateway, count: usize) -> Vec<Value> {
    for _ in 0..600 {
        let alarms = alarms(world).await;
        if alarms.len() == count {
            return alarms;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("not within half a minute: {:#?}", alarms(world).await);
}

fn state(inbox: &Value) -> &str {
    inbox["upstreams"][0]["state"].as_str().expect("a state")
}

/// A feed that answers so fails with a fault that says `expected`, raises the alarm, and is well again when it answers.
async fn falls_silent_and_comes_back(expected: &str, reply: Reply) {
    let web = Web::start(move |_| reply.clone()).await;
    let more = "silent_after = 2";
    let feed = feed(&web, "atom", "relay", more);
    let feed = fenghuo::config::Upstream { timeout_s: Duration::from_millis(300), ..feed };
    let world = world(vec![("province", feed)]).await;
    let silent = until(&world, |inbox| state(inbox) == "silent").await;
    let fault = silent["upstreams"][0]["last_fault"].as_str().expect("a fault").to_owned();
    assert!(expected.split('|').any(|one| fault.contains(one)), "{expected}: {fault}");
    assert_eq!(silent["upstreams"][0]["last_answer_at"], Value::Null, "nothing looks healthier than it is");
    let alarms = until_alarms(&world, 1).await;
    assert_eq!((&alarms[0]["route"], &alarms[0]["facts"]["name"]), (&"upstream.province".into(), &"province".into()));
    assert!(alarms[0]["detail"].as_str().is_some_and(|detail| detail.contains("province")), "{alarms:#?}");
    web.script(|_| ok(atom(&[""; 0])));
    until(&world, |inbox| state(inbox) == "answering" && inbox["upstreams"][0]["age_s"].is_number()).await;
    until_alarms(&world, 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_no_usable_answer_counts_and_raises_the_alarm() {
    let trap = Web::start(|_| ok("")).await;
    let elsewhere = format!("Location: {}\r\n", trap.url("/"));
    let billion = "<!DOCTYPE a [<!ENTITY b \"bbbb\"><!ENTITY c \"&b;&b;&b;\">]><feed>&c;</feed>";
    let replies: Vec<(&str, Reply)> = vec![
        ("HTTP 500", status("500 Internal Server Error")),
        ("HTTP 302", Reply::Say("302 Found", elsewhere, Vec::new())),
        ("larger than", ok(vec![b' '; cap::MOST_BYTES + 1])),
        ("no answer", Reply::Silence),
        ("no answer in time|broke off", Reply::Drip),
        ("xml-none", ok("not a feed")),
        ("xml-none", ok("")),
        ("xml-", ok("<feed><entry>")),
        ("xml-doctype", ok(billion)),
        ("cap-wrong-root", ok("<html><body/></html>")),
        ("HTTP 304", status("304 Not Modified")),
    ];
    let each = replies.into_iter().map(|(expected, reply)| falls_silent_and_comes_back(expected, reply));
    futures_util::future::join_all(each).await;
    assert!(trap.seen().is_empty(), "no redirect was followed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_unchanged_feed_is_not_read_again() {
    let bytes = document(&above("A1", "red"));
    let web = Web::start(move |request: &Request| match request.header("if-none-match") {
        "\"7\"" => status("304 Not Modified"),
        _ if request.path == "/feed" => {
            Reply::Say("200 OK", "ETag: \"7\"\r\n".to_owned(), atom(&[bytes.as_bytes()]).into())
        }
        _ => ok(bytes.clone()),
    })
    .await;
    let world = world(vec![("province", feed(&web, "atom", "relay", ""))]).await;
    let seen =
        web.until(|seen| seen.iter().filter(|request| request.header("if-none-match") == "\"7\"").count() > 3).await;
    assert_eq!(seen.iter().filter(|request| request.path == "/0.xml").count(), 1);
    let shown = until(&world, |inbox| items(inbox, "relayed").len() == 1).await;
    assert_eq!(state(&shown), "answering");
}

/// Bytes as gzip has them, packed as they are.
fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255];
    let mut chunks = bytes.chunks(65_535).peekable();
    while let Some(chunk) = chunks.next() {
        let length = u16::try_from(chunk.len()).expect("short");
        packed.push(u8::from(chunks.peek().is_none()));
        packed.extend(length.to_le_bytes());
        packed.extend((!length).to_le_bytes());
        packed.extend(chunk);
    }
    packed.extend(crc32fast::hash(bytes).to_le_bytes());
    packed.extend(u32::try_from(bytes.len()).expect("short").to_le_bytes());
    packed
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn packed_feeds_and_documents_inside_are_read() {
    let inside = document(&above("INSIDE", "red"));
    let inside = inside.split_once("?>").map_or(inside.as_str(), |(_, rest)| rest);
    let feed_text = format!(
        "<rss version=\"2.0\"><channel><title>t</title><item><guid>1</guid><description>{inside}</description></item></channel></rss>"
    );
    let web = Web::start(move |request| {
        assert!(request.header("accept-encoding").contains("gzip"), "{}", request.head);
        Reply::Say("200 OK", "Content-Encoding: gzip\r\n".to_owned(), gzip(feed_text.as_bytes()))
    })
    .await;
    let world = world(vec![("province", feed(&web, "rss", "relay", ""))]).await;
    let shown = until(&world, |inbox| items(inbox, "relayed").len() == 1).await;
    assert_eq!(items(&shown, "relayed")[0]["identifier"], "INSIDE");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_packed_bomb_is_cut_off() {
    // A megabyte of one byte in a few: each block of it is a stored one, so the bound on what is unpacked is what counts.
    let bomb = gzip(&vec![b' '; cap::MOST_BYTES + 100_000]);
    let web = Web::start(move |_| Reply::Say("200 OK", "Content-Encoding: gzip\r\n".to_owned(), bomb.clone())).await;
    let world = world(vec![("province", feed(&web, "atom", "relay", "silent_after = 1"))]).await;
    let silent = until(&world, |inbox| state(inbox) == "silent").await;
    assert!(silent["upstreams"][0]["last_fault"].as_str().is_some_and(|fault| fault.contains("larger than")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn links_lead_nowhere_inside() {
    // Another address of this machine stands for a machine of the inside that is not allowed.
    let inside = Web::at("127.0.0.2", |_| ok("")).await;
    let links = [
        inside.url("/latest"),
        format!("http://localhost:{}/", inside.address.port()),
        "http://169.254.169.254/latest".to_owned(),
        "file:///etc/passwd".to_owned(),
        "ftp://a.example/".to_owned(),
    ];
    let entries: String = links
        .iter()
        .map(|link| format!("<entry><link type=\"application/cap+xml\" href=\"{link}\"/></entry>"))
        .collect();
    let feed_text = format!("<feed xmlns=\"http://www.w3.org/2005/Atom\">{entries}</feed>");
    let web = Web::start(move |_| ok(feed_text.clone())).await;
    let world = world(vec![("province", feed(&web, "atom", "relay", ""))]).await;
    let shown = until(&world, |inbox| count(inbox, "unreachable") == 5).await;
    assert_eq!(state(&shown), "answering", "the feed itself answers");
    assert!(shown["upstreams"][0]["last_fault"].is_string());
    assert!(inside.seen().is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_single_document_and_the_national_form_are_read() {
    let bytes = document(&above("ONE", "red"));
    let web = Web::start(move |_| ok(bytes.clone())).await;
    let fixtures = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/national");
    let mut taken = std::fs::read_dir(fixtures).expect("fixtures").filter_map(|file| {
        let bytes = std::fs::read(file.expect("a file").path()).expect("read");
        let reading = xml::read(&bytes);
        let refused = reading.findings.iter().any(|finding| finding.weight == Weight::Refuse);
        (reading.message.is_some() && !refused).then_some(bytes)
    });
    let national = taken.next().expect("one that is taken");
    let other = Web::start(move |_| ok(national.clone())).await;
    let calm = Web::start(|_| ok("\n")).await;
    let feeds = vec![
        ("a", feed(&web, "cap", "relay", "")),
        ("b", feed(&other, "national", "wait", "")),
        ("c", feed(&calm, "cap", "wait", "")),
    ];
    let world = world(feeds).await;
    let total = |inbox: &Value, at: usize| {
        let documents = inbox["upstreams"][at]["documents"].as_object().expect("counts");
        documents.values().filter_map(Value::as_u64).sum::<u64>()
    };
    let shown = until(&world, |inbox| {
        total(inbox, 0) == 1 && total(inbox, 1) == 1 && inbox["upstreams"][2]["state"] == "answering"
    })
    .await;
    assert_eq!(items(&shown, "relayed")[0]["identifier"], "ONE");
    assert_eq!(shown["upstreams"][1]["documents"]["unreadable"], Value::Null, "{shown:#}");
    assert_eq!(total(&shown, 2), 0, "an empty answer means calm");
}

/// The folder of the corpus, where it is there.
fn corpus() -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    let folder = std::env::var_os("FENGHUO_CORPUS").map_or_else(beside, PathBuf::from);
    folder.is_dir().then_some(folder)
}

/// A feed that links to every document of the corpus, of whatever kind: each is looked at once and ends somewhere.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_document_of_the_corpus_ends_somewhere() {
    let Some(corpus) = corpus() else { return };
    let mut documents: Vec<Vec<u8>> = Vec::new();
    for folder in [
        "cap/valid",
        "cap/tricky-valid",
        "cap/policy",
        "cap/other-version",
        "cap/wrapper",
        "cap/invalid",
        "songbei/cap",
        "songbei/national-form",
    ] {
        let mut files: Vec<PathBuf> = std::fs::read_dir(corpus.join(folder))
            .expect("a folder")
            .map(|file| file.expect("a file").path())
            .collect();
        files.sort();
        documents
            .extend(files.into_iter().filter(|file| file.is_file()).map(|file| std::fs::read(file).expect("read")));
    }
    let total = documents.len() as u64;
    assert!(total > 100, "{total}");
    let readable = |bytes: &&Vec<u8>| {
        let reading = xml::read(bytes);
        reading.message.is_some() && !reading.findings.iter().any(|finding| finding.weight == Weight::Refuse)
    };
    let unreadable = total - documents.iter().filter(readable).count() as u64;
    let web = Web::start(move |request| {
        let number = request.path.trim_start_matches('/').trim_end_matches(".xml").parse::<usize>();
        ok(number.map_or_else(|_| atom(&documents).into_bytes(), |number| documents[number].clone()))
    })
    .await;
    let world = world(vec![("many", feed(&web, "atom", "wait", ""))]).await;
    let sum = |inbox: &Value| {
        let documents = inbox["upstreams"][0]["documents"].as_object().expect("counts");
        documents.values().filter_map(Value::as_u64).sum::<u64>()
    };
    let shown = until(&world, |inbox| sum(inbox) == total).await;
    assert_eq!(count(&shown, "unreadable"), unreadable, "{:#}", shown["upstreams"]);
    assert!(count(&shown, "expired") > 10, "{:#}", shown["upstreams"]);
    assert_eq!(state(&shown), "answering");
    let seen = web.seen();
    let links: Vec<&str> = seen.iter().map(|request| request.path.as_str()).filter(|path| *path != "/feed").collect();
    let different: BTreeSet<&str> = links.iter().copied().collect();
    assert_eq!(different.len() as u64, total);
    assert!((links.len() as u64) < total + 40, "only what may lift something on its way is looked at twice");
    assert_eq!(world.get("/healthz", "").await.status, 200);
}
