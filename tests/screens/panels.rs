//! LED controllers behind a real broker (Debian's mosquitto): what the whole gateway leaves there for them, and what becomes
//! of their words.

use std::{net::Ipv4Addr, process::Stdio, time::Duration};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use super::{actual, registered, showing};
use crate::support::{
    gateway::{TestGateway, route},
    message::{following, warning},
    peers::{judged, python, script},
};

const PATIENCE: Duration = Duration::from_secs(30);
const TOPIC: &str = "fenghuo/plaza";
const PRESENCE: &str = "fenghuo/gateway";

/// A broker of its own, gone with the test.
struct Broker {
    port: u16,
    _folder: tempfile::TempDir,
    _process: Child,
}

impl Broker {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a directory");
        // Free a moment ago; the broker names no port it chose itself.
        let port = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let settings = format!("user root\nlistener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n");
        let file = folder.path().join("mosquitto.conf");
        std::fs::write(&file, settings).expect("written");
        let path = std::env::var_os("PATH").unwrap_or_default();
        let mut folders = std::env::split_paths(&path).chain(["/usr/sbin".into()]);
        let program = folders.find_map(|folder| Some(folder.join("mosquitto")).filter(|program| program.is_file()));
        let mut command = Command::new(program.expect("mosquitto; run: cargo xtask test"));
        command.arg("-c").arg(file).stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.kill_on_drop(true).spawn().expect("it starts");
        let reached = async {
            while tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, reached).await.expect("mosquitto takes connections");
        Self { port, _folder: folder, _process: process }
    }

    fn settings(&self) -> String {
        let keys = "https://warn.songbei.example/screens/keys.json";
        format!("host = \"127.0.0.1\"\nport = {}\ntls = false\nkeys_url = \"{keys}\"\n", self.port)
    }
}

/// A controller of other hands.
struct Controller {
    lines: Lines<BufReader<ChildStdout>>,
    orders: ChildStdin,
    _process: Child,
}

impl Controller {
    async fn start(broker: &Broker, topics: &[&str]) -> Self {
        let mut command = Command::new(python());
        command.arg(script("panel_controller.py")).args(["--port", &broker.port.to_string()]);
        for topic in topics {
            command.args(["--topic", topic]);
        }
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut process = command.spawn().expect("python3 starts");
        let lines = BufReader::new(process.stdout.take().expect("piped")).lines();
        let orders = process.stdin.take().expect("piped");
        Self { lines, orders, _process: process }
    }

    /// The next message on a topic.
    async fn message(&mut self, topic: &str) -> Value {
        loop {
            let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await.expect("a line in time");
            let line: Value = serde_json::from_str(&line.unwrap().expect("it goes on")).expect("JSON");
            if line["topic"] == topic {
                return line;
            }
        }
    }

    /// The next state of the group whose document is as wanted, and the message it came with.
    async fn state(&mut self, wanted: impl Fn(&Value) -> bool) -> (Value, Value, Value) {
        loop {
            let message = self.message(TOPIC).await;
            let envelope: Value = serde_json::from_str(message["payload"].as_str().unwrap()).expect("an envelope");
            let document: Value = serde_json::from_str(envelope["document"].as_str().unwrap()).expect("a document");
            if wanted(&document) {
                return (document, envelope, message);
            }
        }
    }

    async fn says(&mut self, word: &Value) {
        let order = json!({"topic": format!("{TOPIC}/ack"), "payload": word.to_string()}).to_string() + "\n";
        self.orders.write_all(order.as_bytes()).await.expect("it listens");
    }
}

fn notices(document: &Value) -> usize {
    document["notices"].as_array().expect("a list").len()
}

