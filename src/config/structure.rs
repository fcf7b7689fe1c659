//! The first pass over what was written: unknown keys, missing keys, values of another form. What is wrong is taken out
//! of the tree, so that the rest can still be read and checked further.

use std::{collections::BTreeMap, net::SocketAddr};

use super::{
    finding::{ConfigFinding, Spot, Weight},
    networks,
    schema::{Field, ROOT, Shape},
    size,
    tree::{Entry, Node, Origin, Source, Value, written},
};
use crate::domain::{area::AreaCode, text::nearest};

/// Checks the tree in place.
pub(super) fn check(tree: &mut Node, sources: &[Source]) -> Vec<ConfigFinding> {
    let mut pass = Pass { sources, path: Vec::new(), findings: Vec::new() };
    pass.value(tree, ROOT);
    pass.findings
}

struct Pass<'a> {
    sources: &'a [Source],
    path: Vec<String>,
    findings: Vec<ConfigFinding>,
}

impl Pass<'_> {
    fn report(&mut self, code: &'static str, origin: &Origin, args: Vec<(&'static str, String)>) {
        let spot = Spot::new(self.sources, origin);
        let finding = ConfigFinding { code, key: written(&self.path), spot, args, weight: Weight::Refuse };
        self.findings.push(finding);
    }

    /// Whether the value may stay.
    fn value(&mut self, node: &mut Node, shape: Shape) -> bool {
        match (shape, &mut node.value) {
            (Shape::Table(fields), Value::Table(entries)) => return self.table(&node.origin, entries, fields),
            (Shape::Names(each), Value::Table(entries)) => {
                self.retain(entries, |pass, _, entry| pass.value(&mut entry.node, *each));
                return true;
            }
            (Shape::Areas, Value::Table(entries)) => {
                self.retain(entries, Self::area);
                return true;
            }
            (Shape::Tables(each), Value::List(items)) => {
                let mut number = 0;
                items.retain_mut(|item| {
                    self.path.push(number.to_string());
                    number += 1;
                    let kept = self.value(item, *each);
                    self.path.pop();
                    kept
                });
                return true;
            }
            (Shape::Free, Value::Table(entries)) => {
                self.settings(entries);
                return true;
            }
            _ => {}
        }
        self.leaf(node, shape)
    }

    fn table(&mut self, origin: &Origin, entries: &mut BTreeMap<String, Entry>, fields: &'static [Field]) -> bool {
        self.retain(entries, |pass, key, entry| match fields.iter().find(|field| field.name == key) {
            Some(field) => pass.value(&mut entry.node, field.shape),
            None => {
                let suggestion = nearest(key, fields.iter().map(|field| field.name));
                let known = fields.iter().map(|field| field.name).collect::<Vec<_>>().join(", ");
                let mut args = vec![("name", key.to_owned()), ("known", known)];
                args.extend(suggestion.map(|suggestion| ("suggestion", suggestion.to_owned())));
                pass.report("config-unknown-key", &entry.key, args);
                false
            }
        });
        let mut complete = true;
        for field in fields.iter().filter(|field| field.required && !entries.contains_key(field.name)) {
            // A required key that was there and wrong has been reported already.
            let reported = written(&[self.path.clone(), vec![field.name.to_owned()]].concat());
            if !self.findings.iter().any(|finding| finding.key == reported) {
                let args = vec![("name", field.name.to_owned()), ("form", field.shape.word().to_owned())];
                self.report("config-missing-key", origin, args);
            }
            complete = false;
        }
        complete
    }

    fn area(&mut self, code: &str, entry: &mut Entry) -> bool {
        if code.parse::<AreaCode>().is_ok() {
            return self.value(&mut entry.node, Shape::Text);
        }
        self.report("config-area-code", &entry.key, vec![("got", code.to_owned())]);
        false
    }

    fn retain(
        &mut self,
        entries: &mut BTreeMap<String, Entry>,
        mut keep: impl FnMut(&mut Self, &str, &mut Entry) -> bool,
    ) {
        entries.retain(|key, entry| {
            self.path.push(key.clone());
            let kept = keep(self, key, entry);
            self.path.pop();
            kept
        });
    }

    /// A route's own settings: paths become relative to the file, secrets are sent away.
    fn settings(&mut self, entries: &mut BTreeMap<String, Entry>) {
        self.retain(entries, |pass, key, entry| {
            if let Value::Table(inner) = &mut entry.node.value {
                pass.settings(inner);
                return true;
            }
            if let Value::List(items) = &mut entry.node.value {
                for item in items {
                    if let Value::Table(inner) = &mut item.value {
                        pass.settings(inner);
                    }
                }
                return true;
            }
            if is_secret(key) && matches!(entry.node.value, Value::Text(_)) {
                let args = vec![("suggestion", format!("{key}_file"))];
                // The line would show the secret, so only the key is pointed at and the line is left out.
                let origin = entry.key.clone();
                pass.report("config-secret-inline", &origin, args);
                if let Some(spot) = pass.findings.last_mut().and_then(|finding| finding.spot.as_mut()) {
                    spot.text = format!("{key} = …");
                    spot.length = key.chars().count();
                    spot.column = 1;
                }
                return false;
            }
            if key.ends_with("_file") || key.ends_with("_dir") {
                pass.rebase(&mut entry.node);
            }
            true
        });
    }

    fn leaf(&mut self, node: &mut Node, shape: Shape) -> bool {
        let fits = match (shape, &node.value) {
            (Shape::Text, Value::Text(_)) | (Shape::Bool, Value::Bool(_)) => true,
            (Shape::Path, Value::Text(_)) => {
                self.rebase(node);
                true
            }
            (Shape::Address, Value::Text(text)) => text.parse::<SocketAddr>().is_ok(),
            (Shape::Networks, Value::List(items)) => items.iter().all(|item| match &item.value {
                Value::Text(text) => networks::parse(text).is_some(),
                _ => false,
            }),
            (Shape::Size, Value::Text(text)) => size::parse(text).is_some(),
            (Shape::Size, Value::Integer(number)) => *number >= 0,
            (Shape::Count, Value::Integer(number)) => u32::try_from(*number).is_ok(),
            (Shape::Number, Value::Integer(_)) => true,
            (Shape::Number, Value::Float(number)) => number.is_finite(),
            (Shape::Seconds, Value::Integer(number)) => (0..=MOST_SECONDS).contains(number),
            (Shape::Seconds, Value::Float(number)) => (0.0..=MOST_SECONDS as f64).contains(number),
            (Shape::Paths, Value::List(items)) if items.iter().all(|item| matches!(item.value, Value::Text(_))) => {
                self.rebase_all(node);
                true
            }
            (Shape::Texts, Value::List(items)) => items.iter().all(|item| matches!(item.value, Value::Text(_))),
            (Shape::Word(words), Value::Text(text)) => {
                return words.contains(&text.as_str()) || self.word(&node.origin.clone(), text, words);
            }
            (Shape::Words(words), Value::List(_)) => return self.words(node, words),
            _ => false,
        };
        if fits {
            // serde reads a number of seconds or a share as a fraction only.
            if let (Shape::Seconds | Shape::Number, Value::Integer(number)) = (shape, &node.value) {
                node.value = Value::Float(*number as f64);
            }
        } else {
            let args = vec![("got", node.shown()), ("form", shape.word().to_owned())];
            self.report("config-wrong-form", &node.origin.clone(), args);
        }
        fits
    }

    fn words(&mut self, node: &mut Node, words: &'static [&'static str]) -> bool {
        let Value::List(items) = &mut node.value else { return false };
        items.retain(|item| match &item.value {
            Value::Text(text) => words.contains(&text.as_str()) || self.word(&item.origin, text, words),
            _ => {
                let args = vec![("got", item.shown()), ("form", "text".to_owned())];
                self.report("config-wrong-form", &item.origin, args);
                false
            }
        });
        true
    }

    fn word(&mut self, origin: &Origin, text: &str, words: &'static [&'static str]) -> bool {
        let mut args = vec![("got", text.to_owned()), ("known", words.join(", "))];
        args.extend(nearest(text, words.iter().copied()).map(|suggestion| ("suggestion", suggestion.to_owned())));
        self.report("config-not-a-word", origin, args);
        false
    }

    fn rebase_all(&self, node: &mut Node) {
        if let Value::List(items) = &mut node.value {
            items.iter_mut().for_each(|item| self.rebase(item));
        }
    }

    /// Makes a relative path relative to the file it stands in.
    fn rebase(&self, node: &mut Node) {
        let base = self.sources.get(node.origin.source).and_then(|source| source.base.as_ref());
        if let (Value::Text(text), Some(base)) = (&node.value, base) {
            node.value = Value::Text(base.join(text).to_string_lossy().into_owned());
        }
    }
}

/// A hundred years: beyond it, a number is a slip and arithmetic with times overflows.
const MOST_SECONDS: i64 = 100 * 366 * 24 * 3600;

/// Whether a key of a route's settings holds a secret by its name. Secrets stand in files of their own.
fn is_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    ["password", "passwd", "secret", "token", "api_key", "private_key", "credential"]
        .iter()
        .any(|word| key.ends_with(word))
}
