//! Progress as bars and numbers, per channel and state. States are drawn side by side, never added together.

use super::{
    show::{eta, grouped, rate},
    words::Words,
};
use crate::{
    domain::delivery::State,
    flow::{
        record::WarningId,
        status::{ChannelStatus, StatusView},
    },
};

/// Width of a whole bar, in the bar's own units.
const WIDTH: u64 = 1000;
/// What there is at all is seen, however little.
const LEAST: u64 = 6;

/// Order along the bar: the furthest first.
const BAR: [State; 8] = [
    State::Confirmed,
    State::Delivered,
    State::Accepted,
    State::InFlight,
    State::Failed,
    State::Expired,
    State::Withdrawn,
    State::Superseded,
];
/// Columns that are always there.
const ALWAYS: [State; 6] =
    [State::Pending, State::InFlight, State::Accepted, State::Delivered, State::Confirmed, State::Failed];
/// Columns that are there when one of the channels has any.
const WHEN_ANY: [State; 3] = [State::Expired, State::Withdrawn, State::Superseded];

pub(super) struct Table {
    pub(super) heads: Vec<Head>,
    pub(super) channels: Vec<Channel>,
    /// Whether anything still moves.
    pub(super) paced: bool,
}

pub(super) struct Head {
    pub(super) state: &'static str,
    pub(super) word: String,
    pub(super) meaning: String,
}

pub(super) struct Channel {
    pub(super) word: String,
    pub(super) audience: String,
    /// The bar in words, for who cannot see it.
    pub(super) label: String,
    pub(super) parts: Vec<Part>,
    pub(super) counts: Vec<Count>,
    /// Rate and time left, while something is pending.
    pub(super) pace: String,
}

pub(super) struct Part {
    pub(super) state: &'static str,
    pub(super) x: u64,
    pub(super) width: u64,
    /// Drawn with a pattern as well as a colour.
    pub(super) pattern: Option<&'static str>,
}

pub(super) struct Count {
    pub(super) word: String,
    pub(super) number: String,
    pub(super) zero: bool,
    pub(super) fault: bool,
    /// The list of these deliveries.
    pub(super) href: Option<String>,
}

/// How many deliveries of a channel are in a state.
pub(super) fn count(channel: &ChannelStatus, state: State) -> u64 {
    match state {
        State::Pending => channel.pending,
        State::InFlight => channel.in_flight,
        State::Accepted => channel.accepted,
        State::Delivered => channel.delivered,
        State::Confirmed => channel.confirmed,
        State::Failed => channel.failed,
        State::Expired => channel.expired,
        State::Withdrawn => channel.withdrawn,
        State::Superseded => channel.superseded,
    }
}

/// The class that draws a state.
pub(super) fn class(state: State) -> &'static str {
    if state == State::InFlight { "flight" } else { state.name() }
}

impl Table {
    /// `None` when nothing is to be delivered. `linked`: the reader may list single deliveries.
    pub(super) fn new(words: Words, warning: &WarningId, status: &StatusView, linked: bool) -> Option<Self> {
        if status.channels.is_empty() {
            return None;
        }
        let any = |state: &State| status.channels.values().any(|channel| count(channel, *state) > 0);
        let states: Vec<State> = ALWAYS.into_iter().chain(WHEN_ANY.into_iter().filter(any)).collect();
        let head = |state: &State| Head {
            state: class(*state),
            word: words.of("console-state-", state.name()),
            meaning: words.of("console-meaning-", state.name()),
        };
        let list = linked.then(|| format!("/console/warnings/{warning}/deliveries"));
        let row =
            |(name, channel): (&String, &ChannelStatus)| Channel::new(words, name, channel, &states, list.as_deref());
        let channels: Vec<Channel> = status.channels.iter().map(row).collect();
        let paced = channels.iter().any(|channel| !channel.pace.is_empty());
        Some(Self { heads: states.iter().map(head).collect(), channels, paced })
    }
}

impl Channel {
    fn new(words: Words, name: &str, channel: &ChannelStatus, states: &[State], list: Option<&str>) -> Self {
        let word = words.of("console-channel-", name);
        let counted = |state: &State| {
            let number = count(channel, *state);
            Count {
                word: words.of("console-state-", state.name()),
                number: grouped(number),
                zero: number == 0,
                fault: number > 0 && *state == State::Failed,
                href: list.filter(|_| number > 0).map(|list| format!("{list}?channel={name}&state={}", state.name())),
            }
        };
        Self {
            label: label(words, &word, channel),
            audience: grouped(channel.audience),
            parts: parts(channel),
            counts: states.iter().map(counted).collect(),
            pace: pace(words, channel),
            word,
        }
    }
}

fn pace(words: Words, channel: &ChannelStatus) -> String {
    if channel.pending + channel.in_flight == 0 {
        return String::new();
    }
    let rate = rate(channel.rate_per_s);
    match channel.eta_s {
        Some(seconds) => words.fill("console-pace", &[("rate", rate), ("eta", eta(words, seconds))]),
        None => words.with("console-pace-only", "rate", rate),
    }
}

fn label(words: Words, name: &str, channel: &ChannelStatus) -> String {
    let head =
        words.fill("console-bar-label", &[("channel", name.to_owned()), ("audience", grouped(channel.audience))]);
    let parts = State::ALL.into_iter().filter(|state| count(channel, *state) > 0).map(|state| {
        let word = words.of("console-state-", state.name());
        words.fill("console-bar-part", &[("state", word), ("count", grouped(count(channel, state)))])
    });
    words.join([head].into_iter().chain(parts))
}

/// Shares of the bar, each at least [`LEAST`] wide, all together at most [`WIDTH`].
fn parts(channel: &ChannelStatus) -> Vec<Part> {
    let whole = channel.audience.max(1);
    let there: Vec<(State, u64)> =
        BAR.into_iter().map(|state| (state, count(channel, state))).filter(|(_, count)| *count > 0).collect();
    let mut widths: Vec<u64> = there
        .iter()
        .map(|(_, count)| {
            u64::try_from(u128::from(*count) * u128::from(WIDTH) / u128::from(whole))
                .unwrap_or(WIDTH)
                .clamp(LEAST, WIDTH)
        })
        .collect();
    let over = widths.iter().sum::<u64>().saturating_sub(WIDTH);
    if let Some(widest) = widths.iter_mut().max() {
        *widest = widest.saturating_sub(over).max(LEAST);
    }
    let mut x = 0;
    let place = |((state, _), width): (&(State, u64), u64)| {
        let pattern = match state {
            State::Failed => Some("hatch-failed"),
            State::InFlight => Some("hatch-flight"),
            _ => None,
        };
        let part = Part { state: class(*state), x, width, pattern };
        x += width;
        part
    };
    there.iter().zip(widths).map(place).collect()
}

#[cfg(test)]
mod tests;
