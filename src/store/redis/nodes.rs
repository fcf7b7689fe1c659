//! Who lives, and who does what only one may do.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use redis::{Cmd, Value};

use super::{
    bounds::ANSWER,
    fault::{Fault, unreadable},
    link::Link,
    reply,
    script::{SCRIPTS, Script},
    state::Shared,
    writer::{Replicas, Strange, forsake, read_head_from, understand, wait_for},
};
use crate::store::{chain, cluster::NodeId, contract::ReadFault};

/// What is asked in small commands that must not wait behind large ones.
pub(super) struct Control {
    pub(super) shared: Arc<Shared>,
    pub(super) link: Link,
    pub(super) replicas: Replicas,
    pub(super) lease: Duration,
    living: Mutex<Vec<NodeId>>,
}

impl Control {
    pub(super) fn new(shared: Arc<Shared>, link: Link, replicas: Replicas, lease: Duration) -> Self {
        let living = Mutex::new(vec![NodeId(shared.identity.node)]);
        Self { shared, link, replicas, lease, living }
    }

    /// Runs a script that answers `expected`; whatever else it answers tells what the store is.
    pub(super) async fn run(
        &self,
        script: &Script,
        call: &Cmd,
        expected: &str,
    ) -> Result<std::vec::IntoIter<Value>, Fault> {
        let (word, rest) = reply::word(self.link.run(script, call).await?)?;
        if word == expected {
            return Ok(rest);
        }
        match understand(&self.shared, &word, rest)? {
            Strange::NewEpoch => {
                let text = "the store has moved to another epoch".to_owned();
                self.shared.away(text.clone());
                Err(Fault::Refused(text))
            }
            Strange::Ended(text) => Err(Fault::Refused(text)),
            Strange::Lost(head, text) => {
                forsake(&self.shared, &self.link, head).await;
                Err(Fault::Refused(text))
            }
        }
    }

    /// Beats a few times in a lease, until the store is closed.
    pub(super) async fn keep_beating(&self) {
        while self.shared.ended().is_none() {
            match self.beat().await {
                Ok(()) => {}
                Err(fault) if self.shared.ended().is_none() => self.shared.away(fault.to_string()),
                Err(_) => return,
            }
            self.shared.clock.sleep(self.lease / 4).await;
        }
    }

    /// One beat, which tells who lives, and a look at the server's memory.
    pub(super) async fn beat(&self) -> Result<(), Fault> {
        let keys = &self.shared.keys;
        let names = [keys.head(), keys.nodes(), keys.beats(), keys.floors(), keys.roles(), keys.journal()];
        let mut call = SCRIPTS.beat.call(&names);
        self.shared.sign(&mut call);
        let seen = self.shared.known().head;
        call.arg(self.lease.as_millis() as u64).arg(seen.sequence).arg(&chain::tag(&seen.hash)[..]);
        let mut rest = self.run(&SCRIPTS.beat, &call, "alive").await?;
        let struck_off = reply::number(reply::next(&mut rest), "a count")?;
        let living = rest.map(|node| reply::number(node, "a node").map(NodeId));
        let mut living: Vec<NodeId> = living.collect::<Result<_, _>>()?;
        living.sort_unstable();
        *self.living.lock() = living;
        if struck_off > 0 {
            tracing::warn!(struck_off, "nodes were silent for longer than their lease and take part no more");
            // What is taken over from them is not given back by a replica that never heard of it.
            self.replicated().await?;
        }
        let mut question = redis::cmd("INFO");
        question.arg("memory");
        let (used, most) = memory(&reply::text(self.link.ask(&question).await?, "what memory it has")?);
        self.shared.look(used, most);
        Ok(())
    }

    /// Waits for the replicas to have what this link wrote.
    pub(super) async fn replicated(&self) -> Result<(), Fault> {
        let Replicas { count, wait } = self.replicas;
        if count == 0 {
            return Ok(());
        }
        let reached = self.link.ask_behind(&wait_for(self.replicas), wait + ANSWER).await?;
        match reply::number(reached, "a count")? {
            reached if reached >= u64::from(count) => Ok(()),
            reached => Err(Fault::Silent(format!("{reached} of {count} replicas had it in time"))),
        }
    }

    /// Looks where the journal ends.
    pub(super) async fn read_head(&self) -> Result<(), ReadFault> {
        let keys = &self.shared.keys;
        let mut call = SCRIPTS.head.call(&[keys.head(), keys.nodes(), keys.journal()]);
        self.shared.sign(&mut call);
        let seen = self.shared.known().head;
        call.arg(seen.sequence).arg(&chain::tag(&seen.hash)[..]);
        let mut rest = self.run(&SCRIPTS.head, &call, "head").await?;
        self.shared.saw(read_head_from(&mut rest)?);
        Ok(())
    }

    pub(super) async fn nodes(&self) -> Result<Vec<NodeId>, ReadFault> {
        self.shared.readable()?;
        Ok(self.living.lock().clone())
    }

    pub(super) async fn hold(&self, role: &str) -> Result<bool, ReadFault> {
        self.shared.readable()?;
        let mut rest = self.run(&SCRIPTS.hold, &self.role_call(&SCRIPTS.hold, role), "held").await?;
        let held = reply::number(reply::next(&mut rest), "0 or 1")? == 1;
        if held {
            self.replicated().await?;
        }
        Ok(held)
    }

    pub(super) async fn give_back(&self, role: &str) -> Result<(), ReadFault> {
        self.shared.readable()?;
        self.run(&SCRIPTS.give_back, &self.role_call(&SCRIPTS.give_back, role), "given back").await?;
        Ok(())
    }

    fn role_call(&self, script: &Script, role: &str) -> Cmd {
        let keys = &self.shared.keys;
        let mut call = script.call(&[keys.head(), keys.nodes(), keys.roles()]);
        self.shared.sign(&mut call);
        call.arg(role);
        call
    }

    /// Takes this node off the list.
    pub(super) async fn leave(&self) -> Result<(), Fault> {
        let keys = &self.shared.keys;
        let names = [keys.head(), keys.nodes(), keys.beats(), keys.floors(), keys.roles()];
        let mut call = SCRIPTS.leave.call(&names);
        self.shared.sign(&mut call);
        let (word, _) = reply::word(self.link.run(&SCRIPTS.leave, &call).await?)?;
        if word == "left" { Ok(()) } else { Err(unreadable("that this node has left")) }
    }
}

/// Used and most memory out of `INFO memory`, in bytes; 0 = no bound.
fn memory(info: &str) -> (u64, u64) {
    let field = |name: &str| {
        let value = info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
        value.and_then(|value| value.trim().parse().ok()).unwrap_or(0)
    };
    (field("used_memory"), field("maxmemory"))
}
