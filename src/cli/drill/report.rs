//! What became of a story, for a person and for a program.

use std::{collections::BTreeSet, time::Duration};

use serde_json::{Map, Value, json};

use super::measure::{Measured, PARTS, Played, Times};
use crate::cli::{
    exit::Exit,
    output::{Output, table},
    progress::states,
};

/// How large the world was and how fast the story.
pub(super) struct Scale {
    pub(super) speed: f64,
    pub(super) recipients: u32,
    pub(super) screens: usize,
}

pub(super) struct Replay {
    pub(super) scale: Scale,
    /// From the first warning to the last change of a number.
    pub(super) took: Duration,
    pub(super) played: Vec<Played>,
}

fn ms(time: Option<Duration>) -> Option<u64> {
    time.map(|time| u64::try_from(time.as_millis()).unwrap_or(u64::MAX))
}

fn by_part(times: &Times) -> Value {
    PARTS.iter().zip(times).map(|(part, time)| (part.to_string(), json!(ms(*time)))).collect::<Map<_, _>>().into()
}

fn adds_up(channel: &Measured) -> bool {
    states(&channel.status).iter().map(|(_, count)| count).sum::<u64>() == channel.status.audience
}

impl Replay {
    fn channels(&self) -> impl Iterator<Item = &Measured> {
        self.played.iter().flat_map(|played| played.channels.values())
    }

    fn adds_up(&self) -> bool {
        self.channels().all(adds_up)
    }

    fn refused(&self) -> usize {
        self.played.iter().filter(|played| played.submitted.is_err()).count()
    }

    /// Every screen that did not show something it had to.
    fn silent(&self) -> BTreeSet<&str> {
        self.channels().flat_map(|channel| channel.silent.iter().map(String::as_str)).collect()
    }

    /// The states of all deliveries together.
    fn totals(&self) -> (u64, Map<String, Value>) {
        let (mut audience, mut sums) = (0, [("", 0_u64); 9]);
        for channel in self.channels() {
            audience += channel.status.audience;
            for (sum, (name, count)) in sums.iter_mut().zip(states(&channel.status)) {
                *sum = (name, sum.1 + count);
            }
        }
        let named = sums.into_iter().filter(|(name, _)| !name.is_empty());
        (audience, named.map(|(name, count)| (name.to_owned(), count.into())).collect())
    }

    /// How the program ends: the report is whole either way.
    pub(super) fn exit(&self) -> Exit {
        match (self.adds_up(), self.refused()) {
            (false, _) => Exit::Failed,
            (true, 0) => Exit::Done,
            (true, _) => Exit::Refused,
        }
    }

    /// One JSON object.
    pub(super) fn document(&self) -> Value {
        let (audience, mut totals) = self.totals();
        totals.insert("deliveries".to_owned(), audience.into());
        json!({
            "speed": self.scale.speed,
            "recipients": self.scale.recipients,
            "screens": self.scale.screens,
            "took_ms": ms(Some(self.took)),
            "warnings": self.played.iter().map(warning).collect::<Vec<_>>(),
            "dead_screens": self.silent(),
            "totals": totals,
            "refused": self.refused(),
            "adds_up": self.adds_up(),
        })
    }

    /// The same for a person.
    pub(super) fn text(&self, output: &Output) -> String {
        let mut text = String::new();
        for played in &self.played {
            text += &(played.note(output) + "\n");
            if !played.channels.is_empty() {
                text += &table(&rows(played, output));
            }
            text += &(played.lines(output) + "\n");
        }
        let (audience, totals) = self.totals();
        let number = |name: &str| totals.get(name).map_or_else(|| "0".to_owned(), Value::to_string);
        let silent: Vec<&str> = self.silent().into_iter().collect();
        let args = [
            ("warnings", self.played.len().to_string()),
            ("refused", self.refused().to_string()),
            ("deliveries", audience.to_string()),
            ("accepted", number("accepted")),
            ("delivered", number("delivered")),
            ("confirmed", number("confirmed")),
            ("failed", number("failed")),
            ("seconds", format!("{:.1}", self.took.as_secs_f64())),
            ("speed", self.scale.speed.to_string()),
            ("silent", silent.len().to_string()),
            ("screens", if silent.is_empty() { "–".to_owned() } else { silent.join(", ") }),
        ];
        text + &output.say("cli-replay-total", &args) + "\n"
    }
}

