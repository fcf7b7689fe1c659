//! Providers as they are: slow, failing, throttling, silent, and telling of things that were not.

use std::{
    collections::HashSet,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use fenghuo::{clock::Clock, flow::receipt::Inbox};
use fenghuo_contract::{
    Adapter, Batch, Cause, Channel, Deduplication, Fault, Item, Origin, Profile, RateUnit, Receipt, ReceiptSink,
    ReceiptState, ReceiptStyle, Reference, Scope, Token, Verdict, Withdrawal, Withdrawn,
};
use tokio::task::JoinSet;

use super::{book::Book, chance::Chance};

/// How a provider feels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mood {
    /// Takes everything.
    #[default]
    Good,
    /// Takes its time, sometimes more than there is.
    Slow,
    /// Some deliveries fail, some submits break before or after the message got through.
    Failing,
    /// Says "too fast", to the account or to one recipient.
    Throttling,
    /// The account may not send.
    Misconfigured,
}

impl Mood {
    pub const ALL: [Self; 5] = [Self::Good, Self::Slow, Self::Failing, Self::Throttling, Self::Misconfigured];
}

/// What outlives the engine's crashes.
pub struct Provider {
    name: String,
    book: Arc<Book>,
    clock: Clock,
    inner: Mutex<Inner>,
}

struct Inner {
    chance: Chance,
    mood: Mood,
    /// Lies in its receipts.
    lies: bool,
    inbox: Option<Arc<Inbox>>,
    carriers: JoinSet<()>,
    /// Taken, and no word of it has been said yet.
    lying: HashSet<Reference>,
    withdrawn: HashSet<Reference>,
}

/// The link of one engine to a provider; dead after the crash.
struct Link {
    provider: Arc<Provider>,
    profile: Profile,
    alive: Arc<AtomicBool>,
}

/// How many recipients a provider takes at a time, and how many submits.
pub struct Limits {
    pub channel: Channel,
    pub batch_max: usize,
    pub window: usize,
    pub unit: RateUnit,
}

impl Provider {
    pub fn new(name: &str, book: Arc<Book>, clock: Clock, mut chance: Chance) -> Arc<Self> {
        let lies = chance.says(50);
        let inner = Inner {
            chance,
            mood: Mood::Good,
            lies,
            inbox: None,
            carriers: JoinSet::new(),
            lying: HashSet::new(),
            withdrawn: HashSet::new(),
        };
        Arc::new(Self { name: name.to_owned(), book, clock, inner: Mutex::new(inner) })
    }

    pub fn set(&self, mood: Mood) {
        self.inner().mood = mood;
    }

    /// Tells the truth from now on.
    pub fn sober(&self) {
        self.inner().lies = false;
    }

    /// Whether every receipt has been taken.
    pub fn has_reported(&self) -> bool {
        let mut inner = self.inner();
        while inner.carriers.try_join_next().is_some() {}
        inner.carriers.is_empty()
    }

