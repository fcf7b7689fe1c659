//! Where several hazards stood at the same time: the areas a district watches most closely.

use std::collections::{BTreeMap, BTreeSet};

use super::{AreaCode, Change, Sample};

/// Several hazards in one area at the same time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlap {
    pub area: AreaCode,
    /// Codes or names of the hazards, two at least.
    pub hazards: BTreeSet<String>,
    pub from_ms: i64,
    /// The next moment at which one of them no longer stood, or another came.
    pub until_ms: i64,
}

/// Every overlap, by area and time. A warning about a district stands in each of its streets that is named by another.
pub(super) fn overlaps(samples: &[Sample], now_ms: i64) -> Vec<Overlap> {
    let areas: BTreeSet<AreaCode> = samples.iter().flat_map(|sample| &sample.areas).copied().collect();
    areas.into_iter().flat_map(|area| in_area(samples, area, now_ms)).collect()
}

fn in_area(samples: &[Sample], area: AreaCode, now_ms: i64) -> Vec<Overlap> {
    let mut edges: BTreeMap<i64, Vec<(&str, i32)>> = BTreeMap::new();
    for sample in samples.iter().filter(|sample| sample.change != Change::Lift) {
        let Some(from) = sample.released_ms else { continue };
        let until = sample.stood_until_ms.unwrap_or(now_ms).min(now_ms);
        if until > from && sample.areas.iter().any(|other| other.contains(area)) {
            edges.entry(from).or_default().push((&sample.hazard, 1));
            edges.entry(until).or_default().push((&sample.hazard, -1));
        }
    }
    let mut standing: BTreeMap<&str, i32> = BTreeMap::new();
    let mut found: Vec<Overlap> = Vec::new();
    let mut before: Option<(i64, BTreeSet<String>)> = None;
    for (at, changes) in edges {
        for (hazard, change) in changes {
            *standing.entry(hazard).or_default() += change;
        }
        standing.retain(|_, count| *count > 0);
        let now: BTreeSet<String> = standing.keys().map(|hazard| (*hazard).to_owned()).collect();
        if before.as_ref().is_some_and(|(_, hazards)| *hazards == now) {
            continue;
        }
        if let Some((from_ms, hazards)) = before.take().filter(|(_, hazards)| hazards.len() > 1) {
            found.push(Overlap { area, hazards, from_ms, until_ms: at });
        }
        before = Some((at, now));
    }
    found
}
