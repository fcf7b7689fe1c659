//! Where those are at home whom a warning would reach: by street, so that a wrong area is seen before it is signed.

use std::collections::BTreeMap;

use roaring::RoaringBitmap;
use serde::Serialize;

use super::Draft;
use crate::{domain::area::AreaCode, flow::Parts};

/// Streets told; what is more than a city has is added up under "elsewhere".
const TOLD: usize = 500;

/// The people of one street whom a warning would reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct StreetForecast {
    /// Code of the street or town, 12 digits; that of a larger area for those who gave no street. `null` = elsewhere.
    #[schema(value_type = Option<String>)]
    pub code: Option<AreaCode>,
    /// Its name, where the configuration has one.
    pub name: Option<String>,
    /// Persons on at least one channel. Who gave several streets counts in each.
    pub people: u64,
    /// Deliveries by channel name, screens included.
    pub channels: BTreeMap<String, u64>,
}

/// The streets of an audience, the one with the most people first.
pub(super) fn streets(parts: &Parts, drafts: &[Draft]) -> Vec<StreetForecast> {
    let mut streets: BTreeMap<AreaCode, Street> = BTreeMap::new();
    for draft in drafts {
        for (area, rows) in parts.directory.by_area(&draft.audience) {
            let street = streets.entry(area.street()).or_default();
            if draft.channel.reaches_persons() {
                street.people |= &rows;
            }
            *street.channels.entry(draft.channel.name().to_owned()).or_default() |= rows;
        }
    }
    let name = |code: &AreaCode| parts.config.areas.get(code).cloned();
    let mut told: Vec<StreetForecast> =
        streets.into_iter().map(|(code, street)| street.told(Some(code), name(&code))).collect();
    told.sort_by_key(|street| std::cmp::Reverse(street.people));
    if told.len() > TOLD {
        let rest = told.split_off(TOLD - 1);
        told.push(rest.into_iter().fold(Street::default().told(None, None), |mut all, street| {
            all.people += street.people;
            for (channel, count) in street.channels {
                *all.channels.entry(channel).or_default() += count;
            }
            all
        }));
    }
    told
}

#[derive(Default)]
struct Street {
    people: RoaringBitmap,
    channels: BTreeMap<String, RoaringBitmap>,
}

impl Street {
    fn told(self, code: Option<AreaCode>, name: Option<String>) -> StreetForecast {
        let channels = self.channels.into_iter().map(|(channel, rows)| (channel, rows.len())).collect();
        StreetForecast { code, name, people: self.people.len(), channels }
    }
}