    pub fn link(self: &Arc<Self>, limits: &Limits, inbox: &Arc<Inbox>, alive: &Arc<AtomicBool>) -> Arc<dyn Adapter> {
        self.inner().inbox = Some(Arc::clone(inbox));
        let profile = Profile {
            channel: limits.channel,
            batch_max: limits.batch_max,
            text_max: None,
            receipts: ReceiptStyle::Delivery,
            deduplication: Deduplication::None,
            rate_unit: limits.unit,
            window: limits.window,
            // The first of each channel withdraws.
            withdraw_max: if self.name.ends_with(".0") { 7 } else { 0 },
        };
        Arc::new(Link { provider: Arc::clone(self), profile, alive: Arc::clone(alive) })
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Decides about a submit: what is said of it, and after how long.
    fn answer(self: &Arc<Self>, batch: &Batch) -> (Duration, Result<Vec<Verdict>, Fault>) {
        let mut inner = self.inner();
        let mood = inner.mood;
        let takes = match mood {
            Mood::Slow => inner.chance.ms(200, 4_000),
            _ => inner.chance.ms(0, 60),
        };
        if let Some(fault) = fault(mood, &mut inner.chance) {
            drop(inner);
            if let Fault::InDoubt(_) = fault {
                self.some_got_it(&batch.items);
            }
            return (takes, Err(fault));
        }
        drop(inner);
        (takes, Ok(batch.items.iter().map(|item| self.verdict(mood, item)).collect()))
    }

    /// The link broke, and nobody on our side knows after which of them.
    fn some_got_it(&self, items: &[Item]) {
        let most = self.inner().chance.between(0, items.len() as u64) as usize;
        for item in items.iter().take(most) {
            self.book.arrived(&self.name, item.token, &item.address);
            self.book.taken(item.token);
        }
    }

    fn verdict(self: &Arc<Self>, mood: Mood, item: &Item) -> Verdict {
        self.book.arrived(&self.name, item.token, &item.address);
        let die = self.inner().chance.between(1, 100);
        let after = Some(Duration::from_millis(die * 100));
        match (mood, die) {
            _ if item.address.expose().ends_with('0') => {
                Verdict::RefusedRecipient(Cause::new("GONE", "no such person"))
            }
            (Mood::Failing, 1..=25) => Verdict::Transient(Cause::new("BUSY", "later")),
            (Mood::Failing, 26..=35) => {
                self.book.in_doubt(item.token);
                if die.is_multiple_of(2) {
                    self.book.taken(item.token);
                }
                Verdict::InDoubt(Cause::new("VANISHED", "no answer"))
            }
            (Mood::Throttling, 1..=15) => {
                Verdict::Throttled { scope: Scope::Recipient, after, cause: Cause::new("FAST", "too fast") }
            }
            (Mood::Throttling, 16..=20) => {
                Verdict::Throttled { scope: Scope::Account, after, cause: Cause::new("FAST", "too fast") }
            }
            (Mood::Misconfigured, _) => Verdict::Misconfigured(Cause::new("ACCOUNT", "may not send")),
            _ => {
                self.book.taken(item.token);
                self.report(item.token);
                Verdict::Accepted(Some(reference(item.token)))
            }
        }
    }

    /// Sends word of an accepted delivery on its way: late, early, twice, contradicting itself, or not at all.
    fn report(self: &Arc<Self>, token: Token) {
        let mut inner = self.inner();
        let delivered =
            Receipt { reference: reference(token), state: ReceiptState::Delivered, at: None, origin: Origin::Signed };
        let with = |state: ReceiptState| Receipt { state, ..delivered.clone() };
        let failed = || with(ReceiptState::Failed(Cause::new("UNDELIV", "not delivered")));
        let confirmed = || with(ReceiptState::Confirmed);
        let stranger = Receipt { reference: Reference::new(format!("stranger-{token}")), ..delivered.clone() };
        inner.lying.insert(reference(token));
        let receipts = match (inner.lies, inner.chance.between(1, 12)) {
            (_, 1) => vec![],
            (_, 2) => vec![failed()],
            (_, 3) => vec![delivered.clone(), confirmed()],
            (true, 4) => vec![delivered.clone(), delivered.clone()],
            (true, 5) => vec![failed(), delivered.clone()],
            (true, 6) => vec![delivered.clone(), failed()],
            (true, 7) => vec![confirmed(), failed(), delivered.clone()],
            (true, 8) => vec![stranger, delivered.clone()],
            _ => vec![delivered.clone()],
        };
        for receipt in receipts {
            let wait = match inner.chance.between(1, 10) {
                1..=3 => Duration::ZERO,
                10 => inner.chance.ms(2_000, 8_000),
                _ => inner.chance.ms(10, 400),
            };
            let provider = Arc::clone(self);
            inner.carriers.spawn(async move { provider.carry(receipt, wait).await });
        }
        while inner.carriers.try_join_next().is_some() {}
    }

    /// Whether a message was withdrawn; if not, it is delivered or given up from now on.
    fn is_withdrawn(&self, reference: &Reference) -> bool {
        let mut inner = self.inner();
        inner.lying.remove(reference);
        inner.withdrawn.contains(reference)
    }

    /// Withdraws what nothing was said about yet.
    fn withdraw(&self, messages: &[Withdrawal]) -> Result<Vec<Withdrawn>, Fault> {
        let mut inner = self.inner();
        let mood = inner.mood;
        let fault = fault(mood, &mut inner.chance);
        let mut answers = Vec::new();
        let mut withdrawn = Vec::new();
        for message in messages {
            let lay = fault.is_none() && inner.lying.remove(&message.reference);
            if lay {
                inner.withdrawn.insert(message.reference.clone());
                withdrawn.push(delivery(&message.reference));
            }
            answers.push(if lay { Withdrawn::Gone } else { Withdrawn::Kept(Cause::new("17", "not here any more")) });
        }
        drop(inner);
        let plans: Vec<u64> = messages.iter().map(|message| delivery(&message.reference).0).collect();
        self.book.withdraw_asked(&self.name, &plans, &withdrawn);
        fault.map_or(Ok(answers), Err)
    }

    /// Repeats a receipt until whoever runs then has taken it.
    async fn carry(&self, mut receipt: Receipt, wait: Duration) {
        self.clock.sleep(wait).await;
        if self.is_withdrawn(&receipt.reference) {
            // Some message centres report what they withdrew, as what was not delivered.
            receipt.state = ReceiptState::Failed(Cause::new("DELETED", "withdrawn"));
        }
        loop {
            let inbox = self.inner().inbox.clone();
            if let Some(inbox) = inbox {
                let accepted = tokio::time::timeout(Duration::from_secs(5), inbox.accept(vec![receipt.clone()]));
                if matches!(accepted.await, Ok(Ok(()))) {
                    return;
                }
            }
            self.clock.sleep(Duration::from_secs(1)).await;
        }
    }
}

/// What becomes of a submit as a whole; the message of one that is in doubt may have got through.
fn fault(mood: Mood, chance: &mut Chance) -> Option<Fault> {
    let die = chance.between(1, 100);
    let after = chance.says(50).then(|| chance.ms(100, 5_000));
    match (mood, die) {
        (Mood::Failing, 1..=10) => Some(Fault::Transient(Cause::new("LINK", "not reached"))),
        (Mood::Failing, 11..=18) => Some(Fault::InDoubt(Cause::new("LINK", "no answer"))),
        (Mood::Throttling, 1..=25) => Some(Fault::Throttled { after, cause: Cause::new("FAST", "too fast") }),
        (Mood::Misconfigured, 1..=50) => Some(Fault::Misconfigured(Cause::new("LOGIN", "may not log in"))),
        _ => None,
    }
}

fn reference(token: Token) -> Reference {
    Reference::new(token.to_string())
}

/// Plan and rank of the delivery a message was for.
fn delivery(reference: &Reference) -> (u64, u32) {
    let text = String::from_utf8_lossy(reference.as_bytes()).into_owned();
    let mut parts = text.split('-');
    let mut next = || parts.next().and_then(|part| u64::from_str_radix(part, 16).ok()).expect("a token");
    (next(), u32::try_from(next()).expect("a rank"))
}

#[async_trait::async_trait]
impl Adapter for Link {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    async fn submit(&self, batch: &Batch, budget: Duration) -> Result<Vec<Verdict>, Fault> {
        if !self.alive.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        let (takes, answer) = self.provider.answer(batch);
        if takes >= budget || matches!(answer, Err(Fault::InDoubt(_))) {
            batch.items.iter().for_each(|item| self.provider.book.in_doubt(item.token));
        }
        if !takes.is_zero() {
            self.provider.clock.sleep(takes.min(budget)).await;
        }
        if takes >= budget {
            return Err(Fault::InDoubt(Cause::new("SLOW", "no answer in time")));
        }
        answer
    }

    async fn withdraw(&self, messages: &[Withdrawal], _budget: Duration) -> Result<Vec<Withdrawn>, Fault> {
        if !self.alive.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        let answer = self.provider.withdraw(messages);
        self.provider.clock.sleep(Duration::from_millis(20)).await;
        answer
    }

    async fn probe(&self) -> Result<(), Fault> {
        let fine = self.provider.inner().mood != Mood::Misconfigured;
        if fine { Ok(()) } else { Err(Fault::Misconfigured(Cause::new("LOGIN", "may not log in"))) }
    }

    async fn close(&self) {}
}
