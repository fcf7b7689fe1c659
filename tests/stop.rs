//! Stopping the real program while it sends: a first SIGTERM lets what is on the wire finish, a second one does not wait.

use std::{
    path::Path,
    process::{Child, Command, ExitStatus},
    time::Duration,
};

use fenghuo_contract::Channel;
use serde_json::Value;

use crate::support::{
    gateway::client,
    message::warning,
    peers::counting::{CountingPeer, Counts},
    program::{RELAY, listening, prepare, serve},
};

const PEOPLE: u64 = 400;

/// A data directory, a peer that counts, and the program between them.
struct Stopping {
    folder: tempfile::TempDir,
    peer: CountingPeer,
    issuer: String,
    operator: String,
    http: reqwest::Client,
}

/// The program, running; killed when dropped.
struct Running {
    child: Child,
    base: String,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _gone = self.child.wait();
    }
}

impl Running {
    fn terminate(&self) {
        let id = self.child.id().to_string();
        let told = Command::new("kill").args(["-TERM", &id]).status().expect("kill");
        assert!(told.success());
    }

    async fn ended(&mut self) -> ExitStatus {
        for _ in 0..600 {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("the program did not end within half a minute");
    }
}

impl Stopping {
    /// `pause`: how long the peer takes for a letter. `within_s`: how long a stop may take.
    async fn new(pause: Duration, within_s: f64) -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        let peer = CountingPeer::start(pause).expect("a port");
        let config = configuration(peer.port, within_s);
        std::fs::write(folder.path().join("fenghuo.toml"), config).expect("written");
        let addresses = (0..PEOPLE).map(|n| format!("r{n}@stop.example"));
        let (issuer, operator) = prepare(&folder.path().join("data"), Channel::Email, addresses).await;
        Self { folder, peer, issuer, operator, http: client() }
    }

    fn start(&self) -> Running {
        let folder: &Path = self.folder.path();
        let mut command = serve(&folder.join("fenghuo.toml"), &folder.join("data"));
        let mut child = command.spawn().expect("the program starts");
        let base = listening(&mut child);
        Running { child, base }
    }

    async fn post(&self, running: &Running, identifier: &str) -> Result<reqwest::Response, reqwest::Error> {
        let post = self.http.post(format!("{}/v1/warnings", running.base)).bearer_auth(&self.issuer);
        let post = post.header("content-type", "application/json").body(warning(identifier, "orange").to_string());
        post.send().await
    }

    async fn status(&self, running: &Running, id: &str) -> Value {
        let url = format!("{}/v1/warnings/{id}/status", running.base);
        let answer = self.http.get(url).bearer_auth(&self.operator).send().await.expect("an answer");
        answer.json().await.expect("JSON")
    }

    /// Starts, posts, and waits until a part of the letters has arrived.
    async fn sending(&self) -> (Running, String) {
        let running = self.start();
        let posted = self.post(&running, "W1").await.expect("an answer");
        assert_eq!(posted.status(), 201);
        let posted: Value = posted.json().await.expect("JSON");
        let id = posted["id"].as_str().expect("an id").to_owned();
        for _ in 0..600 {
            if self.peer.counts().len() as u64 >= PEOPLE / 10 {
                return (running, id);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("nothing is sent");
    }

    /// Starts again and waits for the end; gives the numbers and what the peer has counted.
    async fn finished(&self, id: &str) -> (Value, Counts) {
        let running = self.start();
        for _ in 0..600 {
            let status = self.status(&running, id).await;
            if status["done"] == true {
                return (status["channels"]["email"].clone(), self.peer.counts());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("not finished within half a minute");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_lets_what_is_on_the_wire_finish_and_doubles_nothing() {
    let world = Stopping::new(Duration::from_millis(60), 25.0).await;
    let (mut running, id) = world.sending().await;
    running.terminate();
    // Whoever asks meanwhile hears that it stops; when it is gone already, there is nobody to hear it from.
    let (mut refused, mut not_ready) = (false, false);
    for _ in 0..200 {
        let Ok(ready) = world.http.get(format!("{}/readyz", running.base)).send().await else { break };
        let stops = ready.status() == 503;
        let told: Value = ready.json().await.unwrap_or_default();
        not_ready |= stops && told["code"] == "stopping";
        if stops {
            let Ok(answer) = world.post(&running, "W2").await else { break };
            assert_eq!(answer.status(), 503);
            assert!(answer.headers().contains_key("retry-after"), "{answer:?}");
            refused = true;
        }
        if refused && not_ready {
            break;
        }
    }
    assert!(refused && not_ready, "the stop was over before anybody could ask");
    assert_eq!(running.ended().await.code(), Some(0));
    let at_stop = world.peer.counts().len() as u64;
    assert!(at_stop < PEOPLE, "everything was sent before the stop");

    let (email, counts) = world.finished(&id).await;
    assert_eq!((&email["accepted"], &email["maybe_doubled"]), (&PEOPLE.into(), &0.into()), "{email:#}");
    assert_eq!((counts.len() as u64, counts.values().max()), (PEOPLE, Some(&1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_signal_does_not_wait_and_doubles_at_most_what_was_leased() {
    let world = Stopping::new(Duration::from_millis(60), 25.0).await;
    let (mut running, id) = world.sending().await;
    running.terminate();
    tokio::time::sleep(Duration::from_millis(5)).await;
    running.terminate();
    let ended = running.ended().await;
    hard(&world, &id, ended).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stop_that_takes_too_long_breaks_off() {
    let world = Stopping::new(Duration::from_millis(400), 0.05).await;
    let (mut running, id) = world.sending().await;
    running.terminate();
    let ended = running.ended().await;
    assert_ne!(ended.code(), Some(0), "a stop that broke off says so");
    hard(&world, &id, ended).await;
}

/// After a hard stop nothing is lost, and every double is marked.
async fn hard(world: &Stopping, id: &str, ended: ExitStatus) {
    assert!(ended.code().is_some(), "ended by itself: {ended}");
    let (email, counts) = world.finished(id).await;
    assert_eq!((&email["accepted"], counts.len() as u64), (&PEOPLE.into(), PEOPLE), "{email:#}");
    let doubled: u64 = counts.values().map(|count| count - 1).sum();
    let marked = email["maybe_doubled"].as_u64().expect("a number");
    assert!(doubled <= marked, "{doubled} doubled, {marked} marked");
    assert!(marked <= 64, "more than eight slices of eight were on the wire: {marked}");
}

fn configuration(port: u16, within_s: f64) -> String {
    format!(
        r#"
[server]
listen = "127.0.0.1:0"
stop_within_s = {within_s}
[routes."email.peer"]
channel = "email"
adapter = "email"
drill = true
batch = 8
[routes."email.peer".settings]
host = "127.0.0.1"
port = {port}
tls = "none"
from = "warning@stop.example"
connections = 8
{RELAY}"#
    )
}
