//! A public screen as it is registered.

use serde::{Deserialize, Deserializer, Serialize};

use crate::domain::{
    area::AreaCode,
    legible::Panel,
    position::{Degrees, Position},
    purpose::{Marked, Marks},
};

/// A public screen as registered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Screen {
    /// Letters, digits, `-`, `_`; at most 64.
    #[serde(deserialize_with = "screen_id")]
    pub id: String,
    pub name: String,
    /// Where it hangs. Default `square`.
    #[serde(default)]
    pub class: ScreenClass,
    #[schema(value_type = String)]
    pub area: AreaCode,
    /// Where it stands: a warning for a polygon or a circle finds it by this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Degrees>)]
    pub position: Option<Position>,
    #[serde(default)]
    pub groups: Vec<String>,
    /// BCP 47 tag, default `zh-CN`.
    #[serde(default = "default_language")]
    pub language: String,
    /// Languages shown in turn after the first one; BCP 47 tags.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub more_languages: Vec<String>,
    /// Takes part in drills; a screen that does not never shows one.
    #[serde(default)]
    pub drill: bool,
    /// Whether it shows warnings, besides public education. Default: all do but those in vehicles.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warnings: Option<bool>,
    /// Its size and viewing distance; without them nobody can say what is readable on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub panel: Option<Panel>,
    /// Characters it has room for, for controllers that count them (LED lines); absent = any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub characters: Option<u32>,
    /// Who looks after it: the law asks for a named person at every crowded place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub custodian: Option<Custodian>,
}

/// Where a screen hangs.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ScreenClass {
    #[default]
    Square,
    Station,
    Stadium,
    ScenicSpot,
    /// A bus or a taxi: public education, and warnings only where that is said.
    Vehicle,
    Indoor,
}

impl ScreenClass {
    /// Every class with its stable name.
    pub const NAMES: [(&'static str, Self); 6] = [
        ("square", Self::Square),
        ("station", Self::Station),
        ("stadium", Self::Stadium),
        ("scenic_spot", Self::ScenicSpot),
        ("vehicle", Self::Vehicle),
        ("indoor", Self::Indoor),
    ];

    /// Its stable name, as in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::NAMES.iter().find(|(_, class)| *class == self).map_or("", |(name, _)| name)
    }
}

/// Who looks after a screen.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Custodian {
    pub name: String,
    /// Id of the recipient who is told when the screen falls silent. His addresses stand in the directory, sealed.
    pub recipient: String,
}

impl Screen {
    /// A screen on a square, in Chinese, for actual warnings only.
    #[must_use]
    pub fn new(id: &str, name: &str, area: AreaCode) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            class: ScreenClass::default(),
            area,
            position: None,
            groups: Vec::new(),
            language: default_language(),
            more_languages: Vec::new(),
            drill: false,
            warnings: None,
            panel: None,
            characters: None,
            custodian: None,
        }
    }

    /// Whether it shows warnings at all.
    #[must_use]
    pub fn shows_warnings(&self) -> bool {
        self.warnings.unwrap_or(self.class != ScreenClass::Vehicle)
    }

    /// Its languages in the order they are shown.
    pub(super) fn languages(&self) -> Vec<String> {
        std::iter::once(&self.language).chain(&self.more_languages).cloned().collect()
    }
}

impl Marked for Screen {
    fn marks(&self) -> Marks {
        Marks::audience(self.drill)
    }
}

pub(super) fn default_language() -> String {
    "zh-CN".to_owned()
}

fn screen_id<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let id = String::deserialize(deserializer)?;
    is_screen_id(&id).then_some(id).ok_or_else(|| serde::de::Error::custom("1 to 64 letters, digits, - or _"))
}

/// Whether a text can name a screen: 1 to 64 letters, digits, `-` or `_`.
#[must_use]
pub fn is_screen_id(id: &str) -> bool {
    (1..=64).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}
