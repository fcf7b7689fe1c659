//! The edge: what a building's screens get of the gateway when the line holds, when it is cut, and when somebody sits on it.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

use super::{JSON, actual, checked_at, registered, showing};
use crate::support::{
    gateway::{TestGateway, client},
    program::listening,
};

/// A line to the gateway that can be cut, or on which somebody changes what is said.
struct Line {
    address: String,
    cut: Arc<AtomicBool>,
    _carries: JoinSet<()>,
}

impl Line {
    /// `lies` replaces one text by another of the same length in what comes down.
    async fn to(base: &str, lies: Option<(&'static str, &'static str)>) -> Self {
        let gateway = base.trim_start_matches("http://").to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let cut = Arc::new(AtomicBool::new(false));
        let is_cut = Arc::clone(&cut);
        let mut carries = JoinSet::new();
        carries.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((near, _)) = listener.accept().await {
                let (gateway, is_cut) = (gateway.clone(), Arc::clone(&is_cut));
                connections.spawn(async move { carry(near, &gateway, &is_cut, lies).await });
            }
        });
        Self { address, cut, _carries: carries }
    }

    fn cut(&self, cut: bool) {
        self.cut.store(cut, Ordering::Relaxed);
    }
}

async fn carry(mut near: TcpStream, gateway: &str, cut: &AtomicBool, lies: Option<(&str, &str)>) {
    let Ok(mut far) = TcpStream::connect(gateway).await else { return };
    let (mut up, mut down) = (vec![0; 65536], vec![0; 65536]);
    loop {
        let tick = tokio::time::sleep(Duration::from_millis(50));
        tokio::select! {
            read = near.read(&mut up) => match read {
                Ok(read) if read > 0 && !cut.load(Ordering::Relaxed) => if far.write_all(&up[..read]).await.is_err() { return },
                _ => return,
            },
            read = far.read(&mut down) => match read {
                Ok(read) if read > 0 && !cut.load(Ordering::Relaxed) => {
                    let mut bytes = down[..read].to_vec();
                    if let Some((from, to)) = lies {
                        let at = bytes.windows(from.len()).position(|window| window == from.as_bytes());
                        if let Some(at) = at { bytes[at..at + from.len()].copy_from_slice(to.as_bytes()) }
                    }
                    if near.write_all(&bytes).await.is_err() { return }
                }
                _ => return,
            },
            () = tick => if cut.load(Ordering::Relaxed) { return },
        }
    }
}

/// The program following a gateway; ends with the test.
struct Follower {
    child: Child,
    base: String,
}

impl Drop for Follower {
    fn drop(&mut self) {
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}

impl Follower {
    fn start(url: &str, feed: &str, data: &Path) -> Self {
        Self::start_with(url, feed, data, "")
    }

    /// With another screen, given by its address.
    fn start_with(url: &str, feed: &str, data: &Path, more: &str) -> Self {
        let list = data.join("screens.txt");
        let page = feed.replace("/feed.json", "");
        std::fs::write(&list, format!("# one\n{url}{page}\n{more}\n")).expect("written");
        let mut command = Command::new(env!("CARGO_BIN_EXE_fenghuo"));
        command.args(["follow", url, "--lang", "en", "--listen", "127.0.0.1:0", "--screens"]).arg(list);
        let mut child = command.arg("--data").arg(data.join("kept")).stderr(Stdio::piped()).spawn().expect("started");
        // The first address it names is the gateway's.
        let base = listening_after(&mut child, url);
        Self { child, base }
    }

