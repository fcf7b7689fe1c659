//! A flow over any store and any adapters, for worlds that bring their own.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use fenghuo::{
    clock::Clock,
    config::Config,
    flow::{
        AddressBook, Assembly, Flow,
        receipt::{Inbox, ScreenInbox},
        render::templates::Templates,
        screens::Screens,
        target::directory::Directory,
    },
    lifecycle::Lifecycle,
    store::{Store, seal::Vault},
    telemetry::Telemetry,
};
use fenghuo_contract::Adapter;

/// A running flow and what ends it.
pub struct Assembled {
    pub flow: Flow,
    pub lifecycle: Lifecycle,
}

/// The templates of a configuration. Reading them is most of a start, and worlds start often.
pub fn templates(config: &Config) -> Templates {
    static READ: Mutex<BTreeMap<String, Templates>> = Mutex::new(BTreeMap::new());
    let mut read = READ.lock().unwrap();
    let known = read.entry(format!("{:?}", config.texts));
    known.or_insert_with(|| Templates::load(config).expect("built-in templates")).clone()
}

/// Starts a flow; `adapter` builds the adapter of each configured route, whose receipts come in by the inbox.
pub async fn assemble(
    store: Store,
    clock: Clock,
    config: Config,
    mut adapter: impl FnMut(&str, &Arc<Inbox>) -> Arc<dyn Adapter>,
) -> Assembled {
    let vault = Arc::new(Vault::with_key(&[7; 32]));
    let directory = Directory::open(Arc::clone(&store), vault, clock.clone()).await.expect("a directory");
    let directory = Arc::new(directory);
    let lifecycle = Lifecycle::default();
    let (mut adapters, mut inboxes) = (BTreeMap::new(), Vec::new());
    for name in config.routes.keys() {
        let inbox = Inbox::new(name.clone());
        adapters.insert(name.clone(), adapter(name, &inbox));
        inboxes.push(inbox);
    }
    let shown = Arc::new(ScreenInbox::default());
    let mac: fenghuo::flow::screens::Mac = Arc::new(|_: &[u8]| [0; 32]);
    let url = "http://screens.example".to_owned();
    let sink = Arc::clone(&shown) as Arc<dyn fenghuo::flow::screens::ShownSink>;
    let screens = Screens::open(Arc::clone(&store), Arc::clone(&directory), clock.clone(), mac, url, sink);
    let assembly = Assembly {
        templates: templates(&config),
        config: Arc::new(config),
        clock,
        lifecycle: lifecycle.clone(),
        telemetry: Telemetry::default(),
        addresses: Arc::clone(&directory) as Arc<dyn AddressBook>,
        directory,
        screens: Arc::new(screens.await.expect("screens")),
        links: fenghuo::flow::receipt::Links::new(Arc::new(|_: &[u8]| [0; 32]), "https://warn.example"),
        callback_secrets: fenghuo::flow::receipt::CallbackSecrets::default(),
        store,
        adapters,
    };
    let flow = Box::pin(Flow::start(assembly)).await.expect("a flow");
    inboxes.iter().for_each(|inbox| flow.connect(inbox));
    flow.connect_screens(&shown);
    Assembled { flow, lifecycle }
}
