//! The providers' XML: elements with text in them, a few levels deep. No DTD, no attributes that say anything.

use quick_xml::{Reader, events::Event};

/// Levels of elements at most.
const DEEP: usize = 8;

/// Elements of a document at most.
const ELEMENTS: usize = 512;

/// Texts of a document by their path below the root, `SubscribeMsgSentEvent/List/MsgID`, in order.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Document(Vec<(String, String)>);

/// Why a document is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum XmlFault {
    #[error("not UTF-8")]
    Utf8,
    #[error("not well-formed XML")]
    Form,
    #[error("a DTD is not read")]
    Dtd,
    #[error("too deep or too many elements")]
    Large,
}

impl Document {
    /// Reads a document. Its cost is bounded by its length.
    ///
    /// # Errors
    /// [`XmlFault`].
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, XmlFault> {
        let text = std::str::from_utf8(bytes).map_err(|_| XmlFault::Utf8)?;
        let mut reader = Reader::from_str(text);
        let mut reading = Reading::default();
        loop {
            match reader.read_event().map_err(|_| XmlFault::Form)? {
                Event::Start(tag) => reading.enter(tag.name().as_ref())?,
                Event::Empty(tag) => {
                    reading.enter(tag.name().as_ref())?;
                    reading.leave();
                }
                Event::End(_) => reading.leave(),
                Event::Text(piece) => reading.write(&piece.into_inner()),
                Event::CData(piece) => reading.write(&piece.into_inner()),
                Event::GeneralRef(name) => reading.write(&resolved(&name).ok_or(XmlFault::Form)?.to_string()),
                Event::DocType(_) => return Err(XmlFault::Dtd),
                Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
                Event::Eof => return reading.finish(),
            }
        }
    }

    /// The first text with this path, without blanks around it; empty when there is none.
    pub(crate) fn text(&self, path: &str) -> &str {
        self.0.iter().find(|(known, _)| known == path).map_or("", |(_, text)| text.trim())
    }

    /// All texts with this path, in order.
    pub(crate) fn texts<'a>(&'a self, path: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known == path).map(|(_, text)| text.trim())
    }
}

/// A document half read.
#[derive(Default)]
struct Reading {
    /// Names of the open elements below the root, with the place of each one's text.
    open: Vec<usize>,
    path: Vec<String>,
    texts: Vec<(String, String)>,
}

impl Reading {
    fn enter(&mut self, name: &str) -> Result<(), XmlFault> {
        if self.open.is_empty() && !self.texts.is_empty() {
            return Err(XmlFault::Form);
        }
        if self.open.len() >= DEEP || self.texts.len() >= ELEMENTS || name.len() > 100 {
            return Err(XmlFault::Large);
        }
        if !self.open.is_empty() {
            self.path.push(name.to_owned());
        }
        self.open.push(self.texts.len());
        self.texts.push((self.path.join("/"), String::new()));
        Ok(())
    }

    fn leave(&mut self) {
        self.open.pop();
        self.path.pop();
    }

    fn write(&mut self, piece: &str) {
        if let Some((_, text)) = self.open.last().and_then(|place| self.texts.get_mut(*place)) {
            text.push_str(piece);
        }
    }

    fn finish(self) -> Result<Document, XmlFault> {
        if self.open.is_empty() && !self.texts.is_empty() { Ok(Document(self.texts)) } else { Err(XmlFault::Form) }
    }
}

/// The character a reference stands for.
fn resolved(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let number = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(number.ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn texts_are_found_by_their_path() {
        let document = Document::read(
            "<?xml version=\"1.0\"?><xml><A><![CDATA[ <b>&amp; ]]></A><A>2 &lt; &#51;</A><L><I><N>1</N></I><I><N>2</N></I></L><E/></xml>"
                .as_bytes(),
        )
        .unwrap();
        assert_eq!(document.text("A"), "<b>&amp;");
        assert_eq!(document.texts("A").collect::<Vec<_>>(), ["<b>&amp;", "2 < 3"]);
        assert_eq!(document.texts("L/I/N").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!((document.text("E"), document.text("nothing")), ("", ""));
    }

    #[test]
    fn what_is_hostile_is_refused() {
        let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbb\">]><a>&b;</a>";
        let deep = "<a>".repeat(DEEP + 1);
        let many = format!("<a>{}</a>", "<b/>".repeat(ELEMENTS));
        for (text, fault) in [
            (bomb, XmlFault::Dtd),
            (&deep, XmlFault::Large),
            (&many, XmlFault::Large),
            ("<a>&nothing;</a>", XmlFault::Form),
            ("<a>&#xD800;</a>", XmlFault::Form),
            ("<a></b>", XmlFault::Form),
            ("<a>", XmlFault::Form),
            ("<a/><b/>", XmlFault::Form),
            ("", XmlFault::Form),
        ] {
            assert_eq!(Document::read(text.as_bytes()), Err(fault), "{text:.40}");
        }
        assert_eq!(Document::read(b"<a>\xff</a>"), Err(XmlFault::Utf8));
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(text in "(<[a/!?]|[a-c]>|]]>|<!\\[CDATA\\[|&|#|;|[雨 \\-\"]){0,40}") {
            if let Ok(Document(texts)) = Document::read(text.as_bytes()) {
                let long: usize = texts.iter().map(|(_, text)| text.len()).sum();
                prop_assert!(long <= text.len());
            }
        }
    }
}
