//! Failed deliveries sent again because somebody ordered it.
//!
//! The order goes the ordinary way: a record in the journal opens a new round of the deliveries, they enter the lanes
//! like any others, pay every limit and pass every check. What is over stays over: an order never makes something leave
//! after its expiry or lift.

mod order;

use std::collections::BTreeMap;

use fenghuo_contract::Channel;
use serde::{Deserialize, Serialize};

use super::{Flow, Unavailable, authorize::Actor, record::WarningId};
use crate::domain::delivery::Reason;

/// What to send again.
#[derive(Clone, Debug)]
pub struct Retry {
    /// Chosen by the caller: an order with the same nonce is the same order, and sends nothing a second time.
    pub nonce: String,
    /// On one channel; `None` = on all.
    pub channel: Option<Channel>,
    /// Those that failed for these reasons; empty = for every reason that may have passed.
    pub reasons: Vec<Reason>,
    /// Why, for the journal.
    pub reason: Option<String>,
}

/// What an order put back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Retried {
    pub warning: WarningId,
    /// RFC 3339 with offset.
    pub ordered_at: String,
    /// Key id of the first who gave this order.
    pub ordered_by: String,
    /// Deliveries that are sent again.
    pub put_back: u64,
    /// By channel name; channels without failed deliveries are not named.
    pub channels: BTreeMap<String, RetriedChannel>,
}

/// The same for one channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct RetriedChannel {
    /// Deliveries that are sent again.
    pub put_back: u64,
    /// Failed ones that are not, by why: the reason they failed for (it was not asked for, or the channel was closed for
    /// it), `too_many` above a million in one order, `rounds` after 99 orders.
    pub left: BTreeMap<String, u64>,
}

/// The order as it was carried out, and whether that was before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ordered {
    /// Now.
    Now(Retried),
    /// With an earlier order of the same nonce.
    Before(Retried),
}

/// Why nothing is sent again.
#[derive(Debug, thiserror::Error)]
pub enum RetryFault {
    /// Its deliveries have not begun, or it has none.
    #[error("not being delivered")]
    NotDelivering,
    /// It expired, was lifted, or a newer warning took its place.
    #[error("over: {0}")]
    Over(&'static str),
    /// The nonce was used for another order.
    #[error("nonce reused")]
    NonceReused,
    /// The first order with this nonce is still being carried out.
    #[error("nonce in use")]
    NonceRunning,
    /// See [`Unavailable`].
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Flow {
    /// Sends failed deliveries of a warning again; `None` when there is no such warning. Returns after the order is
    /// durable.
    ///
    /// # Errors
    /// [`RetryFault`]; nothing is sent again unless it is `Unavailable`, which means: repeat the same order.
    pub async fn retry(&self, id: &WarningId, retry: Retry, actor: &Actor) -> Result<Option<Ordered>, RetryFault> {
        let Some(known) = self.0.warning_record(id) else { return Ok(None) };
        let (answer, answered) = tokio::sync::oneshot::channel();
        let (parts, by) = (std::sync::Arc::clone(&self.0), actor.key.clone());
        // On its own: whoever waits may go away between the commit and what follows from it.
        self.0.lifecycle.spawn(async move {
            let _gone = answer.send(order::carry_out(&parts, &known.id, &retry, &by).await);
        });
        let stopping = || RetryFault::from(Unavailable::new("the gateway is stopping".to_owned()));
        answered.await.unwrap_or_else(|_| Err(stopping())).map(Some)
    }
}
