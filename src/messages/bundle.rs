//! The Fluent bundles, parsed once.

use std::{collections::BTreeSet, sync::LazyLock};

use fluent_bundle::{FluentArgs, FluentResource, FluentValue, concurrent::FluentBundle};

use super::{FILES, Lang};

/// The texts of one language.
pub(super) struct Texts {
    bundle: FluentBundle<FluentResource>,
    ids: BTreeSet<String>,
    /// What is wrong with the files themselves; a test demands none.
    #[cfg_attr(not(test), expect(dead_code, reason = "read by the test of the files"))]
    pub(super) faults: Vec<String>,
}

static CHINESE: LazyLock<Texts> =
    LazyLock::new(|| Texts::read(Lang::Chinese.tag(), FILES.iter().map(|(name, chinese, _)| (*name, *chinese))));
static ENGLISH: LazyLock<Texts> =
    LazyLock::new(|| Texts::read(Lang::English.tag(), FILES.iter().map(|(name, _, english)| (*name, *english))));

impl Texts {
    pub(super) fn of(lang: Lang) -> &'static Self {
        match lang {
            Lang::Chinese => &CHINESE,
            Lang::English => &ENGLISH,
        }
    }

    /// The texts of a language from the names and sources of its files.
    pub(super) fn read(tag: &str, files: impl Iterator<Item = (&'static str, &'static str)>) -> Self {
        let language = tag.parse().unwrap_or_default();
        let mut bundle = FluentBundle::new_concurrent(vec![language]);
        // The marks around variables are for bidirectional scripts; a terminal and a log show them as rubbish.
        bundle.set_use_isolating(false);
        let (mut ids, mut faults) = (BTreeSet::new(), Vec::new());
        for (name, source) in files {
            let resource = FluentResource::try_new(source.to_owned()).unwrap_or_else(|(resource, errors)| {
                faults.extend(errors.iter().map(|error| format!("{name}: {error}")));
                resource
            });
            ids.extend(resource.entries().filter_map(|entry| match entry {
                fluent_syntax::ast::Entry::Message(message) => Some(message.id.name.to_owned()),
                _ => None,
            }));
            if let Err(errors) = bundle.add_resource(resource) {
                faults.extend(errors.iter().map(|error| format!("{name}: {error}")));
            }
        }
        Self { bundle, ids, faults }
    }

    pub(super) fn ids(&self) -> Vec<String> {
        self.ids.iter().cloned().collect()
    }

    pub(super) fn has(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    /// Names of a message's attributes.
    #[cfg(test)]
    pub(super) fn attributes(&self, id: &str) -> Vec<String> {
        self.bundle
            .get_message(id)
            .map_or_else(Vec::new, |message| message.attributes().map(|attribute| attribute.id().to_owned()).collect())
    }

    /// The value of a message, or one of its attributes; `None` when there is none.
    pub(super) fn format(&self, id: &str, attribute: Option<&str>, args: &[(&str, String)]) -> Option<String> {
        let message = self.bundle.get_message(id)?;
        let pattern = match attribute {
            None => message.value()?,
            Some(name) => message.get_attribute(name)?.value(),
        };
        let values: FluentArgs<'_> = args.iter().map(|(name, value)| (*name, fluent_value(value))).collect();
        let mut errors = Vec::new();
        Some(self.bundle.format_pattern(pattern, Some(&values), &mut errors).into_owned())
    }
}

/// Whole numbers become numbers, so that texts can choose plural forms; everything else stays as written.
fn fluent_value(text: &str) -> FluentValue<'static> {
    match text.parse::<i64>() {
        Ok(number) if number.unsigned_abs() < (1 << 53) && number.to_string() == text => number.into(),
        _ => text.to_owned().into(),
    }
}
