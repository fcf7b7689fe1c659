//! The way of a warning, in nine stages. Each ends by committing a record; the next starts from that record, so a
//! restart, a crash and a second node all use the ordinary path.
//!
//! ```text
//! intake → authorize → approve → target → render → schedule → deliver → receipt → status
//! ```
//!
//! [`Flow`] is what the outside (HTTP, command line) may ask for. It never hands out a store or an adapter.

pub mod alarms;
pub mod approve;
pub mod authorize;
pub mod deliver;
pub mod intake;
pub mod forecast;
mod parts;
pub mod preflight;
mod projection;
pub mod receipt;
pub mod record;
pub mod render;
mod retention;
pub mod retry;
pub mod schedule;
pub mod screens;
mod stages;
mod start;
pub mod status;
mod submit;
pub mod target;
mod watch;

use std::sync::Arc;

pub(crate) use parts::Parts;
#[doc(hidden)]
pub use projection::measured::Measured;
pub use parts::{AddressBook, Assembly};

/// The flow of one gateway. Cheap to clone.
#[derive(Clone)]
pub struct Flow(Arc<Parts>);

impl Flow {
    /// The directory of recipients.
    #[must_use]
    pub fn directory(&self) -> &target::directory::Directory {
        &self.0.directory
    }

    /// Whether warnings can be taken now.
    ///
    /// # Errors
    /// When the store does not answer.
    pub async fn ready(&self) -> Result<(), Unavailable> {
        self.0.store.head().await?;
        Ok(())
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

/// The store did not answer; nothing is known to have changed, repeat the same request.
#[derive(Clone, Debug, thiserror::Error)]
#[error("store unavailable: {0}")]
pub struct Unavailable(pub String);

impl From<crate::store::ReadFault> for Unavailable {
    fn from(fault: crate::store::ReadFault) -> Self {
        Self(fault.0)
    }
}

impl From<crate::store::CommitFault> for Unavailable {
    fn from(fault: crate::store::CommitFault) -> Self {
        Self(fault.to_string())
    }
}
