//! Days that are named by how far away they are: whoever reads the text a day later, or after midnight, reads it wrong.

/// Words for such days.
const DAYS_ZH: [&str; 22] = [
    "今天",
    "今日",
    "今晨",
    "今早",
    "今晚",
    "今夜",
    "今明",
    "明天",
    "明日",
    "明晨",
    "明早",
    "明晚",
    "明夜",
    "昨天",
    "昨日",
    "昨晚",
    "昨夜",
    "后天",
    "当晚",
    "当天",
    "次日",
    "本周末",
];
const DAYS_EN: [&str; 8] =
    ["today", "tonight", "tomorrow", "yesterday", "this morning", "this afternoon", "this evening", "last night"];
const MONTHS_EN: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// How far a date may stand from the word it explains, in characters.
const NEAR: usize = 14;

/// The first word for a day that no date nearby explains.
pub(super) fn ambiguous(text: &str) -> Option<&str> {
    chinese(text).into_iter().chain(english(text)).min_by_key(|(at, _)| *at).map(|(_, word)| word)
}

fn chinese(text: &str) -> Option<(usize, &str)> {
    // Every warning passes here: one look at each character, and at words where one may begin.
    text.match_indices(['今', '明', '昨', '后', '当', '次', '本']).find_map(|(at, _)| {
        let word = DAYS_ZH.iter().find(|word| text[at..].starts_with(**word))?;
        let end = at + word.len();
        let (before, after) = (&text[..at], &text[end..]);
        let plain = !is_part_of_another(before, word, after) && !has_date(before, after, is_chinese_date);
        plain.then(|| (at, &text[at..end]))
    })
}

/// Whether the characters only happen to stand beside each other: 说明天气, 三天后天晴, 适当天数.
fn is_part_of_another(before: &str, word: &str, after: &str) -> bool {
    let (before, after) = (before.chars().next_back(), after.chars().next());
    let follows = |set: &str| before.is_some_and(|c| set.contains(c));
    match word.chars().next() {
        Some('明') => follows("说声证表清标注申阐查透鲜黎发文照光分不"),
        Some('后') => follows("天日时月年雨雪之以然先最") || after.is_some_and(|c| "气晴色空然".contains(c)),
        Some('当') => follows("适相正应"),
        _ => false,
    }
}

fn english(text: &str) -> Option<(usize, &str)> {
    word_starts(text).find_map(|at| {
        let rest = &text[at..];
        let word = DAYS_EN.iter().find(|word| starts_with_word(rest, word))?;
        let (before, after) = (text[..at].to_ascii_lowercase(), rest[word.len()..].to_ascii_lowercase());
        (!has_date(&before, &after, is_english_date)).then(|| (at, &rest[..word.len()]))
    })
}

/// Where words of Latin letters begin.
pub(super) fn word_starts(text: &str) -> impl Iterator<Item = usize> {
    let bytes = text.as_bytes();
    let start = |at: &usize| bytes[*at].is_ascii_alphabetic() && (*at == 0 || !bytes[at - 1].is_ascii_alphanumeric());
    (0..bytes.len()).filter(start)
}

/// Whether a text begins with a whole word, in any case.
pub(super) fn starts_with_word(text: &str, word: &str) -> bool {
    let begins = text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    begins && !text.as_bytes().get(word.len()).is_some_and(u8::is_ascii_alphanumeric)
}

/// Whether a date stands close by, before or after, within the same sentence.
fn has_date(before: &str, after: &str, is_date: fn(&str) -> bool) -> bool {
    let ends = |c: &char| matches!(c, '。' | '！' | '？' | '\n');
    let after: String = after.chars().take_while(|c| !ends(c)).take(NEAR).collect();
    let before: Vec<char> = before.chars().rev().take_while(|c| !ends(c)).take(NEAR).collect();
    is_date(&after) || is_date(&before.into_iter().rev().collect::<String>())
}

/// `15日`, `15号`, `7月15`, `2026-07-15`.
fn is_chinese_date(text: &str) -> bool {
    let digit_before = |at: usize| text[..at].trim_end().ends_with(|c: char| c.is_ascii_digit());
    text.match_indices(['日', '号', '月']).any(|(at, _)| digit_before(at)) || is_iso_date(text)
}

/// `15 July`, `July 15`, `2026-07-15`.
fn is_english_date(text: &str) -> bool {
    let words: Vec<&str> = text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty()).collect();
    let month = |word: &str| word.get(..3).is_some_and(|start| MONTHS_EN.contains(&start));
    let day = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
    words.windows(2).any(|pair| month(pair[0]) && day(pair[1]) || day(pair[0]) && month(pair[1])) || is_iso_date(text)
}

/// Two hyphens between digits.
fn is_iso_date(text: &str) -> bool {
    let digit = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_digit);
    let bytes = text.as_bytes();
    let hyphens =
        (1..bytes.len()).filter(|at| bytes[*at] == b'-' && digit(bytes.get(at - 1)) && digit(bytes.get(at + 1)));
    hyphens.count() >= 2
}
