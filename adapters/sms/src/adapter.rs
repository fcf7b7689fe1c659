//! The contract's adapter over a protocol and its links.

use std::sync::Arc;

use fenghuo_contract::ReceiptSink;

use crate::{
    link::Line,
    protocol::{Protocol, Role},
    settings::Text,
};

/// Seconds since 1970; asked only for how long a message has still to live.
pub type Now = Arc<dyn Fn() -> i64 + Send + Sync>;

/// What a protocol module makes of its settings.
pub(crate) struct Parts {
    pub(crate) protocol: Arc<dyn Protocol>,
    pub(crate) line: Line,
    /// What each of the `binds` consists of: one transceiver, or a transmitter and a receiver.
    pub(crate) roles: &'static [Role],
    pub(crate) text: Text,
}

/// A route to a carrier; the documentation of the crate says how it works.
pub struct Sms {
    _parts: Parts,
}

impl Sms {
    /// `seed` makes the waits before reconnecting differ from one process to the next. Opens no connection; the first
    /// submit or probe does.
    pub(crate) fn assemble(parts: Parts, receipts: Arc<dyn ReceiptSink>, seed: u64) -> Self {
        let _ = (receipts, seed);
        Self { _parts: parts }
    }
}
