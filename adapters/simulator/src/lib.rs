//! A provider that is not there: a real adapter whose behaviour is chosen by the address, so that demonstrations,
//! drills, tests and benches use the true path of a warning.
//!
//! It plays any channel (`settings.channel`). Left alone it takes everything at once and reports every delivery a
//! moment later. What goes wrong, and how, is said by the address:
//!
//! | telephone number | any other address | what happens |
//! | --- | --- | --- |
//! | anything else | anything else | accepted, then a delivered receipt |
//! | `199 NNNN 9001` | `refuse-…` | refused: the recipient |
//! | `199 NNNN 9002` | `content-…` | refused: the content |
//! | `199 NNNN 9003` | `throttle-…` | the first two tries throttled (this recipient, with a wait), then as usual |
//! | `199 NNNN 9004` | `transient-…` | attempts 1 and 2 fail, then as usual |
//! | `199 NNNN 9005` | `vanish-…` | taken, but no answer comes: in doubt; no receipt either |
//! | `199 NNNN 9006` | `silent-…` | accepted, never a receipt |
//! | `199 NNNN 9007` | `late-…` | accepted, the receipt comes late |
//! | `199 NNNN 9008` | `twice-…` | accepted, the receipt comes twice |
//! | `199 NNNN 9009` | `early-…` | the receipt comes before the answer to the submit |
//! | `199 NNNN 9010` | `undelivered-…` | accepted, then a receipt that it was not delivered |
//! | `199 NNNN 9011` | `confirm-…` | accepted, delivered, then confirmed by the person |
//! | `199 NNNN 9012` | `misconfigured-…` | the account is told that it may not send |
//! | `199 NNNN 9013` | `slow-…` | the answer takes its time (`slow_ms`), then as usual |
//! | `199 NNNN 9014` | `busy-…` | the first two tries throttle the whole account, then as usual |
//!
//! A telephone number may start with `+86`, `86` or `0086`. The name of a behaviour stands at the start of the address or
//! after `sim+`, and ends at the end of the address or with anything that is not a letter: `refuse`, `refuse-17`,
//! `refuse@example.org`, `sim+refuse@example.org`. Numbers outside 199 and names that are not in the table always behave.
//!
//! How the whole provider is can be changed while it runs, by [`Simulator::weather`]: down, mute, slow, failing, locked.
//!
//! A submit answers all of its items together, so one `slow` or `vanish` holds up its whole batch, as it would at a real
//! provider. References are made from the [`Token`]: unique for each delivery and round, the same for its attempts.
//!
//! With `withdraws` it withdraws what has not got its receipt yet, and keeps the rest: that was delivered.
//!
//! It also calls back, when somebody plays its part: a body of lines `REFERENCE STATE [CODE]`, the state one of
//! `delivered`, `confirmed` and `failed`. With `callback_word` set, the header `x-simulator-signature` must be that word:
//! enough to play a signature that fits and one that does not.

mod behaviour;
mod callback;
mod ledger;
mod post;
mod settings;
#[cfg(test)]
mod tests;
mod weather;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
pub use behaviour::Behaviour;
use fenghuo_contract::{
    Adapter, Batch, Callback, CallbackFault, Cause, Channel, Content, Deduplication, Fault, Fit, Inbound, Item,
    Profile, ReceiptSink, ReceiptStyle, Reference, Scope, Token, Verdict, Withdrawal, Withdrawn,
};
pub use ledger::{Ledger, Line};
use post::{Post, Postbag};
pub use settings::{Settings, SettingsFault};
use weather::throttled;
pub use weather::{Condition, Weather};

/// Messages one withdraw may name.
const WITHDRAW_MAX: usize = 64;

/// Throttled tries remembered at most; past this the oldest knowledge is forgotten as a whole.
const TRIES_REMEMBERED: usize = 65_536;

/// How often a throttling address is refused before it is served.
const THROTTLED_TRIES: u8 = 2;

/// How many attempts a transiently failing address fails.
const FAILING_ATTEMPTS: u8 = 2;

/// The simulated provider; the documentation of the crate says what it does.
pub struct Simulator {
    settings: Settings,
    profile: Profile,
    /// Makes other deliveries of equal shares stay without receipt.
    seed: u64,
    post: Post,
    ledger: Ledger,
    weather: Weather,
    throttled: Mutex<HashMap<Token, u8>>,
    closed: AtomicBool,
}

impl Simulator {
    /// A provider with these settings whose receipts go to `sink`. Which deliveries stay without receipt, when only a
    /// share of them gets one, is decided by `seed` and the delivery, so equal runs are equal.
    ///
    /// # Errors
    /// [`SettingsFault`] lists everything that is wrong with the settings.
    pub fn new(settings: Settings, sink: Arc<dyn ReceiptSink>, seed: u64) -> Result<Self, SettingsFault> {
        settings.check()?;
        let profile = Profile {
            channel: settings.channel,
            batch_max: settings.batch_max,
            text_max: settings.text_max,
            receipts: if settings.receipts > 0.0 { ReceiptStyle::Delivery } else { ReceiptStyle::None },
            deduplication: if settings.deduplication { Deduplication::ByToken } else { Deduplication::None },
            rate_unit: settings.rate_unit,
            window: settings.window,
            withdraw_max: if settings.withdraws { WITHDRAW_MAX } else { 0 },
        };
        Ok(Self {
            profile,
            seed,
            post: Post::new(sink, settings.receipts_pending_max, settings.withdraws),
            ledger: Ledger::new(settings.ledger),
            weather: Weather::default(),
            throttled: Mutex::default(),
            closed: AtomicBool::new(false),
            settings,
        })
    }

