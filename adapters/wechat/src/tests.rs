//! Against `tests/peers/wechat_stand_in.py` of the repository, written from the providers' documents, and the crypto of PyPI
//! wechatpy.

mod callbacks;
mod conform;
mod foreign;
mod mass;
mod robots;
mod sends;
mod settings;
mod tokens;
mod wecom;

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use fenghuo_contract::{Adapter, Address, Batch, Content, Fault, Item, Scope, Token, Verdict};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    sync::mpsc,
    task::JoinSet,
};

use crate::*;

const BUDGET: Duration = Duration::from_secs(20);

/// 2026-11-24T08:00:40+08:00: no crowded minute, and not the end of a month.
const NOW: i64 = 1_795_478_440;
const SECRET: &str = "kept-to-ourselves";
const APP_ID: &str = "wx0123456789abcdef";
const TOKEN: &str = "callback-token";
const AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

/// The tests' Python.
fn python() -> PathBuf {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/venv");
    std::env::var_os("FENGHUO_VENV").map_or(own, Into::into).join("bin/python3")
}

fn peer(script: &str, arguments: &[&str]) -> Child {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers").join(script);
    Command::new(python())
        .arg(script)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap_or_else(|error| {
            panic!("{} cannot be started: {error}; it is made by: cargo xtask test", python().display())
        })
}

/// A provider of other hands, and what it saw.
struct StandIn {
    port: u16,
    seen: mpsc::Receiver<Value>,
    folder: tempfile::TempDir,
    _process: Child,
    _reading: JoinSet<()>,
}

impl StandIn {
    async fn start(account: &str, more: &[&str]) -> Self {
        let arguments = [account, "--id", APP_ID, "--secret", SECRET, "--token", TOKEN, "--key", AES_KEY];
        let mut process = peer("wechat_stand_in.py", &[&arguments[..], more].concat());
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let first = lines.next_line().await.unwrap();
        let first = first.expect("no stand-in; the tests' Python environment is made by: cargo xtask test");
        let port = serde_json::from_str::<Value>(&first).unwrap()["listening"].as_u64().unwrap() as u16;
        let (tell, seen) = mpsc::channel(10_000);
        let mut reading = JoinSet::new();
        reading.spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                tell.try_send(serde_json::from_str(&line).unwrap()).ok();
            }
        });
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in [("secret", SECRET), ("token", TOKEN), ("key", AES_KEY)] {
            std::fs::write(folder.path().join(name), format!("{text}\n")).unwrap();
        }
        Self { port, seen, folder, _process: process, _reading: reading }
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn outbound(&self) -> Outbound {
        Outbound {
            endpoint: Some(format!("http://127.0.0.1:{}", self.port)),
            allow_private: vec!["127.0.0.0/8".parse().unwrap()],
            ..Outbound::default()
        }
    }

    /// Settings of an official account, in the form they have in a file.
    fn account(&self, way: &str, more: &str) -> AccountSettings {
        let file = |name: &str| self.file(name).display().to_string();
        let templates = if matches!(way, "template" | "subscribe" | "mini_program") { TEMPLATES } else { "" };
        let text = format!(
            "app_id = '{APP_ID}'\nsecret_file = '{}'\nway = '{way}'\ncallback_token_file = '{}'\ncallback_key_file = '{}'\n{more}\n{templates}",
            file("secret"),
            file("token"),
            file("key"),
        );
        AccountSettings { outbound: self.outbound(), ..toml::from_str(&text).unwrap() }
    }

    fn adapter(&self, way: &str) -> OfficialAccount {
        let more = if way == "draft" { "draft = { thumb_media_id = 'thumb-1', author = '松北应急' }" } else { "" };
        account(&self.account(way, more))
    }

    /// The next call it saw besides those for a token.
    async fn next(&mut self) -> Value {
        loop {
            let call = tokio::time::timeout(BUDGET, self.seen.recv()).await.expect("another call").unwrap();
            if !call["path"].as_str().unwrap().ends_with("token") {
                return call;
            }
        }
    }

    /// A probe is the next call it sees: nothing else was sent before.
    async fn saw_nothing_more(&mut self, adapter: &dyn Adapter) {
        adapter.probe().await.unwrap();
        let call = self.next().await;
        assert_eq!(call["document"], serde_json::json!({}), "{call}");
    }

    /// Makes the token in use worthless: `expire` or `revoke`.
    async fn control(&self, what: &str) {
        let kit = fenghuo_http::HttpKit::new(fenghuo_http::Settings {
            allow_plain: true,
            ports: vec![self.port],
            allow_private: vec!["127.0.0.0/8".parse().unwrap()],
            ..fenghuo_http::Settings::default()
        })
        .unwrap();
        let target = kit.target(&format!("http://127.0.0.1:{}/stand-in", self.port)).unwrap();
        kit.call(api::json_call(target, Some(&serde_json::json!({ what: true }))), BUDGET).await.unwrap();
    }
}

