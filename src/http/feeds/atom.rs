//! The public feed: released public warnings as Atom (RFC 4287), each entry named by the address of its CAP document.
//!
//! Readers fetch an entry's id as the CAP document.

use axum::{extract::State, http::HeaderMap, response::Response};
use bytes::Bytes;
use quick_xml::{
    Writer,
    events::{BytesDecl, Event},
};

use super::{
    cap::CAP,
    element::{Xml, leaf},
    listing::{Entry, changed, entries, read, unix},
    public_url,
    tag::Tagged,
};
use crate::{
    domain::message::Info,
    flow::intake::WarningView,
    http::{Site, problem::Problem},
};

const ATOM: &str = "application/atom+xml; charset=utf-8";
/// `GET /feeds/warnings.atom`
pub(super) async fn feed(State(site): State<Site>, headers: HeaderMap) -> Result<Response, Problem> {
    let views = read(&site).await?;
    let title = &site.config.texts.signature;
    Ok(document(&public_url(&site.config), title, views, site.clock.unix()).answer(&headers))
}

/// The feed of these warnings, whichever of them belong into it.
pub(super) fn document(base: &str, title: &str, views: Vec<WarningView>, now: i64) -> Tagged {
    let entries = entries(base, views, now);
    let updated = changed(&entries);
    // An empty feed must not change from day to day either.
    let changed = updated.unwrap_or("1970-01-01T00:00:00+00:00");
    let mut writer = Writer::new(Vec::new());
    let written = write(&mut writer, base, title, changed, &entries);
    debug_assert!(written.is_ok(), "writing to memory does not fail");
    Tagged::of(Bytes::from(writer.into_inner()), ATOM, updated.and_then(unix))
}

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
