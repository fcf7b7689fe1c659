//! Levels that a text names, by colour, numeral or word, held against the level of the message.

use super::times::{starts_with_word, word_starts};
use crate::domain::level::Level;

/// Every level a text names as that of a warning, in order, with the words it names it by.
fn named(text: &str) -> Vec<(&str, Level)> {
    let mut found: Vec<(usize, &str, Level)> = colours(text).chain(numerals(text)).chain(words(text)).collect();
    found.extend(english(text));
    found.sort_unstable_by_key(|(at, _, _)| *at);
    found.into_iter().map(|(_, word, level)| (word, level)).collect()
}

/// The first level a text names that is not `own`.
pub(super) fn foreign(text: &str, own: Level) -> Option<(&str, Level)> {
    named(text).into_iter().find(|(_, level)| *level != own)
}

/// The last level a text names, when it is not `own`: a change names the old one first.
pub(super) fn last_foreign(text: &str, own: Level) -> Option<(&str, Level)> {
    named(text).pop().filter(|(_, level)| *level != own)
}

/// A level a text names, when it names levels and `own` is not among them.
pub(super) fn own_missing(text: &str, own: Level) -> Option<(&str, Level)> {
    let named = named(text);
    if named.iter().any(|(_, level)| *level == own) { None } else { named.into_iter().next() }
}

type Named<'a> = (usize, &'a str, Level);

const LEVELS: [Level; 4] = [Level::Red, Level::Orange, Level::Yellow, Level::Blue];

/// 红色预警, （黄色）预警: a colour, and at most a closing bracket before the word for a warning. A tape or a rope may be
/// red, too.
fn colours(text: &str) -> impl Iterator<Item = Named<'_>> {
    text.match_indices('色').filter_map(move |(at, last)| {
        let end = at + last.len();
        let level = LEVELS.into_iter().find(|level| text[..end].ends_with(level.colour_zh()))?;
        let after = text[end..].trim_start_matches(['）', ')', ']', '】', '”', '"', ' ']);
        let start = end - level.colour_zh().len();
        let warning = ["预警", "警报", "信号"].iter().any(|kind| after.starts_with(kind));
        warning.then(|| (start, &text[start..end], level))
    })
}

/// Ⅲ级, III级; not Ⅳ级应急响应, which is another scale.
fn numerals(text: &str) -> impl Iterator<Item = Named<'_>> {
    text.match_indices('级').filter_map(move |(end, unit)| {
        if text[end + unit.len()..].trim_start().starts_with("应急响应") || text[end + unit.len()..].starts_with("响应")
        {
            return None;
        }
        let numeral = |c: char| matches!(c, 'I' | 'V' | 'Ⅰ' | 'Ⅱ' | 'Ⅲ' | 'Ⅳ');
        let before = text[..end].trim_end();
        let start = before
            .rfind(|c: char| !numeral(c))
            .map_or(0, |at| at + before[at..].chars().next().map_or(0, char::len_utf8));
        let glued = before[..start].ends_with(|c: char| c.is_ascii_alphanumeric());
        let level = match &before[start..] {
            _ if glued => return None,
            "I" | "Ⅰ" => Level::Red,
            "II" | "Ⅱ" => Level::Orange,
            "III" | "Ⅲ" => Level::Yellow,
            "IV" | "Ⅳ" => Level::Blue,
            _ => return None,
        };
        Some((start, &text[start..end + unit.len()], level))
    })
}

/// 严重 in brackets or after a stroke, as titles have it: `[II级/严重]`. The words of warnings and those of incidents are
/// mixed in practice; loose in a sentence they say nothing of a level.
fn words(text: &str) -> impl Iterator<Item = Named<'_>> {
    const WORDS: [(&str, Level); 7] = [
        ("特别严重", Level::Red),
        ("特别重大", Level::Red),
        ("严重", Level::Orange),
        ("重大", Level::Orange),
        ("较重", Level::Yellow),
        ("较大", Level::Yellow),
        ("一般", Level::Blue),
    ];
    text.match_indices([']', '）', ')', '】']).filter_map(move |(end, _)| {
        // The longest first: 特别严重 ends as 严重 does.
        let (word, level) = WORDS.into_iter().find(|(word, _)| text[..end].ends_with(word))?;
        let start = end - word.len();
        let enclosed = text[..start].ends_with(['[', '（', '(', '【', '/', '／']);
        enclosed.then(|| (start, &text[start..end], level))
    })
}

/// `red warning`, `Red rainstorm warning`: the word for a warning within the same clause and a few words.
fn english(text: &str) -> impl Iterator<Item = Named<'_>> {
    /// Characters between the colour and the word.
    const NEAR: usize = 40;
    word_starts(text).filter_map(move |at| {
        let rest = &text[at..];
        let level = LEVELS.into_iter().find(|level| starts_with_word(rest, level.name()))?;
        let end = level.name().len();
        let clause = rest[end..].chars().take(NEAR).take_while(|c| !matches!(c, '.' | ',' | ';' | ':'));
        let clause: String = clause.collect::<String>().to_ascii_lowercase();
        let warning = ["warning", "alert", "signal"].iter().any(|kind| clause.contains(kind));
        warning.then(|| (at, &rest[..end], level))
    })
}
