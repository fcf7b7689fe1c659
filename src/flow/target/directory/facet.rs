//! The properties a recipient is selected by.

use std::{collections::BTreeSet, fmt, str::FromStr};

use fenghuo_contract::{Address, Channel};

use super::Recipient;
use crate::domain::{area::AreaCode, opt_out::OptOut};

/// One property that recipients have or have not. The order of the variants is the order of the index: areas are one
/// run ordered by number, so that a district is a range; languages come last.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Facet {
    /// Stands in the directory today.
    Alive,
    /// Takes part in drills.
    Drill,
    /// Has a duty in emergencies.
    Duty,
    /// Wants no warnings below a level.
    OptOut(OptOut),
    /// Its position is known.
    Placed,
    /// Has an address on the channel.
    Channel(Channel),
    /// Its address on the channel is of this kind, see [`Address::kind`]; those without one have no such facet.
    Kind(Channel, Box<str>),
    /// Belongs to exactly this area.
    Area(u64),
    /// Belongs to the group.
    Group(Box<str>),
    /// Reads this language.
    Language(Box<str>),
}

impl Facet {
    /// Every facet a recipient has.
    pub(super) fn of(recipient: &Recipient) -> BTreeSet<Self> {
        let mut facets = BTreeSet::from([Self::Alive, Self::Language(recipient.language.as_str().into())]);
        facets.extend(recipient.drill.then_some(Self::Drill));
        facets.extend(recipient.duty.then_some(Self::Duty));
        facets.extend(recipient.opt_out_below.map(Self::OptOut));
        facets.extend(recipient.position.map(|_| Self::Placed));
        facets.extend(recipient.endpoints.keys().map(|channel| Self::Channel(*channel)));
        let kinds = recipient.endpoints.iter().map(|(channel, text)| (*channel, Address::new(text.as_str())));
        let kinds = kinds.filter(|(_, address)| !address.kind().is_empty());
        facets.extend(kinds.map(|(channel, address)| Self::Kind(channel, address.kind().into())));
        facets.extend(recipient.areas.iter().map(|area| Self::Area(area.number())));
        facets.extend(recipient.groups.iter().map(|group| Self::Group(group.as_str().into())));
        facets
    }
}

impl fmt::Display for Facet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Alive => f.write_str("alive"),
            Self::Drill => f.write_str("drill"),
            Self::Duty => f.write_str("duty"),
            Self::OptOut(choice) => write!(f, "opt-out/{choice}"),
            Self::Placed => f.write_str("placed"),
            Self::Channel(channel) => write!(f, "channel/{channel}"),
            Self::Kind(channel, kind) => write!(f, "kind/{channel}/{kind}"),
            Self::Area(number) => write!(f, "area/{number:012}"),
            Self::Group(name) => write!(f, "group/{name}"),
            Self::Language(tag) => write!(f, "language/{tag}"),
        }
    }
}

/// The text names no facet.
#[derive(Debug)]
pub(super) struct NotAFacet;

impl FromStr for Facet {
    type Err = NotAFacet;

    fn from_str(text: &str) -> Result<Self, NotAFacet> {
        match text.split_once('/') {
            None if text == "alive" => Ok(Self::Alive),
            None if text == "drill" => Ok(Self::Drill),
            None if text == "duty" => Ok(Self::Duty),
            None if text == "placed" => Ok(Self::Placed),
            Some(("opt-out", choice)) => choice.parse().map(Self::OptOut).map_err(|_| NotAFacet),
            Some(("channel", name)) => name.parse().map(Self::Channel).map_err(|_| NotAFacet),
            Some(("kind", of)) => {
                let (channel, kind) = of.split_once('/').ok_or(NotAFacet)?;
                channel.parse().map(|channel| Self::Kind(channel, kind.into())).map_err(|_| NotAFacet)
            }
            Some(("area", code)) => code.parse().map(|code: AreaCode| Self::Area(code.number())).map_err(|_| NotAFacet),
            Some(("group", name)) => Ok(Self::Group(name.into())),
            Some(("language", tag)) => Ok(Self::Language(tag.into())),
            _ => Err(NotAFacet),
        }
    }
}
