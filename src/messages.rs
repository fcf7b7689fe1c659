//! One definition of every message code in Chinese and English (Fluent files), for API, console, log, metric and
//! `fenghuo explain`.
//!
//! A code is the id of a Fluent message: its value is one sentence or name, its attribute `.action` says what to do now,
//! `.who` who can do it, `.more` explains at length. A code of a problem carries its sentence with variables in
//! `.detail`, its value being the short title; a code of a rule has its sentence as value, and may have a `.title`.

mod bundle;
mod public;

#[cfg(test)]
mod tests;

pub use public::PublicLang;

use bundle::Texts;

/// The Fluent files of both languages, by name.
macro_rules! files {
    ($($name:literal),+ $(,)?) => {
        /// Name, Chinese text and English text of each file.
        const FILES: &[(&str, &str, &str)] = &[$((
            $name,
            include_str!(concat!("messages/zh-CN/", $name, ".ftl")),
            include_str!(concat!("messages/en/", $name, ".ftl")),
        )),+];
    };
}

files![
    "alarms",
    "authority",
    "cli",
    "config",
    "confirm",
    "console",
    "directory",
    "docs",
    "import",
    "key",
    "measures",
    "notices",
    "problems",
    "rules",
    "screens",
    "sharing",
    "words"
];

/// A language of the product itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lang {
    /// `zh-CN`
    #[default]
    Chinese,
    /// `en`
    English,
}

impl Lang {
    /// Both languages, the default first.
    pub const ALL: [Self; 2] = [Self::Chinese, Self::English];

    /// BCP 47 tag.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Chinese => "zh-CN",
            Self::English => "en",
        }
    }

    /// The language of a tag such as `zh`, `zh-Hans-CN` or `en-GB`; `None` for any other.
    fn from_tag(tag: &str) -> Option<Self> {
        match tag.trim().split(['-', '_', '.', '@']).next()?.to_ascii_lowercase().as_str() {
            "zh" => Some(Self::Chinese),
            "en" => Some(Self::English),
            _ => None,
        }
    }

    /// The language a reader likes best, from the value of `Accept-Language`; Chinese when none of ours is named.
    #[must_use]
    pub fn from_accept_language(header: &str) -> Self {
        preferred(header, Self::from_tag).unwrap_or_default()
    }

    /// The language of a POSIX locale, for example `zh_CN.UTF-8`; Chinese for `C`, empty and unknown ones.
    #[must_use]
    pub fn from_env(locale: &str) -> Self {
        Self::from_tag(locale).unwrap_or_default()
    }
}

/// What a reader likes best of what is offered, from the value of `Accept-Language`.
fn preferred<T>(header: &str, offered: impl Fn(&str) -> Option<T>) -> Option<T> {
    let mut best = None;
    let mut heaviest = 0.0;
    for range in header.split(',').take(32) {
        let (tag, weight) = range.split_once(';').unwrap_or((range, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|q| q.trim().parse::<f64>().ok()).unwrap_or(0.0);
        if let Some(lang) = offered(tag)
            && weight > heaviest
        {
            (best, heaviest) = (Some(lang), weight);
        }
    }
    best
}

/// The text of a code, with its variable parts filled in. A code without a text gives the code itself, and a test
/// fails.
#[must_use]
pub fn text(lang: Lang, id: &str, args: &[(&str, String)]) -> String {
    Texts::of(lang).format(id, None, args).unwrap_or_else(|| id.to_owned())
}

/// The short name of a code, without variable parts.
#[must_use]
pub fn title(lang: Lang, id: &str) -> String {
    let texts = Texts::of(lang);
    let title = texts.format(id, Some("title"), &[]).or_else(|| texts.format(id, None, &[]));
    title.map_or_else(|| id.to_owned(), |title| without_variables(&title))
}

/// The sentence of a code that says what is wrong here, with its variable parts filled in.
#[must_use]
pub fn detail(lang: Lang, id: &str, args: &[(&str, String)]) -> String {
    Texts::of(lang).format(id, Some("detail"), args).unwrap_or_else(|| text(lang, id, args))
}

/// What to do now; `None` when the code has no such text.
#[must_use]
pub fn action(lang: Lang, id: &str) -> Option<String> {
    attribute(lang, id, "action")
}

/// An attribute of a code's text; `None` when it has none of this name.
#[must_use]
pub fn attribute(lang: Lang, id: &str, name: &str) -> Option<String> {
    Texts::of(lang).format(id, Some(name), &[]).map(|text| without_variables(&text))
}

/// What is wrong and what to do, in one line.
#[must_use]
pub fn sentence(lang: Lang, id: &str, args: &[(&str, String)]) -> String {
    let texts = Texts::of(lang);
    let action = texts.format(id, Some("action"), args).map(|action| ended(lang, &action));
    let detail = ended(lang, &detail(lang, id, args));
    match (lang, action) {
        (_, None) => detail,
        (Lang::Chinese, Some(action)) => detail + &action,
        (Lang::English, Some(action)) => format!("{detail} {action}"),
    }
}

/// Whether there is a text for this code.
#[must_use]
pub fn is_code(id: &str) -> bool {
    Texts::of(Lang::default()).has(id)
}

/// Every code there is, in order.
#[must_use]
pub fn codes() -> Vec<String> {
    Texts::of(Lang::default()).ids()
}

/// The nearest code to one that does not exist, when one is near.
#[must_use]
pub fn nearest(id: &str) -> Option<String> {
    let id: String = id.chars().take(80).collect();
    let mut near: Vec<(f64, String)> = codes()
        .into_iter()
        .map(|code| (strsim::jaro_winkler(&code, &id), code))
        .filter(|(score, _)| *score > 0.85)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0));
    near.into_iter().next().map(|(_, code)| code)
}

fn ended(lang: Lang, text: &str) -> String {
    let text = text.trim_end();
    match (lang, text.ends_with(['。', '.', '！', '？', '!', '?', '：', ':'])) {
        (_, true) => text.to_owned(),
        (Lang::Chinese, false) => format!("{text}。"),
        (Lang::English, false) => format!("{text}."),
    }
}

/// Replaces what Fluent writes for a variable without value by an ellipsis.
fn without_variables(text: &str) -> String {
    let mut rest = text;
    let mut out = String::with_capacity(text.len());
    while let Some((before, after)) = rest.split_once("{$") {
        out.push_str(before);
        out.push('…');
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    out + rest
}
