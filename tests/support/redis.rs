//! Redis servers of a test's own, in one line.

use std::{
    io::{BufRead, BufReader, Read},
    net::TcpListener,
    path::Path,
    process::{Child, Command, Stdio},
};

use tempfile::TempDir;

/// A server on a port of its own, with an append-only file that is synced for every answer. It ends with this value, and
/// with this process at the latest.
pub struct RedisServer {
    child: Child,
    pub port: u16,
    dir: TempDir,
    settings: Vec<String>,
}

impl RedisServer {
    /// A primary.
    pub fn start() -> Self {
        Self::with(&[])
    }

    /// One with more settings, as on the command line of `redis-server`.
    pub fn with(settings: &[&str]) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let settings: Vec<String> = settings.iter().map(|&setting| setting.to_owned()).collect();
        // Another process may take a port between the look and the start.
        for _ in 0..10 {
            let port = free_port();
            if let Some(child) = launch(port, &dir, &settings) {
                return Self { child, port, dir, settings };
            }
        }
        panic!("redis-server does not start with {settings:?}");
    }

    /// A replica of another one, in step with it when this returns.
    pub fn replica_of(primary: &Self) -> Self {
        let replica =
            Self::with(&["--replicaof", "127.0.0.1", &primary.port.to_string(), "--repl-diskless-sync-delay", "0"]);
        until("the replica is in step", || primary.cli(&["INFO", "replication"]).contains("state=online"));
        replica
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// What `redis-cli` prints.
    pub fn cli(&self, arguments: &[&str]) -> String {
        cli(self.port, arguments)
    }

    /// Stops the process where it is.
    pub fn freeze(&self) {
        self.signal("STOP");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.signal("CONT");
    }

    fn signal(&self, name: &str) {
        let done = Command::new("kill").args([&format!("-{name}"), &self.child.id().to_string()]).status();
        assert!(done.expect("kill starts").success());
    }

    /// `kill -9`.
    pub fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    /// A copy of what it has written so far.
    pub fn keep(&self) -> TempDir {
        let kept = tempfile::tempdir().expect("a directory");
        copy(self.dir.path(), kept.path());
        kept
    }

    /// Puts a copy in the place of what it has written; while it does not run.
    pub fn put_back(&self, kept: &TempDir) {
        copy(kept.path(), self.dir.path());
    }

    /// Starts it again on the same port, with what it had written.
    pub fn start_again(&mut self) {
        self.child = launch(self.port, &self.dir, &self.settings).expect("its port is free");
    }
}

impl Drop for RedisServer {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Three servers that make a cluster.
pub struct RedisCluster {
    pub servers: Vec<RedisServer>,
}

impl RedisCluster {
    pub fn start() -> Self {
        let settings = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
        let servers: Vec<RedisServer> = (0..3).map(|_| RedisServer::with(&settings)).collect();
        let hosts: Vec<String> = servers.iter().map(|server| format!("127.0.0.1:{}", server.port)).collect();
        let mut create = Command::new("redis-cli");
        create.args(["--cluster", "create"]).args(&hosts).arg("--cluster-yes");
        let done = create.output().expect("redis-cli starts");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
        for server in &servers {
            until("the cluster agrees", || server.cli(&["CLUSTER", "INFO"]).contains("cluster_state:ok"));
        }
        Self { servers }
    }

    pub fn url(&self) -> String {
        let hosts: Vec<String> = self.servers.iter().map(|server| format!("127.0.0.1:{}", server.port)).collect();
        format!("redis+cluster://{}", hosts.join(","))
    }
}

/// The append-only files of one directory in the place of another's.
fn copy(from: &Path, to: &Path) {
    drop(std::fs::remove_dir_all(to.join("appendonlydir")));
    let done = Command::new("cp").arg("-r").arg(from.join("appendonlydir")).arg(to).status();
    assert!(done.expect("cp starts").success());
}

/// Asks until it is so, for ten seconds.
pub fn until(what: &str, mut so: impl FnMut() -> bool) {
    for _ in 0..1_000 {
        if so() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    panic!("not within ten seconds: {what}");
}

/// A sentinel that watches one primary under the name `warnings`, and is enough to replace it.
pub struct RedisSentinel {
    child: Child,
    pub port: u16,
    _dir: TempDir,
}

impl RedisSentinel {
    pub fn watching(primary: &RedisServer) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let port = free_port();
        let file = dir.path().join("sentinel.conf");
        let settings = format!(
            "port {port}\nbind 127.0.0.1\nsentinel monitor warnings 127.0.0.1 {} 1\n\
             sentinel down-after-milliseconds warnings 1000\nsentinel failover-timeout warnings 5000\n",
            primary.port
        );
        std::fs::write(&file, settings).expect("a file");
        let mut command = Command::new("redis-server");
        command.arg(&file).arg("--sentinel").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().expect("redis-server is missing; run: sudo apt-get install redis-server");
        outlive_nobody(child.id());
        let sentinel = Self { child, port, _dir: dir };
        until("the sentinel knows the replica", || {
            sentinel.cli(&["SENTINEL", "REPLICAS", "warnings"]).contains("127.0.0.1")
        });
        sentinel
    }

    pub fn url(&self) -> String {
        format!("redis+sentinel://127.0.0.1:{}/warnings", self.port)
    }

    /// What `redis-cli` prints.
    pub fn cli(&self, arguments: &[&str]) -> String {
        cli(self.port, arguments)
    }
}

impl Drop for RedisSentinel {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A port nobody listens on; in a cluster the one 10,000 above it is used too.
pub fn free_port() -> u16 {
    loop {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        if port < 55_000 && TcpListener::bind(("127.0.0.1", port + 10_000)).is_ok() {
            return port;
        }
    }
}

fn cli(port: u16, arguments: &[&str]) -> String {
    let done = Command::new("redis-cli").args(["-p", &port.to_string()]).args(arguments).output();
    let done = done.expect("redis-cli is missing; run: sudo apt-get install redis-tools");
    String::from_utf8_lossy(&done.stdout).trim().to_owned()
}

/// Starts a server and waits until it says that it is ready. A shell stands beside it that ends it when this process
/// ends, however it ends.
fn launch(port: u16, dir: &TempDir, settings: &[String]) -> Option<Child> {
    let mut command = Command::new("redis-server");
    command.args(["--port", &port.to_string(), "--dir"]).arg(dir.path());
    command.args(["--bind", "127.0.0.1", "--appendonly", "yes", "--appendfsync", "always", "--save", ""]);
    command.args(["--loglevel", "notice"]).args(settings);
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("redis-server is missing; run: sudo apt-get install redis-server");
    let mut lines = BufReader::new(child.stdout.take().expect("piped"));
    let mut line = String::new();
    while !line.contains("Ready to accept connections") {
        line.clear();
        if lines.read_line(&mut line).expect("text") == 0 {
            drop(child.wait());
            return None;
        }
    }
    outlive_nobody(child.id());
    std::thread::spawn(move || {
        let _read = lines.read_to_end(&mut Vec::new());
    });
    Some(child)
}

/// Ends a process when this one ends: a shell waits on a pipe that only this process holds.
fn outlive_nobody(process: u32) {
    let script = format!("cat >/dev/null; kill -9 {process} 2>/dev/null");
    let watch = Command::new("sh").args(["-c", &script]).stdin(Stdio::piped()).spawn().expect("sh starts");
    // Its pipe stays open for as long as this process lives, its end is nobody's to wait for.
    std::mem::forget(watch);
}
