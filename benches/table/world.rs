//! A flow on the embedded store in a directory of its own, with one route and made-up recipients.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use fenghuo::{
    clock::Clock,
    config::{Config, Issuer, Route},
    domain::{area::AreaCode, level::Level},
    flow::{
        AddressBook, Assembly, Flow,
        authorize::{Actor, Role},
        intake::{Form, Submission, Submitted},
        receipt::{CallbackSecrets, Links, ScreenInbox},
        record::WarningId,
        render::templates::Templates,
        screens::Screens,
        target::directory::Directory,
    },
    lifecycle::Lifecycle,
    store::{
        Store,
        embedded::{Embedded, Options},
    },
    telemetry::Telemetry,
};
use fenghuo_contract::{Adapter, Channel, NotTaken, Receipt, ReceiptSink, Reply};
use fenghuo_simulator::{Settings, Simulator};
use serde_json::{Value, json};
use tokio::runtime::Runtime;

pub(crate) struct World {
    pub(crate) flow: Flow,
    pub(crate) store: Store,
    channel: Channel,
    lifecycle: Lifecycle,
    data: tempfile::TempDir,
}

/// How often is asked how far it is: the answer costs, too.
const LOOK_EVERY: Duration = Duration::from_millis(4);
/// Nothing moves any more when nothing has for so long.
const STANDS_STILL: Duration = Duration::from_secs(30);

pub(crate) struct NoReceipts;

#[async_trait::async_trait]
impl ReceiptSink for NoReceipts {
    async fn accept(&self, _receipts: Vec<Receipt>) -> Result<(), NotTaken> {
        Ok(())
    }

    async fn reply(&self, _replies: Vec<Reply>) -> Result<(), NotTaken> {
        Ok(())
    }
}

pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime")
}

/// A directory of which half have SMS.
pub(crate) fn directory(recipients: u32) -> Arc<Directory> {
    let streets: Vec<AreaCode> = (2..=8).filter_map(|n| format!("23010900{n}000").parse().ok()).collect();
    Arc::new(Directory::synthetic(recipients, &streets, Clock::system()))
}

/// A provider that takes everything at once and from which a receipt is awaited for each, though none comes.
pub(crate) fn provider() -> Arc<dyn Adapter> {
    let settings = Settings { receipts: 1e-15, window: 32, ..Settings::of(Channel::Sms) };
    Arc::new(Simulator::new(settings, Arc::new(NoReceipts), 1).expect("good settings"))
}

impl World {
    /// With one route, of the adapter's channel; `limits` are lines of its configuration.
    pub(crate) async fn start(directory: &Arc<Directory>, adapter: Arc<dyn Adapter>, limits: &str) -> Self {
        Self::start_with(directory, adapter, limits, |store| store).await
    }

    /// The same with something `around` its store.
    pub(crate) async fn start_with(
        directory: &Arc<Directory>,
        adapter: Arc<dyn Adapter>,
        limits: &str,
        around: impl FnOnce(Store) -> Store,
    ) -> Self {
        Self::start_in(tempfile::tempdir().expect("a directory"), directory, adapter, limits, around).await
    }

    /// Ends at once, as a crash does, and starts again on the same data; says how long the start took.
    pub(crate) async fn again(self, directory: &Arc<Directory>, adapter: Arc<dyn Adapter>) -> (Self, Duration) {
        self.lifecycle.stop(Duration::ZERO).await;
        self.store.close().await;
        let started = now();
        let world = Self::start_in(self.data, directory, adapter, "", |store| store).await;
        (world, started.elapsed())
    }

    async fn start_in(
        data: tempfile::TempDir,
        directory: &Arc<Directory>,
        adapter: Arc<dyn Adapter>,
        limits: &str,
        around: impl FnOnce(Store) -> Store,
    ) -> Self {
        let opened = Embedded::open(data.path(), Clock::system(), Options::default());
        let store: Store = around(Arc::new(opened.expect("a store")));
        Self { data, ..Self::start_on(store, directory, adapter, limits).await }
    }

    /// On a store that is open.
    pub(crate) async fn start_on(
        store: Store,
        directory: &Arc<Directory>,
        adapter: Arc<dyn Adapter>,
        limits: &str,
    ) -> Self {
        let clock = Clock::system();
        let mac: fenghuo::flow::screens::Mac = Arc::new(|_: &[u8]| [0; 32]);
        let shown = Arc::new(ScreenInbox::default());
        let (for_screens, places) = (Arc::clone(&store), Arc::clone(directory));
        let screens = Screens::open(for_screens, places, clock.clone(), mac, String::new(), shown);
        let channel = adapter.profile().channel;
        let config = config(channel, limits);
        let lifecycle = Lifecycle::default();
        let assembly = Assembly {
            templates: Templates::load(&config).expect("built-in templates"),
            config: Arc::new(config),
            clock,
            store: Arc::clone(&store),
            lifecycle: lifecycle.clone(),
            telemetry: Telemetry::default(),
            addresses: Arc::clone(directory) as Arc<dyn AddressBook>,
            directory: Arc::clone(directory),
            screens: Arc::new(screens.await.expect("screens")),
            links: Links::new(Arc::new(|_: &[u8]| [0; 32]), ""),
            callback_secrets: CallbackSecrets::default(),
            adapters: BTreeMap::from([(format!("{channel}.bench"), adapter)]),
        };
        let flow = Box::pin(Flow::start(assembly)).await.expect("a flow");
        Self { flow, store, channel, lifecycle, data: tempfile::tempdir().expect("a directory") }
    }

