//! Real peers, as programs of their own.

#[path = "../peers/counting.rs"]
pub mod counting;
#[path = "../peers/postfix.rs"]
pub mod postfix;

use std::{
    io::{BufRead, BufReader, Write},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use serde_json::Value;

/// The Python of the tests' own environment.
pub fn python() -> PathBuf {
    let environment = std::env::var_os("FENGHUO_VENV")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/venv"), PathBuf::from);
    let python = environment.join("bin/python3");
    assert!(python.exists(), "the tests' Python environment is missing; run: cargo xtask test");
    python
}

/// A script of `tests/peers`.
pub fn script(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/peers").join(name)
}

/// Runs a script of `tests/peers` with something to read; what it printed, or its last words.
pub fn judged(name: &str, input: &str) -> Result<String, String> {
    judged_with(name, &[], input)
}

/// The same with arguments.
pub fn judged_with(name: &str, arguments: &[&str], input: &str) -> Result<String, String> {
    let mut command = Command::new(python());
    let pipes =
        command.arg(script(name)).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = pipes.spawn().expect("python3 starts");
    child.stdin.take().expect("piped").write_all(input.as_bytes()).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

/// Packs a folder or unpacks an archive with Python's own `zipfile`.
pub fn zip(arguments: &[&str]) {
    let done = Command::new(python()).arg(script("zip.py")).args(arguments).output().expect("python3 starts");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

/// A real SMTP server (aiosmtpd) that tells every message it takes.
pub struct SmtpSink {
    child: Child,
    pub port: u16,
    messages: Receiver<Value>,
}

impl SmtpSink {
    pub fn start() -> Self {
        let mut child = Command::new(python())
            .arg(script("smtp_sink.py"))
            .args(["--port", "0"])
            .stdout(Stdio::piped())
            .spawn()
            .expect("python3 starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let first: Value = serde_json::from_str(&lines.next().expect("a line").expect("text")).expect("JSON");
        let port = u16::try_from(first["listening"].as_u64().expect("a port")).expect("a port");
        let (sender, messages) = channel();
        std::thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let sent = serde_json::from_str(&line).map(|message| sender.send(message));
                if !matches!(sent, Ok(Ok(()))) {
                    return;
                }
            }
        });
        Self { child, port, messages }
    }

    /// The next message, within ten seconds.
    pub fn next(&self) -> Value {
        self.messages.recv_timeout(Duration::from_secs(10)).expect("a message within ten seconds")
    }

    /// Every message that is here and was not asked for.
    pub fn all(&self) -> Vec<Value> {
        self.messages.try_iter().collect()
    }

    /// Messages that are here and were not asked for.
    pub fn more(&self) -> usize {
        self.messages.try_iter().count()
    }
}

impl Drop for SmtpSink {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _gone = self.child.wait();
    }
}
