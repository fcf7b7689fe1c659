//! Atom and RSS feeds of warnings: which documents they hold or point to. Pure; what is not a feed is refused like any
//! other XML, by the same reader with the same limits.
//!
//! A document inside an entry is taken as it stands there, byte for byte, but for the namespace it inherits: a document
//! on its own has to declare it. Where an entry points to is told by, in this order: a link of a CAP media type, a link
//! of an XML type or none, an enclosure, and for Atom the entry's id, for RSS its guid or link.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use quick_xml::{Reader, events::Event};

use super::{
    cap::{
        decode::decode,
        tree::{self, Node},
    },
    finding::{Finding, code},
};

/// Entries of a feed that are looked at; feeds have the newest first.
pub const MOST_ENTRIES: usize = 500;

/// Bytes of a feed at most, as of any document.
pub const MOST_BYTES: usize = super::cap::MOST_BYTES;

/// Bytes of a link at most.
const LINK_MAX: usize = 2048;

/// What a feed says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Feed {
    /// In the order of the feed.
    pub entries: Vec<Entry>,
    /// Entries beyond [`MOST_ENTRIES`].
    pub left_out: usize,
}

/// One entry of a feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Atom `updated`, RSS `pubDate`, as written: a changed one makes the document worth another look.
    pub changed: String,
    pub document: Document,
}

/// Where the document of an entry is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Document {
    /// In the entry itself.
    Inside(String),
    /// Behind an address, which may be relative to that of the feed.
    Behind(String),
    /// Nowhere.
    #[default]
    None,
}

/// Reads a feed.
///
/// # Errors
/// What is wrong with it as XML, or that it is no feed.
pub fn read(bytes: &[u8]) -> Result<Feed, Finding> {
    if bytes.len() > MOST_BYTES {
        return Err(Finding::refuse(code::DOCUMENT_TOO_LARGE, "").arg("most", MOST_BYTES));
    }
    let text = decode(bytes)?;
    let tree = tree::read(&text).map_err(|(_, finding)| finding)?;
    let root = tree.root();
    let name = root.element().name;
    let entries: Vec<Node<'_>> = match name {
        "feed" => children(root, "entry").collect(),
        "rss" => children(root, "channel").flat_map(|channel| children(channel, "item")).collect(),
        // RSS 1.0: the items stand beside the channel.
        "RDF" => children(root, "item").collect(),
        _ => return Err(Finding::refuse(code::CAP_WRONG_ROOT, "").got(name)),
    };
    let left_out = entries.len().saturating_sub(MOST_ENTRIES);
    let entries = entries.into_iter().take(MOST_ENTRIES).map(|node| entry(&text, node)).collect();
    Ok(Feed { entries, left_out })
}

fn children<'t>(node: Node<'t>, name: &'static str) -> impl Iterator<Item = Node<'t>> {
    node.children().filter(move |child| child.element().name == name)
}

fn entry(text: &str, node: Node<'_>) -> Entry {
    let changed = ["updated", "pubDate", "date"].into_iter().find_map(|name| children(node, name).next());
    let changed = changed.map(|node| node.element().text.trim().to_owned()).unwrap_or_default();
    let inside = alert(node).and_then(|alert| cut(text, alert)).or_else(|| written(node));
    let document = inside.map(Document::Inside);
    let document = document.or_else(|| link(text, node).map(Document::Behind)).unwrap_or_default();
    Entry { changed, document }
}

