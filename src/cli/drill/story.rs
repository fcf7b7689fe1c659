//! The warnings of a story, in the order in which they were sent.

use std::{path::PathBuf, time::Duration};

use crate::{
    cli::{exit::Exit, fault::Fault, output::Output, send},
    domain::{
        finding::{Finding, Weight},
        json,
        message::{Message, Status},
        moment::Moment,
        xml,
    },
};

/// One warning of the story.
#[derive(Clone, Debug)]
pub(super) struct Scene {
    /// The file it came from.
    pub(super) file: String,
    pub(super) message: Message,
    /// It was an actual warning, and is played as an exercise.
    pub(super) was_actual: bool,
    /// How long after the first of the story, as played.
    pub(super) after: Duration,
    /// The same in the story, seconds.
    pub(super) after_in_story_s: i64,
}

/// Reads every file; all that cannot be read are told at once.
pub(super) fn read(files: &[PathBuf], output: &Output) -> Result<Vec<Scene>, Fault> {
    let (mut scenes, mut wrong) = (Vec::new(), Vec::new());
    for file in files {
        let bytes = send::read(file, output)?;
        let reading = if bytes.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{') {
            json::read(&bytes)
        } else {
            xml::read(&bytes)
        };
        let name = file.display().to_string();
        match reading.message {
            Some(message) => scenes.push(Scene::new(name, message)),
            None => wrong.push(format!("{name}: {}", codes(&reading.findings).join(", "))),
        }
    }
    if !wrong.is_empty() {
        let count = wrong.len().to_string();
        let mut fault = Fault::new(Exit::Refused, output.lang, "cli-replay-unreadable", &[("count", count)]);
        fault.lines.splice(0..0, wrong);
        return Err(fault);
    }
    scenes.sort_by_key(|scene| scene.message.sent.unix());
    Ok(scenes)
}

/// The codes of what refuses, each once.
pub(super) fn codes(found: &[Finding]) -> Vec<String> {
    let refusing = found.iter().filter(|finding| finding.weight == Weight::Refuse);
    let mut codes: Vec<String> = refusing.map(|finding| finding.code.to_owned()).collect();
    codes.sort_unstable();
    codes.dedup();
    codes
}

impl Scene {
    fn new(file: String, mut message: Message) -> Self {
        let was_actual = message.status == Status::Actual;
        if was_actual {
            message.status = Status::Exercise;
        }
        Self { file, message, was_actual, after: Duration::ZERO, after_in_story_s: 0 }
    }

    /// The same, played so many times as fast, in a story that began at `first` and is played from `begins` on, both
    /// seconds since 1970. References are moved with what they name.
    pub(super) fn at(mut self, first: i64, begins: i64, speed: f64) -> Self {
        let after = |moment: Moment| (moment.unix() - first) as f64 / speed;
        let moved = |moment: Moment| Moment::new(begins + after(moment).floor() as i64, moment.offset_minutes());
        let sent = self.message.sent;
        self.after_in_story_s = sent.unix() - first;
        self.after = Duration::from_secs_f64(after(sent).max(0.0));
        self.message.sent = moved(sent);
        for reference in &mut self.message.references {
            reference.sent = moved(reference.sent);
        }
        let by = self.message.sent.unix() - sent.unix();
        for info in &mut self.message.infos {
            for moment in [&mut info.effective, &mut info.onset, &mut info.expires].into_iter().flatten() {
                *moment = Moment::new(moment.unix() + by, moment.offset_minutes());
            }
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::message::MessageRef;

    fn scene(sent: i64, expires: i64) -> Scene {
        let text = include_str!("../../../config/demo/warning.json");
        let mut message = json::read(text.as_bytes()).message.expect("the sample is read by a test");
        message.status = Status::Actual;
        message.sent = Moment::china(sent);
        message.infos[0].expires = Some(Moment::china(expires));
        let (sender, identifier) = (message.sender.clone(), "earlier".to_owned());
        message.references = vec![MessageRef { sender, identifier, sent: Moment::china(1_000_000) }];
        Scene::new("a.json".to_owned(), message)
    }

    #[test]
    fn the_time_between_is_shortened_and_validity_is_not() {
        let scene = scene(1_003_600, 1_014_400).at(1_000_000, 2_000_000, 60.0);
        assert!(scene.was_actual && scene.message.status == Status::Exercise);
        assert_eq!((scene.after, scene.after_in_story_s), (Duration::from_secs(60), 3_600));
        assert_eq!(scene.message.sent.unix(), 2_000_060);
        assert_eq!(scene.message.infos[0].expires.map(Moment::unix), Some(2_000_060 + 10_800));
        assert_eq!(scene.message.references[0].sent.unix(), 2_000_000, "moved with what it names");
    }
}
