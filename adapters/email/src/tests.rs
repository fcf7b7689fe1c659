//! Against peers: one that follows a script, for what goes wrong on the line, and a foreign server for what a message is.

mod bounces;
mod faults;
mod foreign;
mod mta;
mod relay;
mod relays;
mod session;
mod signatures;

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use fenghuo_contract::{Address, Attachment, Content, NotTaken, Receipt, Reply, Token, Urgency};

use super::*;

const BUDGET: Duration = Duration::from_secs(10);

/// Keeps receipts, or takes none.
#[derive(Default)]
struct Desk {
    receipts: Mutex<Vec<Receipt>>,
    refuses: AtomicBool,
}

#[async_trait]
impl ReceiptSink for Desk {
    async fn accept(&self, receipts: Vec<Receipt>) -> Result<(), NotTaken> {
        if self.refuses.load(Ordering::Acquire) {
            return Err(NotTaken);
        }
        self.receipts.lock().unwrap().extend(receipts);
        Ok(())
    }

    async fn reply(&self, _: Vec<Reply>) -> Result<(), NotTaken> {
        Err(NotTaken)
    }
}

/// An adapter whose receipts nobody reads.
fn mailer(settings: &Settings) -> Email {
    Email::new(settings, Arc::new(Desk::default())).unwrap()
}

/// A file with a secret in it.
fn secret(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

fn settings(peer: SocketAddr) -> Settings {
    let from_name = Some("松北应急预警".to_owned());
    Settings {
        port: Some(peer.port()),
        tls: Tls::None,
        from_name,
        ..Settings::of(&peer.ip().to_string(), "warning@songbei.example")
    }
}

fn item(index: u32, address: &str) -> Item {
    Item { token: Token::new(7, index), address: Address::new(address), attempt: 1, confirm: None }
}

fn batch(addresses: &[&str]) -> Batch {
    let items = (0..).zip(addresses).map(|(index, to)| item(index, to)).collect();
    Batch { content: Arc::new(content()), items, urgent: false }
}

fn content() -> Content {
    Content {
        language: "zh-CN".to_owned(),
        title: "暴雨红色预警".to_owned(),
        text: "请勿外出。\n.点在行首\n..\n结束".to_owned(),
        html: "<p>请勿外出。</p>\n<p>.</p>".to_owned(),
        attachments: vec![Attachment {
            name: "alert.xml".to_owned(),
            media_type: "application/cap+xml; charset=utf-8".to_owned(),
            body: Bytes::from("<alert>暴雨</alert>".repeat(100)),
        }],
        urgency: Urgency::Highest,
        thread: "事件 7".to_owned(),
        released_at: 1_780_000_000,
        expires_at: 1_780_010_000,
        ..Content::default()
    }
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

/// The kinds of the verdicts, or of the fault in brackets.
async fn submit(email: &Email, batch: &Batch, budget: Duration) -> Vec<&'static str> {
    match email.submit(batch, budget).await {
        Ok(verdicts) => verdicts.iter().map(kind).collect(),
        Err(Fault::Misconfigured(_)) => vec!["[misconfigured]"],
        Err(Fault::Throttled { .. }) => vec!["[throttled]"],
        Err(Fault::Transient(_)) => vec!["[transient]"],
        Err(Fault::InDoubt(_)) => vec!["[in doubt]"],
    }
}
