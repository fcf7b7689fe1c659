//! The real program on a data directory, and what is done to it.

use std::{
    collections::BTreeMap,
    io::Read,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use fenghuo_contract::Channel;
use reqwest::{Method, StatusCode};
use serde_json::Value;
use tempfile::TempDir;

use crate::support::{
    gateway::client,
    peers::SmtpSink,
    program::{RELAY, listening, prepare, serve},
};

/// A configuration with an SMS provider that is simulated.
pub(super) fn simulated(rate_per_s: u32) -> String {
    format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[store]\nreserve = \"4 MiB\"\n[routes.\"sms.sim\"]\nchannel = \"sms\"\n\
         adapter = \"simulator\"\ndrill = true\nrate_per_s = {rate_per_s}\nsettings = {{ latency_ms = 10 }}\n{RELAY}"
    )
}

/// A configuration with a real mail server.
pub(super) fn mailing(sink: &SmtpSink, rate_per_s: u32) -> String {
    format!(
        "[server]\nlisten = \"127.0.0.1:0\"\n[routes.\"email.sink\"]\nchannel = \"email\"\nadapter = \"email\"\n\
         drill = true\nrate_per_s = {rate_per_s}\n[routes.\"email.sink\".settings]\nhost = \"127.0.0.1\"\nport = {}\n\
         tls = \"none\"\nfrom = \"warning@songbei.example\"\nfrom_name = \"松北预警\"\n{RELAY}",
        sink.port
    )
}

/// Where the program's files are, and the keys to it.
pub(super) struct Place {
    /// The configuration stands here, on a disk that never fills.
    aside: TempDir,
    pub(super) data: PathBuf,
    issuer: String,
    operator: String,
}

impl Place {
    /// A data directory under `parent` with some recipients.
    pub(super) async fn new(parent: &Path, config: &str, channel: Channel, recipients: u32) -> Self {
        let aside = tempfile::tempdir().expect("a directory");
        std::fs::write(aside.path().join("fenghuo.toml"), config).expect("written");
        let data = parent.join("data");
        let addresses = (0..recipients).map(|n| address(channel, n));
        let (issuer, operator) = prepare(&data, channel, addresses).await;
        Self { aside, data, issuer, operator }
    }

    fn command(&self) -> Command {
        serve(&self.aside.path().join("fenghuo.toml"), &self.data)
    }

    /// Starts the program and waits until it listens.
    pub(super) fn start(&self) -> Server {
        let mut child = self.command().spawn().expect("the program starts");
        let base = listening(&mut child);
        let (issuer, operator) = (self.issuer.clone(), self.operator.clone());
        Server { child, http: client(), base, issuer, operator }
    }

    /// Starts a program that is expected to refuse: its exit code and what it said.
    pub(super) fn refused(&self) -> (Option<i32>, String) {
        let mut child = self.command().spawn().expect("the program starts");
        let mut said = String::new();
        child.stderr.take().expect("piped").read_to_string(&mut said).expect("text");
        (child.wait().expect("it ended").code(), said)
    }

    /// What `fenghuo verify` finds in the data of a program that has ended.
    pub(super) fn assert_sound(&self) {
        let found = fenghuo::store::embedded::verify(&self.data, &mut |_| {}).expect("a data directory");
        assert!(found.is_sound(), "{:?}", found.faults);
    }
}

/// The address of the recipient `n`.
pub(super) fn address(channel: Channel, n: u32) -> String {
    if channel == Channel::Email { format!("r{n}@songbei.example") } else { format!("138{n:08}") }
}

/// The program, serving; killed when dropped.
pub(super) struct Server {
    child: Child,
    http: reqwest::Client,
    pub(super) base: String,
    issuer: String,
    operator: String,
}

/// What was answered.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) retry_after: bool,
    pub(super) json: Value,
}

impl Answer {
    pub(super) fn id(&self) -> String {
        self.json["id"].as_str().unwrap_or_else(|| panic!("{} {:#}", self.status, self.json)).to_owned()
    }

