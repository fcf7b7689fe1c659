//! The approved text of a template, taken apart at its places.

use super::Template;

/// A part of an approved text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Piece {
    /// Words that always stand there.
    Words(String),
    /// A place, by the number of its parameter, from 0.
    Place(usize),
}

/// Why an approved text and its parameters do not belong together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TextFault {
    #[error("must not be empty")]
    Empty,
    #[error("there is no parameter for the place {0}")]
    NoParameter(String),
    #[error("the parameter {0} has no place in it")]
    NoPlace(String),
}

impl TextFault {
    pub(crate) fn chinese(&self) -> String {
        match self {
            Self::Empty => "不可为空".to_owned(),
            Self::NoParameter(name) => format!("占位 {name} 没有对应的 parameters"),
            Self::NoPlace(name) => format!("参数 {name} 在正文中没有位置"),
        }
    }
}

/// Takes the text apart. A place is `${x}` or `{x}`, `x` the name of a parameter or its number from 1; other brackets are
/// words.
pub(crate) fn pieces(template: &Template) -> Result<Vec<Piece>, TextFault> {
    if template.text.trim().is_empty() {
        return Err(TextFault::Empty);
    }
    let (mut pieces, mut words, mut rest) = (Vec::new(), String::new(), template.text.as_str());
    while let Some(start) = rest.find('{') {
        let (before, from) = rest.split_at(start);
        let Some(name) = place(from) else {
            words.push_str(&rest[..=start]);
            rest = &from[1..];
            continue;
        };
        words.push_str(before.strip_suffix('$').unwrap_or(before));
        pieces.push(Piece::Words(std::mem::take(&mut words)));
        pieces.push(Piece::Place(parameter(template, name)?));
        rest = &from[name.len() + 2..];
    }
    words.push_str(rest);
    pieces.push(Piece::Words(words));
    let unplaced = (0..template.parameters.len()).find(|number| !pieces.contains(&Piece::Place(*number)));
    match unplaced {
        Some(number) => Err(TextFault::NoPlace(template.parameters[number].name.clone())),
        None => Ok(pieces),
    }
}

/// The name in the brackets a text begins with.
fn place(text: &str) -> Option<&str> {
    let (name, _) = text.strip_prefix('{')?.split_once('}')?;
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    is_name.then_some(name)
}

fn parameter(template: &Template, name: &str) -> Result<usize, TextFault> {
    let by_name = template.parameters.iter().position(|parameter| parameter.name == name);
    let by_number = || name.parse::<usize>().ok()?.checked_sub(1).filter(|number| *number < template.parameters.len());
    by_name.or_else(by_number).ok_or_else(|| TextFault::NoParameter(name.to_owned()))
}
