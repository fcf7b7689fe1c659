use serde::{Deserialize, Deserializer};

use crate::Content;

/// What every text of an exercise or a test carries.
pub const DRILL_MARK: &str = "【演练】";

impl Content {
    /// A single value by its name; empty when there is none.
    #[must_use]
    pub fn value(&self, name: &str) -> &str {
        self.values.get(name).map_or("", String::as_str)
    }

    /// What kind of notice of the gateway's own to persons on duty it is; empty for a warning.
    #[must_use]
    pub fn notice(&self) -> &str {
        self.value("notice")
    }

    /// Whether it is an exercise or a test: its values say so, or its text does.
    #[must_use]
    pub fn is_drill(&self) -> bool {
        self.values.get("drill").is_some_and(|drill| drill != "no") || self.text.contains(DRILL_MARK)
    }
}

/// Conditions on a content, by which settings choose among templates and ways of sending. One with several values holds when
/// any of them does, and all of them must hold. A value that ends with `*` means everything that begins so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct When {
    /// Codes of the hazard, for example `["11B03"]` or `["11B*"]`. Default: any.
    #[serde(deserialize_with = "one_or_many")]
    pub hazard: Vec<String>,
    /// `red`, `orange`, `yellow`, `blue`, `unknown`. Default: any.
    #[serde(deserialize_with = "one_or_many")]
    pub level: Vec<String>,
    /// Languages (BCP 47); `en` also means `en-GB`. Default: any.
    #[serde(deserialize_with = "one_or_many")]
    pub language: Vec<String>,
    /// `first`, `update`, `raise`, `lower`, `lift`, `correction`. Default: any.
    #[serde(deserialize_with = "one_or_many")]
    pub change: Vec<String>,
    /// `yes` for exercises and tests, `no` for the real thing. Default: any.
    #[serde(deserialize_with = "one_or_many")]
    pub drill: Vec<String>,
    /// Names of issuers. Default: any.
    #[serde(deserialize_with = "one_or_many")]
    pub issuer: Vec<String>,
    /// Kinds of the gateway's own notices to persons on duty, for example `["officer_call", "deputy_call"]` or `["*"]`.
    /// Default: none, only warnings. Whatever names some serves nothing else.
    #[serde(deserialize_with = "one_or_many")]
    pub notice: Vec<String>,
}

impl When {
    /// Whether every condition holds for the content.
    #[must_use]
    pub fn holds(&self, content: &Content) -> bool {
        let language = |wanted: &String| {
            let beginning = content.language.get(..wanted.len());
            beginning.is_some_and(|beginning| beginning.eq_ignore_ascii_case(wanted))
                && matches!(content.language.as_bytes().get(wanted.len()), None | Some(b'-'))
        };
        any(&self.hazard, content.value("hazard"))
            && any(&self.level, content.value("level"))
            && any(&self.change, content.value("change"))
            && any(&self.drill, if content.is_drill() { "yes" } else { "no" })
            && any(&self.issuer, content.value("issuer"))
            && self.notice.is_empty() == content.notice().is_empty()
            && any(&self.notice, content.notice())
            && (self.language.is_empty() || self.language.iter().any(language))
    }

    /// Values that can never be met, each with the key it stands at and those that can be.
    #[must_use]
    pub fn unknown(&self) -> Vec<(&'static str, &str, &'static [&'static str])> {
        let closed: [(&str, &Vec<String>, &[&str]); 3] = [
            ("level", &self.level, &["red", "orange", "yellow", "blue", "unknown"]),
            ("change", &self.change, &["first", "update", "raise", "lower", "lift", "correction"]),
            ("drill", &self.drill, &["yes", "no"]),
        ];
        let unknown = closed.into_iter().flat_map(|(key, given, known)| {
            given.iter().filter(|value| !known.contains(&value.as_str())).map(move |value| (key, value.as_str(), known))
        });
        unknown.collect()
    }
}

fn any(wanted: &[String], value: &str) -> bool {
    let is = |wanted: &String| match wanted.strip_suffix('*') {
        Some(beginning) => value.starts_with(beginning),
        None => value == wanted,
    };
    wanted.is_empty() || wanted.iter().any(is)
}

fn one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged, expecting = "a text or a list of texts")]
    enum OneOrMany {
        One(String),
        Many(Vec<String>),
    }
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(one) => vec![one],
        OneOrMany::Many(many) => many,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(values: &[(&str, &str)]) -> Content {
        let values = values.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Content { language: "zh-CN".to_owned(), values, ..Content::default() }
    }

    fn holds(when: &str, values: &[(&str, &str)]) -> bool {
        toml::from_str::<When>(when).unwrap().holds(&content(values))
    }

    #[test]
    fn all_conditions_must_hold_and_any_value_of_each() {
        assert!(holds("", &[]));
        assert!(holds("level = ['red', 'orange']\nhazard = '11B*'", &[("level", "orange"), ("hazard", "11B03")]));
        assert!(!holds("level = ['red', 'orange']\nhazard = '11B*'", &[("level", "orange"), ("hazard", "11A03")]));
        assert!(!holds("level = 'red'", &[]));
        assert!(holds("language = 'ZH'", &[]) && !holds("language = 'zh-C'", &[]) && !holds("language = 'en'", &[]));
    }

    #[test]
    fn a_drill_is_told_by_value_or_text() {
        assert!(holds("drill = 'yes'", &[("drill", "yes")]) && holds("drill = 'no'", &[("drill", "no")]));
        assert!(holds("drill = 'no'", &[]));
        let marked = Content { text: format!("{DRILL_MARK}暴雨"), ..Content::default() };
        assert!(marked.is_drill());
    }

    #[test]
    fn what_is_for_warnings_is_not_for_notices_and_the_reverse() {
        let call = [("notice", "officer_call"), ("level", "red")];
        assert!(!holds("", &call) && !holds("level = 'red'", &call) && !holds("notice = '*'", &[("level", "red")]));
        assert!(holds("notice = '*'", &call) && holds("notice = ['officer_call', 'deputy_call']", &call));
        assert!(
            holds("notice = 'measures_*'", &[("notice", "measures_due")]) && !holds("notice = 'measures_*'", &call)
        );
    }

    #[test]
    fn what_can_never_hold_is_named() {
        let when: When = toml::from_str("level = ['red', 'rot']\nchange = 'end'\ndrill = 'yes'").unwrap();
        let unknown: Vec<_> = when.unknown().into_iter().map(|(key, value, _)| (key, value)).collect();
        assert_eq!(unknown, [("level", "rot"), ("change", "end")]);
        assert!(toml::from_str::<When>("lvel = 'red'").is_err());
    }
}
