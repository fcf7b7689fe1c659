//! Upper levels: feeds that are looked at again and again, one document at a time.
//!
//! A feed is read with everything bounded: its bytes and those of each document, entries, links followed in one look, the
//! time of each call. What it links to is fetched through the same guard. A look that brings no usable answer counts; some
//! in a row raise an alarm, and every number carries its age. What a document is and what becomes of it is decided in
//! `take`; nothing is decided twice, see [`inbox`](super::inbox).

mod poll;
mod take;

use std::{collections::BTreeMap, sync::Arc};

use bytes::Bytes;
use parking_lot::RwLock;
use serde::Serialize;

use super::{
    Flow, Parts,
    alarms::{AlarmCode, Seen, Subject, Told},
    nodes,
    record::rfc3339,
};
use crate::config::Upstream;

/// Fetches a feed and what it links to. Made by whoever knows the network; bounded in bytes and time.
#[async_trait::async_trait]
pub trait Fetch: Send + Sync + 'static {
    /// One GET of the feed itself, or of a link of it, which may be relative.
    ///
    /// # Errors
    /// Why there is no document, without the address.
    async fn get(&self, link: Option<&str>, known: &Validators) -> Result<Fetched, String>;
}

/// What a server said a document is told from its next version by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Validators {
    pub etag: Option<String>,
    pub last_modified: Option<String>,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// It is what it was.
    Unchanged,
    Document {
        body: Bytes,
        validators: Validators,
    },
}

/// What is known of each feed that is looked at.
#[derive(Default)]
pub(crate) struct Upstreams(RwLock<BTreeMap<String, State>>);

/// What is known of a feed.
#[derive(Clone, Debug, Default)]
struct State {
    /// When it was first to be looked at.
    since_ms: i64,
    answered_ms: Option<i64>,
    /// Looks in a row without a usable answer.
    failed: u32,
    fault: Option<(i64, String)>,
    /// Documents by what became of them.
    counts: BTreeMap<&'static str, u64>,
}

impl Upstreams {
    fn change(&self, name: &str, change: impl FnOnce(&mut State)) {
        change(self.0.write().entry(name.to_owned()).or_default());
    }

    /// One more document of which this became.
    fn count(&self, name: &str, what: &'static str) {
        self.change(name, |state| *state.counts.entry(what).or_default() += 1);
    }
}

/// A feed and how it does.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct UpstreamView {
    pub name: String,
    /// `cap`, `atom`, `rss`, `national`.
    pub format: String,
    /// `relay` or `wait`.
    pub rule: String,
    /// The issuer under whose authority its warnings are taken.
    pub issuer: String,
    /// `inactive` by configuration, `starting` before the first answer, `answering`, `failing`, `silent` with an alarm.
    pub state: String,
    pub every_s: f64,
    /// The last usable answer, RFC 3339; `null` before the first since the start.
    pub last_answer_at: Option<String>,
    /// Its age.
    pub age_s: Option<i64>,
    /// Looks in a row without a usable answer.
    pub failed_looks: u32,
    pub last_fault: Option<String>,
    pub last_fault_at: Option<String>,
    /// Documents since the start by what became of them: `relayed`, `waiting`, `followed`, `repeated`, `same_elsewhere`,
    /// `expired`, `elsewhere`, `other_hazard`, `other_sender`, `ignored`, `nothing_to_lift`, `unreadable`, `unreachable`,
    /// `conflicting`, `inbox_full`, `left_out`.
    pub documents: BTreeMap<String, u64>,
}

impl Flow {
    /// Looks at a feed of the configuration from now on, until the gateway stops.
    pub fn follow(&self, name: &str, fetch: Arc<dyn Fetch>) {
        let Some(upstream) = self.0.config.upstreams.get(name).filter(|upstream| upstream.active) else { return };
        let since_ms = self.0.clock.unix_ms();
        self.0.upstreams.change(name, |state| state.since_ms = since_ms);
        nodes::as_leader(&self.0, poll::run(Arc::clone(&self.0), name.to_owned(), upstream.clone(), fetch));
    }

    /// Every feed of the configuration.
    #[must_use]
    pub fn upstreams(&self) -> Vec<UpstreamView> {
        self.0.config.upstreams.iter().map(|(name, upstream)| view(&self.0, name, upstream)).collect()
    }
}

fn view(parts: &Parts, name: &str, upstream: &Upstream) -> UpstreamView {
    let known = parts.upstreams.0.read().get(name).cloned();
    let followed = known.is_some();
    let state = known.unwrap_or_default();
    let word = match state.failed {
        _ if !followed => "inactive",
        failed if failed >= upstream.silent_after.max(1) => "silent",
        0 if state.answered_ms.is_none() => "starting",
        0 => "answering",
        _ => "failing",
    };
    let (fault_at, fault) = state.fault.unzip();
    UpstreamView {
        name: name.to_owned(),
        format: upstream.format.name().to_owned(),
        rule: upstream.rule.name().to_owned(),
        issuer: upstream.issuer.clone(),
        state: word.to_owned(),
        every_s: upstream.every_s.as_secs_f64(),
        last_answer_at: state.answered_ms.map(rfc3339),
        age_s: state.answered_ms.map(|at| (parts.clock.unix_ms() - at).max(0) / 1000),
        failed_looks: state.failed,
        last_fault: fault,
        last_fault_at: fault_at.map(rfc3339),
        documents: state.counts.iter().map(|(what, count)| ((*what).to_owned(), *count)).collect(),
    }
}

/// The alarm of every feed that has fallen silent.
pub(crate) fn seen(parts: &Parts, seen: &mut Seen) {
    let states = parts.upstreams.0.read();
    for (name, state) in states.iter() {
        let Some(upstream) = parts.config.upstreams.get(name) else { continue };
        if state.failed < upstream.silent_after.max(1) {
            continue;
        }
        let since_ms = state.answered_ms.unwrap_or(state.since_ms);
        let seconds = (parts.clock.unix_ms() - since_ms).max(0) / 1000;
        let reason = state.fault.as_ref().map(|(_, fault)| fault.clone()).unwrap_or_default();
        let facts = [
            ("name", name.clone()),
            ("since", rfc3339(since_ms)),
            ("seconds", seconds.to_string()),
            ("count", state.failed.to_string()),
            ("reason", reason),
        ];
        let facts = facts.into_iter().map(|(name, fact)| (name.to_owned(), fact)).collect();
        let subject = Subject { route: Some(format!("upstream.{name}")), ..Subject::default() };
        seen.insert((AlarmCode::UpstreamSilent, subject), Told { since_ms: Some(since_ms), facts });
    }
}
