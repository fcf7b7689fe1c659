//! SMGP 3.0.3, the protocol of China Telecom's gateways.
//!
//! - One connection carries submits, reports and replies (LoginMode 2); what is idle is asked by an active test.
//! - A submit names up to 100 numbers and gets one MsgID; reports name MsgID and number.
//! - Both sides prove that they know the shared secret, which never travels.
//! - A part of a long text is named twice: by the header in its content and by optional parameters, as gateways differ in which
//!   of them they look at.
//!
//! The codec is checked by byte vectors laid out from the specification and against a gateway that others wrote from it. No
//! foreign program that speaks SMGP can be had for tests: nobody but us has judged it.

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
    /// An adapter for one account at a gateway that speaks SMGP. Reads the secret and the codes; opens no connection
    /// before the first submit or probe. Receipts and replies go to `sink`; `now` says seconds since 1970; `seed` makes waits
    /// before reconnecting and sequence numbers differ.
    ///
    /// # Errors
    /// [`SettingsFault`] lists everything that is wrong with the settings.
    pub fn smgp(settings: &Settings, sink: Arc<dyn ReceiptSink>, now: Now, seed: u64) -> Result<Self, SettingsFault> {
        Ok(Self::assemble(settings.ready(now, seed)?, sink, seed))
    }
}
