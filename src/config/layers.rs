//! Reads the layers of a configuration and lays them over each other.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use serde::Deserialize;
use toml::de::{DeTable, DeValue};

use super::{
    Config, Environment, consequences,
    environment::PREFIX,
    finding::{ConfigFinding, Spot, Weight},
    schema::{INCLUDE, ROOT, Shape},
    structure,
    tree::{Entry, Node, Origin, Source, Value, to_table, written},
};
use crate::domain::text::nearest;

/// A configuration that may be used.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    /// What a person should know and what keeps nothing from starting.
    pub advice: Vec<ConfigFinding>,
    /// The files that were read, in order.
    pub files: Vec<PathBuf>,
}

/// A configuration that may not be used: everything found, errors and advice, in order of place.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{} findings in the configuration, the first: {} at {}", .findings.len(), first(.findings).0, first(.findings).1)]
pub struct ConfigFault {
    /// At least one of them refuses.
    pub findings: Vec<ConfigFinding>,
    /// The files that were read.
    pub files: Vec<PathBuf>,
}

fn first(findings: &[ConfigFinding]) -> (&str, &str) {
    let refusing = findings.iter().find(|finding| finding.weight == Weight::Refuse);
    refusing.map_or(("", ""), |finding| (finding.code, finding.key.as_str()))
}

/// Reads defaults ← `file` and the files it includes ← `environment`. Reads files only: no network.
///
/// # Errors
/// Every problem at once.
pub fn load(file: Option<&Path>, environment: &Environment) -> Result<Loaded, ConfigFault> {
    let mut layers = Layers::default();
    if let Some(file) = file {
        layers.read_main(file);
    }
    for (name, value) in environment.settings() {
        layers.read_variable(name, value);
    }
    layers.finish()
}

struct Layers {
    sources: Vec<Source>,
    files: Vec<PathBuf>,
    tree: Node,
    findings: Vec<ConfigFinding>,
}

impl Default for Layers {
    fn default() -> Self {
        let tree = Node { value: Value::Table(BTreeMap::new()), origin: Origin { source: 0, span: 0..0 } };
        Self { sources: Vec::new(), files: Vec::new(), tree, findings: Vec::new() }
    }
}

impl Layers {
    fn report(
        &mut self,
        code: &'static str,
        key: &[String],
        origin: Option<&Origin>,
        args: Vec<(&'static str, String)>,
    ) {
        let spot = origin.and_then(|origin| Spot::new(&self.sources, origin));
        self.findings.push(ConfigFinding { code, key: written(key), spot, args, weight: Weight::Refuse });
    }

    fn read_main(&mut self, file: &Path) {
        let Some(mut tree) = self.read_file(file, None) else { return };
        let include = match &mut tree.value {
            Value::Table(entries) => entries.remove(INCLUDE),
            _ => None,
        };
        self.lay(tree);
        let Some(include) = include else { return };
        let base = file.parent().unwrap_or(Path::new("")).to_owned();
        let Value::List(items) = &include.node.value else {
            let args = vec![("got", include.node.shown()), ("form", "texts".to_owned())];
            self.report("config-wrong-form", &[INCLUDE.to_owned()], Some(&include.node.origin), args);
            return;
        };
        for item in items {
            match &item.value {
                Value::Text(name) => self.read_included(&base.join(name), &item.origin),
                _ => {
                    let args = vec![("got", item.shown()), ("form", "text".to_owned())];
                    self.report("config-wrong-form", &[INCLUDE.to_owned()], Some(&item.origin), args);
                }
            }
        }
    }

    fn read_included(&mut self, file: &Path, named_at: &Origin) {
        let Some(mut tree) = self.read_file(file, Some(named_at)) else { return };
        if let Value::Table(entries) = &mut tree.value
            && let Some(nested) = entries.remove(INCLUDE)
        {
            self.report("config-include-nested", &[INCLUDE.to_owned()], Some(&nested.key), Vec::new());
        }
        self.lay(tree);
    }

    fn read_file(&mut self, file: &Path, named_at: Option<&Origin>) -> Option<Node> {
        let text = match std::fs::read(file) {
            Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
            Err(cause) => {
                let args = vec![("file", file.display().to_string()), ("cause", cause.to_string())];
                self.report("config-unreadable", &[], named_at, args);
                return None;
            }
        };
        self.files.push(file.to_owned());
        let source = self.sources.len();
        let base = file.parent().map(Path::to_owned);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text).to_owned();
        self.sources.push(Source { name: file.display().to_string(), text: text.clone(), base });
        let (table, faults) = DeTable::parse_recoverable(&text);
        for fault in faults {
            let origin = Origin { source, span: fault.span().unwrap_or(0..0) };
            self.report("config-syntax", &[], Some(&origin), vec![("cause", fault.message().to_owned())]);
        }
        Some(Node::from_table(source, &table))
    }

