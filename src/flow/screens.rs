//! What each public screen must show now: state, never deltas.
//!
//! A screen shows a warning when its directory row is in the frozen audience of the display channel, the warning stands
//! and has not expired, and drills only when the screen is marked for drills. What it really holds is known from its
//! own last request alone.

mod board;
mod education;
mod kiosk;
mod link;
mod proof;
mod registry;
mod screen;
mod sighting;
mod silence;
mod stamp;
mod standing;

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use bytes::Bytes;
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

pub use self::{
    board::{Screens, ShownSink, Viewer, Watching},
    education::{Lesson, Slide},
    kiosk::Mac,
    link::{Decided, LinkState, ScreenLink},
    proof::{Picture, PlayTally, PlayView},
    screen::{Custodian, Screen, ScreenClass, is_screen_id},
    silence::SilenceView,
    stamp::{NotBelieved, PublicKey, Stamped, verify},
    standing::{Standing, StandingText},
};
pub(crate) use self::{
    sighting::{PACKED, names},
    silence::{Due, Silence},
    standing::etag_of,
};
use super::{Flow, Unavailable, record::WarningId};
use crate::domain::level::Level;

/// The query parameter of a kiosk address that carries its token.
pub const KIOSK_PARAMETER: &str = "k";
/// The header field by which somebody who asks with a screen's token says that it is not the screen itself: the answer is
/// the same, and proves nothing.
pub const ONLOOKER: &str = "fenghuo-onlooker";
/// How often a screen is expected to ask at least, seconds.
pub const POLL_SECONDS: u64 = 30;
/// No long poll lasts longer.
pub const WAIT_MAX: Duration = Duration::from_secs(60);

/// What a screen's own requests tell of what it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Holds {
    /// Its last request named the document it must show.
    Current,
    /// Its last request named another document, or none.
    Older,
    /// No request for three polls.
    Silent,
    /// No request since this server started.
    Never,
}

impl Holds {
    /// Every answer.
    pub const ALL: [Self; 4] = [Self::Current, Self::Older, Self::Silent, Self::Never];

    /// Stable name, as in JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Current => "current",
            Self::Older => "older",
            Self::Silent => "silent",
            Self::Never => "never",
        }
    }
}

/// What a screen reports about itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Heartbeat {
    /// Its player and version, at most 120 characters are kept.
    #[serde(default)]
    pub player: String,
    /// Its own clock, milliseconds since 1970.
    #[serde(default)]
    pub clock_ms: Option<i64>,
    /// Pixels.
    #[serde(default)]
    pub width: Option<u32>,
    #[serde(default)]
    pub height: Option<u32>,
    /// Of its light, percent; 0 = dark.
    #[serde(default)]
    pub brightness: Option<u8>,
    /// Free space of its storage, bytes.
    #[serde(default)]
    pub free_bytes: Option<u64>,
    /// The ETag of what it shows, at most 64 characters are kept.
    #[serde(default)]
    pub etag: Option<String>,
}

/// A screen with what is known of it.
#[derive(Clone, Debug, Serialize, utoipa::ToSchema)]
pub struct ScreenView {
    #[serde(flatten)]
    pub screen: Screen,
    /// When it last asked, RFC 3339; `null` = never since start.
    pub last_seen_at: Option<String>,
    pub holds: Holds,
    /// That it is silent, and who was told; `null` while it is heard.
    pub silence: Option<SilenceView>,
    /// Signed, revocable address of its kiosk page.
    pub kiosk_url: String,
    /// How many warnings it must show now.
    pub showing: usize,
    /// Seconds its own clock is ahead of ours, from its last heartbeat.
    pub clock_ahead_s: Option<i64>,
    /// What plays it, from its last heartbeat.
    pub player: Option<String>,
    /// Of its light, percent, from its last heartbeat.
    pub brightness: Option<u8>,
    /// Free bytes of its storage, from its last heartbeat.
    pub free_bytes: Option<u64>,
    /// Whether it said at its last heartbeat that it shows what it must; `null` when it does not say what it shows.
    pub shows_current: Option<bool>,
    /// When its last heartbeat came, RFC 3339.
    pub heartbeat_at: Option<String>,
    /// When its last picture came, RFC 3339; `GET /screens/{id}/screenshot`.
    pub screenshot_at: Option<String>,
    /// What it said it did with warnings, of the newest 64.
    pub plays: PlayTally,
    /// A warning it said it could not show.
    pub trouble: Option<WarningId>,
    pub as_of: String,
}

