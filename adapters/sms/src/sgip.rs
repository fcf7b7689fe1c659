//! SGIP 1.2, the protocol of China Unicom's gateways (SMG).
//!
//! - Submits go over connections that we open. The protocol has no test of a silent link: either side ends a connection nobody
//!   used for a while, and it is opened again when there is something to send.
//! - Reports and replies come over connections that the *gateway* opens to us. They are taken from listed addresses alone, and
//!   after a log-in with the name and password agreed on, which travel in the clear: this belongs on a private line.
//! - A submit names up to 100 numbers; its own twelve-byte sequence number is the name reports know it by, so numbers never
//!   repeat within a second, whichever connection they go over.
//!
//! The codec is checked by byte vectors laid out from the specification and against a gateway that others wrote from it. No
//! foreign program that speaks SGIP can be had for tests: nobody but us has judged it.

pub mod codec;
mod dialogue;
mod settings;

use std::sync::Arc;

use fenghuo_contract::ReceiptSink;
pub use settings::{Reports, Settings};

use crate::{Now, SettingsFault, Sms};

impl Sms {
    /// An adapter for one account at a gateway that speaks SGIP. Reads the passwords and the codes; opens no connection and does not listen
    /// before the first submit or probe. Receipts and replies go to `sink`; `now` says seconds since 1970; `seed` makes waits
    /// before reconnecting and sequence numbers differ.
    ///
    /// # Errors
    /// [`SettingsFault`] lists everything that is wrong with the settings.
    pub fn sgip(settings: &Settings, sink: Arc<dyn ReceiptSink>, now: Now, seed: u64) -> Result<Self, SettingsFault> {
        let (parts, reception) = settings.ready(now, seed)?;
        Ok(Self::assemble(parts, sink, seed).receiving(reception))
    }
}
