//! Parts of limits that all nodes share.

use std::time::Duration;

use super::{bounds::RATE_VALID, nodes::Control, reply, script::SCRIPTS};
use crate::store::{
    cluster::{RateAsk, RatePart},
    contract::ReadFault,
};

impl Control {
    pub(super) async fn rates(&self, asks: &[RateAsk]) -> Result<Vec<RatePart>, ReadFault> {
        if asks.is_empty() {
            return Ok(Vec::new());
        }
        self.shared.readable()?;
        let keys = &self.shared.keys;
        let mut names = vec![keys.head(), keys.nodes()];
        names.extend(asks.iter().map(|ask| keys.rate(&ask.limit)));
        let mut call = SCRIPTS.rates.call(&names);
        self.shared.sign(&mut call);
        call.arg(RATE_VALID.as_millis() as u64);
        for ask in asks {
            call.arg(ask.rate.max(0.0)).arg(ask.wants.max(0.0));
        }
        let parts = self.run(&SCRIPTS.rates, &call, "parts").await?;
        let part = |value| {
            let rate = reply::text(value, "a rate")?.parse().map_err(|_| super::fault::unreadable("a rate"))?;
            Ok(RatePart { rate, valid: RATE_VALID })
        };
        parts.map(part).collect()
    }

    pub(super) async fn reserve(&self, window: &str, most: u64, units: u64, keep: Duration) -> Result<u64, ReadFault> {
        self.shared.readable()?;
        let keys = &self.shared.keys;
        let mut call = SCRIPTS.reserve.call(&[keys.head(), keys.nodes(), keys.reserved(window)]);
        self.shared.sign(&mut call);
        call.arg(most).arg(units).arg((keep.as_millis() as u64).max(1));
        let mut rest = self.run(&SCRIPTS.reserve, &call, "reserved").await?;
        let given = reply::number(reply::next(&mut rest), "a count")?;
        if given > 0 {
            // What a replica forgets would be given twice.
            self.replicated().await?;
        }
        Ok(given)
    }
}
