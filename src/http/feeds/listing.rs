//! Which warnings the public feeds hold: what is in force is never trimmed, what has ended stays two days. A reader
//! forgets a warning that leaves the feed.

use std::collections::HashSet;

use crate::{
    domain::message::{Kind, Status},
    flow::{
        Unavailable,
        intake::{WarningFilter, WarningView},
    },
    http::{
        Site,
        console::{escape, is_public},
    },
};

/// How long an ended warning stays, seconds.
const ENDED_STAYS_S: i64 = 48 * 3600;
/// Ended warnings are looked for among the newest of this many.
const LOOKED_THROUGH: usize = 2000;
/// Warnings read at a time.
const CHUNK: usize = 200;

/// What is in force, all of it, then the newest of all.
pub(super) async fn read(site: &Site) -> Result<Vec<WarningView>, Unavailable> {
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
pub(super) fn unix(rfc3339: &str) -> Option<i64> {
    rfc3339.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_second)
}

/// One entry: a warning and when it last changed.
pub(super) struct Entry {
    pub(super) view: WarningView,
    /// Released, or ended.
    pub(super) updated: String,
    /// Address of its CAP document.
    pub(super) href: String,
}

/// When a warning ended, as far as the others tell.
fn ended_at(view: &WarningView, all: &[WarningView]) -> Option<String> {
    match (view.ended.as_deref()?, &view.ended_by) {
        (_, Some(by)) => all.iter().find(|other| other.id == *by).and_then(|other| other.released_at.clone()),
        ("expired", None) => view.expires_at.clone(),
        _ => view.finished_at.clone(),
    }
}

/// The entries of a feed made now, newest first.
pub(super) fn entries(base: &str, views: Vec<WarningView>, now: i64) -> Vec<Entry> {
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

/// When the newest of these entries changed, RFC 3339; `None` when there are none.
pub(super) fn changed(entries: &[Entry]) -> Option<&str> {
    entries.iter().map(|entry| entry.updated.as_str()).max_by_key(|at| unix(at))
}
