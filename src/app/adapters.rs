//! The only place that names concrete adapters.

use std::sync::Arc;

use fenghuo_contract::{Adapter, ReceiptSink};

use crate::{clock::Clock, config::Route};

/// Names of the adapters in this build, as `routes.*.adapter` knows them.
pub const NAMES: &[&str] = &["cloud_sms", "display", "email", "simulator", "webhook"];

/// Why an adapter cannot be built from a route's settings.
#[derive(Debug, thiserror::Error)]
pub enum AdapterFault {
    /// No adapter has this name.
    #[error("there is no adapter called {0:?}; there are {names}", names = NAMES.join(", "))]
    Unknown(String),
    /// Its settings do not parse.
    #[error("settings: {0}")]
    Settings(#[from] toml::de::Error),
    /// Its settings do not make sense together.
    #[error("settings: {0}")]
    Refused(String),
    /// The adapter serves another channel than the route.
    #[error("the adapter serves {0}, the route says {1}")]
    Channel(fenghuo_contract::Channel, fenghuo_contract::Channel),
}

/// The adapter of a route; receipts its link pushes go to `receipts`.
///
/// # Errors
/// [`AdapterFault`].
pub fn build(route: &Route, receipts: Arc<dyn ReceiptSink>, clock: &Clock) -> Result<Arc<dyn Adapter>, AdapterFault> {
    let refused = |fault: &dyn std::fmt::Display| AdapterFault::Refused(fault.to_string());
    let mut settings = route.settings.clone();
    let adapter: Arc<dyn Adapter> = match route.adapter.as_str() {
        "cloud_sms" => {
            let (time, chance) = (clock.clone(), clock.clone());
            let now: fenghuo_cloud_sms::Now = Arc::new(move || time.unix());
            let chance: fenghuo_cloud_sms::Chance = Arc::new(move || chance.random());
            let sms = fenghuo_cloud_sms::CloudSms::new(&settings.try_into()?, now, chance);
            Arc::new(sms.map_err(|fault| refused(&fault))?)
        }
        "display" => Arc::new(fenghuo_display::Display::new(&settings.try_into()?)),
        "email" => Arc::new(fenghuo_email::Email::new(&settings.try_into()?, receipts).map_err(|fault| refused(&fault))?),
        "simulator" => {
            settings.entry("channel").or_insert_with(|| route.channel.name().into());
            let seed = u64::from_le_bytes(clock.random());
            let simulator = fenghuo_simulator::Simulator::new(settings.try_into()?, receipts, seed);
            Arc::new(simulator.map_err(|fault| refused(&fault))?)
        }
        "webhook" => {
            let clock = clock.clone();
            let now: fenghuo_webhook::Now = Arc::new(move || clock.unix());
            let webhook = fenghuo_webhook::Webhook::new(&settings.try_into()?, receipts, now);
            Arc::new(webhook.map_err(|fault| refused(&fault))?)
        }
        other => return Err(AdapterFault::Unknown(other.to_owned())),
    };
    let serves = adapter.profile().channel;
    if serves == route.channel { Ok(adapter) } else { Err(AdapterFault::Channel(serves, route.channel)) }
}
