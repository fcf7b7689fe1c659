//! Who may say what, as far as the lists of the issuers do not say it: the powers of the district by hazard, and
//! exceptions of single issuers.

#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, sync::LazyLock};

use serde::Deserialize;

use super::{Config, Issuer};
use crate::domain::{hazard::has_national_form, level::Level};

/// The end of the senders this gateway makes up for an issuer that has none.
pub const OWN_SENDER: &str = "@fenghuo.local";

/// Powers by hazard, exceptions by issuer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Authority {
    /// Local hazard codes that count beside the national ones; `*` at the end matches any rest.
    pub private_hazards: Vec<String>,
    /// What the district may do about a hazard, by hazard code or pattern; the most specific pattern says, alone.
    pub hazards: BTreeMap<String, Power>,
    /// By issuer id, by hazard code or pattern: levels and areas in place of those of the issuer.
    pub issuers: BTreeMap<String, BTreeMap<String, Grant>>,
}

/// What the district may do about a hazard.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Power {
    /// Levels the district may release; any other is decided above it and goes up.
    pub levels: Vec<Level>,
    /// Only others may issue it: it is passed on, in their words.
    pub relay_only: bool,
    /// CAP senders whose warnings may be passed on, `*` at the end matches any rest; empty = anybody's but our own.
    pub originators: Vec<String>,
    /// Whether the public may be told (Emergency Response Law, article 69: not of social security incidents).
    pub public: bool,
    /// Who decides about what is beyond the district; empty = not told.
    pub superior: String,
}

impl Default for Power {
    fn default() -> Self {
        let levels = Level::ALL.to_vec();
        Self { levels, relay_only: false, originators: Vec::new(), public: true, superior: String::new() }
    }
}

impl Power {
    /// Whether a warning of this CAP sender may be passed on.
    #[must_use]
    pub fn passes_on(&self, sender: &str) -> bool {
        self.originators.is_empty() || self.originators.iter().any(|pattern| matches(pattern, sender))
    }
}

/// What one issuer may do about a hazard; what is not written stands in the issuer's own lists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Grant {
    pub levels: Option<Vec<Level>>,
    pub areas: Option<Vec<String>>,
}

/// Levels and areas an issuer has for a hazard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permit<'a> {
    pub levels: &'a [Level],
    pub areas: &'a [String],
}

/// What holds where nothing is configured: any level, of one's own.
static EVERYTHING: LazyLock<Power> = LazyLock::new(Power::default);

impl Config {
    /// Whether a text is a hazard code here: one of national form, known or not, or a local one that is configured.
    #[must_use]
    pub fn is_hazard(&self, code: &str) -> bool {
        has_national_form(code) || self.authority.private_hazards.iter().any(|pattern| matches(pattern, code))
    }

    /// What the district may do about a hazard; without a code, about anything.
    #[must_use]
    pub fn power(&self, hazard: Option<&str>) -> &Power {
        let powers = &self.authority.hazards;
        let found = match hazard {
            Some(code) => most_specific(powers, code),
            None => powers.get("*"),
        };
        found.unwrap_or(&EVERYTHING)
    }

    /// The levels and areas an issuer has for a hazard; `None` when the hazard is not its own.
    #[must_use]
    pub fn permit<'a>(&'a self, id: &str, issuer: &'a Issuer, hazard: &str) -> Option<Permit<'a>> {
        issuer.hazards.iter().any(|pattern| matches(pattern, hazard)).then(|| {
            let grant = self.authority.issuers.get(id).and_then(|grants| most_specific(grants, hazard));
            Permit {
                levels: grant.and_then(|grant| grant.levels.as_ref()).unwrap_or(&issuer.levels),
                areas: grant.and_then(|grant| grant.areas.as_ref()).unwrap_or(&issuer.areas),
            }
        })
    }

    /// Whether a message is passed on for somebody else: whoever hands it in may do so, and its CAP sender is none of
    /// ours. Asked for nobody in particular, whether anybody could.
    #[must_use]
    pub fn is_relayed(&self, issuer: Option<&str>, sender: &str) -> bool {
        let mut issuers = self.issuers.iter().filter(|(id, _)| issuer.is_none_or(|wanted| wanted == *id));
        issuers.any(|(_, issuer)| issuer.relay) && !self.is_own_sender(sender)
    }

    fn is_own_sender(&self, sender: &str) -> bool {
        let mut own = self.issuers.values().filter(|issuer| !issuer.relay).flat_map(|issuer| &issuer.senders);
        sender.ends_with(OWN_SENDER) || own.any(|own| own == sender)
    }
}

/// Whether a pattern matches a text: `*` at its end matches any rest.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == text, |start| text.starts_with(start))
}

/// Whether some text matches both patterns.
#[must_use]
pub fn overlap(one: &str, other: &str) -> bool {
    match (one.strip_suffix('*'), other.strip_suffix('*')) {
        (Some(one), Some(other)) => one.starts_with(other) || other.starts_with(one),
        (Some(_), None) => matches(one, other),
        (None, _) => matches(other, one),
    }
}

/// The entry whose pattern says most about a text: the text itself, else the longest beginning.
fn most_specific<'a, T>(entries: &'a BTreeMap<String, T>, text: &str) -> Option<&'a T> {
    let rank = |pattern: &str| (!pattern.ends_with('*'), pattern.len());
    let fitting = entries.iter().filter(|(pattern, _)| matches(pattern, text));
    fitting.max_by_key(|(pattern, _)| rank(pattern)).map(|(_, entry)| entry)
}