    /// What this provider has seen: compare it with what the gateway says.
    #[must_use]
    pub fn ledger(&self) -> Ledger {
        self.ledger.clone()
    }

    /// Changes how the whole provider is while it runs.
    #[must_use]
    pub fn weather(&self) -> Weather {
        self.weather.clone()
    }

    /// Decides about a whole batch, without waiting.
    fn answer(&self, batch: &Batch, condition: Condition) -> Answer {
        let mut answer = Answer {
            verdicts: Vec::with_capacity(batch.items.len()),
            bag: Postbag::default(),
            takes_ms: self.settings.latency_ms,
            gives_up_ms: 0,
        };
        for item in &batch.items {
            let drawn = || chance(self.seed ^ (u64::from(item.attempt) << 40), item.token);
            if let Some(verdict) = condition.verdict(drawn) {
                answer.verdicts.push(verdict);
                continue;
            }
            let behaviour = Behaviour::of(item.address.expose());
            if behaviour == Behaviour::Ok && self.settings.receipts <= 0.0 {
                answer.verdicts.push(Verdict::Accepted(Some(reference(item.token))));
                continue;
            }
            let verdict = self.verdict(behaviour, item);
            match (&verdict, behaviour) {
                (Verdict::InDoubt(_), _) => answer.gives_up_ms = self.settings.vanish_ms,
                (_, Behaviour::Slow) => answer.takes_ms = answer.takes_ms.max(self.settings.slow_ms),
                _ => {}
            }
            if let Verdict::Accepted(Some(reference)) = &verdict
                && self.reports(behaviour, item.token)
            {
                answer.bag.add(behaviour, reference);
            }
            answer.verdicts.push(verdict);
        }
        answer
    }

    fn verdict(&self, behaviour: Behaviour, item: &Item) -> Verdict {
        match behaviour {
            Behaviour::Refuse => Verdict::RefusedRecipient(Cause::new("SIM-REFUSE", "no such recipient")),
            Behaviour::Content => Verdict::RefusedContent(Cause::new("SIM-CONTENT", "the text is not allowed")),
            Behaviour::Misconfigured => Verdict::Misconfigured(Cause::new("SIM-ACCOUNT", "the account may not send")),
            Behaviour::Vanish => Verdict::InDoubt(Cause::new("SIM-VANISH", "no answer")),
            Behaviour::Throttle if self.throttles(item.token) => {
                throttled(Scope::Recipient, self.settings.retry_after_ms)
            }
            Behaviour::Busy if self.throttles(item.token) => throttled(Scope::Account, self.settings.retry_after_ms),
            Behaviour::Transient if item.attempt <= FAILING_ATTEMPTS => {
                Verdict::Transient(Cause::new("SIM-TRANSIENT", "try again later"))
            }
            _ => Verdict::Accepted(Some(reference(item.token))),
        }
    }

    /// Whether this try of a throttling address is refused, and remembers it.
    fn throttles(&self, token: Token) -> bool {
        let mut throttled = self.throttled.lock().unwrap_or_else(PoisonError::into_inner);
        if throttled.len() >= TRIES_REMEMBERED && !throttled.contains_key(&token) {
            throttled.clear();
        }
        let tries = throttled.entry(token).or_insert(0);
        *tries = tries.saturating_add(1);
        *tries <= THROTTLED_TRIES
    }

    /// Whether an accepted delivery gets a receipt at all. The share left out is always the same deliveries.
    fn reports(&self, behaviour: Behaviour, token: Token) -> bool {
        match behaviour {
            Behaviour::Silent => false,
            Behaviour::Ok if self.settings.receipts < 1.0 => chance(self.seed, token) < self.settings.receipts,
            _ => self.settings.receipts > 0.0,
        }
    }
}

#[async_trait]
impl Adapter for Simulator {
    fn profile(&self) -> &Profile {
        &self.profile
    }

    fn fit(&self, content: &Content) -> Result<Fit, Cause> {
        let link =
            Some(&content.confirm_sample).filter(|link| self.settings.channel == Channel::Sms && !link.is_empty());
        let room = link.map_or(0, |link| link.chars().count() + 1);
        let text = content.text_within(self.settings.text_max.map(|most| most.saturating_sub(room)))?;
        // The link stands below the text, as with a carrier.
        let text = link.map_or_else(|| text.to_owned(), |link| format!("{text}\n{link}"));
        let segments = if self.settings.channel == Channel::Sms { segments(&text) } else { 1 };
        Ok(Fit { segments, text })
    }

