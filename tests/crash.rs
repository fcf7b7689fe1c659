//! `kill -9` of the real program, seen from outside: what was answered with 201 is there afterwards and completes.

use std::{process::Child, time::Duration};

use fenghuo_contract::Channel;
use serde_json::Value;

use crate::support::{
    gateway::client,
    message::warning,
    program::{RELAY, listening, prepare, serve},
};

const ROUTE: &str = r#"
[server]
listen = "127.0.0.1:0"
[routes."sms.sim"]
channel = "sms"
adapter = "simulator"
drill = true
rate_per_s = 400
settings = { latency_ms = 20 }
"#;

/// The program, serving a data directory; killed when dropped.
struct Server {
    child: Child,
    base: String,
}

impl Server {
    fn start(data: &std::path::Path) -> Self {
        let config = data.join("fenghuo.toml");
        std::fs::write(&config, format!("{ROUTE}{RELAY}")).expect("written");
        let mut child = serve(&config, &data.join("data")).spawn().expect("the program starts");
        let base = listening(&mut child);
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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_warning_that_was_answered_survives_kill_9_and_completes() {
    let data = tempfile::tempdir().expect("a directory");
    let numbers = (0..600).map(|n| format!("138{n:08}"));
    let (issuer, operator) = prepare(&data.path().join("data"), Channel::Sms, numbers).await;
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
