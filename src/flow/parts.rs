//! What the stages work with, and the few things several of them do.

mod doubt;
mod outcomes;
mod plans;

use std::{
    collections::{BTreeMap, HashSet},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use fenghuo_contract::Channel;
use parking_lot::{Mutex, RwLock};

use super::{
    Unavailable,
    alarms::Alarms,
    authorize,
    call::Calls,
    deliver::Route,
    drills::Drills,
    inbox::Inbox,
    measures::Measures,
    nodes::Nodes,
    partners::Partners,
    projection::{Keep, Plan, Projection},
    receipt::{CallbackSecrets, Links, Turn},
    record::{Decision, Stage, WarningId, WarningRecord, replace},
    render::templates::Templates,
    roster::Rosters,
    schedule::{Lanes, Limits},
    screens::Screens,
    show::Later,
    status::Progress,
    subscribe::Doors,
    suppress::Suppressions,
    target::directory::{Directory, Endpoint},
    upstream::Upstreams,
    warnings::Warnings,
};
use crate::{
    clock::Clock,
    config::Config,
    domain::{
        area::AreaCode,
        message::{MessageRef, Polygon},
        sheet,
    },
    lifecycle::Lifecycle,
    store::{Commit, CommitFault, Put, Space, Store, Stored, Urgency},
    telemetry::Telemetry,
};

/// Where the deliver stage finds the addresses of directory rows.
#[async_trait::async_trait]
pub trait AddressBook: Send + Sync + 'static {
    /// Addresses of rows on a channel, in the order asked for.
    async fn endpoints(&self, rows: &[u32], channel: Channel) -> Result<Vec<Endpoint>, Unavailable>;
}

#[async_trait::async_trait]
impl AddressBook for Directory {
    async fn endpoints(&self, rows: &[u32], channel: Channel) -> Result<Vec<Endpoint>, Unavailable> {
        Self::endpoints(self, rows, channel).await
    }
}

/// What a gateway is put together from.
pub struct Assembly {
    pub config: Arc<Config>,
    pub clock: Clock,
    pub store: Store,
    pub lifecycle: Lifecycle,
    pub telemetry: Telemetry,
    pub directory: Arc<Directory>,
    pub addresses: Arc<dyn AddressBook>,
    pub templates: Templates,
    pub screens: Arc<Screens>,
    /// Makes the addresses at which readers confirm.
    pub links: Links,
    pub callback_secrets: CallbackSecrets,
    /// Adapters by route name.
    pub adapters: BTreeMap<String, Arc<dyn fenghuo_contract::Adapter>>,
}

/// What the stages work with.
pub(crate) struct Parts {
    pub(crate) config: Arc<Config>,
    pub(crate) clock: Clock,
    pub(crate) store: Store,
    pub(crate) lifecycle: Lifecycle,
    pub(crate) telemetry: Telemetry,
    pub(crate) directory: Arc<Directory>,
    pub(crate) addresses: Arc<dyn AddressBook>,
    pub(crate) templates: Templates,
    /// Outlines of the district's areas, for maps.
    pub(crate) outlines: BTreeMap<AreaCode, Vec<Polygon>>,
    pub(crate) screens: Arc<Screens>,
    pub(crate) keys: authorize::Keys,
    pub(crate) routes: BTreeMap<String, Arc<Route>>,
    pub(crate) projection: Projection,
    /// Every warning that is here.
    pub(crate) warnings: RwLock<Warnings>,
    pub(crate) progress: Progress,
    /// Later word that waits to be durable.
    pub(crate) receipts: Turn,
    pub(crate) links: Links,
    pub(crate) callback_secrets: CallbackSecrets,
    /// Idempotency keys of requests under way.
    pub(crate) running_keys: Running,
    pub(crate) limits: Limits,
    /// Whether the references of the journal are learned again after the start.
    pub(crate) learned: tokio::sync::watch::Sender<bool>,
    /// Held while the record of a plan is written anew.
    plan_writes: tokio::sync::Mutex<()>,
    /// Held while a sign-off changes.
    pub(crate) signing: tokio::sync::Mutex<()>,
    /// Plans of which memory says more than the store, and what was decided about them.
    unwritten: Mutex<Vec<(Arc<Plan>, Decision)>>,
    pub(crate) alarms: Alarms,
    pub(crate) drills: Drills,
    /// Who has to confirm what.
    pub(crate) calls: Calls,
    pub(crate) partners: Partners,
    pub(crate) inbox: Inbox,
    pub(crate) upstreams: Upstreams,
    /// What departments have to do.
    pub(crate) measures: Measures,
    /// Addresses that providers refused for good.
    pub(crate) suppressions: Suppressions,
    /// Where residents subscribe.
    pub(crate) doors: Doors,
    /// Who is on duty.
    pub(crate) rosters: Rosters,
    /// Rings when somebody is to be told something.
    pub(crate) bell: tokio::sync::Notify,
    /// Keys may have been made of which nobody was told yet.
    pub(crate) granted: AtomicBool,
    /// The others that share its store.
    pub(crate) nodes: Nodes,
    lanes: BTreeMap<Channel, Lanes>,
    leases: AtomicU64,
    screens_old: AtomicBool,
    /// Screens that came after a release.
    pub(crate) later: Later,
}

