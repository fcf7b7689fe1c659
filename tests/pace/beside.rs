//! A good provider beside others that are silent, slow or lying: what it carries is what it carries alone.

use std::time::Duration;

use fenghuo_contract::{Channel, RateUnit};
use fenghuo_simulator::Condition;

use super::{SECOND, limit, limited, numbers, of_street};
use crate::support::{
    arrivals::Arrival,
    engine::{Engine, Plan},
    message::{STREET, warning},
};

const RATE: u32 = 200;
/// As long as there is work for everybody.
const SPAN: Duration = Duration::from_secs(20);
const GOOD: &str = "sms.good";

/// Everybody has a limit of the same rate, and a share of the work.
async fn engine(others: &[(&str, Condition)]) -> Engine {
    let mut plan = Plan::new(23).recipients(STREET, Channel::Sms, numbers(24_000));
    for name in others.iter().map(|(name, _)| *name).chain([GOOD]) {
        plan = plan.route(name, Channel::Sms, |route, settings| {
            let mut paced = limit(RateUnit::Recipients);
            paced.rate_per_s = Some(RATE);
            limited(paced)(route, settings);
            (settings.batch_max, settings.window) = (256, 16);
        });
    }
    let engine = plan.start().await;
    for (name, condition) in others {
        engine.weathers[*name].set(*condition);
    }
    engine
}

/// What the good one was given in each second of the span.
async fn carried(others: &[(&str, Condition)]) -> Vec<u64> {
    let engine = engine(others).await;
    let id = engine.post(&of_street(warning("W1", "red"), STREET)).await;
    engine.clock.sleep(SPAN + 2 * SECOND).await;
    assert!(!engine.status(&id).await.done, "the work did not last");
    let arrivals = engine.arrivals[GOOD].all();
    let first = arrivals.first().expect("something arrived").at;
    let within = |second: u32| move |arrival: &&Arrival| (arrival.at - first).as_secs() == u64::from(second);
    (0..SPAN.as_secs() as u32)
        .map(|second| arrivals.iter().filter(within(second)).map(|arrival| arrival.deliveries).sum())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn a_silent_a_slow_and_a_lying_provider_leave_the_rate_of_a_good_one_untouched() {
    let alone = carried(&[]).await;
    let silent = ("sms.silent", Condition::Mute(Duration::from_secs(3)));
    let slow = ("sms.slow", Condition::Slow(Duration::from_secs(2)));
    let lying = ("sms.lying", Condition::Lying);
    for others in [&[silent][..], &[slow], &[lying], &[silent, slow, lying]] {
        let beside = carried(others).await;
        // One slice may fall on the other side of a second's end.
        let slice = u64::from(RATE / 50);
        for (second, (alone, beside)) in alone.iter().zip(&beside).enumerate() {
            assert!(beside + slice >= *alone, "second {second} beside {others:?}: {beside} of {alone}");
        }
        let (all, of) = (beside.iter().sum::<u64>(), alone.iter().sum::<u64>());
        assert!(all + slice >= of, "beside {others:?}: {all} of {of}");
        assert!(of >= u64::from(RATE) * (SPAN.as_secs() - 1), "alone it carries {of} only");
    }
}
