//! The public feed as RSS 2.0, for tickers and readers that know no Atom: the same warnings, each with the address of its
//! CAP document as its link and its name.

use axum::{extract::State, http::HeaderMap, response::Response};
use bytes::Bytes;
use quick_xml::{
    Writer,
    events::{BytesDecl, BytesText, Event},
};

use super::{
    cap::CAP,
    element::{Xml, leaf},
    listing::{Entry, changed, entries, read, unix},
    public_url,
    tag::Tagged,
};
use crate::{
    flow::intake::WarningView,
    http::{Site, problem::Problem},
};

const RSS: &str = "application/rss+xml; charset=utf-8";

/// `GET /feeds/warnings.rss`
pub(super) async fn feed(State(site): State<Site>, headers: HeaderMap) -> Result<Response, Problem> {
    let views = read(&site).await?;
    let title = &site.config.texts.signature;
    Ok(document(&public_url(&site.config), title, views, site.clock.unix()).answer(&headers))
}

/// The feed of these warnings, whichever of them belong into it.
pub(super) fn document(base: &str, title: &str, views: Vec<WarningView>, now: i64) -> Tagged {
    let entries = entries(base, views, now);
    let updated = changed(&entries).and_then(unix);
    let mut writer = Writer::new(Vec::new());
    let written = write(&mut writer, base, title, &entries);
    debug_assert!(written.is_ok(), "writing to memory does not fail");
    Tagged::of(Bytes::from(writer.into_inner()), RSS, updated)
}

fn write(xml: &mut Xml, base: &str, title: &str, entries: &[Entry]) -> std::io::Result<()> {
    xml.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let names = [("version", "2.0"), ("xmlns:cap", "urn:oasis:names:tc:emergency:cap:1.2")];
    let root = xml.create_element("rss").with_attributes(names);
    root.write_inner_content(|xml| {
        xml.create_element("channel").write_inner_content(|xml| {
            leaf(xml, "title", title)?;
            leaf(xml, "link", &format!("{base}/"))?;
            leaf(xml, "description", title)?;
            leaf(xml, "language", "zh-cn")?;
            leaf(xml, "docs", "https://www.rssboard.org/rss-specification")?;
            if let Some(at) = changed(entries).and_then(written) {
                leaf(xml, "lastBuildDate", &at)?;
            }
            entries.iter().try_for_each(|entry| write_item(xml, entry))
        })?;
        Ok(())
    })?;
    Ok(())
}

fn write_item(xml: &mut Xml, entry: &Entry) -> std::io::Result<()> {
    let Entry { view, updated, href } = entry;
    let info = view.message.infos.first();
    xml.create_element("item").write_inner_content(|xml| {
        leaf(xml, "title", &view.headline)?;
        leaf(xml, "link", href)?;
        leaf(xml, "description", info.and_then(|info| info.description.as_deref()).unwrap_or_default())?;
        for category in info.iter().flat_map(|info| &info.categories) {
            leaf(xml, "category", category.cap())?;
        }
        xml.create_element("guid").with_attribute(("isPermaLink", "true")).write_text_content(BytesText::new(href))?;
        if let Some(at) = view.released_at.as_deref().and_then(written) {
            leaf(xml, "pubDate", &at)?;
        }
        let document = [("url", href.as_str()), ("length", "0"), ("type", CAP.split(';').next().unwrap_or(CAP))];
        xml.create_element("enclosure").with_attributes(document).write_empty()?;
        leaf(xml, "cap:identifier", &view.message.identifier)?;
        leaf(xml, "cap:sent", &view.message.sent.to_string())?;
        leaf(xml, "cap:severity", info.map_or("", |info| info.severity.cap()))?;
        leaf(xml, "cap:expires", view.expires_at.as_deref().unwrap_or_default())?;
        leaf(xml, "cap:updated", updated)
    })?;
    Ok(())
}

/// `Wed, 15 Jul 2026 06:40:00 +0000`, as RFC 822 has it.
fn written(rfc3339: &str) -> Option<String> {
    let at = rfc3339.parse::<jiff::Timestamp>().ok()?.to_zoned_datetime(jiff::tz::TimeZone::UTC);
    Some(at.strftime("%a, %d %b %Y %H:%M:%S %z").to_string())
}
