//! The screens of one gateway: who is asked for, what it must show, what it proved.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use roaring::RoaringBitmap;
use tokio::sync::watch;

use super::{
    AckState, Heartbeat, KIOSK_PARAMETER, Lesson, PublicKey, Screen, ScreenDocument, ScreenView, Silence, Stamped,
    WAIT_MAX,
    kiosk::{self, Mac},
    names,
    proof::Pictures,
    registry::{Entry, Registry},
    sighting::Seen,
    silence::Watch,
    stamp::{SPAN_S, Stamp},
    standing::{Showing, Standing},
};
use crate::{
    clock::Clock,
    domain::{legible::Legibility, moment::Moment},
    flow::{Unavailable, record::WarningId, target::directory::Directory},
    store::{Key, Store, Stored},
};

/// Takes the word that a screen is known to show warnings: the receipts of the display channel.
#[async_trait::async_trait]
pub trait ShownSink: Send + Sync + 'static {
    /// Each (screen, warning) is told once; again only after a failure, or long after.
    ///
    /// # Errors
    /// When it could not be made durable; the screen's next request tells it again.
    async fn shown(&self, screen: &str, row: u32, warnings: &[WarningId]) -> Result<(), Unavailable>;
}

/// Who asks for a screen's document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Viewer<'a> {
    /// The screen itself, with its `If-None-Match`: proof of what it holds.
    Screen {
        /// The header's value.
        holds: Option<&'a str>,
    },
    /// Somebody who looks over its shoulder; moves nothing.
    Onlooker,
}

/// What a reader who stays has seen so far.
pub struct Watching {
    changes: watch::Receiver<u64>,
    revocations: watch::Receiver<u64>,
    holds: Option<Arc<ScreenDocument>>,
    put_out: bool,
}

impl Watching {
    /// What it was told last.
    #[must_use]
    pub fn holds(&self) -> Option<&Arc<ScreenDocument>> {
        self.holds.as_ref()
    }

    /// It was told this one.
    pub fn was_told(&mut self, document: Arc<ScreenDocument>) {
        self.holds = Some(document);
    }

    /// Whether somebody's key or address was revoked since this was last asked: whoever lets the reader in looks again.
    pub fn was_anybody_put_out(&mut self) -> bool {
        std::mem::take(&mut self.put_out)
    }
}

/// The screens of one gateway.
pub struct Screens {
    clock: Clock,
    pub(super) registry: Registry,
    pub(super) showing: Showing,
    mac: Mac,
    stamp: Stamp,
    pub(super) watch: Watch,
    pub(super) pictures: Pictures,
    /// Counts screens that were registered, changed or removed.
    registrations: AtomicU64,
    /// Counts keys and kiosk addresses that were revoked.
    revocations: watch::Sender<u64>,
    /// How the outside reaches this server, without a slash at the end.
    public_url: String,
    sink: Arc<dyn ShownSink>,
}

