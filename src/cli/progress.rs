//! Progress of a warning in three dresses: bars for a person, a plain line now and then for a log, JSON lines for a
//! program. All of it on standard error.

use std::{collections::BTreeMap, time::Duration};

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;
use unicode_width::UnicodeWidthStr;

use super::output::{Output, table};
use crate::flow::status::{ChannelStatus, People};

/// The numbers of a warning as the server gives them.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub(super) struct Numbers {
    pub(super) warning: String,
    pub(super) stage: String,
    pub(super) as_of: String,
    pub(super) channels: BTreeMap<String, ChannelStatus>,
    pub(super) people: People,
    pub(super) done: bool,
}

/// Every state of a channel by name. The names are those of the interface, none is left out because it is zero.
pub(super) fn states(channel: &ChannelStatus) -> [(&'static str, u64); 9] {
    [
        ("pending", channel.pending),
        ("in_flight", channel.in_flight),
        ("accepted", channel.accepted),
        ("delivered", channel.delivered),
        ("confirmed", channel.confirmed),
        ("failed", channel.failed),
        ("expired", channel.expired),
        ("withdrawn", channel.withdrawn),
        ("superseded", channel.superseded),
    ]
}

/// Deliveries that need nothing more.
fn ended(channel: &ChannelStatus) -> u64 {
    channel.audience.saturating_sub(channel.pending + channel.in_flight)
}

impl Numbers {
    /// Deliveries that did not leave for the recipient.
    pub(super) fn not_delivered(&self) -> u64 {
        let lost = |channel: &ChannelStatus| channel.failed + channel.expired + channel.withdrawn + channel.superseded;
        self.channels.values().map(lost).sum()
    }

    /// What moves when a delivery does; rates and times move by themselves.
    pub(super) fn counts(&self) -> (bool, Vec<[u64; 9]>) {
        (self.done, self.channels.values().map(|channel| states(channel).map(|(_, count)| count)).collect())
    }

    /// Whether the states of every channel add up to its audience.
    pub(super) fn adds_up(&self) -> bool {
        let sum = |channel: &ChannelStatus| states(channel).iter().map(|(_, count)| count).sum::<u64>();
        self.channels.values().all(|channel| sum(channel) == channel.audience)
    }

    /// The end of it, as one JSON object.
    pub(super) fn document(&self) -> Value {
        let channel = |channel: &ChannelStatus| {
            let mut numbers: serde_json::Map<String, Value> =
                states(channel).into_iter().map(|(name, count)| (name.to_owned(), count.into())).collect();
            numbers.insert("audience".to_owned(), channel.audience.into());
            numbers.insert("failed_by_reason".to_owned(), json!(channel.failed_by_reason));
            numbers.insert("maybe_doubled".to_owned(), channel.maybe_doubled.into());
            Value::Object(numbers)
        };
        let channels: serde_json::Map<String, Value> =
            self.channels.iter().map(|(name, numbers)| (name.clone(), channel(numbers))).collect();
        json!({
            "warning": self.warning,
            "stage": self.stage,
            "as_of": self.as_of,
            "done": self.done,
            "channels": channels,
            "people": self.people,
        })
    }

    /// The same for a person: one row a channel, reasons below.
    pub(super) fn report(&self, output: &Output) -> String {
        let title = |name: &str| output.say(&format!("cli-column-{}", name.replace('_', "-")), &[]);
        let names = states(&ChannelStatus::default()).map(|(name, _)| name);
        let heading = [output.say("cli-column-channel", &[]), output.say("cli-column-audience", &[])];
        let mut rows: Vec<Vec<String>> = vec![heading.into_iter().chain(names.map(title)).collect()];
        for (name, channel) in &self.channels {
            let row = [output.say(&format!("channel-{name}"), &[]), channel.audience.to_string()];
            rows.push(row.into_iter().chain(states(channel).map(|(_, count)| count.to_string())).collect());
        }
        let mut text = table(&rows);
        for (name, channel) in &self.channels {
            for (reason, count) in &channel.failed_by_reason {
                let args = [
                    ("channel", output.say(&format!("channel-{name}"), &[])),
                    ("reason", output.say(&format!("reason-{}", reason.replace('_', "-")), &[])),
                    ("code", reason.clone()),
                    ("count", count.to_string()),
                ];
                text += &(output.say("cli-reason-line", &args) + "\n");
            }
        }
        let People { addressed, reached_by_one, reached_by_two, .. } = &self.people;
        let people = [
            ("addressed", addressed.to_string()),
            ("one", reached_by_one.to_string()),
            ("two", reached_by_two.to_string()),
        ];
        text + &output.say("cli-people-line", &people) + "\n"
    }

    /// One line: where every channel stands.
    fn line(&self, output: &Output) -> String {
        let channel = |(name, channel): (&String, &ChannelStatus)| {
            let name = output.say(&format!("channel-{name}"), &[]);
            format!("{name} {}/{}", ended(channel), channel.audience)
        };
        let channels: Vec<String> = self.channels.iter().map(channel).collect();
        let stage = output.say(&format!("stage-{}", self.stage), &[]);
        let args = [("as_of", self.as_of.clone()), ("stage", stage), ("channels", channels.join(", "))];
        output.say("cli-progress-line", &args)
    }
}

/// Shows the numbers of one warning as they change.
pub(super) struct Progress<'a> {
    output: &'a Output,
    bars: MultiProgress,
    by_channel: BTreeMap<String, ProgressBar>,
    every: Duration,
    told: Option<(Instant, Numbers)>,
}

