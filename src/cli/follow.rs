//! `fenghuo follow`: keeps what the gateway signed for the screens of one building, and goes on telling it to them when the
//! line is cut, with its age. It makes nothing up: what it cannot prove to be the gateway's word it does not tell, what has
//! expired it leaves out, and when nothing is left that stands it says that it does not know, never that all is calm.
//!
//! ```text
//! gateway ──signed documents──▶ uplink ─▶ kept (disk) ─▶ serve ──same addresses──▶ screens
//!         ◀──what screens hold, acks, heartbeats──────────────────────────────────
//! ```

mod kept;
mod list;
mod serve;
mod uplink;

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{Arc, atomic::AtomicBool},
};

use tokio::sync::watch;

use self::{kept::Kept, uplink::Uplink};
use super::{arguments::Follow, client, exit::Exit, fault::Fault, output::Output, serve as gateway};
use crate::{clock::Clock, config::Environment, flow::screens::PublicKey};

/// What this program keeps of one screen.
struct Post {
    id: String,
    /// The token of its kiosk address: it opens the screen's pages here as at the gateway.
    token: String,
    /// The newest word that was believed.
    kept: watch::Sender<Option<Arc<Kept>>>,
    /// The gateway refuses the token: it was revoked, or the screen is gone. Whatever is known is old.
    refused: AtomicBool,
    /// `If-None-Match` of the screen's own last request, to be passed on; empty when it named nothing.
    claim: watch::Sender<Option<String>>,
}

/// The screens of one building.
struct Building {
    clock: Clock,
    posts: BTreeMap<String, Post>,
    uplink: Uplink,
}

pub(super) async fn run(arguments: &Follow, environment: &Environment, output: &Output) -> Result<Exit, Fault> {
    gateway::log(environment, "info", output)?;
    let lang = output.lang;
    let text =
        std::fs::read_to_string(&arguments.screens).map_err(|cause| Fault::file(lang, &arguments.screens, &cause))?;
    let refused = |line: usize| {
        let args = [("file", arguments.screens.display().to_string()), ("line", line.to_string())];
        Fault::new(Exit::Usage, lang, "cli-follow-list", &args)
    };
    let followed = list::read(&text).map_err(refused)?;
    std::fs::create_dir_all(&arguments.data).map_err(|cause| Fault::file(lang, &arguments.data, &cause))?;
    let http = client::http(&arguments.url);
    let http = http.map_err(|cause| Fault::failed(lang, "cli-not-started", &[("cause", cause.to_string())]))?;
    let clock = Clock::system();
    let keys = given_keys(arguments, lang)?;
    let uplink = Uplink::new(http, &arguments.url, &arguments.data, keys);
    let known = uplink.keys();
    let post = |(id, token): (String, String)| {
        let kept = Kept::load(&arguments.data, &id, &known);
        let post = Post {
            id: id.clone(),
            token,
            kept: watch::Sender::new(kept.map(Arc::new)),
            refused: AtomicBool::new(false),
            claim: watch::Sender::new(None),
        };
        (id, post)
    };
    let posts = followed.into_iter().map(post).collect();
    let building = Arc::new(Building { clock, posts, uplink });
    let listener = tokio::net::TcpListener::bind(arguments.listen).await;
    let not_listening = |cause: std::io::Error| {
        let args = [("address", arguments.listen.to_string()), ("cause", cause.to_string())];
        Fault::failed(lang, "cli-not-listening", &args)
    };
    let listener = listener.map_err(not_listening)?;
    let address = listener.local_addr().map_err(not_listening)?;
    // They end with this function: what is kept is on disk already.
    let mut tasks = tokio::task::JoinSet::new();
    for id in building.posts.keys() {
        tasks.spawn(uplink::follow(Arc::clone(&building), id.clone()));
        tasks.spawn(uplink::prove(Arc::clone(&building), id.clone()));
    }
    let args = [
        ("count", building.posts.len().to_string()),
        ("url", arguments.url.clone()),
        ("address", format!("http://{address}")),
    ];
    output.note(&output.say("cli-follow-started", &args));
    tokio::select! {
        served = axum::serve(listener, serve::router(building)) => served.map(|()| Exit::Done).map_err(not_listening),
        // Streams to screens have no end of their own.
        () = gateway::stop_asked() => Ok(Exit::Done),
    }
}

/// The keys of `--keys`, else those pinned at first use; empty before that.
fn given_keys(arguments: &Follow, lang: crate::messages::Lang) -> Result<Vec<PublicKey>, Fault> {
    let Some(file) = &arguments.keys else { return Ok(pinned(&arguments.data)) };
    let bytes = std::fs::read(file).map_err(|cause| Fault::file(lang, file, &cause))?;
    let unusable = || Fault::new(Exit::Usage, lang, "cli-follow-keys", &[("file", file.display().to_string())]);
    kept::keys(&bytes).ok_or_else(unusable)
}

fn pinned(data: &Path) -> Vec<PublicKey> {
    std::fs::read(data.join(kept::KEYS)).ok().and_then(|bytes| kept::keys(&bytes)).unwrap_or_default()
}
