//! One world: a directory, routes, providers, a disk, and the engine that is crashed in it.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use fenghuo::{
    clock::Clock,
    config::{Config, Issuer, Route},
    domain::{delivery::State, level::Level},
    flow::{
        authorize::{Actor, Role},
        intake::{Form, Submission, SubmitFault, Submitted},
        record::WarningId,
        status::{DeliveryFilter, DeliveryView, StatusView},
        target::directory::Recipient,
    },
    store::Store,
};
use fenghuo_contract::{Channel, RateUnit};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{
    book::Book,
    chance::Chance,
    invariants::Known,
    provider::{self, Limits, Provider},
    storage::{self, Disk},
};
use crate::support::{
    assembly::{Assembled, assemble},
    engine::START_MS,
    message::{DISTRICT, OTHER_STREET, STREET},
};

pub const AREAS: [&str; 3] = [DISTRICT, STREET, OTHER_STREET];
const CHANNELS: [Channel; 2] = [Channel::Sms, Channel::Email];

/// A route and who is behind it.
pub struct Line {
    pub provider: Arc<Provider>,
    limits: Limits,
}

pub struct World {
    pub chance: Chance,
    pub clock: Clock,
    pub book: Arc<Book>,
    pub disk: Arc<Disk>,
    pub lines: BTreeMap<String, Line>,
    pub people: Vec<Recipient>,
    /// What was posted and answered.
    pub posted: Vec<(Value, WarningId)>,
    pub known: Known,
    config: Config,
    running: Option<(Assembled, Arc<AtomicBool>)>,
}

/// What two runs of one seed must agree about.
#[derive(Debug, PartialEq, Eq)]
pub struct Trace {
    pub rows: u64,
    pub journal: [u8; 32],
    pub ledger: [u8; 32],
}

impl World {
    pub async fn new(seed: u64) -> Self {
        let mut chance = Chance::of(seed, 1);
        let clock = Clock::simulated(START_MS, seed);
        let (config, limits) = configuration(&mut chance);
        let book = Arc::new(Book::new(clock.clone(), &config));
        let disk = Disk::new(clock.clone(), Arc::clone(&book), Chance::of(seed, 2));
        let lines = limits.into_iter().enumerate().map(|(at, (name, limits))| {
            let chance = Chance::of(seed, 100 + at as u64);
            let provider = Provider::new(&name, Arc::clone(&book), clock.clone(), chance);
            (name, Line { provider, limits })
        });
        let lines = lines.collect();
        let people = people(&mut chance);
        let (posted, known) = (Vec::new(), Known::default());
        let mut world = Self { chance, clock, book, disk, lines, people, posted, known, config, running: None };
        world.start().await;
        for person in &world.people {
            world.tell_book(person, person.drill);
        }
        world.flow().directory().put(world.people.clone()).await.expect("a calm disk");
        world
    }

    pub fn flow(&self) -> &fenghuo::flow::Flow {
        &self.running.as_ref().expect("it runs").0.flow
    }

    pub fn tell_book(&self, person: &Recipient, drill: bool) {
        person.endpoints.values().for_each(|address| self.book.takes_part(address, drill));
    }

    async fn start(&mut self) {
        let alive = Arc::new(AtomicBool::new(true));
        let store: Store = self.disk.attach(&alive);
        let lines = &self.lines;
        let adapter = |name: &str, inbox: &Arc<_>| {
            let line = &lines[name];
            line.provider.link(&line.limits, inbox, &alive)
        };
        let assembled = assemble(store, self.clock.clone(), self.config.clone(), adapter).await;
        self.running = Some((assembled, alive));
    }

    /// Everything in memory goes, what is on disk and with the providers stays.
    pub async fn crash(&mut self) {
        if let Some((assembled, alive)) = self.running.take() {
            alive.store(false, Ordering::Relaxed);
            assembled.lifecycle.stop(Duration::ZERO).await;
        }
        self.book.crashed();
        self.disk.set(storage::Mood::Calm);
        self.start().await;
    }

