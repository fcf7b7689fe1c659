//! A Redis of the torture's own, which writes down before it answers.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::run::Failed;

/// How long it may take to answer after its start.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running server; its folder goes with it.
pub(super) struct Redis {
    folder: PathBuf,
    port: u16,
    child: Child,
}

impl Redis {
    pub(super) fn start(folder: PathBuf) -> Result<Self, Failed> {
        fs::create_dir_all(&folder).map_err(|fault| Failed(format!("torture: {}: {fault}", folder.display())))?;
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.map_err(|fault| Failed(format!("torture: no free port: {fault}")))?.port();
        let child = serve(&folder, port)?;
        let redis = Self { folder, port, child };
        redis.answers()?;
        Ok(redis)
    }

    pub(super) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// `kill -9`.
    pub(super) fn kill(&mut self) {
        let _killed = self.child.kill();
        let _gone = self.child.wait();
    }

    /// Starts it on what it had written.
    pub(super) fn start_again(&mut self) -> Result<(), Failed> {
        self.child = serve(&self.folder, self.port)?;
        self.answers()
    }

    /// Stops it where it stands, for a while.
    pub(super) fn freeze(&self, pause: Duration) -> Result<(), Failed> {
        self.signal("STOP")?;
        thread::sleep(pause);
        self.signal("CONT")
    }

    fn signal(&self, name: &str) -> Result<(), Failed> {
        let sent = Command::new("kill").arg(format!("-{name}")).arg(self.child.id().to_string()).status();
        match sent {
            Ok(status) if status.success() => Ok(()),
            _ => Err(Failed(format!("torture: SIG{name} could not be sent to Redis"))),
        }
    }

    /// Waits until it answers.
    #[expect(clippy::disallowed_methods, reason = "a driver of real processes waits by the machine's clock")]
    fn answers(&self) -> Result<(), Failed> {
        let since = Instant::now();
        while since.elapsed() < PATIENCE {
            if ping(self.port).is_some_and(|answer| answer.starts_with("+PONG")) {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(5));
        }
        Err(Failed("torture: Redis does not answer".to_owned()))
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        self.kill();
        let _removed = fs::remove_dir_all(&self.folder);
    }
}

fn serve(folder: &PathBuf, port: u16) -> Result<Child, Failed> {
    let mut command = Command::new("redis-server");
    command.args([
        "--port",
        &port.to_string(),
        "--bind",
        "127.0.0.1",
        "--save",
        "",
        "--maxmemory-policy",
        "noeviction",
    ]);
    command.args(["--appendonly", "yes", "--appendfsync", "always", "--dir"]).arg(folder);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
        .spawn()
        .map_err(|fault| Failed(format!("torture: redis-server: {fault}; install it: apt-get install redis-server")))
}

fn ping(port: u16) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(1))).ok()?;
    stream.write_all(b"PING\r\n").ok()?;
    let mut answer = [0; 64];
    let length = stream.read(&mut answer).ok()?;
    Some(String::from_utf8_lossy(&answer[..length]).into_owned())
}
