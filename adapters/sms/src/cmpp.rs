//! CMPP 2.0 and 3.0, the protocol of China Mobile's gateways (ISMG).
//!
//! - One connection carries submits, reports and replies; what is idle is asked by an active test.
//! - A submit names up to 99 numbers and gets one Msg_Id; reports name Msg_Id and number.
//! - Both sides prove that they know the shared secret, which never travels.
//!
//! The codec is checked by byte vectors laid out from the specification and against a gateway that others wrote from it. No
//! gateway of another house can be had for tests; the only foreign program is a client (PyPI `pycmpp`), which judges the gateway
//! the tests use.

pub mod codec;
mod dialogue;
pub mod login;
pub mod report;
mod settings;

use std::sync::Arc;

use fenghuo_contract::ReceiptSink;
pub use settings::Settings;

use crate::{Now, SettingsFault, Sms};

impl Sms {
    /// An adapter for one account at a gateway that speaks CMPP. Reads the secret and the codes; opens no connection
    /// before the first submit or probe. Receipts and replies go to `sink`; `now` says seconds since 1970; `seed` makes waits
    /// before reconnecting and sequence numbers differ.
    ///
    /// # Errors
    /// [`SettingsFault`] lists everything that is wrong with the settings.
    pub fn cmpp(settings: &Settings, sink: Arc<dyn ReceiptSink>, now: Now, seed: u64) -> Result<Self, SettingsFault> {
        Ok(Self::assemble(settings.ready(now, seed)?, sink, seed))
    }
}
