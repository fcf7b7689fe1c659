//! A warning in XML: CAP 1.2 or the national form, told by the root; the national form also in a zip with its files.

use super::{cap, finding::Reading, national, rules};

/// Reads any of these with every fault found. Time and memory are bounded by the size of the input.
#[must_use]
pub fn read(bytes: &[u8]) -> Reading {
    read_further(bytes, &|_, _| Vec::new())
}

/// As [`read`], with what `further` finds in the message.
pub(crate) fn read_further(bytes: &[u8], further: rules::Further<'_>) -> Reading {
    if national::is_package(bytes) {
        return national::package::read(bytes, further);
    }
    cap::read_as(bytes, |text, tree| {
        if national::is_form(tree.root()) {
            national::document(text, tree, None, further)
        } else {
            cap::document(text, tree, further)
        }
    })
}