    async fn submit(&self, batch: &Batch, budget: Duration) -> Result<Vec<Verdict>, Fault> {
        if self.closed.load(Ordering::Acquire) {
            return Err(closed());
        }
        if let Err(too_long) = self.fit(&batch.content) {
            return Ok(vec![Verdict::RefusedContent(too_long); batch.items.len()]);
        }
        let condition = self.weather.now();
        if let Some(fault) = condition.fault() {
            return Err(fault);
        }
        if condition == Condition::Lying {
            return Ok(batch.items.iter().map(|item| Verdict::Accepted(Some(reference(item.token)))).collect());
        }
        let Answer { verdicts, bag, takes_ms, gives_up_ms } = self.answer(batch, condition);
        let carrier = if bag.is_empty() { None } else { Some(self.post.carrier(budget).await.ok_or_else(crowded)?) };
        self.ledger.record(&batch.items, &verdicts);
        let takes = condition.takes().unwrap_or(Duration::from_millis(takes_ms));
        let wait = takes.max(Duration::from_millis(gives_up_ms)).min(budget);
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        if takes >= budget && !takes.is_zero() {
            return Err(Fault::InDoubt(Cause::new("SIM-SLOW", "no answer in time")));
        }
        if let Some(carrier) = carrier {
            self.post.send(bag, carrier, &self.settings).await;
        }
        Ok(verdicts)
    }

    async fn withdraw(&self, messages: &[Withdrawal], _budget: Duration) -> Result<Vec<Withdrawn>, Fault> {
        if self.closed.load(Ordering::Acquire) {
            return Err(closed());
        }
        if !self.settings.withdraws {
            return Err(Fault::Misconfigured(Cause::new("SIM-WITHDRAW", "this provider withdraws nothing")));
        }
        if let Some(fault) = self.weather.now().fault() {
            return Err(fault);
        }
        let kept = || Withdrawn::Kept(Cause::new("SIM-GONE", "delivered, or never seen"));
        let withdraw = |message: &Withdrawal| {
            if self.post.withdraw(&message.reference) { Withdrawn::Gone } else { kept() }
        };
        let answers: Vec<Withdrawn> = messages.iter().map(withdraw).collect();
        self.ledger.withdrawn(answers.iter().filter(|answer| **answer == Withdrawn::Gone).count());
        Ok(answers)
    }

    fn read_callback(&self, callback: &Callback<'_>) -> Result<Inbound, CallbackFault> {
        callback::read(self.settings.callback_word.as_deref(), callback).map(Inbound::from)
    }

    async fn probe(&self) -> Result<(), Fault> {
        if self.closed.load(Ordering::Acquire) {
            return Err(closed());
        }
        self.weather.now().probed()
    }

    async fn close(&self) {
        self.closed.store(true, Ordering::Release);
        self.post.stop().await;
    }
}

/// What a batch is answered with, and when.
struct Answer {
    verdicts: Vec<Verdict>,
    bag: Postbag,
    /// Until the provider answers.
    takes_ms: u64,
    /// Until an answer that never comes is given up; 0 when all come.
    gives_up_ms: u64,
}

fn crowded() -> Fault {
    Fault::Throttled { after: None, cause: Cause::new("SIM-CROWDED", "receipts are not taken away") }
}

/// Segments as carriers count them in UCS-2: 70 units alone, 67 each in a chain.
fn segments(text: &str) -> usize {
    let units = text.encode_utf16().count();
    if units <= 70 { 1 } else { units.div_ceil(67) }
}

fn closed() -> Fault {
    Fault::Transient(Cause::new("SIM-CLOSED", "the adapter is closed"))
}

/// Room for the longest reference: 16, 8 and 2 digits and two dots.
const REFERENCE: usize = 28;

/// `{plan in hex}.{index in hex}` and from round 1 on `.{round in hex}`, written by hand because it is made for every
/// delivery.
fn reference(token: Token) -> Reference {
    let mut text = [0_u8; REFERENCE];
    let mut end = text.len();
    if token.round > 0 {
        end = hex(&mut text, end, u64::from(token.round)) - 1;
        text[end] = b'.';
    }
    let dot = hex(&mut text, end, u64::from(token.index)) - 1;
    text[dot] = b'.';
    let start = hex(&mut text, dot, token.plan);
    Reference::new(&text[start..])
}

/// Writes a number in hex so that it ends before `end`, and says where it starts.
fn hex(text: &mut [u8; REFERENCE], end: usize, mut number: u64) -> usize {
    let mut at = end;
    loop {
        at -= 1;
        text[at] = b"0123456789abcdef"[(number & 15) as usize];
        number >>= 4;
        if number == 0 {
            return at;
        }
    }
}

/// A fraction, 0 ≤ x < 1, that depends on seed and delivery only (the finaliser of MurmurHash3).
fn chance(seed: u64, token: Token) -> f64 {
    let mut bits = seed ^ token.plan.rotate_left(32) ^ u64::from(token.index).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    bits = (bits ^ (bits >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    bits ^= bits >> 33;
    (bits >> 11) as f64 / (1_u64 << 53) as f64
}
