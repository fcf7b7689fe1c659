//! Outbound HTTP for adapters: one client with limits everywhere, a guard against being sent where we must not go, and
//! one reading of statuses as verdicts.
//!
//! - TLS by rustls with *ring*, named explicitly; roots of the operating system plus an optional file.
//! - No proxy from the environment, no redirect, no cookie; connect and total time-outs; answers read up to a bound.
//! - A URL becomes a [`Target`] before anything is sent to it: `https`, no user info, an allowed port, and no address of
//!   the inside. The same rule is applied by the resolver to every address a name resolves to, which are the addresses
//!   connected to, so a name that changes between check and connection gains nothing.
//! - [`Links`] keeps several HTTP/2 connections to one provider, for one request a message at the least cost, [`Origins`] to
//!   each of some; everything else goes through [`HttpKit`]. Both obey the same settings and the same guard.
//! - `Debug` and errors show `https://host/…` and never a path, a query, a header or a body.

mod classify;
mod gate;
mod guard;
mod kit;
mod link;
mod links;
mod origins;
mod settings;
mod shared;
mod signature;
mod target;
mod tls;

pub use classify::{fault, fault_by, retry_after, statuses, verdict, verdict_by};
pub use guard::Guard;
pub use kit::{Answer, Call, HttpKit, KitFault};
pub use links::{Exchange, Links, LinksFault};
pub use origins::Origins;
pub use settings::Settings;
pub use shared::Shared;
pub use signature::{hmac_sha256, verify_hmac_sha256};
pub use target::{Target, TargetFault};