/// What a foreign reader of RFC 9421 says of the state of a group.
async fn checked(world: &TestGateway, envelope: &Value) -> Result<String, String> {
    let headers = json!({"etag": envelope["etag"], "signature-input": envelope["signature_input"],
        "signature": envelope["signature"]});
    let keys = world.get("/screens/keys.json", "").await.json();
    let given = json!({"url": world.base, "status": 200, "headers": headers, "keys": keys});
    judged("message_signature.py", &given.to_string())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_controller_that_was_off_learns_what_stands_says_so_and_is_told_of_the_end() {
    let broker = Broker::start().await;
    let mut world = TestGateway::with(|config| {
        config.routes.remove("display.screens");
        config.routes.insert("display.panels".to_owned(), route("display", "mqtt", &broker.settings()));
    })
    .await;
    let feed = registered(&world, "plaza", json!({})).await;
    let first = actual("A1");
    let id = world.post(&first).await.json()["id"].as_str().expect("an id").to_owned();
    // Accepted: the broker holds it, though nobody is there to read it.
    world.until(&id, |status| status["channels"]["display"]["accepted"] == 1).await;

    let mut panel = Controller::start(&broker, &[PRESENCE, TOPIC]).await;
    assert_eq!(panel.message(PRESENCE).await["payload"], r#"{"online":true}"#);
    let (document, envelope, message) = panel.state(|_| true).await;
    assert_eq!((notices(&document), &document["notices"][0]["warning"]), (1, &json!(id)));
    assert_eq!(envelope["document"], showing(&world, &feed, 1).await.text, "as over HTTP, byte for byte");
    assert_eq!((&message["retain"], &message["qos"]), (&json!(true), &json!(1)), "{message}");
    assert!((1..=100).contains(&message["expiry"].as_i64().expect("it expires")), "{message}");
    checked(&world, &envelope).await.expect("a valid signature");

    panel.says(&json!({"screen": "led-7", "warning": id, "state": "shown"})).await;
    world.until(&id, |status| status["channels"]["display"]["delivered"] == 1).await;
    panel.says(&json!({"screen": "led-7", "etag": envelope["etag"]})).await;
    let mut view = Value::Null;
    for _ in 0..200 {
        view = world.get("/v1/screens", &world.operator).await.json()["items"][0].clone();
        if view["holds"] == "current" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(view["holds"], "current", "its own word is its sign of life: {view}");

    world.post(&following(&first, "A2", "cancel")).await;
    let (document, envelope, _) = panel.state(|document| document["notices"][0]["lift"] == true).await;
    assert_eq!(notices(&document), 1, "what it ends is gone: {document}");
    checked(&world, &envelope).await.expect("a valid signature");
    assert!(world.stop().await);
    assert_eq!(panel.message(PRESENCE).await["payload"], r#"{"online":false}"#);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_drill_goes_to_a_broker_that_is_not_marked_for_drills() {
    let broker = Broker::start().await;
    let world = TestGateway::with(|config| {
        let mut panels = route("display", "mqtt", &broker.settings());
        panels.drill = false;
        config.routes.insert("display.panels".to_owned(), panels);
    })
    .await;
    let feed = registered(&world, "plaza", json!({"drill": true})).await;
    let drill = world.post(&warning("D1", "red")).await.json()["id"].as_str().expect("an id").to_owned();
    let meant = world.post(&actual("A1")).await.json()["id"].as_str().expect("an id").to_owned();
    showing(&world, &feed, 2).await;
    world.until(&drill, |status| status["channels"]["display"]["accepted"] == 1).await;
    let mut panel = Controller::start(&broker, &[TOPIC]).await;
    let (document, envelope, _) = panel.state(|document| notices(document) > 0).await;
    assert_eq!((notices(&document), &document["notices"][0]["warning"]), (1, &json!(meant)));
    checked(&world, &envelope).await.expect("a valid signature");
    // A word counts whichever way its delivery went.
    panel.says(&json!({"screen": "led-7", "warning": meant, "state": "shown"})).await;
    world.until(&meant, |status| status["channels"]["display"]["delivered"] == 1).await;
}
