//! SMPP 3.4 and 5.0.
//!
//! - Transceivers, or transmitters and receivers in pairs; TLS on a port of its own, because the password travels in the
//!   clear.
//! - Segments of long messages by a header of 8 or 16 bits, by `sar_…` parameters, or left to the message centre with
//!   `message_payload`.
//! - An error may be answered with the bare header: the number alone says what it belongs to.
//! - Receipts by parameters (`receipted_message_id`, `message_state`, `network_error_code`) before the text of the
//!   appendix, on any connection of the account.
//! - Codes are in `config/codes/smpp.toml`; a route may have a file of its own.

mod dialogue;
mod message;
mod pdu;
mod report;
mod settings;

#[cfg(test)]
mod tests;

use std::sync::{Arc, LazyLock};

use fenghuo_contract::{CodeTable, ReceiptSink};
pub use settings::{Bind, MsgidFormat, Settings, Version};

use crate::{Long, Now, SettingsFault, Sms, adapter::Parts};

/// The table every route has.
static BUILT_IN: LazyLock<Arc<CodeTable>> = LazyLock::new(|| {
    let text = include_str!("../../../config/codes/smpp.toml");
    Arc::new(CodeTable::parse(text).expect("the built-in table is parsed by a test"))
});

/// Bits of `esm_class`: the user data begins with a header.
const UDHI: u8 = 0x40;

impl Sms {
    /// An adapter for one account at a message centre that speaks SMPP. Reads the password and the certificate authorities;
    /// opens no connection before the first submit or probe. Receipts and replies go to `sink`; `now` says how long a
    /// message has still to live; `seed` makes waits before reconnecting differ.
    ///
    /// # Errors
    /// [`SettingsFault`] lists everything that is wrong with the settings.
    pub fn smpp(settings: &Settings, sink: Arc<dyn ReceiptSink>, now: Now, seed: u64) -> Result<Self, SettingsFault> {
        let settings::Ready { protocol, line, roles, text } = settings.ready(now)?;
        let receipts = protocol.manner.receipts;
        let parts = Parts { protocol: Arc::new(protocol), line, roles, text, receipts };
        Ok(Self::assemble(parts, sink, seed))
    }
}

/// An account with its secret.
struct Login {
    system_id: String,
    password: String,
    system_type: String,
    version: u8,
}

/// How messages of a route are written.
#[derive(Debug)]
struct Manner {
    source: String,
    source_ton: u8,
    source_npi: u8,
    destination_ton: u8,
    destination_npi: u8,
    country_code: String,
    service_type: String,
    priority_max: u8,
    flash_red: bool,
    packed: bool,
    destinations: usize,
    receipts: bool,
    withdraw: bool,
    long: Long,
    msgid_format: MsgidFormat,
    utc_offset_minutes: i32,
}

/// The protocol with the settings of one route.
struct Smpp {
    login: Login,
    manner: Manner,
    codes: Arc<CodeTable>,
    now: Now,
}