/// One warning on a screen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Notice {
    pub warning: String,
    pub level: Level,
    /// 暴雨红色预警 …
    pub title: String,
    pub text: String,
    pub language: String,
    /// The same in the screen's other languages, shown in turn.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<NoticeText>,
    pub issuer: String,
    /// Seconds it stands at least before another takes its place: long enough to be read twice.
    pub shown_s: u32,
    /// RFC 3339 with offset.
    pub released_at: String,
    pub valid_until: Option<String>,
    /// Not actual: shown with the drill mark and hatching.
    pub drill: bool,
    /// Says that an event is over: shown without a level colour.
    pub lift: bool,
    /// Says that the event was a mistake, and is a lift too.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub correction: bool,
}

/// The words of a notice in one more language.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct NoticeText {
    pub language: String,
    pub title: String,
    pub text: String,
}

/// Everything a screen must show now, with its strong ETag (hash of exactly `body`; no time of day inside). The body
/// names no screen, so that screens with the same content share one document.
#[derive(Clone, Debug)]
pub struct ScreenDocument {
    /// `"` + first 32 hex digits of the body's SHA-256 + `"`, ready for the header.
    pub etag: String,
    /// JSON `{"format":"fenghuo-screen-1","language":…,"poll_seconds":30,"notices":[…],"education":[…]}`; an empty list of
    /// notices says that there is nothing to warn of, which is another thing than no answer. Education is empty unless they
    /// are.
    pub body: Bytes,
    /// Unix seconds of the last change, for `Last-Modified`.
    pub changed_at: i64,
    pub notices: Arc<Vec<Notice>>,
    /// What it teaches while there is nothing to warn of.
    pub education: Arc<Vec<Slide>>,
    /// `changed_at` as the header says it, once for all readers.
    pub dated: Arc<OnceLock<Bytes>>,
    /// `body` packed with gzip, once for all who take it so.
    pub packed: Arc<OnceLock<Bytes>>,
    /// Its newest signatures, plain and packed.
    stamped: Arc<Mutex<[Option<Stamped>; 2]>>,
}

impl ScreenDocument {
    /// The ETag of its plain or its packed form.
    #[must_use]
    pub fn etag_of(&self, packed: bool) -> String {
        if packed { self.etag.trim_end_matches('"').to_owned() + PACKED + "\"" } else { self.etag.clone() }
    }
}

/// The notices that are shown: while anything real stands, no drill takes its place or stands beside it.
pub fn meant(notices: &[Notice]) -> impl Iterator<Item = &Notice> {
    let real = notices.iter().any(|notice| !notice.drill);
    notices.iter().filter(move |notice| !(real && notice.drill))
}

/// What a screen tells us it did.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AckState {
    Received,
    Shown,
    Removed,
    Failed,
}

