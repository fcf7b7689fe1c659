//! What all fields of the JSON form share: presence, type, list, name.

use serde::de::{IntoDeserializer as _, value::StrDeserializer};

use super::{
    field::{Reader, number},
    node::Node,
};
use crate::domain::{
    finding::{Finding, code},
    message::Term,
    moment::{Moment, MomentFault},
    rules::Spot,
};

/// The fields of an object; each is taken out once.
pub(super) struct Object<'a> {
    fields: Vec<(&'static str, Node<'a>)>,
}

impl<'a> Object<'a> {
    /// A field; `null` is the same as nothing.
    pub(super) fn take(&mut self, name: &str) -> Option<Node<'a>> {
        let at = self.fields.iter().position(|(known, _)| *known == name)?;
        let (_, node) = self.fields.swap_remove(at);
        (!matches!(node, Node::Null)).then_some(node)
    }
}

impl Reader<'_> {
    /// The fields of an object; none when it is no object, which is reported.
    pub(super) fn object<'a>(&mut self, node: Node<'a>, names: &'static [&'static str], at: &Spot<'_>) -> Object<'a> {
        let entries = match node {
            Node::Object(entries) => entries,
            other => self.wrong_type(&other, "object", at).unwrap_or_default(),
        };
        let mut fields: Vec<(&'static str, Node<'a>)> = Vec::with_capacity(entries.len().min(names.len()));
        for (key, node) in entries {
            match names.iter().find(|name| **name == key) {
                None => self.unknown(&key, names, at),
                Some(name) if fields.iter().any(|(known, _)| known == name) => {
                    self.report::<()>(code::JSON_FIELD_REPEATED, &at.field(name), |finding| finding.arg("field", name));
                }
                Some(name) => fields.push((name, node)),
            }
        }
        Object { fields }
    }

    pub(super) fn unknown(&mut self, key: &str, names: &[&'static str], at: &Spot<'_>) {
        let short: String = key.chars().take(80).collect();
        self.report::<()>(code::JSON_FIELD_UNKNOWN, &at.field(&short), |finding| {
            finding.got(key).suggest(key, names.iter().copied())
        });
    }

    pub(super) fn wrong_type<T>(&mut self, node: &Node<'_>, expected: &'static str, at: &Spot<'_>) -> Option<T> {
        self.report(code::JSON_TYPE, at, |finding| finding.got(node.kind()).arg("expected", expected))
    }

    /// Takes a finding while there is room; once there are enough, nothing more is spent on any.
    pub(super) fn report<T>(
        &mut self,
        code: &'static str,
        at: &Spot<'_>,
        fill: impl FnOnce(Finding) -> Finding,
    ) -> Option<T> {
        if !self.found.is_full() {
            self.found.push(fill(Finding::refuse(code, at.pointer())));
        }
        None
    }

    /// A required field: what was read, else what stands in for it, else a finding, unless there is one that tells why.
    pub(super) fn expect<T>(
        &mut self,
        read: Option<T>,
        default: Option<T>,
        name: &'static str,
        at: &Spot<'_>,
    ) -> Option<T> {
        if read.is_some() || self.found.is_full() {
            return read;
        }
        let path = at.field(name).pointer();
        if self.found.has(&path) || self.found.has(&at.pointer()) {
            return None;
        }
        if default.is_none() {
            self.found.push(Finding::refuse(code::JSON_FIELD_MISSING, path).arg("field", name));
        }
        default
    }

    pub(super) fn required_text(&mut self, o: &mut Object<'_>, name: &'static str, at: &Spot<'_>) -> String {
        let text = self.text(o, name, at);
        self.expect(text, None, name, at).unwrap_or_default()
    }

    pub(super) fn text(&mut self, o: &mut Object<'_>, name: &'static str, at: &Spot<'_>) -> Option<String> {
        let node = o.take(name)?;
        self.one_text(node, &at.field(name))
    }

    pub(super) fn one_text(&mut self, node: Node<'_>, at: &Spot<'_>) -> Option<String> {
        match node {
            Node::Text(text) => Some(text.into_owned()),
            other => self.wrong_type(&other, "string", at),
        }
    }

    pub(super) fn texts(&mut self, o: &mut Object<'_>, name: &'static str, at: &Spot<'_>) -> Vec<String> {
        let texts = self.list(o, name, at, |reader, node, at| reader.one_text(node, at).unwrap_or_default());
        texts.unwrap_or_default()
    }

    /// The items of a list. `item` reports what it cannot read and gives a stand-in, so that the others keep their
    /// number.
    pub(super) fn list<'a, T>(
        &mut self,
        o: &mut Object<'a>,
        name: &'static str,
        at: &Spot<'_>,
        mut item: impl FnMut(&mut Self, Node<'a>, &Spot<'_>) -> T,
    ) -> Option<Vec<T>> {
        let spot = at.field(name);
        match o.take(name)? {
            Node::List(nodes) => {
                Some(nodes.into_iter().enumerate().map(|(index, node)| item(self, node, &spot.item(index))).collect())
            }
            other => self.wrong_type(&other, "array", &spot),
        }
    }

    pub(super) fn terms<T: Term>(&mut self, o: &mut Object<'_>, name: &'static str, at: &Spot<'_>) -> Vec<T> {
        self.list(o, name, at, Self::one_term).unwrap_or_default().into_iter().flatten().collect()
    }

    pub(super) fn term<T: Term>(&mut self, o: &mut Object<'_>, name: &'static str, at: &Spot<'_>) -> Option<T> {
        let node = o.take(name)?;
        self.one_term(node, &at.field(name))
    }

    pub(super) fn one_term<T: Term>(&mut self, node: Node<'_>, at: &Spot<'_>) -> Option<T> {
        let word = self.one_text(node, at)?;
        let spelt: StrDeserializer<'_, serde::de::value::Error> = word.as_str().into_deserializer();
        T::deserialize(spelt).ok().or_else(|| {
            self.report(code::VALUE_UNKNOWN, at, |finding| {
                let allowed: Vec<String> = T::ALL.iter().map(|term| term.json()).collect();
                let finding = finding.got(&word).arg("allowed", allowed.join(" "));
                finding.suggest(&word, allowed.iter().map(String::as_str))
            })
        })
    }

    pub(super) fn moment(&mut self, o: &mut Object<'_>, name: &'static str, at: &Spot<'_>) -> Option<Moment> {
        let word = self.text(o, name, at)?;
        word.parse()
            .map_err(|fault| {
                let code = match fault {
                    MomentFault::Form => code::TIME_FORM,
                    MomentFault::NoSuchTime => code::TIME_NO_SUCH,
                };
                self.report::<()>(code, &at.field(name), |finding| finding.got(&word));
            })
            .ok()
    }

    /// A number; not a number stands for one that could not be read, and compares with nothing.
    pub(super) fn number(&mut self, node: &Node<'_>, at: &Spot<'_>) -> f64 {
        number(node).or_else(|| self.wrong_type(node, "number", at)).unwrap_or(f64::NAN)
    }
}
