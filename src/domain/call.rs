//! 叫应: an officer is called channel by channel, then whoever stands in for him, then by telephone, until somebody has
//! said that it arrived. Pure: what was said and the time give where it stands, in whatever order they came to be known.

#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

/// When an officer is called how, in milliseconds from the beginning of his call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// How long one channel has before the next.
    pub confirm_within_ms: i64,
    /// After so long whoever stands in is called too.
    pub deputy_after_ms: i64,
    /// After so long somebody takes the telephone.
    pub telephone_after_ms: i64,
}

/// How many channels reach an officer and whoever stands in for him; none where there is nobody.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    pub own: usize,
    pub deputy: usize,
}

/// What is done to reach somebody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// The officer, on the channel of this number.
    Own(usize),
    /// Whoever stands in, on the channel of this number.
    Deputy(usize),
    /// On the list for the telephone.
    Telephone,
}

/// For whom a word counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum By {
    /// The officer himself.
    Officer,
    /// Whoever stands in for him.
    Deputy,
}

/// How it became known that somebody has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum How {
    /// By the link in the message, or the app that shows it.
    Link,
    /// By a word sent back.
    Reply,
    /// An operator wrote down who said it.
    Console,
    /// He confirmed an earlier warning of the event, which was not lower.
    Earlier,
}

impl By {
    /// Stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Officer => "officer",
            Self::Deputy => "deputy",
        }
    }
}

impl How {
    /// Stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Link => "link",
            Self::Reply => "reply",
            Self::Console => "console",
            Self::Earlier => "earlier",
        }
    }
}

/// A word that it arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Word {
    /// Milliseconds since 1970.
    pub at_ms: i64,
    pub how: How,
}

/// The words about one officer: for each who may say it, the earliest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Words {
    officer: Option<Word>,
    deputy: Option<Word>,
}

impl Words {
    /// Takes a word in. The order in which words are taken in does not matter, nor does one that is taken in twice.
    pub fn hear(&mut self, by: By, word: Word) {
        let known = match by {
            By::Officer => &mut self.officer,
            By::Deputy => &mut self.deputy,
        };
        *known = Some(known.map_or(word, |known| known.min(word)));
    }

    /// Takes in everything another has heard.
    pub fn merge(&mut self, other: &Self) {
        for (by, word) in [(By::Officer, other.officer), (By::Deputy, other.deputy)] {
            if let Some(word) = word {
                self.hear(by, word);
            }
        }
    }

    /// The word that counts: the officer's own, else that of whoever stands in.
    #[must_use]
    pub fn counts(&self) -> Option<(By, Word)> {
        self.officer.map(|word| (By::Officer, word)).or(self.deputy.map(|word| (By::Deputy, word)))
    }

    /// When calling ended: at the earliest word of anybody.
    #[must_use]
    pub fn first_ms(&self) -> Option<i64> {
        [self.officer, self.deputy].into_iter().flatten().map(|word| word.at_ms).min()
    }
}

/// Where an officer's call stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Called, on the last channel since this moment.
    Called { step: Step, since_ms: i64 },
    /// To be called by telephone since this moment.
    Telephone { since_ms: i64 },
    /// Somebody has it.
    Confirmed { by: By, word: Word },
    /// Nobody said so while the warning stood.
    Over,
}

/// The steps of a call with the moments they are due, from its beginning, in that order. Whoever no channel reaches
/// waits for nothing: his deputy's turn, or the telephone's, comes at once.
#[must_use]
pub fn steps(times: Times, reach: Reach) -> Vec<(i64, Step)> {
    let within = times.confirm_within_ms.max(1);
    let span = |count: usize| within.saturating_mul(i64::try_from(count).unwrap_or(i64::MAX));
    let deputy_ms = if reach.own == 0 { 0 } else { times.deputy_after_ms };
    let telephone_ms = match (reach.own, reach.deputy) {
        (0, 0) => 0,
        (own, 0) => times.deputy_after_ms.max(span(own)).min(times.telephone_after_ms),
        (0, _) => (times.telephone_after_ms - times.deputy_after_ms).max(within),
        _ => times.telephone_after_ms,
    };
    let own = (0..reach.own).map(|n| (span(n), Step::Own(n)));
    let deputy = (0..reach.deputy).map(|n| (deputy_ms.saturating_add(span(n)), Step::Deputy(n)));
    let mut steps: Vec<(i64, Step)> = own.chain(deputy).filter(|(at, _)| *at < telephone_ms).collect();
    steps.push((telephone_ms, Step::Telephone));
    steps.sort_unstable();
    steps
}

/// The steps that were or are to be made by `now_ms` in a call that began at `began_ms`. A word, or the warning's end,
/// ends it; what is due at that very moment is not made any more.
#[must_use]
pub fn due(
    times: Times,
    reach: Reach,
    began_ms: i64,
    words: &Words,
    ended_ms: Option<i64>,
    now_ms: i64,
) -> Vec<(i64, Step)> {
    let end = [words.first_ms(), ended_ms].into_iter().flatten().min().unwrap_or(i64::MAX);
    let moments = steps(times, reach).into_iter().map(|(after, step)| (began_ms.saturating_add(after), step));
    moments.filter(|(at, _)| *at <= now_ms && *at < end).collect()
}

/// Where a call stands at `now_ms`.
#[must_use]
pub fn state(times: Times, reach: Reach, began_ms: i64, words: &Words, ended_ms: Option<i64>, now_ms: i64) -> State {
    if let Some((by, word)) = words.counts() {
        return State::Confirmed { by, word };
    }
    if ended_ms.is_some_and(|end| end <= now_ms) {
        return State::Over;
    }
    match due(times, reach, began_ms, words, None, now_ms).last() {
        Some((since_ms, Step::Telephone)) => State::Telephone { since_ms: *since_ms },
        Some((since_ms, step)) => State::Called { step: *step, since_ms: *since_ms },
        // The first step is due as the call begins; a clock that was set back shows it as made.
        None => State::Called { step: Step::Own(0), since_ms: began_ms },
    }
}
