//! What a warning says: the content of a CAP 1.2 alert, element for element, in types.
//!
//! The same structure is read from CAP XML and from our JSON and written to both; nothing of it is lost either way.
//! Field names are the JSON names. Source: OASIS Common Alerting Protocol 1.2, section 3.2.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::moment::Moment;

/// An enumeration of CAP, for code that reads any of them.
pub trait Term: Copy + FromStr + serde::de::DeserializeOwned + 'static {
    /// Every value, in the order of the schema.
    const ALL: &'static [Self];

    /// The spelling of CAP 1.2.
    fn cap(self) -> &'static str;

    /// The spelling of our JSON.
    fn json(self) -> String;
}

/// Declares an enumeration of CAP with its CAP spelling; JSON uses the snake_case name.
macro_rules! cap_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $cap:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vdoc])* $variant),+ }

        impl $name {
            /// Every value, in the order of the schema.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The spelling of CAP 1.2.
            #[must_use]
            pub const fn cap(self) -> &'static str {
                match self { $(Self::$variant => $cap),+ }
            }
        }

        impl FromStr for $name {
            type Err = ();

            /// Reads the spelling of CAP 1.2, exactly.
            fn from_str(text: &str) -> Result<Self, ()> {
                match text { $($cap => Ok(Self::$variant),)+ _ => Err(()) }
            }
        }

        impl Term for $name {
            const ALL: &'static [Self] = Self::ALL;

            fn cap(self) -> &'static str {
                self.cap()
            }

            fn json(self) -> String {
                snake_case(&format!("{self:?}"))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.cap())
            }
        }
    };
}

/// The name serde's `rename_all = "snake_case"` gives a variant.
fn snake_case(variant: &str) -> String {
    let mut name = String::with_capacity(variant.len() + 1);
    for c in variant.chars() {
        if c.is_ascii_uppercase() && !name.is_empty() {
            name.push('_');
        }
        name.push(c.to_ascii_lowercase());
    }
    name
}

cap_enum! {
    /// How a message is meant. Only [`Status::Actual`] may ever reach the public.
    Status {
        /// To be acted on by everybody it names.
        Actual = "Actual",
        /// To be acted on by the named participants of an exercise only.
        Exercise = "Exercise",
        /// Internal to the systems that exchange messages; reaches nobody.
        System = "System",
        /// Technical test; reaches test recipients only.
        Test = "Test",
        /// Preliminary; may be stored and shown to its author, never released.
        Draft = "Draft",
    }
}

cap_enum! {
    /// What a message does to its event (CAP `msgType`).
    Kind {
        /// The first message of an event.
        Alert = "Alert",
        /// Takes the place of everything it references.
        Update = "Update",
        /// Withdraws everything it references: the lift.
        Cancel = "Cancel",
        /// Acknowledges receipt of what it references.
        Ack = "Ack",
        /// Refuses what it references; the note says why.
        Error = "Error",
    }
}

cap_enum! {
    /// Who may be shown a message.
    Scope {
        /// Everybody.
        Public = "Public",
        /// Those the restriction names.
        Restricted = "Restricted",
        /// Those the addresses name.
        Private = "Private",
    }
}

cap_enum! {
    /// The kind of subject event.
    Category {
        Geo = "Geo", Met = "Met", Safety = "Safety", Security = "Security", Rescue = "Rescue", Fire = "Fire",
        Health = "Health", Env = "Env", Transport = "Transport", Infra = "Infra", Cbrne = "CBRNE", Other = "Other",
    }
}

cap_enum! {
    /// The kind of action recommended.
    ResponseType {
        Shelter = "Shelter", Evacuate = "Evacuate", Prepare = "Prepare", Execute = "Execute", Avoid = "Avoid",
        Monitor = "Monitor", Assess = "Assess", AllClear = "AllClear", None = "None",
    }
}

cap_enum! {
    /// How soon to act.
    Urgency { Immediate = "Immediate", Expected = "Expected", Future = "Future", Past = "Past", Unknown = "Unknown" }
}

cap_enum! {
    /// How grave; [`Level`](super::level::Level) is the same scale by colour.
    Severity { Extreme = "Extreme", Severe = "Severe", Moderate = "Moderate", Minor = "Minor", Unknown = "Unknown" }
}

