//! A sign: `tests/peers/ntcip_sign.py` of the repository.

use std::{path::Path, process::Stdio};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use super::BUDGET;
use crate::Settings;

/// What opens the signs: the line of `community.txt`.
pub(super) const COMMUNITY: &str = "songbei-signs";

pub(super) struct Peer {
    port: u16,
    lines: Lines<BufReader<ChildStdout>>,
    process: Child,
}

/// The Python with pysnmp: of the tests' own environment unless another is named.
fn python() -> String {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/venv");
    let environment = std::env::var_os("FENGHUO_VENV").map_or(own, Into::into);
    environment.join("bin/python3").display().to_string()
}

impl Peer {
    pub(super) async fn start(options: &[&str]) -> Self {
        let python = python();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/ntcip_sign.py");
        let mut process = Command::new(&python)
            .arg(script)
            .args(["--community", COMMUNITY])
            .args(options)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{python} cannot be started ({error}); it is made by: cargo xtask test"));
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut peer = Self { port: 0, lines, process };
        peer.port = u16::try_from(peer.order().await["listening"].as_u64().unwrap()).unwrap();
        peer
    }

    pub(super) fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }

    /// The next order to show something.
    pub(super) async fn order(&mut self) -> Value {
        let line = tokio::time::timeout(BUDGET, self.lines.next_line()).await.expect("a line of the sign");
        let line = line.unwrap().expect("the sign goes on; its Python is made by: cargo xtask test");
        serde_json::from_str(&line).unwrap()
    }

    /// Whether there was no other order; ends the sign.
    pub(super) async fn said_nothing_more(mut self) -> bool {
        self.process.kill().await.unwrap();
        self.lines.next_line().await.unwrap().is_none()
    }
}

/// Settings for signs on this machine that open with [`COMMUNITY`].
pub(super) fn settings() -> Settings {
    let community = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/tests/community.txt");
    Settings::of(vec!["127.0.0.0/8".parse().unwrap()], community, 3, 12)
}
