//! The other side in tests: foreign programs, and a server of this machine that says what it is told to say.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
};

use tokio::{
    io::{AsyncBufReadExt, AsyncWriteExt, BufReader},
    process::{Child, Command},
};

/// Where the peers' programs are.
pub(crate) fn peers() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers")
}

/// A server running as a program of its own; it ends with the test.
pub(crate) struct Program {
    pub(crate) port: u16,
    _child: Child,
}

impl Program {
    /// Runs a program of the peers' folder in Node, which prints its port first.
    pub(crate) async fn node(name: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new("node");
        command.arg(peers().join(name)).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true);
        let mut child = command.spawn().expect("node runs the stand-ins; it is installed by: cargo xtask test");
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).await.unwrap();
        Self { port: line.trim().parse().unwrap_or_else(|_| panic!("{name} did not say its port")), _child: child }
    }
}

/// Runs a script of the peers' folder in the tests' own Python environment, with this input; what it prints.
///
/// # Panics
/// When `module` is not installed, or the script fails: with what it said.
pub(crate) async fn python(name: &str, module: &str, arguments: &[&str], input: &str) -> String {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/venv");
    let python = std::env::var_os("FENGHUO_VENV").map_or(own, Into::into).join("bin/python3");
    let known = Command::new(&python).args(["-c", &format!("import {module}")]).stderr(Stdio::null()).status().await;
    assert!(
        known.is_ok_and(|status| status.success()),
        "{} has no {module}; the tests' Python environment is made by: cargo xtask test",
        python.display()
    );
    let mut command = Command::new(&python);
    command.arg(peers().join(name)).args(arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(input.as_bytes()).await.unwrap();
    let done = child.wait_with_output().await.unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(done.status.success(), "{name}: {}{}", text(&done.stdout), text(&done.stderr));
    text(&done.stdout)
}
