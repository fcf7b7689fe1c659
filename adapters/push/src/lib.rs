//! Notifications on telephones and in browsers: APNs, FCM, Web Push (and with it UnifiedPush), JPush, ntfy.
//!
//! - Each provider is an adapter of its own with settings of its own; one route is one account.
//! - The payload of a submit is built once; only what differs from item to item is put in. All items of a submit are under
//!   way together in one future, without tasks.
//! - Where several routes share the channel, an address begins with the name of its provider (`apns:…`): each adapter takes
//!   its own and those without one; a JSON object is a browser's.
//! - A notification opens the page of its recipient, else that of its warning, else that of the settings.
//! - Nothing is shortened: where the text does not fit the provider's bytes, the signed short form goes out, else the
//!   content is refused, which [`fit`](fenghuo_contract::Adapter::fit) says beforehand.
//! - A later message of the same thread takes the place of the earlier one on the device, where the provider can do that.
//! - "Accepted" is never "displayed": no provider here reports that, so no receipts come.
//! - What answers mean is data: `config/codes/{apns,fcm,webpush,jpush,ntfy}.toml`.

mod answers;
pub mod apns;
pub mod fcm;
mod form;
pub mod jpush;
mod jwt;
mod network;
pub mod ntfy;
#[cfg(test)]
mod peer;
mod problems;
pub mod webpush;

use std::sync::Arc;

pub use apns::Apns;
pub use fcm::Fcm;
pub use jpush::JPush;
pub use network::Network;
pub use ntfy::Ntfy;
pub use problems::SettingsFault;
pub use webpush::WebPush;

/// Seconds since 1970: the time tokens are signed at and lifetimes are counted from.
pub type Now = Arc<dyn Fn() -> i64 + Send + Sync>;
