//! The only place that names concrete adapters.

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use fenghuo_cloud_sms::CloudSms;
use fenghuo_contract::{Adapter, NotTaken, ReceiptSink};
use fenghuo_display::Display;
use fenghuo_email::Email;
use fenghuo_mqtt::{About, Did, GroupState, Mqtt, Said, Shown, StateSource};
use fenghuo_ntcip::Ntcip;
use fenghuo_push::{Apns, Fcm, JPush, Ntfy, WebPush, webpush};
use fenghuo_simulator::Simulator;
use fenghuo_sms::Sms;
use fenghuo_webhook::Webhook;
use fenghuo_wechat::{InMemoryQuota, InMemoryTokens, MassQuota, OfficialAccount, Robot, Tokens, WeCom};
use parking_lot::Mutex;
use tokio::sync::watch;

use crate::{
    clock::Clock,
    config::{Config, Route},
    flow::{
        receipt::Unsealed,
        screens::{AckState, Decided, ScreenLink},
        subscribe::PushDoor,
    },
};

/// Names of the adapters in this build, as `routes.*.adapter` knows them.
pub const NAMES: &[&str] = &[
    "apns",
    "cloud_sms",
    "cmpp",
    "display",
    "email",
    "fcm",
    "jpush",
    "mqtt",
    "ntcip",
    "ntfy",
    "robot",
    "sgip",
    "simulator",
    "smgp",
    "smpp",
    "webhook",
    "webpush",
    "wechat",
    "wecom",
];

/// Why an adapter cannot be built from a route's settings.
#[derive(Debug, thiserror::Error)]
pub enum AdapterFault {
    /// No adapter has this name.
    #[error("there is no adapter called {0:?}; there are {names}", names = NAMES.join(", "))]
    Unknown(String),
    /// Its settings do not parse.
    #[error("settings: {0}")]
    Settings(#[from] toml::de::Error),
    /// Its settings do not make sense together.
    #[error("settings: {0}")]
    Refused(String),
    /// The adapter serves another channel than the route.
    #[error("the adapter serves {0}, the route says {1}")]
    Channel(fenghuo_contract::Channel, fenghuo_contract::Channel),
}

/// Builds adapters, and holds what several of them share: an account's tokens and its quota belong to the account, however
/// many routes use it.
pub struct Adapters {
    clock: Clock,
    tokens: Arc<InMemoryTokens>,
    mass: Arc<InMemoryQuota>,
    screens: Mutex<Vec<Arc<ScreenLink>>>,
}

impl Adapters {
    /// With nothing shared yet.
    #[must_use]
    pub fn new(clock: &Clock) -> Self {
        Self { clock: clock.clone(), tokens: Arc::default(), mass: Arc::default(), screens: Mutex::default() }
    }

    /// The adapter of a route; receipts its link pushes go to `receipts`. Opens no link.
    ///
    /// # Errors
    /// [`AdapterFault`].
    pub fn build(&self, route: &Route, receipts: Arc<dyn ReceiptSink>) -> Result<Arc<dyn Adapter>, AdapterFault> {
        let mut settings = route.settings.clone();
        let seed = || u64::from_le_bytes(self.clock.random());
        let now = || {
            let clock = self.clock.clone();
            Arc::new(move || clock.unix())
        };
        let tokens = || Arc::clone(&self.tokens) as Arc<dyn Tokens>;
        let adapter = match route.adapter.as_str() {
            "apns" => made(Apns::new(&settings.try_into()?, now()))?,
            "cloud_sms" => {
                let clock = self.clock.clone();
                made(CloudSms::new(&settings.try_into()?, now(), Arc::new(move || clock.random())))?
            }
            "cmpp" => made(Sms::cmpp(&settings.try_into()?, receipts, now(), seed()))?,
            "display" => Arc::new(Display::new(&settings.try_into()?)),
            "email" => made(Email::new(&settings.try_into()?, receipts))?,
            "fcm" => made(Fcm::new(&settings.try_into()?, now()))?,
            "jpush" => made(JPush::new(&settings.try_into()?, now()))?,
            "mqtt" => made(Mqtt::new(&settings.try_into()?, Arc::new(Groups(self.screen_link(route)))))?,
            "ntcip" => made(Ntcip::new(&settings.try_into()?, now()))?,
            "ntfy" => made(Ntfy::new(&settings.try_into()?))?,
            "robot" => made(Robot::new(&settings.try_into()?, now()))?,
            "sgip" => made(Sms::sgip(&settings.try_into()?, receipts, now(), seed()))?,
            "simulator" => {
                settings.entry("channel").or_insert_with(|| route.channel.name().into());
                made(Simulator::new(settings.try_into()?, receipts, seed()))?
            }
            "smgp" => made(Sms::smgp(&settings.try_into()?, receipts, now(), seed()))?,
            "smpp" => made(Sms::smpp(&settings.try_into()?, receipts, now(), seed()))?,
            "webhook" => made(Webhook::new(&settings.try_into()?, receipts, now()))?,
            "webpush" => made(WebPush::new(&settings.try_into()?, now()))?,
            "wechat" => {
                let quota = Arc::clone(&self.mass) as Arc<dyn MassQuota>;
                made(OfficialAccount::new(&settings.try_into()?, tokens(), quota, now()))?
            }
            "wecom" => made(WeCom::new(&settings.try_into()?, tokens(), now()))?,
            other => return Err(AdapterFault::Unknown(other.to_owned())),
        };
        let serves = adapter.profile().channel;
        if serves == route.channel { Ok(adapter) } else { Err(AdapterFault::Channel(serves, route.channel)) }
    }

