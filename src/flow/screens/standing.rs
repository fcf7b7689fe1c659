//! The warnings that stand, and what each screen must show of them: complete state, computed once per distinct set.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use arc_swap::ArcSwap;
use bytes::Bytes;
use parking_lot::Mutex;
use roaring::RoaringBitmap;
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use super::{Decided, Lesson, Notice, NoticeText, POLL_SECONDS, Screen, ScreenDocument, Slide};
use crate::{
    domain::{legible, level::Level, moment::Moment, purpose::Purpose},
    flow::record::WarningId,
};

/// Whoever looked at the clock a moment before another has not seen it set back, seconds.
const SLACK_S: i64 = 2;
/// The form of a document.
const FORMAT: &str = "fenghuo-screen-1";

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
    /// What its deliveries call its event, and when they were decided: [`Content::thread`](fenghuo_contract::Content::thread)
    /// and [`Content::released_at`](fenghuo_contract::Content::released_at).
    pub thread: String,
    pub released_at: i64,
    /// Rendered texts, the first one for screens whose language has none.
    pub texts: Vec<StandingText>,
    /// Directory rows that show it: the display channel's audience, and screens that came later.
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

/// Documents by languages and by which of the standing warnings, and which of the lessons, they show.
type Documents = HashMap<(Vec<String>, Box<[u32]>, Box<[u32]>), Arc<ScreenDocument>>;

/// Everything that stands between two changes.
struct Board {
    /// No other board has it.
    number: u64,
    /// What was set, expired or not: a clock that ran ahead for a moment must not make what stands be forgotten.
    set: Vec<Arc<Standing>>,
    /// Of those the ones that stand as of `made_unix`, in the order of [`Standing::rank`].
    standing: Vec<Arc<Standing>>,
    /// What is taught, by id; due or not.
    lessons: Arc<BTreeMap<String, Lesson>>,
    /// Of those the ones that are due, as of `made_unix`.
    due: Vec<Lesson>,
    made_unix: i64,
    /// When something expires, or another lesson is due.
    next_change: Option<i64>,
    documents: Mutex<Documents>,
    /// When the documents of the board before were first made, by ETag.
    former: HashMap<String, i64>,
}

impl Board {
    fn new(
        number: u64,
        set: Vec<Arc<Standing>>,
        lessons: Arc<BTreeMap<String, Lesson>>,
        made_unix: i64,
        former: HashMap<String, i64>,
    ) -> Self {
        let mut standing = set.clone();
        standing.retain(|standing| standing.expires_unix > made_unix);
        standing.sort_by_cached_key(|standing| standing.rank());
        let due = lessons.values().filter(|lesson| lesson.is_due(made_unix)).cloned().collect();
        let expiries = standing.iter().map(|standing| standing.expires_unix);
        let next_change = expiries.chain(lessons.values().filter_map(|lesson| lesson.next_turn(made_unix))).min();
        Self { number, set, standing, lessons, due, made_unix, next_change, documents: Mutex::default(), former }
    }

    /// Whether nothing has expired or begun since it was made, and the clock was not set back before that.
    fn counts_at(&self, now_unix: i64) -> bool {
        self.made_unix <= now_unix + SLACK_S && self.next_change.is_none_or(|change| change > now_unix)
    }

    fn document(&self, screen: &Screen, row: u32) -> Arc<ScreenDocument> {
        let shown: Box<[u32]> = (0u32..)
            .zip(&self.standing)
            .filter(|(_, standing)| standing.concerns(screen, row))
            .map(|(at, _)| at)
            .collect();
        let taught = (0u32..).zip(&self.due).filter(|(_, lesson)| shown.is_empty() && lesson.concerns(screen));
        let taught = taught.map(|(at, _)| at).collect();
        let mut documents = self.documents.lock();
        let document = documents
            .entry((screen.languages(), shown, taught))
            .or_insert_with_key(|(languages, shown, taught)| Arc::new(self.make(languages, shown, taught)));
        Arc::clone(document)
    }

    fn make(&self, languages: &[String], shown: &[u32], taught: &[u32]) -> ScreenDocument {
        let slides = taught.iter().map(|at| self.due[*at as usize].slide()).collect();
        let notices = shown.iter().map(|at| self.standing[*at as usize].notice(languages)).collect();
        let language = languages.first().map_or("zh-CN", String::as_str);
        let mut document = ScreenDocument::new(language, notices, slides, self.made_unix);
        document.changed_at = self.former.get(&document.etag).copied().unwrap_or(self.made_unix);
        document
    }
}