    /// The status and the problem's code.
    pub(super) fn problem(&self) -> (u16, &str) {
        (self.status.as_u16(), self.json["code"].as_str().unwrap_or_default())
    }
}

impl Server {
    pub(super) fn pid(&self) -> String {
        self.child.id().to_string()
    }

    /// Whether the program was killed by somebody else, within five seconds.
    pub(super) async fn gone(&mut self) -> bool {
        for _ in 0..100 {
            if self.child.try_wait().expect("a child").is_some() {
                return true;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        false
    }

    /// SIGTERM; says whether it ended well.
    pub(super) fn stop(mut self) -> bool {
        run("sh", &["-c", &format!("kill -TERM {}", self.pid())]);
        self.child.wait().expect("gone").success()
    }

    async fn ask(
        &self,
        method: Method,
        path: &str,
        key: &str,
        header: Option<(&str, &str)>,
        body: &Value,
    ) -> Option<Answer> {
        let url = format!("{}{path}", self.base);
        let mut request = self.http.request(method, url).bearer_auth(key).timeout(Duration::from_secs(20));
        request = request.header("accept-language", "en");
        if !body.is_null() {
            request = request.header("content-type", "application/json").body(body.to_string());
        }
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        let answer = request.send().await.ok()?;
        let (status, retry_after) = (answer.status(), answer.headers().contains_key("retry-after"));
        let json = serde_json::from_slice(&answer.bytes().await.ok()?).unwrap_or_default();
        Some(Answer { status, retry_after, json })
    }

    /// Posts a warning; `None` when the program went away instead of answering.
    pub(super) async fn try_post(&self, message: &Value, idempotency_key: Option<&str>) -> Option<Answer> {
        let header = idempotency_key.map(|key| ("idempotency-key", key));
        self.ask(Method::POST, "/v1/warnings", &self.issuer, header, message).await
    }

    pub(super) async fn post(&self, message: &Value) -> Answer {
        self.try_post(message, None).await.expect("an answer")
    }

    pub(super) async fn lift(&self, id: &str) -> Answer {
        let lift = serde_json::json!({});
        let path = format!("/v1/warnings/{id}/lift");
        self.ask(Method::POST, &path, &self.issuer, None, &lift).await.expect("an answer")
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, &self.operator, None, &Value::Null).await.expect("an answer")
    }

    /// What a channel of a warning has come to, once `wanted` holds of its status.
    pub(super) async fn until(&self, id: &str, channel: &str, wanted: impl Fn(&Value) -> bool) -> Numbers {
        for _ in 0..400 {
            let status = self.get(&format!("/v1/warnings/{id}/status")).await.json;
            if wanted(&status) {
                let channel = &status["channels"][channel];
                let number = |name: &str| channel[name].as_u64().unwrap_or(0);
                return Numbers {
                    reached: number("accepted") + number("delivered"),
                    withdrawn: number("withdrawn"),
                    maybe_doubled: number("maybe_doubled"),
                };
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("not within twenty seconds: {:#}", self.get(&format!("/v1/warnings/{id}/status")).await.json);
    }

    /// Waits until this many deliveries of a channel were accepted or more.
    pub(super) async fn until_reached(&self, id: &str, channel: &str, many: u64) {
        let number = |status: &Value, name: &str| status["channels"][channel][name].as_u64().unwrap_or(0);
        self.until(id, channel, |status| number(status, "accepted") + number(status, "delivered") >= many).await;
    }

    pub(super) async fn until_done(&self, id: &str, channel: &str) -> Numbers {
        self.until(id, channel, |status| status["done"] == true).await
    }

    /// Waits until the program says of itself that it is ready in this way.
    pub(super) async fn until_ready(&self, word: &str) {
        for _ in 0..200 {
            let ready = self.get("/readyz").await;
            if ready.json["status"] == word {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("not within ten seconds: {:#}", self.get("/readyz").await.json);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _killed = self.child.kill();
        let _gone = self.child.wait();
    }
}

/// How the deliveries of a channel ended.
#[derive(Debug)]
pub(super) struct Numbers {
    pub(super) reached: u64,
    pub(super) withdrawn: u64,
    pub(super) maybe_doubled: u64,
}

/// Runs a command that has to succeed.
pub(super) fn run(program: &str, arguments: &[&str]) {
    let ran = Command::new(program).args(arguments).output();
    let ran = ran.unwrap_or_else(|error| panic!("this test needs {program} ({error}); run: cargo xtask test"));
    let why = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{program} {}: {why}", arguments.join(" "));
}

/// System calls of a running program that are made to fail.
pub(super) struct Injection(Child);

impl Injection {
    /// Attaches strace to every thread of the program; `fault` as its option `-e inject=` takes it, for every file or
    /// for one.
    pub(super) fn into(server: &Server, fault: &str, file: Option<&Path>) -> Self {
        let (set, _) = fault.split_once(':').expect("calls and a fault");
        let mut strace = Command::new("strace");
        strace.args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={set}"), "-e", &format!("inject={fault}")]);
        if let Some(file) = file {
            strace.arg("-P").arg(file);
        }
        let strace = strace.args(["-p", &server.pid()]).stderr(Stdio::piped()).spawn();
        let strace = strace.unwrap_or_else(|error| {
            panic!("this test needs strace ({error}); run: cargo xtask test, or apt-get install strace")
        });
        let mut injection = Self(strace);
        let tasks = format!("/proc/{}/task", server.pid());
        for _ in 0..400 {
            if let Some(ended) = injection.0.try_wait().expect("a child") {
                let mut said = String::new();
                let _read = injection.0.stderr.take().expect("piped").read_to_string(&mut said);
                panic!("strace may not look into the program, which only root may: {ended} {said}");
            }
            let traced = |task: std::fs::DirEntry| {
                let status = std::fs::read_to_string(task.path().join("status")).unwrap_or_default();
                !status.lines().any(|line| line.starts_with("TracerPid:\t0"))
            };
            if std::fs::read_dir(&tasks).expect("it runs").flatten().all(traced) {
                return injection;
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        panic!("strace did not attach to every thread");
    }

    /// The fault is over.
    pub(super) fn end(mut self) {
        run("sh", &["-c", &format!("kill -INT {}", self.0.id())]);
        self.0.wait().expect("gone");
    }
}

impl Drop for Injection {
    fn drop(&mut self) {
        let _killed = self.0.kill();
        let _gone = self.0.wait();
    }
}

/// A disk of its own, in memory, that can be filled.
pub(super) struct SmallDisk(TempDir);

impl SmallDisk {
    pub(super) fn mount(options: &str) -> Self {
        let dir = tempfile::tempdir().expect("a directory");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(dir.path()).output();
        let mounted = mounted.expect("this test needs the command mount");
        let why = String::from_utf8_lossy(&mounted.stderr);
        assert!(mounted.status.success(), "this test mounts a tmpfs, which only root may do: {why}");
        Self(dir)
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Fills it to the last page.
    pub(super) fn fill(&self) {
        let mut ballast = std::fs::File::create(self.path().join("ballast")).expect("a file");
        let page = [1; 4096];
        while std::io::Write::write_all(&mut ballast, &page).is_ok() {}
    }

    /// Makes the room again that [`Self::fill`] took.
    pub(super) fn make_room(&self) {
        std::fs::remove_file(self.path().join("ballast")).expect("it was filled");
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("--lazy").arg(self.path()).status());
    }
}

/// Mails a server took, by recipient.
pub(super) fn arrived(sink: &SmtpSink) -> BTreeMap<String, u64> {
    let mut arrived = BTreeMap::new();
    for mail in sink.all() {
        for to in mail["to"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            *arrived.entry(to.to_owned()).or_default() += 1;
        }
    }
    arrived
}
