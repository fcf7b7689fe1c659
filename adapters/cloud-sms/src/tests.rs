//! Against `tests/peers/sms_clouds.py` of the repository, which checks every signature with the vendors' own published code.

mod callbacks;
mod fits;
mod settings;
mod submits;

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    sync::atomic::AtomicU64,
};

use fenghuo_contract::{Address, Item, Token};
use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    sync::mpsc,
    task::JoinSet,
};

use super::*;

const BUDGET: Duration = Duration::from_secs(20);
const NOW: i64 = 1_795_478_400;
const ALL: [Provider; 4] = [Provider::Aliyun, Provider::Tencent, Provider::Huawei, Provider::Twilio];
const CHINESE: [Provider; 3] = [Provider::Aliyun, Provider::Tencent, Provider::Huawei];
const SECRET: &str = "kept-to-ourselves";

/// The address of callbacks, as the provider is told.
const CALLBACKS: &str = "https://warn.songbei.example/callbacks/sms.cloud/";

/// A provider of other hands, and what it saw.
struct Cloud {
    provider: Provider,
    port: u16,
    seen: mpsc::Receiver<Value>,
    folder: tempfile::TempDir,
    _process: Child,
    _reading: JoinSet<()>,
}

impl Cloud {
    async fn start(provider: Provider) -> Self {
        let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/venv");
        let python = std::env::var_os("FENGHUO_VENV").map_or(own, Into::into).join("bin/python3");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/peers/sms_clouds.py");
        let mut process = Command::new(&python)
            .arg(script)
            .args([&name(provider), "--id", "AC-public", "--secret", SECRET])
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap_or_else(|error| panic!("{} cannot be started: {error}", python.display()));
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let first = lines.next_line().await.unwrap().unwrap_or_else(|| {
            panic!("no cloud with {}; the tests' Python environment is made by: cargo xtask test", python.display())
        });
        let port = serde_json::from_str::<Value>(&first).unwrap()["listening"].as_u64().unwrap() as u16;
        let (tell, seen) = mpsc::channel(10_000);
        let mut reading = JoinSet::new();
        reading.spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                tell.try_send(serde_json::from_str(&line).unwrap()).ok();
            }
        });
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("key"), format!("{SECRET}\n")).unwrap();
        std::fs::write(folder.path().join("callback"), "unguessable\n").unwrap();
        Self { provider, port, seen, folder, _process: process, _reading: reading }
    }

    fn settings(&self) -> Settings {
        let endpoint = Some(format!("http://127.0.0.1:{}", self.port));
        let allow_private = vec!["127.0.0.0/8".parse().unwrap()];
        let file = |name: &str| self.folder.path().join(name);
        Settings { endpoint, allow_private, ..of(self.provider, file("key"), file("callback")) }
    }

    fn adapter(&self) -> CloudSms {
        adapter(&self.settings())
    }

    /// The next call it saw; its signature must hold.
    async fn next(&mut self) -> Value {
        let call = tokio::time::timeout(BUDGET, self.seen.recv()).await.expect("another call").unwrap();
        assert_eq!(call["signed"], true, "{call}");
        call
    }
}

fn name(provider: Provider) -> String {
    format!("{provider:?}").to_lowercase()
}

fn adapter(settings: &Settings) -> CloudSms {
    CloudSms::new(settings, Arc::new(|| NOW), chance()).unwrap_or_else(|fault| panic!("{fault}"))
}

/// Never the same twice.
fn chance() -> Chance {
    let count = AtomicU64::new(0);
    Arc::new(move || u128::from(count.fetch_add(1, Ordering::Relaxed)).to_be_bytes())
}

const TEMPLATES: &str = r#"
[[templates]]
when = { drill = "yes" }
id = "1001"
text = "【演练】${1}发布${2}预警"
parameters = ["issuer", "hazard_name"]

[[templates]]
when = { level = ["red", "orange", "yellow", "blue"] }
id = "1002"
id_abroad = "9002"
text = "${1}发布${2}${3}预警，请注意防范。"
parameters = ["issuer", { value = "hazard_name", name = "name", max = 6 }, "level_name"]
"#;

/// Settings of a provider, in the form they have in a file.
fn of(provider: Provider, key: PathBuf, callback: PathBuf) -> Settings {
    let own = match provider {
        Provider::Aliyun => "signature = '松北应急'",
        Provider::Tencent => "signature = '松北应急'\napp_id = '1400006666'",
        Provider::Huawei => "signature = '松北应急'\nsender = '8823040504797'",
        Provider::Twilio => "sender = '+15005550006'",
    };
    let callbacks = match provider {
        Provider::Aliyun | Provider::Tencent => String::new(),
        _ => format!("callback_url = '{CALLBACKS}'\ncallback_secret_file = '{}'", callback.display()),
    };
    let templates = if provider == Provider::Twilio { "" } else { TEMPLATES };
    let head = format!("provider = '{}'\nkey_id = 'AC-public'\nkey_file = '{}'", name(provider), key.display());
    toml::from_str(&format!("{head}\n{own}\n{callbacks}\n{templates}")).unwrap()
}

fn content() -> Content {
    let values = [
        ("issuer", "松北区气象台"),
        ("hazard", "11B03"),
        ("hazard_name", "暴雨"),
        ("level", "red"),
        ("level_name", "红色"),
        ("change", "first"),
        ("drill", "no"),
    ];
    Content {
        language: "zh-CN".to_owned(),
        text: "松北区气象台发布暴雨红色预警，请注意防范。".to_owned(),
        values: values.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
        expires_at: NOW + 3600,
        ..Content::default()
    }
}

fn batch(numbers: &[&str]) -> Batch {
    let item = |(index, number): (u32, &&str)| Item {
        token: Token::new(7, index),
        address: Address::new(*number),
        attempt: 1,
        confirm: None,
    };
    Batch { content: Arc::new(content()), items: (0..).zip(numbers).map(item).collect(), urgent: false }
}

fn kind(verdict: &Verdict) -> &'static str {
    match verdict {
        Verdict::Accepted(_) => "accepted",
        Verdict::RefusedRecipient(_) => "recipient",
        Verdict::RefusedContent(_) => "content",
        Verdict::Misconfigured(_) => "misconfigured",
        Verdict::Throttled { scope: fenghuo_contract::Scope::Recipient, .. } => "too often",
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

async fn submit(adapter: &CloudSms, batch: &Batch) -> Vec<&'static str> {
    kinds(&adapter.submit(batch, BUDGET).await)
}
