//! A warning in XML: CAP 1.2 or the national form, told by the root.

use super::{cap, finding::Reading, national};

/// Reads either form with every fault found. Time and memory are bounded by the size of the input.
#[must_use]
pub fn read(bytes: &[u8]) -> Reading {
    cap::read_as(bytes, |text, tree| {
        if national::is_form(tree.root()) { national::document(text, tree) } else { cap::document(text, tree) }
    })
}
