//! The text of a sign in MULTI, the mark-up of NTCIP 1203 §6: lines parted by `[nl]`, pages by `[np]`, each page as long as
//! reading it takes (`[pt…o0]`).
//!
//! Nothing is ever cut. The headline comes first and must fit; the text follows when all of it fits, else its signed short
//! form, else nothing where that is allowed.

use fenghuo_contract::{Cause, Content};
use unicode_width::UnicodeWidthChar;

use crate::settings::{Capacity, Letters};

/// Tenths of a second a page can stand at most.
const PAGE_MAX: usize = 255;

/// A text ready for a sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Composed {
    /// The words on it, as people read them.
    pub(crate) words: String,
    /// The same in MULTI, in the sign's letters.
    pub(crate) multi: Vec<u8>,
}

/// What a sign of this capacity shows of a content.
///
/// # Errors
/// The cause of a refusal when not even the headline fits, or the sign has no such letters.
pub(crate) fn compose(content: &Content, capacity: &Capacity) -> Result<Composed, Cause> {
    let headline = if content.title.trim().is_empty() { &content.text } else { &content.title };
    if headline.trim().is_empty() {
        return Err(Cause::new("NO-TEXT", "there is nothing to show"));
    }
    let with = |text: &str| {
        let repeats = text.trim_start().starts_with(headline.trim());
        if repeats { text.to_owned() } else { format!("{headline}\n{text}") }
    };
    let mut ways = vec![with(&content.text)];
    if !content.short.is_empty() {
        ways.push(with(&content.short));
    }
    if capacity.headline_alone {
        ways.push(headline.clone());
    }
    let mut refusal = Cause::new("TOO-LONG", "it does not fit the sign");
    for words in ways {
        match set(&words, capacity) {
            Ok(multi) => return Ok(Composed { words, multi }),
            Err(cause) => refusal = cause,
        }
    }
    Err(refusal)
}

/// All of a text in MULTI.
fn set(words: &str, capacity: &Capacity) -> Result<Vec<u8>, Cause> {
    let lines = lines(words, capacity.columns);
    let pages: Vec<&[String]> = lines.chunks(capacity.lines).collect();
    if pages.len() > capacity.pages {
        let text =
            format!("it takes {} pages of {} lines, the sign has {}", pages.len(), capacity.lines, capacity.pages);
        return Err(Cause::new("TOO-LONG", &text));
    }
    let mut multi = Vec::new();
    for (number, page) in pages.iter().enumerate() {
        if number > 0 {
            multi.extend_from_slice(b"[np]");
        }
        if pages.len() > 1 {
            let characters: usize = page.iter().map(|line| line.chars().count()).sum();
            let tenths = (characters * 10).div_ceil(capacity.characters_per_s).max(capacity.page_min).min(PAGE_MAX);
            multi.extend_from_slice(format!("[pt{tenths}o0]").as_bytes());
        }
        for (number, line) in page.iter().enumerate() {
            if number > 0 {
                multi.extend_from_slice(b"[nl]");
            }
            write_line(&mut multi, line, capacity.letters)?;
        }
    }
    if multi.len() > capacity.multi_max {
        let text = format!("it takes {} bytes of MULTI, the sign takes {}", multi.len(), capacity.multi_max);
        return Err(Cause::new("TOO-LONG", &text));
    }
    Ok(multi)
}

/// Breaks a text into lines of so many columns: where it says so, between words, and between any two wide characters. A word
/// longer than a line goes on in the next.
fn lines(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for paragraph in text.lines() {
        let mut line = Line { text: String::new(), columns: 0, most: columns };
        for word in
            paragraph.split(|sign: char| sign.is_whitespace() || sign.is_control()).filter(|word| !word.is_empty())
        {
            line.add_word(word, &mut lines);
        }
        line.end(&mut lines);
    }
    lines
}

/// A line that grows.
struct Line {
    text: String,
    columns: usize,
    most: usize,
}

impl Line {
    fn add_word(&mut self, word: &str, done: &mut Vec<String>) {
        let width: usize = word.chars().map(columns_of).sum();
        let narrow = word.chars().all(|sign| columns_of(sign) < 2);
        let gap = usize::from(!self.text.is_empty());
        if self.columns + gap + if narrow { width } else { 1 } > self.most {
            self.end(done);
        } else if gap == 1 {
            self.text.push(' ');
            self.columns += 1;
        }
        for sign in word.chars() {
            if self.columns + columns_of(sign) > self.most && self.columns > 0 {
                self.end(done);
            }
            self.text.push(sign);
            self.columns += columns_of(sign);
        }
    }

    fn end(&mut self, done: &mut Vec<String>) {
        let line = std::mem::take(&mut self.text);
        self.columns = 0;
        let line = line.trim_end();
        if !line.is_empty() {
            done.push(line.to_owned());
        }
    }
}

fn columns_of(sign: char) -> usize {
    sign.width().unwrap_or_default()
}

fn write_line(out: &mut Vec<u8>, line: &str, letters: Letters) -> Result<(), Cause> {
    let mut buffer = [0; 4];
    for sign in line.chars() {
        match (sign, letters) {
            // A bracket is written twice to be shown.
            ('[', _) => out.extend_from_slice(b"[["),
            (']', _) => out.extend_from_slice(b"]]"),
            ('\0'..='\x7f', _) => out.push(sign as u8),
            (_, Letters::Utf8) => out.extend_from_slice(sign.encode_utf8(&mut buffer).as_bytes()),
            (_, Letters::Gb18030) => {
                let (bytes, ..) = encoding_rs::GB18030.encode(sign.encode_utf8(&mut buffer));
                out.extend_from_slice(&bytes);
            }
            ('\u{80}'..='\u{ffff}', Letters::CharacterTags) => {
                out.extend_from_slice(format!("[hc{:X}]", u32::from(sign)).as_bytes());
            }
            _ => return Err(Cause::new("NO-LETTER", &format!("the sign has no character U+{:04X}", u32::from(sign)))),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
