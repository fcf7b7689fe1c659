//! The real program on a data directory: configured, started, asked over HTTP, killed.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, sync_channel},
    thread,
    time::Duration,
};

use super::json::Json;
use crate::run::Failed;

/// A data directory with its configuration and keys; removed when dropped.
pub(super) struct Installation {
    program: PathBuf,
    folder: PathBuf,
    /// Where its store is, when that is not its own directory.
    store: Option<String>,
    pub(super) issuer: String,
    pub(super) operator: String,
}

/// The program, running.
pub(super) struct Gateway {
    child: Child,
    /// What it says on standard error, until it listens.
    lines: Receiver<String>,
}

/// What is on the wire at most: `CONNECTIONS` slices of `BATCH` deliveries. Small slices make many moments to kill at.
pub(super) const CONNECTIONS: u64 = 8;
pub(super) const BATCH: u64 = 16;

/// Lines of the program's log kept for whoever waits for it to listen.
const LINES: usize = 1_000;

/// How long the program may take to listen, and to answer.
const PATIENCE: Duration = Duration::from_secs(30);

impl Installation {
    /// A fresh one in `folder`, whose letters go to `smtp_port`, with the store at a URL or in its own directory.
    pub(super) fn new(program: &Path, folder: PathBuf, smtp_port: u16, store: Option<String>) -> Result<Self, Failed> {
        let (issuer, operator) = (String::new(), String::new());
        let mut new = Self { program: program.to_owned(), folder, store, issuer, operator };
        new.configure(smtp_port)?;
        new.issuer = new.key(&["--role", "issuer", "--issuer", "relay"])?;
        new.operator = new.key(&["--role", "operator"])?;
        Ok(new)
    }

    /// One more node on the same store, with a directory of its own and the same key to sealed values.
    pub(super) fn beside(&self, folder: PathBuf, smtp_port: u16) -> Result<Self, Failed> {
        let new = Self {
            program: self.program.clone(),
            folder,
            store: self.store.clone(),
            issuer: self.issuer.clone(),
            operator: self.operator.clone(),
        };
        new.configure(smtp_port)?;
        let copied = fs::create_dir_all(new.folder.join("data"))
            .and_then(|()| fs::copy(self.folder.join("data/seal.key"), new.folder.join("data/seal.key")));
        copied.map_err(|fault| Failed(format!("torture: the key file was not copied: {fault}")))?;
        Ok(new)
    }

    fn configure(&self, smtp_port: u16) -> Result<(), Failed> {
        let text = configuration(smtp_port, self.store.as_deref());
        let written = fs::create_dir_all(&self.folder).and_then(|()| fs::write(self.folder.join("fenghuo.toml"), text));
        written.map_err(|fault| Failed(format!("torture: {}: {fault}", self.folder.display())))
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(&self.program);
        command.args(words).arg("--data").arg(self.folder.join("data"));
        command.env("LANG", "en_US.UTF-8").stdin(Stdio::null());
        command
    }

    fn key(&self, arguments: &[&str]) -> Result<String, Failed> {
        let mut command = self.command(&["keys", "create"]);
        if self.store.is_some() {
            command.arg("--config").arg(self.folder.join("fenghuo.toml"));
        }
        let made = command.args(arguments).output();
        let made = made.map_err(|fault| Failed(format!("torture: {}: {fault}", self.program.display())))?;
        let key = String::from_utf8_lossy(&made.stdout).trim().to_owned();
        if made.status.success() && !key.is_empty() {
            return Ok(key);
        }
        Err(Failed(format!("torture: no key was made: {}", String::from_utf8_lossy(&made.stderr))))
    }

