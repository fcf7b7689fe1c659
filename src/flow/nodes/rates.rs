//! Parts of the limits that all nodes share.

use std::sync::Arc;

use crate::{flow::Parts, store::Cluster};

/// What is known of the parts.
#[derive(Default)]
pub(crate) struct Shares;

/// Asks for parts until the soft stop.
pub(super) async fn run(_parts: Arc<Parts>, _cluster: Arc<dyn Cluster>) {}
