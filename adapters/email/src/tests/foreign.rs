//! Against a server of other hands: `tests/peers/smtp_sink.py` of the repository, on aiosmtpd. `FENGHUO_SMTP_SINK_PYTHON`
//! names a Python that has it; otherwise `python3` must.

use std::{net::Ipv4Addr, path::Path, process::Stdio};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use super::*;

/// The Python with aiosmtpd: of the tests' own environment unless another is named.
pub(super) fn python() -> String {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/venv");
    let environment = std::env::var_os("FENGHUO_VENV").map_or(own, Into::into);
    environment.join("bin/python3").display().to_string()
}

struct Sink {
    port: u16,
    ca_file: Option<std::path::PathBuf>,
    lines: Lines<BufReader<ChildStdout>>,
    _process: Child,
    _directory: tempfile::TempDir,
}

impl Sink {
    async fn start(options: &[&str]) -> Self {
        let python = python();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/smtp_sink.py");
        let directory = tempfile::tempdir().unwrap();
        let mut process = Command::new(&python)
            .arg(script)
            .arg("--cert-dir")
            .arg(directory.path())
            .args(options)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{python} cannot be started: {error}"));
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let first = lines.next_line().await.unwrap().unwrap_or_else(|| {
            panic!("the sink did not start with {python}; the tests' Python environment is made by: cargo xtask test")
        });
        let first: Value = serde_json::from_str(&first).unwrap();
        let port = first["listening"].as_u64().unwrap() as u16;
        let ca_file = first["ca_file"].as_str().map(Into::into);
        Self { port, ca_file, lines, _process: process, _directory: directory }
    }

    fn settings(&self, tls: Tls) -> Settings {
        let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        Settings { tls, ca_file: self.ca_file.clone(), ..settings(peer) }
    }

    /// The next messages, by recipient.
    async fn messages(&mut self, count: usize) -> Vec<Value> {
        let mut messages = Vec::new();
        while messages.len() < count {
            let line = tokio::time::timeout(BUDGET, self.lines.next_line()).await.expect("another message").unwrap();
            messages.push(serde_json::from_str::<Value>(&line.unwrap()).unwrap());
        }
        messages.sort_by_key(|message| message["to"][0].as_str().unwrap().to_owned());
        messages
    }
}

fn header<'a>(message: &'a Value, name: &str) -> Option<&'a str> {
    let headers = message["headers"].as_array().unwrap();
    headers.iter().find(|header| header[0] == name).map(|header| header[1].as_str().unwrap())
}

#[tokio::test]
async fn a_foreign_server_reads_what_was_meant() {
    let mut sink = Sink::start(&[]).await;
    let email = mailer(&sink.settings(Tls::None));
    let to = ["a@example.org", "refuse-b@example.org", "c@example.org", "full@example.org", "greylist@example.org"];
    let expected = ["accepted", "recipient", "accepted", "transient", "throttled"];
    assert_eq!(submit(&email, &batch(&to), BUDGET).await, expected);
    let messages = sink.messages(2).await;
    for (message, (to, token)) in messages.iter().zip([("a@example.org", 0), ("c@example.org", 2)]) {
        assert_eq!(message["to"], serde_json::json!([to]));
        assert_eq!((&message["from"], header(message, "To")), (&Value::from("warning@songbei.example"), Some(to)));
        assert_eq!(header(message, "Subject"), Some("暴雨红色预警"));
        assert_eq!(header(message, "From"), Some("松北应急预警 <warning@songbei.example>"));
        let id = format!("<0000000000000007-{token:08x}@songbei.example>");
        assert_eq!(header(message, "Message-ID"), Some(&*id));
        assert_eq!(header(message, "Date"), Some("Thu, 28 May 2026 20:26:40 +0000"));
        assert_eq!(header(message, "Auto-Submitted"), Some("auto-generated"));
        let structure = ["multipart/mixed", "multipart/alternative", "text/plain", "text/html", "application/cap+xml"];
        assert_eq!(message["structure"], serde_json::json!(structure));
        let text = |part: usize| message["parts"][part]["text"].as_str().unwrap();
        assert_eq!(text(0).trim_end(), content().text);
        assert_eq!(text(1).trim_end(), content().html);
        assert_eq!(text(2).as_bytes(), content().attachments[0].body);
        assert_eq!(message["parts"][2]["name"], "alert.xml");
        assert_eq!((&message["defects"], &message["ascii"]), (&serde_json::json!([]), &Value::Bool(true)));
    }
    assert_eq!(submit(&email, &batch(&to[4..]), BUDGET).await, ["accepted"]);
    email.close().await;
}

#[tokio::test]
async fn a_foreign_server_takes_addresses_beyond_ascii() {
    let mut sink = Sink::start(&[]).await;
    let email = mailer(&sink.settings(Tls::None));
    let to = ["a@例子.example", "张三@例子.example"];
    assert_eq!(submit(&email, &batch(&to), BUDGET).await, ["accepted"; 2]);
    let messages = sink.messages(2).await;
    for (message, to) in messages.iter().zip(["a@xn--fsqu00a.example", "张三@xn--fsqu00a.example"]) {
        assert_eq!(message["to"], serde_json::json!([to]));
        assert_eq!(message["ascii"], Value::Bool(to.is_ascii()));
    }
}

#[tokio::test]
async fn a_foreign_server_takes_tls_and_log_in() {
    let password = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(password.path(), "geheim\n").unwrap();
    for (option, tls, mechanism) in [
        ("starttls", Tls::Starttls, Mechanism::Plain),
        ("starttls", Tls::Starttls, Mechanism::Login),
        ("implicit", Tls::Implicit, Mechanism::Plain),
    ] {
        let mut sink = Sink::start(&["--tls", option, "--auth", "warning:geheim"]).await;
        let account = |name: &str| Settings {
            username: Some(name.to_owned()),
            password_file: Some(password.path().to_owned()),
            auth: vec![mechanism],
            ..sink.settings(tls)
        };
        let (good, bad) = (mailer(&account("warning")), mailer(&account("nobody")));
        good.probe().await.unwrap();
        assert!(matches!(bad.probe().await, Err(Fault::Misconfigured(_))), "{option}");
        assert_eq!(submit(&bad, &batch(&["a@example.org"]), BUDGET).await, ["[misconfigured]"], "{option}");
        assert_eq!(submit(&good, &batch(&["a@example.org", "b@example.org"]), BUDGET).await, ["accepted"; 2]);
        for message in sink.messages(2).await {
            assert_eq!((&message["tls"], &message["login"]), (&Value::Bool(true), &Value::from("warning")), "{option}");
        }
    }
}