    /// Posts; `None` when it could not be stored.
    pub async fn try_post(&self, message: &Value) -> Option<WarningId> {
        let actor = Actor::new("k1", Role::Issuer, Some("relay".to_owned()));
        let submission = Submission {
            form: Form::Json,
            media_type: "application/json".to_owned(),
            body: message.to_string().into(),
            actor,
            idempotency_key: None,
        };
        match self.flow().submit(submission).await {
            Ok(Submitted::Created(view) | Submitted::Repeated(view)) => Some(view.id),
            Err(SubmitFault::Unavailable(_) | SubmitFault::KeyRunning) => None,
            Err(fault) => panic!("a good warning was refused: {fault:?}"),
        }
    }

    /// Posts until it is answered.
    pub async fn post(&mut self, message: Value) {
        loop {
            if let Some(id) = self.try_post(&message).await {
                self.note(message, id);
                return;
            }
            self.pass(Duration::from_millis(50)).await;
        }
    }

    /// Remembers an answer: the same message is the same warning for ever.
    pub fn note(&mut self, message: Value, id: WarningId) {
        let known = self.posted.iter().find(|(posted, _)| posted["identifier"] == message["identifier"]);
        match known {
            Some((_, known)) => {
                let same = *known == id;
                self.book.must(same, || "the same warning was given a second id".to_owned());
            }
            None => self.posted.push((message, id)),
        }
    }

    /// Lets time pass, and looks at every step whether everything holds.
    pub async fn pass(&mut self, time: Duration) {
        self.pass_by(time, Duration::from_millis(1_000)).await;
    }

    async fn pass_by(&mut self, time: Duration, step: Duration) {
        let mut left = time;
        while !left.is_zero() {
            let now = left.min(step);
            self.clock.sleep(now).await;
            left -= now;
            self.look(false).await;
        }
    }

    /// Checks what the engine says now against what is known; `closely` also every single delivery.
    pub async fn look(&mut self, closely: bool) {
        let mut known = std::mem::take(&mut self.known);
        known.look(self, closely).await;
        self.known = known;
    }

    pub async fn status(&self, id: &WarningId) -> Option<StatusView> {
        self.flow().status(id).await.expect("a status needs no disk")
    }

    pub async fn deliveries(&self, id: &WarningId) -> Vec<DeliveryView> {
        let page = self.flow().deliveries(id, &DeliveryFilter::default(), None, 10_000).await;
        // A disk that cannot be read now can be later.
        page.ok().flatten().map(|page| page.items).unwrap_or_default()
    }

    pub async fn resume_all(&self) {
        for name in self.lines.keys() {
            while self.flow().resume_route(name, "k1").await.is_err() {
                self.clock.sleep(Duration::from_millis(50)).await;
            }
        }
    }

    /// Providers and disk are well; everything ends.
    pub async fn quiesce(&mut self) {
        self.disk.set(storage::Mood::Calm);
        for line in self.lines.values() {
            line.provider.set(provider::Mood::Good);
            line.provider.sober();
        }
        self.resume_all().await;
        for round in 0..300_u64 {
            if self.book.broken().is_some() || self.open().await.is_empty() {
                break;
            }
            // Whoever was reached often enough waits for the next hour.
            let step = Duration::from_secs(if round < 100 { 2 } else { 30 });
            self.pass_by(step, step).await;
        }
        let open = self.open().await;
        self.book.must(open.is_empty(), || {
            let routes = self.flow().routes();
            format!("not ended although providers were well for an hour and a half: {open:?} {routes:?}")
        });
        // Receipts that are still on their way.
        for _ in 0..30 {
            self.pass_by(Duration::from_secs(1), Duration::from_secs(1)).await;
            if self.lines.values().all(|line| line.provider.has_reported()) {
                break;
            }
        }
        self.look(true).await;
    }

