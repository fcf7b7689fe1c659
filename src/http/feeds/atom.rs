//! The public feed: released public warnings as Atom (RFC 4287), each entry named by the address of its CAP document.
//!
//! Readers fetch an entry's id as the CAP document and forget a warning that leaves the feed: what is in force is never
//! trimmed, what has ended stays two days.

use std::collections::HashSet;

use axum::{extract::State, http::HeaderMap, response::Response};
use bytes::Bytes;
use quick_xml::{
    Writer,
    events::{BytesDecl, BytesText, Event},
};

use super::{cap::CAP, public_url, tag::Tagged};
use crate::{
    domain::message::{Info, Kind, Status},
    flow::{
        Unavailable,
        intake::{WarningFilter, WarningView},
    },
    http::{
        Site,
        console::{escape, is_public},
        problem::Problem,
    },
};

const ATOM: &str = "application/atom+xml; charset=utf-8";
/// How long an ended warning stays, seconds.
const ENDED_STAYS_S: i64 = 48 * 3600;
/// Ended warnings are looked for among the newest of this many.
const LOOKED_THROUGH: usize = 2000;
/// Warnings read at a time.
const CHUNK: usize = 200;

/// `GET /feeds/warnings.atom`
pub(super) async fn feed(State(site): State<Site>, headers: HeaderMap) -> Result<Response, Problem> {
    let views = read(&site).await?;
    let title = &site.config.texts.signature;
    Ok(document(&public_url(&site.config), title, views, site.clock.unix()).answer(&headers))
}

/// What is in force, all of it, then the newest of all.
async fn read(site: &Site) -> Result<Vec<WarningView>, Unavailable> {
    let actual = WarningFilter { status: Some(Status::Actual), ..WarningFilter::default() };
    let mut views = pages(site, &WarningFilter { active: true, ..actual.clone() }, usize::MAX).await?;
    views.extend(pages(site, &actual, LOOKED_THROUGH).await?);
    let mut seen = HashSet::new();
    views.retain(|view| seen.insert(view.id.clone()));
    Ok(views)
}

async fn pages(site: &Site, filter: &WarningFilter, most: usize) -> Result<Vec<WarningView>, Unavailable> {
    let (mut views, mut cursor) = (Vec::new(), None);
    loop {
        let page = site.flow.warnings(filter, cursor.as_deref(), CHUNK).await?;
        views.extend(page.items);
        cursor = page.next;
        if cursor.is_none() || views.len() >= most {
            return Ok(views);
        }
    }
}

/// Seconds since 1970 of an RFC 3339 time.
fn unix(rfc3339: &str) -> Option<i64> {
    rfc3339.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second)
}

/// One entry: a warning and when it last changed.
struct Entry {
    view: WarningView,
    /// Released, or ended.
    updated: String,
    href: String,
}

/// When a warning ended, as far as the others tell.
fn ended_at(view: &WarningView, all: &[WarningView]) -> Option<String> {
    match (view.ended.as_deref()?, &view.ended_by) {
        (_, Some(by)) => all.iter().find(|other| other.id == *by).and_then(|other| other.released_at.clone()),
        ("expired", None) => view.expires_at.clone(),
        _ => view.finished_at.clone(),
    }
}

fn entries(base: &str, views: Vec<WarningView>, now: i64) -> Vec<Entry> {
    let told = |view: &WarningView| is_public(view) && matches!(view.kind, Kind::Alert | Kind::Update | Kind::Cancel);
    let mut named = HashSet::new();
    let mut views: Vec<WarningView> = views.into_iter().filter(told).collect();
    views.sort_by(|a, b| (&b.released_at, &b.id).cmp(&(&a.released_at, &a.id)));
    let entry = |view: &WarningView| {
        let released = view.released_at.clone().unwrap_or_default();
        let updated = match (&view.ended, ended_at(view, &views)) {
            (None, _) => released,
            (Some(_), Some(ended)) if unix(&ended)? > now - ENDED_STAYS_S => ended,
            (Some(_), _) => return None,
        };
        // The newest warning of an identifier has the address of the identifier; others that of their own id.
        let identifier = &view.message.identifier;
        let name = if named.insert(identifier.clone()) { identifier } else { &view.id.0 };
        Some(Entry { view: view.clone(), updated, href: format!("{base}/cap/{}.xml", escape(name)) })
    };
    views.iter().filter_map(entry).collect()
}

