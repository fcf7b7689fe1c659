//! What reached a provider, and when, written down in front of it.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use fenghuo::{clock::Clock, domain::text::ucs2_segments};
use fenghuo_contract::{
    Adapter, Batch, Callback, CallbackFault, Cause, Content, Fault, Fit, Inbound, Picture, Profile, RateUnit, Verdict,
    Withdrawal, Withdrawn,
};
use tokio::time::Instant;

/// One submit.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// Since the engine was started.
    pub at: Duration,
    pub text: String,
    pub values: BTreeMap<String, String>,
    /// The HTML as it came.
    pub html: String,
    /// Pictures of the HTML.
    pub pictures: Vec<Picture>,
    pub deliveries: u64,
    pub segments: u64,
    pub urgent: bool,
}

impl Arrival {
    pub fn units(&self, unit: RateUnit) -> u64 {
        match unit {
            RateUnit::Recipients => self.deliveries,
            RateUnit::Segments => self.segments,
            RateUnit::Calls => 1,
        }
    }
}

/// Every submit in front of one provider, in order. Clones share it.
#[derive(Clone)]
pub struct Arrivals {
    clock: Clock,
    start: Instant,
    all: Arc<Mutex<Vec<Arrival>>>,
}

impl Arrivals {
    pub fn new(clock: &Clock) -> Self {
        Self { clock: clock.clone(), start: clock.instant(), all: Arc::default() }
    }

    /// Time since the engine was started.
    pub fn now(&self) -> Duration {
        self.clock.instant() - self.start
    }

    pub fn all(&self) -> Vec<Arrival> {
        self.all.lock().unwrap().clone()
    }
}

/// The most units in any window of `span`.
pub fn most_in(arrivals: &[Arrival], span: Duration, unit: RateUnit) -> u64 {
    let (mut first, mut sum, mut most) = (0, 0, 0);
    for arrival in arrivals {
        sum += arrival.units(unit);
        while arrival.at - arrivals[first].at >= span {
            sum -= arrivals[first].units(unit);
            first += 1;
        }
        most = most.max(sum);
    }
    most
}

/// Units of all of them.
pub fn sum(arrivals: &[Arrival], unit: RateUnit) -> u64 {
    arrivals.iter().map(|arrival| arrival.units(unit)).sum()
}

/// An adapter whose submits are written down.
pub struct Watched {
    pub inner: Arc<dyn Adapter>,
    pub arrivals: Arrivals,
}

#[async_trait]
impl Adapter for Watched {
    fn profile(&self) -> &Profile {
        self.inner.profile()
    }

    async fn submit(&self, batch: &Batch, budget: Duration) -> Result<Vec<Verdict>, Fault> {
        let deliveries = batch.items.len() as u64;
        self.arrivals.all.lock().unwrap().push(Arrival {
            at: self.arrivals.now(),
            text: self.inner.fit(&batch.content).map_or_else(|_| batch.content.text.clone(), |fit| fit.text),
            values: batch.content.values.clone(),
            html: batch.content.html.clone(),
            pictures: batch.content.pictures.clone(),
            deliveries,
            segments: deliveries * ucs2_segments(&batch.content.text) as u64,
            urgent: batch.urgent,
        });
        self.inner.submit(batch, budget).await
    }

    fn fit(&self, content: &Content) -> Result<Fit, Cause> {
        self.inner.fit(content)
    }

    async fn withdraw(&self, messages: &[Withdrawal], budget: Duration) -> Result<Vec<Withdrawn>, Fault> {
        self.inner.withdraw(messages, budget).await
    }

    fn read_callback(&self, callback: &Callback<'_>) -> Result<Inbound, CallbackFault> {
        self.inner.read_callback(callback)
    }

    async fn probe(&self) -> Result<(), Fault> {
        self.inner.probe().await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}