impl Screens {
    /// Loads the registered screens.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn open(
        store: Store,
        directory: Arc<Directory>,
        clock: Clock,
        mac: Mac,
        public_url: String,
        sink: Arc<dyn ShownSink>,
    ) -> Result<Self, Unavailable> {
        let registry = Registry::open(store, directory).await?;
        let showing = Showing::new(clock.unix());
        let public_url = public_url.trim_end_matches('/').to_owned();
        let stamp = Stamp::new(&mac, 1);
        Ok(Self {
            clock,
            registry,
            showing,
            mac,
            stamp,
            watch: Watch::default(),
            pictures: Pictures::default(),
            registrations: AtomicU64::default(),
            revocations: watch::Sender::new(0),
            public_url,
            sink,
        })
    }

    /// The same, signing with the keys of another generation than the first.
    #[must_use]
    pub fn with_key_generation(self, generation: u32) -> Self {
        Self { stamp: Stamp::new(&self.mac, generation), ..self }
    }

    /// Replaces what stands: to be called whenever a warning is released, lifted, superseded or finished, and once at
    /// start. Expired ones may stay in the list.
    pub fn set_standing(&self, standing: Vec<Arc<Standing>>) {
        self.showing.set(standing, self.clock.unix());
    }

    /// Answers every waiting long poll at once, and later ones without waiting: the server is stopping.
    pub fn close(&self) {
        self.showing.close();
    }

    /// Reads again which screens there are.
    pub(crate) async fn renew(&self) -> Result<(), Unavailable> {
        self.registry.renew().await
    }

    /// Takes in how a screen stands now in the store.
    pub(crate) fn hear(&self, key: &Key, stored: Option<&Stored>) -> Result<(), Unavailable> {
        self.registry.hear(&String::from_utf8_lossy(&key.0), stored)
    }

    /// Enters, changes or removes (`None`) what is taught under an id.
    pub(crate) fn teach(&self, id: &str, lesson: Option<Lesson>) {
        self.showing.teach(id, lesson, self.clock.unix());
    }

    /// What is taught, due or not.
    pub(crate) fn lessons(&self) -> Vec<Lesson> {
        self.showing.lessons()
    }

    pub(super) fn document_of(&self, entry: &Entry) -> Arc<ScreenDocument> {
        let mut shown = entry.shown.lock();
        self.showing.document_again(&entry.record.screen, entry.row, self.clock.unix(), &mut shown)
    }

    pub(super) async fn document(&self, id: &str, viewer: Viewer<'_>) -> Option<Arc<ScreenDocument>> {
        let entry = self.registry.get(id)?;
        match viewer {
            Viewer::Screen { holds } => Some(self.asked(&entry, holds).await),
            Viewer::Onlooker => Some(self.document_of(&entry)),
        }
    }

    pub(super) async fn document_for(&self, id: &str, token: &str, held: &str) -> Option<Arc<ScreenDocument>> {
        let entry = self.registry.get(id).filter(|entry| kiosk::is(self.token(entry), token))?;
        Some(self.asked(&entry, Some(held)).await)
    }

    /// A screen asks and says what it holds.
    async fn asked(&self, entry: &Entry, holds: Option<&str>) -> Arc<ScreenDocument> {
        let document = self.document_of(entry);
        let proven = entry.sighting.lock().ask(self.seen(), holds, &document);
        self.tell(entry, proven).await;
        document
    }

    /// The signature of a document, made anew when the last one is older than a span.
    pub(super) fn stamped(&self, document: &ScreenDocument, packed: bool) -> Stamped {
        let now = self.clock.unix();
        let stamped = &mut document.stamped.lock()[usize::from(packed)];
        let fresh = stamped.take().filter(|stamped| (stamped.created..stamped.created + SPAN_S).contains(&now));
        stamped.insert(fresh.unwrap_or_else(|| self.stamp.sign(&document.etag_of(packed), now))).clone()
    }

    pub(super) fn signed_etag(&self, etag: &str) -> Stamped {
        self.stamp.sign(etag, self.clock.unix())
    }

    pub(super) fn keys(&self) -> &[PublicKey] {
        self.stamp.published()
    }

    pub(super) fn seen(&self) -> Seen {
        Seen { unix_ms: self.clock.unix_ms(), instant: self.clock.instant() }
    }

    /// Hands on what a screen proved. A screen gets its document whether or not this works.
    pub(super) async fn tell(&self, entry: &Entry, warnings: Vec<WarningId>) -> bool {
        if warnings.is_empty() {
            return true;
        }
        let told = self.sink.shown(&entry.record.screen.id, entry.row, &warnings).await;
        if let Err(fault) = &told {
            tracing::warn!(screen = entry.record.screen.id, %fault, "a screen's proof was not stored; its next request repeats it");
            entry.sighting.lock().untell(&warnings);
        }
        told.is_ok()
    }

    pub(super) async fn change(&self, id: &str, etag: &str, wait: Duration) -> Option<Arc<ScreenDocument>> {
        let mut changes = self.showing.changes();
        let until = self.clock.instant() + wait.min(WAIT_MAX);
        loop {
            let closing = *changes.borrow_and_update() == u64::MAX;
            let document = self.document_of(&*self.registry.get(id)?);
            let left = until.saturating_duration_since(self.clock.instant());
            if closing || left.is_zero() || !names(etag, &document.etag) {
                return Some(document);
            }
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return Some(document) },
                () = self.clock.sleep(left.min(self.until_next_change())) => {}
            }
        }
    }

    /// What a reader is told next who was told the document `holds`, after at most `patience`: another one, or that one again.
    /// `None` when the screen is gone or nobody is to wait any longer.
    pub(super) async fn next(
        &self,
        id: &str,
        watching: &mut Watching,
        patience: Duration,
    ) -> Option<Arc<ScreenDocument>> {
        let until = self.clock.instant() + patience;
        loop {
            let left = until.saturating_duration_since(self.clock.instant());
            let over = left.is_zero();
            if !over {
                tokio::select! {
                    changed = watching.changes.changed() => changed.ok()?,
                    revoked = watching.revocations.changed() => {
                        revoked.ok()?;
                        watching.put_out = true;
                    }
                    () = self.clock.sleep(left.min(self.until_next_change())) => {}
                }
            }
            if *watching.changes.borrow_and_update() == u64::MAX {
                return None;
            }
            let document = self.document_of(&*self.registry.get(id)?);
            if over || watching.put_out || watching.holds.as_ref().is_none_or(|holds| holds.etag != document.etag) {
                watching.holds = Some(Arc::clone(&document));
                return Some(document);
            }
        }
    }

    pub(super) fn watching(&self) -> Watching {
        Watching { changes: self.showing.changes(), revocations: self.revocations(), holds: None, put_out: false }
    }

    /// Long when nothing changes by itself; never zero, so that a wall clock that stands still makes nobody spin.
    pub(super) fn until_next_change(&self) -> Duration {
        let Some(change) = self.showing.next_change() else { return WAIT_MAX };
        let left = change.saturating_mul(1000).saturating_sub(self.clock.unix_ms());
        Duration::from_millis(u64::try_from(left).unwrap_or_default().max(5))
    }

    pub(super) async fn ack(&self, id: &str, warning: &str, state: AckState) -> Result<bool, Unavailable> {
        let Some(entry) = self.registry.get(id) else { return Ok(false) };
        let warning = WarningId(warning.to_owned());
        let shows = self.document_of(&entry).notices.iter().any(|notice| notice.warning == warning.0);
        let news = {
            let mut sighting = entry.sighting.lock();
            let told = sighting.has_told(&warning);
            if !shows && !told {
                return Ok(false);
            }
            let now = self.seen();
            sighting.last = Some(now);
            sighting.plays.take(&warning, state, now);
            let reached = matches!(state, AckState::Received | AckState::Shown);
            if state == AckState::Failed {
                sighting.trouble = Some(warning.clone());
            } else if sighting.trouble.as_ref() == Some(&warning) {
                sighting.trouble = None;
            }
            let news = reached && !told;
            if news {
                sighting.tell(&warning);
            }
            news
        };
        if news && !self.tell(&entry, vec![warning]).await {
            return Err(Unavailable::new("the acknowledgement was not stored".to_owned()));
        }
        Ok(true)
    }

    pub(super) fn heartbeat(&self, id: &str, mut heartbeat: Heartbeat) -> bool {
        let Some(entry) = self.registry.get(id) else { return false };
        heartbeat.player = heartbeat.player.chars().filter(|c| !c.is_control()).take(120).collect();
        heartbeat.brightness = heartbeat.brightness.map(|percent| percent.min(100));
        heartbeat.etag = heartbeat.etag.map(|etag| etag.chars().take(64).collect());
        let mut sighting = entry.sighting.lock();
        let seen = self.seen();
        sighting.clock_ahead_s = heartbeat.clock_ms.map(|theirs| theirs.saturating_sub(seen.unix_ms) / 1000);
        sighting.heartbeat = Some((seen, heartbeat));
        true
    }

    pub(super) async fn put(&self, screen: Screen) -> Result<ScreenView, Unavailable> {
        let id = screen.id.clone();
        self.registry.put(screen).await?;
        self.registrations.fetch_add(1, Ordering::Relaxed);
        // Its area, language or drill mark may have changed what it must show.
        self.showing.announce();
        let entry =
            self.registry.get(&id).ok_or_else(|| Unavailable::new(format!("screen {id} was removed meanwhile")))?;
        Ok(self.view(&entry))
    }

    pub(super) async fn remove(&self, id: &str) -> Result<bool, Unavailable> {
        let removed = self.registry.remove(id).await?;
        self.registrations.fetch_add(1, Ordering::Relaxed);
        self.showing.announce();
        Ok(removed)
    }

    /// Changes with every screen that is registered, changed or removed.
    pub(crate) fn registrations(&self) -> u64 {
        self.registrations.load(Ordering::Relaxed)
    }

    /// The directory rows of all screens.
    pub(crate) fn rows(&self) -> RoaringBitmap {
        self.registry.all().iter().map(|entry| entry.row).collect()
    }

    pub(super) fn views(&self) -> Vec<ScreenView> {
        self.registry.all().iter().map(|entry| self.view(entry)).collect()
    }

    /// Names of the screens of an audience by what of a text can be read on them; `None` where their size is unknown.
    /// `words` gives headline and text in a language.
    pub(crate) fn legible(
        &self,
        audience: &RoaringBitmap,
        words: &dyn Fn(&str) -> (String, String),
    ) -> BTreeMap<Option<Legibility>, Vec<String>> {
        let mut found: BTreeMap<Option<Legibility>, Vec<String>> = BTreeMap::new();
        for entry in self.registry.all().iter().filter(|entry| audience.contains(entry.row)) {
            let screen = &entry.record.screen;
            let (headline, text) = words(&screen.language);
            let carries = screen.panel.map(|panel| panel.carries(&headline, &text));
            found.entry(carries).or_default().push(screen.name.clone());
        }
        found
    }

    fn token<'a>(&self, entry: &'a Entry) -> &'a str {
        entry.token.get_or_init(|| kiosk::token(&self.mac, &entry.record.screen.id, entry.record.kiosk_generation))
    }

    pub(super) fn token_opens(&self, id: &str, token: &str) -> bool {
        self.registry.get(id).is_some_and(|entry| kiosk::is(self.token(&entry), token))
    }

    pub(super) async fn revoke(&self, id: &str) -> Result<bool, Unavailable> {
        self.registry.revoke(id).await
    }

    /// Lets those look again who were let in and listen or wait.
    pub(crate) fn put_out(&self) {
        self.revocations.send_modify(|count| *count += 1);
    }

    pub(super) fn revocations(&self) -> watch::Receiver<u64> {
        self.revocations.subscribe()
    }

    pub(super) fn view_of(&self, id: &str) -> Option<ScreenView> {
        self.registry.get(id).map(|entry| self.view(&entry))
    }

    fn view(&self, entry: &Entry) -> ScreenView {
        let document = self.document_of(entry);
        let screen = entry.record.screen.clone();
        let token = self.token(entry);
        let sighting = entry.sighting.lock();
        let said = sighting.heartbeat.as_ref().map(|(_, heartbeat)| heartbeat);
        let time = |seen: Seen| Moment::china(seen.unix_ms.div_euclid(1000)).to_string();
        ScreenView {
            last_seen_at: sighting.last.map(time),
            holds: sighting.holds(self.clock.instant(), &document.etag),
            silence: sighting.silence.as_ref().map(Silence::view),
            kiosk_url: format!("{}/screens/{}?{}={token}", self.public_url, screen.id, KIOSK_PARAMETER),
            showing: document.notices.len(),
            clock_ahead_s: sighting.clock_ahead_s,
            player: said.map(|heartbeat| heartbeat.player.clone()),
            brightness: said.and_then(|heartbeat| heartbeat.brightness),
            free_bytes: said.and_then(|heartbeat| heartbeat.free_bytes),
            shows_current: said.and_then(|heartbeat| Some(names(heartbeat.etag.as_deref()?, &document.etag))),
            heartbeat_at: sighting.heartbeat.as_ref().map(|(seen, _)| time(*seen)),
            screenshot_at: self.pictures.taken_at(&screen.id),
            plays: sighting.plays.tally(),
            trouble: sighting.trouble.clone(),
            as_of: Moment::china(self.clock.unix()).to_string(),
            screen,
        }
    }
}

#[cfg(test)]
mod tests;
