//! The templates a provider approved, and which of them serves a message.
//!
//! The mainland's providers carry no free text: a message is the name of a template and values for its places. The settings
//! list the templates in order; the first whose conditions hold counts, and what it says for this message is known before
//! anybody signs it.

mod approved;

use fenghuo_contract::{Cause, Content, DRILL_MARK, When};
use serde::{Deserialize, Deserializer, de};

use approved::{Piece, pieces};

/// A template as the provider approved it.
///
/// ```toml
/// [[templates]]
/// when = { level = ["red", "orange"], change = ["first", "update", "raise"] }
/// id = "SMS_480000001"
/// text = "${issuer}发布${name}，影响${area}，请立即防范。"
/// parameters = ["issuer", { value = "hazard_name", name = "name", max = 20 }, { value = "area", max = 35 }]
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Template {
    /// Which messages it serves. Default: all of them, for the last of the list.
    #[serde(default)]
    pub when: When,
    /// Its name at the provider.
    pub id: String,
    /// The name of the same template for numbers outside the Chinese mainland, where the provider keeps them apart. Default:
    /// `id`.
    #[serde(default)]
    pub id_abroad: Option<String>,
    /// Its approved text without the signature, places as the provider writes them: `${name}`, `${1}` or `{1}`. Which message
    /// is a drill is told by it alone: a template whose text holds 【演练】 serves drills and nothing else, and no other
    /// serves them.
    pub text: String,
    /// What goes into its places, in the provider's order. Default: nothing.
    #[serde(default)]
    pub parameters: Vec<Parameter>,
}

/// What goes into a place of a template: a value of the message by its name, or a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Name of the value: `issuer`, `hazard_name`, `level_name`, `area`, `sent`, `expires`, `headline`, `short` … `confirm` is
    /// the address at which the reader confirms; each gets a call of his own then.
    pub value: String,
    /// Name of the place in the template. Default: the name of the value.
    pub name: String,
    /// The most characters the provider lets into the place. Default: no limit of its own.
    pub max: Option<usize>,
}

impl Parameter {
    fn of(value: &str) -> Self {
        Self { value: value.to_owned(), name: value.to_owned(), max: None }
    }
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
        struct NameOrTable;
        impl<'de> de::Visitor<'de> for NameOrTable {
            type Value = Parameter;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("the name of a value, or a table with value, name and max")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Parameter, E> {
                Ok(Parameter::of(text))
            }

            fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Parameter, A::Error> {
                let Table { value, name, max } = Table::deserialize(de::value::MapAccessDeserializer::new(map))?;
                Ok(Parameter {
                    max,
                    ..Parameter { name: name.unwrap_or_else(|| value.clone()), ..Parameter::of(&value) }
                })
            }
        }
        deserializer.deserialize_any(NameOrTable)
    }
}

/// The value that is every reader's own: the address at which he confirms.
const CONFIRM: &str = "confirm";

/// What a template makes of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Filled {
    /// Name of the template.
    pub(crate) id: String,
    /// Its name for numbers outside the mainland.
    pub(crate) id_abroad: String,
    /// Names of the places and what goes into them, in order.
    pub(crate) values: Vec<(String, String)>,
    /// Which of them is the address at which the reader confirms.
    pub(crate) confirm: Vec<usize>,
    /// What a reader will see, without the signature.
    pub(crate) text: String,
}

/// The templates of a route, in order.
#[derive(Debug)]
pub(crate) struct Templates(Vec<(Template, Vec<Piece>)>);

impl Templates {
    /// Checks every template; each problem is a key and what is wrong, in Chinese and in English.
    pub(crate) fn new(templates: &[Template]) -> Result<Self, Vec<(String, String, String)>> {
        let mut problems = Vec::new();
        let mut ready = Vec::new();
        for (number, template) in templates.iter().enumerate() {
            let mut wrong =
                |key: &str, zh: String, en: String| problems.push((format!("templates[{number}].{key}"), zh, en));
            template.check(&mut wrong);
            match pieces(template) {
                Ok(pieces) => ready.push((template.clone(), pieces)),
                Err(fault) => wrong("text", fault.chinese(), fault.to_string()),
            }
        }
        if problems.is_empty() { Ok(Self(ready)) } else { Err(problems) }
    }

    /// The first template that serves the content, filled with its values.
    ///
    /// # Errors
    /// A cause named `NO-TEMPLATE`, `NO-VALUE` or `PARAMETER-LONG`.
    pub(crate) fn fill(&self, content: &Content) -> Result<Filled, Cause> {
        let serving = self.0.iter().find(|(template, _)| template.serves(content));
        let (template, pieces) =
            serving.ok_or_else(|| Cause::new("NO-TEMPLATE", "no approved template serves this message"))?;
        let values =
            template.parameters.iter().map(|parameter| parameter.read(content)).collect::<Result<Vec<_>, _>>()?;
        let said = pieces.iter().map(|piece| match piece {
            Piece::Words(words) => words.as_str(),
            Piece::Place(number) => values[*number].1.as_str(),
        });
        let parameters = template.parameters.iter().enumerate();
        let confirm = parameters.filter(|(_, parameter)| parameter.value == CONFIRM).map(|(place, _)| place);
        Ok(Filled {
            confirm: confirm.collect(),
            id: template.id.clone(),
            id_abroad: template.id_abroad.clone().unwrap_or_else(|| template.id.clone()),
            text: said.collect(),
            values,
        })
    }
}

impl Template {
    /// Whether it says itself that it is a drill.
    fn is_drill(&self) -> bool {
        self.text.contains(DRILL_MARK)
    }

    fn serves(&self, content: &Content) -> bool {
        content.is_drill() == self.is_drill() && self.when.holds(content)
    }

    fn check(&self, wrong: &mut impl FnMut(&str, String, String)) {
        if self.id.trim().is_empty() {
            wrong("id", "不可为空".to_owned(), "must not be empty".to_owned());
        }
        let wants_drill = self.when.drill.iter().any(|drill| drill == "yes");
        if wants_drill && !self.is_drill() {
            let zh = format!("用于演练的模板须含{DRILL_MARK}");
            wrong("text", zh, format!("a template for drills must hold {DRILL_MARK}"));
        }
        for (key, unknown, known) in self.when.unknown() {
            let known = known.join(", ");
            let en = format!("there is no {unknown:?}, only {known}");
            wrong(&format!("when.{key}"), format!("没有 {unknown:?}，只有 {known}"), en);
        }
        for parameter in self.parameters.iter().filter(|parameter| parameter.max == Some(0)) {
            let name = &parameter.name;
            wrong("parameters", format!("{name} 的 max 须至少为 1"), format!("max of {name} must be at least 1"));
        }
    }
}

impl Parameter {
    /// The name of the place and what goes into it for this content.
    fn read(&self, content: &Content) -> Result<(String, String), Cause> {
        let value = content.values.get(&self.value).filter(|value| !value.trim().is_empty());
        let value =
            value.ok_or_else(|| Cause::new("NO-VALUE", &format!("{}: the message says nothing", self.value)))?;
        match self.max {
            Some(max) if value.chars().nth(max).is_some() => {
                let long = value.chars().count();
                let text = format!("{}: {long} characters, at most {max} fit into {}", self.value, self.name);
                Err(Cause::new("PARAMETER-LONG", &text))
            }
            _ => Ok((self.name.clone(), value.clone())),
        }
    }
}

#[cfg(test)]
mod tests;
