//! Runs the program and keeps what it said.

use std::process::{Command, Stdio};

use serde_json::Value;

/// How a run ended.
pub(super) struct Ended {
    pub(super) code: i32,
    pub(super) out: String,
    pub(super) err: String,
}

impl Ended {
    /// Standard output as one JSON document.
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|fault| panic!("{fault}: {} {}", self.out, self.err))
    }
}

/// The program with nothing of this machine's environment but what every process has.
pub(super) fn command(locale: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_fenghuo"));
    command.env_clear().env("LANG", locale).stdin(Stdio::null());
    for name in ["PATH", "TMPDIR"] {
        if let Some(value) = std::env::var_os(name) {
            command.env(name, value);
        }
    }
    command
}

/// Runs it in Chinese.
pub(super) fn fenghuo(arguments: &[&str]) -> Ended {
    fenghuo_in("zh_CN.UTF-8", arguments)
}

/// Runs it in a locale.
pub(super) fn fenghuo_in(locale: &str, arguments: &[&str]) -> Ended {
    run(command(locale).args(arguments))
}

pub(super) fn run(command: &mut Command) -> Ended {
    let output = command.output().expect("the program runs");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("UTF-8");
    Ended { code: output.status.code().unwrap_or(-1), out: text(output.stdout), err: text(output.stderr) }
}