impl Flow {
    /// What a screen must show now; `None` when there is no such screen.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn screen_document(
        &self,
        id: &str,
        viewer: Viewer<'_>,
    ) -> Result<Option<Arc<ScreenDocument>>, Unavailable> {
        Ok(self.0.screens.document(id, viewer).await)
    }

    /// What a screen that shows this kiosk token must show, when it says that it holds `held`; `None` when the token opens no
    /// screen of this id. The same as asking for both, in one look.
    pub async fn kiosk_document(&self, id: &str, token: &str, held: &str) -> Option<Arc<ScreenDocument>> {
        self.0.screens.document_for(id, token, held).await
    }

    /// Waits until a screen's document has another ETag than `etag` (an `If-None-Match` value), at most `wait` and
    /// [`WAIT_MAX`], and returns it.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn screen_change(
        &self,
        id: &str,
        etag: &str,
        wait: Duration,
    ) -> Result<Option<Arc<ScreenDocument>>, Unavailable> {
        Ok(self.0.screens.change(id, etag, wait).await)
    }

    /// Begins to look for a reader who stays; what changes from now on is not missed.
    #[must_use]
    pub fn screen_watching(&self) -> Watching {
        self.0.screens.watching()
    }

    /// What such a reader is told next: another document as soon as there is one, else after `patience` the same again. `None`
    /// when the screen is gone or the server stops.
    pub async fn screen_next(
        &self,
        id: &str,
        watching: &mut Watching,
        patience: Duration,
    ) -> Option<Arc<ScreenDocument>> {
        self.0.screens.next(id, watching, patience).await
    }

    /// A screen's word about one warning; `false` when the screen is unknown or neither shows nor ever showed the
    /// warning: such a word proves nothing.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn screen_ack(&self, id: &str, warning: &str, state: AckState) -> Result<bool, Unavailable> {
        self.0.screens.ack(id, warning, state).await
    }

    /// What a screen reports about itself; `false` when there is none of this id.
    #[must_use]
    pub fn screen_heartbeat(&self, id: &str, heartbeat: Heartbeat) -> bool {
        self.0.screens.heartbeat(id, heartbeat)
    }

    /// What screens said since the start that they did with a warning, by id of the screen.
    #[must_use]
    pub fn plays(&self, warning: &WarningId) -> Vec<PlayView> {
        self.0.screens.plays(warning)
    }

    /// Keeps a screen's picture of itself in memory, instead of the one before; `None` when it is neither PNG nor JPEG. It is
    /// no proof that the screen is alive, and moves nothing else.
    #[must_use]
    pub fn keep_screenshot(&self, id: &str, bytes: Bytes) -> Option<()> {
        self.0.screens.keep_picture(id, bytes)
    }

    /// A screen's last picture since the start.
    #[must_use]
    pub fn screenshot(&self, id: &str) -> Option<Arc<Picture>> {
        self.0.screens.picture(id)
    }

    /// Registers or changes a screen (it is also the recipient `screen:{id}` of the display channel).
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn put_screen(&self, screen: Screen) -> Result<ScreenView, Unavailable> {
        let put = self.0.screens.put(screen).await?;
        self.screens_moved();
        Ok(put)
    }

    /// Every screen, by id.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn screens(&self) -> Result<Vec<ScreenView>, Unavailable> {
        Ok(self.0.screens.views())
    }

    /// One screen; `None` when there is none of this id.
    #[must_use]
    pub fn screen(&self, id: &str) -> Option<ScreenView> {
        self.0.screens.view_of(id)
    }

    /// Removes a screen; `false` when there is none.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn remove_screen(&self, id: &str) -> Result<bool, Unavailable> {
        let removed = self.0.screens.remove(id).await?;
        self.screens_moved();
        Ok(removed)
    }

    /// Something else may stand where a screen hangs now.
    fn screens_moved(&self) {
        self.0.screens_change();
        self.0.progress.new_work.notify_one();
    }

    /// Makes the kiosk addresses of a screen useless that were handed out before; `false` when there is no such screen.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn revoke_kiosk(&self, id: &str) -> Result<bool, Unavailable> {
        let revoked = self.0.screens.revoke(id).await?;
        self.0.screens.put_out();
        Ok(revoked)
    }

    /// Another number whenever a key or a kiosk address was revoked: whoever was let in by it is not any more.
    #[must_use]
    pub fn revocations(&self) -> watch::Receiver<u64> {
        self.0.screens.revocations()
    }

    /// The signature that goes with a document, plain or packed (its ETag is another one), not older than it may be.
    #[must_use]
    pub fn stamped(&self, document: &ScreenDocument, packed: bool) -> Stamped {
        self.0.screens.stamped(document, packed)
    }

    /// Signs what goes with the documents of screens: the list of keys. `etag` with its quotes.
    #[must_use]
    pub fn signed_etag(&self, etag: &str) -> Stamped {
        self.0.screens.signed_etag(etag)
    }

    /// The keys with which signatures of screen documents are checked: the one in use, the one before, the one to come.
    #[must_use]
    pub fn screen_keys(&self) -> &[PublicKey] {
        self.0.screens.keys()
    }

    /// Whether a kiosk token opens this screen's page.
    #[must_use]
    pub fn kiosk_token_opens(&self, id: &str, token: &str) -> bool {
        self.0.screens.token_opens(id, token)
    }
}
