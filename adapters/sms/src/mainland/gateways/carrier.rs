//! A route and the gateway it ends at, and what the gateway brings.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex},
    time::Duration,
};

use crate::{Now, SettingsFault, Sms};
use fenghuo_centre::{Behaviour, Centre, Protocol};
use fenghuo_contract::{
    Adapter, Address, Batch, Content, Fault, Item, NotTaken, Receipt, ReceiptSink, ReceiptState, Reference, Reply,
    Token, Urgency, Verdict,
};
use tempfile::TempDir;
use tokio::sync::Notify;

/// 2026-06-01 08:00 in Beijing, where the gateway's calendar begins.
pub(crate) const NOW: i64 = 1_780_272_000;

pub(crate) const BUDGET: Duration = Duration::from_secs(10);

/// A protocol, in one of its versions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carrier {
    Cmpp20,
    Cmpp30,
    Sgip,
    Smgp,
}

pub(crate) const ALL: [Carrier; 4] = [Carrier::Cmpp20, Carrier::Cmpp30, Carrier::Sgip, Carrier::Smgp];

impl Carrier {
    fn protocol(self) -> Protocol {
        match self {
            Self::Cmpp20 | Self::Cmpp30 => Protocol::Cmpp,
            Self::Sgip => Protocol::Sgip,
            Self::Smgp => Protocol::Smgp,
        }
    }

    /// The status that refuses a number.
    pub(crate) fn wrong_number(self) -> u32 {
        match self {
            Self::Cmpp20 | Self::Cmpp30 => 13,
            Self::Sgip => 6,
            Self::Smgp => 47,
        }
    }

    /// The most numbers of a submit.
    pub(crate) fn numbers_max(self) -> u64 {
        if self.protocol() == Protocol::Cmpp { 99 } else { 100 }
    }

    fn settings(self, centre: SocketAddr, reports: SocketAddr, folder: &TempDir, more: &str) -> String {
        let secret = folder.path().join("secret").display().to_string();
        let account = match self {
            Self::Cmpp20 | Self::Cmpp30 => {
                let version = if self == Self::Cmpp20 { "2.0" } else { "3.0" };
                format!("version = '{version}'\nsp_id = '900001'\nsecret_file = '{secret}'\nservice_id = 'WARN'\n")
            }
            Self::Sgip => format!(
                "node_id = 3010012345\nlogin_name = '900001'\npassword_file = '{secret}'\ncorp_id = '12345'\n\
                 service_type = 'WARN'\n[reports]\nlisten = '{reports}'\nallow = ['127.0.0.0/8']\n\
                 login_name = '900001'\npassword_file = '{secret}'\n"
            ),
            Self::Smgp => format!("client_id = '900001'\nsecret_file = '{secret}'\nservice_id = 'WARN'\n"),
        };
        let (host, port) = (centre.ip(), centre.port());
        format!("sender = '10690001'\n{account}[link]\nhost = '{host}'\nport = {port}\n{more}\n")
    }

    /// A gateway that behaves so, and a route to it; `more` is written behind section `link` of its settings.
    pub(crate) async fn start(self, behaviour: Behaviour, more: &str) -> World {
        let reports = free_address().await;
        let behaviour = Behaviour { reports_to: Some(reports), ..behaviour };
        let centre = Centre::of(self.protocol(), behaviour).start().await;
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("secret"), "secret\n").unwrap();
        let sink = Arc::new(Sink::default());
        let route = self.route(centre.address(), reports, &folder, &sink, more).unwrap();
        World { carrier: self, centre, route: Arc::new(route), sink, reports, folder }
    }

    fn route(
        self,
        centre: SocketAddr,
        reports: SocketAddr,
        folder: &TempDir,
        sink: &Arc<Sink>,
        more: &str,
    ) -> Result<Sms, SettingsFault> {
        let settings = self.settings(centre, reports, folder, more);
        let sink: Arc<dyn ReceiptSink> = Arc::<Sink>::clone(sink);
        let now: Now = Arc::new(|| NOW);
        match self {
            Self::Cmpp20 | Self::Cmpp30 => Sms::cmpp(&toml::from_str(&settings).unwrap(), sink, now, 7),
            Self::Sgip => Sms::sgip(&toml::from_str(&settings).unwrap(), sink, now, 7),
            Self::Smgp => Sms::smgp(&toml::from_str(&settings).unwrap(), sink, now, 7),
        }
    }
}

/// An address of this machine where nobody listens.
async fn free_address() -> SocketAddr {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    listener.local_addr().unwrap()
}

