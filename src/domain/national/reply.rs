//! The answer to a form: `/msg/data/rows` with `status`, `error_code` and `note`.

use crate::domain::{cap::write::Writer, text};

/// The reply to one who handed a form in. `refused` is the code of what is wrong with it, and `None` when it was taken:
/// the form's status 0, where every other number is a refusal. `note` is for people.
#[must_use]
pub fn reply(refused: Option<&str>, note: &str) -> String {
    let mut xml = Writer(String::with_capacity(256 + note.len()));
    xml.0.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    xml.open("msg");
    xml.open("data");
    xml.open("rows");
    xml.plain("status", u8::from(refused.is_some()));
    xml.text("error_code", refused.unwrap_or_default());
    let carried: String = note.chars().filter(|c| text::is_xml_character(*c)).collect();
    xml.text("note", &carried);
    xml.close("rows");
    xml.close("data");
    xml.close("msg");
    xml.0
}

#[cfg(test)]
mod tests {
    use super::reply;

    #[test]
    fn status_zero_is_taken() {
        let taken = reply(None, "已接收");
        assert!(
            taken.contains("<rows>\n<status>0</status>\n<error_code></error_code>\n<note>已接收</note>\n</rows>"),
            "{taken}"
        );
        let refused = reply(Some("warning-rejected"), "a < b & \u{1}c");
        assert!(refused.contains("<status>1</status>\n<error_code>warning-rejected</error_code>"), "{refused}");
        assert!(refused.contains("<note>a &lt; b &amp; c</note>"), "{refused}");
    }
}