impl Parts {
    pub(crate) fn new(assembly: Assembly, routes: BTreeMap<String, Arc<Route>>, limits: Limits) -> Self {
        let (clock, telemetry) = (assembly.clock, assembly.telemetry);
        let receipts = &assembly.config.receipts;
        let keep_ms = i64::try_from(receipts.unknown_keep_s.as_millis()).unwrap_or(i64::MAX);
        let projection = Projection::keeping(Keep { most: receipts.unknown_max, ms: keep_ms });
        let (nodes, store) = Nodes::on(assembly.store, clock.instant());
        Self {
            leases: AtomicU64::new(u64::try_from(clock.unix_ms()).unwrap_or_default() << 20),
            partners: Partners::new(&assembly.config),
            outlines: outlines(&assembly.config),
            inbox: Inbox::default(),
            upstreams: Upstreams::default(),
            config: assembly.config,
            progress: Progress::new(!nodes.is_alone()),
            nodes,
            store,
            lifecycle: assembly.lifecycle,
            directory: assembly.directory,
            addresses: assembly.addresses,
            templates: assembly.templates,
            screens: assembly.screens,
            keys: authorize::Keys::default(),
            routes,
            projection,
            receipts: Turn::default(),
            links: assembly.links,
            callback_secrets: assembly.callback_secrets,
            warnings: RwLock::default(),
            running_keys: Running::default(),
            limits,
            learned: tokio::sync::watch::Sender::new(false),
            plan_writes: tokio::sync::Mutex::default(),
            signing: tokio::sync::Mutex::default(),
            unwritten: Mutex::default(),
            alarms: Alarms::new(clock.clone(), telemetry.clone()),
            drills: Drills::default(),
            calls: Calls::default(),
            measures: Measures::default(),
            suppressions: Suppressions::default(),
            doors: Doors::default(),
            telemetry,
            rosters: Rosters::default(),
            bell: tokio::sync::Notify::new(),
            granted: AtomicBool::new(true),
            screens_old: AtomicBool::new(false),
            later: Later::default(),
            lanes: Channel::ALL.into_iter().map(|channel| (channel, Lanes::default())).collect(),
            clock,
        }
    }

    /// Waits until the references of the journal are learned again after the start.
    pub(crate) async fn references_are_learned(&self) {
        // The sender lives as long as this: waiting cannot fail.
        let _seen = self.learned.subscribe().wait_for(|learned| *learned).await.is_ok();
    }

    /// The lanes of a channel.
    pub(crate) fn lanes(&self, channel: Channel) -> &Lanes {
        // Every channel has its lanes from the start.
        &self.lanes[&channel]
    }

    /// Whether messages of a channel carry a link by which their reader confirms.
    pub(crate) fn confirms(&self, channel: Channel) -> bool {
        channel.reaches_persons() && self.config.receipts.confirm_links.contains(&channel)
    }

    /// An address as long as the longest by which readers of a channel confirm; empty where they are given none.
    pub(crate) fn confirm_sample(&self, channel: Channel) -> String {
        self.config.receipts.confirm_sample(channel, self.links.public_url())
    }

    /// A lease number that no other lease of this installation has.
    pub(crate) fn next_lease(&self) -> u64 {
        self.nodes.next_lease().unwrap_or_else(|| self.leases.fetch_add(1, Ordering::Relaxed))
    }