/// The feed of these warnings, whichever of them belong into it.
pub(super) fn document(base: &str, title: &str, views: Vec<WarningView>, now: i64) -> Tagged {
    let entries = entries(base, views, now);
    let updated = entries.iter().map(|entry| entry.updated.as_str()).max_by_key(|at| unix(at));
    // An empty feed must not change from day to day either.
    let changed = updated.unwrap_or("1970-01-01T00:00:00+00:00");
    let mut writer = Writer::new(Vec::new());
    let written = write(&mut writer, base, title, changed, &entries);
    debug_assert!(written.is_ok(), "writing to memory does not fail");
    Tagged::of(Bytes::from(writer.into_inner()), ATOM, updated.and_then(unix))
}

type Xml = Writer<Vec<u8>>;

fn write(xml: &mut Xml, base: &str, title: &str, updated: &str, entries: &[Entry]) -> std::io::Result<()> {
    let own = format!("{base}/feeds/warnings.atom");
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let root = xml.create_element("feed").with_attributes([
        ("xmlns", "http://www.w3.org/2005/Atom"),
        ("xmlns:cap", "urn:oasis:names:tc:emergency:cap:1.2"),
        ("xml:lang", "zh-CN"),
    ]);
    root.write_inner_content(|xml| {
        leaf(xml, "id", &own)?;
        leaf(xml, "title", title)?;
        leaf(xml, "updated", updated)?;
        xml.create_element("author").write_inner_content(|xml| leaf(xml, "name", title))?;
        xml.create_element("link")
            .with_attributes([("rel", "self"), ("type", "application/atom+xml"), ("href", &own)])
            .write_empty()?;
        entries.iter().try_for_each(|entry| write_entry(xml, entry))
    })?;
    Ok(())
}

fn write_entry(xml: &mut Xml, entry: &Entry) -> std::io::Result<()> {
    let Entry { view, updated, href } = entry;
    let info = view.message.infos.first();
    let text = |part: fn(&Info) -> Option<&str>| info.and_then(part).unwrap_or_default();
    xml.create_element("entry").write_inner_content(|xml| {
        leaf(xml, "id", href)?;
        leaf(xml, "title", &view.headline)?;
        leaf(xml, "updated", updated)?;
        leaf(xml, "published", view.released_at.as_deref().unwrap_or(updated))?;
        let author = info.and_then(|info| info.sender_name.as_deref()).or(view.issuer.as_deref());
        let author = author.unwrap_or(&view.message.sender);
        xml.create_element("author").write_inner_content(|xml| leaf(xml, "name", author))?;
        let link = [("rel", "alternate"), ("type", CAP.split(';').next().unwrap_or(CAP)), ("href", href)];
        xml.create_element("link")
            .with_attributes(link.map(|(name, value): (&str, &str)| (name, value)))
            .write_empty()?;
        for category in info.iter().flat_map(|info| &info.categories) {
            xml.create_element("category").with_attribute(("term", category.cap())).write_empty()?;
        }
        leaf(xml, "summary", text(|info| info.description.as_deref()))?;
        write_cap(xml, view, info)
    })?;
    Ok(())
}

/// What readers look up in the entry itself, under the names of CAP 1.2.
fn write_cap(xml: &mut Xml, view: &WarningView, info: Option<&Info>) -> std::io::Result<()> {
    let message = &view.message;
    leaf(xml, "cap:identifier", &message.identifier)?;
    leaf(xml, "cap:sender", &message.sender)?;
    leaf(xml, "cap:sent", &message.sent.to_string())?;
    leaf(xml, "cap:status", message.status.cap())?;
    leaf(xml, "cap:msgType", message.kind.cap())?;
    leaf(xml, "cap:scope", message.scope.cap())?;
    if let Some(info) = info {
        leaf(xml, "cap:event", &info.event)?;
        leaf(xml, "cap:urgency", info.urgency.cap())?;
        leaf(xml, "cap:severity", info.severity.cap())?;
        leaf(xml, "cap:certainty", info.certainty.cap())?;
        let areas: Vec<&str> = info.areas.iter().map(|area| area.description.as_str()).collect();
        leaf(xml, "cap:areaDesc", &areas.join("; "))?;
    }
    leaf(xml, "cap:expires", view.expires_at.as_deref().unwrap_or_default())
}

/// An element with text; none at all where the text is empty.
fn leaf(xml: &mut Xml, name: &str, text: &str) -> std::io::Result<()> {
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
