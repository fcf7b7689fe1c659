//! From text to elements: well-formedness, namespaces, limits. What comes out is a tree whose texts are whole: comments,
//! CDATA and references are resolved, line ends are those of XML (2.11).
//!
//! No entity but the five predefined is known, a document type declaration ends the reading, and nothing outside of the
//! bytes is ever looked at.

mod name;
mod namespace;
mod reference;

use std::borrow::Cow;

use quick_xml::{
    Reader,
    errors::{Error, IllFormedError},
    events::{BytesStart, Event},
};

use crate::domain::{
    finding::{Finding, code},
    text,
};
use namespace::Bindings;

/// How deep elements may nest: a signed CAP needs 10.
const DEPTH: usize = 32;

/// How many elements a document may have: 40 areas of a large alert need 300.
const ELEMENTS: usize = 20_000;

/// What ended the reading, and the byte where.
pub(in crate::domain) type Fatal = (usize, Finding);

/// The elements of a document, the document element first, each before what it contains.
#[derive(Debug)]
pub(in crate::domain) struct Tree<'a> {
    elements: Vec<Element<'a>>,
}

/// One element.
#[derive(Debug)]
pub(in crate::domain) struct Element<'a> {
    /// Name without prefix.
    pub(in crate::domain) name: &'a str,
    /// Namespace, empty when it has none.
    pub(in crate::domain) namespace: Cow<'a, str>,
    /// Byte where its start tag begins.
    pub(in crate::domain) offset: usize,
    /// All character data directly inside.
    pub(in crate::domain) text: Cow<'a, str>,
    /// The first attribute that is neither a namespace declaration nor a hint for schema validators.
    pub(in crate::domain) attribute: Option<&'a str>,
    parent: Option<usize>,
    first: Option<usize>,
    next: Option<usize>,
}

/// A handle on an element of a [`Tree`].
#[derive(Clone, Copy)]
pub(in crate::domain) struct Node<'t> {
    tree: &'t Tree<'t>,
    index: usize,
}

impl<'t> Node<'t> {
    /// The element itself.
    pub(in crate::domain) fn element(self) -> &'t Element<'t> {
        &self.tree.elements[self.index]
    }

    /// What it is in.
    pub(in crate::domain) fn parent(self) -> Option<Self> {
        self.element().parent.map(|index| Node { tree: self.tree, index })
    }

    /// The elements directly inside, in document order.
    pub(in crate::domain) fn children(self) -> impl Iterator<Item = Self> {
        let at = move |index| Node { tree: self.tree, index };
        std::iter::successors(self.element().first.map(at), move |child| child.element().next.map(at))
    }

    /// The elements directly inside with this name, in the namespace of this element.
    pub(in crate::domain) fn named(self, name: &str) -> impl Iterator<Item = Self> {
        let namespace = &self.element().namespace;
        self.children().filter(move |child| child.element().name == name && child.element().namespace == *namespace)
    }

    /// Whether it is empty: neither text other than blanks nor elements.
    pub(in crate::domain) fn is_blank(self) -> bool {
        self.element().first.is_none() && text::is_blank(&self.element().text)
    }
}

impl Tree<'_> {
    /// The document element.
    pub(in crate::domain) fn root(&self) -> Node<'_> {
        Node { tree: self, index: 0 }
    }
}

/// Reads a document.
///
/// # Errors
/// The first thing that is not well-formed or beyond a limit.
pub(in crate::domain) fn read(text: &str) -> Result<Tree<'_>, Fatal> {
    if !text.trim_start_matches([' ', '\t', '\r', '\n']).starts_with('<') {
        return Err((0, Finding::refuse(code::XML_NONE, "")));
    }
    if let Some((at, c)) = text::forbidden_character(text) {
        let shown = format!("U+{:04X}", u32::from(c));
        return Err((at, Finding::refuse(code::XML_CHARACTER, "").arg("character", shown)));
    }
    let mut builder = Builder::new(text);
    let mut reader = Reader::from_str(text);
    reader.config_mut().check_comments = true;
    loop {
        let at = position(reader.buffer_position());
        match reader.read_event() {
            Ok(Event::Eof) => return builder.finish(),
            Ok(event) => builder.take(at, event)?,
            Err(error) => return Err(builder.fault(position(reader.error_position()), &error)),
        }
    }
}

fn position(offset: u64) -> usize {
    usize::try_from(offset).unwrap_or(usize::MAX)
}

struct Builder<'a> {
    source: &'a str,
    elements: Vec<Element<'a>>,
    /// Open elements, each with its last child so far.
    open: Vec<(usize, Option<usize>)>,
    bindings: Bindings<'a>,
}

impl<'a> Builder<'a> {
    fn new(source: &'a str) -> Self {
        Self { source, elements: Vec::with_capacity(64), open: Vec::with_capacity(8), bindings: Bindings::default() }
    }

