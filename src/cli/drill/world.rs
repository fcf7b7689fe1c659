//! Where a story is played: the routes of the demonstration, people who do not exist, some of whose numbers are dead, and
//! screens, some of which are silent.

use std::{net::SocketAddr, path::Path, time::Duration};

use fenghuo_contract::Channel;
use futures_util::future::join_all;

use crate::{
    app::Gateway,
    cli::{
        demo::world::{self, SCREENS as PLACES},
        fault::Fault,
        output::Output,
    },
    config::Config,
    flow::{
        screens::{Screen, Viewer},
        target::directory::sample,
    },
};

/// The issuer whose story it is: it may pass on what others issued.
pub(super) const ISSUER: &str = "relay";
/// How many screens there are.
pub(super) const SCREENS: usize = PLACES.len();
/// The screens whose players never ask.
const SILENT: [&str; 2] = ["leye-hall", "wanbao-school"];
/// The seed of the sample directory: the same people every time.
const SEED: u64 = 12_379;
/// Recipients stored at a time.
const CHUNK: usize = 20_000;
/// Dead telephone numbers, of each of two kinds: refused by the carrier, taken and reported undelivered.
const DEAD_NUMBERS: u32 = 40;
/// How long a player waits for a change before it asks again.
const POLL: Duration = Duration::from_secs(20);

/// The settings: every route is simulated and carries drills only.
pub(super) fn config(data: &Path) -> Config {
    world::config(data, SocketAddr::from(([127, 0, 0, 1], 0)))
}

/// Addresses at which a simulated provider refuses, reports that it did not arrive, or answers in an unusual way.
fn specials() -> Vec<(Channel, String)> {
    let numbers = (1..=DEAD_NUMBERS).flat_map(|n| [format!("199{n:04}9001"), format!("199{n:04}9010")]);
    let sms = numbers.map(|number| (Channel::Sms, number));
    let others = (1..=10).flat_map(|n| {
        let words = ["refuse", "undelivered", "transient", "late", "confirm"];
        words.into_iter().flat_map(move |word| {
            [
                (Channel::Wechat, format!("{word}-{n}")),
                (Channel::Push, format!("{word}-{n}")),
                (Channel::Email, format!("{word}-{n}@songbei.example")),
            ]
        })
    });
    sms.chain(others).collect()
}

/// Stores screens and people.
pub(super) async fn fill(gateway: &Gateway, recipients: u32, output: &Output) -> Result<(), Fault> {
    let not_stored =
        |fault: crate::flow::Unavailable| Fault::failed(output.lang, "cli-not-stored", &[("cause", fault.to_string())]);
    for (id, name, area) in PLACES {
        let area = area.parse().expect("a literal, parsed by a test");
        let screen = Screen { drill: true, ..Screen::new(id, name, area) };
        gateway.flow().put_screen(screen).await.map_err(not_stored)?;
    }
    let areas = config(Path::new("")).areas;
    let streets: Vec<_> = areas.into_keys().filter(|area| area.number() % 1_000_000 != 0).collect();
    let mut people = sample::sample(recipients as usize, SEED, &streets, &specials());
    while !people.is_empty() {
        let rest = people.split_off(people.len().min(CHUNK));
        gateway.directory().put(std::mem::replace(&mut people, rest)).await.map_err(not_stored)?;
    }
    Ok(())
}

/// Plays the screens that are not silent, until dropped.
pub(super) async fn play(gateway: &Gateway) {
    join_all(PLACES.iter().filter(|(id, ..)| !SILENT.contains(id)).map(|(id, ..)| player(gateway, id))).await;
}

/// Asks for its document, again whenever it has changed, naming what it holds, as a real player does.
async fn player(gateway: &Gateway, id: &str) {
    let mut held: Option<String> = None;
    while let Ok(Some(document)) = gateway.flow().screen_document(id, Viewer::Screen { holds: held.as_deref() }).await {
        if held.as_ref() == Some(&document.etag)
            && !matches!(gateway.flow().screen_change(id, &document.etag, POLL).await, Ok(Some(_)))
        {
            return;
        }
        held = Some(document.etag.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_replay_can_reach_a_person() {
        let config = config(Path::new("data"));
        assert!(config.routes.values().all(|route| route.drill && !route.actual));
        assert!(config.routes.values().all(|route| matches!(route.adapter.as_str(), "simulator" | "display")));
        assert!(SILENT.iter().all(|silent| PLACES.iter().any(|(id, ..)| id == silent)));
    }
}
