//! The line to the gateway: what it signed comes down, what screens hold and say goes up.

use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use parking_lot::{Mutex, RwLock};
use reqwest::{Method, RequestBuilder, Response, StatusCode, header};

use super::{
    Building, Post,
    kept::{self, Kept, Received, Refused, Signed, replace},
};
use crate::flow::screens::{KIOSK_PARAMETER, ONLOOKER, PublicKey, Screen, etag_of, verify};

/// Seconds the gateway lets a request wait for news.
const WAIT_S: u64 = 25;
/// A request that takes longer is lost.
const ANSWER: Duration = Duration::from_secs(35);
/// What a screen says is passed on within this time, or later.
const PASS_ON: Duration = Duration::from_secs(5);
/// Bytes of a document at most.
const DOCUMENT_MAX: usize = 4 * 1024 * 1024;
/// What screens said while the line was cut, so much of it.
const LATER_MAX: usize = 256;
/// Between two answers, however fast they come.
const BETWEEN: Duration = Duration::from_millis(100);
/// The longest pause between two attempts, seconds.
const PAUSE_MAX_S: f64 = 10.0;

/// Why nothing came.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("the gateway does not answer: {0}")]
    Line(reqwest::Error),
    #[error("the gateway answers {0}")]
    Status(StatusCode),
    #[error("what came is refused: {0}")]
    Refused(#[from] Refused),
    #[error("its keys are not those that were pinned")]
    Keys,
    #[error("it cannot be kept: {0}")]
    Disk(#[from] std::io::Error),
}

impl Trouble {
    /// The gateway is well and does not let this screen in any more.
    fn is_refusal(&self) -> bool {
        let refusals = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND, StatusCode::GONE];
        matches!(self, Self::Status(status) if refusals.contains(status))
    }
}

impl From<reqwest::Error> for Trouble {
    /// Without the address: the screen's token is in it.
    fn from(fault: reqwest::Error) -> Self {
        Self::Line(fault.without_url())
    }
}

/// The line of one building.
pub(super) struct Uplink {
    http: reqwest::Client,
    base: String,
    data: PathBuf,
    keys: RwLock<Vec<PublicKey>>,
    later: Mutex<VecDeque<(String, Bytes)>>,
}

impl Uplink {
    pub(super) fn new(http: reqwest::Client, url: &str, data: &Path, keys: Vec<PublicKey>) -> Self {
        let base = url.trim_end_matches('/').to_owned();
        Self { http, base, data: data.to_owned(), keys: RwLock::new(keys), later: Mutex::default() }
    }

    pub(super) fn keys(&self) -> Vec<PublicKey> {
        self.keys.read().clone()
    }

    fn request(&self, method: Method, post: &Post, what: &str) -> RequestBuilder {
        let separator = if what.contains('?') { '&' } else { '?' };
        // Ids and tokens are made of letters and digits that need no escape.
        let url = format!("{}/screens/{}/{what}{separator}{KIOSK_PARAMETER}={}", self.base, post.id, post.token);
        self.http.request(method, url).header(header::ACCEPT_ENCODING, "identity")
    }

    /// The next word about a screen: as soon as it changes, else that it still stands. It is we who ask, not the screen.
    async fn fetch(&self, post: &Post, now: impl Fn() -> i64) -> Result<Kept, Trouble> {
        let known = post.kept.borrow().clone();
        let request = self.request(Method::GET, post, &format!("feed.json?wait={WAIT_S}"));
        let mut request = request.header(ONLOOKER, "1").timeout(ANSWER);
        if let Some(known) = &known {
            request = request.header(header::IF_NONE_MATCH, &known.document.etag);
        }
        let answer = request.send().await?;
        let field = |name: &str| {
            answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
        };
        let (input, signature) = (field("signature-input"), field("signature"));
        let (about, body) = match (answer.status(), &known) {
            (StatusCode::NOT_MODIFIED, Some(known)) => (known.about.clone(), known.document.body.clone()),
            (StatusCode::OK, _) => (self.about(post).await?, whole(answer).await?),
            (status, _) => return Err(Trouble::Status(status)),
        };
        let received = |body: Bytes| Received { body, input: input.clone(), signature: signature.clone() };
        self.learn(&input, now()).await?;
        let believed = Kept::believe(about, received(body), &self.keys(), known.as_deref(), now())?;
        let same = known.filter(|known| known.document.etag == believed.document.etag);
        let cap = match same.and_then(|known| known.cap.clone()) {
            Some(cap) => Some(cap),
            None => {
                self.cap(post).await.inspect_err(|trouble| tracing::debug!(screen = post.id, %trouble, "no CAP")).ok()
            }
        };
        Ok(Kept { cap, ..believed })
    }

    /// The same as one CAP document.
    async fn cap(&self, post: &Post) -> Result<Signed, Trouble> {
        let request = self.request(Method::GET, post, "current.cap").header(ONLOOKER, "1").timeout(ANSWER);
        let answer = request.send().await?.error_for_status()?;
        let field = |name: &str| {
            answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
        };
        let (signature_input, signature) = (field("signature-input"), field("signature"));
        let body = String::from_utf8(whole(answer).await?.to_vec()).map_err(|_| Refused::NoDocument)?;
        let cap = Signed { body, signature_input, signature };
        if cap.is_believed(&self.keys()) { Ok(cap) } else { Err(Refused::NoDocument.into()) }
    }

    async fn about(&self, post: &Post) -> Result<Screen, Trouble> {
        let answer = self.request(Method::GET, post, "about.json").header(ONLOOKER, "1").timeout(ANSWER).send().await?;
        let answer = answer.error_for_status()?;
        let bytes = whole(answer).await?;
        serde_json::from_slice(&bytes).map_err(|_| Refused::NoDocument.into())
    }

