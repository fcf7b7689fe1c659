//! Names of elements and attributes.

/// Splits a qualified name into prefix and local name; `None` when it is no name (Namespaces in XML 1.0, 4).
pub(super) fn split(full: &str) -> Option<(&str, &str)> {
    match full.split_once(':') {
        None => is_name(full).then_some(("", full)),
        Some((prefix, local)) => (is_name(prefix) && is_name(local)).then_some((prefix, local)),
    }
}

/// Whether a text is a name without colon. Beyond ASCII only the marks that XML forbids at the beginning of any name
/// are not told apart.
fn is_name(text: &str) -> bool {
    let begins = |c: char| c.is_ascii_alphabetic() || c == '_' || !c.is_ascii() && c.is_alphabetic();
    let goes_on = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | '\u{B7}') || !c.is_ascii();
    text.starts_with(begins) && text.chars().all(goes_on)
}
