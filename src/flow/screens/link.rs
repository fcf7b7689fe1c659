//! What a link needs to know that carries the states of screens to where their controllers read them.

use std::sync::{Arc, OnceLock, Weak};

use tokio::sync::watch;

use super::{AckState, Notice, ScreenDocument, Screens, Stamped};
use crate::flow::{Parts, Unavailable, record::WarningId};

/// The states of all screens, for one route. Made before the gateway that it belongs to, and connected to it afterwards.
pub struct ScreenLink {
    /// Whether the route may carry drills, and whether it may carry what is meant.
    drill: bool,
    actual: bool,
    parts: OnceLock<Weak<Parts>>,
    changes: watch::Sender<u64>,
}

/// What a screen must show now, over one link.
#[derive(Clone, Debug)]
pub struct LinkState {
    pub document: Arc<ScreenDocument>,
    pub stamped: Stamped,
    /// Seconds for which the signature counts from now on.
    pub counts_for_s: u64,
    pub decided: Vec<Decided>,
}

/// A decision that stands in a document, in the words of the deliveries it makes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decided {
    /// Its name in the document.
    pub warning: String,
    /// [`Content::thread`](fenghuo_contract::Content::thread).
    pub thread: String,
    /// [`Content::released_at`](fenghuo_contract::Content::released_at), Unix seconds.
    pub released_at: i64,
}

impl ScreenLink {
    /// The link of a route that may carry drills, or what is meant, or both.
    #[must_use]
    pub fn new(drill: bool, actual: bool) -> Arc<Self> {
        Arc::new(Self { drill, actual, parts: OnceLock::new(), changes: watch::Sender::new(0) })
    }

    /// Connects it, and tells of changes from now on.
    pub(crate) fn connect(self: &Arc<Self>, parts: &Arc<Parts>) {
        // A second connection would be to the same gateway.
        let _second = self.parts.set(Arc::downgrade(parts));
        parts.lifecycle.spawn(Arc::clone(self).tell(Arc::clone(parts)));
    }

    /// Whether it is connected.
    #[must_use]
    pub fn is_connected(&self) -> bool {
        self.parts.get().is_some()
    }

    fn parts(&self) -> Option<Arc<Parts>> {
        self.parts.get().and_then(Weak::upgrade)
    }

    /// Another number whenever a screen came or went, or may have to show something else.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// Passes on that something changed, and looks itself when something expires.
    async fn tell(self: Arc<Self>, parts: Arc<Parts>) {
        let stop = parts.lifecycle.stopping();
        let mut changes = parts.screens.showing.changes();
        loop {
            self.changes.send_modify(|count| *count += 1);
            tokio::select! {
                () = stop.cancelled() => return,
                changed = changes.changed() => if changed.is_err() { return },
                () = parts.clock.sleep(parts.screens.until_next_change()) => {}
            }
        }
    }

    /// The ids of all screens.
    #[must_use]
    pub fn screens(&self) -> Vec<String> {
        let ids = |parts: Arc<Parts>| {
            parts.screens.registry.all().iter().map(|entry| entry.record.screen.id.clone()).collect()
        };
        self.parts().map(ids).unwrap_or_default()
    }

    /// What a screen must show now, as far as the route may carry it; `None` when there is no such screen.
    #[must_use]
    pub fn state(&self, id: &str) -> Option<LinkState> {
        let parts = self.parts()?;
        let screens = &parts.screens;
        let document = self.document(screens, id)?;
        let stamped = screens.stamped(&document, false);
        let counts_for_s = u64::try_from(stamped.expires - parts.clock.unix()).unwrap_or_default();
        let decided = screens.showing.decided(&document.notices);
        Some(LinkState { document, stamped, counts_for_s, decided })
    }

    /// A drill goes over no route that is not marked for drills, whoever asks: what may not be carried is left out.
    fn document(&self, screens: &Screens, id: &str) -> Option<Arc<ScreenDocument>> {
        let entry = screens.registry.get(id)?;
        let whole = screens.document_of(&entry);
        let may = |notice: &&Notice| if notice.drill { self.drill } else { self.actual };
        if whole.notices.iter().all(|notice| may(&notice)) {
            return Some(whole);
        }
        let left = whole.notices.iter().filter(may).cloned().collect();
        let language = &entry.record.screen.language;
        Some(Arc::new(ScreenDocument::new(language, left, Vec::new(), whole.changed_at)))
    }

    /// A screen's word about one warning, as [`Flow::screen_ack`](crate::flow::Flow::screen_ack) takes it.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn ack(&self, id: &str, warning: &str, state: AckState) -> Result<bool, Unavailable> {
        self.connected()?.screens.ack(id, warning, state).await
    }

    /// A screen says which document it shows: a sign of life, and proof of everything in it. `false` when there is no such
    /// screen.
    ///
    /// # Errors
    /// When it cannot be stored.
    pub async fn holds(&self, id: &str, etag: &str) -> Result<bool, Unavailable> {
        let parts = self.connected()?;
        let Some(entry) = parts.screens.registry.get(id) else { return Ok(false) };
        let Some(document) = self.document(&parts.screens, id) else { return Ok(false) };
        let proven: Vec<WarningId> = entry.sighting.lock().ask(parts.screens.seen(), Some(etag), &document);
        if parts.screens.tell(&entry, proven).await {
            return Ok(true);
        }
        Err(Unavailable::new("what a screen proved was not stored".to_owned()))
    }

    fn connected(&self) -> Result<Arc<Parts>, Unavailable> {
        self.parts().ok_or_else(|| Unavailable::new("the gateway is starting or stopping".to_owned()))
    }
}