/// A gateway, a route to it, and what came back.
pub(crate) struct World {
    pub(crate) carrier: Carrier,
    pub(crate) centre: Centre,
    pub(crate) route: Arc<Sms>,
    pub(crate) sink: Arc<Sink>,
    /// Where the route listens for reports (SGIP).
    pub(crate) reports: SocketAddr,
    folder: TempDir,
}

impl World {
    /// Another route to the same gateway; only the first may listen where that is needed.
    pub(crate) fn another(&self, more: &str) -> Sms {
        self.carrier.route(self.centre.address(), self.reports, &self.folder, &self.sink, more).unwrap()
    }

    pub(crate) async fn send(&self, content: &Content, numbers: &[&str]) -> Vec<Verdict> {
        self.try_send(content, numbers, 1).await.unwrap()
    }

    pub(crate) async fn try_send(
        &self,
        content: &Content,
        numbers: &[&str],
        attempt: u8,
    ) -> Result<Vec<Verdict>, Fault> {
        let item = |(index, number): (u32, &&str)| Item {
            token: Token::new(1, index),
            address: Address::new(*number),
            attempt,
            confirm: None,
        };
        let items = (0..).zip(numbers).map(item).collect();
        let batch = Batch { content: Arc::new(content.clone()), items, urgent: false };
        self.route.submit(&batch, BUDGET).await
    }

    /// Ends both sides.
    pub(crate) async fn end(self) {
        self.route.close().await;
        self.centre.stop().await;
    }
}

/// A red warning that expires in two hours.
pub(crate) fn warning(text: &str) -> Content {
    Content {
        language: "zh-CN".to_owned(),
        text: text.to_owned(),
        urgency: Urgency::Highest,
        released_at: NOW,
        expires_at: NOW + 7200,
        ..Content::default()
    }
}

pub(crate) fn reference(verdict: &Verdict) -> Reference {
    match verdict {
        Verdict::Accepted(Some(reference)) => reference.clone(),
        other => panic!("not accepted under a name: {other:?}"),
    }
}

/// What the gateway brought.
#[derive(Default)]
pub(crate) struct Sink {
    heard: Mutex<Heard>,
    changed: Notify,
}

#[derive(Default)]
struct Heard {
    receipts: Vec<Receipt>,
    replies: Vec<Reply>,
    /// Calls that are still to be refused.
    refuse: usize,
    refused: usize,
}

impl Sink {
    /// Does not take what comes, so many times.
    pub(crate) fn refuse(&self, times: usize) {
        self.heard.lock().unwrap().refuse = times;
    }

    pub(crate) fn refused(&self) -> usize {
        self.heard.lock().unwrap().refused
    }

    pub(crate) async fn receipts(&self, count: usize) -> Vec<Receipt> {
        self.until(|heard| (heard.receipts.len() >= count).then(|| heard.receipts.clone())).await
    }

    pub(crate) async fn replies(&self, count: usize) -> Vec<Reply> {
        self.until(|heard| (heard.replies.len() >= count).then(|| heard.replies.clone())).await
    }

    async fn until<T>(&self, wanted: impl Fn(&Heard) -> Option<T>) -> T {
        let waiting = async {
            loop {
                let changed = self.changed.notified();
                if let Some(found) = wanted(&self.heard.lock().unwrap()) {
                    return found;
                }
                changed.await;
            }
        };
        tokio::time::timeout(Duration::from_secs(30), waiting).await.expect("what was waited for did not come")
    }

    fn take(&self, put: impl FnOnce(&mut Heard)) -> Result<(), NotTaken> {
        let mut heard = self.heard.lock().unwrap();
        if heard.refuse > 0 {
            heard.refuse -= 1;
            heard.refused += 1;
            return Err(NotTaken);
        }
        put(&mut heard);
        drop(heard);
        self.changed.notify_waiters();
        Ok(())
    }
}

#[async_trait::async_trait]
impl ReceiptSink for Sink {
    async fn accept(&self, receipts: Vec<Receipt>) -> Result<(), NotTaken> {
        self.take(|heard| heard.receipts.extend(receipts))
    }

    async fn reply(&self, replies: Vec<Reply>) -> Result<(), NotTaken> {
        self.take(|heard| heard.replies.extend(replies))
    }
}

/// The provider's code of a failure.
pub(crate) fn failure(receipt: &Receipt) -> &str {
    match &receipt.state {
        ReceiptState::Failed(cause) => &cause.code,
        other => panic!("not failed: {other:?}"),
    }
}