impl<'a> Progress<'a> {
    pub(super) fn new(output: &'a Output, every: Duration) -> Self {
        let target =
            if output.animated { ProgressDrawTarget::stderr_with_hz(10) } else { ProgressDrawTarget::hidden() };
        Self { output, bars: MultiProgress::with_draw_target(target), by_channel: BTreeMap::new(), every, told: None }
    }

    /// Takes the numbers as they are now.
    pub(super) fn show(&mut self, numbers: &Numbers, now: Instant) {
        if self.output.animated {
            self.draw(numbers);
            return;
        }
        let due = self.told.as_ref().is_none_or(|(at, last)| {
            last.stage != numbers.stage || last.done != numbers.done || now.duration_since(*at) >= self.every
        });
        if !due || numbers.channels.is_empty() {
            return;
        }
        self.told = Some((now, numbers.clone()));
        if self.output.json {
            let mut document = numbers.document();
            document["type"] = "status".into();
            self.output.status(&document);
        } else {
            self.output.note(&numbers.line(self.output));
        }
    }

    fn draw(&mut self, numbers: &Numbers) {
        let names = numbers.channels.keys().map(|name| self.output.say(&format!("channel-{name}"), &[]));
        let widest = names.map(|name| name.width()).max().unwrap_or(0);
        for (name, channel) in &numbers.channels {
            let bar = self.by_channel.entry(name.clone()).or_insert_with(|| {
                let label = self.output.say(&format!("channel-{name}"), &[]);
                let bar = self.bars.add(ProgressBar::new(channel.audience));
                bar.set_style(style());
                bar.set_prefix(format!("{label}{}", " ".repeat(widest.saturating_sub(label.width()))));
                bar
            });
            bar.set_length(channel.audience);
            bar.set_position(ended(channel));
            bar.set_message(message(self.output, channel));
        }
    }

    /// Leaves the last picture standing.
    pub(super) fn end(self) {
        for bar in self.by_channel.values() {
            bar.abandon();
        }
    }
}

fn message(output: &Output, channel: &ChannelStatus) -> String {
    let args = [
        ("accepted", channel.accepted.to_string()),
        ("delivered", channel.delivered.to_string()),
        ("confirmed", channel.confirmed.to_string()),
        ("failed", channel.failed.to_string()),
        ("rate", channel.rate_per_s.round().max(0.0).to_string()),
    ];
    output.say("cli-bar-message", &args)
}

fn style() -> ProgressStyle {
    let template = "{prefix} {bar:28} {pos:>7}/{len:<7} {msg}";
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("##-")
}