    /// The links of the routes built so far that carry states of screens: to be connected.
    #[must_use]
    pub fn screen_links(&self) -> Vec<Arc<ScreenLink>> {
        self.screens.lock().clone()
    }

    fn screen_link(&self, route: &Route) -> Arc<ScreenLink> {
        let link = ScreenLink::new(route.drill, route.actual);
        self.screens.lock().push(Arc::clone(&link));
        link
    }
}

/// The groups of panels behind a broker: each registered screen is one, under its id.
struct Groups(Arc<ScreenLink>);

#[async_trait]
impl StateSource for Groups {
    fn is_ready(&self) -> bool {
        self.0.is_connected()
    }

    async fn groups(&self) -> Vec<String> {
        self.0.screens()
    }

    async fn state(&self, group: &str) -> Option<GroupState> {
        let state = self.0.state(group)?;
        let shown = |Decided { warning, thread, released_at }| Shown { warning, thread, released_at };
        Some(GroupState {
            document: String::from_utf8_lossy(&state.document.body).into_owned(),
            etag: state.document.etag.clone(),
            signature_input: state.stamped.input,
            signature: state.stamped.signature,
            counts_for: Duration::from_secs(state.counts_for_s),
            shown: state.decided.into_iter().map(shown).collect(),
        })
    }

    fn changes(&self) -> watch::Receiver<u64> {
        self.0.changes()
    }

    async fn said(&self, group: &str, said: &Said) -> Result<bool, NotTaken> {
        let taken = match &said.about {
            About::Warning { warning, state } => {
                let state = match state {
                    Did::Received => AckState::Received,
                    Did::Shown => AckState::Shown,
                    Did::Removed => AckState::Removed,
                    Did::Failed => AckState::Failed,
                };
                self.0.ack(group, warning, state).await
            }
            About::Holds { etag } => self.0.holds(group, etag).await,
        };
        taken.map_err(|_| NotTaken)
    }
}

/// Where browsers subscribe; `None` when no route that serves them is configured.
///
/// # Errors
/// [`AdapterFault`].
pub fn push_door(config: &Config) -> Result<Option<PushDoor>, AdapterFault> {
    let route = config.public.push_route.as_ref().and_then(|name| config.routes.get(name));
    let Some(route) = route.filter(|route| route.adapter == "webpush") else { return Ok(None) };
    let settings: webpush::Settings = route.settings.clone().try_into()?;
    let public_key =
        webpush::public_key(&settings.key_file).map_err(|fault| AdapterFault::Refused(fault.to_string()))?;
    Ok(Some(PushDoor { public_key, takes: Box::new(move |subscription| settings.takes(subscription)) }))
}

/// Reads the links to unsubscribe that a route puts into its messages; `None` when it puts none.
///
/// # Errors
/// [`AdapterFault`].
pub fn unsubscribing(route: &Route) -> Result<Option<Unsealed>, AdapterFault> {
    if route.adapter != "email" {
        return Ok(None);
    }
    let settings: fenghuo_email::Settings = route.settings.clone().try_into()?;
    let Some(unsubscribe) = settings.unsubscribe else { return Ok(None) };
    let seal = unsubscribe.seal().map_err(|fault| AdapterFault::Refused(fault.to_string()))?;
    Ok(Some(Arc::new(move |text: &str| seal.open(text))))
}

fn made<A: Adapter, F: fmt::Display>(adapter: Result<A, F>) -> Result<Arc<dyn Adapter>, AdapterFault> {
    adapter.map(|adapter| Arc::new(adapter) as _).map_err(|fault| AdapterFault::Refused(fault.to_string()))
}
