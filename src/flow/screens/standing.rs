//! The warnings that stand, and what each screen must show of them: complete state, computed once per distinct set.

use std::{cmp::Reverse, collections::HashMap, sync::Arc};

use arc_swap::ArcSwap;
use bytes::Bytes;
use parking_lot::Mutex;
use roaring::RoaringBitmap;
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use super::{Notice, NoticeText, POLL_SECONDS, Screen, ScreenDocument};
use crate::{
    domain::{legible, level::Level, moment::Moment, purpose::Purpose},
    flow::record::WarningId,
};

/// A released warning that is neither lifted nor superseded, as far as screens are concerned.
#[derive(Clone, Debug)]
pub struct Standing {
    pub warning: WarningId,
    pub level: Level,
    pub purpose: Purpose,
    /// Says that its event is over. Shown without a level colour, after everything that still holds.
    pub lift: bool,
    /// Says that the event was a mistake; a lift too.
    pub correction: bool,
    /// Milliseconds since 1970.
    pub released_ms: i64,
    /// Seconds since 1970; from this second on no screen shows it.
    pub expires_unix: i64,
    /// Rendered texts, the first one for screens whose language has none.
    pub texts: Vec<StandingText>,
    /// Directory rows of the display channel's audience.
    pub audience: RoaringBitmap,
}

/// The rendered screen text of one language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingText {
    /// BCP 47 tag.
    pub language: String,
    pub title: String,
    pub text: String,
    /// Name of the issuer.
    pub issuer: String,
}

impl Standing {
    /// Whether a screen must show it, expiry aside.
    fn concerns(&self, screen: &Screen, row: u32) -> bool {
        self.purpose.permit(screen).is_some()
            && screen.shows_warnings()
            && !self.texts.is_empty()
            && self.audience.contains(row)
    }

    /// What comes first: what is meant before drills, what still holds before lifts, the higher level, the newer one.
    fn rank(&self) -> impl Ord + use<> {
        (self.purpose.is_drill(), self.lift, Reverse(self.level), Reverse(self.released_ms), self.warning.clone())
    }

    fn text_for(&self, language: &str) -> &StandingText {
        let primary = |tag: &str| tag.split('-').next().unwrap_or_default().to_ascii_lowercase();
        let exact = self.texts.iter().find(|text| text.language.eq_ignore_ascii_case(language));
        exact
            .or_else(|| self.texts.iter().find(|text| primary(&text.language) == primary(language)))
            .unwrap_or(&self.texts[0])
    }

    fn notice(&self, languages: &[String]) -> Notice {
        let mut texts: Vec<&StandingText> = Vec::with_capacity(languages.len());
        for text in languages.iter().map(|language| self.text_for(language)) {
            if !texts.iter().any(|known| known.language == text.language) {
                texts.push(text);
            }
        }
        let (text, others) =
            texts.split_first().map_or((&self.texts[0], [].as_slice()), |(first, rest)| (*first, rest));
        let also = |text: &&StandingText| NoticeText {
            language: text.language.clone(),
            title: text.title.clone(),
            text: text.text.clone(),
        };
        Notice {
            warning: self.warning.0.clone(),
            level: self.level,
            title: text.title.clone(),
            text: text.text.clone(),
            language: text.language.clone(),
            also: others.iter().map(also).collect(),
            issuer: text.issuer.clone(),
            shown_s: legible::reading_s(&text.text),
            released_at: Moment::china(self.released_ms.div_euclid(1000)).to_string(),
            valid_until: Some(Moment::china(self.expires_unix).to_string()),
            drill: self.purpose.is_drill(),
            lift: self.lift,
            correction: self.correction,
        }
    }
}

/// Documents by languages and by which of the standing warnings they show.
type Documents = HashMap<(Vec<String>, Box<[u32]>), Arc<ScreenDocument>>;

/// Everything that stands between two changes.
struct Board {
    /// In the order of [`Standing::rank`].
    standing: Vec<Arc<Standing>>,
    made_unix: i64,
    documents: Mutex<Documents>,
    /// When the documents of the board before were first made, by ETag.
    former: HashMap<String, i64>,
}

impl Board {
    fn next_expiry(&self) -> Option<i64> {
        self.standing.iter().map(|standing| standing.expires_unix).min()
    }