    /// What has not ended.
    async fn open(&self) -> Vec<String> {
        let mut open = Vec::new();
        for (message, id) in &self.posted {
            let status = self.status(id).await;
            if !status.as_ref().is_some_and(|status| status.done) {
                let channels = status.map(|status| format!("{:?} {:?}", status.stage, status.channels));
                open.push(format!("{}: {channels:?}", message["identifier"]));
            }
        }
        open
    }

    pub async fn trace(&self) -> Trace {
        let (rows, journal) = self.disk.head().await;
        let mut ledger = Sha256::new();
        self.book.open().ledger.iter().for_each(|line| ledger.update(line));
        Trace { rows, journal, ledger: ledger.finalize().into() }
    }

    pub async fn end(mut self) {
        if let Some((assembled, alive)) = self.running.take() {
            alive.store(false, Ordering::Relaxed);
            assembled.lifecycle.stop(Duration::ZERO).await;
        }
    }
}

/// Whether a state is one that needs the person to have got it.
pub fn needs_arrival(state: State) -> bool {
    matches!(state, State::Accepted | State::Delivered | State::Confirmed)
}

fn configuration(chance: &mut Chance) -> (Config, Vec<(String, Limits)>) {
    let mut config = Config::default();
    let any = vec!["*".to_owned()];
    let name = "转发".to_owned();
    let levels = Level::ALL.to_vec();
    let issuer =
        Issuer { name, senders: Vec::new(), hazards: any.clone(), levels, areas: any, relay: true, audience_max: None };
    config.issuers.insert("relay".to_owned(), issuer);
    if chance.says(80) {
        config.limits.recipient.clear();
    }
    let mut limits = Vec::new();
    for channel in CHANNELS {
        for number in 0..chance.between(1, 3) {
            let kind = chance.between(0, 3);
            let calls = chance.says(20);
            let text = format!(
                "channel = \"{channel}\"\nadapter = \"simulator\"\ndrill = {}\nactual = {}\nred_share = {}\ntimeout_s = {}",
                // The first carries both, so that nothing has nowhere to go.
                number == 0 || kind != 1,
                number == 0 || kind != 2,
                chance.pick(&["0.0", "0.2", "0.5"]),
                chance.between(1, 5),
            );
            let mut route: Route = toml::from_str(&text).expect("a route");
            route.rate_per_s = chance.says(75).then(|| *chance.pick(&[2, 5, 10, 50, 300]));
            route.batch = chance.says(50).then(|| *chance.pick(&[1, 3, 8]));
            route.window = chance.says(50).then(|| *chance.pick(&[1, 2, 4]));
            let unit = if calls { RateUnit::Calls } else { RateUnit::Recipients };
            route.rate_unit = Some(unit);
            let name = format!("{channel}.{number}");
            config.routes.insert(name.clone(), route);
            let (batch_max, window) = (*chance.pick(&[1, 5, 100]), *chance.pick(&[1, 4, 16]));
            limits.push((name, Limits { channel, batch_max, window, unit }));
        }
    }
    (config, limits)
}

fn people(chance: &mut Chance) -> Vec<Recipient> {
    (0..chance.between(4, 18)).map(|number| person(number, chance)).collect()
}

pub fn person(number: u64, chance: &mut Chance) -> Recipient {
    let mut endpoints = BTreeMap::new();
    if chance.says(80) {
        endpoints.insert(Channel::Sms, format!("138{number:08}"));
    }
    if chance.says(50) || endpoints.is_empty() {
        endpoints.insert(Channel::Email, format!("p{number}@songbei.example{}", chance.between(1, 9)));
    }
    Recipient {
        external_id: format!("p{number}"),
        name: String::new(),
        areas: vec![chance.pick(&[STREET, OTHER_STREET]).parse().expect("an area code")],
        groups: Vec::new(),
        language: (*chance.pick(&["zh-CN", "en"])).to_owned(),
        endpoints,
        drill: chance.says(80),
        ..Recipient::default()
    }
}
