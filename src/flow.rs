//! The way of a warning, in nine stages. Each ends by committing a record; the next starts from that record, so a
//! restart, a crash and a second node all use the ordinary path.
//!
//! ```text
//! intake → authorize → approve → target → render → schedule → deliver → receipt → status
//! ```
//!
//! [`Flow`] is what the outside (HTTP, command line) may ask for. It never hands out a store or an adapter.

pub mod alarms;
pub mod analysis;
pub mod approve;
pub mod authorize;
pub mod call;
mod chain;
mod custody;
pub mod deliver;
pub mod drills;
mod education;
pub mod exact;
pub mod fit;
pub mod forecast;
pub mod inbox;
pub mod intake;
pub mod measures;
mod nodes;
pub mod notice;
pub mod partners;
mod parts;
pub mod preflight;
mod projection;
pub mod receipt;
pub mod record;
mod remind;
pub mod render;
mod retention;
pub mod retry;
pub mod roster;
pub mod schedule;
pub mod screens;
mod show;
mod stages;
mod start;
pub mod status;
mod submit;
pub mod subscribe;
pub mod suppress;
pub mod target;
pub mod upstream;
mod warnings;
mod watch;
mod witness;

use std::sync::Arc;

use crate::store::Health;

pub(crate) use parts::Parts;
pub use parts::{AddressBook, Assembly};
#[doc(hidden)]
pub use projection::measured::Measured;
#[doc(hidden)]
pub use schedule::measured::paced;

/// The flow of one gateway. Cheap to clone.
#[derive(Clone)]
pub struct Flow(Arc<Parts>);

impl Flow {
    /// The directory of recipients.
    #[must_use]
    pub fn directory(&self) -> &target::directory::Directory {
        &self.0.directory
    }

    /// Whether warnings can be taken now, and which: `ok`; `disk_low`, nothing new below red; `disk_full`, only what
    /// takes back or corrects.
    ///
    /// # Errors
    /// When the store does not answer or takes no commits.
    pub async fn ready(&self) -> Result<&'static str, Unavailable> {
        self.0.store.head().await?;
        match self.0.store.health() {
            Health::Healthy => Ok("ok"),
            Health::Low { .. } => Ok("disk_low"),
            Health::Full { .. } => Ok("disk_full"),
            Health::Poisoned { error, .. } => Err(Unavailable::new(error)),
        }
    }

    /// Shows the state of the store, its disk and its queue in the metrics.
    pub fn measure_store(&self) {
        self.0.telemetry.store(&self.0.store.health(), self.0.store.room());
    }
}

/// A page of a list: cursor pages, opaque cursor, `None` at the end.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// Pass it back as `cursor` for the next page.
    pub next: Option<String>,
}

/// The store did not do it: repeat the same request.
#[derive(Clone, Debug, thiserror::Error)]
#[error("store unavailable: {cause}")]
pub struct Unavailable {
    /// What happened, for the log.
    pub cause: String,
    /// What the caller is told.
    pub kind: UnavailableKind,
}

/// Why the store did not do something, as far as a caller has to know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnavailableKind {
    /// It did not answer; whether anything changed is not known.
    Silent,
    /// The disk runs short and what is left is kept for what takes back, corrects or records. Nothing changed.
    DiskFull,
    /// Too many changes wait already. Nothing changed.
    QueueFull,
}

impl Unavailable {
    /// The store did not answer, or what it holds cannot be used.
    #[must_use]
    pub fn new(cause: impl Into<String>) -> Self {
        Self { cause: cause.into(), kind: UnavailableKind::Silent }
    }
}

impl From<crate::store::ReadFault> for Unavailable {
    fn from(fault: crate::store::ReadFault) -> Self {
        Self::new(fault.0)
    }
}

impl From<crate::store::CommitFault> for Unavailable {
    fn from(fault: crate::store::CommitFault) -> Self {
        let kind = match fault {
            crate::store::CommitFault::Full => UnavailableKind::DiskFull,
            crate::store::CommitFault::QueueFull => UnavailableKind::QueueFull,
            _ => UnavailableKind::Silent,
        };
        Self { cause: fault.to_string(), kind }
    }
}
