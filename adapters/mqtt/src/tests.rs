//! Against a real broker (Debian's mosquitto) with a controller of other hands (`tests/peers/panel_controller.py` of the
//! repository, on paho), and against a peer that follows a script.

mod broker;
mod controller;
mod faults;
mod panels;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use fenghuo_contract::{Address, Batch, Content, Item, NotTaken, Token, Verdict};
use tokio::sync::{mpsc, watch};

use crate::{About, GroupState, Said, Shown, StateSource};

const BUDGET: Duration = Duration::from_secs(20);
const KEYS: &str = "https://warn.songbei.example/screens/keys.json";

/// What groups must show, as a test says.
struct Source {
    groups: Mutex<BTreeMap<String, GroupState>>,
    changes: watch::Sender<u64>,
    /// Counts signatures, so that a message made anew can be told from the one before.
    signed: AtomicU64,
    /// What screens said, and whether it is taken.
    words: mpsc::Sender<(String, Said)>,
    takes: AtomicBool,
    refused: AtomicU64,
}

impl Source {
    fn of(groups: &[&str]) -> Arc<Self> {
        Self::heard(groups).0
    }

    /// The same with what its screens say.
    fn heard(groups: &[&str]) -> (Arc<Self>, mpsc::Receiver<(String, Said)>) {
        let (words, heard) = mpsc::channel(64);
        let source = Self {
            groups: Mutex::default(),
            changes: watch::Sender::new(0),
            signed: AtomicU64::new(0),
            words,
            takes: AtomicBool::new(true),
            refused: AtomicU64::new(0),
        };
        for group in groups {
            source.show(group, &[], 100);
        }
        (Arc::new(source), heard)
    }

    /// From now on a group shows these decisions, `(warning, thread, released_at)`, signed for so many seconds.
    fn show(&self, group: &str, shown: &[(&str, &str, i64)], counts_for_s: u64) {
        let decision = |(warning, thread, released_at): &(&str, &str, i64)| Shown {
            warning: (*warning).to_owned(),
            thread: (*thread).to_owned(),
            released_at: *released_at,
        };
        let shown: Vec<Shown> = shown.iter().map(decision).collect();
        let notices: Vec<&str> = shown.iter().map(|decision| &*decision.warning).collect();
        let state = GroupState {
            document: serde_json::json!({ "format": "fenghuo-screen-1", "notices": notices }).to_string(),
            etag: format!("\"{group} {notices:?}\""),
            signature_input: String::new(),
            signature: "fenghuo=:AA==:".to_owned(),
            counts_for: Duration::from_secs(counts_for_s),
            shown,
        };
        self.groups.lock().unwrap().insert(group.to_owned(), state);
        self.changes.send_modify(|count| *count += 1);
    }
}

#[async_trait::async_trait]
impl StateSource for Source {
    async fn groups(&self) -> Vec<String> {
        self.groups.lock().unwrap().keys().cloned().collect()
    }

    async fn state(&self, group: &str) -> Option<GroupState> {
        let state = self.groups.lock().unwrap().get(group).cloned()?;
        let number = self.signed.fetch_add(1, Ordering::Relaxed);
        Some(GroupState { signature_input: format!("fenghuo=();created={number}"), ..state })
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    async fn said(&self, group: &str, said: &Said) -> Result<bool, NotTaken> {
        if !self.takes.load(Ordering::SeqCst) {
            self.refused.fetch_add(1, Ordering::SeqCst);
            return Err(NotTaken);
        }
        if matches!(&said.about, About::Warning { warning, .. } if warning == "unknown") {
            return Ok(false);
        }
        // A test that does not listen does not care.
        Ok(self.words.send((group.to_owned(), said.clone())).await.is_ok())
    }
}

fn content(thread: &str, released_at: i64) -> Content {
    Content {
        language: "zh-CN".to_owned(),
        title: "暴雨红色预警".to_owned(),
        text: "请勿外出".to_owned(),
        thread: thread.to_owned(),
        released_at,
        expires_at: released_at + 3600,
        ..Content::default()
    }
}

fn batch(content: Content, addresses: &[&str]) -> Batch {
    let item = |(index, address): (u32, &&str)| Item {
        token: Token::new(7, index),
        address: Address::new(*address),
        attempt: 1,
        confirm: None,
    };
    Batch { content: Arc::new(content), items: (0..).zip(addresses).map(item).collect(), urgent: false }
}

fn kind(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted(_) => "accepted",
        Verdict::RefusedRecipient(_) => "recipient",
        Verdict::RefusedContent(_) => "content",
        Verdict::Misconfigured(_) => "misconfigured",
        Verdict::Throttled { .. } => "throttled",
        Verdict::Transient(_) => "transient",
        Verdict::InDoubt(_) => "in doubt",
    }
}