    /// Every lease number from now on is larger than this one, which stands in the journal: the wall clock that numbers
    /// begin with may have been set back.
    pub(crate) fn lease_stands(&self, lease: u64) {
        self.leases.fetch_max(lease.saturating_add(1), Ordering::Relaxed);
    }

    /// A new UUID of version 7: later ones sort later, none can be guessed.
    pub(crate) fn uuid(&self) -> String {
        let ms = u64::try_from(self.clock.unix_ms()).unwrap_or_default();
        uuid::Builder::from_unix_timestamp_millis(ms, &self.clock.random()).into_uuid().to_string()
    }

    /// The newest warning with the identity a reference names.
    pub(crate) fn referenced(&self, reference: &MessageRef) -> Option<Arc<WarningRecord>> {
        self.warnings.read().referenced(reference).cloned()
    }

    /// How urgent the next step of a stored warning is.
    fn urgency(&self, record: &WarningRecord) -> Urgency {
        let ends = record.stage == Stage::Finished;
        if ends || self.takes_back(record) { Urgency::Reserved } else { Urgency::Pressing }
    }

    /// What the screens show may be out of date from now on.
    pub(crate) fn screens_change(&self) {
        self.screens_old.store(true, Ordering::Relaxed);
    }

    /// Whether it is; the caller shows it anew.
    pub(crate) fn screens_are_old(&self) -> bool {
        self.screens_old.swap(false, Ordering::Relaxed)
    }

    /// A warning in memory.
    pub(crate) fn warning_record(&self, id: &WarningId) -> Option<Arc<WarningRecord>> {
        self.warnings.read().get(id).cloned()
    }

    /// The record of a warning as the store holds it.
    pub(crate) async fn stored_warning(&self, id: &WarningId) -> Result<Option<(WarningRecord, u64)>, Unavailable> {
        let stored = self.store.get(Space::Warning, id.0.as_str().into()).await?;
        stored.map(|Stored { version, value }| Ok((parse(&value)?, version))).transpose()
    }

    /// Commits the next state of a warning together with a decision and other changes.
    pub(crate) async fn advance(
        &self,
        record: &WarningRecord,
        version: u64,
        puts: Vec<Put>,
        decision: &Decision,
    ) -> Result<u64, Unavailable> {
        let mut all = vec![replace(Space::Warning, record.id.0.as_str(), record, version)];
        all.extend(puts);
        let commit = Commit { puts: all, entries: vec![decision.entry()] };
        let sequence = match self.store.commit_as(self.urgency(record), commit).await {
            Ok(committed) => committed.entries.first().map_or(0, |entry| entry.sequence),
            Err(CommitFault::Unknown(why)) => self.look_for(record, version, decision, why).await?,
            Err(fault) => return Err(fault.into()),
        };
        self.remember(record.clone());
        self.progress.decided(sequence, decision);
        if self.warnings.read().owes(&record.id) {
            self.bell.notify_one();
        }
        Ok(sequence)
    }

    /// Keeps a record in memory as it now stands.
    pub(crate) fn remember(&self, record: WarningRecord) {
        self.warnings.write().insert(record);
    }
}

fn outlines(config: &Config) -> BTreeMap<AreaCode, Vec<Polygon>> {
    let read = |(code, outlines): (&String, &Vec<String>)| {
        let polygons = outlines.iter().filter_map(|text| sheet::outline(text)).collect();
        code.parse().ok().map(|code: AreaCode| (code, polygons))
    };
    config.outlines.iter().filter_map(read).collect()
}

/// Idempotency keys of requests under way.
#[derive(Default)]
pub(crate) struct Running(Mutex<HashSet<[u8; 32]>>);

/// A key under way, until dropped.
pub(crate) struct Entered<'a> {
    running: &'a Running,
    key: [u8; 32],
}

impl Running {
    /// Enters a key; `None` when it is under way already.
    pub(crate) fn enter(&self, key: [u8; 32]) -> Option<Entered<'_>> {
        self.0.lock().insert(key).then_some(Entered { running: self, key })
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.running.0.lock().remove(&self.key);
    }
}

/// Reads a record of ours.
pub(crate) fn parse<T: serde::de::DeserializeOwned>(value: &[u8]) -> Result<T, Unavailable> {
    serde_json::from_slice(value).map_err(|fault| Unavailable::new(format!("a stored record cannot be read: {fault}")))
}
