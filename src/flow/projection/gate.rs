//! Who writes about a plan, so that it is folded only when nobody does.
//!
//! Whoever makes outcomes of a plan durable is inside from before the commit until they are applied. The gate is shut
//! when nobody is inside and nothing has changed since the plan was read: then everything the journal says about it is
//! in what was read.

use std::sync::Arc;

use parking_lot::Mutex;

#[derive(Default)]
pub(crate) struct Gate(Mutex<Inside>);

#[derive(Default)]
struct Inside {
    writers: u32,
    shut: bool,
}

/// Somebody who writes, until dropped.
pub(crate) struct Writing(Arc<Gate>);

impl Gate {
    /// Goes in; `None` when the plan is being folded or was.
    pub(super) fn enter(self: &Arc<Self>) -> Option<Writing> {
        let mut inside = self.0.lock();
        if inside.shut {
            return None;
        }
        inside.writers += 1;
        Some(Writing(Arc::clone(self)))
    }

    /// Shuts the gate when nobody is inside and `unchanged`.
    pub(super) fn shut(&self, unchanged: impl FnOnce() -> bool) -> bool {
        let mut inside = self.0.lock();
        inside.shut = inside.writers == 0 && unchanged();
        inside.shut
    }

    pub(super) fn open(&self) {
        self.0.lock().shut = false;
    }
}

impl Drop for Writing {
    fn drop(&mut self) {
        self.0.0.lock().writers -= 1;
    }
}