    /// Learns the gateway's keys: at first use any, later only such as a key that is known has signed.
    async fn learn(&self, input: &str, now: i64) -> Result<(), Trouble> {
        let known = self.keys();
        let named = |key: &PublicKey| input.contains(&format!("keyid=\"{}\"", key.id));
        // The last of three is the one to come: once it signs, its successor is published.
        let wanted = known.is_empty() || known.last().is_some_and(named);
        if !wanted {
            return Ok(());
        }
        let answer = self.http.get(format!("{}/screens/keys.json", self.base)).timeout(ANSWER);
        let answer = answer.header(header::ACCEPT_ENCODING, "identity").send().await?.error_for_status()?;
        let field = |name: &str| {
            answer.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned()
        };
        let (etag, input, signature) = (field("etag"), field("signature-input"), field("signature"));
        let bytes = whole(answer).await?;
        let keys = kept::keys(&bytes).ok_or(Trouble::Keys)?;
        if !known.is_empty() {
            let fits = etag_of(&bytes) == etag;
            if !fits || verify(&etag, &input, &signature, &known, now).is_err() {
                return Err(Trouble::Keys);
            }
        }
        replace(&self.data.join(kept::KEYS), &bytes)?;
        *self.keys.write() = keys;
        Ok(())
    }

    /// Passes on what a screen says; what cannot go now goes later when `keep`. The gateway's answer, `None` when it gave none.
    pub(super) async fn pass_on(&self, post: &Post, what: &str, body: Bytes, keep: bool) -> Option<StatusCode> {
        let request = self.request(Method::POST, post, what).header(header::CONTENT_TYPE, "application/json");
        let sent = request.timeout(PASS_ON).body(body.clone()).send().await;
        if sent.is_err() && keep {
            let mut later = self.later.lock();
            if later.len() == LATER_MAX {
                later.pop_front();
            }
            later.push_back((post.id.clone(), body));
        }
        sent.ok().map(|answer| answer.status())
    }
}

/// The whole body, when it is not too long.
async fn whole(mut answer: Response) -> Result<Bytes, Trouble> {
    let mut bytes = BytesMut::new();
    while let Some(part) = answer.chunk().await? {
        if bytes.len() + part.len() > DOCUMENT_MAX {
            return Err(Refused::NoDocument.into());
        }
        bytes.extend_from_slice(&part);
    }
    Ok(bytes.freeze())
}

/// Follows one screen for good.
pub(super) async fn follow(building: Arc<Building>, id: String) {
    let (Some(post), uplink) = (building.posts.get(&id), &building.uplink) else { return };
    let mut failures: u32 = 0;
    loop {
        match next(&building, post).await {
            Ok(()) => {
                if failures > 0 {
                    tracing::info!(screen = id, "the gateway is heard again");
                }
                failures = 0;
                refuse(post, false);
                building.clock.sleep(BETWEEN).await;
                tell_later(&building, uplink).await;
            }
            Err(trouble) => {
                failures += 1;
                if trouble.is_refusal() && refuse(post, true) {
                    tracing::error!(
                        screen = id,
                        %trouble,
                        "the gateway lets this screen in no more: its address was revoked, or it was removed; \
                         what is known of it is told as old from now on"
                    );
                }
                if failures.is_power_of_two() {
                    tracing::warn!(screen = id, %trouble, failures, "nothing new from the gateway");
                }
                let pause = (0.5 * f64::from(1 << failures.min(5))).min(PAUSE_MAX_S);
                building.clock.sleep(Duration::from_secs_f64(pause * (0.5 + building.clock.fraction() / 2.0))).await;
            }
        }
    }
}

/// Writes down whether the gateway refuses a screen; whether that is news. Those who listen are told.
fn refuse(post: &Post, refused: bool) -> bool {
    let news = post.refused.swap(refused, Ordering::Relaxed) != refused;
    if news {
        post.kept.send_modify(|_| ());
    }
    news
}

async fn next(building: &Building, post: &Post) -> Result<(), Trouble> {
    let kept = building.uplink.fetch(post, || building.clock.unix()).await?;
    // Two documents signed in the same second differ in their signatures alone.
    let known = post.kept.borrow().as_ref().map(|known| known.signature.clone());
    if known.as_ref() != Some(&kept.signature) {
        kept.store(&building.uplink.data, &post.id)?;
    }
    post.kept.send_replace(Some(Arc::new(kept)));
    Ok(())
}

/// What screens said while the line was cut.
async fn tell_later(building: &Building, uplink: &Uplink) {
    let later = std::mem::take(&mut *uplink.later.lock());
    for (id, body) in later {
        if let Some(post) = building.posts.get(&id) {
            uplink.pass_on(post, "ack", body, true).await;
        }
    }
}

/// Proves to the gateway what a screen holds, in the screen's own words, each time it asks here.
pub(super) async fn prove(building: Arc<Building>, id: String) {
    let Some(post) = building.posts.get(&id) else { return };
    let mut claims = post.claim.subscribe();
    while claims.changed().await.is_ok() {
        let Some(claim) = claims.borrow_and_update().clone() else { continue };
        let mut request = building.uplink.request(Method::GET, post, "feed.json").timeout(PASS_ON);
        if !claim.is_empty() {
            request = request.header(header::IF_NONE_MATCH, claim);
        }
        if let Err(fault) = request.send().await {
            let fault = fault.without_url();
            tracing::debug!(screen = id, %fault, "what the screen holds is not passed on");
        }
    }
}
