//! The flow on a store in memory and simulated providers, on a clock that is advanced by sleeping.

mod nodes;

pub use self::nodes::Nodes;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use fenghuo::{
    clock::Clock,
    config::{Config, Issuer, Route},
    domain::level::Level,
    flow::{
        AddressBook, Assembly, Flow,
        authorize::{Actor, Role},
        intake::{Form, Submission, SubmitFault, Submitted},
        receipt::{CallbackSecrets, Inbox, Links, ScreenInbox},
        record::WarningId,
        screens::Screens,
        status::StatusView,
        target::directory::{Directory, Recipient},
    },
    lifecycle::Lifecycle,
    store::{Store, memory::Memory, seal::Vault},
    telemetry::Telemetry,
};
use fenghuo_contract::{Adapter, Channel};
use fenghuo_simulator::{Ledger, Settings, Simulator, Weather};
use serde_json::Value;

use super::arrivals::{Arrivals, Watched};

/// 2026-11-24T08:00:00+08:00.
pub const START_MS: i64 = 1_795_478_400_000;

/// What an engine world is made of.
pub struct Plan {
    seed: u64,
    config: Config,
    simulators: BTreeMap<String, Settings>,
    recipients: Vec<Recipient>,
}

/// A running engine.
pub struct Engine {
    pub flow: Flow,
    pub clock: Clock,
    pub store: Store,
    pub config: Config,
    pub telemetry: Telemetry,
    pub ledgers: BTreeMap<String, Ledger>,
    /// When what arrived at a provider.
    pub arrivals: BTreeMap<String, Arrivals>,
    /// Changes how a simulated provider is.
    pub weathers: BTreeMap<String, Weather>,
    /// Where receipts come in, by route.
    pub inboxes: BTreeMap<String, Arc<Inbox>>,
    simulators: BTreeMap<String, Settings>,
    recipients: Vec<Recipient>,
    lifecycle: Lifecycle,
    seed: u64,
}

impl Plan {
    pub fn new(seed: u64) -> Self {
        let mut config = Config::default();
        let any = vec!["*".to_owned()];
        config.issuers.insert(
            "relay".to_owned(),
            Issuer {
                name: "转发".to_owned(),
                senders: Vec::new(),
                hazards: any.clone(),
                levels: Level::ALL.to_vec(),
                areas: any,
                relay: true,
                audience_max: None,
            },
        );
        Self { seed, config, simulators: BTreeMap::new(), recipients: Vec::new() }
    }

    /// With a changed configuration.
    pub fn configured(mut self, change: impl FnOnce(&mut Config)) -> Self {
        change(&mut self.config);
        self
    }

    /// How long a lift is sent.
    pub fn configured_validity(mut self, lift: Duration) -> Self {
        self.config.delivery.lift_validity_s = lift;
        self
    }

    /// A route for drills with a simulated provider; `change` gets its configuration and the provider's settings.
    pub fn route(mut self, name: &str, channel: Channel, change: impl FnOnce(&mut Route, &mut Settings)) -> Self {
        let text = format!("channel = \"{channel}\"\nadapter = \"simulator\"\ndrill = true\nactual = false");
        let mut route: Route = toml::from_str(&text).expect("a route");
        let mut settings = Settings::of(channel);
        settings.ledger = 1_000_000;
        change(&mut route, &mut settings);
        self.config.routes.insert(name.to_owned(), route);
        self.simulators.insert(name.to_owned(), settings);
        self
    }

    /// Recipients of an area who take part in drills, with these addresses.
    pub fn recipients(mut self, area: &str, channel: Channel, addresses: impl IntoIterator<Item = String>) -> Self {
        for address in addresses {
            let external_id = format!("r{}", self.recipients.len());
            self.recipients.push(Recipient {
                external_id,
                name: String::new(),
                areas: vec![area.parse().expect("an area code")],
                groups: Vec::new(),
                language: "zh-CN".to_owned(),
                endpoints: [(channel, address)].into(),
                drill: true,
                ..Recipient::default()
            });
        }
        self
    }