    pub(crate) async fn stop(self) {
        self.lifecycle.stop(Duration::from_secs(5)).await;
        self.store.close().await;
    }

    pub(crate) async fn post(&self, message: &Value) -> WarningId {
        let submission = Submission {
            form: Form::Json,
            media_type: "application/json".to_owned(),
            body: message.to_string().into(),
            actor: Actor::new("bench", Role::Issuer, Some("bench".to_owned())),
            idempotency_key: None,
        };
        let Ok(Submitted::Created(view)) = self.flow.submit(submission).await else { panic!("not taken") };
        view.id
    }

    /// How many deliveries of a warning have been sent.
    pub(crate) async fn sent(&self, id: &WarningId) -> u64 {
        let status = self.flow.status(id).await.expect("a store").expect("a warning");
        status.channels.get(self.channel.name()).map_or(0, |own| own.accepted + own.delivered)
    }

    /// Waits until every delivery of a warning is accepted, and says how many there were.
    pub(crate) async fn accepted(&self, id: &WarningId) -> u64 {
        loop {
            let status = self.flow.status(id).await.expect("a store").expect("a warning");
            let own = status.channels.get(self.channel.name());
            // A receipt may overtake us: delivered was accepted before.
            if let Some(own) = own.filter(|own| own.accepted + own.delivered == own.audience) {
                return own.audience;
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Waits until every delivery of a warning is reported as delivered, and says how many there were. Ends the run when
    /// nothing moves any more; `peer` is what the other side has to say then.
    pub(crate) async fn delivered(&self, id: &WarningId, peer: impl Fn() -> String) -> u64 {
        let (mut last, mut since) = (0, now());
        loop {
            let status = self.flow.status(id).await.expect("a store").expect("a warning");
            let own = status.channels.get(self.channel.name());
            if let Some(own) = own.filter(|own| own.audience > 0 && own.delivered == own.audience) {
                return own.audience;
            }
            let done = own.map_or(0, |own| own.accepted + 2 * own.delivered);
            if done != last {
                (last, since) = (done, now());
            }
            assert!(since.elapsed() < STANDS_STILL, "it stands still: {own:?}; {}", peer());
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Posts `warnings` and waits for the durable outcome of their last delivery; says how many there were.
    pub(crate) async fn deliver(&self, name: &str, warnings: u32) -> (Duration, u64) {
        self.deliver_to("public", name, warnings).await
    }

    /// The same to those of a scope.
    pub(crate) async fn deliver_to(&self, scope: &str, name: &str, warnings: u32) -> (Duration, u64) {
        let started = now();
        let mut ids = Vec::new();
        for number in 0..warnings {
            ids.push(self.post(&message(&format!("{name}-{number}"), "red", scope)).await);
        }
        let mut deliveries = 0;
        for id in &ids {
            deliveries += self.accepted(id).await;
        }
        (started.elapsed(), deliveries)
    }
}

#[expect(clippy::disallowed_methods, reason = "a bench measures")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Nanoseconds since 1970, the same in every process of the machine.
#[expect(clippy::disallowed_methods, reason = "a bench measures")]
pub(crate) fn unix_nanos() -> u128 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_nanos())
}

/// Lets this process open as many files as it may; how many that is.
pub(crate) fn raise_files() -> usize {
    fenghuo::http::serve::raise_files()
}

fn config(channel: Channel, limits: &str) -> Config {
    let mut config = Config::default();
    let route = format!("channel = \"{channel}\"\nadapter = \"simulator\"\ndrill = true\nactual = false\n{limits}");
    config.routes.insert(format!("{channel}.bench"), toml::from_str::<Route>(&route).expect("a route"));
    let any = vec!["*".to_owned()];
    config.issuers.insert(
        "bench".to_owned(),
        Issuer {
            name: "Bench".to_owned(),
            senders: Vec::new(),
            hazards: any.clone(),
            levels: Level::ALL.to_vec(),
            areas: any,
            relay: true,
            audience_max: None,
        },
    );
    config
}

/// An exercise for the whole district. `scope` is `public`, or the group it is restricted to.
pub(crate) fn message(identifier: &str, level: &str, scope: &str) -> Value {
    let mut message = json!({
        "identifier": identifier, "sender": "bench@songbei.example", "sent": "2026-11-24T08:00:00+08:00",
        "status": "exercise", "kind": "alert", "scope": "public",
        "infos": [{"language": "zh-CN", "categories": ["met"], "event": "暴雨", "urgency": "immediate", "level": level,
            "certainty": "observed", "hazard": "11B03", "expires": "2036-11-24T08:00:00+08:00",
            "headline": "暴雨预警", "description": "雨", "instruction": "避险",
            "areas": [{"description": "松北区", "geocodes": [{"name": "CN-STAT-CODE", "value": "230109000000"}]}]}]
    });
    if scope != "public" {
        message["scope"] = "restricted".into();
        message["restriction"] = scope.into();
    }
    message
}