    /// Starts the program; it may not listen yet.
    pub(super) fn start(&self) -> Result<Gateway, Failed> {
        let mut command = self.command(&["serve"]);
        command.arg("--config").arg(self.folder.join("fenghuo.toml")).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().map_err(|fault| Failed(format!("torture: serve: {fault}")))?;
        let (sender, heard) = sync_channel(LINES);
        let lines = child.stderr.take().map(BufReader::new).into_iter().flat_map(BufRead::lines);
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                // Read to the end whoever listens, or the program would wait for its reader.
                let _heard = sender.try_send(line);
            }
        });
        Ok(Gateway { child, lines: heard })
    }

    /// Proves the journal offline.
    pub(super) fn verify(&self) -> Result<(), Failed> {
        let proved = self.command(&["verify"]).output().map_err(|fault| Failed(format!("torture: verify: {fault}")))?;
        if proved.status.success() {
            return Ok(());
        }
        Err(Failed(format!("torture: the journal does not verify: {}", String::from_utf8_lossy(&proved.stderr))))
    }
}

impl Drop for Installation {
    fn drop(&mut self) {
        let _removed = fs::remove_dir_all(&self.folder);
    }
}

impl Gateway {
    /// Where it listens, once it does.
    pub(super) fn address(&self) -> Result<String, Failed> {
        let mut said = String::new();
        while let Ok(line) = self.lines.recv_timeout(PATIENCE) {
            if let Some(at) = line.find("http://127.0.0.1:") {
                let digits = line[at + 17..].chars().take_while(char::is_ascii_digit).collect::<String>();
                return Ok(format!("127.0.0.1:{digits}"));
            }
            said = line;
        }
        Err(Failed(format!("torture: the program does not listen; the last it said: {said}")))
    }

    /// Stops it where it stands, or lets it go on: `STOP` and `CONT`.
    pub(super) fn signal(&self, name: &str) -> Result<(), Failed> {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        match sent {
            Ok(status) if status.success() => Ok(()),
            _ => Err(Failed(format!("torture: SIG{name} could not be sent"))),
        }
    }

    /// `kill -9`.
    pub(super) fn kill(mut self) {
        let _killed = self.child.kill();
        let _gone = self.child.wait();
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _gone = self.child.wait();
    }
}

fn configuration(smtp_port: u16, store: Option<&str>) -> String {
    let store = store.map(|url| format!("[store]\nurl = \"{url}\"")).unwrap_or_default();
    format!(
        r#"
{store}
[server]
listen = "127.0.0.1:0"
[areas]
"230109000000" = "松北区"
[routes."email.peer"]
channel = "email"
adapter = "email"
drill = true
rate_per_s = 2000
batch = {BATCH}
[routes."email.peer".settings]
host = "127.0.0.1"
port = {smtp_port}
tls = "none"
from = "warning@torture.example"
connections = {CONNECTIONS}
[issuers.relay]
name = "转发"
hazards = ["*"]
levels = ["red", "orange", "yellow", "blue", "unknown"]
areas = ["*"]
relay = true
"#
    )
}

/// What was answered.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) text: String,
}

/// One request on a connection of its own; `None` when it was not answered in full.
pub(super) fn ask(address: &str, method: &str, path: &str, key: &str, media: &str, body: &str) -> Option<Answer> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_nodelay(true).ok()?;
    let length = body.len();
    // Version 1.0 asks for a whole answer and its end.
    let head = format!(
        "{method} {path} HTTP/1.0\r\nHost: {address}\r\nAuthorization: Bearer {key}\r\nContent-Type: {media}\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all((head + body).as_bytes()).ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, text) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let mut fields = head.lines().filter_map(|line| line.split_once(':'));
    let length = fields.find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let whole = length.is_none_or(|(_, length)| length.trim().parse() == Ok(text.len()));
    whole.then(|| Answer { status, text: text.to_owned() })
}

/// A document that must be there.
pub(super) fn get(address: &str, path: &str, key: &str) -> Result<Json, Failed> {
    let answer = ask(address, "GET", path, key, "application/json", "");
    let answer = answer.ok_or_else(|| Failed(format!("torture: {path} was not answered")))?;
    match (answer.status, Json::read(&answer.text)) {
        (200, Some(document)) => Ok(document),
        (status, _) => Err(Failed(format!("torture: {path} was answered {status}: {}", answer.text))),
    }
}
