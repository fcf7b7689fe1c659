//! From a warning for ten million to its first slice in the hands of an adapter.

use std::{sync::Arc, time::Duration};

use fenghuo_contract::{Adapter, Batch, Fault, Profile, Verdict};
use parking_lot::Mutex;

use crate::{
    report::{Goal, Report, Row, median},
    world::{self, World},
};

const RUNS: u32 = 9;

/// Notes when the first batch arrives.
struct Watch {
    inner: Arc<dyn Adapter>,
    first: Arc<Mutex<Option<std::time::Instant>>>,
}

#[async_trait::async_trait]
impl Adapter for Watch {
    fn profile(&self) -> &Profile {
        self.inner.profile()
    }

    async fn submit(&self, batch: &Batch, budget: Duration) -> Result<Vec<Verdict>, Fault> {
        self.first.lock().get_or_insert_with(world::now);
        self.inner.submit(batch, budget).await
    }

    async fn probe(&self) -> Result<(), Fault> {
        self.inner.probe().await
    }

    async fn close(&self) {
        self.inner.close().await;
    }
}

/// Area ∩ channel ∩ group over ten million recipients: chosen, frozen durably, rendered durably, first slice leased
/// durably and handed over.
pub(crate) fn first_slice(report: &mut Report) {
    let runtime = world::runtime();
    let directory = world::directory(10_000_000);
    let mut times = Vec::new();
    for run in 0..RUNS {
        let first = Arc::new(Mutex::new(None));
        let watch = Watch { inner: world::provider(), first: Arc::clone(&first) };
        let world = runtime.block_on(World::start(&directory, Arc::new(watch), "rate_per_s = 1000"));
        let took = runtime.block_on(async {
            world.post(&world::message(&format!("plan-{run}"), "red", "residents")).await;
            let stored = world::now();
            loop {
                let at = *first.lock();
                if let Some(at) = at {
                    return at.saturating_duration_since(stored);
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        });
        times.push(took.as_secs_f64() * 1e3);
        runtime.block_on(world.stop());
    }
    report.row(&Row {
        name: "plan: 10 M recipients to the first slice".to_owned(),
        value: median(times),
        unit: "ms",
        yardstick: None,
        goal: Goal::AtMost(20.0),
    });
}
