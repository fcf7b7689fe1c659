//! What screens say on the topic of their group: `{"screen","warning","state"}` of a warning, `{"screen","etag"}` of what
//! they hold.

use std::sync::Arc;

use futures_util::future::join_all;
use tokio::sync::{Notify, mpsc};

use crate::{
    state::{Said, StateSource},
    wire::{Client, Unanswered},
};

/// Words that may wait to become durable; as many as the broker leaves unacknowledged fit.
const WAITING_MAX: usize = 4 * crate::wire::WINDOW as usize;
/// Words made durable together.
const TOGETHER: usize = 64;
/// Characters of the names of a screen, of a warning and of an ETag.
const NAME_MAX: usize = 200;

impl Said {
    /// Reads a word; `None` when it is none.
    pub(crate) fn read(payload: &[u8]) -> Option<Self> {
        let said: Self = serde_json::from_slice(payload).ok()?;
        let named = |name: &str| !name.is_empty() && name.len() <= NAME_MAX;
        let about = match &said.about {
            crate::About::Warning { warning, .. } => warning,
            crate::About::Holds { etag } => etag,
        };
        (named(&said.screen) && named(about)).then_some(said)
    }
}

/// A word of a group's screen, and the message that is acknowledged once it is durable.
pub(crate) struct Word {
    pub(crate) group: String,
    pub(crate) said: Said,
    pub(crate) unanswered: Unanswered,
}

/// The way of words to the source.
pub(crate) fn queue() -> (mpsc::Sender<Word>, mpsc::Receiver<Word>) {
    mpsc::channel(WAITING_MAX)
}

/// Makes words durable and acknowledges them, until there are no more. When they are not taken `refused` is told: the
/// broker repeats them over a new connection.
pub(crate) async fn carry(
    source: Arc<dyn StateSource>,
    client: Client,
    mut words: mpsc::Receiver<Word>,
    refused: Arc<Notify>,
) {
    let mut together = Vec::with_capacity(TOGETHER);
    let mut garbage = 0_u64;
    while words.recv_many(&mut together, TOGETHER).await > 0 {
        let taken = join_all(together.iter().map(|word| source.said(&word.group, &word.said))).await;
        for (word, taken) in together.drain(..).zip(taken) {
            let Ok(believed) = taken else {
                refused.notify_one();
                return;
            };
            if !believed {
                garbage += 1;
                if garbage.is_power_of_two() {
                    let (group, screen) = (word.group, word.said.screen);
                    tracing::warn!(garbage, group, screen, "words of screens about what they never showed");
                }
            }
            if client.acknowledge(&word.unanswered).await.is_err() {
                return;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{About, Did};

    #[test]
    fn a_word_is_about_a_warning_or_about_what_the_screen_holds() {
        let read = |text: &str| Said::read(text.as_bytes()).unwrap();
        let shown = read(r#"{"screen":"led-7","warning":"w-1","state":"shown","at":"2026-07-15T14:00:00+08:00"}"#);
        let about = About::Warning { warning: "w-1".to_owned(), state: Did::Shown };
        assert_eq!(shown, Said { screen: "led-7".to_owned(), about });
        let holds = read(r#"{"screen":"led-7","etag":"\"0123\""}"#);
        assert_eq!(holds, Said { screen: "led-7".to_owned(), about: About::Holds { etag: "\"0123\"".to_owned() } });
    }

    #[test]
    fn what_is_no_word_is_not_read() {
        let long = format!(r#"{{"screen":"{}","warning":"w","state":"shown"}}"#, "x".repeat(201));
        for text in [
            "",
            "shown",
            "{}",
            r#"{"screen":"","warning":"w","state":"shown"}"#,
            r#"{"screen":"a","warning":"w","state":"broken"}"#,
            r#"{"screen":"a","warning":"w"}"#,
            r#"{"screen":"a","etag":""}"#,
            &long,
        ] {
            assert_eq!(Said::read(text.as_bytes()), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(payload in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert_eq!(Said::read(&payload).is_some(), false);
        }
    }
}
