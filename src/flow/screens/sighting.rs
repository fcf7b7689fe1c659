//! What is known of a screen from its own requests. Nothing else moves it: an operator who looks at a screen's page must
//! not make a dead screen look alive.

use std::{collections::VecDeque, time::Duration};

use tokio::time::Instant;

use super::{Heartbeat, Holds, Notice, POLL_SECONDS, ScreenDocument, proof::Plays, silence::Silence};
use crate::flow::record::WarningId;

/// Without a request for this long a screen counts as silent: three polls.
pub(super) const SILENT_AFTER: Duration = Duration::from_secs(3 * POLL_SECONDS);
/// So many warnings of one screen are remembered as told.
const TOLD_MAX: usize = 64;

/// What one screen's requests showed.
#[derive(Clone, Debug, Default)]
pub(super) struct Sighting {
    pub(super) last: Option<Seen>,
    /// When another node told that it asks there.
    pub(super) elsewhere: Option<Seen>,
    /// Since when it could be heard.
    pub(super) watched: Option<Seen>,
    /// What its custodian was told of.
    pub(super) silence: Option<Silence>,
    /// ETag its last request named: what it holds.
    pub(super) held: Option<String>,
    pub(super) heartbeat: Option<(Seen, Heartbeat)>,
    /// What it said it did with warnings.
    pub(super) plays: Plays,
    /// Its clock minus ours at the heartbeat.
    pub(super) clock_ahead_s: Option<i64>,
    /// Warnings it said it could not show.
    pub(super) trouble: Option<WarningId>,
    /// Warnings already told as delivered, oldest first.
    told: VecDeque<WarningId>,
}

/// When a screen asked, by both clocks.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    pub(super) unix_ms: i64,
    pub(super) instant: Instant,
}

impl Sighting {
    /// Takes a request that named `etag`. Returns the warnings whose showing it proves for the first time.
    pub(super) fn ask(&mut self, seen: Seen, etag: Option<&str>, now: &ScreenDocument) -> Vec<WarningId> {
        self.last = Some(seen);
        if etag.is_none_or(|etag| self.held.as_deref() != Some(etag)) {
            self.held = etag.map(|etag| if names(etag, &now.etag) { now.etag.clone() } else { cut(etag) });
        }
        if self.held.as_ref() != Some(&now.etag) {
            return Vec::new();
        }
        let is_news = |notice: &&Notice| !self.told.iter().any(|told| told.0 == notice.warning);
        let news: Vec<WarningId> =
            now.notices.iter().filter(is_news).map(|notice| WarningId(notice.warning.clone())).collect();
        news.iter().for_each(|warning| self.tell(warning));
        news
    }

    pub(super) fn has_told(&self, warning: &WarningId) -> bool {
        self.told.contains(warning)
    }

    pub(super) fn tell(&mut self, warning: &WarningId) {
        if self.told.len() == TOLD_MAX {
            self.told.pop_front();
        }
        self.told.push_back(warning.clone());
    }

    /// The word did not get through: the screen's next request tells it again.
    pub(super) fn untell(&mut self, warnings: &[WarningId]) {
        self.told.retain(|told| !warnings.contains(told));
    }

    pub(super) fn holds(&self, now: Instant, current: &str) -> Holds {
        match self.last {
            None => Holds::Never,
            Some(seen) if now.saturating_duration_since(seen.instant) > SILENT_AFTER => Holds::Silent,
            Some(_) if self.held.as_deref() == Some(current) => Holds::Current,
            Some(_) => Holds::Older,
        }
    }
}

/// What the ETag of a packed document has before its last quote: other bytes, the same document.
pub(crate) const PACKED: &str = "-gz";

/// Whether an `If-None-Match` value names `etag`: a list, weak or not, as RFC 9110 §13.1.2 compares, packed or not. `*`
/// names nothing in particular and proves nothing.
pub(crate) fn names(header: &str, etag: &str) -> bool {
    if header == etag {
        return true;
    }
    let plain = |one: &str| one.strip_suffix('"').map(|one| one.strip_suffix(PACKED).unwrap_or(one).to_owned() + "\"");
    header.split(',').any(|one| {
        let one = one.trim().trim_start_matches("W/");
        one == etag || plain(one).as_deref() == Some(etag)
    })
}

/// A foreign ETag, kept only to be looked at.
fn cut(etag: &str) -> String {
    etag.chars().take(64).collect()
}

#[cfg(test)]
mod tests;
