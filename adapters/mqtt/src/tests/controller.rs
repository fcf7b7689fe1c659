//! A panel's controller: `tests/peers/panel_controller.py` of the repository.

use std::{collections::VecDeque, path::Path, process::Stdio};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

use super::{BUDGET, broker::PASSWORD};

pub(super) struct Controller {
    lines: Lines<BufReader<ChildStdout>>,
    orders: ChildStdin,
    /// Messages that came before everything was granted.
    early: VecDeque<Value>,
    _process: Child,
}

/// The Python with paho: of the tests' own environment unless another is named.
fn python() -> String {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/venv");
    let environment = std::env::var_os("FENGHUO_VENV").map_or(own, Into::into);
    environment.join("bin/python3").display().to_string()
}

impl Controller {
    /// Connects and subscribes; returns once the broker granted it.
    pub(super) async fn start(port: u16, topics: &[&str]) -> Self {
        let python = python();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/panel_controller.py");
        let mut command = Command::new(&python);
        command.arg(script).args(["--port", &port.to_string(), "--account", &format!("panel:{PASSWORD}")]);
        for topic in topics {
            command.args(["--topic", topic]);
        }
        let mut process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true).spawn().unwrap_or_else(|error| {
                panic!("{python} cannot be started ({error}); it is made by: cargo xtask test")
            });
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let orders = process.stdin.take().unwrap();
        let mut controller = Self { lines, orders, early: VecDeque::new(), _process: process };
        // Retained messages of the first topics may come before the grant of the last.
        let mut granted = 0;
        while granted < topics.len() {
            let line = controller.line().await;
            if line["subscribed"] == serde_json::json!([1]) {
                granted += 1;
            } else {
                assert!(line["topic"].is_string(), "{line}");
                controller.early.push_back(line);
            }
        }
        controller
    }

    async fn line(&mut self) -> Value {
        let line = tokio::time::timeout(BUDGET, self.lines.next_line()).await.expect("a line of the controller");
        let line = line.unwrap().expect("the controller goes on; its Python is made by: cargo xtask test");
        serde_json::from_str(&line).unwrap()
    }

    /// The next message on a topic; others are passed over.
    pub(super) async fn message(&mut self, topic: &str) -> Value {
        self.next_of(&[topic]).await
    }

    /// The next message on any of these topics.
    pub(super) async fn next_of(&mut self, topics: &[&str]) -> Value {
        loop {
            let line = match self.early.pop_front() {
                Some(line) => line,
                None => self.line().await,
            };
            if line["topic"].as_str().is_some_and(|topic| topics.contains(&topic)) {
                return line;
            }
        }
    }

    /// The envelope of the next message of a group's topic.
    pub(super) async fn envelope(&mut self, topic: &str) -> Value {
        let message = self.message(topic).await;
        serde_json::from_str(message["payload"].as_str().unwrap()).unwrap()
    }

    /// The warnings in the next state of a group in which they are these, whatever came before.
    pub(super) async fn sees(&mut self, topic: &str, warnings: &[&str]) -> Value {
        loop {
            let envelope = self.envelope(topic).await;
            let document: Value = serde_json::from_str(envelope["document"].as_str().unwrap()).unwrap();
            if document["notices"] == serde_json::json!(warnings) {
                return envelope;
            }
        }
    }

    pub(super) async fn publish(&mut self, topic: &str, payload: &str) {
        let order = serde_json::json!({ "topic": topic, "payload": payload }).to_string() + "\n";
        self.orders.write_all(order.as_bytes()).await.unwrap();
        loop {
            let line = self.line().await;
            if line["published"] == topic {
                return;
            }
            self.early.push_back(line);
        }
    }
}
