//! Whether a server is set up to keep what is promised.

use std::sync::Arc;

use redis::{Cmd, Value};

use super::{
    Options,
    fault::{Fault, OpenFault},
    keys::Keys,
    link::{Link, Server},
    reply, unreachable_at,
};

/// The oldest version that has what the scripts use.
const OLDEST: u32 = 7;

/// What a server says of itself. What it does not say, as where `CONFIG` is forbidden, is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fitness {
    /// Its version, as it writes it.
    pub version: String,
    /// What it does when its memory is full.
    pub policy: String,
    /// Whether it writes an append-only file.
    pub append_only: bool,
    /// When it syncs that file: `always`, `everysec`, `no`.
    pub sync: Option<String>,
    /// Replicas without which it takes no writes.
    pub replicas_to_write: Option<u32>,
    /// Replicas that are connected.
    pub replicas: u32,
    /// Bytes it uses.
    pub used: u64,
    /// Bytes it may use; 0 = no bound.
    pub most: u64,
}

impl Fitness {
    /// Asks the server.
    pub(super) async fn of(link: &Link) -> Result<Self, Fault> {
        let mut question = redis::cmd("INFO");
        question.arg("everything");
        let info = reply::text(link.ask(&question).await?, "what it is")?;
        let field = |name: &str| {
            let value = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            value.map(str::trim).unwrap_or_default().to_owned()
        };
        let number = |name: &str| field(name).parse().unwrap_or(0);
        let version = Some(field("valkey_version")).filter(|version| !version.is_empty());
        Ok(Self {
            version: version.unwrap_or_else(|| field("redis_version")),
            policy: field("maxmemory_policy"),
            append_only: field("aof_enabled") == "1",
            sync: setting(link, "appendfsync").await,
            replicas_to_write: setting(link, "min-replicas-to-write").await.and_then(|number| number.parse().ok()),
            replicas: u32::try_from(number("connected_slaves")).unwrap_or(u32::MAX),
            used: number("used_memory"),
            most: number("maxmemory"),
        })
    }

    /// Whether it is older than the oldest that will do.
    #[must_use]
    pub fn is_old(&self) -> bool {
        self.version.split('.').next().and_then(|major| major.parse().ok()).is_none_or(|major: u32| major < OLDEST)
    }

    /// Whether it drops records when its memory is full.
    #[must_use]
    pub fn evicts(&self) -> bool {
        self.policy != "noeviction"
    }

    /// Why a store cannot be kept there, if it cannot.
    #[must_use]
    pub fn unfit(&self) -> Option<&'static str> {
        if self.is_old() {
            return Some("its server is older than version 7");
        }
        if !self.append_only {
            return Some("its server writes no append-only file (appendonly no): a restart would lose everything");
        }
        self.evicts().then_some("its server drops records when memory is short (maxmemory-policy is not noeviction)")
    }
}

/// A setting of the server, where it tells.
async fn setting(link: &Link, name: &str) -> Option<String> {
    let mut question: Cmd = redis::cmd("CONFIG");
    question.arg("GET").arg(name);
    match link.ask(&question).await {
        Ok(Value::Array(mut pair)) if pair.len() == 2 => reply::text(pair.pop()?, "a setting").ok(),
        _ => None,
    }
}

/// Asks the server of a store what it is, and changes nothing.
///
/// # Errors
/// [`OpenFault::Unreachable`].
pub async fn examine(options: &Options) -> Result<Fitness, OpenFault> {
    let link = Link::new(Arc::new(Server::of(options, Keys::new(&options.prefix).head())));
    Fitness::of(&link).await.map_err(|fault| unreachable_at(&options.address, &fault))
}
