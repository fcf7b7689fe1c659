//! What kind of document it is, by its root.

use super::{
    schema::{ALERT, NAMESPACE},
    tree::Tree,
};
use crate::domain::finding::{Finding, code};

/// Older versions of CAP, with their namespaces.
const VERSIONS: [(&str, &str); 3] = [
    ("urn:oasis:names:tc:emergency:cap:1.1", "1.1"),
    ("http://www.incident.com/cap/1.0", "1.0"),
    ("urn:oasis:names:tc:emergency:cap:1.0", "1.0"),
];

/// Envelopes that hold alerts, by the name of their root.
const WRAPPERS: [(&str, &str); 5] =
    [("EDXLDistribution", "EDXL-DE"), ("feed", "Atom"), ("rss", "RSS"), ("RDF", "RSS"), ("alerts", "alerts")];

/// Why a document is no CAP 1.2 alert, when it is none.
pub(super) fn refusal(tree: &Tree<'_>) -> Option<Finding> {
    let root = tree.root();
    let element = root.element();
    let refuse = |code| Some(Finding::refuse(code, super::path::of(root, ALERT)));
    if element.name != "alert" {
        let wrapper = WRAPPERS.iter().find(|(name, _)| *name == element.name).map(|(_, form)| *form);
        return match wrapper {
            Some(form) => refuse(code::CAP_WRAPPED).map(|finding| finding.got(element.name).arg("form", form)),
            None => refuse(code::CAP_WRONG_ROOT).map(|finding| finding.got(element.name)),
        };
    }
    let namespace: &str = &element.namespace;
    if namespace == NAMESPACE {
        None
    } else if let Some((_, version)) = VERSIONS.iter().find(|(known, _)| *known == namespace) {
        refuse(code::CAP_VERSION_UNSUPPORTED).map(|finding| finding.got(namespace).arg("version", version))
    } else if namespace.is_empty() {
        refuse(code::CAP_NO_NAMESPACE)
    } else {
        refuse(code::CAP_NAMESPACE_UNKNOWN).map(|finding| finding.got(namespace))
    }
}
