//! A door for the benches: the pacing of one route without anything around it.

use std::time::Duration;

use fenghuo_contract::RateUnit;

use super::{
    At, No,
    limit::{Cost, Node, QUANTUM},
};
use crate::{clock::Clock, config::Limit};

/// Takes slices at a rate for as long as `span`, as a route's consumer does; gives their sizes.
pub fn paced(clock: &Clock, rate_per_s: u32, span: Duration) -> impl Future<Output = Vec<u32>> + Send + use<> {
    let clock = clock.clone();
    async move {
        let begin = clock.instant();
        let mut node = node(rate_per_s, begin);
        let mut slices = Vec::new();
        loop {
            let at = At { now: clock.instant(), unix: clock.unix() };
            if at.now.duration_since(begin) >= span {
                return slices;
            }
            let deliveries = node.quantum(256, QUANTUM, true, at);
            match node.take(&Cost { deliveries, segments: deliveries, calls: 1 }, true, at) {
                Ok(_) => {
                    slices.push(deliveries);
                    tokio::task::yield_now().await;
                }
                Err(No::Wait(pause)) => clock.sleep(pause).await,
                Err(No::Reserving) => return slices,
            }
        }
    }
}

fn node(rate_per_s: u32, now: tokio::time::Instant) -> Node {
    let limit = Limit {
        rate_per_s: Some(rate_per_s),
        per_minute: None,
        per_day: None,
        rate_unit: None,
        hard_cap: false,
        red_share: 0.0,
    };
    Node::new(&limit, RateUnit::Recipients, None, now)
}
