//! As much of a JSON reader as the gateway's answers need.

use std::collections::BTreeMap;

/// A document, or a part of one. What is missing is `Null`.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) enum Json {
    #[default]
    Null,
    Truth(bool),
    Number(f64),
    Text(String),
    List(Vec<Json>),
    Object(BTreeMap<String, Json>),
}

const NULL: &Json = &Json::Null;

impl Json {
    /// Reads a whole document; `None` when it is not one.
    pub(super) fn read(text: &str) -> Option<Self> {
        let mut reader = Reader { rest: text };
        let value = reader.value()?;
        reader.rest.trim_start().is_empty().then_some(value)
    }

    pub(super) fn get(&self, name: &str) -> &Self {
        match self {
            Self::Object(members) => members.get(name).unwrap_or(NULL),
            _ => NULL,
        }
    }

    pub(super) fn text(&self) -> &str {
        if let Self::Text(text) = self { text } else { "" }
    }

    pub(super) fn number(&self) -> u64 {
        if let Self::Number(number) = self { *number as u64 } else { 0 }
    }

    pub(super) fn is_true(&self) -> bool {
        *self == Self::Truth(true)
    }

    pub(super) fn list(&self) -> &[Self] {
        if let Self::List(items) = self { items } else { &[] }
    }
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn takes(&mut self, word: &str) -> bool {
        self.rest = self.rest.trim_start();
        let rest = self.rest.strip_prefix(word);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn value(&mut self) -> Option<Json> {
        for (word, value) in [("null", Json::Null), ("true", Json::Truth(true)), ("false", Json::Truth(false))] {
            if self.takes(word) {
                return Some(value);
            }
        }
        if self.takes("[") {
            return self.items("]", Self::value).map(Json::List);
        }
        if self.takes("{") {
            let members = self.items("}", |reader| {
                let name = reader.text()?;
                Some((name, reader.takes(":").then(|| reader.value())??))
            });
            return members.map(|members| Json::Object(members.into_iter().collect()));
        }
        if self.rest.starts_with('"') { self.text().map(Json::Text) } else { self.number() }
    }

    fn items<T>(&mut self, end: &str, mut item: impl FnMut(&mut Self) -> Option<T>) -> Option<Vec<T>> {
        let mut items = Vec::new();
        if self.takes(end) {
            return Some(items);
        }
        loop {
            items.push(item(self)?);
            if self.takes(end) {
                return Some(items);
            }
            if !self.takes(",") {
                return None;
            }
        }
    }

    fn number(&mut self) -> Option<Json> {
        let end = self.rest.find(|sign: char| !"+-.eE".contains(sign) && !sign.is_ascii_digit());
        let (number, rest) = self.rest.split_at(end.unwrap_or(self.rest.len()));
        self.rest = rest;
        number.parse().ok().map(Json::Number)
    }

    fn text(&mut self) -> Option<String> {
        if !self.takes("\"") {
            return None;
        }
        let mut text = String::new();
        let mut signs = self.rest.char_indices();
        while let Some((at, sign)) = signs.next() {
            match sign {
                '"' => {
                    self.rest = &self.rest[at + 1..];
                    return Some(text);
                }
                '\\' => match signs.next()?.1 {
                    'n' => text.push('\n'),
                    't' => text.push('\t'),
                    'u' => {
                        let code: String = signs.by_ref().take(4).map(|(_, digit)| digit).collect();
                        // Half of a pair stands for a sign no comparison here needs.
                        text.push(char::from_u32(u32::from_str_radix(&code, 16).ok()?).unwrap_or('\u{fffd}'));
                    }
                    other => text.push(other),
                },
                sign => text.push(sign),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::Json;

    #[test]
    fn answers_are_read() {
        let read = Json::read(r#" {"a":[1,-2.5e1,{"b":"x\"\u4e2d\n"}],"done":true,"no":null,"empty":[],"o":{}} "#);
        let read = read.unwrap_or_default();
        assert_eq!(read.get("a").list()[2].get("b").text(), "x\"中\n");
        assert_eq!((read.get("a").list()[0].number(), read.get("done").is_true()), (1, true));
        assert!(["", "{", "[1,]", "{\"a\" 1}", "[1] 2", "\"a"].iter().all(|broken| Json::read(broken).is_none()));
    }
}
