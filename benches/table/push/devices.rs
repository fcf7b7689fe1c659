//! Devices for the numbers that measures are made with.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use fenghuo_contract::{Adapter, Address, Batch, Cause, Content, Fault, Fit, Profile, Verdict};
use ring::{
    agreement::{ECDH_P256, EphemeralPrivateKey},
    rand::SystemRandom,
};

use super::{provider::Provider, sink::Sink};

/// Browsers that keys are made for.
const BROWSERS: usize = 256;

/// A browser's keys, as far as it gives them out.
pub(super) struct Browser {
    pub(super) key: [u8; 65],
    pub(super) auth: [u8; 16],
}

/// Some browsers.
pub(super) fn browsers() -> Vec<Arc<Browser>> {
    let one = |number: usize| {
        let private = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).expect("a key");
        let public = private.compute_public_key().expect("its public half");
        let key = public.as_ref().try_into().expect("65 octets");
        Arc::new(Browser { key, auth: (number as u128).to_be_bytes() })
    };
    (0..BROWSERS).map(one).collect()
}

/// An adapter whose addresses are those of devices.
pub(super) struct Devices {
    adapter: Arc<dyn Adapter>,
    provider: Provider,
    /// The keys of browsers, as a subscription has them.
    keys: Vec<String>,
    port: u16,
}

impl Devices {
    pub(super) fn of(provider: Provider, sink: &Sink) -> Self {
        let keys = |browser: Arc<Browser>| {
            let [key, auth] = [&browser.key[..], &browser.auth].map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
            format!("\"keys\":{{\"p256dh\":\"{key}\",\"auth\":\"{auth}\"}}")
        };
        let keys = browsers().into_iter().map(keys).collect();
        Self { adapter: provider.adapter(sink), provider, keys, port: sink.address().port() }
    }

    /// As long as the provider's own.
    fn address(&self, number: &str) -> String {
        match self.provider {
            Provider::Fcm => format!("token:d{number:0>20}:APA91b{number:0>134}"),
            Provider::Apns => format!("{number:0>64}"),
            Provider::WebPush => {
                let keys = &self.keys[number.parse::<usize>().unwrap_or_default() % BROWSERS];
                format!("{{\"endpoint\":\"https://localhost:{}/send/{number:0>152}\",{keys}}}", self.port)
            }
        }
    }
}

#[async_trait]
impl Adapter for Devices {
    fn profile(&self) -> &Profile {
        self.adapter.profile()
    }

    async fn submit(&self, batch: &Batch, budget: Duration) -> Result<Vec<Verdict>, Fault> {
        let mut batch = batch.clone();
        for item in &mut batch.items {
            item.address = Address::new(self.address(item.address.expose().trim_start_matches('+')));
        }
        self.adapter.submit(&batch, budget).await
    }

    fn fit(&self, content: &Content) -> Result<Fit, Cause> {
        self.adapter.fit(content)
    }

    async fn probe(&self) -> Result<(), Fault> {
        self.adapter.probe().await
    }

    async fn close(&self) {
        self.adapter.close().await;
    }
}
