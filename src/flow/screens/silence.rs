//! Screens of which nothing is heard: whose custodian is to be told, and when so many fall silent at once that it is
//! rather we who cannot be reached.
//!
//! Silence is counted from a screen's own last request, and never from before the gateway itself could be heard: after a
//! start, and after a time in which it did not run, every screen has its whole time again.

use std::{sync::Arc, time::Duration};

use parking_lot::Mutex;
use roaring::RoaringBitmap;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::{
    Custodian, Screens,
    registry::Entry,
    sighting::{SILENT_AFTER, Seen, Sighting},
};
use crate::flow::record::rfc3339;

/// How often it is looked who is silent.
const EVERY: Duration = Duration::from_secs(5);
/// A gateway that did not look for this long did not run: it could not be heard.
const BLIND: Duration = Duration::from_secs(60);
/// Custodians are told again after so long, milliseconds.
const AGAIN_MS: i64 = 3_600_000;
/// Fewer silent screens than this are never a matter of ours.
const MASS_FROM: usize = 4;

/// A silence that was written down, as the store holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Silence {
    /// Its last request, or since when it could have been heard; milliseconds since 1970.
    pub(crate) since_ms: i64,
    /// Who was told; `None` when nobody looks after it.
    pub(crate) to: Option<Custodian>,
    /// How often.
    pub(crate) times: u32,
    /// When last.
    pub(crate) told_ms: i64,
}

/// A screen's silence, and who was told of it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct SilenceView {
    /// Since when nothing is heard of it, RFC 3339.
    pub since: String,
    /// Who was told; `null` when the screen has no custodian.
    pub custodian: Option<String>,
    /// When he was told last.
    pub told_at: String,
    /// How often he was told; once more each hour.
    pub times: u32,
}

impl Silence {
    pub(super) fn view(&self) -> SilenceView {
        SilenceView {
            since: rfc3339(self.since_ms),
            custodian: self.to.as_ref().map(|custodian| custodian.name.clone()),
            told_at: rfc3339(self.told_ms),
            times: self.times,
        }
    }
}

/// Something to be told to a custodian.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Due {
    pub(crate) screen: String,
    pub(crate) name: String,
    /// The silence as it stands once that is told.
    pub(crate) silence: Silence,
    /// It is over.
    pub(crate) back: bool,
}

/// Many screens that fell silent at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mass {
    pub(crate) count: usize,
    pub(crate) of: usize,
    /// Since when the first of them is silent, milliseconds since 1970.
    pub(crate) since_ms: i64,
}

/// What the looks remember.
#[derive(Default)]
pub(super) struct Watch {
    looked: Mutex<Option<Instant>>,
    mass: Mutex<Option<Mass>>,
}

impl Screens {
    /// What custodians are to be told now; a screen is silent that has not asked for `after`. Nothing between two looks.
    pub(crate) fn look(&self, after: Duration) -> Vec<Due> {
        let now = self.seen();
        let looked = *self.watch.looked.lock();
        let before = looked.map(|looked| now.instant.duration_since(looked));
        if before.is_some_and(|before| before < EVERY) {
            return Vec::new();
        }
        *self.watch.looked.lock() = Some(now.instant);
        let blind = before.is_none_or(|before| before > BLIND);
        let quiet: Vec<Quiet> = self.registry.all().iter().map(|entry| Quiet::of(entry, now, blind)).collect();
        let mass = mass(&quiet, after);
        *self.watch.mass.lock() = mass;
        let wanted = |quiet: &Quiet| quiet.due(now, after, mass.is_some());
        quiet.iter().filter_map(wanted).collect()
    }

    /// So many screens are silent at once that nobody is told of each.
    pub(crate) fn mass(&self) -> Option<Mass> {
        *self.watch.mass.lock()
    }