    /// Lays a file over what is there; the same key in two files is a slip, not a choice.
    fn lay(&mut self, above: Node) {
        let Value::Table(entries) = above.value else { return };
        let mut tree = std::mem::replace(&mut self.tree.value, Value::Table(BTreeMap::new()));
        if let Value::Table(below) = &mut tree {
            self.merge(below, entries, &mut Vec::new());
        }
        self.tree.value = tree;
    }

    fn merge(&mut self, below: &mut BTreeMap<String, Entry>, above: BTreeMap<String, Entry>, path: &mut Vec<String>) {
        for (key, entry) in above {
            path.push(key.clone());
            match below.get_mut(&key) {
                None => {
                    below.insert(key, entry);
                }
                Some(standing) => match (&mut standing.node.value, entry.node.value) {
                    (Value::Table(below), Value::Table(above)) => self.merge(below, above, path),
                    _ => {
                        let other = Spot::new(&self.sources, &standing.key);
                        let other = other.map(|spot| format!("{}:{}", spot.source, spot.line)).unwrap_or_default();
                        self.report("config-twice", path, Some(&entry.key), vec![("other", other)]);
                    }
                },
            }
            path.pop();
        }
    }

    fn read_variable(&mut self, name: &str, value: &str) {
        let source = self.sources.len();
        let text = format!("{name}={value}");
        let key = Origin { source, span: 0..name.len() };
        let origin = Origin { source, span: name.len() + 1..text.len() };
        self.sources.push(Source { name: name.to_owned(), text, base: None });
        let parts: Vec<String> = name[PREFIX.len()..].split("__").map(str::to_ascii_lowercase).collect();
        match resolve(&self.tree, ROOT, &parts) {
            Ok((path, shape)) => {
                let node = Node { value: value_of(value, shape), origin };
                insert(&mut self.tree, &path, Entry { key, node });
            }
            Err(suggestion) => {
                let suggestion = suggestion.map(|path| format!("{PREFIX}{}", path.join("__").to_ascii_uppercase()));
                let args = suggestion.map(|suggestion| ("suggestion", suggestion)).into_iter().collect();
                self.report("config-env-unknown", &[name.to_owned()], Some(&key), args);
            }
        }
    }

    fn finish(mut self) -> Result<Loaded, ConfigFault> {
        let found = structure::check(&mut self.tree, &self.sources);
        // What stands on a line that is no TOML is guessed; the syntax is what must be repaired there.
        let line = |finding: &ConfigFinding| finding.spot.as_ref().map(|spot| (spot.source.clone(), spot.line));
        let broken: Vec<_> = self.findings.iter().filter(|finding| finding.code == "config-syntax").map(line).collect();
        self.findings.extend(found.into_iter().filter(|finding| !broken.contains(&line(finding))));
        let table = self.tree.table().map(to_table).unwrap_or_default();
        match Config::deserialize(toml::Value::Table(table)) {
            Ok(mut config) => {
                for (code, hazard) in super::BUILT_IN_HAZARDS.iter() {
                    config.hazards.entry(code.clone()).or_insert_with(|| hazard.clone());
                }
                let incomplete = !self.findings.is_empty();
                self.findings.extend(consequences::check(&config, &self.tree, &self.sources, incomplete));
                let (mut findings, files) = (self.findings, self.files);
                findings.sort_by_key(|finding| finding.weight != Weight::Refuse);
                if findings.iter().any(|finding| finding.weight == Weight::Refuse) {
                    return Err(ConfigFault { findings, files });
                }
                Ok(Loaded { config, advice: findings, files })
            }
            Err(fault) => {
                if self.findings.is_empty() {
                    self.report("config-other", &[], None, vec![("cause", fault.message().to_owned())]);
                }
                Err(ConfigFault { findings: self.findings, files: self.files })
            }
        }
    }
}