fn now() -> Now {
    Arc::new(|| NOW)
}

/// A clock the test moves.
fn clock() -> (Arc<AtomicI64>, Now) {
    let time = Arc::new(AtomicI64::new(NOW));
    let shown = Arc::clone(&time);
    (time, Arc::new(move || shown.load(Ordering::Relaxed)))
}

fn account(settings: &AccountSettings) -> OfficialAccount {
    let (tokens, quota) = (Arc::new(InMemoryTokens::default()), Arc::new(InMemoryQuota::default()));
    OfficialAccount::new(settings, tokens, quota, now()).unwrap_or_else(|fault| panic!("{fault}"))
}

const TEMPLATES: &str = r#"
[[templates]]
when = { change = "lift" }
id = "unknown"
text = "解除：{{thing1.DATA}}"
parameters = [{ value = "headline", name = "thing1" }]

[[templates]]
id = "ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY"
text = """
预警：{{thing1.DATA}}
单位：{{thing2.DATA}}"""
parameters = [{ value = "headline", name = "thing1" }, { value = "issuer", name = "thing2" }]
"#;

fn content() -> Content {
    let values = [
        ("headline", "暴雨红色预警"),
        ("issuer", "松北区气象台"),
        ("level", "red"),
        ("change", "first"),
        ("drill", "no"),
    ];
    Content {
        language: "zh-CN".to_owned(),
        title: "暴雨红色预警".to_owned(),
        text: "松北区气象台发布暴雨红色预警，请注意防范。".to_owned(),
        values: values.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        ..Content::default()
    }
}

fn batch(addresses: &[&str]) -> Batch {
    let item = |(index, address): (u32, &&str)| Item {
        token: Token::new(7, index),
        address: Address::new(*address),
        attempt: 1,
        confirm: None,
    };
    Batch { content: Arc::new(content()), items: (0..).zip(addresses).map(item).collect(), urgent: false }
}

fn kind(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted(_) => "accepted",
        Verdict::RefusedRecipient(_) => "recipient",
        Verdict::RefusedContent(_) => "content",
        Verdict::Misconfigured(_) => "misconfigured",
        Verdict::Throttled { scope: Scope::Recipient, .. } => "too often",
        Verdict::Throttled { .. } => "throttled",
        Verdict::Transient(_) => "transient",
        Verdict::InDoubt(_) => "in doubt",
    }
}

/// The kinds of the verdicts, or of the fault in brackets.
fn kinds(answer: &Result<Vec<Verdict>, Fault>) -> Vec<&'static str> {
    match answer {
        Ok(verdicts) => verdicts.iter().map(kind).collect(),
        Err(Fault::Misconfigured(_)) => vec!["[misconfigured]"],
        Err(Fault::Throttled { .. }) => vec!["[throttled]"],
        Err(Fault::Transient(_)) => vec!["[transient]"],
        Err(Fault::InDoubt(_)) => vec!["[in doubt]"],
    }
}

async fn submit(adapter: &dyn Adapter, batch: &Batch) -> Vec<&'static str> {
    kinds(&adapter.submit(batch, BUDGET).await)
}