    fn take(&mut self, at: usize, event: Event<'a>) -> Result<(), Fatal> {
        match event {
            Event::Start(tag) => self.start(at, &tag),
            Event::Empty(tag) => {
                self.start(at, &tag)?;
                self.end();
                Ok(())
            }
            Event::End(_) => {
                self.end();
                Ok(())
            }
            Event::Text(piece) if piece.contains("]]>") => Err(syntax(at)),
            Event::Text(piece) => self.text(at, piece.into_inner()),
            Event::CData(piece) if self.open.is_empty() => Err(self.outside(at, &piece)),
            Event::CData(piece) => self.text(at, piece.into_inner()),
            Event::GeneralRef(name) => {
                let c = reference::resolve(&name).map_err(|finding| (at, finding))?;
                if self.open.is_empty() { Err(self.outside(at, &name)) } else { self.append(Cow::Owned(c.to_string())) }
            }
            Event::DocType(_) => Err((at, Finding::refuse(code::XML_DOCTYPE, ""))),
            // A declaration stands at the very beginning or nowhere.
            Event::Decl(_) if at > 0 => Err(syntax(at)),
            Event::PI(instruction) if instruction.target().eq_ignore_ascii_case("xml") => Err(syntax(at)),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) | Event::Eof => Ok(()),
        }
    }

    fn start(&mut self, at: usize, tag: &BytesStart<'a>) -> Result<(), Fatal> {
        let limit = |code, most: usize| Err((at, Finding::refuse(code, "").arg("most", most)));
        if self.open.is_empty() && !self.elements.is_empty() {
            return Err((at, Finding::refuse(code::XML_AFTER_END, "")));
        }
        if self.open.len() == DEPTH {
            return limit(code::XML_TOO_DEEP, DEPTH);
        }
        if self.elements.len() == ELEMENTS {
            return limit(code::XML_TOO_MANY_ELEMENTS, ELEMENTS);
        }
        // The same bytes as `tag`, borrowed from the source so that names outlive the event.
        let inside = self.source.get(at + 1..at + 1 + tag.len()).unwrap_or_default();
        let name_length = tag.name().as_ref().len();
        let (prefix, name) = inside.get(..name_length).and_then(name::split).ok_or_else(|| syntax(at))?;
        let attribute = self.bindings.enter(self.open.len(), inside, name_length).map_err(|finding| (at, finding))?;
        let namespace = self.bindings.resolve(prefix).map_err(|finding| (at, finding))?;
        let parent = self.open.last().map(|(index, _)| *index);
        let index = self.elements.len();
        self.link(index);
        self.elements.push(Element {
            name,
            namespace,
            offset: at,
            text: Cow::Borrowed(""),
            attribute,
            parent,
            first: None,
            next: None,
        });
        self.open.push((index, None));
        Ok(())
    }

    /// Makes an element the last child of the open one.
    fn link(&mut self, index: usize) {
        let Some((parent, last)) = self.open.last_mut() else { return };
        match last.replace(index) {
            Some(sibling) => self.elements[sibling].next = Some(index),
            None => self.elements[*parent].first = Some(index),
        }
    }

    fn end(&mut self) {
        self.open.pop();
        self.bindings.leave(self.open.len());
    }

    fn text(&mut self, at: usize, piece: Cow<'a, str>) -> Result<(), Fatal> {
        if self.open.is_empty() {
            return if text::is_blank(&piece) { Ok(()) } else { Err(self.outside(at, &piece)) };
        }
        self.append(normal_line_ends(piece))
    }

    fn append(&mut self, piece: Cow<'a, str>) -> Result<(), Fatal> {
        if let Some((index, _)) = self.open.last() {
            let text = &mut self.elements[*index].text;
            if text.is_empty() { *text = piece } else { text.to_mut().push_str(&piece) }
        }
        Ok(())
    }

    /// Text outside of the document element.
    fn outside(&self, at: usize, piece: &str) -> Fatal {
        let blanks = piece.len() - piece.trim_start().len();
        let code = if self.elements.is_empty() { code::XML_SYNTAX } else { code::XML_AFTER_END };
        (at + blanks, Finding::refuse(code, ""))
    }

    fn finish(self) -> Result<Tree<'a>, Fatal> {
        if let Some((index, _)) = self.open.last() {
            return Err(self.unfinished(self.elements[*index].name));
        }
        if self.elements.is_empty() {
            return Err((0, Finding::refuse(code::XML_NONE, "")));
        }
        Ok(Tree { elements: self.elements })
    }

    fn unfinished(&self, name: &str) -> Fatal {
        (self.source.len(), Finding::refuse(code::XML_UNFINISHED, "").arg("element", name))
    }

    fn fault(&self, at: usize, error: &Error) -> Fatal {
        match error {
            Error::IllFormed(IllFormedError::MismatchedEndTag { expected, found }) => {
                (at, Finding::refuse(code::XML_TAG_MISMATCH, "").got(found).arg("element", expected))
            }
            Error::Syntax(_) if !self.source[at.min(self.source.len())..].contains('>') && !self.open.is_empty() => {
                let name = self.open.last().map_or("", |(index, _)| self.elements[*index].name);
                self.unfinished(name)
            }
            _ => syntax(at),
        }
    }
}

fn syntax(at: usize) -> Fatal {
    (at, Finding::refuse(code::XML_SYNTAX, ""))
}

/// Line ends as XML hands them on: a line feed each (XML 1.0, 2.11). A carriage return that is meant is written as a
/// character reference, which does not come through here.
fn normal_line_ends(piece: Cow<'_, str>) -> Cow<'_, str> {
    if piece.contains('\r') { Cow::Owned(piece.replace("\r\n", "\n").replace('\r', "\n")) } else { piece }
}