impl ScreenDocument {
    /// The document of these notices and slides. The body, and so the ETag, depends on nothing else.
    pub(crate) fn new(language: &str, notices: Vec<Notice>, education: Vec<Slide>, changed_at: i64) -> Self {
        let value = serde_json::json!({
            "format": FORMAT,
            "language": language,
            "poll_seconds": POLL_SECONDS,
            "notices": notices,
            "education": education,
        });
        Self::of(Bytes::from(value.to_string()), notices, education, changed_at)
    }

    /// The document of a body as it was served; `None` when it is none. Whether it is to be believed its signature tells.
    pub(crate) fn received(body: Bytes) -> Option<Self> {
        #[derive(serde::Deserialize)]
        struct Body {
            format: String,
            notices: Vec<Notice>,
            #[serde(default)]
            education: Vec<Slide>,
        }
        let read: Body = serde_json::from_slice(&body).ok()?;
        (read.format == FORMAT).then(|| Self::of(body, read.notices, read.education, 0))
    }

    fn of(body: Bytes, notices: Vec<Notice>, education: Vec<Slide>, changed_at: i64) -> Self {
        Self {
            etag: etag_of(&body),
            body,
            changed_at,
            notices: Arc::new(notices),
            education: Arc::new(education),
            dated: Arc::default(),
            packed: Arc::default(),
            stamped: Arc::default(),
        }
    }
}

/// The strong ETag of a body, with its quotes.
pub(crate) fn etag_of(body: &[u8]) -> String {
    let hex: String = Sha256::digest(body).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    format!("\"{hex}\"")
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
        let board = Board::new(0, Vec::new(), Arc::default(), now_unix, HashMap::new());
        Self { board: ArcSwap::from_pointee(board), change: Mutex::default(), changes: watch::Sender::new(0) }
    }

    /// Replaces the set of standing warnings.
    pub(super) fn set(&self, standing: Vec<Arc<Standing>>, now_unix: i64) {
        let _change = self.change.lock();
        let lessons = Arc::clone(&self.board.load().lessons);
        self.replace(standing, lessons, now_unix);
    }

    /// Enters, changes or removes a lesson.
    pub(super) fn teach(&self, id: &str, lesson: Option<Lesson>, now_unix: i64) {
        let _change = self.change.lock();
        let board = self.board.load_full();
        let mut lessons = BTreeMap::clone(&board.lessons);
        match lesson {
            Some(lesson) => drop(lessons.insert(id.to_owned(), lesson)),
            None => drop(lessons.remove(id)),
        }
        self.replace(board.set.clone(), Arc::new(lessons), now_unix);
    }

    pub(super) fn lessons(&self) -> Vec<Lesson> {
        self.board.load().lessons.values().cloned().collect()
    }

    fn replace(&self, standing: Vec<Arc<Standing>>, lessons: Arc<BTreeMap<String, Lesson>>, now_unix: i64) {
        let before = self.board.load();
        let former = before.documents.lock().values().map(|made| (made.etag.clone(), made.changed_at)).collect();
        self.board.store(Arc::new(Board::new(before.number + 1, standing, lessons, now_unix, former)));
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

    /// What a screen must show at this moment; `shown` keeps it, so that it is worked out once for a board.
    pub(super) fn document_again(
        &self,
        screen: &Screen,
        row: u32,
        now_unix: i64,
        shown: &mut Option<(u64, Arc<ScreenDocument>)>,
    ) -> Arc<ScreenDocument> {
        let board = self.current(now_unix);
        if let Some((_, document)) = shown.as_ref().filter(|(number, _)| *number == board.number) {
            return Arc::clone(document);
        }
        let document = board.document(screen, row);
        *shown = Some((board.number, Arc::clone(&document)));
        document
    }

    /// What the deliveries of these notices are called.
    pub(super) fn decided(&self, notices: &[Notice]) -> Vec<Decided> {
        let board = self.board.load();
        let of = |notice: &Notice| board.standing.iter().find(|standing| standing.warning.0 == notice.warning);
        let decided = |standing: &Arc<Standing>| Decided {
            warning: standing.warning.0.clone(),
            thread: standing.thread.clone(),
            released_at: standing.released_at,
        };
        notices.iter().filter_map(of).map(decided).collect()
    }

    /// When the next warning expires or another lesson is due, seconds since 1970.
    pub(super) fn next_change(&self) -> Option<i64> {
        self.board.load().next_change
    }

    fn current(&self, now_unix: i64) -> Arc<Board> {
        let board = self.board.load_full();
        if board.counts_at(now_unix) {
            return board;
        }
        let _change = self.change.lock();
        let board = self.board.load_full();
        if !board.counts_at(now_unix) {
            self.replace(board.set.clone(), Arc::clone(&board.lessons), now_unix);
        }
        self.board.load_full()
    }
}

#[cfg(test)]
mod tests;
