//! Proof of play and pictures: what screens say they did with a warning, and what they looked like. Kept in memory; that a
//! warning arrived is kept durably with its delivery.

use std::{collections::VecDeque, sync::Arc};

use bytes::Bytes;
use parking_lot::Mutex;
use serde::Serialize;

use super::{AckState, Screens, sighting::Seen};
use crate::flow::record::{WarningId, rfc3339};

/// Warnings of one screen whose play is remembered.
const PLAYS_MAX: usize = 64;
/// Bytes of all pictures together; the oldest make room.
const PICTURES_MAX: usize = 64 * 1024 * 1024;

/// What a screen said it did with one warning; milliseconds since 1970.
#[derive(Clone, Debug)]
pub(super) struct Play {
    warning: WarningId,
    /// In the order of [`AckState`].
    times: [Option<i64>; 4],
}

/// What a screen said it did with a warning.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct PlayView {
    /// Id of the screen.
    pub screen: String,
    pub name: String,
    /// When it said that it has it, RFC 3339.
    pub received_at: Option<String>,
    /// When it said for the first time that it had shown all of it.
    pub shown_at: Option<String>,
    /// When it said that it took it away.
    pub removed_at: Option<String>,
    /// When it said that it could not show it.
    pub failed_at: Option<String>,
}

/// How many of the newest warnings a screen said these things of, since the start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct PlayTally {
    /// That it has them.
    pub received: usize,
    /// That it showed all of them.
    pub shown: usize,
    /// That it took them away.
    pub removed: usize,
    /// That it could not show them.
    pub failed: usize,
}

/// The plays of one screen, oldest first.
#[derive(Clone, Debug, Default)]
pub(super) struct Plays(VecDeque<Play>);

impl Plays {
    /// Takes a screen's word; the first of each kind counts.
    pub(super) fn take(&mut self, warning: &WarningId, state: AckState, now: Seen) {
        let known = self.0.iter().position(|play| play.warning == *warning);
        let at = known.unwrap_or_else(|| {
            if self.0.len() == PLAYS_MAX {
                self.0.pop_front();
            }
            self.0.push_back(Play { warning: warning.clone(), times: [None; 4] });
            self.0.len() - 1
        });
        self.0[at].times[state as usize].get_or_insert(now.unix_ms);
    }

    pub(super) fn tally(&self) -> PlayTally {
        let said = |state: AckState| self.0.iter().filter(|play| play.times[state as usize].is_some()).count();
        PlayTally {
            received: said(AckState::Received),
            shown: said(AckState::Shown),
            removed: said(AckState::Removed),
            failed: said(AckState::Failed),
        }
    }

    fn of(&self, warning: &WarningId) -> Option<&Play> {
        self.0.iter().find(|play| play.warning == *warning)
    }
}

/// A picture a screen sent of itself.
#[derive(Clone, Debug)]
pub struct Picture {
    /// Milliseconds since 1970.
    pub at_ms: i64,
    /// `image/png` or `image/jpeg`.
    pub media_type: &'static str,
    pub bytes: Bytes,
}

/// The last picture of each screen, oldest first.
#[derive(Default)]
pub(super) struct Pictures(Mutex<VecDeque<(String, Arc<Picture>)>>);

impl Pictures {
    fn keep(&self, screen: &str, picture: Picture) {
        let mut kept = self.0.lock();
        kept.retain(|(known, _)| known != screen);
        kept.push_back((screen.to_owned(), Arc::new(picture)));
        let mut bytes: usize = kept.iter().map(|(_, picture)| picture.bytes.len()).sum();
        while bytes > PICTURES_MAX
            && let Some((_, oldest)) = kept.pop_front()
        {
            bytes -= oldest.bytes.len();
        }
    }

    fn of(&self, screen: &str) -> Option<Arc<Picture>> {
        self.0.lock().iter().find(|(known, _)| known == screen).map(|(_, picture)| Arc::clone(picture))
    }

    pub(super) fn taken_at(&self, screen: &str) -> Option<String> {
        self.of(screen).map(|picture| rfc3339(picture.at_ms))
    }
}

/// The media type its first bytes say; `None` for what is neither PNG nor JPEG.
fn media_type(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if bytes.starts_with(b"\xff\xd8\xff") {
        Some("image/jpeg")
    } else {
        None
    }
}

impl Screens {
    /// What screens said they did with a warning, by id; only those that said something since the start.
    pub(crate) fn plays(&self, warning: &WarningId) -> Vec<PlayView> {
        let of = |entry: &Arc<super::registry::Entry>| {
            let sighting = entry.sighting.lock();
            let [received_at, shown_at, removed_at, failed_at] =
                sighting.plays.of(warning)?.times.map(|time| time.map(rfc3339));
            Some(PlayView {
                screen: entry.record.screen.id.clone(),
                name: entry.record.screen.name.clone(),
                received_at,
                shown_at,
                removed_at,
                failed_at,
            })
        };
        self.registry.all().iter().filter_map(of).collect()
    }

    /// Keeps a picture instead of the one before; `None` when it is neither PNG nor JPEG.
    pub(crate) fn keep_picture(&self, screen: &str, bytes: Bytes) -> Option<()> {
        let media_type = media_type(&bytes)?;
        self.pictures.keep(screen, Picture { at_ms: self.seen().unix_ms, media_type, bytes });
        Some(())
    }

    /// The last picture of a screen since the start.
    pub(crate) fn picture(&self, screen: &str) -> Option<Arc<Picture>> {
        self.pictures.of(screen)
    }
}

#[cfg(test)]
mod tests {
    use super::{Bytes, PICTURES_MAX, Picture, Pictures, media_type};

    #[test]
    fn pictures_are_told_by_their_first_bytes() {
        for (bytes, wanted) in [
            (&b"\x89PNG\r\n\x1a\n...."[..], Some("image/png")),
            (b"\xff\xd8\xff\xe0..", Some("image/jpeg")),
            (b"<svg onload=alert(1)>", None),
            (b"\x89PNG", None),
            (b"", None),
        ] {
            assert_eq!(media_type(bytes), wanted);
        }
    }

    #[test]
    fn all_of_them_together_are_bounded_and_the_oldest_make_room() {
        let pictures = Pictures::default();
        let whole = Bytes::from(vec![0; PICTURES_MAX / 2]);
        for screen in ["a", "b", "b", "c"] {
            pictures.keep(screen, Picture { at_ms: 0, media_type: "image/png", bytes: whole.clone() });
        }
        assert_eq!(["a", "b", "c"].map(|screen| pictures.of(screen).is_some()), [false, true, true]);
    }
}