    /// People of an area who take part in drills, each with all of these addresses.
    pub fn people(mut self, area: &str, people: impl IntoIterator<Item = Vec<(Channel, String)>>) -> Self {
        for endpoints in people {
            let external_id = format!("r{}", self.recipients.len());
            self.recipients.push(Recipient {
                external_id,
                name: String::new(),
                areas: vec![area.parse().expect("an area code")],
                groups: Vec::new(),
                language: "zh-CN".to_owned(),
                endpoints: endpoints.into_iter().collect(),
                drill: true,
                ..Recipient::default()
            });
        }
        self
    }

    /// One recipient as it is.
    pub fn recipient(mut self, recipient: Recipient) -> Self {
        self.recipients.push(recipient);
        self
    }

    pub async fn start(self) -> Engine {
        let clock = Clock::simulated(START_MS, self.seed);
        let store: Store = Arc::new(Memory::new(clock.clone()));
        let mut engine = Box::pin(Engine::on(store, clock, self.config, self.simulators, self.seed, None)).await;
        if !self.recipients.is_empty() {
            engine.directory().await.put(self.recipients.clone()).await.expect("stored");
            engine.recipients = self.recipients;
            // The directory that was written is the one the flow reads.
            engine = engine.restart().await;
        }
        engine
    }
}

/// A warning in our JSON form as somebody hands it in.
pub fn submission(message: &Value, actor: Actor) -> Submission {
    Submission {
        form: Form::Json,
        media_type: "application/json".to_owned(),
        body: message.to_string().into(),
        actor,
        idempotency_key: None,
    }
}

fn vault_mac(bytes: &[u8]) -> [u8; 32] {
    Vault::with_key(&[7; 32]).mac("confirm", bytes)
}

impl Engine {
    async fn on(
        store: Store,
        clock: Clock,
        config: Config,
        simulators: BTreeMap<String, Settings>,
        seed: u64,
        shared: Option<&nodes::Providers>,
    ) -> Self {
        let vault = Arc::new(Vault::with_key(&[7; 32]));
        let directory = Directory::open(Arc::clone(&store), vault, clock.clone()).await.expect("a directory");
        let directory = Arc::new(directory);
        let lifecycle = Lifecycle::default();
        let mut adapters: BTreeMap<String, Arc<dyn Adapter>> = BTreeMap::new();
        let (mut weathers, mut arrivals) = (BTreeMap::new(), BTreeMap::new());
        let (mut ledgers, mut inboxes) = (BTreeMap::new(), BTreeMap::new());
        if let Some(providers) = shared {
            ledgers.clone_from(&providers.ledgers);
            weathers.clone_from(&providers.weathers);
            arrivals.clone_from(&providers.arrivals);
            adapters.clone_from(&providers.adapters);
            inboxes = providers.desks.iter().map(|(name, desk)| (name.clone(), desk.open(name))).collect();
        }
        for (name, settings) in simulators.iter().filter(|_| shared.is_none()) {
            let inbox = Inbox::new(name.clone());
            let simulator = Simulator::new(settings.clone(), Arc::clone(&inbox) as _, seed).expect("good settings");
            ledgers.insert(name.clone(), simulator.ledger());
            weathers.insert(name.clone(), simulator.weather());
            let (inner, seen) = (Arc::new(simulator), Arrivals::new(&clock));
            arrivals.insert(name.clone(), seen.clone());
            adapters.insert(name.clone(), Arc::new(Watched { inner, arrivals: seen }));
            inboxes.insert(name.clone(), inbox);
        }
        let shown = Arc::new(ScreenInbox::default());
        let mac: fenghuo::flow::screens::Mac = Arc::new(|_: &[u8]| [0; 32]);
        let url = "http://screens.example".to_owned();
        let screens =
            Screens::open(Arc::clone(&store), Arc::clone(&directory), clock.clone(), mac, url, Arc::clone(&shown) as _);
        let telemetry = Telemetry::default();
        let assembly = Assembly {
            config: Arc::new(config.clone()),
            clock: clock.clone(),
            store: Arc::clone(&store),
            lifecycle: lifecycle.clone(),
            telemetry: telemetry.clone(),
            addresses: Arc::clone(&directory) as Arc<dyn AddressBook>,
            directory,
            templates: super::assembly::templates(&config),
            screens: Arc::new(screens.await.expect("screens")),
            links: Links::new(Arc::new(|bytes: &[u8]| vault_mac(bytes)), "https://warn.example"),
            callback_secrets: CallbackSecrets::read(&config).expect("readable secrets"),
            adapters,
        };
        let flow = Box::pin(Flow::start(assembly)).await.expect("a flow");
        inboxes.values().for_each(|inbox| flow.connect(inbox));
        flow.connect_screens(&shown);
        let recipients = Vec::new();
        Self {
            flow,
            clock,
            store,
            config,
            telemetry,
            ledgers,
            arrivals,
            weathers,
            inboxes,
            simulators,
            recipients,
            lifecycle,
            seed,
        }
    }

