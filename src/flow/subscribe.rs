//! Residents subscribe for themselves: a browser at once, for it asks its own user; an address of e-mail after its owner said
//! yes, see `subscribe/mail.rs`.
//!
//! A subscriber is a recipient of the group [`GROUP`] like any other: his areas, his language, the level below which he wants
//! nothing. He takes part in no drill. His external id is made from a keyed hash of his address, so that subscribing again
//! changes the subscription, and nobody can tell from the id who it is.

mod mail;

use std::sync::OnceLock;

use fenghuo_contract::Channel;
use serde::{Deserialize, Serialize};

pub(super) use self::mail::run;
pub use self::mail::{MailAsked, MailConfirmed};
use super::{Flow, Parts, Unavailable, record::hex, target::directory::Recipient};
use crate::domain::{area::AreaCode, opt_out::OptOut};

/// The group of those who subscribed for themselves.
pub const GROUP: &str = "public";
/// Areas one resident may choose.
pub const AREAS_MAX: usize = 50;
/// Bytes of an endpoint at most; those of browsers have about 200.
const ENDPOINT_MAX: usize = 1_000;
/// Characters of a key of a subscription at most.
const KEY_MAX: usize = 128;

/// The route that serves subscriptions of browsers, as far as the site needs it.
pub struct PushDoor {
    /// The key subscriptions must be made with (`applicationServerKey`), in base64url.
    pub public_key: String,
    /// Whether the route sends to a subscription, JSON as the browser gives it out.
    pub takes: Box<dyn Fn(&str) -> bool + Send + Sync>,
}

/// The door, opened after the start where one is configured.
#[derive(Default)]
pub(crate) struct Doors(OnceLock<PushDoor>);

/// What a resident wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// At least one, all of the configuration.
    pub areas: Vec<AreaCode>,
    /// BCP 47 tag.
    pub language: String,
    pub opt_out_below: Option<OptOut>,
}

/// A subscription as `PushSubscription.toJSON()` gives it out.
#[derive(Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Subscription {
    pub endpoint: String,
    pub keys: SubscriptionKeys,
}

/// The browser's keys, in base64url.
#[derive(Clone, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SubscriptionKeys {
    pub p256dh: String,
    pub auth: String,
}

/// Why a subscription is not taken.
#[derive(Debug, thiserror::Error)]
pub enum SubscribeFault {
    /// The site takes none of this kind.
    #[error("not offered")]
    NotOffered,
    /// It is no subscription, or one at a push service that is not called.
    #[error("the route does not send to it")]
    Unusable,
    /// See [`Unavailable`].
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

impl Subscription {
    /// As it is stored: what was sent besides is left out.
    fn address(&self) -> Option<String> {
        let bounded = self.endpoint.len() <= ENDPOINT_MAX
            && [&self.keys.p256dh, &self.keys.auth].map(String::len) <= [KEY_MAX; 2];
        let text = serde_json::to_string(self).ok()?;
        (bounded && !text.contains(char::is_whitespace)).then_some(text)
    }
}

/// The recipient of an address.
fn external_id(parts: &Parts, channel: Channel, address: &str) -> String {
    format!("{GROUP}-{channel}-{}", hex(&parts.directory.address_digest(channel, address)))
}

fn recipient(external_id: String, channel: Channel, address: String, choice: Choice) -> Recipient {
    Recipient {
        external_id,
        areas: choice.areas,
        groups: vec![GROUP.to_owned()],
        language: choice.language,
        endpoints: [(channel, address)].into(),
        opt_out_below: choice.opt_out_below,
        ..Recipient::default()
    }
}

impl Flow {
    /// Takes subscriptions of browsers from now on; a second door is not opened.
    pub fn open_push(&self, door: PushDoor) {
        if self.0.doors.0.set(door).is_err() {
            tracing::warn!("a push route is open already");
        }
    }

    /// The key subscriptions of browsers must be made with; `None` when none are taken.
    #[must_use]
    pub fn push_key(&self) -> Option<&str> {
        self.0.doors.0.get().map(|door| door.public_key.as_str())
    }

    /// Stores the subscription of a browser, durably; one at the same endpoint is replaced.
    ///
    /// # Errors
    /// [`SubscribeFault`].
    pub async fn subscribe_push(&self, subscription: &Subscription, choice: Choice) -> Result<(), SubscribeFault> {
        let door = self.0.doors.0.get().ok_or(SubscribeFault::NotOffered)?;
        let address = subscription.address().filter(|text| (door.takes)(text)).ok_or(SubscribeFault::Unusable)?;
        let id = external_id(&self.0, Channel::Push, &subscription.endpoint);
        self.0.directory.put(vec![recipient(id, Channel::Push, address, choice)]).await?;
        Ok(())
    }

    /// Erases the subscription at an endpoint, which only its browser knows; `false` when there is none.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn unsubscribe_push(&self, endpoint: &str) -> Result<bool, Unavailable> {
        self.0.directory.remove(&external_id(&self.0, Channel::Push, endpoint)).await
    }
}
