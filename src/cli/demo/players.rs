//! The players of the demonstration's screens: each asks over HTTP for its feed, with a key of its own, as a real one
//! does. One of them is dead.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::header::{ETAG, IF_NONE_MATCH};

use super::world::SCREENS;
use crate::{app::Gateway, cli::client, clock::Clock, flow::authorize::Role};

/// The screen whose player does not answer, so that the board has something to show.
const DEAD: &str = "leye-hall";

/// Plays until dropped, from the moment all screens are registered.
pub(super) async fn run(gateway: &Gateway, clock: &Clock) {
    let flow = gateway.flow();
    while flow.screens().await.map_or(0, |screens| screens.len()) < SCREENS.len() {
        clock.sleep(Duration::from_millis(50)).await;
    }
    let base = format!("http://{}", gateway.address());
    let mut players = Vec::new();
    for (id, _, _) in SCREENS.iter().filter(|(id, _, _)| *id != DEAD) {
        let key = flow.create_key(Role::Screen, Some((*id).to_owned()), "demo".to_owned()).await;
        players.extend(key.ok().map(|key| play(&base, id, key.secret, clock)));
    }
    join_all(players).await;
}

/// Asks again and again, waiting at the server for a change; each request names what the screen holds.
async fn play(base: &str, id: &str, key: String, clock: &Clock) {
    let Ok(http) = client::http(base) else { return };
    let url = format!("{base}/screens/{id}/feed.json?wait=20");
    let mut held = String::new();
    loop {
        let request = http.get(&url).bearer_auth(&key).timeout(Duration::from_secs(30));
        let request = if held.is_empty() { request } else { request.header(IF_NONE_MATCH, &held) };
        let Ok(response) = request.send().await else {
            clock.sleep(Duration::from_secs(1)).await;
            continue;
        };
        let etag = response.headers().get(ETAG).and_then(|value| value.to_str().ok()).map(str::to_owned);
        // What it would show; reading it frees the connection.
        let _shown = response.bytes().await;
        held = etag.unwrap_or(held);
    }
}