/// A variable's value in the form the setting wants; what does not fit stays a text and is reported as such later.
fn value_of(text: &str, shape: Shape) -> Value {
    let parsed = || DeValue::parse(text).ok().map(|value| Node::from_value(0, &value).value);
    match shape {
        Shape::Texts | Shape::Paths | Shape::Networks | Shape::Words(_) if !text.trim_start().starts_with('[') => {
            let origin = Origin { source: usize::MAX, span: 0..0 };
            let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
            Value::List(
                items.map(|item| Node { value: Value::Text(item.to_owned()), origin: origin.clone() }).collect(),
            )
        }
        Shape::Text | Shape::Path | Shape::Address | Shape::Word(_) => Value::Text(text.to_owned()),
        _ => parsed().unwrap_or_else(|| Value::Text(text.to_owned())),
    }
}

/// Finds the setting a variable means: its path as written in the files, and its form. Otherwise the nearest path.
fn resolve(tree: &Node, shape: Shape, parts: &[String]) -> Result<(Vec<String>, Shape), Option<Vec<String>>> {
    let Some((part, rest)) = parts.split_first() else { return Ok((Vec::new(), shape)) };
    let (name, inner) = match shape {
        Shape::Table(fields) => match fields.iter().find(|field| field.name == part) {
            Some(field) => (field.name.to_owned(), field.shape),
            None => {
                let near = nearest(part, fields.iter().map(|field| field.name));
                return Err(near.map(|name| [vec![name.to_owned()], rest.to_vec()].concat()));
            }
        },
        Shape::Names(_) | Shape::Areas => {
            let each = if let Shape::Names(each) = shape { *each } else { Shape::Text };
            let names = tree.table().into_iter().flatten().map(|(name, _)| name);
            let known: Vec<(String, &String)> = names.map(|name| (flat(name), name)).collect();
            match known.iter().find(|(flat, _)| flat == part) {
                Some((_, name)) => ((*name).clone(), each),
                None => {
                    let near = nearest(part, known.iter().map(|(flat, _)| flat.as_str()));
                    return Err(near.map(|name| [vec![name.to_owned()], rest.to_vec()].concat()));
                }
            }
        }
        Shape::Free => (part.clone(), Shape::Free),
        _ => return Err(None),
    };
    let absent = Node { value: Value::Bool(false), origin: Origin { source: 0, span: 0..0 } };
    let below = tree.at(&[name.as_str()]).map_or(&absent, |entry| &entry.node);
    let found = resolve(below, inner, rest);
    let before = |path: Vec<String>| [vec![name.clone()], path].concat();
    found
        .map(|(path, shape)| (before(path), shape))
        .map_err(|near| near.map(|path| [vec![part.clone()], path].concat()))
}

/// A name of people's choosing as a variable writes it.
fn flat(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect()
}

fn insert(node: &mut Node, path: &[String], entry: Entry) {
    let Some((first, rest)) = path.split_first() else { return };
    if !matches!(node.value, Value::Table(_)) {
        node.value = Value::Table(BTreeMap::new());
    }
    let Value::Table(entries) = &mut node.value else { return };
    if rest.is_empty() {
        entries.insert(first.clone(), entry);
        return;
    }
    let table = || Node { value: Value::Table(BTreeMap::new()), origin: entry.node.origin.clone() };
    let below = entries.entry(first.clone()).or_insert_with(|| Entry { key: entry.key.clone(), node: table() });
    insert(&mut below.node, rest, entry);
}