    async fn directory(&self) -> Directory {
        let vault = Arc::new(Vault::with_key(&[7; 32]));
        Directory::open(Arc::clone(&self.store), vault, self.clock.clone()).await.expect("a directory")
    }

    /// Changes a recipient of the plan and starts again, so that the flow reads the change.
    pub async fn changed(self, external_id: &str, change: impl FnOnce(&mut Recipient)) -> Self {
        let mut recipient = self.recipients.iter().find(|one| one.external_id == external_id).expect("one").clone();
        change(&mut recipient);
        self.directory().await.put(vec![recipient]).await.expect("stored");
        self.restart().await
    }

    /// Stops at once, as a crash does, and starts again on the same store. Ledgers go on counting apart.
    pub async fn restart(self) -> Self {
        self.lifecycle.stop(Duration::ZERO).await;
        let engine = Box::pin(Self::on(self.store, self.clock, self.config, self.simulators, self.seed, None)).await;
        Self { recipients: self.recipients, ..engine }
    }

    /// The same with changed providers.
    pub async fn restart_with(mut self, change: impl Fn(&mut Settings)) -> Self {
        self.simulators.values_mut().for_each(change);
        self.restart().await
    }

    /// Stops, and goes on at another time on the same store: a story of months in seconds.
    pub async fn restart_at(self, unix_ms: i64) -> Self {
        self.lifecycle.stop(Duration::ZERO).await;
        let clock = Clock::simulated(unix_ms, self.seed);
        let engine = Box::pin(Self::on(self.store, clock, self.config, self.simulators, self.seed, None)).await;
        Self { recipients: self.recipients, ..engine }
    }

    /// Who may say everything.
    pub fn actor(&self) -> Actor {
        Actor::new("k1", Role::Issuer, Some("relay".to_owned()))
    }

    /// Posts a warning and gives its id.
    pub async fn post(&self, message: &Value) -> WarningId {
        self.post_as(message, self.actor()).await
    }

    /// The same as somebody else.
    pub async fn post_as(&self, message: &Value, actor: Actor) -> WarningId {
        match self.flow.submit(submission(message, actor)).await.expect("accepted") {
            Submitted::Created(view) | Submitted::Repeated(view) => view.id,
        }
    }

    /// Hands a warning in, whatever becomes of it.
    pub async fn submit(&self, message: &Value) -> Result<Submitted, SubmitFault> {
        self.flow.submit(submission(message, self.actor())).await
    }

    pub async fn status(&self, id: &WarningId) -> StatusView {
        self.flow.status(id).await.expect("a store").expect("a warning")
    }

    /// Sleeps (the clock moves) until `wanted` holds, at most `limit`.
    pub async fn until(&self, id: &WarningId, limit: Duration, wanted: impl Fn(&StatusView) -> bool) -> StatusView {
        let step = Duration::from_millis(20);
        let mut waited = Duration::ZERO;
        loop {
            let status = self.status(id).await;
            if wanted(&status) {
                return status;
            }
            assert!(waited < limit, "not within {limit:?}: {status:#?}");
            self.clock.sleep(step).await;
            waited += step;
        }
    }

    /// Until every delivery has ended and every receipt that will come has come.
    pub async fn until_done(&self, id: &WarningId, limit: Duration) -> StatusView {
        self.until(id, limit, |status| status.done && status.receipts_awaited == 0).await
    }
}