    async fn get(&self, path: &str, headers: &[(&str, &str)]) -> (StatusCode, reqwest::header::HeaderMap, String) {
        let mut request = client().get(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.expect("an answer");
        (answer.status(), answer.headers().clone(), answer.text().await.expect("text"))
    }

    /// Asks until the answer is as wanted.
    async fn until(
        &self,
        path: &str,
        what: &str,
        wanted: impl Fn(StatusCode, &str) -> bool,
    ) -> (reqwest::header::HeaderMap, String) {
        for _ in 0..300 {
            let (status, headers, text) = self.get(path, &[]).await;
            if wanted(status, &text) {
                return (headers, text);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("never {what}: {:?}", self.get(path, &[]).await);
    }
}

/// Where a follower listens: the second address it says.
fn listening_after(child: &mut Child, url: &str) -> String {
    let first = listening(child);
    assert_ne!(first, url, "it says first where it listens");
    first
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_signed_is_served_with_its_age_when_the_line_is_cut_and_what_expired_is_not() {
    let world = TestGateway::start().await;
    let feed = registered(&world, "hall", json!({})).await;
    let line = Line::to(&world.base, None).await;
    let data = tempfile::tempdir().expect("a directory");
    let edge = Follower::start(&line.address, &feed, data.path());
    edge.until(&feed, "calm", |status, text| status == 200 && text.contains("\"notices\":[]")).await;

    let mut brief = actual("A1");
    let now = fenghuo::clock::Clock::system().unix();
    let until = fenghuo::domain::moment::Moment::china(now + 12).to_string();
    brief["infos"][0]["expires"] = until.into();
    world.post(&brief).await;
    world.post(&actual("A2")).await;
    let both = showing(&world, &feed, 2).await;
    let (headers, text) = edge.until(&feed, "both", |_, text| text == both.text).await;
    let plain = both.header("etag").replace("-gz", "");
    assert_eq!(headers["etag"].to_str().ok(), Some(plain.as_str()));
    assert!(headers["age"].to_str().is_ok_and(|age| age.parse::<u32>().is_ok_and(|age| age < 60)), "{headers:?}");
    checked_at(&world, &format!("{}{feed}", edge.base), StatusCode::OK, &headers)
        .await
        .expect("the gateway's own signature");
    let (status, _, _) = edge.get(&feed, &[("if-none-match", both.header("etag"))]).await;
    assert_eq!(status, StatusCode::NOT_MODIFIED);
    // What the screen holds is proved to the gateway by its own words, not by the follower's.
    let mut holds = String::new();
    for _ in 0..100 {
        holds = world.get("/v1/screens", &world.operator).await.json()["items"][0]["holds"]
            .as_str()
            .expect("text")
            .to_owned();
        if holds == "current" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(holds, "current");

    line.cut(true);
    assert_eq!(edge.get(&feed, &[]).await.2, text, "still");
    let ack = json!({"warning": both.json()["notices"][0]["warning"], "state": "shown"}).to_string();
    let said = client().post(format!("{}{}", edge.base, feed.replace("feed.json", "ack")));
    let said = said.header("content-type", "application/json").body(ack).send().await.expect("an answer");
    assert_eq!(said.status(), StatusCode::ACCEPTED, "kept for later");
    // Another start without the line: what was kept on disk is served.
    drop(edge);
    let edge = Follower::start(&line.address, &feed, data.path());
    let (status, _, page) = edge.get(&feed.replace("/feed.json", ""), &[]).await;
    assert!(status == 200 && page.contains("plain warning"), "{page}");
    assert_eq!(edge.get("/assets/kiosk.js", &[]).await.0, StatusCode::OK);
    let (headers, left) =
        edge.until(&feed, "without what expired", |_, text| text.matches("\"warning\"").count() == 1).await;
    assert!(!headers.contains_key("signature"), "it is no longer what was signed: {left}");
    let nobody = feed.replace("k=", "k=x");
    assert_eq!(edge.get(&nobody, &[]).await.0, StatusCode::NOT_FOUND);

    line.cut(false);
    world.post(&actual("A3")).await;
    let fresh = showing(&world, &feed, 2).await;
    let (headers, _) = edge.until(&feed, "fresh again", |_, text| text == fresh.text).await;
    assert!(headers.contains_key("signature"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_document_is_refused_and_nothing_is_not_calm() {
    let world = TestGateway::start().await;
    let feed = registered(&world, "hall", json!({})).await;
    world.post(&actual("A1")).await;
    showing(&world, &feed, 1).await;
    let line = Line::to(&world.base, Some(("\"level\":\"red\"", "\"level\":\"xed\""))).await;
    let data = tempfile::tempdir().expect("a directory");
    let edge = Follower::start(&line.address, &feed, data.path());
    for _ in 0..20 {
        let (status, _, text) = edge.get(&feed, &[]).await;
        assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{text}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // The same with a document that can be read.
    let line = Line::to(&world.base, Some(("\"lift\":false", "\"lift\":true "))).await;
    let data = tempfile::tempdir().expect("a directory");
    let edge = Follower::start(&line.address, &feed, data.path());
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(edge.get(&feed, &[]).await.0, StatusCode::SERVICE_UNAVAILABLE);
    let answer = world.ask(Method::GET, &feed, "", &JSON, Vec::new()).await;
    assert_eq!(answer.status, StatusCode::OK, "the gateway itself is well");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn players_of_others_are_served_and_a_refused_screen_is_told_nothing_as_fresh() {
    let world = TestGateway::start().await;
    let feed = registered(&world, "hall", json!({"characters": 12})).await;
    let other = registered(&world, "gate", json!({"area": "230102001000"})).await;
    let (cap, text) = (feed.replace("feed.json", "current.cap"), feed.replace("feed.json", "feed.txt"));
    let line = Line::to(&world.base, None).await;
    let data = tempfile::tempdir().expect("a directory");
    let list = format!("{}{}", world.base, other.replace("/feed.json", ""));
    let edge = Follower::start_with(&line.address, &feed, data.path(), &list);
    for calm in [&cap, &text] {
        let (headers, _) = edge.until(calm, "calm", |status, text| status == 200 && text.is_empty()).await;
        assert!(headers.contains_key("age") && !headers.contains_key("fenghuo-cut-since"), "{headers:?}");
    }
    let mut brief = actual("A1");
    let now = fenghuo::clock::Clock::system().unix();
    brief["infos"][0]["expires"] = fenghuo::domain::moment::Moment::china(now + 12).to_string().into();
    world.post(&brief).await;
    world.post(&actual("A2")).await;
    showing(&world, &feed, 2).await;
    let (merged, lines) = (world.get(&cap, "").await, world.get(&text, "").await);
    let (headers, _) = edge.until(&cap, "both as CAP", |_, said| said == merged.text).await;
    assert_eq!(headers["content-type"], "application/cap+xml; charset=utf-8");
    edge.until(&text, "both as text", |_, said| said == lines.text).await;
    let (headers, _) = edge.until(&cap, "both as CAP", |_, said| said == merged.text).await;
    let etag = headers["etag"].to_str().expect("text").to_owned();
    assert_eq!(edge.get(&cap, &[("if-none-match", &etag)]).await.0, StatusCode::NOT_MODIFIED);

    // Cut, what has expired is in neither.
    line.cut(true);
    let (_, left) = edge.until(&cap, "without what expired", |_, said| said.matches("<info>").count() == 1).await;
    assert!(fenghuo::domain::cap::read(left.as_bytes()).message.is_some(), "{left}");
    edge.until(&text, "without what expired", |_, said| said.lines().count() == 1).await;
    line.cut(false);
    edge.until(&feed, "fresh again", |status, text| status == 200 && text.matches("\"warning\"").count() == 1).await;
    edge.until(&other, "calm", |status, text| status == 200 && text.contains("\"notices\":[]")).await;

    // The panels were stolen: what they hold is old at once, and that all is calm is not said any more.
    for id in ["hall", "gate"] {
        assert!(world.gateway().flow().revoke_kiosk(id).await.expect("stored"));
    }
    let (headers, said) = edge.until(&other, "unknown", |status, _| status == 503).await;
    assert!(headers.contains_key("fenghuo-cut-since") && said.contains("lets this screen in no more"), "{said}");
    let page = edge.get(&other.replace("/feed.json", ""), &[]).await.2;
    assert!(page.contains("cut lost"), "{page}");
    for _ in 0..300 {
        if edge.get(&feed, &[]).await.1.contains_key("fenghuo-cut-since") {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("what stands is still told as fresh");
}
