//! `kill -9` of the real program, seen from outside: what was answered with 201 is there afterwards and completes.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    time::Duration,
};

use fenghuo::{
    clock::Clock,
    flow::authorize::{KeyOrder, Role, offline},
    flow::target::directory::Recipient,
};
use fenghuo_contract::Channel;
use serde_json::Value;

use crate::support::{
    gateway::client,
    message::{STREET, warning},
};

const CONFIG: &str = r#"
[server]
listen = "127.0.0.1:0"
[routes."sms.sim"]
channel = "sms"
adapter = "simulator"
drill = true
rate_per_s = 400
settings = { latency_ms = 20 }
[issuers.relay]
name = "转发"
hazards = ["*"]
levels = ["red", "orange", "yellow", "blue", "unknown"]
areas = ["*"]
relay = true
"#;

/// The program, serving a data directory; killed when dropped.
struct Server {
    child: Child,
    base: String,
}

impl Server {
    fn start(data: &std::path::Path) -> Self {
        let config = data.join("fenghuo.toml");
        std::fs::write(&config, CONFIG).expect("written");
        let mut child = Command::new(env!("CARGO_BIN_EXE_fenghuo"))
            .args(["serve", "--lang", "en", "--config"])
            .arg(&config)
            .arg("--data")
            .arg(data.join("data"))
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(child.stderr.take().expect("piped"));
        let mut line = String::new();
        let base = loop {
            line.clear();
            assert!(lines.read_line(&mut line).expect("text") > 0, "the program ended before it listened");
            if let Some(at) = line.find("http://127.0.0.1:") {
                let address = line[at..].split(|c: char| c.is_whitespace() || c == ';' || c == ',').next();
                break address.expect("an address").trim_end_matches(['.', '/']).to_owned();
            }
        };
        std::thread::spawn(move || {
            let mut rest = Vec::new();
            let _read = lines.read_to_end(&mut rest);
        });
        Self { child, base }
    }

    /// `kill -9`, nothing said before.
    fn kill(mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("gone");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _gone = self.child.wait();
    }
}

async fn prepare(data: &std::path::Path) -> (String, String) {
    let clock = Clock::system();
    let opened = fenghuo::app::open(&data.join("data"), &clock).await.expect("a store");
    let people = (0..600).map(|n| Recipient {
        external_id: format!("r{n}"),
        name: String::new(),
        areas: vec![STREET.parse().expect("a code")],
        groups: Vec::new(),
        language: "zh-CN".to_owned(),
        endpoints: [(Channel::Sms, format!("138{n:08}"))].into(),
        drill: true,
        ..Recipient::default()
    });
    opened.directory.put(people.collect()).await.expect("stored");
    let issuer = offline::create(&opened.store, &clock, KeyOrder::new(Role::Issuer, Some("relay".to_owned()))).await;
    let operator = offline::create(&opened.store, &clock, KeyOrder::new(Role::Operator, None)).await;
    opened.store.close().await;
    (issuer.expect("a key").secret, operator.expect("a key").secret)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warning_that_was_answered_survives_kill_9_and_completes() {
    let data = tempfile::tempdir().expect("a directory");
    let (issuer, operator) = prepare(data.path()).await;
    let http = client();
    let server = Server::start(data.path());
    let posted = http
        .post(format!("{}/v1/warnings", server.base))
        .bearer_auth(&issuer)
        .header("content-type", "application/json")
        .body(warning("W1", "red").to_string())
        .send()
        .await
        .expect("an answer");
    assert_eq!(posted.status(), 201);
    // Right after the answer, not a moment later.
    server.kill();

    let mut server = Server::start(data.path());
    let mut id = String::new();
    for round in 0..200 {
        // And again in the middle of sending.
        if round == 8 {
            server.kill();
            server = Server::start(data.path());
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        let get = |path: String| http.get(format!("{}{path}", server.base)).bearer_auth(&operator).send();
        if id.is_empty() {
            let listed: Value = get("/v1/warnings".to_owned()).await.expect("an answer").json().await.expect("JSON");
            id = listed["items"][0]["id"].as_str().expect("the warning is there").to_owned();
        }
        let status: Value =
            get(format!("/v1/warnings/{id}/status")).await.expect("an answer").json().await.expect("JSON");
        let sms = &status["channels"]["sms"];
        if status["done"] == true {
            assert_eq!(sms["accepted"].as_u64().unwrap_or(0) + sms["delivered"].as_u64().unwrap_or(0), 600, "{sms:#}");
            return;
        }
    }
    panic!("not complete within twenty seconds");
}
