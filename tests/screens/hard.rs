//! Hard days: a panel is stolen, clocks are wrong, thousands hold on to connections and read nothing.

use std::{io, process::Child, time::Duration};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

use super::{JSON, actual, registered, showing};
use crate::support::{
    gateway::{TestGateway, client},
    program::{RELAY, listening, prepare, serve},
};

const PATIENCE: Duration = Duration::from_secs(30);

/// The rest of what a stream says, and that it ends.
async fn to_the_end(stream: &mut reqwest::Response) -> String {
    let reading = async {
        let mut said = String::new();
        while let Ok(Some(chunk)) = stream.chunk().await {
            said.push_str(&String::from_utf8_lossy(&chunk));
        }
        said
    };
    tokio::time::timeout(PATIENCE, reading).await.expect("it ends")
}

async fn listen(world: &TestGateway, feed: &str, key: &str) -> reqwest::Response {
    let path = feed.replace("feed.json", "events");
    let request = client().get(format!("{}{path}", world.base));
    let request = if key.is_empty() { request } else { request.bearer_auth(key) };
    let mut stream = request.send().await.expect("an answer");
    assert_eq!(stream.status(), StatusCode::OK);
    stream.chunk().await.expect("it speaks").expect("at once");
    stream
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stolen_address_and_a_stolen_key_open_nothing_and_end_what_they_opened() {
    let world = TestGateway::start().await;
    let stolen = registered(&world, "hall", json!({})).await;
    let other = registered(&world, "gate", json!({})).await;
    let held = world.get(&stolen, "").await.header("etag").to_owned();
    let hold = [("if-none-match", held.as_str())];
    let mut streams = [listen(&world, &stolen, "").await, listen(&world, &other, "").await];
    let wait = format!("{stolen}&wait=60");
    let (waiting, revoked) = tokio::join!(world.ask(Method::GET, &wait, "", &hold, Vec::new()), async {
        // Not before somebody waits; where it comes later it is refused all the same.
        tokio::task::yield_now().await;
        world.gateway().flow().revoke_kiosk("hall").await
    });
    assert!(revoked.expect("stored"));
    assert_eq!(waiting.status, StatusCode::UNAUTHORIZED, "{}", waiting.text);
    to_the_end(&mut streams[0]).await;
    for path in [&stolen, &stolen.replace("feed.json", "events"), &stolen.replace("/feed.json", "")] {
        assert_eq!(world.get(path, "").await.status, StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(world.ask(Method::GET, &stolen, "", &hold, Vec::new()).await.status, StatusCode::UNAUTHORIZED);
    let ack = json!({"player": "thief"}).to_string().into_bytes();
    let said = world.ask(Method::POST, &stolen.replace("feed.json", "heartbeat"), "", &JSON, ack).await;
    assert_eq!(said.status, StatusCode::UNAUTHORIZED);

    // The other screen, and the same one under its new address, go on.
    let fresh = registered(&world, "hall", json!({})).await;
    assert_ne!(fresh, stolen);
    world.post(&actual("A1")).await;
    showing(&world, &fresh, 1).await;
    let mut told = String::new();
    while !told.contains("\"level\":\"red\"") {
        let chunk = tokio::time::timeout(PATIENCE, streams[1].chunk()).await.expect("in time").expect("open");
        told.push_str(&String::from_utf8_lossy(&chunk.expect("it goes on")));
    }

    // The same with a key.
    let flow = world.gateway().flow();
    let order = flow.create_key(fenghuo::flow::authorize::Role::Screen, Some("hall".to_owned()), "test".to_owned());
    let key = order.await.expect("a key");
    let path = fresh.split('?').next().expect("a path").to_owned();
    let held = world.get(&path, &key.secret).await.header("etag").to_owned();
    let hold = [("if-none-match", held.as_str())];
    let same = world.ask(Method::GET, &path, &key.secret, &hold, Vec::new()).await;
    assert_eq!(same.status, StatusCode::NOT_MODIFIED);
    let mut stream = listen(&world, &path, &key.secret).await;
    assert!(flow.revoke_key(&key.key.id).await.expect("stored"));
    to_the_end(&mut stream).await;
    let refused = world.ask(Method::GET, &path, &key.secret, &hold, Vec::new()).await;
    assert_eq!((refused.status, refused.problem().as_str()), (StatusCode::UNAUTHORIZED, "key-revoked"));
    assert_eq!(world.get("/screens/gate/feed.json", &key.secret).await.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_screen_with_a_wrong_clock_is_told_the_time_and_is_marked() {
    let world = TestGateway::start().await;
    let feed = registered(&world, "hall", json!({})).await;
    let now_ms = fenghuo::clock::Clock::system().unix_ms();
    let beat = json!({"clock_ms": now_ms + 3 * 3_600_000}).to_string().into_bytes();
    let said = world.ask(Method::POST, &feed.replace("feed.json", "heartbeat"), "", &JSON, beat).await;
    assert_eq!(said.status, StatusCode::NO_CONTENT);
    let view = world.get("/v1/screens", &world.operator).await.json()["items"][0].clone();
    let ahead = view["clock_ahead_s"].as_i64().expect("a number");
    assert!((10_790..=10_800).contains(&ahead), "{view}");
    // What it needs to be right: the time of every answer, and the end of every notice and of the signature.
    world.post(&actual("A1")).await;
    let shown = showing(&world, &feed, 1).await;
    assert!(shown.header("date").ends_with("GMT"), "{:?}", shown.headers);
    assert!(shown.json()["notices"][0]["valid_until"].as_str().is_some_and(|until| until.ends_with("+08:00")));
    assert!(shown.header("signature-input").contains(";expires="), "{:?}", shown.headers);
}

/// The program on a configuration of its own; ends with the test.
struct Served {
    child: Child,
    base: String,
    _data: tempfile::TempDir,
    operator: String,
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ended = self.child.kill().and_then(|()| self.child.wait());
    }
}

impl Served {
    async fn start() -> Self {
        let data = tempfile::tempdir().expect("a directory");
        let (_, operator) = prepare(data.path(), fenghuo_contract::Channel::Sms, std::iter::empty()).await;
        let config = data.path().join("test.toml");
        std::fs::write(&config, format!("[server]\nlisten = \"127.0.0.1:0\"\n{RELAY}")).expect("written");
        let mut child = serve(&config, data.path()).spawn().expect("started");
        let base = listening(&mut child);
        Self { child, base, _data: data, operator }
    }

    /// Resident bytes.
    fn memory(&self) -> u64 {
        let file = format!("/proc/{}/statm", self.child.id());
        let text = std::fs::read_to_string(file).expect("it runs");
        text.split_whitespace().nth(1).and_then(|pages| pages.parse::<u64>().ok()).expect("pages") * 4096
    }

    async fn ask(&self, method: Method, path: &str, body: Value) -> (StatusCode, Value) {
        let request = client().request(method, format!("{}{path}", self.base)).bearer_auth(&self.operator);
        let answer = request.json(&body).send().await.expect("an answer");
        (answer.status(), serde_json::from_str(&answer.text().await.expect("text")).unwrap_or_default())
    }
}

/// How a connection is a burden.
#[derive(Clone, Copy)]
enum Idle {
    Silent,
    HalfAQuestion,
    ReadsNothing,
}

async fn hold(address: String, request: String, idle: Idle) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address).await?;
    match idle {
        Idle::Silent => {}
        Idle::HalfAQuestion => stream.write_all(b"GET /screens/hall/feed.json HTTP/1.1\r\nhost: x\r\n").await?,
        Idle::ReadsNothing => {
            stream.write_all(request.as_bytes()).await?;
            stream.read_exact(&mut [0; 12]).await?;
        }
    }
    Ok(stream)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_that_hold_on_and_read_nothing_cost_little_and_disturb_nobody() {
    // Of our own files the other tests need some.
    let room = fenghuo::http::serve::raise_files().saturating_sub(4_000);
    let count = room.min(10_000);
    let world = Served::start().await;
    let screen = json!({"id": "hall", "name": "东屏", "area": "230109005000"});
    let (status, view) = world.ask(Method::PUT, "/v1/screens/hall", screen).await;
    assert_eq!(status, StatusCode::OK, "{view}");
    let url = view["kiosk_url"].as_str().expect("an address").to_owned();
    let token = url.split_once("?k=").expect("a token").1.to_owned();
    let address = world.base.trim_start_matches("http://").to_owned();
    let events = format!("GET /screens/hall/events?k={token} HTTP/1.1\r\nhost: x\r\n\r\n");
    let before = world.memory();
    let mut held = Vec::with_capacity(count);
    for chunk in (0..count).collect::<Vec<_>>().chunks(250) {
        let mut opening = JoinSet::new();
        for number in chunk {
            let idle = [Idle::Silent, Idle::HalfAQuestion, Idle::ReadsNothing][number % 3];
            opening.spawn(hold(address.clone(), events.clone(), idle));
        }
        held.extend(opening.join_all().await.into_iter().map(|stream| stream.expect("let in")));
    }
    assert_eq!(held.len(), count);
    // What changes is told to those who do not read either, again and again.
    for number in 0..30 {
        let lesson = json!({"title": format!("第 {number} 课"), "text": "远离河道和低洼地带。".repeat(90)});
        let (status, said) = world.ask(Method::PUT, "/v1/education/rain", lesson).await;
        assert_eq!(status, StatusCode::OK, "{said}");
    }
    let feed = format!("/screens/hall/feed.json?k={token}");
    let (status, document) = world.ask(Method::GET, &feed, Value::Null).await;
    assert_eq!((status, &document["education"][0]["title"]), (StatusCode::OK, &json!("第 29 课")));
    let each = world.memory().saturating_sub(before) / count as u64;
    assert!(each < 64 * 1024, "{each} bytes for each of {count}");
}
