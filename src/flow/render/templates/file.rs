//! Names of template files and the directory they come from.

use std::{collections::BTreeMap, fmt, fs, path::Path};

use fenghuo_contract::Channel;

use super::{built_in, context::Variant, fault::TemplateFinding};
use crate::domain::text::nearest;

/// A part of a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Subject of a mail, title of a push message or screen.
    Title,
    /// The text itself.
    Text,
    /// A shorter form of the text, for where it does not fit.
    Short,
    /// The text as HTML.
    Html,
}

/// The name of a template file, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FileName {
    pub(super) channel: Channel,
    pub(super) language: String,
    /// [`Variant::First`] stands for "general": every variant without a file of its own uses it.
    pub(super) variant: Variant,
    pub(super) part: Part,
}

/// Channels that have templates.
pub(super) fn channels() -> impl Iterator<Item = Channel> {
    Channel::ALL.into_iter().filter(|channel| !parts_of(*channel).is_empty())
}

/// The parts that a channel may have besides: a language does without when there is no file of theirs.
pub(super) const fn optional_parts_of(channel: Channel) -> &'static [Part] {
    match channel {
        Channel::Sms | Channel::Wechat | Channel::Push | Channel::Display => &[Part::Short],
        Channel::Email | Channel::Broadcast | Channel::Webhook => &[],
    }
}

/// The parts that have a place on a channel.
pub(super) const fn parts_of(channel: Channel) -> &'static [Part] {
    match channel {
        Channel::Sms => &[Part::Text],
        Channel::Email => &[Part::Title, Part::Text, Part::Html],
        Channel::Wechat | Channel::Push | Channel::Display => &[Part::Title, Part::Text],
        Channel::Broadcast | Channel::Webhook => &[],
    }
}

const fn suffix(channel: Channel, part: Part) -> &'static str {
    match (channel, part) {
        (Channel::Email, Part::Title) => "subject.txt",
        (_, Part::Title) => "title.txt",
        (_, Part::Text) => "text.txt",
        (_, Part::Short) => "short.txt",
        (_, Part::Html) => "html",
    }
}

impl fmt::Display for FileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let variant = match self.variant {
            Variant::First => "",
            Variant::Update => "update.",
            Variant::Lift => "lift.",
            Variant::Correction => "correction.",
        };
        write!(f, "{}.{}.{variant}{}", self.channel, self.language, suffix(self.channel, self.part))
    }
}

impl FileName {
    /// Takes a name apart; `None` when it is no template's name.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let (channel, rest) = name.split_once('.')?;
        let (language, rest) = rest.split_once('.')?;
        let channel = channels().find(|known| known.name() == channel)?;
        let (variant, rest) = match rest.split_once('.') {
            Some(("update", rest)) => (Variant::Update, rest),
            Some(("lift", rest)) => (Variant::Lift, rest),
            Some(("correction", rest)) => (Variant::Correction, rest),
            _ => (Variant::First, rest),
        };
        let mut parts = parts_of(channel).iter().chain(optional_parts_of(channel)).copied();
        let part = parts.find(|part| suffix(channel, *part) == rest)?;
        let is_tag = !language.is_empty() && language.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        is_tag.then(|| Self { channel, language: language.to_owned(), variant, part })
    }
}

/// The templates of a directory, by name. Other files than templates are refused, so that a slip in a name is found;
/// names that begin with a dot and Markdown files are left alone.
pub(super) fn read_directory(directory: &Path, findings: &mut Vec<TemplateFinding>) -> BTreeMap<String, String> {
    let mut sources = BTreeMap::new();
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(cause) => {
            findings.push(TemplateFinding::unreadable(&directory.display().to_string(), &cause));
            return sources;
        }
    };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.starts_with('.') || name.ends_with(".md") {
            continue;
        }
        if FileName::parse(&name).is_none() {
            let known = built_in::FILES.iter().map(|(name, _)| *name);
            findings.push(TemplateFinding::unknown(&name, nearest(&name, known)));
            continue;
        }
        match fs::read_to_string(entry.path()) {
            Ok(source) => {
                sources.insert(name, source);
            }
            Err(cause) => findings.push(TemplateFinding::unreadable(&name, &cause)),
        }
    }
    sources
}
