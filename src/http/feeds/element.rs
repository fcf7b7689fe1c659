//! Elements of the XML feeds.

use quick_xml::{Writer, events::BytesText};

pub(super) type Xml = Writer<Vec<u8>>;

/// An element with text; none at all where the text is empty.
pub(super) fn leaf(xml: &mut Xml, name: &str, text: &str) -> std::io::Result<()> {
    if text.is_empty() {
        return Ok(());
    }
    // Characters XML 1.0 has no way to write would make the whole feed unreadable.
    let clean: String = text
        .chars()
        .filter(|c| !c.is_control() || matches!(c, '\t' | '\n' | '\r'))
        .filter(|c| !matches!(c, '\u{fffe}' | '\u{ffff}'))
        .collect();
    xml.create_element(name).write_text_content(BytesText::new(&clean))?;
    Ok(())
}
