//! Short messages over the carrier protocols that hold a link open.
//!
//! - [`protocol`] says what bytes mean in a protocol; each of them is one module: [`smpp`], `cmpp`, `sgip`, `smgp`.
//! - [`text`] lays a text out: coding, segments, signature.
//! - [`link`] holds the connections: logs in, keeps the window, matches answers, keeps alive, comes back.
//! - [`receipt`] makes one receipt of the reports of all segments; [`replies`] puts together what people write.
//! - [`fixed`], `beijing` and `mainland` are what the three protocols of the mainland have in common: fields of fixed width,
//!   times, numbers and codes.
//! - [`adapter`] is the contract's [`Adapter`](fenghuo_contract::Adapter) over all of it.

mod adapter;
mod beijing;
pub mod cmpp;
pub mod fixed;
mod link;
mod mainland;
mod protocol;
mod receipt;
mod replies;
mod settings;
pub mod sgip;
pub mod smgp;
pub mod smpp;
mod text;
mod tls;

pub use adapter::{Now, Sms};
pub use settings::{Link, Long, SettingsFault, Text, Tls};
pub use text::Coding;