    /// Rows of the screens that asked here lately.
    pub(crate) fn asked_within(&self, span: Duration) -> RoaringBitmap {
        let now = self.seen().instant;
        let asked = |entry: &Arc<Entry>| {
            let last = entry.sighting.lock().last;
            last.is_some_and(|last| now.duration_since(last.instant) <= span).then_some(entry.row)
        };
        self.registry.all().iter().filter_map(asked).collect()
    }

    /// These asked another node lately.
    pub(crate) fn asked_elsewhere(&self, rows: &RoaringBitmap) {
        let now = self.seen();
        for entry in self.registry.all().into_iter().filter(|entry| rows.contains(entry.row)) {
            entry.sighting.lock().elsewhere = Some(now);
        }
    }

    /// Remembers what was told.
    pub(crate) fn told(&self, due: &Due) {
        self.know_silence(&due.screen, (!due.back).then(|| due.silence.clone()));
    }

    /// Remembers the silence of a screen as it is written down.
    pub(crate) fn know_silence(&self, screen: &str, silence: Option<Silence>) {
        if let Some(entry) = self.registry.get(screen) {
            entry.sighting.lock().silence = silence;
        }
    }
}

/// How long nothing is heard of a screen.
struct Quiet {
    screen: String,
    name: String,
    custodian: Option<Custodian>,
    since_ms: i64,
    for_so_long: Duration,
    asked: bool,
    silence: Option<Silence>,
}

impl Quiet {
    fn of(entry: &Entry, now: Seen, blind: bool) -> Self {
        let screen = &entry.record.screen;
        let mut sighting = entry.sighting.lock();
        let since = sighting.heard_from(now, blind);
        Self {
            screen: screen.id.clone(),
            name: screen.name.clone(),
            custodian: screen.custodian.clone(),
            since_ms: since.unix_ms,
            for_so_long: now.instant.saturating_duration_since(since.instant),
            asked: sighting.heard().is_some_and(|heard| heard.instant == since.instant),
            silence: sighting.silence.clone(),
        }
    }

    fn due(&self, now: Seen, after: Duration, mass: bool) -> Option<Due> {
        let due = |silence, back| Due { screen: self.screen.clone(), name: self.name.clone(), silence, back };
        let told = |since_ms, times| Silence { since_ms, to: self.custodian.clone(), times, told_ms: now.unix_ms };
        let silent = self.for_so_long >= after;
        match &self.silence {
            None => (silent && !mass).then(|| due(told(self.since_ms, 1), false)),
            Some(known) if silent => (now.unix_ms.saturating_sub(known.told_ms) >= AGAIN_MS && !mass)
                .then(|| due(told(known.since_ms, known.times + 1), false)),
            Some(known) => (self.asked && self.for_so_long <= SILENT_AFTER).then(|| due(known.clone(), true)),
        }
    }
}

impl Sighting {
    /// From when nothing is heard of the screen.
    fn heard_from(&mut self, now: Seen, blind: bool) -> Seen {
        if blind {
            self.watched = None;
        }
        let watched = *self.watched.get_or_insert(now);
        self.heard().filter(|heard| heard.instant >= watched.instant).unwrap_or(watched)
    }

    /// When it last asked, whichever node.
    fn heard(&self) -> Option<Seen> {
        self.last.into_iter().chain(self.elsewhere).max_by_key(|seen| seen.instant)
    }
}

/// More than half of the screens of which it was not told before, when the first of them has been silent for `after`.
/// Those that fell silent with it have been so nearly as long; half that time tells them from the others.
fn mass(quiet: &[Quiet], after: Duration) -> Option<Mass> {
    let known = || quiet.iter().filter(|quiet| quiet.silence.is_none());
    if !known().any(|quiet| quiet.for_so_long >= after) {
        return None;
    }
    let silent = || known().filter(|quiet| quiet.for_so_long >= after / 2);
    let (count, of) = (silent().count(), known().count());
    let since_ms = silent().map(|quiet| quiet.since_ms).min()?;
    (count >= MASS_FROM && 2 * count > of).then_some(Mass { count, of, since_ms })
}
