//! A configuration as written: values with the place each of them stands at.

use std::{collections::BTreeMap, ops::Range, path::PathBuf};

use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue},
};

/// A text that settings were read from.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// File name or name of the variable, as a person would say it.
    pub(super) name: String,
    pub(super) text: String,
    /// What relative paths in it are relative to; `None` = where the program was started.
    pub(super) base: Option<PathBuf>,
}

/// Where something stands.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    /// Number of the source.
    pub(super) source: usize,
    /// Bytes of its text.
    pub(super) span: Range<usize>,
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(super) struct Node {
    pub(super) value: Value,
    pub(super) origin: Origin,
}

/// An entry of a table.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// Where the key stands.
    pub(super) key: Origin,
    pub(super) node: Node,
}

/// What can stand behind a key.
#[derive(Clone, Debug)]
pub(super) enum Value {
    Table(BTreeMap<String, Entry>),
    List(Vec<Node>),
    Text(String),
    Integer(i64),
    Float(f64),
    Bool(bool),
    /// A date, or a number too large: nothing of ours takes it.
    Other(String),
}

impl Node {
    /// Takes a parsed document over.
    pub(super) fn from_table(source: usize, table: &Spanned<DeTable<'_>>) -> Self {
        let origin = Origin { source, span: table.span() };
        Self { value: Value::Table(entries(source, table.get_ref())), origin }
    }

    /// Takes a parsed value over; `shift` bytes stand before it in its source.
    pub(super) fn from_value(source: usize, value: &Spanned<DeValue<'_>>) -> Self {
        let origin = Origin { source, span: value.span() };
        let value = match value.get_ref() {
            DeValue::String(text) => Value::Text(text.to_string()),
            DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => Value::Integer(number),
                Err(_) => Value::Other(number.to_string()),
            },
            DeValue::Float(number) => {
                number.as_str().parse().map_or_else(|_| Value::Other(number.to_string()), Value::Float)
            }
            DeValue::Boolean(yes) => Value::Bool(*yes),
            DeValue::Datetime(date) => Value::Other(date.to_string()),
            DeValue::Array(items) => Value::List(items.iter().map(|item| Self::from_value(source, item)).collect()),
            DeValue::Table(table) => Value::Table(entries(source, table)),
        };
        Self { value, origin }
    }

    /// The same as serde wants it.
    pub(super) fn to_toml(&self) -> toml::Value {
        match &self.value {
            Value::Table(entries) => toml::Value::Table(to_table(entries)),
            Value::List(items) => toml::Value::Array(items.iter().map(Self::to_toml).collect()),
            Value::Text(text) | Value::Other(text) => toml::Value::String(text.clone()),
            Value::Integer(number) => toml::Value::Integer(*number),
            Value::Float(number) => toml::Value::Float(*number),
            Value::Bool(yes) => toml::Value::Boolean(*yes),
        }
    }

    /// The entries of a table; `None` for anything else.
    pub(super) fn table(&self) -> Option<&BTreeMap<String, Entry>> {
        match &self.value {
            Value::Table(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value at a path of keys.
    pub(super) fn at(&self, path: &[&str]) -> Option<&Entry> {
        let (first, rest) = path.split_first()?;
        let entry = self.table()?.get(*first)?;
        if rest.is_empty() { Some(entry) } else { entry.node.at(rest) }
    }

    /// The value as a person would write it, at most 60 characters.
    pub(super) fn shown(&self) -> String {
        let text = match &self.value {
            Value::Table(_) => "{ … }".to_owned(),
            Value::List(_) => "[ … ]".to_owned(),
            Value::Text(text) => format!("\"{text}\""),
            Value::Other(text) => text.clone(),
            Value::Integer(number) => number.to_string(),
            Value::Float(number) => number.to_string(),
            Value::Bool(yes) => yes.to_string(),
        };
        if text.chars().count() > 60 { text.chars().take(59).chain(['…']).collect() } else { text }
    }
}

pub(super) fn to_table(entries: &BTreeMap<String, Entry>) -> toml::Table {
    entries.iter().map(|(key, entry)| (key.clone(), entry.node.to_toml())).collect()
}

fn entries(source: usize, table: &DeTable<'_>) -> BTreeMap<String, Entry> {
    let entry = |(key, value): (&Spanned<DeString<'_>>, &Spanned<DeValue<'_>>)| {
        let origin = Origin { source, span: key.span() };
        (key.get_ref().to_string(), Entry { key: origin, node: Node::from_value(source, value) })
    };
    table.iter().map(entry).collect()
}

/// A path of keys as TOML writes it: `routes."sms.cmcc".rate_per_s`.
pub(super) fn written(path: &[String]) -> String {
    let bare = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    let parts: Vec<String> =
        path.iter().map(|part| if bare(part) { part.clone() } else { format!("\"{part}\"") }).collect();
    parts.join(".")
}