/// The first CAP document among what an entry holds.
fn alert(node: Node<'_>) -> Option<Node<'_>> {
    node.children().find_map(|child| if child.element().name == "alert" { Some(child) } else { alert(child) })
}

/// A document that stands in an entry as escaped text.
fn written(node: Node<'_>) -> Option<String> {
    let texts = ["content", "description", "encoded", "summary"].into_iter().flat_map(|name| children(node, name));
    let mut texts = texts.map(|node| node.element().text.trim().to_owned());
    texts.find(|text| text.starts_with('<') && text.contains("<alert") || text.contains(":alert "))
}

/// The bytes of an element, with the namespace it inherits declared.
fn cut(text: &str, node: Node<'_>) -> Option<String> {
    let start = node.element().offset;
    let rest = text.get(start..)?;
    let mut reader = Reader::from_str(rest);
    let (mut depth, mut inherits) = (0_usize, None);
    let end = loop {
        match reader.read_event().ok()? {
            Event::Start(tag) => {
                if depth == 0 {
                    inherits = inherited(&tag);
                }
                depth += 1;
            }
            Event::Empty(_) if depth == 0 => return None,
            Event::End(_) => {
                depth -= 1;
                if depth == 0 {
                    break usize::try_from(reader.buffer_position()).ok()?;
                }
            }
            Event::Eof => return None,
            _ => {}
        }
    };
    let whole = rest.get(..end)?;
    let Some((name_end, attribute)) = inherits.filter(|_| !node.element().namespace.is_empty()) else {
        return Some(whole.to_owned());
    };
    let (head, tail) = whole.split_at_checked(name_end)?;
    let namespace = node.element().namespace.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    Some(format!("{head} {attribute}=\"{namespace}\"{tail}"))
}

/// The declaration that is missing in a start tag, and where it belongs.
fn inherited(tag: &quick_xml::events::BytesStart<'_>) -> Option<(usize, String)> {
    let full = tag.name().into_inner();
    let attribute = match full.split_once(':') {
        Some((prefix, _)) => format!("xmlns:{prefix}"),
        None => "xmlns".to_owned(),
    };
    let declared = tag.attributes().flatten().any(|known| known.key.into_inner() == attribute);
    (!declared).then(|| (1 + full.len(), attribute))
}

/// Where an entry points to.
fn link(text: &str, node: Node<'_>) -> Option<String> {
    let mut best: Option<(u8, String)> = None;
    let mut offer = |rank: u8, address: &str| {
        let address = address.trim();
        let fits = !address.is_empty() && address.len() <= LINK_MAX;
        if fits && best.as_ref().is_none_or(|(known, _)| rank < *known) {
            best = Some((rank, address.to_owned()));
        }
    };
    for child in node.children() {
        let element = child.element();
        match element.name {
            "link" | "enclosure" => {
                let attributes = attributes(text, element.offset);
                let attribute = |name: &str| attributes.get(name).map(String::as_str).unwrap_or_default();
                if let Some(rank) = rank(element.name, attribute("rel"), attribute("type")) {
                    offer(rank, attribute(if element.name == "link" { "href" } else { "url" }));
                }
                // RSS writes the address as text.
                offer(4, &element.text);
            }
            "id" | "guid" if is_address(&element.text) => offer(5, &element.text),
            _ => {}
        }
    }
    best.map(|(_, address)| address)
}

/// How likely a link leads to the document; `None` when it leads elsewhere.
fn rank(element: &str, rel: &str, media_type: &str) -> Option<u8> {
    let media_type = media_type.to_ascii_lowercase();
    if media_type.contains("cap+xml") || media_type.contains("common-alerting-protocol") {
        return Some(0);
    }
    match (element, rel) {
        ("enclosure", _) | ("link", "enclosure") => media_type.contains("xml").then_some(3),
        ("link", "" | "alternate") if media_type.contains("xml") => Some(1),
        ("link", "" | "alternate") if media_type.is_empty() => Some(2),
        _ => None,
    }
}

fn is_address(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with("https://") || text.starts_with("http://")
}

/// The attributes of the element whose start tag is at `offset`.
fn attributes(text: &str, offset: usize) -> BTreeMap<String, String> {
    let Some(rest) = text.get(offset..) else { return BTreeMap::new() };
    let Ok(Event::Start(tag) | Event::Empty(tag)) = Reader::from_str(rest).read_event() else { return BTreeMap::new() };
    let read = tag.attributes().flatten().filter_map(|attribute| {
        let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok()?.into_owned();
        Some((attribute.key.into_inner().to_owned(), value))
    });
    read.collect()
}