    fn document(&self, screen: &Screen, row: u32) -> Arc<ScreenDocument> {
        let shown: Box<[u32]> = (0u32..)
            .zip(&self.standing)
            .filter(|(_, standing)| standing.concerns(screen, row))
            .map(|(at, _)| at)
            .collect();
        let mut documents = self.documents.lock();
        let document = documents
            .entry((screen.languages(), shown))
            .or_insert_with_key(|(languages, shown)| Arc::new(self.make(languages, shown)));
        Arc::clone(document)
    }

    fn make(&self, languages: &[String], shown: &[u32]) -> ScreenDocument {
        let notices = shown.iter().map(|at| self.standing[*at as usize].notice(languages)).collect();
        let language = languages.first().map_or("zh-CN", String::as_str);
        let mut document = ScreenDocument::new(language, notices, self.made_unix);
        document.changed_at = self.former.get(&document.etag).copied().unwrap_or(self.made_unix);
        document
    }
}

impl ScreenDocument {
    /// The document of these notices. The body, and so the ETag, depends on nothing else.
    pub(crate) fn new(language: &str, notices: Vec<Notice>, changed_at: i64) -> Self {
        let value = serde_json::json!({
            "format": "fenghuo-screen-1",
            "language": language,
            "poll_seconds": POLL_SECONDS,
            "notices": notices,
        });
        let body = Bytes::from(value.to_string());
        let digest = Sha256::digest(&body);
        let hex: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        Self {
            etag: format!("\"{hex}\""),
            body,
            changed_at,
            notices: Arc::new(notices),
            packed: Arc::default(),
            stamped: Arc::default(),
        }
    }
}

/// What stands now. Expiry is applied whenever somebody looks, so that no timer can be forgotten.
pub(super) struct Showing {
    board: ArcSwap<Board>,
    /// Taken to replace the board.
    change: Mutex<()>,
    /// Counts changes; `u64::MAX` = nothing more will come, do not wait.
    changes: watch::Sender<u64>,
}

impl Showing {
    pub(super) fn new(now_unix: i64) -> Self {
        let board =
            Board { standing: Vec::new(), made_unix: now_unix, documents: Mutex::default(), former: HashMap::new() };
        Self { board: ArcSwap::from_pointee(board), change: Mutex::default(), changes: watch::Sender::new(0) }
    }

    /// Replaces the set of standing warnings.
    pub(super) fn set(&self, standing: Vec<Arc<Standing>>, now_unix: i64) {
        let _change = self.change.lock();
        self.replace(standing, now_unix);
    }

    fn replace(&self, mut standing: Vec<Arc<Standing>>, now_unix: i64) {
        standing.retain(|standing| standing.expires_unix > now_unix);
        standing.sort_by_cached_key(|standing| standing.rank());
        let before = self.board.load();
        let former = before.documents.lock().values().map(|made| (made.etag.clone(), made.changed_at)).collect();
        let board = Board { standing, made_unix: now_unix, documents: Mutex::default(), former };
        self.board.store(Arc::new(board));
        self.announce();
    }

    /// Tells those who wait to look again.
    pub(super) fn announce(&self) {
        self.changes.send_modify(|count| *count += u64::from(*count != u64::MAX));
    }

    /// Lets nobody wait any longer.
    pub(super) fn close(&self) {
        self.changes.send_replace(u64::MAX);
    }

    /// A view of later changes; what is current now counts as seen.
    pub(super) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// What a screen must show at this moment.
    pub(super) fn document(&self, screen: &Screen, row: u32, now_unix: i64) -> Arc<ScreenDocument> {
        self.current(now_unix).document(screen, row)
    }

    /// When the next warning expires, seconds since 1970.
    pub(super) fn next_expiry(&self) -> Option<i64> {
        self.board.load().next_expiry()
    }

    fn current(&self, now_unix: i64) -> Arc<Board> {
        let board = self.board.load_full();
        if board.next_expiry().is_none_or(|expiry| expiry > now_unix) {
            return board;
        }
        let _change = self.change.lock();
        let board = self.board.load_full();
        if board.next_expiry().is_some_and(|expiry| expiry <= now_unix) {
            self.replace(board.standing.clone(), now_unix);
        }
        self.board.load_full()
    }
}

#[cfg(test)]
mod tests;