cap_enum! {
    /// How sure.
    Certainty { Observed = "Observed", Likely = "Likely", Possible = "Possible", Unlikely = "Unlikely", Unknown = "Unknown" }
}

/// One message about one event.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Message {
    /// Unique among the sender's messages; no white space, comma, `<` or `&`.
    pub identifier: String,
    /// Names the originator, unique worldwide; same characters.
    pub sender: String,
    /// When the originator wrote it.
    #[schema(value_type = String, format = DateTime)]
    pub sent: Moment,
    pub status: Status,
    /// CAP `msgType`.
    pub kind: Kind,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    pub scope: Scope,
    /// The rule for `restricted`; only with that scope. Names of groups, and `duty:yes` or `language:TAG` to narrow them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub restriction: Option<String>,
    /// Intended recipients of a `private` message: external ids, and what a restriction may name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<String>,
    /// Special handling, profile markers.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub codes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Earlier messages of the event.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<MessageRef>,
    /// Names of the incidents it belongs to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub incidents: Vec<String>,
    /// What it says, once per language or part.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub infos: Vec<Info>,
}

/// Names another message: its CAP identity.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageRef {
    pub sender: String,
    pub identifier: String,
    #[schema(value_type = String, format = DateTime)]
    pub sent: Moment,
}

/// What a message says, in one language.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Info {
    /// RFC 3066 tag; absent means `en-US` in CAP, and is kept absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// At least one.
    pub categories: Vec<Category>,
    /// The subject event in words, for example 暴雨.
    pub event: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub response_types: Vec<ResponseType>,
    pub urgency: Urgency,
    pub severity: Severity,
    pub certainty: Certainty,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audience: Option<String>,
    /// System-specific codes of the event; the national five-character code among them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub event_codes: Vec<NamedValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub effective: Option<Moment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub onset: Option<Moment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires: Option<Moment>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub headline: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instruction: Option<String>,
    /// Absolute URI.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub web: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contact: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<NamedValue>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Resource>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<Area>,
}

/// CAP `valueName` and `value`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedValue {
    pub name: String,
    pub value: String,
}

/// A file that belongs to an info.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    pub description: String,
    pub mime_type: String,
    /// Bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    /// The content itself, base64 (CAP `derefUri`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<String>,
    /// SHA-1 of the content, as its sender wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
}

/// Where. The target of an info is the union of its areas, and of polygons, circles and geocodes within each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Area {
    pub description: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub polygons: Vec<Polygon>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub circles: Vec<Circle>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub geocodes: Vec<NamedValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub altitude_ft: Option<f64>,
    /// Only with an altitude, and not below it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ceiling_ft: Option<f64>,
}

/// A closed ring of WGS-84 `[latitude, longitude]` pairs in degrees, at least four, first equal to last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(transparent)]
#[schema(value_type = Vec<Vec<f64>>)]
pub struct Polygon(pub Vec<[f64; 2]>);

/// A circle on the ground.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Circle {
    /// `[latitude, longitude]`, WGS-84 degrees.
    #[schema(value_type = Vec<f64>)]
    pub centre: [f64; 2],
    /// Kilometres; 0 is a point.
    pub radius_km: f64,
}

#[cfg(test)]
pub(crate) mod arbitrary;

#[cfg(test)]
mod tests {
    use super::{Category, Certainty, Kind, ResponseType, Scope, Severity, Status, Term, Urgency};

    fn spelt_as_serde_spells<T: Term + serde::Serialize>() {
        for term in T::ALL {
            assert_eq!(serde_json::to_value(term).expect("a string"), serde_json::Value::String(term.json()));
        }
    }

    #[test]
    fn every_enumeration_knows_its_json_spelling() {
        spelt_as_serde_spells::<Status>();
        spelt_as_serde_spells::<Kind>();
        spelt_as_serde_spells::<Scope>();
        spelt_as_serde_spells::<Category>();
        spelt_as_serde_spells::<ResponseType>();
        spelt_as_serde_spells::<Urgency>();
        spelt_as_serde_spells::<Severity>();
        spelt_as_serde_spells::<Certainty>();
    }
}
