//! Namespaces: which prefix means what, where.

use std::borrow::Cow;

use quick_xml::events::attributes::Attributes;

use super::{name, reference};
use crate::domain::finding::{Finding, code};

/// How many attributes an element may have.
const ATTRIBUTES: usize = 32;

const XML: &str = "http://www.w3.org/XML/1998/namespace";
const SCHEMA_INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// The declarations in force, innermost last.
#[derive(Debug, Default)]
pub(super) struct Bindings<'a>(Vec<Binding<'a>>);

#[derive(Debug)]
struct Binding<'a> {
    depth: usize,
    prefix: &'a str,
    namespace: Cow<'a, str>,
}

impl<'a> Bindings<'a> {
    /// Takes the declarations of an element that is opened at `depth`; `tag` is what stands between its angle brackets,
    /// the first `name_length` bytes of it the name. Answers with the first attribute that is neither a declaration nor
    /// a hint for schema validators.
    pub(super) fn enter(&mut self, depth: usize, tag: &'a str, name_length: usize) -> Result<Option<&'a str>, Finding> {
        if tag.len() == name_length {
            return Ok(None);
        }
        let mut seen: Vec<(&'a str, &'a str)> = Vec::new();
        for attribute in Attributes::new(tag, name_length).with_checks(false) {
            let attribute = attribute.map_err(|_| Finding::refuse(code::XML_SYNTAX, ""))?;
            if seen.len() == ATTRIBUTES {
                return Err(Finding::refuse(code::XML_TOO_MANY_ATTRIBUTES, "").arg("most", ATTRIBUTES));
            }
            let full = attribute.key.into_inner();
            let name @ (_, local) = name::split(full).ok_or_else(|| Finding::refuse(code::XML_SYNTAX, ""))?;
            if seen.contains(&name) {
                return Err(Finding::refuse(code::XML_ATTRIBUTE_REPEATED, "").got(full));
            }
            seen.push(name);
            let namespace = reference::attribute_value(attribute.value)?;
            match name {
                ("", "xmlns") => self.0.push(Binding { depth, prefix: "", namespace }),
                ("xmlns", _) => self.0.push(Binding { depth, prefix: local, namespace }),
                _ => {}
            }
        }
        self.first_odd(&seen)
    }

    /// The first name that is neither a declaration nor a hint for schema validators.
    fn first_odd(&self, names: &[(&'a str, &'a str)]) -> Result<Option<&'a str>, Finding> {
        let mut odd = None;
        for (prefix, local) in names {
            let declaration = *prefix == "xmlns" || prefix.is_empty() && *local == "xmlns";
            if !declaration && (prefix.is_empty() || self.resolve(prefix)? != SCHEMA_INSTANCE) {
                odd = odd.or(Some(*local));
            }
        }
        Ok(odd)
    }

    /// Forgets the declarations of an element that was opened at `depth`.
    pub(super) fn leave(&mut self, depth: usize) {
        while self.0.last().is_some_and(|binding| binding.depth >= depth) {
            self.0.pop();
        }
    }

    /// The namespace of a prefix; the empty prefix has one only when a default is declared.
    pub(super) fn resolve(&self, prefix: &str) -> Result<Cow<'a, str>, Finding> {
        match self.0.iter().rfind(|binding| binding.prefix == prefix) {
            Some(binding) => Ok(binding.namespace.clone()),
            None if prefix.is_empty() => Ok(Cow::Borrowed("")),
            None if prefix == "xml" => Ok(Cow::Borrowed(XML)),
            None => Err(Finding::refuse(code::XML_PREFIX, "").got(prefix)),
        }
    }
}
