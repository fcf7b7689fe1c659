//! Builds a gateway from its parts: store, directory, adapters, flow, HTTP; and takes it down again.

pub mod adapters;
pub mod upstream;

use std::{collections::BTreeMap, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use tokio::net::TcpListener;

use crate::{
    clock::Clock,
    config::{Config, Route, StoreConfig, Upstream},
    flow::{
        Assembly, Flow, Unavailable,
        receipt::{CallbackSecrets, Inbox, Links, ScreenInbox, SecretFault, Unsealed},
        render::templates::{TemplateFaults, Templates},
        screens::Screens,
        target::directory::Directory,
        upstream::Fetch,
    },
    http::{self, Site},
    lifecycle::Lifecycle,
    store::{
        Store,
        embedded::{Embedded, OpenFault, Options},
        redis::{self, AddressFault, Redis},
        seal::{KeyFault, Vault},
    },
    telemetry::Telemetry,
};

/// Name of the key file in the data directory.
pub const KEY_FILE: &str = "seal.key";
/// Name of the file in the data directory that remembers which shared store this machine belongs to.
pub const INSTALLATION_FILE: &str = "store.installation";
/// How long clients may take to read their answers once nothing else runs any more.
const FAREWELL: Duration = Duration::from_secs(5);

/// A running gateway.
pub struct Gateway {
    flow: Flow,
    directory: Arc<Directory>,
    screens: Arc<Screens>,
    store: Store,
    lifecycle: Lifecycle,
    /// What answers requests: it ends last, so that those who ask meanwhile hear that it stops.
    doors: Lifecycle,
    patience: Duration,
    adapters: BTreeMap<String, Arc<dyn fenghuo_contract::Adapter>>,
    address: SocketAddr,
}

/// Why a gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartFault {
    /// The store does not open.
    #[error(transparent)]
    Store(#[from] OpenFault),
    /// The store that several nodes share does not open.
    #[error(transparent)]
    Shared(#[from] redis::OpenFault),
    /// Its address cannot be read.
    #[error("the address of the store {0}")]
    Address(#[from] AddressFault),
    /// The data directory cannot be made.
    #[error("cannot create {path}")]
    Data {
        /// The directory.
        path: std::path::PathBuf,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The key that addresses are sealed with is missing, wrong or readable by others.
    #[error(transparent)]
    Key(#[from] KeyFault),
    /// Message templates do not render.
    #[error(transparent)]
    Templates(#[from] TemplateFaults),
    /// A file of callback secrets is of no use.
    #[error(transparent)]
    Callback(#[from] SecretFault),
    /// A route's adapter cannot be built from its settings.
    #[error("route {route}: {fault}")]
    Route {
        /// The route's name.
        route: String,
        /// What is wrong with its settings.
        fault: adapters::AdapterFault,
    },
    /// A feed of an upper level cannot be looked at with its settings.
    #[error("upstream {name}: {fault}")]
    Upstream {
        /// The feed's name.
        name: String,
        /// What is wrong with its settings.
        fault: String,
    },
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The configured address.
        address: SocketAddr,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The store cannot be read.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// A store with what is read from it before anything runs.
pub struct Opened {
    /// The store itself.
    pub store: Store,
    /// The key of sealed values.
    pub vault: Arc<Vault>,
    /// The recipients.
    pub directory: Arc<Directory>,
}

/// Opens the embedded store of a data directory, its key and its directory of recipients.
///
/// # Errors
/// [`StartFault`].
pub async fn open(data: &Path, clock: &Clock) -> Result<Opened, StartFault> {
    open_store(&StoreConfig { data: data.to_owned(), ..StoreConfig::default() }, clock, Options::default()).await
}

/// Opens the store that these settings name, its key and its directory of recipients.
///
/// # Errors
/// [`StartFault`].
pub async fn open_configured(config: &StoreConfig, clock: &Clock) -> Result<Opened, StartFault> {
    let options = Options { reserve: Some(config.reserve as u64), ..Options::default() };
    open_store(config, clock, options).await
}

/// How the store is opened that several nodes share, when these settings name one.
///
/// # Errors
/// Its address cannot be read.
pub fn shared_store(config: &StoreConfig) -> Result<Option<redis::Options>, AddressFault> {
    let Some(url) = &config.url else { return Ok(None) };
    Ok(Some(redis::Options {
        address: url.parse()?,
        ca_file: config.ca_file.clone(),
        user: config.user.clone(),
        password_file: config.password_file.clone(),
        prefix: config.prefix.clone(),
        replicas: config.replicas,
        wait: config.wait_s,
        lease: config.lease_s,
        memory: Some(config.data.join(INSTALLATION_FILE)),
    }))
}

async fn open_store(config: &StoreConfig, clock: &Clock, options: Options) -> Result<Opened, StartFault> {
    let data = &config.data;
    let store: Store = match shared_store(config)? {
        Some(shared) => {
            // The key and what this machine remembers are kept there.
            std::fs::create_dir_all(data).map_err(|source| StartFault::Data { path: data.clone(), source })?;
            Arc::new(Box::pin(Redis::open(clock.clone(), shared)).await?)
        }
        None => Arc::new(Embedded::open(data, clock.clone(), options)?),
    };
    let vault = Arc::new(Vault::start(&store, &data.join(KEY_FILE), clock).await?);
    let directory = Arc::new(Directory::open(Arc::clone(&store), Arc::clone(&vault), clock.clone()).await?);
    Ok(Opened { store, vault, directory })
}

impl Gateway {
    /// Starts everything and answers requests when it returns.
    ///
    /// # Errors
    /// [`StartFault`]; nothing runs then.
    pub async fn start(config: Config, clock: Clock) -> Result<Self, StartFault> {
        let config = config.with_partner_routes();
        let templates = Templates::load(&config)?;
        let callback_secrets = CallbackSecrets::read(&config)?;
        let opened = Box::pin(open_configured(&config.store, &clock)).await?;
        let listen = config.server.listen;
        let listener =
            TcpListener::bind(listen).await.map_err(|source| StartFault::Listen { address: listen, source })?;
        let address = listener.local_addr().map_err(|source| StartFault::Listen { address: listen, source })?;
        let public_url = config.server.public_url.clone().unwrap_or_else(|| format!("http://{address}"));
        let (adapters, inboxes) = build_adapters(&config, &clock)?;
        let push_door = adapters::push_door(&config).map_err(|fault| StartFault::Route {
            route: config.public.push_route.clone().unwrap_or_default(),
            fault,
        })?;
        let fetchers = build_fetchers(&config)?;

        let vault = Arc::clone(&opened.vault);
        let confirm: crate::flow::screens::Mac = Arc::new(move |bytes: &[u8]| vault.mac("confirm", bytes));
        let links = Links::new(confirm, &public_url).with_unsubscribing(read_unsubscribing(&config)?);
        let vault = Arc::clone(&opened.vault);
        let mac: crate::flow::screens::Mac = Arc::new(move |bytes: &[u8]| vault.mac("kiosk", bytes));
        let shown = Arc::new(ScreenInbox::default());
        let screens = Screens::open(
            Arc::clone(&opened.store),
            Arc::clone(&opened.directory),
            clock.clone(),
            mac,
            public_url,
            Arc::clone(&shown) as Arc<dyn crate::flow::screens::ShownSink>,
        );
        let screens = Arc::new(screens.await?.with_key_generation(config.screens.key_generation));
        let lifecycle = Lifecycle::default();
        let config = Arc::new(config);
        let telemetry = Telemetry::default();
        let assembly = Assembly {
            config: Arc::clone(&config),
            clock: clock.clone(),
            store: Arc::clone(&opened.store),
            lifecycle: lifecycle.clone(),
            telemetry: telemetry.clone(),
            addresses: Arc::clone(&opened.directory) as Arc<dyn crate::flow::AddressBook>,
            directory: Arc::clone(&opened.directory),
            templates,
            screens: Arc::clone(&screens),
            links,
            callback_secrets,
            adapters: adapters.clone(),
        };
        let flow = Box::pin(Flow::start(assembly)).await?;
        for inbox in inboxes {
            flow.connect(&inbox);
        }
        flow.connect_screens(&shown);
        push_door.into_iter().for_each(|door| flow.open_push(door));
        fetchers.into_iter().for_each(|(name, fetcher)| flow.follow(&name, fetcher));
        let patience = config.server.stop_within_s;
        let site = Site::new(flow.clone(), config, clock, telemetry);
        let doors = Lifecycle::default();
        doors.spawn(http::serve::run(site, listener, lifecycle.stopping(), doors.stopping()));
        let (directory, store) = (opened.directory, opened.store);
        Ok(Self { flow, directory, screens, store, lifecycle, doors, patience, adapters, address })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Everything that can be asked for.
    #[must_use]
    pub fn flow(&self) -> &Flow {
        &self.flow
    }

    /// The recipients.
    #[must_use]
    pub fn directory(&self) -> &Arc<Directory> {
        &self.directory
    }

    /// Stops: nothing new is claimed or taken, what is on the wire may finish, then everything is closed. Says whether
    /// it all ended by itself in time.
    pub async fn shutdown(self) -> bool {
        self.screens.close();
        let ended = self.lifecycle.stop(self.patience).await;
        self.doors.stop(FAREWELL).await;
        for adapter in self.adapters.values() {
            adapter.close().await;
        }
        self.store.close().await;
        ended
    }
}

fn read_unsubscribing(config: &Config) -> Result<Vec<Unsealed>, StartFault> {
    let read = |(name, route): (&String, &Route)| {
        let unsealed = adapters::unsubscribing(route);
        unsealed.map_err(|fault| StartFault::Route { route: name.clone(), fault }).transpose()
    };
    config.routes.iter().filter_map(read).collect()
}

fn build_fetchers(config: &Config) -> Result<Fetchers, StartFault> {
    let active = config.upstreams.iter().filter(|(_, upstream)| upstream.active);
    let build = |(name, upstream): (&String, &Upstream)| match upstream::fetcher(upstream) {
        Ok(fetcher) => Ok((name.clone(), fetcher)),
        Err(fault) => Err(StartFault::Upstream { name: name.clone(), fault }),
    };
    active.map(build).collect()
}

type Fetchers = Vec<(String, Arc<dyn Fetch>)>;

type Adapters = BTreeMap<String, Arc<dyn fenghuo_contract::Adapter>>;

fn build_adapters(config: &Config, clock: &Clock) -> Result<(Adapters, Vec<Arc<Inbox>>), StartFault> {
    let adapters = adapters::Adapters::new(clock);
    let mut built = BTreeMap::new();
    let mut inboxes = Vec::new();
    for (name, route) in &config.routes {
        let inbox = Inbox::new(name.clone());
        let sink = Arc::clone(&inbox) as Arc<dyn fenghuo_contract::ReceiptSink>;
        let adapter = adapters.build(route, sink);
        let adapter = adapter.map_err(|fault| StartFault::Route { route: name.clone(), fault })?;
        built.insert(name.clone(), adapter);
        inboxes.push(inbox);
    }
    Ok((built, inboxes))
}