fn warning(played: &Played) -> Value {
    let scene = &played.scene;
    let channels: Map<String, Value> =
        played.channels.iter().map(|(name, measured)| (name.clone(), channel(measured))).collect();
    json!({
        "file": scene.file,
        "identifier": scene.message.identifier,
        "kind": scene.message.kind,
        "status": scene.message.status,
        "was_actual": scene.was_actual,
        "after_in_story_s": scene.after_in_story_s,
        "warning": played.submitted.as_ref().ok(),
        "refused": played.submitted.as_ref().err(),
        "done": played.done,
        "channels": channels,
    })
}

fn channel(measured: &Measured) -> Value {
    let mut numbers: Map<String, Value> =
        states(&measured.status).into_iter().map(|(name, count)| (name.to_owned(), count.into())).collect();
    numbers.insert("audience".to_owned(), measured.status.audience.into());
    numbers.insert("failed_by_reason".to_owned(), json!(measured.status.failed_by_reason));
    numbers.insert("accepted_ms".to_owned(), by_part(&measured.accepted));
    numbers.insert("delivered_ms".to_owned(), by_part(&measured.delivered));
    numbers.insert("dead".to_owned(), measured.dead.0.into());
    numbers.insert("dead_listed".to_owned(), json!(measured.dead.1));
    numbers.insert("dead_screens".to_owned(), json!(measured.silent));
    numbers.into()
}

fn rows(played: &Played, output: &Output) -> Vec<Vec<String>> {
    let title = |name: &str| output.say(&format!("cli-column-{name}"), &[]);
    let part = |name: &str| PARTS.map(|part| format!("{} {part}%", title(name)));
    let mut heading = vec![title("channel"), title("audience")];
    heading.extend(part("accepted"));
    heading.extend(part("delivered"));
    heading.extend(["confirmed", "failed"].map(title));
    let row = |(name, measured): (&String, &Measured)| {
        let mut row = vec![output.say(&format!("channel-{name}"), &[]), measured.status.audience.to_string()];
        let seconds = |time: &Option<Duration>| {
            time.map_or_else(|| "–".to_owned(), |time| format!("{:.2} s", time.as_secs_f64()))
        };
        row.extend(measured.accepted.iter().chain(&measured.delivered).map(seconds));
        row.extend([measured.status.confirmed, measured.status.failed].map(|count| count.to_string()));
        row
    };
    std::iter::once(heading).chain(played.channels.iter().map(row)).collect()
}

impl Played {
    /// One line: which warning it is, and whether it was taken.
    pub(super) fn note(&self, output: &Output) -> String {
        let message = &self.scene.message;
        let info = message.infos.first();
        let headline = info.map(|info| info.headline.clone().unwrap_or_else(|| info.event.clone()));
        let refused = self.submitted.as_ref().err().map(|codes| codes.join(", "));
        let id = if refused.is_some() { "cli-replay-refused" } else { "cli-replay-warning" };
        let args = [
            ("after", self.scene.after_in_story_s.to_string()),
            ("kind", message.kind.cap().to_owned()),
            ("identifier", message.identifier.clone()),
            ("headline", headline.unwrap_or_default()),
            ("codes", refused.unwrap_or_default()),
        ];
        output.say(id, &args)
    }

    /// Failures by reason, dead numbers, screens that stayed silent.
    fn lines(&self, output: &Output) -> String {
        let mut text = String::new();
        for (name, measured) in &self.channels {
            let channel = output.say(&format!("channel-{name}"), &[]);
            for (reason, count) in &measured.status.failed_by_reason {
                let args = [
                    ("channel", channel.clone()),
                    ("reason", output.say(&format!("reason-{}", reason.replace('_', "-")), &[])),
                    ("code", reason.clone()),
                    ("count", count.to_string()),
                ];
                text += &(output.say("cli-reason-line", &args) + "\n");
            }
            let (count, listed) = &measured.dead;
            if *count > 0 {
                let mut list = listed.join(", ");
                if *count > listed.len() as u64 {
                    list += ", …";
                }
                let args = [("channel", channel), ("count", count.to_string()), ("list", list)];
                text += &(output.say("cli-replay-dead", &args) + "\n");
            }
            if !measured.silent.is_empty() {
                let args = [("count", measured.silent.len().to_string()), ("list", measured.silent.join(", "))];
                text += &(output.say("cli-replay-silent", &args) + "\n");
            }
        }
        text
    }
}
