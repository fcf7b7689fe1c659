//! A connection to the primary, made anew when it broke, each command bounded in time.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use redis::{Cmd, Value, aio::MultiplexedConnection};
use tokio::sync::Mutex;

use super::{
    Options,
    address::Address,
    bounds::{AGAIN, AGAIN_TIMES, ANSWER, BYTES_PER_SECOND, CONNECT},
    fault::Fault,
    script::Script,
};

/// Where the server is and how to enter.
pub(super) struct Server {
    pub(super) address: Address,
    pub(super) user: Option<String>,
    pub(super) password_file: Option<PathBuf>,
    pub(super) ca_file: Option<PathBuf>,
    /// A name of the store, whose slot is looked for in a cluster.
    pub(super) name: String,
}

impl Server {
    /// The one that these options name; `name` is one of the store's.
    pub(super) fn of(options: &Options, name: String) -> Self {
        let Options { address, user, password_file, ca_file, .. } = options.clone();
        Self { address, user, password_file, ca_file, name }
    }
}

/// A connection that is made when it is needed.
pub(super) struct Link {
    server: Arc<Server>,
    held: Mutex<Held>,
    /// Attempts to connect so far: who waited for one that failed does not try again at once.
    attempts: AtomicU64,
}

#[derive(Default)]
struct Held {
    connection: Option<(u64, MultiplexedConnection)>,
    /// Why the newest attempt failed.
    failure: String,
}

impl Link {
    pub(super) fn new(server: Arc<Server>) -> Self {
        Self { server, held: Mutex::default(), attempts: AtomicU64::new(0) }
    }

    /// Sends a command on a connection, which is made if there is none.
    pub(super) async fn ask(&self, command: &Cmd) -> Result<Value, Fault> {
        self.ask_within(command, ANSWER).await
    }

    /// The same with more or less patience than usual. What the server refuses because it is not the one any more, or
    /// not yet, is asked for again for a while: a slot moves, a replica is made the primary, a file is loaded.
    pub(super) async fn ask_within(&self, command: &Cmd, patience: Duration) -> Result<Value, Fault> {
        for _ in 0..AGAIN_TIMES {
            match self.ask_once(command, patience).await {
                Err(Fault::Later(_) | Fault::Elsewhere(_)) => tokio::time::sleep(AGAIN).await,
                answer => return answer,
            }
        }
        self.ask_once(command, patience).await
    }

    async fn ask_once(&self, command: &Cmd, patience: Duration) -> Result<Value, Fault> {
        let (number, connection) = self.connection().await?;
        self.send(number, connection, command, patience).await
    }

    /// Sends a command on the connection there is: for what means something only behind what was sent there before.
    pub(super) async fn ask_behind(&self, command: &Cmd, patience: Duration) -> Result<Value, Fault> {
        let held = self.held.lock().await.connection.clone();
        let (number, connection) = held.ok_or_else(|| Fault::Silent("the connection broke".to_owned()))?;
        self.send(number, connection, command, patience).await
    }

    /// Runs a script; the server is told what it is when it does not know it.
    pub(super) async fn run(&self, script: &Script, call: &Cmd) -> Result<Value, Fault> {
        let sent = call.args_iter().map(|arg| if let redis::Arg::Simple(bytes) = arg { bytes.len() } else { 0 });
        self.run_within(script, call, patience_for(sent.sum())).await
    }

    /// The same with more or less patience than usual.
    pub(super) async fn run_within(&self, script: &Script, call: &Cmd, patience: Duration) -> Result<Value, Fault> {
        match self.ask_within(call, patience).await {
            Err(Fault::NoScript) => {
                self.ask(&script.load()).await?;
                self.ask_within(call, patience).await
            }
            answer => answer,
        }
    }

    /// Lets the connection go.
    pub(super) async fn part(&self) {
        self.held.lock().await.connection = None;
    }

    async fn send(
        &self,
        number: u64,
        mut connection: MultiplexedConnection,
        command: &Cmd,
        patience: Duration,
    ) -> Result<Value, Fault> {
        let answer = tokio::time::timeout(patience, command.query_async::<Value>(&mut connection)).await;
        let fault = match answer {
            Ok(Ok(value)) => return Ok(value),
            Ok(Err(error)) => Fault::of(&error),
            Err(_) => Fault::Silent(format!("the server did not answer within {} ms", patience.as_millis())),
        };
        if fault.ends_connection() {
            let mut held = self.held.lock().await;
            if held.connection.as_ref().is_some_and(|(standing, _)| *standing == number) {
                held.connection = None;
            }
        }
        Err(fault)
    }

    async fn connection(&self) -> Result<(u64, MultiplexedConnection), Fault> {
        let seen = self.attempts.load(Ordering::Acquire);
        let mut held = self.held.lock().await;
        if let Some(standing) = &held.connection {
            return Ok(standing.clone());
        }
        if self.attempts.load(Ordering::Acquire) != seen {
            return Err(Fault::Away(held.failure.clone()));
        }
        let number = self.attempts.fetch_add(1, Ordering::AcqRel) + 1;
        let connected = tokio::time::timeout(CONNECT, self.server.primary()).await;
        let failure = match connected {
            Ok(Ok(connection)) => {
                held.connection = Some((number, connection.clone()));
                return Ok((number, connection));
            }
            Ok(Err(failure)) => failure,
            Err(_) => format!("{} did not answer within {} ms", self.server.address, CONNECT.as_millis()),
        };
        held.failure.clone_from(&failure);
        Err(Fault::Away(failure))
    }
}

/// How long an answer may take when this many bytes go over.
pub(super) fn patience_for(bytes: usize) -> Duration {
    ANSWER + Duration::from_millis((bytes / (BYTES_PER_SECOND / 1000)) as u64)
}
