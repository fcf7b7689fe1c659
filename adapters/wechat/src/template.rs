//! The templates an account may use, and which of them serves a message.
//!
//! Neither template messages nor subscription messages carry free text: a message is the number of a template and values for
//! its fields, each of a type with a most of characters. The settings list the templates in order; the first whose conditions
//! hold counts, and what it says for this message is known before anybody signs it.

use std::collections::BTreeMap;

use fenghuo_contract::{Cause, Content, DRILL_MARK, When};
use serde::{Deserialize, Deserializer, de};

use crate::problems::Problems;

/// The most characters of each type of field.
const FIELDS: &str = include_str!("../../../config/wechat/fields.toml");

/// A template as the account's console shows it.
///
/// ```toml
/// [[templates]]
/// when = { level = ["red", "orange"], change = ["first", "update", "raise"] }
/// id = "ngqIpbwh8bUfcSsECmogfXcV14J0tQlEpBO27izEYtY"
/// text = """
/// 预警名称：{{thing1.DATA}}
/// 发布单位：{{thing2.DATA}}"""
/// parameters = [{ value = "headline", name = "thing1" }, { value = "issuer", name = "thing2" }]
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Which messages it serves. Default: all of them, for the last of the list.
    #[serde(default)]
    pub when: When,
    /// Its number at the account.
    pub id: String,
    /// Its text as the console shows it, places as `{{thing1.DATA}}`. What a drill's fields say must hold 【演练】, or the
    /// text itself; else the message is refused.
    pub text: String,
    /// What goes into its places.
    pub parameters: Vec<Parameter>,
}

/// What goes into a place: a table with the name of a value of the message (`issuer`, `hazard_name`, `level_name`, `area`,
/// `sent`, `expires`, `headline`, `short` …) and the name of the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Name of the value.
    pub value: String,
    /// Name of the place: `thing1`. Default: the name of the value.
    pub name: String,
    /// The most characters of the place. Default: what its type allows, by `config/wechat/fields.toml`; places of other
    /// types have no limit of their own.
    pub max: Option<usize>,
}

impl<'de> Deserialize<'de> for Parameter {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            value: String,
            name: Option<String>,
            max: Option<usize>,
        }
        let Table { value, name, max } = Table::deserialize(deserializer)?;
        if max == Some(0) {
            return Err(de::Error::custom("max must be at least 1"));
        }
        Ok(Self { name: name.unwrap_or_else(|| value.clone()), value, max })
    }
}

/// What a template makes of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filled {
    /// Number of the template.
    pub(crate) id: String,
    /// Names of the places and what goes into them, in order.
    pub(crate) values: Vec<(String, String)>,
    /// What a reader will see.
    pub(crate) text: String,
}

/// The templates of a route, in order.
#[derive(Debug)]
pub(crate) struct Templates {
    templates: Vec<Template>,
    /// The most characters by type of field.
    fields: BTreeMap<String, usize>,
}

impl Templates {
    /// Checks every template; `own` counts before the built-in limits of fields.
    pub(crate) fn new(templates: &[Template], own: &BTreeMap<String, usize>, problems: &mut Problems) -> Self {
        for (number, template) in templates.iter().enumerate() {
            template.check(&format!("templates[{number}]"), problems);
        }
        let mut fields: BTreeMap<String, usize> =
            toml::from_str(FIELDS).expect("the built-in limits are parsed by a test");
        fields.extend(own.iter().map(|(name, most)| (name.clone(), *most)));
        Self { templates: templates.to_vec(), fields }
    }

    /// The first template that serves the content, filled with its values.
    ///
    /// # Errors
    /// A cause named `NO-TEMPLATE`, `NO-VALUE`, `VALUE-LONG`, `VALUE-CONTROL` or `DRILL-MARK`.
    pub(crate) fn fill(&self, content: &Content) -> Result<Filled, Cause> {
        let serving = self.templates.iter().find(|template| template.when.holds(content));
        let template = serving.ok_or_else(|| Cause::new("NO-TEMPLATE", "no approved template serves this message"))?;
        let values = template.parameters.iter().map(|parameter| self.read(parameter, content));
        let values = values.collect::<Result<Vec<_>, _>>()?;
        let text = template.filled(&values);
        if text.contains(DRILL_MARK) != content.is_drill() {
            let told = "neither template nor fields say whether this is a drill as the message does";
            return Err(Cause::new("DRILL-MARK", told));
        }
        Ok(Filled { id: template.id.clone(), values, text })
    }

    /// The name of the place and what goes into it for this content, whole.
    fn read(&self, parameter: &Parameter, content: &Content) -> Result<(String, String), Cause> {
        let Parameter { value: from, name, max } = parameter;
        let value = content.value(from);
        if value.trim().is_empty() {
            return Err(Cause::new("NO-VALUE", &format!("{from}: the message says nothing")));
        }
        if value.contains(char::is_control) {
            return Err(Cause::new("VALUE-CONTROL", &format!("{from}: lines and tabs do not fit into {name}")));
        }
        let kind = name.trim_end_matches(|c: char| c.is_ascii_digit());
        match max.or_else(|| self.fields.get(kind).copied()) {
            Some(most) if value.chars().nth(most).is_some() => {
                let long = value.chars().count();
                let told = format!("{from}: {long} characters, at most {most} fit into {name}");
                Err(Cause::new("VALUE-LONG", &told))
            }
            _ => Ok((name.clone(), value.to_owned())),
        }
    }
}

impl Template {
    fn place(name: &str) -> String {
        format!("{{{{{name}.DATA}}}}")
    }

    /// Its text with the values in their places. Every place is looked for in the text as approved, never in a value.
    fn filled(&self, values: &[(String, String)]) -> String {
        let (mut text, mut rest) = (String::new(), self.text.as_str());
        while let Some(start) = rest.find("{{") {
            let (words, from) = rest.split_at(start);
            text.push_str(words);
            let value = values.iter().find_map(|(name, value)| Some((from.strip_prefix(&Self::place(name))?, value)));
            match value {
                Some((after, value)) => {
                    text.push_str(value);
                    rest = after;
                }
                None => {
                    text.push_str(&from[..2]);
                    rest = &from[2..];
                }
            }
        }
        text + rest
    }

    fn check(&self, key: &str, problems: &mut Problems) {
        problems.filled(&format!("{key}.id"), &self.id);
        problems.filled(&format!("{key}.text"), &self.text);
        for (condition, unknown, known) in self.when.unknown() {
            let known = known.join(", ");
            let (zh, en) =
                (format!("没有 {unknown:?}，只有 {known}"), format!("there is no {unknown:?}, only {known}"));
            problems.unless(false, &format!("{key}.when.{condition}"), &zh, &en);
        }
        for Parameter { name, .. } in &self.parameters {
            let place = Self::place(name);
            let (zh, en) = (format!("正文中没有 {place}"), format!("the text has no {place}"));
            problems.unless(self.text.contains(&place), &format!("{key}.parameters"), &zh, &en);
        }
        let places = self.text.matches("{{").count();
        let filled: usize =
            self.parameters.iter().map(|parameter| self.text.matches(&Self::place(&parameter.name)).count()).sum();
        let (zh, en) = ("正文中有占位没有对应的 parameters", "a place of the text has no parameter");
        problems.unless(places == filled, &format!("{key}.text"), zh, en);
    }
}

#[cfg(test)]
mod tests;
