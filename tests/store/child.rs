//! This test binary as a process of its own, so that it can be killed or run on a machine that fails.

use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::atomic::{AtomicU64, Ordering},
};

use fenghuo::store::{CommitFault, Engine};

use super::rig::{numbered, open};

/// The variable that tells this process that it is a child, and where the data is.
const DATA: &str = "FENGHUO_TEST_CHILD_DATA";

/// A child that has a store open and does what it is told line by line.
pub(super) struct StoreProcess {
    child: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl StoreProcess {
    /// Starts a child with the store in `dir` open.
    pub(super) fn start(dir: &Path, environment: &[(&str, &Path)]) -> Self {
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "store::child::a_store_process_answers_line_by_line", "--nocapture"]);
        command.env(DATA, dir).envs(environment.iter().copied());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let (orders, answers) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        let mut process = Self { child, orders, answers };
        assert_eq!(process.hear().as_deref(), Some("open"));
        process
    }

    /// Sends an order.
    pub(super) fn tell(&mut self, order: &str) {
        writeln!(self.orders, "{order}").unwrap();
    }

    /// The next answer, `None` when the child has ended.
    pub(super) fn hear(&mut self) -> Option<String> {
        let mut line = String::new();
        while self.answers.read_line(&mut line).unwrap() > 0 {
            if let Some((_, answer)) = line.trim_end().split_once("store> ") {
                return Some(answer.to_owned());
            }
            line.clear();
        }
        None
    }

    /// `kill -9`; answers what it had still said.
    pub(super) fn kill(mut self) -> Vec<String> {
        self.child.kill().unwrap();
        let rest = std::iter::from_fn(|| self.hear()).collect();
        self.child.wait().unwrap();
        rest
    }
}

impl Drop for StoreProcess {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn say(answer: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "store> {answer}").unwrap();
    out.flush().unwrap();
}

async fn commit(store: &impl Engine, number: u64) -> &'static str {
    match store.commit(numbered(number)).await {
        Ok(_) => "durable",
        Err(CommitFault::Unknown(_)) => "unknown",
        Err(CommitFault::Unavailable(_)) => "unavailable",
        Err(CommitFault::Conflict { .. }) => "conflict",
        Err(CommitFault::Full) => "full",
        Err(CommitFault::QueueFull) => "queue full",
    }
}

/// Obeys the parent: `commit N` answers `N word`, `flood N` commits numbers from N on without an end.
async fn obey(dir: &Path) {
    let store = open(dir).unwrap();
    say("open");
    for line in std::io::stdin().lines().map_while(Result::ok) {
        let (order, number) = line.split_once(' ').unwrap();
        let number: u64 = number.parse().unwrap();
        if order == "commit" {
            let word = commit(&store, number).await;
            say(&format!("{number} {word}"));
            continue;
        }
        let next = AtomicU64::new(number);
        let flooding = (0..16).map(|_| async {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let word = commit(&store, number).await;
                say(&format!("{number} {word}"));
            }
        });
        futures_util::future::join_all(flooding).await;
    }
}

/// The child's side when [`DATA`] is set; on its own, the parent's side of one exchange.
#[tokio::test(flavor = "multi_thread")]
async fn a_store_process_answers_line_by_line() {
    if let Some(dir) = std::env::var_os(DATA) {
        return obey(Path::new(&dir)).await;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut process = StoreProcess::start(dir.path(), &[]);
    process.tell("commit 7");
    assert_eq!(process.hear().as_deref(), Some("7 durable"));
    drop(process);
    assert_eq!(open(dir.path()).unwrap().head().await.unwrap().0, 1);
}
