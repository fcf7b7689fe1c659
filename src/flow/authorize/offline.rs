//! Keys of a store that no gateway has open: for the command line, on the machine itself.

use super::{KeyOrder, KeyView, LOCAL, NewKey, keys};
use crate::{clock::Clock, flow::Unavailable, store::Store};

/// Makes a key.
///
/// # Errors
/// When it cannot be stored.
pub async fn create(store: &Store, clock: &Clock, order: KeyOrder) -> Result<NewKey, Unavailable> {
    keys::create(store, clock, LOCAL, order).await
}

/// Every key.
///
/// # Errors
/// When the store cannot be read.
pub async fn list(store: &Store) -> Result<Vec<KeyView>, Unavailable> {
    keys::list(store).await
}

/// Revokes a key; `false` when there is none with this id.
///
/// # Errors
/// When it cannot be stored.
pub async fn revoke(store: &Store, clock: &Clock, id: &str) -> Result<bool, Unavailable> {
    keys::Keys::default().revoke(store, clock, LOCAL, id).await
}
